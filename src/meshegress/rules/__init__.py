"""Istio's validation: what its webhook says of each object alone, one table of rules for each kind."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress.profiles import Profile
from meshegress.resources import Resource
from meshegress.rules.problem import Problem

VALIDATIONS = ("webhook", "cluster")


def problems(resource: Resource, profile: Profile, validation: str = "webhook") -> Iterator[Problem]:
    """Give everything that Istio of *profile* says against *resource*, and what it warns of."""
    yield from ()
