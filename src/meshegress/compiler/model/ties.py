"""TieRule: where the order of resources decides, and that order is not known.

A table is made for each of a few orders; requests on a port where an order could matter are asked of all.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshegress.compiler.model.orders import TieOrder, TieRule, grouped, tie_orders
from meshegress.compiler.model.protocols import WELL_KNOWN_TCP, Protocol
from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.wire.addressing import canonical_address

#: Stands for the ports of a listener for HTTP proxies, which serves those of all services.
_ANY_PORT = 0


@dataclass(frozen=True, slots=True)
class ContestedPorts:
    """Where an unknown order could matter: on some ports, or anywhere.

    *domains* are the ports on which services of several hosts want one domain, with how many hosts are linked by that:
    there the order of virtual hosts could. *hosts*, in lower case, may have other addresses. On *crowded* ports
    listeners get in each other's way though their services claim nothing of each other. *arrivals* are the orders in
    which istiod may read EndpointSlices.
    """

    ports: frozenset[int]
    hosts: frozenset[str]
    domains: Mapping[int, int]
    everywhere: bool
    crowded: frozenset[int] = frozenset()
    arrivals: tuple[TieOrder, ...] = ()

    def __contains__(self, port: int) -> bool:
        return self.is_wide or port in self.ports or port in self.domains

    def __bool__(self) -> bool:
        return self.is_wide or bool(self.ports) or bool(self.domains)

    @property
    def is_wide(self) -> bool:
        """Whether an unknown order could matter on any port."""
        return self.everywhere or bool(self.arrivals)


@dataclass(frozen=True, slots=True)
class TieGroups:
    """The groups of tied resources: how large they are, those of services by port, and those of others anywhere."""

    on_port: Mapping[int, int]
    anywhere: int
    are_several: bool
    mix_ages: bool

    @staticmethod
    def of(tied: Sequence[tuple[TieRule, Sequence[Any]]]) -> TieGroups:
        """Return the groups of all kinds of resources, services first."""
        services, *others = [list(ties.groups(rows)) for ties, rows in tied]
        on_port: dict[int, int] = {}
        for size, group in services:
            for number in (port.number for service in group for port in service.ports):
                on_port[number] = max(on_port.get(number, 0), size)
        sizes = [size for groups in others for size, _ in groups]
        ages = {ties.created(row) is None for ties, rows in tied for row in rows}
        return TieGroups(on_port, max(sizes, default=2), len(services) + len(sizes) > 1, len(ages) > 1)

    def orders(self, port: int | None) -> Iterator[TieOrder]:
        """Return the orders to try of what is tied on *port*, or on any, the natural one first."""
        on_port = self.on_port.get(port, 2) if port is not None else max(self.on_port.values(), default=2)
        turns = max(on_port, self.anywhere)
        return tie_orders(turns, are_several=self.are_several, mix_ages=self.mix_ages)


def service_ties(services: Iterable[Service], *, keeps_parts: bool) -> TieRule:
    """Return how *services* are tied; HTTP beside unknown protocols is not told, or all of a port would be one group.

    Source: Istio, pilot/pkg/model, SortServicesByCreationTime.
    """
    exclusive = _PortProtocols.of(services, sniffs=True).exclusive
    protocols = _PortProtocols(mixed=exclusive, exclusive=exclusive)
    return TieRule(
        created=lambda service: service.created,
        key=lambda service: (service.name, service.namespace),
        claims=lambda service: (claim for claim, _ in _claims(service, protocols)),
        resource=lambda service: service.resource,
        keeps_parts=keeps_parts,
        ports=lambda service: (port.number for port in service.ports),
    )


def crowded_ports(services: Iterable[Service], *, sniffs: bool, declared: frozenset[int]) -> frozenset[int]:
    """Return the ports on which HTTP and other services share the listener of all addresses and no claim tells it."""
    services = tuple(services)
    web = {port.number for service in services for port in service.ports if port.protocol.is_http}
    return frozenset(web & _PortProtocols.of(services, sniffs=sniffs, declared=declared).mixed)


@dataclass(frozen=True, slots=True)
class _PortProtocols:
    """Who else is on a port: there are *mixed* ports, on which HTTP gets in the way of others, and *exclusive* ones.

    On these is a protocol that shares its listener with no other. The listeners of *declared* ports have one place.
    """

    sniffs: bool = True
    mixed: frozenset[int] = frozenset()
    exclusive: frozenset[int] = frozenset()
    declared: frozenset[int] = frozenset()

    @staticmethod
    def of(services: Iterable[Service], *, sniffs: bool, declared: frozenset[int] = frozenset()) -> _PortProtocols:
        exclusive: set[int] = set()
        mixed: set[int] = set(declared)
        for port in (port for service in services for port in service.ports):
            if port.protocol in WELL_KNOWN_TCP:
                exclusive.add(port.number)
            elif port.protocol is Protocol.AUTO or not (sniffs or port.protocol.is_http):
                mixed.add(port.number)
        return _PortProtocols(sniffs, frozenset(mixed | exclusive), frozenset(exclusive), declared)


def contested_places(
    services: Sequence[Service], *, keeps_parts: bool, sniffs: bool, declared: frozenset[int]
) -> tuple[frozenset[int], frozenset[str]]:
    """Return the ports on which services whose order is not known want the same host, domain or listener; those hosts.

    Where listeners do not sniff, since they are bound to addresses of their own, HTTP and TLS exclude each other, too;
    and so do all on *declared* ports, whose protocol a Sidecar names.
    """
    protocols = _PortProtocols.of(services, sniffs=sniffs, declared=declared)
    latest: dict[Hashable, Service] = {}
    ports: set[int] = set()
    hosts: set[str] = set()
    for service in services:
        for claim, wanted in _claims(service, protocols):
            # Services come by age, those of unknown age first: whoever comes behind one of these is tied with it, and
            # if two others that claim the same are tied, so are two neighbours.
            other = latest.get(claim, service)
            if other is service or other.created is not None:
                latest[claim] = service
            written = claim[0] == "written" and service.address != other.address
            apart = other is not service and not (keeps_parts and service.resource is other.resource)
            if not written and not (apart and tied(service, other)):
                continue
            ports.update(wanted)
            if claim[0] == "host":
                ports.update(port.number for port in other.ports)
                hosts.update([service.hostname.lower()] if service.resource is not other.resource else ())
    return frozenset(ports | _ports_of_both_families(services)), frozenset(hosts)


def _ports_of_both_families(services: Sequence[Service]) -> set[int]:
    """Return the ports on which a service is written ``::``, which a wildcard of both families wants as well."""
    written = [service for service in services if ":" in service.address and canonical_address(service.address) == "::"]
    numbers = {port.number for service in written for port in service.ports if not port.protocol.is_http}
    if not numbers:
        return numbers
    spread = (
        port.number
        for service in services
        for port in service.ports
        if port.protocol.is_http or service.address == UNSPECIFIED or "/" in service.address
    )
    return numbers.intersection(spread)


def shared_domain_ports(services: Sequence[Service], proxy_ports: Collection[int] = ()) -> Mapping[int, int]:
    """Return the ports on which services of several hosts want one domain, which the first virtual host written has.

    With each port: how many hosts are linked by that, since all of them take turns. The listeners of *proxy_ports*
    serve the hosts of all ports.
    """
    services = [service for service in services if service.resolution is not ServiceResolution.ALIAS]
    owners: dict[tuple[str, int], str] = {}
    linked: dict[int, dict[str, set[str]]] = {}
    for service in services:
        for domain, number in _own_domains(service, on_any_port=bool(proxy_ports)):
            owner = owners.setdefault((domain, number), service.hostname)
            for host in (owner, service.hostname) if owner != service.hostname else ():
                linked.setdefault(number, {}).setdefault(host, set()).add(domain)
    most = {number: _largest(hosts) for number, hosts in linked.items()}
    on_any_port = most.pop(_ANY_PORT, 1)
    for number in proxy_ports:
        # There the ports of one host want its name.
        most[number] = max(on_any_port, *(len(_http_ports(service)) for service in services), 1)
    return {number: hosts for number, hosts in most.items() if hosts > 1}


def _largest(hosts: Mapping[str, set[str]]) -> int:
    return max(len(group) for group in grouped(list(hosts), hosts.__getitem__))


def _http_ports(service: Service) -> list[int]:
    return [port.number for port in service.ports if port.protocol.is_http_or_auto]


def _own_domains(service: Service, *, on_any_port: bool) -> Iterator[tuple[str, int]]:
    """Yield the names under which the routes of *service* answer, with each port, and with the one for any."""
    numbers = _http_ports(service)
    if numbers:
        wanted = [*numbers, _ANY_PORT] if on_any_port else numbers
        yield from ((domain, number) for domain in domains_of(service) for number in wanted)


def tied(one: Service, other: Service) -> bool:
    """Return whether the order of two services is not known; those of one resource have one age, whichever it is."""
    if one.resource is not other.resource and (one.created is None or other.created is None):
        return True
    return (one.created, one.name, one.namespace) == (other.created, other.name, other.namespace)


def _claims(service: Service, protocols: _PortProtocols) -> Iterator[tuple[tuple[Hashable, ...], tuple[int, ...]]]:
    """Yield what a service claims and on which ports, such that two claimants get in each other's way."""
    if service.resolution is ServiceResolution.ALIAS:
        return
    yield ("host", service.hostname.lower()), tuple(port.number for port in service.ports)
    bound = "cidr" if "/" in service.address else service.address
    for port in service.ports:
        number, protocol = port.number, port.protocol
        if protocol.is_http_or_auto:
            for domain in domains_of(service):
                yield ("domain", domain, number), (number,)
        if protocol.is_http:
            if number in protocols.mixed:
                yield ("listener", UNSPECIFIED, number), (number,)
        elif protocol is not Protocol.UDP:
            if bound != UNSPECIFIED or not (protocols.sniffs and protocol.is_tls) or number in protocols.exclusive:
                yield ("listener", bound, number), (number,)
            if number in protocols.mixed and (bound == "cidr" or not protocols.sniffs or number in protocols.declared):
                yield ("listener", UNSPECIFIED, number), (number,)
            if ":" in bound:
                yield ("written", canonical_address(bound), number), (number,)


def domains_of(service: Service) -> set[str]:
    """Return the names under which the routes of *service* answer, but for the shortest ones and the final dot.

    Domains are equal whatever their case.
    """
    host = service.hostname.lower().rstrip(".")
    is_headless = service.is_kubernetes and service.resolution is ServiceResolution.PASSTHROUGH
    has_more = service.aliases or is_headless or service.automatic_v4 or service.automatic_v6
    if service.address == UNSPECIFIED and not has_more:
        return {host}
    names = {alias.name.lower() for alias in service.aliases} | {host}
    if is_headless:
        names |= {f"*.{form}" for name in names for form in _longer_forms(name)}
    addresses = (service.address, *service.cluster_vips, service.automatic_v4, service.automatic_v6)
    return names | {address.lower() for address in addresses if address and address != UNSPECIFIED}


def _longer_forms(host: str) -> tuple[str, ...]:
    """Return the full name of a Kubernetes Service and its forms that bear the namespace."""
    named = host.partition(".svc.")[0]
    return host, f"{named}.svc", named
