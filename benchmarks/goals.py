"""The goals, each a ratio of two things measured in one interleaved run, and what a measurement says of one.

A goal names the module that measures it: ``results(largest)`` there yields a ``Result`` for each table it tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit for a ratio, at most *limit* or at least, and the module of ``benchmarks`` that measures it."""

    module: str
    sentence: str
    limit: float
    is_floor: bool = False

    @property
    def bound(self) -> str:
        """The limit with its direction."""
        return f"{'>=' if self.is_floor else '<='} {self.limit:g}"


GOALS = {
    "A1": Goal("matching", "one host, against an exact `dict.get` with a new str", 1.25),
    "A2 to 1k": Goal("matching", "one host, against the reference twin", 0.25),
    "A2 10k": Goal("matching", "one host, against the reference twin", 0.40),
    "A2 from 100k": Goal("matching", "one host, against the reference twin", 0.55),
    "A3": Goal("matching", "one host, against a bare compiled call", 4.0),
    "A4": Goal("instructions", "instructions of a lookup, the most against the least of 10 to 100k hosts", 1.08),
    "A5 readable": Goal("matching", "a list of hosts, against a loop over the reference twin", 0.30),
    "A5 scalar": Goal("matching", "a loop over single hosts, against a list of them", 3.0, is_floor=True),
    "A6": Goal("matching", "resident bytes for a host, beside the strings of the caller", 100.0),
    "A7": Goal("change", "one changed entry among many hosts, against a full compile", 0.05),
    "A8 IPv4": Goal("prefixes", "one IPv4 address, against pytricia", 0.8),
    "A8 IPv6": Goal("prefixes", "one IPv6 address, against pytricia", 1.2),
    "A9 request": Goal("deciding", "a ready request decided, against a bare compiled call of two arguments", 15.0),
    "A9 URL": Goal("deciding", "a URL decided, against an uncached `urllib.parse.urlsplit` of it", 2.0),
    "A10": Goal("loading", "bytes for a host of a whole egress with provenance", 1000.0),
    "A11": Goal("sharing", "bytes that a further workload adds, whatever its labels and address", 4000.0),
    "B1": Goal(
        "batch", "the best of polars, duckdb, pyarrow joining host and port, against a batch", 3.5, is_floor=True
    ),
    "B1b": Goal("batch", "the same with addresses, joining address and port too", 3.5, is_floor=True),
    "B2": Goal("batch", "a batch against a million hosts, against one against a thousand", 1.8),
    "B3": Goal("batch", "the speed of two threads, against that of one", 1.7, is_floor=True),
    "C1 re": Goal("accesslog", "`re` with groups(), against one line read eagerly", 2.0, is_floor=True),
    "C1 split": Goal("accesslog", "a typed split by hand, against one line read eagerly", 4.0, is_floor=True),
    "C2": Goal("accesslog", "`re` with groups(), against one line read lazily", 6.0, is_floor=True),
    "C3": Goal("accesslog_columns", "the best CSV reader, against text lines to columns", 2.5, is_floor=True),
    "C4": Goal("accesslog_columns", "duckdb, against JSON lines to columns", 2.0, is_floor=True),
    "C5": Goal("accesslog", "`%` on ready strings, against one line written", 2.5, is_floor=True),
    "D1": Goal("loading", "YAML to a table, against `CSafeLoader` alone", 1.5),
    "D2": Goal("loading", "JSON to a table, against `pydantic_core.from_json` and validating the models", 4.0),
    "D3 import": Goal("loading", "`import meshegress`, against `import pydantic`", 1.3),
    "D3 help": Goal("loading", "`meshegress --help`, against a bare interpreter", 4.0),
    "D5": Goal("trees", "a folder of foreign files, against reading them and looking for `apiVersion`", 3.0),
    "D6": Goal("trees", "`check` of entries of which each tenth has a finding, against `check` without", 1.5),
    "D4 alike": Goal("sharing", "another workload of a scope, against the first", 0.02),
    "E1": Goal("diff", "two egresses that differ in one entry, against compiling one of them", 0.1),
    "E2": Goal("diff", "two egresses that differ in a tenth of the entries, against compiling one of them", 2.0),
    "E3": Goal("diff", "two egresses of different modes, against compiling one of them", 0.6),
    "E4": Goal("diff", "a further namespace that sees the same, against the first", 0.08),
    "E5": Goal("linting", "`lint` of entries of which one takes a port, against compiling a table of them", 30.0),
    "D4 chosen": Goal("sharing", "another workload whose labels choose routes or clusters, against the first", 0.05),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One ratio: of which goal, on which data, in how many rounds, what stands behind it in *unit*.

    *obstacle* says, of a goal that may be missed, what was measured to stand in the way; it is printed if it is missed.
    """

    goal: str
    data: str
    ratios: tuple[float, ...]
    medians: dict[str, float]
    unit: str = "ns"
    obstacle: str = ""

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


def compare(
    goal: str, data: str, rounds: dict[str, list[float]], one: str, other: str, *, unit: str = "ns", obstacle: str = ""
) -> Result:
    """Return the ratio of *one* to *other*, round by round."""
    ratios = tuple(a / b for a, b in zip(rounds[one], rounds[other], strict=True))
    medians = {name: round(median(values), 1) for name, values in rounds.items()}
    return Result(goal, data, ratios, medians, unit, obstacle)


def against_the_best(
    goal: str,
    data: str,
    rounds: dict[str, list[float]],
    peers: Iterable[str],
    other: str,
    *,
    unit: str = "ns",
    obstacle: str = "",
) -> Result:
    """Return the ratio of the quickest of *peers* to *other*, round by round."""
    best = min(peers, key=lambda peer: median(rounds[peer]))
    return compare(goal, data, rounds, best, other, unit=unit, obstacle=obstacle)


def asked_for(goal: str, asked: Iterable[str]) -> bool:
    """Is *goal* one of those *asked* for: by its name, its number (``A9``) or its letter? All are, if none is asked."""
    names = {goal, goal.split()[0], goal[0]}
    return not asked or not names.isdisjoint(asked)
