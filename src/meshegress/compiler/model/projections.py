"""Projections of a proxy: what a part of its table can depend on. Proxies with equal projections share that part.

Each pass receives a projection of the proxy: the fields that it reads, and only those labels that some rule selects.
Its result is cached under that projection, so the cache key lists everything that the result depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.scopes import Scope
from meshegress.wire.paths import PathNormalization

_Part = TypeVar("_Part")

#: The labels that a rule wants, all of them.
Selector = frozenset[tuple[str, str]]

_FAMILIES = ("ipv4", "ipv6", "only_own_family", "is_dual_stack", "dns_capture")
_READING = ("accept_http_10", "path_normalization")
_BINDING = ("intercepts", "unprivileged", "reserved_ports")

#: Placeholder proxy: defaults for the fields that a projection omits.
_BLANK_PROXY = Proxy(
    namespace="",
    labels=frozenset(),
    ipv4=True,
    ipv6=False,
    own_addresses=(),
    dns_domain="",
    dns_capture=False,
    accept_http_10=False,
    intercepts=True,
    unprivileged=False,
    reserved_ports=(),
    http_proxy_port=0,
    only_own_family=False,
    path_normalization=PathNormalization.BASE,
    network="",
    node="",
)


@dataclass(frozen=True, slots=True)
class ProxyProjection:
    """The fields of a proxy that a part depends on, and the selectors that its labels are matched against."""

    fields: tuple[str, ...] = ()
    selectors: frozenset[Selector] = frozenset()

    def without(self, field: str) -> ProxyProjection:
        """Return this projection without *field*."""
        return replace(self, fields=tuple(name for name in self.fields if name != field))

    def of(self, proxy: Proxy) -> Proxy:
        """Return the projection of *proxy*.

        It keeps the labels that a matching selector asks for, so every selector still matches as it did.
        """
        held = frozenset(pair for selector in self.selectors if selector <= proxy.labels for pair in selector)
        return replace(_BLANK_PROXY, labels=held, **{name: getattr(proxy, name) for name in self.fields})


@dataclass(frozen=True, slots=True)
class TableProjections:
    """The projection of each part of a scope's tables, and of a whole table."""

    clusters: ProxyProjection
    listeners: ProxyProjection
    own_listeners: ProxyProjection
    routes: ProxyProjection
    names: ProxyProjection

    @property
    def table(self) -> ProxyProjection:
        """The projection of the whole table: the union of those of its parts."""
        parts = (self.clusters, self.listeners, self.own_listeners, self.routes, self.names)
        fields = dict.fromkeys(name for part in parts for name in part.fields)
        return ProxyProjection(tuple(fields), frozenset(selector for part in parts for selector in part.selectors))


def table_projections(scope: Scope, rule_selectors: frozenset[Selector]) -> TableProjections:
    """Return the projections of the parts of tables of *scope*; *rule_selectors* are those of its DestinationRules."""
    rows = [row for listener in scope.listeners for row in listener.virtual_services]
    return TableProjections(
        clusters=ProxyProjection(("namespace", "node"), rule_selectors),
        listeners=ProxyProjection(
            (*_FAMILIES, *_READING, *_BINDING, "namespace", "dns_domain", "own_addresses"),
            frozenset(selector for row in rows for selector in _of_bytes(row)),
        ),
        own_listeners=ProxyProjection((*_FAMILIES, *_READING, "intercepts", "reserved_ports", "http_proxy_port")),
        routes=ProxyProjection(
            (*_FAMILIES, "namespace", "dns_domain"),
            frozenset(selector for row in rows for selector in http_selectors(row)),
        ),
        names=ProxyProjection((*_FAMILIES, "network")),
    )


def wanted(labels: Mapping[str, str]) -> Selector:
    """Return *labels* as a selector."""
    return frozenset(labels.items())


def http_selectors(row: ResolvedVirtualService) -> Iterable[Selector]:
    """Yield the selectors of *row*'s HTTP routes on the labels of the sending workload."""
    return (wanted(match.source_labels) for entry in row.http for match in entry.matches if match.source_labels)


def _of_bytes(row: ResolvedVirtualService) -> Iterable[Selector]:
    entries = (*row.tls, *row.tcp)
    return (wanted(match.source_labels) for entry in entries for match in entry.route.match if match.source_labels)


class ProjectionCache(Generic[_Part]):
    """Results of a pass, cached under one projection of the proxy."""

    def __init__(self, projection: ProxyProjection) -> None:
        self._aspect = projection
        self._made: dict[Hashable, _Part] = {}

    def key(self, proxy: Proxy) -> Hashable:
        """Return what of *proxy* the results depend on."""
        return self._aspect.of(proxy)

    def cached(self, proxy: Proxy, make: Callable[[Proxy], _Part], *also: Hashable) -> _Part:
        """Return ``make(projected proxy)``, computed once for each projection and *also*, what else it depends on."""
        seen = self._aspect.of(proxy)
        key = (seen, *also)
        made = self._made.get(key)
        return self._made.setdefault(key, make(seen)) if made is None else made
