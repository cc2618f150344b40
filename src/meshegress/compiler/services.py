"""Services: one record for each host and address of a ServiceEntry, one for each Kubernetes Service.

Numbered rules: ``docs/semantics.md``, chapter Services.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from meshegress.compiler.model.ages import UNKNOWN, Undated
from meshegress.compiler.model.allocation import with_allocated_addresses
from meshegress.compiler.model.allocator import Allocator, Holder
from meshegress.compiler.model.orders import TieOrder
from meshegress.compiler.model.protocols import kubernetes_protocol, parse_protocol
from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution, origin_of
from meshegress.compiler.model.ties import service_ties
from meshegress.naming import cluster_name
from meshegress.profiles import Profile
from meshegress.resources import KubernetesService, ServiceEntry

_NO_AUTOMATIC_ADDRESS = "networking.istio.io/enable-autoallocate-ip"
_RESOLUTIONS = {name.value: name for name in ServiceResolution}
_EXPORT_TO = "networking.istio.io/exportTo"


def services_of_entry(
    entry: ServiceEntry, profile: Profile, undated: Undated = UNKNOWN, allocator: Allocator | None = None
) -> Iterator[Service]:
    """Yield the services of *entry*, hosts first, their addresses inside.

    Source: Istio, pilot/pkg/serviceregistry/serviceentry, convertServices.
    """
    spec = entry.spec
    resolution = _RESOLUTIONS[spec.resolution]
    ports = _ports(tuple([(port.number, port.name, port.protocol) for port in spec.ports]))
    selector = spec.workload_selector.labels or None if spec.workload_selector is not None else None
    addresses = [address for text in spec.addresses if (address := _listened_address(text))]
    hosts = list(enumerate(spec.hosts))
    if profile.collapses_addresses:
        addresses = list(dict.fromkeys(addresses))
        hosts = [(spec.hosts.index(host), host) for host in dict.fromkeys(spec.hosts)]
    automatic = _automatic_addresses(entry, resolution, allocator) if profile.automatic_addresses else {}
    meta = entry.metadata
    for index, host in hosts:
        v4, v6 = automatic.get(host, (None, None))
        host_path = ("spec", "hosts", index)
        origins = tuple(origin_of(entry, host_path, port.place) for port in ports)
        clusters = tuple(cluster_name(port.number, host) for port in ports)
        for address in addresses or (() if spec.addresses else (UNSPECIFIED,)):
            yield Service(
                hostname=host,
                namespace=entry.namespace,
                name=host,
                ports=ports,
                resolution=resolution,
                resource=entry,
                object_name=entry.name,
                host_path=host_path,
                origins=origins,
                clusters=clusters,
                address=address,
                automatic_v4=v4,
                automatic_v6=v6,
                export_to=frozenset(spec.export_to),
                selector=selector,
                labels=meta.labels,
                created=undated.created_of(entry),
                undated_age=undated.age,
            )


@lru_cache(maxsize=1024)
def _ports(declared: tuple[tuple[int, str, str], ...]) -> tuple[RegistryPort, ...]:
    """Return the ports that an entry declares by number, name and protocol; most entries declare the same few."""
    return tuple(
        RegistryPort(number, name, parse_protocol(protocol), index)
        for index, (number, name, protocol) in enumerate(declared)
    )


def service_of_kubernetes(service: KubernetesService, domain: str, undated: Undated = UNKNOWN) -> Service:
    """Return the service that a Kubernetes Service stands for, under its full name in the cluster's *domain*.

    Source: Istio, pilot/pkg/serviceregistry/kube, ConvertService.
    """
    spec, meta = service.spec, service.metadata
    address, resolution = UNSPECIFIED, ServiceResolution.CLIENT_SIDE_LB
    vips: tuple[str, ...] = (UNSPECIFIED,)
    external_name = spec.external_name if spec.type == "ExternalName" else ""
    if external_name:
        resolution = ServiceResolution.ALIAS
    if spec.cluster_ip == "None":
        resolution = ServiceResolution.PASSTHROUGH
    elif spec.cluster_ip:
        address = spec.cluster_ip
        vips = tuple(spec.cluster_ips) if len(spec.cluster_ips) > 1 else (address,)
    exported = meta.annotations.get(_EXPORT_TO, "")
    host_path = ("metadata", "name")
    hostname = f"{service.name}.{service.namespace}.svc.{domain}"
    return Service(
        hostname=hostname,
        namespace=service.namespace,
        name=service.name,
        ports=tuple(
            RegistryPort(
                port.port,
                port.name,
                kubernetes_protocol(port.port, port.name, port.protocol, port.app_protocol),
                index,
            )
            for index, port in enumerate(spec.ports)
        ),
        resolution=resolution,
        resource=service,
        object_name=service.name,
        host_path=host_path,
        origins=tuple(origin_of(service, host_path, place) for place in range(len(spec.ports))),
        clusters=tuple(cluster_name(port.port, hostname) for port in spec.ports),
        address=address,
        is_kubernetes=True,
        cluster_vips=vips,
        export_to=frozenset(part.strip() for part in exported.split(",")) if exported else frozenset(),
        selector=spec.selector or None,
        labels=meta.labels,
        created=undated.created_of(service),
        undated_age=undated.age,
        external_name=external_name,
        publishes_unready=spec.publish_not_ready_addresses,
        node_local=spec.internal_traffic_policy == "Local",
    )


def collect_services(
    entries: Iterable[ServiceEntry],
    kubernetes: Iterable[KubernetesService],
    *,
    domain: str,
    profile: Profile,
    order: TieOrder,
    undated: Undated,
    allocator: Allocator | None = None,
) -> list[Service]:
    """Return every service, oldest first, then by name, then by namespace; *order* arranges ties."""
    # Between entries of one host, namespace and age there is no order: any will do that documents do not change.
    by_name = sorted(entries, key=lambda entry: entry.name)
    if allocator is not None:
        for entry in by_name:
            for row in entry.status.addresses:
                allocator.hold(Holder(entry.namespace, entry.name, row.host), (row.value,))
    services = [service for entry in by_name for service in services_of_entry(entry, profile, undated, allocator)]
    services += [service_of_kubernetes(service, domain, undated) for service in kubernetes]
    ordered = service_ties(services, keeps_parts=profile.ordered_addresses).arranged(services, order)
    return ordered if profile.automatic_addresses else with_allocated_addresses(ordered)


def _listened_address(text: str) -> str | None:
    """Return an entry's address as listeners bind to it: a full-length CIDR is a plain address."""
    address, _, bits = text.partition("/")
    parsed = _parsed(address)
    if parsed is None or bits != str(parsed.max_prefixlen):
        return text if parsed is not None else None
    return _shown(parsed)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return (IPv6Address if ":" in address else IPv4Address)(address)
    except AddressValueError:
        return None


