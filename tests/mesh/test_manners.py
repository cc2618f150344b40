"""What an embedder meets: each mistake is one clear error, and what is meant is done."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import find

from meshegress import (
    Decision,
    Egress,
    Mesh,
    Named,
    Outcome,
    Request,
    RequestError,
    ResourceError,
    Workload,
    check,
    load,
)
from meshegress.testing.strategies import requests

STORED = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: a
  namespace: shop
  creationTimestamp: {timestamp}
  uid: 1234
  resourceVersion: "5"
  generation: 1
spec:
  hosts: [a.example]
  ports: [{{number: 443, name: tls, protocol: TLS}}]
  resolution: DNS
"""
STRICT = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}


def entry(**spec: Any) -> dict[str, Any]:
    """Return the entry `shop/a`."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "a", "namespace": "shop", "creationTimestamp": "2025-01-01T00:00:00Z"},
        "spec": {
            "hosts": ["a.example"],
            "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}],
            "resolution": "DNS",
            **spec,
        },
    }


def names(mesh: Mesh) -> list[tuple[str, str]]:
    """Return namespace and name of each entry."""
    return [(one.namespace, one.name) for one in mesh.resources.service_entries]


@pytest.mark.parametrize("timestamp", ['"2025-01-01T00:00:00Z"', "2025-01-01T00:00:00Z"])
def test_an_object_of_the_api_server_passes_its_own_schema(timestamp: str) -> None:
    """Timestamps are text there."""
    assert check(STORED.format(timestamp=timestamp), validation="cluster", complete=True)[1] == ()
    assert check(entry(), validation="cluster", complete=True)[1] == ()


@pytest.mark.parametrize(
    "removed",
    [
        pytest.param({**entry(), "spec": {"hosts": [1]}}, id="a broken spec"),
        pytest.param({**entry(), "metadata": {"name": "a", "namespace": "shop", "labels": [1]}}, id="broken labels"),
        pytest.param(("ServiceEntry", "shop", "a"), id="a triple"),
        pytest.param([("ServiceEntry", "shop", "a"), ("Sidecar", "shop", "b")], id="triples"),
        pytest.param(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: shop}", id="text"
        ),
    ],
)
def test_of_what_is_removed_the_identity_is_enough(removed: Any) -> None:
    """Whatever else is wrong with it."""
    assert names(Mesh([entry()]).with_changes(removed=removed)) == []


def test_what_is_not_there_is_removed_without_a_word() -> None:
    """Nothing changes."""
    gone = {**entry(), "metadata": {"name": "nope", "namespace": "shop"}}
    assert names(Mesh([entry()]).with_changes(removed=[gone])) == [("shop", "a")]


def test_a_change_has_a_namespace() -> None:
    """For objects that name none, added and removed."""
    bare = {**entry(), "metadata": {"name": "a"}}
    mesh = Mesh().with_changes([bare], namespace="web")
    assert names(mesh) == [("web", "a")]
    assert names(mesh.with_changes(removed=[bare])) == [("web", "a")]
    assert names(mesh.with_changes(removed=[bare], namespace="web")) == []


@pytest.mark.parametrize("now", [1767225600, datetime(2026, 1, 1, tzinfo=UTC)])
def test_what_is_new_is_as_old_as_now(now: Any) -> None:
    """What was there keeps its age, as in the cluster."""
    undated = {**entry(), "metadata": {"name": "a", "namespace": "shop"}}
    other = {**entry(hosts=["b.example"]), "metadata": {"name": "b", "namespace": "shop"}}
    mesh = Mesh([entry()]).with_changes([undated, other], now=now)
    assert [one.metadata.creation_timestamp for one in mesh.resources.service_entries] == [1735689600, 1767225600]


def test_a_change_can_be_checked() -> None:
    """What is usable is taken, and every finding is told."""
    mesh, findings = Mesh().check_changes([entry(hostss=["x"])])
    assert (names(mesh), [one.code for one in findings]) == ([("shop", "a")], ["EG303"])
    mesh, findings = Mesh([entry()]).check_changes([entry(hosts=[])], removed=[("ServiceEntry", "shop", "a")])
    assert (names(mesh), [one.code for one in findings]) == ([], ["EG212"])


def test_a_mesh_configuration_with_a_typo_is_refused() -> None:
    """With what may have been meant."""
    with pytest.raises(ResourceError, match="did you mean `outboundTrafficPolicy`"):
        Mesh(mesh_config={"outboundTrafficPolicyy": {"mode": "REGISTRY_ONLY"}})


def test_a_mesh_takes_a_policy() -> None:
    """The rest of its configuration stays."""
    mesh = Mesh(policy="REGISTRY_ONLY", mesh_config={"rootNamespace": "root"})
    assert (mesh.egress().policy, mesh.resources.mesh_config.root_namespace) == ("REGISTRY_ONLY", "root")
    with pytest.raises(ResourceError, match="REGISTRY"):
        Mesh(policy="REGISTRY")


def test_the_host_may_stand_in_the_headers_once_more() -> None:
    """It is the same host, and another one is a contradiction."""
    egress = Mesh([entry(ports=[{"number": 80, "name": "http", "protocol": "HTTP"}])], mesh_config=STRICT).egress(
        "shop"
    )
    for name in ("Host", "host", ":authority"):
        request = Request.http("a.example", headers={name: "A.example", "Accept": "*/*"})
        assert (request.headers, egress.decide(request).outcome) == ((("Accept", "*/*"),), Outcome.SERVICE)
        with pytest.raises(RequestError, match="another host"):
            Request.http("a.example", headers={name: "b.example"})


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("a.example:8080", None, 8080),
        ("a.example", None, 80),
        ("a.example:8080", 3128, 3128),
        ("[2001:db8::1]:81", None, 81),
        ("2001:db8::1", None, 80),
        (None, None, 80),
    ],
)
def test_the_port_is_that_of_the_host(host: str | None, port: int | None, expected: int) -> None:
    """Unless another one is given."""
    assert Request.http(host, port=port).port == expected


def test_a_connection_goes_to_a_name() -> None:
    """As a URL says it."""
    assert Request.tcp("db.example", 5432).name == "db.example"
    for wrong in ("a b", "10.0.0", "", "1.2.3.4.5"):
        with pytest.raises(RequestError):
            Request.tcp(wrong, 1)


def test_a_tunnel_is_asked_for() -> None:
    """At the target itself or at a proxy, with bytes right behind it or without."""
    asked = Request.connect("a.example:443", address="192.0.2.7", port=3128)
    assert (asked.method, asked.host, asked.port, asked.address) == ("CONNECT", "a.example:443", 3128, "192.0.2.7")
    assert Request.connect("a.example:443").port == 443
    early = Request.connect("a.example:443", first_bytes=b"\x16\x03")
    assert early.payload == b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n\x16\x03"
    with pytest.raises(RequestError, match="a host and a port"):
        Request.connect("a.example")


def test_a_request_shows_its_headers() -> None:
    """Each once, or all in their order."""
    request = Request.http("a.example", method="POST", headers={"x": "1"})
    assert repr(request) == "Request.http('a.example', method='POST', address=None, port=80, headers={'x': '1'})"
    twice = Request.http("a.example", headers=[("x", "1"), ("x", "2")])
    assert repr(twice).endswith("headers=(('x', '1'), ('x', '2')))")


def test_a_decision_has_no_truth() -> None:
    """Most that block would be taken for true."""
    decision = Mesh(mesh_config=STRICT).egress().decide("https://x.example/")
    with pytest.raises(TypeError, match="allowed"):
        bool(decision)


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_mesh_and_an_egress_are_copied(again: Callable[[Any], Any]) -> None:
    """With their resources and the workload; tables are made anew."""
    text = STORED.format(timestamp="2025-01-01T00:00:00Z")
    mesh = load(text, mesh_config=STRICT, istio="1.29")
    assert (again(mesh).istio, again(mesh).resources) == (mesh.istio, mesh.resources)
    egress = mesh.egress("shop", labels={"app": "cart"})
    copied = again(egress)
    assert (copied.workload, copied.policy) == (egress.workload, "REGISTRY_ONLY")
    assert copied.decide("https://a.example/") == egress.decide("https://a.example/")
    governor = copied.decide("https://a.example/").governed_by
    assert str(governor.source) == "<text>:2:1"


def test_a_mesh_and_an_egress_say_what_they_are() -> None:
    """In one line."""
    mesh = Mesh([entry(), {**entry(), "metadata": {"name": "b"}}])
    assert repr(mesh) == "Mesh(istio='1.30', policy='ALLOW_ANY', 2 ServiceEntry)"
    assert repr(mesh.egress("shop")) == "Egress('shop', istio='1.30', policy='ALLOW_ANY')"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param(lambda mesh: mesh.egress(None), "expected a Workload or a namespace, not NoneType", id="None"),
        pytest.param(lambda mesh: mesh.egress(labels=["app"]), "`labels` is a mapping", id="labels"),
        pytest.param(lambda mesh: mesh.egress(metadata="x"), "`metadata` is a mapping", id="metadata"),
        pytest.param(
            lambda mesh: mesh.egress().decide(b"https://a.example/"), "expected a Request or a URL", id="bytes"
        ),
        pytest.param(lambda mesh: Workload(cast("str", b"shop")), "a namespace is a text, not bytes", id="namespace"),
    ],
)
def test_a_value_of_the_wrong_type_is_one_clear_error(ask: Callable[[Mesh], Any], message: str) -> None:
    """It names what was expected."""
    with pytest.raises(TypeError, match=message):
        ask(Mesh())


def test_one_address_is_one_address() -> None:
    """A text is not taken apart."""
    assert Mesh().egress(addresses="10.0.0.1").workload.addresses == ("10.0.0.1",)


def test_what_stands_beside_a_workload_goes_before_it() -> None:
    """Nothing that is given is dropped."""
    workload = Workload("shop", labels={"app": "cart"}, addresses=("10.0.0.1",))
    assert Mesh().egress(workload, labels={"app": "web"}).workload == Workload(
        "shop", labels={"app": "web"}, addresses=("10.0.0.1",)
    )


def test_a_source_has_the_name_that_it_is_given() -> None:
    """A mapping, and a text, which is never a path then."""
    broken = {**entry(), "spec": {"hosts": [1]}}
    assert [one.where.file for one in check(Named("request.object", broken))[1]] == ["request.object"]
    assert str(check(Named("form", "a: ["))[1][0].where).startswith("form")
    mesh = load(Named("request.object", entry()))
    decision: Decision = mesh.egress("shop").decide("https://a.example/")
    assert decision.governed_by is not None
    assert str(decision.governed_by.source) == "request.object"


def test_a_finding_is_one_line() -> None:
    """Without its cure."""
    finding = check(entry(hostss=["x"]))[1][0]
    assert str(finding) == f"{finding.line()}\n  help: did you mean `hosts`?"
    assert "\n" not in finding.line()


def test_requests_are_drawn_for_a_mesh() -> None:
    """Some ask for what is in it."""
    mesh = Mesh([entry(hosts=["only.here.example"])])
    assert find(requests(mesh), lambda one: one.sni == "only.here.example").port > 0


def test_an_unknown_namespace_gets_an_answer() -> None:
    """That of any namespace with nothing of its own."""
    egress: Egress = Mesh([entry()]).egress("nope")
    assert str(egress.decide("https://a.example/")) == "outbound|443||a.example"
