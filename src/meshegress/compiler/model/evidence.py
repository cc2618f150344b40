"""What reasons are found in: what the resources declare, and what of it one workload looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.proxy import UNSPECIFIED, Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Service
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.resources import DestinationRule


@dataclass(frozen=True)
class Evidence:
    """All that reasons for the answers of one workload are found in.

    ``rule_of`` gives the DestinationRule that the workload applies to a service; ``rules`` are all that there are,
    ``rules_exported_to`` is where those go that do not say. ``virtual_services`` are all, bound to the mesh or not.
    ``full_name`` writes out a host as resources of a namespace mean it.
    """

    scope: Scope
    proxy: Proxy
    index: ServiceIndex
    endpoints: EndpointIndex
    rule_of: Callable[[Service], ConsolidatedRule | None]
    rules: Sequence[DestinationRule]
    rules_exported_to: frozenset[str]
    virtual_services: Sequence[ResolvedVirtualService]
    root_namespace: str
    full_name: Callable[[str, str], str]

    @property
    def namespace(self) -> str:
        """The namespace of the workload."""
        return self.scope.namespace

    @property
    def importer(self) -> str:
        """Who chooses what the workload imports, as sentences call it."""
        sidecar = self.scope.sidecar
        return f"Sidecar `{sidecar.namespace}/{sidecar.name}`" if sidecar is not None else "the default scope"

    def services_of(self, names: Sequence[str]) -> Iterator[Service]:
        """Yield the services that stand for one of *names*: those of the very name first, then wildcards."""
        folded = dict.fromkeys(name.lower().rstrip(".") for name in names)
        wide = dict.fromkeys("*" + name[start:] for name in folded for start in range(len(name) + 1))
        for host in (*folded, *wide):
            yield from self._by_host.get(host, ())

    def services_at(self, address: str) -> Iterator[Service]:
        """Yield the services that have *address*, or a prefix that holds it."""
        yield from self._by_address.get(address, ())
        parsed = ip_address(address)
        for network, service in self._by_prefix:
            if parsed in network:
                yield service

    @cached_property
    def _by_host(self) -> Mapping[str, Sequence[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.index.services:
            found.setdefault(service.hostname.lower(), []).append(service)
        return found

    @cached_property
    def _by_address(self) -> Mapping[str, Sequence[Service]]:
        found: dict[str, list[Service]] = {}
        for service in self.index.services:
            for address in addresses_of(service):
                found.setdefault(address, []).append(service)
        return found

    @cached_property
    def _by_prefix(self) -> Sequence[tuple[IPv4Network | IPv6Network, Service]]:
        rows = ((text, service) for text, services in self._by_address.items() if "/" in text for service in services)
        return [(ip_network(text, strict=False), service) for text, service in rows]


def addresses_of(service: Service) -> Iterator[str]:
    """Yield every address and prefix that *service* has, whichever of them a proxy uses."""
    own = (service.address, *service.cluster_vips, service.automatic_v4, service.automatic_v6)
    yield from dict.fromkeys(address for address in own if address is not None and address != UNSPECIFIED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request the resources can be asked: the names it could mean, its port and address, what it speaks.

    ``speaks`` is ``HTTP``, ``TLS`` or ``bytes``. ``address`` is None where nobody knows it.
    """

    names: tuple[str, ...]
    port: int
    address: str | None
    speaks: str
