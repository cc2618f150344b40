"""Whom an object of a kind that is not modelled is for, as far as it says: selectors, contexts, parents.

Objects of such kinds are not judged, so every value may be of any shape; what is not as expected counts as not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OUTGOING = frozenset({"ANY", "SIDECAR_OUTBOUND"})
_GATEWAY_API = "gateway.networking.k8s.io"


@dataclass(frozen=True, slots=True)
class EnvoyPatch:
    """One patch of an EnvoyFilter: what it is applied to, in which context, and the names that it matches.

    None, or 0, is a name or port that the patch does not ask for. ``added`` is the cluster that it adds.
    """

    applies_to: str
    is_outgoing: bool
    listener: str | None = None
    listener_port: int = 0
    filter_chain: str | None = None
    network_filter: str | None = None
    route_config: str | None = None
    route_port: int = 0
    virtual_host: str | None = None
    route: str | None = None
    cluster: str | None = None
    cluster_port: int = 0
    service: str | None = None
    subset: str | None = None
    added: str | None = None


@dataclass(frozen=True, slots=True)
class ParentRef:
    """What a route of the Gateway API is attached to; a ``port`` of 0 stands for all."""

    kind: str
    namespace: str
    name: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class UnmodelledScope:
    """Whom an object is for: what it selects, patches and is attached to; what it does not say is None or empty.

    ``for_gateways`` tells that it names gateways or waypoints as its targets. ``class_name`` is that of a Gateway,
    ``is_client_side`` tells that it takes part in outgoing traffic.
    """

    selector: tuple[tuple[str, str], ...] | None = None
    for_gateways: bool = False
    patches: tuple[EnvoyPatch, ...] = ()
    parents: tuple[ParentRef, ...] = ()
    class_name: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    is_client_side: bool = True
    is_http_only: bool = False


def scope_of(kind: str, value: Mapping[str, Any], namespace: str) -> UnmodelledScope:
    """Return whom the object *value* of *kind* in *namespace* is for."""
    spec = _mapping(value.get("spec"))
    selector = _mapping(spec.get("workloadSelector")) or _mapping(spec.get("selector"))
    labels = _mapping(selector.get("labels")) or _mapping(selector.get("matchLabels"))
    return UnmodelledScope(
        selector=_pairs(labels) or None,
        for_gateways=bool(spec.get("targetRefs") or spec.get("targetRef")),
        patches=tuple(_patches(spec)) if kind == "EnvoyFilter" else (),
        parents=tuple(_parents(spec, namespace)),
        class_name=_text(spec.get("gatewayClassName")) or "",
        labels=_pairs(_mapping(_mapping(value.get("metadata")).get("labels"))),
        is_client_side=_is_client_side(spec),
        is_http_only=kind == "WasmPlugin" and spec.get("type") != "NETWORK",
    )


#: An extension's configuration does nothing unless a filter asks for it.
IDLE_PATCHES = frozenset({"EXTENSION_CONFIG"})
_ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"})


def is_beyond_sidecars(kind: str, scope: UnmodelledScope) -> bool:
    """Tell whether an object of *kind* says itself that it is for gateways or inbound traffic alone.

    >>> is_beyond_sidecars("HTTPRoute", UnmodelledScope()), is_beyond_sidecars("EnvoyFilter", UnmodelledScope())
    (True, False)
    """
    if kind == "EnvoyFilter":
        acts = any(patch.is_outgoing and patch.applies_to not in IDLE_PATCHES for patch in scope.patches)
        return scope.for_gateways or (bool(scope.patches) and not acts)
    return kind in _ROUTES and not scope.parents


def _is_client_side(spec: Mapping[str, Any]) -> bool:
    """Return whether some traffic that a plugin selects is outgoing; without selectors all is."""
    modes = [_mapping(row).get("mode", "CLIENT_AND_SERVER") for row in _items(spec.get("match"))]
    return not modes or any(mode != "SERVER" for mode in modes)


def _patches(spec: Mapping[str, Any]) -> Iterator[EnvoyPatch]:
    for row in map(_mapping, _items(spec.get("configPatches"))):
        match, patch = _mapping(row.get("match")), _mapping(row.get("patch"))
        listener = _mapping(match.get("listener"))
        chain = _mapping(listener.get("filterChain"))
        routes = _mapping(match.get("routeConfiguration"))
        host = _mapping(routes.get("vhost"))
        cluster = _mapping(match.get("cluster"))
        adds_cluster = row.get("applyTo") == "CLUSTER" and patch.get("operation") == "ADD"
        yield EnvoyPatch(
            applies_to=_text(row.get("applyTo")) or "",
            is_outgoing=(_text(match.get("context")) or "ANY") in _OUTGOING,
            listener=_text(listener.get("name")),
            listener_port=_number(listener.get("portNumber")),
            filter_chain=_text(chain.get("name")),
            network_filter=_text(_mapping(chain.get("filter")).get("name")),
            route_config=_text(routes.get("name")),
            route_port=_number(routes.get("portNumber")),
            virtual_host=_text(host.get("name")),
            route=_text(_mapping(host.get("route")).get("name")),
            cluster=_text(cluster.get("name")),
            cluster_port=_number(cluster.get("portNumber")),
            service=_text(cluster.get("service")),
            subset=_text(cluster.get("subset")),
            added=(_text(_mapping(patch.get("value")).get("name")) or "") if adds_cluster else None,
        )


def _parents(spec: Mapping[str, Any], namespace: str) -> Iterator[ParentRef]:
    for row in map(_mapping, _items(spec.get("parentRefs"))):
        group = row.get("group", _GATEWAY_API)
        kind = _text(row.get("kind")) or "Gateway"
        if group in ("", None, "core") or (group == "networking.istio.io" and kind in ("ServiceEntry", "Hostname")):
            owner = _text(row.get("namespace")) or namespace
            yield ParentRef(kind, owner, _text(row.get("name")) or "", _number(row.get("port")))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int:
    return value if type(value) is int else 0


def _pairs(value: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(key), str(text)) for key, text in value.items()))
