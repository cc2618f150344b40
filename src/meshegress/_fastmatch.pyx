# cython: language_level=3, binding=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""The matching rules at speed: the native twin of ``_purematch``, which says what they are.

Names (``names.h``). The names of a table stand in a hash table whose buckets are cache lines of eight short tags and
eight records. A host is seen through a window: its last 64 bytes, ASCII letters folded, sixteen at a time. Every tail
that the table has a suffix of is the window under a mask, hashed without a loop; all buckets are fetched at once and
compared eight tags at a time. So a lookup costs what an exact one costs, however many hosts there are. A batch plans
sixteen lookups before it answers the first, and so waits for memory once for all of them.

Addresses (``prefixes.h``). Prefixes cut the addresses into intervals; an index over leading bits and halving find one.

Tables are built once, without the GIL, and never change: any number of threads may ask.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t


cdef extern from "Python.h":
    bint is_ascii "PyUnicode_IS_COMPACT_ASCII"(object text)
    const uint8_t *ascii_text "(const uint8_t *)PyUnicode_DATA"(object text)
    Py_ssize_t text_length "PyUnicode_GET_LENGTH"(object text)
    bytes encode "PyUnicode_AsEncodedString"(object text, const char *encoding, const char *errors)


cdef extern from "names_change.h" nogil:
    enum: NO_ROW
    const char *LANES
    enum name_kind:
        WHOLE
        SUFFIX
        PREFIX
    ctypedef struct name_entry:
        const uint8_t *text
        uint32_t length
        int32_t row
        name_kind kind
    ctypedef struct name_query:
        pass
    bint names_build(name_table *, const name_entry *, size_t count, name_kind suffix, const uint64_t *seed)
    bint names_change(name_table *, const name_table *, const name_entry *gone, size_t gone_count,
                      const name_entry *fresh, size_t fresh_count, name_kind suffix)
    void names_free(name_table *)
    void query_begin(const name_table *, name_query *, name_kind suffix, const uint8_t *, size_t length, size_t readable)
    void PREFETCH(const void *)
    int32_t query_answer(const name_table *, name_query *, name_kind suffix)


cdef extern from "names_batch.h" nogil:
    enum: BATCH
    ctypedef struct name_list:
        int at[BATCH]
        int count
    void fetch_bucket(const name_table *, name_query *)
    ctypedef struct name_promises:
        pass
    void fetch_records(const name_list *, const name_table *const *, name_query *, name_kind suffix, name_promises *)
    void find_names(const name_promises *, const name_table *const *, name_query *, name_kind suffix, int32_t *rows)


cdef extern from "prefixes_build.h" nogil:
    ctypedef struct prefix_entry:
        ip_number start
        int32_t row
        uint32_t order
        uint8_t length
    bint prefixes_build(prefix_table *, prefix_entry *ipv4, size_t ipv4_count, prefix_entry *ipv6, size_t ipv6_count)
    void prefixes_free(prefix_table *)
    ip_number prefix_start(ip_number, unsigned length)
    int32_t find_address(const prefix_table *, const uint8_t *, size_t length)


include "_engine/native/match_rows.pxi"

NO_MATCH = NO_ROW

lanes = LANES.decode()
"""How sixteen bytes are handled at once: ``sse2``, ``neon`` or ``plain``."""


@cython.final
cdef class DomainTable:
    """The domains of one route configuration, a row for each virtual host; see ``_purematch.DomainTable``."""

    def __cinit__(self, domains_per_row):
        cdef _Entries entries = _Entries()
        self.table.every = NO_ROW
        for row, names in enumerate(domains_per_row):
            for name in _members(names, None):
                _add_domain(&self.table, entries, _exactly_str(name), row)
        entries.build(&self.table, SUFFIX)

    def __dealloc__(self):
        names_free(&self.table)

    def __sizeof__(self):
        return sizeof(DomainTable) + self.table.bytes

    def find(self, authority):
        """Return the row of the virtual host that serves *authority*, or ``NO_MATCH``."""
        return _find_name(&self.table, SUFFIX, authority)

    def find_many(self, authorities):
        """Return ``find`` of every one of *authorities*, in order."""
        return _find_names(&self.table, SUFFIX, authorities)

    def with_changes(self, removed, added, /):
        """Return a copy without the domains *removed*, and with those *added*, each with its row."""
        cdef _Entries gone = _Entries(), fresh = _Entries()
        cdef name_table rest
        cdef DomainTable changed = DomainTable(())
        rest.every = NO_ROW
        for name in removed:
            _add_domain(&rest, gone, _exactly_str(name), 0)
        rest.every = NO_ROW if rest.every != NO_ROW else self.table.every
        for name, row in added:
            _add_domain(&rest, fresh, _exactly_str(name), row)
        _change(&changed.table, &self.table, gone, fresh, SUFFIX)
        changed.table.every = rest.every
        return changed


