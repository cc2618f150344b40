"""Where a mesh configuration hides: the ConfigMap of a cluster, plain mesh YAML, IstioOperator, Helm values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from meshegress.loading.documents import BadDocumentError, read_documents
from meshegress.loading.places import FixedPlace, Place
from meshegress.loading.report import Report, outside, problems_of_limits
from meshegress.resources import MeshConfig
from meshegress.resources._message import wire_name
from meshegress.resources.reading import read
from meshegress.resources.releases import without_newer
from meshegress.resources.substitutions import substitutions
from meshegress.rules.problem import Problem

_NAME = re.compile(r"istio(-.+)?\Z")
_FIELDS = frozenset(name for field in MeshConfig.model_fields for name in (field, wire_name(field)))


@dataclass(frozen=True, slots=True)
class FoundMesh:
    """A mesh configuration inside a document: the path to it, and its text or its value."""

    path: tuple[str, ...]
    value: Any

    @property
    def is_text(self) -> bool:
        """Tell whether the configuration is YAML inside a text, as in a ConfigMap."""
        return isinstance(self.value, str)


def find_mesh(document: Mapping[Any, Any]) -> FoundMesh | None:
    """Return the mesh configuration in *document*, if it holds one.

    >>> find_mesh({"rootNamespace": "istio-config"}).path
    ()
    >>> find_mesh({"kind": "ConfigMap", "metadata": {"name": "istio"}, "data": {"mesh": "{}"}}).path
    ('data', 'mesh')
    """
    kind = document.get("kind")
    if kind == "ConfigMap":
        return _in_config_map(document)
    if kind == "IstioOperator":
        return _at(document, "spec", "meshConfig") or _at(document, "spec", "values", "meshConfig")
    if kind is None and "apiVersion" not in document:
        return _in_bare(document)
    return None


def read_mesh(found: FoundMesh, place: Place, report: Report, release: str) -> MeshConfig | None:
    """Return what was *found* in the document at *place*, or None once *report* says why not.

    It is read as Istio *release* does.
    """
    inner = place.within(*found.path)
    value = found.value
    if found.is_text:
        try:
            values = [document.value for document in read_documents(value) if document.value is not None]
        except BadDocumentError as error:
            report.at(inner, Problem((), error.message, error.help, code="EG004"), "MeshConfig")
            return None
        value = values[0] if values else {}
        inner = place.embedded(*found.path) or FixedPlace(inner.find(()))
    config = read(MeshConfig, value)
    if isinstance(config, tuple):
        value, newer = without_newer(MeshConfig, value, release)
        report.newer(newer, inner, "MeshConfig", release)
        config = read(MeshConfig, value)
    if isinstance(config, tuple):
        report.malformed(config, inner, "MeshConfig")
        unreadable_paths = [problem.path for problem in config]
        for completed in islice(substitutions(MeshConfig, value, unreadable_paths), 1):
            for problem in outside(unreadable_paths, problems_of_limits(completed)):
                report.at(inner, problem, "MeshConfig")
        return None
    config.placed(inner)
    return config


def _in_config_map(document: Mapping[Any, Any]) -> FoundMesh | None:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return _at(document, "data", "mesh") if isinstance(name, str) and _NAME.match(name) else None


def _in_bare(document: Mapping[Any, Any]) -> FoundMesh | None:
    """Return what Helm values or plain mesh YAML hold: they have no kind."""
    for path in (("meshConfig",), ("istiod", "meshConfig"), ("global", "meshConfig")):
        if (found := _at(document, *path)) is not None:
            return found
    return FoundMesh((), document) if any(key in _FIELDS for key in document) else None


def _at(document: Mapping[Any, Any], *path: str) -> FoundMesh | None:
    value: Any = document
    for part in path:
        if not isinstance(value, Mapping) or value.get(part) is None:
            return None
        value = value[part]
    return FoundMesh(path, value)
