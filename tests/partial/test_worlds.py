"""Inputs as people have them, and what must be answered: what was not given is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress import Decision, load

WORLDS = Path(__file__).parents[1] / "data" / "worlds"
ROUTES = "http://foo-bar.front.example"
DB = "db.shop.svc.cluster.local"
WEB = "web.shop.svc.cluster.local"
ORDERS = "tcp://orders.cluster-abc.region-1.rds.cloud.example:5432"
BILLED = "outbound|5432||billing.cluster-def.region-1.rds.cloud.example"
GATEWAY = "istio-egressgateway.istio-egress.svc.cluster.local"


def asked(names: str, url: str, namespace: str, *, complete: bool = False) -> Decision:
    """Return the decision on *url* from *namespace* in the world of the files *names*."""
    paths = [WORLDS / f"{name}.yaml" for name in names.split()]
    return load(*paths, complete=complete).egress(namespace).decide(url)


def codes(decision: Decision) -> list[str]:
    """Return the codes of what *decision* assumes."""
    return [one.code for one in decision.assumptions]


@pytest.mark.parametrize(
    ("names", "url", "namespace", "answer", "assumed"),
    [
        ("svc", "http://web.shop/", "shop", f"outbound|80||{WEB}", ["endpoints_unknown"]),
        ("svc slice-only", "http://web.shop/", "shop", f"outbound|80||{WEB}", []),
        ("sub slice-only", "http://web.shop/p", "shop", f"outbound|80|plain|{WEB}", []),
        (
            "sub slice-only",
            "http://web.shop/v2",
            "shop",
            f"outbound|80|v2|{WEB}",
            ["subset_labels_unknown"],
        ),
        ("sub slice-only", "http://web.shop/", "shop", f"outbound|80||{WEB}", []),
        ("sub ep", "http://web.shop/p", "shop", f"outbound|80|plain|{WEB}", []),
        ("sub ep", "http://web.shop/v2", "shop", f"outbound|80|v2|{WEB}", []),
        ("sub ep", "http://web.shop/", "shop", f"outbound|80||{WEB}", []),
        (
            "headless",
            "tcp://db.shop.svc.cluster.local:5432",
            "shop",
            f"outbound|5432||{DB}",
            ["endpoints_unknown"],
        ),
        ("headless", "tcp://db:5432", "shop", f"outbound|5432||{DB}", ["endpoints_unknown"]),
        (
            "legacy-endpoints",
            "http://web.shop/",
            "shop",
            f"outbound|80||{WEB}",
            ["endpoints_unknown"],
        ),
        (
            "legacy-endpoints",
            "tcp://legacy-db.shop:5432",
            "shop",
            f"outbound|5432||legacy-{DB}",
            [],
        ),
        (
            "routes routes-gateway routes-endpoints",
            f"{ROUTES}/foo",
            "ns4",
            "outbound|80|v2|foo.ns1.svc.cluster.local",
            ["subset_labels_unknown"],
        ),
        (
            "routes routes-gateway",
            f"{ROUTES}/foo",
            "ns4",
            "outbound|80|v2|foo.ns1.svc.cluster.local",
            ["endpoints_unknown", "subset_labels_unknown"],
        ),
        (
            "routes routes-gateway",
            f"{ROUTES}/bar",
            "ns4",
            "outbound|80|v2|bar.ns2.svc.cluster.local (503 no_cluster)",
            [],
        ),
        (
            "routes routes-gateway",
            f"{ROUTES}/short",
            "ns4",
            "outbound|80||foo.ns3.svc.cluster.local",
            ["service_unknown"],
        ),
        ("routes", f"{ROUTES}/foo", "ns4", "PassthroughCluster", ["mesh_config_default"]),
        ("recipe-smallest", "http://news.example/", "default", "outbound|80||nowhere.example (503 no_cluster)", []),
        (
            "recipe-dr-elsewhere",
            "http://edition.news.example/",
            "default",
            f"outbound|80|news|{GATEWAY} (503 no_cluster)",
            [],
        ),
        (
            "recipe-right",
            "http://edition.news.example/",
            "default",
            f"outbound|80|news|{GATEWAY}",
            ["endpoints_unknown"],
        ),
        (
            "recipe-right-subset",
            "http://edition.news.example/",
            "default",
            f"outbound|80|news|{GATEWAY}",
            ["endpoints_unknown"],
        ),
        (
            "ssh",
            "tcp://10.9.8.7:22",
            "default",
            "outbound|22|ssh-tcp22|istio-egressgateway.istio-system.svc.cluster.local",
            ["endpoints_unknown"],
        ),
        (
            "ssh ssh-endpoints",
            "tcp://10.9.8.7:22",
            "default",
            "outbound|22|ssh-tcp22|istio-egressgateway.istio-system.svc.cluster.local",
            [],
        ),
        (
            "one-namespace",
            "http://edition.news.example/politics",
            "default",
            "outbound|80|news|istio-egressgateway.istio-system.svc.cluster.local (503 no_cluster)",
            [],
        ),
        ("ready-pod", "http://web.shop/", "shop", f"outbound|80||{WEB}", ["endpoints_unknown"]),
        ("databases databases-policy", ORDERS, "default", BILLED, ["equal_ages"]),
        ("databases-dated databases-policy", ORDERS, "default", BILLED, []),
        (
            "egress-gateway",
            "http://api.example/",
            "shop",
            "outbound|80||istio-egressgateway.istio-system.svc.cluster.local",
            ["endpoints_unknown"],
        ),
    ],
)
def test_what_was_not_given_is_not_known(names: str, url: str, namespace: str, answer: str, assumed: list[str]) -> None:
    """A partial input is answered as if what it must have were there, and says what it took for granted."""
    decision = asked(names, url, namespace)
    assert str(decision) == answer
    assert codes(decision) == assumed
    assert decision.is_certain is not bool(assumed)


@pytest.mark.parametrize(
    ("names", "url", "namespace", "other"),
    [
        ("svc", "http://web.shop/", "shop", f"outbound|80||{WEB} (503 no_endpoints)"),
        ("svc", "tcp://10.96.3.3:9000", "shop", f"outbound|9000||{WEB} (no_endpoints)"),
        (
            "sub slice-only",
            "http://web.shop/v2",
            "shop",
            f"outbound|80|v2|{WEB} (503 no_endpoints)",
        ),
        ("headless", "tcp://db.shop.svc.cluster.local:5432", "shop", "BlackHoleCluster (blackhole)"),
        ("routes routes-gateway", f"{ROUTES}/short", "ns4", "outbound|80||foo.ns3.svc.cluster.local (503 no_cluster)"),
        ("routes", f"{ROUTES}/foo", "ns4", "BlackHoleCluster (blackhole)"),
    ],
)
def test_the_answer_without_the_assumption_is_a_candidate(names: str, url: str, namespace: str, other: str) -> None:
    """What holds if the missing thing is really not there stands among the candidates, and nothing else does."""
    first, *others = asked(names, url, namespace).candidates
    assert first.outcome.allowed
    assert [str(one) for one in others] == [other]


@pytest.mark.parametrize(
    ("names", "url", "namespace", "answer"),
    [
        ("svc", "http://web.shop/", "shop", f"outbound|80||{WEB} (503 no_endpoints)"),
        ("svc slice-only", "http://web.shop/", "shop", f"outbound|80||{WEB} (503 no_endpoints)"),
        ("headless", "tcp://db.shop.svc.cluster.local:5432", "shop", "BlackHoleCluster (blackhole)"),
        ("routes routes-gateway", f"{ROUTES}/short", "ns4", "outbound|80||foo.ns3.svc.cluster.local (503 no_cluster)"),
        ("routes", f"{ROUTES}/foo", "ns4", "PassthroughCluster"),
        ("ready-pod", "http://web.shop/", "shop", f"outbound|80||{WEB} (503 no_endpoints)"),
    ],
)
def test_what_a_complete_input_lacks_does_not_exist(names: str, url: str, namespace: str, answer: str) -> None:
    """In a complete input nothing of that is an assumption."""
    decision = asked(names, url, namespace, complete=True)
    assert (str(decision), decision.assumptions) == (answer, ())
