"""Lower one listener, or one route configuration: the node that the walk walks, and what stands behind its numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TypeVar

from meshegress._engine.layout import (
    NO_MATCH,
    AppLevel,
    ListenerNode,
    NameLevel,
    NameTable,
    PrefixLevel,
    RouteNode,
    RouteRow,
    TransportLevel,
)
from meshegress._match import DomainTable, PrefixTable, ServerNameTable
from meshegress.table import (
    FilterChain,
    FilterChainMatch,
    HttpConnectionManager,
    Listener,
    ListenerKind,
    RouteConfiguration,
    VirtualHost,
)
from meshegress.table.route_rows import route_row, takes_all
from meshegress.wire import HTTP_ALPN

_Numbered = tuple[int, FilterChain]
_Level = TypeVar("_Level")


@dataclass(frozen=True, slots=True)
class ListenerLayout:
    """A listener's node, and its chains by the numbers that they have there; None stands for one that is removed."""

    listener: Listener
    node: ListenerNode
    chains: Sequence[FilterChain | None]
    carries_bytes: bool


@dataclass(frozen=True, slots=True)
class RoutesLayout:
    """A route configuration's node, and its virtual hosts by row; None stands for one that is removed."""

    routes: RouteConfiguration
    node: RouteNode
    hosts: Sequence[VirtualHost | None]


def lay_out_listener(listener: Listener) -> ListenerLayout:
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
    carries_bytes = not any(
        chain.ends_tls or isinstance(chain.network_filter, HttpConnectionManager) for chain in chains
    )
    return ListenerLayout(listener, node, chains, carries_bytes)


def lay_out_routes(routes: RouteConfiguration) -> RoutesLayout:
    """Return *routes* with their node; a virtual host whose first route takes every path has its answer ready."""
    domains = DomainTable([host.domains for host in routes.virtual_hosts])
    return RoutesLayout(routes, route_node(domains, routes.virtual_hosts), routes.virtual_hosts)


def route_node(domains: NameTable, hosts: Iterable[VirtualHost]) -> RouteNode:
    """Return the node of *hosts*, which are the rows of *domains*."""
    answers, misses = array("i"), array("i")
    conditional: list[tuple[int, tuple[RouteRow, ...]]] = []
    leaf = 1  # the first one is for no virtual host
    for host in hosts:
        leaf = lay_out_host(host, leaf, answers, misses, conditional)
    return RouteNode(domains, answers, misses, tuple(conditional), leaf)


def lay_out_host(
    host: VirtualHost,
    leaf: int,
    answers: array[int],
    misses: array[int],
    conditional: list[tuple[int, tuple[RouteRow, ...]]],
) -> int:
    """Add the row of *host*, whose leaves begin at *leaf*, and return where they end."""
    misses.append(leaf)
    if is_answered(host):
        answers.append(leaf + 1)
    else:
        answers.append(-1 - len(conditional))
        conditional.append(conditions_of(host, leaf))
    return leaf + 1 + len(host.routes)


def is_answered(host: VirtualHost) -> bool:
    """Return whether the first route of *host* takes every path, so that no condition has to be asked."""
    return bool(host.routes) and takes_all(host.routes[0])


def conditions_of(host: VirtualHost, leaf: int) -> tuple[int, tuple[RouteRow, ...]]:
    """Return the *leaf* of the miss, and the routes of *host*, whose leaves follow it."""
    return leaf, tuple(route_row(route, leaf + 1 + place) for place, route in enumerate(host.routes))


def _chains(listener: Listener) -> tuple[FilterChain, ...]:
    default = listener.default_filter_chain
    return listener.filter_chains if default is None else (*listener.filter_chains, default)


def _prefix_level(chains: Sequence[_Numbered]) -> PrefixLevel:
    buckets = _group(chains, lambda chain: [_masked(text) for text in chain.match.prefix_ranges] or [None])
    unprefixed = buckets.pop(None, None)
    texts = [text for text in buckets if text is not None]
    return PrefixLevel(
        prefixes=PrefixTable([[text] for text in texts]) if texts else None,
        rows=tuple(_name_level(buckets[text]) for text in texts),
        unprefixed=_name_level(unprefixed) if unprefixed else None,
        zero_prefix_rows=frozenset(row for row, text in enumerate(texts) if text.endswith("/0")),
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
