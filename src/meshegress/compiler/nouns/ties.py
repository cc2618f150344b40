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

from meshegress.compiler.nouns.protocols import WELL_KNOWN_TCP, Protocol
from meshegress.compiler.nouns.records import UNSPECIFIED, Resolution, Service

_Row = TypeVar("_Row")


class Order(Enum):
    """An order that tied resources may have had."""

    NATURAL = "by name"
    REVERSED = "by name, the other way round"
    ROTATED = "by name, the first one last"
    ROTATED_REVERSED = "the first one first, the others the other way round"
    UNDATED_LAST = "those of unknown age youngest"
    UNDATED_LAST_REVERSED = "those of unknown age youngest, the other way round"


_ARRANGE: dict[Order, Callable[[list[Any]], list[Any]]] = {
    Order.NATURAL: lambda rows: rows,
    Order.REVERSED: lambda rows: rows[::-1],
    Order.ROTATED: lambda rows: rows[1:] + rows[:1],
    Order.ROTATED_REVERSED: lambda rows: rows[:1] + rows[:0:-1],
    Order.UNDATED_LAST: lambda rows: rows,
    Order.UNDATED_LAST_REVERSED: lambda rows: rows[::-1],
}


def in_order(
    rows: Iterable[_Row],
    created: Callable[[_Row], int | None],
    key: Callable[[_Row], tuple[Hashable, ...]],
    order: Order = Order.NATURAL,
) -> list[_Row]:
    """Return *rows* oldest first, then by *key*; rows of unknown age are the oldest, and *order* arranges ties.

    >>> in_order([("b", None), ("a", None), ("c", 5)], created=lambda r: r[1], key=lambda r: r[:1])
    [('a', None), ('b', None), ('c', 5)]
    """
    ordered = sorted(rows, key=lambda row: (created(row) or 0, *key(row)))
    if order is Order.NATURAL:
        return ordered
    arrange = _ARRANGE[order]
    undated = arrange([row for row in ordered if created(row) is None])
    dated: list[_Row] = []
    for _, group in groupby((row for row in ordered if created(row) is not None), lambda r: (created(r), *key(r))):
        dated += arrange(list(group))
    last = order in (Order.UNDATED_LAST, Order.UNDATED_LAST_REVERSED)
    return dated + undated if last else undated + dated


@dataclass(frozen=True, slots=True)
class Contested:
    """Where an unknown order could matter: on some ports, or anywhere."""

    ports: frozenset[int] = frozenset()
    everywhere: bool = False

    def __contains__(self, port: int) -> bool:
        return self.everywhere or port in self.ports

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.ports)


def contested_ports(services: Sequence[Service], *, ordered_virtual_hosts: bool) -> frozenset[int]:
    """Return the ports on which services that are tied want the same host, address or listener."""
    mixed = {port.number for service in services for port in service.ports if port.protocol in _TAKES_PRECEDENCE}
    claims: dict[Hashable, Service] = {}
    ports: set[int] = set()
    for service in services:
        for claim, wanted in _claims(service, mixed):
            other = claims.setdefault(claim, service)
            loose = claim[0] == "domain" and not ordered_virtual_hosts
            if other is not service and (loose or tied(service, other)):
                ports.update(wanted)
                if claim[0] == "host":
                    ports.update(port.number for port in other.ports)
    return frozenset(ports)


#: Protocols whose listener is another one according to who comes first.
_TAKES_PRECEDENCE = frozenset({Protocol.AUTO, *WELL_KNOWN_TCP})


def tied(one: Service, other: Service) -> bool:
    """Return whether the order of two services is not known."""
    if one.created is None or other.created is None:
        return True
    return (one.created, one.name, one.namespace) == (other.created, other.name, other.namespace)


def _claims(service: Service, mixed: set[int]) -> Iterator[tuple[tuple[Hashable, ...], tuple[int, ...]]]:
    """Yield what a service claims and on which ports, such that two claimants get in each other's way."""
    if service.resolution is Resolution.ALIAS:
        return
    yield ("host", service.hostname.lower()), tuple(port.number for port in service.ports)
    bound = "cidr" if "/" in service.address else service.address
    for port in service.ports:
        number, protocol = port.number, port.protocol
        if protocol.is_http_or_auto:
            for address in {service.address, *service.cluster_vips} - {UNSPECIFIED}:
                yield ("domain", address, number), (number,)
        if protocol.is_http:
            if number in mixed:
                yield ("listener", UNSPECIFIED, number), (number,)
        elif protocol is not Protocol.UDP and not (protocol.is_tls and bound == UNSPECIFIED):
            yield ("listener", bound, number), (number,)


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
