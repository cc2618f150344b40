"""What stands for characters in a pattern: plain ones, escapes, and classes.

Source: Go 1.26, regexp/syntax/parse.go; RE2's syntax page.
"""

from __future__ import annotations

from enum import Flag

from meshegress.regex.charset import PERL, POSIX, CharSet, fold, is_unicode_class, negate, unicode_class
from meshegress.regex.tree import Script

_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL, _HEX = frozenset("01234567"), frozenset("0123456789abcdefABCDEF")


class PatternError(ValueError):
    """The text is not an RE2 pattern; ``reason`` says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern = pattern
        self.reason = reason
        super().__init__(pattern, reason)

    def __str__(self) -> str:
        return f"`{self.pattern}`: {self.reason}"


class Mode(Flag):
    """The flags of a pattern."""

    NONE = 0
    FOLD = 1
    MULTILINE = 2
    DOT_ALL = 4
    UNGREEDY = 8  # which of several texts is taken plays no part where only whole texts are matched


class CharReader:
    """A place in a pattern, and the flags that hold there."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.mode = Mode.NONE

    def error(self, reason: str) -> PatternError:
        """Return the error of this pattern, for *reason*."""
        return PatternError(self.pattern, reason)

    def peek(self, length: int = 1) -> str:
        """Return the next characters, fewer at the end."""
        return self.pattern[self.at : self.at + length]

    def take(self) -> str:
        """Step over the next character and return it; it is empty at the end."""
        char = self.peek()
        self.at += len(char)
        return char

    def skip(self, text: str) -> bool:
        """Step over *text* and return True, if it stands here."""
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def folded(self, chars: CharSet) -> CharSet:
        """Return *chars*, with their other cases where case does not count."""
        return fold(chars) if self.mode & Mode.FOLD else chars

    def read_named(self) -> CharSet | Script | None:
        r"""Read ``\d``, ``\pN``, ``\p{Greek}`` or their opposites; None where something else stands here."""
        kind = self.peek(2)[1:]
        if self.peek() != "\\" or not kind or kind not in "dDsSwWpP":
            return None
        self.at += 2
        if kind in "pP":
            return self.read_unicode_class(negative=kind == "P")
        chars = self.folded(PERL[kind.lower()])
        return negate(chars) if kind.isupper() else chars

    def read_unicode_class(self, *, negative: bool) -> CharSet | Script:
        r"""Read the name after ``\p``."""
        name = self.take()
        if name == "{":
            name, end, _ = self.pattern[self.at :].partition("}")
            self.at += len(name) + 1
            name = name if end else ""
        if name.startswith("^"):
            name, negative = name[1:], not negative
        if not is_unicode_class(name):
            raise self.error(f"invalid character class range: `{name}`")
        chars = unicode_class(name)
        if chars is None:
            return Script(name)
        return negate(self.folded(chars)) if negative else self.folded(chars)

    def read_escaped(self) -> str:
        """Read an escape that stands for one character."""
        self.take()
        char = self.take()
        if not char:
            raise self.error("trailing backslash at end of expression")
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char == "x":
            return self.read_hex()
        if char == "0" or (char in _OCTAL and self.peek() in _OCTAL and self.peek()):
            return self.read_octal(char)
        if char.isascii() and not char.isalnum():
            return char
        raise self.error(f"invalid escape sequence: `\\{char}`")

    def read_octal(self, digits: str) -> str:
        """Read up to three digits, of which *digits* are the first."""
        while len(digits) < 3 and self.peek() and self.peek() in _OCTAL:
            digits += self.take()
        return chr(int(digits, 8))

    def read_hex(self) -> str:
        """Read two digits, or any number of them in braces."""
        if self.skip("{"):
            digits, end, _ = self.pattern[self.at :].partition("}")
            self.at += len(digits) + len(end)
        else:
            digits, end = self.peek(2), "}" if len(self.peek(2)) == 2 else ""
            self.at += 2
        significant = digits.lstrip("0") or "0"
        if not end or not digits or not _HEX.issuperset(digits) or len(significant) > 6 or int(digits, 16) > 0x10FFFF:
            raise self.error("invalid escape sequence: `\\x`")
        return chr(int(significant, 16))

    def read_class_item(self) -> CharSet | Script:
        """Read a character, a range or a class between ``[`` and ``]``."""
        if self.peek(2) == "[:":
            name, end, _ = self.pattern[self.at + 2 :].partition(":]")
            if end:
                return self.read_posix(name)
        named = self.read_named()
        if named is not None:
            return named
        low = high = self.read_class_char()
        if self.peek() == "-" and len(self.peek(2)) == 2 and self.peek(2) != "-]":
            self.take()
            high = self.read_class_char()
        if high < low:
            raise self.error(f"invalid character class range: `{low}-{high}`")
        return self.folded(((ord(low), ord(high)),))

    def read_posix(self, name: str) -> CharSet:
        """Read ``[:name:]``."""
        chars = POSIX.get(name.removeprefix("^"))
        if chars is None:
            raise self.error(f"invalid character class range: `[:{name}:]`")
        self.at += len(name) + 4
        return negate(self.folded(chars)) if name.startswith("^") else self.folded(chars)

    def read_class_char(self) -> str:
        """Read one character between ``[`` and ``]``."""
        if not self.peek():
            raise self.error("missing closing ]")
        return self.read_escaped() if self.peek() == "\\" else self.take()
