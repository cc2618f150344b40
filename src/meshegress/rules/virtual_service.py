"""VirtualService: what Istio's webhook says of hosts, gateways and routes."""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources import VirtualService
from meshegress.resources.shape import shown
from meshegress.resources.virtual_service import L4MatchAttributes, TLSMatchAttributes, TLSRoute
from meshegress.rules.gateway_names import MESH, gateway_name_problems
from meshegress.rules.http_route import http_route_problems, weighted_problems
from meshegress.rules.names import gateway_host_fault, is_address, port_fault, subnet_fault, wildcard_fault
from meshegress.rules.problem import Path, Problem, Problems, Rule, errors_only, fault, warning
from meshegress.rules.reachability import ask_reachability
from meshegress.rules.shared import ask_annotations, ask_export_to, ask_fields, label_problems
from meshegress.rules.string_match import is_claim

_SEMANTICS = "internal.istio.io/route-semantics"


def _is_for_gateways(service: VirtualService) -> bool:
    """Tell whether sidecars do not use this VirtualService; without any gateway they do."""
    return bool(service.spec.gateways) and MESH not in service.spec.gateways


def _is_converted(service: VirtualService) -> bool:
    """Tell whether Istio itself made this VirtualService, from a route of the Gateway API."""
    return service.metadata.annotations.get(_SEMANTICS) == "gateway"


def _ask_delegate(service: VirtualService, profile: Profile) -> Problems:
    if service.spec.hosts:
        return
    for field in ("gateways", "tls", "tcp"):
        if getattr(service.spec, field):
            message = f"a VirtualService without hosts is a delegate, and has no {field}"
            yield Problem(("spec", field), message, f"name hosts, or remove `{field}`")


def _ask_gateways(service: VirtualService, profile: Profile) -> Problems:
    converted = _is_converted(service)
    yield from gateway_name_problems(service.spec.gateways, ("spec", "gateways"), converted=converted)


def _ask_claims(service: VirtualService, profile: Profile) -> Problems:
    if _is_for_gateways(service):
        return
    for index, route in enumerate(service.spec.http):
        for number, match in enumerate(route.match):
            for field, headers in (("headers", match.headers), ("withoutHeaders", match.without_headers)):
                for name in filter(is_claim, headers):
                    path = ("spec", "http", index, "match", number, field, name)
                    yield Problem(
                        path,
                        "claims of a JWT are matched at gateways only",
                        "bind it to gateways alone, or match on something else",
                    )


def _host_fault(service: VirtualService, host: str) -> str | None:
    for_gateways = _is_for_gateways(service)
    if for_gateways:
        is_server_name = any(match.sni_hosts for route in service.spec.tls for match in route.match)
        message = gateway_host_fault(host, is_server_name=is_server_name)
    else:
        message = wildcard_fault(host)
    if message is not None:
        return None if is_address(host) else message
    return "host `*` is for gateways only" if host == "*" and not for_gateways else None


def _ask_hosts(service: VirtualService, profile: Profile) -> Problems:
    hosts = service.spec.hosts
    faults = [(index, message) for index, host in enumerate(hosts) if (message := _host_fault(service, host))]
    for index, message in faults:
        yield Problem(("spec", "hosts", index), message)
    if faults:
        return
    for index, host in enumerate(hosts):
        other = next((each for each in hosts[:index] if _overlap(each, host)), None)
        if other is not None:
            message = f"{shown(host)} and {shown(other)} overlap"
            yield Problem(("spec", "hosts", index), message, "keep the wider one")


def _overlap(one: str, other: str) -> bool:
    """Tell whether some name is covered by both hosts."""
    if not one.startswith("*"):
        one, other = other, one
    if not one.startswith("*"):
        return one == other
    suffix = other.removeprefix("*")
    return suffix.endswith(one[1:]) or (other.startswith("*") and one[1:].endswith(suffix))


def _is_within(host: str, wider: str) -> bool:
    """Tell whether all names of *host* are names of *wider*."""
    if not wider.startswith("*"):
        return host == wider
    return host.removeprefix("*").endswith(wider[1:])


def _ask_some_route(service: VirtualService, profile: Profile) -> Problems:
    if not (service.spec.http or service.spec.tls or service.spec.tcp):
        yield Problem(("spec",), "there is no route", "write `http`, `tls` or `tcp`")


def _ask_http(service: VirtualService, profile: Profile) -> Problems:
    is_delegate, converted = not service.spec.hosts, _is_converted(service)
    for index, route in enumerate(service.spec.http):
        for problem in http_route_problems(route, profile, is_delegate=is_delegate, converted=converted):
            yield problem.under("spec", "http", index)


def _ask_tls(service: VirtualService, profile: Profile) -> Problems:
    for index, route in enumerate(service.spec.tls):
        for problem in _tls_problems(route, service):
            yield problem.under("spec", "tls", index)


def _tls_problems(route: TLSRoute, service: VirtualService) -> Problems:
    if not route.match:
        yield Problem(("match",), "a TLS route has no match", "match on `sniHosts`")
    for index, match in enumerate(route.match):
        path = ("match", index)
        if not match.sni_hosts:
            yield Problem((*path, "sniHosts"), "a TLS match has no server name", "name at least one")
        for number, host in enumerate(match.sni_hosts):
            yield from _server_name_problems(host, service, (*path, "sniHosts", number))
        yield from _connection_problems(match, path)
    if not route.route:
        yield Problem(("route",), "the route leads nowhere", "name a destination")
    yield from weighted_problems(route.route, converted=_is_converted(service))


def _server_name_problems(host: str, service: VirtualService, path: Path) -> Problems:
    # A VirtualService without gateways counts as one for gateways here, and only here.
    for_gateways = MESH not in service.spec.gateways
    message = gateway_host_fault(host, is_server_name=True) if for_gateways else wildcard_fault(host)
    if message is not None:
        if is_address(host):
            yield warning(path, f"{shown(host)} is an address, and clients send names")
        else:
            yield Problem(path, message)
    elif not any(_is_within(host, wider) for wider in service.spec.hosts):
        yield Problem(path, f"{shown(host)} is in none of the hosts", "add it to `hosts`")


def _connection_problems(match: TLSMatchAttributes | L4MatchAttributes, path: Path) -> Problems:
    for index, subnet in enumerate(match.destination_subnets):
        yield from fault((*path, "destinationSubnets", index), subnet_fault(subnet))
    if match.port:
        yield from fault((*path, "port"), port_fault(match.port))
    yield from label_problems(match.source_labels, (*path, "sourceLabels"))
    yield from gateway_name_problems(match.gateways, (*path, "gateways"))


def _ask_tcp(service: VirtualService, profile: Profile) -> Problems:
    for index, route in enumerate(service.spec.tcp):
        path = ("spec", "tcp", index)
        for number, match in enumerate(route.match):
            # Istio loses the warnings of these matches.
            yield from errors_only(_connection_problems(match, (*path, "match", number)))
        if not route.route:
            yield Problem((*path, "route"), "the route leads nowhere", "name a destination")
        for problem in weighted_problems(route.route, converted=_is_converted(service)):
            yield problem.under(*path)


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG203", ask_export_to),
    Rule("EG231", _ask_delegate),
    Rule("EG232", _ask_gateways),
    Rule("EG233", _ask_claims),
    Rule("EG234", _ask_hosts),
    Rule("EG235", _ask_some_route),
    Rule("EG236", _ask_http),
    Rule("EG237", _ask_tls),
    Rule("EG238", _ask_tcp),
    Rule("EG239", ask_reachability),
)
