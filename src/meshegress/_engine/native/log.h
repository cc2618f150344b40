/* Cutting a line into fields, in C: the plan for ordinary lines, and the full count for all others.
 *
 * The plan follows fields from the left. The end of a field is certain where a byte of the next literal cannot stand in
 * it (STOP, or BYTE where that byte is the literal), at the end of the line (LAST), where just as many literals of its kind are left as are needed (COUNT), or
 * where a single place has the words of the next field and its literal (WORDS). Where nothing is certain the plan gives
 * up, and the full count decides: sums over all ends, from the right, in (fields x bytes of the line) steps.
 */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if !defined(MESHEGRESS_PLAIN_LANES) && (defined(__SSE2__) || defined(_M_X64))
#include <emmintrin.h>
#define LOG_SSE2 1
#endif
#if defined(_MSC_VER)
#include <intrin.h>
static inline int log_ctz(unsigned bits) { unsigned long at; _BitScanForward(&at, bits); return (int)at; }
#else
static inline int log_ctz(unsigned bits) { return __builtin_ctz(bits); }
#endif

enum { LOG_FIRST = 1, LOG_REST = 2, LOG_END = 4 };
enum { LOG_GIVE_UP, LOG_BYTE, LOG_STOP, LOG_LAST, LOG_COUNT, LOG_WORDS };
#define LOG_PADDING 64 /* readable bytes behind every line */
#define LOG_UNDECIDED (-1)
#define LOG_NO_MEMORY (-2)

typedef struct {
    uint8_t flags[256];
    uint64_t least, most;
    uint8_t prefix[16];
    uint32_t prefix_size;
    uint8_t is_digits; /* nothing but digits at every place */
} log_span;
/* A fixed text; *head* and *kept* are its first eight bytes and which of them count, for a single comparison. */
typedef struct { const uint8_t *bytes; size_t size; uint64_t head, kept; } log_bytes;
/* Sixteen places of a mask: the least and the greatest byte at each. */
typedef struct { uint8_t least[16], most[16]; } log_range16;
typedef struct {
    int spans, words, masks;
    log_span *span;
    log_bytes *word, *mask;
    log_range16 *mask_ranges; /* of the first mask */
    uint8_t plan, stop, is_widest;
    uint8_t is_plain;      /* span 0 allows every visible ASCII byte but the stop inside: its ends need a look */
    uint32_t stop_at;      /* where the stop stands in the literal */
    uint8_t takes_dash;
    uint32_t needed;         /* COUNT: how many literals of this kind must follow */
    uint32_t alike;          /* COUNT: how many of the next fields are such, too, with the same literal */
    uint8_t ends_word[256];  /* WORDS: 1 + the first word of the next field that, literal before it, ends with a byte */
    const log_bytes *after;  /* the literal behind the field */
} log_field;
typedef struct { int fields; uint8_t mark; log_bytes *literal; log_field *field; } log_program;

/* Can LOG_PADDING bytes behind *end* be read? They can where they are on its page, and no page is smaller; what stands
 * there plays no part. The address sanitizer knows nothing of that: under it every line is copied. */
static inline int log_is_padded(const uint8_t *end) {
#if defined(__SANITIZE_ADDRESS__)
    return 0;
#else
    return ((uintptr_t)end & 4095) <= 4096 - LOG_PADDING;
#endif
}

static inline uint64_t log_load(const uint8_t *place) {
    uint64_t bytes;
    memcpy(&bytes, place, 8);
    return bytes;
}

static inline void log_set_text(log_bytes *text, const uint8_t *bytes, size_t size) {
    uint8_t head[8] = {0}, kept[8] = {0};
    text->bytes = bytes;
    text->size = size;
    for (size_t n = 0; n < size && n < 8; n++) { head[n] = bytes[n]; kept[n] = 0xff; }
    text->head = log_load(head);
    text->kept = log_load(kept);
}

