"""What people write: one module for each kind, shape only, with Istio's names and `camelCase` on the wire."""

from __future__ import annotations

from meshegress.resources._message import Message, SourceLookup, Support
from meshegress.resources.destination_rule import DestinationRule
from meshegress.resources.gateway import Gateway
from meshegress.resources.kubernetes import Endpoints, EndpointSlice, KubernetesService, Namespace, Pod
from meshegress.resources.mesh_config import MeshConfig
from meshegress.resources.metadata import ObjectMeta, Resource
from meshegress.resources.peer_authentication import PeerAuthentication
from meshegress.resources.proxy_config import ProxyConfigResource
from meshegress.resources.service_entry import ServiceEntry
from meshegress.resources.sidecar import Sidecar
from meshegress.resources.virtual_service import VirtualService
from meshegress.resources.workload_entry import WorkloadEntry

NETWORKING = "networking.istio.io"
NETWORKING_VERSIONS = ("v1", "v1beta1", "v1alpha3")

ISTIO_KINDS: dict[str, type[Resource]] = {
    kind.__name__: kind for kind in (ServiceEntry, Sidecar, VirtualService, DestinationRule, WorkloadEntry, Gateway)
}
"""The kinds of ``networking.istio.io``, whose versions have one shape."""

KUBERNETES_KINDS: dict[tuple[str, str], type[Resource]] = {
    ("v1", "Service"): KubernetesService,
    ("v1", "Endpoints"): Endpoints,
    ("v1", "Pod"): Pod,
    ("v1", "Namespace"): Namespace,
    ("discovery.k8s.io/v1", "EndpointSlice"): EndpointSlice,
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): EndpointSlice,
}
"""The kinds of Kubernetes that shape a sidecar's view, by apiVersion and kind."""

SECURITY_KINDS: dict[tuple[str, str], type[Resource]] = {
    (f"security.istio.io/{version}", "PeerAuthentication"): PeerAuthentication for version in ("v1", "v1beta1")
}
"""The kinds of ``security.istio.io`` that say how clients connect."""

KINDS: dict[tuple[str, str], type[Resource]] = {
    **{
        (f"{NETWORKING}/{version}", name): kind for name, kind in ISTIO_KINDS.items() for version in NETWORKING_VERSIONS
    },
    (f"{NETWORKING}/v1beta1", "ProxyConfig"): ProxyConfigResource,
    **KUBERNETES_KINDS,
    **SECURITY_KINDS,
}
"""Every modelled kind, by apiVersion and kind."""

__all__ = [
    "ISTIO_KINDS",
    "KINDS",
    "KUBERNETES_KINDS",
    "DestinationRule",
    "EndpointSlice",
    "Endpoints",
    "Gateway",
    "KubernetesService",
    "MeshConfig",
    "Message",
    "Namespace",
    "ObjectMeta",
    "PeerAuthentication",
    "Pod",
    "ProxyConfigResource",
    "Resource",
    "ServiceEntry",
    "Sidecar",
    "SourceLookup",
    "Support",
    "VirtualService",
    "WorkloadEntry",
]
