"""Routes that the labels of a proxy choose: the same virtual hosts, and for a few of them other routes.

Very many virtual hosts stand beside the few that a VirtualService with ``sourceLabels`` has. So the route
configurations are built once for proxies that differ in labels only, and for each further choice the few are exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from meshegress.compiler.nouns.aspects import Aspect, Memory, Selector
from meshegress.compiler.nouns.records import Proxy
from meshegress.compiler.nouns.splices import Splice
from meshegress.table import Route, RouteConfiguration, VirtualHost

RouteSplice = Splice[RouteConfiguration, VirtualHost]
_Routes = tuple[Route, ...]


class Choice:
    """What a VirtualService gives on one port, by what its selectors say of a proxy; each choice is one object."""

    def __init__(self, selectors: frozenset[Selector], choose: Callable[[Proxy], _Routes]) -> None:
        self._choose = choose
        self._chosen: Memory[_Routes] = Memory(Aspect(("namespace",), selectors))
        self._different: list[_Routes] = []

    def routes(self, proxy: Proxy) -> _Routes:
        """Return the routes that *proxy* gets, none where it has none of them."""
        return self._chosen.once(proxy, self._new_or_known)

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
    """The route configurations of one proxy, and how those that are not the first of their name come of it."""

    configurations: Mapping[str, RouteConfiguration]
    splices: tuple[RouteSplice, ...] = ()


class RouteSet:
    """Route configurations as they were built for one proxy, and as they are for those of other labels."""

    def __init__(
        self, configurations: Mapping[str, RouteConfiguration], choices: Sequence[Choice], proxy: Proxy
    ) -> None:
        self.first = Routed(configurations)
        self._choices = tuple((choice, choice.routes(proxy)) for choice in choices)
        own = {id(routes) for _, routes in self._choices if routes}
        self._chosen = {
            name: places
            for name, config in (configurations.items() if own else ())
            if (places := [place for place, host in enumerate(config.virtual_hosts) if id(host.routes) in own])
        }
        self._hosts: dict[tuple[int, int], VirtualHost] = {}
        self._made: dict[tuple[str, tuple[int, ...]], RouteSplice] = {}

    def routed(self, proxy: Proxy) -> Routed | None:
        """Return the route configurations of *proxy*; None where it has other virtual hosts, not only other routes."""
        other: dict[int, _Routes] = {}
        for choice, first in self._choices:
            chosen = choice.routes(proxy)
            if bool(chosen) != bool(first):
                return None
            if chosen is not first:
                other[id(first)] = chosen
        if not other:
            return self.first
        configurations = dict(self.first.configurations)
        splices = [self._exchanged(name, places, other) for name, places in self._chosen.items()]
        changed = [splice for splice in splices if splice is not None]
        configurations.update((splice.after.name, splice.after) for splice in changed)
        return Routed(configurations, tuple(changed))

    def _exchanged(self, name: str, places: Iterable[int], other: Mapping[int, _Routes]) -> RouteSplice | None:
        """Return the exchange of routes in the configuration *name*, None where there is none; once for each."""
        before = self.first.configurations[name]
        hosts = before.virtual_hosts
        moved = [place for place in places if id(hosts[place].routes) in other]
        if not moved:
            return None
        key = (name, tuple(id(other.get(id(hosts[place].routes))) for place in places))
        if key not in self._made:
            fresh = [self._with_routes(hosts[place], other[id(hosts[place].routes)]) for place in moved]
            after = list(hosts)
            for place, host in zip(moved, fresh, strict=True):
                after[place] = host
            gone = tuple(hosts[place] for place in moved)
            splice = Splice(before, RouteConfiguration(name, tuple(after)), gone, tuple(fresh))
            self._made.setdefault(key, splice)
        return self._made[key]

    def _with_routes(self, host: VirtualHost, routes: _Routes) -> VirtualHost:
        key = (id(host), id(routes))
        return self._hosts.get(key) or self._hosts.setdefault(key, replace(host, routes=routes))
