"""The egress gateway as the documentation builds it, and ways to change it."""

from __future__ import annotations

from typing import Any

from meshegress import Mesh, Request, check

HOST = "api.ext.com"
GATEWAY = "istio-egressgateway.istio-system.svc.cluster.local"


def istio(kind: str, name: str, spec: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
    """Return an object of Istio."""
    group = "security" if kind == "PeerAuthentication" else "networking"
    return {
        "apiVersion": f"{group}.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": spec,
    }


def kube(kind: str, name: str, namespace: str, **rest: Any) -> dict[str, Any]:
    """Return an object of Kubernetes."""
    version = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
    labels = rest.pop("labels", {})
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": labels,
        "creationTimestamp": "2024-01-01T00:00:00Z",
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


SERVICE = kube(
    "Service",
    "istio-egressgateway",
    "istio-system",
    spec={
        "clusterIP": "10.96.0.20",
        "selector": {"istio": "egressgateway"},
        "ports": [
            {"name": "http2", "port": 80, "targetPort": 8080},
            {"name": "https", "port": 443, "targetPort": 8443},
        ],
    },
)
POD = kube(
    "Pod",
    "egress-0",
    "istio-system",
    labels={"istio": "egressgateway"},
    status={
        "phase": "Running",
        "podIP": "10.244.9.9",
        "conditions": [{"type": "Ready", "status": "True"}],
    },
)
SLICE = kube(
    "EndpointSlice",
    "istio-egressgateway-1",
    "istio-system",
    labels={"kubernetes.io/service-name": "istio-egressgateway"},
    addressType="IPv4",
    endpoints=[
        {
            "addresses": ["10.244.9.9"],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": "egress-0", "namespace": "istio-system"},
        }
    ],
    ports=[{"name": "http2", "port": 8080}, {"name": "https", "port": 8443}],
)
ENTRY = istio(
    "ServiceEntry",
    "ext",
    {
        "hosts": [HOST],
        "ports": [
            {"number": 80, "name": "http", "protocol": "HTTP"},
            {"number": 443, "name": "tls", "protocol": "TLS"},
        ],
        "resolution": "DNS",
    },
)


def gateway(*servers: dict[str, Any], selector: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the Gateway `istio-system/egress` with these *servers*."""
    chosen = {"istio": "egressgateway"} if selector is None else selector
    return istio("Gateway", "egress", {"selector": chosen, "servers": list(servers)}, "istio-system")


def server(number: int = 80, protocol: str = "HTTP", hosts: tuple[str, ...] = (HOST,), **rest: Any) -> dict[str, Any]:
    """Return a server of a Gateway."""
    return {"port": {"number": number, "name": f"p{number}", "protocol": protocol}, "hosts": list(hosts), **rest}


def rule(spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the DestinationRule for the gateway's Service, which has the subset `ext`."""
    return istio("DestinationRule", "gw", {"host": GATEWAY, "subsets": [{"name": "ext"}], **(spec or {})})


def through(**changes: Any) -> dict[str, Any]:
    """Return the VirtualService that leads the host over the gateway."""
    spec = {
        "hosts": [HOST],
        "gateways": ["mesh", "istio-system/egress"],
        "http": [
            {
                "match": [{"gateways": ["mesh"], "port": 80}],
                "route": [{"destination": {"host": GATEWAY, "subset": "ext", "port": {"number": 80}}}],
            },
            {
                "match": [{"gateways": ["istio-system/egress"], "port": 80}],
                "route": [{"destination": {"host": HOST, "port": {"number": 80}}}],
            },
        ],
        **changes,
    }
    return istio("VirtualService", "through", spec)


WHOLE = (SERVICE, POD, SLICE, ENTRY, gateway(server()), rule(), through())
REQUEST = Request.http(HOST, address="9.9.9.9")


def mesh_of(*changes: dict[str, Any], without: str = "") -> Mesh:
    """Return the mesh of the whole with *changes* in the place of what bears the same kind and name."""
    objects = {(one["kind"], one["metadata"]["name"]): one for one in (*WHOLE, *changes)}
    kept = [one for (kind, _), one in objects.items() if kind != without]
    return check(*kept)[0]
