# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""Lines of text or JSON to typed columns without the GIL: the native twin of ``reference/log_columns.py``.

The work is done by ``log_lines.h``, ``log_json.h`` and ``log_columns.h``; what they have written is handed out as it
stands. Only for a line of JSON that is odd Python is asked.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memcpy, memset

from meshegress._engine.native.log cimport LogSplitter, plain_plan, log_bytes, log_program, log_set_text

from meshegress._engine.reference.log_columns import MOST_BYTES, LogColumn, LogColumns, LogMember

__all__ = ["MOST_BYTES", "LogColumn", "LogColumns", "LogMember", "read_columns", "read_json_columns"]

cdef extern from "buffer_pool.h" nogil:
    ctypedef struct pooled_buffer:
        uint8_t* bytes
        size_t room
    ctypedef struct buffer_pool:
        pass
    void buffer_pool_give(buffer_pool*, pooled_buffer)
    void buffer_pool_free(buffer_pool*)

cdef extern from "log_lines.h" nogil:
    enum: COLUMN_ROWS, COLUMN_NUMBER, COLUMN_STAMP
    ctypedef struct log_block:
        uint8_t* bytes
        size_t used
        size_t room
    ctypedef struct log_column:
        int kind
        int64_t nulls
        log_block valid, values, text
    ctypedef struct log_rows:
        int fields, waiting
        buffer_pool* buffer_pool
        const uint8_t** line
        uint32_t* places
    ctypedef struct log_table:
        const log_program* program
        const plain_plan* plain
        log_column* column
        int takes_first, is_ascii
        size_t most, size
        const uint8_t* data
        int64_t taken
        log_rows rows
        log_block unread
    int log_grow(log_block*, size_t, size_t)
    int log_read_table(log_table*)

cdef extern from "log_json.h" nogil:
    enum: JSON_ROW, JSON_FAILED, JSON_MISSED, JSON_NULL
    ctypedef struct json_member:
        log_bytes key, constant
        int field, is_number
    ctypedef struct json_step:
        pass
    ctypedef struct json_table:
        int members, is_ascii
        json_member* member
        json_step* step
        json_step* other
        log_block skeleton
        void* owner
        uint8_t* seen
        uint8_t* escaped
        log_column* column
        size_t most, size
        const uint8_t* data
        int64_t taken
        log_rows rows
        log_block* own
        log_block unread
        int (*read_odd)(json_table*, const uint8_t*, size_t, uint32_t*) noexcept nogil
    int json_read_table(json_table*)


cdef class _PooledBuffers:
    """Memory that blocks have given back; who uses it has it alone meanwhile."""

    cdef buffer_pool all

    def __dealloc__(self):
        buffer_pool_free(&self.all)


cdef list _resting = []  # pooled buffers that nobody uses, at most one unless threads race


cdef _PooledBuffers _pooled_buffers():
    try:
        return _resting.pop()
    except IndexError:
        return _PooledBuffers()


cdef int _rest(_PooledBuffers used) except -1:
    if not _resting:
        _resting.append(used)
    return 0


cdef class _Block:
    """Memory of the table that has become a buffer of its own."""

    cdef log_block block

    def __dealloc__(self):
        used = _pooled_buffers()
        buffer_pool_give(&used.all, pooled_buffer(self.block.bytes, self.block.room))
        _rest(used)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.block.bytes, <Py_ssize_t>self.block.used, 1, flags)


cdef _Block _own(log_block* block):
    """Take the memory out of *block*; there is some, even of no bytes."""
    cdef _Block made = _Block.__new__(_Block)
    if block.bytes == NULL and log_grow(block, 0, 0):
        raise MemoryError()
    made.block = block[0]
    memset(block, 0, sizeof(log_block))
    return made


