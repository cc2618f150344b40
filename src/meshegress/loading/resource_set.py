"""What was loaded: the resources by kind, the mesh configuration, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from meshegress.findings import Source
from meshegress.loading.ages import as_replacing, with_age
from meshegress.loading.mesh_holders import DEFAULT_REVISION, MeshHolder, differing
from meshegress.loading.pod_templates import PodTemplate, UnreadTemplates, read_templates
from meshegress.loading.summary import Duplicate, LoadSummary, Refused
from meshegress.loading.unmodelled_scope import UnmodelledScope
from meshegress.resources import (
    DestinationRule,
    Endpoints,
    EndpointSlice,
    Gateway,
    KubernetesService,
    MeshConfig,
    Namespace,
    PeerAuthentication,
    Pod,
    ProxyConfigResource,
    Resource,
    ServiceEntry,
    Sidecar,
    VirtualService,
    WorkloadEntry,
)
from meshegress.resources._message import FrozenMap


@dataclass(frozen=True, slots=True)
class UnmodelledObject:
    """An object of a kind that could change decisions and is not modelled; *reach* says which ones, *scope* whose."""

    kind: str
    namespace: str
    name: str
    where: Source
    reach: str
    scope: UnmodelledScope = field(default_factory=UnmodelledScope)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSet:
    """Resources that Istio accepts, in document order, one tuple for each kind.

    ``skipped`` counts the documents of kinds that cannot matter, by apiVersion and kind. ``refused`` are the objects
    that the cluster would not have; ``duplicates`` the identities with several contents, of which the last counts.
    ``mesh_holders`` are all that hold a mesh configuration; ``mesh_candidates`` those that could be the one that
    counts, where they disagree; with none at all nobody ``knows_mesh_config``. ``is_complete`` says that what was not
    given does not exist, ``is_laid_over`` that sources which do not say so lie over one that does.

    >>> ResourceSet().mesh_config.root_namespace
    'istio-system'
    """

    service_entries: tuple[ServiceEntry, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    workload_entries: tuple[WorkloadEntry, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    peer_authentications: tuple[PeerAuthentication, ...] = ()
    proxy_configs: tuple[ProxyConfigResource, ...] = ()
    services: tuple[KubernetesService, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    pods: tuple[Pod, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    mesh_config: MeshConfig = field(default_factory=MeshConfig)
    mesh_config_source: Source | None = None
    knows_mesh_config: bool = False
    skipped: Mapping[str, int] = field(default_factory=FrozenMap)
    unsupported: tuple[UnmodelledObject, ...] = ()
    pod_templates: tuple[PodTemplate | UnreadTemplates, ...] = field(default=(), compare=False, repr=False)
    refused: tuple[Refused, ...] = field(default=(), compare=False)
    duplicates: tuple[Duplicate, ...] = ()
    mesh_holders: tuple[MeshHolder, ...] = field(default=(), compare=False)
    mesh_candidates: tuple[MeshHolder, ...] = field(default=(), compare=False)
    revision: str = DEFAULT_REVISION
    istiod_environment: Mapping[str, str] = field(default_factory=FrozenMap)
    is_complete: bool = False
    is_laid_over: bool = False
    summary: LoadSummary = field(default_factory=LoadSummary, compare=False)

    def notices(self) -> tuple[str, ...]:
        """Return what a reader of an answer must know of the loading, each in one line; nothing where all was taken.

        >>> ResourceSet().notices()
        ()
        """
        told = (
            _told_refused(self.refused),
            _told_duplicates(self.duplicates),
            _told_mesh(self),
            *self.summary.moves,
        )
        return tuple(line for line in told if line)

    def each(self) -> Iterator[Resource]:
        """Give every resource, kind by kind."""
        for name in FIELDS.values():
            yield from getattr(self, name)

    def created(self, now: int) -> ResourceSet:
        """Return the set with what has no age created *now*, if others have an age."""
        if all(row.metadata.creation_timestamp is None for row in self.each()):
            return self
        changed: dict[str, Any] = {
            name: tuple(with_age(row, now) for row in getattr(self, name)) for name in FIELDS.values()
        }
        return replace(self, **changed)

    def with_exchanged(self, others: Mapping[int, Resource]) -> ResourceSet:
        """Return the set with others in the place of resources, which are named by their ``id``."""
        changed: dict[str, Any] = {
            name: tuple(others.get(id(row), row) for row in getattr(self, name))
            for name in {FIELDS[type(other)] for other in others.values()}
        }
        return replace(self, **changed)

    def with_mesh_config(self, mesh_config: MeshConfig) -> ResourceSet:
        """Return the set with *mesh_config*, which was named, in the place of what it says of the mesh."""
        named: dict[str, Any] = {"mesh_config": mesh_config, "mesh_config_source": None, "knows_mesh_config": True}
        return replace(self, **named, mesh_holders=(), mesh_candidates=())

    def with_changes(
        self, added: ResourceSet, removed: ResourceSet, now: int | None = None
    ) -> tuple[ResourceSet, list[Resource], list[Resource]]:
        """Return the set with *added* in place of what has the same kind, namespace and name, without *removed*.

        Beside it stand the resources of this set that are not in it any more, and those that are new in it. What takes
        the place of an object keeps its age, as in the cluster; what is new and has none is created *now*. A mesh
        configuration among what is *added* takes the place of this one.
        """
        changed: dict[str, Any] = {}
        gone: list[Resource] = []
        come: list[Resource] = []
        for name in FIELDS.values():
            rows: tuple[Resource, ...] = getattr(self, name)
            new: dict[Identity, Resource | None] = {_identity(row): None for row in getattr(removed, name)}
            new |= {_identity(row): row for row in getattr(added, name)}
            if new:
                changed[name], left, fresh = _exchanged(rows, new, now)
                gone += left
                come += fresh
        if added.mesh_config_source is not None:
            changed |= {"mesh_config": added.mesh_config, "mesh_config_source": added.mesh_config_source}
            changed |= {"knows_mesh_config": True}
            changed |= {"mesh_holders": added.mesh_holders, "mesh_candidates": added.mesh_candidates}
            changed |= {"revision": added.revision, "istiod_environment": added.istiod_environment}
        others = {_unsupported(row) for row in (*added.unsupported, *removed.unsupported)}
        kept = [row for row in self.unsupported if _unsupported(row) not in others]
        changed |= self._without_settled(added, removed)
        if added.pod_templates or removed.pod_templates:
            changed["pod_templates"] = _exchanged_templates(self, added, removed)
        return replace(self, **changed, unsupported=(*kept, *added.unsupported)), gone, come

    def _without_settled(self, added: ResourceSet, removed: ResourceSet) -> dict[str, Any]:
        """Return what is still refused or there in several versions once *added* and *removed* have settled theirs."""
        if not self.refused and not self.duplicates:
            return {"duplicates": added.duplicates}
        settled = {(row.kind, row.namespace, row.name) for each in (added, removed) for row in each.each()}
        refused = tuple(row for row in self.refused if (row.kind, row.namespace, row.name) not in settled)
        kept = [row for row in self.duplicates if (row.kept.kind, row.kept.namespace, row.kept.name) not in settled]
        return {"refused": refused, "duplicates": (*kept, *added.duplicates)}


def _told_refused(refused: tuple[Refused, ...]) -> str:
    objects = "1 object that is" if len(refused) == 1 else f"{len(refused):,} objects that are"
    return f"left out {objects} refused: {_named(refused)}" if refused else ""


def _told_duplicates(duplicates: tuple[Duplicate, ...]) -> str:
    objects = "1 object has" if len(duplicates) == 1 else f"{len(duplicates):,} objects have"
    names = _named([each.kept.subject for each in duplicates])
    return f"{objects} several versions, of which the last counts: {names}" if duplicates else ""


def _told_mesh(resources: ResourceSet) -> str:
    """Say which mesh configuration counts where there are several."""
    if resources.mesh_candidates:
        return f"several mesh configurations could be the one that counts: {_named(resources.mesh_candidates)}"
    holder = next((each for each in resources.mesh_holders if each.where == resources.mesh_config_source), None)
    others = differing(resources.mesh_holders, holder) if holder is not None else []
    revisions = sorted({each.revision for each in others} - {resources.revision})
    if not others:
        return ""
    told = f"the mesh configuration is that of {holder}, not of {_named(others)}"
    return f"{told}; other revisions: {', '.join(revisions)}" if revisions else told


def _named(things: Sequence[object]) -> str:
    """Return the first few of *things*, and how many more there are."""
    shown = ", ".join(str(each) for each in things[:_SHOWN])
    return f"{shown} and {len(things) - _SHOWN:,} more" if len(things) > _SHOWN else shown


_SHOWN = 3


def _exchanged(
    rows: tuple[Resource, ...], new: dict[Identity, Resource | None], now: int | None
) -> tuple[tuple[Resource, ...], list[Resource], list[Resource]]:
    """Return *rows* of one kind with what is *new* under their names, created *now*; those that are gone; those new."""
    names = {name for _, name in new}
    # Names first: of very many rows this is what is asked of all.
    places = [place for place, row in enumerate(rows) if row.metadata.name in names]
    found: list[Resource | None] = list(rows)
    gone: list[Resource] = []
    come: list[Resource] = []
    for place in places:
        identity = _identity(rows[place])
        if identity in new:
            row, old = new.pop(identity), rows[place]
            found[place] = row = as_replacing(row, old) if row is not None else None
            come += [row] if row is not None else []
            gone.append(old)
    others = [row if now is None else with_age(row, now) for row in new.values() if row is not None]
    return (*(row for row in found if row is not None), *others), gone, [*come, *others]


def _exchanged_templates(before: ResourceSet, added: ResourceSet, removed: ResourceSet) -> tuple[PodTemplate, ...]:
    """Return the templates with those *added* in place of what bears their names, without those *removed*."""
    new = {(row.kind, row.namespace, row.name): row for row in read_templates(added.pod_templates)}
    gone = {(row.kind, row.namespace, row.name) for row in read_templates(removed.pod_templates)} | new.keys()
    kept = [row for row in read_templates(before.pod_templates) if (row.kind, row.namespace, row.name) not in gone]
    return (*kept, *new.values())


def _unsupported(row: UnmodelledObject) -> tuple[str, str, str]:
    return row.kind, row.namespace, row.name


Identity = tuple[str, str]


def _identity(resource: Resource) -> Identity:
    return resource.namespace, resource.name


FIELDS: dict[type[Resource], str] = {
    ServiceEntry: "service_entries",
    Sidecar: "sidecars",
    VirtualService: "virtual_services",
    DestinationRule: "destination_rules",
    WorkloadEntry: "workload_entries",
    Gateway: "gateways",
    PeerAuthentication: "peer_authentications",
    ProxyConfigResource: "proxy_configs",
    KubernetesService: "services",
    EndpointSlice: "endpoint_slices",
    Endpoints: "endpoints",
    Pod: "pods",
    Namespace: "namespaces",
}
"""The field of the set in which each kind stands."""


REACH: dict[tuple[str, str], str] = {
    ("networking.istio.io", "EnvoyFilter"): "anything: it rewrites the configuration of the workloads that it selects",
    ("networking.istio.io", "WorkloadGroup"): "nothing by itself: it is a template for WorkloadEntries",
    (
        "extensions.istio.io",
        "WasmPlugin",
    ): "requests of the workloads that it selects",
    ("extensions.istio.io", "TrafficExtension"): "requests of the workloads that it selects",
    ("telemetry.istio.io", "Telemetry"): "what is logged, not where requests go",
    ("security.istio.io", "AuthorizationPolicy"): "inbound requests; at a waypoint or gateway also outgoing ones",
    ("security.istio.io", "RequestAuthentication"): "inbound requests",
    ("gateway.networking.k8s.io", "HTTPRoute"): "HTTP requests to the services that are its parents",
    ("gateway.networking.k8s.io", "GRPCRoute"): "gRPC requests to the services that are its parents",
    ("gateway.networking.k8s.io", "TLSRoute"): "TLS connections to the services that are its parents",
    ("gateway.networking.k8s.io", "TCPRoute"): "connections to the services that are its parents",
    ("gateway.networking.k8s.io", "UDPRoute"): "nothing: a sidecar does not see UDP",
    ("gateway.networking.k8s.io", "Gateway"): "hosts that use it as their waypoint or egress gateway",
    ("gateway.networking.k8s.io", "BackendTLSPolicy"): "how connections to a service are secured",
    ("gateway.networking.k8s.io", "ListenerSet"): "gateways",
    ("gateway.networking.k8s.io", "ReferenceGrant"): "which routes may name services of other namespaces",
    ("gateway.networking.k8s.io", "GatewayClass"): "gateways",
}
"""What kinds that are known and not modelled could touch, by group and kind."""

GROUPS = ("istio.io", "gateway.networking.k8s.io")
"""The groups whose other kinds are reported, with a reach that is not known."""

UNKNOWN_REACH = "not known: this kind is not modelled"
