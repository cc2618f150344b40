"""What only a journey shows: resources that each alone are fine, and together lead a request nowhere, or astray.

Each finding bears its evidence: the request that was followed, and where it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from meshegress._match import host_matches
from meshegress.findings import Finding, Severity, Source
from meshegress.journey.rows import AT_CLIENT, BEYOND, TROUBLES, End
from meshegress.journey.whole import Journey
from meshegress.loading import ResourceSet
from meshegress.naming import ClusterName
from meshegress.request import Request, Workload
from meshegress.resources import DestinationRule, Gateway, VirtualService
from meshegress.resources.destination_rule import ClientTLSMode, ClientTLSSettings, TrafficPolicy
from meshegress.resources.service_entry import Location
from meshegress.resources.virtual_service import HTTPRoute, HTTPRouteDestination, RouteDestination

MESH = "mesh"
_ANYWHERE = "198.51.100.1"
_UNKNOWN = "no_endpoints"
_EXAMPLE_LABEL = "any"
_CONFIG_MAP = "configmap://"
_ORIGINATES = frozenset({ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL})

Follow = Callable[[Request, Workload], Journey]


def gateway_findings(resources: ResourceSet, follow: Follow) -> Iterator[Finding]:
    """Yield what is wrong with how *resources* lead requests over gateways, and what leaves; *follow* tries it."""
    for gateway in resources.gateways:
        yield from _panics(gateway)
    for row in resources.virtual_services:
        if any(name != MESH for name in row.spec.gateways) and _leads_out(row, resources):
            yield from _of_virtual_service(row, follow)
    for rule in resources.destination_rules:
        yield from _ignored_credentials(rule)
        yield from _swallowed(rule, resources.destination_rules)
        yield from _troubled(rule, resources, follow)


def _panics(gateway: Gateway) -> Iterator[Finding]:
    """Yield servers whose hosts make istiod panic: one with a namespace behind ``*/*``."""
    for place, server in enumerate(gateway.spec.servers):
        whole = next((number for number, host in enumerate(server.hosts) if host == "*/*"), len(server.hosts))
        for number, host in enumerate(server.hosts):
            if number > whole and host.partition("/")[0] in (".", "*") and "/" in host:
                yield Finding(
                    "EG506",
                    gateway.source("spec", "servers", place, "hosts", number),
                    f"`{host}` behind `*/*` in one list makes istiod panic",
                    subject=f"Gateway `{gateway.namespace}/{gateway.name}`",
                    field=f"spec.servers[{place}].hosts[{number}]",
                )


def _leads_out(row: VirtualService, resources: ResourceSet) -> bool:
    """Return whether *row* leads one of its own hosts to itself, and an entry outside of the mesh declares it.

    That is how traffic leaves over a gateway; rules for what comes in lead their hosts to services inside.
    """
    legs: list[HTTPRouteDestination | RouteDestination] = [leg for route in row.spec.http for leg in route.route]
    legs += [leg for route in row.spec.tls for leg in route.route]
    legs += [leg for route in row.spec.tcp for leg in route.route]
    sent = {leg.destination.host for leg in legs if leg.destination is not None}
    outside = {
        host
        for entry in resources.service_entries
        if entry.spec.location is not Location.MESH_INTERNAL
        for host in entry.spec.hosts
    }
    return any(host in outside and any(host_matches(host, own) for own in row.spec.hosts) for host in sent)


def _of_virtual_service(row: VirtualService, follow: Follow) -> Iterator[Finding]:
    """Yield what becomes of requests for the hosts of *row*, which names gateways, where they do not get through."""
    sender = Workload(row.namespace)
    for place, request in _requests_of(row):
        journey = follow(request, sender)
        reason = "; ".join(journey.reasons)
        subject = f"VirtualService `{row.namespace}/{row.name}`"
        evidence = f"{_asked(request)} from namespace `{row.namespace}`"
        if journey.end is not None and journey.end.outcome == _UNKNOWN:
            continue  # endpoints of a Service may just not have been given
        if journey.end is not None or any(end.at != BEYOND for end in journey.ends):
            told = _ended(journey.ends)
            yield _warning("EG501", row.source(*place), f"{evidence} {told}{_because(reason)}", subject)
        elif not journey.gateways and reason:
            yield _warning("EG502", row.source(*place), f"{evidence} passes all gateways by{_because(reason)}", subject)


def _requests_of(row: VirtualService) -> Iterator[tuple[tuple[str | int, ...], Request]]:
    """Yield a request for each host of *row* and kind of rule, with the place of what leads it."""
    for number, host in enumerate(row.spec.hosts):
        name = host.replace("*", _EXAMPLE_LABEL, 1)
        if "." not in name:
            continue
        for port in sorted({port for route in row.spec.http for port in _ports_of(route, row)}):
            yield ("spec", "hosts", number), Request.http(name, address=_ANYWHERE, port=port)
    for index, route in enumerate(row.spec.tls):
        for match in route.match:
            if _is_for_mesh(match.gateways, row) and match.sni_hosts:
                name = match.sni_hosts[0].replace("*", _EXAMPLE_LABEL, 1)
                yield ("spec", "tls", index), Request.tls(name, address=_ANYWHERE, port=match.port or 443)


