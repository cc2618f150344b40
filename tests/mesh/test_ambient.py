"""Ambient mode is recognised: who may have no sidecar, and what stands behind a waypoint, is never certain."""

from __future__ import annotations

import pytest

from meshegress import Mesh, load

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop, labels: {%s}}
spec: {hosts: [api.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
"""
NAMESPACE = """
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {%s}}
"""
WAYPOINT = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {istio.io/waypoint-for: %s}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
"""
USES = "istio.io/use-waypoint: waypoint"
AMBIENT = "istio.io/dataplane-mode: ambient"


def told(mesh: Mesh, namespace: str = "other", labels: dict[str, str] | None = None) -> list[str]:
    """Return what the decision on a request to the entry says of ambient mode."""
    decision = mesh.egress(namespace, labels=labels).decide("http://api.example/")
    assert decision.cluster == "outbound|80||api.example"
    return [one.reason for one in decision.assumptions if one.code == "ambient"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(ENTRY % USES, "is behind the waypoint `shop/waypoint` (its label", id="by its own label"),
        pytest.param(ENTRY % "" + NAMESPACE % USES, "(the label of its namespace", id="by its namespace's label"),
        pytest.param(ENTRY % "" + WAYPOINT % "service", "may be behind the waypoint `shop/waypoint`", id="who knows"),
        pytest.param(ENTRY % "istio.io/use-waypoint: none" + NAMESPACE % USES, None, id="excepted"),
        pytest.param(ENTRY % "" + NAMESPACE % "" + WAYPOINT % "service", None, id="a waypoint that nobody uses"),
        pytest.param(ENTRY % "" + WAYPOINT % "workload", None, id="a waypoint for workloads"),
        pytest.param(ENTRY % "", None, id="none"),
    ],
)
def test_a_service_behind_a_waypoint_is_told(text: str, reason: str | None) -> None:
    """Requests to it may take a way that is not modelled."""
    found = told(load(text))
    assert [reason in one for one in found if reason] == ([True] if reason else [])
    assert bool(found) is (reason is not None)


@pytest.mark.parametrize(
    ("namespace", "labels", "is_told"),
    [
        pytest.param(AMBIENT, {}, True, id="the namespace is"),
        pytest.param(AMBIENT, {"sidecar.istio.io/inject": "false"}, True, id="no sidecar wanted"),
        pytest.param(AMBIENT, {"sidecar.istio.io/inject": "true"}, False, id="a sidecar wanted"),
        pytest.param(AMBIENT, {"istio.io/dataplane-mode": "none"}, False, id="excepted"),
        pytest.param(f"{AMBIENT}, istio-injection: enabled", {}, False, id="sidecars are injected"),
        pytest.param("", {"istio.io/dataplane-mode": "ambient"}, True, id="the workload is"),
        pytest.param("", {}, False, id="none"),
    ],
)
def test_a_workload_without_a_sidecar_is_told(namespace: str, labels: dict[str, str], is_told: bool) -> None:
    """In ambient mode a sidecar's answer is not certain, unless the workload has one."""
    assert bool(told(load(ENTRY % "" + NAMESPACE % namespace), "shop", labels)) is is_told


def test_other_services_are_as_certain_as_before() -> None:
    """A waypoint touches the services behind it alone."""
    egress = load(ENTRY % USES).egress("other")
    assert [one.code for one in egress.decide("http://b.example/").assumptions] == ["mesh_config_default"]
