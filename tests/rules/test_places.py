"""Each rule points at the exact value, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from meshegress.findings import Finding
from meshegress.loading import check

PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
ROUTE = {"route": [{"destination": {"host": "a.com"}}]}


def findings(kind: str, spec: dict[str, Any], **metadata: Any) -> list[Finding]:
    """Return what is said of an object of *kind*."""
    metadata = {"name": "a", "namespace": "shop", **metadata}
    return list(check({"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec})[1])


def entry(**fields: Any) -> dict[str, Any]:
    """Return the spec of an entry that is accepted, with *fields* changed."""
    return {"hosts": ["a.com"], "ports": [PORT], "resolution": "DNS", **fields}


def http(**fields: Any) -> dict[str, Any]:
    """Return the spec of a VirtualService whose one HTTP route has *fields*."""
    return {"hosts": ["a.com"], "http": [{**ROUTE, **fields}]}


CASES = [
    ("ServiceEntry", entry(hosts=["a.com", "*"]), "EG212 spec.hosts[1]"),
    ("ServiceEntry", entry(hosts=[]), "EG212 spec.hosts"),
    ("ServiceEntry", entry(addresses=["1.1.1.1", "10.0.0.0/33"], resolution="STATIC"), "EG213 spec.addresses[1]"),
    ("ServiceEntry", entry(ports=[PORT, {**PORT, "name": "b"}]), "EG214 spec.ports[1].number"),
    ("ServiceEntry", entry(ports=[{**PORT, "protocol": "SMTP"}]), "EG214 spec.ports[0].protocol"),
    ("ServiceEntry", entry(ports=[{**PORT, "targetPort": 70_000}]), "EG214 spec.ports[0].targetPort"),
    ("ServiceEntry", entry(hosts=["*.com"]), "EG216 spec.hosts[0]"),
    ("ServiceEntry", entry(resolution="NONE", endpoints=[{"address": "1.1.1.1"}]), "EG216 spec.endpoints"),
    ("ServiceEntry", entry(resolution="STATIC", endpoints=[{"address": "b.com"}]), "EG216 spec.endpoints[0].address"),
    (
        "ServiceEntry",
        entry(endpoints=[{"address": "b.com", "ports": {"tls": 1}}]),
        "EG216 spec.endpoints[0].ports.tls",
    ),
    ("ServiceEntry", entry(hosts=["a.com", "b.com"], ports=[{**PORT, "protocol": "TCP"}]), "EG217 spec.ports[0]"),
    ("ServiceEntry", entry(exportTo=[".", "shop"]), "EG203 spec.exportTo[1]"),
    ("ServiceEntry", entry(workloadSelector={"labels": {"app": "*"}}), "EG202 spec.workloadSelector.labels.app"),
    ("Sidecar", {}, "EG221 spec"),
    ("Sidecar", {"egress": [{"hosts": ["*/*", "a.com"]}]}, "EG223 spec.egress[0].hosts[1]"),
    ("Sidecar", {"egress": [{"port": {"number": 0}, "hosts": ["*/*"]}]}, "EG222 spec.egress[0].port.number"),
    ("Sidecar", {"egress": [{"hosts": ["*/*"]}, {"hosts": ["*/*"]}]}, "EG222 spec.egress[0]"),
    (
        "Sidecar",
        {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY", "egressProxy": {"host": "a.com"}}},
        "EG226 spec.outboundTrafficPolicy.egressProxy",
    ),
    ("VirtualService", {"hosts": ["a.com", "*.com"], "http": [ROUTE]}, "EG234 spec.hosts[1]"),
    ("VirtualService", {"hosts": ["a.com"]}, "EG235 spec"),
    ("VirtualService", {"http": [ROUTE], "gateways": ["mesh"]}, "EG231 spec.gateways"),
    ("VirtualService", http(match=[{"uri": {"regex": "("}}]), "EG236 spec.http[0].match[0].uri.regex"),
    ("VirtualService", http(match=[{"headers": {"a b": {}}}]), "EG236 spec.http[0].match[0].headers.a b"),
    ("VirtualService", http(redirect={"uri": "/"}), "EG236 spec.http[0].route"),
    ("VirtualService", http(timeout="1us"), "EG236 spec.http[0].timeout"),
    (
        "VirtualService",
        {"hosts": ["a.com"], "tls": [{"match": [{"sniHosts": ["b.com"]}], **ROUTE}]},
        "EG237 spec.tls[0].match[0].sniHosts[0]",
    ),
    (
        "VirtualService",
        {"hosts": ["a.com"], "tcp": [{"match": [{"destinationSubnets": ["x"]}], **ROUTE}]},
        "EG238 spec.tcp[0].match[0].destinationSubnets[0]",
    ),
    ("VirtualService", {"hosts": ["a.com"], "http": [ROUTE, ROUTE]}, "EG239 spec.http[1]"),
    ("DestinationRule", {"host": "a_b"}, "EG251 spec.host"),
    ("DestinationRule", {"host": "a.com", "trafficPolicy": {}}, "EG252 spec.trafficPolicy"),
    ("DestinationRule", {"host": "a.com", "subsets": [{"name": "v1"}] * 2}, "EG253 spec.subsets[1].name"),
    ("WorkloadEntry", {"address": "unix://x"}, "EG261 spec.address"),
    ("Gateway", {"servers": [{"hosts": ["*"]}]}, "EG272 spec.servers[0].port"),
]


@pytest.mark.parametrize(("kind", "spec", "place"), CASES, ids=[place for _, _, place in CASES])
def test_a_rule_points_at_the_value(kind: str, spec: dict[str, Any], place: str) -> None:
    """One thing is wrong, one thing is said, of exactly that value."""
    assert [f"{finding.code} {finding.field}" for finding in findings(kind, spec)] == [place]


def test_every_problem_is_told_at_once() -> None:
    """One fault does not hide another."""
    spec = entry(hosts=["*"], addresses=["x"], ports=[{"number": 0, "name": "a_b"}], exportTo=["*", "shop"])
    codes = {finding.code for finding in findings("ServiceEntry", spec)}
    assert codes == {"EG203", "EG212", "EG213", "EG214"}


def test_an_annotation_stops_istio_before_it_warns() -> None:
    """Warnings that Istio never reaches are not told; errors are."""
    found = findings(
        "ServiceEntry", entry(hosts=["*a.com"], resolution="NONE"), annotations={"istio.io/dry-run": "true"}
    )
    assert [f"{finding.code} {finding.field}" for finding in found] == ["EG201 metadata.annotations.istio.io/dry-run"]


@pytest.mark.parametrize("release", ["1.24", "1.30"])
def test_an_automatic_address_spares_the_warning(release: str) -> None:
    """From 1.25 on, istiod gives an entry without addresses automatic ones."""
    spec = entry(ports=[{"number": 9000, "name": "tcp", "protocol": "TCP"}])
    document = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}, "spec": spec}
    codes = [finding.code for finding in check(document, istio=release)[1]]
    assert codes == (["EG215"] if release == "1.24" else [])
