"""What is set and not modelled is told by the decisions that it could change, and by no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from meshegress import Decision, Mesh, check, load
from meshegress.resources import KINDS, Message, Support

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
"""
WITH_CORS = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.com]
  http: [{route: [{destination: {host: a.com}}], corsPolicy: {allowOrigins: [{exact: https://b.com}]}}]
"""
DELEGATED = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root}
spec: {hosts: [a.com], http: [{delegate: {name: part}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: part}
spec: {http: [{route: [{destination: {host: a.com}}], corsPolicy: {}}]}
"""
FILTER = """---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: shop}
spec: {configPatches: [{applyTo: HTTP_FILTER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: INSERT_BEFORE}}]}
"""


def reasons(decision: Decision) -> list[str]:
    """Return why *decision* is less than certain, for want of a model."""
    return [one.reason for one in decision.assumptions if one.code == "unsupported"]


def mesh_of(*texts: str) -> Mesh:
    """Return the mesh of *texts*, whatever is found in them."""
    return check("".join(texts))[0]


def test_an_unmodelled_field_marks_what_its_resource_governs() -> None:
    """The policy of one VirtualService leaves other hosts alone."""
    egress = mesh_of(ENTRY, WITH_CORS).egress()
    (reason,) = reasons(egress.decide("http://a.com/"))
    assert reason.startswith("VirtualService `default/a`: `spec.http[0].corsPolicy` (<text>:")
    assert reasons(egress.decide("http://b.com/")) == []


def test_a_mark_has_no_candidates() -> None:
    """The answer stands; what else it could be nobody knows."""
    decision = mesh_of(ENTRY, WITH_CORS).egress().decide("http://a.com/")
    assert (decision.cluster, decision.candidates) == ("outbound|80||a.com", ())


def test_a_delegate_marks_what_its_root_governs() -> None:
    """Requests are governed by the root, and answered by the delegate's rules."""
    (reason,) = reasons(mesh_of(ENTRY, DELEGATED).egress().decide("http://a.com/"))
    assert "VirtualService `default/part`" in reason


def test_an_unmodelled_field_of_the_mesh_marks_all() -> None:
    """What holds for the whole mesh may touch every answer, also where nothing governs it."""
    mesh = check("discoverySelectors: [{matchLabels: {a: b}}]")[0]
    (reason,) = reasons(mesh.egress().decide("http://b.com/"))
    assert "`discoverySelectors`" in reason


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ("connectionSettings: {httpMergeSlashes: true}", "connectionSettings.httpMergeSlashes"),
        ("runtimeValues: {a: b}", "runtimeValues"),
        ("connectionSettings: {httpIdleTimeout: 5s}", None),
        ("concurrency: 2", None),
    ],
)
def test_of_what_all_proxies_have_only_what_can_matter_marks(config: str, path: str | None) -> None:
    """How paths and headers are read matters; how long a connection lives does not."""
    mesh = load(f"defaultConfig: {{{config}}}")
    told = reasons(mesh.egress().decide("http://b.com/"))
    assert [f"`defaultConfig.{path}`" in one for one in told] == ([True] if path else [])


def test_nothing_is_marked_where_nothing_is_set() -> None:
    """A mesh of modelled fields gives certain answers."""
    decision = mesh_of(ENTRY, WITH_CORS.replace(", corsPolicy: {allowOrigins: [{exact: https://b.com}]}", "")).egress()
    assert decision.decide("http://a.com/").assumptions == ()


def test_an_unmodelled_kind_marks_its_namespace() -> None:
    """An EnvoyFilter reaches the workloads of its namespace, in the root namespace all."""
    mesh = mesh_of(ENTRY, FILTER)
    assert len(reasons(mesh.egress("shop").decide("http://a.com/"))) == 1
    assert reasons(mesh.egress("other").decide("http://a.com/")) == []
    everywhere = mesh_of(ENTRY, FILTER.replace("shop", "istio-system"))
    assert len(reasons(everywhere.egress("other").decide("http://a.com/"))) == 1


def test_only_virtual_services_have_unmodelled_fields() -> None:
    """The search for them leaves all other kinds of resources out."""
    assert {kind.__name__ for kind in KINDS.values() if may_be_limited(kind)} == {"VirtualService"}


def may_be_limited(model: type[Message]) -> bool:
    """Return whether some field of *model*, at any depth, is declared unsupported."""
    return any(
        support is Support.UNSUPPORTED
        or any(may_be_limited(part) for part in messages_in(model.model_fields[name].annotation))
        for name, support in model.support()
    )


def messages_in(annotation: object) -> Iterator[type[Message]]:
    """Yield the messages that *annotation* speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, Message):
        yield annotation
    for part in get_args(annotation):
        yield from messages_in(part)
