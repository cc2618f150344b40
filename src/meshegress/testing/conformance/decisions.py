"""Decision vectors: a world of resources, one proxy, and what happened to its requests.

One check is each call, the ``rejected`` list and the ``names`` table. What Istio's webhook says of the objects is the
subject of ``validation``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshegress import Decision, Egress, Request, Workload, check
from meshegress.testing.conformance.check import Check, judge

Record = Mapping[str, Any]
Names = Mapping[str, list[str]]

KEYS = (
    "listener",
    "filter_chain",
    "route_config",
    "virtual_host",
    "route",
    "cluster",
    "outcome",
    "status",
    "flags",
    "details",
)


def checks(record: Record) -> Iterator[Check]:
    """Yield the checks of one world."""
    world = f"{record['id']}@{record['istio']}"
    try:
        egress = build_egress(record)
    except Exception as error:  # whatever escapes is the answer to all that the world asks
        yield from _unanswered(world, record, _shown(error))
        return
    for call in record["calls"]:
        yield check_call(f"{world}/{call['id']}", egress, call)
    if "rejected" in record:
        yield check_rejected(world, egress, record["rejected"])
    if "names" in record:
        yield check_names(world, egress, record["names"])


def build_egress(record: Record) -> Egress:
    """Return the egress of the proxy of *record* in a mesh without the objects that Istio refuses."""
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": record["mesh"]},
    }
    texts = [record[key].encode() for key in ("config", "kube")]
    mesh, _ = check(config_map, *texts, istio=record["istio"], complete=True)
    proxy = record["proxy"]
    return mesh.egress(
        Workload(
            proxy["namespace"],
            labels=proxy["labels"],
            addresses=tuple(proxy["ips"]),
            metadata=proxy["metadata"],
            dns_domain=proxy["dnsDomain"],
        )
    )


def check_call(identity: str, egress: Egress, call: Record) -> Check:
    """Return the check of one *call*, whose recorded answers are one (``expect``) or several (``expect_any``)."""
    note = call.get("note", "")
    expected = [call["expect"]] if "expect" in call else call["expect_any"]
    try:
        decision = egress.decide(Request.from_dict(call["request"]))
        candidates = [answer(candidate) for candidate in decision.candidates or (decision,)]
    except Exception as error:  # the façade promises an answer; without one the check differs
        return judge(identity, expected, [_shown(error)], note=note)
    return judge(identity, expected, candidates, note=note)


def check_rejected(world: str, egress: Egress, rejected: list[Record]) -> Check:
    """Return the check of what Envoy refuses to load; the order does not matter."""
    expected = sorted([refused["kind"], refused["name"]] for refused in rejected)
    got = sorted([refused.kind, refused.name] for refused in egress.rejected)
    return Check(f"{world}/rejected", got == expected, expected, got)


def check_names(world: str, egress: Egress, names: Names | list[Names]) -> Check:
    """Return the check of the DNS proxy's table, or of the tables that were seen; addresses are sorted in vectors."""
    tables = [{host: sorted(addresses) for host, addresses in table.items()} for table in egress.possible_names]
    return judge(f"{world}/names", names if isinstance(names, list) else [names], tables)


def answer(decision: Decision) -> dict[str, object]:
    """Return *decision* as the vectors write an answer."""
    shown = decision.as_dict()
    found: dict[str, object] = {key: shown[key] for key in KEYS}
    if decision.destinations:
        found["clusters"] = [[d.cluster, d.weight, d.outcome.value] for d in decision.destinations]
    return found


def _unanswered(world: str, record: Record, got: str) -> Iterator[Check]:
    for call in record["calls"]:
        yield Check(f"{world}/{call['id']}", False, call.get("expect", call.get("expect_any")), got)
    for key in ("rejected", "names"):
        if key in record:
            yield Check(f"{world}/{key}", False, record[key], got)


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
