"""Cases of their own: traps that a small run of drawn tables does not meet, and what people change in their meshes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from analysis.comparing import problems, tables
from meshegress import Effect, Mesh, Request, diff
from meshegress.analysis.differ.ports import compare
from meshegress.request import WireProtocol
from meshegress.table import Cluster, EndpointState, FilterChainMatch, Listener, ListenerKind, RouteConfiguration, Table
from walk.tables import catch_all, host, http, listener, opaque, route, route_of

ANY = Request.tcp("9.9.9.9", 80)


def table(*listeners: Listener, hosts: Sequence[Any] = (), clusters: Sequence[str] = ()) -> Table:
    """Return a table with one route configuration."""
    known = {name: Cluster(name, EndpointState.SOME) for name in clusters}
    return Table(listeners, {"80": RouteConfiguration("80", tuple(hosts))}, known)


def requests() -> list[Request]:
    """Return requests of every kind to every kind of address."""
    found: list[Request] = []
    for address in ("9.9.9.9", "10.0.0.1", "127.0.0.1", "127.8.8.8", "::1", "2001:db8::1"):
        for port in (80, 443, 81):
            found += [
                Request.http("a.com", address=address, port=port),
                Request.http(
                    "x.a.com:80",
                    "/v1",
                    address=address,
                    port=port,
                    headers=[("connection", "upgrade"), ("upgrade", "x")],
                ),
                Request.http("b.com", address=address, port=port, protocol=WireProtocol.HTTP10),
                Request.tls("a.com", address=address, port=port, alpn=("h2", "http/1.1")),
                Request.tls(None, address=address, port=port),
                Request.tcp(address, port),
                *(Request.tcp(address, port, payload) for payload in (b"", b"A /\n", b"\x16\x03\x01", b"PING\r\n\r\n")),
            ]
    return found


TO_10 = FilterChainMatch(prefix_ranges=("10.0.0.0/8",))
ZERO = FilterChainMatch(prefix_ranges=("0.0.0.0/0",))
TLS_A = FilterChainMatch(server_names=("a.com",), transport_protocol="tls")
H2 = FilterChainMatch(server_names=("a.com",), application_protocols=("h2",))
H11 = FilterChainMatch(server_names=("a.com",), application_protocols=("http/1.1",))

TABLES: dict[str, tuple[Table, Table]] = {
    # The catch-all's HTTP inspector looks first, and waits for silent clients, but not on the loopback addresses: there
    # the listener's own patience counts.
    "loopback": (
        table(listener(opaque("x"), inspection_timeout_ms=5), catch_all(opaque("p"), http_inspector=True)),
        table(listener(opaque("x"), inspection_timeout_ms=5), catch_all(opaque("p"))),
    ),
    "loopback beside a prefix": (
        table(listener(opaque("x", TO_10), opaque("y")), catch_all(opaque("p"), http_inspector=True)),
        table(listener(opaque("x", TO_10), opaque("z")), catch_all(opaque("p"), http_inspector=True)),
    ),
    # A written /0 and chains without a prefix hide one another: the walk leaves it open.
    "zero prefix comes": (
        table(listener(opaque("x"))),
        table(listener(opaque("x"), opaque("y", ZERO))),
    ),
    "zero prefix stays": (
        table(listener(opaque("x"), opaque("y", ZERO))),
        table(listener(opaque("z"), opaque("y", ZERO))),
    ),
    "an upgrade that HTTP refuses passes as bytes": (
        table(listener(http()), hosts=[host("all", route("c"), domains=["*"])], clusters=["c"]),
        table(listener(opaque("c")), clusters=["c"]),
    ),
    "fewer than five bytes keep the TLS inspector waiting": (
        table(listener(opaque("x"), tls_inspector=True)),
        table(listener(opaque("x"))),
    ),
    "the port of an authority is any text": (
        table(listener(http()), hosts=[host("a", route("c"), domains=["*.a.com"])]),
        table(listener(http()), hosts=[host("a", route("d"), domains=["*.a.com"]), host("b", domains=["b.a.com"])]),
    ),
    "no inspector, no names": (
        table(listener(opaque("x", TLS_A), opaque("y"))),
        table(listener(opaque("z", TLS_A), opaque("y"))),
    ),
    "the first protocol that is offered": (
        table(listener(opaque("x", H2), opaque("y", H11), tls_inspector=True)),
        table(listener(opaque("y", H11), tls_inspector=True)),
    ),
    "names that come to the default chain": (
        table(listener(opaque("x", TLS_A), tls_inspector=True)),
        table(listener(opaque("x", TLS_A), tls_inspector=True, default=False)),
    ),
    "a reserved port": (
        table(listener(opaque("x"), kind=ListenerKind.RESERVED)),
        table(listener(opaque("x"))),
    ),
    "a chain that asks for a port": (
        table(catch_all(opaque("x", FilterChainMatch(destination_port=443)), opaque("y"))),
        table(catch_all(opaque("y"))),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_trap(name: str) -> None:
    """Both directions hold what they promise, and differ."""
    before, after = TABLES[name]
    assert problems(tables(before, after), requests()) == []
    assert problems(tables(after, before), requests(), by="decision") == []


@pytest.mark.parametrize("name", [name for name in TABLES if name != "no inspector, no names"])
def test_trap_is_a_difference(name: str) -> None:
    """The pair of tables differs, so that there is something to miss."""
    assert compare(*tables(*TABLES[name]))[0]


def test_tables_may_differ_in_nodes_and_not_in_answers() -> None:
    """Chains that nobody reaches are no difference: without an inspector no server name is seen."""
    assert compare(*tables(*TABLES["no inspector, no names"])) == ([], [])


ROUTES: dict[str, tuple[list[Any], list[Any]]] = {
    "header": ([{"headers": {"x": {"exact": "1"}}}], [{"headers": {"x": {"exact": "2"}}}]),
    "many values": (
        [{"headers": {"x": {"exact": str(number)}}} for number in range(4)],
        [{"headers": {"x": {"exact": str(number)}}} for number in reversed(range(4))],
    ),
    "one header, seen twice": (
        [{"headers": {"x": {"prefix": "1"}, "y": {"exact": "1"}}}, {"headers": {"x": {"exact": "2", "invert": True}}}],
        [{"headers": {"x": {"exact": "2", "invert": True}}}, {"headers": {"x": {"prefix": "1"}}}],
    ),
    "inverted header": ([{"headers": {"x": {"exact": "1", "invert": True}}}], []),
    "missing is empty": (
        [{"headers": {"x": {"exact": "", "missing_is_empty": True}}}],
        [{"headers": {"x": {"exact": ""}}}],
    ),
    "several values": (
        [{"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {"prefix": "b"}}}],
        [{"headers": {"x": {"prefix": "b"}}}, {"headers": {"x": {"exact": "1"}}}],
    ),
    "method": ([{"headers": {":method": {"exact": "POST"}}}], [{"headers": {":method": {"prefix": "P"}}}]),
    "odd method": ([{"headers": {":method": {"exact": "FOO"}}}], []),
    "authority": ([{"headers": {":authority": {"regex": ".*:80"}}}], [{"headers": {"host": {"prefix": "x."}}}]),
    "scheme": (
        [{"headers": {":scheme": {"exact": "https"}}}],
        [{"headers": {"x-forwarded-proto": {"exact": "https"}}}],
    ),
    "content type": ([{"headers": {"content-type": {"prefix": "application/grpc"}}}], []),
    "query": ([{"query": {"q": {"exact": "1"}}}], [{"query": {"q": {"regex": "[0-9]+"}}}]),
    "query and path": (
        [{"path": {"prefix": "/v1"}, "query": {"q": {"present": True}}}],
        [{"path": {"regex": "/v[0-9]"}}],
    ),
    "prefixes": (
        [{"path": {"prefix": "/v1"}}, {"path": {"prefix": "/v"}}],
        [{"path": {"prefix": "/v"}}, {"path": {"prefix": "/v1"}}],
    ),
    "case": ([{"path": {"exact": "/V1", "ignore_case": True}}], [{"path": {"exact": "/v1"}}]),
    "beyond ASCII": ([{"headers": {"x": {"regex": "[é-ü]+"}}}], []),
    "hop by hop": ([{"headers": {"connection": {"exact": "upgrade"}}}], []),
}
ROUTED = [
    Request.http("a.com", path, headers=headers, method=method, address="9.9.9.9", protocol=version)
    for path in ("/", "/v1", "/V1", "/v1x?q=1", "/v?q=", "/?q=12")
    for method in ("GET", "POST", "FOO", "PUT")
    for headers in (
        (),
        (("x", "1"),),
        (("x", "2"),),
        (("x", "b"), ("x", "1")),
        (("x", ""),),
        (("x-forwarded-proto", "https"),),
        (("content-type", "application/grpc"),),
        (("x", "é"),),
    )
    for version in (WireProtocol.HTTP, WireProtocol.HTTP2)
] + [Request.http(name, address="9.9.9.9") for name in ("A.COM:80", "x.a.com", "a.com:x", "x.b.com:80")]


@pytest.mark.parametrize("by", ["answer", "decision"])
@pytest.mark.parametrize("name", ROUTES)
def test_conditions_of_routes(name: str, by: Any) -> None:
    """Every condition that a route can ask for is searched, on both sides at once."""
    rows = [[route_of(f"r{number}", given) for number, given in enumerate(side)] for side in ROUTES[name]]
    hosts = [[host("a", *side, route("rest"), domains=["*.com", "a.com"])] for side in rows]
    sides = tables(table(listener(http()), hosts=hosts[0]), table(listener(http()), hosts=hosts[1]))
    assert problems(sides, ROUTED, by=by) == []
    assert bool(compare(*sides)[0]) == (name != "hop by hop")


def test_what_nothing_can_judge_is_a_doubt() -> None:
    """A pattern by script has no automaton here: what it could change is not proven to be equal."""
    rows = [route_of("greek", {"path": {"regex": r"/\p{Greek}+"}}), route("rest")]
    hosts = [[host("a.com", *rows), host("b.com")], [host("a.com", *rows[1:]), host("b.com")]]
    _, doubts = compare(*tables(*(table(listener(http()), hosts=side) for side in hosts)))
    assert [str(doubt) for doubt in doubts][:1] == [
        r"port 80 to any IPv4 address, a.com: path: `/\p{Greek}+` cannot be judged here: no table of script `Greek`"
    ]
    assert any(
        doubt.contains(Request.http("a.com", "/α", address="9.9.9.9", protocol=WireProtocol.HTTP2)) for doubt in doubts
    )
    assert not any(doubt.contains(Request.http("b.com", address="9.9.9.9")) for doubt in doubts)


# What people change.

Document = dict[str, Any]


def document(kind: str, name: str, spec: Document, namespace: str = "shop") -> Document:
    """Return an Istio object."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def entry(name: str, host: str, number: int, protocol: str, namespace: str = "shop", **spec: Any) -> Document:
    """Return a ServiceEntry for one host and port."""
    port = {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}
    return document("ServiceEntry", name, {"hosts": [host], "ports": [port], "resolution": "DNS", **spec}, namespace)


