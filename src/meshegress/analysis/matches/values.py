"""Which truth vectors a request can have in each dimension, and with what values it has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from meshegress._engine.conditions import text_holds
from meshegress._engine.layout import EXACT, PRESENT, REGEX, TextCondition
from meshegress.analysis.matches.dimensions import (
    AUTHORITY,
    METHOD,
    PATH,
    SCHEME,
    WHOLE_PATH,
    Condition,
    Conditions,
    Dimension,
    header_mask,
    text_mask,
)
from meshegress.analysis.spaces.domains import Authority, Domains, pattern_of
from meshegress.analysis.texts.grammars import Authorities, Grammar, Parameters, Paths, Tokens, Values
from meshegress.analysis.texts.product import Budget, combinations_of
from meshegress.regex import compile_regex
from meshegress.wire.http1 import METHODS

Value = tuple[str, ...]
"""The values of a header in order, the text of a path or parameter; empty where there is none.

Of a scheme first what an absolute target says, or ``""``, then the values of x-forwarded-proto.
"""

#: What the connection manager takes away before it asks a route.
_NEVER_THERE = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})
_ALWAYS_THERE = {"x-request-id": ""}
#: Beyond so many domains below an authority their languages are not part of the product.
_MOST_DOMAINS = 40
#: Names of parameters with such characters are none.
_NO_PARAMETER = frozenset("&=#")


class ValueSearch:
    """The values that requests for the authorities of one *atom*, such as *authority*, can have.

    *doubts* are the reasons why something was not found that may be there.
    """

    def __init__(
        self, conditions: Conditions, authority: str, domains: Domains | None, atom: Authority, budget: Budget
    ) -> None:
        self.doubts: list[str] = []
        self._conditions = conditions
        self._authority = authority
        self._domains = domains
        self._atom = atom
        self._budget = budget

    def values(self, dimension: Dimension) -> dict[int, Value]:
        """Return each truth vector that is possible in *dimension*, with a value that has it."""
        asked = self._conditions.asked[dimension]
        if dimension == PATH:
            return self._texts(dimension, asked, Paths(self._conditions.normalization))
        if dimension.part == "query":
            is_name = _NO_PARAMETER.isdisjoint(dimension.name)
            return {**(self._texts(dimension, asked, Parameters()) if is_name else {}), 0: ()}
        special = _SPECIAL.get(dimension)
        if special is not None:
            return special(self, asked)
        if dimension.name in _NEVER_THERE or dimension.name.startswith(":"):
            return {_mask_of(asked, ()): ()}
        return self._headers(dimension, asked)

    def _texts(self, dimension: Dimension, asked: Sequence[Condition], grammar: Grammar) -> dict[int, Value]:
        texts = self._search(dimension, [condition.texts for condition in asked], grammar)
        found: dict[int, Value] = {}
        for text in texts:
            found.setdefault(text_mask(asked, text), (text,))
        return found

    def _search(
        self, dimension: Dimension, conditions: Sequence[Sequence[TextCondition]], grammar: Grammar, keep: int = 1
    ) -> list[str]:
        vectors = combinations_of(conditions, grammar, self._budget, keep=keep)
        if vectors.reason:
            self._doubt(dimension, vectors.reason)
        return [text for texts in vectors.found.values() for text in texts]

    def _doubt(self, dimension: Dimension, reason: str) -> None:
        self.doubts.append(f"{_shown(dimension)}: {reason}")

    def _single_values(self, dimension: Dimension, asked: Sequence[Condition], grammar: Grammar) -> list[str]:
        """Return single values that tell all conditions on a header apart."""
        headers = [condition.header for condition in asked if condition.header is not None]
        texts = dict.fromkeys(header.text for header in headers if header.text.kind != PRESENT)
        return self._search(dimension, [(text,) for text in texts], grammar)

    def _headers(self, dimension: Dimension, asked: Sequence[Condition]) -> dict[int, Value]:
        """Return the vectors of a header that is missing, and of as many values as tell all rows apart."""
        default = _ALWAYS_THERE.get(dimension.name)
        found: dict[int, Value] = {_mask_of(asked, () if default is None else (default,)): ()}
        singles = self._single_values(dimension, asked, Values())
        for values in self._value_lists(dimension, asked, singles):
            found.setdefault(_mask_of(asked, values), values)
        return found

    def _value_lists(
        self, dimension: Dimension, asked: Sequence[Condition], singles: Sequence[str], begin: Value = ()
    ) -> Iterator[Value]:
        """Yield lists of values that begin like this: of those that meet the same texts together, a shortest one."""
        texts = dict.fromkeys(condition.header.text for condition in asked if condition.header is not None)
        met = {single: _met(texts, single) for single in singles}
        found: dict[int, Value] = {}
        level = {_met(texts, begin[0]) if begin else 0: begin}
        for _ in range(self._conditions.most_values(dimension) - len(begin)):
            longer: dict[int, Value] = {}
            for (known, values), single in product(level.items(), singles):
                together = known | met[single]
                if together not in found:
                    found[together] = longer[together] = (*values, single)
            if len(found) > self._budget.states:
                self._doubt(dimension, f"more than {self._budget.states} lists of values")
                break
            level = longer
        yield from ([begin] if begin else [])
        yield from found.values()

    def methods(self, asked: Sequence[Condition]) -> dict[int, Value]:
        """Return the vectors of the methods of HTTP/1, and of any token of HTTP/2."""
        verbs = ["GET", *sorted(METHODS - {"CONNECT"})]
        texts = [condition.header.text for condition in asked if condition.header is not None]
        if all(text.kind == EXACT and not text.ignore_case for text in texts):
            verbs += [text.value for text in texts if text.value != "CONNECT"]
        else:
            verbs += [verb for verb in self._single_values(METHOD, asked, Tokens()) if verb != "CONNECT"]
        found: dict[int, Value] = {}
        for verb in verbs:
            found.setdefault(_mask_of(asked, (verb,)), (verb,))
        return found

    def schemes(self, asked: Sequence[Condition]) -> dict[int, Value]:
        """Return the vectors of the scheme: x-forwarded-proto's first value, or what an absolute target says."""
        singles = [*dict.fromkeys(("http", "https", *self._single_values(SCHEME, asked, Values())))]
        found: dict[int, Value] = {}
        found.setdefault(_scheme_mask(asked, "", ()), ("",))
        for first in singles:
            for values in self._value_lists(SCHEME, asked, singles, (first,)):
                found.setdefault(_scheme_mask(asked, "", values), ("", *values))
        for override, values in product(("http", "https"), ((), *((single,) for single in singles))):
            found.setdefault(_scheme_mask(asked, override, values), (override, *values))
        return found

    def authorities(self, asked: Sequence[Condition]) -> dict[int, Value]:
        """Return the vectors of the authorities of the atom.

        The atom is what its own domain stands for without what more specific ones do: each is a pattern of the product.
        Beyond so many of them what is found is looked up, and what is not found is a doubt.
        """
        found: dict[int, Value] = {_mask_of(asked, (self._authority,)): (self._authority,)}
        others = self._domains.within(self._atom) if self._domains is not None else []
        is_exact = len(others) <= _MOST_DOMAINS
        atoms = [self._atom, *others] if is_exact else [self._atom]
        headers = [condition.header for condition in asked if condition.header is not None]
        texts = [_language(atom) for atom in atoms]
        texts += [header.text for header in headers if header.text.kind != PRESENT]
        unknown = set()
        keep = 1 if is_exact else 12
        for text in self._search(AUTHORITY, [(one,) for one in texts], Authorities(), keep=keep):
            if self._domains is None or self._domains.classify(text) == self._atom:
                found.setdefault(_mask_of(asked, (text,)), (text,))
            elif not is_exact and texts[0].regex is not None and texts[0].regex.fullmatch(text):
                unknown.add(_mask_of(asked, (text,)))
        if unknown - found.keys():
            self._doubt(AUTHORITY, "whether an authority meets some of the conditions is not known")
        return found

    def whole_paths(self, asked: Sequence[Condition]) -> dict[int, Value]:
        """Return nothing: path and query together are not searched, which is a doubt."""
        self._doubt(WHOLE_PATH, "path and query together are not searched")
        return {}


