"""The rules of the semantics page, each on a small world: what is loaded, who asks, and the literal answers.

A case has ``rule``, ``note`` and ``resources`` (kind and name or ``namespace/name``, with the rest of the object beside
them and its age in seconds as ``created``) or ``text`` (YAML as it stands), and may have ``mesh``, ``istio``,
``validation``, ``workload`` and ``complete``, which it is unless told otherwise. Where it has ``releases``, it is a
case for each of them, with what is expected there.
A call has one way to ask (``http``, ``http2``, ``http10``: a Host; ``tls``: a server name; ``raw``: nothing;
``bytes``, ``hex``: first bytes), ``to`` (address and port) or else a ``url``, and the fields of the decision that it
expects; ``or`` holds the clusters of other candidates, ``assumed`` the codes of the assumptions. ``errors`` and
``warnings`` are the codes found, ``rejected`` is what Envoy refuses, ``names`` what the DNS proxy knows. With
``gateway`` (a workload) the calls are a gateway's; ``mutual`` is the server name of the mesh's mutual TLS around one.
``clusters`` are what leaves through each; ``journeys`` are calls, over ``gateways`` by name, of which ``sent``,
``leaves`` and ``end`` are expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshegress import Decision, Egress, EgressGateway, Mesh, Request, Sent, Severity, Workload, check

FOLDER = Path(__file__).parents[1] / "cases" / "semantics"
API_VERSIONS = {
    "Service": "v1",
    "Namespace": "v1",
    "EndpointState": "v1",
    "Pod": "v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "PeerAuthentication": "security.istio.io/v1",
}
PROTOCOLS = {"http": "http", "http2": "http2", "http10": "http1.0"}
NUMBERED: list[tuple[str, dict[str, Any]]] = [
    (f"{case['rule']}-{path.stem}-{number}-{release}", {**case, "istio": release, **case["releases"][release]})
    for path in sorted(FOLDER.glob("*.yaml"))
    for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), start=1)
    for case in [{"releases": {case.get("istio", "1.30"): {}}, **case}]
    for release in case["releases"]
]


def resource(written: dict[str, Any]) -> dict[str, Any]:
    """Return the whole object of the short form *written*, whose first key is its kind."""
    kind, full_name = next(iter(written.items()))
    namespace, _, name = str(full_name).rpartition("/")
    metadata = {"name": name, "namespace": namespace or "default", **written.get("metadata", {})}
    if "created" in written:
        metadata["creationTimestamp"] = f"2024-01-01T00:00:{written['created']:02}Z"
    rest = {key: value for key, value in written.items() if key not in (kind, "metadata", "created")}
    api_version = API_VERSIONS.get(kind, "networking.istio.io/v1")
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def loaded(case: dict[str, Any]) -> tuple[Mesh, dict[str, list[str]]]:
    """Return the mesh of *case*, and the codes of what is wrong and what is warned of."""
    sources: list[Any] = [resource(one) for one in case.get("resources", ())]
    sources += [case[key] for key in ("mesh", "text") if key in case]
    mesh, findings = check(
        *sources, istio=case["istio"], validation=case.get("validation", "webhook"), complete=case.get("complete", True)
    )
    return mesh, {
        "errors": sorted(one.code for one in findings if one.severity is Severity.ERROR),
        "warnings": sorted(one.code for one in findings if one.severity is Severity.WARNING),
    }


def request_of(call: dict[str, Any]) -> Request:
    """Return the request that *call* makes."""
    if "url" in call:
        return Request.from_url(call["url"])
    address, _, port = call["to"].rpartition(":")
    asked: dict[str, Any] = {"address": address.strip("[]"), "port": int(port)}
    asked.update({key: call[key] for key in ("path", "method", "headers", "alpn") if key in call})
    for key, protocol in PROTOCOLS.items():
        if key in call:
            asked.update(protocol=protocol, host=call[key])
    if "tls" in call:
        asked.update(tls="tls", sni=call["tls"])
    if "mutual" in call:
        asked.update(tls="mtls", sni=call["mutual"])
    if "hex" in call:
        asked.update(payload_hex=call["hex"])
    if "bytes" in call:
        asked.update(payload_hex=call["bytes"].encode("latin-1").hex())
    return Request.from_dict({key: value for key, value in asked.items() if value is not None})


def seen(decision: Decision, expected: dict[str, Any]) -> dict[str, Any]:
    """Return of *decision* what *expected* speaks of, and its other candidates."""
    shown = decision.as_dict()
    shown["destinations"] = {one.cluster: one.weight for one in decision.destinations}
    shown["assumed"] = [one.code for one in decision.assumptions]
    shown["governed_by"] = decision.governed_by and decision.governed_by.name
    shown["or"] = [one.cluster for one in decision.candidates[1:]]
    return {key: shown[key] for key in {**expected, "or": []}}


ASKING = {*PROTOCOLS, "tls", "mutual", "raw", "url", "bytes", "hex", "to", "path", "method", "headers", "alpn"}


@pytest.mark.parametrize("case", [case for _, case in NUMBERED], ids=[name for name, _ in NUMBERED])
def test_case(case: dict[str, Any]) -> None:
    """The world of a case is answered as its rule says."""
    mesh, found = loaded(case)
    assert found["errors"] == case.get("errors", [])
    assert found["warnings"] == case.get("warnings", found["warnings"])
    workload = Workload(**case.get("workload", {}))
    egress: Egress | EgressGateway = mesh.egress(workload)
    if "gateway" in case:
        egress = mesh.gateway(Workload(**case["gateway"]))
    for call in case.get("calls", ()):
        expected = {"or": [], **{key: value for key, value in call.items() if key not in ASKING}}
        assert seen(egress.decide(request_of(call)), expected) == expected, call
    if "rejected" in case:
        assert [one.name for one in egress.rejected] == case["rejected"]
    for host, addresses in case.get("names", {}).items():
        assert list(mesh.egress(workload).resolve(host)) == addresses, host
    for name, expected in case.get("clusters", {}).items():
        details = egress.cluster(name)
        assert details is not None, name
        assert shown_of(details.as_dict(), expected) == expected, name
    gateways = {name: Workload(**proxy) for name, proxy in case.get("gateways", {}).items()}
    for call in case.get("journeys", ()):
        journey = mesh.follow(request_of(call), workload, gateways=gateways)
        rows: dict[str, Sequence[Sent]] = {
            "sent": journey.sent,
            "leaves": [leaving for row in journey.sent for leaving in row.leaves],
        }
        for key in rows.keys() & call.keys():
            told = [shown_of(row.as_dict(), wanted) for row, wanted in zip(rows[key], call[key], strict=True)]
            assert told == call[key], call
        assert "end" not in call or [end.as_dict() for end in journey.ends] == [call["end"]], call


def shown_of(values: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return of *values* what *expected* speaks of."""
    return {key: values.get(key) for key in expected}


def test_every_case_asks_something() -> None:
    """A case that expects nothing shows nothing."""
    told = {"calls", "errors", "warnings", "rejected", "names", "clusters", "journeys"}
    assert [name for name, case in NUMBERED if not told & case.keys()] == []
