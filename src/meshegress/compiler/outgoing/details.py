"""The details of one cluster: discovery, version, transport, ports and endpoints, from the service and its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Endpoint, RegistryPort, Service, ServiceResolution
from meshegress.compiler.outgoing.peers import PeerModes
from meshegress.compiler.outgoing.policies import NOTHING, PolicyInForce, policy_at, tls_mode_written
from meshegress.compiler.outgoing.transports import TlsQuestion, choose_transport
from meshegress.decision import Origin
from meshegress.naming import ClusterName
from meshegress.resources import MeshConfig, PeerAuthentication, Pod, ServiceEntry, WorkloadEntry
from meshegress.resources.destination_rule import ClientTLSMode, H2UpgradePolicy, Subset
from meshegress.resources.mesh_config import MeshH2UpgradePolicy
from meshegress.table.outgoing import (
    MESH_TLS,
    ORIGINAL_PORT,
    REQUEST_PORT,
    ClusterDetails,
    ClusterEndpoint,
    Discovery,
    UpstreamHttp,
)

#: How clusters are called to which a gateway passes TLS on by its server name.
_BY_SNI = "outbound_."
TLS_MODE_LABEL = "security.istio.io/tlsMode"
_DISCOVERY = {
    ServiceResolution.CLIENT_SIDE_LB: Discovery.EDS,
    ServiceResolution.DNS_LB: Discovery.STRICT_DNS,
    ServiceResolution.DNS_ROUND_ROBIN_LB: Discovery.LOGICAL_DNS,
    ServiceResolution.PASSTHROUGH: Discovery.ORIGINAL_DST,
    ServiceResolution.DYNAMIC_DNS: Discovery.DYNAMIC_FORWARD_PROXY,
}
_HTTP2 = frozenset({Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_UNASKED = frozenset({Discovery.ORIGINAL_DST, Discovery.DYNAMIC_FORWARD_PROXY})


@dataclass(frozen=True, eq=False, kw_only=True)
class Outgoing:
    """What the details of the clusters of one proxy are made of."""

    services: Mapping[str, Service]
    rule_of: Callable[[Service], ConsolidatedRule | None]
    pools: EndpointIndex
    mesh: MeshConfig
    peer_authentications: Sequence[PeerAuthentication]
    pods: Sequence[Pod]
    workload_entries: Sequence[WorkloadEntry]
    at_gateway: bool
    #: The certificates that the proxy's own metadata names.
    certificates: Mapping[str, str]
    node: str | None

    def details(self, name: str) -> ClusterDetails | None:
        """Return the details of the cluster *name*, None for one that is of no service."""
        if name.startswith(_BY_SNI):
            return self._passed_on(name)
        parsed = ClusterName.parse(name)
        service = self.services.get(parsed.host) if parsed is not None else None
        port = service.port(parsed.port) if parsed is not None and service is not None else None
        if parsed is None or service is None or port is None:
            return None
        rule = self.rule_of(service)
        if service.resolution is ServiceResolution.DYNAMIC_DNS:
            return self._details(parsed, service, port, rule, None)
        subset = next((row for row, _ in rule.subsets if row.name == parsed.subset), None) if rule is not None else None
        if parsed.subset and subset is None:
            return None
        return self._details(parsed, service, port, rule, subset if parsed.subset else None)

    def _passed_on(self, name: str) -> ClusterDetails | None:
        """Return the details of a cluster to which TLS is passed on: only endpoints that take the mesh's are there."""
        parts = name.split("_.", 3)
        details = self.details("|".join(("outbound", *parts[1:]))) if len(parts) == 4 else None
        if details is None:
            return None
        endpoints = tuple(row for row in details.endpoints if row.tls_mode == MESH_TLS)
        ports = tuple(sorted({row.port for row in endpoints}))
        return replace(details, name=name, transport=None, matches=(), endpoints=endpoints, ports=ports)

    def _details(
        self,
        name: ClusterName,
        service: Service,
        port: RegistryPort,
        rule: ConsolidatedRule | None,
        subset: Subset | None,
    ) -> ClusterDetails:
        general = (
            policy_at(rule.traffic_policy, port.number, ("spec", "trafficPolicy")) if rule is not None else NOTHING
        )
        policy = general
        if subset is not None and rule is not None:
            path = ("spec", "subsets", _place(rule, subset), "trafficPolicy")
            policy = policy_at(subset.traffic_policy, port.number, path, general)
        discovery = self._discovery(service, general, policy, subset)
        # Whether the mesh's TLS is used by itself is asked of what the subset writes, not of what it inherits.
        looks_at_endpoints = general.passes_through if subset is None else _writes_passthrough(subset)
        http = self._http(port, policy)
        endpoints = tuple(sorted(self._endpoints(discovery, service, port, rule, subset), key=_by_address))
        chosen = choose_transport(
            TlsQuestion(
                service=service,
                port=port,
                subset=name.subset,
                name=str(name),
                tls=policy.tls,
                is_http2=http is UpstreamHttp.HTTP2,
                uses_credentials=self.at_gateway or (rule is not None and rule.selector is not None),
                by_itself=self._uses_mesh_tls(service, port, looks_at_endpoints=looks_at_endpoints),
                is_original=discovery is Discovery.ORIGINAL_DST,
                accounts=self._accounts(service),
                own_certificates=self.certificates,
            )
        )
        return ClusterDetails(
            name=str(name),
            discovery=discovery,
            http=http,
            transport=chosen.transport,
            matches=chosen.matches,
            alpn_filter=not chosen.keeps_alpn,
            external=service.is_external,
            rule=_origin_of(rule, policy) if rule is not None else None,
            ports=_ports(discovery, service, port, endpoints),
            endpoints=endpoints,
            notes=(chosen.note,) if chosen.note else (),
        )

    def _discovery(
        self, service: Service, general: PolicyInForce, policy: PolicyInForce, subset: Subset | None
    ) -> Discovery:
        found = _DISCOVERY[service.resolution]
        if found is Discovery.DYNAMIC_FORWARD_PROXY:
            return found
        stays = subset is not None and (general.passes_through or _writes_passthrough(subset))
        if policy.passes_through or stays:
            return Discovery.ORIGINAL_DST
        return Discovery.EDS if found is Discovery.ORIGINAL_DST and self.at_gateway else found

    def _http(self, port: RegistryPort, policy: PolicyInForce) -> UpstreamHttp:
        """Return the version of HTTP: that of the port, unless it is upgraded or left to the client."""
        http = policy.http
        if http is not None and http.use_client_protocol:
            return UpstreamHttp.DOWNSTREAM
        if port.protocol is Protocol.AUTO and not self.at_gateway:
            return UpstreamHttp.DOWNSTREAM
        upgrade = http.h2_upgrade_policy if http is not None else H2UpgradePolicy.DEFAULT
        by_mesh = self.mesh.h2_upgrade_policy is MeshH2UpgradePolicy.UPGRADE and port.protocol.is_http
        is_upgraded = upgrade is H2UpgradePolicy.UPGRADE or (upgrade is H2UpgradePolicy.DEFAULT and by_mesh)
        return UpstreamHttp.HTTP2 if port.protocol in _HTTP2 or is_upgraded else UpstreamHttp.HTTP1

    def _uses_mesh_tls(self, service: Service, port: RegistryPort, *, looks_at_endpoints: bool) -> bool:
        """Return whether the mesh's mutual TLS is used without a rule that demands it.

        Source: Istio, pilot/pkg/model, BestEffortInferServiceMTLSMode.
        """
        if service.is_external or self.mesh.enable_auto_mtls is False or self._modes.disables(service.namespace):
            return False
        if service.resolution is not ServiceResolution.PASSTHROUGH and not looks_at_endpoints:
            return True
        rows = list(self._rows(service, port))
        return bool(rows) and all(row.labels.get(TLS_MODE_LABEL) == MESH_TLS for row in rows)

    def _rows(self, service: Service, port: RegistryPort) -> Iterator[Endpoint]:
        if service.resolution.is_dns:
            yield from self.pools.by_port_number(service.key, port.number)
            return
        for row in self.pools.by_port_name(service.key, port.name):
            if not service.node_local or row.node == self.node:
                yield row

    def _endpoints(
        self,
        discovery: Discovery,
        service: Service,
        port: RegistryPort,
        rule: ConsolidatedRule | None,
        subset: Subset | None,
    ) -> Iterable[ClusterEndpoint]:
        if discovery in _UNASKED:
            return
        wanted = subset.labels.items() if subset is not None else {}.items()
        policy = subset.traffic_policy if subset is not None else rule.traffic_policy if rule is not None else None
        demanded = tls_mode_written(policy, port.number)
        for row in self._rows(service, port):
            if row.labels.items() >= wanted:
                takes = row.labels.get(TLS_MODE_LABEL) == MESH_TLS and (
                    demanded is ClientTLSMode.ISTIO_MUTUAL
                    if demanded is not None
                    else not self._modes.workload_disables(service.namespace, row.labels, row.target)
                )
                yield ClusterEndpoint(row.address, row.target, MESH_TLS if takes else None)

    @cached_property
    def _modes(self) -> PeerModes:
        return PeerModes(self.peer_authentications, self.mesh.root_namespace)

    @cached_property
    def _accounts_by_address(self) -> Mapping[tuple[str, str], str]:
        """The service accounts of workloads by namespace and address."""
        found: dict[tuple[str, str], str] = {}
        for pod in self.pods:
            if pod.status.pod_ip:
                found[pod.namespace, pod.status.pod_ip] = pod.spec.service_account_name or "default"
        for entry in self.workload_entries:
            if entry.spec.service_account:
                found[entry.namespace, entry.spec.address] = entry.spec.service_account
        return found

    def _accounts(self, service: Service) -> tuple[str, ...]:
        """Return the names that the certificates of *service*'s workloads may bear.

        Source: Istio, pilot/pkg/model, PushContext.ServiceAccounts.
        """
        entry = service.resource
        found: set[str] = set(entry.spec.subject_alt_names) if isinstance(entry, ServiceEntry) else set()
        domain = self.mesh.trust_domain or "cluster.local"
        accounts = {
            self._accounts_by_address.get((service.namespace, row.address)) for row in self.pools.of(service.key)
        }
        if isinstance(entry, ServiceEntry):
            accounts |= {row.service_account or None for row in entry.spec.endpoints}
        found |= {f"spiffe://{domain}/ns/{service.namespace}/sa/{account}" for account in accounts if account}
        return tuple(sorted(found))


