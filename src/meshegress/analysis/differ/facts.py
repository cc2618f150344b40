"""What is read off listeners and route configurations again and again: remembered by object, which is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from meshegress.analysis.spaces.addresses import Prefix, prefix_of
from meshegress.analysis.spaces.domains import Domains
from meshegress.table import (
    FilterChain,
    HttpConnectionManager,
    Listener,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
)

Chains = Sequence[FilterChain]
Level = Mapping[Prefix | None, Chains]
"""The chains of one destination port by the prefix that they ask for."""
T = TypeVar("T")

#: Beyond so many facts all are forgotten: they can be read off again.
_MOST = 100_000
_EMPTY: Level = {}


class Ends(NamedTuple):
    """Where the chains of a listener lead."""

    clusters: frozenset[str]
    routes: frozenset[str]


class Facts:
    """Facts about nodes, for one comparison or for many of which the tables share nodes."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[object, object]] = {}

    def ends(self, listener: Listener) -> Ends:
        """Return the clusters and the route configurations that the chains of *listener* lead to."""
        return self._once("ends", (listener,), lambda: _ends(listener))

    def level(self, listener: Listener | None, port: int) -> Level:
        """Return the chains of *listener* that take connections to *port*, by prefix."""
        if listener is None:
            return _EMPTY
        levels = self._once("levels", (listener,), lambda: _levels(listener))
        return levels.get(port, levels.get(None, _EMPTY))

    def users(self, routes: RouteConfiguration) -> Mapping[str, Sequence[VirtualHost]]:
        """Return the virtual hosts of *routes* by the clusters that they lead to."""
        return self._once("users", (routes,), lambda: _users(routes))

    def domains(self, routes: Sequence[RouteConfiguration]) -> Domains:
        """Return the atoms of the domains of *routes*."""
        return self._once("domains", tuple(routes), lambda: Domains(routes))

    def _once(self, what: str, nodes: tuple[object, ...], make: Callable[[], T]) -> T:
        key = (what, *map(id, nodes))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[key] = (nodes, make())
        return known[1]  # type: ignore[return-value]  # the key tells which fact it is


def chains_of(listener: Listener) -> Chains:
    """Return all chains of *listener*, the default one last."""
    default = listener.default_filter_chain
    return listener.filter_chains if default is None else (*listener.filter_chains, default)


def bucket(level: Level, prefix: Prefix) -> Chains:
    """Return the chains that the walk looks at for addresses whose longest prefix, of all tables, is *prefix*.

    Where it leaves open whether a written ``/0`` or no prefix is asked, both are.
    """
    bits, length, head = prefix
    for shorter in range(length, -1, -1):
        chains = level.get((bits, shorter, head >> (length - shorter)))
        if chains is not None:
            return chains if shorter else (*chains, *level.get(None, ()))
    return level.get(None, ())


def _ends(listener: Listener) -> Ends:
    clusters: set[str] = set()
    routes: set[str] = set()
    for chain in chains_of(listener):
        end = chain.network_filter
        if isinstance(end, HttpConnectionManager):
            routes.add(end.route_config)
        else:
            clusters.update(member.cluster for member in end.clusters)
    return Ends(frozenset(clusters), frozenset(routes))


def _levels(listener: Listener) -> dict[int | None, dict[Prefix | None, list[FilterChain]]]:
    found: dict[int | None, dict[Prefix | None, list[FilterChain]]] = {}
    for chain in listener.filter_chains:
        level = found.setdefault(chain.match.destination_port, {})
        prefixes: list[Prefix | None] = [prefix_of(text) for text in chain.match.prefix_ranges]
        for prefix in prefixes or [None]:
            level.setdefault(prefix, []).append(chain)
    return found


def _users(routes: RouteConfiguration) -> dict[str, list[VirtualHost]]:
    found: dict[str, list[VirtualHost]] = {}
    for host in routes.virtual_hosts:
        for route in host.routes:
            for member in route.action.clusters if isinstance(route.action, RouteAction) else ():
                found.setdefault(member.cluster, []).append(host)
    return found
