"""MESH: the resources and the mesh configuration, and which release reads them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

import meshegress
from meshegress.cli.exits import UsageError
from meshegress.cli.grammar.pairs import size
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.progress import progress
from meshegress.loading import DEFAULT_NAMESPACE
from meshegress.profiles import PROFILES
from meshegress.sources import SIZE_LIMIT, STANDARD_INPUT

MESH_HELP = "MESH is files, folders, or - for standard input"

#: What of the findings is about the mesh configuration: on it every answer depends, so nothing is answered without it.
_SECOND_MESH, _REFUSED_MESH, _MESH_CONFIG = "EG105", "EG106", "MeshConfig"
_TOO_MUCH = "EG002"
_SHOWN = 3


def add_mesh_options(parser: argparse.ArgumentParser) -> None:
    """Declare how the resources are read; which they are, the verb declares itself."""
    group = parser.add_argument_group("the mesh", MESH_HELP)
    group.add_argument("--mesh", metavar="FILE", help="the mesh configuration: it counts, whatever MESH holds of one")
    group.add_argument(
        "--istio", choices=PROFILES, default=meshegress.DEFAULT_RELEASE, help="whose rules hold (default: %(default)s)"
    )
    group.add_argument(
        "--object-namespace",
        default=DEFAULT_NAMESPACE,
        metavar="NS",
        help="of objects that name none (default: %(default)s)",
    )
    group.add_argument(
        "--limit",
        type=size,
        default=SIZE_LIMIT,
        metavar="SIZE",
        help=f"of all texts together, such as 500M (default: {SIZE_LIMIT >> 20}M)",
    )


def open_mesh(arguments: argparse.Namespace, sources: Sequence[str], printer: Printer) -> meshegress.Mesh:
    """Return the mesh of *sources*, without what Istio refuses, of which a note tells.

    Raises ResourceError where something that was named holds nothing usable, or the mesh configuration is at fault.
    """
    if not sources and arguments.mesh is None:
        raise UsageError(f"the resources are missing: {MESH_HELP}")
    mesh, findings = read_mesh(arguments, sources)
    errors = [finding for finding in findings if finding.severity is meshegress.Severity.ERROR]
    if errors and (prevents_answers(mesh, errors, sources) or not _is_anything(mesh)):
        raise meshegress.ResourceError(errors)
    if errors:
        printer.note("left_out", _left_out(errors))
    return mesh


def read_mesh(
    arguments: argparse.Namespace, sources: Sequence[str], *, validation: str = "webhook"
) -> tuple[meshegress.Mesh, tuple[meshegress.Finding, ...]]:
    """Return what is usable of *sources*, under the mesh configuration that was named, and every finding."""
    with progress("reading the resources"):
        mesh, findings = meshegress.check(
            *sources,
            namespace=arguments.object_namespace,
            istio=arguments.istio,
            validation=validation,
            limit=arguments.limit,
        )
    if arguments.mesh is None:
        return mesh, findings
    mine, told = meshegress.check(arguments.mesh, istio=arguments.istio, limit=arguments.limit)
    if any(finding.severity is meshegress.Severity.ERROR for finding in told):
        raise meshegress.ResourceError(told)
    chosen = mine.resources
    if chosen.mesh_config_source is None:
        raise UsageError(f"--mesh: `{arguments.mesh}` holds no mesh configuration")
    resources = replace(mesh.resources, mesh_config=chosen.mesh_config, mesh_config_source=chosen.mesh_config_source)
    kept = tuple(finding for finding in findings if finding.code != _SECOND_MESH)
    return meshegress.Mesh(resources, istio=arguments.istio), kept


def check_standard_input(sources: Iterable[str], *others: str | None) -> None:
    """Raise UsageError where standard input is to be read twice, or is closed."""
    times = [*sources, *others].count(STANDARD_INPUT)
    if times > 1:
        raise UsageError("standard input (`-`) can be read only once")
    if times and sys.stdin is None:
        raise UsageError("standard input (`-`) is closed")


def prevents_answers(mesh: meshegress.Mesh, errors: Iterable[meshegress.Finding], sources: Iterable[str]) -> bool:
    """Return whether *errors* leave nothing of something that was named, or make the mesh configuration doubtful."""
    named = {"<stdin>" if source == STANDARD_INPUT else source for source in sources}
    blamed = {finding.where.file for finding in errors} & named
    return any(_prevents(finding) for finding in errors) or bool(blamed - _usable_files(mesh, blamed))


def mesh_configuration(mesh: meshegress.Mesh, egress: meshegress.Egress) -> str:
    """Return the line that says which mesh configuration holds, where it stands, and the policy in force."""
    source = mesh.resources.mesh_config_source
    told = f"mesh configuration of {source}" if source else "no mesh configuration: Istio's defaults"
    return f"{told}; outbound policy {egress.policy}; Istio {mesh.istio}"


def _prevents(finding: meshegress.Finding) -> bool:
    return finding.code in (_SECOND_MESH, _REFUSED_MESH, _TOO_MUCH) or finding.subject == _MESH_CONFIG


def _is_anything(mesh: meshegress.Mesh) -> bool:
    return mesh.resources.mesh_config_source is not None or any(True for _ in mesh.resources.each())


def _usable_files(mesh: meshegress.Mesh, asked: set[str]) -> set[str]:
    """Return those of the files *asked* about of which something is usable."""
    found: set[str] = set()
    source = mesh.resources.mesh_config_source
    if source is not None:
        found.add(source.file)
    for resource in mesh.resources.each():
        if asked <= found:
            break
        found.add(resource.source().file)
    return found


def _left_out(errors: Sequence[meshegress.Finding]) -> str:
    """Return one line that names what is left out because of *errors*."""
    things = list(dict.fromkeys(finding.subject or f"`{finding.where}`" for finding in errors))
    shown = ", ".join(things[:_SHOWN])
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return f"left out, since it cannot be used: {shown}{more}; `meshegress check` says why"
