"""The product of the conditions on one text: literals, patterns and a grammar, walked together character by character.

1. A state is: how far each literal has come, which conditions hold whatever follows, where each pattern is, where the
   grammar is. Literals that cannot match any more are dropped, as are conditions that are decided.
2. From each state one character of each *group* is tried: all characters that nothing tells apart are one group; those
   that a literal wants next are tried by themselves.
3. The first text that comes to a truth vector is its witness. Breadth first, so it is a shortest one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from meshegress._engine.conditions import fold
from meshegress._engine.layout import EVERY_PATH, PREFIX, PRESENT, REGEX, TextCondition
from meshegress.analysis.texts.grammars import Grammar, Paths
from meshegress.regex import Automaton, UnsupportedPatternError, automaton_of
from meshegress.regex.automaton import Place


@dataclass(frozen=True, slots=True)
class Budget:
    """How far a comparison searches, for each virtual host: beyond it there is a doubt, never a guess.

    *states* and *steps* of the automata of one part of a request, *combinations* of several parts.
    """

    states: int = 20_000
    steps: int = 400_000
    combinations: int = 4_000


@dataclass(slots=True)
class Vectors:
    """Texts by truth vector; ``reason`` says why the search ended before its end, or is empty."""

    found: dict[int, list[str]] = field(default_factory=dict)
    reason: str = ""


class _Literal(NamedTuple):
    bit: int
    value: str
    ignore_case: bool
    is_prefix: bool


class _State(NamedTuple):
    alive: tuple[tuple[int, int], ...]
    met: int
    places: tuple[Place | None, ...]
    grammar: Hashable
    is_ascii: bool = True


class _Pattern:
    """A pattern, and the steps that were taken in it: a place, None for a dead end, or ENDLESS."""

    def __init__(self, bit: int, automaton: Automaton, codes: Sequence[int]) -> None:
        self.bit = bit
        self.automaton = automaton
        self._endless = automaton.endless_states(codes)
        self._steps: dict[tuple[Place, int], Place | bool] = {}

    def step(self, place: Place, char: str) -> Place | bool:
        """Return where *char* leads from *place*: False is a dead end, True means that it holds whatever follows."""
        key = (place, self.automaton.kind_of(ord(char)))
        known = self._steps.get(key)
        if known is None:
            after = self.automaton.step(*key)
            known = False if after is None else self.automaton.is_endless(after, self._endless) or after
            self._steps[key] = known
        return known


class _Product:
    """The conditions, each of which is one text condition or several of which one must hold."""

    def __init__(self, conditions: Sequence[Sequence[TextCondition]], grammar: Grammar) -> None:
        self.grammar = grammar
        self.literals: list[_Literal] = []
        self.patterns: list[_Pattern] = []
        self.always = 0
        codes = [ord(char) for char in grammar.alphabet]
        for bit, group in enumerate(conditions):
            for condition in group:
                self._add(bit, condition, codes)
        self.groups = self._groups()
        self.letters = frozenset(grammar.alphabet)

    def _add(self, bit: int, condition: TextCondition, codes: Sequence[int]) -> None:
        kind, value, ignore_case, _ = condition
        is_every = kind == PREFIX and (not value or (value == "/" and isinstance(self.grammar, Paths)))
        if kind in (EVERY_PATH, PRESENT) or is_every:
            self.always |= 1 << bit
        elif kind == REGEX:
            codes = [*codes, 0xE9, 0x4E00] if self.grammar.beyond_ascii else codes
            self.patterns.append(_Pattern(bit, automaton_of(value), codes))
        else:
            self.literals.append(_Literal(bit, fold(value) if ignore_case else value, ignore_case, kind == PREFIX))

    def _groups(self) -> list[list[str]]:
        """Return the characters of the alphabet, those that nothing tells apart together; marks stand alone."""
        found: dict[tuple[tuple[int, ...], str], list[str]] = {}
        for char in self.grammar.alphabet:
            found.setdefault((self._kinds(char), char if char in self.grammar.marks else ""), []).append(char)
        if self.grammar.beyond_ascii and self.patterns:
            bounds = {bound for one in self.patterns for bound in one.automaton.bounds if 0x80 <= bound < 0x110000}
            for char in ("é", *map(chr, sorted(bounds)), "\x80"):
                found.setdefault((self._kinds(char), ""), [char])
        return list(found.values())

    def _kinds(self, char: str) -> tuple[int, ...]:
        return tuple(bisect_right(one.automaton.bounds, ord(char)) for one in self.patterns)

    def begin(self) -> _State:
        """Return the state of the empty text."""
        alive = tuple((number, 0) for number, one in enumerate(self.literals))
        places = tuple(one.automaton.begin for one in self.patterns)
        return _State(alive, self.always, places, self.grammar.begin)

    def chars(self, state: _State) -> Iterator[str]:
        """Yield the characters to try from *state*: each that something waits for, and one of each group."""
        wanted = dict.fromkeys(self.grammar.wanted(state.grammar))
        for number, place in state.alive:
            _, value, ignore_case, _ = self.literals[number]
            if place < len(value):
                wanted[value[place]] = None
                if ignore_case:
                    wanted[value[place].upper()] = None
        beyond = self.grammar.beyond_ascii
        yield from sorted(char for char in wanted if char in self.letters or (beyond and char > "\x7f"))
        for group in self.groups:
            chosen = next((char for char in group if char not in wanted), None)
            if chosen is not None:
                yield chosen

    def step(self, state: _State, char: str) -> _State | None:
        """Return the state behind *char*, or None where no text of the grammar goes on like that."""
        grammar = self.grammar.step(state.grammar, char)
        if grammar is None:
            return None
        alive, met = self._literals_behind(state, char)
        places: list[Place | None] = []
        for pattern, place in zip(self.patterns, state.places, strict=True):
            after = pattern.step(place, char) if place is not None and not met >> pattern.bit & 1 else False
            if after is True:
                met |= 1 << pattern.bit
            places.append(None if isinstance(after, bool) else after)
        if met:
            alive = [one for one in alive if not met >> self.literals[one[0]].bit & 1]
            pairs = zip(self.patterns, places, strict=True)
            places = [None if met >> pattern.bit & 1 else place for pattern, place in pairs]
        return _State(tuple(alive), met, tuple(places), grammar, state.is_ascii and char < "\x80")

    def _literals_behind(self, state: _State, char: str) -> tuple[list[tuple[int, int]], int]:
        folded, met, alive = fold(char), state.met, []
        for number, place in state.alive:
            bit, value, ignore_case, is_prefix = self.literals[number]
            if place < len(value) and value[place] == (folded if ignore_case else char):
                if is_prefix and place + 1 == len(value):
                    met |= 1 << bit
                else:
                    alive.append((number, place + 1))
        return alive, met

    def is_settled(self, state: _State) -> bool:
        """Return whether every text that goes on from *state* has the same truth vector."""
        return not state.alive and not any(state.places)

    def vector(self, state: _State) -> int:
        """Return which conditions hold for a text that ends in *state*."""
        holding = state.met
        for number, place in state.alive:
            bit, value, _, is_prefix = self.literals[number]
            if place == len(value) and not is_prefix:
                holding |= 1 << bit
        for pattern, at in zip(self.patterns, state.places, strict=True):
            if at is not None and pattern.automaton.accepts(at):
                holding |= 1 << pattern.bit
        return holding


def combinations_of(
    conditions: Sequence[Sequence[TextCondition]], grammar: Grammar, budget: Budget, *, keep: int = 1
) -> Vectors:
    """Return every truth vector of *conditions* that a text of *grammar* can have, with *keep* texts at most.

    Each condition is a group of text conditions of which one must hold. ASCII texts are preferred to shorter others.
    """
    try:
        product = _Product(conditions, grammar)
    except UnsupportedPatternError as error:
        return Vectors(reason=f"`{error.pattern}` cannot be judged here: {error.reason}")
    texts = Vectors()
    first, steps = product.begin(), 0
    queue, seen = deque([(first, "")]), {first: 1}
    while queue:
        state, text = queue.popleft()
        if grammar.accepts(state.grammar):
            _remember(texts.found.setdefault(product.vector(state), []), text, keep)
        if product.is_settled(state) and _is_enough(texts.found.get(state.met, ()), keep):
            continue
        chars = list(product.chars(state))
        steps += len(chars) * (4 + len(state.alive) + sum(place is not None for place in state.places))
        if steps > budget.steps:
            texts.reason = f"the search took more than {budget.steps} steps"
            break
        for char in chars:
            after = product.step(state, char)
            if after is None or seen.get(after, 0) >= keep:
                continue
            if len(seen) >= budget.states:
                texts.reason = f"the conditions have more than {budget.states} states"
                return texts
            seen[after] = seen.get(after, 0) + 1
            queue.append((after, text + char))
    return texts


def _is_enough(known: Sequence[str], keep: int) -> bool:
    return len(known) >= keep and known[-1].isascii()


def _remember(known: list[str], text: str, keep: int) -> None:
    if len(known) < keep:
        known.append(text)
    elif text.isascii() and not known[-1].isascii():
        known[-1] = text
