"""Where a mesh configuration hides: the ConfigMap of a cluster, installers' objects, Helm values, plain mesh YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshegress.loading.documents import BadDocumentError, read_documents
from meshegress.loading.helm_values import ValuesMesh, merged, meshes_of_values, text_map, value_at
from meshegress.loading.mesh_holders import DEFAULT_REVISION, HolderRank
from meshegress.loading.places import FixedPlace, MergedPlace, Place
from meshegress.loading.report import Report
from meshegress.resources import MeshConfig
from meshegress.resources._message import wire_name
from meshegress.rules.problem import Problem

Path = tuple[str | int, ...]

_NAME = re.compile(r"istio(?:-(.+))?\Z")
MESH_FIELDS = frozenset(name for field in MeshConfig.model_fields for name in (field, wire_name(field)))
"""The top-level keys of a mesh configuration, in both spellings."""


@dataclass(frozen=True, slots=True)
class FoundMesh:
    """A mesh configuration inside a document: its *value* and place, who holds it, and istiod's flags beside it.

    The *value* is None where a holder says nothing but flags.
    """

    holder: str
    rank: HolderRank
    value: Any
    place: Place
    revision: str = DEFAULT_REVISION
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_place: Place | None = None


def find_meshes(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give the mesh configurations in *document*, which stands at *place*; what cannot be read goes to *report*."""
    kind, version = document.get("kind"), document.get("apiVersion")
    if kind is None and version is None:
        yield from _in_kindless(document, place)
    elif isinstance(kind, str) and isinstance(version, str):
        find = HOLDER_KINDS.get((version.rpartition("/")[0], kind))
        if find is not None:
            yield from find(document, place, report)


def is_mesh_config(document: Mapping[Any, Any]) -> bool:
    """Tell whether a mapping without a kind is a mesh configuration: all its keys are such.

    >>> is_mesh_config({"rootNamespace": "a"}), is_mesh_config({"image": "x", "rootNamespace": "a"})
    (True, False)
    """
    return bool(document) and all(key in MESH_FIELDS for key in document)


def _in_kindless(document: Mapping[Any, Any], place: Place) -> Iterator[FoundMesh]:
    if is_mesh_config(document):
        yield FoundMesh("plain mesh configuration", HolderRank.VALUES, document, place)
        return
    yield from _of_values(document, place, "Helm values", HolderRank.VALUES)


def _of_values(values: Any, place: Place, holder: str, rank: HolderRank) -> Iterator[FoundMesh]:
    for found in meshes_of_values(values):
        if len(found.path) < 2 or not found.value or any(key in MESH_FIELDS for key in found.value):
            yield _from_values(found, place, holder, rank)


def _from_values(found: ValuesMesh, place: Place, holder: str, rank: HolderRank) -> FoundMesh:
    inner = place.within(*found.path)
    flags = place.within(*found.parent, "pilot", "env")
    return FoundMesh(holder, rank, found.value, inner, found.revision or DEFAULT_REVISION, found.environment, flags)


def _called(document: Mapping[Any, Any]) -> str:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    parts = [str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part]
    return f"{document.get('kind')} `{'/'.join(parts)}`" if parts else str(document.get("kind"))


