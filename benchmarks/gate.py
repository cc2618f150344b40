"""Refuse more instructions for a lookup than are on record: ``python -m benchmarks.gate [--record] [NAME...]``.

callgrind counts what runs inside one compiled function. Two runs with a fixed hash seed differ by one pass, and that
pass alone is counted: the same in every run, however busy the machine is. The record holds a row for each compiler and
Python. A4: what one lookup costs may vary by 8 % from 10 hosts to 100,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from sysconfig import get_config_var

from benchmarks.lookups import COUNT, WORK

RECORD = Path(__file__).with_name("instructions.json")
ALLOWED = 1.02
A4, A4_LIMIT = ("domain 10", "domain 1k", "domain 100k"), 1.08


def setting() -> str:
    """Return what instruction counts depend on: the machine, the compiler of the twins, the Python."""
    compiler = (os.environ.get("CC") or get_config_var("CC") or "cc").split()[0]
    asked = subprocess.run([compiler, "-dumpfullversion", "-dumpversion"], capture_output=True, text=True, check=False)
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{platform.machine()}, {Path(compiler).name} {asked.stdout.strip()}, Python {python}"


def instructions(name: str) -> int:
    """Return how many instructions one lookup of *name* takes."""
    return round((_counted(name, passes=2) - _counted(name, passes=1)) / COUNT)


def _counted(name: str, *, passes: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}"]
        command += [f"--toggle-collect={WORK[name].symbol}", sys.executable, "-m", "benchmarks.lookups", name]
        ran = subprocess.run(
            [*command, str(passes)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        if ran.returncode:
            raise SystemExit(f"callgrind failed for `{name}`:\n{ran.stderr[-2000:]}")
        totals = re.search(r"^(?:totals|summary): (\d+)", counts.read_text(encoding="utf-8"), re.MULTILINE)
    if totals is None or int(totals[1]) < COUNT:
        raise SystemExit(f"nothing was counted for `{name}`: no function fits `{WORK[name].symbol}`")
    return int(totals[1])


def verdict(count: int, before: int | None) -> str:
    """Return what is to be said of *count*, beside the number on record: ``ok``, ``ROSE``, or ``new`` without one."""
    if before is None:
        return "new"
    return "ROSE" if count > before * ALLOWED else "ok"


def main() -> int:
    """Count, compare with the record, and say so; exit 1 where something rose."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=(__doc__ or "").split(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to count: {', '.join(WORK)}")
    parser.add_argument("--record", action="store_true", help="write what was counted into the record")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in WORK]:
        parser.error(f"nothing is called {' or '.join(unknown)}; there are: {', '.join(WORK)}")
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is missing (Debian, Ubuntu: apt install valgrind)")
        return 0
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    known = record.get(setting(), {})
    print(setting() + ("" if known else ": nothing on record, so nothing is refused; `--record` writes it"))
    counted: dict[str, int] = {}
    for name in options.names or WORK:
        count = counted[name] = instructions(name)
        said = verdict(count, known.get(name))
        print(f"{said:<5} {name:<15} {count:6} instructions, on record {known.get(name, '-')}", flush=True)
    if options.record:
        record[setting()] = {**known, **counted}
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    return int(
        is_flat(counted) is False or any(verdict(count, known.get(name)) == "ROSE" for name, count in counted.items())
    )


def is_flat(counted: dict[str, int]) -> bool | None:
    """Say whether goal A4 is reached, and return it; None where not all of its sizes were counted."""
    counts = [counted[name] for name in A4 if name in counted]
    if len(counts) < len(A4):
        return None
    spread = max(counts) / min(counts)
    told = "PASS" if spread <= A4_LIMIT else "FAIL"
    print(f"{told}  A4: from 10 to 100k hosts they vary by {spread - 1:.1%} (<= 8%)")
    return spread <= A4_LIMIT


if __name__ == "__main__":
    sys.exit(main())
