"""What reasons are found in: what the resources declare, and what of it one workload looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from meshegress._match import host_subset_of
from meshegress.compiler.model.endpoint_index import EndpointIndex
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.model.services import Service
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.resources import DestinationRule


@dataclass(frozen=True, slots=True)
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
        folded = {name.lower().rstrip(".") for name in names}
        hosts = {host: host.lower() for host in self.index.by_host}
        exact = {host for host, lower in hosts.items() if lower in folded}
        wide = {
            host
            for host, lower in hosts.items()
            if host not in exact and any(host_subset_of(name, lower) for name in folded)
        }
        for chosen in (exact, wide):
            yield from (service for service in self.index.services if service.hostname in chosen) if chosen else ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request the resources can be asked: the names it could mean, its port and address, what it speaks.

    ``speaks`` is ``HTTP``, ``TLS`` or ``bytes``. ``address`` is None where nobody knows it.
    """

    names: tuple[str, ...]
    port: int
    address: str | None
    speaks: str
