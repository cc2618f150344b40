"""Print the resident and the counted bytes for a host of one table: ``python -m benchmarks.memory KIND SIZE``."""

from __future__ import annotations

import gc
import resource
import sys
from enum import Enum
from pathlib import Path

from benchmarks.hosts import traffic
from meshegress._fastmatch import DomainTable
from meshegress.decision import Origin


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def held_by(root: object, seen: set[int]) -> int:
    """Return the bytes of *root* and of all that it leads to, but for *seen* and provenance, which is the mesh's."""
    total, todo = 0, [root]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, (type, Enum, Origin)):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        todo += gc.get_referents(one)
    return total


def main() -> None:
    """Build the table of the kind and size that were asked for."""
    asked = traffic(sys.argv[1], int(sys.argv[2]), requests=0)
    rows = asked.rows
    DomainTable(rows[:100])
    gc.collect()
    before = resident()
    table = DomainTable(rows)
    gc.collect()
    print(round((resident() - before) / len(rows), 1), round(sys.getsizeof(table) / len(rows), 1))


if __name__ == "__main__":
    main()
