"""Goals B1 to B3: tables of a million requests decided at once, beside joins that do the same.

What is timed is the library's own surface, ``egress.decide_many(table).numbers``. Before anything is timed, every
peer's answers are compared with the clusters of the decisions, row by row; the peers know nothing of the library.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pyarrow as pa

from benchmarks.batch_peers import peers
from benchmarks.batch_worlds import BatchWorld, batch_world
from benchmarks.goals import Result, against_the_best, compare
from benchmarks.rounds import interleaved

SIZES = {"1k": 1000, "100k": 100_000, "1M": 1_000_000}
ROUNDS = 5
BURSTS = 40
#: What a second thread gains a yardstick that shares nothing, where both cores are free; and how many such bursts tell.
FREE, ENOUGH = 1.8, 5
#: Rows whose hosts fit every cache.
_FEW = 1000
#: What the yardstick of two threads hashes: work that needs neither the GIL nor much memory.
_YARDSTICK = bytes(8 << 20)


def results(largest: int) -> Iterator[Result]:
    """Yield all ratios, on meshes of up to *largest* hosts."""
    smallest: dict[bool, BatchWorld] = {}
    for addresses, goal in ((False, "B1"), (True, "B1b")):
        for name, size in SIZES.items():
            if size > largest:
                continue
            world = batch_world(name, size, addresses=addresses)
            yield _beside_peers(goal, world)
            if name == "1k":
                smallest[addresses] = world
            elif name == "1M":
                yield _beside_the_smallest(world, smallest[addresses])
            if name != "1M" and not addresses:
                yield _on_two_threads(world)


def _decide(world: BatchWorld, threads: int = 1) -> Callable[[pa.Table], object]:
    return lambda requests: world.egress.decide_many(requests, threads=threads).numbers


def _beside_peers(goal: str, world: BatchWorld) -> Result:
    """Return the ratio of the best peer, after all answers were found equal."""
    joined = peers(world)
    expected = _numbers_of(world)
    for name, peer in joined.items():
        if not peer(world.requests).equals(expected):
            raise SystemExit(f"{goal} {world.name}: {name} answers differently")
    opaque = world.requests.set_column(
        world.requests.column_names.index("kind"),
        "kind",
        pa.array(["tcp"] * world.requests.num_rows).dictionary_encode(),
    )
    contenders = {"batch": _decide(world), **joined, "no names": lambda _: _decide(world)(opaque)}
    rounds = interleaved(contenders, lambda: world.requests, world.requests.num_rows, rounds=ROUNDS)
    whole, nameless = median(rounds["batch"]), median(rounds.pop("no names"))
    obstacle = (
        f"of {whole:.0f} ns a row, {nameless:.0f} go into reading its columns and finding its way, "
        f"{whole - nameless:.0f} into looking up its name"
    )
    return against_the_best(goal, world.name, rounds, joined, "batch", obstacle=obstacle)


def _numbers_of(world: BatchWorld) -> pa.Array:
    """Return the number of the pattern whose cluster each decision has."""
    number_of = {cluster: number for number, cluster in enumerate(world.clusters)}
    decided = world.egress.decide_many(world.requests)
    known = {number: number_of[str(decided.decision(number))] for number in set(decided.numbers)}
    return pa.array([known[number] for number in decided.numbers], pa.int32())


def _beside_the_smallest(world: BatchWorld, smallest: BatchWorld) -> Result:
    """Return what the large mesh costs against the small one, and what it would cost if nothing waited for memory."""
    rows = world.requests.num_rows
    few = pa.concat_tables([world.requests.slice(0, _FEW)] * (rows // _FEW)).unify_dictionaries().combine_chunks()
    contenders = {one.name: lambda _, one=one: _decide(one)(one.requests) for one in (smallest, world)}
    rounds = interleaved({**contenders, "few hosts": lambda _: _decide(world)(few)}, lambda: None, rows)
    data = f"{world.name}, addresses" if "address" in world.requests.column_names else world.name
    whole, cached = median(rounds[world.name]), median(rounds["few hosts"])
    obstacle = (
        f"of {whole:.0f} ns a row, {whole - cached:.0f} wait for memory outside the caches: rows to the same "
        f"{_FEW} hosts take {cached:.0f} of this table"
    )
    return compare("B2", data, rounds, world.name, smallest.name, obstacle=obstacle)


def _on_two_threads(world: BatchWorld) -> Result:
    """Return what a second thread gains, and what it gains for work that shares nothing at all.

    Rounds count in which that gains what a free core gives; all do where there are not enough of them.
    """
    with ThreadPoolExecutor(2) as pool:
        contenders = {
            "one": _decide(world),
            "two": _decide(world, threads=2),
            "hash one": lambda _: [hashlib.sha256(_YARDSTICK) for _ in range(2)],
            "hash two": lambda _: list(pool.map(hashlib.sha256, [_YARDSTICK] * 2)),
        }
        count = world.requests.num_rows
        rounds = interleaved(contenders, lambda: world.requests, count, rounds=BURSTS, clock=time.perf_counter)
        work = interleaved({name: contenders[name] for name in ("one", "two")}, lambda: world.requests, count)
    gains = [one / two for one, two in zip(rounds["hash one"], rounds["hash two"], strict=True)]
    free = [number for number, gain in enumerate(gains) if gain >= FREE]
    kept = free if len(free) >= ENOUGH else range(BURSTS)
    spent = median(work["two"]) / median(work["one"])
    obstacle = (
        f"two threads that hash and share nothing gained {median(gains):.2f}, and in {len(free)} of {BURSTS} rounds "
        f"{FREE} or more; two threads of a batch spend {spent:.2f} times the CPU time of one, which would be "
        f"{2 / spent:.2f} where both cores are free"
    )
    counted = {name: [times[number] for number in kept] for name, times in rounds.items()}
    return compare("B3", world.name, counted, "one", "two", obstacle=obstacle)
