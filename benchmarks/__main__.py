"""Measure the goals of speed: ``python -m benchmarks [--only B A9] [--largest N] [--json FILE]``, in one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

from benchmarks.goals import GOALS, Result, asked_for

PEERS = ("Cython", "duckdb", "msgspec", "orjson", "pandas", "polars", "pyarrow", "pydantic", "pytricia", "PyYAML")


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


def measured(goals: list[str], largest: int) -> Iterator[Result]:
    """Yield what the modules of *goals* measure, and say so where one cannot."""
    for module in dict.fromkeys(GOALS[goal].module for goal in goals):
        try:
            results = import_module(f"benchmarks.{module}").results(largest)
        except (ModuleNotFoundError, AttributeError) as error:
            print(f"cannot measure benchmarks.{module}: {error.name} is missing (`make bench` installs the peers)")
            continue
        yield from (result for result in results if result.goal in goals)


def line(result: Result) -> str:
    """Return *result* as a line."""
    verdict = "PASS" if result.passed else "FAIL"
    bound = GOALS[result.goal].bound
    return (
        f"{verdict}  {result.goal:<12} {result.data:<17} {result.ratio:7.2f} {bound:>8} {result.margin:+6.0%}"
        f"   {_medians(result)}"
    )


def _medians(result: Result) -> str:
    """Return what stands behind a ratio."""
    return "  ".join(f"{name} {value:g}" for name, value in result.medians.items()) + f" {result.unit}"


def verdict(goal: str, results: list[Result]) -> Iterator[str]:
    """Yield what is to be said of *goal*: its worst ratio, and what stood in the way where that was too bad."""
    row = GOALS[goal]
    if not results:
        yield f"FAIL  {goal:<12} {'-':>7} {row.bound:>8} {'-':>6}   not measured: {row.sentence}"
        return
    worst = min(results, key=lambda result: result.margin)
    missed = [result for result in results if not result.passed]
    share = f" (missed on {len(missed)} of {len(results)})" if missed else ""
    yield (
        f"{'FAIL' if missed else 'PASS'}  {goal:<12} {worst.ratio:7.2f} {row.bound:>8} {worst.margin:+6.0%}"
        f"   {row.sentence}; worst: {worst.data}{share}"
    )
    yield from dict.fromkeys(f"      {result.data}: {result.obstacle or _medians(result)}" for result in missed)


def main() -> int:
    """Measure what was asked for; exit 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split(":")[0])
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="GOAL", help="goals, numbers or letters: A1, C, 'A9 URL'"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--largest", type=int, default=1_000_000, metavar="N", help="the largest table to build")
    options = parser.parse_args()
    goals = [goal for goal in GOALS if asked_for(goal, options.only)]
    if not goals:
        parser.error(f"no goal is called {' or '.join(options.only)}; there are: {', '.join(GOALS)}")
    before = machine()
    print(*(f"{name}: {value}" for name, value in before.items()), sep="\n")
    print("\n      goal         data                ratio    limit margin   medians behind it")
    found: list[Result] = []
    for result in measured(goals, options.largest):
        found.append(result)
        print(line(result), flush=True)
    print("\n      goal           ratio    limit margin   what, and where it was worst")
    for goal in goals:
        print(*verdict(goal, [result for result in found if result.goal == goal]), sep="\n")
    reached = {goal for goal in goals if (own := [r.passed for r in found if r.goal == goal]) and all(own)}
    print(f"\n{len(reached)} goals reached, {len(goals) - len(reached)} missed; load {machine()['load']}")
    if options.json:
        report = {"machine": before, "results": [result.as_dict() for result in found]}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(len(reached) < len(goals))


if __name__ == "__main__":
    sys.exit(main())
