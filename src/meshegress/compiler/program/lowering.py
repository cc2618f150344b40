"""Lower a table: turn Envoy's nouns into the numbers, tuples and matching tables that the walk walks.

Nodes are made once for each listener and route configuration *object*, and kept: lowering the next table takes over the
node of whatever object both tables hold, so that a change costs what it touches.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TypeVar

from meshegress._match import DomainTable, PrefixTable, ServerNameTable
from meshegress.addressing import canonical_address
from meshegress.lowered import (
    CODEC_LEAVES,
    LISTENER_LEAVES,
    NO_MATCH,
    AppLevel,
    ChainRow,
    ListenerNode,
    ListenerRow,
    Lowered,
    NameLevel,
    PrefixLevel,
    RouteNode,
    RouteRow,
    TransportLevel,
)
from meshegress.naming import VIRTUAL_OUTBOUND
from meshegress.route_rows import lower_route, takes_all
from meshegress.table import (
    FilterChain,
    HttpConnectionManager,
    Listener,
    ListenerKind,
    RouteConfiguration,
    Table,
    VirtualHost,
)
from meshegress.wire import HTTP_ALPN

_Numbered = tuple[int, FilterChain]
_Level = TypeVar("_Level")


class Nodes:
    """The nodes of one table, by the object that each was made of; the object is kept so that its id stays its own."""

    __slots__ = ("_listeners", "_routes")

    def __init__(self) -> None:
        self._listeners: dict[int, tuple[Listener, ListenerNode]] = {}
        self._routes: dict[int, tuple[RouteConfiguration, RouteNode]] = {}

    def of_listener(self, listener: Listener, known: Nodes) -> ListenerNode:
        """Return the node of *listener*, made now unless it is here or *known*."""
        key = id(listener)
        found = self._listeners.get(key) or known._listeners.get(key) or (listener, lower_listener(listener))
        self._listeners[key] = found
        return found[1]

    def of_routes(self, routes: RouteConfiguration, known: Nodes) -> RouteNode:
        """Return the node of *routes*, made now unless it is here or *known*."""
        key = id(routes)
        found = self._routes.get(key) or known._routes.get(key) or (routes, lower_routes(routes))
        self._routes[key] = found
        return found[1]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose block of leaves it is: a listener's own, or one of its chains'."""

    first_leaf: int
    listener: Listener
    chain: FilterChain | None = None
    routes: RouteNode | None = None


@dataclass(frozen=True, slots=True)
class LoweredTable:
    """The lowered form, the owners of its leaves in their order, and the nodes for the next table."""

    lowered: Lowered
    owners: tuple[Owner, ...]
    nodes: Nodes


def lower_table(table: Table, known: Nodes | None = None) -> LoweredTable:
    """Return *table* in lowered form; *known* are the nodes of tables that were lowered before."""
    known = known or Nodes()
    nodes = Nodes()
    listeners: list[ListenerRow] = []
    chains: list[ChainRow] = []
    owners: list[Owner] = []
    leaf = 1  # the first one is for no listener at all
    for listener in table.listeners:
        listeners.append(ListenerRow(leaf, len(chains), nodes.of_listener(listener, known)))
        owners.append(Owner(leaf, listener))
        leaf += LISTENER_LEAVES
        for chain in _chains(listener):
            chains.append(_chain_row(leaf, chain, table, known, nodes))
            routes = chains[-1].routes
            owners.append(Owner(leaf, listener, chain, routes))
            leaf += 1 if routes is None else CODEC_LEAVES + routes.leaves
    catch_all = _catch_all(table)
    lowered = Lowered(
        ports=_ports(table) if catch_all != NO_MATCH or not _lost_catch_all(table) else {},
        catch_all=catch_all,
        first_look=_first_look(table, catch_all),
        listeners=tuple(listeners),
        chains=tuple(chains),
        leaves=leaf,
    )
    return LoweredTable(lowered, tuple(owners), nodes)


def lower_listener(listener: Listener) -> ListenerNode:
    """Return the tree of *listener*'s chains."""
    numbered = tuple(enumerate(listener.filter_chains))
    by_port = _group(numbered, lambda chain: (chain.match.destination_port,))
    levels = {port: _prefix_level(members) for port, members in by_port.items() if port is not None}
    rest = by_port.get(None)
    has_default = listener.default_filter_chain is not None
    return ListenerNode(
        inspects_tls=listener.tls_inspector,
        inspects_http=listener.http_inspector,
        waits=not (listener.inspection_timeout_ms and listener.continue_on_timeout),
        reserved=listener.kind is ListenerKind.RESERVED,
        by_port=levels,
        any_port=_prefix_level(rest) if rest else None,
        default=len(numbered) if has_default else NO_MATCH,
    )


