"""A route's match as the conditions that the walk, and its explanation, ask."""

from __future__ import annotations

from meshegress._engine.layout import (
    EVERY_PATH,
    EXACT,
    PREFIX,
    PRESENT,
    REGEX,
    HeaderCondition,
    Pattern,
    RouteRow,
    TextCondition,
)
from meshegress.regex import UnsupportedPatternError, compile_regex
from meshegress.table import EVERY_PATH as EVERY_PATH_MATCH
from meshegress.table import MatchKind, Route, StringMatcher

_KINDS = {
    MatchKind.EXACT: EXACT,
    MatchKind.PREFIX: PREFIX,
    MatchKind.REGEX: REGEX,
    MatchKind.PRESENT: PRESENT,
}


def takes_all(route: Route) -> bool:
    """Return whether *route* takes every path and asks for nothing else."""
    return route.match is EVERY_PATH_MATCH or route.match == EVERY_PATH_MATCH


def route_row(route: Route, leaf: int) -> RouteRow:
    """Return the conditions of *route*, which ends at *leaf*."""
    match = route.match
    path = TextCondition(EVERY_PATH) if match.path == EVERY_PATH_MATCH.path else _text(match.path)
    headers = (HeaderCondition(one.name, _text(one.value), one.invert, one.missing_is_empty) for one in match.headers)
    return RouteRow(leaf, path, tuple(headers), tuple((one.name, _text(one.value)) for one in match.query))


def _text(match: StringMatcher) -> TextCondition:
    regex = _regex(match.value) if match.kind is MatchKind.REGEX else None
    return TextCondition(_KINDS[match.kind], match.value, match.ignore_case, regex)


def _regex(pattern: str) -> Pattern:
    try:
        return compile_regex(pattern)
    except UnsupportedPatternError:
        return _Unjudged()


class _Unjudged:
    """A pattern that nothing here can run."""

    def fullmatch(self, _text: str, /) -> bool | None:
        """Return None: the pattern cannot be evaluated here."""
        return None
