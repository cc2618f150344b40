"""What was loaded and is not modelled, as the assumptions of the decisions that it could change.

An object of an unmodelled kind touches the workloads and decisions that it is for: see
:mod:`meshegress.uncertainty.unmodelled`. An unmodelled field of the mesh configuration touches all; of a resource, the
requests that this resource, or one that delegates to it, governs. Ambient mode touches workloads that may have no
sidecar, and requests to services behind a waypoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshegress.decision import Assumption, Decision
from meshegress.decision.assumptions import UNSUPPORTED
from meshegress.loading import ResourceSet, UnmodelledObject
from meshegress.request import Workload
from meshegress.resources import Message, VirtualService
from meshegress.resources.shape import field_path
from meshegress.resources.support_gaps import limits
from meshegress.uncertainty.ambient import AmbientMode
from meshegress.uncertainty.unmodelled import reaches, touches

Key = tuple[str, str, str]


class Limits:
    """What of *resources* is not modelled; made once for each mesh."""

    def __init__(self, resources: ResourceSet) -> None:
        self._objects = resources.unsupported
        self._root = resources.mesh_config.root_namespace
        self.ambient = AmbientMode(resources)
        self.mesh = tuple(_assumptions(resources.mesh_config, "MeshConfig"))
        #: By the resource that governs.
        self.fields = dict(_fields(resources))

    def of_workload(self, workload: Workload) -> WorkloadLimits:
        """Return what could change the decisions of *workload*."""
        return WorkloadLimits(self, workload, [row for row in self._objects if reaches(row, workload, self._root)])


class WorkloadLimits:
    """What is not modelled and could change decisions of one workload, which *objects* reach."""

    def __init__(self, limits: Limits, workload: Workload, objects: Sequence[UnmodelledObject]) -> None:
        self._fields = limits.fields
        self._ambient = limits.ambient
        self._always = (*limits.ambient.sender(workload), *limits.mesh)
        self._objects = [(row, _assumption(row)) for row in objects]

    def __bool__(self) -> bool:
        """Return whether some decision could be another one."""
        return bool(self._fields or self._always or self._objects or not self._ambient.is_silent)

    def of(self, decision: Decision) -> tuple[Assumption, ...]:
        """Return what could change *decision*, whichever of its candidates holds."""
        return (
            *self._always,
            *self._ambient.destination(decision),
            *(assumption for row, assumption in self._objects if touches(row, decision)),
            *self._of_governors(decision),
        )

    def _of_governors(self, decision: Decision) -> Iterator[Assumption]:
        if self._fields:
            governors = (one.governed_by for one in (decision, *decision.candidates))
            keys = dict.fromkeys((one.kind, one.namespace, one.name) for one in governors if one is not None)
            yield from (one for key in keys for one in self._fields.get(key, ()))


def _assumption(row: UnmodelledObject) -> Assumption:
    reason = f"{row.kind} `{row.namespace}/{row.name}` ({row.where}) is not modelled: {row.reach}"
    return Assumption(UNSUPPORTED, reason)


def _fields(resources: ResourceSet) -> Iterator[tuple[Key, tuple[Assumption, ...]]]:
    """Yield each VirtualService, the one kind with such fields, that sets one or delegates to one that does."""
    own = {
        (row.namespace, row.name): found
        for row in resources.virtual_services
        if (found := tuple(_assumptions(row, row.subject)))
    }
    if not own:
        return
    for row in resources.virtual_services:
        reached = dict.fromkeys([(row.namespace, row.name), *_delegates(row)])
        found = tuple(one for key in reached for one in own.get(key, ()))
        if found:
            yield (row.kind, row.namespace, row.name), found


def _delegates(row: VirtualService) -> Iterator[tuple[str, str]]:
    for route in row.spec.http:
        if route.delegate is not None:
            yield route.delegate.namespace or row.namespace, route.delegate.name


def _assumptions(message: Message, subject: str) -> Iterator[Assumption]:
    for path, reason in limits(message):
        if reason == UNSUPPORTED:
            yield Assumption(
                UNSUPPORTED, f"{subject}: `{field_path(path)}` ({message.source(*path)}) is set and is not modelled"
            )
