"""The list of the passes for gateways: servers, then listeners, routes and clusters, for one gateway proxy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from meshegress.compiler.clusters import collect_clusters
from meshegress.compiler.envoy_validation import load
from meshegress.compiler.gateways.chains import GatewayChains, sni_cluster
from meshegress.compiler.gateways.routes import route_configuration
from meshegress.compiler.gateways.servers import GATEWAY_TIES, PortMap, gateways_of, merge_servers
from meshegress.compiler.model.drafts import target_cluster
from meshegress.compiler.model.gateways import MergedServers
from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService, RouteTarget
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Service
from meshegress.compiler.model.ties import TieGroups
from meshegress.compiler.outgoing import Outgoing
from meshegress.compiler.pipeline.outgoing import outgoing_of
from meshegress.compiler.pipeline.registry import Registry
from meshegress.compiler.routes.http import http_routes
from meshegress.compiler.undeclared_traffic import own_listeners
from meshegress.compiler.virtual_services import VirtualServiceIndex, full_gateway
from meshegress.naming import BLACK_HOLE_CLUSTER, ClusterName
from meshegress.request import Workload
from meshegress.resources import Gateway
from meshegress.resources.gateway import ServerTLSMode
from meshegress.table import Cluster, EndpointState, HttpConnectionManager, Route, Table

TLS_MODE_LABEL, MESH_TLS = "security.istio.io/tlsMode", "istio"


def gateway_orders(registry: Registry) -> tuple[TieOrder, ...]:
    """Return the orders of tied resources in which requests to gateways are asked, the natural one first."""
    tied = [*registry.tied, (GATEWAY_TIES, registry.resources.gateways)]
    if not any(ties.leave_open(rows) for ties, rows in tied):
        return (NATURAL,)
    return tuple(TieGroups.of(tied).orders(None))


@dataclass(frozen=True, eq=False)
class GatewayScope:
    """What one gateway proxy is told about, and the passes over it."""

    registry: Registry
    workload: Workload

    @cached_property
    def proxy(self) -> Proxy:
        """What of the gateway can matter."""
        return self.registry.proxy_of(self.workload)

    @cached_property
    def gateways(self) -> Sequence[Gateway]:
        """The Gateways that select the proxy, in order."""
        return gateways_of(self.registry.resources.gateways, self.proxy, self.registry.order)

    @cached_property
    def merged(self) -> MergedServers:
        """The servers that live, and those that do not."""
        registry, proxy = self.registry, self.proxy
        ports = PortMap.of(registry.index.services, self.workload.addresses, proxy.labels, registry.endpoints)
        return merge_servers(self.gateways, ports, unprivileged=proxy.unprivileged)

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services that the gateway has clusters of, by host: of each host the oldest, Kubernetes' first.

        Source: Istio, pilot/pkg/model, DefaultSidecarScopeForGateway.
        """
        found: dict[str, Service] = {}
        for service in self.registry.index.visible_to(self.proxy.namespace):
            known = found.setdefault(service.hostname, service)
            if service.is_kubernetes and not known.is_kubernetes:
                found[service.hostname] = service
        return found

    @cached_property
    def virtual_services(self) -> Mapping[str, Sequence[ResolvedVirtualService]]:
        """The VirtualServices of each Gateway that the gateway's namespace may see, in order."""
        registry, namespace = self.registry, self.proxy.namespace
        return {name: VirtualServiceIndex(registry.roots, name).visible_to(namespace) for name in self.merged.gateways}

    @cached_property
    def outgoing(self) -> Outgoing:
        """What leaves the gateway, cluster by cluster."""
        return outgoing_of(self.registry, self.services, self.proxy, self.workload.metadata, at_gateway=True)

    def table(self) -> Table:
        """Return the table of the gateway."""
        registry, proxy = self.registry, self.proxy
        chains = GatewayChains(
            proxy, self.virtual_services, self._cluster_at, full_gateway, tuple(self._internal_services())
        )
        policy = registry.policy_of(None)
        own = tuple(own_listeners(policy, replace(proxy, http_proxy_port=0), registry.mesh))
        listeners = (*own, *chains.listeners(self.merged))
        wanted = dict.fromkeys(
            chain.network_filter.route_config
            for listener in listeners
            for chain in listener.filter_chains
            if isinstance(chain.network_filter, HttpConnectionManager)
        )
        routes = (
            route_configuration(name, self.merged.by_route_config[name], self.virtual_services, self._routes)
            for name in wanted
        )
        accepted = load(listeners, routes, registry.verdicts)
        clusters: dict[str, Cluster] = {}
        for cluster in self._clusters():
            clusters.setdefault(cluster.name, cluster)
        return Table(accepted.listeners, accepted.route_configurations, clusters, accepted.rejected)

    def rule_of(self, service: Service) -> ConsolidatedRule | None:
        """Return the DestinationRule of *service*."""
        return self.registry.destination_rules.select(service.key, self.proxy.namespace, self.proxy.has_labels)

    def _routes(self, row: ResolvedVirtualService, port: int, gateway: str) -> tuple[Route, ...]:
        cluster_of = partial(self._cluster_of, row, port)
        return http_routes(row, self.proxy, port, cluster_of, gateway)

    def _cluster_of(self, row: ResolvedVirtualService, port: int, target: RouteTarget) -> str:
        """Return the cluster of a destination of *row*, whose own namespace is asked for the service first."""
        owners = self.registry.index.by_host.get(target.host, {})
        service = owners.get(row.namespace)
        if service is None or not self.registry.index.is_visible(service, self.proxy.namespace):
            service = self.services.get(target.host)
        only = service.ports[0].number if service is not None and len(service.ports) == 1 else None
        return target_cluster(target, service, only_port=only, listener_port=port)

    def _cluster_at(self, _row: ResolvedVirtualService, target: RouteTarget, port: int) -> str:
        """Return the cluster of a destination of bytes, whose service is the one that the gateway sees."""
        service = self.services.get(target.host)
        only = service.ports[0].number if service is not None and len(service.ports) == 1 else None
        return target_cluster(target, service, only_port=only, listener_port=port)

    def _internal_services(self) -> Iterator[tuple[Service, Sequence[str]]]:
        """Yield the services inside the mesh with their subsets, where a server passes their TLS on by its name."""
        servers = (server for group in self.merged.groups.values() for server in group)
        if not any(server.mode is ServerTLSMode.AUTO_PASSTHROUGH for server in servers):
            return
        for service in self.services.values():
            if not service.is_external:
                rule = self.rule_of(service)
                yield service, [subset.name for subset, _ in rule.subsets] if rule is not None else []

    def _clusters(self) -> Iterator[Cluster]:
        registry = self.registry
        found = list(
            collect_clusters(
                self.services.values(),
                pools=registry.endpoints,
                rule_of=self.rule_of,
                dynamic_dns=registry.profile.dynamic_dns_for_sidecars,
                node=self.proxy.node,
                at_gateway=True,
            )
        )
        yield from found
        yield Cluster(BLACK_HOLE_CLUSTER, EndpointState.NONE)
        internal = {service.hostname: service for service, _ in self._internal_services()}
        for cluster in found if internal else ():
            name = ClusterName.parse(cluster.name)
            service = internal.get(name.host) if name is not None else None
            if name is not None and service is not None:
                behind = EndpointState.SOME if self._speaks_mesh_tls(service, name) else EndpointState.NONE
                yield replace(cluster, name=sni_cluster(name.port, name.subset, name.host), endpoints=behind)

    def _speaks_mesh_tls(self, service: Service, name: ClusterName) -> bool:
        """Return whether an endpoint behind the cluster *name* takes the mesh's mutual TLS."""
        rule = self.rule_of(service) if name.subset else None
        wanted = next((subset.labels for subset, _ in rule.subsets if subset.name == name.subset), {}) if rule else {}
        port = service.port(name.port)
        rows = self.registry.endpoints.by_port_name(service.key, port.name) if port is not None else ()
        asked = {**wanted, TLS_MODE_LABEL: MESH_TLS}.items()
        return any(row.labels.items() >= asked for row in rows)
