"""``meshegress diff OLD... -- NEW...``: what becomes of requests otherwise, for whom, and because of what."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import meshegress
from meshegress.cli.exits import BETWEEN, FAILED, OK, UNPROVEN, UsageError, help_end
from meshegress.cli.grammar.mesh import MESH_HELP, add_mesh_options, check_standard_input, open_mesh
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.revisions import at_revision
from meshegress.cli.grammar.workload import add_workload_options, is_workload_named, read_workload
from meshegress.cli.output.changes import FORMATS, print_difference
from meshegress.cli.progress import progress
from meshegress.sources import STANDARD_INPUT

EXAMPLES = (
    "meshegress diff old/ -- new/ --fail-on blocked,hangs",
    "meshegress diff --git origin/main mesh/ -o markdown",
)
EFFECTS = {effect.value.replace(" ", "-"): effect for effect in meshegress.Effect}
"""What ``--fail-on`` can name."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s OLD... -- NEW... [options]\n       %(prog)s --git REVISION MESH... [options]"
    parser.description = (
        "Say which requests are answered otherwise, for whom, from what to what, and because of which resource. "
        "Without a workload, for all that the resources tell apart."
    )
    parser.epilog = help_end(
        EXAMPLES, failed="there is a change of a kind that --fail-on names", unproven="not proven, and nothing else"
    )
    parser.add_argument("words", nargs="*", metavar="OLD, NEW", help="the resources before and after")
    parser.add_argument(
        "--git", metavar="REVISION", help="the resources before are those of MESH at this commit, such as origin/main"
    )
    add_mesh_options(parser)
    add_workload_options(parser)
    add_printing_options(parser, FORMATS)
    group = parser.add_argument_group("the verdict")
    group.add_argument("--all", action="store_true", help="every change, those for odd first bytes too")
    group.add_argument(
        "--fail-on",
        metavar="KINDS",
        help=f"with a change of one of these the exit code is 1: {', '.join(EFFECTS)}, any",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print what differs, and hold it against ``--fail-on``."""
    failing = checked_effects(arguments.fail_on)
    old, new = sides(arguments.words, has_revision=arguments.git is not None)
    check_standard_input([*old, *new], arguments.mesh)
    with Printer(arguments) as printer:
        before = _before(arguments, old, printer)
        after = open_mesh(arguments, new, printer)
        workloads = [read_workload(arguments, after, printer)] if is_workload_named(arguments) else None
        with progress("comparing"):
            found = meshegress.diff_meshes(before, after, workloads)
        print_difference(printer, found, everything=arguments.all, failing=failing)
        for when, mesh in (("before", before), ("after", after)):
            printer.note("read", f"{when}: {mesh.resources.summary}")
        failed = _failures(found, failing)
        for effect, number in failed.items():
            printer.failure("difference", f"--fail-on: {number} change{'s' if number > 1 else ''}: {effect}")
    if failed:
        return FAILED
    is_open = not found.is_proven and (not found or bool(failing))
    return UNPROVEN if is_open else OK


def sides(words: Sequence[str], *, has_revision: bool) -> tuple[list[str], list[str]]:
    """Return what stands before and after the ``--`` among *words*; with a revision both are the same.

    >>> sides(["a/", BETWEEN, "b/", "c/"], has_revision=False)
    (['a/'], ['b/', 'c/'])
    """
    times = list(words).count(BETWEEN)
    if has_revision:
        if times or STANDARD_INPUT in words:
            raise UsageError("with --git, name the files and folders of one side: the other is the same at the commit")
        return list(words), list(words)
    if times != 1:
        raise UsageError(f"write OLD... -- NEW..., with one `--` between the two sides, or --git; {MESH_HELP}")
    middle = list(words).index(BETWEEN)
    return list(words[:middle]), list(words[middle + 1 :])


def checked_effects(given: str | None) -> frozenset[meshegress.Effect]:
    """Return the kinds of change that ``--fail-on`` names.

    Raises UsageError, with all that it could be, for any other word.
    """
    words = [word.strip() for word in given.split(",") if word.strip()] if given else []
    unknown = [word for word in words if word != "any" and word not in EFFECTS]
    if unknown:
        raise UsageError(f"--fail-on: there is no change of kind `{unknown[0]}`: {', '.join(EFFECTS)}, any")
    return frozenset(EFFECTS.values() if "any" in words else (EFFECTS[word] for word in words))


def _before(arguments: argparse.Namespace, words: Sequence[str], printer: Printer) -> meshegress.Mesh:
    """Return the mesh before: that of *words*, or of the same words at another commit."""
    if arguments.git is None:
        return open_mesh(arguments, words, printer)
    config = arguments.mesh
    given = [*words, *([config] if config is not None else [])]
    elsewhere = None if config is None else str(Path(config).absolute())
    with at_revision(arguments.git, given) as there:
        present = [there[word] for word in words if word in there]
        if not present and config is None:
            printer.note("loading", f"nothing of MESH is there at `{arguments.git}`")
            return meshegress.Mesh(istio=arguments.istio)
        own = argparse.Namespace(**{**vars(arguments), "mesh": there.get(config, elsewhere)})
        return open_mesh(own, present, printer)


def _failures(found: meshegress.MeshDifference, failing: frozenset[meshegress.Effect]) -> Counter[meshegress.Effect]:
    changes = (change for group in found.groups for change in group.difference.changes)
    return Counter(change.effect for change in changes if change.effect in failing)
