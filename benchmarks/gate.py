"""Refuse more instructions for a lookup than are on record: ``python -m benchmarks.gate [--record]``.

callgrind counts what runs inside the compiled function and nothing else; with a fixed hash seed it counts the same in
every run, however busy the machine is. The record holds a row for each compiler and Python. A4: what one lookup costs
may vary by 8 % from 10 hosts to 100,000.
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

from benchmarks.lookups import COUNT, WORK

RECORD = Path(__file__).with_name("instructions.json")
ALLOWED = 1.02
A4, A4_LIMIT = ("domain 10", "domain 1k", "domain 100k"), 1.08


def setting() -> str:
    """Return what instruction counts depend on: the machine, the compiler, the Python."""
    return f"{platform.machine()}, {platform.python_compiler()}, Python {'.'.join(platform.python_version_tuple()[:2])}"


def instructions(name: str) -> int:
    """Return how many instructions one lookup of *name* takes."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts")
        subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}"),
                *(f"--toggle-collect={WORK[name].symbol}", sys.executable, "-m", "benchmarks.lookups", name),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        totals = re.search(r"^(?:totals|summary): (\d+)", counts.read_text(encoding="utf-8"), re.MULTILINE)
    assert totals is not None
    counted = int(totals[1])
    if counted < COUNT:
        raise SystemExit(f"nothing was counted for `{name}`: no function fits `{WORK[name].symbol}`")
    return round(counted / COUNT)


def main() -> int:
    """Count, compare with the record, and say so; exit 1 where something rose."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--record", action="store_true", help="write what was counted into the record")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is missing (Debian, Ubuntu: apt install valgrind)")
        return 0
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    known = record.get(setting(), {})
    counted = {name: instructions(name) for name in WORK}
    risen = [name for name, count in counted.items() if count > known.get(name, count) * ALLOWED]
    print(setting() if known or options.record else f"{setting()}: nothing on record, so nothing is refused")
    for name, count in counted.items():
        before = known.get(name)
        print(f"{'ROSE' if name in risen else 'ok':<5} {name:<15} {count:6} instructions, on record {before}")
    spread = max(counted[name] for name in A4) / min(counted[name] for name in A4)
    print(
        f"{'PASS' if spread <= A4_LIMIT else 'FAIL'}  A4: from 10 to 100k hosts they vary by {spread - 1:.1%} (<= 8%)"
    )
    if options.record:
        record[setting()] = counted
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    return int(bool(risen) or spread > A4_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
