"""Parts of tables, interned: what another scope or another kind of proxy yields again is the same object.

Equality of tables ignores provenance; here it counts, since explanations and decisions name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from meshegress.compiler.model.deltas import Delta
from meshegress.decision import Origin
from meshegress.table import Cluster, FilterChain, Listener, Route, RouteConfiguration, Table, VirtualHost

RouteDelta = Delta[RouteConfiguration, VirtualHost]
_Part = TypeVar("_Part", bound=Cluster | FilterChain | VirtualHost)


@dataclass(frozen=True, slots=True)
class Interned:
    """A route configuration that equals a pooled one, and what was exchanged if its domains are the same."""

    routes: RouteConfiguration
    delta: RouteDelta | None = None


class PartPool:
    """The first parts of each name that a mesh was compiled to."""

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}
        self._chosen: dict[str, Cluster] = {}
        self._listeners: dict[tuple[str | None, int], Listener] = {}
        self._routes: dict[str, RouteConfiguration] = {}
        self._names: Mapping[str, Sequence[str]] | None = None

    def names(self, made: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
        """Return the names *made*, the pooled ones if they are the same."""
        first = self._names = made if self._names is None else self._names
        return first if first == made else made

    def clusters(self, made: dict[str, Cluster]) -> dict[str, Cluster]:
        """Return *made* with pooled clusters where they are equal, and the pool itself where all are."""
        first = self._clusters
        if not first:
            self._clusters = made
            return made
        found = {name: _interned(made[name], first.get(name) or self._chosen.get(name)) for name in made}
        is_all = len(found) == len(first) and all(found[name] is first.get(name) for name in found)
        return first if is_all else found

    def adopt(self, table: Table) -> None:
        """Take the parts of *table* as the first ones, where there are none yet."""
        if not self._clusters:
            self._clusters = dict(table.clusters)
        for listener in table.listeners:
            self._listeners.setdefault((listener.name, listener.port), listener)
        for name, routes in table.route_configurations.items():
            self._routes.setdefault(name, routes)

    def cluster(self, made: Cluster) -> Cluster:
        """Return the cluster *made*, which not everybody has, the pooled one if it is equal."""
        found = _interned(made, self._clusters.get(made.name))
        return _interned(made, self._chosen.setdefault(made.name, made)) if found is made else found

    def listeners(self, made: Iterable[Listener]) -> tuple[Listener, ...]:
        """Return the listeners *made*, pooled as far as they are equal."""
        return tuple(map(self._listener, made))

    def routes(self, made: RouteConfiguration) -> Interned:
        """Return the route configuration *made*, pooled as far as it is equal."""
        first = self._routes.setdefault(made.name, made)
        if first is made:
            return Interned(made)
        known = {host.name: host for host in first.virtual_hosts}
        hosts = tuple(_interned(host, known.get(host.name)) for host in made.virtual_hosts)
        if _are_one(hosts, first.virtual_hosts):
            return Interned(first)
        after = RouteConfiguration(made.name, hosts)
        if [host.domains for host in hosts] != [host.domains for host in first.virtual_hosts]:
            return Interned(after)
        pairs = [(old, new) for old, new in zip(first.virtual_hosts, hosts, strict=True) if old is not new]
        return Interned(after, Delta(first, after, *map(tuple, zip(*pairs, strict=True))))

    def _listener(self, made: Listener) -> Listener:
        first = self._listeners.setdefault((made.name, made.port), made)
        if first is made:
            return made
        known = {chain.match: chain for chain in first.filter_chains}
        chains = tuple(_interned(chain, known.get(chain.match)) for chain in made.filter_chains)
        default = made.default_filter_chain
        if default is not None:
            default = _interned(default, first.default_filter_chain)
        found = replace(made, filter_chains=chains, default_filter_chain=default)
        is_one = _are_one(chains, first.filter_chains) and default is first.default_filter_chain
        return first if is_one and found == first else found


def _interned(made: _Part, known: _Part | None) -> _Part:
    """Return what is *known* if nobody can tell *made* from it."""
    is_known = known is made or (known is not None and known == made and _have_one_place(known, made))
    return known if known is not None and is_known else made


def _have_one_place(one: _Part, other: _Part) -> bool:
    """Return whether two equal parts, and the routes in them, come from the same places."""
    pairs = zip(_routes_in(one), _routes_in(other), strict=True)
    return _is_one_place(one.origin, other.origin) and all(_is_one_place(a.origin, b.origin) for a, b in pairs)


def _routes_in(part: _Part) -> tuple[Route, ...]:
    return part.routes if isinstance(part, VirtualHost) else ()


def _is_one_place(one: Origin | None, other: Origin | None) -> bool:
    if one is other or one is None or other is None:
        return one is other
    return (one, one.host_path, one.port_path) == (other, other.host_path, other.port_path) and (
        one.resource is other.resource
    )


def _are_one(parts: Sequence[object], others: Sequence[object]) -> bool:
    return len(parts) == len(others) and all(one is other for one, other in zip(parts, others, strict=True))
