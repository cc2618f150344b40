"""``meshegress lint MESH...``: what is wrong with the resources, with whom it hurts and a request that shows it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import meshegress
from meshegress.analysis.lint.baseline import BaselineError, without_known, written
from meshegress.analysis.lint.suppressions import suppressed
from meshegress.cli.exits import FAILED, OK, UsageError, help_end
from meshegress.cli.grammar.mesh import MESH_HELP, add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.workload import add_workload_options, is_workload_named, read_workload
from meshegress.cli.output.findings import LINT_FORMATS, print_findings
from meshegress.cli.progress import progress

EXAMPLES = (
    "meshegress lint mesh/ --fail-on warning",
    "kubectl get serviceentries,virtualservices,sidecars -A -o yaml | meshegress lint - -o markdown",
)
SEVERITIES = tuple(severity.value for severity in meshegress.Severity)
"""What ``--fail-on`` can name, worst first."""

_CODES = re.compile(r"EG\d{0,3}")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... [options]"
    parser.description = (
        "Leave each resource out, and say what it does to others: traffic that it takes, what is dead or broken. "
        "Without a workload, for all that the resources tell apart."
    )
    parser.epilog = help_end(EXAMPLES, failed="a finding is as bad as --fail-on")
    parser.add_argument("words", nargs="*", metavar="MESH", help="the resources")
    add_mesh_options(parser)
    add_workload_options(parser)
    add_printing_options(parser, LINT_FORMATS)
    group = parser.add_argument_group("the verdict")
    group.add_argument("--select", action="append", default=[], metavar="CODES", help="only these, such as EG40,EG413")
    group.add_argument("--ignore", action="append", default=[], metavar="CODES", help="all but these")
    group.add_argument("--fail-on", choices=SEVERITIES, default=SEVERITIES[0], help="what fails (default: %(default)s)")
    group.add_argument("--baseline", metavar="FILE", help="tell only what is not in it")
    group.add_argument("--write-baseline", metavar="FILE", help="write what is found to it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find, leave out what was decided to be lived with, print, and hold it against ``--fail-on``."""
    if not arguments.words and arguments.mesh is None:
        raise UsageError(f"the resources are missing: {MESH_HELP}")
    select, ignore = codes("--select", arguments.select), codes("--ignore", arguments.ignore)
    check_standard_input(arguments.words, arguments.mesh, arguments.baseline)
    with Printer(arguments) as printer:
        mesh = open_mesh(arguments, arguments.words, printer)
        workloads = [read_workload(arguments, mesh, printer)] if is_workload_named(arguments) else None
        with progress("leaving out each resource"):
            found = meshegress.lint(mesh, workloads, select or None)
        kept, ignored = suppressed(found, mesh.resources.each(), tells_unused=not select and workloads is None)
        kept = [one for one in kept if not (ignore and one.code.startswith(ignore))]
        if ignored:
            printer.note("ignored", f"{ignored} finding{'s are' if ignored > 1 else ' is'} ignored with a reason")
        if arguments.write_baseline:
            Path(arguments.write_baseline).write_text(written(kept), encoding="utf-8")
            printer.note("baseline", f"wrote {len(kept)} findings to {arguments.write_baseline}")
        if arguments.baseline:
            kept = _without_known(kept, arguments.baseline, printer)
        print_findings(printer, kept)
        tell_what_was_read(mesh, printer)
    worst = SEVERITIES[: SEVERITIES.index(arguments.fail_on) + 1]
    return FAILED if any(one.severity.value in worst for one in kept) and not arguments.write_baseline else OK


def codes(option: str, given: Sequence[str]) -> tuple[str, ...]:
    """Return the codes, or beginnings of codes, that *given* names.

    >>> codes("--select", ["EG40, EG413"])
    ('EG40', 'EG413')
    """
    words = [word.strip().upper() for text in given for word in text.split(",") if word.strip()]
    unknown = [word for word in words if not _CODES.fullmatch(word)]
    if unknown:
        raise UsageError(f"{option}: `{unknown[0]}` is neither a code such as EG401 nor the beginning of one")
    return tuple(words)


def _without_known(
    findings: Sequence[meshegress.MeshFinding], path: str, printer: Printer
) -> list[meshegress.MeshFinding]:
    try:
        fresh, known, gone = without_known(findings, Path(path).read_text(encoding="utf-8"))
    except BaselineError as error:
        raise UsageError(f"{path} is not a baseline: {error}") from None
    told = f"{known} of the baseline {'are' if known != 1 else 'is'} still there"
    printer.note("baseline", f"{told}, {gone} {'are' if gone != 1 else 'is'} gone: write it anew" if gone else told)
    return fresh
