"""What commands print instead of YAML when they fail, and what they print above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshegress.loading.foreign import COMPLAINTS
from meshegress.resources.shape import shown
from meshegress.rules.problem import Problem

_HELP = "run the command alone, and see what it says; write only its output, not its errors, to what is loaded"


def complaint_in(text: str) -> Problem | None:
    """Return the problem that the one line *text* is, if it is the message of a command.

    >>> complaint_in('error: the server does not have a resource type "x"').code
    'EG007'
    """
    if not text.startswith(COMPLAINTS):
        return None
    return Problem((), f"this is a message of a command, not YAML: {shown(text)}", _HELP, code="EG007")


def complaint_of(document: Mapping[Any, Any]) -> Problem | None:
    """Return the problem that *document* is, if YAML took the message of a command for a mapping."""
    if len(document) != 1:
        return None
    key, value = next(iter(document.items()))
    return complaint_in(f"{key}: {value}") if isinstance(key, str) and isinstance(value, str) else None


def complaints_above(text: str) -> list[str]:
    r"""Return the lines at the start of *text* that are messages of a command.

    >>> complaints_above("Error from server (Forbidden): no\nkind: List\n")
    ['Error from server (Forbidden): no']
    """
    if not text.startswith(COMPLAINTS):
        return []
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.startswith(COMPLAINTS):
            break
        lines.append(line)
    return lines
