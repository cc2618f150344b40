"""Several contents, several mesh configurations, ages of some: what else may hold is a candidate."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from meshegress import Decision, Mesh, Request, check, load

TREES = Path(__file__).parents[1] / "data" / "trees"
REGISTRY_ONLY = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"


def entry(name: str, created: str = "", **spec: Any) -> dict[str, Any]:
    """Return a ServiceEntry of TCP that has all of port 5432, unless *spec* says otherwise."""
    metadata = {"name": name} | ({"creationTimestamp": created} if created else {})
    port = {"number": 5432, "name": "tcp", "protocol": "TCP"}
    said = {"hosts": [f"{name}.example"], "ports": [port], "resolution": "DNS", **spec}
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata, "spec": said}


def told(decision: Decision) -> list[tuple[str, list[str]]]:
    """Return the codes of what *decision* assumes, each with the answers that it leaves possible."""
    return [(one.code, [str(candidate) for candidate in one.candidates]) for one in decision.assumptions]


BLOCKED = "BlackHoleCluster (blackhole)"
DEV, PROD = "outbound|443||dev.pay.example", "outbound|443||prod.pay.example"


@pytest.mark.parametrize(
    ("url", "answer", "assumed"),
    [
        ("https://prod.pay.example/", PROD, [("duplicate_object", [BLOCKED])]),
        ("https://dev.pay.example/", BLOCKED, [("duplicate_object", [DEV])]),
        ("https://other.example/", BLOCKED, []),
    ],
)
def test_the_answer_of_another_environment_is_a_candidate(url: str, answer: str, assumed: list[Any]) -> None:
    """Of one identity with two contents the last counts, and the other's answer is told where it differs."""
    decision = load(TREES / "environments", REGISTRY_ONLY).egress("shop").decide(url)
    assert (str(decision), told(decision)) == (answer, assumed)


def test_the_reason_names_both_places() -> None:
    """An object with two contents is named with where both of them stand."""
    egress = load(TREES / "environments", REGISTRY_ONLY).egress("shop")
    (assumption,) = egress.decide("https://dev.pay.example/").assumptions
    assert "ServiceEntry `shop/pay`" in assumption.reason
    assert "dev/entry.yaml" in assumption.reason
    assert "prod/entry.yaml" in assumption.reason


def config_map(name: str, mode: str) -> dict[str, Any]:
    """Return a ConfigMap of a revision with this outbound policy."""
    metadata = {"name": name, "namespace": "istio-system"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"mesh": f"outboundTrafficPolicy: {{mode: {mode}}}"},
    }


def test_each_mesh_configuration_that_could_count_is_a_candidate() -> None:
    """Revisions without a default each give an answer; one that is chosen is certain."""
    maps = [config_map("istio-a", "REGISTRY_ONLY"), config_map("istio-b", "ALLOW_ANY")]
    decision = load(maps).egress().decide("https://a.example/")
    assert told(decision) == [("mesh_config_ambiguous", ["PassthroughCluster"])]
    assert "`istio-b`" in decision.assumptions[0].reason or "istio-b" in decision.assumptions[0].reason
    assert load(maps, revision="b").egress().decide("https://a.example/").assumptions == ()


@pytest.mark.parametrize(
    ("entries", "answer"),
    [
        pytest.param([entry("a"), entry("b", "2024-01-01T00:00:00Z")], "b", id="what has no age is new"),
        pytest.param([entry("b"), entry("a", "2024-01-01T00:00:00Z")], "a", id="whatever it is called"),
        pytest.param([entry("a"), entry("b")], "a", id="without any age names decide"),
    ],
)
def test_what_has_no_age_is_about_to_be_applied(entries: list[Any], answer: str) -> None:
    """Where others have an age, what has none counts as new; the other answer is a candidate."""
    other = "ab".replace(answer, "")
    decision = load(entries, REGISTRY_ONLY).egress().decide("tcp://a.example:5432")
    assert str(decision) == f"outbound|5432||{answer}.example"
    assert told(decision) == [("equal_ages", [f"outbound|5432||{other}.example"])]


@pytest.mark.parametrize(
    ("complete", "answer", "candidates"),
    [
        pytest.param(False, "b", [("equal_ages", ["outbound|5432||a.example"])], id="about to be applied"),
        pytest.param(True, "a", [], id="complete as well"),
    ],
)
def test_what_lies_over_a_complete_dump_is_new(
    complete: bool, answer: str, candidates: list[tuple[str, list[str]]]
) -> None:
    """Beside a dump that calls itself complete, files that do not are no older than it, unless all is called so."""
    dump = "# meshegress: complete\n" + json.dumps(entry("b", "2024-01-01T00:00:00Z"))
    decision = load(dump, entry("a"), complete=complete).egress().decide("tcp://a.example:5432")
    assert str(decision) == f"outbound|5432||{answer}.example"
    assert told(decision) == candidates


