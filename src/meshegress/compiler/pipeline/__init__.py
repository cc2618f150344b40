"""The list of the passes: what the whole mesh shares, what a scope does, and then the table of one proxy.

Each pass is given what it depends on and nothing else, and what it makes is remembered by that: two proxies whose
difference a pass does not see share what it made.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from meshegress.compiler.clusters import collect_clusters
from meshegress.compiler.envoy_validation import load
from meshegress.compiler.listeners import ListenerBuilder, Outbound
from meshegress.compiler.model.addresses import service_address
from meshegress.compiler.model.domains import alternative_names
from meshegress.compiler.model.part_pool import RouteDelta
from meshegress.compiler.model.projections import ProjectionCache, ProxyProjection, table_projections
from meshegress.compiler.model.proxy import OutboundPolicy, Proxy
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Service
from meshegress.compiler.names import name_table
from meshegress.compiler.pipeline.gaps import TableGaps
from meshegress.compiler.pipeline.registry import CLUSTER_DOMAIN, Registry
from meshegress.compiler.routes import RouteBuilder, Routed, RouteSet
from meshegress.compiler.tcp_and_tls_chains import TcpAndTlsChains
from meshegress.compiler.undeclared_traffic import (
    catch_all_host,
    fixed_clusters,
    inline_routes,
    own_listeners,
    undeclared_traffic_chain,
    virtual_listeners,
)
from meshegress.table import Cluster, HttpConnectionManager, Listener, Table

__all__ = ["CLUSTER_DOMAIN", "Compiled", "Registry", "ScopeTables", "TableGaps"]

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True)
class Compiled:
    """The table of one proxy, what it was made from, and which of its routes come of others of the same scope."""

    table: Table
    scope: Scope
    policy: OutboundPolicy
    routes: tuple[RouteDelta, ...] = ()


class ScopeTables:
    """The tables of the proxies of one scope."""

    def __init__(self, registry: Registry, scope: Scope) -> None:
        self.registry = registry
        self.scope = scope
        self._policy = registry.policy_of(scope.sidecar)
        self._undeclared_traffic = undeclared_traffic_chain(self._policy)
        self._catch_all = catch_all_host(self._policy)
        self._inline = {one.name: registry.part_pool.routes(one).routes for one in inline_routes(self._policy)}
        projections = table_projections(scope, registry.destination_rules.selectors(scope.namespace))
        self._whole = projections.table
        self._unasking: ProjectionCache[tuple[dict[str, Cluster], Sequence[Service]]] = ProjectionCache(
            ProxyProjection(("namespace",))
        )
        self._clusters: ProjectionCache[Mapping[str, Cluster]] = ProjectionCache(projections.clusters)
        self._anywhere: ProjectionCache[Outbound] = ProjectionCache(projections.listeners.without("own_addresses"))
        self._outbound: ProjectionCache[tuple[Listener, ...]] = ProjectionCache(projections.listeners)
        self._own: ProjectionCache[tuple[Listener, ...]] = ProjectionCache(projections.own_listeners)
        self._route_sets: ProjectionCache[list[RouteSet]] = ProjectionCache(ProxyProjection(projections.routes.fields))
        self._routes: ProjectionCache[Routed] = ProjectionCache(projections.routes)
        self._names: ProjectionCache[Mapping[str, Sequence[str]]] = ProjectionCache(projections.names)

    def known(self, proxy: Proxy) -> Proxy:
        """Return what of *proxy* matters in this scope: those of whom the same is known have one table."""
        return self._whole.of(proxy)

    def compile(self, proxy: Proxy) -> Compiled:
        """Return the table of *proxy*."""
        outbound = self._outbound.cached(proxy, self._outbound_listeners)
        own = self._own.cached(proxy, self._own_listeners)
        wanted = tuple(dict.fromkeys(name for listener in (*outbound, *own) for name in _route_configs(listener)))
        routed = self._routes.cached(proxy, partial(self._route, wanted), wanted)
        for delta in routed.deltas:
            self.registry.verdicts.exchange(delta)
        if self.registry.order.listeners_reversed:
            outbound = outbound[::-1]
        configurations = (self._inline.get(name) or routed.configurations[name] for name in wanted)
        loaded = load((*outbound, *own), configurations, self.registry.verdicts)
        clusters = self._clusters.cached(proxy, self._all_clusters)
        gaps = None if self.registry.is_complete else TableGaps(self.registry, self.scope, proxy)
        table = Table(loaded.listeners, loaded.route_configurations, clusters, loaded.rejected, gaps)
        return Compiled(table, self.scope, self._policy, routed.deltas)

    def sniffs(self, proxy: Proxy) -> bool:
        """Return whether all listeners of *proxy* sniff, since none is bound to an address of its own."""
        return proxy.intercepts and not any(one.bind or one.capture_none for one in self.scope.listeners)

    def names(self, proxy: Proxy) -> Mapping[str, Sequence[str]]:
        """Return what the DNS proxy of *proxy* answers."""
        return self._names.cached(proxy, self._name_table)

    def names_key(self, proxy: Proxy) -> Hashable:
        """Return what decides :meth:`names`, cheaper than they are: in one mesh who shares it has the same names."""
        listeners = self.scope.listeners
        return tuple(id(service) for listener in listeners for service in listener.services), self._names.key(proxy)

    def _name_table(self, proxy: Proxy) -> Mapping[str, Sequence[str]]:
        services = (service for listener in self.scope.listeners for service in listener.services)
        return self.registry.part_pool.names(
            name_table(services, proxy, self.registry.endpoints, self.registry.profile)
        )

    def _all_clusters(self, proxy: Proxy) -> Mapping[str, Cluster]:
        common, asking = self._unasking.cached(proxy, self._clusters_of_all)
        if not asking:
            return common
        own = (self.registry.part_pool.cluster(cluster) for cluster in self._collect(asking, proxy))
        return ChainMap(_by_name(own), common)

    def _clusters_of_all(self, proxy: Proxy) -> tuple[dict[str, Cluster], Sequence[Service]]:
        """Return the clusters that proxies of one namespace all have, and the services whose clusters differ."""
        rules = self.registry.destination_rules
        apart: tuple[list[Service], list[Service]] = ([], [])
        for service in self.scope.services.values():
            apart[service.node_local or rules.asks_labels(service.key, proxy.namespace)].append(service)
        common = (*self._collect(apart[False], proxy), *fixed_clusters(self._policy))
        return self.registry.part_pool.clusters(_by_name(common)), apart[True]

    def _collect(self, services: Iterable[Service], proxy: Proxy) -> Iterable[Cluster]:
        registry = self.registry
        return collect_clusters(
            services,
            pools=registry.endpoints,
            rule_of=partial(_rule_of, registry=registry, proxy=proxy),
            dynamic_dns=registry.profile.dynamic_dns_for_sidecars,
            node=proxy.node,
        )

    def _outbound_listeners(self, proxy: Proxy) -> tuple[Listener, ...]:
        """Return the listeners that follow from the resources; the ports of its own endpoints are not a proxy's."""
        anywhere = self._anywhere.cached(proxy, self._build_listeners)
        own = proxy.own_addresses[:1]
        if not own:
            return anywhere.listeners
        if own[0] in anywhere.shared:
            return self._build_listeners(proxy).listeners
        return anywhere.without(own[0])

    def _build_listeners(self, proxy: Proxy) -> Outbound:
        registry = self.registry
        absolute = registry.profile.absolute_domains
        opaque = TcpAndTlsChains(
            proxy,
            registry.profile,
            self.scope.services,
            alternative_names=lambda host: alternative_names(host, proxy.dns_domain, absolute=absolute),
            address_of=lambda service: service_address(service, proxy),
        )
        builder = ListenerBuilder(
            proxy,
            registry.profile,
            registry.endpoints,
            opaque.plan,
            inspection_timeout_ms=_milliseconds(registry.mesh.protocol_detection_timeout),
        )
        for egress in self.scope.listeners:
            builder.add(egress)
        return builder.finish(self._undeclared_traffic, registry.part_pool)

    def _own_listeners(self, proxy: Proxy) -> tuple[Listener, ...]:
        """Return the listeners that are there whatever the resources are."""
        mesh = self.registry.mesh
        own = (*own_listeners(self._policy, proxy, mesh), *virtual_listeners(self._policy, proxy, mesh))
        return self.registry.part_pool.listeners(own)

    def _route(self, names: Sequence[str], proxy: Proxy) -> Routed:
        """Return the route configurations *names*; they may be those of other labels, but for some routes."""
        alike = self._route_sets.cached(proxy, _no_route_sets, tuple(names))
        for routes in alike:
            found = routes.routed(proxy)
            if found is not None:
                return found
        turn = self.registry.order.virtual_host_first
        builder = RouteBuilder(self.scope, proxy, self.registry.profile, self._catch_all, turn=turn)
        built = builder.build_all((name for name in names if name not in self._inline), self.registry.part_pool)
        alike.append(built)
        return built.first


def _no_route_sets(_proxy: Proxy) -> list[RouteSet]:
    return []


def _by_name(clusters: Iterable[Cluster]) -> dict[str, Cluster]:
    """Return *clusters* by name; where a number has two ports, such as TCP and SCTP, the first one's cluster stays."""
    named: dict[str, Cluster] = {}
    for cluster in clusters:
        named.setdefault(cluster.name, cluster)
    return named


def _milliseconds(duration: str) -> int | None:
    """Return a duration such as ``0.5s``, None for no time at all."""
    unit = duration.lstrip("0123456789.-")
    return int(float(duration.removesuffix(unit) or 0) * _UNITS_MS.get(unit, 0)) or None


def _rule_of(service: Service, *, registry: Registry, proxy: Proxy) -> ConsolidatedRule | None:
    return registry.destination_rules.select(service.key, proxy.namespace, proxy.has_labels)


def _route_configs(listener: Listener) -> Iterable[str]:
    chains = (*listener.filter_chains, listener.default_filter_chain)
    for chain in chains:
        if chain is not None and isinstance(chain.network_filter, HttpConnectionManager):
            yield chain.network_filter.route_config
