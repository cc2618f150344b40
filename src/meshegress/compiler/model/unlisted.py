"""Services whose endpoints were not given, where what was not given is not known.

The cluster's own controller makes slices for each Service that has a selector, so Git has none. A ready Pod that the
selector matches counts as an endpoint, as the controller would have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from meshegress.compiler.model.endpoint_index import Unlisted
from meshegress.compiler.model.labels import NETWORK_LABEL
from meshegress.compiler.model.services import Endpoint, Named, Service, ServiceResolution
from meshegress.resources import Endpoints, EndpointSlice, KubernetesService, Pod, ServiceEntry, WorkloadEntry

SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLER = "endpointslice-controller.k8s.io"


def find_unlisted(
    services: Iterable[Service],
    *,
    slices: Iterable[EndpointSlice],
    endpoints: Iterable[Endpoints],
    workload_entries: Iterable[WorkloadEntry],
    pods: Iterable[Pod],
) -> Mapping[Named, Unlisted]:
    """Return those of *services* whose endpoints nobody lists, by the key under which they would be pooled.

    Where a namespace has slices of the cluster's controller, each of its Services has one that was made.
    """
    slices = tuple(slices)
    listed = {(row.namespace, row.metadata.labels.get(SERVICE_NAME, "")) for row in slices}
    listed |= {(row.namespace, row.name) for row in endpoints}
    controlled = {row.namespace for row in slices if row.metadata.labels.get(_MANAGED_BY) == _CONTROLLER}
    inhabited = {row.namespace for row in (*workload_entries, *pods)}
    found: dict[Named, Unlisted] = {}
    for service in services:
        if not service.selector or service.resolution is ServiceResolution.ALIAS:
            continue
        if service.is_kubernetes:
            if (service.namespace, service.object_name) not in listed and service.namespace not in controlled:
                found[service.key] = _of_service(service)
        elif service.namespace not in inhabited:
            found.setdefault(service.key, _of_entry(service))
    return found


def _of_service(service: Service) -> Unlisted:
    name = f"{service.namespace}/{service.object_name}"
    return Unlisted(
        service.selector or {}, f"no EndpointSlice of Service `{name}` was given, so it counts as having some"
    )


def _of_entry(service: Service) -> Unlisted:
    assert isinstance(service.resource, ServiceEntry)
    who = f"{service.resource.subject} selects workloads of namespace `{service.namespace}`"
    reason = f"{who}, of which neither WorkloadEntries nor Pods were given, so it counts as having some"
    return Unlisted(service.selector or {}, reason)


def pods_as_endpoints(service: Service, pods: Iterable[tuple[Pod, Mapping[str, str]]]) -> Iterator[Endpoint]:
    """Yield an endpoint for each port of a Kubernetes *service* and each of the ready *pods* that it selects.

    Beside each Pod stand its labels as endpoints have them.
    """
    kubernetes = service.resource
    assert isinstance(kubernetes, KubernetesService)
    wanted = (service.selector or {}).items()
    for pod, labels in pods:
        if pod.namespace != service.namespace or not pod.metadata.labels.items() >= wanted:
            continue
        for port in service.firsts:
            declared = kubernetes.spec.ports[port.place].target_port
            target = _container_port(pod, declared) if isinstance(declared, str) else declared
            yield Endpoint(
                pod.status.pod_ip,
                port.name,
                0,
                target or port.number,
                labels,
                healthy=True,
                pod_name=pod_name(pod),
                node=pod.spec.node_name,
                network=pod.metadata.labels.get(NETWORK_LABEL, ""),
                pod=f"{pod.namespace}/{pod.name}",
            )


def _container_port(pod: Pod, name: str) -> int:
    """Return the port that a container of *pod* calls *name*; not every Pod says."""
    ports = (port for container in pod.spec.containers for port in container.ports)
    return next((port.container_port for port in ports if port.name == name), 0)


def pod_name(pod: Pod | None) -> str:
    """Return the name of *pod* below its service's namespace, empty where it has no subdomain."""
    if pod is None or not pod.spec.subdomain:
        return ""
    return f"{pod.spec.hostname or pod.name}.{pod.spec.subdomain}"


def selected_labels(services: Sequence[Service]) -> Mapping[Named, Mapping[str, str]]:
    """Return what each of the Kubernetes *services* selects by: labels that every Pod behind it has."""
    return {service.key: service.selector for service in services if service.is_kubernetes and service.selector}
