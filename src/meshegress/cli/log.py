"""``meshegress log``: read, write, recognize, explain and sum up Envoy access logs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from meshegress import AccessLogEntry, AccessLogFormat, LogFormatError, LogReader, read_log
from meshegress.accesslog.presets import KEYS
from meshegress.accesslog.reading.lenient import KEYED
from meshegress.cli.exits import FAILED, OK
from meshegress.cli.log_filters import add_filters, wanted
from meshegress.cli.log_formats import formats_of
from meshegress.cli.log_printing import CIRCUMSTANCES, OUTPUTS, print_entries
from meshegress.errors import visible

_PROGRESS_SECONDS = 0.5
_FORMAT_HELP = "a preset's name, a text or JSON format, @FILE with one, or mesh:FILE with a mesh configuration"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of this one."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parse = _reading(commands, "parse", "read entries into JSON lines, a table, CSV or Parquet", run_parse)
    parse.add_argument("--output", "-o", choices=OUTPUTS, default="jsonl")
    parse.add_argument("--table", action="store_const", const="table", dest="output", help="the same as -o table")
    parse.add_argument("--json", action="store_const", const="json", dest="output", help="the same as -o json")
    parse.add_argument("--fields", metavar="A,B", help=f"these fields only; also {', '.join(CIRCUMSTANCES)}")
    parse.add_argument("--raw", action="store_true", help="print the lines of the log as they stand")
    stats = _reading(commands, "stats", "count by cluster, code, flags, direction, emitter and client", run_stats)
    stats.add_argument("--output", "-o", choices=("text", "json"), default="text")
    stats.add_argument("--json", action="store_const", const="json", dest="output", help="the same as -o json")
    stats.add_argument("--top", type=int, default=10, metavar="N", help="rows of each table; 0 for all")
    write = _command(commands, "format", "write JSON lines of fields as log lines", run_format)
    write.add_argument("--omit-empty-values", action="store_true")
    _command(commands, "detect", "say which known formats fit", run_detect)
    _reading(commands, "explain", "print lines field by field", run_explain)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str, run: object
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help)
    parser.add_argument(
        "files", nargs="*", default=["-"], metavar="FILE", help="logs, plain or compressed; - is the input"
    )
    if name != "detect":
        parser.add_argument("--format", "-f", metavar="FORMAT", help=_FORMAT_HELP)
    parser.set_defaults(run=run)
    return parser


def _reading(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str, run: object
) -> argparse.ArgumentParser:
    parser = _command(commands, name, help, run)
    parser.add_argument("--strict", action="store_true", help="read only lines that are exactly of a format")
    parser.add_argument("--names", choices=("strict", "relaxed"), default="strict", help="how names are read")
    parser.add_argument("--tie-break", choices=("ua-widest",), help="choose among readings; only for trusted hops")
    parser.add_argument("--rotated", action="store_true", help="read rotated neighbours of the files too")
    parser.add_argument(
        "--rejects", metavar="FILE", help="write the lines that are not read there, each with the reason"
    )
    add_filters(parser)
    return parser


def run_parse(arguments: argparse.Namespace) -> int:
    """Print the entries of the files; 1 where some line could not be read."""
    with _reader(arguments) as reader:
        fields = _checked_fields(arguments.fields, reader) if arguments.fields else ()
        entries = wanted(_with_progress(reader), arguments)
        if arguments.raw:
            _print_raw(entries, reader)
        else:
            print_entries(entries, arguments.output, fields)
    return _close(reader)


def _print_raw(entries: Iterable[AccessLogEntry], reader: LogReader) -> None:
    before = -1
    for _ in entries:
        if reader.counts.lines != before:  # one line may hold several entries
            before = reader.counts.lines
            sys.stdout.buffer.write(reader.line if reader.line.endswith(b"\n") else reader.line + b"\n")


def run_stats(arguments: argparse.Namespace) -> int:
    """Print what the entries of the files say as a whole; 1 where some line could not be read."""
    from meshegress.cli.log_stats import Stats, print_stats

    with _reader(arguments) as reader:
        stats = Stats(wanted(_with_progress(reader), arguments))
    counts = reader.counts
    read: dict[str, object] = {"lines": counts.lines, "entries": counts.entries, "unread_lines": counts.unread_lines}
    read |= {"agent_lines": counts.agent_lines, "formats": counts.formats, "tolerances": counts.tolerances}
    print_stats(stats, read, arguments.output, arguments.top)
    return _close(reader)


def _checked_fields(text: str, reader: LogReader) -> tuple[str, ...]:
    """Return the fields that *text* names, by name or operator."""
    names = list(dict.fromkeys(name for log in reader.formats for name in log.names))
    known = {*names, *KEYS, *CIRCUMSTANCES, *(command.text for log in reader.formats for command in log.commands)}
    fields = tuple(text.split(","))
    for field in fields:
        if field not in known:
            start = text.index(field)
            raise LogFormatError(
                text, start, start + len(field), f"there is no such field; there are {', '.join(names)}"
            )
    return fields


def run_format(arguments: argparse.Namespace) -> int:
    """Write each JSON object, fields or operators, as a line of the format."""
    log = formats_of(arguments.format or "istio-text", omit_empty_values=arguments.omit_empty_values)[0]
    for number, line in enumerate(_input_lines(arguments.files), 1):
        try:
            values = json.loads(line)
        except ValueError as error:
            raise LogFormatError(line[:200], 0, 1, f"line {number} is not a JSON object: {error}") from None
        if not isinstance(values, dict):
            raise LogFormatError(line[:200], 0, 1, f"line {number} is not a JSON object")
        sys.stdout.buffer.write(log.format_bytes(values))
    return OK


def run_detect(arguments: argparse.Namespace) -> int:
    """Say which known formats fit, how many lines each, and what was tolerated; 1 where some lines do not fit."""
    reader = read_log(arguments.files)
    for _ in _with_progress(reader):
        pass
    counts = reader.counts
    tried = counts.lines - counts.agent_lines
    for name, fitting in sorted(counts.formats.items(), key=lambda pair: -pair[1]):
        print(f"{name}: {fitting} of {tried} lines fit{_TWINS.get(name, '')}")
    if not counts.entries:
        print("there is no access record")
        return OK
    print(
        f"{'sure' if len(counts.formats) == 1 else 'mixed'}; {counts.unread_lines / tried:.1%} of the lines do not fit"
    )
    if counts.agent_lines:
        print(f"{counts.agent_lines} lines are of the agent")
    if counts.tolerances:
        print("tolerated: " + ", ".join(f"{name} ({count})" for name, count in counts.tolerances.items()))
    best = max(counts.formats, key=lambda name: counts.formats[name])
    print(AccessLogFormat.preset(best).text.removesuffix("\n") if best != KEYED else "JSON, known by its keys")
    return _close(reader)


# Presets that write the same lines: only the operator for the cluster differs, and no line tells which it was.
_TWINS = {f"istio-{kind}": f"; so do those of istio-1.9-{kind}" for kind in ("text", "json")}


def run_explain(arguments: argparse.Namespace) -> int:
    """Print each entry field by field: name, value, meaning."""
    from meshegress.accesslog.explain import explain_entry

    with _reader(arguments) as reader:
        for entry in wanted(reader, arguments):
            explained = list(explain_entry(entry))
            width = max(len(field.name) for field in explained)
            for field in explained:
                meaning = f"  ({field.meaning})" if field.meaning else ""
                print(f"{field.name:<{width}}  {'-' if field.value is None else visible(field.value)}{meaning}")
            print()
    return _close(reader)


@contextmanager
def _reader(arguments: argparse.Namespace) -> Iterator[LogReader]:
    """Give the reader of the files; what it does not read goes where ``--rejects`` says."""
    formats = formats_of(arguments.format) if arguments.format else ()
    reader = read_log(
        arguments.files,
        formats,
        rotated=arguments.rotated,
        names=arguments.names,
        tie_break=arguments.tie_break,
        strict=arguments.strict,
    )
    if not arguments.rejects:
        yield reader
        return
    with Path(arguments.rejects).open("w", encoding="utf-8", errors="surrogateescape") as rejects:
        reader.on_reject = lambda reason, line: print(f"{reason}\t{line}", file=rejects)
        yield reader


def _input_lines(files: Iterable[str]) -> Iterator[str]:
    from meshegress.accesslog.logs import open_lines

    for line in open_lines(files):
        text = line.decode("utf-8", "surrogateescape")
        if text.strip():
            yield text


def _with_progress(reader: LogReader) -> Iterator[AccessLogEntry]:
    """Yield the entries; on a terminal, tell now and then how far it is."""
    if not sys.stderr.isatty():
        yield from reader
        return
    next_time = time.monotonic() + _PROGRESS_SECONDS
    for number, entry in enumerate(reader):
        if number % 1000 == 0 and time.monotonic() > next_time:
            next_time = time.monotonic() + _PROGRESS_SECONDS
            print(
                f"\r{reader.counts} ({reader.counts.read_bytes >> 20} MiB)", end="\x1b[K", file=sys.stderr, flush=True
            )
        yield entry
    print("\r\x1b[K", end="", file=sys.stderr)


def _close(reader: LogReader) -> int:
    """Tell what could not be read, with samples."""
    counts = reader.counts
    if not counts.unread:
        return OK
    print(f"meshegress: {counts}", file=sys.stderr)
    for reason, unread in counts.unread.items():
        for sample in unread.samples:
            print(f"  {reason}: {visible(sample)}", file=sys.stderr)
        for hint in unread.hints:
            print(f"  help: {hint}", file=sys.stderr)
    return FAILED
