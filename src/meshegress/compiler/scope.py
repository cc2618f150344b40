"""Scope: which Sidecar a workload has, and what each of its egress listeners imports.

Source: Istio, pilot/pkg/model, sidecar.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meshegress._match import host_matches, host_subset_of
from meshegress.compiler.model.ages import Undated
from meshegress.compiler.model.hosts import Overlaps, most_specific
from meshegress.compiler.model.merging import can_merge
from meshegress.compiler.model.orders import TieOrder, TieRule
from meshegress.compiler.model.protocols import Protocol, parse_protocol
from meshegress.compiler.model.routing import ResolvedVirtualService
from meshegress.compiler.model.scopes import EgressListener, Scope
from meshegress.compiler.model.services import RegistryPort, Service
from meshegress.compiler.model.visibility import ServiceIndex
from meshegress.profiles import Profile
from meshegress.resources import Sidecar
from meshegress.resources.sidecar import IstioEgressListener

ANY_NAMESPACE = "*"
EXCLUDED = "~"


@dataclass(slots=True)
class Bucket:
    """The hosts that an egress listener imports from one namespace, and those that it excludes."""

    exact: set[str] = field(default_factory=set)
    wildcards: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    everything: bool = False

    def add(self, host: str) -> None:
        """Import *host*."""
        if not host.startswith("*"):
            self.exact.add(host)
        else:
            self.wildcards.append(host)
            self.everything = self.everything or host == "*"

    def imports(self, host: str) -> bool:
        """Return whether a service of this *host* is imported."""
        return self.everything or host in self.exact or any(host_subset_of(host, wide) for wide in self.wildcards)

    def imports_routes_of(self, host: str) -> bool:
        """Return whether a VirtualService of this *host* is imported: overlap either way is enough."""
        if self.everything or host in self.exact:
            return True
        if any(host_matches(host, wide) for wide in self.wildcards):
            return True
        return host.startswith("*") and any(host_matches(host, name) for name in self.exact)

    def excludes(self, host: str) -> bool:
        """Return whether *host* lies inside something excluded."""
        return any(host_subset_of(host, wide) for wide in self.excluded)


def sidecar_ties(undated: Undated) -> TieRule:
    """Return how Sidecars are tied: those of a namespace are tried one by one."""
    return TieRule(
        created=undated.created_of,
        key=lambda row: (row.name, row.namespace),
        claims=lambda row: [(row.namespace, row.spec.workload_selector is None)],
        first_number=1,
    )


def sidecars_in_order(sidecars: Iterable[Sidecar], order: TieOrder, undated: Undated) -> list[Sidecar]:
    """Return the *sidecars* as they are tried: those with a selector first, each oldest first."""
    arranged = sidecar_ties(undated).arranged(sidecars, order)
    return sorted(arranged, key=lambda row: row.spec.workload_selector is None)


def choose_sidecar(
    ordered: Iterable[Sidecar], *, namespace: str, labels: frozenset[tuple[str, str]], root_namespace: str
) -> Sidecar | None:
    """Return the Sidecar of a workload: the first *ordered* of its namespace, else the root namespace's.

    Source: Istio, pilot/pkg/model, initSidecarScopes.
    """
    for sidecar in ordered:
        if sidecar.namespace == namespace:
            selector = sidecar.spec.workload_selector
            if selector is None or labels.issuperset(selector.labels.items()):
                return sidecar
    for sidecar in ordered:
        if sidecar.namespace == root_namespace and sidecar.spec.workload_selector is None:
            return sidecar
    return None


def build_scope(
    sidecar: Sidecar | None,
    namespace: str,
    *,
    index: ServiceIndex,
    virtual_services: Sequence[ResolvedVirtualService],
    profile: Profile,
) -> Scope:
    """Return what proxies of *namespace* with this *sidecar* are told about."""
    declared = sidecar.spec.egress if sidecar is not None else ()
    rows = declared or (IstioEgressListener(hosts=("*/*",)),)
    listeners = tuple(_import(row, namespace, index, virtual_services, profile) for row in rows)
    return Scope(namespace, sidecar, listeners, _merge_services(listeners, namespace, index, profile))


def _import(
    row: IstioEgressListener,
    namespace: str,
    index: ServiceIndex,
    virtual_services: Sequence[ResolvedVirtualService],
    profile: Profile,
) -> EgressListener:
    buckets = _buckets(row.hosts, namespace, profile)
    port = None
    if row.port is not None:
        port = RegistryPort(row.port.number, row.port.name, parse_protocol(row.port.protocol), -1)
    candidates: Sequence[Service] = index.visible_to(namespace)
    if profile.exact_host_fast_path and _only_exact_hosts(buckets):
        candidates = _owners(buckets, namespace, index)
    services = _one_namespace_each(_imported(candidates, buckets, port), namespace)
    chosen = [vs for vs in virtual_services if _imports_virtual_service(vs, buckets)]
    return EgressListener(
        port=port,
        bind=row.bind,
        capture_none=row.capture_mode == "NONE",
        services=services,
        virtual_services=chosen,
        closest=_closest(chosen, services),
        opaque=Overlaps((row, row.hosts) for row in chosen if row.tls or row.tcp),
    )


def _buckets(hosts: Iterable[str], namespace: str, profile: Profile) -> dict[str, Bucket]:
    buckets: dict[str, Bucket] = {}
    for text in hosts:
        owner, slash, host = text.partition("/")
        if not slash or "/" in host:
            continue
        excludes = profile.sidecar_exclusions and owner.startswith(EXCLUDED)
        if excludes:
            owner = owner.removeprefix(EXCLUDED) or ANY_NAMESPACE
        bucket = buckets.setdefault(namespace if owner == "." else owner, Bucket())
        if excludes:
            bucket.excluded.append(host)
        else:
            bucket.add(host)
    return buckets


def _only_exact_hosts(buckets: Mapping[str, Bucket]) -> bool:
    imported = [owner for owner, bucket in buckets.items() if bucket.exact or bucket.wildcards]
    return ANY_NAMESPACE not in imported and not any(bucket.wildcards for bucket in buckets.values())


def _owners(buckets: Mapping[str, Bucket], namespace: str, index: ServiceIndex) -> list[Service]:
    """Return the one service that owns each imported host, oldest first."""
    found = [
        owner
        for owner_namespace, bucket in buckets.items()
        for host in bucket.exact
        if (owner := index.by_host.get(host, {}).get(owner_namespace)) and index.is_visible(owner, namespace)
    ]
    return sorted(found, key=index.age_rank)


def _imported(candidates: Iterable[Service], buckets: Mapping[str, Bucket], port: RegistryPort | None) -> list[Service]:
    anywhere = buckets.get(ANY_NAMESPACE)
    found: list[Service] = []
    for service in candidates:
        own = buckets.get(service.namespace)
        pair = [bucket for bucket in (own, anywhere) if bucket is not None]
        if any(bucket.excludes(service.hostname) for bucket in pair if bucket.excluded):
            continue
        for bucket in pair:
            if bucket.imports(service.hostname) and (trimmed := _on_listener_port(service, port)) is not None:
                found.append(_known_aliases(trimmed, bucket))
                break
    return found


def _on_listener_port(service: Service, port: RegistryPort | None) -> Service | None:
    """Return *service* with the listener's port alone, None where it has no such port."""
    if port is None or port.number == 0 or port.protocol is Protocol.HTTP_PROXY:
        return service
    own = service.port(port.number)
    if own is None or len(service.ports) == 1:
        return service if own is not None else None
    return service.with_ports((own,))


