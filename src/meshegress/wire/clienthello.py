"""The TLS ClientHello: server name and ALPN, out of the bytes that a client sends first.

Source: RFC 8446 4.1.2, RFC 6066 3, RFC 7301 3.1; what is waited for, and what is not TLS: recorded from Envoy 1.40.0.
"""

from __future__ import annotations

from dataclasses import dataclass

_RECORD_HEADER = 5
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_LARGEST_RECORD = 16384 + 2048
_SERVER_NAME = 0
_ALPN = 16


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a ClientHello shows: ``sni`` (None: none) and ``alpn``, in the client's order."""

    sni: str | None = None
    alpn: tuple[str, ...] = ()


def read_client_hello(data: bytes) -> tuple[bool, ClientHello | None]:
    """Return whether more bytes are needed, and the ClientHello where *data* holds a whole one.

    >>> read_client_hello(b"GET / HTTP/1.1"), read_client_hello(bytes.fromhex("16"))
    ((False, None), (True, None))
    """
    try:
        return False, _read_hello(_Reader(_handshake(data)))
    except _UnfinishedError:
        return True, None
    except (_NotTlsError, IndexError):
        return False, None


class _UnfinishedError(Exception):
    """The bytes so far may become a ClientHello."""


class _NotTlsError(Exception):
    """The bytes are not a ClientHello."""


class _Reader:
    """A cursor over bytes whose vectors carry their length; running over the end is an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        start, self.place = self.place, self.place + size
        if self.place > len(self.data):
            raise IndexError
        return self.data[start : self.place]

    def vector(self, length_size: int) -> bytes:
        return self.take(int.from_bytes(self.take(length_size), "big"))

    @property
    def left(self) -> int:
        return len(self.data) - self.place


def _handshake(data: bytes) -> bytes:
    """Return the body of the first handshake message, which may span records."""
    message = b""
    place = 0
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        header = data[place : place + _RECORD_HEADER]
        if len(header) < _RECORD_HEADER:
            raise _UnfinishedError
        size = int.from_bytes(header[3:5], "big")
        if header[0] != _HANDSHAKE or header[1] != 3 or size > _LARGEST_RECORD:
            raise _NotTlsError
        record = data[place + _RECORD_HEADER : place + _RECORD_HEADER + size]
        if len(record) < size:
            raise _UnfinishedError
        if not size:
            raise _NotTlsError
        message += record
        place += _RECORD_HEADER + size
        if message[0] != _CLIENT_HELLO:
            raise _NotTlsError
    return message[4 : 4 + int.from_bytes(message[1:4], "big")]


def _read_hello(hello: _Reader) -> ClientHello:
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session
    if not hello.vector(2) or not hello.vector(1):  # cipher suites, compression methods
        raise _NotTlsError
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    extensions = _Reader(hello.vector(2)) if hello.left else _Reader(b"")
    while extensions.left:
        kind, body = int.from_bytes(extensions.take(2), "big"), _Reader(extensions.vector(2))
        if kind == _SERVER_NAME:
            sni = _server_name(_Reader(body.vector(2)))
        elif kind == _ALPN:
            alpn = _protocols(_Reader(body.vector(2)))
    return ClientHello(sni, alpn)


def _server_name(names: _Reader) -> str:
    if names.take(1) != b"\0":
        raise _NotTlsError
    return names.vector(2).decode("latin-1")


def _protocols(names: _Reader) -> tuple[str, ...]:
    found = []
    while names.left:
        found.append(names.vector(1).decode("latin-1"))
    return tuple(found)
