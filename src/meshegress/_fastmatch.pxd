"""The compiled matcher for other compiled modules: tables that are asked without the GIL, for UTF-8 and for numbers.

*readable* is how many bytes before the text may be read (what stands there plays no part); 0 is always right, and
``READABLE`` is right for the text of an ASCII ``str``.
"""

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t


cdef extern from "names.h" nogil:
    ctypedef struct name_table:
        int32_t every
        size_t bytes
    int32_t find_domain(const name_table *table, const uint8_t *text, size_t length, size_t readable)
    int32_t find_server_name(const name_table *table, const uint8_t *text, size_t length, size_t readable)


cdef extern from "prefixes.h" nogil:
    ctypedef struct prefix_table:
        size_t bytes
    ctypedef struct ip_number:
        uint64_t high
        uint64_t low
    # Return 4 or 6, or 0 where the text is no address.
    int parse_address(const uint8_t *text, size_t length, ip_number *number)
    int32_t find_ipv4(const prefix_table *table, uint32_t number)
    int32_t find_ipv6(const prefix_table *table, ip_number number)


cdef extern from *:
    """
    #define MESHEGRESS_READABLE sizeof(PyASCIIObject)
    """
    size_t READABLE "MESHEGRESS_READABLE"


cdef class DomainTable:
    cdef name_table table


cdef class ServerNameTable:
    cdef name_table table


cdef class PrefixTable:
    cdef prefix_table table