def _known_aliases(service: Service, bucket: Bucket) -> Service:
    if not service.aliases or bucket.everything:
        return service
    known = tuple(alias for alias in service.aliases if bucket.imports(alias.name))
    return service if len(known) == len(service.aliases) else replace(service, aliases=known)


def _one_namespace_each(services: Sequence[Service], namespace: str) -> list[Service]:
    """Return *services* with one namespace for each host: the proxy's own, else Kubernetes', else the first seen."""
    chosen: dict[str, Service] = {}
    for service in services:
        seen = chosen.setdefault(service.hostname, service)
        kubernetes_first = service.is_kubernetes and not seen.is_kubernetes and seen.namespace != namespace
        if service.namespace == namespace or kubernetes_first:
            chosen[service.hostname] = service
    if len(chosen) == len(services):
        return list(services)
    return [service for service in services if chosen[service.hostname].namespace == service.namespace]


def _imports_virtual_service(row: ResolvedVirtualService, buckets: Mapping[str, Bucket]) -> bool:
    pair = [bucket for owner in (row.namespace, ANY_NAMESPACE) if (bucket := buckets.get(owner)) is not None]
    return any(
        bucket.imports_routes_of(host) and not any(other.excludes(host) for other in pair)
        for bucket in pair
        for host in row.hosts
    )


