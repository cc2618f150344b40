"""What a part of a table can know of a proxy: proxies that look the same from there have the same part.

A pass is not given the proxy but the proxy under an aspect: the fields that the pass reads, and of the labels only what
some rule asks for. What it makes is remembered under that, so that the key is the list of everything it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from meshegress.compiler.nouns.records import Proxy
from meshegress.compiler.nouns.routing import VirtualService
from meshegress.compiler.nouns.scopes import Scope
from meshegress.wire.paths import PathNormalization

_Part = TypeVar("_Part")

#: The labels that a rule wants, all of them.
Selector = frozenset[tuple[str, str]]

_FAMILIES = ("ipv4", "ipv6", "only_own_family", "dns_capture")
_READING = ("accept_http_10", "path_normalization")
_BINDING = ("intercepts", "unprivileged", "reserved_ports")

#: Of whom nothing is known: what stands for the fields that an aspect leaves out.
_STRANGER = Proxy(
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
class Aspect:
    """The fields of a proxy that a part depends on, and the selectors that its labels are held against."""

    fields: tuple[str, ...] = ()
    selectors: frozenset[Selector] = frozenset()

    def but(self, field: str) -> Aspect:
        """Return this aspect without *field*."""
        return replace(self, fields=tuple(name for name in self.fields if name != field))

    def of(self, proxy: Proxy) -> Proxy:
        """Return *proxy* as it looks from here.

        Of its labels those are left that a selector wants which holds: so each selector holds as it did.
        """
        held = frozenset(pair for selector in self.selectors if selector <= proxy.labels for pair in selector)
        return replace(_STRANGER, labels=held, **{name: getattr(proxy, name) for name in self.fields})


@dataclass(frozen=True, slots=True)
class Aspects:
    """The aspect of each part of the tables of one scope, and that of a whole table."""

    clusters: Aspect
    listeners: Aspect
    own_listeners: Aspect
    routes: Aspect
    names: Aspect

    @property
    def table(self) -> Aspect:
        """What can matter at all."""
        parts = (self.clusters, self.listeners, self.own_listeners, self.routes, self.names)
        fields = dict.fromkeys(name for part in parts for name in part.fields)
        return Aspect(tuple(fields), frozenset(selector for part in parts for selector in part.selectors))


def aspects_of(scope: Scope, rule_selectors: frozenset[Selector]) -> Aspects:
    """Return the aspects of the parts of tables of *scope*; *rule_selectors* are those of its DestinationRules."""
    rows = [row for listener in scope.listeners for row in listener.virtual_services]
    return Aspects(
        clusters=Aspect(("namespace", "node"), rule_selectors),
        listeners=Aspect(
            (*_FAMILIES, *_READING, *_BINDING, "namespace", "dns_domain", "own_addresses"),
            frozenset(selector for row in rows for selector in _of_bytes(row)),
        ),
        own_listeners=Aspect((*_FAMILIES, *_READING, "intercepts", "reserved_ports", "http_proxy_port")),
        routes=Aspect(
            (*_FAMILIES, "namespace", "dns_domain"),
            frozenset(selector for row in rows for selector in http_selectors(row)),
        ),
        names=Aspect((*_FAMILIES, "network")),
    )


def wanted(labels: Mapping[str, str]) -> Selector:
    """Return what *labels* ask for."""
    return frozenset(labels.items())


def http_selectors(row: VirtualService) -> Iterable[Selector]:
    """Yield what the HTTP routes of *row* ask of the labels of whoever sends."""
    return (wanted(match.source_labels) for entry in row.http for match in entry.matches if match.source_labels)


def _of_bytes(row: VirtualService) -> Iterable[Selector]:
    entries = (*row.tls, *row.tcp)
    return (wanted(match.source_labels) for entry in entries for match in entry.route.match if match.source_labels)


class Memory(Generic[_Part]):
    """What was made under one aspect, once for all proxies that look the same."""

    def __init__(self, aspect: Aspect) -> None:
        self._aspect = aspect
        self._made: dict[Hashable, _Part] = {}

    def once(self, proxy: Proxy, make: Callable[[Proxy], _Part], *also: Hashable) -> _Part:
        """Return what *make* makes of *proxy* as it looks from here, now or before.

        *also* is what else it depends on.
        """
        seen = self._aspect.of(proxy)
        key = (seen, *also)
        made = self._made.get(key)
        return self._made.setdefault(key, make(seen)) if made is None else made
