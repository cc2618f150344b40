"""A table that answers: its lowered form, the walk over it, and the decision at each leaf, made when asked for."""

from __future__ import annotations

from bisect import bisect_right

from meshegress._match import Walk
from meshegress.compiler.leaves import NO_LISTENER, choice_of, decision_at
from meshegress.compiler.lowering import LoweredTable, lower_table
from meshegress.decision import Decision
from meshegress.lowered import LEAF_NO_LISTENER
from meshegress.request import Request
from meshegress.table import Table


class Program:
    """One workload's table, ready to decide; it never changes, and threads may share it."""

    __slots__ = ("_decisions", "_first_leaves", "_lowered", "_walk", "table")

    def __init__(self, table: Table, lowered: LoweredTable) -> None:
        self.table = table
        self._lowered = lowered
        self._first_leaves = [owner.first_leaf for owner in lowered.owners]
        self._walk = Walk(lowered.lowered)
        self._decisions: dict[int, Decision] = {LEAF_NO_LISTENER: NO_LISTENER}

    def find(self, request: Request) -> int:
        """Return the number of the decision on *request*."""
        return self._walk.find(request)

    def decide(self, request: Request) -> Decision:
        """Return the decision on *request*; the same object for every request that ends at the same leaf."""
        number = self._walk.find(request)
        return self._decisions.get(number) or self.decision(number)

    def decision(self, number: int) -> Decision:
        """Return the decision with *number*, which ``find`` gave."""
        found = self._decisions.get(number)
        if found is None:
            found = self._decisions.setdefault(number, self._make(number))
        return found

    def _make(self, number: int) -> Decision:
        choice = self._walk.choices.get(number)
        if choice is not None:
            reason, leaves = choice
            return choice_of(reason, tuple(self.decision(leaf) for leaf in leaves))
        variant, leaf = divmod(number, self._lowered.lowered.leaves)
        owner = self._lowered.owners[bisect_right(self._first_leaves, leaf) - 1]
        return decision_at(self.table, owner, leaf - owner.first_leaf, variant)


def lower(table: Table, previous: Program | None = None) -> Program:
    """Return *table*, ready to decide; what it shares with *previous* is not lowered again."""
    return Program(table, lower_table(table, previous._lowered.nodes if previous else None))
