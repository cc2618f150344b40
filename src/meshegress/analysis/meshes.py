"""What differs between two meshes, for all workloads: those that are told the same are compared once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from meshegress.analysis.answers import By
from meshegress.analysis.differ.facts import Facts
from meshegress.analysis.difference import NOTHING, SCHEMA_VERSION, Difference, changed_names, diff
from meshegress.analysis.texts.product import Budget
from meshegress.analysis.universe import Universe, universe_of
from meshegress.egress import Egress
from meshegress.mesh import Mesh
from meshegress.request import Workload

_MOST_NAMESPACES = 5


@dataclass(frozen=True, slots=True)
class WorkloadDifference:
    """Workloads for which the same differs."""

    workloads: tuple[Workload, ...]
    difference: Difference

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the workloads."""
        return tuple(sorted({workload.namespace for workload in self.workloads}))

    def __str__(self) -> str:
        names = self.namespaces
        if len(self.workloads) == 1:
            return f"for {_shown(self.workloads[0])}"
        shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMESPACES])
        more = f" and {len(names) - _MOST_NAMESPACES} more" if len(names) > _MOST_NAMESPACES else ""
        place = "namespace" if len(names) == 1 else f"{len(names)} namespaces:"
        return f"for {len(self.workloads)} workloads in {place} {shown}{more}"


class MeshDifference:
    """What differs for the workloads of a *universe*: true where something does for one of them.

    ``groups`` are the workloads for which the same differs, the largest first; where nothing does, they are left out.
    """

    def __init__(self, universe: Universe, groups: Iterable[WorkloadDifference]) -> None:
        self.universe = universe
        self._all = tuple(groups)
        self.groups = tuple(one for one in self._all if one.difference or not one.difference.is_proven)

    def __bool__(self) -> bool:
        return any(one.difference for one in self.groups)

    @property
    def is_proven(self) -> bool:
        """Whether nothing else differs for any of the workloads."""
        return all(one.difference.is_proven for one in self.groups)

    def __str__(self) -> str:
        return self.text()

    def text(self, *, everything: bool = False, most: int = 20) -> str:
        """Return the changes in words, *most* of them for each group of workloads."""
        if not self.groups:
            return f"{NOTHING}\n\n({self.universe})"
        parts = [f"{one}\n\n{one.difference.text(everything=everything, most=most)}" for one in self.groups]
        return "\n\n".join((*parts, f"({self.universe})"))

    def markdown(self, *, most: int = 20, limit: int = 60_000) -> str:
        """Return the changes as tables for a pull request, of *limit* characters at most."""
        if not self.groups:
            return f"**{NOTHING}**\n\n<sub>{self.universe}</sub>"
        share = limit // len(self.groups[:most])
        parts = [f"### {one}\n\n{one.difference.markdown(most=most, limit=share - 100)}" for one in self.groups[:most]]
        if len(self.groups) > most:
            parts.append(f"and {len(self.groups) - most} more groups of workloads")
        return "\n\n".join((*parts, f"<sub>{self.universe}</sub>"))

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready values; ``schema_version`` changes when the shape does."""
        return {
            "schema_version": SCHEMA_VERSION,
            "equal": not self,
            "proven": self.is_proven,
            "universe": {"workloads": len(self.universe.workloads), "derived": self.universe.is_derived},
            "groups": [
                {
                    "namespaces": list(one.namespaces),
                    "workloads": [_workload_as_dict(workload) for workload in one.workloads],
                    "difference": one.difference.as_dict(),
                }
                for one in self.groups
            ],
        }


def diff_meshes(
    before: Mesh,
    after: Mesh,
    workloads: Iterable[Workload] | None = None,
    *,
    by: By = "answer",
    budget: Budget | None = None,
) -> MeshDifference:
    """Return what differs between two meshes for *workloads*, or for one of each kind that the resources tell apart.

    >>> from meshegress import Mesh
    >>> print(diff_meshes(Mesh(), Mesh()))
    No change in egress behaviour.
    <BLANKLINE>
    (1 workload in 1 namespace: one for each set of labels and address family that the resources tell apart)
    """
    if workloads is None:
        universe = universe_of(before.resources, after.resources)
    else:
        universe = Universe(workloads, is_derived=False)
    facts = Facts()
    rows: dict[Hashable, tuple[Egress, Egress, list[Workload]]] = {}
    names: dict[Hashable, Hashable] = {}
    for workload in universe.workloads:
        one, other = before.egress(workload), after.egress(workload)
        key = (one.tables.names_key, other.tables.names_key)
        if key not in names:
            names[key] = tuple(changed_names(one, other).items())
        rows.setdefault((_told(one, other), names[key]), (one, other, []))[2].append(workload)
    found = [(members, diff(one, other, by=by, budget=budget, facts=facts)) for one, other, members in rows.values()]
    return MeshDifference(universe, _grouped(found))


def _told(before: Egress, after: Egress) -> Hashable:
    """Return what tells the differences of two workloads apart; workloads that share it have the same one."""
    families = frozenset(":" in address for address in before.workload.addresses)
    return tables_of(before), tables_of(after), families


def tables_of(egress: Egress) -> Hashable:
    """Return by which tables *egress* decides: those of one mesh share parts, which are compared as objects."""
    careful = egress.careful
    if careful.orders.ports or careful.is_limited or careful.worlds():
        return egress.workload.namespace, id(egress.program)
    table = egress.table
    parts = (table.listeners, table.route_configurations.values(), table.clusters.values())
    return tuple(tuple(map(id, part)) for part in parts)


def _grouped(found: Iterable[tuple[list[Workload], Difference]]) -> list[WorkloadDifference]:
    """Return the differences that read the same as one."""
    groups: dict[str, tuple[list[Workload], Difference]] = {}
    for workloads, difference in found:
        groups.setdefault(difference.text(everything=True, most=1_000_000), ([], difference))[0].extend(workloads)
    rows = [WorkloadDifference(tuple(workloads), difference) for workloads, difference in groups.values()]
    return sorted(rows, key=lambda row: -len(row.workloads))


def _shown(workload: Workload) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in workload.labels.items())
    return f"workloads of `{workload.namespace}`" + (f" with {labels}" if labels else "")


def _workload_as_dict(workload: Workload) -> dict[str, Any]:
    return {
        "namespace": workload.namespace,
        "labels": dict(workload.labels),
        "addresses": list(workload.addresses),
    }