def _in_config_map(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    name = value_at(document, "metadata", "name")
    matched = _NAME.match(name) if isinstance(name, str) else None
    text = value_at(document, "data", "mesh")
    if matched is None or text is None:
        return
    value, inner = _embedded(text, place, ("data", "mesh"), report)
    if inner is not None:
        revision = matched[1] or DEFAULT_REVISION
        yield FoundMesh(_called(document), HolderRank.CONFIG_MAP, value, inner, revision)


def _embedded(text: Any, place: Place, path: Path, report: Report) -> tuple[Any, Place | None]:
    """Return the value of the YAML *text* at *path*, and the place of it; no place once *report* says why not."""
    outer = place.within(*path)
    if not isinstance(text, str):
        return text, outer
    try:
        values = [document.value for document in read_documents(text) if document.value is not None]
    except BadDocumentError as error:
        report.at(outer, Problem((), error.message, error.help, code="EG004"), "MeshConfig")
        return None, None
    return (values[0] if values else {}), place.embedded(*path) or FixedPlace(outer.find(()))


def _in_operator(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give that of an IstioOperator: ``spec.values.meshConfig`` laid over ``spec.meshConfig``, as Istio merges them."""
    spec = value_at(document, "spec")
    under, over = value_at(spec, "meshConfig"), value_at(spec, "values", "meshConfig")
    environment = text_map(value_at(spec, "values", "pilot", "env")) | _listed(
        value_at(spec, "components", "pilot", "k8s", "env")
    )
    if under is None and over is None and not environment:
        return
    paths = [path for path, held in ((_OVER, over), (_UNDER, under)) if held is not None]
    inner = MergedPlace.of([place.within(*path) for path in paths]) if paths else place
    value = merged(under, over) if paths else None
    revision = value_at(spec, "revision") or value_at(spec, "values", "revision")
    value = _with_root(value, value_at(spec, "values", "global", "istioNamespace"))
    revision = str(revision or DEFAULT_REVISION)
    flags = place.within("spec", "values", "pilot", "env")
    yield FoundMesh(_called(document), HolderRank.INSTALLER, value, inner, revision, environment, flags)


_UNDER: Path = ("spec", "meshConfig")
_OVER: Path = ("spec", "values", "meshConfig")


def _in_sail(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give that of the Sail operator's ``Istio`` or ``IstioRevision``, whose name is the revision."""
    spec = value_at(document, "spec")
    values = value_at(spec, "values")
    value = value_at(values, "meshConfig")
    inner = place.within("spec", "values", "meshConfig") if value is not None else place
    found = _with_root({} if value is None else value, value_at(spec, "namespace"))
    revision, environment = _sail_revision(document, spec, values), text_map(value_at(values, "pilot", "env"))
    flags = place.within("spec", "values", "pilot", "env")
    yield FoundMesh(_called(document), HolderRank.INSTALLER, found, inner, revision, environment, flags)


def _sail_revision(document: Mapping[Any, Any], spec: Any, values: Any) -> str:
    name = str(value_at(document, "metadata", "name") or DEFAULT_REVISION)
    version = value_at(spec, "version")
    if value_at(spec, "updateStrategy", "type") == "RevisionBased" and isinstance(version, str):
        return f"{name}-{version.replace('.', '-')}"
    return str(value_at(values, "revision") or name)


def _in_control_plane(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give that of Maistra's ServiceMeshControlPlane, which has words of its own for the outbound policy."""
    spec = value_at(document, "spec")
    value: Any = {}
    for under in (value_at(spec, "techPreview", "meshConfig"), value_at(spec, "meshConfig")):
        value = merged(value, under)
    for path in _MAISTRA_POLICIES:
        if (policy := value_at(spec, *path)) is not None:
            value = merged(value, {"outboundTrafficPolicy": {"mode": policy}})
    environment = text_map(value_at(spec, "runtime", "components", "pilot", "container", "env"))
    value = _with_root(value, value_at(document, "metadata", "namespace"))
    inner = FixedPlace(place.find(("spec",)))
    yield FoundMesh(_called(document), HolderRank.INSTALLER, value, inner, DEFAULT_REVISION, environment, inner)


_MAISTRA_POLICIES: tuple[tuple[str, ...], ...] = (
    ("istio", "global", "outboundTrafficPolicy", "mode"),
    ("proxy", "networking", "trafficControl", "outbound", "policy"),
)


def _with_root(value: Any, namespace: Any) -> Any:
    """Return *value* with istiod's own *namespace* as the root, as its chart writes it."""
    if isinstance(value, Mapping) and isinstance(namespace, str) and namespace:
        return {"rootNamespace": namespace, **value}
    return value


def _listed(variables: Any) -> dict[str, str]:
    """Return a list of a container's variables as a mapping."""
    rows = variables if isinstance(variables, list) else []
    return {
        row["name"]: str(row["value"]) for row in rows if isinstance(row, Mapping) and {"name", "value"} <= row.keys()
    }


def _in_release(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give those in the values of a Flux HelmRelease."""
    values = value_at(document, "spec", "values")
    yield from _of_values(values, place.within("spec", "values"), _called(document), HolderRank.VALUES)


def _in_application(document: Mapping[Any, Any], place: Place, report: Report) -> Iterator[FoundMesh]:
    """Give those in the values of an Argo CD Application, or of the template of an ApplicationSet."""
    path: Path = ("spec", "template", "spec") if document.get("kind") == "ApplicationSet" else ("spec",)
    spec = value_at(document, *path)
    sources = value_at(spec, "sources")
    paths = [(*path, "source"), *((*path, "sources", index) for index in range(len(sources or ())))]
    for each in paths if isinstance(sources, (list, type(None))) else paths[:1]:
        yield from _in_helm(document, (*each, "helm"), place, report)


def _in_helm(document: Mapping[Any, Any], path: Path, place: Place, report: Report) -> Iterator[FoundMesh]:
    called = _called(document)
    ready = value_at(document, *path, "valuesObject")
    yield from _of_values(ready, place.within(*path, "valuesObject"), called, HolderRank.VALUES)
    text = value_at(document, *path, "values")
    if isinstance(text, str) and "meshConfig" in text:
        value, inner = _embedded(text, place, (*path, "values"), report)
        if inner is not None:
            yield from _of_values(value, inner, called, HolderRank.VALUES)


_Find = Callable[[Mapping[Any, Any], Place, Report], Iterator[FoundMesh]]

HOLDER_KINDS: dict[tuple[str, str], _Find] = {
    ("", "ConfigMap"): _in_config_map,
    ("install.istio.io", "IstioOperator"): _in_operator,
    ("sailoperator.io", "Istio"): _in_sail,
    ("operator.istio.io", "Istio"): _in_sail,
    ("sailoperator.io", "IstioRevision"): _in_sail,
    ("operator.istio.io", "IstioRevision"): _in_sail,
    ("maistra.io", "ServiceMeshControlPlane"): _in_control_plane,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _in_release,
    ("argoproj.io", "Application"): _in_application,
    ("argoproj.io", "ApplicationSet"): _in_application,
}
"""Who can hold a mesh configuration, by group and kind, and how it is found there."""
