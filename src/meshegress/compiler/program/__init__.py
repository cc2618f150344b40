"""A table that answers: its lowered form, the walk over it, and the decision at each leaf, made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from meshegress._match import Decider, Walk
from meshegress.compiler.nouns.splices import Splice
from meshegress.compiler.program.leaves import NO_LISTENER, choice_of, decision_at
from meshegress.compiler.program.lowering import LoweredTable, Nodes, lower_table
from meshegress.compiler.program.relowering import relower_listener, relower_routes
from meshegress.decision import Decision
from meshegress.lowered import LEAF_NO_LISTENER
from meshegress.request import Request
from meshegress.table import FilterChain, Listener, RouteConfiguration, Table, VirtualHost


class Program:
    """One workload's table, ready to decide; it never changes, and threads may share it.

    ``find(request)`` returns the number of a decision, ``decision(number)`` the decision, ``decide(request)`` both in
    one; requests that end at one leaf have one decision. They are the walk's own: nothing stands between.
    """

    __slots__ = ("_lowered", "_walk", "decide", "decide_all", "decision", "find", "table")

    def __init__(self, table: Table, lowered: LoweredTable, known: Walk[Decision] | None = None) -> None:
        self.table = table
        self._lowered = lowered
        maker = _Maker(table, lowered)
        self._walk = Walk(lowered.lowered, maker, known)
        maker.choices = self._walk.choices
        self.find = self._walk.find
        self.decide = self._walk.decide
        self.decide_all = self._walk.decide_all
        self.decision = self._walk.answer

    @property
    def walk(self) -> Walk[Decision]:
        """The walk over the lowered table."""
        return self._walk

    @property
    def leaves(self) -> int:
        """How many leaves there are: numbers below it are leaves as they stand."""
        return self._lowered.lowered.leaves

    def decider(self, careful: Collection[int], otherwise: Callable[[Request | str], Decision]) -> Decider[Decision]:
        """Return what decides as this program does, and leaves to *otherwise* what is not its alone to answer.

        That is what is no request, what has no address, and what goes to a *careful* port.
        """
        return Decider(self._walk, careful, otherwise)


class _Maker:
    """Makes the decision of a number; it knows no walk, so that a program goes when nobody holds it any more."""

    __slots__ = ("_lowered", "_table", "choices")

    def __init__(self, table: Table, lowered: LoweredTable) -> None:
        self._table = table
        self._lowered = lowered
        self.choices: Mapping[int, tuple[str, tuple[int, ...]]] = {}

    def __call__(self, number: int) -> Decision:
        """Return the decision of *number*."""
        if number == LEAF_NO_LISTENER:
            return NO_LISTENER
        choice = self.choices.get(number)
        if choice is not None:
            reason, leaves = choice
            return choice_of(reason, tuple(self(leaf) for leaf in leaves))
        variant, leaf = divmod(number, self._lowered.lowered.leaves)
        owner = self._lowered.owner_of(leaf)
        return decision_at(self._table, owner, leaf - owner.first_leaf, variant)


def lower(
    table: Table,
    previous: Program | None = None,
    *,
    listeners: Iterable[Splice[Listener, FilterChain]] = (),
    routes: Iterable[Splice[RouteConfiguration, VirtualHost]] = (),
) -> Program:
    """Return *table*, ready to decide; what it shares with *previous* is not lowered again.

    Of *listeners* and *routes*, which are not the same and nearly so, only the difference is.
    """
    if previous is None:
        return Program(table, lower_table(table))
    nodes, nothing = previous._lowered.nodes, Nodes()
    known = nodes.changed(
        [relower_listener(nodes.of_listener(splice.before, nothing), splice) for splice in listeners],
        [relower_routes(nodes.of_routes(splice.before, nothing), splice) for splice in routes],
    )
    return Program(table, lower_table(table, known), previous._walk)
