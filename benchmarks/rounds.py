"""Interleaved rounds: every contender in every round, on new input each time, so that noise strikes all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Given = TypeVar("Given")
Batch = Callable[[list[str]], object]

ROUNDS = 9
#: A text is looked up soon after it was made, as that of a request is; so many are made at once.
AT_A_TIME = 1000


def require_equal(data: str, answers: dict[str, object]) -> None:
    """End the run where contenders answer differently: one with a fault looks quick for the wrong reason."""
    (first, expected), *others = answers.items()
    for name, answer in others:
        if answer == expected:
            continue
        detail = ""
        if isinstance(answer, Sequence) and isinstance(expected, Sequence):
            pairs = zip(expected, answer, strict=False)
            detail = next(
                (f": row {row}: {a!r}, {b!r}" for row, (a, b) in enumerate(pairs) if a != b), ": lengths differ"
            )
        raise SystemExit(f"{data}: {first} and {name} answer differently{detail}")


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


def interleaved(
    contenders: dict[str, Callable[[Given], object]],
    prepare: Callable[[], Given],
    count: int,
    *,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Return the nanoseconds of each contender for one of *count* things, round by round.

    Each is called once a round with what *prepare* gives; that is made before the clock starts. The first round warms
    up and is not kept. CPU time is what the *clock* tells; `time.perf_counter` tells what several threads gain.
    """
    return in_portions(contenders, lambda: [prepare()], count, rounds=rounds, clock=clock)


def in_portions(
    contenders: dict[str, Callable[[Given], object]],
    prepare: Callable[[], Iterable[Given]],
    count: int,
    *,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Return what ``interleaved`` does, of contenders that are called for each portion of what *prepare* gives."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with _without_garbage_collection():
        for number in range(rounds + 1):
            for name, contender in contenders.items():
                spent = sum(_time_of(contender, given, clock) for given in prepare()) / count * 1e9
                if number:
                    times[name].append(spent)
    return times


def _time_of(contender: Callable[[Given], object], given: Given, clock: Callable[[], float]) -> float:
    began = clock()
    contender(given)
    return clock() - began


def nanoseconds(contenders: dict[str, Batch], texts: list[str], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the CPU time of each contender for one of *texts*; each is asked for while it is new."""

    def portions() -> Iterator[list[str]]:
        return (renewed(texts[begin : begin + AT_A_TIME]) for begin in range(0, len(texts), AT_A_TIME))

    return in_portions(contenders, portions, len(texts), rounds=rounds)


def scalar_nanoseconds(functions: dict[str, Callable[[str], object]], texts: list[str]) -> dict[str, list[float]]:
    """Return the CPU time of one call of each function, without that of the loop around it."""
    loops = {name: one_by_one(call) for name, call in functions.items()}
    return without_loop(nanoseconds({"the loop": empty_loop, **loops}, texts))


def without_loop(times: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return *times* without those of ``the loop``."""
    loop = min(times["the loop"])
    return {name: [max(spent - loop, 0.1) for spent in values] for name, values in times.items() if name != "the loop"}


def empty_loop(things: Iterable[object]) -> None:
    """Do nothing, for each of *things*."""
    for _ in things:
        pass


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
