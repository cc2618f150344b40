"""Which services of one host Istio merges into one, and which fields keep them apart.

Source: Istio, pilot/pkg/model, canMergeServices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshegress.compiler.model.services import Service

_Reader = Callable[[Service], object]

#: The fields that must be equal, by the name that resources give them, and how each is read.
_MERGED_BY: tuple[tuple[str, _Reader], ...] = (
    ("namespace", lambda service: service.namespace),
    ("resolution", lambda service: service.resolution),
    ("kind", lambda service: service.is_kubernetes),
    ("labels", lambda service: service.labels),
    ("workloadSelector", lambda service: service.selector or {}),
    ("exportTo", lambda service: service.export_to),
)


def can_merge(one: Service, other: Service) -> bool:
    """Return whether nothing keeps the ports of *one* and *other*, which have one host, from one service."""
    return all(read(one) == read(other) for _, read in _MERGED_BY)


def differing_fields(one: Service, other: Service) -> list[str]:
    """Return each field that keeps *one* and *other* apart, with the values of both.

    ``namespace`` and ``kind`` speak for themselves.
    """
    return [
        name if name in ("namespace", "kind") else f"{name} ({_shown(read(one))} and {_shown(read(other))})"
        for name, read in _MERGED_BY
        if read(one) != read(other)
    ]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={text}" for key, text in sorted(value.items())) or "none"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "not set"
    return str(getattr(value, "value", value))
