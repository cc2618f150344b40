"""The byte language of a time format: a mask where every specifier has fixed digits, else the bytes that may occur."""

from __future__ import annotations

import re

from meshegress._engine.chosen import LogField, LogSpan

# Fixed widths; a year beyond 9999 is not expected of a log.
_MASKS = {
    "Y": "0000",
    "m": "00",
    "d": "00",
    "H": "00",
    "I": "00",
    "M": "00",
    "S": "00",
    "y": "00",
    "C": "00",
    "j": "000",
    "u": "0",
    "w": "0",
    "U": "00",
    "V": "00",
    "W": "00",
    "F": "0000-00-00",
    "T": "00:00:00",
    "X": "00:00:00",
    "R": "00:00",
    "D": "00/00/00",
    "x": "00/00/00",
    "E4Y": "0000",
    "f": "000000000",
    "%": "%",
}
_SPECIFIER = re.compile(r"%(E4Y|[1-9]?f|[a-zA-Z%])")
_LINE = bytes(byte for byte in range(256) if byte != 0x0A)


def time_field(pattern: str) -> LogField:
    """Return the language of the times that *pattern* makes.

    >>> time_field("%d.%m.%y").masks
    (b'00.00.00',)
    """
    parts = _SPECIFIER.split(pattern)
    literals, words = parts[::2], parts[1::2]
    masks = [_mask(word) for word in words]
    # A digit in a mask stands for any digit, so a pattern with digits of its own is not a mask; nor is one with a
    # specifier of changing width, or one whose percent signs do not all belong to specifiers.
    is_fixed = (
        None not in masks and not any(re.search("[0-9%]", literal) for literal in literals) and "%%" not in pattern
    )
    if not is_fixed:
        return LogField((LogSpan(_LINE, _LINE, 0),))
    text = "".join(literal + (mask or "") for literal, mask in zip(literals, [*masks, ""], strict=True))
    return LogField(masks=(text.encode("utf-8", "surrogateescape"),))


def _mask(word: str) -> str | None:
    if word[0].isdigit():
        return "0" * int(word[0])
    return _MASKS.get(word)
