"""--log FILE...: which logs are read, in which format, and which of their entries count."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import meshegress
from meshegress.cli.exits import UsageError
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.log_filters import add_filters, wanted
from meshegress.cli.log_formats import formats_of
from meshegress.cli.progress import progress

Entries = tuple[Iterator[meshegress.AccessLogEntry], meshegress.LogReader]
_SHOWN_SAMPLES = 2


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """Declare the logs, and which of their entries count."""
    group = parser.add_argument_group("the logs")
    group.add_argument(
        "--log",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="logs, plain or compressed; - is the input",
    )
    group.add_argument(
        "-f", "--format", metavar="FORMAT", help="a preset's name, a format, @FILE with one, or mesh:FILE"
    )
    group.add_argument("--rotated", action="store_true", help="read rotated neighbours of the files too")
    group.add_argument(
        "--sampled", type=_factor, default=1.0, metavar="N", help="one line stands for N requests (default: 1)"
    )
    add_filters(parser)


@contextmanager
def read_entries(arguments: argparse.Namespace) -> Iterator[Entries]:
    """Give the entries that *arguments* name, and their reader, which counts what cannot be read."""
    if not arguments.log:
        raise UsageError("the logs are missing: --log FILE...")
    formats = formats_of(arguments.format) if arguments.format else ()
    reader = meshegress.read_log(arguments.log, formats, rotated=arguments.rotated)
    with progress("reading the logs"):
        yield wanted(reader, arguments), reader


def tell_unread(reader: meshegress.LogReader, printer: Printer) -> None:
    """Say which lines could not be read, with samples and what would help."""
    for reason, unread in reader.counts.unread.items():
        samples = "; ".join(unread.samples[:_SHOWN_SAMPLES])
        hint = f"; help: {unread.hints[0]}" if unread.hints else ""
        printer.note("unread", f"{unread.lines} lines could not be read ({reason.replace('_', ' ')}): {samples}{hint}")


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 1 <= factor < 1e9:
        raise argparse.ArgumentTypeError(f"`{text}`: write how many requests one line stands for, such as 100")
    return factor
