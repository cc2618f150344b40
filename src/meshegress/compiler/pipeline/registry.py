"""What all workloads of a mesh share, and what of a workload can matter to its table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property, partial
from typing import Any

from meshegress._engine.layout import port_bits
from meshegress.compiler.destination_rules import DestinationRuleIndex, rule_ties
from meshegress.compiler.endpoints import collect_endpoints
from meshegress.compiler.envoy_validation import EnvoyVerdicts
from meshegress.compiler.model.ages import Ages
from meshegress.compiler.model.arrivals import arrival_orders
from meshegress.compiler.model.cluster_local import ClusterLocalHosts
from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.entry_visibility import EntryVisibility
from meshegress.compiler.model.orders import NATURAL, TieOrder, TieRule, crowd_orders_of, virtual_host_orders
from meshegress.compiler.model.part_pool import PartPool
from meshegress.compiler.model.protocols import Protocol, parse_protocol
from meshegress.compiler.model.proxy import OutboundPolicy, Proxy
from meshegress.compiler.model.proxy_configs import ProxyConfigIndex, proxy_metadata
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.compiler.model.ties import (
    ContestedPorts,
    TieGroups,
    contested_places,
    crowded_ports,
    service_ties,
    shared_domain_ports,
)
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.compiler.pipeline.istiod_settings import allocator_for, is_dual_stack, profile_under
from meshegress.compiler.pipeline.mesh_settings import (
    EVERYBODY,
    default_export,
    has_egress_proxy,
    path_normalization,
    port_of,
)
from meshegress.compiler.scope import build_scope, choose_sidecar, sidecar_ties, sidecars_in_order
from meshegress.compiler.services import collect_services
from meshegress.compiler.undeclared_traffic import outbound_policy
from meshegress.compiler.virtual_services import VirtualServiceIndex, full_name, prepare, virtual_service_ties
from meshegress.loading import ResourceSet
from meshegress.profiles import Profile
from meshegress.request import Workload
from meshegress.resources import MeshConfig, Sidecar

CLUSTER_DOMAIN = "cluster.local"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


class Registry:
    """What all workloads of a mesh share: services in order, endpoints, VirtualServices, DestinationRules."""

    def __init__(self, resources: ResourceSet, profile: Profile, order: TieOrder = NATURAL) -> None:
        self.profile = profile = profile_under(profile, resources.istiod_environment)
        #: Who gives addresses to entries that were given without a status; None where what is not given is not there.
        self.allocator = allocator_for(resources, profile)
        self.order = order
        self.mesh: MeshConfig = resources.mesh_config
        self.mesh_source = resources.mesh_config_source
        self.is_complete = resources.is_complete
        self.knows_mesh = resources.is_complete or resources.knows_mesh_config
        self.namespaces_with_services = frozenset(service.namespace for service in resources.services)
        self.part_pool = PartPool()
        self.verdicts = EnvoyVerdicts()
        #: By whether all listeners sniff.
        self._contested: dict[bool, ContestedPorts] = {}
        self._contested_port_bits: dict[bool, bytes] = {}
        self.resources = resources
        self.ages = Ages.of(resources)
        #: The order in which resources are arranged, and what counts for those without an age.
        self.arrangement = self.ages.seen_from(order)
        self.undated = self.ages.undated_in(order)
        mesh = self.mesh
        services = collect_services(
            resources.service_entries,
            resources.services,
            domain=CLUSTER_DOMAIN,
            profile=profile,
            order=self.arrangement,
            undated=self.undated,
            allocator=self.allocator,
        )
        visibility = EntryVisibility(mesh, resources.namespaces, known=profile.entry_visibility)
        self.index = ServiceIndex(
            services, default_export(mesh.default_service_export_to, profile), profile, visibility
        )
        self.endpoints = self._endpoints_of(self.index.services)
        self.roots: Sequence[ResolvedVirtualService] = prepare(
            resources.virtual_services,
            default_export(mesh.default_virtual_service_export_to, profile),
            domain=CLUSTER_DOMAIN,
            order=self.arrangement,
            undated=self.undated,
        )
        self.virtual_services = VirtualServiceIndex(self.roots)
        self.destination_rules = DestinationRuleIndex(
            resources.destination_rules,
            default_export_to=mesh.default_destination_rule_export_to or EVERYBODY,
            root_namespace=mesh.root_namespace,
            full_name=partial(full_name, domain=CLUSTER_DOMAIN),
            order=self.arrangement,
            undated=self.undated,
        )

    def restricted_to(self, services: Sequence[Service]) -> Registry:
        """Return the registry with no other services than these, and without VirtualServices."""
        registry = self.with_services(self.resources, self.index.restricted_to(services), self._endpoints_of(services))
        registry.roots, registry.virtual_services = (), VirtualServiceIndex(())
        return registry

    def with_services(
        self,
        resources: ResourceSet,
        index: ServiceIndex,
        pools: EndpointIndex,
        settled: Collection[bool] = (),
        ages: Ages | None = None,
    ) -> Registry:
        """Return the registry of *resources*, which differ in ServiceEntries only, after which there are *ages*.

        What is contested is for those who sniff, and who do not, as far as that is *settled*, the same as before.
        """
        registry = copy(self)
        registry.resources, registry.index, registry.endpoints = resources, index, pools
        registry.part_pool, registry.verdicts = PartPool(), EnvoyVerdicts()
        registry.ages = ages or self.ages
        registry.arrangement, registry.undated = (
            registry.ages.seen_from(self.order),
            registry.ages.undated_in(self.order),
        )
        registry._contested = {sniffs: found for sniffs, found in self._contested.items() if sniffs in settled}
        registry._contested_port_bits = {}
        for found in ("_groups", "_ties", "_arrivals"):
            registry.__dict__.pop(found, None)
        return registry

    def _endpoints_of(self, services: Sequence[Service]) -> EndpointIndex:
        resources = self.resources
        local = ClusterLocalHosts.of(resources.mesh_config.service_settings, CLUSTER_DOMAIN)
        return collect_endpoints(
            services,
            slices=resources.endpoint_slices,
            unsliced=resources.endpoints,
            workload_entries=resources.workload_entries,
            pods=resources.pods,
            domain=CLUSTER_DOMAIN,
            empty_selector_takes_all=self.profile.empty_selector_takes_all,
            is_complete=self.is_complete,
            names_itself=lambda host: self.profile.cluster_local_names or not local.keep(host),
            order=self.order,
        )

    @cached_property
    def _nodes_that_matter(self) -> frozenset[str]:
        """The nodes that run an endpoint of a service whose clients are told of those on their own node alone."""
        local = (service for service in self.index.services if service.node_local)
        return frozenset(endpoint.node for service in local for endpoint in self.endpoints.of(service.key))

    @cached_property
    def _addresses_that_matter(self) -> frozenset[str]:
        """The addresses that a listener of their own has on every proxy but the one that bears them."""
        headless = (service for service in self.index.services if service.resolution is ServiceResolution.PASSTHROUGH)
        return frozenset(endpoint.address for service in headless for endpoint in self.endpoints.of(service.key))

    def sidecar_of(self, proxy: Proxy) -> Sidecar | None:
        """Return the Sidecar that *proxy* has."""
        return choose_sidecar(
            self._sidecars, namespace=proxy.namespace, labels=proxy.labels, root_namespace=self.mesh.root_namespace
        )

    @cached_property
    def _sidecars(self) -> Sequence[Sidecar]:
        return sidecars_in_order(self.resources.sidecars, self.arrangement, self.undated)

    def policy_of(self, sidecar: Sidecar | None) -> OutboundPolicy:
        """Return the policy of proxies that have *sidecar*; the mesh's is one object for all."""
        if sidecar is None or sidecar.spec.outbound_traffic_policy is None:
            return self._mesh_policy
        return outbound_policy(sidecar, self.mesh, self.profile)

    @cached_property
    def _mesh_policy(self) -> OutboundPolicy:
        return outbound_policy(None, self.mesh, self.profile, mesh_source=self.mesh_source)

    def contested(self, *, sniffs: bool) -> ContestedPorts:
        """Return where resources are tied, so that another order could give proxies another answer.

        It matters whether all of their listeners *sniff*.
        """
        if sniffs not in self._contested:
            self._contested[sniffs] = self._find_contested(sniffs=sniffs)
        return self._contested[sniffs]

    def contested_port_bits(self, *, sniffs: bool) -> bytes:
        """Return a bit for each port, set where another order could give another answer."""
        if sniffs not in self._contested_port_bits:
            contested = self.contested(sniffs=sniffs)
            ports = range(65536) if contested.is_wide else contested.ports.union(contested.domains)
            self._contested_port_bits[sniffs] = port_bits(ports)
        return self._contested_port_bits[sniffs]

    def _find_contested(self, *, sniffs: bool) -> ContestedPorts:
        services, roots = self.index.services, self.roots
        ports, hosts = contested_places(
            services, keeps_parts=self.profile.ordered_addresses, sniffs=sniffs, declared=self._declared_ports
        )
        domains = shared_domain_ports(services, self._proxy_ports)
        if len(roots) > 1 and any(row.created is None for row in roots):
            ports = ports.union(domains)  # their virtual hosts are written in their order
        # The cluster of an egress proxy takes traffic of every port.
        proxied = bool(ports) and any(has_egress_proxy(sidecar) for sidecar in self.resources.sidecars)
        everywhere = proxied or any(ties.leave_open(rows) for ties, rows in self._wide_ties)
        crowded = crowded_ports(services, sniffs=sniffs, declared=self._declared_ports)
        return ContestedPorts(ports, hosts, domains, everywhere, crowded, self._arrivals)

    def orders_on(self, port: int, contested: ContestedPorts, *, is_host: bool) -> tuple[TieOrder, ...]:
        """Return the orders in which requests on a port are asked, the natural one first.

        The port is *contested*, or else *is_host* tells that the host is.
        """
        written = (*virtual_host_orders(contested.domains.get(port, 1)), *contested.arrivals)
        if not contested.everywhere and port not in contested.ports and not is_host:
            return (NATURAL, *written)
        crowd = self._ties.crowd(self.index.services, port) if port in contested.crowded else 0
        return (*self._groups.orders(None if is_host else port), *crowd_orders_of(crowd, port), *written)

    @cached_property
    def _groups(self) -> TieGroups:
        return TieGroups.of(self.tied)

    @cached_property
    def _ties(self) -> TieRule:
        return service_ties(self.index.services, keeps_parts=self.profile.ordered_addresses)

    @cached_property
    def _proxy_ports(self) -> frozenset[int]:
        """The ports of listeners for HTTP proxies, which serve the hosts of all ports."""
        listeners = (listener for sidecar in self.resources.sidecars for listener in sidecar.spec.egress)
        ports = (listener.port for listener in listeners if listener.port is not None)
        found = {port.number for port in ports if parse_protocol(port.protocol) is Protocol.HTTP_PROXY}
        return frozenset(found | ({self.mesh.proxy_http_port} - {0}))

    @cached_property
    def _arrivals(self) -> tuple[TieOrder, ...]:
        """The orders in which istiod may read EndpointSlices that would give somebody another cluster."""
        return arrival_orders(
            self.index.services,
            self.roots,
            self.resources.endpoint_slices,
            self.resources.endpoints,
            self.resources.pods,
            self.resources.destination_rules,
        )

    @property
    def tied(self) -> Sequence[tuple[TieRule, Sequence[Any]]]:
        """How resources are tied, services first."""
        return [(self._ties, self.index.services), *self._wide_ties]

    @property
    def _declared_ports(self) -> frozenset[int]:
        """The ports of whose traffic a Sidecar says that it is not HTTP."""
        listeners = (listener for sidecar in self.resources.sidecars for listener in sidecar.spec.egress)
        ports = (listener.port for listener in listeners if listener.port is not None)
        return frozenset(port.number for port in ports if not parse_protocol(port.protocol).is_http)

    @property
    def _wide_ties(self) -> Iterable[tuple[TieRule, Sequence[Any]]]:
        """How resources are tied that matter on any port."""
        resources = self.resources
        return (
            (sidecar_ties(self.undated), resources.sidecars),
            (virtual_service_ties(self.roots, CLUSTER_DOMAIN), self.roots),
            (rule_ties(partial(full_name, domain=CLUSTER_DOMAIN), self.undated), resources.destination_rules),
        )

    def proxy_of(self, workload: Workload) -> Proxy:
        """Return what of *workload* can matter to its table; its scope then says which of its labels do."""
        metadata = self._metadata_of(workload)
        mesh = self.mesh
        families = {":" in address for address in workload.addresses}
        http_proxy = port_of(metadata.get("HTTP_PROXY_PORT", ""))
        node = metadata.get("NODE_NAME", "")
        bootstrap = (metadata.get("ENVOY_STATUS_PORT", "15021"), metadata.get("ENVOY_PROMETHEUS_PORT", "15090"))
        return Proxy(
            namespace=workload.namespace,
            labels=frozenset(workload.labels.items()),
            ipv4=False in families or not families,
            ipv6=True in families,
            own_addresses=tuple(
                address for address in workload.addresses[:1] if address in self._addresses_that_matter
            ),
            dns_domain=workload.dns_domain,
            dns_capture=self.captures_dns(workload)
            and (self.profile.automatic_addresses or metadata.get("DNS_AUTO_ALLOCATE") in _TRUE),
            accept_http_10=metadata.get("HTTP10") == "1",
            intercepts=metadata.get("INTERCEPTION_MODE") != "NONE",
            unprivileged=metadata.get("UNPRIVILEGED_POD") in _TRUE,
            reserved_ports=(
                *(port for port in map(port_of, bootstrap) if port is not None),
                mesh.proxy_listen_port,
                mesh.proxy_inbound_listen_port,
            ),
            http_proxy_port=mesh.proxy_http_port if http_proxy is None else http_proxy,
            only_own_family=self.profile.only_own_family,
            path_normalization=path_normalization(mesh),
            network=metadata.get("NETWORK", ""),
            node=node if node in self._nodes_that_matter else None,
            is_dual_stack=len(families) > 1 and is_dual_stack(self.resources.istiod_environment),
        )

    def _metadata_of(self, workload: Workload) -> Mapping[str, str]:
        """Return the metadata of *workload*: what the mesh gives each proxy, and before it what is its own."""
        own = self.proxy_configs.metadata_of(workload.namespace, workload.labels)
        return {**self.common_metadata, **own, **workload.metadata}

    @cached_property
    def common_metadata(self) -> Mapping[str, str]:
        """The metadata that the mesh gives each proxy."""
        config = self.mesh.default_config
        if config is None:
            return {}
        return {"INTERCEPTION_MODE": config.interception_mode.value, **proxy_metadata(config.proxy_metadata)}

    @cached_property
    def proxy_configs(self) -> ProxyConfigIndex:
        """The environments that ProxyConfigs give to proxies."""
        return ProxyConfigIndex(self.resources.proxy_configs, self.mesh.root_namespace)

    def captures_dns(self, workload: Workload) -> bool:
        """Return whether the sidecar of *workload* answers its questions for names."""
        return self._metadata_of(workload).get("DNS_CAPTURE") in _TRUE

    def is_cluster_name(self, name: str) -> bool:
        """Return whether the cluster's own DNS answers for *name*: it is a Kubernetes Service, or a Pod of one."""
        covering = (self.index.by_host.get(host, {}) for host in (name, name.partition(".")[2]))
        return any(service.is_kubernetes for services in covering for service in services.values())

    def scope_of(self, namespace: str, sidecar: Sidecar | None) -> Scope:
        """Return what proxies of *namespace* with *sidecar* are told about."""
        rows = self.virtual_services.visible_to(namespace)
        return build_scope(sidecar, namespace, index=self.index, virtual_services=rows, profile=self.profile)
