"""What workloads share, and what the explanation says of what they do not see."""

from __future__ import annotations

import pytest

from meshegress import Mesh, Request, Workload, load
from meshegress.resources import ServiceEntry

SCOPED = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: shop}
spec: {workloadSelector: {labels: {tier: front}}, egress: [{hosts: [./*]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: shop}
spec: {hosts: [a.com], http: [{match: [{sourceLabels: {team: red}}], directResponse: {status: 418}}]}
"""


def test_workloads_that_are_told_the_same_share_it() -> None:
    """A thousand workloads of one scope hold one table, whatever labels and addresses they have beside."""
    mesh = load(SCOPED)
    egresses = [
        mesh.egress(
            "shop", labels={"app": str(number), "tier": "front"}, addresses=[f"10.0.{number // 250}.{number % 250}"]
        )
        for number in range(1000)
    ]
    assert len({id(egress.table) for egress in egresses}) == 1
    assert len({id(egress.names) for egress in egresses}) == 1
    decisions = {id(egress.decide(Request.http("a.com", address="192.0.2.9"))) for egress in egresses}
    assert len(decisions) == 1


def test_workloads_that_are_told_otherwise_share_their_scope() -> None:
    """Labels that a route asks for make another table, of the same services; a Sidecar's make another scope."""
    mesh = load(SCOPED)
    views = [mesh.tables_of(Workload("shop", labels=labels)) for labels in ({}, {"team": "red"}, {"tier": "front"})]
    assert len({id(view.program.table) for view in views}) == 3
    assert views[0].compiled.scope is views[1].compiled.scope
    assert views[0].compiled.scope is not views[2].compiled.scope
    assert len({id(view.registry) for view in views}) == 1


def test_an_entry_that_is_not_exported_is_named_by_the_explanation() -> None:
    """The explanation says that the entry exists, where, and why it does not count."""
    entry = ServiceEntry(
        metadata={"name": "a", "namespace": "other"},
        spec={
            "hosts": ["a.com"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "resolution": "DNS",
            "exportTo": ["."],
        },
    )
    told = str(Mesh([entry]).egress("shop").explain("http://a.com/"))
    assert "ServiceEntry `other/a` (<python>): exists, but is not exported to namespace `shop` (exportTo: .)" in told


TWO_ENTRIES = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: first, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: second, namespace: shop, creationTimestamp: 2024-01-02T00:00:00Z}
spec: {hosts: [a.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: exact, namespace: shop}
spec: {egress: [{hosts: [shop/a.com]}]}
"""


def test_an_entry_that_an_exact_import_loses_is_named_by_the_explanation() -> None:
    """Since 1.31 a Sidecar of exact hosts keeps one service of each host; the explanation says which."""
    told = str(load(TWO_ENTRIES, istio="1.31").egress("shop").explain("https://a.com/"))
    assert "ServiceEntry `shop/second`" in told
    assert "a Sidecar that names exact hosts keeps one service of each: `shop/first`" in told


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        pytest.param("", "ALLOW_ANY (Istio's default)", id="nobody"),
        pytest.param(
            "outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n",
            "REGISTRY_ONLY (MeshConfig `istio-system/istio`, <text>:2:9)",
            id="the mesh",
        ),
        pytest.param(
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s, namespace: shop}\n"
            "spec:\n  outboundTrafficPolicy: {}\n",
            "REGISTRY_ONLY (Sidecar `shop/s`, <text>:5:3)",
            id="a Sidecar that says nothing",
        ),
    ],
)
def test_the_explanation_says_whose_policy_decides(text: str, policy: str) -> None:
    """What nothing declares is for the policy, and its place is told."""
    told = load(text).egress("shop").explain("https://unknown.example/")
    assert f"nothing declares this, so the outboundTrafficPolicy decides: {policy}" in told.notes


def test_the_outcome_is_told_once() -> None:
    """The last line has the decision, and what the access log says."""
    told = str(load("outboundTrafficPolicy: {}").egress("shop").explain(Request.tcp("192.0.2.9", 25)))
    assert "  outcome       BlackHoleCluster (blackhole), logged as 0 UH -, governed by" in told