def _ports_of(route: HTTPRoute, row: VirtualService) -> Iterator[int]:
    """Yield the ports on which *route* is for sidecars, 80 where it says none."""
    if not route.match:
        yield 80
    for match in route.match:
        if _is_for_mesh(match.gateways, row):
            yield match.port or 80


def _is_for_mesh(gateways: Iterable[str], row: VirtualService) -> bool:
    return MESH in (tuple(gateways) or row.spec.gateways)


def _ignored_credentials(rule: DestinationRule) -> Iterator[Finding]:
    """Yield credentials that sidecars ignore, since the rule has no selector: they send plaintext, silently."""
    if rule.spec.workload_selector is not None:
        return
    for path, tls in _tls_settings(rule.spec.traffic_policy, ("spec", "trafficPolicy")):
        if tls.mode in _ORIGINATES and tls.credential_name and not tls.credential_name.startswith(_CONFIG_MAP):
            yield _warning(
                "EG503",
                rule.source(*path, "credentialName"),
                f"sidecars ignore credentialName `{tls.credential_name}` and send plaintext; gateways use it",
                f"DestinationRule `{rule.namespace}/{rule.name}`",
            )


def _tls_settings(
    policy: TrafficPolicy | None, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], ClientTLSSettings]]:
    if policy is None:
        return
    if policy.tls is not None:
        yield (*path, "tls"), policy.tls
    for place, row in enumerate(policy.port_level_settings):
        if row.tls is not None:
            yield (*path, "portLevelSettings", place, "tls"), row.tls


def _swallowed(rule: DestinationRule, rules: Sequence[DestinationRule]) -> Iterator[Finding]:
    """Yield private rules without a selector that one with a selector for the same host swallows."""
    if rule.spec.workload_selector is not None or tuple(rule.spec.export_to) != (".",):
        return
    for other in rules:
        is_rival = (other.namespace, other.spec.host) == (rule.namespace, rule.spec.host)
        if is_rival and other.spec.workload_selector is not None:
            yield _warning(
                "EG504",
                rule.source("spec", "exportTo"),
                f"`{other.name}` ({other.source()}) has a workloadSelector and the same host, and swallows this "
                "private rule: it is gone for the workloads that the selector misses",
                f"DestinationRule `{rule.namespace}/{rule.name}`",
            )


def _troubled(rule: DestinationRule, resources: ResourceSet, follow: Follow) -> Iterator[Finding]:
    """Yield rules that originate TLS where an application which speaks TLS itself, or nobody, gets through."""
    host = rule.spec.host
    if "." not in host or host.startswith("*"):
        return
    settings = [tls for _, tls in _tls_settings(rule.spec.traffic_policy, ()) if tls.mode in _ORIGINATES]
    entries = [entry for entry in resources.service_entries if host in entry.spec.hosts]
    for port in sorted({port.number for entry in entries for port in entry.spec.ports}) if settings else ():
        for ask in (Request.tls, Request.http):
            request = ask(host, address=_ANYWHERE, port=port)
            journey = follow(request, Workload(rule.namespace))
            if journey.trouble and any(_is_from(row.cluster, host) for row in journey.rows()):
                told = ", ".join(f"{TROUBLES[name]} ({name})" for name in journey.trouble)
                subject = f"DestinationRule `{rule.namespace}/{rule.name}`"
                yield _warning("EG505", rule.source("spec", "trafficPolicy"), f"{_asked(request)}: {told}", subject)


def _is_from(cluster: str, host: str) -> bool:
    parsed = ClusterName.parse(cluster)
    return parsed is not None and parsed.host == host


def _asked(request: Request) -> str:
    if request.is_tls:
        return f"TLS for `{request.sni}` on port {request.port}"
    return f"HTTP for `{request.host}` on port {request.port}"


def _ended(ends: Iterable[End]) -> str:
    end = next(one for one in ends if one.at != BEYOND)
    where = "at the sidecar" if end.at == AT_CLIENT else "at the gateway"
    logged = f", {end.status} {end.flags or ''}".rstrip() if end.status else ""
    return f"ends {where}: {end.outcome}{logged}"


def _because(reason: str) -> str:
    return f", because {reason}" if reason else ""


def _warning(code: str, where: Source, message: str, subject: str) -> Finding:
    return Finding(code, where, message, Severity.WARNING, subject)


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings* in order, each once."""
    found: Mapping[Finding, None] = dict.fromkeys(findings)
    return tuple(found)
