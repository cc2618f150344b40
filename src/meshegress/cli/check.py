"""``meshegress check MESH...``: every problem of the resources, with its place and cure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import meshegress
from meshegress.cli.exits import BAD_INPUT, FAILED, OK, UsageError, help_end
from meshegress.cli.grammar.mesh import MESH_HELP, add_mesh_options, check_standard_input, read_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.output.findings import FORMATS, print_findings
from meshegress.rules import VALIDATIONS

EXAMPLES = (
    "meshegress check mesh/",
    "kubectl kustomize overlays/prod | meshegress check - --validation cluster -o json",
)
_UNREAD = ("EG001", "EG002")  # what was named cannot be opened, or is too much


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... [options]"
    parser.description = "Say what Istio's webhook would say of each object, and what this library does not model."
    parser.epilog = help_end(EXAMPLES, ok="nothing is refused", failed="a finding is an error")
    parser.add_argument("words", nargs="*", metavar="MESH", help="the resources")
    add_mesh_options(parser)
    parser.add_argument(
        "--validation",
        choices=VALIDATIONS,
        default=VALIDATIONS[0],
        help="what judges: the webhook, or the cluster, which is the webhook and the API server's schema",
    )
    add_printing_options(parser, FORMATS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; any error among them fails."""
    if not arguments.words and arguments.mesh is None:
        raise UsageError(f"the resources are missing: {MESH_HELP}")
    check_standard_input(arguments.words, arguments.mesh)
    mesh, findings = read_mesh(arguments, arguments.words, validation=arguments.validation)
    findings = (*findings, *mesh.gateway_findings())
    errors = [finding for finding in findings if is_error(finding)]
    unread = [finding for finding in errors if finding.code in _UNREAD and _is_named(finding, arguments.words)]
    if unread and len(unread) == len(findings) and not any(True for _ in mesh.resources.each()):
        raise meshegress.ResourceError(unread)
    with Printer(arguments) as printer:
        print_findings(printer, findings)
        tell_what_was_read(mesh, printer)
    if unread:
        return BAD_INPUT
    return FAILED if errors else OK


def is_error(finding: meshegress.Finding) -> bool:
    """Return whether *finding* makes a resource unusable."""
    return finding.severity is meshegress.Severity.ERROR


def _is_named(finding: meshegress.Finding, words: Sequence[str]) -> bool:
    """Return whether *finding* is about all of something that the command line names, not about a file below it."""
    return finding.code == "EG002" or finding.where.file in words
