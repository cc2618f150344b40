# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""Records of an access log: a line and the places of its fields: the native twin of ``reference/lines.py``.

1. The bytes of a line are those of its ``str`` where it is ASCII, else a copy.
2. They are cut by the program; the record keeps the line and the places, and nothing else.
3. A field is made when it is asked for: text, number, time stamp and flags here, anything else by the layout.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.datetime cimport datetime_new, import_datetime
from cpython.ref cimport Py_INCREF, PyObject
from cpython.tuple cimport PyTuple_New
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from meshegress._engine.native.log cimport MOST_FIELDS, LogSplitter

from datetime import UTC

from meshegress._engine.reference.lines import LogKind
from meshegress._engine.reference.log import bytes_of

__all__ = ["LogKind", "LogLines", "LogRecord"]

import_datetime()

cdef object _UTC = UTC

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object)
    void* PyUnicode_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    object PyUnicode_New(Py_ssize_t, uint32_t)
    object PyUnicode_DecodeUTF8(const char*, Py_ssize_t, const char*)
    # The same again, without a reference that Cython counts.
    PyObject* log_new_text "PyUnicode_New"(Py_ssize_t, uint32_t) except NULL
    PyObject* log_new_number "PyLong_FromLongLong"(long long) except NULL
    char* log_text_data "(char *)PyUnicode_DATA"(PyObject*)
    void log_set_item "PyTuple_SET_ITEM"(tuple, Py_ssize_t, PyObject*)

cdef extern from *:
    """
    static PyObject *log_new(PyObject *type) {
        static PyObject *nothing = NULL;
        if (!nothing && !(nothing = PyTuple_New(0))) return NULL;
        return ((PyTypeObject *)type)->tp_new((PyTypeObject *)type, nothing, NULL);
    }
    """
    object log_new(object)

cdef enum:
    INLINE_PLACES = 48  # places of a record that need no memory of their own: those of Istio's formats
    # What becomes of the text of a field: the numbers of LogKind.
    OTHER = 0
    TEXT = 1
    NUMBER = 2
    STAMP = 3
    FLAGS = 4


cdef inline object _text(const char* piece, Py_ssize_t size, bint is_ascii):
    """Return a piece as ``str``; bytes that are not UTF-8 as lone surrogates."""
    cdef object made
    if not is_ascii:
        return PyUnicode_DecodeUTF8(piece, size, b"surrogateescape")
    made = PyUnicode_New(size, 127)
    memcpy(PyUnicode_DATA(made), piece, size)
    return made


cdef inline bint _is_small_number(const char* piece, Py_ssize_t size, int64_t* number):
    """Whether a piece is digits, a sign before them or not, that surely fit; *number* is theirs."""
    cdef int64_t value = 0
    cdef Py_ssize_t place = 1 if size and piece[0] == c"-" else 0
    if size == place or size > 18:
        return False
    while place < size:
        value = value * 10 + (piece[place] - c"0")
        place += 1
    number[0] = -value if piece[0] == c"-" else value
    return True


cdef inline object _number(const char* piece, Py_ssize_t size):
    """Return the number of a piece; None for a dash and for nothing."""
    cdef int64_t value = 0
    if _is_small_number(piece, size, &value):
        return value
    return int(piece[:size]) if size > 18 else None


cdef inline object _stamp(const char* piece, Py_ssize_t size):
    """Return the default time stamp of UTC as ``datetime``; None where it is another text."""
    cdef int part[7]
    if size != 24 or piece[23] != c"Z":
        return None
    part[0] = _two(piece) * 100 + _two(piece + 2)
    part[1], part[2], part[3] = _two(piece + 5), _two(piece + 8), _two(piece + 11)
    part[4], part[5] = _two(piece + 14), _two(piece + 17)
    part[6] = (_two(piece + 20) * 10 + (piece[22] - c"0")) * 1000
    if not part[0] or not 0 < part[1] < 13 or part[2] < 1 or part[2] > (28 if part[1] == 2 else 30):
        return None  # what needs a calendar is left to Python
    if part[3] > 23 or part[4] > 59 or part[5] > 59:
        return None
    return datetime_new(part[0], part[1], part[2], part[3], part[4], part[5], part[6], _UTC)


cdef inline int _two(const char* digits):
    return (digits[0] - c"0") * 10 + (digits[1] - c"0")


