"""Some work and nothing else, counted instruction by instruction: ``python -m benchmarks.lookups NAME PASSES``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from meshegress._fastmatch import DomainTable, PrefixTable, ServerNameTable

COUNT = 2000
# Lists of every small size stand by, so that what a batch frees is never the last of its page: to hand a page back and
# take it again costs more than a lookup, and happens or not as the heap lies.
STANDBY = [[None] * size for size in range(64) for _ in range(3)]

Pass = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Work:
    """What makes a pass over ``COUNT`` things, and the compiled function that is counted, with all it calls: a pattern.

    It is the outermost one, Cython's wrapper: a second match inside it would end the count instead of going on.
    """

    prepare: Callable[[], Pass]
    symbol: str


def _one_by_one(function: Callable[[Any], object], things: list[Any]) -> None:
    for thing in things:
        function(thing)


def _domain(number: int) -> str:
    """Return a domain: every tenth is a wildcard, all are of one length but for that."""
    return f"{'*.' if number % 10 == 0 else ''}s{number % 97:02}.t{number:06}.example.com"


def _authority(number: int) -> str:
    """Return an authority: every other one stands in the table, a quarter is under a wildcard, a quarter nowhere."""
    if number % 4 == 0:
        return _domain(number // 20 * 10).replace("*", "api")
    return _domain(number | 1) if number % 4 < 3 else f"w.t{number:06}.example.org:8080"


def _table(kind: Any, size: int, row: Callable[[int], str]) -> Any:
    """Return a table of *size* names in ten rows: with few rows no large number is made for an answer."""
    return kind([[row(number) for number in range(first, size, 10)] for first in range(10)])


def _texts(size: int, text: Callable[[int], str]) -> list[str]:
    return [text(number * 37 % (2 * size)) for number in range(COUNT)]


def _names(kind: Any, size: int) -> Pass:
    return partial(_one_by_one, _table(kind, size, _domain).find, _texts(size, _authority))


def _lists(size: int) -> Pass:
    return partial(_table(DomainTable, size, _domain).find_many, _texts(size, _authority))


def _addresses(row: Callable[[int], str], text: Callable[[int], str]) -> Pass:
    return partial(_one_by_one, _table(PrefixTable, 1000, row).find, _texts(1000, text))


def _ipv4(number: int) -> str:
    return f"10.{number >> 8 & 255}.{number & 255}.0/24"


def _ipv6(number: int) -> str:
    return f"2001:db8:{number:x}::/48"


# Under callgrind every import takes seconds: each work brings what it alone needs.


def _decisions() -> Pass:
    from benchmarks.sidecar import decide, requests

    return partial(_one_by_one, decide(), requests(COUNT))


def _rows() -> Pass:
    from benchmarks.batch_worlds import batch_world

    world = batch_world("1k", 1000, addresses=True, requests=COUNT)
    return partial(world.egress.decide_many, world.requests)


def _lines(method: str) -> Pass:
    from benchmarks.loglines import text_lines
    from meshegress import AccessLogFormat

    return partial(_one_by_one, getattr(AccessLogFormat.preset("istio-text").parser(), method), text_lines(COUNT))


WORK = {
    "domain 10": Work(partial(_names, DomainTable, 10), "__pyx_pw_*DomainTable_*find"),
    "domain 1k": Work(partial(_names, DomainTable, 1000), "__pyx_pw_*DomainTable_*find"),
    "domain 100k": Work(partial(_names, DomainTable, 100_000), "__pyx_pw_*DomainTable_*find"),
    "domains 1k": Work(partial(_lists, 1000), "__pyx_pw_*DomainTable_*find_many"),
    "domains 100k": Work(partial(_lists, 100_000), "__pyx_pw_*DomainTable_*find_many"),
    "server name 1k": Work(partial(_names, ServerNameTable, 1000), "__pyx_pw_*ServerNameTable_*find"),
    "IPv4 1k": Work(
        partial(_addresses, _ipv4, lambda number: _ipv4(number * 7).replace("0/24", "9")), "__pyx_pw_*PrefixTable_*find"
    ),
    "IPv6 1k": Work(
        partial(_addresses, _ipv6, lambda number: f"2001:db8:{number * 7:x}::1"), "__pyx_pw_*PrefixTable_*find"
    ),
    "decision": Work(_decisions, "__pyx_pw_*Decider_*decide"),
    "row of a table": Work(_rows, "__pyx_pw_*Columns_*walk"),
    "line read": Work(partial(_lines, "parse"), "__pyx_pw_*LogLines_*parse"),
    "line's values": Work(partial(_lines, "values"), "__pyx_pw_*LogLines_*values"),
}


def main() -> None:
    """Prepare what was asked for, and pass over it so often."""
    name, passes = sys.argv[1:]
    work = WORK[name].prepare()
    for _ in range(int(passes)):
        work()


if __name__ == "__main__":
    main()
