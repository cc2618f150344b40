"""Which ServiceEntries may touch what is not theirs: those of which the compiler cannot prove that they are alone.

The proof is that of ``compiler/incremental/independence``, asked for all entries at once. An entry that is alone, has a
part in a table, and shares each port with others gives its own hosts their clusters and does nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from meshegress._match import host_matches
from meshegress.compiler.incremental.independence import addresses_of, below_headless, is_plain, is_simple
from meshegress.compiler.model.services import Service
from meshegress.compiler.pipeline import Registry
from meshegress.resources import ServiceEntry


class Suspects:
    """The claims of all services of a registry, counted once."""

    def __init__(self, registry: Registry) -> None:
        self._index = registry.index
        self._has_plain_names = registry.profile.automatic_addresses and not self._index.has_capitals
        self._services: defaultdict[int, list[Service]] = defaultdict(list)
        hosts: defaultdict[str, set[int]] = defaultdict(set)
        addresses: defaultdict[str, set[int]] = defaultdict(set)
        ports: defaultdict[int, set[int]] = defaultdict(set)
        for service in self._index.services:
            owner = id(service.resource)
            self._services[owner].append(service)
            hosts[service.hostname].add(owner)
            for address in addresses_of((service,)):
                addresses[address].add(owner)
            for port in service.ports:
                ports[port.number].add(owner)
        self._hosts, self._addresses, self._ports = hosts, addresses, ports
        self._endpoints = registry.endpoints.addresses
        self._headless = below_headless(self._index.services)
        rows = registry.virtual_services.rows
        targets = {one.host for row in rows for entry in row.http for one in (*entry.targets, *entry.mirrors)}
        targets |= {one.host for row in rows for entry in (*row.tls, *row.tcp) for one in entry.targets}
        named = {name for row in rows for host in row.hosts for name in (host, host.lower())}
        self._routed = targets | named
        self._wide = {name for name in named if "*" in name}
        self._named = named

    def services_of(self, entry: ServiceEntry) -> list[Service]:
        """Return what *entry* stands for: a service for each host and address."""
        return self._services[id(entry)]

    def is_alone_on_a_port(self, entry: ServiceEntry) -> bool:
        """Return whether a port would have no listener without *entry*."""
        return any(len(self._ports[port.number]) == 1 for port in entry.spec.ports)

    def is_under_a_wildcard(self, entry: ServiceEntry) -> bool:
        """Return whether a wildcard of another entry covers one of the hosts."""
        return any(wide in self._hosts for host in entry.spec.hosts for wide in _wildcards_over(host.lower()))

    def is_entangled(self, entry: ServiceEntry) -> bool:
        """Return whether another resource may have to do with *entry*: then it has to be left out to know."""
        services = self.services_of(entry)
        names = {service.hostname for service in services}
        return (
            not self._has_plain_names
            or not all(is_simple(service) for service in services)
            or any(len(self._hosts[name]) > 1 for name in names)
            or not names.isdisjoint(self._index.alias_names)
            or not all(is_plain(self._index, port.number) for service in services for port in service.ports)
            or any(self._is_claimed(address) for address in addresses_of(services))
            or any(name in self._headless for name in names if name.startswith("*."))
            or any(self._is_routed(name) for name in names)
        )

    def _is_claimed(self, address: str) -> bool:
        return len(self._addresses[address]) > 1 or address in self._endpoints

    def _is_routed(self, host: str) -> bool:
        if host in self._routed:
            return True
        return any(host_matches(name, host) for name in (self._named if "*" in host else self._wide))


def _wildcards_over(host: str) -> Iterator[str]:
    """Yield the wildcards that cover *host*, the narrowest first.

    >>> list(_wildcards_over("*.a.b.com"))
    ['*.b.com', '*.com', '*']
    """
    dot = host.find(".", 2 if host.startswith("*.") else 0)
    while dot >= 0:
        yield f"*{host[dot:]}"
        dot = host.find(".", dot + 1)
    yield "*"
