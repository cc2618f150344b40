"""Variants of the world: meshes that the input leaves possible beside the one that is taken to be.

Each is a set of resources of its own, compiled when a request is asked of it for the first time: with another version
of the objects that have several, with another mesh configuration that could count, and with endpoints of the services
whose listeners stand for single endpoints, where none were given. Orders of tied resources are tried within each.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.compiler.pipeline import Registry
from meshegress.decision import Decision
from meshegress.decision.assumptions import DUPLICATE_OBJECT, ENDPOINTS_UNKNOWN, MESH_CONFIG_AMBIGUOUS
from meshegress.loading import Duplicate, ResourceSet
from meshegress.resources import EndpointSlice, Resource, WorkloadEntry

#: With so many identities of several versions each is exchanged alone, too.
_MOST_ALONE = 6
_SHOWN = 3
#: 198.18.0.0/15.
_BENCHMARK_ADDRESSES = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A world that may be: what it is made of, and the code of the assumption that it is not so.

    With *hosts* only requests to one of these names, on one of *ports*, could be answered differently, and the answer
    of the variant is the likelier one.
    """

    code: str
    reason: str
    resources: ResourceSet
    duplicates: tuple[Duplicate, ...] = ()
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()

    @property
    def is_likelier(self) -> bool:
        """Whether the answer of the variant goes first, where it has one of its own."""
        return bool(self.hosts)

    def reason_for(self, decision: Decision, other: Decision) -> str:
        """Return why *decision* may be *other*, by the objects that govern them where these have several versions."""
        if self.is_likelier:
            return self.reason.format(decision.governed_by or "the service")
        origins = (one.governed_by for one in (decision, other))
        governors = {(one.kind, one.namespace, one.name) for one in origins if one is not None}
        behind = [each for each in self.duplicates if _identity(each.kept) in governors]
        rows = behind or self.duplicates
        if not rows:
            return self.reason
        named = ", ".join(_versions(each) for each in rows[:_SHOWN])
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        return f"{self.reason}: {named}{more}"


def _identity(resource: Resource) -> tuple[str, str, str]:
    return resource.kind, resource.namespace, resource.name


def _versions(each: Duplicate) -> str:
    others = ", ".join(dict.fromkeys(str(other.source()) for other in each.others))
    return f"{each.kept.subject} ({each.kept.source()}) stands in {others} with another content"


def find_variants(resources: ResourceSet, registry: Registry) -> tuple[Variant, ...]:
    """Return the variants of the world that *resources* leave possible; none where they are complete and single."""
    found = [*_other_versions(resources), *_other_meshes(resources)]
    if registry.endpoints.unlisted:
        found += _with_endpoints(resources, registry)
    return tuple(found)


def _other_versions(resources: ResourceSet) -> Iterator[Variant]:
    """Yield the worlds in which other versions count: all at once, as one environment has them, and each alone."""
    duplicates = resources.duplicates
    most = max((len(each.others) for each in duplicates), default=0)
    together = [
        tuple((each, each.others[turn]) for each in duplicates if turn < len(each.others)) for turn in range(most)
    ]
    alone = [((each, other),) for each in duplicates for other in each.others]
    exchanges = [*together, *alone] if 1 < len(duplicates) <= _MOST_ALONE else together
    for exchanged in exchanges:
        kept = {id(each.kept): other for each, other in exchanged}
        changed = replace(resources.with_exchanged(kept), duplicates=(), refused=())
        reason = "one identity was given with different contents, and the last counts"
        yield Variant(DUPLICATE_OBJECT, reason, changed, tuple(each for each, _ in exchanged))


def _other_meshes(resources: ResourceSet) -> Iterator[Variant]:
    """Yield the worlds in which another mesh configuration counts."""
    candidates = resources.mesh_candidates
    named = ", ".join(map(str, candidates[:_SHOWN]))
    for holder in candidates:
        if holder.config is not resources.mesh_config:
            changed = replace(
                resources.with_mesh_config(holder.config),
                mesh_config_source=holder.where,
                refused=(),
                istiod_environment=holder.istiod_environment,
            )
            reason = f"several mesh configurations could be the one that counts: {named}; with that of {holder}"
            yield Variant(MESH_CONFIG_AMBIGUOUS, f"{reason} the answer is another", changed)


def _with_endpoints(resources: ResourceSet, registry: Registry) -> Iterator[Variant]:
    """Yield the world in which services that listen on each endpoint have one, where none were given."""
    bare = [service for service in registry.index.services if _listens_on_endpoints(service, registry)]
    if not bare:
        return
    taken = set(registry.endpoints.addresses)
    made: dict[Any, Resource] = {}
    for service in bare:
        if service.key not in made:
            build = _slice_of if service.is_kubernetes or _has_service(service, registry) else _workload_of
            address = _invented_address(service, taken)
            taken.add(address)
            made[service.key] = build(service, address, registry)
    slices = tuple(one for one in made.values() if isinstance(one, EndpointSlice))
    entries = tuple(one for one in made.values() if isinstance(one, WorkloadEntry))
    changed = replace(
        resources,
        endpoint_slices=(*resources.endpoint_slices, *slices),
        workload_entries=(*resources.workload_entries, *entries),
        refused=(),
    )
    yield Variant(
        ENDPOINTS_UNKNOWN,
        "no endpoints of {} were given, and each has a listener of its own: it counts as having some",
        changed,
        hosts=frozenset(service.hostname.lower() for service in bare),
        ports=frozenset(port.number for service in bare for port in service.ports),
    )


def _listens_on_endpoints(service: Service, registry: Registry) -> bool:
    """Return whether *service* has listeners on the addresses of its endpoints alone, and none were given."""
    return (
        service.resolution is ServiceResolution.PASSTHROUGH
        and service.address == UNSPECIFIED
        and service.key in registry.endpoints.unlisted
        and service.key not in registry.endpoints
    )


def _has_service(service: Service, registry: Registry) -> bool:
    """Return whether a Kubernetes Service holds the host of an entry in its namespace: its slices are the entry's."""
    held = registry.index.by_host.get(service.hostname, {}).get(service.namespace)
    return held is not None and held.is_kubernetes


def _invented_address(service: Service, taken: Container[str]) -> str:
    """Return an address of the range for benchmarks that is not *taken*.

    It follows from the service's own name, so other services do not move it.
    """
    start = crc32(f"{service.namespace}/{service.hostname}".encode())
    numbers = ((start + step) % _BENCHMARK_ADDRESSES for step in range(_BENCHMARK_ADDRESSES))
    texts = (f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}" for number in numbers)
    return next(text for text in texts if text not in taken)


def _slice_of(service: Service, address: str, registry: Registry) -> EndpointSlice:
    name = service.hostname.partition(".")[0]
    ports = [{"name": port.name, "port": port.number} for port in _ports_of(service, registry)]
    return EndpointSlice.model_validate({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-assumed",
            "namespace": service.namespace,
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]}],
        "ports": ports,
    })  # fmt: skip


def _ports_of(service: Service, registry: Registry) -> Iterable[Any]:
    """Return the ports by whose names slices speak: those of the Kubernetes Service and those of the entry."""
    held = registry.index.by_host.get(service.hostname, {}).get(service.namespace, service)
    return {port.name: port for port in (*service.ports, *held.ports)}.values()


def _workload_of(service: Service, address: str, _registry: Registry) -> WorkloadEntry:
    return WorkloadEntry.model_validate({
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {"name": f"{service.object_name}-assumed", "namespace": service.namespace},
        "spec": {"address": address, "labels": dict(service.selector or {})},
    })  # fmt: skip
