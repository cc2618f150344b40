"""Endpoints pooled by namespace and host, and the two ways of asking for them.

Clusters found by endpoint discovery ask by port *name* and want IP addresses; DNS clusters and the listeners of single
pods ask by port *number*, which Kubernetes endpoints answer through the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from types import MappingProxyType

from meshegress.compiler.model.services import Endpoint, Named, Service

_Pools = Mapping[Named, Sequence[Endpoint]]
_ByPort = Mapping[tuple[Named, int], Sequence[Endpoint]]
_NOTHING: Mapping[Named, Unlisted] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A service whose endpoints were not given: the labels that they all have, and why they are not known."""

    selector: Mapping[str, str]
    reason: str


class EndpointIndex:
    """All endpoints, by namespace and host; ``unlisted`` are those that were not given."""

    def __init__(self, pools: _Pools, by_port: _ByPort, unlisted: Mapping[Named, Unlisted] = _NOTHING) -> None:
        self._pools = pools
        self._by_port = by_port
        self.unlisted = unlisted

    @classmethod
    def of_services(
        cls, pools: _Pools, services: Iterable[Service], unlisted: Mapping[Named, Unlisted] = _NOTHING
    ) -> EndpointIndex:
        """Return the index of *pools*, which stand behind *services*."""
        return cls(pools, _by_port_number(pools, services), unlisted)

    def of(self, key: Named) -> Sequence[Endpoint]:
        """Return all endpoints of *key*."""
        return self._pools.get(key, ())

    def __contains__(self, key: Named) -> bool:
        return key in self._pools

    def by_port_name(self, key: Named, port_name: str) -> Iterator[Endpoint]:
        """Yield the healthy endpoints of *key* whose port has this name, IP addresses and sockets only."""
        for endpoint in self._pools.get(key, ()):
            if (
                endpoint.port_name == port_name
                and endpoint.healthy is not False
                and (endpoint.is_ip or endpoint.target == 0)
            ):
                yield endpoint

    def by_port_number(self, key: Named, number: int) -> Sequence[Endpoint]:
        """Return the endpoints of *key* on the service's port *number*, healthy or not."""
        return self._by_port.get((key, number), ())

    def _unlisted_after(self, removed: Iterable[Service], other: EndpointIndex) -> Mapping[Named, Unlisted]:
        if not self.unlisted and not other.unlisted:
            return self.unlisted
        gone = {service.key for service in removed}
        return {key: row for key, row in self.unlisted.items() if key not in gone} | dict(other.unlisted)

    def changed(self, removed: Iterable[Service], other: EndpointIndex, added: Iterable[Service]) -> EndpointIndex:
        """Return the pools without those of *removed*, and with those that *other* has for *added*."""
        pools, by_port = dict(self._pools), dict(self._by_port)
        rows: list[Endpoint] = []
        for service in removed:
            rows += pools.pop(service.key, ())
            for port in service.ports:
                by_port.pop((service.key, port.number), None)
        for service in added:
            if service.key in other:
                pools[service.key] = other.of(service.key)
                rows += other.of(service.key)
            for port in service.ports:
                if found := other.by_port_number(service.key, port.number):
                    by_port[service.key, port.number] = found
        changed = EndpointIndex(pools, by_port, self._unlisted_after(removed, other))
        if "addresses" in self.__dict__ and not any(row.is_ip for row in rows):
            changed.addresses = self.addresses  # names are nobody's address: the set stays
        return changed

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Return every address that is an endpoint of something."""
        return frozenset(endpoint.address for pool in self._pools.values() for endpoint in pool)


def _by_port_number(
    pools: Mapping[Named, Sequence[Endpoint]], services: Iterable[Service]
) -> dict[tuple[Named, int], list[Endpoint]]:
    """Return the endpoints by number; of services with one key and number, the last that has any decides.

    Source: Istio, pilot/pkg/model, initServiceRegistry and CopyEndpoints.
    """
    found: dict[tuple[Named, int], list[Endpoint]] = {}
    if not pools:
        return found
    for service in services:
        pool = pools.get(service.key)
        if not pool:
            continue
        # Of two ports with one name the last counts, for Kubernetes' endpoints.
        numbers = {port.name: port.number for port in service.ports}
        own = set(numbers.values()) | {port.number for port in service.ports}
        added: dict[int, list[Endpoint]] = {}
        for endpoint in pool:
            number = endpoint.port_number or numbers.get(endpoint.port_name, 0)
            if number in own:
                added.setdefault(number, []).append(endpoint)
        for number, endpoints in added.items():
            found[service.key, number] = endpoints
    return found


def is_ip(text: str) -> bool:
    """Return whether *text* is an IP address."""
    try:
        (IPv6Address if ":" in text else IPv4Address)(text)
    except AddressValueError:
        return False
    return True
