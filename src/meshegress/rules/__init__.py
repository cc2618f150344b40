"""Istio's validation: what its webhook says of each object alone, one table of rules for each kind."""

from __future__ import annotations

from collections.abc import Sequence

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
from meshegress.rules import destination_rule, gateway, service_entry, sidecar, virtual_service, workload_entry
from meshegress.rules.problem import Problem, Rule, ask_all

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


def problems(resource: Resource, profile: Profile, validation: str = "webhook") -> Sequence[Problem]:
    """Return everything that Istio of *profile* says against *resource*, and what it warns of.

    >>> from meshegress.profiles import profile
    >>> from meshegress.resources import ServiceEntry
    >>> [problem.message for problem in problems(ServiceEntry(), profile("1.30"))]
    ['the entry has no host']
    """
    return ask_all(RULES.get(type(resource), ()), resource, profile)
