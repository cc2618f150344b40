"""A few ServiceEntries changed among very many: what they alone give is compiled, and exchanged in the old table.

The passes are asked twice, for the services that go and for those that come, each time as if there were no others.
That is right as long as no other resource wants what they want: ``independence`` asks that, and every part that is to
go must be in the old table exactly as it was compiled. Else NotSeparableError says to compile the whole.

Nothing that is old is touched: readers of the old table go on, and what did not change is in both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from meshegress.compiler.incremental.exchange import (
    ListenerDelta,
    Once,
    RouteDelta,
    exchange_clusters,
    exchange_listeners,
    exchange_routes,
)
from meshegress.compiler.incremental.independence import is_plain, require_no_namesake, require_own_places
from meshegress.compiler.model.deltas import Key, NotSeparableError, patched
from meshegress.compiler.model.orders import NATURAL
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Service
from meshegress.compiler.model.visibility import PUBLIC, ServiceIndex, by_age
from meshegress.compiler.pipeline import CLUSTER_DOMAIN, Compiled, Registry, ScopeTables, TableGaps
from meshegress.compiler.services import collect_services
from meshegress.loading import ResourceSet
from meshegress.profiles import Profile
from meshegress.resources import KubernetesService, ServiceEntry
from meshegress.table import FilterChain, Table


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed table, and what was exchanged in it."""

    compiled: Compiled
    listeners: tuple[ListenerDelta, ...]
    routes: tuple[RouteDelta, ...]


