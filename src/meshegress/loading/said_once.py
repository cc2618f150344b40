"""One mistake is said once: a field that is misspelt is not missing too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshegress.findings import Severity
from meshegress.rules.problem import Path, Problem

_UNKNOWN = "EG303"
_MEANT = "did you mean `"


def said_once(problems: Sequence[Problem]) -> list[Problem]:
    """Return *problems*, where the error of a missing field and the warning of its misspelling are one.

    >>> missing = Problem(("spec", "hosts"), "the entry has no host", "name at least one", code="EG212")
    >>> unknown = Problem(("spec", "host"), "no such field", "did you mean `hosts`?", Severity.WARNING, "EG303")
    >>> [(one.path, one.help, one.code) for one in said_once([missing, unknown])]
    [(('spec', 'host'), 'did you mean `hosts`?', 'EG212')]
    """
    misspelt = {meant: each for each in problems if (meant := _meant_path(each)) is not None}
    if not misspelt:
        return list(problems)
    joined = {
        each: misspelt[each.path] for each in problems if each.severity is Severity.ERROR and each.path in misspelt
    }
    spent = set(joined.values())
    return [_joined(each, joined.get(each)) for each in problems if each not in spent]


def _meant_path(problem: Problem) -> Path | None:
    """Return the path of the field that an unknown one was meant to be."""
    if problem.code != _UNKNOWN or not problem.help.startswith(_MEANT):
        return None
    return (*problem.path[:-1], problem.help.removeprefix(_MEANT).removesuffix("`?"))


def _joined(missing: Problem, unknown: Problem | None) -> Problem:
    if unknown is None:
        return missing
    message = f"{missing.message}: there is no field `{unknown.path[-1]}`"
    return replace(missing, path=unknown.path, message=message, help=unknown.help)
