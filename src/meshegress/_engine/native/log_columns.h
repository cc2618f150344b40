/* Typed columns, in C: they take their pieces of sixty-four rows at a time, wherever these come from.
 *
 * A column holds Arrow's buffers: a bit for each row that has a value, and 64-bit numbers, or 32-bit offsets into text.
 */
#pragma once
#include "log_plain.h"
#include "buffer_pool.h"

enum { COLUMN_OTHER, COLUMN_TEXT, COLUMN_NUMBER, COLUMN_STAMP, COLUMN_FLAGS };
enum { UNREAD_NO_MATCH, UNREAD_AMBIGUOUS, UNREAD_TOO_LONG };
#define COLUMN_ROWS 64 /* rows that columns take at once: their bits are a word */

typedef struct { uint8_t *bytes; size_t used, room; } log_block;
/* *date* is the day of the last time stamp, *days* since 1970: neighbours share it. */
typedef struct {
    int kind;
    int64_t nulls;
    log_block valid, values, text;
    uint8_t date[10];
    int64_t days;
} log_column;
/* Rows on their way: where each line is, and start and end of its fields. A field that ends before it starts is null. */
typedef struct {
    int fields, waiting;
    size_t bytes; /* of all fields together, at most */
    buffer_pool *buffer_pool; /* for the columns that take them */
    const uint8_t *line[COLUMN_ROWS];
    uint32_t *places;
} log_rows;

/* Make room for *more* bytes, and as many as can be written behind any piece; *ahead* more are likely to come. */
static int log_grow(log_block *block, size_t more, size_t ahead) {
    if (block->used + more + LOG_PADDING <= block->room) return 0;
    const size_t room = block->used + more + ahead + LOG_PADDING;
    uint8_t *bytes = (uint8_t *)realloc(block->bytes, room);
    if (!bytes) return LOG_NO_MEMORY;
    block->bytes = bytes;
    block->room = room;
    return 0;
}

/* Do so by moving to spare memory, where there is some. */
static int log_grow_among(buffer_pool *all, log_block *block, size_t more, size_t ahead) {
    if (block->used + more + LOG_PADDING <= block->room) return 0;
    const pooled_buffer found = buffer_pool_take(all, block->used + more + ahead + LOG_PADDING);
    if (!found.bytes) return log_grow(block, more, ahead);
    if (block->used) memcpy(found.bytes, block->bytes, block->used);
    buffer_pool_give(all, (pooled_buffer){block->bytes, block->room});
    block->bytes = found.bytes;
    block->room = found.room;
    return 0;
}

/* Copy a piece, and up to sixty-three bytes too many, into room that nobody has taken. */
static inline void log_copy(uint8_t *to, const uint8_t *from, size_t size) {
    for (int n = 0; n < LOG_PADDING; n += 16) lane_store(to + n, lane_load(from + n));
    if (UNLIKELY(size > LOG_PADDING)) memcpy(to + LOG_PADDING, from + LOG_PADDING, size - LOG_PADDING);
}

static inline int log_two(const uint8_t *digits) { return (digits[0] - '0') * 10 + digits[1] - '0'; }

/* The number that up to eight digits stand for, the first in the lowest byte: pairs are summed, and pairs of these. */
static inline uint64_t log_eight_digits(uint64_t digits, size_t size) {
#if CALM_IS_USED
    digits = (digits - 0x3030303030303030u) << (64 - 8 * size);
    digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffu;
    digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffffu;
    return (digits * 10000 + (digits >> 32)) & 0xffffffffu;
#else
    uint8_t digit[8];
    uint64_t value = 0;
    memcpy(digit, &digits, 8);
    for (size_t n = 0; n < size; n++) value = value * 10 + digit[n] - '0';
    return value;
#endif
}

/* The number of a piece; 0 where it is none, or has more digits than are sure to fit. */
static inline int log_number(const uint8_t *piece, size_t size, int64_t *number) {
    const size_t sign = size && piece[0] == '-';
    uint64_t value = 0;
    if (size - 1 < 8 && !sign) {
        *number = (int64_t)log_eight_digits(log_load(piece), size);
        return 1;
    }
    if (size == sign || size > 18) return 0;
    for (size_t n = sign; n < size; n++) value = value * 10 + (uint64_t)(piece[n] - '0');
    *number = sign ? -(int64_t)value : (int64_t)value;
    return 1;
}