class EntryChange:
    """ServiceEntries that go and that come, and the registry after it.

    Raises NotSeparableError where they cannot be looked at alone.
    """

    def __init__(
        self,
        registry: Registry,
        resources: ResourceSet,
        *,
        removed: Collection[ServiceEntry],
        added: Collection[ServiceEntry],
    ) -> None:
        # Where addresses are computed from the names of all entries, each entry may move the others.
        if registry.order != NATURAL or not registry.profile.automatic_addresses:
            raise NotSeparableError("automatic addresses follow from the names of all entries")
        hosts = {host for entry in (*removed, *added) for host in entry.spec.hosts}
        near = [service for service in registry.index.services if service.hostname in hosts]
        leaving = {id(entry) for entry in removed}
        if any(id(service.resource) not in leaving for service in near):
            raise NotSeparableError("another resource declares one of the hosts")
        self._removed = near
        self._ages = registry.ages.joined(added)
        undated = self._ages.undated_in(NATURAL)
        if registry.ages.some_lack and registry.undated is not undated:
            raise NotSeparableError("resources without an age count as new once another one has an age")
        self._added = collect_services(
            added,
            (),
            domain=CLUSTER_DOMAIN,
            profile=registry.profile,
            order=self._ages.seen_from(NATURAL),
            undated=undated,
            allocator=registry.allocator,
        )
        require_own_places(registry, self._removed, self._added)
        self._before = registry
        self.registry = self._changed_registry(resources)
        self._once = Once()
        self._scopes: dict[int, Scope] = {}
        self._tables: dict[Scope, ScopeTables] = {}
        self._tables_restricted: dict[tuple[Registry, Scope], ScopeTables] = {}

    def table(self, old: Compiled, proxy: Proxy) -> Changed:
        """Return the table of *proxy* after the change; *old* is the one before.

        Raises NotSeparableError where the parts that change are not apart.
        """
        if proxy.http_proxy_port or old.table.rejected or not _is_one_list(old.scope):
            raise NotSeparableError("the proxy has an HTTP proxy port, a rejected listener or several import lists")
        removed, added = (self._alone(one, old.scope).compile(proxy) for one in (self._only_removed, self._only_added))
        if removed.table.rejected or added.table.rejected:
            raise NotSeparableError("Envoy rejects a part of the change")
        require_no_namesake(self._before.index, (*self._removed, *self._added), (removed.table, added.table), proxy)
        before = self._before
        listeners, exchanged = exchange_listeners(
            old.table,
            removed.table,
            added.table,
            self._once,
            is_plain=partial(is_plain, self.registry.index),
            order=partial(self._chain_order, _import_order(before.index, proxy.namespace, before.profile)),
            who=None if self._is_public else proxy.namespace,
        )
        routes, rerouted = exchange_routes(old.table, removed.table, added.table, self._once)
        clusters = exchange_clusters(old.table, removed.table, added.table, self._once)
        scope = self._scope(old.scope, removed.scope, added.scope)
        gaps = None if self.registry.is_complete else TableGaps(self.registry, scope, proxy)
        table = Table(listeners, routes, clusters, gaps=gaps)
        self.registry.part_pool.adopt(table)
        return Changed(Compiled(table, scope, old.policy), exchanged, rerouted)

    def names(self, old: Mapping[str, Sequence[str]], proxy: Proxy, scope: Scope) -> Mapping[str, Sequence[str]]:
        """Return the names of the DNS proxy after the change; *old* are those before."""
        removed, added = (self._alone(one, scope).names(proxy) for one in (self._only_removed, self._only_added))
        return self.registry.part_pool.names(self._once(_exchange_names, old, removed, added))

    @cached_property
    def _is_public(self) -> bool:
        """Whether everybody sees what changes, in the same place among all that is public."""
        index = self._before.index
        return all(PUBLIC in index.export_to(service) for service in (*self._removed, *self._added))

    def tables(self, scope: Scope) -> ScopeTables:
        """Return the tables of *scope*, which is one after the change."""
        if scope not in self._tables:
            self._tables[scope] = ScopeTables(self.registry, scope)
        return self._tables[scope]

    def _alone(self, registry: Registry, scope: Scope) -> ScopeTables:
        """Return the tables of what *registry* alone has for proxies of *scope*."""
        if (registry, scope) not in self._tables_restricted:
            own = registry.scope_of(scope.namespace, scope.sidecar)
            self._tables_restricted[registry, scope] = ScopeTables(registry, own)
        return self._tables_restricted[registry, scope]

    @cached_property
    def _only_removed(self) -> Registry:
        return self._before.restricted_to(self._removed)

    @cached_property
    def _only_added(self) -> Registry:
        return self._before.restricted_to(self._added)

    def _changed_registry(self, resources: ResourceSet) -> Registry:
        before = self._before
        index = before.index.changed(self._removed, self._added)
        pools = before.endpoints.changed(self._removed, self._only_added.endpoints, self._added)
        # A service whose claims are all unique cannot change which ports are contested.
        alone = (self._only_removed, self._only_added)
        settled = [sniffs for sniffs in (True, False) if not any(one.contested(sniffs=sniffs).ports for one in alone)]
        shared = any(one.contested(sniffs=True).domains for one in alone)
        return before.with_services(resources, index, pools, settled=() if shared else settled, ages=self._ages)

    def _chain_order(self, key: Key, chain: FilterChain) -> tuple[Any, ...]:
        """Return the *key* of the service that *chain* was made for."""
        origin = chain.origin
        resource = origin.resource if origin is not None else None
        if isinstance(resource, ServiceEntry) and origin is not None:
            host = resource.spec.hosts[int(origin.host_path[-1])]
        elif isinstance(resource, KubernetesService):
            host = f"{resource.name}.{resource.namespace}.svc.{CLUSTER_DOMAIN}"
        else:
            raise NotSeparableError("a chain was made for neither a ServiceEntry nor a Service")
        for index in (self.registry.index, self._before.index):
            owner = index.by_host.get(host, {}).get(resource.namespace)
            if owner is not None and owner.resource is resource:
                return key(owner)
        raise NotSeparableError("the service of a chain is not in the index")

    def _scope(self, old: Scope, removed: Scope, added: Scope) -> Scope:
        """Return *old* with the imports of *removed* exchanged for those of *added*; workloads share it as before."""
        if id(old) not in self._scopes:
            listener = old.listeners[0]
            key = _import_order(self._before.index, old.namespace, self._before.profile)
            services = patched(listener.services, removed.listeners[0].services, added.listeners[0].services, key)
            merged = {**old.services, **added.services}
            for host in removed.services.keys() - added.services.keys():
                del merged[host]
            changed = replace(listener, services=services)
            self._scopes[id(old)] = Scope(old.namespace, old.sidecar, (changed,), merged)
        return self._scopes[id(old)]


def _exchange_names(
    old: Mapping[str, Sequence[str]], removed: Mapping[str, Sequence[str]], added: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    return {host: addresses for host, addresses in old.items() if host not in removed} | dict(added)


def _is_one_list(scope: Scope) -> bool:
    """Return whether all that *scope* imports is one list in the order of visibility."""
    rows = scope.sidecar.spec.egress if scope.sidecar is not None else ()
    wide = not rows or any("*" in host for host in rows[0].hosts)
    return wide and len(scope.listeners) == 1 and scope.listeners[0].port is None


def _import_order(index: ServiceIndex, namespace: str, profile: Profile) -> Key:
    """Return the order in which services are imported: what is exported by name first, then what is public."""

    def key(service: Service) -> tuple[object, ...]:
        is_foreign = service.namespace != namespace and not profile.one_private_list
        is_public = PUBLIC in index.export_to(service)
        return is_public, is_foreign and not is_public, *by_age(service)

    return key
