"""Run a pattern in time linear in the text, whatever it is: an automaton, made deterministic as far as texts ask.

The tree becomes states that read one character each. What is kept while a text is read is a set of them, so no way is
tried twice and none is taken back. Each set that was met is a state of a second, deterministic automaton, which is
remembered up to a limit: known texts cost one look-up for a character. Characters that no part of the pattern tells
apart are one *kind*.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from meshegress.regex.charset import NEWLINE, PERL, CharSet
from meshegress.regex.tree import Alternate, Assertion, Compound, Node, Repeat, Script

MAX_STATES = 4096
MAX_DEPTH = 200
MAX_REMEMBERED = 2000

ACCEPT = 0


class UnsupportedPatternError(ValueError):
    """The pattern is RE2's and cannot be run here; ``reason`` says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern = pattern
        self.reason = reason
        super().__init__(pattern, reason)

    def __str__(self) -> str:
        return f"`{self.pattern}`: {self.reason}; install google-re2"


class Edge(Enum):
    """What stands on one side of a place: the end of the text, or a character, as far as assertions ask."""

    TEXT = 0
    LINE = 1
    WORD = 2
    OTHER = 3


def _holds(assertion: Assertion, before: Edge, after: Edge) -> bool:
    """Does *assertion* hold between *before* and *after*?"""
    if assertion in _ENDS:
        edge, is_before = _ENDS[assertion]
        return (before if is_before else after) in edge
    return ((before is Edge.WORD) != (after is Edge.WORD)) == (assertion is Assertion.WORD_BOUNDARY)


_ENDS = {
    Assertion.BEGIN_TEXT: ({Edge.TEXT}, True),
    Assertion.END_TEXT: ({Edge.TEXT}, False),
    Assertion.BEGIN_LINE: ({Edge.TEXT, Edge.LINE}, True),
    Assertion.END_LINE: ({Edge.TEXT, Edge.LINE}, False),
}


@dataclass(frozen=True, slots=True)
class _Read:
    """Read a character of *chars*, then go to *after*."""

    chars: CharSet
    after: int


@dataclass(slots=True)
class _Fork:
    """Go to all of *after* at once, if *condition* holds here."""

    after: list[int]
    condition: Assertion | None = None


Place = tuple[frozenset[int], Edge]
"""Where a text has come to: the states that it may be in, and what stands before the next character."""


