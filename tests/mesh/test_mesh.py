"""A mesh of whatever can be loaded, one thing or many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshegress import Mesh, check

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


def test_names_of_unknown_age_have_several_tables() -> None:
    """Where nobody knows which of two entries owns a host, its name may have the addresses of either."""
    entries = [entry("x/a", "a.com", "1.1.1.1"), entry("y/b", "a.com", "2.2.2.2")]
    egress = check(*entries)[0].egress("z")
    assert egress.names == {"a.com": ["1.1.1.1"]}
    assert egress.possible_names == ({"a.com": ["1.1.1.1"]}, {"a.com": ["2.2.2.2"]})


def test_names_that_nothing_contests_have_one_table() -> None:
    """Another order of resources changes no name that one of them has."""
    egress = check(entry("x/a", "a.com", "1.1.1.1"), entry("y/b", "b.com", "2.2.2.2"))[0].egress("z")
    assert egress.possible_names == (egress.names,)


def entry(full_name: str, host: str, address: str) -> dict[str, Any]:
    """Return an entry without an age for *host* at *address*."""
    namespace, _, name = full_name.partition("/")
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hosts": [host], "addresses": [address], "ports": ports, "resolution": "DNS"},
    }
