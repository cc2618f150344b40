"""Visibility: which services a namespace may see, in which order, and who owns a host in a namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property

from meshegress.compiler.model.deltas import patched
from meshegress.compiler.model.entry_visibility import EntryVisibility
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.services import Named, Service, ServiceResolution
from meshegress.profiles import Profile

PUBLIC, PRIVATE, NOBODY = "*", ".", "~"


def by_age(service: Service) -> tuple[int, str, str]:
    """Return what services are ordered by: oldest first, then by name, then by namespace."""
    return service.age, service.name, service.namespace


class ServiceIndex:
    """All services in one order, and the ways in which the passes look for them.

    Source: Istio, pilot/pkg/model, PushContext.initServiceRegistry.
    """

    def __init__(
        self,
        services: Sequence[Service],
        default_export_to: Iterable[str],
        profile: Profile,
        entry_visibility: EntryVisibility,
    ) -> None:
        self.services = resolve_aliases(services)
        self._default = frozenset(default_export_to)
        self._entry_visibility = entry_visibility
        self._profile = profile
        #: What everybody sees, and what is exported to a namespace by its name, in order.
        self.public: list[Service] = []
        self.exported: dict[str, list[Service]] = {}
        for service in self.services:
            self._export(service)
        self._visible: dict[str, Sequence[Service]] = {}

    @cached_property
    def by_host(self) -> dict[str, dict[str, Service]]:
        """The service that owns a host in a namespace, by host and namespace: the oldest, Kubernetes first."""
        found: dict[str, dict[str, Service]] = {}
        for service in self.services:
            owners = found.setdefault(service.hostname, {})
            owner = owners.setdefault(service.namespace, service)
            if service.is_kubernetes and not owner.is_kubernetes:
                owners[service.namespace] = service
        return found

    @cached_property
    def protocols(self) -> Mapping[int, frozenset[Protocol]]:
        """The protocols that some service speaks, or once spoke, on each port."""
        found: dict[int, set[Protocol]] = {}
        for ports in {id(service.ports): service.ports for service in self.services}.values():
            for port in ports:
                found.setdefault(port.number, set()).add(port.protocol)
        return {number: frozenset(spoken) for number, spoken in found.items()}

    @cached_property
    def has_capitals(self) -> bool:
        """Whether some host is not in lower case."""
        return any(service.hostname != service.hostname.lower() for service in self.services)

    @cached_property
    def alias_names(self) -> frozenset[str]:
        """The hosts that are aliases, or that aliases point at."""
        aliases = [service for service in self.services if service.resolution is ServiceResolution.ALIAS]
        return frozenset(name for alias in aliases for name in (alias.hostname, alias.external_name))

    def changed(self, removed: Sequence[Service], added: Sequence[Service]) -> ServiceIndex:
        """Return the index without *removed* and with *added*, whose hosts nobody else has."""
        only_removed, only_added = self.restricted_to(removed), self.restricted_to(added)
        changed = copy(self)
        changed.__dict__.pop("_ranks", None)
        changed._visible = {}
        changed.services = patched(self.services, removed, added, by_age)
        changed.public = patched(self.public, only_removed.public, only_added.public, by_age)
        changed.exported = dict(self.exported)
        for namespace in only_removed.exported.keys() | only_added.exported.keys():
            old, out, new = (index.exported.get(namespace, []) for index in (self, only_removed, only_added))
            changed.exported[namespace] = patched(old, out, new, by_age)
        changed.by_host = {**self.by_host, **only_added.by_host}
        for host in only_removed.by_host.keys() - only_added.by_host.keys():
            del changed.by_host[host]
        spoken = only_added.protocols
        changed.protocols = {
            **self.protocols,
            **{number: self.protocols.get(number, frozenset()) | spoken[number] for number in spoken},
        }
        return changed

    def restricted_to(self, services: Sequence[Service]) -> ServiceIndex:
        """Return the index of no other services than these."""
        return ServiceIndex(services, self._default, self._profile, self._entry_visibility)

    @cached_property
    def _ranks(self) -> dict[int, int]:
        return {id(service): rank for rank, service in enumerate(self.services)}

    def age_rank(self, service: Service) -> int:
        """Return the place of *service* in the order of all."""
        return self._ranks[id(service)]

    def visible_to(self, namespace: str) -> Sequence[Service]:
        """Return what *namespace* may see: what is exported to it by name first, then what is public."""
        if namespace not in self._visible:
            exported = self.exported.get(namespace, [])
            if not self._profile.one_private_list:
                own = [service for service in exported if service.namespace == namespace]
                exported = own + [service for service in exported if service.namespace != namespace]
            self._visible[namespace] = [*exported, *self.public] if exported else self.public
        return self._visible[namespace]

    def export_to(self, service: Service) -> frozenset[str]:
        """Return the namespaces that *service* is exported to, with the mesh's default where it says nothing."""
        return self._entry_visibility.narrow(service.export_to or self._default, service)

    def is_visible(self, service: Service, namespace: str) -> bool:
        """Return whether *namespace* may see *service*."""
        exported = self.export_to(service)
        own = service.namespace == namespace and PRIVATE in exported
        return own or PUBLIC in exported or namespace in exported

    def _export(self, service: Service) -> None:
        exported = self.export_to(service)
        if PUBLIC in exported:
            self.public.append(service)
        elif NOBODY not in exported:
            for namespace in {service.namespace if name == PRIVATE else name for name in exported}:
                self.exported.setdefault(namespace, []).append(service)


def resolve_aliases(services: Sequence[Service]) -> Sequence[Service]:
    """Return *services* with the ExternalName Services that point at each as its aliases; loops point nowhere.

    Source: Istio, pilot/pkg/model, resolveServiceAliases.
    """
    targets = {
        service.key: service.external_name for service in services if service.resolution is ServiceResolution.ALIAS
    }
    if not targets:
        return services
    by_host = {key.name: target for key, target in targets.items()}
    aliases: dict[str, list[Named]] = {}
    for key, target in targets.items():
        concrete = _follow(key.name, target, by_host)
        if concrete is not None:
            aliases.setdefault(concrete, []).append(key)
    return [
        replace(service, aliases=tuple(sorted(aliases[service.hostname]))) if service.hostname in aliases else service
        for service in services
    ]


def _follow(alias: str, target: str, by_host: Mapping[str, str]) -> str | None:
    """Return the name that is not an alias at the end of the chain, None where the chain is a loop."""
    seen = {alias, target}
    while target in by_host:
        target = by_host[target]
        if target in seen and target in by_host:
            return None
        seen.add(target)
    return target
