"""ServiceEntry: what Istio's webhook says of hosts, addresses, ports and endpoints."""

from __future__ import annotations

from collections.abc import Callable

from meshegress.profiles import Profile
from meshegress.resources import ServiceEntry
from meshegress.resources.service_entry import Location, Resolution
from meshegress.resources.shape import shown
from meshegress.rules.names import (
    HTTP,
    TCP,
    TLS,
    domain_fault,
    is_address,
    is_partial_wildcard,
    port_fault,
    port_name_fault,
    protocol_fault,
    subnet_fault,
    wildcard_fault,
)
from meshegress.rules.problem import Problem, Problems, Rule, fault, warning
from meshegress.rules.shared import ask_annotations, ask_fields, ask_selector, ask_service_export_to, label_problems
from meshegress.rules.workload_entry import endpoint_port_problems, endpoint_problems

_AUTO_ALLOCATE = "networking.istio.io/enable-autoallocate-ip"
_WAYPOINT = "istio.io/use-waypoint"
_ONE_HOST = "split the entry, or use one host"


def _ask_selector_and_endpoints(entry: ServiceEntry, profile: Profile) -> Problems:
    if entry.spec.workload_selector is not None and entry.spec.endpoints:
        yield Problem(("spec", "workloadSelector"), "a workloadSelector and endpoints exclude each other", "keep one")


def _ask_hosts(entry: ServiceEntry, profile: Profile) -> Problems:
    hosts = entry.spec.hosts
    if not hosts:
        yield Problem(("spec", "hosts"), "the entry has no host", "name at least one")
    partial_allowed = profile.dynamic_dns_known and entry.spec.resolution is Resolution.DYNAMIC_DNS
    for index, host in enumerate(hosts):
        path = ("spec", "hosts", index)
        if host == "*":
            yield Problem(path, "host `*` covers every name", "name a domain, for example `*.payments.example`")
            continue
        yield from fault(path, wildcard_fault(host))
        if not partial_allowed and is_partial_wildcard(host):
            yield warning(path, f"{shown(host)} has a `*` that is not a whole label", "write `*.` and a domain")


def _ask_addresses(entry: ServiceEntry, profile: Profile) -> Problems:
    spec = entry.spec
    ranges_allowed = spec.resolution in (Resolution.NONE, Resolution.STATIC)
    for index, address in enumerate(spec.addresses):
        path = ("spec", "addresses", index)
        yield from fault(path, subnet_fault(address))
        if "/" in address and not ranges_allowed:
            yield Problem(path, "only resolutions NONE and STATIC take a CIDR", "write plain addresses")


def _ask_ports(entry: ServiceEntry, profile: Profile) -> Problems:
    by_name: set[str] = set()
    by_number: set[int] = set()
    for index, port in enumerate(entry.spec.ports):
        path = ("spec", "ports", index)
        if port.name in by_name:
            yield Problem((*path, "name"), f"port name {shown(port.name)} is used twice", "name each port once")
        if port.number in by_number:
            yield Problem((*path, "number"), f"port `{port.number}` is used twice", "number each port once")
        by_name.add(port.name)
        by_number.add(port.number)
        yield from fault((*path, "name"), port_name_fault(port.name))
        yield from fault((*path, "protocol"), protocol_fault(port.protocol))
        yield from fault((*path, "number"), port_fault(port.number))
        if port.target_port:
            yield from fault((*path, "targetPort"), port_fault(port.target_port))


def _ask_tcp_without_address(entry: ServiceEntry, profile: Profile) -> Problems:
    """Warn of TCP without an address: nothing then tells its connections from others."""
    spec = entry.spec
    if spec.addresses or _is_allocated(entry, profile):
        return
    for index, port in enumerate(spec.ports):
        if port.protocol in ("", "TCP"):
            message = "a TCP port of an entry without addresses takes every connection to that port"
            yield warning(("spec", "ports", index), message, "give the entry `addresses`")


def _is_allocated(entry: ServiceEntry, profile: Profile) -> bool:
    """Tell whether istiod gives an entry without addresses automatic ones."""
    wish = entry.metadata.labels.get(_AUTO_ALLOCATE, "")
    return profile.automatic_addresses and entry.spec.resolution is not Resolution.NONE and wish.lower() != "false"


def _ask_passthrough(entry: ServiceEntry, profile: Profile) -> Problems:
    if entry.spec.endpoints:
        yield Problem(("spec", "endpoints"), "resolution NONE has no endpoints", "choose STATIC or DNS")
    if entry.spec.workload_selector is not None:
        yield warning(("spec", "workloadSelector"), "resolution NONE selects no workloads", "choose STATIC")


def _ask_static(entry: ServiceEntry, profile: Profile) -> Problems:
    ports = _port_names(entry)
    for index, endpoint in enumerate(entry.spec.endpoints):
        for problem in endpoint_problems(endpoint, service_ports=ports, names_allowed=False):
            yield problem.under("spec", "endpoints", index)