def _place(rule: ConsolidatedRule, subset: Subset) -> int:
    owner = next(owner for row, owner in rule.subsets if row is subset)
    return next(place for place, row in enumerate(owner.spec.subsets) if row is subset)


def _writes_passthrough(subset: Subset) -> bool:
    policy = subset.traffic_policy
    return policy is not None and policy.load_balancer is not None and policy.load_balancer.simple == "PASSTHROUGH"


def _origin_of(rule: ConsolidatedRule, policy: PolicyInForce) -> Origin:
    row = rule.rule
    return Origin("DestinationRule", row.namespace, row.name, row, policy.tls_path or ("spec", "host"))


def _ports(
    discovery: Discovery, service: Service, port: RegistryPort, endpoints: Sequence[ClusterEndpoint]
) -> tuple[int | str, ...]:
    if discovery is Discovery.DYNAMIC_FORWARD_PROXY:
        return (REQUEST_PORT,)
    if discovery is Discovery.ORIGINAL_DST:
        entry = service.resource
        target = entry.spec.ports[port.place].target_port if isinstance(entry, ServiceEntry) else 0
        return (target,) if target and service.resolution is ServiceResolution.PASSTHROUGH else (ORIGINAL_PORT,)
    return tuple(sorted({endpoint.port for endpoint in endpoints}))


def _by_address(endpoint: ClusterEndpoint) -> tuple[str, int, str]:
    return endpoint.address, endpoint.port, endpoint.tls_mode or ""
