"""What istiod's own flags change: whether its controller gives entries addresses, and of which ranges.

Source: Istio, pilot/pkg/features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from meshegress.compiler.model.allocator import DEFAULT_V4, DEFAULT_V6, Allocator, allocator_of
from meshegress.loading import ResourceSet
from meshegress.profiles import Profile

_ALLOCATES = "PILOT_ENABLE_IP_AUTOALLOCATE"
_V4, _V6 = "PILOT_IP_AUTOALLOCATE_IPV4_PREFIX", "PILOT_IP_AUTOALLOCATE_IPV6_PREFIX"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def profile_under(profile: Profile, environment: Mapping[str, str]) -> Profile:
    """Return *profile* as istiod's *environment* has it."""
    if _ALLOCATES not in environment:
        return profile
    return replace(profile, automatic_addresses=environment[_ALLOCATES] in _TRUE)


def is_dual_stack(environment: Mapping[str, str]) -> bool:
    """Return whether istiod serves both families of a service to proxies that have both.

    >>> is_dual_stack({"ISTIO_DUAL_STACK": "true"}), is_dual_stack({})
    (True, False)
    """
    return environment.get("ISTIO_DUAL_STACK") in _TRUE


def allocator_for(resources: ResourceSet, profile: Profile) -> Allocator | None:
    """Return who gives addresses to the entries of *resources* that were given without a status.

    Where the input is complete, or no controller runs, nobody does. Ranges that cannot be read count as absent.
    """
    if resources.is_complete or not profile.automatic_addresses:
        return None
    environment = resources.istiod_environment
    try:
        found = allocator_of(environment.get(_V4, DEFAULT_V4), environment.get(_V6, DEFAULT_V6))
    except ValueError:
        found = allocator_of(DEFAULT_V4, DEFAULT_V6)
    found.make_room(sum(len(entry.spec.hosts) for entry in resources.service_entries))
    return found
