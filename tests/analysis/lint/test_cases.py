"""Every row of the table of findings: what is found, about which part, and that its witness proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from meshegress import Mesh, MeshFinding, Severity, Workload, lint
from meshegress.analysis.lint.finding import RULES

Document = dict[str, Any]


def document(kind: str, name: str, spec: Document, namespace: str = "shop", created: int | None = None) -> Document:
    """Return an Istio object, *created* in that year."""
    metadata: Document = {"name": name, "namespace": namespace}
    if created is not None:
        metadata["creationTimestamp"] = f"{created}-01-01T00:00:00Z"
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def entry(name: str, *ports: tuple[int, str], hosts: Sequence[str] = (), **more: Any) -> Document:
    """Return a ServiceEntry for ``NAME.com``, or other *hosts*."""
    rows = [{"number": number, "name": f"p{number}", "protocol": protocol} for number, protocol in ports]
    place = {key: more.pop(key) for key in ("namespace", "created") if key in more}
    spec = {"hosts": list(hosts) or [f"{name}.com"], "ports": rows, "resolution": "DNS", **more}
    return document("ServiceEntry", name, spec, **place)


def routes(*http: Document, **more: Any) -> Document:
    """Return a VirtualService for ``a.com``."""
    return document("VirtualService", "routes", {"hosts": ["a.com"], "http": list(http), **more})


def to(host: str, **destination: Any) -> Document:
    """Return the route to *host*."""
    return {"route": [{"destination": {"host": host, **destination}}]}


A = entry("a", (80, "HTTP"))
OLD: dict[str, Any] = {"created": 2024}
NEW: dict[str, Any] = {"created": 2025}
STRICT = {"mode": "REGISTRY_ONLY"}
Expected = list[tuple[str, str, str]]

CASES: dict[str, tuple[list[Document], Expected]] = {
    "nothing is wrong": ([A, entry("b", (443, "TLS"))], []),
    "port hijack": (
        [entry("b", (443, "HTTPS")), entry("t", (443, "TCP"))],
        [("EG401", "t", "spec.ports[0]")],
    ),
    "the younger of two is dead": (
        [entry("t", (9000, "TCP"), **OLD), entry("u", (9000, "TCP"), **NEW)],
        [("EG401", "t", "spec.ports[0]"), ("EG402", "u", "")],
    ),
    "not exported": ([entry("a", (80, "HTTP"), exportTo=["nowhere"])], [("EG402", "a", "")]),
    "a subset that nobody declares": ([A, routes(to("a.com", subset="v1"))], [("EG403", "routes", "")]),
    "a port that is not declared": ([A, routes(to("a.com", port={"number": 81}))], [("EG403", "routes", "")]),
    "no route for the rest": (
        [A, routes({"match": [{"uri": {"prefix": "/v1"}}], **to("a.com")})],
        [("EG403", "routes", "")],
    ),
    "bytes taken, and lost": (
        [entry("t", (9000, "TCP"), resolution="STATIC", endpoints=[])],
        [("EG401", "t", "spec.ports[0]")],
    ),
    "no endpoints": (
        [entry("a", (80, "HTTP"), resolution="STATIC", endpoints=[])],
        [("EG403", "a", "spec.ports[0]")],
    ),
    "does not merge": (
        [A | {"metadata": A["metadata"] | {"creationTimestamp": "2024-01-01T00:00:00Z"}},
         entry("z", (81, "HTTP"), hosts=["a.com"], resolution="NONE", **NEW)],
        [("EG404", "z", "spec.ports[0]")],
    ),
    "same host in two namespaces": (
        [entry("a", (80, "HTTP"), **OLD), entry("a", (80, "HTTP"), namespace="other", **NEW)],
        [("EG402", "a", ""), ("EG402", "a", ""), ("EG405", "a", "spec.hosts[0]")],
    ),
    "wildcard and exact": (
        [entry("w", (80, "HTTP"), hosts=["*.a.com", "a.com"], resolution="NONE"),
         entry("x", (80, "HTTP"), hosts=["x.a.com"])],
        [("EG406", "x", "")],
    ),
    "443 declared as HTTP": ([entry("a", (443, "HTTP"))], [("EG407", "a", "spec.ports[0]")]),
    "443 declared as HTTP, and encrypted by a rule": (
        [entry("a", (443, "HTTP")),
         document("DestinationRule", "a", {"host": "a.com", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}})],
        [],
    ),
    "MySQL declared as TLS": ([entry("a", (3306, "TLS"))], [("EG408", "a", "")]),
    "Envoy refuses the listener": (
        [entry("p", (443, "TLS"), hosts=["*foo.com"], resolution="NONE"), entry("ok", (443, "TLS"))],
        [("EG409", "p", "")],
    ),
    "ages decide": (
        [entry("t", (9000, "TCP")), entry("u", (9000, "TCP"))],
        [("EG401", "t", "spec.ports[0]"), ("EG410", "t", ""), ("EG410", "u", "")],
    ),
    "a Sidecar imports nothing": (
        [A, document("Sidecar", "s", {"egress": [{"hosts": ["./a.com", "./gone.com"]}]}), entry("b", (81, "HTTP"))],
        [("EG411", "s", "spec.egress[0].hosts[1]")],
    ),
    "a rule for nobody": (
        [document("DestinationRule", "d", {"host": "gone.com"})],
        [("EG411", "d", "spec.host")],
    ),
    "an empty policy": (
        [A, document("Sidecar", "s", {"outboundTrafficPolicy": {}, "egress": [{"hosts": ["*/*"]}]})],
        [("EG412", "s", "spec.outboundTrafficPolicy")],
    ),
    "another mode than the mesh": (
        [A, document("Sidecar", "s", {"outboundTrafficPolicy": STRICT, "egress": [{"hosts": ["*/*"]}]})],
        [("EG412", "s", "spec.outboundTrafficPolicy.mode")],
    ),
    "all of a domain that belongs to nobody": (
        [entry("w", (443, "TLS"), hosts=["*.com"], resolution="NONE")],
        [("EG413", "w", "spec.hosts[0]")],
    ),
    "a wildcard without its apex": (
        [entry("w", (443, "TLS"), hosts=["*.a.com"], resolution="NONE")],
        [("EG413", "w", "spec.hosts[0]")],
    ),
    "TLS in TLS": (
        [entry("a", (443, "TLS")),
         document("DestinationRule", "a", {"host": "a.com", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}})],
        [("EG413", "a", "spec.ports")],
    ),
    "a route behind one that takes all": (
        [A, routes({**to("a.com"), "timeout": "5s"}, {"match": [{"uri": {"prefix": "/v1"}}], **to("a.com")})],
        [("EG414", "routes", "spec.http[1]")],
    ),
    "a match within another": (
        [A, routes({"match": [{"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/ab"}}], **to("a.com")}, to("a.com"))],
        [("EG414", "routes", "spec.http[0].match[1]")],
    ),
    "a timeout is not nothing": ([A, routes({**to("a.com"), "timeout": "5s"})], []),
    "routes for nobody": ([routes(to("a.com"))], [("EG402", "routes", "")]),
    "routes for a gateway": ([A, routes(to("a.com"), gateways=["edge"])], []),
}  # fmt: skip


def found_in(documents: list[Document]) -> tuple[Mesh, tuple[MeshFinding, ...]]:
    """Return the mesh of *documents*, and what is found in it."""
    mesh = Mesh(documents)
    return mesh, lint(mesh)


@pytest.mark.parametrize("name", CASES)
def test_row(name: str) -> None:
    """What is found is this and nothing else."""
    documents, expected = CASES[name]
    _, found = found_in(documents)
    assert sorted((one.code, one.about[2], one.field) for one in found) == sorted(expected)


@pytest.mark.parametrize("name", CASES)
def test_a_witness_is_a_proof(name: str) -> None:
    """Without the resource the witness is answered as `before` says, with it as `after` says, and they differ."""
    mesh, found = found_in(CASES[name][0])
    for one in found:
        if one.witness is None or one.before is None or one.after is None:
            continue
        kind, namespace, own = one.about
        removed = {
            "apiVersion": "networking.istio.io/v1",
            "kind": kind,
            "metadata": {"name": own, "namespace": namespace},
        }
        for workload in one.workloads:
            assert mesh.with_changes(removed=[removed]).egress(workload).decide(one.witness) == one.before
            assert mesh.egress(workload).decide(one.witness) == one.after
        assert one.before != one.after


def test_every_code_has_a_case() -> None:
    """But for those of what is ignored, and of what takes too long."""
    found = {code for _, expected in CASES.values() for code, _, _ in expected}
    assert set(RULES) - found == {"EG415", "EG421", "EG422"}


NEEDS_NO_WITNESS = {"EG402", "EG405", "EG411", "EG413", "EG414"}


@pytest.mark.parametrize("name", CASES)
def test_who_needs_a_witness_has_one(name: str) -> None:
    """All but what changes nothing, and what no request is needed for."""
    for one in found_in(CASES[name][0])[1]:
        assert (one.witness is None) == (one.code in NEEDS_NO_WITNESS)


def test_victims_have_names() -> None:
    """A port of bytes takes what shows no name from those who have one, and everything that nobody declares."""
    _, (one,) = found_in(CASES["port hijack"][0])
    assert one.victims[0] == "connections to `b.com` of ServiceEntry `shop/b` that show no server name"
    assert "every other server name, and none on port 443 (PassthroughCluster without it)" in one.victims
    assert all(victim in one.message for victim in one.victims)


def test_victims_of_what_envoy_refuses_have_names() -> None:
    """All that was in the listener fails with it."""
    _, (one,) = found_in(CASES["Envoy refuses the listener"][0])
    assert one.victims == ("`ok.com` of ServiceEntry `shop/ok`",)
    assert "partial wildcard" in one.message


def test_the_dead_say_why() -> None:
    """Hidden, or beaten."""
    _, (one,) = found_in(CASES["not exported"][0])
    assert "is not exported to namespace" in one.message
    found = found_in(CASES["the younger of two is dead"][0])[1]
    assert any("shares port 9000 with ServiceEntry `shop/t`" in one.message for one in found)


def test_what_ages_decide_has_both_answers() -> None:
    """Whoever is older has the port."""
    found = [one for one in found_in(CASES["ages decide"][0])[1] if one.code == "EG410"]
    assert all("goes to outbound|9000||t.com or outbound|9000||u.com" in one.message for one in found)


def test_the_broken_say_what_is_missing() -> None:
    """In the words of the reasons."""
    (one,) = found_in(CASES["a subset that nobody declares"][0])[1]
    assert "no DestinationRule of `a.com` names subset `v1`" in one.message
    assert one.severity is Severity.ERROR


def test_rules_choose_by_the_beginning_of_a_code() -> None:
    """A family, or one."""
    mesh = Mesh(CASES["ages decide"][0])
    assert {one.code for one in lint(mesh, rules=["EG410"])} == {"EG410"}
    assert {one.code for one in lint(mesh, rules=["EG40"])} == {"EG401"}
    assert lint(mesh, rules=[]) == ()


def test_workloads_are_those_that_are_asked() -> None:
    """What nobody of them sees is dead for them."""
    mesh = Mesh([entry("a", (80, "HTTP"), exportTo=["."])])
    assert lint(mesh) == ()
    assert [one.code for one in lint(mesh, [Workload("elsewhere")])] == ["EG402"]
