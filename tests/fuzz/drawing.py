"""Draw what the twins are asked: names, addresses, tables, requests, rows and lines, from a random generator.

Hypothesis draws more cleverly, and a hundred times slower; this is for runs of millions.
"""

from __future__ import annotations

from random import Random
from typing import Any

from meshegress._engine.reference.log import LogField, LogSpan
from meshegress.request import Request, WireProtocol
from meshegress.table import FilterChain, FilterChainMatch, Listener, ListenerKind, Route, VirtualHost
from walk.tables import host, http, listener, opaque, route, route_of

# What separates, folds oddly, looks like something else, or is not text at all; and lengths around the window's.
ALPHABET = "..::**[]aAbBzZ09-_ÉéİiKk\u212aſ\0\ud800\udc00\U00010000@`[{\x7f\x80\xff"
LABELS = ["a", "com", "*", "", "a" * 31, "b" * 32, "C" * 63, "d" * 64, "E" * 300, "\0" * 8, "é" * 20, "x", "B"]
PORTS = ["", "", "", ":80", ":", "::", ":x]", "]", ":\u0661"]
ADDRESSES = ["9.9.9.9", "1.1.1.1", "10.0.0.1", "127.0.0.1", "::1", "2001:db8::1", "::ffff:1.1.1.1", "0.0.0.0"]
HOSTS = ["a.com", "B.a.com", "x.b.a.com", "*.a.com", "*.com", "", "é.a.com", "a.com.", "\ud800"]
PREFIXES = ["10.0.0.0/8", "10.0.0.0/31", "::/0", "0.0.0.0/0", "2001:db8::/32", "1.1.1.1"]
PROTOCOLS = ["http/1.1", "http/1.0", "h2c", "h2"]
ROUTES = [
    route("all"),
    route_of("path", {"path": {"prefix": "/v1"}}),
    route_of("regex", {"path": {"regex": "/v[0-9]"}}),
    route_of("header", {"headers": {"x": {"exact": "1"}}}),
    route_of("query", {"query": {"q": {"present": True}}}),
]
HEADERS = [(), (("x", "1"),), (("content-type", "application/grpc"),), (("connection", "upgrade"), ("upgrade", "tls"))]
PAYLOADS = [None, None, None, b"", b"hello", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"]


def name(rng: Random) -> str:
    """Return a name of some labels, of which many are odd."""
    return ".".join(
        rng.choice(LABELS) if rng.random() < 0.5 else "".join(rng.choices(ALPHABET, k=rng.randrange(6)))
        for _ in range(rng.randrange(5))
    )


def domain(rng: Random) -> str:
    """Return a name with what may stand before and behind it in a table."""
    return rng.choice(["", "*", "*.", "**", "."]) + name(rng) + rng.choice(["", "", "*", ".*", "."])


def near(rng: Random, known: list[str]) -> str:
    """Return a text that lies near one of *known*: the same, longer, shorter, in other case, with a port."""
    if not known or rng.random() < 0.2:
        return name(rng) + rng.choice(PORTS)
    text = rng.choice(["", "", "x", "x.", ".", "\0"]) + rng.choice(known).strip("*") + rng.choice(PORTS)
    return rng.choice([text, text, text.upper(), text.swapcase(), text[1:], text[:-1]])


def address(rng: Random) -> str:
    """Return a text that is an address, or nearly."""
    draw = rng.random()
    if draw < 0.3:
        return f"10.{rng.randrange(3)}.0.{rng.randrange(256)}"
    if draw < 0.5:
        return ".".join(
            rng.choice(["0", "00", "1", "255", "256", "1000", "", " 1"]) for _ in range(rng.randrange(3, 6))
        )
    if draw < 0.7:
        return f"2001:db8::{rng.randrange(65536):x}"
    groups = ["0", "1", "ff", "1234", "12345", "1.2.3.4", "", ":", "g", "FFFF"]
    return ":".join(rng.choice(groups) for _ in range(rng.randrange(1, 10)))


def prefix(rng: Random) -> str:
    """Return a text that is a prefix, or nearly."""
    return address(rng) + rng.choice(["", "/0", "/8", "/24", "/31", "/32", "/48", "/127", "/128", "/129", "/", "/08"])


def some(rng: Random, values: list[Any], most: int = 3) -> tuple[Any, ...]:
    """Return a few of *values*, often none."""
    return tuple(rng.sample(values, rng.randrange(most))) if rng.random() < 0.5 else ()


def chain(rng: Random, number: int) -> FilterChain:
    """Return a filter chain with a name of its own."""
    match = FilterChainMatch(
        destination_port=rng.choice([None, None, 80, 443]),
        prefix_ranges=some(rng, PREFIXES),
        server_names=some(rng, HOSTS[:-1]),
        transport_protocol=rng.choice([None, "raw_buffer", "tls"]),
        application_protocols=some(rng, PROTOCOLS),
    )
    match = match if rng.random() < 0.8 else FilterChainMatch()
    return http(match) if rng.random() < 0.5 else opaque(f"c{number}", match)


def drawn_listener(rng: Random) -> Listener:
    """Return a listener with up to four chains."""
    kinds = [ListenerKind.OUTBOUND] * 3 + [ListenerKind.VIRTUAL_OUTBOUND, ListenerKind.RESERVED]
    return listener(
        *(chain(rng, number) for number in range(rng.randrange(5))),
        addresses=tuple(rng.sample([*ADDRESSES, "::", "/socket"], rng.randrange(1, 3))),
        port=rng.choice([80, 443, 15001]),
        tls_inspector=rng.random() < 0.5,
        http_inspector=rng.random() < 0.5,
        inspection_timeout_ms=rng.choice([None, None, 0, 5]),
        continue_on_timeout=rng.random() < 0.5,
        kind=rng.choice(kinds),
        default=rng.random() < 0.5,
    )


def virtual_host(rng: Random, number: int) -> VirtualHost:
    """Return a virtual host with up to three routes."""
    routes: list[Route] = rng.sample(ROUTES, rng.randrange(1, 4))
    return host(f"h{number}", *routes, domains=rng.sample([*HOSTS, "*", "a*", "*.b.a.com"], rng.randrange(1, 4)))


def request(rng: Random) -> Request:
    """Return a request of any kind."""
    return Request(
        address=rng.choice([None, *ADDRESSES]),
        port=rng.choice([80, 443, 15001, 81]),
        protocol=rng.choice(list(WireProtocol)),
        is_tls=rng.random() < 0.4,
        sni=rng.choice([None, *HOSTS]),
        alpn=some(rng, PROTOCOLS),
        host=rng.choice([None, *HOSTS, "a.com:80", "[::1]:80", "A.COM", "x" * 300 + ".a.com"]),
        method=rng.choice(["GET", "GET", "get", "CONNECT"]),
        path=rng.choice(["/", "/v1", "/v1?q", "/%00", "/a/../v1", "x:1"]),
        headers=rng.choice(HEADERS),
        payload=rng.choice(PAYLOADS),
    )


def row(rng: Random, known: list[str]) -> tuple[Any, ...]:
    """Return address, port, kind, authority, server name and path of a request, some of them missing or wrong."""
    return (
        rng.choice([None, *ADDRESSES, "no address", "", "1.2.3.4"]),
        rng.choice([80, 80, 443, 443, 9000, 81, 15001, None, 0]),
        rng.choice(["http", "http", "http2", "http1.0", "tls", "tls", "https", "tcp", "raw", "gopher", None]),
        rng.choice([None, near(rng, known), rng.choice(known)]),
        rng.choice([None, near(rng, known), rng.choice(known)]),
        rng.choice(["/", "/v1/x?q", "/v22", None, "/a/../v1", "/%00", "x", ""]),
    )


SETS = [b"0123456789", b"a", b"ab-", bytes(range(256)), b'"- ', b"01-", bytes(range(0x20, 0x7F))]
WORDS = [b"-", b"", b"a1", b"01"]
LITERALS = [b"", b" ", b'" "', b'"', b'" ', b"a", b"--"]


def log_field(rng: Random) -> LogField:
    """Return the language of a field over few bytes."""
    first, rest, least = rng.choice(SETS), rng.choice(SETS), rng.randrange(3)
    last = rng.choice([b"", b"", first]) if least else b""
    span = LogSpan(first, rest, least, rng.choice([None, 1, 2, 4]), last, rng.choice([b"", b"", b"a:"]))
    return LogField((span,) if rng.random() < 0.8 else (), some(rng, WORDS), some(rng, [b"00", b"0-a"], 2))


def log_program(rng: Random) -> tuple[list[bytes], list[LogField]]:
    """Return the literals and the fields of a format."""
    fields = [log_field(rng) for _ in range(rng.randrange(5))]
    return [rng.choice(LITERALS) for _ in range(len(fields) + 1)], fields


def changed_line(rng: Random, line: bytes) -> bytes:
    """Return *line* with a piece put in, taken out or doubled, or as it is."""
    begin = rng.randrange(len(line) + 1)
    part = line[begin : begin + rng.randrange(1, 9)]
    put = rng.choice([part, b"", part * 2, b'"', b' "', b"-", b"\xff", b"\0", b" "])
    return line[:begin] + put + line[begin + len(part) :]
