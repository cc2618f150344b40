"""``lint``: all rules over all resources of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from meshegress.analysis.lint.entries import examine_entry, is_suspect
from meshegress.analysis.lint.finding import MeshFinding
from meshegress.analysis.lint.parts import dead_hosts
from meshegress.analysis.lint.routing import examine_routes, examine_rule, examine_sidecar
from meshegress.analysis.lint.standing import declared_hosts, standing_rules
from meshegress.analysis.lint.survey import Survey
from meshegress.analysis.lint.suspects import Suspects
from meshegress.analysis.lint.telling import about
from meshegress.mesh import Mesh
from meshegress.request import Workload

T = TypeVar("T")

#: Beyond so many the entangled entries are not left out: each may cost a whole compile.
_MOST_ENTANGLED = 400


def lint(
    mesh: Mesh, workloads: Iterable[Workload] | None = None, rules: Iterable[str] | None = None
) -> tuple[MeshFinding, ...]:
    """Return what is wrong with the resources of *mesh* for *workloads*, or for all that the resources tell apart.

    *rules* are the codes that are wanted, or their beginnings, such as ``EG40``; all without them. Where a finding has
    a witness, that is a request which is answered otherwise without the resource.

    >>> from meshegress import Mesh
    >>> port = {"number": 443, "name": "main", "protocol": "TCP"}
    >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "bing"},
    ...          "spec": {"hosts": ["www.bing.com"], "ports": [port], "resolution": "DNS"}}
    >>> [finding.code for finding in lint(Mesh([entry]))]
    ['EG401']
    """
    wanted = tuple(rules) if rules is not None else ("EG",)
    found = [one for one in _all(Survey(mesh, workloads)) if one.code.startswith(wanted)]
    return tuple(sorted(found, key=lambda one: (one.where.file, one.where.line or 0, one.code, one.subject, one.field)))


def _all(survey: Survey) -> Iterator[MeshFinding]:
    resources = survey.mesh.resources
    yield from _of_entries(survey)
    yield from _each(survey, examine_routes, resources.virtual_services)
    yield from _each(survey, examine_sidecar, resources.sidecars)
    yield from _each(survey, examine_rule, resources.destination_rules)


def _of_entries(survey: Survey) -> Iterator[MeshFinding]:
    suspects = Suspects(survey.mesh.registry())
    declared = declared_hosts(survey)
    left = _MOST_ENTANGLED
    for entry in survey.mesh.resources.service_entries:
        is_entangled = suspects.is_entangled(entry)
        if is_entangled and left <= 0:
            yield about("EG415", entry, f"was not left out: {_MOST_ENTANGLED} others were, which are entangled like it")
            continue
        left -= is_entangled
        found = list(examine_entry(survey, entry, suspects))
        yield from found
        yield from standing_rules(survey, entry, declared)
        if is_suspect(survey, entry, suspects) and not any(one.code == "EG402" for one in found):
            yield from dead_hosts(survey, entry)


def _each(
    survey: Survey, examine: Callable[[Survey, T], Iterator[MeshFinding]], resources: Iterable[T]
) -> Iterator[MeshFinding]:
    for resource in resources:
        yield from examine(survey, resource)
