"""Lower a table: turn Envoy's nouns into the numbers, tuples and matching tables that the walk walks.

Nodes are made once for each listener and route configuration *object*, and kept: lowering the next table takes over the
node of whatever object both tables hold, so that a change costs what it touches.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    HttpChain,
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
    FilterChainMatch,
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


@dataclass(frozen=True, slots=True)
class LoweredListener:
    """A listener's node, and its chains by the numbers that they have there; None stands for one that is gone."""

    listener: Listener
    node: ListenerNode
    chains: Sequence[FilterChain | None]
    carries_bytes: bool


@dataclass(frozen=True, slots=True)
class LoweredRoutes:
    """A route configuration's node, and its virtual hosts by row; None stands for one that is gone."""

    routes: RouteConfiguration
    node: RouteNode
    hosts: Sequence[VirtualHost | None]


class Nodes:
    """What listeners and route configurations were lowered to, by object; the object is kept, and so is its id."""

    __slots__ = ("_listeners", "_routes")

    def __init__(self) -> None:
        self._listeners: dict[int, LoweredListener] = {}
        self._routes: dict[int, LoweredRoutes] = {}

    def of_listener(self, listener: Listener, known: Nodes) -> LoweredListener:
        """Return what *listener* is lowered to, now unless it is here or *known*."""
        key = id(listener)
        found = self._listeners.get(key) or known._listeners.get(key) or lower_listener(listener)
        self._listeners[key] = found
        return found

    def of_routes(self, routes: RouteConfiguration, known: Nodes) -> LoweredRoutes:
        """Return what *routes* are lowered to, now unless they are here or *known*."""
        key = id(routes)
        found = self._routes.get(key) or known._routes.get(key) or lower_routes(routes)
        self._routes[key] = found
        return found

    def changed(self, listeners: Iterable[LoweredListener], routes: Iterable[LoweredRoutes]) -> Nodes:
        """Return these nodes and those of *listeners* and *routes*."""
        nodes = Nodes()
        nodes._listeners = self._listeners | {id(one.listener): one for one in listeners}
        nodes._routes = self._routes | {id(one.routes): one for one in routes}
        return nodes


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose block of leaves it is: a listener's own, or one of its chains'."""

    first_leaf: int
    listener: Listener
    chain: FilterChain | None = None
    routes: LoweredRoutes | None = None


@dataclass(frozen=True, slots=True)
class LoweredTable:
    """The lowered form, what each of its listeners was lowered to, and the nodes for the next table."""

    lowered: Lowered
    blocks: Sequence[LoweredListener]
    routes: Mapping[int, LoweredRoutes]
    nodes: Nodes

    def owner_of(self, leaf: int) -> Owner:
        """Return whose block *leaf* stands in; the first leaf of all is nobody's."""
        lowered = self.lowered
        place = bisect_right(lowered.listeners, leaf, key=_first_leaf) - 1
        row, block = lowered.listeners[place], self.blocks[place]
        if leaf < row.leaf + LISTENER_LEAVES:
            return Owner(row.leaf, block.listener)
        end = row.first_chain + len(block.chains)
        chain = bisect_right(lowered.chain_leaves, leaf, row.first_chain, end) - 1
        first_leaf = lowered.chain_leaves[chain]
        return Owner(first_leaf, block.listener, block.chains[chain - row.first_chain], self.routes.get(chain))


def _first_leaf(row: ListenerRow) -> int:
    return row.leaf


