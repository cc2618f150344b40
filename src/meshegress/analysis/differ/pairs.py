"""Two tables, one of each side: which of their nodes are the same, and which lead elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from meshegress.analysis.answers import By
from meshegress.analysis.differ.facts import Facts, Level, bucket
from meshegress.analysis.differ.sides import Side
from meshegress.analysis.spaces.addresses import Prefix
from meshegress.analysis.spaces.server_names import key_of
from meshegress.compiler.program.leaves import cluster_end
from meshegress.naming import PASSTHROUGH_CLUSTER
from meshegress.table import (
    FilterChain,
    HttpConnectionManager,
    Listener,
    RouteAction,
    RouteConfiguration,
    Table,
    VirtualHost,
)


@dataclass(slots=True)
class Touched:
    """What of the connections to one place may be answered otherwise: some server names, and all without or others."""

    names: set[str] = field(default_factory=set)
    unnamed: bool = False


class Pair:
    """A table *before* and one *after*; compared *by* decision, the names on the way count too."""

    def __init__(self, before: Side, after: Side, facts: Facts, by: By) -> None:
        self.before, self.after = before, after
        self._facts = facts
        self._by = by
        self.clusters = self._changed_clusters()
        self._routes = self._changed_routes()
        self._looks = self._has_other_look()
        self._same: dict[tuple[int, int], bool] = {}
        self._hosts: dict[tuple[int, int], Sequence[str]] = {}

    def _has_other_look(self) -> bool:
        """Return whether the catch-all looks otherwise at what no listener has seen yet: it is seen everywhere."""
        before, after = self.before, self.after
        names = [None if side.catch_all is None else side.catch_all.name for side in (before, after)]
        is_renamed = self._by == "decision" and names[0] != names[1]
        return is_renamed or before.layout.catch_all_inspection != after.layout.catch_all_inspection

    def _changed_clusters(self) -> frozenset[str]:
        """Return the clusters of which something else becomes, or something else is assumed."""
        tables = self.before.table, self.after.table
        before, after = (table.clusters for table in tables)
        names = [name for name, cluster in after.items() if before.get(name) is not cluster]
        names += [name for name in before if name not in after]
        gaps = tuple(table.gaps for table in tables)
        if gaps[0] is not gaps[1]:
            names += [name for name in self._targets() if name not in before and name not in after]
        changed = {name for name in names if _ends(tables[0], name) != _ends(tables[1], name)}
        # Whether undeclared traffic passes is assumed where no mesh configuration was given.
        if len({bool(each is not None and each.policy_reason) for each in gaps}) > 1:
            changed.add(PASSTHROUGH_CLUSTER)
        return frozenset(changed)

    def _targets(self) -> set[str]:
        """Return the clusters that anything in the two tables leads to."""
        found: set[str] = set()
        for table in (self.before.table, self.after.table):
            for listener in table.listeners:
                found |= self._facts.ends(listener).clusters
            for routes in table.route_configurations.values():
                found.update(self._facts.users(routes))
        return found

    def _changed_routes(self) -> frozenset[str]:
        """Return the route configurations that are not the same, or lead to a changed cluster."""
        before, after = (side.table.route_configurations for side in (self.before, self.after))
        found = set(before.keys() ^ after.keys())
        for name in before.keys() & after.keys():
            is_same = before[name] is after[name] or before[name] == after[name]
            if not is_same or self._is_user(before[name]):
                found.add(name)
        return frozenset(found)

    def _is_user(self, routes: RouteConfiguration) -> bool:
        """Return whether *routes* lead to a changed cluster."""
        return bool(self.clusters) and not self.clusters.isdisjoint(self._facts.users(routes))

    def is_same(self, before: Listener | None, after: Listener | None) -> bool:
        """Return whether both listeners answer alike whatever is asked."""
        if self._looks:
            return False
        if before is None or after is None:
            return before is after
        key = (id(before), id(after))
        if key not in self._same:
            is_same = before is after or before == after
            if is_same and (self.clusters or self._routes):
                clusters, routes = self._facts.ends(before)
                is_same = self.clusters.isdisjoint(clusters) and self._routes.isdisjoint(routes)
            self._same[key] = is_same
        return self._same[key]

    def leads_elsewhere(self, chain: FilterChain) -> bool:
        """Return whether *chain*, which both sides have, leads to what is not the same."""
        end = chain.network_filter
        if isinstance(end, HttpConnectionManager):
            return end.route_config in self._routes
        return any(member.cluster in self.clusters for member in end.clusters)

    def touched_at(self, before: Listener | None, after: Listener | None, prefix: Prefix, port: int) -> Touched:
        """Return which connections to addresses of *prefix* may be answered otherwise."""
        levels = [self._facts.level(one, port) for one in (before, after)]
        chains = [bucket(level, prefix) for level in levels]
        if self._looks or self.has_other_zero(levels, prefix) or not self._is_alike(before, after):
            return Touched(_names([*chains[0], *chains[1]]), unnamed=True)
        assert before is not None  # nothing is alike to no listener
        assert after is not None
        changed = [*_changed(*chains), *(chain for chain in chains[0] if self.leads_elsewhere(chain))]
        found = Touched(_names(changed), any(_is_unnamed(chain) for chain in changed))
        if self._has_other_default(before, after):
            # What has a name and another transport or protocol than its chain wants comes to the default chain.
            found.names |= _names(chain for side in chains for chain in side if _is_choosy(chain))
            found.unnamed = True
        return found

    def has_other_zero(self, levels: Sequence[Level], prefix: Prefix) -> bool:
        """Return whether one side alone has a written ``/0``: it stands in the place of no prefix."""
        zeros = [(prefix[0], 0, 0) in level for level in levels]
        return zeros[0] != zeros[1]

    def _is_alike(self, before: Listener | None, after: Listener | None) -> bool:
        """Return whether both listeners look at the same things, and have the same name where it counts."""
        if before is None or after is None:
            return False
        return _looks(before) == _looks(after) and (self._by == "answer" or before.name == after.name)

    def _has_other_default(self, before: Listener, after: Listener) -> bool:
        default = before.default_filter_chain
        return default != after.default_filter_chain or (default is not None and self.leads_elsewhere(default))

    def domains_between(self, before: RouteConfiguration, after: RouteConfiguration) -> Sequence[str]:
        """Return the domains of virtual hosts that only one side has, or that lead to a changed cluster."""
        key = (id(before), id(after))
        if key not in self._hosts:
            hosts = [*_changed_hosts(before, after)]
            for name in sorted(self.clusters):
                hosts += [host for routes in (before, after) for host in self._facts.users(routes).get(name, ())]
            self._hosts[key] = tuple(dict.fromkeys(domain for host in hosts for domain in host.domains))
        return self._hosts[key]

    def is_moved(self, action: object) -> bool:
        """Return whether *action*, which both sides have, leads to a changed cluster."""
        return isinstance(action, RouteAction) and any(one.cluster in self.clusters for one in action.clusters)


def _looks(listener: Listener) -> tuple[object, ...]:
    return (
        listener.tls_inspector,
        listener.http_inspector,
        listener.inspection_timeout_ms,
        listener.continue_on_timeout,
        listener.kind,
    )


def _names(chains: Iterable[FilterChain]) -> set[str]:
    return {key_of(name) for chain in chains for name in chain.match.server_names if name}


def _is_unnamed(chain: FilterChain) -> bool:
    return not chain.match.server_names or "" in chain.match.server_names


def _is_choosy(chain: FilterChain) -> bool:
    return chain.match.transport_protocol is not None or bool(chain.match.application_protocols)


def _changed(before: Sequence[FilterChain], after: Sequence[FilterChain]) -> list[FilterChain]:
    """Return the chains of either list that the other lacks, but for the prefixes that brought them here."""
    ids = set(map(id, before)), set(map(id, after))
    gone = [chain for chain in before if id(chain) not in ids[1]]
    fresh = [chain for chain in after if id(chain) not in ids[0]]
    if gone and fresh:
        keys = {_key(chain) for chain in gone}, {_key(chain) for chain in fresh}
        gone = [chain for chain in gone if _key(chain) not in keys[1]]
        fresh = [chain for chain in fresh if _key(chain) not in keys[0]]
    return gone + fresh


def _key(chain: FilterChain) -> tuple[object, ...]:
    match = chain.match
    protocols = match.transport_protocol, match.application_protocols
    return match.server_names, *protocols, chain.network_filter, chain.name


def _changed_hosts(before: RouteConfiguration, after: RouteConfiguration) -> list[VirtualHost]:
    """Return the virtual hosts of either side that the other lacks."""
    ids = set(map(id, before.virtual_hosts)), set(map(id, after.virtual_hosts))
    gone = [host for host in before.virtual_hosts if id(host) not in ids[1]]
    fresh = [host for host in after.virtual_hosts if id(host) not in ids[0]]
    named = {host.name: host for host in gone}, {host.name: host for host in fresh}
    gone = [host for host in gone if named[1].get(host.name) != host]
    return [*gone, *(host for host in fresh if named[0].get(host.name) != host)]


def _ends(table: Table, name: str) -> tuple[object, ...]:
    """Return what becomes of HTTP, and of bytes that nobody reads, in cluster *name*, and what of that is assumed."""
    return tuple(cluster_end(table, name, carries_http=carries_http) for carries_http in (True, False))
