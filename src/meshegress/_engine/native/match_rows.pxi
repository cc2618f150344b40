"""Part of ``_fastmatch``: the rows of a table, on their way into it as names and prefixes that C can read."""

@cython.final
cdef class _Entries:
    """Names on their way into a table."""

    cdef name_entry *at
    cdef size_t count, room
    cdef list owners

    def __cinit__(self):
        self.owners = []

    def __dealloc__(self):
        PyMem_Free(self.at)

    cdef int add(self, name_kind kind, const uint8_t *text, Py_ssize_t length, int32_t row) except -1:
        if length >= 1 << 30:
            raise MemoryError
        if self.count == self.room:
            self.at = <name_entry *>_grown(self.at, &self.room, sizeof(name_entry))
        self.at[self.count] = name_entry(text, <uint32_t>length, row, kind)
        self.count += 1
        return 0

    cdef int build(self, name_table *table, name_kind suffix) except -1:
        cdef bint is_built
        with nogil:
            is_built = names_build(table, self.at, self.count, suffix, SEED)
        if not is_built:
            raise MemoryError
        return 0

    cdef const uint8_t *text_of(self, str name, Py_ssize_t *length) except NULL:
        """Return *name* as UTF-8, and keep what owns it."""
        if is_ascii(name):
            self.owners.append(name)
            length[0] = text_length(name)
            return ascii_text(name)
        encoded = encode(name, "utf-8", "surrogatepass")
        self.owners.append(encoded)
        length[0] = PyBytes_GET_SIZE(encoded)
        return <const uint8_t *>PyBytes_AS_STRING(encoded)


cdef int _change(
    name_table *table, const name_table *other, _Entries gone, _Entries fresh, name_kind suffix
) except -1:
    """Let *table* be *other* without the names that are *gone*, and with *fresh* ones."""
    cdef bint is_changed
    names_free(table)
    with nogil:
        is_changed = names_change(table, other, gone.at, gone.count, fresh.at, fresh.count, suffix)
    if not is_changed:
        raise MemoryError
    return 0


cdef int _add_domain(name_table *table, _Entries entries, str domain, int32_t row) except -1:
    cdef Py_ssize_t length
    cdef const uint8_t *text = entries.text_of(domain, &length)
    if length == 1 and text[0] == c"*":
        table.every = row if table.every == NO_ROW else table.every
    elif length and text[0] == c"*":
        entries.add(SUFFIX, text + 1, length - 1, row)
    elif length and text[length - 1] == c"*":
        entries.add(PREFIX, text, length - 1, row)
    else:
        entries.add(WHOLE, text, length, row)
    return 0


cdef int _add_server_name(name_table *table, _Entries entries, str name, int32_t row) except -1:
    cdef Py_ssize_t length
    cdef const uint8_t *text = entries.text_of(name, &length)
    cdef bint is_wild = length >= 2 and text[0] == c"*" and text[1] == c"."
    if length == 0:
        table.every = row if table.every == NO_ROW else table.every
    else:
        entries.add(WHOLE, text + is_wild, length - is_wild, row)
    return 0


@cython.final
cdef class _Prefixes:
    """Prefixes of one family on their way into a table."""

    cdef prefix_entry *at
    cdef size_t count, room

    def __dealloc__(self):
        PyMem_Free(self.at)

    cdef int add(self, ip_number number, int length, int32_t row) except -1:
        if self.count == self.room:
            self.at = <prefix_entry *>_grown(self.at, &self.room, sizeof(prefix_entry))
        self.at[self.count] = prefix_entry(prefix_start(number, length), row, <uint32_t>self.count, <uint8_t>length)
        self.count += 1
        return 0


cdef int _add_prefix(_Prefixes ipv4, _Prefixes ipv6, str prefix, int32_t row) except -1:
    cdef ip_number number = ip_number(0, 0)
    cdef int version, length, bits
    if not prefix:
        ipv4.add(number, 0, row)
        ipv6.add(number, 0, row)
        return 0
    address, slash, digits = prefix.partition("/")
    version = parse_address(ascii_text(address), text_length(address), &number) if is_ascii(address) else 0
    bits = 32 if version == 4 else 128
    length = _prefix_length(digits) if slash else bits
    if not version or not 0 <= length <= bits:
        raise ValueError(f"`{prefix}` is not a prefix")
    (ipv4 if version == 4 else ipv6).add(number, length, row)
    return 0


cdef int _prefix_length(str digits):
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 3 else -1


cdef object _members(names, of_empty_row):
    """Return the names of a row; *of_empty_row* stands for a row that has none."""
    if isinstance(names, str):
        raise TypeError("a row is a sequence of names, not a name")
    return names if names or of_empty_row is None else (of_empty_row,)


cdef void *_grown(void *at, size_t *room, size_t size) except NULL:
    """Return *at* with room for twice as many members of *size*."""
    cdef size_t wanted = max(<size_t>16, 2 * room[0])
    cdef void *grown = PyMem_Realloc(at, wanted * size)
    if grown == NULL:
        raise MemoryError
    room[0] = wanted
    return grown
