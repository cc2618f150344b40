"""The walk, told: it agrees with the walk, and names what lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress.decision import Decision
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.explain import Explanation, explain
from meshegress.request import Request, WireProtocol
from meshegress.table import FilterChainMatch, ListenerKind, Rejected, Table
from walk.tables import DEFAULT, catch_all, host, http, listener, opaque, program, route, route_of

HTTP_MATCH = FilterChainMatch(transport_protocol="raw_buffer", application_protocols=("http/1.1", "h2c"))
WORLD = program(
    listener(
        http(HTTP_MATCH),
        opaque("named", FilterChainMatch(server_names=("*.a.com",))),
        opaque("narrow", FilterChainMatch(prefix_ranges=("10.0.0.0/8",), server_names=("a.com",))),
        tls_inspector=True,
        http_inspector=True,
    ),
    listener(opaque("vip"), name="1.1.1.1_80", addresses=("1.1.1.1",)),
    listener(name=None, port=15090, kind=ListenerKind.RESERVED),
    catch_all(opaque("blackhole", FilterChainMatch(destination_port=15001)), opaque("PassthroughCluster")),
    routes=[
        host("a.com", route_of("v1", {"path": {"prefix": "/v1"}}), route_of("x", {"headers": {"x": {"exact": "1"}}})),
        host("wild", route("w"), domains=["*.com"]),
        host("all", route("r"), domains=["*"]),
    ],
    clusters=["named", "vip", "w", "outbound|8080||b.com", DEFAULT],
)


def told(request: Request) -> Explanation:
    """Return the explanation of *request* in the world of this module."""
    return explain(WORLD.table, request, WORLD.decide(request))


def found(explanation: Explanation, stage: str) -> str | None:
    """Return what was found at *stage*, or None where the walk did not come so far."""
    return next((step.found for step in explanation.steps if step.stage == stage), None)


@given(
    st.builds(
        Request,
        address=st.sampled_from(["9.9.9.9", "1.1.1.1", "10.0.0.1", "::1"]),
        port=st.sampled_from([80, 15001, 81, 15090]),
        protocol=st.sampled_from(WireProtocol),
        is_tls=st.booleans(),
        sni=st.sampled_from([None, "a.com", "B.a.com", "x"]),
        alpn=st.sampled_from([(), ("h2",), ("http/1.1",)]),
        host=st.sampled_from([None, "a.com", "A.com:80", "b.com", "c.org", "a b"]),
        path=st.sampled_from(["/", "/v1", "/%00", "x"]),
        headers=st.sampled_from([(), (("x", "1"),)]),
        payload=st.sampled_from([None, None, b"", b"hello", b"GET / HTTP/1.1\r\n\r\n"]),
    )
)
def test_the_explanation_takes_the_same_way(request: Request) -> None:
    """Two readings of one table come to the same listener, chain, virtual host and route."""
    decision = WORLD.decide(request)
    explanation = told(request)
    assert (found(explanation, "listener") or "none") == (decision.listener or "the proxy's own")
    assert str(decision.filter_chain) in (found(explanation, "filter chain") or "None")
    assert (found(explanation, "virtual host") or "none") == (decision.virtual_host or "none")
    assert (found(explanation, "route") or "none") == (decision.route or "none")
    assert explanation.decision is decision
    assert str(explanation)


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        pytest.param(Request.http("a.com", address="9.9.9.9"),
                     "not v1: path `/` had to begin with `/v1`", id="a path"),
        pytest.param(Request.http("a.com", address="9.9.9.9"),
                     "not x: header x (missing) had to be `1`", id="a header"),
        pytest.param(Request.http("b.com", address="9.9.9.9"),
                     "not all: its domain `*` fits too, and says less", id="a domain"),
        pytest.param(Request.http("b.com", address="9.9.9.9"),
                     "not 1.1.1.1_80: it is bound to 1.1.1.1, not to 9.9.9.9", id="a listener"),
        pytest.param(Request.tls("a.com", address="10.0.0.1", port=80),
                     "not http → routes `80`: asks for no destination, and 10.0.0.0/8 is the one", id="a prefix"),
        pytest.param(Request.tls("a.com", address="9.9.9.9", port=80),
                     "not named → named: asks for server name *.a.com", id="a name"),
        pytest.param(Request.http("b.com", address="::1"), "not 0.0.0.0_80: it takes no IPv6 address", id="a family"),
    ],
)  # fmt: skip
def test_rejected_alternatives_have_a_reason(request_: Request, line: str) -> None:
    """What lost is named, and why."""
    assert line in str(told(request_))


def test_a_refused_listener_is_told() -> None:
    """Where the catch-all takes what a refused listener was for, the refusal is shown."""
    table = Table((catch_all(opaque("PassthroughCluster")),), {}, {}, (Rejected("listener", "0.0.0.0_80", "why not"),))
    text = str(
        explain(table, Request.tcp("9.9.9.9", 80), Decision(outcome=WORLD.decide(Request.tcp("9.9.9.9", 81)).outcome))
    )
    assert "not 0.0.0.0_80: Envoy refuses it: why not" in text


def test_reasons_are_kept() -> None:
    """What the resources add stands at the end, as sentences too."""
    request = Request.tcp("9.9.9.9", 81)
    reason = Reason(ReasonCode.NOT_EXPORTED, "it is not exported")
    explanation = explain(WORLD.table, request, WORLD.decide(request), [reason])
    assert explanation.reasons == (reason,)
    assert str(explanation).endswith("  note: it is not exported")


def test_each_filter_chain_is_looked_at_once() -> None:
    """Of very many chains on a port all that lost are named, in a time that grows as they do."""
    names = [f"h{number}.com" for number in range(4000)]
    chains = [opaque(name, FilterChainMatch(server_names=(name,))) for name in names]
    world = program(listener(*chains, tls_inspector=True), clusters=names)
    request = Request.tls("h7.com", address="9.9.9.9", port=80)
    begin = time.perf_counter()
    explanation = explain(world.table, request, world.decide(request))
    assert [each.name for each in explanation.rejected if "h8.com" in each.name] == ["h8.com → h8.com"]
    assert len(explanation.rejected) == 4000
    assert time.perf_counter() - begin < 5  # it took ten seconds when each was compared with each
