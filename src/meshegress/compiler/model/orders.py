"""Orders that tied resources may have had: few enough to try them all, and in each group every member comes first once.

Resources without a creationTimestamp count as equally old, and Istio keeps no order at all between the addresses of
one entry. Those that want different things do not mind; those that claim the same are a group.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

_Row = TypeVar("_Row")

MAX_TIED_TRIED = 8
"""Of a larger group so many members, evenly spread, come first."""
_MAX_PERMUTED = 4


@dataclass(frozen=True, slots=True)
class TieOrder:
    """An order that tied resources may have had.

    In each group the member at *first* comes first, then those behind it and those before it; the others the other way
    round if they are *backwards*. With a *parity* only groups of even or odd number are turned. Resources of unknown
    age are the oldest, or the youngest if *undated_last*. On a *crowded_port* all of unknown age are one group. Where
    resources are as by name, listeners may still be written the other way round, of virtual hosts that want one domain
    the one at *virtual_host_first* first, and EndpointSlices may be read before their Services, or their Pods.
    """

    first: int = 0
    backwards: bool = False
    parity: int | None = None
    undated_last: bool = False
    listeners_reversed: bool = False
    virtual_host_first: int = 0
    crowded_port: int | None = None
    slices_before_services: bool = False
    slices_before_pods: bool = False

    @property
    def is_by_name(self) -> bool:
        """Whether names decide between resources that are tied."""
        return not (self.first or self.backwards or self.undated_last)

    def arranged(self, group: list[_Row], number: int = 0) -> list[_Row]:
        """Return the members of *group*, which has this *number*, in this order.

        >>> TieOrder(first=1).arranged([1, 2, 3]), TieOrder(backwards=True).arranged([1, 2, 3])
        ([2, 3, 1], [1, 3, 2])
        """
        if len(group) < 2 or (self.parity is not None and number % 2 != self.parity):
            return group
        turned = _turned(group, self.first)
        return turned[:1] + turned[:0:-1] if self.backwards else turned


NATURAL = TieOrder()


def tie_orders(turns: int, *, are_several: bool, mix_ages: bool) -> Iterator[TieOrder]:
    """Yield the orders to try of groups, the largest of which has as many members as *turns*, the natural one first.

    There may be several groups, and members of known age beside those of unknown age. The last turn is a whole one:
    then, too, what comes of one resource stands together, which it does not where all are of one age.
    """
    firsts = range(1, min(turns, MAX_TIED_TRIED) + 1)
    yield NATURAL
    yield from (TieOrder(first=turn) for turn in firsts)
    if turns > 2:
        yield from (
            TieOrder(first=turn, backwards=True) for turn in (firsts if turns <= _MAX_PERMUTED else firsts[-1:])
        )
    if are_several:
        yield from (TieOrder(first=1, parity=parity) for parity in (0, 1))
    if mix_ages:
        yield from (TieOrder(first=turn, undated_last=True) for turn in firsts)
    yield TieOrder(listeners_reversed=True)


def virtual_host_orders(turns: int) -> Iterator[TieOrder]:
    """Yield the orders in which virtual hosts are written of which so many want one domain, but for the natural one."""
    yield from (TieOrder(virtual_host_first=turn) for turn in range(1, min(turns, MAX_TIED_TRIED)))


def crowd_orders_of(turns: int, port: int) -> Iterator[TieOrder]:
    """Yield the orders in which so many of unknown age come first in turn on *port*, but for the natural one."""
    yield from (TieOrder(first=turn, crowded_port=port) for turn in range(1, min(turns, MAX_TIED_TRIED)))


def claimant_first(rows: Sequence[_Row], claims: Callable[[_Row], Iterable[Hashable]], turn: int) -> list[_Row]:
    """Return *rows* such that of those that claim the same the one at *first* comes first."""
    return [row for group in grouped(rows, claims) for row in _turned(group, turn)]


def _turned(group: list[_Row], turn: int) -> list[_Row]:
    size = len(group)
    start = turn % size if size <= MAX_TIED_TRIED else turn % MAX_TIED_TRIED * size // MAX_TIED_TRIED
    return group[start:] + group[:start]


def grouped(rows: Sequence[_Row], claims: Callable[[_Row], Iterable[Hashable]]) -> list[list[_Row]]:
    """Return *rows* in groups of those that claim the same, or that others link; rows and groups keep their order.

    >>> grouped(["ab", "c", "bd", "d"], claims=list)
    [['ab', 'bd', 'd'], ['c']]
    """
    leaders = list(range(len(rows)))

    def leader(number: int) -> int:
        while leaders[number] != number:
            leaders[number] = leaders[leaders[number]]
            number = leaders[number]
        return number

    claimed: dict[Hashable, int] = {}
    for number, row in enumerate(rows):
        for claim in claims(row):
            one, other = leader(claimed.setdefault(claim, number)), leader(number)
            leaders[max(one, other)] = min(one, other)
    found: dict[int, list[_Row]] = {}
    for number, row in enumerate(rows):
        found.setdefault(leader(number), []).append(row)
    return list(found.values())


_Unit = list[Any]
"""Rows that come of one resource and have one key."""


@dataclass(frozen=True, slots=True)
class TieRule:
    """How rows of a kind are tied: by age and key, and those of unknown age by what they claim.

    Rows with one key that come of one *resource* stay as they are unless *keeps_parts* is false.
    """

    created: Callable[[Any], int | None]
    key: Callable[[Any], tuple[Hashable, ...]]
    claims: Callable[[Any], Iterable[Hashable]]
    resource: Callable[[Any], object] = lambda row: row
    keeps_parts: bool = True
    first_number: int = 0
    #: The ports on which a row of unknown age may get in the way of others that claim nothing of what it claims.
    ports: Callable[[Any], Iterable[int]] = lambda row: ()

    def arranged(self, rows: Iterable[_Row], order: TieOrder) -> list[_Row]:
        """Return *rows* oldest first, then by key; rows of unknown age are the oldest, and *order* arranges ties.

        >>> ties = TieRule(created=lambda row: row[1], key=lambda row: row[:1], claims=lambda row: "x")
        >>> ties.arranged([("b", None), ("a", None), ("c", 5)], NATURAL)
        [('a', None), ('b', None), ('c', 5)]
        >>> ties.arranged([("b", None), ("a", None), ("c", 5)], TieOrder(first=1, undated_last=True))
        [('c', 5), ('b', None), ('a', None)]
        """
        ordered = self._by_age(rows, undated_last=order.undated_last)
        if not order.first and not order.backwards:
            return ordered
        units = self._units(ordered)
        if not self.keeps_parts:
            units = [order.arranged(unit, number) for number, unit in enumerate(units)]
        groups = self._undated(units, order.crowded_port)
        undated = [order.arranged(group, number) for number, group in enumerate(groups, self.first_number)]
        if order.first % 2 and order.crowded_port is None:
            undated.reverse()  # for what claims do not tell
        dated = [order.arranged(group, number) for number, group in enumerate(self._of_one_second(units))]
        placed = dated + undated if order.undated_last else undated + dated
        return [row for group in placed for unit in group for row in unit]

    def groups(self, rows: Iterable[_Row]) -> Iterator[tuple[int, list[_Row]]]:
        """Yield the size and the rows of each group of members that are tied."""
        units = self._units(self._by_age(rows))
        for unit in () if self.keeps_parts else units:
            if len(unit) > 1:
                yield len(unit), unit
        for group in (*self._undated(units), *self._of_one_second(units)):
            if len(group) > 1:
                yield len(group), [row for unit in group for row in unit]

    def crowd(self, rows: Iterable[Any], port: int) -> int:
        """Return how many of unknown age may have come first on *port*, were it before others that claim nothing."""
        groups = self._undated(self._units(self._by_age(rows)), port)
        return max((len(group) for group in groups if self._is_on(port, group)), default=0)

    def _is_on(self, port: int, group: list[_Unit]) -> bool:
        return any(port in self.ports(row) for unit in group for row in unit)

    def leave_open(self, rows: Iterable[Any]) -> bool:
        """Return whether two of *rows*, one of unknown age at least, claim the same thing."""
        rows = list(rows)
        if all(self.created(row) is not None for row in rows):
            return False
        ages: dict[Hashable, list[int | None]] = {}
        for row in rows:
            for claim in set(self.claims(row)):
                ages.setdefault(claim, []).append(self.created(row))
        return any(len(known) > 1 and None in known for known in ages.values())

    def _by_age(self, rows: Iterable[_Row], *, undated_last: bool = False) -> list[_Row]:
        undated = float("inf") if undated_last else 0
        return sorted(rows, key=lambda row: (undated if (age := self.created(row)) is None else age, *self.key(row)))

    def _units(self, ordered: list[_Row]) -> list[_Unit]:
        def identity(row: _Row) -> tuple[object, ...]:
            return self.created(row), *self.key(row), id(self.resource(row))

        return [list(unit) for _, unit in groupby(ordered, identity)]

    def _undated(self, units: list[_Unit], crowded_port: int | None = None) -> list[list[_Unit]]:
        """Return the groups of those of unknown age; what comes of one resource has one age, and keeps its order.

        All on a *crowded_port* are in one group.
        """

        def claims(unit: _Unit) -> Iterator[Hashable]:
            for row in unit:
                yield from self.claims(row)
                if crowded_port is not None and crowded_port in self.ports(row):
                    yield "crowd"

        of_resource: dict[int, _Unit] = {}
        for unit in units:
            if self.created(unit[0]) is None:
                of_resource.setdefault(id(self.resource(unit[0])), []).extend(unit)
        return grouped(list(of_resource.values()), claims)

    def _of_one_second(self, units: list[_Unit]) -> list[list[_Unit]]:
        dated = (unit for unit in units if self.created(unit[0]) is not None)
        return [list(same) for _, same in groupby(dated, lambda unit: (self.created(unit[0]), *self.key(unit[0])))]
