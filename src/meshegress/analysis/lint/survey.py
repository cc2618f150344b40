"""The tables of a mesh for all its workloads, each pair of tables once, and which resources have a part in which."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from meshegress.analysis.differ.facts import Facts
from meshegress.analysis.difference import Difference, diff
from meshegress.analysis.meshes import tables_of
from meshegress.analysis.universe import Universe, universe_of
from meshegress.decision import Decision, Origin
from meshegress.egress import Egress
from meshegress.mesh import Mesh
from meshegress.request import Request, Workload
from meshegress.resources import Resource
from meshegress.table import FilterChain, Listener, RouteConfiguration, Table

Identity = tuple[str, str, str]
"""Kind, namespace and name."""

#: Of the workloads to which a resource matters so many are asked; of a dead one all are.
_MOST_SEATS = 4


def identity_of(resource: Resource | Origin) -> Identity:
    """Return what tells *resource* from all others."""
    return resource.kind, resource.namespace, resource.name


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """Workloads that decide by the same tables, and the egress of the first of them."""

    workloads: tuple[Workload, ...]
    egress: Egress
    parts: frozenset[Identity]

    @property
    def namespaces(self) -> frozenset[str]:
        """Where they run."""
        return frozenset(workload.namespace for workload in self.workloads)


class Survey:
    """One mesh, the workloads that it is asked for, and what each resource does to them."""

    def __init__(self, mesh: Mesh, workloads: Iterable[Workload] | None = None) -> None:
        self.mesh = mesh
        resources = mesh.resources
        self.universe = universe_of(resources) if workloads is None else Universe(workloads, is_derived=False)
        self.facts = Facts()
        self._parts: dict[int, tuple[object, frozenset[Identity]]] = {}
        self._without: tuple[Identity, Mesh] | None = None

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """The workloads, those with the same tables together."""
        rows: dict[Hashable, tuple[Egress, list[Workload]]] = {}
        for workload in self.universe.workloads:
            egress = self.mesh.egress(workload)
            families = frozenset(":" in address for address in workload.addresses)
            rows.setdefault((tables_of(egress), families), (egress, []))[1].append(workload)
        return tuple(Seat(tuple(all_of), egress, self._parts_of(egress.table)) for egress, all_of in rows.values())

    def seats_of(self, resource: Resource) -> tuple[Seat, ...]:
        """Return the seats to which *resource* matters most: its own namespace first, then where it has a part."""
        identity = identity_of(resource)
        with_part = [seat for seat in self.seats if identity in seat.parts]
        ordered = sorted(with_part or self.seats, key=lambda seat: resource.namespace not in seat.namespaces)
        return tuple(ordered[:_MOST_SEATS])

    def has_part(self, resource: Resource) -> bool:
        """Return whether *resource* has a part in the tables of any workload."""
        identity = identity_of(resource)
        return any(identity in seat.parts for seat in self.seats)

    def without(self, resource: Resource) -> Mesh:
        """Return the mesh without *resource*."""
        identity = identity_of(resource)
        if self._without is None or self._without[0] != identity:
            self._without = (identity, self.mesh.with_changes(removed=[resource]))
        return self._without[1]

    def left_out(self, resource: Resource, seat: Seat) -> Difference:
        """Return what *resource* does to the workloads of *seat*: from the mesh without it to the mesh with it."""
        return diff(self.without(resource).egress(seat.workloads[0]), seat.egress, facts=self.facts)

    def changed(self, resource: Resource, seat: Seat, request: Request) -> tuple[Decision, Decision]:
        """Return what becomes of *request* without *resource*, and with it."""
        return self.without(resource).egress(seat.workloads[0]).decide(request), seat.egress.decide(request)

    def _parts_of(self, table: Table) -> frozenset[Identity]:
        """Return the resources that something in *table* was made for; each node is looked at once for all tables."""
        found: set[Identity] = set()
        nodes: list[Listener | RouteConfiguration] = [*table.listeners, *table.route_configurations.values()]
        for node in nodes:
            if id(node) not in self._parts:
                self._parts[id(node)] = (node, frozenset(identity_of(origin) for origin in _origins(node)))
            found |= self._parts[id(node)][1]
        return frozenset(found)


def _origins(node: Listener | RouteConfiguration) -> Iterator[Origin]:
    if isinstance(node, RouteConfiguration):
        for host in node.virtual_hosts:
            yield from (one for one in (host.origin, *(route.origin for route in host.routes)) if one is not None)
        return
    chains: Iterable[FilterChain | None] = (*node.filter_chains, node.default_filter_chain)
    yield from (chain.origin for chain in chains if chain is not None and chain.origin is not None)
