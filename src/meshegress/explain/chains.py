"""Why this listener, and why this filter chain: Envoy's tree, level by level, and the chains that fall away there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from meshegress._match import NO_MATCH, PrefixTable, ServerNameTable
from meshegress.explain.steps import RejectedAlternative, Step
from meshegress.request import Request
from meshegress.table import FilterChain, HttpConnectionManager, Listener, ListenerKind, Table
from meshegress.wire import HTTP_ALPN, HttpVerdict, TlsVerdict
from meshegress.wire.addressing import canonical_address

_NONE = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the inspectors of one listener know of a connection; ``waits`` names the one that waits for more."""

    is_tls: bool = False
    server_name: str = ""
    protocols: tuple[str, ...] = ()
    waits: str | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of the tree: what chains ask for there, and which bucket the connection takes."""

    subject: str
    wants: Callable[[FilterChain], Sequence[str]]
    bucket: Callable[[Iterable[str], Request, Seen], str]


def choose_listener(table: Table, request: Request) -> tuple[Listener | None, Step]:
    """Return the listener of *request*, and the step that says why."""
    on_port = [one for one in table.listeners if one.port == request.port]
    family = "::" if ":" in request.destination else "0.0.0.0"
    for wanted, reason in (
        (request.destination, f"it is bound to {request.destination}:{request.port}"),
        (family, f"{family} takes any {'IPv6' if family == '::' else 'IPv4'} address on port {request.port}"),
    ):
        found = next((one for one in on_port if wanted in map(canonical_address, one.addresses)), None)
        if found is not None:
            others = tuple(_lost_listener(one, request, family) for one in on_port if one is not found)
            return found, Step("listener", _named(found), reason, others)
    rejected = tuple(_lost_listener(one, request, family) for one in on_port)
    refused = tuple(
        RejectedAlternative(row.name, f"Envoy refuses it: {row.reason}")
        for row in table.rejected
        if row.kind == "listener"
    )
    found = next((one for one in table.listeners if one.kind is ListenerKind.VIRTUAL_OUTBOUND), None)
    if found is None:
        return None, Step("listener", "none", f"nothing listens on port {request.port}", rejected + refused)
    reason = f"no listener takes {request.destination}:{request.port}"
    return found, Step("listener", _named(found), reason, rejected + refused)


def inspect(listener: Listener, request: Request, table: Table) -> tuple[Seen, Step | None]:
    """Return what *listener* knows before it chooses a chain, and the step that says so."""
    first = next((one for one in table.listeners if one.kind is ListenerKind.VIRTUAL_OUTBOUND), None)
    looks_for_http = listener.http_inspector or (first is not None and first.http_inspector)
    if not listener.tls_inspector and not looks_for_http:
        return Seen(), None
    tls = request.seen_tls if listener.tls_inspector else TlsVerdict.PLAIN
    http = request.seen_http if looks_for_http else HttpVerdict.NOT_HTTP
    if tls == TlsVerdict.TLS:
        shown = f"a ClientHello for `{request.server_name}`" if request.server_name else "a ClientHello without a name"
        offered = f", ALPN {', '.join(request.offered)}" if request.offered else ""
        return Seen(True, request.server_name, request.offered), Step("inspectors", shown + offered)
    waits = "TLS inspector" if tls == TlsVerdict.WAITS else "HTTP inspector" if http == HttpVerdict.WAITS else None
    if waits and not (listener.inspection_timeout_ms and listener.continue_on_timeout):
        return Seen(waits=waits), Step("inspectors", "waiting", f"the {waits} needs more bytes")
    protocol = None if waits else HTTP_ALPN[http]
    if protocol is None:
        return Seen(), Step("inspectors", "bytes", "neither TLS nor HTTP, as far as they look")
    return Seen(protocols=(protocol,)), Step("inspectors", protocol)


def choose_chain(listener: Listener, request: Request, seen: Seen) -> tuple[FilterChain | None, Step]:
    """Return the chain of *request*, and the step that says why."""
    remaining = list(listener.filter_chains)
    rejected: list[RejectedAlternative] = []
    reasons: list[str] = []
    for level in _LEVELS:
        if not remaining:
            break
        asked = {want for chain in remaining for want in level.wants(chain)}
        bucket = level.bucket(asked, request, seen)
        kept = [chain for chain in remaining if bucket in level.wants(chain)]
        rejected += [_lost_chain(chain, level, bucket) for chain in remaining if bucket not in level.wants(chain)]
        reasons += [f"{level.subject} {bucket}"] if bucket != _NONE and kept else []
        remaining = kept
    default = listener.default_filter_chain
    if remaining:
        beaten = (
            []
            if default is None
            else [RejectedAlternative(describe(default), "the default chain is for what no other takes")]
        )
        reason = "; ".join(reasons) or "it asks for nothing"
        return remaining[0], Step(
            "filter chain", describe(remaining[0]), reason, (*rejected, *beaten), remaining[0].origin
        )
    if default is None:
        return None, Step("filter chain", "none", "no chain matches, and there is no default", tuple(rejected))
    return default, Step(
        "filter chain", describe(default), "the default: no other matches", tuple(rejected), default.origin
    )


def describe(chain: FilterChain) -> str:
    """Return what tells *chain* from its neighbours: its name, what it asks for, where it ends."""
    end = chain.network_filter
    target = (
        f"routes `{end.route_config}`"
        if isinstance(end, HttpConnectionManager)
        else ", ".join(member.cluster for member in end.clusters)
    )
    return f"{chain.name} → {target}" if chain.name else f"→ {target}"


def _named(listener: Listener) -> str:
    return listener.name or "the proxy's own"


def _lost_listener(listener: Listener, request: Request, family: str) -> RejectedAlternative:
    if family not in listener.addresses and {"0.0.0.0", "::"} & set(listener.addresses):
        return RejectedAlternative(_named(listener), f"it takes no {'IPv6' if family == '::' else 'IPv4'} address")
    return RejectedAlternative(
        _named(listener), f"it is bound to {', '.join(listener.addresses)}, not to {request.destination}"
    )


def _lost_chain(chain: FilterChain, level: _Level, bucket: str) -> RejectedAlternative:
    wants = [want for want in level.wants(chain) if want != _NONE]
    asked = f"asks for {level.subject} {', '.join(wants)}" if wants else f"asks for no {level.subject}"
    beaten = f", and {bucket} is the one bucket that is looked into" if bucket != _NONE else ""
    return RejectedAlternative(describe(chain), asked + beaten, chain.origin)


def _port(wants: Iterable[str], request: Request, _seen: Seen) -> str:
    return str(request.port) if str(request.port) in wants else _NONE


def _prefix(wants: Iterable[str], request: Request, _seen: Seen) -> str:
    texts = [text for text in wants if text != _NONE]
    row = PrefixTable([[text] for text in texts]).find(request.destination) if texts else NO_MATCH
    return _NONE if row == NO_MATCH else texts[row]


def _server_name(wants: Iterable[str], _request: Request, seen: Seen) -> str:
    names = [name for name in wants if name != _NONE]
    row = ServerNameTable([[name] for name in names]).find(seen.server_name) if names and seen.server_name else NO_MATCH
    return _NONE if row == NO_MATCH else names[row]


def _transport(wants: Iterable[str], _request: Request, seen: Seen) -> str:
    protocol = "tls" if seen.is_tls else "raw_buffer"
    return protocol if protocol in wants else _NONE


def _application(wants: Iterable[str], _request: Request, seen: Seen) -> str:
    asked = set(wants)
    return next((protocol for protocol in seen.protocols if protocol in asked), _NONE)


def _prefixes_of(chain: FilterChain) -> list[str]:
    return [str(ip_network(text, strict=False)) for text in chain.match.prefix_ranges] or [_NONE]


_LEVELS = (
    _Level("destination port", lambda chain: [str(chain.match.destination_port or _NONE)], _port),
    _Level("destination", _prefixes_of, _prefix),
    _Level("server name", lambda chain: chain.match.server_names or (_NONE,), _server_name),
    _Level("transport", lambda chain: [chain.match.transport_protocol or _NONE], _transport),
    _Level("application protocol", lambda chain: chain.match.application_protocols or (_NONE,), _application),
)