class Automaton:
    """A pattern, ready to be compared with whole texts.

    Raises UnsupportedPatternError where it names what Python has no table of, or would need more states than is wise.
    """

    def __init__(self, pattern: str, tree: Node) -> None:
        self._pattern = pattern
        self._states: list[_Read | _Fork] = [_Fork([])]
        self._begin = frozenset([self._build(tree, ACCEPT)])
        self._bounds = self._tell_apart()
        self._kinds = [bisect_right(self._bounds, code) for code in range(128)]
        self._steps: dict[tuple[frozenset[int], Edge], dict[int, tuple[frozenset[int], Edge]]] = {}

    def fullmatch(self, text: str) -> bool:
        """Is the whole of *text* what the pattern describes?"""
        place = self._begin, Edge.TEXT
        for char in text:
            code = ord(char)
            kind = self._kinds[code] if code < 128 else bisect_right(self._bounds, code)
            steps = self._steps.get(place) or self._remember(place)
            place = steps.get(kind) or steps.setdefault(kind, self._step(place, kind))
            if not place[0]:
                return False
        return ACCEPT in self._reach(*place, Edge.TEXT)

    # What a product of several patterns needs: places, and what leads from one to the next.

    @property
    def begin(self) -> Place:
        """The place before the first character."""
        return self._begin, Edge.TEXT

    @property
    def bounds(self) -> Sequence[int]:
        """The code points at which the kind of characters changes, in order."""
        return self._bounds

    def kind_of(self, code: int) -> int:
        """Return the kind of the character *code*: no part of the pattern tells two of one kind apart."""
        return bisect_right(self._bounds, code)

    def step(self, place: Place, kind: int) -> Place | None:
        """Return the place behind a character of *kind*, or None where nothing can match any more.

        >>> from meshegress.regex.syntax import parse
        >>> pattern = Automaton("ab*", parse("ab*"))
        >>> place = pattern.step(pattern.begin, pattern.kind_of(ord("a")))
        >>> pattern.accepts(place), pattern.step(place, pattern.kind_of(ord("c")))
        (True, None)
        """
        after = self._step(place, kind)
        return after if after[0] else None

    def accepts(self, place: Place) -> bool:
        """Return whether a text that ends at *place* matches."""
        return ACCEPT in self._reach(*place, Edge.TEXT)

    def endless_states(self, codes: Sequence[int]) -> frozenset[int]:
        """Return the states from which every text of the characters *codes* matches, as far as one loop shows it."""
        found = set()
        for number in range(len(self._states)):
            reached = self._freely_reached(frozenset([number]))
            if ACCEPT in reached and any(self._loops(state, number, codes) for state in reached):
                found.add(number)
        return frozenset(found)

    def is_endless(self, place: Place, states: frozenset[int]) -> bool:
        """Return whether *place* leads to one of the *states* of :meth:`endless_states` without reading."""
        return bool(states) and not states.isdisjoint(self._freely_reached(place[0]))

    def _loops(self, state: int, begin: int, codes: Sequence[int]) -> bool:
        read = self._states[state]
        if not isinstance(read, _Read) or begin not in self._freely_reached(frozenset([read.after])):
            return False
        return all(_has(read.chars, code) for code in codes)

    def _freely_reached(self, states: frozenset[int]) -> set[int]:
        """Return all states that *states* lead to without reading, whatever stands around."""
        found: set[int] = set()
        pending = list(states)
        while pending:
            number = pending.pop()
            if number in found:
                continue
            found.add(number)
            state = self._states[number]
            if isinstance(state, _Fork) and state.condition is None:
                pending += state.after
        return found

    def _remember(self, place: tuple[frozenset[int], Edge]) -> dict[int, tuple[frozenset[int], Edge]]:
        if len(self._steps) >= MAX_REMEMBERED:
            self._steps = {}
        return self._steps.setdefault(place, {})

    def _step(self, place: tuple[frozenset[int], Edge], kind: int) -> tuple[frozenset[int], Edge]:
        """Return where a character of *kind* leads from *place*."""
        code = self._bounds[kind - 1] if kind else 0
        edge = _edge(code)
        reached = (self._states[state] for state in self._reach(*place, edge))
        return frozenset(state.after for state in reached if isinstance(state, _Read) and _has(state.chars, code)), edge

    def _reach(self, states: frozenset[int], before: Edge, after: Edge) -> set[int]:
        """Return all states that *states* lead to without reading, where *before* and *after* stand around."""
        found: set[int] = set()
        pending = list(states)
        while pending:
            number = pending.pop()
            if number in found:
                continue
            found.add(number)
            state = self._states[number]
            if isinstance(state, _Fork) and (state.condition is None or _holds(state.condition, before, after)):
                pending += state.after
        return found

    def _tell_apart(self) -> list[int]:
        """Return the code points at which the kind of characters changes."""
        sets = [state.chars for state in self._states if isinstance(state, _Read)]
        ranges = [pair for chars in (*sets, PERL["w"], NEWLINE) for pair in chars]
        return sorted({low for low, _ in ranges} | {high + 1 for _, high in ranges})

    # From the tree to states: each node is built with the state that follows it, and returns the one that begins it.

    def _build(self, node: Node, after: int) -> int:
        if isinstance(node, Script):
            raise UnsupportedPatternError(self._pattern, f"no table of script `{node.name}`")
        if isinstance(node, Compound) and node.depth > MAX_DEPTH:
            raise UnsupportedPatternError(self._pattern, "it nests too deeply")
        if isinstance(node, Repeat):
            return self._build_repeat(node, after)
        if isinstance(node, Alternate):
            return self._add(_Fork([self._build(part, after) for part in node.parts]))
        if isinstance(node, Compound):
            for part in reversed(node.parts):
                after = self._build(part, after)
            return after
        return self._add(_Fork([after], node) if isinstance(node, Assertion) else _Read(node, after))

    def _build_repeat(self, node: Repeat, after: int) -> int:
        (part,) = node.parts
        if node.most is None:
            loop = _Fork([after])
            begin = self._add(loop)
            loop.after.append(self._build(part, begin))
        else:
            begin = after
            for _ in range(node.most - node.least):
                begin = self._add(_Fork([after, self._build(part, begin)]))
        for _ in range(node.least):
            begin = self._build(part, begin)
        return begin

    def _add(self, state: _Read | _Fork) -> int:
        if len(self._states) >= MAX_STATES:
            raise UnsupportedPatternError(self._pattern, "it needs too many states")
        self._states.append(state)
        return len(self._states) - 1


def _edge(code: int) -> Edge:
    if code == ord("\n"):
        return Edge.LINE
    return Edge.WORD if _has(PERL["w"], code) else Edge.OTHER


def _has(chars: CharSet, code: int) -> bool:
    index = bisect_right(chars, (code, 0x110000)) - 1
    return index >= 0 and code <= chars[index][1]
