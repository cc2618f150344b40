"""What was loaded and is not modelled, as the assumptions of the decisions that it could change.

An object of an unmodelled kind touches the workloads of its namespace, in the root namespace all. An unmodelled field
of the mesh configuration touches all; of a resource, the requests that this resource, or one that delegates to it,
governs.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshegress.decision import Assumption, Decision
from meshegress.loading import ResourceSet
from meshegress.resources import Message, VirtualService
from meshegress.resources.shape import field_path
from meshegress.resources.support_gaps import limits

UNSUPPORTED = "unsupported"

#: Kinds that are not modelled and can change where requests go.
_TOUCHING = frozenset(
    {"EnvoyFilter", "ProxyConfig", "WasmPlugin", "TrafficExtension", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"}
)

Key = tuple[str, str, str]


class Limits:
    """The assumptions that *resources* make necessary; made once for each mesh."""

    def __init__(self, resources: ResourceSet) -> None:
        self._kinds = tuple(row for row in resources.unsupported if row.kind in _TOUCHING)
        self._root = resources.mesh_config.root_namespace
        self._mesh = tuple(_assumptions(resources.mesh_config, "MeshConfig"))
        self._fields = dict(_fields(resources))

    def touch(self, namespace: str) -> bool:
        """Return whether some answer for workloads of *namespace* could be another one."""
        return bool(self._fields or self._everywhere(namespace))

    def of(self, decision: Decision, namespace: str) -> tuple[Assumption, ...]:
        """Return what could change *decision* for a workload of *namespace*, whichever of its candidates holds."""
        if not self._fields:
            return self._everywhere(namespace)
        governors = (one.governed_by for one in (decision, *decision.candidates))
        keys = dict.fromkeys((one.kind, one.namespace, one.name) for one in governors if one is not None)
        return self._everywhere(namespace) + tuple(one for key in keys for one in self._fields.get(key, ()))

    def _everywhere(self, namespace: str) -> tuple[Assumption, ...]:
        kinds = (
            Assumption(
                UNSUPPORTED, f"{row.kind} `{row.namespace}/{row.name}` ({row.where}) is not modelled: {row.reach}"
            )
            for row in self._kinds
            if row.namespace in (namespace, self._root)
        )
        return (*kinds, *self._mesh)


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