def test_a_new_entry_is_the_youngest_after_a_change() -> None:
    """An entry without an age that joins others that have one is as if it had been loaded with them."""
    dated = [entry("b", "2024-01-01T00:00:00Z", addresses=["10.0.0.1"]), REGISTRY_ONLY]
    before = load(dated)
    before.egress().decide("tcp://b.example:5432")
    after = before.with_changes([entry("a", addresses=["10.0.0.2"])])
    whole = Mesh(after.resources)
    assert after.egress().table == whole.egress().table
    assert str(after.egress().decide(Request.tcp("10.0.0.2", 5432))) == "outbound|5432||a.example"


@pytest.mark.parametrize(
    ("now", "answer"),
    [(datetime(2023, 1, 1), "outbound|5432||a.example"), (1893456000, "outbound|5432||b.example")],
)
def test_the_time_of_applying_can_be_told(now: Any, answer: str) -> None:
    """Who says when the rest is applied is answered for certain."""
    dated = entry("b", "2024-01-01T00:00:00Z")
    loaded = load([dated, entry("a")], REGISTRY_ONLY, now=now).egress().decide("tcp://a.example:5432")
    changed = load([dated], REGISTRY_ONLY).with_changes([entry("a")], now=now).egress().decide("tcp://a.example:5432")
    assert (str(loaded), loaded.assumptions) == (answer, ())
    assert changed == loaded


def test_what_replaces_an_object_keeps_its_age() -> None:
    """Applying a file to an object of the cluster does not make it younger."""
    mesh = load([entry("a", "2023-01-01T00:00:00Z"), entry("b", "2024-01-01T00:00:00Z")], REGISTRY_ONLY)
    decision = mesh.with_changes([entry("a", location="MESH_INTERNAL")]).egress().decide("tcp://b.example:5432")
    assert (str(decision), decision.assumptions) == ("outbound|5432||a.example", ())


@pytest.mark.parametrize("changed", [pytest.param(False, id="loaded"), pytest.param(True, id="changed")])
def test_what_replaces_an_entry_keeps_the_addresses_that_istiod_allocated(changed: bool) -> None:
    """A file has no status, and applying it takes none away."""
    capture = {"defaultConfig": {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}}
    stored = [entry(name, "2024-01-01T00:00:00Z") for name in "ab"]
    for number, one in enumerate(stored, 1):
        one["status"] = {"addresses": [{"host": f"{one['metadata']['name']}.example", "value": f"240.240.0.{number}"}]}
    files = [entry(name, location="MESH_INTERNAL") for name in "ab"]
    mesh = load(stored, capture).with_changes(files) if changed else load(stored, capture, files)
    assert str(mesh.egress().decide("tcp://a.example:5432")) == "outbound|5432||a.example"
    assert str(mesh.egress().decide("tcp://b.example:5432")) == "outbound|5432||b.example"


def test_a_refused_object_is_told_where_it_could_have_mattered() -> None:
    """What the cluster refuses is left out, and named by the decisions on its hosts and ports alone."""
    egress = check(TREES / "p1")[0].egress("shop")
    assert told(egress.decide("https://new.example/")) == [("refused_object", [])]
    assert told(egress.decide("https://api.pay.example/")) == []
    assert told(egress.decide("http://new.example/")) == []


def test_a_whole_table_is_told_what_each_request_is() -> None:
    """Decisions on columns bear the same assumptions as those on requests one by one."""
    pa = pytest.importorskip("pyarrow")
    world = Path(__file__).parents[1] / "data" / "worlds"
    egress = load(world / "svc.yaml", world / "headless.yaml", TREES / "environments").egress("shop")
    hosts = ["web.shop", "dev.pay.example", "prod.pay.example"]
    ports = pa.array([80, 443, 443], pa.int32())
    decided = egress.decide_many(pa.table({"kind": ["http", "tls", "tls"], "authority": hosts, "port": ports}))
    by_one = [egress.decide(url) for url in (f"http://{hosts[0]}/", f"https://{hosts[1]}/", f"https://{hosts[2]}/")]
    assert [told(one) for one in decided if one is not None] == [told(one) for one in by_one]
    assert all(told(one) for one in by_one)
