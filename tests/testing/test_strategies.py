"""The strategies draw what they promise."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from meshegress import Mesh, Request
from meshegress.collection import check
from meshegress.resources import Resource
from meshegress.testing import strategies


@given(strategies.worlds())
def test_worlds_are_accepted(world: tuple[Resource, ...]) -> None:
    """Istio takes every resource of a world, and no two have one name or one age."""
    assert strategies.is_accepted(*world)
    assert len({resource.metadata.creation_timestamp for resource in world}) == len(world)


@given(strategies.worlds())
def test_worlds_survive_printing(world: tuple[Resource, ...]) -> None:
    """A world in YAML is the same world."""
    assert check(*(resource.to_yaml() for resource in world))[0] == check(*world)[0]


@given(strategies.broken_entries())
def test_broken_entries_are_refused(entry: dict[str, Any]) -> None:
    """Each has one error at least, and is left out."""
    resources, findings = check(entry)
    assert resources.service_entries == ()
    assert findings


@given(strategies.broken_worlds(), strategies.requests())
def test_a_broken_entry_changes_nothing_else(world: list[dict[str, Any]], request: Request) -> None:
    """What is refused is as if it were not there."""
    sound = [document for document in world if document["metadata"]["name"] != "broken"]
    assert check(world)[0] == check(sound)[0]
    assert Mesh(check(world)[0]).egress("shop").decide(request) == Mesh(sound).egress("shop").decide(request)
