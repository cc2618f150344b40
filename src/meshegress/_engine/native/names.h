/* Names and wildcards in a hash table that is asked for a name and all of its tails at once.
 *
 * A name is seen through a window: its last 64 bytes, ASCII letters folded, zeros in front. The window under a mask is
 * a tail, so every tail is hashed by a few multiplications, without a loop over its bytes. Which tails to ask for is an
 * AND of two bit masks: where dots stand in the window, and how long the table's suffixes are. A bucket is one cache
 * line with eight tags, compared at once, so that a tail which is not there costs one fetch; all buckets of a name are
 * fetched ahead of the first comparison. A record has the bytes of its name in front, compared by the same window.
 *
 * A table is built once and never changes. What is looked up is UTF-8 and may hold any byte.
 */
#ifndef MESHEGRESS_NAMES_H
#define MESHEGRESS_NAMES_H

#include <stddef.h>
#include <stdlib.h>

#include "simd.h"
#include "pages.h"

#define WINDOW 64
#define NARROW 32 /* names up to here need half of the window */
#define NO_ROW (-1)

enum name_kind { WHOLE, SUFFIX, PREFIX }; /* what a record stands for: all of a name, its end, its beginning */

typedef struct {
    const uint8_t *text;
    uint32_t length;
    int32_t row;
    enum name_kind kind;
} name_entry;

typedef struct {
    int32_t row;
    uint32_t mark; /* length and kind */
} name_record;

typedef struct {
    uint16_t tag[8]; /* 0: free */
    uint32_t record[8]; /* places of records, in units of 8 bytes */
    uint32_t count;
    uint32_t is_overflowed; /* look into the next bucket too */
    uint64_t unused;
} name_bucket;

typedef struct {
    name_bucket *buckets;
    uint32_t bucket_count;
    int32_t every; /* the row that takes what no other takes */
    uint8_t *records;
    uint64_t seed[4];
    uint64_t dotted; /* bit i: a suffix that begins with a dot is as long as the window from place i */
    uint64_t undotted; /* bit i: another suffix is */
    uint64_t *filter; /* two bits for each suffix: what lacks one is not a suffix of the table */
    uint32_t filter_words;
    uint32_t *suffix_lengths, *prefix_lengths; /* all there are, longest first, 0 at the end */
    size_t used, end; /* slots of buckets that were ever filled; where the records end */
    size_t bytes;
} name_table;

typedef struct {
    lane part[4];
} name_window;

/* A lookup on its way: the probe it is at, and the tails that are still to be asked for. */
typedef struct {
    name_window window;
    const uint8_t *text;
    size_t length;
    uint64_t hash;
    uint32_t mark;
    int is_over; /* there is no such probe */
    uint64_t tails; /* bit i: the window from place i, as far as the filter has not been asked */
    const name_bucket *bucket; /* of the probe, and the record that its tag promises: in a batch */
    const name_record *promised;
} name_query;

/* ---- the window ---- */

