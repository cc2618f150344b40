"""The way from a request to its leaf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshegress.compiler.program import LayoutBuilder, program_of
from meshegress.decision import Outcome
from meshegress.request import Request, WireProtocol
from meshegress.table import (
    DirectResponse,
    FaultAbort,
    FilterChainMatch,
    ListenerKind,
    MatchKind,
    Redirect,
    Rejected,
    RouteAction,
    RouteMatch,
    StringMatcher,
    Table,
    WeightedCluster,
)
from walk.tables import (
    DEFAULT,
    catch_all,
    chain_match,
    host,
    http,
    listener,
    opaque,
    program,
    request,
    route,
    route_of,
)

CASES = Path(__file__).parent.parent / "cases"


def cases(name: str) -> list[Any]:
    """Return the asks of a file of cases, each with its world."""
    worlds = yaml.safe_load((CASES / name).read_text(encoding="utf-8"))
    return [
        pytest.param(world, ask, id=f"{world['id']}, {place}")
        for world in worlds
        for place, ask in enumerate(world["asks"], 1)
    ]


@pytest.mark.parametrize(("world", "ask"), cases("filter_chains.yaml"))
def test_filter_chain(world: dict[str, Any], ask: dict[str, Any]) -> None:
    """One bucket at each level, and no way back."""
    chains = [opaque(name, chain_match(match)) for name, match in world["chains"].items()]
    inspectors = {f"{name}_inspector": True for name in world.get("inspectors", ())}
    asked = program(listener(*chains, **inspectors), clusters=[*world["chains"], DEFAULT])
    decision = asked.decide(request(ask))
    assert (decision.outcome, decision.filter_chain) == (Outcome.SERVICE, ask["chain"])


@pytest.mark.parametrize(("world", "ask"), cases("routes.yaml"))
def test_route(world: dict[str, Any], ask: dict[str, Any]) -> None:
    """The first route of the one virtual host, or none."""
    hosts = [
        host(name, *(route_of(key, value) for key, value in given["routes"].items()), domains=given["domains"])
        for name, given in world["hosts"].items()
    ]
    sent = Request.http(
        ask["host"],
        ask.get("path", "/"),
        method=ask.get("method", "GET"),
        headers=[(name, value) for name, value in ask.get("headers", ())],
        address="9.9.9.9",
        port=80,
    )
    decision = program(listener(http()), routes=hosts).decide(sent)
    found = decision.route or (f"{decision.virtual_host}!" if decision.virtual_host else None)
    assert found == ask["route"]
    assert (decision.outcome is Outcome.NO_ROUTE) == (decision.route is None)


PLAIN = Request.http("a.com", address="9.9.9.9")


@pytest.mark.parametrize(
    ("address", "port", "name"),
    [
        pytest.param("1.1.1.1", 80, "1.1.1.1_80", id="exact"),
        pytest.param("9.9.9.9", 80, "0.0.0.0_80", id="wildcard of the family"),
        pytest.param("2001:DB8:0::1", 80, "virtualOutbound", id="no wildcard of the other family"),
        pytest.param("::ffff:1.1.1.1", 80, "virtualOutbound", id="a mapped address is IPv6"),
        pytest.param("2001:db8::2", 443, "::_443", id="wildcard of IPv6"),
        pytest.param("1.1.1.1", 443, "virtualOutbound", id="it takes no IPv4"),
        pytest.param("1.1.1.1", 81, "virtualOutbound", id="another port"),
    ],
)
def test_listener(address: str, port: int, name: str) -> None:
    """Exact address and port, then the family's wildcard, then the catch-all."""
    asked = program(
        listener(opaque("a")),
        listener(opaque("b"), name="1.1.1.1_80", addresses=("1.1.1.1",)),
        listener(opaque("c"), name="::_443", addresses=("::",), port=443),
        catch_all(opaque("d")),
    )
    assert asked.decide(Request.tcp(address, port)).listener == name


