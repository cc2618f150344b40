"""Goal A4: the instructions of a lookup, counted by callgrind, do not grow with the number of hosts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from benchmarks.gate import A4, instructions
from benchmarks.goals import Result


def results(largest: int) -> Iterator[Result]:
    """Yield the ratio of the most to the least on tables of up to 100k hosts; nothing where valgrind is missing."""
    if shutil.which("valgrind") is None:
        print("cannot count instructions: valgrind is missing (Debian, Ubuntu: apt install valgrind)")
        return
    if largest < 100_000:
        return
    counts = {name: float(instructions(name)) for name in A4}
    yield Result("A4", "10 to 100k", (max(counts.values()) / min(counts.values()),), counts, "instructions")
