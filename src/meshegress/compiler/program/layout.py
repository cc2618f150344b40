"""Lower a table: turn Envoy's nouns into the numbers, tuples and matching tables that the walk walks.

Nodes are made once for each listener and route configuration *object*, and kept: tables of one mesh that hold the same
object share its node, and after a change the next mesh takes it over, so that a change costs what it touches.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from meshegress._engine.layout import (
    CODEC_LEAVES,
    LISTENER_LEAVES,
    NO_MATCH,
    HttpChain,
    Layout,
    ListenerRow,
    NameTable,
)
from meshegress.compiler.program.trees import ListenerLayout, RoutesLayout, lay_out_listener, lay_out_routes
from meshegress.naming import VIRTUAL_OUTBOUND
from meshegress.table import (
    HttpConnectionManager,
    Listener,
    ListenerKind,
    RouteConfiguration,
    Table,
)
from meshegress.wire.addressing import canonical_address


class Nodes:
    """What listeners and route configurations were laid out to, by object; the object is kept, and so is its id.

    What is not here may be in the nodes *before*; only what is asked for is taken over from there.
    """

    __slots__ = ("_before", "_changed", "_listeners", "_routes")

    def __init__(self, before: Nodes | None = None) -> None:
        self._before = before
        self._listeners: dict[int, ListenerLayout] = {}
        self._routes: dict[int, RoutesLayout] = {}
        self._changed: dict[tuple[int, tuple[str, ...], tuple[tuple[str, int], ...]], tuple[NameTable, NameTable]] = {}

    def of_listener(self, listener: Listener) -> ListenerLayout:
        """Return what *listener* is laid out to, now or before."""
        found = self.known_listener(listener) or lay_out_listener(listener)
        return self._listeners.setdefault(id(listener), found)

    def of_routes(self, routes: RouteConfiguration) -> RoutesLayout:
        """Return what *routes* are laid out to, now or before."""
        found = self.known_routes(routes) or lay_out_routes(routes)
        return self._routes.setdefault(id(routes), found)

    def known_listener(self, listener: Listener) -> ListenerLayout | None:
        """Return what *listener* was laid out to before, if it was."""
        found = self._listeners.get(id(listener))
        return found if found is not None or self._before is None else self._before.known_listener(listener)

    def known_routes(self, routes: RouteConfiguration) -> RoutesLayout | None:
        """Return what *routes* were laid out to before, if they were."""
        found = self._routes.get(id(routes))
        return found if found is not None or self._before is None else self._before.known_routes(routes)

    def add_listener(self, layout: ListenerLayout) -> None:
        """Remember what a listener was laid out to."""
        self._listeners[id(layout.listener)] = layout

    def add_routes(self, layout: RoutesLayout) -> None:
        """Remember what a route configuration was laid out to."""
        self._routes[id(layout.routes)] = layout

    def changed_names(self, names: NameTable, removed: Iterable[str], added: Iterable[tuple[str, int]]) -> NameTable:
        """Return *names* without those *removed* and with those *added*: one table for all that change so."""
        key = (id(names), tuple(removed), tuple(added))
        if key not in self._changed:
            self._changed[key] = (names, names.with_changes(*key[1:]))
        return self._changed[key][1]

    def forget_before(self) -> None:
        """Let go of what was not taken over."""
        self._before = None
        self._changed.clear()


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The layout, and what each of its listeners and, by chain, route configurations was laid out to."""

    layout: Layout
    blocks: Sequence[ListenerLayout]
    routes: Mapping[int, RoutesLayout]


def lay_out_table(table: Table, nodes: Nodes | None = None) -> TableLayout:
    """Return *table* in layout; *nodes* are those of tables that were laid out before, and of later ones."""
    nodes = nodes or Nodes()
    blocks = [nodes.of_listener(listener) for listener in table.listeners]
    rows: list[ListenerRow] = []
    leaves = array("q")
    http: dict[int, HttpChain] = {}
    tls_chains: list[int] = []
    routes_layouts: dict[int, RoutesLayout] = {}
    leaf = 1  # the first one is for no listener at all
    for block in blocks:
        rows.append(ListenerRow(leaf, len(leaves), block.node))
        leaf += LISTENER_LEAVES
        if block.carries_bytes:
            leaves.extend(range(leaf, leaf + len(block.chains)))
            leaf += len(block.chains)
            continue
        for chain in block.chains:
            manager = chain.network_filter if chain is not None else None
            ends_tls = chain is not None and chain.ends_tls
            size = 1
            if isinstance(manager, HttpConnectionManager):
                routes = nodes.of_routes(table.route_configurations.get(manager.route_config) or _NO_ROUTES)
                routes_layouts[len(leaves)] = routes
                http[len(leaves)] = _http_chain(manager, routes, ends_tls=ends_tls)
                size = CODEC_LEAVES + routes.node.leaves
            elif ends_tls:
                tls_chains.append(len(leaves))
                size = 2
            leaves.append(leaf)
            leaf += size
    catch_all = _catch_all(table)
    layout = Layout(
        ports=_ports(table) if catch_all != NO_MATCH or not _lost_catch_all(table) else {},
        catch_all=catch_all,
        catch_all_inspection=_catch_all_inspection(table, catch_all),
        listeners=tuple(rows),
        chain_leaves=leaves,
        http_chains=http,
        leaves=leaf,
        tls_chains=frozenset(tls_chains),
    )
    return TableLayout(layout, blocks, routes_layouts)


def _http_chain(manager: HttpConnectionManager, routes: RoutesLayout, *, ends_tls: bool) -> HttpChain:
    return HttpChain(routes.node, manager.accept_http_10, manager.path_normalization, ends_tls)


def _ports(table: Table) -> dict[int, tuple[dict[str, int], int, int]]:
    """Return for each port the listeners by address, and those of both wildcards."""
    exact: dict[int, dict[str, int]] = {}
    for row, listener in enumerate(table.listeners):
        for text in listener.addresses:
            address = canonical_address(text)
            if address is not None:  # a socket path is not a destination of a captured connection
                exact.setdefault(listener.port, {})[address] = row
    return {port: (rows, rows.get("0.0.0.0", NO_MATCH), rows.get("::", NO_MATCH)) for port, rows in exact.items()}


def _catch_all(table: Table) -> int:
    kinds = [listener.kind for listener in table.listeners]
    return kinds.index(ListenerKind.VIRTUAL_OUTBOUND) if ListenerKind.VIRTUAL_OUTBOUND in kinds else NO_MATCH


def _lost_catch_all(table: Table) -> bool:
    """Return whether the catch-all was refused: then nothing that is captured arrives anywhere."""
    return any(row.kind == "listener" and row.name == VIRTUAL_OUTBOUND for row in table.rejected)


def _catch_all_inspection(table: Table, catch_all: int) -> tuple[bool, bool]:
    if catch_all == NO_MATCH:
        return False, False
    listener = table.listeners[catch_all]
    return listener.http_inspector, not (listener.inspection_timeout_ms and listener.continue_on_timeout)


_NO_ROUTES = RouteConfiguration("", ())
