"""Strategies for tables that no compiler would write, and for requests of any kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from meshegress.request import Request, WireProtocol
from meshegress.table import FilterChain, FilterChainMatch, Listener, ListenerKind, VirtualHost
from walk.tables import host, http, listener, opaque, route, route_of

ADDRESSES = ["9.9.9.9", "1.1.1.1", "10.0.0.1", "127.0.0.1", "::1", "2001:db8::1", "::ffff:1.1.1.1", "0.0.0.0"]
NAMES = ["a.com", "B.a.com", "x.b.a.com", "*.a.com", "*.com", "", "é.a.com", "a.com.", "\ud800"]
PROTOCOLS = ["http/1.1", "http/1.0", "h2c", "h2"]


def matches() -> st.SearchStrategy[FilterChainMatch]:
    """Draw what a chain asks for."""
    return st.builds(
        FilterChainMatch,
        destination_port=st.sampled_from([None, None, 80, 443]),
        prefix_ranges=some(["10.0.0.0/8", "10.0.0.0/31", "::/0", "0.0.0.0/0", "2001:db8::/32", "1.1.1.1"]),
        server_names=some([name for name in NAMES if name != "\ud800"]),
        transport_protocol=st.sampled_from([None, "raw_buffer", "tls"]),
        application_protocols=some(PROTOCOLS),
    )


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw a few of *values*, often none."""
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple))


def chains(*, ends_tls: bool = True) -> st.SearchStrategy[list[FilterChain]]:
    """Draw the chains of a listener, with names of their own; some of gateways end TLS, none of sidecars does."""
    ends = st.sampled_from([False] * 3 + [True]) if ends_tls else st.just(False)
    drawn = st.lists(st.tuples(matches(), st.booleans(), ends), max_size=4)
    return drawn.map(
        lambda rows: [
            replace(http(match) if is_http else opaque(f"c{place}", match), ends_tls=ends_tls)
            for place, (match, is_http, ends_tls) in enumerate(rows)
        ]
    )


@st.composite
def listeners(draw: st.DrawFn, *, ends_tls: bool = True) -> Listener:
    """Draw a listener, of a gateway or, unless its chains may end TLS, of a sidecar."""
    settings: dict[str, Any] = {
        "addresses": tuple(draw(st.lists(st.sampled_from([*ADDRESSES, "::", "/socket"]), min_size=1, max_size=2))),
        "port": draw(st.sampled_from([80, 443, 15001])),
        "tls_inspector": draw(st.booleans()),
        "http_inspector": draw(st.booleans()),
        "inspection_timeout_ms": draw(st.sampled_from([None, None, 0, 5])),
        "continue_on_timeout": draw(st.booleans()),
        "kind": draw(
            st.sampled_from([ListenerKind.OUTBOUND] * 3 + [ListenerKind.VIRTUAL_OUTBOUND, ListenerKind.RESERVED])
        ),
        "default": draw(st.booleans()),
    }
    return listener(*draw(chains(ends_tls=ends_tls)), **settings)


def hosts() -> st.SearchStrategy[tuple[VirtualHost, ...]]:
    """Draw virtual hosts, some with conditions; where two share a domain the first has it."""
    routes = st.lists(
        st.sampled_from(
            [
                route("all"),
                route_of("path", {"path": {"prefix": "/v1"}}),
                route_of("regex", {"path": {"regex": "/v[0-9]"}}),
                route_of("header", {"headers": {"x": {"exact": "1"}}}),
                route_of("query", {"query": {"q": {"present": True}}}),
            ]
        ),
        min_size=1,
        max_size=3,
    )
    domains = st.lists(st.sampled_from([*NAMES, "*", "a*", "*.b.a.com"]), min_size=1, max_size=3)
    drawn = st.lists(st.tuples(domains, routes), max_size=4)
    return drawn.map(lambda rows: tuple(host(f"h{n}", *each, domains=names) for n, (names, each) in enumerate(rows)))


def requests() -> st.SearchStrategy[Request]:
    """Draw a request of any kind."""
    headers = [
        (),
        (("x", "1"),),
        (("content-type", "application/grpc"),),
        (("connection", "upgrade"), ("upgrade", "tls")),
    ]
    return st.builds(
        Request,
        address=st.sampled_from([None, *ADDRESSES]),
        port=st.sampled_from([80, 443, 15001, 81]),
        protocol=st.sampled_from(WireProtocol),
        is_tls=st.booleans(),
        sni=st.sampled_from([None, *NAMES]),
        alpn=some(PROTOCOLS),
        host=st.sampled_from([None, *NAMES, "a.com:80", "[::1]:80", "A.COM", "x" * 300 + ".a.com"]),
        method=st.sampled_from(["GET", "GET", "get", "CONNECT"]),
        path=st.sampled_from(["/", "/v1", "/v1?q", "/%00", "/a/../v1", "x:1"]),
        headers=st.sampled_from(headers),
        payload=st.sampled_from([None, None, None, b"", b"hello", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"]),
        is_mutual=st.sampled_from([False] * 3 + [True]),
    )
