"""What ``diff`` hands out: sets that can be asked, sentences, Markdown, JSON, names, and what is uncertain."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analysis.test_cases import BAIDU, Document, document, entry
from meshegress import Change, Difference, Effect, Mesh, Request, RequestError, Workload, diff, diff_meshes

ALLOW = Mesh([BAIDU], complete=True).egress("shop")
STRICT = Mesh([BAIDU], mesh_config={"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}).egress("shop")


@pytest.fixture(scope="module")
def flip() -> Difference:
    """The difference that a strict policy makes."""
    return diff(ALLOW, STRICT)


def only(found: Difference, effect: Effect) -> Change:
    """Return the one ordinary change with this effect."""
    (change,) = (one for one in found.changes if one.effect is effect and not one.is_minor)
    return change


def test_a_change_is_found_by_url(flip: Difference) -> None:
    """A URL has no address: every address that it may have is asked."""
    blocked = flip.find("https://www.example.org/")
    assert blocked is not None
    assert (blocked.effect, blocked.before_text, blocked.after_text) == (
        Effect.BLOCKED,
        "PassthroughCluster",
        "BlackHoleCluster (blackhole)",
    )
    assert flip.find("https://www.baidu.com/") is None
    assert flip.find(Request.tls("a.com", address="1.2.3.4")) is blocked


def test_a_bad_url_is_refused(flip: Difference) -> None:
    """What is not a URL is an error of the caller."""
    with pytest.raises(RequestError):
        flip.find("no url")


def test_sets_can_be_asked_and_shown(flip: Difference) -> None:
    """Ports, addresses, first bytes and names are sets with words of their own."""
    tls = flip.find("https://www.example.org/")
    assert tls is not None
    assert (443 in tls.ports, 80 in tls.ports, str(tls.ports)) == (True, False, "port 443")
    assert ("9.9.9.9" in tls.addresses, "::1" in tls.addresses) == (True, False)
    assert ("a.com" in tls.names, "www.baidu.com" in tls.names) == (True, False)
    assert (Request.tls("a.com") in tls.first_bytes, Request.http("a.com") in tls.first_bytes) == (True, False)
    everything = flip.find("tcp://a.com:9999")
    assert everything is not None
    assert (str(everything.ports), 9999 in everything.ports, 443 in everything.ports) == (
        "every port without a listener",
        True,
        False,
    )


def test_witnesses_are_decided_on_both_sides(flip: Difference) -> None:
    """Each change shows a request, and what each side says to it."""
    for change in flip.changes:
        assert change.contains(change.witness)
        assert (ALLOW.decide(change.witness), STRICT.decide(change.witness)) == (change.before, change.after)


def test_other_families_are_set_aside(flip: Difference) -> None:
    """A workload without IPv6 addresses sends nothing there; what would change there is kept apart."""
    assert {"IPv6" in text for change in flip.changes for text in change.addresses.texts} == {False}
    assert {"IPv6" in text for change in flip.beyond for text in change.addresses.texts} == {True}
    dual = Workload("shop", addresses=("192.0.2.1", "2001:db8::1"))
    both = diff(Mesh([BAIDU]).egress(dual), Mesh().egress(dual))
    assert (only(both, Effect.MOVED).addresses.texts, both.beyond) == (("any IPv4 address", "any IPv6 address"), ())


def test_text_says_what_to_do(flip: Difference) -> None:
    """A headline, then a paragraph for each change: whom it reaches, from what to what, an example, because of what."""
    text = str(flip)
    assert text.startswith(
        "3 changes: 3 blocked\n\nblocked  TLS on port 443 to any IPv4 address, for every other server name"
    )
    assert "\n         e.g. TLS for www.example.net to 203.0.113.1:443\n" in text
    assert text.count("\n\n") < 10
    assert len(flip.text(everything=True)) >= len(text)


def test_nothing_is_said_in_one_sentence() -> None:
    """An empty difference is false, proven, and says so."""
    same = diff(ALLOW, ALLOW)
    assert (bool(same), same.is_proven, str(same), same.markdown()) == (
        False,
        True,
        "No change in egress behaviour.",
        "**No change in egress behaviour.**",
    )


def test_markdown_fits_a_comment() -> None:
    """GitHub takes 65,536 characters; whatever there is, no more are written, and nothing breaks the table."""
    entries = [entry(f"e{number}", f"h{number}.example.com", number + 1000, "TCP") for number in range(400)]
    found = diff(Mesh(entries).egress("shop"), Mesh().egress("shop"))
    text = found.markdown(most=1000, limit=5000)
    assert len(text) <= 5000
    assert " more" in text
    row = next(line for line in text.splitlines() if line.startswith("| moved"))
    assert row.replace(r"\|", "").count("|") == 6


def test_json_has_everything(flip: Difference) -> None:
    """What is shown can be had as JSON, with the witness and both decisions."""
    shown = json.loads(json.dumps(flip.as_dict()))
    assert (shown["schema_version"], shown["equal"], shown["proven"], shown["doubts"]) == (1, False, True, [])
    first = shown["changes"][0]
    assert (first["effect"], first["certain"], first["ports"]) == ("blocked", True, [443])
    assert Request.from_dict(first["witness"]["request"]) == flip.changes[0].witness
    assert first["witness"]["after"]["outcome"] == "blackhole"


def test_names_that_resolve_otherwise() -> None:
    """What the DNS proxy answers is part of the behaviour."""
    addressed = entry("a", "a.com", 9000, "TCP", addresses=["10.1.2.3"])
    moved = entry("a", "a.com", 9000, "TCP", addresses=["10.9.9.9"])
    found = diff(Mesh([addressed]).egress("shop"), Mesh([moved]).egress("shop"))
    assert dict(found.names) == {"a.com": (("10.1.2.3",), ("10.9.9.9",))}
    assert "a.com resolves to 10.9.9.9, before to 10.1.2.3" in str(found)


def undated(*hosts: str) -> list[Document]:
    """Return TCP entries without ages that want one port."""
    return [entry(host.partition(".")[0], host, 9000, "TCP") for host in hosts]


def test_a_change_in_another_order_alone_is_not_certain() -> None:
    """Where nobody knows which entry is the first, the candidates of both sides are compared, too."""
    found = diff(Mesh(undated("a.com", "b.com")).egress("shop"), Mesh(undated("a.com", "c.com")).egress("shop"))
    change = found.find("tcp://a.com:9000")
    assert change is not None
    assert (change.is_certain, change.effect) == (False, Effect.MOVED)
    assert (change.before_text, change.after_text) == (
        "outbound|9000||a.com or outbound|9000||b.com",
        "outbound|9000||a.com or outbound|9000||c.com",
    )
    assert "not certain" in str(found)


def test_a_change_in_every_order_is_certain() -> None:
    """Two sides without a common candidate differ whatever the order is."""
    found = diff(Mesh(undated("a.com", "b.com")).egress("shop"), Mesh(undated("c.com", "d.com")).egress("shop"))
    change = found.find("tcp://a.com:9000")
    assert change is not None
    assert change.is_certain


def test_a_change_shows_where_it_comes_from() -> None:
    """The resources behind both answers are named with their files and lines."""
    change = only(diff(Mesh(json.dumps(BAIDU)).egress("shop"), Mesh().egress("shop")), Effect.MOVED)
    assert [(str(origin), str(origin.source)) for origin in change.governed_by][:1] == [
        ("ServiceEntry `shop/b`", "<text>:1:1")
    ]


def test_what_is_not_modelled_is_said() -> None:
    """An EnvoyFilter that patches listeners may change the answer: a difference beside one says so."""
    patch = {"applyTo": "LISTENER", "match": {"context": "SIDECAR_OUTBOUND"}, "patch": {"operation": "MERGE"}}
    envoy_filter = document("EnvoyFilter", "lua", {"configPatches": [patch]})
    envoy_filter["apiVersion"] = "networking.istio.io/v1alpha3"
    found = diff(Mesh([BAIDU, envoy_filter]).egress("shop"), Mesh([envoy_filter]).egress("shop"))
    (reason,) = found.assumptions
    assert reason.startswith("EnvoyFilter `shop/lua` (<mapping>) is not modelled")
    assert f"could be otherwise: {reason}" in str(found)


# All workloads.


def test_the_universe_is_derived_and_said() -> None:
    """Namespaces of the resources, with each set of labels that a selector tells apart."""
    selector = {"workloadSelector": {"labels": {"app": "web"}}, "egress": [{"hosts": ["./*"]}]}
    mesh = Mesh([BAIDU, document("Sidecar", "web", selector)])
    found = diff_meshes(mesh, mesh)
    assert [(one.namespace, dict(one.labels)) for one in found.universe.workloads] == [
        ("default", {}),
        ("shop", {}),
        ("shop", {"app": "web"}),
    ]
    assert str(found).endswith(
        "(3 workloads in 2 namespaces: one for each set of labels and address family that the resources tell apart)"
    )


def test_workloads_with_the_same_change_are_one_group() -> None:
    """What is private to a namespace changes there alone; what is public changes everywhere in the same way."""
    private = entry("p", "p.com", 9443, "TLS", "shop", exportTo=["."])
    others = [entry(f"e{number}", f"e{number}.com", 443, "TLS", f"team-{number}") for number in range(7)]
    found = diff_meshes(Mesh([*others, private]), Mesh(others))
    assert [str(group) for group in found.groups] == ["for workloads of `shop`"]
    everywhere = diff_meshes(Mesh([*others, private]), Mesh([*others[1:], private]))
    assert [len(group.workloads) for group in everywhere.groups] == [len(everywhere.universe.workloads)]
    assert "in 9 namespaces: `default`, `shop`, `team-0`, `team-1`, `team-2` and 4 more" in str(everywhere)


def test_given_workloads_are_the_universe() -> None:
    """Who names workloads is told of these alone."""
    found = diff_meshes(Mesh([BAIDU]), Mesh(), [Workload("shop")])
    shown: dict[str, Any] = found.as_dict()
    assert (shown["universe"], shown["equal"]) == ({"workloads": 1, "derived": False}, False)
    assert found.markdown().startswith("### for workloads of `shop`")


# What was not given.


def test_another_world_is_compared_too() -> None:
    """With two mesh configurations that could count, what differs under the other one alone is a change."""

    def policy(mode: str, revision: str) -> dict[str, Any]:
        metadata = {"name": f"istio-{revision}", "namespace": "istio-system", "labels": {"istio.io/rev": revision}}
        text = f"outboundTrafficPolicy:\n  mode: {mode}\n"
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": text}}

    strict, lax = policy("REGISTRY_ONLY", "a"), policy("ALLOW_ANY", "b")
    one, both = Mesh([strict]), Mesh([strict, lax])
    request = Request.tcp("203.0.113.9", 9999)
    answers = [mesh.egress("shop").decide(request) for mesh in (one, both)]
    found = diff(one.egress("shop"), both.egress("shop"))
    assert (found.find(request) is not None) == (str(answers[0]) != str(answers[1]) or bool(answers[1].candidates))


def test_a_policy_that_was_not_given_is_no_policy_that_was() -> None:
    """ALLOW_ANY by default may be another mode; ALLOW_ANY that is given is not."""
    given = Mesh(mesh_config={"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}})
    (change,) = (one for one in diff(Mesh().egress("shop"), given.egress("shop")).changes if not one.is_minor)
    assert not change.is_certain
    assert change.before.candidates
    assert not change.after.candidates


def test_a_service_that_was_not_given_may_be_missing() -> None:
    """A route to a Service of a namespace of which nothing was given is no longer a doubt when the Service is there."""
    spec = {"hosts": ["www.baidu.com"], "http": [{"route": [{"destination": {"host": "web.far.svc.cluster.local"}}]}]}
    routes = document("VirtualService", "away", spec)
    own = document(
        "ServiceEntry", "b", {**BAIDU["spec"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}]}
    )
    port = {"name": "http", "port": 80}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "far"}}
    service["spec"] = {"clusterIP": "10.0.0.9", "ports": [port], "selector": {"app": "web"}}
    slice_of = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "far", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.1.1"]}],
        "ports": [port],
    }
    sides = [Mesh([own, routes, *more]).egress("shop") for more in ([], [service, slice_of])]
    request = Request.http("www.baidu.com", address="203.0.113.9")
    answers = [side.decide(request) for side in sides]
    assert answers[0].assumptions != answers[1].assumptions
    assert diff(*sides).find(request) is not None
