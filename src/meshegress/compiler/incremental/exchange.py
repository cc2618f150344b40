"""The parts of a table that a change exchanges: what was compiled of the services that go, and of those that come.

Listeners and chains stand in the order of the services that they were made for, virtual hosts in that of their names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import ChainMap
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from meshegress.compiler.model.deltas import Delta, NotSeparableError, patched
from meshegress.table import (
    Cluster,
    FilterChain,
    HttpConnectionManager,
    Listener,
    ListenerKind,
    RouteConfiguration,
    Table,
    VirtualHost,
)

ListenerDelta = Delta[Listener, FilterChain]
RouteDelta = Delta[RouteConfiguration, VirtualHost]

#: The place of a chain's service in the order in which services are imported.
ChainPlace = Callable[[FilterChain], tuple[Any, ...]]

_Clusters = dict[str, Cluster]
_Part = TypeVar("_Part")
_OUTBOUND = "outbound|"


class Once:
    """Exchanges that were made already: many tables hold the same parts, and the same exchange gives the same part."""

    def __init__(self) -> None:
        self._made: dict[tuple[Hashable, ...], tuple[tuple[object, ...], Any]] = {}

    def __call__(self, exchange: Callable[..., _Part], *parts: object, also: Hashable = None) -> _Part:
        """Return *exchange* of these *parts*, now or before; *also* is what else it depends on."""
        key = (exchange.__name__, also, *map(id, parts))
        if key not in self._made:
            self._made[key] = (parts, exchange(*parts))  # which keeps the parts, and so their ids
        made: _Part = self._made[key][1]
        return made


def exchange_clusters(old: Table, removed: Table, added: Table, once: Once) -> Mapping[str, Cluster]:
    """Return the clusters of *old* without those of *removed* and with those of *added*."""
    before, leaving, coming = (_chosen_and_common(table.clusters) for table in (old, removed, added))
    chosen = exchange_map(before[0], leaving[0], coming[0])
    common = once(exchange_map, before[1], leaving[1], coming[1])
    if not chosen.keys().isdisjoint(common):
        raise NotSeparableError("a cluster exists twice")
    return ChainMap(chosen, common) if chosen else common


def exchange_map(old: Mapping[str, Cluster], removed: Mapping[str, Cluster], added: Mapping[str, Cluster]) -> _Clusters:
    """Return the clusters *old* without those of services that are *removed*, and with those of *added* ones."""
    leaving, coming = _outbound(removed), _outbound(added)
    clusters = dict(old)
    for name, cluster in leaving.items():
        if clusters.pop(name, None) != cluster:
            raise NotSeparableError("a cluster to remove differs from the one in the table")
    if not clusters.keys().isdisjoint(coming):
        raise NotSeparableError("a cluster to add exists already")
    clusters.update(coming)
    return clusters


def exchange_routes(
    old: Table, removed: Table, added: Table, once: Once
) -> tuple[dict[str, RouteConfiguration], tuple[RouteDelta, ...]]:
    """Return the route configurations of *old* with other virtual hosts in some, and those exchanges."""
    routes = dict(old.route_configurations)
    deltas: list[RouteDelta] = []
    for name in dict.fromkeys((*removed.route_configurations, *added.route_configurations)):
        if not name.isdecimal():
            continue  # it stands inside a listener, and holds no service
        if name not in routes:
            raise NotSeparableError("a port has no route configuration yet")
        delta = once(
            exchange_hosts, routes[name], *(table.route_configurations.get(name) for table in (removed, added))
        )
        routes[name] = delta.after
        deltas.append(delta)
    return routes, tuple(deltas)


def exchange_hosts(
    before: RouteConfiguration, removed: RouteConfiguration | None, added: RouteConfiguration | None
) -> RouteDelta:
    """Return *before* without the virtual hosts of *removed*, and with those of *added*."""
    leaving, coming = _hosts(removed), _hosts(added)
    *hosts, catch_all = before.virtual_hosts
    found = patched(hosts, leaving, coming, key=lambda host: (host.name,))
    return Delta(before, RouteConfiguration(before.name, (*found, catch_all)), leaving, coming)


def exchange_listeners(
    old: Table,
    removed: Table,
    added: Table,
    once: Once,
    *,
    is_plain: Callable[[int], bool],
    order: ChainPlace,
    who: Hashable,
) -> tuple[tuple[Listener, ...], tuple[ListenerDelta, ...]]:
    """Return the listeners of *old* with some removed, some new and other chains in some, and the exchanges of chains.

    *is_plain* tells of a port whether what listens there stands in the order of its first service, *order* gives the
    place of the service of a chain among all, which is the same for *who* gives the same.
    """

    def exchange_chains(before: Listener, leaving: Listener | None, coming: Listener | None) -> Listener:
        return _exchange_chains(before, leaving, coming, order)

    listeners = list(old.listeners)
    places = {listener.name: place for place, listener in enumerate(listeners)}
    leaving, coming = _outbound_listeners(removed), _outbound_listeners(added)
    deltas: list[ListenerDelta] = []
    for name in dict.fromkeys((*leaving, *coming)):
        parts = [part for part in (leaving.get(name), coming.get(name)) if part is not None]
        if any(map(_is_shared, parts)):
            place = places.get(name)
            if place is None:
                raise NotSeparableError("a port has no shared listener yet")
            before = listeners[place]
            listeners[place] = after = once(exchange_chains, before, leaving.get(name), coming.get(name), also=who)
            if after is not before:
                deltas.append(Delta(before, after, _chains(leaving.get(name)), _chains(coming.get(name))))
    left = _without(listeners, [one for one in leaving.values() if not _is_shared(one)], places)
    return _with_own(left, [one for one in coming.values() if not _is_shared(one)], is_plain, order), tuple(deltas)


def _exchange_chains(
    before: Listener, leaving: Listener | None, coming: Listener | None, order: ChainPlace
) -> Listener:
    """Return *before* with other chains: by server name each service has its own, and all of HTTP share one."""
    parts = [part for part in (leaving, coming) if part is not None]
    if any(part.default_filter_chain != before.default_filter_chain for part in parts):
        raise NotSeparableError("the default filter chain changes")
    if any(_reads_http(chain) for part in (before, *parts) for chain in part.filter_chains[:1]):
        _require_another_creator(before, leaving, coming, order)
        return before
    chains = patched(before.filter_chains, _chains(leaving), _chains(coming), key=order)
    if not chains or chains[0] is not before.filter_chains[0] or before.http_inspector:
        raise NotSeparableError("HTTP inspection or the first filter chain changes")
    by_name = any(chain.match.server_names for chain in chains)
    return replace(before, filter_chains=tuple(chains), tls_inspector=by_name)


def _require_another_creator(
    before: Listener, leaving: Listener | None, coming: Listener | None, order: ChainPlace
) -> None:
    """Raise NotSeparableError unless the one chain of *before* stays what it is, and its first service too."""
    chain = before.filter_chains[0]
    for part in (leaving, coming):
        if part is not None and (len(before.filter_chains) > 1 or part.filter_chains != (chain,)):
            raise NotSeparableError("the HTTP chain is not alone in its listener")
    if leaving is not None and _resource_of(leaving.filter_chains[0]) is _resource_of(chain):
        raise NotSeparableError("the entry that created the listener is removed")
    if coming is not None and order(coming.filter_chains[0]) < order(chain):
        raise NotSeparableError("an older entry creates the listener")


def _without(
    listeners: list[Listener], leaving: Iterable[Listener], places: Mapping[str | None, int]
) -> list[Listener]:
    dropped: set[int] = set()
    for listener in leaving:
        place = places.get(listener.name)
        if place is None or listeners[place] != listener:
            raise NotSeparableError("a listener to remove differs from the one in the table")
        dropped.add(place)
    if not dropped:
        return listeners
    return [listener for place, listener in enumerate(listeners) if place not in dropped]


def _with_own(
    listeners: list[Listener], coming: Iterable[Listener], is_plain: Callable[[int], bool], order: ChainPlace
) -> tuple[Listener, ...]:
    """Return *listeners* with those that one service alone has, each behind those of older services."""

    def age(listener: Listener) -> tuple[Any, ...]:
        if not is_plain(listener.port):
            raise NotSeparableError("protocols mix on the port of a listener")
        return order(listener.filter_chains[0])

    for own in coming:
        if any(one.name == own.name for one in listeners):
            raise NotSeparableError("a listener to add exists already")
        begin = sum(one.name is None for one in listeners)
        end = begin + sum(one.kind is ListenerKind.OUTBOUND for one in listeners)
        listeners.insert(bisect_right(listeners, age(own), begin, end, key=age), own)
    return tuple(listeners)


def _resource_of(chain: FilterChain) -> object:
    return chain.origin.resource if chain.origin is not None else None


def _chains(listener: Listener | None) -> tuple[FilterChain, ...]:
    return listener.filter_chains if listener is not None else ()


def _is_shared(listener: Listener) -> bool:
    """Return whether services share *listener*: those of HTTP do, and those that are told apart by server name."""
    return any(_reads_http(chain) or chain.match.server_names for chain in listener.filter_chains)


def _reads_http(chain: FilterChain) -> bool:
    return isinstance(chain.network_filter, HttpConnectionManager)


def _outbound_listeners(table: Table) -> dict[str | None, Listener]:
    return {one.name: one for one in table.listeners if one.kind is ListenerKind.OUTBOUND}


def _hosts(routes: RouteConfiguration | None) -> tuple[VirtualHost, ...]:
    """Return the virtual hosts of a route configuration, without the one for every other host."""
    return routes.virtual_hosts[:-1] if routes is not None else ()


def _chosen_and_common(clusters: Mapping[str, Cluster]) -> tuple[Mapping[str, Cluster], Mapping[str, Cluster]]:
    """Return the clusters that labels or nodes choose, and those that all have."""
    if isinstance(clusters, ChainMap):
        chosen, common = clusters.maps
        return chosen, common
    return {}, clusters


def _outbound(clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    return {name: cluster for name, cluster in clusters.items() if name.startswith(_OUTBOUND)}
