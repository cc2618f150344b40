"""The lines of a format as typed columns: buffers as Arrow lays them out, of no Arrow library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshegress._engine.chosen import LogColumn, LogKind, read_columns, read_json_columns
from meshegress.accesslog.entry import FieldLayout
from meshegress.accesslog.jsoncolumns import flat_members, json_kinds, pieces_of
from meshegress.accesslog.jsonparser import JsonParser
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.textparser import TextParser, TieBreak
from meshegress.errors import LogFormatError, LogParseError

#: Lines are read in parts of about so many bytes.
_PART = 1 << 24
_TYPES = {LogKind.NUMBER: "number", LogKind.STAMP: "stamp"}
_TOO_LONG = 2


@dataclass(frozen=True, slots=True)
class ColumnBlock:
    """Some lines as columns: the type of each is ``number``, ``stamp`` or ``text``; *unread* tells of other lines.

    With *is_ascii* no text has a byte above 0x7f.
    """

    rows: int
    types: tuple[str, ...]
    columns: tuple[LogColumn, ...]
    unread: tuple[LogParseError, ...]
    is_ascii: bool


def columns_of(
    data: bytes, log: AccessLogFormat, *, names: str, tie_break: TieBreak | None, most_line_bytes: int
) -> tuple[ColumnBlock, ...]:
    """Return the lines of *data* as columns, in parts, at least one.

    Raises LogFormatError where records are not one line each.
    """
    parser = log.parser(names=names, tie_break=tie_break, strict=True)
    if isinstance(parser, TextParser) and (not log.text.endswith("\n") or log.text.count("\n") > 1):
        raise LogFormatError(log.text, 0, len(log.text), "columns are read from records of one line each")
    return tuple(_columns(part, parser, most_line_bytes) for part in _parts(data))


def _parts(data: bytes) -> Iterator[memoryview]:
    start, view = 0, memoryview(data)
    while len(data) - start > _PART:
        end = data.rfind(b"\n", start, start + _PART) + 1 or data.find(b"\n", start + _PART) + 1 or len(data)
        yield view[start:end]
        start = end
    yield view[start:]


def _columns(data: memoryview, parser: TextParser | JsonParser, most: int) -> ColumnBlock:
    if isinstance(parser, TextParser):
        kinds = _text_kinds(parser.layout)
        read = read_columns(parser.splitter, kinds, data, takes_first=parser.takes_first, most=most)
    else:
        kinds = json_kinds(parser)
        read = read_json_columns(flat_members(parser), kinds, data, pieces_of(parser), most=most)
    types = tuple(_TYPES.get(LogKind(kind), "text") for kind in kinds)
    unread = tuple(_error(parser, bytes(data[start:end]), why) for start, end, why in read.unread)
    return ColumnBlock(read.rows, types, read.columns, unread, read.is_ascii)


def _text_kinds(layout: FieldLayout) -> bytes:
    """What becomes of each field: text is null for a dash where an entry has None for it."""
    return bytes(
        LogKind.TEXT if kind == LogKind.OTHER and layout.typed(number, "-") is None else kind
        for number, kind in enumerate(layout.kinds)
    )


def _error(parser: TextParser | JsonParser, line: bytes, why: int) -> LogParseError:
    if why == _TOO_LONG:
        return LogParseError(
            line[:300].decode("utf-8", "surrogateescape"), parser.text, "too_long", "the line is too long"
        )
    return parser.error(line)
