"""The tables of one workload under one order of tied resources: its program, and the addresses of names."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from meshegress.compiler.incremental import EntryChange
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.ties import ContestedPorts
from meshegress.compiler.outgoing import Outgoing
from meshegress.compiler.pipeline import Compiled, Registry, ScopeTables
from meshegress.compiler.pipeline.outgoing import outgoing_of
from meshegress.compiler.program import LayoutBuilder, Program
from meshegress.naming import asked_names
from meshegress.request import Workload


class Resolved(NamedTuple):
    """The addresses of a name, and whether a client is certain to take one of them."""

    addresses: tuple[str, ...] = ()
    is_certain: bool = False

    @property
    def doubt(self) -> str:
        """Why a request to the name could go to another address than the first of them."""
        if self.is_certain:
            return "has several addresses"
        if self.addresses:
            return "has the address that is declared only if DNS says so too, since the sidecar does not answer for it"
        return "has no address that the mesh knows"


UNRESOLVED = Resolved()


@dataclass(frozen=True, eq=False)
class WorkloadTables:
    """The table of a workload under one order of tied resources, and what it was made from."""

    program: Program
    compiled: Compiled
    tables: ScopeTables
    proxy: Proxy

    @property
    def registry(self) -> Registry:
        """What all workloads share."""
        return self.tables.registry

    @property
    def contested(self) -> ContestedPorts:
        """Where resources are tied, so that another order could give another answer."""
        return self.registry.contested(sniffs=self.tables.sniffs(self.proxy))

    @property
    def contested_port_bits(self) -> bytes:
        """A bit for each port, set where another order could give another answer."""
        return self.registry.contested_port_bits(sniffs=self.tables.sniffs(self.proxy))

    @cached_property
    def names(self) -> Mapping[str, Sequence[str]]:
        """What the DNS proxy answers."""
        return self.tables.names(self.proxy)

    @property
    def names_key(self) -> Hashable:
        """What decides the names; workloads of one mesh that share it have the same."""
        return self.tables.names_key(self.proxy)

    def resolve(self, host: str, workload: Workload) -> Resolved:
        """Return the answer that *workload* gets when it asks for the addresses of *host*."""
        if not self.names:
            return UNRESOLVED
        for name in asked_names(host.lower().rstrip("."), workload.dns_domain):
            if name in self.names:
                registry = self.registry
                is_certain = registry.captures_dns(workload) or registry.is_cluster_name(name)
                return Resolved(tuple(self.names[name]), is_certain)
        return UNRESOLVED

    def is_resolved_outside(self, host: str, workload: Workload) -> bool:
        """Return whether *workload* imports an entry of *host* whose addresses the proxy asks of DNS itself."""
        services = self.compiled.scope.services
        declared = (services.get(name) for name in asked_names(host.lower().rstrip("."), workload.dns_domain))
        found = next((service for service in declared if service is not None), None)
        return found is not None and found.resolution.is_dns and not found.is_kubernetes

    def outgoing(self, workload: Workload) -> Outgoing:
        """Return what leaves the sidecar of *workload*, cluster by cluster."""
        return outgoing_of(self.registry, self.compiled.scope.services, self.proxy, workload.metadata)

    def changed(self, change: EntryChange, layout_builder: LayoutBuilder) -> WorkloadTables:
        """Return the tables after *change*, with what did not change in it.

        Raises NotSeparableError where that cannot be told apart.
        """
        made = change.table(self.compiled, self.proxy)
        program = layout_builder.program(made.compiled.table, listeners=made.listeners, routes=made.routes)
        tables = WorkloadTables(program, made.compiled, change.tables(made.compiled.scope), self.proxy)
        if "names" in self.__dict__:
            tables.__dict__["names"] = change.names(self.names, self.proxy, self.compiled.scope)
        return tables
