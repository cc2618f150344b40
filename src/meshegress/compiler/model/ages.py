"""Ages that are not known: what has none counts as new where others have one, since it is about to be applied.

Where nothing has an age, all are equally old; in a complete input what has none is the oldest, as istiod reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from meshegress.compiler.model.orders import TieOrder
from meshegress.loading import ResourceSet
from meshegress.resources import Resource


@dataclass(frozen=True, slots=True)
class Undated:
    """What counts for a resource without an age: when it was *created*, if that is known, and its place by *age*."""

    created: int | None = None
    age: int = 0

    def created_of(self, resource: Resource) -> int | None:
        """Return when *resource* was created, None where nobody knows."""
        created = resource.metadata.creation_timestamp
        return self.created if created is None else created


OLDEST = Undated(created=0)
"""In a complete input what has no age is the oldest: so istiod reads it."""

UNKNOWN = Undated()
"""Nobody knows; where there is no age at all, names decide first."""

NEW = Undated(age=1 << 62)
"""Nobody knows; it counts as new, since it is about to be applied."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Which ages there are among resources between which age decides, and what counts for those without one."""

    some_have: bool = False
    some_lack: bool = False
    is_complete: bool = False

    @staticmethod
    def of(resources: ResourceSet) -> Ages:
        """Return the ages of *resources*; none matter where they are complete, but for what is laid over them."""
        if resources.is_complete and not resources.is_laid_over:
            return Ages(is_complete=True)
        kinds: tuple[Sequence[Resource], ...] = (
            resources.service_entries,
            resources.services,
            resources.virtual_services,
            resources.destination_rules,
            resources.sidecars,
        )
        return Ages().joined(row for rows in kinds for row in rows)

    def joined(self, rows: Iterable[Resource]) -> Ages:
        """Return the ages once there are *rows*, too."""
        if self.is_complete:
            return self
        lack = {row.metadata.creation_timestamp is None for row in rows}
        return Ages(self.some_have or False in lack, self.some_lack or True in lack)

    @property
    def are_mixed(self) -> bool:
        """Whether what has no age counts as about to be applied, since others have one."""
        return self.some_have and self.some_lack

    def undated_in(self, order: TieOrder) -> Undated:
        """Return what counts for resources without an age under *order*."""
        if self.is_complete:
            return OLDEST
        return NEW if self.seen_from(order).undated_last else UNKNOWN

    def seen_from(self, order: TieOrder) -> TieOrder:
        """Return the order in which resources are arranged under *order*, which says on which side the undated are.

        The natural side is behind the others where they count as new.
        """
        return replace(order, undated_last=order.undated_last is not self.are_mixed)
