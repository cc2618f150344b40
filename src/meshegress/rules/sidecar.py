"""Sidecar: what Istio's webhook says of listeners, imported hosts and the outbound policy."""

from __future__ import annotations

import re

from meshegress.profiles import Profile
from meshegress.resources import Sidecar
from meshegress.resources.shape import shown
from meshegress.resources.sidecar import (
    CaptureMode,
    IstioEgressListener,
    IstioIngressListener,
    SidecarOutboundMode,
    SidecarPort,
)
from meshegress.rules.names import (
    HTTP,
    TLS,
    domain_fault,
    is_address,
    is_dns_label,
    is_partial_wildcard,
    port_fault,
    port_name_fault,
    protocol_fault,
    unix_fault,
    wildcard_fault,
)
from meshegress.rules.problem import Path, Problem, Problems, Rule, fault, warning
from meshegress.rules.server_tls import server_tls_problems
from meshegress.rules.shared import ask_annotations, ask_fields, ask_selector, destination_problems
from meshegress.rules.traffic_policy import connection_pool_problems
from meshegress.rules.workload_entry import UNIX

_DYNAMIC_DNS_NUMBER = "UNKNOWN_3"


def _ask_something(sidecar: Sidecar, profile: Profile) -> Problems:
    spec = sidecar.spec
    policies = (spec.outbound_traffic_policy, spec.inbound_connection_pool)
    if not spec.egress and not spec.ingress and policies == (None, None):
        yield Problem(("spec",), "the Sidecar says nothing", "give it an egress listener or an outboundTrafficPolicy")


def _ask_egress_ports(sidecar: Sidecar, profile: Profile) -> Problems:
    ports: set[int] = set()
    sockets: set[str] = set()
    last = len(sidecar.spec.egress) - 1
    for index, listener in enumerate(sidecar.spec.egress):
        path = ("spec", "egress", index)
        port = listener.port
        if port is None:
            if index != last:
                yield Problem(path, "a listener without a port comes before others", "put it last")
            continue
        yield from _egress_port_problems(listener, port, path)
        if port.number == 0 and listener.bind in sockets:
            yield Problem((*path, "bind"), f"socket {shown(listener.bind)} is used twice", "bind each socket once")
        if port.number in ports:
            yield Problem((*path, "port", "number"), f"port `{port.number}` is used twice", "number each port once")
        (sockets.add(listener.bind) if port.number == 0 else ports.add(port.number))


def _egress_port_problems(listener: IstioEgressListener, port: SidecarPort, path: Path) -> Problems:
    yield from _port_problems(port, path)
    if port.number == 0:
        yield from _socket_problems(listener, path)
        return
    yield from fault((*path, "port", "number"), port_fault(port.number))
    yield from _bind_problems(listener.bind, path)


def _socket_problems(listener: IstioEgressListener, path: Path) -> Problems:
    if not listener.bind.startswith(UNIX):
        yield Problem((*path, "port", "number"), "port 0 is for a unix socket", "give a port, or bind `unix://`")
    else:
        yield from fault((*path, "bind"), unix_fault(listener.bind.removeprefix(UNIX)))
    if listener.capture_mode not in (CaptureMode.DEFAULT, CaptureMode.NONE):
        yield Problem((*path, "captureMode"), "nothing is captured for a unix socket", "choose DEFAULT or NONE")


def _port_problems(port: SidecarPort, path: Path) -> Problems:
    if port.target_port:
        yield Problem((*path, "port", "targetPort"), "a Sidecar has no targetPort", "remove it")
    if port.name:
        yield from fault((*path, "port", "name"), port_name_fault(port.name))
    yield from fault((*path, "port", "protocol"), protocol_fault(port.protocol))


def _bind_problems(bind: str, path: Path) -> Problems:
    if bind and not is_address(bind):
        yield Problem((*path, "bind"), f"{shown(bind)} is not an IP address", "write an IP address")


def _ask_egress_hosts(sidecar: Sidecar, profile: Profile) -> Problems:
    for index, listener in enumerate(sidecar.spec.egress):
        path = ("spec", "egress", index, "hosts")
        if not listener.hosts:
            yield Problem(path, "the listener imports no host", "write `*/*` for all")
        for number, host in enumerate(listener.hosts):
            yield from _host_problems(host, (*path, number), profile)
        yield from _repeated_hosts(listener.hosts, sidecar.metadata.namespace, path, profile)


def _host_problems(host: str, path: Path, profile: Profile) -> Problems:
    namespace, slash, name = host.partition("/")
    if not slash:
        yield Problem(path, f"{shown(host)} names no namespace", "write `namespace/host`, `./host` or `*/host`")
        return
    if not namespace or not name:
        yield Problem(path, f"one half of {shown(host)} is empty", "write `namespace/host`")
    if not _is_namespace(namespace, profile):
        yield Problem(path, f"{shown(namespace)} is not a namespace", "write `namespace/host`, `./host` or `*/host`")
    if name != "*" and "." not in name:
        yield Problem(path, f"{shown(name)} is a short name", "write the full name of the host")
    yield from fault(path, wildcard_fault(name))
    if is_partial_wildcard(name):
        yield Problem(path, f"{shown(name)} has a `*` that is not a whole label", "write `*.` and a domain")


def _is_namespace(namespace: str, profile: Profile) -> bool:
    if profile.sidecar_exclusions:
        namespace = namespace.removeprefix("~")
        return namespace in ("", "*", ".") or is_dns_label(namespace)
    return namespace in ("*", ".", "~") or is_dns_label(namespace)


