"""What of a decision is compared, and what a change of it is called."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Literal

from meshegress.decision import Decision, Outcome

By = Literal["answer", "decision"]
Key = Callable[[Decision], Hashable]


class Effect(Enum):
    """What a change means for the clients that it reaches, worst first."""

    BLOCKED = "blocked"
    MOVED = "moved"
    OPENED = "opened"
    HANGS = "hangs"
    REFUSED_OTHERWISE = "refused otherwise"
    NO_LONGER_HANGS = "no longer hangs"

    def __str__(self) -> str:
        return str(self.value)


def answer_of(decision: Decision) -> Hashable:
    """Return what becomes of the request, and every other answer that is possible; not on which way."""
    return _own_answer(decision), frozenset(_own_answer(one) for one in (decision, *decision.candidates))


def decision_of(decision: Decision) -> Hashable:
    """Return the answer with the names of all that the request passes."""
    return _own_way(decision), frozenset(_own_way(one) for one in (decision, *decision.candidates))


KEYS: Mapping[By, Key] = {"answer": answer_of, "decision": decision_of}


def _own_answer(decision: Decision) -> tuple[Hashable, ...]:
    return (
        decision.outcome,
        decision.cluster,
        decision.destinations,
        decision.status,
        decision.flags,
        decision.details,
    )


def _own_way(decision: Decision) -> tuple[Hashable, ...]:
    return (
        *_own_answer(decision),
        decision.listener,
        decision.filter_chain,
        decision.route_config,
        decision.virtual_host,
        decision.route,
    )


def effect_of(before: Decision, after: Decision) -> Effect:
    """Return what it means that *before* becomes *after*; where these are alike, what their other candidates say."""
    if _own_answer(before) == _own_answer(after):
        before, after = _first_new(before, after)
    if after.outcome is Outcome.WAITING:
        return Effect.HANGS
    if before.outcome is Outcome.WAITING:
        return Effect.NO_LONGER_HANGS
    if before.allowed != after.allowed:
        return Effect.OPENED if after.allowed else Effect.BLOCKED
    return Effect.MOVED if after.allowed else Effect.REFUSED_OTHERWISE


def _first_new(before: Decision, after: Decision) -> tuple[Decision, Decision]:
    """Return the answer with a candidate that only one side has."""
    known = {_own_answer(one) for one in (before, *before.candidates)}
    gained = next((one for one in after.candidates if _own_answer(one) not in known), None)
    if gained is not None:
        return before, gained
    left = {_own_answer(one) for one in (after, *after.candidates)}
    lost = next((one for one in before.candidates if _own_answer(one) not in left), before)
    return lost, after


def is_certain(before: Decision, after: Decision) -> bool:
    """Return whether the answer changes whichever candidates hold."""
    possible = {_own_answer(one) for one in (before, *before.candidates)}
    return possible.isdisjoint(_own_answer(one) for one in (after, *after.candidates))
