"""What was not given, told once for a mesh: a finding for each kind that is missing, with what to export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from meshegress.compiler.model.ages import Ages
from meshegress.compiler.model.orders import NATURAL
from meshegress.compiler.model.unlisted import find_unlisted
from meshegress.compiler.pipeline import CLUSTER_DOMAIN
from meshegress.compiler.pipeline.gaps import service_in_cluster
from meshegress.compiler.services import service_of_kubernetes, services_of_entry
from meshegress.compiler.virtual_services import prepare
from meshegress.decision.assumptions import (
    ASSUMPTIONS,
    ENDPOINTS_UNKNOWN,
    EQUAL_AGES,
    MESH_CONFIG_DEFAULT,
    SERVICE_UNKNOWN,
    SUBSET_LABELS_UNKNOWN,
)
from meshegress.findings import Finding, Severity, Source
from meshegress.loading import ResourceSet
from meshegress.profiles import Profile
from meshegress.resources import Resource

_ROWS = {row.code: row for row in ASSUMPTIONS}


def missing_findings(resources: ResourceSet, profile: Profile) -> tuple[Finding, ...]:
    """Return one finding for each kind of thing that *resources* lack and that decisions assume; none if complete."""
    if not any(True for _ in resources.each()):
        return ()
    ages = (EQUAL_AGES, "others bear a creationTimestamp, and none stands in {}", _without_age)
    if resources.is_complete:
        return tuple(_lacking((ages,), resources, profile))
    rows = (
        (ENDPOINTS_UNKNOWN, "no endpoints were given of {}", _without_endpoints),
        (SUBSET_LABELS_UNKNOWN, "subsets ask for labels, and Pods were not given that stand in {}", _without_pods),
        (SERVICE_UNKNOWN, "no Service was given of a namespace that is a destination of {}", _to_unknown_services),
        ages,
    )
    found: list[Finding] = []
    if not resources.knows_mesh_config:
        found.append(_finding(MESH_CONFIG_DEFAULT, "no mesh configuration was given: Istio's defaults are taken"))
    return (*found, *_lacking(rows, resources, profile))


def _lacking(rows: Iterable[tuple[str, str, _Find]], resources: ResourceSet, profile: Profile) -> Iterator[Finding]:
    for code, message, find in rows:
        lacking = list(dict.fromkeys(find(resources, profile)))
        if lacking:
            yield _finding(code, message.format(_named(lacking)), lacking[0])


def _finding(code: str, message: str, first: Resource | None = None) -> Finding:
    row = _ROWS[code]
    where = first.source() if first is not None else Source("<input>")
    help = f"export what is missing: {row.remedy}"
    return Finding(row.finding, where, f"{message} ({code})", Severity.INFO, help=help)


def _named(resources: Sequence[Resource]) -> str:
    first = resources[0].subject
    return first if len(resources) == 1 else f"{first} and {len(resources) - 1:,} more"


_Find = Callable[[ResourceSet, Profile], Iterable[Resource]]


def _without_endpoints(resources: ResourceSet, profile: Profile) -> Iterator[Resource]:
    selecting = (entry for entry in resources.service_entries if entry.spec.workload_selector is not None)
    services = [
        *(service_of_kubernetes(one, CLUSTER_DOMAIN) for one in resources.services if one.spec.selector),
        *chain.from_iterable(services_of_entry(entry, profile) for entry in selecting),
    ]
    unlisted = find_unlisted(
        services,
        slices=resources.endpoint_slices,
        endpoints=resources.endpoints,
        workload_entries=resources.workload_entries,
        pods=resources.pods,
    )
    return (service.resource for service in services if service.key in unlisted)


def _without_pods(resources: ResourceSet, profile: Profile) -> Iterator[Resource]:
    if not any(subset.labels for rule in resources.destination_rules for subset in rule.spec.subsets):
        return
    given = {(pod.namespace, pod.name) for pod in resources.pods}
    for piece in resources.endpoint_slices:
        targets = (row.target_ref for row in piece.endpoints if isinstance(row.target_ref, dict))
        pods = {(one.get("namespace"), one.get("name")) for one in targets if one.get("kind") == "Pod"}
        if pods - given:
            yield piece


def _to_unknown_services(resources: ResourceSet, profile: Profile) -> Iterator[Resource]:
    known = {service.namespace for service in resources.services}
    for row in prepare(resources.virtual_services, ("*",), domain=CLUSTER_DOMAIN, order=NATURAL):
        named = (service_in_cluster(host) for host in row.destinations(row.namespace))
        if any(service is not None and service.namespace not in known for service in named):
            yield row.resource


def _without_age(resources: ResourceSet, profile: Profile) -> Iterator[Resource]:
    if Ages.of(resources).are_mixed:
        yield from (row for row in resources.each() if row.metadata.creation_timestamp is None)
