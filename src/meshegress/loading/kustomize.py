"""Kustomizations: what they say of the files around them, which are not yet what the cluster will have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from meshegress.findings import Severity
from meshegress.loading.helm_values import value_at
from meshegress.loading.places import Place
from meshegress.loading.report import Report
from meshegress.rules.problem import Problem
from meshegress.sources.folders import KUSTOMIZATIONS

GROUP = "kustomize.config.k8s.io"

#: Where a kustomization names files that are not objects.
_LISTS_OF_FILES = (
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "transformers",
    "generators",
    "configurations",
    "validators",
)


@dataclass(slots=True)
class _Kustomization:
    """One kustomization: where it stands, the namespace that it sets, and the objects that it has not set it on."""

    file: str
    place: Place
    namespace: str
    resources: tuple[str, ...]
    without_namespace: list[str] = field(default_factory=list)


def is_kustomization(document: Mapping[str, Any], file: str) -> bool:
    """Tell whether *document* of *file* is a kustomization, which need not say its kind.

    >>> is_kustomization({"resources": []}, "base/kustomization.yaml"), is_kustomization({"resources": []}, "a.yaml")
    (True, False)
    """
    version = document.get("apiVersion")
    if isinstance(version, str):
        return version.partition("/")[0] == GROUP
    return "kind" not in document and PurePath(file).name in KUSTOMIZATIONS


class Kustomizations:
    """All kustomizations so far, and the files that they name as patches."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._patches: dict[str, str] = {}
        self._known: list[_Kustomization] = []

    def __bool__(self) -> bool:
        return bool(self._known)

    def take(self, document: Mapping[str, Any], file: str, place: Place) -> None:
        """Remember what the kustomization *document* says of other files."""
        for path in _named_files(document):
            self._patches[_beside(file, path)] = file
        resources = value_at(document, "resources")
        paths = [path for path in resources if isinstance(path, str)] if isinstance(resources, list) else []
        found = tuple(_beside(file, path) for path in paths)
        namespace = document.get("namespace")
        self._known.append(_Kustomization(file, place, namespace if isinstance(namespace, str) else "", found))

    def patched_by(self, file: str) -> str | None:
        """Return the kustomization that names *file* as a patch, or the like."""
        return self._patches.get(os.path.normpath(file)) if self._patches else None

    def landed(self, file: str, subject: str) -> None:
        """Remember that the object *subject* of *file* names no namespace, and was put in that of the loading."""
        path = os.path.normpath(file)
        for each in self._known:
            if each.namespace in ("", self._namespace):
                continue
            if any(path == one or path.startswith(one + os.sep) for one in each.resources):
                each.without_namespace.append(subject)

    def report(self, report: Report, severity: Severity) -> None:
        """Say of each kustomization that it is to be built first."""
        for each in self._known:
            folder = PurePath(each.file).parent
            help = f"`kubectl kustomize {folder} | meshegress …`"
            report.at(each.place, Problem((), "".join(self._said(each)), help, severity, "EG107"))

    def moves(self) -> tuple[str, ...]:
        """Return a line for each namespace in which kustomizations put objects that were read into another."""
        moved: dict[str, dict[str, None]] = {}
        for each in self._known:
            moved.setdefault(each.namespace, {}).update(dict.fromkeys(each.without_namespace))
        return tuple(
            f"{_first_of(list(subjects))} {'is' if len(subjects) == 1 else 'are'} in `{self._namespace}` as read, "
            f"and kustomizations put {'it' if len(subjects) == 1 else 'them'} in namespace `{namespace}`"
            for namespace, subjects in moved.items()
            if subjects
        )

    def _said(self, each: _Kustomization) -> Iterator[str]:
        yield "a kustomization: build it first"
        if each.without_namespace:
            are = "is" if len(each.without_namespace) == 1 else "are"
            yield f"; it puts objects in namespace `{each.namespace}`, and as they were read, "
            yield f"{_first_of(each.without_namespace)} {are} in `{self._namespace}`"


def _first_of(subjects: Sequence[str]) -> str:
    more = f" and {len(subjects) - 1:,} more" if len(subjects) > 1 else ""
    return f"{subjects[0]}{more}"


def _beside(file: str, path: str) -> str:
    """Return the *path* that *file* names, as seen from where the program stands."""
    return os.path.normpath(PurePath(file).parent / path)


def _named_files(document: Mapping[str, Any]) -> Iterator[str]:
    for name in _LISTS_OF_FILES:
        rows = document.get(name)
        for row in rows if isinstance(rows, list) else ():
            path = row.get("path") if isinstance(row, Mapping) else row
            if isinstance(path, str) and "\n" not in path:
                yield path
    charts = document.get("helmCharts")
    for chart in charts if isinstance(charts, list) else ():
        if isinstance(path := value_at(chart, "valuesFile"), str):
            yield path
