"""What was loaded: the resources by kind, the mesh configuration, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

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
class UnmodelledObject:
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
    unsupported: tuple[UnmodelledObject, ...] = ()

    def each(self) -> Iterator[Resource]:
        """Give every resource, kind by kind."""
        for name in FIELDS.values():
            yield from getattr(self, name)

    def with_changes(self, added: ResourceSet, removed: ResourceSet) -> tuple[ResourceSet, list[Resource]]:
        """Return the set with *added* in place of what has the same kind, namespace and name, without *removed*.

        Beside it stand the resources of this set that are not in it any more. A mesh configuration among what is
        *added* takes the place of this one.
        """
        changed: dict[str, Any] = {}
        gone: list[Resource] = []
        for name in FIELDS.values():
            rows: tuple[Resource, ...] = getattr(self, name)
            new: dict[Identity, Resource | None] = {_identity(row): None for row in getattr(removed, name)}
            new |= {_identity(row): row for row in getattr(added, name)}
            if new:
                changed[name], left = _exchanged(rows, new)
                gone += left
        if added.mesh_config_source is not None:
            changed |= {"mesh_config": added.mesh_config, "mesh_config_source": added.mesh_config_source}
        others = {_unsupported(row) for row in (*added.unsupported, *removed.unsupported)}
        kept = [row for row in self.unsupported if _unsupported(row) not in others]
        return replace(self, **changed, unsupported=(*kept, *added.unsupported)), gone


def _exchanged(
    rows: tuple[Resource, ...], new: dict[Identity, Resource | None]
) -> tuple[tuple[Resource, ...], list[Resource]]:
    """Return *rows* of one kind with what is *new* under their names, and those that are gone."""
    names = {name for _, name in new}
    # Names first: of very many rows this is what is asked of all.
    places = [place for place, row in enumerate(rows) if row.metadata.name in names]
    found: list[Resource | None] = list(rows)
    gone: list[Resource] = []
    for place in places:
        identity = _identity(rows[place])
        if identity in new:
            found[place] = new.pop(identity)
            gone.append(rows[place])
    return tuple([row for row in (*found, *new.values()) if row is not None]), gone


def _unsupported(row: UnmodelledObject) -> tuple[str, str, str]:
    return row.kind, row.namespace, row.name


Identity = tuple[str, str]


def _identity(resource: Resource) -> Identity:
    return resource.namespace, resource.name


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