def _repeated_hosts(hosts: tuple[str, ...], own: str, path: Path, profile: Profile) -> Problems:
    """Warn of hosts that are imported twice."""
    seen: dict[str, set[str]] = {}
    for number, host in enumerate(hosts):
        namespace, slash, name = host.partition("/")
        if not slash or (profile.sidecar_exclusions and namespace.startswith("~")):
            continue
        of_namespace = seen.setdefault(own if namespace == "." else namespace, set())
        if of_namespace if name == "*" else of_namespace & {name, "*"}:
            yield warning((*path, number), f"{shown(host)} is imported already", "remove it")
        of_namespace.add(name)
    if "*" in seen.get("*", ()) and len(seen) != 1:
        yield warning(path, "`*/*` imports everything, and there is more", "remove the others")


def _ask_ingress(sidecar: Sidecar, profile: Profile) -> Problems:
    ports: set[int] = set()
    for index, listener in enumerate(sidecar.spec.ingress):
        path = ("spec", "ingress", index)
        port = listener.port
        if port is None:
            yield Problem(path, "an inbound listener has no port", "give it one")
            continue
        yield from _port_problems(port, path)
        yield from fault((*path, "port", "number"), port_fault(port.number))
        yield from _bind_problems(listener.bind, path)
        if port.number in ports:
            yield Problem((*path, "port", "number"), f"port `{port.number}` is used twice", "number each port once")
        ports.add(port.number)
        yield from _default_endpoint_problems(listener.default_endpoint, (*path, "defaultEndpoint"))
        yield from _ingress_tls_problems(listener, port, path, profile)
        yield from _ingress_pool_problems(listener, port, path, profile)


_ENDPOINT = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*)):([^\[\]:]*)")
_OWN_HOSTS = frozenset({"", "127.0.0.1", "0.0.0.0", "::1", "::"})
_SIGNED = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def _default_endpoint_problems(endpoint: str, path: Path) -> Problems:
    if not endpoint:
        return
    if endpoint.startswith(UNIX):
        yield from fault(path, unix_fault(endpoint.removeprefix(UNIX)))
        return
    match = _ENDPOINT.fullmatch(endpoint)
    host, port = (match[1] or match[2] or "", match[3]) if match else ("", "")
    if match is None or host not in _OWN_HOSTS or not _SIGNED.fullmatch(port) or port_fault(int(port)):
        yield Problem(
            path, f"{shown(endpoint)} is not a place of this workload", "write `127.0.0.1:<port>`, or a socket"
        )


def _ingress_tls_problems(listener: IstioIngressListener, port: SidecarPort, path: Path, profile: Profile) -> Problems:
    tls = listener.tls
    if tls is None:
        return
    refused = {"subjectAltNames": tls.subject_alt_names, "httpsRedirect": tls.https_redirect,
               "credentialName": tls.credential_name}  # fmt: skip
    if profile.several_server_certificates:
        refused |= {"credentialNames": tls.credential_names, "tlsCertificates": tls.tls_certificates}
    for field, value in refused.items():
        if value:
            yield Problem((*path, "tls", field), "this is not for Sidecars", "remove it")
    if tls.mode in ("ISTIO_MUTUAL", "AUTO_PASSTHROUGH"):
        yield Problem((*path, "tls", "mode"), f"mode `{tls.mode}` is not for Sidecars", "write SIMPLE or MUTUAL")
    if port.protocol.lower() not in TLS:
        yield Problem((*path, "tls"), "the port is neither HTTPS nor TLS", "change its protocol")
    for problem in server_tls_problems(tls, profile):
        yield problem.under(*path, "tls")


def _ingress_pool_problems(listener: IstioIngressListener, port: SidecarPort, path: Path, profile: Profile) -> Problems:
    pool = listener.connection_pool
    yield from connection_pool_problems(pool, (*path, "connectionPool"), profile)
    if pool is not None and pool.http is not None and port.protocol.lower() not in HTTP:
        yield warning((*path, "connectionPool", "http"), "the port is not HTTP: this does nothing", "remove it")


def _ask_inbound_pool(sidecar: Sidecar, profile: Profile) -> Problems:
    yield from connection_pool_problems(
        sidecar.spec.inbound_connection_pool, ("spec", "inboundConnectionPool"), profile
    )


def _ask_outbound_policy(sidecar: Sidecar, profile: Profile) -> Problems:
    policy = sidecar.spec.outbound_traffic_policy
    path = ("spec", "outboundTrafficPolicy")
    if policy is None:
        return
    if policy.mode == _DYNAMIC_DNS_NUMBER and profile.allow_any_dynamic_dns:
        yield Problem((*path, "mode"), "ALLOW_ANY_DYNAMIC_DNS is for the whole mesh", "set it there")
    elif policy.egress_proxy is None:
        return
    elif policy.mode is not SidecarOutboundMode.ALLOW_ANY:
        yield Problem((*path, "egressProxy"), "an egressProxy needs mode ALLOW_ANY", "set `mode: ALLOW_ANY`")
    else:
        proxy = policy.egress_proxy
        yield from fault((*path, "egressProxy", "host"), domain_fault(proxy.host))
        if proxy.port is None:
            yield Problem((*path, "egressProxy"), "the egressProxy has no port", "give it one")
        else:
            yield from destination_problems(proxy, (*path, "egressProxy"))


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG202", ask_selector, decisive=True),
    Rule("EG221", _ask_something, decisive=True),
    Rule("EG222", _ask_egress_ports),
    Rule("EG223", _ask_egress_hosts),
    Rule("EG224", _ask_ingress),
    Rule("EG225", _ask_inbound_pool),
    Rule("EG226", _ask_outbound_policy),
)