/* The days since 1970 of a date; 0 where it is none. */
static inline int log_date(const uint8_t *piece, int64_t *date) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = log_two(piece) * 100 + log_two(piece + 2), month = log_two(piece + 5), day = log_two(piece + 8);
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (!year || month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap)) return 0;
    /* years that begin in March, so that the odd day is their last */
    const int64_t y = year - (month < 3), in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *date = y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
    return 1;
}

/* Whether the twenty-four bytes of a piece have the form of a default time stamp. */
static inline int log_is_stamp(const uint8_t *piece) {
    const unsigned digits = lane_digits(lane_load(piece)) | lane_digits(lane_load(piece + 8)) << 8;
    return (digits & 0xffffff) == 0x76db6f && piece[4] == '-' && piece[7] == '-' && piece[10] == 'T' && piece[13] == ':'
           && piece[16] == ':' && piece[19] == '.' && piece[23] == 'Z';
}

/* The milliseconds of a default time stamp of UTC since 1970; 0 where it is not a moment. */
static inline int log_moment(log_column *column, const uint8_t *piece, size_t size, int64_t *moment) {
    if (size != 24 || !log_is_stamp(piece)) return 0;
    const int hour = log_two(piece + 11), minute = log_two(piece + 14), second = log_two(piece + 17);
    if (hour > 23 || minute > 59 || second > 59) return 0;
    if (memcmp(column->date, piece, sizeof column->date)) {
        if (!log_date(piece, &column->days)) return 0;
        memcpy(column->date, piece, sizeof column->date);
    }
    *moment = ((column->days * 24 + hour) * 60 + minute) * 60000 + second * 1000 + log_two(piece + 20) * 10
              + piece[22] - '0';
    return 1;
}

/* The bits of the rows that have a value. */
static uint64_t log_take_numbers(log_column *column, const log_rows *rows, const uint32_t *places) {
    int64_t *value = (int64_t *)(column->values.bytes + column->values.used);
    const size_t step = 2 * (size_t)rows->fields, waiting = (size_t)rows->waiting;
    const int is_number = column->kind == COLUMN_NUMBER;
    uint64_t valid = 0;
    for (size_t n = 0; n < waiting; n++, places += step) {
        const uint8_t *piece = rows->line[n] + places[0];
        const size_t size = places[1] - places[0];
        value[n] = 0;
        valid |= (uint64_t)(is_number ? log_number(piece, size, &value[n]) : log_moment(column, piece, size, &value[n])) << n;
    }
    column->values.used += sizeof(int64_t) * waiting;
    return valid;
}

INLINED uint64_t log_take_kind(int kind, log_column *column, const log_rows *rows, const uint32_t *places) {
    const size_t step = 2 * (size_t)rows->fields, waiting = (size_t)rows->waiting;
    int32_t *offset = (int32_t *)(column->values.bytes + column->values.used);
    uint8_t *const text = column->text.bytes;
    size_t used = column->text.used;
    uint64_t valid = 0;
    for (size_t n = 0; n < waiting; n++, places += step) {
        const uint8_t *piece = rows->line[n] + places[0];
        const int32_t size = (int32_t)(places[1] - places[0]);
        const int is_dash = !((size ^ 1) | (*piece ^ '-')); /* not for && to branch on */
        const int is_null = kind == COLUMN_OTHER ? size < 0 : kind == COLUMN_TEXT ? is_dash : is_dash | (size <= 0);
        const size_t taken = (size_t)size & ((size_t)is_null - 1);
        log_copy(text + used, piece, taken);
        used += taken;
        offset[n] = (int32_t)used;
        valid |= (uint64_t)!is_null << n;
    }
    column->text.used = used;
    column->values.used += sizeof(int32_t) * waiting;
    return valid;
}

static uint64_t log_take_texts(log_column *column, const log_rows *rows, const uint32_t *places) {
    switch (column->kind) {
    case COLUMN_TEXT: return log_take_kind(COLUMN_TEXT, column, rows, places);
    case COLUMN_FLAGS: return log_take_kind(COLUMN_FLAGS, column, rows, places);
    default: return log_take_kind(COLUMN_OTHER, column, rows, places);
    }
}