cdef class _Columns:
    """Columns that are being read."""

    cdef log_column* column
    cdef int fields

    def __cinit__(self, bytes kinds not None):
        self.fields = <int>len(kinds)
        self.column = <log_column*>calloc(self.fields + 1, sizeof(log_column))
        if self.column == NULL:
            raise MemoryError()
        for number in range(self.fields):
            self.ready(&self.column[number], kinds[number])

    cdef int ready(self, log_column* column, int kind) except -1:
        column.kind = kind
        if kind != COLUMN_NUMBER and kind != COLUMN_STAMP:  # offsets begin with that of the first text
            if log_grow(&column.values, sizeof(int32_t), 0):
                raise MemoryError()
            (<int32_t*>column.values.bytes)[0] = 0
            column.values.used = sizeof(int32_t)
        return 0

    def __dealloc__(self):
        if self.column != NULL:
            for number in range(self.fields):
                free(self.column[number].valid.bytes)
                free(self.column[number].values.bytes)
                free(self.column[number].text.bytes)
        free(self.column)

    cdef object one(self, int number):
        cdef log_column* column = &self.column[number]
        has_text = column.kind != COLUMN_NUMBER and column.kind != COLUMN_STAMP
        text = _own(&column.text) if has_text else None
        return LogColumn(column.nulls, _own(&column.valid), _own(&column.values), text)

    cdef object read(self, int64_t rows, log_block* unread, bint is_ascii):
        """Return what was read."""
        cdef int64_t* numbers = <int64_t*>unread.bytes
        cdef size_t count = unread.used // (3 * sizeof(int64_t)), n
        missed = [(numbers[3 * n], numbers[3 * n + 1], numbers[3 * n + 2]) for n in range(count)]
        return LogColumns(rows, tuple([self.one(number) for number in range(self.fields)]), missed, is_ascii)


cdef uint32_t* _places(int fields) except NULL:
    cdef uint32_t* made = <uint32_t*>calloc((fields + 1) * 2 * COLUMN_ROWS, sizeof(uint32_t))
    if made == NULL:
        raise MemoryError()
    return made


cdef class _Lines:
    """Lines of text that are being read."""

    cdef log_table table
    cdef _Columns columns

    def __cinit__(self, LogSplitter splitter not None, bytes kinds not None, bint takes_first, size_t most):
        if len(kinds) != splitter.program.fields:
            raise ValueError("a kind for each field is needed")
        self.columns = _Columns(kinds)
        self.table.program, self.table.plain = &splitter.program, &splitter.plain
        self.table.takes_first, self.table.most = takes_first, most
        self.table.column = self.columns.column
        self.table.rows.fields = self.columns.fields
        self.table.rows.places = _places(self.columns.fields)

    def __dealloc__(self):
        free(self.table.rows.places)
        free(self.table.unread.bytes)

    cdef object read(self, const uint8_t[::1] data):
        cdef int failed
        self.table.size = data.shape[0]
        self.table.data = &data[0] if data.shape[0] else NULL
        used = _pooled_buffers()
        self.table.rows.buffer_pool = &used.all
        with nogil:
            failed = log_read_table(&self.table)
        _rest(used)
        if failed:
            raise MemoryError()
        return self.columns.read(self.table.taken, &self.table.unread, self.table.is_ascii)