def test_any_of_a_listeners_addresses_will_do() -> None:
    """An additional address, however it is written, leads to the listener."""
    asked = program(listener(opaque("a"), addresses=("0.0.0.0", "2001:DB8::0:1")))
    assert asked.decide(Request.tcp("2001:db8::1", 80)).listener == "0.0.0.0_80"


def test_nothing_listens() -> None:
    """Without a catch-all there may be no listener at all."""
    assert program().decide(PLAIN).outcome is Outcome.NO_LISTENER


def test_a_lost_catch_all_takes_all_with_it() -> None:
    """Where virtualOutbound is refused, nothing that is captured arrives anywhere."""
    table = Table((listener(opaque("a")),), {}, {}, (Rejected("listener", "virtualOutbound", "duplicate address"),))
    assert program_of(table).decide(PLAIN).outcome is Outcome.NO_LISTENER


def test_the_proxys_own_ports_answer_themselves() -> None:
    """A reserved port is no way out."""
    decision = program(listener(name=None, port=15090, kind=ListenerKind.RESERVED)).decide(
        Request.tcp("1.1.1.1", 15090)
    )
    assert (decision.outcome, decision.listener, decision.allowed) == (Outcome.RESERVED, None, False)


SILENT = Request.tcp("9.9.9.9", 80, b"")


@pytest.mark.parametrize(
    ("settings", "asked", "outcome"),
    [
        pytest.param({}, SILENT, Outcome.PASSTHROUGH, id="nobody looks"),
        pytest.param({"tls_inspector": True}, SILENT, Outcome.WAITING, id="for TLS"),
        pytest.param({"http_inspector": True}, SILENT, Outcome.WAITING, id="for HTTP"),
        pytest.param({"tls_inspector": True}, Request.tcp("9.9.9.9", 80, b"hello"), Outcome.PASSTHROUGH, id="no TLS"),
        pytest.param({"http_inspector": True}, Request.tcp("9.9.9.9", 80, b"hello"), Outcome.WAITING, id="a word"),
        pytest.param(
            {"http_inspector": True, "inspection_timeout_ms": 5}, SILENT, Outcome.PASSTHROUGH, id="for a while"
        ),
        pytest.param(
            {"http_inspector": True, "inspection_timeout_ms": 5, "continue_on_timeout": False},
            SILENT,
            Outcome.WAITING,
            id="then it is closed",
        ),
    ],
)
def test_waiting(settings: dict[str, Any], asked: Request, outcome: Outcome) -> None:
    """An inspector waits for bytes, for ever unless it has a limit."""
    assert program(listener(opaque("PassthroughCluster"), **settings)).decide(asked).outcome is outcome


def test_the_catch_all_looks_first() -> None:
    """An HTTP inspector on the catch-all runs before the listener is chosen, and what it finds is kept."""
    asked = program(
        listener(opaque("http", FilterChainMatch(application_protocols=("http/1.1",)))),
        catch_all(opaque("PassthroughCluster"), http_inspector=True),
        clusters=["http"],
    )
    assert asked.decide(PLAIN).filter_chain == "http"
    waiting = asked.decide(SILENT)
    assert (waiting.outcome, waiting.listener) == (Outcome.WAITING, "virtualOutbound")


def test_a_written_zero_prefix_is_a_coin_toss() -> None:
    """A chain for ``::/0`` and chains without a prefix hide one another; both are candidates."""
    asked = program(
        listener(opaque("written", FilterChainMatch(prefix_ranges=("::/0",))), opaque("none"), addresses=("::",)),
        clusters=["written", "none"],
    )
    decision = asked.decide(Request.tcp("2001:db8::1", 80))
    assert {candidate.cluster for candidate in decision.candidates} == {"written", "none"}
    assert decision is asked.decide(Request.tcp("2001:db8::2", 80))


