"""Laws of gateways and journeys, on the recorded worlds."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import twin
from gateways.worlds import istio, mesh_of, through
from meshegress import Request
from meshegress._match import IMPLEMENTATION
from meshegress.compiler.program.layout import lay_out_table
from meshegress.testing.conformance.gateways import request_of, workload_of, world_of

DATA = Path(__file__).parents[1] / "data"
EACH = 9


@cache
def worlds(name: str, key: str) -> tuple[dict[str, Any], ...]:
    """Return each ninth recorded world of a file that has *key*."""
    lines = lzma.decompress((DATA / f"{name}.jsonl.xz").read_bytes()).splitlines()
    return tuple(record for record in map(json.loads, lines) if key in record)[::EACH]


def test_first_hop_of_a_journey_is_what_the_sidecar_decides() -> None:
    """`follow` begins with `decide`, in every recorded world."""
    for record in worlds("hops", "gateways"):
        mesh, client = world_of(record), workload_of(record["client"])
        for call in record["calls"]:
            request = Request.from_dict(call["request"])
            assert mesh.follow(request, client).hop1 == mesh.egress(client).decide(request), record["id"]


def gateway_calls() -> Iterator[tuple[dict[str, Any], list[Request]]]:
    """Yield the recorded worlds before a gateway, each with its requests."""
    for record in worlds("gateways", "calls"):
        if record["proxy"].get("type") == "router":
            yield record, [request_of(call["request"]) for call in record["calls"]]


def test_both_halves_of_the_walk_agree_at_gateways() -> None:
    """One leaf for each request, whichever half walks the gateway's table."""
    if IMPLEMENTATION == "pure":
        pytest.skip("the tables of this run are the readable ones")
    halves: list[ModuleType] = [twin("_engine.reference.walk"), twin("_engine.native.walk")]
    for record, asked in gateway_calls():
        table = world_of(record).gateway(workload_of(record["proxy"])).table
        layout = lay_out_table(table).layout
        readable, native = (half.Walk(layout, str) for half in halves)
        assert [native.find(one) for one in asked] == [readable.find(one) for one in asked], record["id"]


def test_explanations_come_to_the_decision_at_gateways() -> None:
    """The slow walk in Envoy's nouns ends at the cluster that the fast one found."""
    for record, asked in gateway_calls():
        gateway = world_of(record).gateway(workload_of(record["proxy"]))
        for request in asked:
            explanation = gateway.explain(request)
            cluster = explanation.decision.cluster
            shown = [step.found for step in explanation.steps if step.stage == "cluster"]
            assert cluster is None or any(one.startswith(cluster) for one in shown), record["id"]


def test_what_no_gateway_sees_changes_nothing_there() -> None:
    """Sidecars, VirtualServices of the mesh and private rules of others leave the answers of a gateway as they are."""
    hidden = [
        istio("Sidecar", "narrow", {"egress": [{"hosts": ["~/*"]}]}, "istio-system"),
        istio("VirtualService", "mesh-only", {**through()["spec"], "gateways": ["mesh"]}),
        istio("DestinationRule", "private", {"host": "api.ext.com", "exportTo": ["."]}, "other"),
        istio("ServiceEntry", "private", {"hosts": ["api.ext.com"], "exportTo": ["."], "resolution": "NONE"}, "other"),
    ]
    asked = [Request.http(host, port=8080, path=path) for host in ("api.ext.com", "x.com") for path in ("/", "/a")]
    before, after = (mesh_of(*changes).gateway("istio-system/egress-0").decide_many(asked) for changes in ([], hidden))
    assert before == after
