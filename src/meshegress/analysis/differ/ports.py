"""All ports: those that a listener or a chain of either side names, and one for all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshegress._engine.layout import NO_MATCH
from meshegress.analysis.answers import By
from meshegress.analysis.cells import Cell, Doubt, Scope
from meshegress.analysis.differ.facts import Facts
from meshegress.analysis.differ.pairs import Pair
from meshegress.analysis.differ.places import Place, compare_place
from meshegress.analysis.differ.search import Search
from meshegress.analysis.differ.sides import Side, Subject
from meshegress.analysis.spaces.addresses import EVERY_IPV4, EVERY_IPV6, LOOPBACK, Address, AddressSpace, Prefix
from meshegress.analysis.texts.product import Budget
from meshegress.table import Listener

_Rows = list[tuple[Pair, Listener | None, Listener | None]]

_WILDCARDS = frozenset({"0.0.0.0", "::"})
_UNNAMED = (8443, 9999, 7777, *range(60000, 65536), *range(1, 60000))


def compare(
    before: Subject, after: Subject, *, by: By = "answer", budget: Budget | None = None, facts: Facts | None = None
) -> tuple[list[Cell], list[Doubt]]:
    """Return the cells on which *before* and *after* differ, and of what it is not proven that they do not."""
    return Comparison(Search(before, after, by=by, budget=budget or Budget(), facts=facts or Facts())).run()


class Comparison:
    """Compares two sides port by port."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._pairs: dict[tuple[int, int], Pair] = {}

    def run(self) -> tuple[list[Cell], list[Doubt]]:
        """Compare every port."""
        search = self._search
        named = frozenset(search.before.named_ports() | search.after.named_ports())
        other = next((port for port in _UNNAMED if port not in named), None)
        for port in sorted(named):
            self._compare_port(port, port, named)
        if other is not None:
            self._compare_port(other, None, named)
        return search.cells, search.doubts

    def _pairs_on(self, port: int) -> list[Pair]:
        """Return the tables in which *port* is decided, those of one order together.

        An order that one side alone tries is paired with the other's natural one: where these agree, and those of the
        orders of both, the same answers are possible on both sides.
        """
        before, after = self._search.before.sides_on(port), self._search.after.sides_on(port)
        orders = dict.fromkeys((*before, *after))
        first = next(iter(before.values())), next(iter(after.values()))
        rows = ((before.get(order, first[0]), after.get(order, first[1])) for order in orders)
        return list(dict.fromkeys(self._pair(*row) for row in rows))

    def _pair(self, before: Side, after: Side) -> Pair:
        key = (id(before), id(after))
        if key not in self._pairs:
            self._pairs[key] = Pair(before, after, self._search.facts, self._search.by)
        return self._pairs[key]

    def _compare_port(self, port: int, shown: int | None, named: frozenset[int]) -> None:
        pairs = self._pairs_on(port)
        exact = _exact_addresses(pairs, port)
        has_first_look = any(
            side.layout.catch_all_inspection[0] for pair in pairs for side in (pair.before, pair.after)
        )
        loopback = LOOPBACK if has_first_look else frozenset()
        found: list[tuple[Address, _Rows]] = []
        prefixes: set[Prefix] = set(loopback)
        for every in (EVERY_IPV4, EVERY_IPV6):
            rest: _Rows = [(pair, _rest(pair.before, port, every), _rest(pair.after, port, every)) for pair in pairs]
            if not _are_same(rest):
                own = {prefix for prefix in self._prefixes(rest, port) | loopback if prefix[0] == every[0]} - {every}
                prefixes |= own
                found += [(atom, rest) for atom in (every, *sorted(own))]
            found += self._exact(pairs, port, exact, every, rest)
        if not found:
            return
        space = AddressSpace(exact, prefixes)
        for atom, rows in found:
            address = space.witness(atom)
            if address is not None:
                scope = Scope(port=shown, named=named, place=atom, places=space)
                compare_place(self._search, Place(scope, address, port, rows))

    def _exact(
        self, pairs: Sequence[Pair], port: int, exact: frozenset[str], every: Prefix, rest: _Rows
    ) -> Iterator[tuple[Address, _Rows]]:
        """Yield the addresses of one family that have a listener of their own, where it is not the same."""
        for address in sorted(exact):
            if (":" in address) == (every is EVERY_IPV6):
                rows = [
                    (pair, _at(pair.before, port, address, one), _at(pair.after, port, address, other))
                    for pair, (_, one, other) in zip(pairs, rest, strict=True)
                ]
                if not _are_same(rows):
                    yield address, rows

    def _prefixes(self, rows: _Rows, port: int) -> set[Prefix]:
        facts = self._search.facts
        levels = (facts.level(one, port) for _, before, after in rows for one in (before, after))
        return {prefix for level in levels for prefix in level if prefix is not None}


def _are_same(rows: _Rows) -> bool:
    return all(pair.is_same(before, after) for pair, before, after in rows)


def _exact_addresses(pairs: Sequence[Pair], port: int) -> frozenset[str]:
    sides = (side for pair in pairs for side in (pair.before, pair.after))
    return frozenset(address for side in sides for address in side.places(port)[0]) - _WILDCARDS


def _rest(side: Side, port: int, every: Prefix) -> Listener | None:
    """Return the listener of *side* that takes connections to addresses without one of their own."""
    _, ipv4, ipv6 = side.places(port)
    row = ipv6 if every is EVERY_IPV6 else ipv4
    return side.listener(row) if row != NO_MATCH else side.catch_all


def _at(side: Side, port: int, address: str, rest: Listener | None) -> Listener | None:
    rows, _, _ = side.places(port)
    return side.listener(rows[address]) if address in rows else rest