def lower_table(table: Table, known: Nodes | None = None) -> LoweredTable:
    """Return *table* in lowered form; *known* are the nodes of tables that were lowered before."""
    known = known or Nodes()
    nodes = Nodes()
    blocks = [nodes.of_listener(listener, known) for listener in table.listeners]
    rows: list[ListenerRow] = []
    leaves = array("q")
    http: dict[int, HttpChain] = {}
    lowered_routes: dict[int, LoweredRoutes] = {}
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
            if isinstance(manager, HttpConnectionManager):
                routes = nodes.of_routes(table.route_configurations.get(manager.route_config) or _NO_ROUTES, known)
                lowered_routes[len(leaves)] = routes
                http[len(leaves)] = HttpChain(routes.node, manager.accept_http_10, manager.path_normalization)
            size = CODEC_LEAVES + http[len(leaves)].routes.leaves if len(leaves) in http else 1
            leaves.append(leaf)
            leaf += size
    catch_all = _catch_all(table)
    lowered = Lowered(
        ports=_ports(table) if catch_all != NO_MATCH or not _lost_catch_all(table) else {},
        catch_all=catch_all,
        first_look=_first_look(table, catch_all),
        listeners=tuple(rows),
        chain_leaves=leaves,
        http_chains=http,
        leaves=leaf,
    )
    return LoweredTable(lowered, blocks, lowered_routes, nodes)


def lower_listener(listener: Listener) -> LoweredListener:
    """Return *listener* with the tree of its chains."""
    numbered = tuple(enumerate(listener.filter_chains))
    by_port = _group(numbered, lambda chain: (chain.match.destination_port,))
    levels = {port: _prefix_level(members) for port, members in by_port.items() if port is not None}
    rest = by_port.get(None)
    has_default = listener.default_filter_chain is not None
    node = ListenerNode(
        inspects_tls=listener.tls_inspector,
        inspects_http=listener.http_inspector,
        waits=not (listener.inspection_timeout_ms and listener.continue_on_timeout),
        reserved=listener.kind is ListenerKind.RESERVED,
        by_port=levels,
        any_port=_prefix_level(rest) if rest else None,
        default=len(numbered) if has_default else NO_MATCH,
    )
    chains = _chains(listener)
    carries_bytes = not any(isinstance(chain.network_filter, HttpConnectionManager) for chain in chains)
    return LoweredListener(listener, node, chains, carries_bytes)


def lower_routes(routes: RouteConfiguration) -> LoweredRoutes:
    """Return *routes* with their node; a virtual host whose first route takes every path has its answer ready."""
    answers, misses = array("i"), array("i")
    conditional: list[tuple[int, tuple[RouteRow, ...]]] = []
    leaf = 1  # the first one is for no virtual host
    for host in routes.virtual_hosts:
        leaf = lower_host(host, leaf, answers, misses, conditional)
    domains = DomainTable([host.domains for host in routes.virtual_hosts])
    return LoweredRoutes(routes, RouteNode(domains, answers, misses, tuple(conditional), leaf), routes.virtual_hosts)


def lower_host(
    host: VirtualHost,
    leaf: int,
    answers: array[int],
    misses: array[int],
    conditional: list[tuple[int, tuple[RouteRow, ...]]],
) -> int:
    """Add the row of *host*, whose leaves begin at *leaf*, and return where they end."""
    misses.append(leaf)
    if host.routes and takes_all(host.routes[0]):
        answers.append(leaf + 1)
    else:
        answers.append(-1 - len(conditional))
        conditional.append((leaf, _route_rows(host, leaf + 1)))
    return leaf + 1 + len(host.routes)


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    default = listener.default_filter_chain
    return listener.filter_chains if default is None else (*listener.filter_chains, default)


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
    rows = array("i")
    levels: list[TransportLevel] = []
    for members in buckets.values():
        number, chain = members[0]
        if len(members) == 1 and takes_every_connection(chain.match):
            rows.append(number)
        else:
            rows.append(-1 - len(levels))
            levels.append(_transport_level(members))
    names = ServerNameTable([[name] for name in buckets]) if buckets else None
    return NameLevel(names, rows, tuple(levels), _transport_level(unnamed) if unnamed else None)


def takes_every_connection(match: FilterChainMatch) -> bool:
    """Return whether *match* looks at nothing beyond port, prefix and server name."""
    return match.transport_protocol is None and not match.application_protocols


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
