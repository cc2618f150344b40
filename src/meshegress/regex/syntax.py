"""The grammar of RE2, read into a tree: what Go's ``regexp`` takes, and so what Istio's validation takes.

A flag group may stand before a repetition (``a(?i)*``), ``{`` may be a plain character, ``**`` is an error: the odd
corners are Go's. Groups are kept only as far as their contents matter: nothing here is captured.

Source: Go 1.26, regexp/syntax/parse.go; RE2's syntax page.
"""

from __future__ import annotations

from enum import Flag

from meshegress.regex.charset import (
    EVERY,
    NEWLINE,
    PERL,
    POSIX,
    CharSet,
    fold,
    is_unicode_class,
    negate,
    single,
    unicode_class,
    union,
)
from meshegress.regex.tree import Assertion, Compound, Node, Script, alternate, concat, repeat

MAX_REPEAT = 1000
MAX_DEPTH = 1000
MAX_SIZE = 3_355_443


class PatternError(ValueError):
    """The text is no RE2 pattern; ``reason`` says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern = pattern
        self.reason = reason
        super().__init__(pattern, reason)

    def __str__(self) -> str:
        return f"`{self.pattern}`: {self.reason}"


class _Mode(Flag):
    """The flags of a pattern."""

    NONE = 0
    FOLD = 1
    MULTILINE = 2
    DOT_ALL = 4
    UNGREEDY = 8  # which of several texts is taken plays no part where only whole texts are matched


_MODES = {"i": _Mode.FOLD, "m": _Mode.MULTILINE, "s": _Mode.DOT_ALL, "U": _Mode.UNGREEDY}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ASSERTIONS = {
    "A": Assertion.BEGIN_TEXT,
    "z": Assertion.END_TEXT,
    "b": Assertion.WORD_BOUNDARY,
    "B": Assertion.NO_WORD_BOUNDARY,
}
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NAME = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_DIGITS, _OCTAL, _HEX = frozenset("0123456789"), frozenset("01234567"), frozenset("0123456789abcdefABCDEF")


def parse(pattern: str) -> Node:
    """Return the tree of *pattern*.

    Raises PatternError where it is no RE2 pattern.
    """
    return _Parser(pattern).parse()


class _Parser:
    """The state of reading one pattern: the place, the flags, and the groups that are open."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.mode = _Mode.NONE
        self.open: list[tuple[list[Node], list[list[Node]], _Mode]] = []
        self.parts: list[Node] = []
        self.branches: list[list[Node]] = []
        self.after_repeat = False

    def parse(self) -> Node:
        if any("\ud800" <= char <= "\udfff" for char in self.pattern):
            raise self.error("it is not UTF-8")
        steps = {"(": self.begin_group, ")": self.end_group, "|": self.begin_branch, "[": self.read_class,
                 "\\": self.read_escape, "*": self.read_repeat, "+": self.read_repeat, "?": self.read_repeat,
                 "{": self.read_count}  # fmt: skip
        while char := self.peek():
            was_repeat, self.after_repeat = self.after_repeat, False
            if char in "*+?{":
                self.after_repeat = was_repeat
            steps.get(char, self.read_char)()
        if self.open:
            raise self.error("missing closing )")
        return self.close_branches()

    def error(self, reason: str) -> PatternError:
        return PatternError(self.pattern, reason)

    def peek(self, length: int = 1) -> str:
        return self.pattern[self.at : self.at + length]

    def take(self) -> str:
        char = self.peek()
        self.at += len(char)
        return char

    def skip(self, text: str) -> bool:
        """Step over *text* and return True, if it stands here."""
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def read_char(self) -> None:
        char = self.take()
        if char == ".":
            self.parts.append(EVERY if self.mode & _Mode.DOT_ALL else negate(NEWLINE))
        elif char == "^":
            self.parts.append(Assertion.BEGIN_LINE if self.mode & _Mode.MULTILINE else Assertion.BEGIN_TEXT)
        elif char == "$":
            self.parts.append(Assertion.END_LINE if self.mode & _Mode.MULTILINE else Assertion.END_TEXT)
        else:
            self.add_char(char)

    def add_char(self, char: str) -> None:
        self.parts.append(self.folded(single(char)))

    def folded(self, chars: CharSet) -> CharSet:
        return fold(chars) if self.mode & _Mode.FOLD else chars

    # Groups

    def begin_group(self) -> None:
        self.take()
        before = self.mode
        if len(self.open) == MAX_DEPTH:
            raise self.error("expression nests too deeply")
        if self.skip("?") and not self.read_group_head():
            return
        self.open.append((self.parts, self.branches, before))
        self.parts, self.branches = [], []

    def read_group_head(self) -> bool:
        """Read what follows ``(?`` and return whether it opens a group."""
        if self.skip("<") or self.skip("P<"):
            name, end, _ = self.pattern[self.at :].partition(">")
            if not end or not name or not _NAME.issuperset(name):
                raise self.error("invalid named capture")
            self.at += len(name) + 1
            return True
        return self.read_flags()

    def read_flags(self) -> bool:
        """Read flags up to ``:`` or ``)``, set them, and return whether it was ``:``."""
        on, off, saw, negative = _Mode.NONE, _Mode.NONE, False, False
        while (char := self.take()) in _MODES or (char == "-" and not negative):
            saw = char != "-"
            negative = negative or not saw
            if saw and negative:
                off |= _MODES[char]
            elif saw:
                on |= _MODES[char]
        if char not in (":", ")") or (negative and not saw):
            raise self.error("invalid or unsupported Perl syntax")
        self.mode = (self.mode | on) & ~off
        return char == ":"

    def end_group(self) -> None:
        self.take()
        if not self.open:
            raise self.error("unexpected )")
        node = self.close_branches()
        self.parts, self.branches, self.mode = self.open.pop()
        self.parts.append(node)

    def begin_branch(self) -> None:
        self.take()
        self.branches.append(self.parts)
        self.parts = []

    def close_branches(self) -> Node:
        branches = [self.checked(concat(parts)) for parts in (*self.branches, self.parts)]
        return self.checked(alternate(branches))

    def checked(self, node: Node) -> Node:
        if isinstance(node, Compound) and node.depth > MAX_DEPTH:
            raise self.error("expression nests too deeply")
        if isinstance(node, Compound) and node.size > MAX_SIZE:
            raise self.error("expression too large")
        return node

    # Repetitions

    def read_repeat(self) -> None:
        least, most = _REPEATS[self.take()]
        self.add_repeat(least, most)

    def read_count(self) -> None:
        """Read ``{2}``, ``{2,}`` or ``{2,3}``; anything else is a plain ``{``."""
        head, brace, _ = self.pattern[self.at + 1 :].partition("}")
        first, comma, second = head.partition(",")
        if not (brace and _is_number(first) and (not second or _is_number(second))):
            self.after_repeat = False
            self.add_char(self.take())
            return
        self.at += len(head) + 2
        least, most = int(first[:9]), (int(second[:9]) if second else None) if comma else int(first[:9])
        if least > MAX_REPEAT or (most is not None and not least <= most <= MAX_REPEAT):
            raise self.error("invalid repeat count")
        self.add_repeat(least, most)

    def add_repeat(self, least: int, most: int | None) -> None:
        self.skip("?")
        if self.after_repeat:
            raise self.error("invalid nested repetition operator")
        if not self.parts:
            raise self.error("missing argument to repetition operator")
        node = repeat(self.parts[-1], least, most)
        if max(least, most or 0) >= 2 and node.product > MAX_REPEAT:
            raise self.error("invalid repeat count")
        self.parts[-1] = self.checked(node)
        self.after_repeat = True

    # Escapes and classes

    def read_escape(self) -> None:
        kind = self.peek(2)[1:]
        if kind in _ASSERTIONS and kind:
            self.at += 2
            self.parts.append(_ASSERTIONS[kind])
        elif kind == "Q":
            literal, end, _ = self.pattern[self.at + 2 :].partition("\\E")
            self.at += 2 + len(literal) + len(end)
            for char in literal:
                self.add_char(char)
        elif (chars := self.read_named()) is not None:
            self.parts.append(chars)
        else:
            self.add_char(self.read_escaped())

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
        while len(digits) < 3 and self.peek() and self.peek() in _OCTAL:
            digits += self.take()
        return chr(int(digits, 8))

    def read_hex(self) -> str:
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

    def read_class(self) -> None:
        """Read ``[...]``."""
        self.take()
        negative = self.skip("^")
        ranges: list[tuple[int, int]] = []
        script: Script | None = None
        first = True
        while first or self.peek() != "]":
            first = False
            chars = self.read_class_item()
            script = chars if isinstance(chars, Script) else script
            ranges += () if isinstance(chars, Script) else chars
        self.take()
        self.parts.append(script or (negate(union(ranges)) if negative else union(ranges)))

    def read_class_item(self) -> CharSet | Script:
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
        chars = POSIX.get(name.removeprefix("^"))
        if chars is None:
            raise self.error(f"invalid character class range: `[:{name}:]`")
        self.at += len(name) + 4
        return negate(self.folded(chars)) if name.startswith("^") else self.folded(chars)

    def read_class_char(self) -> str:
        if not self.peek():
            raise self.error("missing closing ]")
        return self.read_escaped() if self.peek() == "\\" else self.take()


def _is_number(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text) and (text == "0" or text[0] != "0")