cdef class _JsonLines:
    """Lines of JSON that are being read."""

    cdef json_table table
    cdef _Columns columns
    cdef object pieces_of, error
    cdef tuple members

    def __cinit__(self, tuple members not None, bytes kinds not None, pieces_of, size_t most):
        cdef int count = <int>len(members)
        self.columns = _Columns(kinds)
        self.members, self.pieces_of = members, pieces_of
        self.table.members, self.table.most = count, most
        self.table.column = self.columns.column
        self.table.rows.fields = self.columns.fields
        self.table.rows.places = _places(self.columns.fields)
        self.table.owner, self.table.read_odd = <void*>self, &_read_odd
        self.table.member = <json_member*>calloc(count + 1, sizeof(json_member))
        self.table.step = <json_step*>calloc(count + 1, sizeof(json_step))
        self.table.other = <json_step*>calloc(count + 1, sizeof(json_step))
        self.table.seen = <uint8_t*>calloc(count + 1, 1)
        self.table.escaped = <uint8_t*>calloc(count + 1, 1)
        if not (self.table.member and self.table.step and self.table.other and self.table.seen and self.table.escaped):
            raise MemoryError()
        if log_grow(&self.table.skeleton, 0, 0):
            raise MemoryError()
        for number in range(count):
            self.ready(&self.table.member[number], members[number])

    cdef int ready(self, json_member* made, member) except -1:
        cdef bytes key = member.key, constant = member.constant
        log_set_text(&made.key, <const uint8_t*>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key))
        log_set_text(&made.constant, <const uint8_t*>PyBytes_AS_STRING(constant), PyBytes_GET_SIZE(constant))
        made.field = -1 if member.field is None else member.field
        made.is_number = member.is_number
        if made.field >= self.columns.fields:
            raise ValueError("a member has no such field")
        return 0

    def __dealloc__(self):
        free(self.table.rows.places)
        free(self.table.unread.bytes)
        free(self.table.member)
        free(self.table.step)
        free(self.table.other)
        free(self.table.seen)
        free(self.table.escaped)
        free(self.table.skeleton.bytes)
        for row in range(COLUMN_ROWS):
            free(self.table.own[row].bytes)

    cdef object read(self, const uint8_t[::1] data):
        cdef int failed
        self.table.size = data.shape[0]
        self.table.data = &data[0] if data.shape[0] else NULL
        used = _pooled_buffers()
        self.table.rows.buffer_pool = &used.all
        with nogil:
            failed = json_read_table(&self.table)
        _rest(used)
        if self.error is not None:
            raise self.error
        if failed:
            raise MemoryError()
        return self.columns.read(self.table.taken, &self.table.unread, self.table.is_ascii)

    cdef int take_odd(self, bytes line, uint32_t* places) except -1:
        """Ask for the pieces of a line, and keep them where the row looks for them."""
        cdef log_block* own = &self.table.own[self.table.rows.waiting]
        cdef int number
        cdef bytes piece
        pieces = self.pieces_of(line)
        if isinstance(pieces, int):
            return JSON_MISSED + <int>pieces
        own.used = 0
        if log_grow(own, JSON_NULL + sum([len(one) for one in pieces if one is not None]), 0):
            raise MemoryError()
        for number in range(self.columns.fields):
            piece = pieces[number]
            places[2 * number], places[2 * number + 1] = JSON_NULL, 0
            if piece is None:
                continue
            memcpy(own.bytes + own.used, PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
            places[2 * number] = <uint32_t>own.used
            own.used += PyBytes_GET_SIZE(piece)
            places[2 * number + 1] = <uint32_t>own.used
        self.table.rows.line[self.table.rows.waiting] = own.bytes
        return JSON_ROW


cdef int _read_odd(json_table* table, const uint8_t* line, size_t size, uint32_t* places) noexcept with gil:
    cdef _JsonLines lines = <_JsonLines>table.owner
    try:
        return lines.take_odd(line[:size], places)
    except BaseException as error:  # it is raised where the reading was called
        lines.error = error
        return JSON_FAILED


def read_columns(LogSplitter splitter not None, bytes kinds not None, data, *, bint takes_first, size_t most):
    """Return the lines of *data* as columns."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"{MOST_BYTES} bytes are read at once, not {len(data)}")
    return (<_Lines>_Lines(splitter, kinds, takes_first, most)).read(data)


def read_json_columns(tuple members not None, bytes kinds not None, data, pieces_of, *, size_t most):
    """Return the lines of *data*, JSON, as columns."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"{MOST_BYTES} bytes are read at once, not {len(data)}")
    return (<_JsonLines>_JsonLines(members, kinds, pieces_of, most)).read(data)