@cython.final
cdef class ServerNameTable:
    """The server names of filter chains, a row for each group of chains; see ``_purematch.ServerNameTable``."""

    def __cinit__(self, names_per_row):
        cdef _Entries entries = _Entries()
        self.table.every = NO_ROW
        for row, names in enumerate(names_per_row):
            for name in _members(names, ""):
                _add_server_name(&self.table, entries, _exactly_str(name), row)
        entries.build(&self.table, WHOLE)

    def __dealloc__(self):
        names_free(&self.table)

    def __sizeof__(self):
        return sizeof(ServerNameTable) + self.table.bytes

    def find(self, server_name):
        """Return the row that takes a connection which shows *server_name* (``""``: none), or ``NO_MATCH``."""
        return _find_name(&self.table, WHOLE, server_name)

    def find_many(self, server_names):
        """Return ``find`` of every one of *server_names*, in order."""
        return _find_names(&self.table, WHOLE, server_names)

    def with_changes(self, removed, added, /):
        """Return a copy without the names *removed*, and with those *added*, each with its row."""
        cdef _Entries gone = _Entries(), fresh = _Entries()
        cdef name_table rest
        cdef ServerNameTable changed = ServerNameTable(())
        rest.every = NO_ROW
        for name in removed:
            _add_server_name(&rest, gone, _exactly_str(name), 0)
        rest.every = NO_ROW if rest.every != NO_ROW else self.table.every
        for name, row in added:
            _add_server_name(&rest, fresh, _exactly_str(name), row)
        _change(&changed.table, &self.table, gone, fresh, WHOLE)
        changed.table.every = rest.every
        return changed


@cython.final
cdef class PrefixTable:
    """The destination prefixes of filter chains, a row for each group of chains; see ``_purematch.PrefixTable``."""

    def __cinit__(self, prefixes_per_row):
        cdef _Prefixes ipv4 = _Prefixes(), ipv6 = _Prefixes()
        cdef bint is_built
        for row, prefixes in enumerate(prefixes_per_row):
            for prefix in _members(prefixes, ""):
                _add_prefix(ipv4, ipv6, _exactly_str(prefix), row)
        with nogil:
            is_built = prefixes_build(&self.table, ipv4.at, ipv4.count, ipv6.at, ipv6.count)
        if not is_built:
            raise MemoryError

    def __dealloc__(self):
        prefixes_free(&self.table)

    def __sizeof__(self):
        return sizeof(PrefixTable) + self.table.bytes

    def find(self, address):
        """Return the row of the longest prefix that holds *address*, or ``NO_MATCH``, also where it is not an address."""
        if type(address) is not str:
            raise _refusal("str", address)
        if not is_ascii(address):
            return NO_MATCH
        return _number(find_address(&self.table, ascii_text(address), text_length(address)))

    def find_many(self, addresses):
        """Return ``find`` of every one of *addresses*, in order."""
        return [self.find(address) for address in _exactly_list(addresses)]


def host_matches(one, other):
    """Do two host names of resources overlap? See ``_purematch.host_matches``."""
    _exactly_str(one), _exactly_str(other)
    if _is_wild(one) and _is_wild(other):
        return _ends_with(one, 1, other, 1) or _ends_with(other, 1, one, 1)
    return _is_subset(one, other) or _is_subset(other, one)


def host_subset_of(inner, outer):
    """Does host name *outer* stand for all that *inner* stands for? See ``_purematch.host_subset_of``."""
    _exactly_str(inner), _exactly_str(outer)
    return _is_subset(inner, outer)


