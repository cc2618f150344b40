"""Print the resident and the counted bytes for a host of one table: ``python -m benchmarks.memory KIND SIZE``."""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

from benchmarks.hosts import traffic
from meshegress._fastmatch import DomainTable


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


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
