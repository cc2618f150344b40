"""The grammar of RE2, read into a tree: what Go's ``regexp`` takes, and so what Istio's validation takes.

A flag group may stand before a repetition (``a(?i)*``), ``{`` may be a plain character, ``**`` is an error: the odd
corners are Go's. Groups are kept only as far as their contents matter: nothing here is captured.

Source: Go 1.26, regexp/syntax/parse.go; RE2's syntax page.
"""

from __future__ import annotations

from meshegress.regex.characters import CharReader, Mode
from meshegress.regex.charset import EVERY, NEWLINE, negate, single, union
from meshegress.regex.tree import Assertion, Compound, Node, Script, alternate, concat, repeat

MAX_REPEAT = 1000
MAX_DEPTH = 1000
MAX_SIZE = 3_355_443
_MODES = {"i": Mode.FOLD, "m": Mode.MULTILINE, "s": Mode.DOT_ALL, "U": Mode.UNGREEDY}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ASSERTIONS = {
    "A": Assertion.BEGIN_TEXT,
    "z": Assertion.END_TEXT,
    "b": Assertion.WORD_BOUNDARY,
    "B": Assertion.NO_WORD_BOUNDARY,
}
_NAME = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")


def parse(pattern: str) -> Node:
    """Return the tree of *pattern*.

    Raises PatternError where it is not an RE2 pattern.
    """
    return _PatternParser(pattern).parse()


class _PatternParser(CharReader):
    """The state of reading one pattern: beside the place and the flags, the groups that are open."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.open: list[tuple[list[Node], list[list[Node]], Mode]] = []
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

    def read_char(self) -> None:
        char = self.take()
        if char == ".":
            self.parts.append(EVERY if self.mode & Mode.DOT_ALL else negate(NEWLINE))
        elif char == "^":
            self.parts.append(Assertion.BEGIN_LINE if self.mode & Mode.MULTILINE else Assertion.BEGIN_TEXT)
        elif char == "$":
            self.parts.append(Assertion.END_LINE if self.mode & Mode.MULTILINE else Assertion.END_TEXT)
        else:
            self.add_char(char)

    def add_char(self, char: str) -> None:
        self.parts.append(self.folded(single(char)))

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
        on, off, saw, negative = Mode.NONE, Mode.NONE, False, False
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


def _is_number(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text) and (text == "0" or text[0] != "0")