def _closest(rows: Sequence[ResolvedVirtualService], services: Iterable[Service]) -> dict[str, ResolvedVirtualService]:
    exact: dict[str, ResolvedVirtualService] = {}
    wildcard: dict[str, ResolvedVirtualService] = {}
    for row in rows:
        for host in row.hosts:
            (wildcard if host.startswith("*") else exact).setdefault(host, row)
    if not wildcard and not exact:
        return {}
    hosts = {service.hostname for service in services}
    return {host: closest for host in hosts if (closest := most_specific(host, exact, wildcard)) is not None}


def _merge_services(
    listeners: Iterable[EgressListener], namespace: str, index: ServiceIndex, profile: Profile
) -> dict[str, Service]:
    """Return the services that get clusters, by host, in the order in which they were met.

    Source: Istio, pilot/pkg/model, collectImportedServices and appendSidecarServices.
    """
    merged: dict[str, Service] = {}
    for listener in listeners:
        for service in listener.services:
            _merge(merged, service)
        for row in listener.virtual_services:
            for host, ports in row.destinations(namespace).items():
                owner = _owner_for_destination(host, namespace, index, profile)
                trimmed = _for_destination(owner, listener.port, ports) if owner is not None else None
                if trimmed is not None:
                    _merge(merged, trimmed)
    return merged


def _owner_for_destination(host: str, namespace: str, index: ServiceIndex, profile: Profile) -> Service | None:
    """Return the service that a VirtualService's destination means.

    The own namespace's comes first, even one that is not visible; then a visible one.
    """
    owners = index.by_host.get(host, {})
    if namespace in owners:
        return owners[namespace]
    visible = [service for service in owners.values() if index.is_visible(service, namespace)]
    if not profile.best_destination_namespace:
        return min(visible, key=lambda service: service.namespace, default=None)
    return min(visible, key=lambda s: (not s.is_kubernetes, s.age, s.namespace), default=None)


def _for_destination(service: Service, port: RegistryPort | None, ports: set[int]) -> Service | None:
    if port is not None and port.number and port.protocol is not Protocol.HTTP_PROXY:
        return _on_listener_port(service, port)
    if 0 in ports:
        return service
    named = tuple(row for row in service.ports if row.number in ports)
    if len(named) == len(service.ports):
        return service
    return service.with_ports(named) if named else None


def _merge(merged: dict[str, Service], service: Service) -> None:
    seen = merged.setdefault(service.hostname, service)
    if seen is service or (seen.is_kubernetes and not service.is_kubernetes):
        return
    if service.is_kubernetes and not seen.is_kubernetes:
        merged[service.hostname] = service
    elif not _same_ports(seen, service) and can_merge(seen, service):
        merged[service.hostname] = seen.merged(service)


def _same_ports(one: Service, other: Service) -> bool:
    return [port[:3] for port in one.ports] == [port[:3] for port in other.ports]