/* Whether *text* stands at *place*. Reads up to seven bytes behind it. */
static inline int log_has(const uint8_t *place, const log_bytes *text) {
    if ((log_load(place) & text->kept) != text->head) return 0;
    return text->size <= 8 || memcmp(place + 8, text->bytes + 8, text->size - 8) == 0;
}

static inline int log_is_at(const uint8_t *place, const uint8_t *end, const log_bytes *text) {
    return (size_t)(end - place) >= text->size && log_has(place, text);
}

/* The first byte *wanted* from *place*, or NULL. Reads up to 15 bytes behind *end*. */
static inline const uint8_t *log_find(const uint8_t *place, const uint8_t *end, uint8_t wanted) {
#ifdef LOG_SSE2
    const __m128i pattern = _mm_set1_epi8((char)wanted);
    for (; place < end; place += 16) {
        unsigned bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)place), pattern));
        if (bits) { place += log_ctz(bits); return place < end ? place : NULL; }
    }
    return NULL;
#else
    return place < end ? (const uint8_t *)memchr(place, wanted, (size_t)(end - place)) : NULL;
#endif
}

static inline int log_in_span(const log_span *span, const uint8_t *piece, size_t size) {
    if (size < span->least || size > span->most) return 0;
    if (size == 0) return span->prefix_size == 0;
    if (span->prefix_size) {
        if (size <= span->prefix_size || memcmp(piece, span->prefix, span->prefix_size)) return 0;
        piece += span->prefix_size;
        size -= span->prefix_size;
    }
    if (!(span->flags[piece[0]] & LOG_FIRST) || !(span->flags[piece[size - 1]] & LOG_END)) return 0;
#ifdef LOG_SSE2
    if (span->is_digits && size <= 16) {
        const __m128i value = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)piece), _mm_set1_epi8('0'));
        const __m128i good = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
        return (~(unsigned)_mm_movemask_epi8(good) & ((1u << size) - 1)) == 0;
    }
#endif
    uint8_t all = LOG_REST;
    for (size_t n = 1; n < size; n++) all &= span->flags[piece[n]];
    return all != 0;
}

/* The same for a piece whose inner bytes are known to be allowed. */
static inline int log_ends_in_span(const log_span *span, const uint8_t *piece, size_t size) {
    if (size == 0) return span->least == 0;
    return size >= span->least && (span->flags[piece[0]] & LOG_FIRST) && (span->flags[piece[size - 1]] & LOG_END);
}

static inline int log_in_mask(const log_bytes *mask, const uint8_t *piece, size_t size) {
    if (size != mask->size) return 0;
    for (size_t n = 0; n < size; n++)
        if (mask->bytes[n] == '0' ? (uint8_t)(piece[n] - '0') > 9 : piece[n] != mask->bytes[n]) return 0;
    return 1;
}

/* The same for the first mask, sixteen bytes at a time. Reads up to fifteen bytes behind the piece. */
static inline int log_in_ranges(const log_range16 *range, const uint8_t *piece, size_t size) {
#ifdef LOG_SSE2
    for (size_t n = 0; n < size; n += 16, range++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(piece + n));
        const __m128i low = _mm_loadu_si128((const __m128i *)range->least);
        const __m128i high = _mm_loadu_si128((const __m128i *)range->most);
        const __m128i good = _mm_and_si128(_mm_cmpeq_epi8(_mm_max_epu8(bytes, low), bytes),
                                           _mm_cmpeq_epi8(_mm_min_epu8(bytes, high), bytes));
        if (_mm_movemask_epi8(good) != 0xffff) return 0;
    }
#else
    for (size_t n = 0; n < size; n++)
        if (piece[n] < range[n / 16].least[n % 16] || piece[n] > range[n / 16].most[n % 16]) return 0;
#endif
    return 1;
}

