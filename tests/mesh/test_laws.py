"""Laws of the whole way from resources to a decision, on drawn worlds that Istio accepts."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress import Mesh, Request
from meshegress.resources import Resource, ServiceEntry
from meshegress.testing.strategies import requests, worlds

pytestmark = pytest.mark.hypothesis


def mesh_of(world: tuple[Resource, ...]) -> Mesh:
    """Return the mesh of *world*."""
    return Mesh(world)


@given(world=worlds(), drawn=st.lists(requests(), min_size=1, max_size=4), seed=st.randoms(use_true_random=False))
def test_document_order_never_matters(world: tuple[Resource, ...], drawn: list[Request], seed: object) -> None:
    """Given distinct ages, resources may be written in any order."""
    shuffled = list(world)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis draws a random.Random
    one, other = mesh_of(world).egress("shop"), mesh_of(tuple(shuffled)).egress("shop")
    assert one.table == other.table
    assert [one.decide(request) for request in drawn] == [other.decide(request) for request in drawn]


@given(world=worlds(), drawn=st.lists(requests(), min_size=1, max_size=4))
def test_what_nobody_may_see_changes_nothing(world: tuple[Resource, ...], drawn: list[Request]) -> None:
    """An entry exported to nobody changes no decision, where nothing names its host."""
    hidden = ServiceEntry(
        metadata={"name": "hidden", "namespace": "elsewhere", "creationTimestamp": "2020-01-01T00:00:00Z"},
        spec={
            "hosts": ["hidden.invalid"],
            "ports": [{"number": port, "name": f"p-{port}", "protocol": "TCP"} for port in (80, 443, 8080)],
            "resolution": "NONE",
            "exportTo": ["~"],
        },
    )
    without, beside = mesh_of(world).egress("shop"), mesh_of((*world, hidden)).egress("shop")
    assert [without.decide(request) for request in drawn] == [beside.decide(request) for request in drawn]


@given(world=worlds(), drawn=requests())
def test_a_decision_names_what_was_loaded(world: tuple[Resource, ...], drawn: Request) -> None:
    """``decide`` never raises for a Request, and ``governed_by`` is one of the resources."""
    decision = mesh_of(world).egress("shop").decide(drawn)
    loaded = {(type(resource).__name__, resource.namespace, resource.name) for resource in world}
    governor = decision.governed_by
    assert governor is None or (governor.kind, governor.namespace, governor.name) in loaded
    assert pickle.loads(pickle.dumps(decision)) == decision


def test_workloads_that_are_told_the_same_share_it() -> None:
    """A thousand workloads of one scope hold one table."""
    entry = ServiceEntry(
        metadata={"name": "a", "namespace": "shop"},
        spec={"hosts": ["a.com"], "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}], "resolution": "DNS"},
    )
    mesh = Mesh([entry])
    tables = {id(mesh.egress("shop", labels={"app": str(number)}).table) for number in range(1000)}
    assert len(tables) == 1


def test_an_entry_that_is_not_exported_is_named_by_the_explanation() -> None:
    """The explanation says that the entry exists, where, and why it does not count."""
    entry = ServiceEntry(
        metadata={"name": "a", "namespace": "other"},
        spec={
            "hosts": ["a.com"],
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "resolution": "DNS",
            "exportTo": ["."],
        },
    )
    told = str(Mesh([entry]).egress("shop").explain("http://a.com/"))
    assert "ServiceEntry `other/a` (<python>): exists, but is not exported to namespace `shop` (exportTo: .)" in told
