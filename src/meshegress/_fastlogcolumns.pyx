# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""Lines of text to typed columns without the GIL: the compiled twin of ``_purelogcolumns``.

The work is done by ``_logcolumns.h``; what it has written is handed out as it stands, without a copy.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from meshegress._fastlog cimport LogSplitter, log_program

from meshegress._purelogcolumns import MOST_BYTES, LogColumn

__all__ = ["MOST_BYTES", "LogColumn", "read_columns"]

cdef extern from "_logcolumns.h" nogil:
    enum: COLUMN_ROWS, COLUMN_NUMBER, COLUMN_STAMP
    ctypedef struct log_block:
        uint8_t* bytes
        size_t used
        size_t room
    ctypedef struct log_column:
        int kind
        int64_t nulls
        log_block valid, values, text
    ctypedef struct log_table:
        const log_program* program
        log_column* column
        int takes_first
        size_t most
        int64_t rows
        uint32_t* places
        log_block unread
    int log_grow(log_block*, size_t)
    int log_read_table(log_table*, const uint8_t*, size_t)


cdef class _Block:
    """Memory of the table that has become a buffer of its own."""

    cdef log_block block

    def __dealloc__(self):
        free(self.block.bytes)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.block.bytes, <Py_ssize_t>self.block.used, 1, flags)


cdef _Block _own(log_block* block):
    """Take the memory out of *block*; there is some, even of no bytes."""
    cdef _Block made = _Block.__new__(_Block)
    if block.bytes == NULL and log_grow(block, 0):
        raise MemoryError()
    made.block = block[0]
    memset(block, 0, sizeof(log_block))
    return made


cdef class _Table:
    """A table that is being read."""

    cdef log_table table
    cdef LogSplitter splitter

    def __cinit__(self, LogSplitter splitter not None, bytes kinds not None, bint takes_first, size_t most):
        cdef int fields = splitter.program.fields
        self.splitter = splitter
        if len(kinds) != fields:
            raise ValueError("a kind for each field is needed")
        self.table.program = &splitter.program
        self.table.takes_first, self.table.most = takes_first, most
        self.table.column = <log_column*>calloc(fields + 1, sizeof(log_column))
        self.table.places = <uint32_t*>calloc((fields + 1) * 2 * COLUMN_ROWS, sizeof(uint32_t))
        if self.table.column == NULL or self.table.places == NULL:
            raise MemoryError()
        for number in range(fields):
            self.ready(&self.table.column[number], kinds[number])

    cdef int ready(self, log_column* column, int kind) except -1:
        column.kind = kind
        if kind != COLUMN_NUMBER and kind != COLUMN_STAMP:  # offsets begin with that of the first text
            if log_grow(&column.values, sizeof(int32_t)):
                raise MemoryError()
            column.values.used = sizeof(int32_t)
        return 0

    def __dealloc__(self):
        if self.table.column != NULL:
            for number in range(self.splitter.program.fields):
                free(self.table.column[number].valid.bytes)
                free(self.table.column[number].values.bytes)
                free(self.table.column[number].text.bytes)
        free(self.table.column)
        free(self.table.places)
        free(self.table.unread.bytes)

    cdef int read(self, bytes data) except -1:
        cdef const uint8_t* start = <const uint8_t*>PyBytes_AS_STRING(data)
        cdef size_t size = PyBytes_GET_SIZE(data)
        cdef int failed
        with nogil:
            failed = log_read_table(&self.table, start, size)
        if failed:
            raise MemoryError()
        return 0

    cdef object column(self, int number):
        cdef log_column* column = &self.table.column[number]
        has_text = column.kind != COLUMN_NUMBER and column.kind != COLUMN_STAMP
        text = _own(&column.text) if has_text else None
        return LogColumn(column.nulls, _own(&column.valid), _own(&column.values), text)

    cdef list unread(self):
        cdef int64_t* numbers = <int64_t*>self.table.unread.bytes
        cdef size_t count = self.table.unread.used // (3 * sizeof(int64_t)), n
        return [(numbers[3 * n], numbers[3 * n + 1], numbers[3 * n + 2]) for n in range(count)]


def read_columns(LogSplitter splitter not None, bytes kinds not None, bytes data not None, *, bint takes_first, size_t most):
    """Return the number of rows, the columns, and start, end and reason of each line that is no row."""
    cdef _Table table
    if len(data) > MOST_BYTES:
        raise ValueError(f"{MOST_BYTES} bytes are read at once, not {len(data)}")
    table = _Table(splitter, kinds, takes_first, most)
    table.read(data)
    return table.table.rows, tuple([table.column(number) for number in range(splitter.program.fields)]), table.unread()
