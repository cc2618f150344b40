"""Models print themselves as YAML that loads to the same."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from meshegress.loading import check
from meshegress.resources import MeshConfig, Resource, ServiceEntry
from meshegress.resources.mesh_config import MeshOutboundTrafficPolicy

RECORDED = Path(__file__).parents[1] / "data" / "validation.jsonl.xz"


def loaded(text: str) -> list[Resource]:
    """Return the Istio resources of *text*."""
    resources = check(text)[0]
    return [*resources.service_entries, *resources.sidecars, *resources.virtual_services, *resources.destination_rules,
            *resources.workload_entries]  # fmt: skip


def test_recorded_objects_print_as_they_load() -> None:
    """What was accepted of the recorded objects survives printing."""
    with lzma.open(RECORDED, "rt") as lines:
        texts = {json.loads(line)["config"] for line in lines}
    objects = [resource for text in sorted(texts)[:400] for resource in loaded(text)]
    assert len(objects) > 100
    assert [resource for resource in objects if loaded(resource.to_yaml()) != [resource]] == []


@pytest.mark.parametrize(
    "word", ["no", "y", "1:30", "017", "80", "1e3", "", "~", "a: b", "é😀", "# x", "- x", "a\nb\n", "<<", "'"]
)
def test_words_survive(word: str) -> None:
    """A text stays a text, whatever YAML would make of it."""
    entry = ServiceEntry(metadata={"name": "a", "namespace": "n", "labels": {"key": word}}, spec={"hosts": ["a.com"]})
    assert loaded(entry.to_yaml()) == [entry]


def test_a_mesh_configuration_prints_what_was_written() -> None:
    """An empty policy is written, the default one is not."""
    assert MeshConfig().to_yaml() == "{}\n"
    assert MeshConfig(outbound_traffic_policy=MeshOutboundTrafficPolicy()).to_yaml() == "outboundTrafficPolicy: {}\n"


def test_what_the_wire_says_comes_back() -> None:
    """Unknown fields, unknown numbers and times are printed as they were."""
    text = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: a
  namespace: n
  creationTimestamp: '2024-01-01T00:00:00Z'
spec:
  hosts:
  - a.com
  location: 7
  nope: [1, {x: 'no'}]
"""
    (entry,) = loaded(text)
    assert loaded(entry.to_yaml()) == [entry]
    assert isinstance(entry, ServiceEntry)
    assert entry.spec.as_wire() == {"hosts": ["a.com"], "location": 7, "nope": [1, {"x": "no"}]}
