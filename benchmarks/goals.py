"""The goals, each a ratio of two things measured in one interleaved run, and what a measurement says of one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit for a ratio: at most *limit*, or at least."""

    sentence: str
    limit: float
    is_floor: bool = False


GOALS = {
    "A1": Goal("one host, against an exact `dict.get` with a new str", 1.25),
    "A2 to 1k": Goal("one host, against the readable twin", 0.25),
    "A2 10k": Goal("one host, against the readable twin", 0.40),
    "A2 from 100k": Goal("one host, against the readable twin", 0.55),
    "A3": Goal("one host, against a bare compiled call", 4.0),
    "A5 readable": Goal("a list of hosts, against a loop over the readable twin", 0.30),
    "A5 scalar": Goal("a loop over single hosts, against a list of them", 3.0, is_floor=True),
    "A6": Goal("resident bytes for a host, beside the strings of the caller", 100.0),
    "A8 IPv4": Goal("one IPv4 address, against pytricia", 0.8),
    "A8 IPv6": Goal("one IPv6 address, against pytricia", 1.2),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One ratio: of which goal, on which data, in how many rounds, and the nanoseconds behind it."""

    goal: str
    data: str
    ratios: tuple[float, ...]
    medians: dict[str, float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def margin(self) -> float:
        """How far the ratio stays on the right side of its limit, as a part of the limit."""
        goal = GOALS[self.goal]
        return (self.ratio / goal.limit - 1) if goal.is_floor else (1 - self.ratio / goal.limit)

    @property
    def passed(self) -> bool:
        """Is the ratio within its limit?"""
        return self.margin >= 0

    def as_dict(self) -> dict[str, Any]:
        """Return the result for machines."""
        goal = asdict(GOALS[self.goal])
        return {**asdict(self), **goal, "ratio": self.ratio, "margin": self.margin, "passed": self.passed}


def compare(goal: str, data: str, rounds: dict[str, list[float]], one: str, other: str) -> Result:
    """Return the ratio of *one* to *other*, round by round."""
    ratios = tuple(a / b for a, b in zip(rounds[one], rounds[other], strict=True))
    return Result(goal, data, ratios, {name: round(median(values), 1) for name, values in rounds.items()})