def test_a_longer_prefix_ends_the_toss() -> None:
    """Where a longer prefix holds the address, nothing is random."""
    asked = program(
        listener(
            opaque("written", FilterChainMatch(prefix_ranges=("::/0",))),
            opaque("longer", FilterChainMatch(prefix_ranges=("2001:db8::/32",))),
            opaque("none"),
            addresses=("::",),
        ),
        clusters=["longer"],
    )
    assert asked.decide(Request.tcp("2001:db8::1", 80)).candidates == ()


@pytest.mark.parametrize(
    ("settings", "protocol", "outcome", "status", "details"),
    [
        pytest.param({}, WireProtocol.RAW, Outcome.CODEC_ERROR, 400, "http1.codec_error", id="bytes"),
        pytest.param({}, WireProtocol.HTTP10, Outcome.HTTP10_REJECTED, 426, "low_version", id="HTTP/1.0"),
        pytest.param({"accept_http_10": True}, WireProtocol.HTTP10, Outcome.SERVICE, None, None, id="it is accepted"),
    ],
)
def test_codec(
    settings: dict[str, Any], protocol: WireProtocol, outcome: Outcome, status: int | None, details: str | None
) -> None:
    """The codec answers before any route."""
    asked = program(listener(http(**settings)), routes=[host("*")], clusters=[DEFAULT])
    decision = asked.decide(Request(address="9.9.9.9", port=80, host="a.com", protocol=protocol))
    assert (decision.outcome, decision.status, decision.details) == (outcome, status, details)
    assert decision.route_config == "80"


def test_a_path_that_cannot_be_normalised_is_refused() -> None:
    """An encoded NUL never reaches a route."""
    decision = program(listener(http()), routes=[host("*")]).decide(Request.http("a", "/%00", address="9.9.9.9"))
    assert (decision.status, decision.details) == (400, "path_normalization_failed")


GRPC = (("content-type", "application/grpc+proto"),)


@pytest.mark.parametrize(
    ("given", "headers", "expected"),
    [
        pytest.param({}, (), ("service", "known", None, "-", None), id="service"),
        pytest.param({"action": RouteAction((WeightedCluster("gone"),))}, (),
                     ("no_cluster", "gone", 503, "NC", "cluster_not_found"), id="no cluster"),
        pytest.param({"action": RouteAction((WeightedCluster("gone"),))}, GRPC,
                     ("no_cluster", "gone", 200, "NC", "cluster_not_found"), id="no cluster, for gRPC"),
        pytest.param({"action": RouteAction((WeightedCluster("BlackHoleCluster"),))}, (),
                     ("blackhole", "BlackHoleCluster", 503, "UH", "no_healthy_upstream"), id="black hole"),
        pytest.param({"action": Redirect(301)}, (), ("redirect", None, 301, "-", "direct_response"), id="redirect"),
        pytest.param({"action": DirectResponse(418)}, GRPC,
                     ("direct_response", None, 200, "-", "direct_response"), id="direct response, for gRPC"),
        pytest.param({"fault": FaultAbort(503)}, (), ("fault", "known", 503, "FI", "fault_filter_abort"), id="fault"),
        pytest.param({"fault": FaultAbort(503, 0)}, (), ("service", "known", None, "-", None), id="no fault at all"),
        pytest.param({}, (("connection", "Upgrade"), ("upgrade", "tls/1")),
                     ("direct_response", "known", 403, "-", "upgrade_failed"), id="upgrade"),
        pytest.param({}, (("connection", "Upgrade"), ("upgrade", "WebSocket")),
                     ("service", "known", None, "-", None), id="a web socket is allowed"),
        pytest.param({}, (("content-type", "application/grpc-web"),), ("service", "known", None, "-", None), id="web"),
    ],
)  # fmt: skip
def test_outcome(
    given: dict[str, Any], headers: tuple[tuple[str, str], ...], expected: tuple[str, str, int, str, str]
) -> None:
    """What a route does is told as the access log tells it."""
    asked = program(listener(http()), routes=[host("*", route("known", **given))], clusters=["known"])
    decision = asked.decide(Request.http("a.com", headers=headers, address="9.9.9.9"))
    shown = (decision.outcome.value, decision.cluster, decision.status, decision.flags, decision.details)
    assert shown == expected


