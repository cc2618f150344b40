"""What is asked: one request as it stands on the wire, and the workload that sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from meshegress._match import PackedRequest
from meshegress.addressing import canonical_address
from meshegress.conditions import fold, variant_of
from meshegress.errors import RequestError
from meshegress.wire import (
    NO_HEAD,
    OPAQUE,
    CodecError,
    Head,
    HttpVerdict,
    Sight,
    TlsVerdict,
    see_bytes,
    see_http1,
    see_http2,
)
from meshegress.wire.paths import is_odd_target

#: Stands in for an address that nobody knows; no listener is found by it but the wildcard's.
UNKNOWN_ADDRESS = "0.0.0.0"
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class WireProtocol(Enum):
    """What the client speaks. ``RAW`` is bytes that are neither HTTP nor, without ``is_tls``, TLS."""

    HTTP = "http"
    HTTP2 = "http2"
    HTTP10 = "http1.0"
    RAW = "raw"


class Request(PackedRequest):
    """One outgoing request: the original destination and the first thing on the wire. Frozen; equal by value.

    ``address`` and ``port`` are the original destination; an ``address`` of None is filled in by the mesh that is
    asked. With ``is_tls`` the wire shows a ClientHello with ``sni`` and ``alpn`` and nothing of what is inside. Without
    it, ``host`` is the Host header or ``:authority`` (None: none is sent, ``""``: an empty one). ``headers`` are pairs
    in wire order. ``payload``, where given, is the literal first bytes, after which the client waits. ``name`` is the
    name that a URL gave, for finding an address; equality leaves it out.

    Raises RequestError for an address or a port that is none.

    >>> Request.http("a.com", address="1.2.3.4")
    Request.http('a.com', address='1.2.3.4', port=80)
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        address: str | None,
        port: int,
        protocol: WireProtocol = WireProtocol.RAW,
        is_tls: bool = False,
        sni: str | None = None,
        alpn: tuple[str, ...] = (),
        host: str | None = None,
        method: str = "GET",
        path: str = "/",
        headers: tuple[tuple[str, str], ...] = (),
        payload: bytes | None = None,
        name: str | None = None,
    ) -> None:
        if address is not None:
            address = _address(address)
        if type(port) is not int or not 0 < port < 65536:
            raise RequestError(port, "a port is a number from 1 to 65535")
        given = (address, port, protocol, is_tls, sni, alpn, host, method, path, headers, payload, name)
        head = Head(method, host, path, headers)
        self._pack(given, (address or UNKNOWN_ADDRESS, *_see(protocol, is_tls, sni, alpn, head, payload)))

    def to(self, address: str) -> Request:
        """Return the same request to *address*.

        >>> Request.http("a.com").to("1.2.3.4").address
        '1.2.3.4'
        """
        given = {name: getattr(self, name) for name in _FIELDS}
        return Request(**{**given, "address": address}, name=self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Request):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _FIELDS))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, ({name: getattr(self, name) for name in (*_FIELDS, "name")},)

    @classmethod
    def http(
        cls,
        host: str | None,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        address: str | None = None,
        port: int = 80,
        protocol: WireProtocol = WireProtocol.HTTP,
    ) -> Request:
        """Return a plaintext HTTP request for *host*, with its port where the header has one."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        return cls(
            address=address,
            port=port,
            protocol=protocol,
            host=host,
            method=method,
            path=path,
            headers=tuple((str(name), str(value)) for name, value in pairs),
            name=_bare_host(host) if host else None,
        )

    @classmethod
    def tls(
        cls, sni: str | None = None, *, alpn: Iterable[str] = (), address: str | None = None, port: int = 443
    ) -> Request:
        """Return a TLS connection that shows server name *sni* (None: none) and *alpn*."""
        return cls(address=address, port=port, is_tls=True, sni=sni, alpn=tuple(alpn), name=sni)

    @classmethod
    def tcp(cls, address: str, port: int, payload: bytes | None = None) -> Request:
        """Return a connection of opaque bytes, or of exactly *payload* and then silence."""
        return cls(address=address, port=port, payload=payload)

    @classmethod
    def from_url(cls, url: str, *, address: str | None = None, method: str = "GET") -> Request:
        """Return the request that fetching *url* sends.

        An IP literal is its own address; *address* comes next; without either the mesh that is asked finds one.

        Raises RequestError where *url* has no usable scheme, host or port.

        >>> Request.from_url("https://www.baidu.com/").sni
        'www.baidu.com'
        """
        scheme, host, port, path = _split_url(url)
        literal = _literal(host)
        shown = f"[{host}]" if literal and ":" in host else host
        if scheme in ("https", "wss"):
            sni = None if literal else host
            return cls(address=literal or address, port=port, is_tls=True, sni=sni, name=host)
        if scheme == "tcp":
            return cls(address=literal or address, port=port, name=host)
        authority = shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}"
        return cls(
            address=literal or address,
            port=port,
            protocol=WireProtocol.HTTP,
            host=authority,
            method=method,
            path=path,
            name=host,
        )

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Request:
        """Return the request that *value* describes, with the keys of ``as_dict``.

        Raises RequestError for an unknown key or a value of the wrong kind.
        """
        unknown = sorted(set(value) - _KEYS)
        if unknown:
            raise RequestError(unknown[0], f"is no key of a request; the keys are {', '.join(sorted(_KEYS))}")
        try:
            return _from_dict(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, RequestError):
                raise
            raise RequestError(value, f"this is no request ({error})") from error

    def as_dict(self) -> dict[str, Any]:
        """Return the request as JSON-ready values; ``from_dict`` reads them back."""
        shown: dict[str, Any] = {"address": self.address, "port": self.port, "protocol": self.protocol.value}
        if self.payload is not None:
            return {"address": self.address, "port": self.port, "payload_hex": self.payload.hex()}
        if self.is_tls:
            shown.update({"tls": "tls", "sni": self.sni, "alpn": list(self.alpn)})
        elif self.protocol is not WireProtocol.RAW:
            shown.update({"host": self.host, "method": self.method, "path": self.path, "headers": list(self.headers)})
        return {key: item for key, item in shown.items() if item is not None}

    def __repr__(self) -> str:
        where = f"address={self.address!r}, port={self.port}"
        if self.payload is not None:
            return f"Request.tcp({self.address!r}, {self.port}, {self.payload!r})"
        if self.is_tls:
            return f"Request.tls({self.sni!r}, {where})"
        if self.protocol is WireProtocol.RAW:
            return f"Request.tcp({self.address!r}, {self.port})"
        path = "" if self.path == "/" else f"{self.path!r}, "
        return f"Request.http({self.host!r}, {path}{where})"


@dataclass(frozen=True, slots=True)
class Workload:
    """The sender: namespace, labels, addresses, proxy metadata (Istio's names, such as ``DNS_CAPTURE``) and DNS domain.

    >>> Workload("shop").dns_domain
    'shop.svc.cluster.local'
    """

    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ("192.0.2.1",)
    metadata: Mapping[str, str] = field(default_factory=dict)
    dns_domain: str = ""

    def __post_init__(self) -> None:
        if not self.dns_domain:
            object.__setattr__(self, "dns_domain", f"{self.namespace}.svc.cluster.local")
        object.__setattr__(self, "addresses", tuple(_address(address) for address in self.addresses))
        object.__setattr__(self, "metadata", {str(k): str(v) for k, v in self.metadata.items()})

    def __hash__(self) -> int:
        return hash((self.namespace, frozenset(self.labels.items()), self.addresses, self.dns_domain))


#: What makes a request equal to another.
_FIELDS = ("address", "port", "protocol", "is_tls", "sni", "alpn", "host", "method", "path", "headers", "payload")
_KEYS = frozenset(
    {"address", "port", "protocol", "tls", "sni", "alpn", "host", "method", "path", "headers", "payload_hex"}
)


def _restore(fields: dict[str, Any]) -> Request:
    return Request(**fields)


def _see(
    protocol: WireProtocol,
    is_tls: bool,
    sni: str | None,
    alpn: tuple[str, ...],
    head: Head,
    payload: bytes | None,
) -> tuple[Any, ...]:
    """Return what Envoy sees of the first bytes, in the order of ``PackedRequest``'s fields."""
    if payload is not None:
        return _seen(see_bytes(payload))
    if is_tls:
        return _seen(Sight(TlsVerdict.TLS, HttpVerdict.NOT_HTTP, CodecError.BAD_BYTES, sni=sni, alpn=alpn))
    if protocol is WireProtocol.RAW:
        return _seen(OPAQUE)
    if protocol is WireProtocol.HTTP2:
        return _seen(see_http2(head))
    return _seen(see_http1(head, "HTTP/1.0" if protocol is WireProtocol.HTTP10 else "HTTP/1.1"))


def _seen(sight: Sight) -> tuple[Any, ...]:
    head = sight.head or NO_HEAD
    return (
        int(sight.tls),
        int(sight.http),
        fold(sight.sni or ""),
        sight.alpn,
        int(sight.codec_error),
        sight.http_10,
        int(sight.request_error),
        head.authority or "",
        head.method,
        head.target,
        head.headers,
        head.is_http2,
        head.scheme,
        is_odd_target(head.target),
        variant_of(head.headers, is_http2=head.is_http2) if head.headers else 0,
    )


def _from_dict(value: Mapping[str, Any]) -> Request:
    alpn = value.get("alpn") or ()
    payload = value.get("payload_hex")
    headers = value.get("headers") or ()
    return Request(
        address=value.get("address"),
        port=value["port"],
        protocol=WireProtocol(value.get("protocol", "raw")),
        is_tls=bool(value.get("tls")),
        sni=value.get("sni"),
        alpn=(alpn,) if isinstance(alpn, str) else tuple(alpn),
        host=value.get("host"),
        method=value.get("method", "GET"),
        path=value.get("path", "/"),
        headers=tuple(headers.items() if isinstance(headers, Mapping) else ((n, v) for n, v in headers)),
        payload=None if payload is None else bytes.fromhex(payload),
    )


def _address(text: object) -> str:
    literal = canonical_address(text) if isinstance(text, str) else None
    if literal is None:
        raise RequestError(text, "this is no IP address")
    return literal


def _literal(text: str) -> str | None:
    # Names outnumber literals: what does not end in a digit, and has no colon, is none.
    return canonical_address(text) if text[-1:].isdigit() or ":" in text else None


def _bare_host(authority: str) -> str:
    """Return *authority* without its port and brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.rpartition(":")[0] or authority


def _split_url(url: str) -> tuple[str, str, int, str]:
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or (scheme not in DEFAULT_PORTS and scheme != "tcp"):
        raise RequestError(url, "a URL begins with http://, https://, ws://, wss:// or tcp://")
    if any(c <= " " or c == "\x7f" for c in url):
        raise RequestError(url, "a URL holds no white space or control characters")
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    authority, tail = rest[:end].rpartition("@")[2], rest[end:].partition("#")[0]
    host, port = _split_authority(url, authority, DEFAULT_PORTS.get(scheme))
    return scheme, host, port, tail if tail.startswith("/") else "/" + tail


def _split_authority(url: str, authority: str, default: int | None) -> tuple[str, int]:
    if authority.startswith("["):
        host, bracket, digits = authority[1:].partition("]")
        if not bracket or _literal(host) is None:
            raise RequestError(url, "the brackets hold no IPv6 address")
        digits = digits.removeprefix(":")
    else:
        host, _, digits = authority.partition(":")
    if not host:
        raise RequestError(url, "the URL has no host")
    if not digits and default is not None:
        return host, default
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits[:6]) < 65536:
        raise RequestError(url, "the URL needs a port from 1 to 65535")
    return host, int(digits)
