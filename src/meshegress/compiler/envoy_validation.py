"""What Envoy refuses to load: whole listeners, whole route configurations. The proxy is fresh: it has nothing yet.

A refused listener is simply absent; a refused route configuration leaves an empty one, 404 for all.

Source: Envoy, filter_chain_manager_impl.cc, listener_manager_impl.cc and router/config_impl.cc; recorded from
Envoy 1.40.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import product

from meshegress._engine.conditions import fold
from meshegress.compiler.model.deltas import Delta
from meshegress.regex import is_valid_re2
from meshegress.table import (
    DirectResponse,
    FilterChain,
    FilterChainMatch,
    HttpConnectionManager,
    Listener,
    ListenerKind,
    MatchKind,
    Redirect,
    Rejected,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
    WeightedCluster,
)
from meshegress.wire.addressing import canonical_address

_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})
_LARGEST_WEIGHT = 2**32 - 1
_LARGEST_REGEX = 32768
_MATCH_PATH = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What Envoy loads, in the order given, and what it refuses."""

    listeners: tuple[Listener, ...]
    route_configurations: dict[str, RouteConfiguration]
    rejected: tuple[Rejected, ...]


class EnvoyVerdicts:
    """Why Envoy refuses a listener or a route configuration; what was judged is kept, and not judged again."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Listener | RouteConfiguration, str | None]] = {}
        self._empty: dict[str, RouteConfiguration] = {}

    def of_listener(self, listener: Listener) -> str | None:
        """Return why Envoy refuses *listener*, whatever else there is, or None."""
        known = self._known.get(id(listener)) or (listener, listener_problem(listener))
        return self._known.setdefault(id(listener), known)[1]

    def of_routes(self, routes: RouteConfiguration) -> str | None:
        """Return why Envoy refuses *routes*, or None."""
        known = self._known.get(id(routes)) or (routes, route_configuration_problem(routes))
        return self._known.setdefault(id(routes), known)[1]

    def empty(self, name: str) -> RouteConfiguration:
        """Return what stands for the refused route configuration *name*."""
        return self._empty.setdefault(name, RouteConfiguration(name, ()))

    def exchange(self, delta: Delta[RouteConfiguration, VirtualHost]) -> None:
        """Judge what stands after *delta*, whose virtual hosts have the domains of those before, by these alone."""
        if self.of_routes(delta.before) is None:
            self._known.setdefault(id(delta.after), (delta.after, _hosts_problem(delta.added)))


def load(
    listeners: Iterable[Listener],
    route_configurations: Iterable[RouteConfiguration],
    known: EnvoyVerdicts | None = None,
) -> Loaded:
    """Return what Envoy loads of *listeners*, which are in the order of the response, and of *route_configurations*.

    Listeners without a name are the bootstrap's: they are there before any other, wherever they stand. What is *known*
    is not judged again.
    """
    judge = known or EnvoyVerdicts()
    rejected: list[Rejected] = []
    ordered = sorted(listeners, key=lambda listener: listener.name is not None)
    loaded = tuple(_load_listeners(ordered, rejected, judge))
    routes = {one.name: _load_routes(one, rejected, judge) for one in route_configurations}
    return Loaded(loaded, routes, tuple(rejected))


def listener_problem(listener: Listener) -> str | None:
    """Return why Envoy refuses *listener*, whatever else there is, or None."""
    if not 0 <= listener.port < 65536:
        return f"{listener.port} is not a port"
    if listener.kind is ListenerKind.RESERVED:
        return None
    if not listener.filter_chains and listener.default_filter_chain is None:
        return "no filter chain"
    seen: set[_MATCH_PATH] = set()
    for chain in listener.filter_chains:
        problem = _chain_problem(chain)
        if problem:
            return problem
        for path in _match_paths(chain.match):
            if path in seen:
                return f"filter chains with the same matching rules: {_shown(path)}"
            seen.add(path)
    return None


def route_configuration_problem(routes: RouteConfiguration) -> str | None:
    """Return why Envoy refuses *routes*, or None."""
    seen: set[str] = set()
    for virtual_host in routes.virtual_hosts:
        for domain in virtual_host.domains:
            folded = fold(domain)
            if folded in seen:
                return f"domain `{domain}` stands twice"
            seen.add(folded)
        problem = _hosts_problem((virtual_host,))
        if problem:
            return problem
    return None


def _load_listeners(
    listeners: Sequence[Listener], rejected: list[Rejected], judge: EnvoyVerdicts
) -> Iterator[Listener]:
    names: set[str] = set()
    addresses: dict[tuple[str, int], str | None] = {}
    for listener in listeners:
        own = [canonical_address(text) or text for text in listener.addresses]
        taken = next((one for one in own if (one, listener.port) in addresses), None)
        problem = judge.of_listener(listener)
        if listener.name in names:
            problem = "duplicate listener"
        elif problem is None and taken is not None:
            owner = addresses[taken, listener.port] or "the proxy itself"
            problem = f"duplicate address `{taken}:{listener.port}`, which {owner} has"
        if problem is not None:
            rejected.append(Rejected("listener", listener.name or "", problem))
            continue
        names.update({listener.name} if listener.name else ())
        addresses.update(dict.fromkeys(((one, listener.port) for one in own), listener.name))
        yield listener


def _load_routes(routes: RouteConfiguration, rejected: list[Rejected], judge: EnvoyVerdicts) -> RouteConfiguration:
    problem = judge.of_routes(routes)
    if problem is None:
        return routes
    rejected.append(Rejected("route", routes.name, problem))
    return judge.empty(routes.name)


def _chain_problem(chain: FilterChain) -> str | None:
    for name in chain.match.server_names:
        if "*" in name and not name.startswith("*."):
            return f"partial wildcard `{name}` as server name"
    if isinstance(chain.network_filter, HttpConnectionManager):
        return None
    return _cluster_problem(chain.network_filter.clusters)


def _match_paths(match: FilterChainMatch) -> Iterator[_MATCH_PATH]:
    """Yield each way down the tree that leads to a chain with *match*; two chains must not share one."""
    prefixes = [_network(text) for text in match.prefix_ranges] or [""]
    names = [fold(name.removeprefix("*") if name.startswith("*.") else name) for name in match.server_names] or [""]
    protocols = match.application_protocols or ("",)
    port, transport = match.destination_port or "", match.transport_protocol or ""
    return product((port,), prefixes, names, (transport,), protocols)


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


def _shown(path: _MATCH_PATH) -> str:
    return ", ".join(str(part) for part in path if part) or "no rule at all"


def _hosts_problem(virtual_hosts: Iterable[VirtualHost]) -> str | None:
    for virtual_host in virtual_hosts:
        problem = _virtual_host_problem(virtual_host)
        if problem:
            return f"virtual host `{virtual_host.name}`: {problem}"
    return None


def _virtual_host_problem(virtual_host: VirtualHost) -> str | None:
    if not virtual_host.name:
        return "no name"
    if not virtual_host.domains:
        return "no domain"
    if any(c in domain for domain in virtual_host.domains for c in "\r\n\0"):
        return "a domain with a line end or NUL"
    problems = (_route_problem(route) for route in virtual_host.routes)
    return next((problem for problem in problems if problem), None)


def _route_problem(route: Route) -> str | None:
    action = route.action
    conditions = (route.match.path, *(field.value for field in (*route.match.headers, *route.match.query)))
    for condition in conditions:
        if condition.kind is MatchKind.REGEX and not _is_regex(condition.value):
            return f"`{condition.value[:80]}` is not a regular expression of RE2"
    if isinstance(action, RouteAction):
        return _cluster_problem(action.clusters)
    if isinstance(action, Redirect):
        return None if action.status in _REDIRECT_CODES else f"redirect code {action.status} is unknown"
    if isinstance(action, DirectResponse):
        return None if 200 <= action.status < 600 else f"direct response status {action.status}"
    return "a route without action"


def _is_regex(pattern: str) -> bool:
    return 0 < len(pattern) <= _LARGEST_REGEX and is_valid_re2(pattern)


def _cluster_problem(clusters: tuple[WeightedCluster, ...]) -> str | None:
    if not clusters or any(not member.cluster for member in clusters):
        return "no cluster name"
    weight = sum(member.weight for member in clusters)
    if len(clusters) > 1 and not 0 < weight <= _LARGEST_WEIGHT:
        return f"weights add up to {weight}"
    return None
