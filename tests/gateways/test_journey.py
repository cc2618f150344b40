"""Journeys: what is sent, what a gateway does with it, where it ends, and which piece is missing."""

from __future__ import annotations

from typing import Any

import pytest

from gateways.worlds import (
    ENTRY,
    GATEWAY,
    HOST,
    REQUEST,
    istio,
    mesh_of,
    rule,
    server,
    through,
)
from gateways.worlds import gateway as gateway_of
from meshegress import End, Request, check

TLS_AT_443 = {"portLevelSettings": [{"port": {"number": 443}, "tls": {"mode": "SIMPLE"}}]}
TO_443 = {
    "match": [{"gateways": ["istio-system/egress"], "port": 80}],
    "route": [{"destination": {"host": HOST, "port": {"number": 443}}}],
}
RULES = through()["spec"]["http"]


def test_journey_over_the_gateway_leaves_the_mesh() -> None:
    """Two hops: HTTP/2 to the Pod, HTTP/1.1 to the destination by its name."""
    journey = mesh_of().follow(REQUEST)
    (row,) = journey.sent
    (leaving,) = row.leaves
    assert (row.to, row.address, row.port, row.http) == ("address", "10.244.9.9", 8080, "http2")
    assert (row.gateway, leaving.to, leaving.address, leaving.port) == ("istio-system/egress-0", "name", HOST, 80)
    assert (row.end, journey.arrives, journey.reasons) == (End("beyond", "service"), True, ())


def test_gateway_originates_tls_with_the_host_as_server_name() -> None:
    """A rule that the gateway sees makes HTTP into HTTPS, and the place of the rule is told."""
    outside = istio("DestinationRule", "out", {"host": HOST, "trafficPolicy": TLS_AT_443})
    journey = mesh_of(through(http=[RULES[0], TO_443]), outside).follow(REQUEST)
    leaving = journey.sent[0].leaves[0]
    assert leaving.transport is not None
    assert (leaving.port, leaving.transport.sni, leaving.transport.alpn) == (443, HOST, ("http/1.1",))
    assert "DestinationRule `default/out`" in str(journey)


@pytest.mark.parametrize(
    ("changes", "end", "reason"),
    [
        pytest.param(
            [rule({"subsets": []})],
            End("client", "no_cluster", 503, "NC"),
            f"no DestinationRule that applies in namespace `default` gives `{GATEWAY}` the subset `ext`",
            id="the subset of the first hop",
        ),
        pytest.param(
            [gateway_of(server(), selector={"istio": "egress"})],
            End("gateway", "no_listener", 503, "URX,UF"),
            "selects other Pods: istio=egress",
            id="the selector",
        ),
        pytest.param(
            [through(gateways=["mesh", "egress"])],
            End("gateway", "no_route", 404, "-"),
            "this Gateway is `istio-system/egress`",
            id="the gateway's namespace",
        ),
        pytest.param(
            [{**ENTRY, "spec": {**ENTRY["spec"], "exportTo": ["."]}}],
            End("gateway", "no_cluster", 503, "-"),
            "is not exported to `istio-system`",
            id="the entry is private",
        ),
        pytest.param(
            [gateway_of(server(80, "HTTPS", tls={"mode": "ISTIO_MUTUAL"}))],
            End("gateway", "no_filter_chain", 503, "UC"),
            "wants the mesh's mutual TLS, and no DestinationRule makes the sidecar use ISTIO_MUTUAL",
            id="plaintext before mutual TLS",
        ),
        pytest.param(
            [
                gateway_of(server(80, "HTTPS", tls={"mode": "ISTIO_MUTUAL"})),
                rule({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}),
            ],
            End("gateway", "no_filter_chain", 503, "URX,UF"),
            "needs `sni`",
            id="mutual TLS without sni",
        ),
        pytest.param(
            [rule({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL", "sni": HOST}}})],
            End("gateway", "codec_error", 503, "URX,UF"),
            "is in the clear",
            id="TLS before a plain server",
        ),
        pytest.param(
            [through(http=[RULES[0], TO_443])],
            End("beyond", "service", trouble=("plaintext_to_443",)),
            f"no DestinationRule that counts here originates TLS for {HOST}:443",
            id="nobody originates TLS",
        ),
        pytest.param(
            [through(gateways=["istio-system/egress"])],
            End("beyond", "service"),
            "does not list `mesh` among its gateways",
            id="silent by-pass",
        ),
    ],
)
def test_missing_piece_is_named(changes: list[dict[str, Any]], end: End, reason: str) -> None:
    """Application and log see the end; the letter says which piece is missing."""
    journey = mesh_of(*changes).follow(REQUEST)
    assert journey.ends == (end,)
    assert any(reason in told for told in journey.reasons), journey.reasons
    assert reason in str(journey)


def test_tls_of_the_application_inside_originated_tls_is_told() -> None:
    """One public rule serves the sidecars too: an application that speaks TLS gets TLS in TLS."""
    outside = istio("DestinationRule", "out", {"host": HOST, "trafficPolicy": TLS_AT_443})
    journey = mesh_of(outside).follow(Request.tls(HOST, address="9.9.9.9"))
    assert journey.trouble == ("tls_in_tls", "tls_without_sni")


def test_gateway_that_was_not_given_is_assumed() -> None:
    """Git holds neither Pods nor Services of charts: the journey goes on as the chart has it, and says so."""
    journey = check(ENTRY, gateway_of(server()), rule(), through())[0].follow(REQUEST)
    assert [one.code for one in journey.assumptions] == ["service_unknown", "gateway_assumed"]
    assert journey.ends == (End("beyond", "service"),)


def test_pod_that_no_gateway_selects_is_a_gateway_all_the_same() -> None:
    """The rule leads there, nothing listens, and the reason is the selector, not an assumption."""
    journey = mesh_of(gateway_of(server(), selector={"istio": "egress"})).follow(REQUEST)
    assert (journey.gateways, journey.assumptions) == (("istio-system/egress-0",), ())


def test_other_releases_say_that_journeys_were_not_recorded() -> None:
    """What leaves was recorded of one release."""
    journey = check(istio="1.31", complete=True)[0].follow(REQUEST)
    assert [one.code for one in journey.assumptions] == ["release_not_recorded"]


def test_journey_is_written_as_json() -> None:
    """Rows, ends and decisions have the keys of the recorded journeys."""
    shown = mesh_of().follow(REQUEST).as_dict()
    assert shown["schema_version"] == 1
    assert shown["sent"][0]["leaves"][0]["host"] == HOST
    assert shown["sent"][0]["end"] == {"at": "beyond", "outcome": "service", "status": None, "flags": None}
