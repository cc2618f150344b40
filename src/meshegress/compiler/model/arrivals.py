"""In which order istiod reads EndpointSlices: before or after the Services and Pods that they belong to.

Nothing says which, so where an answer depends on it both are tried.

Source: Istio, pilot/pkg/serviceregistry/kube/controller, endpointslice.go, onEventInternal and getPod.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache

from meshegress.compiler.model.orders import TieOrder
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.services import Named, Service
from meshegress.resources import DestinationRule, Endpoints, EndpointSlice, Pod

_NOBODY = "~"
_SERVICE_NAME = "kubernetes.io/service-name"


def unannounced(services: Iterable[Service]) -> frozenset[Named]:
    """Return the Kubernetes Services exported to ``~``: istiod announces none of their endpoints when it reads them.

    When it reads the Service it takes those that it has read by then.
    """
    return frozenset(one.key for one in services if one.is_kubernetes and _NOBODY in one.export_to)


def arrival_orders(
    services: Collection[Service],
    virtual_services: Iterable[ResolvedVirtualService],
    slices: Collection[EndpointSlice],
    unsliced: Collection[Endpoints],
    pods: Collection[Pod],
    rules: Iterable[DestinationRule],
) -> tuple[TieOrder, ...]:
    """Return the orders of reading to try besides the natural one, in which Services and Pods are read first."""
    hidden = unannounced(services) if slices or unsliced else frozenset()
    of_services = bool(hidden) and _are_destinations(hidden, virtual_services)
    asks_labels = any(subset.labels for rule in rules for subset in rule.spec.subsets)
    of_pods = (asks_labels or any(one.node_local for one in services)) and _has_nameless_pods(slices, pods)
    wanted = ((of_services, False), (False, of_pods), (of_services, of_pods))
    found = dict.fromkeys(TieOrder(slices_before_services=one, slices_before_pods=other) for one, other in wanted)
    return tuple(order for order in found if order != TieOrder())


def _are_destinations(keys: Collection[Named], rows: Iterable[ResolvedVirtualService]) -> bool:
    """Return whether one of *keys* gets a cluster: some VirtualService sends the traffic of its own namespace there."""
    destinations = cache(lambda namespace: {host for row in rows for host in row.destinations(namespace)})
    return any(key.name in destinations(key.namespace) for key in keys)


def _has_nameless_pods(slices: Iterable[EndpointSlice], pods: Iterable[Pod]) -> bool:
    """Return whether a slice has the address of a Pod and does not name the Pod, as Kubernetes' own slices do."""
    addresses = {(pod.namespace, pod.status.pod_ip) for pod in pods}
    return any(found in addresses for found in _nameless(slices)) if addresses else False


def _nameless(slices: Iterable[EndpointSlice]) -> Iterator[tuple[str, str]]:
    for piece in slices:
        for row in piece.endpoints if _SERVICE_NAME in piece.metadata.labels else ():
            target = row.target_ref
            if not (isinstance(target, Mapping) and target.get("kind") == "Pod"):
                yield from ((piece.namespace, address) for address in row.addresses)
