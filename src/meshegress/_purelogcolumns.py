"""Lines of text to typed columns, as Arrow lays them out: the readable twin.

A line is a row where it has a single cut. A column has a bit for each row that holds a value, and 64-bit numbers, or
32-bit offsets and the text between them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from meshegress._purelines import LogKind
from meshegress._purelog import LogSplitter

#: What is read at once, at most: offsets have 32 bits.
MOST_BYTES = 1 << 30
_NO_MATCH, _AMBIGUOUS, _TOO_LONG = range(3)
_NUMBERS = (LogKind.NUMBER, LogKind.STAMP)
_MOST_DIGITS = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogColumn(NamedTuple):
    """The buffers of one column; *text* is None for numbers and for moments, in milliseconds since 1970."""

    nulls: int
    valid: Any
    values: Any
    text: Any


def read_columns(
    splitter: LogSplitter, kinds: bytes, data: bytes, *, takes_first: bool, most: int
) -> tuple[int, tuple[LogColumn, ...], list[tuple[int, int, int]]]:
    """Return the number of rows, the columns, and start, end and reason of each line that is no row.

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
    for start, line in _lines(data):
        count, places = splitter.split(line) if len(line) <= most else (0, ())
        if count == 1 or (count and takes_first):
            rows.append([line[places[n] : places[n + 1]] for n in range(0, len(places), 2)])
        else:
            reason = _TOO_LONG if len(line) > most else _AMBIGUOUS if count else _NO_MATCH
            unread.append((start, start + len(line), reason))
    columns = (_column(kind, [row[number] for row in rows]) for number, kind in enumerate(kinds))
    return len(rows), tuple(columns), unread


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    for line in data.split(b"\n"):
        if line.strip():
            yield start, line
        start += len(line) + 1


def _column(kind: int, pieces: list[bytes]) -> LogColumn:
    if kind in _NUMBERS:
        convert = _number if kind == LogKind.NUMBER else _moment
        numbers = [convert(piece) for piece in pieces]
        values = array("q", [number or 0 for number in numbers])
        return LogColumn(numbers.count(None), _bits([n is not None for n in numbers]), values.tobytes(), None)
    absent = {LogKind.TEXT: (b"-",), LogKind.FLAGS: (b"-", b"")}.get(LogKind(kind), ())
    held = [piece not in absent for piece in pieces]
    offsets, texts = array("i", [0]), [piece if is_held else b"" for piece, is_held in zip(pieces, held, strict=True)]
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
    try:
        since = datetime.strptime(piece.decode(), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000
