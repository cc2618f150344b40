"""Lower what a change left of a listener or a route configuration: the old node, and what is new in it.

Chains and virtual hosts keep their numbers in the node: what is removed leaves its number unused, what is new gets
the next one, and where more than a few are unused the whole is laid out again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence

from meshegress._engine.layout import NO_MATCH, NameLevel, NameTable, RouteNode, RouteRow
from meshegress.compiler.model.deltas import Delta
from meshegress.compiler.program.trees import (
    ListenerLayout,
    RoutesLayout,
    conditions_of,
    is_answered,
    lay_out_host,
    lay_out_listener,
    lay_out_routes,
    route_node,
    takes_every_connection,
)
from meshegress.table import FilterChain, Listener, RouteConfiguration, VirtualHost

#: A table of names, those that go, those that come with their rows: the table afterwards.
NameChange = Callable[[NameTable, Sequence[str], Sequence[tuple[str, int]]], NameTable]

#: Unused numbers that are not worth laying out again.
_FEW = 256


def update_listener(layout: ListenerLayout, delta: Delta[Listener, FilterChain]) -> ListenerLayout:
    """Return what the listener after *delta* is laid out to; *layout* is what the one before was."""
    level = layout.node.any_port
    bucket = level.unprefixed if level is not None else None
    live = len(delta.after.filter_chains)
    by_name = all(_is_by_name(chain) for chain in (*delta.removed, *delta.added))
    if level is None or bucket is None or not by_name or _is_sparse(len(layout.chains), live):
        return lay_out_listener(delta.after)
    changed = _other_names(bucket, layout.chains, delta)
    if changed is None:
        return lay_out_listener(delta.after)
    names, chains = changed
    node = layout.node._replace(any_port=level._replace(unprefixed=names), inspects_tls=delta.after.tls_inspector)
    return ListenerLayout(delta.after, node, chains, layout.carries_bytes)


def update_routes(
    layout: RoutesLayout, delta: Delta[RouteConfiguration, VirtualHost], changed_names: NameChange
) -> RoutesLayout:
    """Return what the route configuration after *delta* is laid out to; *layout* is what the one before was.

    *changed_names* changes a table of names.
    """
    node = layout.node
    if [host.domains for host in delta.removed] == [host.domains for host in delta.added]:
        rerouted = _reroute(layout, delta)
        if rerouted is not None:
            return rerouted
    hosts: list[VirtualHost | None] = list(layout.hosts)
    if _is_sparse(len(hosts), len(delta.after.virtual_hosts)):
        return lay_out_routes(delta.after)
    for host in delta.removed:
        row = node.domains.find(host.domains[0])
        if row == NO_MATCH or hosts[row] != host:
            return lay_out_routes(delta.after)
        hosts[row] = None
    removed = [domain for host in delta.removed for domain in host.domains]
    added = [(domain, row) for row, host in enumerate(delta.added, len(hosts)) for domain in host.domains]
    answers, misses = array("i", node.answers), array("i", node.misses)
    conditional: list[tuple[int, tuple[RouteRow, ...]]] = list(node.conditional)
    leaf = node.leaves
    for host in delta.added:
        leaf = lay_out_host(host, leaf, answers, misses, conditional)
    domains = changed_names(node.domains, removed, added)
    changed = node._replace(
        domains=domains, answers=answers, misses=misses, conditional=tuple(conditional), leaves=leaf
    )
    return RoutesLayout(delta.after, changed, (*hosts, *delta.added))


def _reroute(layout: RoutesLayout, delta: Delta[RouteConfiguration, VirtualHost]) -> RoutesLayout | None:
    """Return *layout* with other virtual hosts of the same domains on the same rows; None where they are not there."""
    hosts = list(layout.hosts)
    rows: list[tuple[int, VirtualHost]] = []
    for old, new in zip(delta.removed, delta.added, strict=True):
        row = layout.node.domains.find(old.domains[0])
        if row == NO_MATCH or hosts[row] != old:
            return None
        hosts[row] = new
        rows.append((row, new))
    if all(_has_shape_of(new, old) for old, new in zip(delta.removed, delta.added, strict=True)):
        return RoutesLayout(delta.after, _in_place(layout.node, rows), tuple(hosts))
    kept = [host for host in hosts if host is not None]
    if len(kept) < len(hosts):
        return None
    return RoutesLayout(delta.after, route_node(layout.node.domains, kept), tuple(kept))


def _has_shape_of(new: VirtualHost, old: VirtualHost) -> bool:
    """Return whether the leaves of *new* are as many as those of *old*, and its answer as ready."""
    return len(new.routes) == len(old.routes) and is_answered(new) == is_answered(old)


def _in_place(node: RouteNode, rows: Iterable[tuple[int, VirtualHost]]) -> RouteNode:
    """Return *node* with the conditions of these virtual hosts on their *rows*, whose leaves stay."""
    conditional = list(node.conditional)
    for row, host in rows:
        if node.answers[row] < 0:
            conditional[-1 - node.answers[row]] = conditions_of(host, node.misses[row])
    return node._replace(conditional=tuple(conditional))


def _is_sparse(numbers: int, live: int) -> bool:
    return numbers - live > _FEW + live // 4


def _is_by_name(chain: FilterChain) -> bool:
    """Return whether *chain* asks for one server name and nothing else."""
    match = chain.match
    alone = match.destination_port is None and not match.prefix_ranges and len(match.server_names) == 1
    return alone and takes_every_connection(match)


def _other_names(
    bucket: NameLevel, numbered: Sequence[FilterChain | None], delta: Delta[Listener, FilterChain]
) -> tuple[NameLevel, Sequence[FilterChain | None]] | None:
    """Return *bucket* with other names, and the chains by number; None where it is not that simple."""
    if bucket.names is None:
        return None
    chains = list(numbered)
    for chain in delta.removed:
        row = bucket.names.find(chain.match.server_names[0])
        number = bucket.rows[row] if row != NO_MATCH else NO_MATCH
        if number < 0 or chains[number] != chain:
            return None
        chains[number] = None
    rows = array("i", bucket.rows)
    added = [(chain.match.server_names[0], len(rows) + place) for place, chain in enumerate(delta.added)]
    rows.extend(range(len(chains), len(chains) + len(delta.added)))
    removed = [chain.match.server_names[0] for chain in delta.removed]
    return bucket._replace(names=bucket.names.with_changes(removed, added), rows=rows), (*chains, *delta.added)
