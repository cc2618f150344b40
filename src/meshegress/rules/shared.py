"""Rules that several kinds have: metadata, exportTo, workload selectors, destinations, labels."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from meshegress.profiles import Profile
from meshegress.resources import Resource
from meshegress.resources.shape import shown
from meshegress.resources.sidecar import WorkloadSelector
from meshegress.resources.virtual_service import Destination
from meshegress.rules.names import is_dns_label, label_faults, port_fault, wildcard_fault
from meshegress.rules.problem import Path, Problem, Problems, fault, warning

_DRY_RUN = "istio.io/dry-run"
_ALWAYS_REJECT = "internal.istio.io/webhook-always-reject"
_PARENTS = ("internal.istio.io/parent-namespace", "internal.istio.io/parents")


def ask_annotations(resource: Resource, profile: Profile) -> Problems:
    """Refuse annotations that Istio keeps for itself."""
    banned = (_DRY_RUN, _ALWAYS_REJECT, *(_PARENTS if profile.parent_annotations_reserved else ()))
    for name in banned:
        if name in resource.metadata.annotations:
            yield Problem(("metadata", "annotations", name), f"annotation `{name}` is not for users", "remove it")


def ask_fields(resource: Resource, profile: Profile) -> Problems:
    """Refuse what stands beside ``spec`` and is not a field of an object: the webhook looks at these names alone.

    Source: Istio, pkg/webhooks/validation/server, checkFields.
    """
    for name in resource.unknown:
        near = difflib.get_close_matches(name, ("apiVersion", "kind", "metadata", "spec", "status"), n=1)
        help = f"did you mean `{near[0]}`?" if near else ""
        yield Problem((name,), f"an object has no field {shown(name)}", help)


def ask_selector(resource: Resource, profile: Profile) -> Problems:
    """Refuse workload selectors that cannot be what was meant."""
    selector: WorkloadSelector | None = resource.spec.workload_selector  # type: ignore[attr-defined]  # kinds with one
    if selector is not None:
        yield from selector_problems(selector.labels, ("spec", "workloadSelector"), "labels")


def selector_problems(labels: Mapping[str, str], path: Path, field: str) -> Problems:
    """Judge the *labels* of a workload selector at *path*, which stand in its *field*."""
    for key, value in labels.items():
        if not key:
            yield Problem((*path, field), "a key is empty", "name the label")
        if "*" in key or "*" in value:
            yield Problem((*path, field, key), f"`{key}={value}` has a `*`", "selectors have no wildcards")
    if not labels:
        yield warning(path, "a selector without labels selects every workload of the namespace", "name a label")


def ask_export_to(resource: Resource, profile: Profile) -> Problems:
    """Refuse lists of namespaces that say nothing, or two things."""
    yield from export_problems(resource)


def ask_service_export_to(resource: Resource, profile: Profile) -> Problems:
    """Do the same for ServiceEntries, which may be exported to no one."""
    yield from export_problems(resource, none_allowed=True)


def export_problems(resource: Resource, *, none_allowed: bool = False, own_only: bool = False) -> Problems:
    """Judge ``exportTo``; *own_only* is the rule for a DestinationRule with a workloadSelector."""
    values: tuple[str, ...] = resource.spec.export_to  # type: ignore[attr-defined]  # asked of kinds that have one
    path = ("spec", "exportTo")
    own = resource.metadata.namespace
    kept: set[str] = set()
    for index, value in enumerate(values):
        key = own if value == "." else value
        if key in kept:
            yield Problem((*path, index), f"{shown(value)} is named twice")
        elif (message := _export_fault(value, key, none_allowed=none_allowed)) is not None:
            yield Problem((*path, index), message)
        else:
            kept.add(key)
    if own_only and kept and kept != {own}:
        yield Problem(path, "a rule for selected workloads is for its own namespace only", "export it to `.`")
    for alone in sorted(kept & {"*", "~"}):
        if len(values) > 1:
            yield Problem(path, f"`{alone}` stands alone", f"remove `{alone}`, or everything else")


def _export_fault(value: str, key: str, *, none_allowed: bool) -> str | None:
    if value == "~" and none_allowed:
        return None
    if key == "~":
        return "`~` is for ServiceEntries only"
    return None if key in (".", "*") or is_dns_label(key) else f"{shown(value)} is not a namespace"


def label_problems(labels: Mapping[str, str], path: Path) -> Problems:
    """Judge labels as Kubernetes does."""
    for key, message in label_faults(labels):
        yield Problem((*path, key), message)


def destination_problems(destination: Destination | None, path: Path) -> Problems:
    """Judge where a route leads to."""
    if destination is None:
        return
    host = destination.host
    yield from fault((*path, "host"), "`*` is not a destination" if host == "*" else wildcard_fault(host))
    if destination.subset and not is_dns_label(destination.subset):
        yield Problem(
            (*path, "subset"),
            f"{shown(destination.subset)} is not a name of a subset",
            "name it in lower case letters, digits and dashes",
        )
    if destination.port is not None:
        yield from fault((*path, "port", "number"), port_fault(destination.port.number))