cdef bint _is_subset(str inner, str outer):
    if not _is_wild(outer):
        return inner == outer
    return _ends_with(inner, _is_wild(inner), outer, 1)


cdef bint _is_wild(str name):
    return text_length(name) > 0 and name[0] == u"*"


cdef bint _ends_with(str text, Py_ssize_t begin, str tail, Py_ssize_t tail_begin):
    """Does *text* from *begin* on end with *tail* from *tail_begin* on?"""
    cdef Py_ssize_t i, size = text_length(tail) - tail_begin, offset = text_length(text) - size
    if offset < begin:
        return False
    for i in range(size):
        if text[offset + i] != tail[tail_begin + i]:
            return False
    return True


# Lookup

cdef inline object _find_name(const name_table *table, name_kind suffix, text):
    if type(text) is not str:
        raise _refusal("str", text)
    if not is_ascii(text):
        return _number(_find_encoded(table, suffix, encode(text, "utf-8", "surrogatepass")))
    if suffix == SUFFIX:
        return _number(find_domain(table, ascii_text(text), text_length(text), READABLE))
    return _number(find_server_name(table, ascii_text(text), text_length(text), READABLE))


cdef int32_t _find_encoded(const name_table *table, name_kind suffix, bytes text) noexcept:
    cdef name_query query
    query_begin(table, &query, suffix, <const uint8_t *>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), 0)
    return query_answer(table, &query, suffix)


cdef inline list _find_names(const name_table *table, name_kind suffix, texts):
    """Look up *texts* in groups, step by step, so that memory for all of a group is on its way at once."""
    cdef name_query queries[BATCH]
    cdef const name_table *tables[BATCH]
    cdef int32_t found[BATCH]
    cdef name_list all_of_them
    cdef name_promises promises
    cdef Py_ssize_t i, begin = 0
    cdef list group, upcoming, rows = []
    _exactly_list(texts)
    upcoming = (<list>texts)[:BATCH]
    for i in range(BATCH):
        tables[i], all_of_them.at[i] = table, <int>i
    while upcoming:
        begin += BATCH
        group, upcoming = upcoming, (<list>texts)[begin : begin + BATCH]  # lists that nobody else changes
        for i in range(len(upcoming)):
            PREFETCH(<const uint8_t *><PyObject *>upcoming[i] + READABLE)  # where the text of an ASCII str stands
        for i in range(len(group)):
            _begin_query(table, &queries[i], suffix, group, i)
            fetch_bucket(table, &queries[i])
        all_of_them.count = <int>len(group)
        fetch_records(&all_of_them, tables, queries, suffix, &promises)
        find_names(&promises, tables, queries, suffix, found)
        for i in range(len(group)):
            rows.append(_number(found[i]))
    return rows


cdef inline int _begin_query(const name_table *table, name_query *query, name_kind suffix, list texts, Py_ssize_t i) except -1:
    text = _exactly_str(texts[i])
    if is_ascii(text):
        query_begin(table, query, suffix, ascii_text(text), text_length(text), READABLE)
    else:
        text = texts[i] = encode(text, "utf-8", "surrogatepass")  # lives as long as the list
        query_begin(table, query, suffix, <const uint8_t *>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), 0)
    return 0


cdef inline str _exactly_str(text):
    if type(text) is not str:
        raise _refusal("str", text)
    return text


cdef inline list _exactly_list(members):
    if type(members) is not list:
        raise _refusal("list", members)
    return members


cdef object _refusal(str wanted, given):
    return TypeError(f"expected {wanted}, not {type(given).__name__}")


# The numbers of most rows, ready-made: to make one costs as much as a call.
cdef enum:
    READY = 1024
cdef tuple _ready = tuple(range(NO_ROW, READY))


cdef inline object _number(int32_t row):
    return <object>PyTuple_GET_ITEM(_ready, row - NO_ROW) if row < READY else row


cdef void _make_seed(uint64_t state) noexcept:
    cdef int i
    for i in range(4):
        state += 0x9E3779B97F4A7C15ULL
        SEED[i] = (state ^ (state >> 31)) * 0xD6E8FEB86659FD93ULL | 1


# As with str, other texts collide in every process, and the same in all that run with PYTHONHASHSEED=0.
cdef uint64_t[4] SEED
_make_seed(<uint64_t>hash("meshegress"))
