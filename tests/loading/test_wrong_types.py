"""Any wrong type, at any depth, of any kind: a finding with its place, and never an exception."""

from __future__ import annotations

import json
import lzma
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshegress.findings import Severity
from meshegress.loading import check
from meshegress.resources.shape import field_path

RECORDED = Path(__file__).parents[1] / "data" / "validation.jsonl.xz"

KUBERNETES = """
apiVersion: v1
kind: Service
metadata: {name: a, namespace: b}
spec: {clusterIP: 10.0.0.1, selector: {app: a}, ports: [{port: 80, targetPort: http, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.2], conditions: {ready: true}}]
ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {containers: [{name: a, ports: [{containerPort: 80}]}]}
status: {podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}], phase: Running}
---
outboundTrafficPolicy: {mode: REGISTRY_ONLY}
defaultServiceExportTo: ['.']
"""


def documents() -> list[dict[str, Any]]:
    """Return documents of every kind, valid and not."""
    with lzma.open(RECORDED, "rt", encoding="utf-8") as lines:
        texts = sorted({json.loads(line)["config"] for line in lines})
    istio = [document for text in texts[::7] for document in yaml.safe_load_all(text)]
    return istio + list(yaml.safe_load_all(KUBERNETES)) * 20


DOCUMENTS = documents()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in items for place in ((*path, key), *places(item, (*path, key)))]


wrong = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("x" * 300) | st.just(-1),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]]:
    """Draw a document, the same with another value at one path, and that path."""
    sound: dict[str, Any] = draw(st.sampled_from(DOCUMENTS))
    document = deepcopy(sound)
    path = draw(st.sampled_from(places(document)))
    holder: Any = document
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = draw(wrong)
    return sound, document, path


def mutated() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a document of which one value became another."""
    return pairs().map(lambda pair: pair[1])


@pytest.mark.parametrize(
    "age",
    [float("inf"), float("nan"), "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-13-01T00:00:00Z"],
)
def test_an_age_that_no_calendar_has_is_told(age: object) -> None:
    """Infinite seconds and days before the first are a finding, as every other wrong age is."""
    resources, findings = check(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "creationTimestamp": age}}
    )
    assert [(finding.code, finding.field) for finding in findings] == [("EG101", "metadata.creationTimestamp")]
    assert resources.pods == ()


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param((1,), ["EG101 spec.hosts[0]"], id="a tuple"),
        pytest.param({1}, ["EG101 spec.hosts[0]"], id="a set"),
        pytest.param(["\ud800"], ["EG101 spec.ports", "EG212 spec.hosts[0]"], id="half a character"),
    ],
)
def test_what_python_alone_has_is_told(hosts: object, expected: list[str]) -> None:
    """A mapping may hold what no text holds, and is a finding all the same."""
    ports = "x" if isinstance(hosts, list) else []
    spec = {"hosts": hosts, "ports": ports, "resolution": "DNS"}
    _, findings = check({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "spec": spec})
    assert [f"{finding.code} {finding.field}" for finding in findings] == expected


@given(mutated())
def test_a_wrong_value_is_told_and_nothing_else(document: dict[str, Any]) -> None:
    """What is refused has an error with a sentence; what is kept can be printed and read again."""
    resources, findings = check(document, validation="cluster")
    refused = [finding for finding in findings if finding.severity is Severity.ERROR]
    assert all(finding.message and finding.code and str(finding) for finding in findings)
    kept = sum(len(getattr(resources, name)) for name in resources.__dataclass_fields__ if name.endswith(("s", "ies")))
    assert kept or refused or resources.mesh_config_source or resources.unsupported or resources.skipped


@given(mutated())
def test_text_and_mapping_say_the_same(document: dict[str, Any]) -> None:
    """A document loads alike from YAML, where its findings have lines."""
    try:
        text = yaml.safe_dump(document, allow_unicode=True)
        text.encode()
    except UnicodeEncodeError:
        return
    # PyYAML folds the NEL of a text that it writes into a space: the text says what can be read in it.
    of_text, of_value = check(text)[1], check(yaml.safe_load(text))[1]
    assert all(finding.where.line for finding in of_text)
    if not any(finding.code == "EG004" for finding in of_text):
        assert {finding.field for finding in of_value if finding.code == "EG101"} <= {
            finding.field for finding in of_text
        }


@given(pairs())
def test_what_is_told_beside_a_malformed_value_held_before(
    pair: tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]],
) -> None:
    """The sound value is one that could stand there: whatever else is told of the object was true with it."""
    sound, document, path = pair
    before = {(finding.code, finding.field, finding.message) for finding in check(sound)[1]}
    after = [finding for finding in check(document)[1] if finding.code != "EG101"]
    unreadable_paths = [finding.field for finding in check(document)[1] if finding.code == "EG101"]
    if any(field_path(path).startswith(hole) for hole in unreadable_paths):
        assert {(one.code, one.field, one.message) for one in after} <= before
