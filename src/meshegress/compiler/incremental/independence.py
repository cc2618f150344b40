"""Whether services are on their own: nobody else wants their hosts, their addresses or their kind of port.

What is refused here may well be independent; then the whole is compiled, and nothing is lost but time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meshegress._match import host_matches
from meshegress.compiler.model.deltas import NotSeparableError
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.proxy import UNSPECIFIED, Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.compiler.model.ties import domains_of
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.compiler.pipeline import Registry
from meshegress.resources import ServiceEntry
from meshegress.table import Table
from meshegress.wire.addressing import canonical_address


def require_own_places(registry: Registry, removed: Sequence[Service], added: Sequence[Service]) -> None:
    """Raise NotSeparableError unless nothing in *registry*, but for *removed*, has to do with *removed* and *added*."""
    services = (*removed, *added)
    index = registry.index
    hosts = {service.hostname for service in services}
    own = all(is_simple(service) for service in services)
    if not own or index.has_capitals or not hosts.isdisjoint(index.alias_names):
        raise NotSeparableError("a host, address or alias is not plain")
    if not all(is_plain(index, port.number, added) for service in services for port in service.ports):
        raise NotSeparableError("protocols mix on a port")
    addresses = set(addresses_of(services))
    if addresses and (
        not addresses.isdisjoint(registry.endpoints.addresses) or _is_claimed(addresses, index.services, removed)
    ):
        raise NotSeparableError("another resource has one of the addresses")
    wide = {host for host in hosts if host.startswith("*.")}
    if wide and not wide.isdisjoint(below_headless(index.services)):
        raise NotSeparableError("a headless Service answers to a wildcard host")
    if any(_concerns(row, hosts) for row in registry.virtual_services.rows):
        raise NotSeparableError("a VirtualService concerns one of the hosts")


def require_no_namesake(
    index: ServiceIndex, services: Iterable[Service], tables: Iterable[Table], proxy: Proxy
) -> None:
    """Raise NotSeparableError where *tables* answer to a form of another service's host for *proxy*."""
    own = {service.hostname for service in services}
    names = {
        domain.rstrip(".")
        for table in tables
        for routes in table.route_configurations.values()
        for host in routes.virtual_hosts
        for domain in host.domains
    }
    labels = proxy.dns_domain.split(".")
    tails = [".".join(labels[start:]) for start in range(len(labels))]
    forms = {f"{name}.{tail}" for name in names | own for tail in tails} | names
    if any(form in index.by_host for form in forms - own):
        raise NotSeparableError("a name is a form of another service's host")


_HTTP = frozenset({Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_BYTES = frozenset({Protocol.TCP, Protocol.TLS, Protocol.HTTPS, Protocol.REDIS})


def is_plain(index: ServiceIndex, number: int, added: Iterable[Service] = ()) -> bool:
    """Return whether all services on port *number*, *added* ones too, speak HTTP, or all carry bytes.

    Then none takes a listener from another.
    """
    spoken = {port.protocol for service in added for port in service.ports if port.number == number}
    spoken |= index.protocols.get(number, frozenset())
    return spoken <= _HTTP or spoken <= _BYTES


def is_simple(service: Service) -> bool:
    """Return whether *service* has a plain name and plain addresses, and no chain that takes what it does not name."""
    host = service.hostname
    entry = service.resource
    selector = entry.spec.workload_selector if isinstance(entry, ServiceEntry) else None
    selects = service.resolution is ServiceResolution.PASSTHROUGH and selector is not None
    takes_all = service.address == UNSPECIFIED and any(
        port.protocol.is_tcp and not port.protocol.is_tls for port in service.ports
    )
    return host == host.lower() and not host.endswith(".") and "/" not in service.address and not (selects or takes_all)


def below_headless(services: Iterable[Service]) -> set[str]:
    """Return the wildcards that headless Services answer to, whoever asks."""
    headless = [one for one in services if one.is_kubernetes and one.resolution is ServiceResolution.PASSTHROUGH]
    return {f"*.{one.name}" for one in headless} | {domain for one in headless for domain in domains_of(one)}


def addresses_of(services: Iterable[Service]) -> Iterator[str]:
    """Yield the addresses that *services* claim, written as Envoy writes them."""
    for service in services:
        for address in (service.address, service.automatic_v4, service.automatic_v6, *service.cluster_vips):
            if address and address != UNSPECIFIED:
                yield canonical_address(address) or address


def _is_claimed(addresses: set[str], services: Iterable[Service], removed: Iterable[Service]) -> bool:
    """Return whether one of *services*, but for *removed*, has one of *addresses*."""
    leaving = {id(service) for service in removed}
    return any(
        not addresses.isdisjoint(addresses_of((service,))) and id(service) not in leaving
        for service in services
        if service.address != UNSPECIFIED or service.automatic_v4 or service.automatic_v6 or service.cluster_vips
    )


def _concerns(row: ResolvedVirtualService, hosts: Iterable[str]) -> bool:
    """Return whether *row* routes for one of *hosts*, or sends there."""
    targets = {target.host for entry in row.http for target in (*entry.targets, *entry.mirrors)}
    targets |= {target.host for entry in (*row.tls, *row.tcp) for target in entry.targets}
    named = {*row.hosts, *(host.lower() for host in row.hosts)}
    return any(host in targets or any(host_matches(name, host) for name in named) for host in hosts)
