"""One request: a URL, and what a URL does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshegress import Request, RequestError
from meshegress.cli.grammar.pairs import Pair


@dataclass(frozen=True, slots=True)
class Beyond:
    """What goes with a URL: where the client connects, and what it sends there."""

    address: str | None = None
    method: str | None = None
    headers: tuple[Pair, ...] = ()
    connect: str | None = None
    first_bytes: bytes | None = None


def request_of(url: str, beyond: Beyond) -> Request:
    """Return the request that fetching *url* sends, with what goes *beyond* the URL.

    Raises RequestError where one of the two is not usable, or they do not go together.

    >>> request_of("http://a.com/", Beyond(method="POST")).method
    'POST'
    """
    plain = Request.from_url(url, address=beyond.address, method=beyond.method or "GET")
    if beyond.first_bytes is not None:
        if not url.lower().startswith("tcp:"):
            raise RequestError(url, "first bytes go with a tcp:// URL; the others say what is sent")
        return _copy(plain, payload=beyond.first_bytes)
    if beyond.connect is not None:
        return _tunnel(url, plain, beyond.connect, beyond.headers)
    if plain.is_tls or plain.host is None or not beyond.headers:
        return plain
    hosts = [value for name, value in beyond.headers if name.lower() in ("host", ":authority")]
    others = tuple((name, value) for name, value in beyond.headers if name.lower() not in ("host", ":authority"))
    return _copy(plain, host=hosts[-1] if hosts else plain.host, headers=others)


def _tunnel(url: str, plain: Request, target: str, headers: tuple[Pair, ...]) -> Request:
    """Return the request for a tunnel to *target* by the proxy to which *plain* goes."""
    host, colon, port = target.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        raise RequestError(target, "write where the tunnel leads as HOST:PORT, such as api.example.com:443")
    if plain.is_tls or plain.host is None:
        raise RequestError(url, "CONNECT goes with an http:// URL, which says where the proxy is")
    return _copy(plain, host=target, method="CONNECT", path=target, headers=headers)


def _copy(request: Request, **changes: Any) -> Request:
    names = ("address", "port", "protocol", "is_tls", "sni", "alpn", "host", "method", "path", "headers", "payload")
    given = {name: getattr(request, name) for name in (*names, "name")}
    return Request(**{**given, **changes})
