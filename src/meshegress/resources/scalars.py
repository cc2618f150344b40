"""What a plain YAML word means: the reading of Kubernetes, without its traps.

`no` is false and `1:30` is text, as Kubernetes reads them; a lone `y` or `n` stays text, which everybody means by it.
A number with a leading zero is octal there; nobody means it, so it is kept as a :class:`LeadingZero`, which no field
takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Plain = None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class LeadingZero:
    """A number written with a leading zero, such as ``017``: octal for YAML 1.1, never meant."""

    text: str


WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}

_FIRST = frozenset("0123456789+-.")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z", re.ASCII)
_BASED = re.compile(r"[-+]?0(x_*[0-9a-fA-F][0-9a-fA-F_]*|b_*[01][01_]*|o_*[0-7][0-7_]*)\Z", re.ASCII)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_LONGEST = 60


def plain_value(text: str) -> Plain | LeadingZero:
    """Return what the plain scalar *text* stands for.

    >>> [plain_value(text) for text in ("80", "no", "1:30", "a.com", "1.5", "")]
    [80, False, '1:30', 'a.com', 1.5, None]
    >>> plain_value("017")
    LeadingZero(text='017')
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _FIRST or len(text) > _LONGEST:
        return text
    if _DECIMAL.match(text):
        return int(text.replace("_", ""))
    if _LEADING_ZERO.match(text):
        return LeadingZero(text)
    if _BASED.match(text):
        return int(text.replace("_", ""), 0)
    if _FLOAT.match(text):
        return float(text)
    return text
