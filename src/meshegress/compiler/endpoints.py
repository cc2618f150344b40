"""Endpoints: what stands behind a service, pooled by namespace and host.

Pools are asked in two ways: clusters found by endpoint discovery ask by port *name* and want IP addresses; DNS
clusters and the listeners of single pods ask by port *number*, which Kubernetes endpoints answer through the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from meshegress.compiler.model.arrivals import unannounced
from meshegress.compiler.model.endpoint_index import EndpointIndex, is_ip
from meshegress.compiler.model.labels import NETWORK_LABEL, locality_of, with_topology
from meshegress.compiler.model.orders import TieOrder
from meshegress.compiler.model.services import Endpoint, Named, Service, ServiceResolution
from meshegress.compiler.model.unlisted import SERVICE_NAME, find_unlisted, pod_name, pods_as_endpoints, selected_labels
from meshegress.resources import Endpoints, EndpointSlice, KubernetesService, Pod, ServiceEntry, WorkloadEntry
from meshegress.resources.kubernetes import SliceEndpoint

UNIX = "unix://"
_HEALTH_CHECKS = "proxy.istio.io/health-checks-enabled"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True, slots=True)
class _Workload:
    """A Pod or a WorkloadEntry as a thing that selectors pick; ``order`` sorts Pods first."""

    order: tuple[int, str]
    namespace: str
    address: str
    labels: Mapping[str, str]
    ports: Mapping[str, int]
    network: str
    pod: Pod | None = None


def collect_endpoints(
    services: Sequence[Service],
    *,
    slices: Sequence[EndpointSlice],
    unsliced: Iterable[Endpoints],
    workload_entries: Iterable[WorkloadEntry],
    pods: Iterable[Pod],
    domain: str,
    empty_selector_takes_all: bool,
    names_itself: Callable[[str], bool],
    order: TieOrder,
    is_complete: bool,
) -> EndpointIndex:
    """Return the pools behind *services*; a DNS entry without endpoints has its host for one, if that *names_itself*.

    *order* says whether slices were read before Services and Pods. Unless the input *is_complete*, what was not given
    is not known: see :mod:`meshegress.compiler.model.unlisted`.

    Source: Istio, pilot/pkg/serviceregistry, serviceentry and kube/controller.
    """
    pods, unsliced, workload_entries = tuple(pods), tuple(unsliced), tuple(workload_entries)
    workloads = _workloads(workload_entries, pods)
    pools: dict[Named, list[Endpoint]] = {}
    taken: dict[Named, set[int]] = {}
    for service in services:
        if service.is_kubernetes or (not empty_selector_takes_all and _selects_nothing(service)):
            continue
        endpoints = _of_entry(service, workloads, names_itself)
        if service.resolution is ServiceResolution.DNS_ROUND_ROBIN_LB:
            endpoints = _first_of_each_port(endpoints, taken.get(service.key, set()))
        found = list(endpoints)
        if found:
            pools.setdefault(service.key, []).extend(found)
            taken.setdefault(service.key, set()).update(endpoint.port_number for endpoint in found)
    given = _GivenPods.of(pods, services, domain, is_complete=is_complete, knows_addresses=not order.slices_before_pods)
    sliced = _once_each(_of_slices(slices, given))
    unread = frozenset() if order.slices_before_services else unannounced(services)
    for key, endpoint in (*sliced, *_of_endpoints(unsliced, slices, given)):
        if key not in unread:
            pools.setdefault(key, []).append(endpoint)
    for service in services:
        if service.is_kubernetes and service.selector and service.resolution is ServiceResolution.CLIENT_SIDE_LB:
            for endpoint in _selected_by_kubernetes(service, workloads):
                pools.setdefault(service.key, []).append(endpoint)
    if is_complete:
        return EndpointIndex.of_services(pools, services)
    unlisted = find_unlisted(services, slices=slices, endpoints=unsliced, workload_entries=workload_entries, pods=pods)
    for key, endpoint in _of_ready_pods([one for one in services if one.key in unlisted], pods):
        pools.setdefault(key, []).append(endpoint)
    return EndpointIndex.of_services(pools, services, unlisted)


def _of_ready_pods(unlisted: Iterable[Service], pods: Iterable[Pod]) -> Iterator[tuple[Named, Endpoint]]:
    """Yield the ready Pods that Kubernetes Services select whose endpoints were not given."""
    chosen = [service for service in unlisted if service.is_kubernetes]
    ready = [(pod, _pod_labels(pod)) for pod in pods if _takes_traffic(pod)] if chosen else ()
    for service in chosen:
        for endpoint in pods_as_endpoints(service, ready):
            yield service.key, endpoint


def _selects_nothing(service: Service) -> bool:
    """Return whether the entry of *service* has a selector that asks for no label."""
    entry = service.resource
    assert isinstance(entry, ServiceEntry)
    return entry.spec.workload_selector is not None and not entry.spec.workload_selector.labels


def _of_entry(
    service: Service, workloads: Mapping[str, Sequence[_Workload]], names_itself: Callable[[str], bool]
) -> Iterator[Endpoint]:
    entry = service.resource
    assert isinstance(entry, ServiceEntry)
    spec = entry.spec
    if spec.workload_selector is not None:
        wanted = spec.workload_selector.labels.items()
        for workload in workloads.get(service.namespace, ()):
            if workload.labels.items() >= wanted and (service.resolution.is_dns or is_ip(workload.address)):
                yield from _on_every_port(
                    service, workload.address, workload.labels, workload.ports, workload.network, workload.pod
                )
    elif spec.endpoints:
        for row in spec.endpoints:
            labels = _entry_labels(row.labels, row.locality, row.network)
            yield from _on_every_port(service, row.address, labels, row.ports, row.network)
    elif service.resolution.is_dns and names_itself(service.hostname):
        yield from _on_every_port(service, service.hostname, {}, {})


def _on_every_port(
    service: Service,
    address: str,
    labels: Mapping[str, str],
    ports: Mapping[str, int],
    network: str = "",
    pod: Pod | None = None,
) -> Iterator[Endpoint]:
    entry = service.resource
    assert isinstance(entry, ServiceEntry)
    socket = address.startswith(UNIX)
    numeric = is_ip(address)
    for port in service.ports:
        declared = entry.spec.ports[port.place]
        target = 0 if socket else ports.get(port.name) or declared.target_port or port.number
        shown = address.removeprefix(UNIX)
        healthy = None if pod is None else True
        yield Endpoint(shown, port.name, port.number, target, labels, numeric, healthy, pod_name(pod), network=network)


def _first_of_each_port(endpoints: Iterable[Endpoint], taken: set[int]) -> Iterator[Endpoint]:
    for endpoint in endpoints:
        if endpoint.port_number not in taken:
            taken = taken | {endpoint.port_number}
            yield endpoint


def _workloads(entries: Iterable[WorkloadEntry], pods: Iterable[Pod]) -> dict[str, list[_Workload]]:
    found: dict[str, list[_Workload]] = {}
    for pod in filter(_takes_traffic, pods):
        row = _Workload((0, pod.name), pod.namespace, pod.status.pod_ip, _pod_labels(pod), {}, _network_of(pod), pod)
        found.setdefault(pod.namespace, []).append(row)
    for entry in entries:
        if _is_healthy(entry):
            own = {**entry.spec.labels, **entry.metadata.labels}
            labels = _entry_labels(own, entry.spec.locality, entry.spec.network)
            row = _Workload(
                (1, entry.name), entry.namespace, entry.spec.address, labels, entry.spec.ports, entry.spec.network
            )
            found.setdefault(entry.namespace, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.order)
    return found


def _takes_traffic(pod: Pod) -> bool:
    """Return whether *pod* has an address, is ready, and neither ended nor about to."""
    status = pod.status
    ended = status.phase in ("Failed", "Succeeded") or pod.metadata.deletion_timestamp is not None
    ready = any(row.type == "Ready" and row.status == "True" for row in status.conditions)
    return bool(status.pod_ip) and ready and not ended


def _network_of(pod: Pod | None) -> str:
    return pod.metadata.labels.get(NETWORK_LABEL, "") if pod is not None else ""


def _pod_labels(pod: Pod | None) -> Mapping[str, str]:
    return with_topology(pod.metadata.labels, node=pod.spec.node_name) if pod is not None else with_topology({})


def _entry_labels(labels: Mapping[str, str], locality: str, network: str) -> Mapping[str, str]:
    return with_topology(labels, locality=locality or locality_of(labels), network=network)


def _is_healthy(entry: WorkloadEntry) -> bool:
    if entry.metadata.annotations.get(_HEALTH_CHECKS) not in _TRUE:
        return True
    return any(row.type == "Healthy" and row.status == "True" for row in entry.status.conditions)


@dataclass(frozen=True, slots=True)
class _GivenPods:
    """The Pods that were given, by name and by address, and which labels are known of those that were not.

    ``selected`` is what Kubernetes Services select by, where the input is not complete: labels of all Pods behind them.
    """

    domain: str
    by_name: Mapping[tuple[str, str], Pod]
    by_address: Mapping[tuple[str, str], Pod]
    addressed: frozenset[tuple[str, str]]
    selected: Mapping[Named, Mapping[str, str]]
    is_complete: bool

    @staticmethod
    def of(
        pods: Iterable[Pod], services: Sequence[Service], domain: str, *, is_complete: bool, knows_addresses: bool
    ) -> _GivenPods:
        pods = tuple(pods)
        ready = {(pod.namespace, pod.status.pod_ip): pod for pod in pods if _takes_traffic(pod)}
        selected = {} if is_complete else selected_labels(services)
        by_name = {(pod.namespace, pod.name): pod for pod in pods}
        by_address = ready if knows_addresses else {}
        return _GivenPods(domain, by_name, by_address, frozenset(ready), selected, is_complete)

    def key(self, namespace: str, service: str) -> Named:
        """Return the key of the endpoints of *service*."""
        return Named(namespace, f"{service}.{namespace}.svc.{self.domain}")

    def knows_labels_of(self, key: Named, address: str, *, is_named: bool) -> bool:
        """Return whether an endpoint without a Pod has no labels, and not those of a Pod that was not given."""
        if self.is_complete:
            return True
        return not is_named and (key not in self.selected or (key.namespace, address) in self.addressed)


def _of_slices(slices: Iterable[EndpointSlice], given: _GivenPods) -> Iterator[tuple[Named, Endpoint]]:
    """Yield what slices say; a complete input has no endpoint whose Pod it lacks."""
    for piece in slices:
        service = piece.metadata.labels.get(SERVICE_NAME, "")
        if not service or piece.address_type == "FQDN":
            continue
        key = given.key(piece.namespace, service)
        rows = ((row, address) for row in piece.endpoints for address in row.addresses)
        for row, address in rows:
            target = row.target_ref
            expected = isinstance(target, Mapping) and target.get("kind") == "Pod"
            pod = (
                given.by_name.get((target.get("namespace"), target.get("name")))
                if expected
                else given.by_address.get((piece.namespace, address))
            )
            if pod is None and expected and given.is_complete:
                continue
            is_known = pod is not None or given.knows_labels_of(key, address, is_named=expected)
            for endpoint in _on_slice_ports(piece, row, address, pod):
                yield key, endpoint if is_known else _with_unknown_labels(endpoint, given.selected.get(key, {}))


def _with_unknown_labels(endpoint: Endpoint, known: Mapping[str, str]) -> Endpoint:
    return replace(endpoint, labels=with_topology(known), knows_labels=False)


def _once_each(rows: Iterable[tuple[Named, Endpoint]]) -> Iterator[tuple[Named, Endpoint]]:
    """Yield the first of those of one service that have one address and port name."""
    seen: set[tuple[Named, str, str]] = set()
    for key, endpoint in rows:
        known = (key, endpoint.address, endpoint.port_name)
        if known not in seen:
            seen.add(known)
            yield key, endpoint


def _of_endpoints(
    rows: Iterable[Endpoints], slices: Iterable[EndpointSlice], given: _GivenPods
) -> Iterator[tuple[Named, Endpoint]]:
    """Yield what Endpoints say where no slice does: a cluster writes slices for them."""
    sliced = {(piece.namespace, piece.metadata.labels.get(SERVICE_NAME, "")) for piece in slices}
    for row in rows:
        if (row.namespace, row.name) in sliced:
            continue
        key = given.key(row.namespace, row.name)
        for subset in row.subsets:
            states = [(address.ip, True) for address in subset.addresses]
            states += [(address.ip, False) for address in subset.not_ready_addresses]
            for (address, ready), port in product(states, subset.ports):
                labels = with_topology({})
                endpoint = Endpoint(address, port.name or "", 0, port.port or 0, labels, is_ip(address), ready)
                is_known = given.knows_labels_of(key, address, is_named=False)
                yield key, endpoint if is_known else _with_unknown_labels(endpoint, given.selected.get(key, {}))


def _on_slice_ports(piece: EndpointSlice, row: SliceEndpoint, address: str, pod: Pod | None) -> Iterator[Endpoint]:
    labels = _pod_labels(pod)
    node = pod.spec.node_name if pod is not None else ""
    ready = row.conditions.ready is not False
    name, network = pod_name(pod), _network_of(pod)
    for port in piece.ports:
        target = port.port or 0
        yield Endpoint(address, port.name or "", 0, target, labels, is_ip(address), ready, name, node, network)


def _selected_by_kubernetes(service: Service, workloads: Mapping[str, Sequence[_Workload]]) -> Iterator[Endpoint]:
    """Yield the WorkloadEntries that a Kubernetes Service selects; its Pods come through slices."""
    kubernetes = service.resource
    assert isinstance(kubernetes, KubernetesService)
    wanted = (service.selector or {}).items()
    for workload in workloads.get(service.namespace, ()):
        if workload.pod is not None or not workload.labels.items() >= wanted or not is_ip(workload.address):
            continue
        for port in service.firsts:
            declared = kubernetes.spec.ports[port.place].target_port
            if isinstance(declared, str):
                target = workload.ports.get(declared, 0)
            else:
                target = workload.ports.get(port.name) or declared or port.number
            if target:
                yield Endpoint(workload.address, port.name, 0, target, workload.labels)
