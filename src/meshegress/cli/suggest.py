"""``meshegress suggest MESH... --log FILE...``: the entries that a log needs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from meshegress.analysis.suggest.suggesting import SuggestedEntry, Suggestion, suggestion
from meshegress.cli.exits import FAILED, OK, help_end
from meshegress.cli.grammar.logs import add_log_options, read_entries, tell_unread
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.workload import add_workload_options, read_workload

EXAMPLES = (
    "meshegress suggest mesh/ --log access.log.gz > entries.yaml",
    "meshegress suggest mesh/ --log access.log.gz --wildcard-from 20 -o json",
)
_SHOWN_CLIENTS = 5


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... --log FILE... [options]"
    parser.description = (
        "Write the ServiceEntries with which REGISTRY_ONLY blocks nothing that left according to the logs."
    )
    parser.epilog = help_end(EXAMPLES, failed="some requests would be blocked all the same; standard error names them")
    parser.add_argument("words", nargs="*", metavar="MESH", help="the resources")
    group = parser.add_argument_group("the entries")
    group.add_argument(
        "--wildcard-from", type=int, metavar="N", help="write *.domain for N names below one domain (extra: suffixes)"
    )
    group.add_argument("--public", action="store_true", help="every namespace sees them, not only those of the clients")
    add_log_options(parser)
    add_mesh_options(parser)
    add_workload_options(parser)
    add_printing_options(parser, ("text", "json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, each with what speaks for it."""
    check_standard_input(arguments.words, arguments.mesh, *arguments.log)
    with Printer(arguments) as printer:
        mesh = open_mesh(arguments, arguments.words, printer)
        workload = read_workload(arguments, mesh, printer)
        with read_entries(arguments) as (entries, reader):
            found = suggestion(
                entries, mesh, workload, wildcard_from=arguments.wildcard_from, is_public=arguments.public
            )
        _print(found, printer)
        tell_unread(reader, printer)
        tell_what_was_read(mesh, printer)
        for row in found.unresolved:
            why = f" ({'; '.join(row.why)})" if row.why else ""
            printer.failure("unresolved", f"no entry opens this: {row.key.sender} -> {row.key.destination}{why}")
    return FAILED if found.unresolved else OK


def _print(found: Suggestion, printer: Printer) -> None:
    if printer.format == "json":
        printer.document([_as_dict(each) for each in found.entries])
        return
    for number, each in enumerate(found.entries):
        if number:
            printer.line("---")
        for comment in _comments(each):
            printer.line(f"# {comment}")
        printer.line(each.entry.to_yaml().rstrip("\n"))


def _comments(each: SuggestedEntry) -> Iterator[str]:
    when = f", from {each.first.isoformat()} to {each.last.isoformat()}" if each.first and each.last else ""
    yield f"{each.requests} requests{when}"
    more = f" and {len(each.clients) - _SHOWN_CLIENTS} more" if len(each.clients) > _SHOWN_CLIENTS else ""
    yield f"clients: {', '.join(each.clients[:_SHOWN_CLIENTS])}{more}"


def _as_dict(each: SuggestedEntry) -> dict[str, object]:
    return {
        "entry": each.entry.as_wire(),
        "requests": each.requests,
        "first": each.first.isoformat() if each.first else None,
        "last": each.last.isoformat() if each.last else None,
        "clients": list(each.clients),
    }
