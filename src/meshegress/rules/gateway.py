"""Gateway: what Istio's webhook says of servers."""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources import Gateway
from meshegress.resources.gateway import Port, Server, ServerTLSMode
from meshegress.resources.shape import shown
from meshegress.rules.names import (
    HTTP,
    PROTOCOLS,
    TLS,
    is_address,
    is_dns_label,
    is_partial_wildcard,
    port_fault,
    unix_fault,
    wildcard_fault,
)
from meshegress.rules.problem import Path, Problem, Problems, Rule, fault, warning
from meshegress.rules.server_tls import server_tls_problems
from meshegress.rules.shared import ask_annotations, ask_fields
from meshegress.rules.workload_entry import UNIX

_SEMANTICS = "internal.istio.io/gateway-semantics"


def _ask_name(gateway: Gateway, profile: Profile) -> Problems:
    if not is_dns_label(gateway.metadata.name) and not _is_converted(gateway):
        yield Problem(("metadata", "name"), f"{shown(gateway.metadata.name)} is not a name of a Gateway", "use no dots")


def _is_converted(gateway: Gateway) -> bool:
    """Tell whether Istio itself made this Gateway, from one of the Gateway API."""
    return gateway.metadata.annotations.get(_SEMANTICS) == "gateway"


def _ask_servers(gateway: Gateway, profile: Profile) -> Problems:
    if not gateway.spec.servers:
        yield Problem(("spec", "servers"), "the Gateway has no server", "give it `servers`")
    for index, server in enumerate(gateway.spec.servers):
        for problem in _server_problems(server, profile, converted=_is_converted(gateway)):
            yield problem.under("spec", "servers", index)


def _server_problems(server: Server, profile: Profile, *, converted: bool) -> Problems:
    if not server.hosts:
        yield Problem(("hosts",), "the server has no host", "write `*` for all")
    for index, host in enumerate(server.hosts):
        yield from _host_problems(host, ("hosts", index), converted=converted)
    bad_port = list(_port_problems(server.port, server.bind))
    yield from bad_port
    yield from _bind_problems(server)
    if server.tls is not None:
        for problem in server_tls_problems(server.tls, profile):
            yield problem.under("tls")
    if server.port is not None and not bad_port:
        yield from _tls_on_port(server, server.port.protocol.lower())


def _host_problems(host: str, path: Path, *, converted: bool) -> Problems:
    namespace, slash, rest = host.partition("/")
    name = rest if slash else host
    if slash and not (namespace in ("*", ".") or (namespace == "~" and converted) or is_dns_label(namespace)):
        yield Problem(path, f"{shown(namespace)} is not a namespace", "write `namespace/host`, `./host` or `*/host`")
    if name != "*" and "." not in name:
        yield Problem(path, f"{shown(name)} is a short name", "write the full name of the host")
    if not is_address(name):
        yield from fault(path, wildcard_fault(name))
    if is_partial_wildcard(name):
        yield Problem(path, f"{shown(name)} has a `*` that is not a whole label", "write `*.` and a domain")


def _port_problems(port: Port | None, bind: str) -> Problems:
    if port is None:
        yield Problem(("port",), "the server has no port", "give it a `port` with number, name and protocol")
        return
    if port.protocol.lower() not in PROTOCOLS:
        yield Problem(
            ("port", "protocol"),
            f"{shown(port.protocol)} is not a protocol",
            "write what the port speaks, such as HTTP, HTTPS, TLS or TCP",
        )
    if port.number or not bind.startswith(UNIX):
        yield from fault(("port", "number"), port_fault(port.number))
    if port.target_port:
        yield Problem(("port", "targetPort"), "a Gateway has no targetPort", "remove it")
    if not port.name:
        yield Problem(("port", "name"), "the port has no name", "name the port")


def _bind_problems(server: Server) -> Problems:
    if server.bind.startswith(UNIX):
        yield from fault(("bind",), unix_fault(server.bind.removeprefix(UNIX)))
        if server.port is not None and server.port.number:
            yield Problem(("port", "number"), "a unix socket has port 0", "write `number: 0`")
    elif server.bind and not is_address(server.bind):
        yield Problem(
            ("bind",), f"{shown(server.bind)} is not an IP address", "write an IP address, or `unix://` and a path"
        )


def _tls_on_port(server: Server, protocol: str) -> Problems:
    tls = server.tls
    if protocol in TLS:
        if tls is None:
            yield Problem(("tls",), "an HTTPS or TLS port has no TLS settings", "write `tls` with a mode")
    elif tls is not None:
        passes = tls.mode in (ServerTLSMode.PASSTHROUGH, ServerTLSMode.AUTO_PASSTHROUGH)
        plain = passes and not (tls.ca_certificates or tls.private_key or tls.server_certificate)
        if protocol not in HTTP or not plain:
            yield Problem(("tls",), "the port is neither HTTPS nor TLS", "change its protocol")


def _ask_port_names(gateway: Gateway, profile: Profile) -> Problems:
    seen: set[str] = set()
    for index, server in enumerate(gateway.spec.servers):
        path = ("spec", "servers", index)
        if server.port is None:
            continue
        if server.port.name in seen:
            yield Problem(
                (*path, "port", "name"),
                f"port name {shown(server.port.name)} is used twice",
                "give each port a name of its own",
            )
        seen.add(server.port.name)
        if server.tls is not None and server.tls.https_redirect and server.port.protocol.lower() not in HTTP:
            yield warning((*path, "tls", "httpsRedirect"), "only an HTTP server redirects to HTTPS")


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG271", _ask_name),
    Rule("EG272", _ask_servers),
    Rule("EG273", _ask_port_names),
)
