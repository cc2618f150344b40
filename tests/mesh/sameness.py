"""When two tables are the same to whoever asks them: with what equality leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from meshegress import Egress, Request
from meshegress.resources import Resource
from meshegress.table import Table


def origins(table: Table) -> Iterator[object]:
    """Yield where each part of *table* comes from: equality of tables leaves that out."""
    for whole in (*table.listeners, *table.route_configurations.values()):
        yield from places_of(whole)
    for name in sorted(table.clusters):
        yield from places_of(table.clusters[name])


def places_of(part: Any) -> Iterator[object]:
    """Yield where *part* and what is in it come from."""
    inside = [getattr(part, name, ()) for name in ("filter_chains", "virtual_hosts", "routes")]
    for one in (row for rows in inside for row in rows):
        yield from places_of(one)
    if hasattr(part, "default_filter_chain") and part.default_filter_chain is not None:
        yield from places_of(part.default_filter_chain)
    if hasattr(part, "origin"):
        origin = part.origin
        resource = origin.resource if origin is not None else None
        same = id(resource) if isinstance(resource, Resource) else None
        yield origin and (str(origin), same, origin.host_path, origin.port_path)


def require_same(one: Egress, other: Egress, asked: Sequence[Request]) -> None:
    """Assert that nobody can tell *one* from *other*."""
    assert differences(one, other, asked) == []


def differences(one: Egress, other: Egress, asked: Sequence[Request]) -> list[str]:
    """Return by what *one* can be told from *other*: tables, provenance, names, or what was *asked*."""
    found = [name for name in ("table", "rejected", "policy") if getattr(one, name) != getattr(other, name)]
    found += ["origins"] if list(origins(one.table)) != list(origins(other.table)) else []
    found += ["names"] if dict(one.names) != dict(other.names) else []
    return found + [
        repr(request) for request in asked if one.decide(request).as_dict() != other.decide(request).as_dict()
    ]
