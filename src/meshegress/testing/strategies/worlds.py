"""Strategies for worlds: resources of all kinds, each with a name and an age of its own, and a mesh configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from meshegress.resources import Endpoints, KubernetesService, MeshConfig, Namespace, Resource
from meshegress.resources.mesh_config import OutboundTrafficMode, OutboundTrafficPolicy
from meshegress.testing.strategies.gateways import gateways
from meshegress.testing.strategies.kubernetes import endpoint_slices, endpoints, kubernetes_services, namespaces, pods
from meshegress.testing.strategies.pools import rarely
from meshegress.testing.strategies.routing import destination_rules, virtual_services
from meshegress.testing.strategies.services import service_entries, workload_entries
from meshegress.testing.strategies.sidecars import sidecars

R = TypeVar("R", bound=Resource)

FIRST_DAY = 1_704_067_200
CALLED_BY_NAME = (KubernetesService, Endpoints, Namespace)
"""The kinds whose names mean something: another name would be another thing."""
World = tuple[Resource | MeshConfig, ...]


_RESOURCE = st.one_of(
    service_entries(),
    service_entries(),
    service_entries(),
    virtual_services(),
    virtual_services(),
    sidecars(),
    destination_rules(),
    kubernetes_services(),
    endpoint_slices(),
    workload_entries(),
    pods(),
    st.one_of(endpoints(), namespaces(), gateways()),
)
_MODE = st.sampled_from((OutboundTrafficMode.ALLOW_ANY, OutboundTrafficMode.REGISTRY_ONLY))
_EXPORT = st.sampled_from(((".",), ("~",), ("shop",)))
_PRIVATE = st.just((".",))


def resources() -> st.SearchStrategy[Resource]:
    """Draw one resource: a ServiceEntry more often than another kind."""
    return _RESOURCE


@st.composite
def mesh_configs(draw: st.DrawFn) -> MeshConfig:
    """Draw a mesh configuration."""
    return MeshConfig(
        outbound_traffic_policy=OutboundTrafficPolicy(mode=draw(_MODE)),
        default_service_export_to=rarely(draw, _EXPORT, ("*",)),
        default_virtual_service_export_to=rarely(draw, _PRIVATE, ("*",)),
        default_destination_rule_export_to=rarely(draw, _PRIVATE, ("*",)),
        root_namespace=rarely(draw, st.just("shop"), "istio-system"),
        proxy_http_port=rarely(draw, st.just(8080), 0),
        protocol_detection_timeout=rarely(draw, st.just("5s"), "0s"),
    )


@st.composite
def worlds(draw: st.DrawFn, min_size: int = 0, max_size: int = 8) -> World:
    """Draw resources that Istio accepts, each with a name and an age of its own, and perhaps a mesh configuration.

    There are *max_size* resources at most, and *min_size* at least, but for those that are called by one name, which
    are one.
    """
    found = apart(draw(st.lists(_RESOURCE, min_size=min_size, max_size=max_size)))
    config = rarely(draw, mesh_configs())
    return found if config is None else (*found, config)


def apart(drawn: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return *drawn* with a name and an age for each; some keep the names by which they are called, once each."""
    told: dict[tuple[str, str, str], Resource] = {}
    for number, resource in enumerate(drawn):
        name = resource.name if isinstance(resource, CALLED_BY_NAME) else f"r{number}"
        told.setdefault((resource.kind, resource.namespace, name), named(resource, name, FIRST_DAY + number))
    return tuple(told.values())


def named(resource: R, name: str, created: int) -> R:
    """Return *resource* with another *name* and age, in seconds since 1970."""
    update = {"name": name, "creation_timestamp": created}
    return resource.model_copy(update={"metadata": resource.metadata.model_copy(update=update)})
