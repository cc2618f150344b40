"""Entries and Services that select workloads: what stands behind them where nothing was given."""

from __future__ import annotations

from typing import Any

import pytest

from meshegress import load

POLICY = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"
READY = {"phase": "Running", "podIP": "10.1.0.9", "conditions": [{"type": "Ready", "status": "True"}]}


def entry(resolution: str) -> dict[str, Any]:
    """Return an entry that selects workloads."""
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
    spec = {"hosts": ["a.example"], "ports": ports, "resolution": resolution}
    metadata = {"name": "a", "namespace": "shop"}
    selecting = {**spec, "workloadSelector": {"labels": {"app": "a"}}}
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata, "spec": selecting}


def pod(app: str, **status: Any) -> dict[str, Any]:
    """Return a Pod of *app*."""
    metadata = {"name": app, "namespace": "shop", "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": status}


@pytest.mark.parametrize(
    ("resolution", "other"),
    [("STATIC", "outbound|80||a.example (503 no_endpoints)"), ("DNS", "outbound|80||a.example (503 no_cluster)")],
)
def test_workloads_of_an_entry_may_be_there(resolution: str, other: str) -> None:
    """An entry whose workloads were not given is answered as if it had some; what holds without is a candidate."""
    decision = load([entry(resolution)], POLICY).egress("shop").decide("http://a.example/")
    assert [one.code for one in decision.assumptions] == ["endpoints_unknown"]
    assert [str(one) for one in decision.candidates] == ["outbound|80||a.example", other]


def test_a_namespace_with_pods_is_known() -> None:
    """Where Pods of the namespace were given, those that are selected are all."""
    decision = load([entry("STATIC"), pod("other", **READY)], POLICY).egress("shop").decide("http://a.example/")
    assert (str(decision), decision.assumptions) == ("outbound|80||a.example (503 no_endpoints)", ())


def slice_of(name: str, **labels: str) -> dict[str, Any]:
    """Return an EndpointSlice of the Service *name* without endpoints."""
    metadata = {"name": f"{name}-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": name, **labels}}
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4"}


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.1", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]},
}
BY_CONTROLLER = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        pytest.param([slice_of("web")], "no_endpoints", id="a slice without endpoints is known"),
        pytest.param([slice_of("other")], "service", id="a slice of another Service says nothing"),
        pytest.param([slice_of("other", **BY_CONTROLLER)], "no_endpoints", id="the controller makes one for each"),
        pytest.param([pod("web", **{**READY, "phase": "Failed"})], "service", id="a Pod that failed is no endpoint"),
    ],
)
def test_slices_of_the_controller_are_all_there_are(given: list[Any], outcome: str) -> None:
    """A Service has no endpoints for certain only if its slices, or all of its namespace, were given."""
    decision = load([SERVICE, *given], POLICY).egress("shop").decide("http://web/")
    assert decision.outcome.value == outcome
    assert decision.is_certain is (outcome == "no_endpoints")
