"""One identity twice: equal copies are one object, different ones are versions, often of several environments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath

from meshegress.findings import Severity
from meshegress.loading.report import Report
from meshegress.loading.summary import Duplicate
from meshegress.resources import Resource
from meshegress.rules.problem import Problem

#: What the cluster or a tool writes down, so that it tells no two versions apart.
_WRITTEN_BY_TOOLS = ("kubectl.kubernetes.io/last-applied-configuration",)
_NOT_COMPARED = frozenset({"api_version", "kind", "metadata", "status"})


def is_copy(one: Resource, other: Resource) -> bool:
    """Tell whether two objects of one kind and name say the same, whatever the cluster wrote beside it."""
    names = (name for name in type(one).model_fields if name not in _NOT_COMPARED)
    return (
        one.metadata.labels == other.metadata.labels
        and _by_people(one.metadata.annotations) == _by_people(other.metadata.annotations)
        and all(getattr(one, name) == getattr(other, name) for name in names)
    )


def _by_people(annotations: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in annotations.items() if key not in _WRITTEN_BY_TOOLS}


def report_versions(duplicates: tuple[Duplicate, ...], report: Report) -> None:
    """Say of each identity with several versions where they stand, or of many at once which folders hold them."""
    groups: dict[tuple[str, ...], list[Duplicate]] = {}
    for each in duplicates:
        places = environments([other.source("metadata", "name").file for other in (*each.others, each.kept)])
        if len(places) > 1:
            groups.setdefault(places, []).append(each)
        else:
            _report_one(each, report)
    for places, group in groups.items():
        _report_group(places, group, report)


def _report_one(each: Duplicate, report: Report) -> None:
    message = f"this replaces the one at {each.others[0].source('metadata', 'name')}"
    path = ("metadata", "name")
    report.of(each.kept, Problem(path, message, "keep one of the two", Severity.WARNING, "EG104"))


def _report_group(places: tuple[str, ...], group: list[Duplicate], report: Report) -> None:
    first = group[0]
    named = ", ".join(f"`{place}`" for place in places)
    objects = "this object has" if len(group) == 1 else f"this object and {len(group) - 1:,} more have"
    message = f"{objects} another content in each of {named}: these look like environments: name one"
    help = f"name `{places[-1]}`, or `--exclude {places[0]}`"
    report.of(first.kept, Problem(("metadata", "name"), message, help, Severity.WARNING, "EG104"))


def environments(files: list[str]) -> tuple[str, ...]:
    """Return the folders, or files, in which the ways to *files* part.

    >>> environments(["apps/dev/pay/entry.yaml", "apps/prod/pay/entry.yaml"])
    ('apps/dev', 'apps/prod')
    >>> environments(["a.yaml", "a.yaml"])
    ()
    """
    ways = list(dict.fromkeys(PurePath(os.path.normpath(file)).parts for file in files))
    if len(ways) < 2 or any(file.startswith("<") for file in files):
        return ()
    shared = next(depth for depth in range(len(max(ways))) if len({way[depth : depth + 1] for way in ways}) > 1)
    return tuple(dict.fromkeys(str(PurePath(*way[: shared + 1])) for way in ways))
