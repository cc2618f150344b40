"""``meshegress unused MESH... --log FILE...``: entries that no request of a log needed."""

from __future__ import annotations

import argparse

from meshegress.analysis.unused import Unused, unused
from meshegress.cli.exits import OK, help_end
from meshegress.cli.grammar.logs import add_log_options, read_entries, tell_unread
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.workload import add_workload_options, read_workload

EXAMPLES = ("meshegress unused mesh/ --log month/*.log.gz", "meshegress unused mesh/ --log access.log -o json")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... --log FILE... [options]"
    parser.description = (
        "Say which ServiceEntries, or hosts and ports of them, no request of the logs needed. "
        "Requests that the logs do not hold may need them."
    )
    parser.epilog = help_end(EXAMPLES)
    parser.add_argument("words", nargs="*", metavar="MESH", help="the resources")
    add_log_options(parser)
    add_mesh_options(parser)
    add_workload_options(parser)
    add_printing_options(parser, ("text", "json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is not used, and how much that says."""
    check_standard_input(arguments.words, arguments.mesh, *arguments.log)
    with Printer(arguments) as printer:
        mesh = open_mesh(arguments, arguments.words, printer)
        workload = read_workload(arguments, mesh, printer)
        with read_entries(arguments) as (entries, reader):
            found = unused(list(entries), mesh, workload)
        _print(found, printer)
        tell_unread(reader, printer)
        tell_what_was_read(mesh, printer)
    return OK


def _print(found: Unused, printer: Printer) -> None:
    if not printer.is_text:
        printer.document(
            {
                "requests": found.requests,
                "first": found.first.isoformat() if found.first else None,
                "last": found.last.isoformat() if found.last else None,
                "unused": [
                    {
                        "namespace": each.entry.namespace,
                        "name": each.entry.name,
                        "source": str(each.entry.source()),
                        "is_whole": each.is_whole,
                        "hosts": list(each.hosts),
                        "ports": list(each.ports),
                    }
                    for each in found.entries
                ],
            }
        )
        return
    for each in found.entries:
        printer.line(f"{each}: {found.confidence}")
    if not found.entries:
        printer.line(f"every entry was needed by some of {found.requests} requests")
