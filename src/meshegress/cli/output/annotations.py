"""Annotations of GitHub Actions: lines of a workflow's log that GitHub shows beside the changed lines of a file."""

from __future__ import annotations

from enum import Enum

import meshegress


class Level(Enum):
    """How an annotation is shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


LEVELS = {
    meshegress.Severity.ERROR: Level.ERROR,
    meshegress.Severity.WARNING: Level.WARNING,
    meshegress.Severity.INFO: Level.NOTICE,
}
"""How findings are shown."""


def annotation(level: Level, message: str, *, title: str, place: meshegress.Source | None) -> str:
    r"""Return the line that shows *message* at *place*, or at the run as a whole.

    >>> annotation(Level.WARNING, "two\nlines", title="EG401: x", place=meshegress.Source("a,b.yaml", 3))
    '::warning file=a%2Cb.yaml,line=3,title=EG401%3A x::two%0Alines'
    """
    properties = {"title": title}
    if place is not None and not place.file.startswith("<"):
        parts = {"file": place.file, "line": place.line, "col": place.column}
        properties = {key: str(value) for key, value in parts.items() if value is not None} | properties
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level.value} {told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
