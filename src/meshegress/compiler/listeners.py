"""Outbound listeners: who binds where, and who loses when two want the same place.

Source: Istio, pilot/pkg/networking/core, listener.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from meshegress.compiler.model.addresses import extra_addresses, service_address
from meshegress.compiler.model.drafts import FilterChainDraft
from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.part_pool import PartPool
from meshegress.compiler.model.protocols import WELL_KNOWN_TCP, Protocol
from meshegress.compiler.model.proxy import UNSPECIFIED, UNSPECIFIED_V6, Proxy
from meshegress.compiler.model.scopes import EgressListener
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.naming import listener_name
from meshegress.profiles import Profile
from meshegress.table import FilterChain, FilterChainMatch, Listener

UNIX = "unix://"

ChainDrafter = Callable[..., Sequence[FilterChainDraft]]


@dataclass(slots=True)
class _Entry:
    """A listener while services still add to it. ``stored`` is the protocol that newcomers are judged by."""

    binds: tuple[str, ...]
    port: int
    stored: Protocol
    plans: list[FilterChainDraft]
    locked: bool = False
    signatures: set[tuple[object, ...]] = field(default_factory=set)

    def merge(self, plans: Iterable[FilterChainDraft]) -> None:
        """Add the chains that no present chain conflicts with."""
        if not self.signatures:
            self.signatures.update(plan.signature for plan in self.plans)
        for plan in plans:
            signature = plan.signature
            if signature not in self.signatures:
                self.signatures.add(signature)
                self.plans.append(plan)


@dataclass(frozen=True, slots=True)
class Outbound:
    """The outbound listeners of a proxy that bears no endpoint's address, and those that stand for one endpoint alone.

    ``of_endpoints`` has, by address, the places of listeners that only endpoints of headless services asked for.
    """

    listeners: tuple[Listener, ...]
    of_endpoints: Mapping[str, frozenset[int]]
    #: The addresses at which others want a listener too.
    shared: frozenset[str]

    def without(self, own: str) -> tuple[Listener, ...]:
        """Return the listeners of the proxy that bears the address *own*, which must not be shared."""
        places = self.of_endpoints.get(own, frozenset())
        return tuple(one for place, one in enumerate(self.listeners) if place not in places)


class _Kind(Enum):
    HTTP = "HTTP"
    TCP = "TCP"
    AUTO = "AUTO"
    HTTP_PROXY = "HTTP_PROXY"

    __hash__ = object.__hash__  # as for Protocol


class ListenerConflict(Enum):
    """What becomes of a newcomer where there is a listener already."""

    IGNORE = "ignore"
    OVERWRITE = "overwrite"
    MERGE = "merge"  #: its chains are added
    MIX = "mix"  #: and the listener now takes HTTP and other bytes


def _kind(protocol: Protocol) -> _Kind | None:
    if protocol is Protocol.HTTP_PROXY:
        return _Kind.HTTP_PROXY
    if protocol is Protocol.AUTO:
        return _Kind.AUTO
    if protocol.is_http:
        return _Kind.HTTP
    return _Kind.TCP if protocol.is_tcp else None


#: The newcomer's kind, then what the listener is stored as.
_CONFLICTS = {
    (_Kind.HTTP, _Kind.HTTP): ListenerConflict.IGNORE,
    (_Kind.HTTP, _Kind.TCP): ListenerConflict.MIX,
    (_Kind.HTTP, _Kind.AUTO): ListenerConflict.IGNORE,
    (_Kind.TCP, _Kind.HTTP): ListenerConflict.MIX,
    (_Kind.TCP, _Kind.TCP): ListenerConflict.MERGE,
    (_Kind.TCP, _Kind.AUTO): ListenerConflict.MERGE,
    (_Kind.AUTO, _Kind.HTTP): ListenerConflict.OVERWRITE,
    (_Kind.AUTO, _Kind.TCP): ListenerConflict.MIX,
    (_Kind.AUTO, _Kind.AUTO): ListenerConflict.IGNORE,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One port of a service on its way to a listener."""

    kind: _Kind
    service: Service
    port: RegistryPort
    binds: tuple[str, ...]
    cidrs: tuple[str, ...]
    egress: EgressListener

    @property
    def key(self) -> tuple[str, int]:
        """The bind and port that are fought over."""
        return self.binds[0], self.port.number


