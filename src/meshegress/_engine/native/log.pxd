"""What the compiled twins of access logs share: the program of a format, in C."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

cdef extern from "log.h":
    ctypedef struct log_span:
        uint8_t flags[256]
        uint64_t least
        uint64_t most
        uint8_t prefix[16]
        uint32_t prefix_size
        uint8_t is_digits
    ctypedef struct log_bytes:
        const uint8_t* bytes
        size_t size
        uint64_t head, kept
    ctypedef struct log_range16:
        pass
    ctypedef struct log_field:
        int spans, words, masks
        log_span* span
        log_bytes* word
        log_bytes* mask
        log_range16* mask_ranges
        uint8_t plan, stop, is_widest, is_plain, takes_dash
        uint32_t stop_at, needed, alike
        uint8_t ends_word[256]
        const log_bytes* after
    ctypedef struct log_program:
        int fields
        uint8_t mark
        log_bytes* literal
        log_field* field
    enum: LOG_FIRST, LOG_REST, LOG_END
    enum: LOG_GIVE_UP, LOG_BYTE, LOG_STOP, LOG_LAST, LOG_COUNT, LOG_WORDS
    enum: LOG_PADDING, LOG_UNDECIDED, LOG_NO_MEMORY
    bint log_is_padded(const uint8_t *end) nogil
    void log_set_text(log_bytes*, const uint8_t*, size_t)
    void log_set_ranges(log_range16*, const log_bytes*)
    bint log_in_span(const log_span*, const uint8_t*, size_t) nogil

cdef extern from "log_plain.h":
    ctypedef struct byte_set:
        pass
    ctypedef struct mark_pair:
        uint8_t one, other
    ctypedef void delimiters_finder(const uint8_t*, size_t, mark_pair, void*) noexcept nogil
    ctypedef struct plain_step:
        byte_set held
        const log_field* field
        const uint8_t* flags
        uint64_t head, kept
        uint32_t size, stop_at, delimiters, least
        uint8_t is_guarded, is_before_word, check, takes_dash
    ctypedef struct plain_plan:
        delimiters_finder* find
        mark_pair delimiters
        uint8_t is_wide
        uint32_t first
        plain_step* step
    enum: CALM_ANY, CALM_FIRST, CALM_DIGITS, CALM_SET, CALM_MASK, CALM_FIELD
    void set_add(byte_set*, uint8_t)
    int lanes_width()
    delimiters_finder* delimiters_finder_of(int)
    int log_cut(const log_program*, const plain_plan*, const uint8_t*, size_t, uint32_t*) nogil

cdef enum:
    MOST_FIELDS = 256


cdef class LogSplitter:
    cdef log_program program
    cdef plain_plan plain
    cdef readonly tuple literals
    cdef readonly tuple fields
    cdef readonly frozenset widest
    cdef list blocks

    cdef void* block(self, size_t size) except NULL
    cdef log_bytes* texts(self, tuple texts) except NULL
    cdef int ready(self, log_field* made, int number) except -1
    cdef int ready_span(self, log_span* made, span) except -1
    cdef int plan(self, log_field* made, int number, frozenset alphabet) except -1
    cdef bint has_words_behind(self, int number)
    cdef int choose_mark(self) except -1
    cdef int plan_plain(self) except -1
    cdef int note_bytes(self, plain_step* made, field) except -1
    cdef int take_plain(self, list steps, int plain, int guarded) except -1
    cdef int cut(self, const uint8_t* data, Py_ssize_t size, uint32_t* places) except -1
