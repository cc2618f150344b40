"""Access logs as Arrow tables: ``pip install meshegress[arrow]``.

Lines are cut as a parser cuts them, without the GIL, and a user agent with quotes in it moves no column: where a line
can be read in two ways it is not a row, but reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshegress import AccessLogFormat, LogParseError
from meshegress.accesslog.columns import ColumnBlock, columns_of
from meshegress.errors import MissingExtraError

try:
    import pyarrow as pa
except ImportError:
    raise MissingExtraError("arrow") from None

_TYPES = {"number": pa.int64(), "stamp": pa.timestamp("ms", tz="UTC"), "text": pa.utf8()}


@dataclass(frozen=True, slots=True)
class LogTable:
    """*table* has a row for each line that could be read, in order, and *unread* says why others could not."""

    table: Any
    unread: tuple[LogParseError, ...]


def read_table(
    data: bytes, log: AccessLogFormat, *, names: str = "strict", tie_break: Any = None, most_line_bytes: int = 1 << 20
) -> LogTable:
    """Return the lines of *data* as a table, a column for each field of the format *log*, named as there.

    Whole numbers are 64-bit, the default time stamp is a moment of UTC; all else is text, response flags with their
    commas, and objects and lists of a JSON format as JSON. Null is what an entry has None or no flags for, and a number
    or moment that its type cannot hold. Bytes that are not UTF-8 show as U+FFFD. Blank lines do not count. Any JSON is
    read; what Envoy writes itself is read quickest. Up to 64 MiB that earlier tables took are kept for the next ones.

    Raises LogFormatError where the lines of the format cannot be read one by one.
    """
    read = columns_of(data, log, names=names, tie_break=tie_break, most_line_bytes=most_line_bytes)
    batches = [_batch(columns, log.names) for columns in read]
    return LogTable(pa.Table.from_batches(batches), tuple(error for columns in read for error in columns.unread))


def _batch(columns: ColumnBlock, names: tuple[str, ...]) -> Any:
    arrays = [
        _array(type_name, columns.rows, column, is_ascii=columns.is_ascii)
        for type_name, column in zip(columns.types, columns.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _array(type_name: str, rows: int, column: Any, *, is_ascii: bool) -> Any:
    buffers = [pa.py_buffer(buffer) for buffer in column[1:] if buffer is not None]
    if not column.nulls:
        buffers[0] = None
    array = pa.Array.from_buffers(_TYPES[type_name], rows, buffers, null_count=column.nulls)
    return array if is_ascii or type_name != "text" else _readable(array)


def _readable(array: Any) -> Any:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        pieces = array.view(pa.binary()).to_pylist()
        return pa.array([None if one is None else one.decode("utf-8", "replace") for one in pieces], pa.utf8())
    return array
