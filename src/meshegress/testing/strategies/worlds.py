"""Strategies for worlds: resources of all kinds, each with a name and an age of its own, and a mesh configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from meshegress.resources import MeshConfig, Resource
from meshegress.resources.mesh_config import (
    LabelSelector,
    MatchRule,
    MeshOutboundMode,
    MeshOutboundTrafficPolicy,
    ServiceEntryVisibility,
    Visibility,
    VisibilityPolicy,
)
from meshegress.testing.strategies.gateways import gateways
from meshegress.testing.strategies.kubernetes import endpoint_slices, endpoints, kubernetes_services, namespaces, pods
from meshegress.testing.strategies.routing import delegates, destination_rules, virtual_services
from meshegress.testing.strategies.services import service_entries, workload_entries
from meshegress.testing.strategies.sidecars import sidecars
from meshegress.testing.strategies.vocabulary import ANY_NAME, LABELS, rarely, some

R = TypeVar("R", bound=Resource)

FIRST_DAY = 1_704_067_200
World = tuple[Resource | MeshConfig, ...]


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[Resource, ...]:
    """Draw a service and the routes for it, and what goes with them: a rule for it, or a delegate of the routes."""
    entry = draw(_ENTRIES)
    routes = draw(virtual_services((entry.spec.hosts[0],)))
    beside = draw(_BESIDE)
    if beside == "rule":
        return (entry, routes, draw(destination_rules(entry.spec.hosts[0])))
    return (entry, routes, draw(delegates(routes.namespace))) if beside == "delegate" else (entry, routes)


_BESIDE = st.sampled_from(("", "", "rule", "delegate"))
_ENTRIES = service_entries()
_SHARES: tuple[tuple[int, st.SearchStrategy[Resource]], ...] = (
    (8, _ENTRIES),
    (4, virtual_services()),
    (3, sidecars()),
    (2, destination_rules()),
    (3, kubernetes_services()),
    (2, endpoint_slices()),
    (2, workload_entries()),
    (2, pods()),
    (1, endpoints()),
    (1, namespaces()),
    (1, gateways()),
)
"""How many of so many resources are of one kind: what decides most is drawn most."""
_RESOURCES = [kind for share, kind in _SHARES for _ in range(share)]
_RESOURCE = st.sampled_from(_RESOURCES).flatmap(lambda kind: kind)
_PART = st.sampled_from([*_RESOURCES, *[scenarios()] * 12]).flatmap(lambda part: part)
_MODE = st.sampled_from((MeshOutboundMode.ALLOW_ANY, *MeshOutboundMode))
_LABELS: st.SearchStrategy[dict[str, str]] = st.sampled_from(({}, *LABELS))
_SELECTED = _LABELS.map(lambda labels: MatchRule(namespace_selector=LabelSelector(match_labels=labels)))
_POLICY = st.builds(VisibilityPolicy, visibility=st.sampled_from(Visibility), matching_rules=some(_SELECTED))
_VISIBILITY = st.builds(
    ServiceEntryVisibility,
    default_visibility=st.sampled_from(Visibility),
    apply_to_sidecars=st.booleans(),
    policies=some(_POLICY),
)
_EXPORT = st.sampled_from(((".",), ("~",), ("shop",)))
_PRIVATE = st.just((".",))


def resources() -> st.SearchStrategy[Resource]:
    """Draw one resource: a ServiceEntry more often than another kind."""
    return _RESOURCE


@st.composite
def mesh_configs(draw: st.DrawFn) -> MeshConfig:
    """Draw a mesh configuration."""
    return MeshConfig(
        outbound_traffic_policy=MeshOutboundTrafficPolicy(mode=draw(_MODE)),
        default_service_export_to=rarely(draw, _EXPORT, ("*",)),
        default_virtual_service_export_to=rarely(draw, _PRIVATE, ("*",)),
        default_destination_rule_export_to=rarely(draw, _PRIVATE, ("*",)),
        root_namespace=rarely(draw, st.just("shop"), "istio-system"),
        proxy_http_port=rarely(draw, st.just(8080), 0),
        protocol_detection_timeout=rarely(draw, st.just("5s"), "0s"),
        service_entry_visibility=rarely(draw, _VISIBILITY),
    )


@st.composite
def worlds(draw: st.DrawFn, min_size: int = 0, max_size: int = 10, *, dated: bool = True) -> World:
    """Draw resources that Istio accepts, each with a name and an age of its own, and perhaps a mesh configuration.

    There are *max_size* resources at most, and *min_size* at least, but for those that are called by one name, which
    are one. Where they need not be *dated*, all or some may be without an age, as in Git.
    """
    parts = draw(st.lists(_PART, min_size=min_size, max_size=max_size))
    drawn = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
    found = with_distinct_identity(drawn[:max_size], 1 if dated else draw(_DATED))
    return (*found, draw(_MESH_CONFIG)) if draw(_HAS_CONFIG) else found


_MESH_CONFIG = mesh_configs()
_HAS_CONFIG = st.booleans()
_DATED = st.sampled_from((1, 2, 100))


def with_distinct_identity(drawn: Sequence[Resource], dated: int = 1) -> tuple[Resource, ...]:
    """Return *drawn* with a name for each, and an age for one in *dated*, the first among them.

    The names by which others call them stay, and are there once.
    """
    told: dict[tuple[str, str, str], Resource] = {}
    for number, resource in enumerate(drawn):
        name = f"r{number}" if resource.name == ANY_NAME else resource.name
        created = FIRST_DAY + number if number % dated == 0 else None
        told.setdefault((resource.kind, resource.namespace, name), named(resource, name, created))
    return tuple(told.values())


def named(resource: R, name: str, created: int | None) -> R:
    """Return *resource* with another *name* and age, in seconds since 1970, or none."""
    update = {"name": name, "creation_timestamp": created}
    return resource.model_copy(update={"metadata": resource.metadata.model_copy(update=update)})