static inline void log_set_ranges(log_range16 *range, const log_bytes *mask) {
    for (size_t n = 0; n < (mask->size + 15) / 16 * 16; n++) {
        const uint8_t byte = n < mask->size ? mask->bytes[n] : 0;
        range[n / 16].least[n % 16] = n < mask->size ? byte : 0;
        range[n / 16].most[n % 16] = n < mask->size ? (byte == '0' ? '9' : byte) : 255;
    }
}

static inline int log_in_field(const log_field *field, const uint8_t *piece, size_t size) {
    for (int n = 0; n < field->spans; n++) if (log_in_span(&field->span[n], piece, size)) return 1;
    for (int n = 0; n < field->words; n++)
        if (size == field->word[n].size && log_has(piece, &field->word[n])) return 1;
    if (field->masks && size == field->mask[0].size && log_in_ranges(field->mask_ranges, piece, size)) return 1;
    for (int n = 1; n < field->masks; n++) if (log_in_mask(&field->mask[n], piece, size)) return 1;
    return 0;
}

/* Where the mark of a program stands in a line: the byte with which the ends of its uncertain fields begin. */
#define LOG_MOST_MARKS 128
typedef struct { uint32_t count, is_visible; uint32_t place[LOG_MOST_MARKS]; } log_delimiters;

/* Find the delimiters, and whether all bytes are visible ASCII; 0 for too many delimiters. Reads up to 15 bytes behind *end*. */
static inline int log_find_delimiters(const uint8_t *line, size_t size, uint8_t mark, log_delimiters *delimiters) {
    uint32_t count = 0;
#ifdef LOG_SSE2
    const __m128i low = _mm_set1_epi8(0x1f), delete = _mm_set1_epi8(0x7f), pattern = _mm_set1_epi8((char)mark);
    unsigned odd = 0;
    for (size_t at = 0; at < size; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(line + at));
        const unsigned known = size - at >= 16 ? 0xffff : (1u << (size - at)) - 1;
        const __m128i good = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, delete), _mm_cmpgt_epi8(bytes, low));
        odd |= ~(unsigned)_mm_movemask_epi8(good) & known;
        for (unsigned bits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern)) & known; bits; bits &= bits - 1) {
            if (count == LOG_MOST_MARKS) return 0;
            delimiters->place[count++] = (uint32_t)at + (uint32_t)log_ctz(bits);
        }
    }
    delimiters->is_visible = !odd;
#else
    delimiters->is_visible = 1;
    for (size_t at = 0; at < size; at++) {
        if (line[at] < 0x20 || line[at] > 0x7e) delimiters->is_visible = 0;
        if (line[at] != mark) continue;
        if (count == LOG_MOST_MARKS) return 0;
        delimiters->place[count++] = (uint32_t)at;
    }
#endif
    delimiters->count = count;
    return 1;
}

/* The first *literal* from *place*, or NULL. */
static inline const uint8_t *log_next(const uint8_t *place, const uint8_t *end, const log_bytes *literal) {
    while ((place = log_find(place, end, literal->bytes[0])) != NULL && !log_is_at(place, end, literal)) place++;
    return place;
}

/* COUNT: the end where exactly *needed* literals follow; NULL for none, *is_certain 0 for several. */
static inline const uint8_t *log_counted(const log_delimiters *delimiters, const uint8_t *line, const uint8_t *place,
                                         const uint8_t *end, const log_field *field, int *is_certain) {
    const uint8_t *first = NULL;
    uint32_t count = 0;
    for (uint32_t n = delimiters->count; n-- > 0 && line + delimiters->place[n] >= place;)
        if (log_is_at(line + delimiters->place[n], end, field->after)) {
            first = line + delimiters->place[n];
            if (++count > field->needed + 1) { *is_certain = 0; return first; }
        }
    return count == field->needed + 1 ? first : NULL;
}

