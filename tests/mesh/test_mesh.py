"""A mesh of whatever can be loaded, one thing or many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshegress import Mesh

ENTRY = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "a"},
    "spec": {"hosts": ["a.com"], "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}], "resolution": "DNS"},
}


@pytest.fixture(params=["mapping", "text", "bytes", "path", "many", "nested"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One entry, in each shape in which it can be given."""
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(ENTRY))
    shapes = {
        "mapping": ENTRY,
        "text": json.dumps(ENTRY),
        "bytes": json.dumps(ENTRY).encode(),
        "path": file,
        "many": iter([ENTRY]),
        "nested": [[ENTRY]],
    }
    return shapes[request.param]


def test_one_thing_needs_no_list_around_it(given: Any) -> None:
    """A mesh is made of one thing as of a list of things."""
    assert str(Mesh(given).egress().decide("https://a.com/")) == "outbound|443||a.com"


def test_one_thing_changes_a_mesh(given: Any) -> None:
    """What is added may be one thing."""
    assert str(Mesh().with_changes(given).egress().decide("https://a.com/")) == "outbound|443||a.com"


def test_one_thing_leaves_a_mesh(given: Any) -> None:
    """What is removed may be one thing."""
    assert str(Mesh(ENTRY).with_changes(removed=given).egress().decide("https://a.com/")) == "PassthroughCluster"
