"""Ties: where the order of resources decides, and that order is not known.

Resources without a creationTimestamp count as equally old, and Istio keeps no order at all between the addresses of
one entry. A table is made for each of a few orders; requests on a port where an order could matter are asked of all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, pairwise
from typing import Any, TypeVar

from meshegress.addressing import canonical_address
from meshegress.compiler.nouns.protocols import WELL_KNOWN_TCP, Protocol
from meshegress.compiler.nouns.records import UNSPECIFIED, Resolution, Service

_Row = TypeVar("_Row")


class Order(Enum):
    """An order that tied resources may have had."""

    NATURAL = "by name"
    REVERSED = "the other way round"
    ROTATED = "the first one last"
    ROTATED_REVERSED = "the first one first, the others the other way round"
    EVEN_REVERSED = "every other tie the other way round"
    ODD_REVERSED = "the ties between those the other way round"
    UNDATED_LAST = "those of unknown age youngest"
    UNDATED_LAST_REVERSED = "those of unknown age youngest, the other way round"
    LISTENERS_REVERSED = "as by name, but listeners written the other way round"
    VIRTUAL_HOSTS_REVERSED = "as by name, but virtual hosts written the other way round"


_ARRANGE: dict[Order, Callable[[list[Any], int], list[Any]]] = {
    Order.REVERSED: lambda rows, number: rows[::-1],
    Order.ROTATED: lambda rows, number: rows[1:] + rows[:1],
    Order.ROTATED_REVERSED: lambda rows, number: rows[:1] + rows[:0:-1],
    Order.EVEN_REVERSED: lambda rows, number: rows[::-1] if number % 2 == 0 else rows,
    Order.ODD_REVERSED: lambda rows, number: rows[::-1] if number % 2 else rows,
    Order.UNDATED_LAST_REVERSED: lambda rows, number: rows[::-1],
}


def _as_they_are(rows: list[Any], _number: int) -> list[Any]:
    return rows


_ALL = tuple(Order)
_OF_VIRTUAL_HOSTS = (Order.NATURAL, Order.VIRTUAL_HOSTS_REVERSED)
_AS_BY_NAME = (Order.NATURAL, Order.LISTENERS_REVERSED, Order.VIRTUAL_HOSTS_REVERSED)
_UNDATED_LAST = (Order.UNDATED_LAST, Order.UNDATED_LAST_REVERSED)


def _itself(row: object) -> object:
    return row


def _by_resource(units: list[list[_Row]], resource: Callable[[_Row], object]) -> list[list[_Row]]:
    """Return *units* of one resource as one: they have one age, whichever it is, and so keep their order by key."""
    found: dict[int, list[_Row]] = {}
    for unit in units:
        found.setdefault(id(resource(unit[0])), []).extend(unit)
    return list(found.values())


def in_order(
    rows: Iterable[_Row],
    created: Callable[[_Row], int | None],
    key: Callable[[_Row], tuple[Hashable, ...]],
    *,
    order: Order = Order.NATURAL,
    resource: Callable[[_Row], object] = _itself,
    keeps_parts: bool = True,
) -> list[_Row]:
    """Return *rows* oldest first, then by *key*; rows of unknown age are the oldest, and *order* arranges ties.

    Rows with one key that come from one *resource* stay as they are unless *keeps_parts* is false.

    >>> in_order([("b", None), ("a", None), ("c", 5)], created=lambda r: r[1], key=lambda r: r[:1])
    [('a', None), ('b', None), ('c', 5)]
    """
    ordered = sorted(rows, key=lambda row: (created(row) or 0, *key(row)))
    if order in _AS_BY_NAME:
        return ordered
    arrange = _ARRANGE.get(order, _as_they_are)
    units = [list(unit) for _, unit in groupby(ordered, lambda row: (created(row), *key(row), id(resource(row))))]
    if not keeps_parts:
        several = [unit for unit in units if len(unit) > 1]
        arranged = {id(unit): arrange(unit, number) for number, unit in enumerate(several)}
        units = [arranged.get(id(unit), unit) for unit in units]
    undated = arrange(_by_resource([unit for unit in units if created(unit[0]) is None], resource), 0)
    dated: list[list[_Row]] = []
    seconds = groupby(
        (unit for unit in units if created(unit[0]) is not None), lambda unit: (created(unit[0]), *key(unit[0]))
    )
    for number, (_, same) in enumerate(seconds):
        dated += arrange(list(same), number)
    placed = dated + undated if order in _UNDATED_LAST else undated + dated
    return [row for unit in placed for row in unit]


@dataclass(frozen=True, slots=True)
class Contested:
    """Where an unknown order could matter: on some ports, or anywhere.

    *domains* are the ports on which services of several hosts want one domain: there the order of virtual hosts could.
    """

    ports: frozenset[int] = frozenset()
    domains: frozenset[int] = frozenset()
    everywhere: bool = False

    def orders(self, port: int) -> tuple[Order, ...]:
        """Return the orders in which requests on a contested *port* are asked, the natural one first."""
        return _ALL if self.everywhere or port in self.ports else _OF_VIRTUAL_HOSTS

    def __contains__(self, port: int) -> bool:
        return self.everywhere or port in self.ports or port in self.domains

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.ports) or bool(self.domains)


def contested_ports(services: Sequence[Service], *, keeps_parts: bool, sniffs: bool = True) -> frozenset[int]:
    """Return the ports on which services whose order is not known want the same host, domain or listener.

    Where listeners do not sniff, since they are bound to addresses of their own, HTTP and TLS exclude each other, too.
    """
    mixed = {
        port.number
        for service in services
        for port in service.ports
        if port.protocol in _TAKES_PRECEDENCE or not (sniffs or port.protocol.is_http)
    }
    latest: dict[Hashable, Service] = {}
    ports: set[int] = set()
    for service in services:
        for claim, wanted in _claims(service, mixed, sniffs=sniffs):
            # Services come by age, those of unknown age first: whoever comes behind one of these is tied with it, and
            # if two others that claim the same are tied, so are two neighbours.
            other = latest.get(claim, service)
            if other is service or other.created is not None:
                latest[claim] = service
            written = claim[0] == "written" and service.address != other.address
            apart = other is not service and not (keeps_parts and service.resource is other.resource)
            if written or (apart and tied(service, other)):
                ports.update(wanted, (port.number for port in other.ports if claim[0] == "host"))
    return frozenset(ports | _ports_of_both_families(services))


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


def shared_domain_ports(services: Sequence[Service]) -> frozenset[int]:
    """Return the ports on which services of several hosts want one domain: the first virtual host written has it."""
    owners: dict[tuple[str, int], str] = {}
    ports: set[int] = set()
    for service in services:
        numbers = [port.number for port in service.ports if port.protocol.is_http_or_auto]
        if numbers and service.resolution is not Resolution.ALIAS:
            wanted = ((domain, number) for domain in _domains(service) for number in numbers)
            ports.update(key[1] for key in wanted if owners.setdefault(key, service.hostname) != service.hostname)
    return frozenset(ports)


#: Protocols whose listener is another one according to who comes first.
_TAKES_PRECEDENCE = frozenset({Protocol.AUTO, *WELL_KNOWN_TCP})


def tied(one: Service, other: Service) -> bool:
    """Return whether the order of two services is not known; those of one resource have one age, whichever it is."""
    if one.resource is not other.resource and (one.created is None or other.created is None):
        return True
    return (one.created, one.name, one.namespace) == (other.created, other.name, other.namespace)


def _claims(
    service: Service, mixed: set[int], *, sniffs: bool
) -> Iterator[tuple[tuple[Hashable, ...], tuple[int, ...]]]:
    """Yield what a service claims and on which ports, such that two claimants get in each other's way."""
    if service.resolution is Resolution.ALIAS:
        return
    yield ("host", service.hostname.lower()), tuple(port.number for port in service.ports)
    bound = "cidr" if "/" in service.address else service.address
    for port in service.ports:
        number, protocol = port.number, port.protocol
        if protocol.is_http_or_auto:
            for domain in _domains(service):
                yield ("domain", domain, number), (number,)
        if protocol.is_http:
            if number in mixed:
                yield ("listener", UNSPECIFIED, number), (number,)
        elif protocol is not Protocol.UDP and not (sniffs and protocol.is_tls and bound == UNSPECIFIED):
            yield ("listener", bound, number), (number,)
            if ":" in bound:
                yield ("written", canonical_address(bound), number), (number,)


def _domains(service: Service) -> set[str]:
    """Return the names under which the routes of *service* answer, but for the short ones and the final dot."""
    if service.address == UNSPECIFIED and not service.aliases:
        return {service.hostname.lower().rstrip(".")}
    names = {alias.name.lower() for alias in service.aliases} | {service.hostname.lower().rstrip(".")}
    return names | {service.address, *service.cluster_vips} - {UNSPECIFIED}


def any_tied(
    rows: Iterable[_Row], created: Callable[[_Row], int | None], claims: Callable[[_Row], Iterable[Hashable]]
) -> bool:
    """Return whether two of *rows*, one of unknown age at least, claim the same thing."""
    found: dict[Hashable, list[_Row]] = {}
    for row in rows:
        for claim in claims(row):
            found.setdefault(claim, []).append(row)
    return any(
        created(one) is None or created(other) is None for group in found.values() for one, other in pairwise(group)
    )