STRICT = document(
    "Sidecar", "default", {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}, "egress": [{"hosts": ["*/*"]}]}
)
BAIDU = entry("b", "www.baidu.com", 443, "HTTPS")


def sentences(before: Sequence[Document], after: Sequence[Document]) -> list[str]:
    """Return the ordinary changes for workloads of ``shop``, in words."""
    found = diff(Mesh([STRICT, *before]).egress("shop"), Mesh([STRICT, *after]).egress("shop"))
    assert found.is_proven
    return [str(change) for change in found.changes if not change.is_minor]


CASES: dict[str, tuple[list[Document], list[Document], list[str]]] = {
    "another port and protocol": (
        [BAIDU],
        [entry("b", "www.baidu.com", 8443, "TCP")],
        [
            "blocked: TLS on port 443 to any IPv4 address, server name www.baidu.com: "
            "outbound|443||www.baidu.com -> BlackHoleCluster (blackhole)",
            "opened: everything on port 8443 to any IPv4 address: "
            "BlackHoleCluster (blackhole) -> outbound|8443||www.baidu.com",
        ],
    ),
    "exported to another namespace alone": (
        [BAIDU],
        [entry("b", "www.baidu.com", 443, "HTTPS", "other", exportTo=["."])],
        [
            "blocked: TLS on port 443 to any IPv4 address, server name www.baidu.com: "
            "outbound|443||www.baidu.com -> BlackHoleCluster (blackhole)",
        ],
    ),
    "a wildcard in the place of a host": (
        [BAIDU],
        [entry("b", "*.baidu.com", 443, "HTTPS", resolution="NONE")],
        [
            "moved: TLS on port 443 to any IPv4 address, server name www.baidu.com: "
            "outbound|443||www.baidu.com -> outbound|443||*.baidu.com",
            "opened: TLS on port 443 to any IPv4 address, server name *.baidu.com: "
            "BlackHoleCluster (blackhole) -> outbound|443||*.baidu.com",
        ],
    ),
    "renamed": ([BAIDU], [entry("renamed", "www.baidu.com", 443, "TLS")], []),
    "a TCP entry without addresses takes a port": (
        [BAIDU],
        [BAIDU, entry("bing", "www.bing.com", 443, "TCP")],
        [
            "opened: TLS on port 443 to any IPv4 address, for every other server name, and none: "
            "BlackHoleCluster (blackhole) -> outbound|443||www.bing.com",
            "opened: plaintext HTTP, other bytes, silent clients on port 443 to any IPv4 address: "
            "BlackHoleCluster (blackhole) -> outbound|443||www.bing.com",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_change_of_a_mesh(name: str) -> None:
    """Each change is one sentence: who is blocked, moved, opened."""
    before, after, told = CASES[name]
    assert sentences(before, after) == told


def test_the_first_tls_entry_of_a_port_makes_silent_clients_wait() -> None:
    """A real side effect of an inspector: clients that let the server speak first hang."""
    found = diff(Mesh().egress("shop"), Mesh([BAIDU]).egress("shop"))
    hanging = [change for change in found.changes if change.effect is Effect.HANGS]
    assert [change.sentence for change in hanging] == [
        "clients that let the server speak first on port 443 to any IPv4 address"
    ]


def test_a_split_entry_is_no_change() -> None:
    """Two entries for two hosts are one entry for both."""
    both = entry("both", "a.com", 443, "TLS")
    both["spec"]["hosts"] = ["a.com", "www.baidu.com"]
    assert sentences([both], [BAIDU, entry("a", "a.com", 443, "TLS")]) == []


def test_many_hosts_are_one_sentence() -> None:
    """What an answer owes to the name of its host alone is said once for all."""
    hosts = [entry(f"e{number}", f"h{number}.example.com", 443, "TLS") for number in range(100)]
    (told,) = sentences(hosts, [])
    assert told == (
        "blocked: TLS on port 443 to any IPv4 address, for 100 server names: h0.example.com, h1.example.com, "
        "h10.example.com and 97 more: outbound|443||{name} -> BlackHoleCluster (blackhole)"
    )
