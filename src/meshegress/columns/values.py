"""The values of a column, one by one: for what is asked row by row."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from meshegress.columns.arrow_memory import Column

#: Formats of text: 32-bit offsets, 64-bit offsets, views. Bytes are taken for UTF-8.
NARROW, WIDE, VIEWS = ("u", "z"), ("U", "Z"), ("vu", "vz")
#: Formats of whole numbers, and what reads one.
NUMBERS = {
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
_INLINE = 12


def is_text(column: Column) -> bool:
    """Return whether *column* holds text, in any layout, or nothing but nulls."""
    format = column.dictionary.format if column.dictionary else column.format
    return format in (*NARROW, *WIDE, *VIEWS, _NULL)


def is_number(column: Column) -> bool:
    """Return whether *column* holds whole numbers, or nothing but nulls."""
    format = column.dictionary.format if column.dictionary else column.format
    return format in NUMBERS or format == _NULL


def text_at(column: Column, row: int) -> str | None:
    """Return the text in *row* of *column*, or None where it is null."""
    if not is_valid(column, row):
        return None
    if column.dictionary is not None:
        return text_at(column.dictionary, _number(column, row))
    return _bytes_at(column, column.offset + row).decode("utf-8", "surrogatepass")


def number_at(column: Column, row: int) -> int | None:
    """Return the number in *row* of *column*, or None where it is null."""
    if not is_valid(column, row):
        return None
    if column.dictionary is not None:
        return number_at(column.dictionary, _number(column, row))
    return _number(column, row)


def texts(column: Column) -> Iterator[str | None]:
    """Yield every text of *column*."""
    return (text_at(column, row) for row in range(column.length))


def is_valid(column: Column, row: int) -> bool:
    """Return whether *row* of *column* holds a value."""
    if column.format == _NULL:
        return False
    place = column.offset + row
    bits = column.buffers[0]
    return not bits or bool(ctypes.c_uint8.from_address(bits + place // 8).value >> place % 8 & 1)


def _number(column: Column, row: int) -> int:
    kind = NUMBERS[column.format]
    place = column.buffers[1] + (column.offset + row) * ctypes.sizeof(kind)
    return int(kind.from_address(place).value)


def _bytes_at(column: Column, place: int) -> bytes:
    if column.format in VIEWS:
        return _viewed(column, column.buffers[1] + 16 * place)
    kind = ctypes.c_int32 if column.format in NARROW else ctypes.c_int64
    start, end = (kind * 2).from_address(column.buffers[1] + ctypes.sizeof(kind) * place)
    return ctypes.string_at(column.buffers[2] + start, end - start) if end > start else b""


def _viewed(column: Column, view: int) -> bytes:
    size, _, buffer, offset = (ctypes.c_int32 * 4).from_address(view)
    if size <= _INLINE:
        return ctypes.string_at(view + 4, size)
    return ctypes.string_at(column.buffers[2 + buffer] + offset, size)