def _ask_dns(entry: ServiceEntry, profile: Profile) -> Problems:
    spec = entry.spec
    if not spec.endpoints:
        for index, host in enumerate(spec.hosts):
            # What is not a host at all has been told by the rule for hosts.
            if host != "*" and wildcard_fault(host) is None and domain_fault(host) is not None:
                message = f"{shown(host)} cannot be resolved"
                yield Problem(("spec", "hosts", index), message, "name endpoints, or choose another resolution")
    if spec.resolution is Resolution.DNS_ROUND_ROBIN and len(spec.endpoints) > 1:
        yield Problem(("spec", "endpoints"), "DNS_ROUND_ROBIN has one endpoint at most", "choose DNS")
    ports = _port_names(entry)
    for index, endpoint in enumerate(spec.endpoints):
        path = ("spec", "endpoints", index)
        if not is_address(endpoint.address) and domain_fault(endpoint.address) is not None:
            message = f"{shown(endpoint.address)} is neither an IP address nor a domain name"
            yield Problem((*path, "address"), message)
        yield from label_problems(endpoint.labels, (*path, "labels"))
        for problem in endpoint_port_problems(endpoint, ports):
            yield problem.under(*path)
    if spec.addresses and len(spec.hosts) > 1 and any(port.protocol.lower() in TCP for port in spec.ports):
        yield warning(("spec", "hosts"), "several hosts share the addresses on a TCP port", _ONE_HOST)


def _ask_dynamic_dns(entry: ServiceEntry, profile: Profile) -> Problems:
    spec = entry.spec
    for index, host in enumerate(spec.hosts):
        if not host.startswith("*"):
            yield Problem(("spec", "hosts", index), "DYNAMIC_DNS takes wildcard hosts only", "choose DNS for this host")
    for field, values in (("addresses", spec.addresses), ("endpoints", spec.endpoints)):
        if values:
            yield Problem(("spec", field), f"DYNAMIC_DNS has no {field}", f"remove `{field}`")
    allowed = profile.dynamic_dns_protocols
    for index, port in enumerate(spec.ports):
        if port.protocol.lower() not in allowed:
            message = f"DYNAMIC_DNS takes {', '.join(sorted(allowed)).upper()} only"
            yield Problem(("spec", "ports", index, "protocol"), message)
    yield from _dynamic_dns_location(entry, profile)


def _dynamic_dns_location(entry: ServiceEntry, profile: Profile) -> Problems:
    location = entry.spec.location
    path = ("spec", "location")
    if not location.known or (location is Location.MESH_INTERNAL and not profile.dynamic_dns_inside):
        yield Problem(path, f"DYNAMIC_DNS is not for location `{location}`", "choose MESH_EXTERNAL")
    elif location is Location.MESH_INTERNAL and entry.metadata.labels.get(_WAYPOINT, "").lower() not in ("", "none"):
        yield Problem(path, "DYNAMIC_DNS inside the mesh does not work with a waypoint", "choose MESH_EXTERNAL")


_RESOLUTIONS: dict[Resolution, Callable[[ServiceEntry, Profile], Problems]] = {
    Resolution.NONE: _ask_passthrough,
    Resolution.STATIC: _ask_static,
    Resolution.DNS: _ask_dns,
    Resolution.DNS_ROUND_ROBIN: _ask_dns,
    Resolution.DYNAMIC_DNS: _ask_dynamic_dns,
}


def _ask_resolution(entry: ServiceEntry, profile: Profile) -> Problems:
    resolution = entry.spec.resolution
    ask = _RESOLUTIONS.get(resolution)
    if ask is None or (resolution is Resolution.DYNAMIC_DNS and not profile.dynamic_dns_known):
        yield Problem(("spec", "resolution"), f"Istio {profile.release} knows no resolution `{resolution}`")
        return
    yield from ask(entry, profile)


def _ask_known_resolution(entry: ServiceEntry, profile: Profile) -> Problems:
    """Stop at a name that the API does not have; a number is read whatever it means."""
    if entry.spec.resolution is Resolution.DYNAMIC_DNS and not profile.dynamic_dns_known:
        written = entry.written("spec", "resolution")
        if written is None or not written.isdigit():
            yield Problem(("spec", "resolution"), f"Istio {profile.release} has no such value", "choose another")


def _ask_several_hosts(entry: ServiceEntry, profile: Profile) -> Problems:
    """Refuse several hosts on a port where nothing but the address tells them apart."""
    spec = entry.spec
    if spec.resolution is Resolution.NONE or len(spec.hosts) < 2:
        return
    for index, port in enumerate(spec.ports):
        if port.protocol.lower() not in HTTP | TLS:
            message = "several hosts share a port that is neither HTTP nor TLS"
            yield Problem(("spec", "ports", index), message, _ONE_HOST)
            return


def _port_names(entry: ServiceEntry) -> frozenset[str]:
    return frozenset(port.name for port in entry.spec.ports)


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG202", ask_selector, decisive=True),
    Rule("EG218", _ask_known_resolution, decisive=True),
    Rule("EG203", ask_service_export_to),
    Rule("EG211", _ask_selector_and_endpoints),
    Rule("EG212", _ask_hosts),
    Rule("EG213", _ask_addresses),
    Rule("EG214", _ask_ports),
    Rule("EG215", _ask_tcp_without_address),
    Rule("EG216", _ask_resolution),
    Rule("EG217", _ask_several_hosts),
)
