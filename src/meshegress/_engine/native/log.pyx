# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""Cut a line into the fields of an access-log format, and count the ways: the native twin of ``reference/log.py``.

1. A program is made ready once: for every field, what makes its end certain (``log.h``).
2. Sixteen bytes can be read at any place of a line: where it ends close to a page of memory, it is copied.
3. Most lines are plain: their delimiters are all in literals, and the places of the delimiters give the only cut (``log_plain.h``).
4. Others are followed from the left, field by field, by the plan; it ends with the only cut, with the proof that there
   is none, or gives up. Then the ways are counted (``log_count.h``).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

from meshegress._engine.reference.log import LogField, LogSpan, alphabet_of

__all__ = ["LogField", "LogSpan", "LogSplitter", "alphabet_of"]

cdef extern from "log_count.h":
    enum: LOG_MOST_SPANS

cdef enum:
    ROOM = 2048        # a line of up to so many bytes is copied to the stack
    LIMIT = 1 << 30     # no line is longer

VISIBLE = frozenset(range(0x20, 0x7F))


cdef class LogSplitter:
    """The compiled program; see the reference twin."""

    def __cinit__(self):
        self.blocks = []

    def __init__(self, literals, fields, widest=()):
        self.literals = tuple(literals)
        self.fields = tuple(fields)
        self.widest = frozenset(widest)
        if len(self.literals) != len(self.fields) + 1:
            raise ValueError("one literal more than fields is needed")
        if len(self.fields) > MOST_FIELDS:
            raise ValueError(f"a format of more than {MOST_FIELDS} fields cannot be read")
        self.program.fields = <int>len(self.fields)
        self.program.literal = self.texts(self.literals)
        self.program.field = <log_field*>self.block(len(self.fields) * sizeof(log_field))
        for number in range(len(self.fields)):
            self.ready(&self.program.field[number], number)
        self.choose_mark()
        self.plan_plain()

    cdef void* block(self, size_t size) except NULL:
        """Return zeroed memory that lives as long as the program."""
        cdef bytearray block = bytearray(size + 16)
        self.blocks.append(block)
        return <void*><char*>block

    cdef log_bytes* texts(self, tuple texts) except NULL:
        cdef log_bytes* made = <log_bytes*>self.block(len(texts) * sizeof(log_bytes))
        cdef bytes text
        for number in range(len(texts)):
            text = texts[number]
            self.blocks.append(text)
            log_set_text(&made[number], <const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        return made

    cdef int ready(self, log_field* made, int number) except -1:
        """Make field *number* ready: its language, and the plan for its end."""
        field = self.fields[number]
        if len(field.spans) > LOG_MOST_SPANS:
            raise ValueError("a field has too many spans")
        made.spans, made.words, made.masks = len(field.spans), 0, len(field.masks)
        made.span = <log_span*>self.block(len(field.spans) * sizeof(log_span))
        for place, span in enumerate(field.spans):
            self.ready_span(&made.span[place], span)
        words = tuple(dict.fromkeys(word for word in field.words if not _in_spans(made, word)))
        made.words = <int>len(words)
        made.word = self.texts(words)
        made.mask = self.texts(tuple(field.masks))
        if made.masks:
            made.mask_ranges = <log_range16*>self.block((made.mask[0].size + 16) * sizeof(log_range16))
            log_set_ranges(made.mask_ranges, &made.mask[0])
        made.is_widest = number in self.widest
        made.after = &self.program.literal[number + 1]
        made.takes_dash = b"-" in words or _in_spans(made, b"-")
        self.plan(made, number, frozenset(alphabet_of(field)))
        return 0

    cdef int ready_span(self, log_span* made, span) except -1:
        for byte in range(256):
            made.flags[byte] = (
                (LOG_FIRST if byte in span.first else 0)
                | (LOG_REST if byte in span.rest else 0)
                | (LOG_END if not span.last or byte in span.last else 0)
            )
        made.is_digits = span.first == span.rest == b"0123456789" and not span.prefix
        made.least = span.least
        made.most = 2 ** 63 if span.most is None else span.most
        if len(span.prefix) > 16:
            raise ValueError("the prefix of a span is too long")
        made.prefix_size = <uint32_t>len(span.prefix)
        for place, byte in enumerate(span.prefix):
            made.prefix[place] = byte
        return 0

    cdef int plan(self, log_field* made, int number, frozenset alphabet) except -1:
        cdef bytes literal = self.literals[number + 1]
        stops = [place for place, byte in enumerate(literal) if byte not in alphabet]
        made.plan = LOG_GIVE_UP
        if number == len(self.fields) - 1:
            made.plan = LOG_LAST
        elif stops:
            made.plan = LOG_BYTE if len(literal) == 1 else LOG_STOP
            made.stop_at = stops[0]
            made.stop = literal[stops[0]]
        elif literal and self.has_words_behind(number):
            made.plan = LOG_WORDS
        elif literal:
            made.plan = LOG_COUNT
            made.needed = <uint32_t>sum(literal in later for later in self.literals[number + 2 :])
        if self.fields[number].spans:
            span = self.fields[number].spans[0]
            inside = [byte for byte in VISIBLE if not stops or byte != made.stop]
            made.is_plain = span.most is None and not span.prefix and all(byte in span.rest for byte in inside)
        return 0

    cdef int choose_mark(self) except -1:
        """Choose the byte with which the ends of uncertain fields begin, words before all."""
        cdef log_field* field
        delimiters = {}
        for number in range(self.program.fields):
            field = &self.program.field[number]
            if field.plan == LOG_COUNT:
                delimiters[number] = self.literals[number + 1][0]
            elif field.plan == LOG_WORDS:
                delimiters[number] = self.literals[number + 2][0]
        wanted = [mark for number, mark in delimiters.items() if self.program.field[number].plan == LOG_WORDS]
        self.program.mark = next(iter([*wanted, *delimiters.values()]), 0)
        for number, mark in delimiters.items():
            if mark != self.program.mark and self.program.field[number].plan == LOG_WORDS:
                self.program.field[number].plan = LOG_GIVE_UP
        for number in range(self.program.fields - 2, -1, -1):
            field = &self.program.field[number]
            if field.plan == LOG_WORDS:
                for place in range(field[1].words - 1, -1, -1):
                    word = field[1].word[place].bytes[: field[1].word[place].size]
                    word = self.literals[number + 1] + word
                    field.ends_word[<uint8_t>word[len(word) - 1]] = place + 1
            elif field[1].plan == LOG_COUNT and self.literals[number + 1] == self.literals[number + 2]:
                field.alike = field[1].alike + 1
        return 0

    cdef bint has_words_behind(self, int number):
        """Whether the next field has words only, and a literal behind it."""
        following = self.fields[number + 1]
        return bool(following.words and self.literals[number + 2]) and not (following.spans or following.masks)

    cdef int plan_plain(self) except -1:
        """Find two delimiters at which all fields end surely, one of them guarded."""
        inner = b"".join(self.literals[1 : len(self.literals) - 1])
        delimiters = sorted(set(inner), key=inner.count, reverse=True)[:4]
        if not self.program.fields or max(map(len, self.literals)) > 8:
            return 0
        for guarded in sorted(delimiters, key=b" ".__contains__):  # blanks last: user agents are full of them
            for plain in delimiters:
                steps = _plain_steps(self, plain, guarded)
                if steps:
                    return self.take_plain(steps, plain, guarded)
        return 0

    cdef int take_plain(self, list steps, int plain, int guarded) except -1:
        self.plain.delimiters.one, self.plain.delimiters.other = plain, guarded
        self.plain.find, self.plain.is_wide = delimiters_finder_of(lanes_width()), lanes_width() > 0
        self.plain.first = <uint32_t>_count(self.literals[0], plain, guarded)
        self.plain.step = <plain_step*>self.block(len(steps) * sizeof(plain_step))
        for number, step in enumerate(steps):
            made = &self.plain.step[number]
            made.field = &self.program.field[number]
            made.flags = made.field.span.flags
            made.head, made.kept, made.size = made.field.after.head, made.field.after.kept, <uint32_t>made.field.after.size
            made.is_guarded, made.stop_at, made.delimiters, made.is_before_word, made.check, made.least = step
            self.note_bytes(made, self.fields[number])
        return 0

    cdef int note_bytes(self, plain_step* made, field) except -1:
        """Note which visible bytes the first span of a field allows, and whether a dash is allowed for another reason."""
        if not field.spans:
            return 0
        span = field.spans[0]
        allowed = 0x2D in span.first and (not span.last or 0x2D in span.last)
        made.takes_dash = bool(made.field.takes_dash) and not allowed
        for byte in VISIBLE & frozenset(span.rest):
            set_add(&made.held, byte)
        return 0

    cdef int cut(self, const uint8_t* data, Py_ssize_t size, uint32_t* places) except -1:
        """Return the number of cuts of a line, and the places of one."""
        cdef uint8_t room[ROOM + LOG_PADDING]
        cdef uint8_t* line = room
        cdef int found
        if size >= LIMIT:
            raise ValueError("the line is too long")
        if log_is_padded(data + size):
            line = <uint8_t*>data
        elif size > ROOM:
            line = <uint8_t*>PyMem_Malloc(size + LOG_PADDING)
            if line == NULL:
                raise MemoryError()
        if line != data:
            memcpy(line, data, size)
        found = log_cut(&self.program, &self.plain, line, size, places)
        if line != room and line != data:
            PyMem_Free(line)
        if found == LOG_NO_MEMORY:
            raise MemoryError()
        return found

    def split(self, bytes line not None):
        """Return the number of cuts of *line* (0, 1 or 2 for more) and start and end of each field of one cut."""
        cdef uint32_t places[2 * MOST_FIELDS]
        cdef int found = self.cut(<const uint8_t*>PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line), places)
        return (found, tuple([places[n] for n in range(2 * self.program.fields)]) if found else ())


