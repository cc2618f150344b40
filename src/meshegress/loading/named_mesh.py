"""The mesh configuration that was named: a model, a mapping, a text or a file, which needs no kind to be one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from meshegress.findings import Finding, Source
from meshegress.loading.documents import BadDocumentError, read_documents
from meshegress.loading.mesh_holders import HolderRank
from meshegress.loading.mesh_loading import MeshConfigs
from meshegress.loading.meshes import FoundMesh, find_meshes
from meshegress.loading.places import FixedPlace, Place, TextPlace
from meshegress.loading.report import Report, source_of
from meshegress.resources import MeshConfig
from meshegress.rules.problem import Problem
from meshegress.sources import Opening, Text, Value, open_sources


def take_named_mesh(source: Any, meshes: MeshConfigs, report: Report, opening: Opening) -> None:
    """Give *meshes* the mesh configuration that *source* is or holds; where there is none, that is an error."""
    if isinstance(source, MeshConfig):
        meshes.keep(source)
        return
    start, before = len(report.findings), meshes.count
    for value, place in _documents(source, report, replace(opening, exclude=())):
        for found in _found(value, place, report):
            meshes.take(replace(found, rank=HolderRank.NAMED), is_strict=isinstance(source, Mapping))
    if meshes.count == before and len(report.findings) == start:
        name = "<mapping>" if isinstance(source, Mapping) else str(source)
        report.add(Finding("EG105", Source(name), "this holds no mesh configuration", help="name a file that does"))
    report.blockers += report.findings[start:] if meshes.count == before else ()


def _documents(source: Any, report: Report, opening: Opening) -> Iterator[tuple[Any, Place]]:
    for opened in open_sources([source], opening):
        if isinstance(opened, Finding):
            report.add(opened)
        elif isinstance(opened, Value):
            yield opened.value, FixedPlace(Source(opened.name))
        elif isinstance(opened, Text):
            yield from _of_text(opened, report)


def _of_text(text: Text, report: Report) -> Iterator[tuple[Any, Place]]:
    try:
        for each in read_documents(text.text):
            yield each.value, TextPlace(text.name, text.text, each.start, each.end, each.line)
    except BadDocumentError as error:
        place = FixedPlace(source_of(text.name, 0, error))
        report.at(place, Problem((), error.message, error.help, code="EG004"), "MeshConfig")


def _found(value: Any, place: Place, report: Report) -> list[FoundMesh]:
    """Return what *value* holds; a mapping without a kind is a mesh configuration as a whole."""
    if not isinstance(value, Mapping):
        return []
    found = list(find_meshes(value, place, report))
    is_plain = not found and "kind" not in value and "apiVersion" not in value
    return [FoundMesh("the mesh configuration that was named", HolderRank.NAMED, value, place)] if is_plain else found
