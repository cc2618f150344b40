"""Istio's validation: what its webhook says of each object alone, one table of rules for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshegress.profiles import Profile
from meshegress.resources import (
    DestinationRule,
    Gateway,
    Resource,
    ServiceEntry,
    Sidecar,
    VirtualService,
    WorkloadEntry,
)
from meshegress.rules import cluster, destination_rule, gateway, service_entry, sidecar, virtual_service, workload_entry
from meshegress.rules.problem import Problem, Rule, ask_all, errors_only
from meshegress.rules.structural import CODE, structural_problems

VALIDATIONS = ("webhook", "cluster")

RULES: dict[type[Resource], tuple[Rule, ...]] = {
    ServiceEntry: service_entry.RULES,
    WorkloadEntry: workload_entry.RULES,
    Sidecar: sidecar.RULES,
    VirtualService: virtual_service.RULES,
    DestinationRule: destination_rule.RULES,
    Gateway: gateway.RULES,
}
"""The rules of each kind; objects of Kubernetes are not judged."""

__all__ = ["RULES", "VALIDATIONS", "Problem", "problems"]


def problems(
    resource: Resource,
    profile: Profile,
    validation: str = "webhook",
    written: Mapping[str, Any] | None = None,
    *,
    is_whole: bool = True,
) -> Sequence[Problem]:
    """Return everything that Istio of *profile* says against *resource*, and what it warns of.

    *validation* ``cluster`` adds what the API server says, of the object as it was *written*. Where the resource
    *is_whole* no longer, since part of what was written could not be read, Istio never comes to warn.

    >>> from meshegress.profiles import profile
    >>> from meshegress.resources import ServiceEntry
    >>> [problem.message for problem in problems(ServiceEntry(), profile("1.30"))]
    ['the entry has no host']
    """
    kind = type(resource)
    said = ask_all(RULES.get(kind, ()), resource, profile)
    if not is_whole:
        said = list(errors_only(said))
    if validation == "cluster" and kind in RULES:
        said += ask_all(cluster.RULES.get(kind, ()), resource, profile)
        seen = structural_problems(kind, written if written is not None else resource.as_wire())
        said += [replace(problem, code=CODE) for problem in seen]
    return said
