"""What only journeys show is found, with its evidence; what is whole, or for traffic that comes in, is not."""

from __future__ import annotations

from typing import Any

import pytest

from gateways.worlds import ENTRY, HOST, istio, mesh_of, rule, server, through
from gateways.worlds import gateway as gateway_of

TLS_AT_443 = {"portLevelSettings": [{"port": {"number": 443}, "tls": {"mode": "SIMPLE"}}]}


def test_whole_gateway_has_no_findings() -> None:
    """Nothing is said where everything gets through."""
    assert mesh_of().gateway_findings() == ()


@pytest.mark.parametrize(
    ("changes", "code", "evidence"),
    [
        pytest.param(
            [gateway_of(server(hosts=("other.com",)))],
            "EG501",
            "ends at the gateway: no_route, 404 -",
            id="no server fits",
        ),
        pytest.param([rule({"subsets": []})], "EG501", "ends at the sidecar: no_cluster, 503 NC", id="no subset"),
        pytest.param(
            [
                gateway_of(server(80, "HTTPS", tls={"mode": "ISTIO_MUTUAL"})),
                rule({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}),
            ],
            "EG501",
            "needs `sni`",
            id="mutual TLS without sni",
        ),
        pytest.param(
            [through(http=[{**through()["spec"]["http"][0], "match": [{"port": 80}]}, through()["spec"]["http"][1]])],
            "EG501",
            "503 -",
            id="a rule without gateways loops",
        ),
        pytest.param(
            [through(gateways=["istio-system/egress"], http=[{"route": [{"destination": {"host": HOST}}]}])],
            "EG502",
            "does not list `mesh`",
            id="silent by-pass",
        ),
        pytest.param(
            [
                istio(
                    "DestinationRule",
                    "out",
                    {"host": HOST, "trafficPolicy": {"tls": {"mode": "SIMPLE", "credentialName": "c"}}},
                )
            ],
            "EG503",
            "sidecars ignore credentialName `c`",
            id="credentialName",
        ),
        pytest.param(
            [
                istio("DestinationRule", "own", {"host": HOST, "exportTo": ["."]}),
                istio("DestinationRule", "some", {"host": HOST, "workloadSelector": {"matchLabels": {"a": "b"}}}),
            ],
            "EG504",
            "swallows this private rule",
            id="a selector swallows",
        ),
        pytest.param(
            [istio("DestinationRule", "out", {"host": HOST, "trafficPolicy": TLS_AT_443})],
            "EG505",
            "tls_in_tls",
            id="TLS in TLS",
        ),
        pytest.param(
            [gateway_of(server(hosts=("*/*", f"./{HOST}")))],
            "EG506",
            "makes istiod panic",
            id="istiod panics",
        ),
    ],
)
def test_finding_has_its_evidence(changes: list[dict[str, Any]], code: str, evidence: str) -> None:
    """The sentence bears the request that was followed, or the place that is at fault."""
    found = mesh_of(*changes).gateway_findings()
    assert [one.code for one in found if evidence in one.message] == [code], found


def test_rules_for_what_comes_in_are_left_alone() -> None:
    """A host that leads to a service inside, or that nobody declares outside, does not leave over a gateway."""
    inbound = istio(
        "VirtualService",
        "shop",
        {
            "hosts": ["shop.example.com"],
            "gateways": ["istio-system/ingress"],
            "http": [{"route": [{"destination": {"host": "cart.default.svc.cluster.local"}}]}],
        },
    )
    assert mesh_of(inbound, ENTRY).gateway_findings() == ()
