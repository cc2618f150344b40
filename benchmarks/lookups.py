"""Some lookups and nothing else, to be counted instruction by instruction: ``python -m benchmarks.lookups NAME``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from meshegress._fastmatch import DomainTable, PrefixTable, ServerNameTable

COUNT = 2000


@dataclass(frozen=True, slots=True)
class Lookups:
    """A table of *size* names in ten rows, a method of it, and the compiled function behind that, as a pattern.

    With few rows no large number is made for an answer: what is counted is the lookup.
    """

    table: type
    method: str
    size: int
    row: Callable[[int], str]
    text: Callable[[int], str]
    symbol: str


def _domain(number: int) -> str:
    """Return a domain: every tenth is a wildcard, all are of one length but for that."""
    return f"{'*.' if number % 10 == 0 else ''}s{number % 97:02}.t{number:06}.example.com"


def _authority(number: int) -> str:
    """Return an authority: every other one stands in the table, a quarter is under a wildcard, a quarter nowhere."""
    if number % 4 == 0:
        return _domain(number // 20 * 10).replace("*", "api")
    return _domain(number | 1) if number % 4 < 3 else f"w.t{number:06}.example.org:8080"


def _prefix(number: int) -> str:
    return f"10.{number >> 8 & 255}.{number & 255}.0/24"


def _prefix_ipv6(number: int) -> str:
    return f"2001:db8:{number:x}::/48"


def _domains(size: int, method: str = "find") -> Lookups:
    return Lookups(DomainTable, method, size, _domain, _authority, f"*DomainTable_*{method}")


WORK = {
    "domain 10": _domains(10),
    "domain 1k": _domains(1000),
    "domain 100k": _domains(100_000),
    "domains 1k": _domains(1000, "find_many"),
    "domains 100k": _domains(100_000, "find_many"),
    "server name 1k": Lookups(ServerNameTable, "find", 1000, _domain, _authority, "*ServerNameTable_*find"),
    "IPv4 1k": Lookups(
        PrefixTable, "find", 1000, _prefix, lambda n: _prefix(n * 7).replace("0/24", "9"), "*PrefixTable_*find"
    ),
    "IPv6 1k": Lookups(
        PrefixTable, "find", 1000, _prefix_ipv6, lambda n: f"2001:db8:{n * 7:x}::1", "*PrefixTable_*find"
    ),
}


def main() -> None:
    """Make the table, and look up what is nowhere else counted."""
    work = WORK[sys.argv[1]]
    table = work.table([[work.row(number) for number in range(row, work.size, 10)] for row in range(10)])
    texts = [work.text(number * 37 % (2 * work.size)) for number in range(COUNT)]
    find = getattr(table, work.method)
    if work.method == "find_many":
        find(texts)
    else:
        for text in texts:
            find(text)


if __name__ == "__main__":
    main()
