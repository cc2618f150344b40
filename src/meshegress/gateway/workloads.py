"""Find gateway proxies: the one that somebody names by its Service or a Pod, and all that a mesh has."""

from __future__ import annotations

from meshegress.loading import DEFAULT_NAMESPACE, ResourceSet
from meshegress.request import Workload
from meshegress.resources import Pod


def gateway_workload(named: str, resources: ResourceSet) -> Workload:
    """Return the workload behind *named*, ``NAMESPACE/NAME`` of a Service or a Pod.

    A Service stands for the first Pod that it selects; without Pods, for one with the labels of its selector. A name
    that nothing bears is a proxy without labels.

    >>> gateway_workload("istio-system/egress", ResourceSet()).namespace
    'istio-system'
    """
    namespace, _, name = named.rpartition("/")
    namespace = namespace or DEFAULT_NAMESPACE
    for service in resources.services:
        if (service.namespace, service.name) == (namespace, name):
            selector = service.spec.selector
            pods = sorted(
                (pod for pod in resources.pods if _selects(selector, namespace, pod)), key=lambda pod: pod.name
            )
            if pods and selector:
                return _workload_of(pods[0])
            return Workload(namespace, labels=dict(selector))
    for pod in resources.pods:
        if (pod.namespace, pod.name) == (namespace, name):
            return _workload_of(pod)
    return Workload(namespace)


def gateways_of(resources: ResourceSet) -> dict[str, Workload]:
    """Return the Pods that some Gateway with a selector selects, by ``namespace/name``.

    >>> gateways_of(ResourceSet())
    {}
    """
    selectors = [gateway.spec.selector.items() for gateway in resources.gateways if gateway.spec.selector]
    return {
        f"{pod.namespace}/{pod.name}": _workload_of(pod)
        for pod in resources.pods
        if any(pod.metadata.labels.items() >= selector for selector in selectors)
    }


def _selects(selector: dict[str, str], namespace: str, pod: Pod) -> bool:
    return pod.namespace == namespace and pod.metadata.labels.items() >= selector.items()


def _workload_of(pod: Pod) -> Workload:
    addresses = tuple(row.ip for row in pod.status.pod_ips) or ((pod.status.pod_ip,) if pod.status.pod_ip else ())
    labels = dict(pod.metadata.labels)
    return Workload(pod.namespace, labels=labels, addresses=addresses) if addresses else Workload(pod.namespace, labels)
