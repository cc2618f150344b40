"""The gateway that was not given: charts install it, so Git holds neither its Pods nor, often, its Service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshegress.loading import ResourceSet
from meshegress.naming import ClusterName
from meshegress.resources import KubernetesService, Pod

GATEWAY_ASSUMED = "gateway_assumed"
_CLUSTER = ".svc.cluster.local"
_LABELS = {"istio": "egressgateway"}
#: What the gateway chart of Istio opens: port, name, and the port that the Pod listens on.
_PORTS = ((80, "http2", 8080), (443, "https", 8443), (15443, "tls", 15443))
_SERVICE_ADDRESS, _POD_ADDRESS = "192.0.2.253", "192.0.2.254"


@dataclass(frozen=True, slots=True)
class AssumedGateway:
    """A gateway as it would be: the objects that were not given, if any, its Pod's name, and what is assumed."""

    objects: tuple[Mapping[str, Any], ...]
    pod: str
    reason: str


def assumed_gateway(cluster: str, resources: ResourceSet) -> AssumedGateway | None:
    """Return the gateway behind *cluster*, with what of it was not given as it would be; None where it can be none.

    >>> assumed_gateway("outbound|80||a.com", ResourceSet()) is None
    True
    """
    parsed = ClusterName.parse(cluster)
    if parsed is None or not parsed.host.endswith(_CLUSTER):
        return None
    name, _, namespace = parsed.host.removesuffix(_CLUSTER).partition(".")
    service = next((one for one in resources.services if (one.namespace, one.name) == (namespace, name)), None)
    if service is not None and not service.spec.selector:
        return None
    labels = dict(service.spec.selector) if service is not None else _LABELS
    ports = tuple(_ports_of(service)) if service is not None else _PORTS
    known = _address_behind(resources, namespace, name)
    pod = next((one for one in resources.pods if _is_of(one, namespace, labels, known)), None)
    address = pod.status.pod_ip if pod is not None else known or _POD_ADDRESS
    pod_name = pod.name if pod is not None else f"{name}-assumed"
    missing = {
        "its Service": _service(namespace, name, labels) if service is None else None,
        "its Pods": _pod(namespace, pod_name, labels, address) if pod is None else None,
        "its endpoints": _slice(namespace, name, address, pod_name, ports) if known is None else None,
    }
    shown = ", ".join(f"{key}={value}" for key, value in labels.items())
    opened = ", ".join(f"{port}>{target}" for port, _, target in ports)
    lacks = " and ".join(what for what, written in missing.items() if written is not None)
    reason = f"of gateway `{namespace}/{name}` {lacks} were not given: labels {shown}, ports {opened} are assumed"
    objects = tuple(written for written in missing.values() if written is not None)
    return AssumedGateway(objects, f"{namespace}/{pod_name}", reason)


def _address_behind(resources: ResourceSet, namespace: str, name: str) -> str | None:
    """Return the first address that slices or Endpoints give for a Service."""
    for piece in resources.endpoint_slices:
        if piece.namespace == namespace and piece.metadata.labels.get("kubernetes.io/service-name") == name:
            for row in piece.endpoints:
                return next(iter(row.addresses), None)
    for known in resources.endpoints:
        if (known.namespace, known.name) == (namespace, name):
            return next((address.ip for subset in known.subsets for address in subset.addresses), None)
    return None


def _is_of(pod: Pod, namespace: str, labels: Mapping[str, str], address: str | None) -> bool:
    if pod.namespace != namespace or not pod.status.pod_ip:
        return False
    return pod.status.pod_ip == address if address else pod.metadata.labels.items() >= labels.items()


def _ports_of(service: KubernetesService) -> Iterator[tuple[int, str, int]]:
    for port in service.spec.ports:
        target = port.target_port
        yield port.port, port.name, target if isinstance(target, int) and target else port.port


def _slice(
    namespace: str, name: str, address: str, pod: str, ports: tuple[tuple[int, str, int], ...]
) -> Mapping[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-assumed",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv6" if ":" in address else "IPv4",
        "endpoints": [
            {
                "addresses": [address],
                "conditions": {"ready": True},
                "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
            }
        ],
        "ports": [{"name": name, "port": target, "protocol": "TCP"} for _, name, target in ports],
    }


def _pod(namespace: str, name: str, labels: Mapping[str, str], address: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "status": {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def _service(namespace: str, name: str, labels: Mapping[str, str]) -> Mapping[str, Any]:
    ports = [{"name": shown, "port": port, "targetPort": target} for port, shown, target in _PORTS]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": _SERVICE_ADDRESS, "selector": dict(labels), "ports": ports},
    }