def _meeting(entry: _Entry, newcomer: Candidate) -> ListenerConflict:
    """Return what becomes of *newcomer*: MONGO and MYSQL share a listener with nothing else."""
    if newcomer.kind is _Kind.HTTP_PROXY:
        return ListenerConflict.OVERWRITE
    present = _kind(entry.stored)
    present = _Kind.HTTP if present is _Kind.HTTP_PROXY or present is None else present
    protocol = newcomer.port.protocol
    if protocol is not entry.stored and (protocol in WELL_KNOWN_TCP or entry.stored in WELL_KNOWN_TCP):
        return ListenerConflict.IGNORE
    return _CONFLICTS[newcomer.kind, present]


class ListenerBuilder:
    """Builds the outbound listeners of one proxy, egress listener by egress listener."""

    def __init__(
        self,
        proxy: Proxy,
        profile: Profile,
        pools: EndpointIndex,
        plan_opaque: ChainDrafter,
        *,
        inspection_timeout_ms: int | None,
    ) -> None:
        self._proxy = proxy
        self._inspection_timeout_ms = inspection_timeout_ms
        self._profile = profile
        self._pools = pools
        self._plan_opaque = plan_opaque
        self._entries: dict[tuple[str, int], _Entry] = {}
        # Who wants which place: single endpoints of headless services, and all others.
        self._of_endpoints: set[tuple[str, int]] = set()
        self._of_others: set[tuple[str, int]] = set()
        self._wildcard = proxy.wildcards[0]

    def add(self, egress: EgressListener) -> None:
        """Add the listeners of one egress listener; one without a port leaves those before it as they are."""
        on_port = not self._proxy.intercepts or egress.capture_none or egress.bind.startswith(UNIX)
        binds = (egress.bind,) if egress.bind else self._proxy.loopbacks if on_port else ()
        if egress.port is not None:
            if self._can_bind(binds, egress.port, on_port):
                for service in egress.services:
                    self._add(service, egress.port, binds, egress)
            return
        for entry in self._entries.values():
            entry.locked = True
        for service in egress.services:
            for port in service.ports:
                if self._can_bind(binds, port, on_port):
                    self._add_everywhere(service, port, binds, egress)

    def finish(self, undeclared_traffic: FilterChain, part_pool: PartPool) -> Outbound:
        """Return the listeners; *undeclared_traffic* is the chain of those that have none for the rest.

        They are taken from *part_pool* as far as they are there.
        """
        alone: dict[str, set[int]] = {}
        for place, key in enumerate(self._entries if self._of_endpoints else ()):
            if key in self._of_endpoints and key not in self._of_others:
                alone.setdefault(key[0], set()).add(place)
        return Outbound(
            part_pool.listeners(self._listener(entry, undeclared_traffic) for entry in self._entries.values()),
            {address: frozenset(places) for address, places in alone.items()},
            frozenset(address for address, _ in self._of_endpoints & self._of_others),
        )

    def _can_bind(self, binds: tuple[str, ...], port: RegistryPort, on_port: bool) -> bool:
        """Return whether *port* may be listened on: not privileged for those who are not, not the proxy's own.

        Source: Istio, pilot/pkg/model, CanBindToPort.
        """
        if on_port and self._proxy.unprivileged and 0 < port.number < 1024:
            return False
        primary = binds[0] if binds else ""
        on_wildcard = primary == self._wildcard or (not primary and port.protocol.is_http)
        return not (on_wildcard and port.number in self._proxy.reserved_ports)

    def _add_everywhere(
        self, service: Service, port: RegistryPort, binds: tuple[str, ...], egress: EgressListener
    ) -> None:
        """Add one port of a service: on each of its endpoints where it is headless, else in the ordinary place."""
        kind = _kind(port.protocol)
        headless = (
            not binds
            and service.resolution is ServiceResolution.PASSTHROUGH
            and kind in (_Kind.TCP, _Kind.AUTO)
            and service_address(service, self._proxy) == UNSPECIFIED
        )
        if not headless or kind is None:
            self._add(service, port, binds, egress)
            return
        endpoints = self._pools.by_port_number(service.key, port.number)
        if not endpoints and not service.is_kubernetes and service.selector is None:
            self._add(service, port, binds, egress)
        for endpoint in endpoints:
            if endpoint.is_ip and endpoint.address not in self._proxy.own_addresses[:1]:
                self._of_endpoints.add((endpoint.address, port.number))
                self._enter(Candidate(kind, service, port, (endpoint.address,), (), egress))

    def _add(self, service: Service, port: RegistryPort, binds: tuple[str, ...], egress: EgressListener) -> None:
        kind = _kind(port.protocol)
        if kind is None or service.resolution is ServiceResolution.ALIAS:
            return
        cidrs: tuple[str, ...] = ()
        if not binds:
            binds, cidrs = self._service_binds(service, kind)
        self._of_others.add((binds[0], port.number))
        self._enter(Candidate(kind, service, port, binds, cidrs, egress))

    def _enter(self, newcomer: Candidate) -> None:
        """Give *newcomer* its place, or settle what becomes of it where there is a listener already."""
        entry = self._entries.get(newcomer.key)
        if entry is None:
            self._entries[newcomer.key] = self._entry(newcomer)
        elif not entry.locked:
            self._meet(entry, newcomer)

    def _meet(self, entry: _Entry, newcomer: Candidate) -> None:
        """Settle what a newcomer does to the listener that is there."""
        meeting = _meeting(entry, newcomer)
        if meeting is ListenerConflict.OVERWRITE:
            self._entries[newcomer.key] = self._entry(newcomer)
        elif meeting is not ListenerConflict.IGNORE:
            entry.merge(self._plans(newcomer))
            if meeting is ListenerConflict.MIX:
                entry.stored = Protocol.AUTO

    def _entry(self, newcomer: Candidate) -> _Entry:
        protocol = newcomer.port.protocol
        if newcomer.kind is _Kind.HTTP and newcomer.binds[0] == self._wildcard:
            protocol = Protocol.AUTO
        return _Entry(newcomer.binds, newcomer.port.number, protocol, self._plans(newcomer))

    def _service_binds(self, service: Service, kind: _Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return where a service binds of itself, and the CIDRs that its chains ask for."""
        wildcards = self._proxy.wildcards
        if kind in (_Kind.HTTP, _Kind.HTTP_PROXY):
            return wildcards, ()
        address = service_address(service, self._proxy)
        extra = extra_addresses(service, self._proxy)
        if "/" in address:
            return wildcards, (address, *extra)
        if address == UNSPECIFIED and not service.is_kubernetes:
            if wildcards == (UNSPECIFIED_V6,):
                address = UNSPECIFIED_V6
            elif len(wildcards) == 2:
                extra = (*extra, UNSPECIFIED_V6)
        return (address, *extra), ()

    def _plans(self, newcomer: Candidate) -> list[FilterChainDraft]:
        kind, service, port = newcomer.kind, newcomer.service, newcomer.port
        bind = newcomer.binds[0]
        on_wildcard = bind == self._wildcard
        shared_routes = str(port.number) if port.number else bind
        if kind in (_Kind.HTTP, _Kind.HTTP_PROXY):
            return [self._http(shared_routes, service, port, sniffs=kind is _Kind.HTTP and on_wildcard)]
        related = newcomer.egress.opaque.of(service.hostname)
        opaque = self._plan_opaque(service, port, bind=bind, cidrs=newcomer.cidrs, virtual_services=related)
        if kind is _Kind.TCP:
            return list(opaque)
        own_routes = f"{service.hostname}:{port.number}"
        routes = shared_routes if on_wildcard or not port.number else own_routes
        return [*opaque, self._http(routes, service, port, sniffs=True)]

    def _http(self, route_config: str, service: Service, port: RegistryPort, *, sniffs: bool) -> FilterChainDraft:
        return FilterChainDraft(self._proxy.http_manager(route_config), sniffs=sniffs, origin=service.origin(port))

    def _listener(self, entry: _Entry, undeclared_traffic: FilterChain) -> Listener:
        chains: list[FilterChain] = []
        default: FilterChain | None = None
        http_inspector = any(plan.sniffs for plan in entry.plans)
        asks_name = any(plan.server_names or plan.resolves_name for plan in entry.plans)
        plans, entry.plans = entry.plans[::-1], []
        while plans:  # what is made of a plan takes its place in memory
            plan = plans.pop()
            chain = FilterChain(plan.network_filter, plan.match, origin=plan.origin)
            if plan.is_match_all:
                default = chain
            else:
                chains.append(chain)
        if default is not None and not chains:
            chains, default = [replace(default, match=FilterChainMatch())], None
        elif default is None:
            default = undeclared_traffic
        inspects_tls = http_inspector and self._profile.always_inspects_tls
        return Listener(
            name=listener_name(entry.binds[0], entry.port),
            addresses=entry.binds,
            port=entry.port,
            filter_chains=tuple(chains),
            default_filter_chain=default,
            tls_inspector=inspects_tls or asks_name,
            http_inspector=http_inspector,
            inspection_timeout_ms=self._inspection_timeout_ms if http_inspector else None,
        )
