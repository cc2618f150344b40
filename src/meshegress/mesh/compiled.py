"""What a mesh was compiled to so far: registries, tables of scopes and workloads, made when asked for and kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from meshegress.compiler.incremental import EntryChange
from meshegress.compiler.model.deltas import NotSeparableError
from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.pipeline import Registry, ScopeTables
from meshegress.compiler.pipeline.gateways import GatewayScope
from meshegress.compiler.program import LayoutBuilder
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.gateway import GatewayView
from meshegress.loading import ResourceSet
from meshegress.loading.gc_pause import gc_paused
from meshegress.profiles import Profile
from meshegress.request import Workload
from meshegress.resources import Resource, ServiceEntry, Sidecar


class CompiledMesh:
    """The tables of one mesh; each is made when it is first asked for, and kept."""

    def __init__(self, resources: ResourceSet, profile: Profile) -> None:
        self.resources = resources
        self.profile = profile
        self.registries: dict[TieOrder, Registry] = {}
        self.workload_tables: dict[tuple[TieOrder, Proxy, int], WorkloadTables] = {}
        self.layout_builder = LayoutBuilder()
        self._tables: dict[tuple[TieOrder, str, int], ScopeTables] = {}
        self._gateway_views: dict[tuple[TieOrder, Workload, frozenset[tuple[str, str]]], GatewayView] = {}

    def take_over(self, before: CompiledMesh, gone: Collection[Resource], fresh: Collection[Resource]) -> None:
        """Make the tables that *before* has, as far as they come of it by exchanging a few entries."""
        registry = before.registries.get(NATURAL)
        if registry is None or any(not isinstance(one, ServiceEntry) for one in (*gone, *fresh)):
            return
        removed = _as_they_stand(gone, before.resources.service_entries)
        added = _as_they_stand(fresh, self.resources.service_entries)
        try:
            change = EntryChange(registry, self.resources, removed=removed, added=added)
        except NotSeparableError:
            return
        self.registries[NATURAL] = change.registry
        self.layout_builder = LayoutBuilder(before.layout_builder)
        for key, tables in tuple(before.workload_tables.items()):
            if key[0] == NATURAL:
                with suppress(NotSeparableError):
                    self.workload_tables[key] = changed = tables.changed(change, self.layout_builder)
                    self._tables[NATURAL, tables.proxy.namespace, key[2]] = changed.tables
        self.layout_builder.forget_before()

    def registry(self, order: TieOrder = NATURAL) -> Registry:
        """Return what all workloads share, under one *order* of tied resources."""
        if order not in self.registries:
            with gc_paused():
                self.registries[order] = Registry(self.resources, self.profile, order)
        return self.registries[order]

    def tables_of(self, workload: Workload, order: TieOrder = NATURAL) -> WorkloadTables:
        """Return the tables of *workload* under one *order* of tied resources."""
        registry = self.registry(order)
        proxy = registry.proxy_of(workload)
        sidecar = registry.sidecar_of(proxy)
        tables = self._scope_tables(registry, proxy.namespace, sidecar)
        known = tables.known(proxy)
        key = (order, known, id(sidecar))
        found = self.workload_tables.get(key)
        if found is None:
            with gc_paused():
                compiled = tables.compile(known)
                program = self.layout_builder.program(compiled.table, routes=compiled.routes)
                found = self.workload_tables.setdefault(key, WorkloadTables(program, compiled, tables, known))
        return found

    def gateway_view(self, workload: Workload, order: TieOrder = NATURAL) -> GatewayView:
        """Return what the gateway proxy *workload* is told, under one *order* of tied resources."""
        key = (order, workload, frozenset(workload.metadata.items()))
        found = self._gateway_views.get(key)
        if found is None:
            with gc_paused():
                scope = GatewayScope(self.registry(order), workload)
                made = GatewayView(scope, self.layout_builder.program(scope.table()))
                found = self._gateway_views.setdefault(key, made)
        return found

    def _scope_tables(self, registry: Registry, namespace: str, sidecar: Sidecar | None) -> ScopeTables:
        """Return the tables of the proxies of *namespace* that have *sidecar*."""
        key = (registry.order, namespace, id(sidecar))
        found = self._tables.get(key)
        if found is None:
            with gc_paused():
                scope = registry.scope_of(namespace, sidecar)
                found = self._tables.setdefault(key, ScopeTables(registry, scope))
        return found


def _as_they_stand(chosen: Collection[Resource], entries: Sequence[ServiceEntry]) -> Sequence[ServiceEntry]:
    """Return the *chosen* of *entries* in their order, which decides between those of one age."""
    asked = {id(one) for one in chosen}
    return [entry for entry in entries if id(entry) in asked] if asked else ()
