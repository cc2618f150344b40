"""Measure all goals and print a table of them: ``python -m benchmarks [--json FILE] [--largest N] [GROUP...]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import import_module, metadata
from pathlib import Path

from benchmarks.goals import GOALS, Result

# One module a group; each has ``results(largest)``.
GROUPS = ("matching", "prefixes")
PEERS = ("Cython", "duckdb", "polars", "pyarrow", "pytricia")


def machine() -> dict[str, object]:
    """Return what was measured on, and how busy it was."""
    versions = {name: _version(name) for name in PEERS}
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": [round(load, 2) for load in os.getloadavg()],
        "versions": {name: version for name, version in versions.items() if version},
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def line(result: Result) -> str:
    """Return *result* as a line of the table."""
    goal = GOALS[result.goal]
    sign = ">=" if goal.is_floor else "<="
    times = "  ".join(f"{name} {value:g}" for name, value in result.medians.items())
    verdict = "PASS" if result.passed else "FAIL"
    limit = f"{sign} {goal.limit:g}"
    return (
        f"{verdict}  {result.goal:<12} {result.data:<17} {result.ratio:7.2f} {limit:>8} {result.margin:+6.0%}   {times}"
    )


def main() -> int:
    """Run the groups that were asked for; exit 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--largest", type=int, default=1_000_000, metavar="N", help="the largest table to build")
    options = parser.parse_args()
    before = machine()
    print(*(f"{name}: {value}" for name, value in before.items()), sep="\n")
    print("\n      goal         data                ratio    limit margin   nanoseconds (A6: bytes), medians")
    found: list[Result] = []
    for group in options.groups or GROUPS:
        for result in import_module(f"benchmarks.{group}").results(options.largest):
            found.append(result)
            print(line(result), flush=True)
    missed = [result for result in found if not result.passed]
    print(f"\n{len(found) - len(missed)} passed, {len(missed)} missed; load {machine()['load']}")
    if options.json:
        report = {"machine": before, "results": [result.as_dict() for result in found]}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