@cython.no_gc  # what a record holds, a line, a layout and plain values, never holds a record
cdef class LogRecord:
    """A line and the places of its fields; see the reference twin."""

    cdef public object layout
    cdef public object line
    cdef public object values
    cdef uint32_t inline_places[INLINE_PLACES]
    cdef bytes long_places  # those of a record with more fields
    cdef int fields

    cdef int keep(self, object layout, object line, const uint32_t* places, int fields) except -1:
        """Keep *line* and the places of its fields."""
        self.layout = layout
        self.line = line
        self.fields = fields
        if 2 * fields <= INLINE_PLACES:
            memcpy(self.inline_places, places, 2 * fields * sizeof(uint32_t))
            return 0
        self.long_places = (<const char*>places)[: 2 * fields * sizeof(uint32_t)]
        return 0

    def place(self, layout, bytes line not None, places):
        """Keep *line* and the *places* of its fields: start and end of each, in order."""
        cdef uint32_t made[2 * MOST_FIELDS]
        for number in range(len(places)):
            made[number] = places[number]
        self.long_places = None
        self.keep(layout, line, made, <int>len(places) // 2)

    cdef inline const char* find(self, int number, Py_ssize_t* size, bint* is_ascii) except NULL:
        cdef const char* data
        cdef const uint32_t* places
        cdef uint32_t start, end
        if not 0 <= number < self.fields or self.line is None:
            raise IndexError(number)
        places = self.inline_places
        if self.long_places is not None:
            places = <const uint32_t*>PyBytes_AS_STRING(self.long_places)
        start, end = places[2 * number], places[2 * number + 1]
        is_ascii[0] = isinstance(self.line, str)
        data = <const char*>PyUnicode_DATA(self.line) if is_ascii[0] else <const char*>PyBytes_AS_STRING(self.line)
        size[0] = end - start
        return data + start

    def piece(self, int number):
        """Return the very text of field *number*."""
        cdef Py_ssize_t size = 0
        cdef bint is_ascii = False
        cdef const char* piece = self.find(number, &size, &is_ascii)
        return _text(piece, size, is_ascii)

    def field(self, int number):
        """Return the typed value of field *number*."""
        cdef Py_ssize_t size = 0
        cdef bint is_ascii = False
        cdef const char* piece = self.find(number, &size, &is_ascii)
        return _typed(self.layout, number, self.layout.kinds[number], piece, size, is_ascii)


cdef object _typed(object layout, int number, int kind, const char* piece, Py_ssize_t size, bint is_ascii):
    cdef object made = None
    if kind == TEXT:
        return None if size == 1 and piece[0] == c"-" else _text(piece, size, is_ascii)
    if kind == NUMBER:
        return _number(piece, size)
    if kind == STAMP:
        made = _stamp(piece, size)
    elif kind == FLAGS:
        return tuple((<str>_text(piece, size, is_ascii)).split(",")) if size > 1 else ()
    return layout.typed(number, _text(piece, size, is_ascii)) if made is None else made


cdef class LogLines:
    """A reader of lines into records; see the reference twin."""

    cdef LogSplitter splitter
    cdef object layout, record, refuse
    cdef bytes kinds
    cdef bint keeps_newline, takes_first

    def __init__(self, LogSplitter splitter not None, layout, record, refuse, *, keeps_newline, takes_first):
        if not issubclass(record, LogRecord):
            raise TypeError("a record is made of a kind of LogRecord")
        self.splitter, self.layout, self.record, self.refuse = splitter, layout, record, refuse
        self.kinds = bytes(layout.kinds)
        self.keeps_newline, self.takes_first = keeps_newline, takes_first

    cdef object cut(self, object line, uint32_t* places, bint* fits):
        """Cut *line*; return the object that holds its bytes."""
        cdef const uint8_t* data
        cdef Py_ssize_t size
        cdef int found
        if isinstance(line, str) and PyUnicode_IS_COMPACT_ASCII(line):
            data, size = <const uint8_t*>PyUnicode_DATA(line), PyUnicode_GET_LENGTH(line)
        else:
            line = _bytes(line)
            data, size = <const uint8_t*>PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line)
        if size and data[size - 1] == c"\n" and not self.keeps_newline:
            size -= 1
        found = self.splitter.cut(data, size, places)
        fits[0] = found == 1 or (found > 0 and self.takes_first)
        return line

    def parse(self, line):
        """Return the record of *line*, or what ``refuse`` makes of its bytes."""
        cdef uint32_t many[2 * MOST_FIELDS]
        cdef int fields = self.splitter.program.fields
        cdef bint fits = False
        cdef LogRecord made = <LogRecord>log_new(self.record)
        cdef uint32_t* places = many
        if 2 * fields <= INLINE_PLACES:
            places = made.inline_places
        line = self.cut(line, places, &fits)
        if not fits:
            return self.refuse(_bytes(line))
        if 2 * fields <= INLINE_PLACES:
            made.layout, made.line, made.fields = self.layout, line, fields
        else:
            made.keep(self.layout, line, places, fields)
        return made

    def values(self, line):
        """Return the typed values of all fields of *line*, in their order."""
        cdef uint32_t places[2 * MOST_FIELDS]
        cdef bint fits = False, is_ascii
        cdef int number, fields = self.splitter.program.fields
        cdef const char* data
        cdef const char* piece
        cdef Py_ssize_t size
        cdef tuple made
        line = self.cut(line, places, &fits)
        if not fits:
            record = self.refuse(_bytes(line))
            return tuple([record.field(number) for number in range(fields)])
        is_ascii = isinstance(line, str)
        data = <const char*>PyUnicode_DATA(line) if is_ascii else <const char*>PyBytes_AS_STRING(line)
        made = PyTuple_New(fields)
        for number in range(fields):
            piece, size = data + places[2 * number], places[2 * number + 1] - places[2 * number]
            log_set_item(made, number, self.value(number, piece, size, is_ascii))
        return made

    cdef inline PyObject* value(self, int number, const char* piece, Py_ssize_t size, bint is_ascii) except NULL:
        """Return a new reference to the typed value of a piece."""
        cdef int kind = self.kinds[number]
        cdef int64_t small = 0
        cdef PyObject* text
        cdef object value = None
        if kind == TEXT and is_ascii and (size != 1 or piece[0] != c"-"):
            text = log_new_text(size, 127)
            memcpy(log_text_data(text), piece, size)
            return text
        if kind == NUMBER and _is_small_number(piece, size, &small):
            return log_new_number(small)
        if kind != TEXT or size != 1 or piece[0] != c"-":
            value = _typed(self.layout, number, kind, piece, size, is_ascii)
        Py_INCREF(value)
        return <PyObject*>value


cdef bytes _bytes(object line):
    return bytes_of(line) if isinstance(line, str) else bytes(line)
