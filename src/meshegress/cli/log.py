"""``meshegress log``: read, write, recognize and explain Envoy access logs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from meshegress import AccessLogEntry, AccessLogFormat, LogFormatError, LogReader, read_log
from meshegress.accesslog.presets import KEYS
from meshegress.cli.exits import FAILED, OK
from meshegress.errors import visible

_COLUMNS = ("start_time", "method", "authority", "path", "response_code", "response_flags", "upstream_cluster")
_PROGRESS_SECONDS = 0.5


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of this one."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parse = _command(commands, "parse", "read lines into JSON lines or a table", run_parse)
    parse.add_argument("--table", action="store_true", help="print a table")
    parse.add_argument("--fields", metavar="A,B", help="print these fields only")
    parse.add_argument("--names", choices=("strict", "relaxed"), default="strict", help="how names are read")
    parse.add_argument("--tie-break", choices=("ua-widest",), help="choose among readings; only for trusted hops")
    parse.add_argument("--rotated", action="store_true", help="read rotated neighbours of the files too")
    write = _command(commands, "format", "write JSON lines of fields as log lines", run_format)
    write.add_argument("--omit-empty-values", action="store_true")
    _command(commands, "detect", "say which known format fits", run_detect)
    _command(commands, "explain", "print lines field by field", run_explain)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str, run: object
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help)
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="logs, plain or gzip; - is the input")
    if name != "detect":
        parser.add_argument("--format", "-f", metavar="FORMAT", help="a preset's name, a text format, or a JSON format")
    parser.set_defaults(run=run)
    return parser


def compile_format(text: str, *, omit_empty_values: bool = False) -> AccessLogFormat:
    """Return the format that *text* names or is: a preset, a JSON object, or a text format.

    A text format without a newline at its end gets one, as Istio gives it.
    """
    if "%" not in text and "{" not in text:
        return AccessLogFormat.preset(text, omit_empty_values=omit_empty_values)
    if text.lstrip().startswith("{"):
        try:
            mapping = json.loads(text)
        except ValueError:
            mapping = None  # a text format may start with a brace, too
        if isinstance(mapping, dict):
            return AccessLogFormat.json(mapping, omit_empty_values=omit_empty_values)
    log = AccessLogFormat(text, omit_empty_values=omit_empty_values)
    return log if text.endswith("\n") else AccessLogFormat(f"{text}\n", omit_empty_values=omit_empty_values)


def run_parse(arguments: argparse.Namespace) -> int:
    """Print the entries of the files; 1 where some line could not be read."""
    reader = _reader(arguments, rotated=arguments.rotated, names=arguments.names, tie_break=arguments.tie_break)
    fields = _checked_fields(arguments.fields, reader) if arguments.fields else ()
    entries = _with_progress(reader)
    encode = json.JSONEncoder(default=_plain_value).encode
    if arguments.table:
        _print_table(entries, fields or _COLUMNS)
    else:
        for entry in entries:
            values = {name: entry.get(name) for name in fields} if fields else entry.as_dict()
            print(encode(values))
    return _close(reader)


def _checked_fields(text: str, reader: LogReader) -> tuple[str, ...]:
    """Return the fields that *text* names, by name or operator."""
    names = list(dict.fromkeys(name for log in reader.formats for name in log.names))
    known = {*names, *KEYS, *(command.text for log in reader.formats for command in log.commands)}
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
    log = compile_format(arguments.format or "istio-text", omit_empty_values=arguments.omit_empty_values)
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
    """Say which preset fits, how sure that is and what share does not; 1 where some lines do not fit."""
    from meshegress.accesslog.wrappers import Unwrapper

    unwrapper = Unwrapper()
    lines = (
        unwrapper.unwrap(line.rstrip("\n").encode("utf-8", "surrogateescape")) for line in _input_lines(arguments.files)
    )
    found = AccessLogFormat.detect(one.line for one in lines if one is not None)
    print(found)
    print(f"{'sure' if found.is_sure else 'not sure'}; {found.misfit_share:.1%} of the lines do not fit")
    print(found.format.text, end="" if found.format.text.endswith("\n") else "\n")
    return OK if found.fitting == found.lines else FAILED


def run_explain(arguments: argparse.Namespace) -> int:
    """Print each entry field by field: name, value, meaning."""
    from meshegress.accesslog.explain import explain_entry

    reader = _reader(arguments)
    for entry in reader:
        explained = list(explain_entry(entry))
        width = max(len(field.name) for field in explained)
        for field in explained:
            meaning = f"  ({field.meaning})" if field.meaning else ""
            print(f"{field.name:<{width}}  {'-' if field.value is None else visible(field.value)}{meaning}")
        print()
    return _close(reader)


def _reader(arguments: argparse.Namespace, **options: object) -> LogReader:
    formats = (compile_format(arguments.format),) if arguments.format else ()
    return read_log(arguments.files, formats, **options)  # type: ignore[arg-type]  # argparse has checked the choices


def _input_lines(files: Iterable[str]) -> Iterator[str]:
    from meshegress.logs import open_lines

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
    return FAILED


def _print_table(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    widths = [24 if field == "start_time" else max(8, len(field)) for field in fields]
    print("  ".join(f"{field:<{width}}" for field, width in zip(fields, widths, strict=True)).rstrip())
    for entry in entries:
        cells = [_cell(entry.get(field)) for field in fields]
        widths = [max(width, min(len(cell), 60)) for width, cell in zip(widths, cells, strict=True)]
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    plain = _plain_value(value)
    return "-" if plain in (None, []) else visible(",".join(plain) if isinstance(plain, list) else str(plain))


def _plain_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value
