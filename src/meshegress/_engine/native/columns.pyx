# cython: language_level=3, binding=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""Rows of Arrow columns to numbers of leaves, without the GIL: the native twin of ``reference/columns.py``.

The columns' addresses are put into the structs of ``columns.h``, which does the work. Nothing is copied.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t

from meshegress._fastmatch cimport ip_number, parse_address
from meshegress._engine.native.walk import Walk


from meshegress._engine.reference.columns import text_at


cdef extern from "Python.h":
    str decode "PyUnicode_DecodeUTF8"(const char *text, Py_ssize_t length, const char *errors)
    const uint8_t *ascii_text "(const uint8_t *)PyUnicode_DATA"(object text)
    Py_ssize_t text_length "PyUnicode_GET_LENGTH"(object text)


cdef extern from "text.h" nogil:
    ctypedef struct text_span:
        const uint8_t *text
        size_t length


cdef extern from "columns.h" nogil:
    enum:
        HOLDS_NOTHING
        HOLDS_NARROW
        HOLDS_WIDE
        HOLDS_VIEWS
        HOLDS_NUMBERS
    ctypedef struct walk_program:
        pass
    ctypedef struct arrow_column "arrow_column":
        const arrow_column *values
        const uint8_t *valid
        const uint8_t *data
        const uint8_t *const *buffers
        int64_t offset, length
        int holds, width
    bint read_texts(const arrow_column *column, int64_t row, int count, text_span *texts)
    bint read_numbers(const arrow_column *column, int64_t row, int count, int64_t *numbers)
    ctypedef struct walk_columns:
        arrow_column address, port, kind, authority, server_name, path
        const uint8_t *kinds
        const uint8_t *careful
        const uint8_t *unknown
        int64_t kind_count
        ip_number free_address
        uint8_t free_version
        uint8_t names_are_one
    void fill_plain_bytes()
    void fill_patterns()
    int64_t walk_rows(const walk_program *program, const walk_columns *columns, int64_t start, int64_t stop, int32_t *out)


cdef dict HOLDS = {
    "u": HOLDS_NARROW, "z": HOLDS_NARROW, "U": HOLDS_WIDE, "Z": HOLDS_WIDE, "vu": HOLDS_VIEWS, "vz": HOLDS_VIEWS,
}
cdef dict WIDTHS = {"c": -1, "C": 1, "s": -2, "S": 2, "i": -4, "I": 4, "l": -8, "L": 8}

fill_plain_bytes()
fill_patterns()


cdef class Columns:
    """The columns of one batch, ready for the walk; see ``reference.columns.Columns``."""

    cdef walk_columns columns
    cdef Py_ssize_t length
    cdef list rooms
    cdef object kept

    def __cinit__(self, Py_ssize_t length, columns, str free_address, bytes careful, bytes unknown, bytes kinds):
        self.rooms, self.length = [], length
        self.kept = (careful, unknown, kinds)
        self.columns.careful, self.columns.unknown = careful, unknown
        if kinds is not None:
            self.columns.kinds, self.columns.kind_count = kinds, len(kinds)
        self.columns.free_version = parse_address(
            ascii_text(free_address), text_length(free_address), &self.columns.free_address
        )
        address, port, kind, authority, server_name, path = columns
        self.place(&self.columns.address, address)
        self.place(&self.columns.port, port)
        self.place(&self.columns.kind, kind)
        self.place(&self.columns.authority, authority)
        self.place(&self.columns.server_name, server_name)
        self.columns.names_are_one = server_name is authority
        self.place(&self.columns.path, path)

    def walk(self, walk, int32_t[::1] out not None, Py_ssize_t start, Py_ssize_t stop):
        """Write the numbers of the rows from *start* to *stop* into *out*, and return how many are left open."""
        if not isinstance(walk, Walk):
            raise TypeError(f"expected Walk, not {type(walk).__name__}")
        cdef walk_program *program = <walk_program *>PyCapsule_GetPointer(walk.program, "meshegress.walk_program")
        if not 0 <= start <= stop <= self.length <= out.shape[0]:
            raise IndexError("the rows are not there")
        cdef int64_t left_open = 0
        if start < stop:
            with nogil:
                left_open = walk_rows(program, &self.columns, start, stop, &out[0])
        return left_open

    def values(self, Py_ssize_t row):
        """Return what *row* says, in the order of the columns; None for what is null or not there."""
        cdef int64_t port
        if not 0 <= row < self.length:
            raise IndexError("the row is not there")
        has_port = read_numbers(&self.columns.port, row, 1, &port)
        return (_text_at(&self.columns.address, row), port if has_port else None, _text_at(&self.columns.kind, row),
                _text_at(&self.columns.authority, row), _text_at(&self.columns.server_name, row),
                _text_at(&self.columns.path, row))

    cdef int place(self, arrow_column *place, column) except -1:
        """Say where *column* stands; None is a column of nulls."""
        cdef _Room room
        if column is None:
            return 0
        place.offset, place.length = column.offset, column.length
        place.width = WIDTHS.get(column.format, 0)
        place.holds = HOLDS_NUMBERS if place.width else HOLDS.get(column.format, HOLDS_NOTHING)
        if place.holds == HOLDS_NOTHING:
            return 0
        room = _Room(len(column.buffers))
        for number, address in enumerate(column.buffers):
            room.buffers[<Py_ssize_t>number] = <const uint8_t *><uintptr_t>address
        if len(column.buffers) > 2 and room.buffers[2] == NULL:
            room.buffers[2] = <const uint8_t *>b""  # where all texts are empty, there need not be any bytes
        self.rooms.append(room)
        place.buffers, place.valid, place.data = room.buffers, room.buffers[0], room.buffers[1]
        if column.dictionary is not None:
            self.place(&room.values, column.dictionary)
            place.values = &room.values
        return 0


cdef object _text_at(const arrow_column *column, Py_ssize_t row):
    cdef text_span text
    if not read_texts(column, row, 1, &text):
        return None
    return decode(<const char *>text.text, text.length, "surrogateescape")


cdef class _Room:
    """The addresses of one column's buffers, and the column of its values."""

    cdef const uint8_t **buffers
    cdef arrow_column values

    def __cinit__(self, count):
        self.buffers = <const uint8_t **>PyMem_Calloc(count + 2, sizeof(void *))
        if self.buffers == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.buffers)
