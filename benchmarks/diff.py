"""Goals E: what a comparison of two egresses takes, against compiling one of them, in milliseconds of one processor.

One of many entries changed, a tenth of them, the mode flipped, and a hundred namespaces that see the same.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from benchmarks.change import entry
from benchmarks.goals import Result
from meshegress import Egress, Mesh, Workload, diff, diff_meshes

T = TypeVar("T")

SIZES = {"1k entries": 1_000, "10k entries": 10_000}
ROUNDS = 3
NAMESPACES = 100
STRICT = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios for each size of mesh."""
    for name, entries in SIZES.items():
        if entries <= largest:
            yield from _of_size(name, entries)
    yield _all_namespaces(1_000)


def _of_size(name: str, entries: int) -> Iterator[Result]:
    mesh = Mesh(entry(number, 1) for number in range(entries))
    compile_time, before = _timed(lambda: mesh.egress("shop"))
    one = mesh.with_changes([entry(entries // 2 + 1, 1, version=1)]).egress("shop")
    tenth = mesh.with_changes([entry(number, 1, version=1) for number in range(0, entries, 10)]).egress("shop")
    flipped = Mesh(mesh.resources, mesh_config=STRICT).egress("shop")
    for goal, after in (("E1", one), ("E2", tenth), ("E3", flipped)):
        yield _ratio(goal, name, before, after, compile_time)


def _ratio(goal: str, name: str, before: Egress, after: Egress, compile_time: float) -> Result:
    times = []
    for _ in range(ROUNDS):
        spent, found = _timed(lambda: diff(before, after))
        if not found or not found.is_proven:
            raise AssertionError(f"{goal} on {name}: nothing was found")
        times.append(spent)
    medians = {"diff": round(sorted(times)[ROUNDS // 2] * 1e3, 1), "compile": round(compile_time * 1e3, 1)}
    return Result(goal, name, tuple(spent / compile_time for spent in times), medians, "ms")


def _all_namespaces(entries: int) -> Result:
    """Compare for many namespaces that see the same, against comparing for one; the tables are compiled before."""
    mesh = Mesh(entry(number, 1) for number in range(entries))
    after = mesh.with_changes([entry(1, 1, version=1)])
    workloads = [Workload(f"team-{number}") for number in range(NAMESPACES)]
    for workload in workloads:
        mesh.egress(workload), after.egress(workload)
    alone, _ = _timed(lambda: diff_meshes(mesh, after, workloads[:1]))
    spent, found = _timed(lambda: diff_meshes(mesh, after, workloads))
    if [len(group.workloads) for group in found.groups] != [NAMESPACES]:
        raise AssertionError("namespaces that see the same were told apart")
    medians = {"all": round(spent * 1e3, 1), "one": round(alone * 1e3, 1)}
    return Result("E4", f"{NAMESPACES} namespaces", (spent / alone / NAMESPACES,), medians, "ms")


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    gc.collect()
    began = time.process_time()
    made = call()
    return time.process_time() - began, made
