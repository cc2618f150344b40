"""A table that answers: its layout, the walk over it, and the decision at each leaf, made when asked for."""

from __future__ import annotations

from collections.abc import Iterable

from meshegress._engine.chosen import Arrays, Walk
from meshegress.compiler.model.deltas import Delta
from meshegress.compiler.program.layout import Nodes, TableLayout, lay_out_table
from meshegress.compiler.program.layout_delta import update_listener, update_routes
from meshegress.compiler.program.leaves import LeafDecisions, passage_to
from meshegress.compiler.program.leaves import Passage as Passage
from meshegress.compiler.program.trees import lay_out_listener, lay_out_routes
from meshegress.decision import Decision
from meshegress.request import Request
from meshegress.table import FilterChain, Listener, RouteConfiguration, Table, VirtualHost


class Program:
    """One workload's table, ready to decide; it never changes, and threads may share it.

    ``find(request)`` returns the number of a decision, ``decision(number)`` the decision, ``decide(request)`` both in
    one; requests that end at one leaf have one decision. They are the walk's own: nothing stands between.
    """

    __slots__ = ("_walk", "decide", "decide_all", "decision", "find", "layout", "table")

    def __init__(self, table: Table, layout: TableLayout, arrays: Arrays) -> None:
        self.table = table
        self.layout = layout
        decisions = LeafDecisions(table, layout)
        self._walk = Walk(layout.layout, decisions, arrays)
        decisions.choices = self._walk.choices
        self.find = self._walk.find
        self.decide = self._walk.decide
        self.decide_all = self._walk.decide_all
        self.decision = self._walk.answer

    @property
    def walk(self) -> Walk[Decision]:
        """The walk over the table's layout."""
        return self._walk

    def passage(self, request: Request) -> Passage:
        """Return the chain and the route that take *request*; of several that are possible the likeliest."""
        number = self.find(request)
        choice = self._walk.choices.get(number)
        leaf = choice[1][0] if choice is not None else number
        return passage_to(self.layout, leaf % self.leaves)

    @property
    def leaves(self) -> int:
        """How many leaves there are: numbers below it are leaves as they stand."""
        return self.layout.layout.leaves


class LayoutBuilder:
    """Lays out the tables of one mesh: each listener and each route configuration once, whatever tables hold it.

    *before* is the builder of the mesh before a change.
    """

    def __init__(self, before: LayoutBuilder | None = None) -> None:
        self.nodes: Nodes = Nodes(before.nodes if before is not None else None)
        self.arrays: Arrays = Arrays(before.arrays if before is not None else None)

    def program(
        self,
        table: Table,
        *,
        listeners: Iterable[Delta[Listener, FilterChain]] = (),
        routes: Iterable[Delta[RouteConfiguration, VirtualHost]] = (),
    ) -> Program:
        """Return *table*, ready to decide.

        Of *listeners* and *routes*, whose like was laid out before, only the difference is.
        """
        nodes = self.nodes
        for chains in listeners:
            if nodes.known_listener(chains.after) is None:
                layout = nodes.known_listener(chains.before) or lay_out_listener(chains.before)
                nodes.add_listener(update_listener(layout, chains))
        for hosts in routes:
            if nodes.known_routes(hosts.after) is None:
                known = nodes.known_routes(hosts.before) or lay_out_routes(hosts.before)
                nodes.add_routes(update_routes(known, hosts, nodes.changed_names))
        return Program(table, lay_out_table(table, nodes), self.arrays)

    def forget_before(self) -> None:
        """Let go of what was laid out before a change and is in no table of this mesh."""
        self.nodes.forget_before()
        self.arrays.forget_before()


def program_of(table: Table) -> Program:
    """Return *table*, ready to decide."""
    return LayoutBuilder().program(table)
