"""When two tables are the same to whoever asks them: with what equality leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from meshegress import Egress, Request
from meshegress.resources import Resource
from meshegress.table import Table


def origins(table: Table) -> Iterator[object]:
    """Yield where each part of *table* comes from: equality of tables leaves that out."""
    parts: list[Any] = [chain for listener in table.listeners for chain in listener.filter_chains]
    parts += [host for routes in table.route_configurations.values() for host in routes.virtual_hosts]
    parts += [route for host in parts if hasattr(host, "routes") for route in host.routes]
    parts += [table.clusters[name] for name in sorted(table.clusters)]
    for part in parts:
        origin = part.origin
        resource = origin.resource if origin is not None else None
        same = id(resource) if isinstance(resource, Resource) else None
        yield origin and (str(origin), same, origin.host_path, origin.port_path)


def require_same(one: Egress, other: Egress, asked: Sequence[Request]) -> None:
    """Assert that nobody can tell *one* from *other*."""
    assert one.table == other.table
    assert list(origins(one.table)) == list(origins(other.table))
    assert dict(one.names) == dict(other.names)
    assert [one.decide(request).as_dict() for request in asked] == [
        other.decide(request).as_dict() for request in asked
    ]
