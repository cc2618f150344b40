"""MESH: the resources and the mesh configuration, and which release reads them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

import meshegress
from meshegress.cli.exits import UsageError
from meshegress.cli.grammar.pairs import size
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.progress import progress
from meshegress.loading import DEFAULT_NAMESPACE
from meshegress.profiles import PROFILES
from meshegress.sources import SIZE_LIMIT, STANDARD_INPUT

MESH_HELP = "MESH is files, folders, or - for standard input"


def add_mesh_options(parser: argparse.ArgumentParser) -> None:
    """Declare how the resources are read; which they are, the verb declares itself."""
    group = parser.add_argument_group("the mesh", MESH_HELP)
    group.add_argument("--mesh", metavar="FILE", help="the mesh configuration: it counts, whatever MESH holds of one")
    group.add_argument("--revision", metavar="R", help="whose mesh configuration counts, of several in MESH")
    group.add_argument(
        "--istio", choices=PROFILES, default=meshegress.DEFAULT_RELEASE, help="whose rules hold (default: %(default)s)"
    )
    group.add_argument(
        "--object-namespace",
        default=DEFAULT_NAMESPACE,
        metavar="NS",
        help="of objects that name none (default: %(default)s)",
    )
    group.add_argument("--complete", action="store_true", help="what MESH does not hold does not exist")
    group.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="files and folders that are not read; repeatable"
    )
    group.add_argument("--strict", action="store_true", help="whatever would be left out is an error")
    group.add_argument(
        "--limit",
        type=size,
        default=SIZE_LIMIT,
        metavar="SIZE",
        help=f"of all texts together, such as 500M (default: {SIZE_LIMIT >> 20}M)",
    )


def open_mesh(arguments: argparse.Namespace, sources: Sequence[str], printer: Printer) -> meshegress.Mesh:
    """Return the mesh of *sources*, without what is refused; notes tell of that, and of what else a reader must know.

    Raises ResourceError where something that was named holds nothing usable, or with ``--strict`` at every error.
    """
    if not sources and arguments.mesh is None:
        raise UsageError(f"the resources are missing: {MESH_HELP}")
    mesh, _ = read_mesh(arguments, sources)
    blockers = mesh.resources.summary.blockers
    if blockers:
        raise meshegress.ResourceError(blockers)
    for notice in mesh.resources.notices():
        printer.note("loading", notice)
    return mesh


def tell_what_was_read(mesh: meshegress.Mesh, printer: Printer) -> None:
    """Say at the end of a command what was read, and what was left out."""
    printer.note("read", str(mesh.resources.summary))


def read_mesh(
    arguments: argparse.Namespace, sources: Sequence[str], *, validation: str = "webhook"
) -> tuple[meshegress.Mesh, tuple[meshegress.Finding, ...]]:
    """Return what is usable of *sources*, under the mesh configuration that was named, and every finding."""
    with progress("reading the resources"):
        return meshegress.check(
            *sources,
            namespace=arguments.object_namespace,
            istio=arguments.istio,
            validation=validation,
            limit=arguments.limit,
            mesh_config=arguments.mesh,
            revision=arguments.revision,
            exclude=arguments.exclude,
            strict=arguments.strict,
            complete=arguments.complete,
        )


def check_standard_input(sources: Iterable[str], *others: str | None) -> None:
    """Raise UsageError where standard input is to be read twice, or is closed."""
    times = [*sources, *others].count(STANDARD_INPUT)
    if times > 1:
        raise UsageError("standard input (`-`) can be read only once")
    if times and sys.stdin is None:
        raise UsageError("standard input (`-`) is closed")


def mesh_configuration(mesh: meshegress.Mesh, egress: meshegress.Egress | meshegress.EgressGateway) -> str:
    """Return the line that says which mesh configuration holds, where it stands, and a sidecar's policy in force."""
    source = mesh.resources.mesh_config_source
    told = f"mesh configuration of {source}" if source else "no mesh configuration: Istio's defaults"
    policy = f"; outbound policy {egress.policy}" if isinstance(egress, meshegress.Egress) else ""
    return f"{told}{policy}; Istio {mesh.istio}"
