# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""Lines of an access log from typed values: the native twin of ``reference/log_writer.py``.

A line is put together on the stack, literal by literal and value by value, and becomes a ``str`` at its end; what is
not ASCII, or too long, is joined from parts.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.datetime cimport (
    PyDateTime_Check, datetime_day, datetime_hour, datetime_microsecond, datetime_minute, datetime_month,
    datetime_second, datetime_tzinfo, datetime_year, import_datetime,
)
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from meshegress._engine.native.log cimport MOST_FIELDS

from datetime import UTC

from meshegress._engine.reference.log_writer import DASHED

__all__ = ["DASHED", "LogWriter"]

import_datetime()

cdef object _UTC = UTC
cdef object _NOTHING = ()

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object)
    void* PyUnicode_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    long long PyLong_AsLongLongAndOverflow(object, int*)
    object PyUnicode_New(Py_ssize_t, uint32_t)

cdef enum:
    ROOM = 4096  # a line of up to so many bytes is written at once
    # What a value is: the numbers of LogKind.
    OTHER = 0
    NUMBER = 2
    STAMP = 3
    FLAGS = 4
    DASH = 16


cdef extern from *:
    """
    /* Write *value*; up to 24 bytes from *place* may change. Returns the number of its digits. */
    static inline Py_ssize_t log_put(char *place, uint64_t value) {
        char digits[48] = {0}, *first = digits + 24;
        do { *--first = (char)('0' + value % 10); value /= 10; } while (value);
        memcpy(place, first, 24);
        return digits + 24 - first;
    }
    """
    Py_ssize_t log_put(char*, uint64_t) nogil


cdef inline bint _is_small(object value):
    """Whether an ``int`` is neither negative nor too large for the machine."""
    cdef int overflow = 0
    return PyLong_AsLongLongAndOverflow(value, &overflow) >= 0 and not overflow


cdef inline void _put_two(char* place, int value):
    place[0], place[1] = <char>(c"0" + value // 10), <char>(c"0" + value % 10)


cdef void _put_stamp(char* place, object moment):
    """Write a moment of UTC as the default time stamp; milliseconds are cut."""
    cdef int millisecond = datetime_microsecond(moment) // 1000
    memcpy(place, b"0000-00-00T00:00:00.000Z", 24)
    _put_two(place, datetime_year(moment) // 100)
    _put_two(place + 2, datetime_year(moment) % 100)
    _put_two(place + 5, datetime_month(moment))
    _put_two(place + 8, datetime_day(moment))
    _put_two(place + 11, datetime_hour(moment))
    _put_two(place + 14, datetime_minute(moment))
    _put_two(place + 17, datetime_second(moment))
    _put_two(place + 20, millisecond // 10)
    place[22] = <char>(c"0" + millisecond % 10)


cdef class LogWriter:
    """A writer of typed values as lines; see the reference twin."""

    cdef tuple literals
    cdef object show
    cdef bytes kinds
    cdef list padded
    cdef bint is_ascii
    cdef const char* literal[MOST_FIELDS + 1]
    cdef Py_ssize_t literal_size[MOST_FIELDS + 1]

    def __init__(self, literals, kinds, show):
        self.literals = tuple(literals)
        self.kinds, self.show = bytes(kinds), show
        if len(self.literals) != len(self.kinds) + 1 or len(self.kinds) > MOST_FIELDS:
            raise ValueError("one literal more than fields is needed")
        self.is_ascii = all(map(str.isascii, self.literals))
        self.padded = [literal.encode("utf-8", "surrogatepass") + bytes(8) for literal in self.literals]
        for number in range(len(self.literals)):
            self.literal[number] = PyBytes_AS_STRING(self.padded[number])
            self.literal_size[number] = PyUnicode_GET_LENGTH(self.literals[number])

    def write(self, tuple values not None):
        """Return the line of *values*, one for each field in its order."""
        cdef int number, kind, fields = <int>len(self.kinds)
        cdef char line[ROOM + 32]
        cdef char* place = line
        cdef object value, made
        cdef Py_ssize_t size
        if len(values) != fields:
            raise ValueError(f"{fields} values are needed, not {len(values)}")
        if not self.is_ascii:
            return self.slowly(values)
        for number in range(fields + 1):
            size = self.literal_size[number]
            if size > ROOM - (place - line):
                return self.slowly(values)
            if size > 8:
                memcpy(place, self.literal[number], size)
            else:
                memcpy(place, self.literal[number], 8)  # without a call
            place += size
            if number == fields:
                break
            value, kind = values[number], self.kinds[number] & ~DASH
            if (value is None and self.kinds[number] & DASH) or (kind == FLAGS and value is _NOTHING):
                place[0] = c"-"
                place += 1
            elif kind == NUMBER and type(value) is int and _is_small(value):
                place += log_put(place, value)
            elif kind == STAMP and PyDateTime_Check(value) and datetime_tzinfo(value) is _UTC:
                _put_stamp(place, value)
                place += 24
            else:
                if kind == OTHER or type(value) is not str or PyUnicode_GET_LENGTH(value) == 0:
                    is_flags = kind == FLAGS and type(value) is tuple
                    value = ",".join([str(flag) for flag in value]) if is_flags else self.show(number, value)
                size = PyUnicode_GET_LENGTH(value)
                if not PyUnicode_IS_COMPACT_ASCII(value) or size > ROOM - (place - line):
                    return self.slowly(values)
                memcpy(place, PyUnicode_DATA(value), size)
                place += size
        made = PyUnicode_New(place - line, 127)
        memcpy(PyUnicode_DATA(made), line, place - line)
        return made

    cdef object slowly(self, tuple values):
        parts = [literal + self.show(number, value) for number, (literal, value) in enumerate(zip(self.literals, values))]
        return "".join(parts) + self.literals[len(self.literals) - 1]
