"""Goals A1 to A6: looking up hosts, one by one and in lists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from benchmarks.floor import bare_methods
from benchmarks.goals import Result, compare
from benchmarks.hosts import KINDS, Traffic, calm, traffic
from benchmarks.rounds import AT_A_TIME, listed, nanoseconds, require_equal, scalar_nanoseconds
from meshegress import _fastmatch as compiled
from meshegress import _purematch as readable

SIZES = {"10": 10, "1k": 1000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
A2 = {"10": "A2 to 1k", "1k": "A2 to 1k", "10k": "A2 10k", "100k": "A2 from 100k", "1M": "A2 from 100k"}


def results(largest: int) -> Iterator[Result]:
    """Yield all ratios, on tables of up to *largest* hosts."""
    sizes = {name: size for name, size in SIZES.items() if size <= largest}
    for name, size in sizes.items():
        yield from _lookups(traffic("mixed", size), name)
    for kind in [*KINDS, "colliding"]:
        if kind != "mixed" and largest >= SIZES["10k"]:
            yield from _lookups(traffic(kind, SIZES["10k"]), "10k")
    for name in ("10k", "100k", "1M"):
        if name in sizes:
            yield from (_memory(kind, name) for kind in ("mixed", "kubernetes"))


def _lookups(asked: Traffic, size: str) -> Iterator[Result]:
    """Yield the ratios of one table, after all answers were found equal."""
    data = f"{asked.name} {size}"
    fast, slow = compiled.DomainTable(asked.rows), readable.DomainTable(asked.rows)
    exact = {domain: row for row, domain in enumerate(asked.domains)}
    answers = {"readable": listed(slow.find), "compiled": listed(fast.find), "list": fast.find_many}
    require_equal(data, {name: answer(asked.authorities) for name, answer in answers.items()})

    bare, lean = bare_methods()
    calls = {"compiled": fast.find, "dict": exact.get, "readable": slow.find, "bare call": bare, "leanest": lean}
    times = scalar_nanoseconds(calls, asked.authorities)
    obstacle = _price_of_collisions(asked, times) if asked.name == "colliding" else ""
    yield compare("A1", data, times, "compiled", "dict", obstacle=obstacle)
    yield compare(A2[size], data, times, "compiled", "readable")
    if size in ("10", "1k"):
        yield compare("A3", data, times, "compiled", "bare call")

    lists = nanoseconds(
        {"list": fast.find_many, "loop": listed(fast.find), "readable loop": listed(slow.find)}, asked.authorities
    )
    yield compare("A5 readable", data, lists, "list", "readable loop")
    if size in ("100k", "1M"):
        yield compare("A5 scalar", data, lists, "loop", "list", obstacle=_price_of_waiting(asked, fast, lists))


def _price_of_collisions(asked: Traffic, times: dict[str, list[float]]) -> str:
    """Return what the same lookups cost where no names collide; the dict's buckets are nobody's aim here."""
    quiet = calm(len(asked.domains))
    exact = {domain: row for row, domain in enumerate(quiet.domains)}
    free = scalar_nanoseconds({"compiled": compiled.DomainTable(quiet.rows).find, "dict": exact.get}, quiet.authorities)
    now, without, peer = (median(each) for each in (times["compiled"], free["compiled"], free["dict"]))
    return (
        f"the names share one bucket, by somebody who knew this process's seed, and the dict's do not: {now:.0f} ns; "
        f"without collisions {without:.0f} ns, {without / peer:.2f} of the dict's"
    )


def _price_of_waiting(asked: Traffic, table: compiled.DomainTable, lists: dict[str, list[float]]) -> str:
    """Return what loop and list cost where nothing waits for memory: it is by waiting less that a list gains."""
    few = asked.authorities[:AT_A_TIME] * (len(asked.authorities) // AT_A_TIME)
    cached = nanoseconds({"list": table.find_many, "loop": listed(table.find)}, few)
    now = {name: median(lists[name]) for name in cached}
    without = {name: median(times) for name, times in cached.items()}
    return (
        f"the loop waits {now['loop'] - without['loop']:.0f} ns for memory and the list "
        f"{now['list'] - without['list']:.0f}: for the same {AT_A_TIME} hosts they take {without['loop']:.0f} and "
        f"{without['list']:.0f}; a list that never waited would be {now['loop'] / without['list']:.2f} times as fast"
    )


def _memory(kind: str, size: str) -> Result:
    """Return the resident bytes of a table, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", kind, str(SIZES[size])]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    resident, counted = map(float, ran.stdout.split())
    return Result("A6", f"{kind} {size}", (resident,), {"resident": resident, "counted": counted}, "B")
