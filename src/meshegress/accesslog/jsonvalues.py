"""JSON as Envoy writes it, read back to values: with the bytes of what is not UTF-8."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from meshegress.accesslog.values import to_bytes, to_text

# Envoy writes bytes of a string that is not UTF-8 as \u0080 to \u00ff, and characters never so.
_ESCAPE = re.compile(r"\\(?:u00([89a-fA-F][0-9a-fA-F])|.)", re.DOTALL)
# A negative zero is a double; as an integer it would lose its sign.
_NEGATIVE_ZERO = re.compile(r"-0(?=[,}\]\s]|\Z)")


def read_json(text: str) -> object:
    r"""Return the JSON value of *text*; bytes that Envoy escaped become lone surrogates again.

    Raises ValueError for what is not JSON, and for an object with a key twice.

    >>> read_json(r'"\u00ff"'), read_json("-0")
    ('\udcff', -0.0)
    """
    read_number = _number if _NEGATIVE_ZERO.search(text) else None
    escaped = _ESCAPE.sub(_byte_escape, text) if "\\u00" in text else text
    value = json.loads(escaped, object_pairs_hook=_members, parse_constant=_no_constant, parse_int=read_number)
    return value if escaped is text else _rejoined(value)


def _number(digits: str) -> int | float:
    return -0.0 if digits == "-0" else int(digits)


def _rejoined(value: object) -> object:
    """Make characters of escaped bytes that are UTF-8 once their neighbours stand beside them."""
    if isinstance(value, str):
        return to_text(to_bytes(value))
    if isinstance(value, dict):
        return {key: _rejoined(item) for key, item in value.items()}
    return [_rejoined(item) for item in value] if isinstance(value, list) else value


def _byte_escape(match: re.Match[str]) -> str:
    return f"\\udc{match[1]}" if match[1] else match[0]


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)
