"""A dictionary-encoded column of text, written in Arrow's C data interface for any library to take.

What is handed out stays alive here until the other side releases it.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from ctypes import c_char_p, c_void_p, py_object
from functools import partial
from itertools import count
from typing import Any, TypeVar

from meshegress.columns.arrow_memory import ArrowArray, ArrowSchema

_NULLABLE = 2
_Structure = TypeVar("_Structure", ArrowSchema, ArrowArray)

alive: dict[int, Any] = {}
_tickets = count(1)
_make_capsule = ctypes.pythonapi.PyCapsule_New
_make_capsule.restype = py_object
_make_capsule.argtypes = [c_void_p, c_char_p, c_void_p]
# A dying capsule must not come back to life as an argument: it is passed by its address alone.
_pointer_in = ctypes.PyDLL(None)["PyCapsule_GetPointer"]
_pointer_in.restype = c_void_p
_pointer_in.argtypes = [c_void_p, c_char_p]


def dictionary_capsules(indexes: array[int], values: Sequence[str]) -> tuple[object, object]:
    """Return schema and array, as capsules, of a column whose row is ``values[index]``, or null where it is negative.

    *indexes* are 32-bit numbers.
    """
    schema = _schema(b"i", _schema(b"u"))
    validity, nulls = _validity(indexes)
    column = _array(len(indexes), [validity, indexes], nulls)
    column.dictionary = ctypes.pointer(_texts(values))
    return _capsule(schema, b"arrow_schema"), _capsule(column, b"arrow_array")


def _texts(values: Sequence[str]) -> ArrowArray:
    encoded = [value.encode("utf-8", "replace") for value in values]
    offsets = array("i", [0])
    for value in encoded:
        offsets.append(offsets[-1] + len(value))
    return _array(len(encoded), [None, offsets, bytearray(b"".join(encoded) or b"\0")], 0)


def _validity(indexes: array[int]) -> tuple[bytearray | None, int]:
    """Return a bit for each row that holds a value, or None where all do, and how many do not."""
    nulls = sum(index < 0 for index in indexes)
    if not nulls:
        return None, 0
    bits = bytearray((len(indexes) + 7) // 8)
    for row, index in enumerate(indexes):
        if index >= 0:
            bits[row >> 3] |= 1 << (row & 7)
    return bits, nulls


def _schema(format: bytes, dictionary: ArrowSchema | None = None) -> ArrowSchema:
    schema = ArrowSchema(format=format, name=b"decision", flags=_NULLABLE)
    if dictionary is not None:
        schema.dictionary = ctypes.pointer(dictionary)
    return _kept(schema, format)


def _array(length: int, buffers: list[Any], nulls: int) -> ArrowArray:
    addresses = (c_void_p * len(buffers))(*(_address(buffer) for buffer in buffers))
    held = ArrowArray(length=length, null_count=nulls, n_buffers=len(buffers))
    held.buffers = addresses
    return _kept(held, (addresses, buffers))


def _address(buffer: array[int] | bytearray | None) -> int | None:
    if buffer is None:
        return None
    if isinstance(buffer, array):
        return buffer.buffer_info()[0]
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


def _kept(structure: _Structure, beside: Any) -> _Structure:
    """Return *structure*, which keeps what it points at until it is released."""
    ticket = next(_tickets)
    structure.private_data = ticket
    structure.release = ctypes.cast(_RELEASES[type(structure)], c_void_p).value
    alive[ticket] = (structure, beside)
    return structure


def _capsule(structure: Any, name: bytes) -> object:
    """Return a capsule of *structure*; one that nobody takes releases it when it goes."""
    destructor = _DESTRUCTORS[name]
    alive[ctypes.addressof(structure)] = structure
    return _make_capsule(ctypes.addressof(structure), name, ctypes.cast(destructor, c_void_p))


def _release(kind: type[Any], address: int) -> None:
    structure = kind.from_address(address)
    if structure.dictionary:
        dictionary = structure.dictionary.contents
        if dictionary.release:
            _release(kind, ctypes.addressof(dictionary))
    ticket = structure.private_data
    structure.release = None
    alive.pop(ticket, None)


def _destroy(kind: type[Any], name: bytes, capsule: int) -> None:
    address = _pointer_in(capsule, name)
    structure = kind.from_address(address)
    if structure.release:
        _release(kind, address)
    alive.pop(address, None)


_RELEASES = {kind: ctypes.CFUNCTYPE(None, c_void_p)(partial(_release, kind)) for kind in (ArrowSchema, ArrowArray)}
_DESTRUCTORS = {
    name: ctypes.PYFUNCTYPE(None, c_void_p)(partial(_destroy, kind, name))
    for kind, name in ((ArrowSchema, b"arrow_schema"), (ArrowArray, b"arrow_array"))
}
for _callback in (*_RELEASES.values(), *_DESTRUCTORS.values()):
    # The other side may release after this module is gone: what it calls then must still be there.
    ctypes.pythonapi.Py_IncRef(py_object(_callback))
