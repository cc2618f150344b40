"""The texts that a part of a request can be: an alphabet, the characters that people like to read first, and a rule.

Control characters are in no alphabet: no client can send them. Characters beyond ASCII can stand in paths, parameters
and values of headers.
"""

from __future__ import annotations

import string
from collections.abc import Hashable

from meshegress.wire.paths import PathNormalization

_NICE = "x" + string.ascii_lowercase + string.digits + "-_." + string.ascii_uppercase
PRINTABLE = _NICE + "".join(chr(code) for code in range(33, 127) if chr(code) not in _NICE)
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_ESCAPED_SLASHES = frozenset({"2f", "5c"})


class Grammar:
    """All texts of an alphabet; ``step`` returns None where no text goes on like that.

    ``marks`` are the characters that the rule tells from all others. The alphabet goes *beyond_ascii* where a pattern
    asks for such characters.
    """

    alphabet = PRINTABLE
    marks = ""
    beyond_ascii = False
    begin: Hashable = 0

    def step(self, state: Hashable, char: str) -> Hashable | None:
        """Return the state behind *char*."""
        return state

    def accepts(self, state: Hashable) -> bool:
        """Return whether a text may end in *state*."""
        return True

    def wanted(self, state: Hashable) -> str:
        """Return the characters that the rule tells apart in *state* beside its marks."""
        return ""


class Paths(Grammar):
    """Paths that normalisation leaves as they are: routes see every other one as one of these."""

    marks = "/.%"
    beyond_ascii = True
    begin = ("begin", "")

    def __init__(self, mode: PathNormalization) -> None:
        banned = "?#" if mode is PathNormalization.NONE else '?#\\"<>`{}'
        self.alphabet = "".join(char for char in PRINTABLE if char not in banned)
        self._is_free = mode is PathNormalization.NONE
        self._merges = mode in (PathNormalization.MERGE_SLASHES, PathNormalization.DECODE_AND_MERGE_SLASHES)
        self._decodes = mode is PathNormalization.DECODE_AND_MERGE_SLASHES

    def step(self, state: Hashable, char: str) -> Hashable | None:
        """Return the segment so far, as far as dots matter, and the escape that is being written."""
        assert isinstance(state, tuple)
        segment, escape = state
        if segment == "begin":
            return ("", "") if char == "/" else None
        if self._is_free:
            return state
        if len(escape) == 2 and char in string.hexdigits:
            return ("other", "") if self._keeps(escape[1] + char) else None
        if char == "/":
            is_dots, is_empty = segment in (".", ".."), segment == ""
            return None if is_dots or (is_empty and self._merges) else ("", "")
        escape = "%" if char == "%" else "%" + char if escape == "%" and char in string.hexdigits else ""
        return ({"": ".", ".": ".."}.get(segment, "other") if char == "." else "other", escape)

    def _keeps(self, digits: str) -> bool:
        """Return whether the escape of *digits* stays as it is; ``%00`` is refused before any route."""
        if self._decodes and digits.lower() in _ESCAPED_SLASHES:
            return False
        return digits != "00" and chr(int(digits, 16)) not in _UNRESERVED

    def accepts(self, state: Hashable) -> bool:
        """Return whether the last segment is not made of dots that would be resolved."""
        assert isinstance(state, tuple)
        return state[0] != "begin" and (self._is_free or state[0] not in (".", ".."))

    def wanted(self, state: Hashable) -> str:
        """Return the hexadecimal digits behind a percent sign: each may make another character."""
        assert isinstance(state, tuple)
        return string.hexdigits if state[1] else ""


class Values(Grammar):
    """Values of headers: no blank at either end."""

    alphabet = PRINTABLE + " \t"
    marks = " \t"
    beyond_ascii = True
    begin = "begin"

    def step(self, state: Hashable, char: str) -> Hashable | None:
        """Return whether the last character is a blank."""
        if char in self.marks:
            return None if state == "begin" else "blank"
        return "text"

    def accepts(self, state: Hashable) -> bool:
        """Return whether the last character is not a blank."""
        return state != "blank"


class Parameters(Grammar):
    """Raw values of query parameters."""

    alphabet = "".join(char for char in PRINTABLE if char not in "#&")
    beyond_ascii = True


class Authorities(Grammar):
    """What the codec takes as an authority."""

    alphabet = "".join(char for char in PRINTABLE if char.isalnum() or char in "!$%&'()*+,-.:;=@[]_~")


class Tokens(Grammar):
    """Methods: one character or more of RFC 9110's tokens."""

    alphabet = "".join(char for char in PRINTABLE if char.isalnum() or char in "!#$%&'*+-.^_`|~")
    begin = "begin"

    def step(self, state: Hashable, char: str) -> Hashable | None:
        """Return that there is a character."""
        return "text"

    def accepts(self, state: Hashable) -> bool:
        """Return whether there is a character."""
        return state == "text"
