"""Routes that the labels of a proxy choose: the same virtual hosts, and for a few of them other routes.

Very many virtual hosts stand beside the few that a VirtualService with ``sourceLabels`` has. So the route
configurations are built once for proxies that differ in labels only, and for each further choice the few are exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from meshegress.compiler.model.deltas import Delta
from meshegress.compiler.model.part_pool import PartPool, RouteDelta
from meshegress.compiler.model.projections import ProjectionCache, ProxyProjection, Selector
from meshegress.compiler.model.proxy import Proxy
from meshegress.decision import Origin
from meshegress.table import Route, RouteConfiguration, VirtualHost

_Routes = tuple[Route, ...]


class HostRoutes(NamedTuple):
    """The routes of a virtual host, and where they come from."""

    routes: _Routes
    origin: Origin | None


class LabelDependentRoutes:
    """What a VirtualService gives on one port, by what its selectors say of a proxy; each choice is one object.

    *otherwise* has what its virtual hosts have, by name, where it has no route for a proxy: the same hosts with the
    routes of their services. It is empty where there would be other hosts.
    """

    def __init__(
        self,
        selectors: frozenset[Selector],
        choose: Callable[[Proxy], _Routes],
        origin: Origin,
        otherwise: Mapping[str, HostRoutes],
    ) -> None:
        self.otherwise = otherwise
        self._origin = origin
        self._choose = choose
        self._chosen: ProjectionCache[_Routes] = ProjectionCache(ProxyProjection(("namespace",), selectors))
        self._different: list[_Routes] = []

    def routes(self, proxy: Proxy) -> _Routes:
        """Return the routes that *proxy* gets, none where it has none of them."""
        return self._chosen.cached(proxy, self._new_or_known)

    def on(self, name: str, routes: _Routes) -> HostRoutes:
        """Return what the virtual host *name* has where *routes* are chosen."""
        return HostRoutes(routes, self._origin) if routes else self.otherwise[name]

    def _new_or_known(self, proxy: Proxy) -> _Routes:
        """Return the routes, as they are known where the labels change nothing after all."""
        chosen = self._choose(proxy)
        for known in self._different:
            if chosen == known and all(one.origin is other.origin for one, other in zip(chosen, known, strict=True)):
                return known
        self._different.append(chosen)
        return chosen


@dataclass(frozen=True, slots=True)
class Routed:
    """The route configurations of one proxy, and how some of them come of others: the same domains, other routes."""

    configurations: Mapping[str, RouteConfiguration]
    deltas: tuple[RouteDelta, ...] = ()


class RouteSet:
    """Route configurations as they were built for one proxy, and as they are for those of other labels.

    They *are apart* where each virtual host has all of its domains, and is wanted by one VirtualService at most.
    """

    def __init__(
        self,
        made: Mapping[str, RouteConfiguration],
        choices: Sequence[LabelDependentRoutes],
        proxy: Proxy,
        part_pool: PartPool,
        *,
        are_apart: bool,
    ) -> None:
        self._are_apart = are_apart
        self._choices = tuple((choice, choice.routes(proxy)) for choice in choices)
        #: By name, the places of virtual hosts whose routes a choice gives, and which.
        self._places = {name: list(self._chosen_places(config)) for name, config in made.items()} if choices else {}
        interned = [part_pool.routes(config) for config in made.values()]
        deltas = tuple(one.delta for one in interned if one.delta is not None)
        self.first = Routed({one.routes.name: one.routes for one in interned}, deltas)
        self._hosts: dict[tuple[int, int], VirtualHost] = {}
        self._made: dict[tuple[str, tuple[tuple[int, int], ...]], RouteDelta] = {}

    def routed(self, proxy: Proxy) -> Routed | None:
        """Return the route configurations of *proxy*; None where it has other virtual hosts, not only other routes."""
        other: dict[int, _Routes] = {}
        for number, (choice, first) in enumerate(self._choices):
            chosen = choice.routes(proxy)
            if bool(chosen) != bool(first) and not (self._are_apart and choice.otherwise):
                return None
            if chosen is not first:
                other[number] = chosen
        changed = [delta for name in self._places if (delta := self._exchanged(name, other)) is not None]
        if not changed:
            return self.first
        fresh = {delta.after.name: delta.after for delta in changed}
        return Routed({**self.first.configurations, **fresh}, (*self.first.deltas, *changed))

    def _chosen_places(self, routes: RouteConfiguration) -> Iterator[tuple[int, int]]:
        chosen = {id(first): number for number, (_, first) in enumerate(self._choices) if first}
        silent = {
            name: number
            for number, (choice, first) in enumerate(self._choices)
            if self._are_apart and not first
            for name in choice.otherwise
        }
        for place, host in enumerate(routes.virtual_hosts):
            number = chosen.get(id(host.routes), silent.get(host.name))
            if number is not None:
                yield place, number

    def _exchanged(self, name: str, other: Mapping[int, _Routes]) -> RouteDelta | None:
        """Return the exchange of routes in the configuration *name*, None where there is none; once for each."""
        before = self.first.configurations[name]
        moved = [
            (place, self._choices[number][0].on(before.virtual_hosts[place].name, other[number]))
            for place, number in self._places[name]
            if number in other
        ]
        if not moved:
            return None
        key = (name, tuple((place, id(fresh.routes)) for place, fresh in moved))
        if key not in self._made:
            hosts = list(before.virtual_hosts)
            for place, fresh in moved:
                hosts[place] = self._with_routes(hosts[place], fresh)
            pair = (tuple(rows[place] for place, _ in moved) for rows in (before.virtual_hosts, hosts))
            self._made.setdefault(key, Delta(before, RouteConfiguration(name, tuple(hosts)), *pair))
        return self._made[key]

    def _with_routes(self, host: VirtualHost, fresh: HostRoutes) -> VirtualHost:
        key = (id(host), id(fresh.routes))
        known = self._hosts.get(key)
        return known or self._hosts.setdefault(key, replace(host, routes=fresh.routes, origin=fresh.origin))
