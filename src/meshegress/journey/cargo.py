"""What travels: an HTTP request, the application's own TLS, or bytes; and what a proxy makes of it before sending."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from meshegress.journey.rows import CARRIES_BYTES, CARRIES_REQUEST, CARRIES_TLS, WireTransport
from meshegress.request import Request, WireProtocol
from meshegress.table import MatchKind, RewritingAction, Route
from meshegress.table.outgoing import ClusterDetails, Transport, UpstreamHttp
from meshegress.wire import TlsVerdict
from meshegress.wire.addressing import canonical_address

HTTP1, HTTP2 = UpstreamHttp.HTTP1.value, UpstreamHttp.HTTP2.value
_MESH_ALPN = {HTTP1: ("istio-http/1.1", "istio", "http/1.1"), HTTP2: ("istio-h2", "istio", "h2")}
_OWN_ALPN = {HTTP1: ("http/1.1",), HTTP2: ("h2",)}
_WITH_PORT = re.compile(r"(.*):(\d+)")


@dataclass(frozen=True, slots=True)
class Cargo:
    """What travels inside of whatever transport; ``http`` is the version of a request."""

    carries: str
    http: str | None = None
    host: str | None = None
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    payload: bytes | None = None

    @classmethod
    def of(cls, request: Request) -> Cargo:
        """Return what *request* brings; literal bytes are what they are read as."""
        if request.payload is not None and request.seen_tls == TlsVerdict.TLS:
            return cls(CARRIES_TLS, sni=request.server_name or None, alpn=request.offered, payload=request.payload)
        if request.is_tls and not request.is_mutual:
            return cls(CARRIES_TLS, sni=request.sni, alpn=request.alpn)
        if request.payload is not None and request.verb:
            head = (request.authority, request.target, request.verb, tuple(request.fields))
            return cls(CARRIES_REQUEST, HTTP2 if request.is_http2 else HTTP1, *head, payload=request.payload)
        if request.payload is not None or request.protocol is WireProtocol.RAW:
            return cls(CARRIES_BYTES, payload=request.payload)
        version = HTTP2 if request.protocol is WireProtocol.HTTP2 else HTTP1
        return cls(CARRIES_REQUEST, version, request.host, request.path, request.method, request.headers)

    def rewritten(self, route: Route | None) -> Cargo:
        """Return the cargo as *route* changes it."""
        action = route.action if route is not None else None
        if route is None or not isinstance(action, RewritingAction):
            return self
        rewrite = action.rewrite
        path = self.path
        if rewrite.pattern:
            path = _replaced(path, rewrite.pattern, rewrite.substitution)
        elif rewrite.path:
            path = _exchanged(path, route, rewrite.path)
        return replace(self, host=rewrite.authority or self.host, path=path, payload=None)

    @property
    def hostname(self) -> str | None:
        """The host of a request without its port, as it is written."""
        if not self.host:
            return None
        found = _WITH_PORT.fullmatch(self.host)
        bare = found[1] if found else self.host
        return bare.removeprefix("[").removesuffix("]") if bare.startswith("[") else bare

    @property
    def host_port(self) -> int | None:
        """The port in the host of a request, where there is one."""
        found = _WITH_PORT.fullmatch(self.host or "")
        return int(found[2]) if found else None

    def to(self, address: str, port: int, transport: WireTransport | None) -> Request:
        """Return the request that arrives at a gateway's *address* and *port* inside *transport*."""
        if transport is not None and not transport.is_mesh_tls:
            return Request(address=address, port=port, is_tls=True, sni=transport.sni, alpn=transport.alpn)
        sni = transport.sni if transport is not None else self.sni
        alpn = transport.alpn if transport is not None else self.alpn
        is_mutual = transport is not None
        if self.carries == CARRIES_REQUEST:
            return Request(
                address=address,
                port=port,
                protocol=WireProtocol.HTTP2 if self.http == HTTP2 else WireProtocol.HTTP,
                is_tls=is_mutual,
                is_mutual=is_mutual,
                sni=sni,
                alpn=alpn,
                host=self.host,
                method=self.method,
                path=self.path,
                headers=self.headers,
            )
        if self.payload is not None and not is_mutual:
            return Request(address=address, port=port, payload=self.payload)
        is_tls = is_mutual or self.carries == CARRIES_TLS
        return Request(address=address, port=port, is_tls=is_tls, is_mutual=is_mutual, sni=sni, alpn=alpn)


def on_the_wire(details: ClusterDetails, transport: Transport, cargo: Cargo, *, is_read: bool) -> WireTransport:
    """Return *transport* of a cluster as it stands on the wire for *cargo*, which the proxy reads or not."""
    host = cargo.hostname if is_read else None
    sni = transport.sni
    if transport.auto_sni and host is not None and canonical_address(host) is None:
        sni = host
    names = transport.names
    if transport.auto_names and host is not None and host not in names:
        names = tuple(sorted((*names, host)))
    return WireTransport(
        sni=sni,
        alpn=_alpn(details, transport, cargo, is_read=is_read),
        certificate=transport.certificate,
        validation=transport.validation,
        names=names,
    )


def _alpn(details: ClusterDetails, transport: Transport, cargo: Cargo, *, is_read: bool) -> tuple[str, ...]:
    """Return the ALPN on the wire: Istio's filter sets it for HTTP; where none is set, Envoy names the version."""
    version = cargo.http or HTTP1
    if is_read and details.alpn_filter:
        return _MESH_ALPN[version]
    if transport.alpn or not is_read:
        return transport.alpn
    return _OWN_ALPN[version]


def _exchanged(path: str, route: Route, wanted: str) -> str:
    """Return *path* with *wanted* in the place of what *route* matched of it."""
    match = route.match.path
    target, mark, query = path.partition("?")
    if match.kind is MatchKind.PREFIX:
        return wanted + target[len(match.value) :] + mark + query
    return wanted + mark + query


def _replaced(path: str, pattern: str, substitution: str) -> str:
    r"""Return *path* with everything that *pattern* finds replaced; ``\\1`` stands for a group."""
    target, mark, query = path.partition("?")
    try:
        return re.sub(pattern, substitution, target) + mark + query
    except (re.error, IndexError):
        return path
