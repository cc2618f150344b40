"""Which workloads and decisions an object of a kind that is not modelled could touch: by selector, context and parent.

Source: Istio, pilot/pkg/model, EnvoyFilterWrapper and EnvoyFilters; pilot/pkg/config/kube/gateway, routes of the mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from meshegress.decision import Decision
from meshegress.loading import UnmodelledObject
from meshegress.loading.unmodelled_scope import IDLE_PATCHES, EnvoyPatch, ParentRef, is_beyond_sidecars
from meshegress.naming import VIRTUAL_OUTBOUND, ClusterName
from meshegress.request import Workload

_HTTP_MANAGER = "envoy.filters.network.http_connection_manager"
_TCP_PROXY = "envoy.filters.network.tcp_proxy"
_VIRTUAL_OUTBOUND_PORT = 15001
_CLUSTER_DOMAIN = "cluster.local"

#: What patches are applied to, by where they are matched.
_OF_ROUTES = frozenset({"ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"})
_OF_HTTP = _OF_ROUTES | {"HTTP_FILTER"}


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whom an object of one kind reaches, given the root namespace, and which of their decisions it could change."""

    workloads: Callable[[UnmodelledObject, Workload, str], bool]
    decisions: Callable[[UnmodelledObject, Decision], bool]


def reaches(row: UnmodelledObject, workload: Workload, root_namespace: str) -> bool:
    """Return whether *row* could change some decision of *workload*."""
    reach = _REACH.get(row.kind)
    return reach is not None and reach.workloads(row, workload, root_namespace)


def touches(row: UnmodelledObject, decision: Decision) -> bool:
    """Return whether *row*, which reaches the workload, could change *decision* or a candidate of it."""
    reach = _REACH[row.kind]
    return any(reach.decisions(row, one) for one in (decision, *decision.candidates))


def _selects(row: UnmodelledObject, workload: Workload, root_namespace: str) -> bool:
    """Return whether the object's selector takes *workload*: in the root namespace it may be any."""
    scope = row.scope
    if row.namespace not in (workload.namespace, root_namespace) or scope.for_gateways:
        return False
    return scope.is_client_side and not set(scope.selector or ()) - set(workload.labels.items())


def _patches_some(row: UnmodelledObject, workload: Workload, root_namespace: str) -> bool:
    acts = bool(row.scope.patches) and not is_beyond_sidecars(row.kind, row.scope)
    return acts and _selects(row, workload, root_namespace)


def _is_client(row: UnmodelledObject, workload: Workload, _root: str) -> bool:
    """Return whether a route reaches *workload*: a producer's, beside its parent, all; a consumer's its own namespace.

    Routes whose parents are all gateways reach no sidecar.
    """
    return any(row.namespace in (parent.namespace, workload.namespace) for parent in row.scope.parents)


def _http_if_so(row: UnmodelledObject, decision: Decision) -> bool:
    return decision.route_config is not None or not row.scope.is_http_only


def _patched(row: UnmodelledObject, decision: Decision) -> bool:
    return any(
        _matches(one, decision) for one in row.scope.patches if one.is_outgoing and one.applies_to not in IDLE_PATCHES
    )


def _matches(patch: EnvoyPatch, decision: Decision) -> bool:
    """Return whether *patch* could apply to what *decision* went through."""
    if patch.applies_to == "CLUSTER":
        return _matches_cluster(patch, decision)
    if patch.applies_to in _OF_HTTP and decision.route_config is None:
        return False
    if patch.applies_to in _OF_ROUTES:
        return _matches_route(patch, decision)
    return _matches_listener(patch, decision)


def _matches_listener(patch: EnvoyPatch, decision: Decision) -> bool:
    name = decision.listener
    port = _VIRTUAL_OUTBOUND_PORT if name == VIRTUAL_OUTBOUND else _last_number(name, "_")
    is_http = decision.route_config is not None
    kinds = {_HTTP_MANAGER: is_http, _TCP_PROXY: not is_http}
    return (
        patch.listener in (None, name)
        and patch.listener_port in (0, port)
        and patch.filter_chain in (None, decision.filter_chain)
        and kinds.get(patch.network_filter or "", True)
    )


def _matches_route(patch: EnvoyPatch, decision: Decision) -> bool:
    return (
        patch.route_config in (None, decision.route_config)
        and patch.route_port in (0, _last_number(decision.route_config, ":"))
        and patch.virtual_host in (None, decision.virtual_host)
        and patch.route in (None, decision.route)
    )


def _matches_cluster(patch: EnvoyPatch, decision: Decision) -> bool:
    names = _clusters_of(decision)
    if patch.added is not None:
        return patch.added in names
    return any(_is_cluster(patch, name) for name in names)


def _is_cluster(patch: EnvoyPatch, name: str) -> bool:
    parsed = ClusterName.parse(name)
    port, service, subset = (parsed.port, parsed.host, parsed.subset) if parsed is not None else (0, None, None)
    return (
        patch.cluster in (None, name)
        and patch.cluster_port in (0, port)
        and patch.service in (None, service)
        and patch.subset in (None, subset)
    )


def _is_parents_http(row: UnmodelledObject, decision: Decision) -> bool:
    return decision.route_config is not None and _is_parents(row, decision)


def _is_parents_bytes(row: UnmodelledObject, decision: Decision) -> bool:
    return decision.route_config is None and _is_parents(row, decision)


def _is_parents(row: UnmodelledObject, decision: Decision) -> bool:
    return any(_goes_to(parent, decision) for parent in row.scope.parents)


def _goes_to(parent: ParentRef, decision: Decision) -> bool:
    """Return whether *decision* is on a request to *parent*: by its virtual host, its cluster, or whose word counts."""
    governor = decision.governed_by
    named = (parent.kind, parent.namespace, parent.name)
    every_port = parent.port == 0
    if governor is not None and (governor.kind, governor.namespace, governor.name) == named:
        return every_port or parent.port in {port for _, port in _places(decision)}
    host = parent.name if parent.kind == "Hostname" else f"{parent.name}.{parent.namespace}.svc.{_CLUSTER_DOMAIN}"
    return any(place == host and (every_port or port == parent.port) for place, port in _places(decision))


def _places(decision: Decision) -> Iterator[tuple[str, int]]:
    """Yield the hosts and ports that *decision* is about."""
    if decision.virtual_host is not None:
        host, _, port = decision.virtual_host.rpartition(":")
        yield host, int(port) if port.isdecimal() else 0
    for name in _clusters_of(decision):
        parsed = ClusterName.parse(name)
        if parsed is not None:
            yield parsed.host, parsed.port


def _clusters_of(decision: Decision) -> list[str]:
    return [one.cluster for one in decision.destinations] or ([decision.cluster] if decision.cluster else [])


def _last_number(name: str | None, separator: str) -> int:
    text = (name or "").rpartition(separator)[2]
    return int(text) if text.isdecimal() else 0


_PLUGIN = _Reach(_selects, _http_if_so)
_HTTP_ROUTE = _Reach(_is_client, _is_parents_http)
_BYTES_ROUTE = _Reach(_is_client, _is_parents_bytes)

#: Kinds that are not modelled and can change where requests go.
_REACH = {
    "EnvoyFilter": _Reach(_patches_some, _patched),
    "WasmPlugin": _PLUGIN,
    "TrafficExtension": _PLUGIN,
    "HTTPRoute": _HTTP_ROUTE,
    "GRPCRoute": _HTTP_ROUTE,
    "TLSRoute": _BYTES_ROUTE,
    "TCPRoute": _BYTES_ROUTE,
}
