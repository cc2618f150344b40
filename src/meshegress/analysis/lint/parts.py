"""Leave one part out: which parts of a resource no request of any workload ever comes to.

A route is renamed rather than removed: where no decision bears the new name nothing takes it. So a route that only sets
a timeout counts like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from meshegress.analysis.difference import diff
from meshegress.analysis.lint.finding import MeshFinding
from meshegress.analysis.lint.survey import Survey
from meshegress.analysis.lint.telling import about
from meshegress.errors import ResourceError
from meshegress.resources import Resource, ServiceEntry, Sidecar, VirtualService

Path = tuple[str | int, ...]
Changed = TypeVar("Changed", bound=Resource)

_MARK = "meshegress-mark"
#: Of one resource so many parts are looked at.
_MOST_PARTS = 40


def is_reached(survey: Survey, routes: VirtualService) -> bool:
    """Return whether a request of any workload takes one of *routes*."""
    http = tuple(route.model_copy(update={"name": f"{_MARK}{number}"}) for number, route in enumerate(routes.spec.http))
    if _differs(survey, routes, _with(routes, {"http": http})):
        return True
    return bool(routes.spec.tls or routes.spec.tcp) and _differs(survey, routes, None)


def dead_routes(survey: Survey, routes: VirtualService) -> Iterator[MeshFinding]:
    """Yield the routes and matches of *routes* that no request takes."""
    for path, changed in list(_route_parts(routes))[:_MOST_PARTS]:
        if not _differs(survey, routes, changed):
            what = "match" if "match" in path else "route"
            yield about("EG414", routes, f"no request comes to this {what}", path=path)


def dead_hosts(survey: Survey, entry: ServiceEntry) -> Iterator[MeshFinding]:
    """Yield the hosts, addresses and ports of *entry* without which nothing changes."""
    for name in ("hosts", "addresses", "ports"):
        rows: Sequence[Any] = getattr(entry.spec, name)
        for place in range(min(len(rows), _MOST_PARTS) if len(rows) > 1 else 0):
            if not _differs(survey, entry, _with(entry, {name: _but(rows, place)})):
                yield about("EG414", entry, "nothing changes without it", path=("spec", name, place))


def dead_imports(survey: Survey, sidecar: Sidecar) -> Iterator[MeshFinding]:
    """Yield the hosts of *sidecar* that import nothing which its workloads could ask for."""
    for row, listener in enumerate(sidecar.spec.egress):
        for place in range(min(len(listener.hosts), _MOST_PARTS) if len(listener.hosts) > 1 else 0):
            changed = listener.model_copy(update={"hosts": _but(listener.hosts, place)})
            rows = (*sidecar.spec.egress[:row], changed, *sidecar.spec.egress[row + 1 :])
            if not _differs(survey, sidecar, _with(sidecar, {"egress": rows})):
                path = ("spec", "egress", row, "hosts", place)
                message = f"`{listener.hosts[place]}` imports nothing that a request could go to"
                yield about("EG411", sidecar, message, path=path)


def _route_parts(routes: VirtualService) -> Iterator[tuple[Path, VirtualService]]:
    http = routes.spec.http
    for number, route in enumerate(http):
        renamed = route.model_copy(update={"name": _MARK})
        yield ("spec", "http", number), _with(routes, {"http": _exchanged(http, number, renamed)})
        for place, match in enumerate(route.match if len(route.match) > 1 else ()):
            marked = _exchanged(route.match, place, match.model_copy(update={"name": _MARK}))
            changed = route.model_copy(update={"match": marked})
            path = ("spec", "http", number, "match", place)
            yield path, _with(routes, {"http": _exchanged(http, number, changed)})
    for name in ("tls", "tcp"):
        rows: Sequence[Any] = getattr(routes.spec, name)
        for number in range(len(rows) if len(rows) + len(http) > 1 else 0):
            yield ("spec", name, number), _with(routes, {name: _but(rows, number)})


def _with(resource: Changed, update: dict[str, Any]) -> Changed:
    """Return *resource* with other fields in its spec."""
    spec = resource.spec.model_copy(update=update)  # type: ignore[attr-defined]  # each kind that comes here has one
    return resource.model_copy(update={"spec": spec})


def _but(rows: Sequence[Any], place: int) -> tuple[Any, ...]:
    return (*rows[:place], *rows[place + 1 :])


def _exchanged(rows: Sequence[Any], place: int, row: Any) -> tuple[Any, ...]:
    return (*rows[:place], row, *rows[place + 1 :])


def _differs(survey: Survey, resource: Resource, changed: Resource | None) -> bool:
    """Return whether any request is decided otherwise with *changed*, or nothing, in the place of *resource*."""
    try:
        mesh = survey.without(resource) if changed is None else survey.mesh.with_changes([changed])
    except ResourceError:  # the rest would be refused, so the part is needed
        return True
    return any(
        diff(mesh.egress(seat.workloads[0]), seat.egress, by="decision", facts=survey.facts)
        for seat in survey.seats_of(resource)
    )