/* From MASK + n: zeros, then n bytes of ones at the end of 64. */
static const uint8_t MASK[2 * WINDOW] = {
    [WINDOW] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

INLINED uint32_t shorter(size_t length) { return length < WINDOW ? (uint32_t)length : WINDOW; }

/* Return a bit for each of the last *length* bytes of the window. */
INLINED uint64_t last_bits(size_t length) { return length ? ~0ull << (WINDOW - shorter(length)) : 0; }

INLINED lane window_part(const uint8_t *end, const uint8_t *mask, int i) {
    return lane_fold(lane_and(lane_load(end - WINDOW + 16 * i), lane_load(mask + 16 * i)));
}

/* Load the last bytes of *text*. Before it *readable* bytes may be read; what stands there plays no part. */
INLINED void window_load(name_window *window, const uint8_t *text, size_t length, size_t readable) {
    uint8_t copy[WINDOW];
    const uint8_t *end = text + length, *mask = MASK + shorter(length);
    if (UNLIKELY(length + readable < (length <= NARROW ? NARROW : WINDOW))) {
        memset(copy, 0, sizeof copy);
        memcpy(copy + WINDOW - length, text, length);
        end = copy + WINDOW;
    }
    window->part[2] = window_part(end, mask, 2);
    window->part[3] = window_part(end, mask, 3);
    if (length > NARROW) {
        window->part[0] = window_part(end, mask, 0);
        window->part[1] = window_part(end, mask, 1);
    }
}

/* Return where *byte* stands in the window of a name of *length*. */
INLINED uint64_t window_find(const name_window *window, size_t length, uint8_t byte) {
    uint64_t found = (uint64_t)lane_equal(window->part[2], byte) << 32 | (uint64_t)lane_equal(window->part[3], byte) << 48;
    if (length > NARROW)
        found |= lane_equal(window->part[0], byte) | (uint64_t)lane_equal(window->part[1], byte) << 16;
    return found;
}

INLINED uint64_t hash_pair(lane a, lane b, const uint64_t seed[4]) {
    return fold_multiply(lane_low(a) ^ seed[0], lane_high(a) ^ seed[1]) ^
           fold_multiply(lane_low(b) ^ seed[2], lane_high(b) ^ seed[3]);
}

/* Hash the last *length* bytes of the window; the kind keeps a suffix and the same text as a name apart. */
INLINED uint64_t hash_tail(const name_table *table, const name_window *window, uint32_t length, int kind) {
    const uint8_t *mask = MASK + length;
    uint64_t hash = hash_pair(lane_and(window->part[2], lane_load(mask + 32)),
                              lane_and(window->part[3], lane_load(mask + 48)), table->seed) + (uint64_t)kind * table->seed[0];
    if (length > NARROW)
        hash = fold_multiply(hash ^ table->seed[2], table->seed[3] ^
                             hash_pair(lane_and(window->part[0], lane_load(mask)),
                                       lane_and(window->part[1], lane_load(mask + 16)), table->seed));
    return hash;
}

/* Hash a whole text: its window, and what stands before. */
INLINED uint64_t hash_text(const name_table *table, const name_window *window, const uint8_t *text,
                                 size_t length, int kind) {
    uint64_t hash = hash_tail(table, window, shorter(length), kind);
    for (size_t left = length > WINDOW ? length - WINDOW : 0; left; ) {
        uint8_t copy[16] = {0};
        size_t taken = left < 16 ? left : 16;
        memcpy(copy + 16 - taken, text + left - taken, taken);
        lane part = lane_fold(lane_load(copy));
        hash = fold_multiply(hash ^ lane_low(part) ^ table->seed[1], lane_high(part) ^ table->seed[2]);
        left -= taken;
    }
    return hash;
}

/* ---- the table ---- */

static inline const name_bucket *bucket_of(const name_table *table, uint64_t hash) {
    return table->buckets + ((hash & 0xffffffff) * table->bucket_count >> 32);
}

static inline uint16_t tag_of(uint64_t hash) {
    uint16_t tag = (uint16_t)(hash >> 48);
    return tag ? tag : 1;
}

/* Return the word of the filter that a suffix belongs to, and its bits there; other parts of the hash choose the bucket. */
static inline uint64_t *filter_word(const name_table *table, uint64_t hash) {
    return table->filter + ((hash >> 16 & 0xffffffff) * table->filter_words >> 32);
}

static inline uint64_t filter_bits(uint64_t hash) { return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63); }

static inline const name_record *record_at(const name_table *table, uint32_t place) {
    return (const name_record *)(table->records + (size_t)place * 8);
}

static inline uint32_t mark_of(size_t length, int kind) { return (uint32_t)length << 2 | (uint32_t)kind; }

static inline uint8_t folded(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte; }

/* Does *record* hold what *mark* says, the last bytes of *window*? A text longer than the window is *text*. */
INLINED int record_holds(const name_record *record, uint32_t mark, const name_window *window, const uint8_t *text) {
    const uint8_t *end = (const uint8_t *)record;
    uint32_t length = mark >> 2;
    if (record->mark != mark)
        return 0;
    uint64_t same = (uint64_t)lane_match(lane_load(end - 32), window->part[2]) << 32 |
                    (uint64_t)lane_match(lane_load(end - 16), window->part[3]) << 48;
    if (length > NARROW)
        same |= lane_match(lane_load(end - 64), window->part[0]) |
                (uint64_t)lane_match(lane_load(end - 48), window->part[1]) << 16;
    if (~same & last_bits(length))
        return 0;
    for (uint32_t i = 0; i + WINDOW < length; i++)
        if (end[(ptrdiff_t)i - (ptrdiff_t)length] != folded(text[i]))
            return 0;
    return 1;
}

INLINED const name_record *table_find(const name_table *table, uint64_t hash, uint32_t mark,
                                            const name_window *window, const uint8_t *text) {
    uint16_t tag = tag_of(hash);
    for (const name_bucket *bucket = bucket_of(table, hash);;) {
        for (unsigned found = tags_equal(bucket->tag, tag); found; found &= found - 1) {
            const name_record *record = record_at(table, bucket->record[lowest_bit(found)]);
            if (record_holds(record, mark, window, text))
                return record;
        }
        if (!UNLIKELY(bucket->is_overflowed))
            return NULL;
        if (++bucket == table->buckets + table->bucket_count)
            bucket = table->buckets;
    }
}

