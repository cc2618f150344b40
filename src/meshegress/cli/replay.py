"""``meshegress replay MESH... --log FILE...``: what logged requests meet, today and under a candidate."""

from __future__ import annotations

import argparse

import meshegress
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.candidates import with_policy
from meshegress.cli.exits import FAILED, OK, UsageError, help_end
from meshegress.cli.grammar.logs import add_log_options, read_entries, tell_unread
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.workload import add_workload_options, read_workload
from meshegress.cli.replay_printing import print_replay
from meshegress.resources.mesh_config import MeshOutboundMode

EXAMPLES = (
    "meshegress replay mesh/ --log access.log.gz --policy REGISTRY_ONLY --fail-on blocked",
    "meshegress replay main/ --log day/*.log --against branch/ -o json",
)
DISAGREES = "disagrees"
FAIL_ON = (*(change.value.replace(" ", "-") for change in Change if change is not Change.KEPT), DISAGREES)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... --log FILE... [--against MESH... | --policy MODE] [options]"
    parser.description = (
        "Decide each request of access logs under the mesh as it is and under a candidate, and say what changes."
    )
    parser.epilog = help_end(EXAMPLES, failed="something that --fail-on names has happened")
    parser.add_argument("words", nargs="*", metavar="MESH", help="the resources")
    candidate = parser.add_argument_group("the candidate").add_mutually_exclusive_group()
    candidate.add_argument(
        "--against", nargs="+", action="extend", metavar="MESH", help="the resources as they would be"
    )
    candidate.add_argument(
        "--policy", choices=MeshOutboundMode.__members__, help="the same resources, with this outboundTrafficPolicy"
    )
    add_log_options(parser)
    add_mesh_options(parser)
    add_workload_options(parser)
    add_printing_options(parser)
    group = parser.add_argument_group("the verdict")
    group.add_argument("--top", type=int, default=20, metavar="N", help="rows of each kind that are shown; 0 for all")
    group.add_argument("--fail-on", metavar="LIST", default="", help=f"any of {', '.join(FAIL_ON)}, with commas")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay the logs, print what comes of it, and compare it with what may not happen."""
    fatal = checked_list(arguments.fail_on)
    check_standard_input(arguments.words, arguments.mesh, *(arguments.against or ()), *arguments.log)
    with Printer(arguments) as printer:
        mesh = open_mesh(arguments, arguments.words, printer)
        against = candidate_of(arguments, mesh, printer)
        workload = read_workload(arguments, mesh, printer)
        with read_entries(arguments) as (entries, reader):
            found = meshegress.replay(entries, mesh, against, workload, factor=arguments.sampled)
        found = found.with_unread(reader.counts)
        print_replay(found, printer, has_candidate=against is not None, most=arguments.top)
        tell_unread(reader, printer)
        tell_what_was_read(mesh, printer)
        counts = {name.replace(" ", "-"): count for name, count in found.counts.items()}
        failed = [name for name in fatal if counts[name]]
        for name in failed:
            printer.failure("replay", f"{counts[name]} requests: {name}")
    return FAILED if failed else OK


def candidate_of(arguments: argparse.Namespace, mesh: meshegress.Mesh, printer: Printer) -> meshegress.Mesh | None:
    """Return the mesh that *arguments* name beside *mesh*; None where they name none."""
    if arguments.against:
        return open_mesh(arguments, arguments.against, printer)
    return with_policy(mesh, arguments.policy) if arguments.policy else None


def checked_list(text: str) -> tuple[str, ...]:
    """Return what *text* names, each something that can happen.

    Raises UsageError, with all that there is, for another word.
    """
    words = tuple(word for word in text.split(",") if word)
    for word in words:
        if word not in FAIL_ON:
            raise UsageError(f"--fail-on: `{word}` is not one of {', '.join(FAIL_ON)}")
    return words