def test_split() -> None:
    """A split has the outcome of each member, and no cluster of its own."""
    action = RouteAction((WeightedCluster("known", 30), WeightedCluster("gone", 70)))
    asked = program(listener(http()), routes=[host("*", route("r", action=action))], clusters=["known"])
    decision = asked.decide(PLAIN)
    assert [(one.cluster, one.weight, one.outcome.value) for one in decision.destinations] == [
        ("known", 30, "service"),
        ("gone", 70, "no_cluster"),
    ]
    assert (decision.outcome, decision.cluster, decision.allowed) == (Outcome.SPLIT, None, True)


def test_a_fault_below_one_hundred_leaves_both() -> None:
    """Some of the requests are aborted, some are not."""
    asked = program(listener(http()), routes=[host("*", route("r", fault=FaultAbort(500, 10)))], clusters=["r"])
    decision = asked.decide(PLAIN)
    assert [one.outcome for one in decision.candidates] == [Outcome.SERVICE, Outcome.FAULT]


def test_a_pattern_that_cannot_be_judged_leaves_both() -> None:
    """A class by script is beyond the library's own automaton, if RE2 is not there."""
    pytest.importorskip("meshegress.regex")
    unknown = RouteMatch(StringMatcher(MatchKind.REGEX, r"/\p{Greek}"))
    asked = program(listener(http()), routes=[host("*", route("maybe", unknown), route("else"))], clusters=["else"])
    decision = asked.decide(PLAIN)
    assert decision.route == "else" or {one.route for one in decision.candidates} == {"maybe", "else"}


def test_no_answer_is_made_twice() -> None:
    """Requests that end at one leaf share one decision."""
    asked = program(listener(http()), routes=[host("*")])
    assert asked.decide(PLAIN) is asked.decide(Request.http("b.com", address="1.2.3.4"))


def test_what_two_tables_share_is_laid_out_once() -> None:
    """A listener and a route configuration that stay keep their nodes."""
    table, layout_builder = program(listener(http()), routes=[host("a.com")]).table, LayoutBuilder()
    first = layout_builder.program(table)
    again = layout_builder.program(Table((*table.listeners, catch_all(opaque("d"))), table.route_configurations, {}))
    assert again.layout.layout.listeners[0].node is first.layout.layout.listeners[0].node
    assert again.layout.layout.http_chains[0].routes is first.layout.layout.http_chains[0].routes


@given(
    st.builds(
        Request,
        address=st.sampled_from([None, "9.9.9.9", "::1", "127.0.0.1"]),
        port=st.sampled_from([80, 15001, 81]),
        protocol=st.sampled_from(WireProtocol),
        is_tls=st.booleans(),
        sni=st.one_of(st.none(), st.text(max_size=5)),
        alpn=st.lists(st.text(max_size=3), max_size=2).map(tuple),
        host=st.one_of(st.none(), st.text(max_size=5)),
        method=st.text(max_size=5),
        path=st.text(max_size=6),
        headers=st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=2).map(tuple),
        payload=st.one_of(st.none(), st.binary(max_size=9)),
    )
)
def test_every_request_has_a_decision(asked: Request) -> None:
    """Whatever is in a request, deciding never raises."""
    world = program(
        listener(http(), tls_inspector=True, http_inspector=True),
        catch_all(opaque("a", FilterChainMatch(server_names=("*.a",), prefix_ranges=("::/0", "10.0.0.0/8")))),
        routes=[host("a", route_of("r", {"path": {"regex": "a*"}, "headers": {"x": {"exact": ""}}})), host("*")],
    )
    assert world.decide(asked).outcome in Outcome