/* Return the row of a text of one kind; no matter how long, and without reading around it. */
static int32_t row_of(const name_table *table, enum name_kind kind, const uint8_t *text, size_t length) {
    name_window window;
    window_load(&window, text, length, 0);
    uint64_t hash = hash_text(table, &window, text, length, kind);
    const name_record *record = table_find(table, hash, mark_of(length, kind), &window, text);
    return record ? record->row : NO_ROW;
}

/* ---- a lookup: the name, then its tails, then what is rare ---- */

/* Return how much of an authority is its host: up to the last colon, unless a bracket closes after it. */
static inline size_t host_length(const uint8_t *text, size_t length) {
    for (size_t i = length; i-- && text[i] != ']';)
        if (text[i] == ':')
            return i;
    return length;
}

/* Begin with the whole name: of an authority, whose port plays no part, where suffixes are a kind of their own. The
 * window of the text has been loaded. */
INLINED void query_begin_loaded(const name_table *table, name_query *query, enum name_kind suffix, const uint8_t *text,
                                size_t length, size_t readable) {
    if (suffix == SUFFIX && (UNLIKELY(length > WINDOW) || window_find(&query->window, length, ':'))) {
        size_t host = host_length(text, length);
        if (host < length)
            window_load(&query->window, text, host, readable);
        length = host;
    }
    query->text = text;
    query->length = length;
    query->mark = mark_of(length, WHOLE);
    query->hash = hash_text(table, &query->window, text, length, WHOLE);
    query->is_over = 0;
    /* A wildcard stands for one byte at least: the name from its own first byte is not a tail. */
    uint64_t inside = length > WINDOW ? ~0ull : last_bits(length) << 1;
    query->tails = ((window_find(&query->window, length, '.') & table->dotted) | table->undotted) & inside;
}

INLINED void query_begin(const name_table *table, name_query *query, enum name_kind suffix, const uint8_t *text,
                         size_t length, size_t readable) {
    window_load(&query->window, text, length, readable);
    query_begin_loaded(table, query, suffix, text, length, readable);
}

/* Step to the next tail that may be a suffix of the table, longest first; return 0 where there is none. */
INLINED int query_step(const name_table *table, name_query *query, enum name_kind suffix) {
    while (query->tails) {
        uint32_t length = WINDOW - (uint32_t)lowest_bit(query->tails);
        query->tails &= query->tails - 1;
        query->hash = hash_tail(table, &query->window, length, suffix);
        query->mark = mark_of(length, suffix);
        if (!(filter_bits(query->hash) & ~*filter_word(table, query->hash)))
            return 1;
    }
    query->is_over = 1;
    return 0;
}

/* Names and suffixes longer than the window, and prefixes, are rare, and asked for one by one. */
static int32_t row_of_prefix(const name_table *table, const uint8_t *text, size_t length) {
    for (const uint32_t *at = table->prefix_lengths; *at; at++) {
        int32_t row = *at < length ? row_of(table, PREFIX, text, *at) : NO_ROW;
        if (row != NO_ROW)
            return row;
    }
    return table->every;
}

static int32_t row_of_long(const name_table *table, const uint8_t *text, size_t length, enum name_kind suffix) {
    int32_t row = row_of(table, WHOLE, text, length);
    for (const uint32_t *at = table->suffix_lengths; *at && row == NO_ROW; at++) {
        /* Where suffixes are names too, only those that begin with a dot are suffixes. */
        if (*at < length && (suffix == SUFFIX || text[length - *at] == '.'))
            row = row_of(table, suffix, text + length - *at, *at);
    }
    return row == NO_ROW ? row_of_prefix(table, text, length) : row;
}

/* Return the row of what was begun, from the probe it is at. */
INLINED int32_t query_answer(const name_table *table, name_query *query, enum name_kind suffix) {
    if (UNLIKELY(query->length > WINDOW && table->suffix_lengths[0] > WINDOW))
        return row_of_long(table, query->text, query->length, suffix);
    const name_record *record = NULL;
    if (!query->is_over)
        do
            record = table_find(table, query->hash, query->mark, &query->window, query->text);
        while (!record && query_step(table, query, suffix));
    return record ? record->row : row_of_prefix(table, query->text, query->length);
}

/* ---- one lookup ---- */

static inline int32_t find_domain(const name_table *table, const uint8_t *text, size_t length, size_t readable) {
    name_query query;
    query_begin(table, &query, SUFFIX, text, length, readable);
    return query_answer(table, &query, SUFFIX);
}

static inline int32_t find_server_name(const name_table *table, const uint8_t *text, size_t length, size_t readable) {
    name_query query;
    query_begin(table, &query, WHOLE, text, length, readable);
    return query_answer(table, &query, WHOLE);
}

#endif
