"""The strategies draw what they promise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given

from meshegress.loading import check
from meshegress.resources import Resource
from meshegress.testing import strategies
from meshegress.testing.strategies.worlds import World


@given(strategies.worlds())
def test_worlds_are_accepted(world: World) -> None:
    """Istio takes every resource of a world, and no two have one name or one age."""
    assert strategies.is_accepted(*world)
    resources = [resource for resource in world if isinstance(resource, Resource)]
    assert len(world) - len(resources) <= 1
    assert len({resource.metadata.creation_timestamp for resource in resources}) == len(resources)
    assert len({(type(one), one.namespace, one.name) for one in resources}) == len(resources)


@given(strategies.worlds())
def test_worlds_survive_printing(world: World) -> None:
    """A world in YAML is the same world."""
    printed, built = check(*(resource.to_yaml() for resource in world))[0], check(*world)[0]
    assert replace(printed, mesh_config_source=None) == replace(built, mesh_config_source=None)


@given(strategies.broken_worlds())
def test_broken_worlds_are_refused(world: list[dict[str, Any]]) -> None:
    """One resource of each is broken."""
    assert not strategies.is_accepted(*world)


@given(strategies.broken_entries())
def test_broken_entries_are_refused(entry: dict[str, Any]) -> None:
    """Each has something that Istio refuses."""
    assert not strategies.is_accepted(entry)
