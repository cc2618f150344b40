"""Decision vectors of gateway proxies: what becomes of requests that reach a gateway.

One check is each call, the ``rejected`` list and the ``names`` table, which is empty: a gateway answers no names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshegress import EgressGateway, Mesh, Request, Workload, check
from meshegress.testing.conformance.check import Check, judge
from meshegress.testing.conformance.decisions import answer

Record = Mapping[str, Any]


def checks(record: Record) -> Iterator[Check]:
    """Yield the checks of one world before a gateway."""
    world = f"{record['id']}@{record['istio']}"
    gateway = world_of(record).gateway(workload_of(record["proxy"]))
    for call in record["calls"]:
        yield check_call(f"{world}/{call['id']}", gateway, call)
    expected = sorted([refused["kind"], refused["name"]] for refused in record["rejected"])
    got = sorted([refused.kind, refused.name] for refused in gateway.rejected)
    yield Check(f"{world}/rejected", got == expected, expected, got)
    yield Check(f"{world}/names", record["names"] == {}, record["names"], {})


def world_of(record: Record) -> Mesh:
    """Return the mesh of *record* without the objects that Istio refuses."""
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": record["mesh"]},
    }
    texts = [record[key].encode() for key in ("config", "kube")]
    return check(config_map, *texts, istio=record["istio"], complete=True)[0]


def workload_of(proxy: Record) -> Workload:
    """Return the workload that a record calls *proxy*."""
    return Workload(
        proxy["namespace"],
        labels=proxy["labels"],
        addresses=tuple(proxy["ips"]),
        metadata=proxy["metadata"],
        dns_domain=proxy["dnsDomain"],
    )


def request_of(written: Record) -> Request:
    """Return the request that a record describes; the direction is the record's alone."""
    return Request.from_dict({key: value for key, value in written.items() if key != "mode"})


def check_call(identity: str, gateway: EgressGateway, call: Record) -> Check:
    """Return the check of one *call*, whose recorded answers are one (``expect``) or several (``expect_any``)."""
    decision = gateway.decide(request_of(call["request"]))
    candidates = [answer(candidate) for candidate in decision.candidates or (decision,)]
    expected = [call["expect"]] if "expect" in call else call["expect_any"]
    return judge(identity, expected, candidates, note=call.get("note", ""))