def _shown(address: IPv4Address | IPv6Address) -> str:
    """Return *address* as Go writes it: the end of an IPv4 address inside an IPv6 one stays dotted."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped is not None else str(address)


def _automatic_addresses(
    entry: ServiceEntry, resolution: ServiceResolution, allocator: Allocator | None
) -> dict[str, tuple[str | None, str | None]]:
    """Return the last IPv4 and IPv6 address that ``status`` lists for each host, or what *allocator* gives it."""
    if resolution is ServiceResolution.PASSTHROUGH or entry.spec.addresses:
        return {}
    if allocator is None and not entry.status.addresses:
        return {}
    if entry.metadata.labels.get(_NO_AUTOMATIC_ADDRESS, "").lower() == "false":
        return {}
    found: dict[str, tuple[str | None, str | None]] = {}
    for row in entry.status.addresses:
        address = _parsed(row.value)
        if address is None:
            continue  # somebody else has written it: istiod writes addresses alone
        v4, v6 = found.get(row.host, (None, None))
        shown = _shown(address)
        found[row.host] = (v4, shown) if ":" in shown else (shown, v6)
    if allocator is not None:
        for host in entry.spec.hosts:
            if host not in found and (resolution is ServiceResolution.DYNAMIC_DNS or not host.startswith("*")):
                found[host] = allocator.allocate(Holder(entry.namespace, entry.name, host))
    return found
