"""What was loaded: the resources by kind, the mesh configuration, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from meshegress.findings import Source
from meshegress.resources import (
    DestinationRule,
    Endpoints,
    EndpointSlice,
    Gateway,
    KubernetesService,
    MeshConfig,
    Namespace,
    Pod,
    Resource,
    ServiceEntry,
    Sidecar,
    VirtualService,
    WorkloadEntry,
)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An object of a kind that could change decisions and is not modelled; *reach* says which ones."""

    kind: str
    namespace: str
    name: str
    where: Source
    reach: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSet:
    """Resources that Istio accepts, in document order, one tuple for each kind.

    ``skipped`` counts the documents of kinds that cannot matter, by apiVersion and kind.

    >>> ResourceSet().mesh_config.root_namespace
    'istio-system'
    """

    service_entries: tuple[ServiceEntry, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    workload_entries: tuple[WorkloadEntry, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    services: tuple[KubernetesService, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    pods: tuple[Pod, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    mesh_config: MeshConfig = field(default_factory=MeshConfig)
    mesh_config_source: Source | None = None
    skipped: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    unsupported: tuple[Unsupported, ...] = ()

    def with_changes(self, added: Iterable[Resource], removed: Iterable[Resource]) -> ResourceSet:
        """Return the set with *added* in place of what has the same kind, namespace and name, without *removed*."""
        new = {_identity(resource): resource for resource in added}
        gone = {_identity(resource) for resource in removed}
        kinds: dict[str, tuple[Resource, ...]] = {}
        for kind in {type(resource) for resource in new.values()} | {key[0] for key in gone}:
            present = {_identity(resource): resource for resource in getattr(self, FIELDS[kind])}
            fresh = {key: resource for key, resource in new.items() if key[0] is kind}
            kept = {**present, **fresh}
            kinds[FIELDS[kind]] = tuple(resource for key, resource in kept.items() if key not in gone or key in fresh)
        return replace(self, **kinds)  # type: ignore[arg-type]  # each tuple holds the kind of its field


def _identity(resource: Resource) -> tuple[type[Resource], str, str]:
    return type(resource), resource.namespace, resource.name


FIELDS: dict[type[Resource], str] = {
    ServiceEntry: "service_entries",
    Sidecar: "sidecars",
    VirtualService: "virtual_services",
    DestinationRule: "destination_rules",
    WorkloadEntry: "workload_entries",
    Gateway: "gateways",
    KubernetesService: "services",
    EndpointSlice: "endpoint_slices",
    Endpoints: "endpoints",
    Pod: "pods",
    Namespace: "namespaces",
}
"""The field of the set in which each kind stands."""


REACH: dict[tuple[str, str], str] = {
    ("networking.istio.io", "EnvoyFilter"): "anything: it rewrites the configuration of the workloads that it selects",
    ("networking.istio.io", "ProxyConfig"): "the proxy metadata of the workloads that it selects",
    ("networking.istio.io", "WorkloadGroup"): "nothing by itself: it is a template for WorkloadEntries",
    (
        "extensions.istio.io",
        "WasmPlugin",
    ): "requests of the workloads that it selects",
    ("extensions.istio.io", "TrafficExtension"): "requests of the workloads that it selects",
    ("telemetry.istio.io", "Telemetry"): "what is logged, not where requests go",
    ("security.istio.io", "AuthorizationPolicy"): "inbound requests; at a waypoint or gateway also outgoing ones",
    ("security.istio.io", "PeerAuthentication"): "inbound connections, and whether mTLS is used towards them",
    ("security.istio.io", "RequestAuthentication"): "inbound requests",
    ("gateway.networking.k8s.io", "HTTPRoute"): "HTTP requests to the services that are its parents",
    ("gateway.networking.k8s.io", "GRPCRoute"): "gRPC requests to the services that are its parents",
    ("gateway.networking.k8s.io", "TLSRoute"): "TLS connections to the services that are its parents",
    ("gateway.networking.k8s.io", "TCPRoute"): "connections to the services that are its parents",
    ("gateway.networking.k8s.io", "UDPRoute"): "nothing: a sidecar does not see UDP",
    ("gateway.networking.k8s.io", "Gateway"): "hosts that use it as their waypoint or egress gateway",
    ("gateway.networking.k8s.io", "BackendTLSPolicy"): "how connections to a service are secured",
    ("gateway.networking.k8s.io", "ListenerSet"): "gateways",
    ("gateway.networking.k8s.io", "ReferenceGrant"): "which routes may name services of other namespaces",
    ("gateway.networking.k8s.io", "GatewayClass"): "gateways",
}
"""What kinds that are known and not modelled could touch, by group and kind."""

GROUPS = ("istio.io", "gateway.networking.k8s.io")
"""The groups whose other kinds are reported, with a reach that is not known."""

UNKNOWN_REACH = "not known: this kind is not modelled"
