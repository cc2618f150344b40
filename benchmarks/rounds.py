"""Interleaved rounds: every contender in every round, on new texts each time, so that noise strikes all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Batch = Callable[[list[str]], object]

ROUNDS = 9


def renewed(texts: list[str]) -> list[str]:
    """Return *texts* as strings that nobody has hashed yet."""
    return [text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") for text in texts]


def one_by_one(function: Callable[[str], object]) -> Batch:
    """Return what calls *function* for each text of a list, and drops what it says."""

    def loop(texts: list[str]) -> None:
        for text in texts:
            function(text)

    return loop


def listed(function: Callable[[str], object]) -> Batch:
    """Return what calls *function* for each text of a list, and lists what it says."""
    return lambda texts: [function(text) for text in texts]


def nanoseconds(contenders: dict[str, Batch], texts: list[str], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the CPU time of each contender for one of *texts*, round by round."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with _without_garbage_collection():
        for number in range(rounds + 1):
            for name, contender in contenders.items():
                spent = _time_of(contender, renewed(texts)) / len(texts) * 1e9
                if number:  # the first round warms up
                    times[name].append(spent)
    return times


def scalar_nanoseconds(functions: dict[str, Callable[[str], object]], texts: list[str]) -> dict[str, list[float]]:
    """Return the CPU time of one call of each function, without that of the loop around it."""
    times = nanoseconds({"the loop": _empty_loop} | {name: one_by_one(call) for name, call in functions.items()}, texts)
    loop = min(times.pop("the loop"))
    return {name: [max(spent - loop, 0.1) for spent in values] for name, values in times.items()}


def _empty_loop(texts: list[str]) -> None:
    for _ in texts:
        pass


def _time_of(contender: Batch, texts: list[str]) -> float:
    began = time.process_time()
    contender(texts)
    return time.process_time() - began


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
