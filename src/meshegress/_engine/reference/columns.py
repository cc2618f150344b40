"""Rows of columns to numbers of leaves, for a reader: every row is left to the caller, who makes a request of it.

The native twin answers the rows in which nothing is odd by itself, and leaves the rest in the same way. What both
promise is this: a number that is not negative is the leaf to which the walk leads the row's request; ``NULL_ROW`` is a
row that is not a request; ``ASKS`` is left open. And both read a row's values, whatever the layout of their columns.

Source: https://arrow.apache.org/docs/format/Columnar.html
"""

from __future__ import annotations

import ctypes
from typing import Any

NULL_ROW, ASKS = -1, -2
_NARROW, _VIEWS = ("u", "z"), ("vu", "vz")
_NUMBERS = {
    "c": ctypes.c_int8,
    "C": ctypes.c_uint8,
    "s": ctypes.c_int16,
    "S": ctypes.c_uint16,
    "i": ctypes.c_int32,
    "I": ctypes.c_uint32,
    "l": ctypes.c_int64,
    "L": ctypes.c_uint64,
}
_NULL = "n"
#: The longest text that stands in its view.
_INLINE = 12
#: The place of the port among the columns.
_PORT = 1


class Columns:
    """The columns of one batch, ready for the walk.

    *columns* are address, port, kind, authority, server name and path; None stands for one that is not there.
    *free_address* stands in for one that is null; *careful* and *unknown* have a bit for each port that is left open,
    always or where the address is null; *kinds* has the kind of each value of a dictionary.
    """

    __slots__ = ("_columns", "_length")

    def __init__(
        self,
        length: int,
        columns: tuple[Any, ...],
        free_address: str,
        careful: bytes,
        unknown: bytes,
        kinds: bytes | None,
    ) -> None:
        self._length = length
        self._columns = columns

    def walk(self, walk: Any, out: Any, start: int, stop: int) -> int:
        """Write the numbers of the rows from *start* to *stop* into *out*, and return how many are left open.

        *out* has a place for every row.
        """
        if not 0 <= start <= stop <= self._length <= len(out):
            raise IndexError("the rows are not there")
        for row in range(start, stop):
            out[row] = ASKS
        return stop - start

    def values(self, row: int) -> tuple[Any, ...]:
        """Return what *row* says, in the order of the columns; None for what is null or not there."""
        if not 0 <= row < self._length:
            raise IndexError("the row is not there")
        return tuple(
            None if column is None else number_at(column, row) if place == _PORT else text_at(column, row)
            for place, column in enumerate(self._columns)
        )


def text_at(column: Any, row: int) -> str | None:
    """Return the text in *row* of *column*, or None where it is null."""
    if not _is_valid(column, row):
        return None
    if column.dictionary is not None:
        return text_at(column.dictionary, _number(column, row))
    return _bytes_at(column, column.offset + row).decode("utf-8", "surrogateescape")


def number_at(column: Any, row: int) -> int | None:
    """Return the number in *row* of *column*, or None where it is null."""
    if not _is_valid(column, row):
        return None
    if column.dictionary is not None:
        return number_at(column.dictionary, _number(column, row))
    return _number(column, row)


def _is_valid(column: Any, row: int) -> bool:
    """Return whether *row* of *column* holds a value."""
    if column.format == _NULL:
        return False
    place = column.offset + row
    bits = column.buffers[0]
    return not bits or bool(ctypes.c_uint8.from_address(bits + place // 8).value >> place % 8 & 1)


def _number(column: Any, row: int) -> int:
    kind = _NUMBERS[column.format]
    place = column.buffers[1] + (column.offset + row) * ctypes.sizeof(kind)
    return int(kind.from_address(place).value)


def _bytes_at(column: Any, place: int) -> bytes:
    if column.format in _VIEWS:
        return _viewed(column, column.buffers[1] + 16 * place)
    kind = ctypes.c_int32 if column.format in _NARROW else ctypes.c_int64
    start, end = (kind * 2).from_address(column.buffers[1] + ctypes.sizeof(kind) * place)
    return ctypes.string_at(column.buffers[2] + start, end - start) if end > start else b""


def _viewed(column: Any, view: int) -> bytes:
    size, _, buffer, offset = (ctypes.c_int32 * 4).from_address(view)
    if size <= _INLINE:
        return ctypes.string_at(view + 4, size)
    return ctypes.string_at(column.buffers[2 + buffer] + offset, size)