def lower_routes(routes: RouteConfiguration) -> RouteNode:
    """Return the node of *routes*; a virtual host whose first route takes every path has its answer ready."""
    answers, misses = array("i"), array("i")
    conditional: list[tuple[int, tuple[RouteRow, ...]]] = []
    leaf = 1  # the first one is for no virtual host
    for host in routes.virtual_hosts:
        misses.append(leaf)
        if host.routes and takes_all(host.routes[0]):
            answers.append(leaf + 1)
        else:
            answers.append(-1 - len(conditional))
            conditional.append((leaf, _route_rows(host, leaf + 1)))
        leaf += 1 + len(host.routes)
    domains = DomainTable([host.domains for host in routes.virtual_hosts])
    return RouteNode(domains, answers, misses, tuple(conditional), leaf)


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    default = listener.default_filter_chain
    return listener.filter_chains if default is None else (*listener.filter_chains, default)


def _chain_row(leaf: int, chain: FilterChain, table: Table, known: Nodes, nodes: Nodes) -> ChainRow:
    manager = chain.network_filter
    if not isinstance(manager, HttpConnectionManager):
        return ChainRow(leaf)
    routes = table.route_configurations.get(manager.route_config) or _NO_ROUTES
    return ChainRow(leaf, nodes.of_routes(routes, known), manager.accept_http_10, manager.path_normalization)


def _ports(table: Table) -> dict[int, tuple[dict[str, int], int, int]]:
    """Return for each port the listeners by address, and those of both wildcards."""
    exact: dict[int, dict[str, int]] = {}
    for row, listener in enumerate(table.listeners):
        for text in listener.addresses:
            address = canonical_address(text)
            if address is not None:  # a socket path is no destination of a captured connection
                exact.setdefault(listener.port, {})[address] = row
    return {port: (rows, rows.get("0.0.0.0", NO_MATCH), rows.get("::", NO_MATCH)) for port, rows in exact.items()}


def _catch_all(table: Table) -> int:
    kinds = [listener.kind for listener in table.listeners]
    return kinds.index(ListenerKind.VIRTUAL_OUTBOUND) if ListenerKind.VIRTUAL_OUTBOUND in kinds else NO_MATCH


def _lost_catch_all(table: Table) -> bool:
    """Return whether the catch-all was refused: then nothing that is captured arrives anywhere."""
    return any(row.kind == "listener" and row.name == VIRTUAL_OUTBOUND for row in table.rejected)


def _first_look(table: Table, catch_all: int) -> tuple[bool, bool]:
    if catch_all == NO_MATCH:
        return False, False
    listener = table.listeners[catch_all]
    return listener.http_inspector, not (listener.inspection_timeout_ms and listener.continue_on_timeout)


def _prefix_level(chains: Sequence[_Numbered]) -> PrefixLevel:
    buckets = _group(chains, lambda chain: [_masked(text) for text in chain.match.prefix_ranges] or [None])
    unprefixed = buckets.pop(None, None)
    texts = [text for text in buckets if text is not None]
    return PrefixLevel(
        prefixes=PrefixTable([[text] for text in texts]) if texts else None,
        rows=tuple(_name_level(buckets[text]) for text in texts),
        unprefixed=_name_level(unprefixed) if unprefixed else None,
        tossed=frozenset(row for row, text in enumerate(texts) if text.endswith("/0")),
    )


def _masked(text: str) -> str | None:
    return str(ip_network(text, strict=False))


def _name_level(chains: Sequence[_Numbered]) -> NameLevel:
    buckets = _group(chains, lambda chain: chain.match.server_names or ("",))
    unnamed = buckets.pop("", None)
    return NameLevel(
        names=ServerNameTable([[name] for name in buckets]) if buckets else None,
        rows=tuple(_transport_level(members) for members in buckets.values()),
        unnamed=_transport_level(unnamed) if unnamed else None,
    )


def _transport_level(chains: Sequence[_Numbered]) -> TransportLevel:
    buckets = _group(chains, lambda chain: (chain.match.transport_protocol,))
    return TransportLevel(
        plain=_app_level(buckets.get("raw_buffer")),
        tls=_app_level(buckets.get("tls")),
        other=_app_level(buckets.get(None)),
    )


def _app_level(chains: Sequence[_Numbered] | None) -> AppLevel | None:
    if chains is None:
        return None
    by_alpn: dict[str, int] = {}
    other = NO_MATCH
    for number, chain in chains:
        if not chain.match.application_protocols:
            other = number
        for protocol in chain.match.application_protocols:
            by_alpn[protocol] = number
    none, http_11, http_10, h2c = (by_alpn.get(name or "", other) for name in HTTP_ALPN)
    return AppLevel((none, http_11, http_10, h2c), by_alpn, other)


def _group(
    chains: Iterable[_Numbered], keys: Callable[[FilterChain], Iterable[_Level]]
) -> dict[_Level, list[_Numbered]]:
    """Return the chains by each of their *keys*, in order."""
    found: dict[_Level, list[_Numbered]] = {}
    for number, chain in chains:
        for key in dict.fromkeys(keys(chain)):
            found.setdefault(key, []).append((number, chain))
    return found


def _route_rows(host: VirtualHost, first_leaf: int) -> tuple[RouteRow, ...]:
    return tuple(lower_route(route, first_leaf + place) for place, route in enumerate(host.routes))


_NO_ROUTES = RouteConfiguration("", ())