static inline int log_bits(uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return (int)(((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}

/* The bytes of a field of all rows. */
static size_t log_total(const log_rows *rows, const uint32_t *places) {
    size_t total = 0;
    for (int n = 0; n < rows->waiting; n++, places += 2 * rows->fields)
        total += places[1] > places[0] ? places[1] - places[0] : 0;
    return total;
}

/* Make room in a column for the rows. *share* tells how many times as many are likely to come. */
static int log_make_room(log_column *column, const log_rows *rows, const uint32_t *places, double share) {
    const int is_number = column->kind == COLUMN_NUMBER || column->kind == COLUMN_STAMP;
    const size_t values = (is_number ? sizeof(int64_t) : sizeof(int32_t)) * COLUMN_ROWS;
    if (log_grow_among(rows->buffer_pool, &column->valid, 8, (size_t)(share * 8))
        || log_grow_among(rows->buffer_pool, &column->values, values, (size_t)(share * values)))
        return LOG_NO_MEMORY;
    if (is_number || column->text.used + rows->bytes + LOG_PADDING <= column->text.room) return 0;
    const size_t total = log_total(rows, places);
    return log_grow_among(rows->buffer_pool, &column->text, total, (size_t)(share * total) + rows->bytes);
}

/* Let the columns take the rows. */
static int log_take(log_column *column, log_rows *rows, double share) {
    for (int field = 0; field < rows->fields; field++, column++) {
        const uint32_t *places = rows->places + 2 * field;
        const int is_number = column->kind == COLUMN_NUMBER || column->kind == COLUMN_STAMP;
        if (log_make_room(column, rows, places, share)) return LOG_NO_MEMORY;
        const uint64_t valid = (is_number ? log_take_numbers : log_take_texts)(column, rows, places);
        for (int n = 0; n < 8; n++) column->valid.bytes[column->valid.used + n] = (uint8_t)(valid >> 8 * n);
        column->valid.used += 8;
        column->nulls += rows->waiting - log_bits(valid);
    }
    rows->waiting = 0;
    rows->bytes = 0;
    return 0;
}

/* Note a line that is not a row: start, end and reason, 64-bit numbers. */
static int log_miss(log_block *unread, size_t start, size_t end, int reason) {
    const int64_t missed[3] = {(int64_t)start, (int64_t)end, reason};
    if (log_grow(unread, sizeof missed, unread->used)) return LOG_NO_MEMORY;
    memcpy(unread->bytes + unread->used, missed, sizeof missed);
    unread->used += sizeof missed;
    return 0;
}

static inline int log_is_blank(const uint8_t *line, const uint8_t *end) {
    while (line < end && (*line == ' ' || (*line >= '\t' && *line <= '\r'))) line++;
    return line == end;
}

static inline int log_is_ascii(const uint8_t *place, const uint8_t *end) {
    uint8_t all = 0;
    for (; place < end; place++) all |= *place;
    return all < 0x80;
}

/* Read all lines of *data*, the last ones from a copy, behind which there is room for looks ahead; then *take* the rows
 * that wait, which may lie in it. */
static int log_read_all(void *table, const uint8_t *data, size_t size,
                        int (*read_lines)(void *table, const uint8_t *data, const uint8_t *end, size_t first),
                        int (*take)(void *table)) {
    size_t split = size > LOG_PADDING ? size - LOG_PADDING : 0;
    while (split && data[split - 1] != '\n') split--;
    uint8_t *rest = (uint8_t *)calloc(size - split + LOG_PADDING, 1);
    if (!rest) return LOG_NO_MEMORY;
    memcpy(rest, data + split, size - split);
    const int failed = read_lines(table, data, data + split, 0)
                       || read_lines(table, rest, rest + (size - split), split) || take(table);
    free(rest);
    return failed ? LOG_NO_MEMORY : 0;
}

/* End the columns behind so many rows. */
static inline void log_end(log_column *column, int fields, int64_t rows) {
    for (int n = 0; n < fields; n++) column[n].valid.used = (size_t)(rows + 7) / 8;
}