cdef bint _in_spans(const log_field* field, bytes word):
    cdef bytes padded = word + bytes(LOG_PADDING)
    for number in range(field.spans):
        if log_in_span(&field.span[number], <const uint8_t*>PyBytes_AS_STRING(padded), PyBytes_GET_SIZE(word)):
            return True
    return False


cdef int _count(bytes literal, int plain, int guarded):
    return sum([byte == plain or byte == guarded for byte in literal])


cdef tuple _plain_step(splitter, int number, int plain, int guarded):
    """Return what the ``plain_step`` of field *number* holds, or None where its end is not sure."""
    field, literal, is_last = splitter.fields[number], splitter.literals[number + 1], number == len(splitter.fields) - 1
    is_guarded = plain in alphabet_of(field)
    places = [place for place, byte in enumerate(literal) if byte == guarded or (byte == plain and not is_guarded)]
    if not places and not is_last:
        return None
    place = places[0] if places else len(literal)
    check, least = _plain_check(field, VISIBLE - ({guarded} if is_guarded else {plain, guarded}))
    return is_guarded, place, _count(literal[place:], plain, guarded) + is_last, False, check, least


cdef list _plain_steps(LogSplitter splitter, int plain, int guarded):
    """Return for each field what its ``plain_step`` holds, or None where some end is not sure."""
    cdef int number = 0, last = splitter.program.fields - 1
    cdef list steps = []
    while number <= last:
        step = _plain_step(splitter, number, plain, guarded)
        if step:
            steps.append(step)
        elif splitter.program.field[number].plan == LOG_WORDS and _ends_words(splitter, number, last, guarded):
            literal = splitter.literals[number + 2]
            place = literal.index(guarded)
            steps.append((True, place, 0, True, *_plain_check(splitter.fields[number], VISIBLE - {guarded})))
            # behind it is the word that was found
            steps.append((True, place, _count(literal[place:], plain, guarded), False, CALM_ANY, 0))
            number += 1
        else:
            return None
        number += 1
    return steps


cdef bint _ends_words(LogSplitter splitter, int number, int last, int guarded):
    """Whether a guarded mark ends the words behind a field, and no two of these can end in one place."""
    literal, words = splitter.literals[number + 1], splitter.fields[number + 1].words
    ends = [literal + word for word in words]
    if number + 1 == last or guarded not in splitter.literals[number + 2] or any(guarded in end for end in ends):
        return False
    return not any(one != other and other.endswith(one) for one in ends for other in ends)


cdef tuple _plain_check(field, inside):
    """Return what is left to be looked at in a piece of the bytes *inside*, and how many there must be before."""
    if not field.spans:
        return (CALM_MASK if field.masks else CALM_FIELD), 0
    span = field.spans[0]
    first, rest = frozenset(span.first), frozenset(span.rest)
    if span.most is not None or span.prefix or span.least > 1:
        return CALM_FIELD, 0
    if span.first == span.rest == b"0123456789" and not span.last:
        return CALM_DIGITS, 1
    if inside <= first & rest and not span.last:
        return CALM_ANY, span.least
    if inside <= rest and not span.last:
        return CALM_FIRST, 1
    return (CALM_SET, 1) if first <= rest else (CALM_FIELD, 0)
