"""The first bytes of connections: what the inspectors say of them, and what an HTTP chain objects to.

Nine pairs of verdicts are possible: fewer than five bytes keep the TLS inspector waiting whatever they are. Where a
side reads HTTP its codec has one objection at most, the first in a fixed order. Each kind, and each objection that
bytes of that kind can meet, has a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from typing import NamedTuple

from meshegress.request import Request, WireProtocol
from meshegress.wire import PREFACE


class Bytes(Enum):
    """A kind of first bytes: the verdicts of the TLS and of the HTTP inspector, and a name."""

    TLS = (1, 0, "TLS")
    HTTP11 = (0, 1, "HTTP/1.1")
    HTTP2 = (0, 3, "HTTP/2")
    HTTP10 = (0, 2, "HTTP/1.0")
    OTHER = (0, 0, "other bytes")
    UNFINISHED = (0, 4, "an unfinished request")
    TOO_FEW = (2, 0, "too few bytes")
    SHORT_LINE = (2, 2, "a short line")
    SILENCE = (2, 4, "silence")

    def __str__(self) -> str:
        return str(self.value[2])

    @staticmethod
    def of(request: Request) -> Bytes:
        """Return the kind of the first bytes of *request*."""
        return _BY_VERDICTS[request.seen_tls, request.seen_http]


_BY_VERDICTS = {kind.value[:2]: kind for kind in Bytes}

#: Kinds of which an HTTP chain can read a whole request; the nicest first.
SPOKEN = (Bytes.HTTP11, Bytes.HTTP2, Bytes.HTTP10, Bytes.OTHER)
#: What clients send that let the server speak first, or stop too soon.
HESITANT = frozenset({Bytes.UNFINISHED, Bytes.TOO_FEW, Bytes.SHORT_LINE, Bytes.SILENCE})


class Objection(NamedTuple):
    """What an HTTP chain says before any route: the codec's error, an old version, then the request's error.

    ``is_nul`` is an escaped NUL in a path that is normalised. ``is_connect`` is not an error: CONNECT asks no route.
    """

    codec_error: int = 0
    is_http_10: bool = False
    request_error: int = 0
    is_nul: bool = False
    is_connect: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether no route is asked, whichever the version is."""
        return bool(self.codec_error or self.request_error or self.is_nul)


def objection_of(request: Request, *, normalizes: bool = True) -> Objection:
    """Return the first objection to *request* of an HTTP chain that *normalizes* paths or does not.

    The order is fixed: QUERY without a type comes before ``%00``, and that before CONNECT.
    """
    if request.codec_error:
        return Objection(request.codec_error)
    if request.request_error:
        return Objection(0, request.is_http_10, request.request_error)
    path = request.target.partition("#")[0].partition("?")[0]
    if normalizes and request.is_odd and "%00" in path:
        return Objection(0, request.is_http_10, is_nul=True)
    return Objection(0, request.is_http_10, is_connect=request.verb == "CONNECT")


_Maker = Callable[[str, int], Request]


@cache
def samples() -> dict[Bytes, dict[Objection, _Maker]]:
    """Return for each kind of first bytes, and each objection that such bytes can meet, what makes a request."""
    found: dict[Bytes, dict[Objection, _Maker]] = {kind: {} for kind in Bytes}
    for make in _makers():
        request = make("192.0.2.9", 9)
        found[Bytes.of(request)].setdefault(objection_of(request), make)
    return found


def _makers() -> Iterator[_Maker]:
    yield lambda address, port: Request.tls(None, address=address, port=port)
    yield Request.tcp
    for version in (WireProtocol.HTTP, WireProtocol.HTTP2, WireProtocol.HTTP10):
        for host, path, method, headers in _HEADS:
            yield _http(version, host, path, method, headers)
    heads = [head.encode() for head in _WRITTEN]
    heads += [head.replace(b"HTTP/1.1", b"HTTP/1.0") for head in heads]
    for payload in (*_PAYLOADS, *heads, *(b"\r\n" + head for head in heads)):
        yield _payload(payload)


_Headers = tuple[tuple[str, str], ...]


def _http(version: WireProtocol, host: str | None, path: str, method: str, headers: _Headers) -> _Maker:
    return lambda address, port: Request.http(
        host, path, method=method, headers=headers, address=address, port=port, protocol=version
    )


def _payload(payload: bytes) -> _Maker:
    return lambda address, port: Request.tcp(address, port, payload)


_HOST = "h.invalid"
#: Requests that the codec takes, and one for each of its objections.
_HEADS: tuple[tuple[str | None, str, str, _Headers], ...] = (
    (_HOST, "/", "GET", ()),
    (_HOST, "/%00", "GET", ()),
    (f"{_HOST}:80", "/", "CONNECT", ()),
    (None, "/", "GET", ()),
    (_HOST, "*", "OPTIONS", ()),
    (_HOST, "/", "QUERY", ()),
    ("a b", "/", "GET", ()),
    ("a@b", "/", "GET", ()),
    (_HOST, "/", "get", ()),
    (_HOST, "/", "GET", (("a", "\x01"),)),
    (_HOST, "ftp://x/", "GET", ()),
    (_HOST, "http://x:99999/", "GET", ()),
    (_HOST, "/", "GET", (("connection", "x"),)),
    ('a"b', "/", "GET", ()),
)
#: The same, and more, as bytes.
_WRITTEN = (
    f"GET / HTTP/1.1\r\nHost: {_HOST}\r\n\r\n",
    f"CONNECT {_HOST}:80 HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    f"OPTIONS * HTTP/1.1\r\nHost: {_HOST}\r\n\r\n",
    f"GET /%00 HTTP/1.1\r\nHost: {_HOST}\r\n\r\n",
    'GET / HTTP/1.1\r\nHost: a"b\r\n\r\n',
    f"QUERY / HTTP/1.1\r\nHost: {_HOST}\r\n\r\n",
    "GET ftp://x/ HTTP/1.1\r\n\r\n",
    "GET http://x:99999/ HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\na: \x01\r\n\r\n",
    "GET / HTTP/1.1\r\n",
    "get / HTTP/1.1\r\n\r\n",
)
_PAYLOADS = (
    b"",
    b"\x16\x03\x01",
    b"\x01\x02",
    b"\r\n",
    b"A /\n",
    b"PING",
    b"PING PONG",
    PREFACE[:16],
    PREFACE,
    b"\r\n\r\n\r\n",
)
