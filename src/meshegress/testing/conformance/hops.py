"""Vectors of what leaves a proxy, cluster by cluster, and of journeys over egress gateways.

One check is each cluster, equal in every key, and each call: the first hop, each row that is sent, and where it ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshegress import Mesh, Request
from meshegress.journey import Journey, Sent
from meshegress.testing.conformance.check import Check, judge
from meshegress.testing.conformance.decisions import answer
from meshegress.testing.conformance.gateways import workload_of, world_of

Record = Mapping[str, Any]

_OUTBOUND = "outbound|"


def cluster_checks(record: Record) -> Iterator[Check]:
    """Yield a check for each cluster of a proxy, and one for which clusters there are."""
    world = f"{record['id']}@{record['istio']}"
    mesh, workload = world_of(record), workload_of(record["proxy"])
    is_gateway = record["proxy"].get("type") == "router"
    proxy = mesh.gateway(workload) if is_gateway else mesh.egress(workload)
    names = {name for name in proxy.table.clusters if name.startswith(_OUTBOUND)}
    recorded = {cluster["name"]: cluster for cluster in record["clusters"]}
    for name in sorted(names - recorded.keys()):
        yield Check(f"{world}/{name}", False, "no such cluster", name)
    for name, expected in recorded.items():
        details = proxy.cluster(name)
        got = details.as_dict() if details is not None else None
        possible = expected.get("any", [expected])
        yield Check(f"{world}/{name}", got in possible, expected, got)


def journey_checks(record: Record) -> Iterator[Check]:
    """Yield a check for each call of a world, and one for what each proxy's Envoy refuses."""
    world = f"{record['id']}@{record['istio']}"
    mesh, client = world_of(record), workload_of(record["client"])
    gateways = {name: workload_of(proxy) for name, proxy in record["gateways"].items()}
    for call in record["calls"]:
        expected = [_recorded(one) for one in call.get("any", [call])]
        journey = mesh.follow(Request.from_dict(call["request"]), client, gateways=gateways)
        candidates = [journey_as_recorded(one) for one in journey.candidates or (journey,)]
        yield judge(f"{world}/{call['id']}", expected, candidates, note=call.get("note", ""))
    yield from _refusals(world, mesh, record)


def journey_as_recorded(journey: Journey) -> dict[str, Any]:
    """Return *journey* as the vectors write one; its rows in one order."""
    shown: dict[str, Any] = {"hop1": answer(journey.hop1), "sent": _sorted([_row(row) for row in journey.sent])}
    if journey.end is not None:
        shown["end"] = journey.end.as_dict()
    return shown


def _row(sent: Sent) -> dict[str, Any]:
    shown = sent.as_dict()
    if sent.hop2 is not None:
        shown["hop2"] = answer(sent.hop2)
        shown["leaves"] = _sorted([_row(leaving) for leaving in sent.leaves])
    return shown


def _recorded(call: Record) -> dict[str, Any]:
    shown = {key: call[key] for key in ("hop1", "sent", "end") if key in call}
    rows = [{**row, "leaves": _sorted(row["leaves"])} if "leaves" in row else row for row in shown["sent"]]
    return {**shown, "sent": _sorted(rows)}


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _refusals(world: str, mesh: Mesh, record: Record) -> Iterator[Check]:
    for name, refused in record.get("rejected", {}).items():
        is_client = name == "client"
        workload = workload_of(record["client"] if is_client else record["gateways"][name])
        proxy = mesh.egress(workload) if is_client else mesh.gateway(workload)
        expected = sorted([one["kind"], one["name"]] for one in refused)
        got = sorted([one.kind, one.name] for one in proxy.rejected)
        yield Check(f"{world}/rejected/{name}", got == expected, expected, got)
