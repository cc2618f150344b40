"""Which of two services of one host Istio takes first, in words that are true: ages only where they are known."""

from __future__ import annotations

from meshegress.compiler.model.services import Service
from meshegress.compiler.model.visibility import PUBLIC, ServiceIndex


def age_of(first: Service, second: Service) -> str:
    """Return what puts *first* before *second* where nothing but their order counts."""
    if first.created is None or second.created is None:
        return "comes first (not all of their ages are given)"
    if first.created != second.created:
        return "is older" if first.created < second.created else "is newer"
    return "comes first (they are of one age)"


def taken_first(first: Service, second: Service, index: ServiceIndex) -> str:
    """Return why *first* stands before *second* for one workload: exported by name before public, then by age."""
    if PUBLIC not in index.export_to(first) and PUBLIC in index.export_to(second):
        return "comes first, since it is exported by name and not to all"
    return age_of(first, second)