_SPECIAL = {
    METHOD: ValueSearch.methods,
    SCHEME: ValueSearch.schemes,
    AUTHORITY: ValueSearch.authorities,
    WHOLE_PATH: ValueSearch.whole_paths,
}


def forwarded(name: str, override: str, values: Value) -> Value:
    """Return what routes see of ``:scheme`` or ``x-forwarded-proto`` where *values* are sent for the latter."""
    values = values or ("http",)
    if name != ":scheme":
        return values
    first = values[0].lower()
    return (override or (first if first in ("http", "https") else "http"),)


def _mask_of(asked: Sequence[Condition], values: Value) -> int:
    """Return which conditions on one header *values* meet."""
    return header_mask(asked, lambda _name: values)


def _met(texts: Iterable[TextCondition], value: str) -> int:
    """Return which of *texts* one value meets; several values meet together what each of them does."""
    return sum(1 << bit for bit, text in enumerate(texts) if text_holds(text, value))


def _scheme_mask(asked: Sequence[Condition], override: str, values: Value) -> int:
    return header_mask(asked, lambda name: forwarded(name, override, values))


def _language(atom: Authority) -> TextCondition:
    pattern = pattern_of(atom)
    return TextCondition(REGEX, pattern, False, compile_regex(pattern))


def _shown(dimension: Dimension) -> str:
    return " ".join(part for part in (dimension.part, dimension.name and f"`{dimension.name}`") if part)