/* The same where the literal does not begin with the mark. */
static inline const uint8_t *log_counted_all(const uint8_t *place, const uint8_t *end, const log_field *field,
                                             int *is_certain) {
    const uint8_t *first = NULL;
    uint32_t count = 0;
    for (const uint8_t *at = place; (at = log_next(at, end, field->after)) != NULL; at++) {
        if (!first) first = at;
        if (++count > field->needed + 1) { *is_certain = 0; return first; }
    }
    return count == field->needed + 1 ? first : NULL;
}

/* WORDS: the single end where the literal, a word of the next field and its literal follow one another. */
static inline const uint8_t *log_before_words(const log_delimiters *delimiters, const uint8_t *line, const uint8_t *place,
                                              const uint8_t *end, const log_field *field, int *is_certain) {
    const log_bytes *literal = field->after, *last = field[1].after;
    const uint8_t *found = NULL;
    for (uint32_t n = delimiters->count; n-- > 0 && line + delimiters->place[n] >= place;) {
        const uint8_t *at = line + delimiters->place[n];
        if (at == place || !field->ends_word[at[-1]] || !log_is_at(at, end, last)) continue;
        /* from the first word that ends so; the words that follow it may end so, too */
        for (int w = field->ends_word[at[-1]] - 1; w < field[1].words; w++) {
            const log_bytes *word = &field[1].word[w];
            if (word->size && word->bytes[word->size - 1] != at[-1]) continue;
            const uint8_t *before = at - word->size - literal->size;
            if (before < place || !log_has(before, literal) || !log_has(before + literal->size, word)) continue;
            if (found) { *is_certain = 0; return found; }
            found = before;
        }
    }
    return found;
}

/* Follow the plan. Returns 1 with the places, 0 where no cut exists, LOG_UNDECIDED where the plan gives up. */
static inline int log_follow(const log_program *program, const uint8_t *line, size_t size, uint32_t *places) {
    const uint8_t *place = line + program->literal[0].size, *const end = line + size;
    const log_field *const behind = program->field + program->fields;
    log_delimiters delimiters;
    uint32_t counted = 0; /* how many of the next COUNT fields end at the next literal */
    if (!log_is_at(line, end, &program->literal[0])) return 0;
    if (!log_find_delimiters(line, size, program->mark, &delimiters)) return LOG_UNDECIDED;
    for (const log_field *field = program->field; field < behind; field++) {
        const log_bytes *literal = field->after;
        const uint8_t *at;
        int is_certain = 1;
        switch (field->plan) {
        case LOG_BYTE:
            at = log_find(place, end, field->stop);
            break;
        case LOG_STOP:
            at = log_find(place, end, field->stop);
            if (!at || (size_t)(at - place) < field->stop_at) return 0;
            at -= field->stop_at;
            if (!log_is_at(at, end, literal)) return 0;
            break;
        case LOG_LAST:
            at = end - literal->size;
            if (at < place || !log_has(at, literal)) return 0;
            break;
        case LOG_COUNT:
            if (counted) { counted--; at = log_next(place, end, literal); break; }
            at = literal->bytes[0] == program->mark ? log_counted(&delimiters, line, place, end, field, &is_certain)
                                                    : log_counted_all(place, end, field, &is_certain);
            counted = field->alike;
            break;
        case LOG_WORDS:
            at = log_before_words(&delimiters, line, place, end, field, &is_certain);
            break;
        default:
            return LOG_UNDECIDED;
        }
        if (!is_certain) return LOG_UNDECIDED;
        if (!at) return 0;
        const size_t length = (size_t)(at - place);
        if (!(length == 1 && *place == '-' && field->takes_dash)
            && !(field->is_plain && delimiters.is_visible && log_ends_in_span(field->span, place, length))
            && !log_in_field(field, place, length)) return 0;
        *places++ = (uint32_t)(place - line);
        *places++ = (uint32_t)(at - line);
        place = at + literal->size;
    }
    return program->fields || size == program->literal[0].size ? 1 : 0;
}
