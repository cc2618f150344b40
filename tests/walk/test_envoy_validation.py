"""What Envoy refuses to load."""

from __future__ import annotations

from typing import Any

import pytest

from meshegress.compiler.envoy_validation import listener_problem, load, route_configuration_problem
from meshegress.table import (
    DirectResponse,
    FilterChainMatch,
    Listener,
    ListenerKind,
    MatchKind,
    Redirect,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatcher,
    VirtualHost,
    WeightedCluster,
)
from walk.tables import catch_all, host, http, listener, opaque, route


def matches(*given: dict[str, Any]) -> Listener:
    """Return a listener whose chains have these matches."""
    return listener(*(opaque(str(number), FilterChainMatch(**match)) for number, match in enumerate(given)))


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(matches({"server_names": ("*foo.com",)}), id="partial wildcard"),
        pytest.param(matches({"server_names": ("a.*.com",)}), id="wildcard in the middle"),
        pytest.param(matches({"server_names": ("*",)}), id="wildcard for every name"),
        pytest.param(matches({}, {}), id="two empty matches"),
        pytest.param(matches({"server_names": ("a.com", "b.com")}, {"server_names": ("b.com",)}), id="a shared name"),
        pytest.param(matches({"server_names": ("a.com", "A.com")}), id="a name twice in one chain"),
        pytest.param(
            matches({"server_names": ("*.a.com",)}, {"server_names": (".a.com",)}), id="a suffix in two forms"
        ),
        pytest.param(matches({"prefix_ranges": ("10.0.0.0/8", "10.3.0.0/8")}), id="a prefix twice in one chain"),
        pytest.param(matches({"prefix_ranges": ("1.2.3.4",)}, {"prefix_ranges": ("1.2.3.4/32",)}), id="one address"),
        pytest.param(
            matches({"application_protocols": ("h2", "h3")}, {"application_protocols": ("h3",)}), id="a shared protocol"
        ),
        pytest.param(listener(default=False), id="no chain"),
        pytest.param(listener(opaque("")), id="no cluster name"),
    ],
)
def test_refused_listener(refused: Listener) -> None:
    """Two ways to one chain, or a name that is none, cost the whole listener."""
    assert listener_problem(refused)


@pytest.mark.parametrize(
    "loaded",
    [
        pytest.param(matches({"server_names": ("*.*.com", "*.")}), id="useless names"),
        pytest.param(matches({"server_names": ("a.com",)}, {"server_names": ("*.a.com",)}), id="a name and its suffix"),
        pytest.param(matches({"prefix_ranges": ("::/0",)}, {}), id="a written zero prefix and none"),
        pytest.param(matches({"prefix_ranges": ("10.0.0.0/8",)}, {"prefix_ranges": ("10.0.0.0/9",)}), id="lengths"),
        pytest.param(matches({"transport_protocol": "tls"}, {}), id="a transport and none"),
        pytest.param(matches({"destination_port": 80}, {}), id="a port and none"),
        pytest.param(listener(), id="only a default chain"),
    ],
)
def test_loaded_listener(loaded: Listener) -> None:
    """What overlaps without being equal is fine."""
    assert listener_problem(loaded) is None


def test_the_later_listener_of_an_address_is_refused() -> None:
    """The order of the response decides, and the bootstrap comes before it."""
    first, second = listener(opaque("a")), listener(opaque("b"), name="second")
    own = listener(name=None, port=15090, kind=ListenerKind.RESERVED)
    late = listener(opaque("c"), name="0.0.0.0_15090", port=15090)
    accepted = load([late, first, second, own], [])
    assert accepted.listeners == (own, first)
    assert {row.name for row in accepted.rejected} == {"0.0.0.0_15090", "second"}


def test_an_outbound_listener_can_cost_the_catch_all() -> None:
    """Outbound listeners come before virtualOutbound, which loses 15001 to one of them."""
    accepted = load([listener(opaque("a"), name="0.0.0.0_15001", port=15001), catch_all(opaque("b"))], [])
    assert [(row.kind, row.name) for row in accepted.rejected] == [("listener", "virtualOutbound")]


def test_an_additional_address_counts() -> None:
    """One shared address of several is enough, however it is written."""
    accepted = load(
        [
            listener(opaque("a"), addresses=("0.0.0.0", "2001:DB8::1")),
            listener(opaque("b"), name="b", addresses=("2001:db8:0::1",)),
        ],
        [],
    )
    assert [row.name for row in accepted.rejected] == ["b"]


def test_a_refused_listener_leaves_its_address() -> None:
    """What is refused for itself is in nobody's way."""
    accepted = load([listener(opaque("")), listener(opaque("b"), name="b")], [])
    assert [one.name for one in accepted.listeners] == ["b"]


def test_one_name_stands_once() -> None:
    """The second listener of a name is dropped."""
    accepted = load([listener(opaque("a")), listener(opaque("a"), port=81)], [])
    assert len(accepted.listeners) == len(accepted.rejected) == 1


def regex(pattern: str) -> VirtualHost:
    """Return a virtual host with *pattern* for a path."""
    return host("a", route("r", RouteMatch(StringMatcher(MatchKind.REGEX, pattern))))


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param([host("a", domains=["x.com"]), host("b", domains=["X.com"])], id="a domain twice"),
        pytest.param([host("a", domains=["*.x.com", "*.X.com"])], id="a wildcard twice in one virtual host"),
        pytest.param([host("a", domains=["*"]), host("b", domains=["*"])], id="two that take all"),
        pytest.param([VirtualHost("a", (), (route("r"),))], id="no domain"),
        pytest.param([host("a", domains=["a\n"])], id="a line end"),
        pytest.param([VirtualHost("", ("a",), (route("r"),))], id="no name"),
        pytest.param([host("a", route("r", action=None))], id="no action"),
        pytest.param([host("a", route("r", action=Redirect(304)))], id="an unknown redirect"),
        pytest.param([host("a", route("r", action=DirectResponse(600)))], id="a status too high"),
        pytest.param([host("a", route("r", action=RouteAction(())))], id="no destination"),
        pytest.param(
            [host("a", route("r", action=RouteAction((WeightedCluster("a", 0), WeightedCluster("b", 0)))))], id="weight"
        ),
        pytest.param([regex("(?=a)")], id="no RE2"),
        pytest.param([regex("")], id="an empty pattern"),
        pytest.param([regex("a" * 32769)], id="a pattern too long"),
    ],
)
def test_refused_route_configuration(hosts: list[VirtualHost]) -> None:
    """One bad row costs the whole route configuration, which stays and is empty."""
    accepted = load([listener(http())], [RouteConfiguration("80", tuple(hosts))])
    assert accepted.route_configurations == {"80": RouteConfiguration("80", ())}
    assert [(row.kind, row.name) for row in accepted.rejected] == [("route", "80")]


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param([host("a", domains=["x"]), host("a", domains=["y"])], id="two of one name"),
        pytest.param([host("a", domains=["a.com", "a.com:80", "*a.com"])], id="what only looks equal"),
        pytest.param([host("a", route("r", action=RouteAction((WeightedCluster("a", 0),))))], id="a single weight"),
        pytest.param([host("a", route("r", action=DirectResponse(200)))], id="the lowest status"),
        pytest.param([regex("a" * 100)], id="a pattern"),
        pytest.param([], id="none at all"),
    ],
)
def test_loaded_route_configuration(hosts: list[VirtualHost]) -> None:
    """Odd is not wrong."""
    assert route_configuration_problem(RouteConfiguration("80", tuple(hosts))) is None
