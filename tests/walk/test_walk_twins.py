"""Both twins of the walk come to the same leaf, for every table and every request."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import twin
from meshegress._engine.chosen import Decider, Walk
from meshegress._engine.layout import port_bits
from meshegress._match import IMPLEMENTATION
from meshegress.compiler.program.layout import lay_out_table
from meshegress.request import Request, WireProtocol
from meshegress.table import (
    FilterChain,
    FilterChainMatch,
    Listener,
    ListenerKind,
    RouteConfiguration,
    Table,
    VirtualHost,
)
from walk.tables import host, http, listener, opaque, route, route_of

ADDRESSES = ["9.9.9.9", "1.1.1.1", "10.0.0.1", "127.0.0.1", "::1", "2001:db8::1", "::ffff:1.1.1.1", "0.0.0.0"]
NAMES = ["a.com", "B.a.com", "x.b.a.com", "*.a.com", "*.com", "", "é.a.com", "a.com.", "\ud800"]
PROTOCOLS = ["http/1.1", "http/1.0", "h2c", "h2"]


@pytest.fixture(scope="module")
def twins() -> tuple[ModuleType, ModuleType]:
    """The readable walk and the compiled one, which takes no other tables than compiled ones."""
    if IMPLEMENTATION == "pure":
        pytest.skip("the tables of this run are the readable ones")
    return twin("_engine.reference.walk"), twin("_engine.native.walk")


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


def chains() -> st.SearchStrategy[list[FilterChain]]:
    """Draw the chains of a listener, with names of their own."""
    drawn = st.lists(st.tuples(matches(), st.booleans()), max_size=4)
    return drawn.map(
        lambda rows: [
            http(match) if is_http else opaque(f"c{place}", match) for place, (match, is_http) in enumerate(rows)
        ]
    )


@st.composite
def listeners(draw: st.DrawFn) -> Listener:
    """Draw a listener."""
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
    return listener(*draw(chains()), **settings)


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
    )


@given(st.lists(listeners(), max_size=4), hosts(), st.lists(requests(), min_size=1, max_size=8))
@example([listener(opaque("a"))], (), [Request.tcp("1.1.1.1", 80)])
def test_the_twins_agree(
    twins: tuple[ModuleType, ModuleType],
    drawn: list[Listener],
    served: tuple[VirtualHost, ...],
    asked: list[Request],
) -> None:
    """One leaf, whichever twin walks; and one list of leaves for each choice."""
    layout = lay_out_table(Table(tuple(drawn), {"80": RouteConfiguration("80", served)}, {})).layout
    readable, compiled = (module.Walk(layout, str) for module in twins)
    assert compiled.decide_all(asked) == [readable.decide(request) for request in asked]
    assert compiled.choices == readable.choices
    for request in asked:
        assert compiled.find(request, "10.0.0.1") == readable.find(request, "10.0.0.1")
    decider = twins[1].Decider(compiled, port_bits([443]), repr)
    for request in asked:
        is_rest = request.address is None or request.port == 443
        assert decider.decide(request) == (repr(request) if is_rest else readable.decide(request))


def test_a_decider_leaves_the_rest_to_others() -> None:
    """What is not a request, has no address or is for a careful port is not the walk's alone."""
    walk = Walk(lay_out_table(Table((), {}, {})).layout, str)
    asked = ["a.com", Request.http("a.com"), Request.tcp("1.1.1.1", 443), Request.tcp("1.1.1.1", 80)]
    assert [Decider(walk, port_bits([443]), lambda _rest: "rest").decide(one) for one in asked] == [
        "rest",
        "rest",
        "rest",
        "0",
    ]


def test_nodes_are_kept_for_the_next_walk(twins: tuple[ModuleType, ModuleType]) -> None:
    """A walk that is given another's arrays answers the same, also after that other is gone."""
    first = lay_out_table(Table((listener(http()),), {"80": RouteConfiguration("80", (host("a.com"),))}, {}))
    request = Request.http("a.com", address="9.9.9.9")
    for module in twins:
        before = module.Arrays()
        module.Walk(first.layout, str, before)
        arrays = module.Arrays(before)
        walk = module.Walk(first.layout, str, arrays)
        arrays.forget_before()
        del before
        assert walk.find(request) == twins[0].Walk(first.layout, str).find(request)


def test_careful_ports_are_bits(twins: tuple[ModuleType, ModuleType]) -> None:
    """Anything but a bit for each port is refused, not read past its end."""
    layout = lay_out_table(Table((), {}, {})).layout
    for module in twins:
        with pytest.raises(ValueError, match="expected a bit for each port, not 3 bytes"):
            module.Decider(module.Walk(layout, str), b"abc", repr)


def test_only_requests_are_asked_for(twins: tuple[ModuleType, ModuleType]) -> None:
    """Anything else is a TypeError of the native twin, not a crash."""
    compiled = twins[1].Walk(lay_out_table(Table((), {}, {})).layout, str)
    for wrong in (None, "a.com", object()):
        with pytest.raises(TypeError):
            compiled.find(wrong)
    with pytest.raises(TypeError):
        compiled.decide_all([None])
