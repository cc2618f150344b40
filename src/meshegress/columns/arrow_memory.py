"""Arrow's C data interface, read and written with nothing but the standard library.

Whatever has ``__arrow_c_stream__`` or ``__arrow_c_array__`` can be read: pyarrow, Polars, DuckDB, arro3 and others. No
value is copied: a :class:`Column` says where its buffers stand.

Source: https://arrow.apache.org/docs/format/CDataInterface.html and the PyCapsule interface beside it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from typing import Any


class ArrowSchema(ctypes.Structure):
    """A type, as the interface lays it out."""


class ArrowArray(ctypes.Structure):
    """An array, as the interface lays it out."""


class ArrowArrayStream(ctypes.Structure):
    """A stream of arrays, as the interface lays it out."""


ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_char_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", POINTER(ArrowSchema)),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", POINTER(ArrowArray)),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)),
    ("get_next", ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)),
    ("get_last_error", ctypes.CFUNCTYPE(c_char_p, c_void_p)),
    ("release", c_void_p),
    ("private_data", c_void_p),
]

_RELEASE = ctypes.CFUNCTYPE(None, c_void_p)
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, c_char_p]


class ArrowError(ValueError):
    """The other side gave no Arrow data, or broke off."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a batch: its type in the interface's words, and the addresses of its buffers.

    ``offset`` counts rows from the beginning of the buffers; ``dictionary`` holds the values of a dictionary-encoded
    column, whose own values are indexes.
    """

    format: str
    length: int
    offset: int
    null_count: int
    buffers: tuple[int, ...]
    dictionary: Column | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table: its columns by name. The memory is the other side's and lasts for the loop's turn."""

    length: int
    columns: dict[str, Column]


def read_batches(data: Any) -> Iterator[Batch]:
    """Yield the batches of *data*, a table or a record batch of any library; each is given back at the next turn.

    Raises TypeError where *data* has neither method of the interface, ArrowError where it holds no table.
    """
    if hasattr(data, "__arrow_c_stream__"):
        yield from _read_stream(data.__arrow_c_stream__())
    elif hasattr(data, "__arrow_c_array__"):
        schema_capsule, array_capsule = data.__arrow_c_array__()
        schema = _pointed(schema_capsule, b"arrow_schema", ArrowSchema)
        array = _pointed(array_capsule, b"arrow_array", ArrowArray)
        yield _batch(schema, array)
    else:
        raise TypeError(f"expected Arrow data, not {type(data).__name__}")


def _read_stream(capsule: Any) -> Iterator[Batch]:
    stream = _pointed(capsule, b"arrow_array_stream", ArrowArrayStream)
    address = ctypes.addressof(stream)
    with _owned(ArrowSchema()) as schema:
        _check(stream, stream.get_schema(address, ctypes.addressof(schema)))
        while True:
            with _owned(ArrowArray()) as array:
                _check(stream, stream.get_next(address, ctypes.addressof(array)))
                if not array.release:
                    return
                yield _batch(schema, array)


def _check(stream: ArrowArrayStream, code: int) -> None:
    if code:
        message = stream.get_last_error(ctypes.addressof(stream)) or b"no reason is given"
        raise ArrowError(f"the stream broke off: {message.decode('utf-8', 'replace')}")


def _pointed(capsule: Any, name: bytes, kind: type[Any]) -> Any:
    """Return what *capsule* points at; the capsule goes on owning it and is kept beside it."""
    found = kind.from_address(_capsule_pointer(capsule, name))
    found.capsule = capsule
    return found


@contextmanager
def _owned(structure: Any) -> Iterator[Any]:
    """Give *structure* to be filled, and let the other side take back what it filled in."""
    try:
        yield structure
    finally:
        if structure.release:
            _RELEASE(structure.release)(ctypes.addressof(structure))


def _batch(schema: ArrowSchema, array: ArrowArray) -> Batch:
    if schema.format != b"+s":
        raise ArrowError(f"expected a table, not a column of type `{schema.format.decode()}`")
    if array.null_count > 0:
        raise ArrowError("a row of the table itself is null")
    columns = {}
    for place in range(schema.n_children):
        field = schema.children[place].contents
        column = _column(field, array.children[place].contents)
        # Rows that a slice of the whole table leaves out are left out of its columns.
        columns[field.name.decode()] = _sliced(column, array.offset, array.length)
    return Batch(array.length, columns)


def _sliced(column: Column, offset: int, length: int) -> Column:
    start = column.offset + offset
    return Column(column.format, length, start, column.null_count, column.buffers, column.dictionary)


def _column(schema: ArrowSchema, array: ArrowArray) -> Column:
    buffers = tuple(array.buffers[place] or 0 for place in range(array.n_buffers))
    values = _column(schema.dictionary.contents, array.dictionary.contents) if schema.dictionary else None
    return Column(schema.format.decode(), array.length, array.offset, array.null_count, buffers, values)
