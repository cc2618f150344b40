"""TieRule: where the order of resources decides, and that order is not known.

A table is made for each of a few orders; requests on a port where an order could matter are asked of all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshegress.addressing import canonical_address
from meshegress.compiler.model.orders import TieOrder, TieRule, tie_orders
from meshegress.compiler.model.protocols import WELL_KNOWN_TCP, Protocol
from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.services import Service, ServiceResolution


@dataclass(frozen=True, slots=True)
class ContestedPorts:
    """Where an unknown order could matter: on some ports, or anywhere.

    *domains* are the ports on which services of several hosts want one domain, with how many do: there the order of
    virtual hosts could. *hosts*, in lower case, may have other addresses.
    """

    ports: frozenset[int]
    hosts: frozenset[str]
    domains: Mapping[int, int]
    everywhere: bool

    def __contains__(self, port: int) -> bool:
        return self.everywhere or port in self.ports or port in self.domains

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.ports) or bool(self.domains)


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
    )


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


def shared_domain_ports(services: Sequence[Service]) -> Mapping[int, int]:
    """Return the ports on which services of several hosts want one domain, which the first virtual host written has.

    With each port: how many hosts do.
    """
    owners: dict[tuple[str, int], str] = {}
    others: dict[tuple[str, int], set[str]] = {}
    for service in services:
        for key in _own_domains(service):
            if owners.setdefault(key, service.hostname) != service.hostname:
                others.setdefault(key, set()).add(service.hostname)
    most: dict[int, int] = {}
    for (_, number), hosts in others.items():
        most[number] = max(most.get(number, 0), len(hosts) + 1)
    return most


def _own_domains(service: Service) -> Iterator[tuple[str, int]]:
    """Yield the names under which the routes of *service* answer, with each port."""
    numbers = [port.number for port in service.ports if port.protocol.is_http_or_auto]
    if numbers and service.resolution is not ServiceResolution.ALIAS:
        yield from ((domain, number) for domain in domains_of(service) for number in numbers)


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
    """Return the names under which the routes of *service* answer, but for the short ones and the final dot."""
    if service.address == UNSPECIFIED and not service.aliases:
        return {service.hostname.lower().rstrip(".")}
    names = {alias.name.lower() for alias in service.aliases} | {service.hostname.lower().rstrip(".")}
    return names | {service.address, *service.cluster_vips} - {UNSPECIFIED}
