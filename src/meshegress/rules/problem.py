"""What a rule says, and how rules stand in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from meshegress.findings import Severity
from meshegress.profiles import Profile

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule says of an object: where in it, what, the cure, how bad; the table adds the code."""

    path: Path
    message: str
    help: str = ""
    severity: Severity = Severity.ERROR
    code: str = ""

    def under(self, *path: str | int) -> Problem:
        """Return this problem of a part as one of the whole, where the part stands at *path*."""
        return replace(self, path=(*path, *self.path))


Problems = Iterator[Problem]


def warning(path: Path, message: str, help: str = "") -> Problem:
    """Return what Istio accepts and warns of."""
    return Problem(path, message, help, Severity.WARNING)


def fault(path: Path, message: str | None, help: str = "") -> Problems:
    """Give the problem that *message* is, unless it is None."""
    if message is not None:
        yield Problem(path, message, help)


def errors_only(problems: Iterable[Problem]) -> Problems:
    """Give *problems* without their warnings, which Istio loses in some places."""
    return (problem for problem in problems if problem.severity is Severity.ERROR)


class Rule(NamedTuple):
    """A row of a table of rules: the code of what it says, and the question.

    Istio stops at the first error of a *decisive* rule, so nothing is warned of then.
    """

    code: str
    ask: Callable[[Any, Profile], Problems]
    decisive: bool = False


def ask_all(rules: Iterable[Rule], resource: Any, profile: Profile) -> list[Problem]:
    """Return what all *rules* say of *resource*, each with its code."""
    said: list[Problem] = []
    stopped = False
    for rule in rules:
        for problem in rule.ask(resource, profile):
            said.append(replace(problem, code=problem.code or rule.code))
            stopped |= rule.decisive and problem.severity is Severity.ERROR
    return list(errors_only(said)) if stopped else said
