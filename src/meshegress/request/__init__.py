"""What is asked: one request as it stands on the wire, and the workload that sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from meshegress._engine.chosen import PackedRequest
from meshegress.errors import RequestError
from meshegress.request.as_mapping import given_fields
from meshegress.request.headers import shown_headers, without_host
from meshegress.request.packing import (
    seen_bytes,
    seen_http,
    seen_mutual_tls,
    seen_opaque,
    seen_plain_http,
    seen_tls,
)
from meshegress.request.urls import (
    DEFAULT_PORTS,
    bare_host,
    is_host_name,
    literal_address,
    plain_url,
    port_of,
    split_url,
)
from meshegress.request.workload import Workload as Workload
from meshegress.request.workload import address_of

Given = tuple[Any, ...]

#: Stands in for an address that nobody knows; no listener is found by it but the wildcard's.
UNKNOWN_ADDRESS = "0.0.0.0"


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
    name that a URL gave, for finding an address; equality leaves it out. With ``is_mutual`` a proxy of the mesh speaks
    its mutual TLS, with ``sni`` and ``alpn`` outside, and the rest is the request inside.

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
        is_mutual: bool = False,
    ) -> None:
        if address is not None:
            address = address_of(address)
        if type(port) is not int or not 0 < port < 65536:
            raise RequestError(port, "a port is a number from 1 to 65535")
        destination = address or UNKNOWN_ADDRESS
        if is_mutual:
            version = _VERSIONS.get(protocol)
            inside = None if version is None else seen_http(destination, host, method, path, headers, version)
            seen = seen_mutual_tls(destination, sni, alpn, inside or seen_opaque(destination))
        elif payload is not None:
            seen = seen_bytes(destination, payload)
        elif is_tls:
            seen = seen_tls(destination, sni, alpn)
        elif protocol is WireProtocol.RAW:
            seen = seen_opaque(destination)
        else:
            seen = seen_http(destination, host, method, path, headers, _VERSIONS[protocol])
        given = (address, port, protocol, is_tls, sni, alpn, host, method, path, headers, payload, name, is_mutual)
        self._pack(given, seen)

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
        port: int | None = None,
        protocol: WireProtocol = WireProtocol.HTTP,
    ) -> Request:
        """Return a plaintext HTTP request for *host*, to *port*, else the port in *host*, else 80.

        Where *headers* name the host too, it must be the same.

        Raises RequestError where a ``Host`` or ``:authority`` among *headers* is another one.

        >>> Request.http("a.com:8080", headers={"Host": "a.com:8080", "Accept": "*/*"})
        Request.http('a.com:8080', address=None, port=8080, headers={'Accept': '*/*'})
        """
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        return cls(
            address=address,
            port=port_of(host or "", 80) if port is None else port,
            protocol=protocol,
            host=host,
            method=method,
            path=path,
            headers=tuple(without_host(((str(name), str(value)) for name, value in pairs), host)),
            name=bare_host(host) if host else None,
        )

    @classmethod
    def connect(
        cls,
        target: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        address: str | None = None,
        port: int | None = None,
        first_bytes: bytes | None = None,
    ) -> Request:
        """Return the request to open a tunnel to *target*, such as ``host:443``, sent to *address* and *port*.

        Without them it goes where *target* is. *first_bytes* are what the client sends behind it at once, before there
        is an answer.

        Raises RequestError where *target* has no port.

        >>> Request.connect("a.com:443", address="192.0.2.7", port=3128).method
        'CONNECT'
        """
        number = port_of(target, 0)
        if not number:
            raise RequestError(target, "CONNECT asks for a host and a port, such as `a.com:443`")
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        kept = tuple(without_host(((str(name), str(value)) for name, value in pairs), target))
        port = number if port is None else port
        if first_bytes is None:
            name = bare_host(target)
            return cls(
                address=address,
                port=port,
                protocol=WireProtocol.HTTP,
                host=target,
                method="CONNECT",
                path=target,
                headers=kept,
                name=name,
            )
        lines = "".join(f"{name}: {value}\r\n" for name, value in (("Host", target), *kept))
        head = f"CONNECT {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1", "replace")
        return cls(address=address, port=port, payload=head + first_bytes, name=bare_host(target))

    @classmethod
    def tls(
        cls, sni: str | None = None, *, alpn: Iterable[str] = (), address: str | None = None, port: int = 443
    ) -> Request:
        """Return a TLS connection that shows server name *sni* (None: none) and *alpn*."""
        return cls(address=address, port=port, is_tls=True, sni=sni, alpn=tuple(alpn), name=sni)

    @classmethod
    def mutual_tls(cls, sni: str | None, inside: Request, *, alpn: Iterable[str] = ()) -> Request:
        """Return what another proxy of the mesh sends: *inside* its mutual TLS, which shows *sni* and *alpn*."""
        given = {name: getattr(inside, name) for name in _FIELDS}
        outside = {"is_tls": True, "is_mutual": True, "sni": sni, "alpn": tuple(alpn)}
        return cls(**{**given, **outside}, name=inside.name)

    @classmethod
    def tcp(cls, address: str, port: int, payload: bytes | None = None) -> Request:
        """Return a connection of opaque bytes, or of exactly *payload* and then silence.

        *address* may be a name: the mesh that is asked then finds an address.

        Raises RequestError where it is neither.

        >>> Request.tcp("db.example", 5432) == Request.from_url("tcp://db.example:5432")
        True
        """
        name = address if is_host_name(address) else None
        return cls(address=None if name else address, port=port, payload=payload, name=name)

    @classmethod
    def from_url(cls, url: str, *, address: str | None = None, method: str = "GET") -> Request:
        """Return the request that fetching *url* sends.

        An IP literal is its own address; *address* comes next; without either the mesh that is asked finds one.

        Raises RequestError where *url* has no usable scheme, host or port.

        >>> Request.from_url("https://www.baidu.com/").sni
        'www.baidu.com'
        """
        plain = plain_url(url)
        if plain is not None and method == "GET":
            return cls._fetch(*plain, address)
        scheme, host, port, path = split_url(url)
        literal = literal_address(host)
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
    def _fetch(cls, scheme: str, host: str, literal: str | None, port: int, path: str, address: str | None) -> Request:
        """Return the request for a plain URL; what its parts are was seen when they were told apart."""
        request = cls.__new__(cls)
        if literal is not None:
            address = literal
        elif address is not None:
            address = address_of(address)
        destination = address or UNKNOWN_ADDRESS
        if scheme == "http":
            authority = host if port == 80 else f"{host}:{port}"
            given: Given = (
                address,
                port,
                WireProtocol.HTTP,
                False,
                None,
                (),
                authority,
                "GET",
                path,
                (),
                None,
                host,
                False,
            )
            request._pack(given, seen_plain_http(destination, authority, "GET", path))
            return request
        is_tls = scheme == "https"
        sni = host if is_tls and literal is None else None
        given = (address, port, WireProtocol.RAW, is_tls, sni, (), None, "GET", "/", (), None, host, False)
        request._pack(given, seen_tls(destination, sni, ()) if is_tls else seen_opaque(destination))
        return request

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Request:
        """Return the request that *value* describes, with the keys of ``as_dict``.

        Raises RequestError for an unknown key or a value of the wrong kind.
        """
        unknown = sorted(set(value) - _KEYS)
        if unknown:
            raise RequestError(unknown[0], f"is not a key of a request; the keys are {', '.join(sorted(_KEYS))}")
        try:
            given = given_fields(value)
            return Request(protocol=WireProtocol(given.pop("protocol")), **given)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, RequestError):
                raise
            raise RequestError(value, f"this is not a request ({error})") from error

    def as_dict(self) -> dict[str, Any]:
        """Return the request as JSON-ready values; ``from_dict`` reads them back."""
        shown: dict[str, Any] = {"address": self.address, "port": self.port, "protocol": self.protocol.value}
        if self.payload is not None:
            return {"address": self.address, "port": self.port, "payload_hex": self.payload.hex()}
        if self.is_tls:
            shown.update({"tls": "mtls" if self.is_mutual else "tls", "sni": self.sni, "alpn": list(self.alpn)})
        if self.is_mutual or (not self.is_tls and self.protocol is not WireProtocol.RAW):
            shown.update({"host": self.host, "method": self.method, "path": self.path, "headers": list(self.headers)})
        return {key: item for key, item in shown.items() if item is not None}

    def __repr__(self) -> str:
        where = f"address={self.address!r}, port={self.port}"
        if self.payload is not None:
            return f"Request.tcp({self.address or self.name!r}, {self.port}, {self.payload!r})"
        if self.is_mutual:
            inside = f"{self.protocol.value} for {self.host!r}"
            return f"<Request of {inside} in mutual TLS, sni={self.sni!r}, alpn={self.alpn!r}, {where}>"
        if self.is_tls:
            return f"Request.tls({self.sni!r}, {where})"
        if self.protocol is WireProtocol.RAW:
            return f"Request.tcp({self.address or self.name!r}, {self.port})"
        path = "" if self.path == "/" else f"{self.path!r}, "
        method = "" if self.method == "GET" else f"method={self.method!r}, "
        return f"Request.http({self.host!r}, {path}{method}{where}{shown_headers(self.headers)})"


_VERSIONS = {WireProtocol.HTTP: "HTTP/1.1", WireProtocol.HTTP10: "HTTP/1.0", WireProtocol.HTTP2: "HTTP/2"}
#: What makes a request equal to another.
_FIELDS = (
    *("address", "port", "protocol", "is_tls", "sni", "alpn", "host", "method", "path", "headers", "payload"),
    "is_mutual",
)
_KEYS = frozenset(
    {"address", "port", "protocol", "tls", "sni", "alpn", "host", "method", "path", "headers", "payload_hex"}
)


def _restore(fields: dict[str, Any]) -> Request:
    return Request(**fields)
