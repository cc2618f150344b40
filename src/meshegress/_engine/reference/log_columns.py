"""Lines of text or JSON to typed columns, as Arrow lays them out: the reference twin.

A line of text is a row where it has a single cut; of JSON, where a parser reads it. A column has a bit for each row
that holds a value, and 64-bit numbers, or 32-bit offsets and the text between them.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from meshegress._engine.reference.lines import LogKind
from meshegress._engine.reference.log import LogSplitter

#: What is read at once, at most: offsets have 32 bits.
MOST_BYTES = 1 << 30
_NO_MATCH, _AMBIGUOUS, _TOO_LONG = range(3)
_NUMBERS = (LogKind.NUMBER, LogKind.STAMP)
_MOST_DIGITS = 18
_STAMP = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogColumn(NamedTuple):
    """The buffers of one column; *text* is None for numbers and for moments, in milliseconds since 1970."""

    nulls: int
    valid: Any
    values: Any
    text: Any


class LogColumns(NamedTuple):
    """The number of rows, the columns, start, end and reason of each line that is not a row; are all rows ASCII?"""

    rows: int
    columns: tuple[LogColumn, ...]
    unread: list[tuple[int, int, int]]
    is_ascii: bool


def read_columns(
    splitter: LogSplitter, kinds: bytes, data: bytes | memoryview, *, takes_first: bool, most: int
) -> LogColumns:
    """Return the lines of *data* as columns.

    *kinds* has a LogKind for each field: NUMBER and STAMP become numbers, null where the text is none; OTHER is the
    text as it stands, and TEXT and FLAGS are null for a dash. Blank lines are passed over, those of more than *most*
    bytes are not read, and *takes_first* takes one of several cuts.
    """
    if len(kinds) != len(splitter.fields):
        raise ValueError("a kind for each field is needed")
    if len(data) > MOST_BYTES:
        raise ValueError(f"{MOST_BYTES} bytes are read at once, not {len(data)}")
    rows: list[list[bytes]] = []
    unread: list[tuple[int, int, int]] = []
    is_ascii = True
    for start, line in _lines(bytes(data)):
        count, places = splitter.split(line) if len(line) <= most else (0, ())
        if count == 1 or (count and takes_first):
            rows.append([line[places[n] : places[n + 1]] for n in range(0, len(places), 2)])
            is_ascii = is_ascii and line.isascii()
        else:
            reason = _TOO_LONG if len(line) > most else _AMBIGUOUS if count else _NO_MATCH
            unread.append((start, start + len(line), reason))
    columns = (_column(kind, [row[number] for row in rows]) for number, kind in enumerate(kinds))
    return LogColumns(len(rows), tuple(columns), unread, is_ascii)


class LogMember(NamedTuple):
    """A member of a flat JSON format: its key as JSON; the number of its field, or None and a constant as JSON."""

    key: bytes
    field: int | None
    is_number: bool = False
    constant: bytes = b""


def read_json_columns(
    members: tuple[LogMember, ...],
    kinds: bytes,
    data: bytes | memoryview,
    pieces_of: Callable[[bytes], Sequence[bytes | None] | int],
    *,
    most: int,
) -> LogColumns:
    """Return the lines of *data*, JSON, as columns.

    *pieces_of* gives the text of every field of a line, None for null, or the reason why it is not a row. *members* may
    tell how a line of the format looks, so that the native twin need not ask.
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"{MOST_BYTES} bytes are read at once, not {len(data)}")
    rows: list[Sequence[bytes | None]] = []
    unread: list[tuple[int, int, int]] = []
    for start, line in _lines(bytes(data)):
        pieces = pieces_of(line) if len(line) <= most else _TOO_LONG
        if isinstance(pieces, int):
            unread.append((start, start + len(line), pieces))
        else:
            rows.append(pieces)
    is_ascii = all(piece is None or piece.isascii() for row in rows for piece in row)
    columns = (_column(kind, [row[number] for row in rows]) for number, kind in enumerate(kinds))
    return LogColumns(len(rows), tuple(columns), unread, is_ascii)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    for line in data.split(b"\n"):
        if line.strip():
            yield start, line
        start += len(line) + 1


def _column(kind: int, pieces: Sequence[bytes | None]) -> LogColumn:
    if kind in _NUMBERS:
        convert = _number if kind == LogKind.NUMBER else _moment
        numbers = [None if piece is None else convert(piece) for piece in pieces]
        values = array("q", [number or 0 for number in numbers])
        return LogColumn(numbers.count(None), _bits([n is not None for n in numbers]), values.tobytes(), None)
    absent = {LogKind.TEXT: (b"-",), LogKind.FLAGS: (b"-", b"")}.get(LogKind(kind), ())
    offsets, texts = array("i", [0]), [b"" if piece is None or piece in absent else piece for piece in pieces]
    held = [piece is not None and piece not in absent for piece in pieces]
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    return LogColumn(held.count(False), _bits(held), offsets.tobytes(), b"".join(texts))


def _bits(held: list[bool]) -> bytes:
    bits = bytearray((len(held) + 7) // 8)
    for row, is_held in enumerate(held):
        bits[row >> 3] |= is_held << (row & 7)
    return bytes(bits)


def _number(piece: bytes) -> int | None:
    return int(piece) if piece not in (b"", b"-") and len(piece) <= _MOST_DIGITS else None


def _moment(piece: bytes) -> int | None:
    if not _STAMP.fullmatch(piece):
        return None
    try:
        since = datetime.strptime(piece.decode(), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000
