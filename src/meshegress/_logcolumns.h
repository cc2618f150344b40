/* Lines of text to columns, in C: every line is cut by the plan of _fastlog.h or the full count behind it, a few rows
 * at a time, and each column takes its pieces of those rows. Nothing here needs Python.
 */
#pragma once
#include "_fastlogcount.h"

enum { COLUMN_OTHER, COLUMN_TEXT, COLUMN_NUMBER, COLUMN_STAMP, COLUMN_FLAGS };
enum { UNREAD_NO_MATCH, UNREAD_AMBIGUOUS, UNREAD_TOO_LONG };
#define COLUMN_ROWS 128 /* rows that are cut before the columns take them */

typedef struct { uint8_t *bytes; size_t used, room; } log_block;
/* *values* are 64-bit numbers, or 32-bit offsets into *text*; *valid* has a bit for each row. */
typedef struct { int kind; int64_t nulls; log_block valid, values, text; } log_column;
typedef struct {
    const log_program *program;
    log_column *column;
    int takes_first;
    size_t most;
    int64_t rows;
    int waiting; /* rows that are cut and not yet taken */
    const uint8_t *line[COLUMN_ROWS];
    uint32_t *places;
    log_block unread; /* start, end and reason of each, 64-bit numbers */
} log_table;

/* Make room for *more* bytes, and as many as can be written behind any piece. New memory is zero. */
static int log_grow(log_block *block, size_t more) {
    if (block->used + more + LOG_PADDING <= block->room) return 0;
    const size_t room = (block->used + more) * 2 + 4096;
    uint8_t *bytes = (uint8_t *)realloc(block->bytes, room);
    if (!bytes) return LOG_NO_MEMORY;
    memset(bytes + block->room, 0, room - block->room);
    block->bytes = bytes;
    block->room = room;
    return 0;
}

static inline void log_copy(uint8_t *to, const uint8_t *from, size_t size) {
#ifdef LOG_SSE2
    if (size <= 48) { /* up to 47 bytes too many, into room that nobody has taken */
        for (size_t at = 0; at < size; at += 16)
            _mm_storeu_si128((__m128i *)(to + at), _mm_loadu_si128((const __m128i *)(from + at)));
        return;
    }
#endif
    memcpy(to, from, size);
}

static inline int log_two(const uint8_t *digits) { return (digits[0] - '0') * 10 + digits[1] - '0'; }

/* The number of a piece; 0 where it is none, or has more digits than are sure to fit. */
static inline int log_number(const uint8_t *piece, size_t size, int64_t *number) {
    const size_t sign = size && piece[0] == '-';
    uint64_t value = 0;
    if (size == sign || size > 18) return 0;
    for (size_t n = sign; n < size; n++) value = value * 10 + (uint64_t)(piece[n] - '0');
    *number = sign ? -(int64_t)value : (int64_t)value;
    return 1;
}

/* The milliseconds of a default time stamp of UTC since 1970; 0 where it is no moment. */
static inline int log_moment(const uint8_t *piece, size_t size, int64_t *moment) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (size != 24 || piece[23] != 'Z') return 0;
    const int year = log_two(piece) * 100 + log_two(piece + 2), month = log_two(piece + 5), day = log_two(piece + 8);
    const int hour = log_two(piece + 11), minute = log_two(piece + 14), second = log_two(piece + 17);
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (!year || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return 0;
    if (day > days[month - 1] + (month == 2 && leap)) return 0;
    /* years that begin in March, so that the odd day is their last */
    const int64_t y = year - (month < 3), in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t date = y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
    *moment = ((date * 24 + hour) * 60 + minute) * 60000 + second * 1000 + log_two(piece + 20) * 10 + piece[22] - '0';
    return 1;
}

static int log_take_numbers(log_table *table, log_column *column, const uint32_t *places, size_t step) {
    if (log_grow(&column->values, sizeof(int64_t) * (size_t)table->waiting)) return LOG_NO_MEMORY;
    int64_t *value = (int64_t *)(column->values.bytes + column->values.used), row = table->rows;
    for (int n = 0; n < table->waiting; n++, row++, places += step) {
        const uint8_t *piece = table->line[n] + places[0];
        const size_t size = places[1] - places[0];
        const int is_valid = column->kind == COLUMN_NUMBER ? log_number(piece, size, &value[n])
                                                           : log_moment(piece, size, &value[n]);
        column->valid.bytes[row >> 3] |= (uint8_t)(is_valid << (row & 7));
        column->nulls += !is_valid;
    }
    column->values.used += sizeof(int64_t) * (size_t)table->waiting;
    return 0;
}

static int log_take_texts(log_table *table, log_column *column, const uint32_t *places, size_t step) {
    size_t total = 0;
    for (int n = 0; n < table->waiting; n++) total += places[n * step + 1] - places[n * step];
    if (log_grow(&column->text, total) || log_grow(&column->values, sizeof(int32_t) * (size_t)table->waiting))
        return LOG_NO_MEMORY;
    int32_t *offset = (int32_t *)(column->values.bytes + column->values.used);
    uint8_t *const text = column->text.bytes;
    size_t used = column->text.used;
    int64_t row = table->rows;
    for (int n = 0; n < table->waiting; n++, row++, places += step) {
        const uint8_t *piece = table->line[n] + places[0];
        const size_t size = places[1] - places[0];
        const int is_null = column->kind != COLUMN_OTHER
                            && ((size == 1 && *piece == '-') || (size == 0 && column->kind == COLUMN_FLAGS));
        if (!is_null) { log_copy(text + used, piece, size); used += size; }
        offset[n] = (int32_t)used;
        column->valid.bytes[row >> 3] |= (uint8_t)(!is_null << (row & 7));
        column->nulls += is_null;
    }
    column->text.used = used;
    column->values.used += sizeof(int32_t) * (size_t)table->waiting;
    return 0;
}

/* Let the columns take the rows that are cut. */
static int log_take(log_table *table) {
    const size_t step = 2 * (size_t)table->program->fields;
    for (int n = 0; n < table->program->fields; n++) {
        log_column *column = &table->column[n];
        column->valid.used = (size_t)(table->rows + 7) / 8;
        if (log_grow(&column->valid, COLUMN_ROWS)) return LOG_NO_MEMORY;
        const int is_number = column->kind == COLUMN_NUMBER || column->kind == COLUMN_STAMP;
        if ((is_number ? log_take_numbers : log_take_texts)(table, column, table->places + 2 * n, step))
            return LOG_NO_MEMORY;
        column->valid.used = (size_t)(table->rows + table->waiting + 7) / 8;
    }
    table->rows += table->waiting;
    table->waiting = 0;
    return 0;
}

static inline int log_is_blank(const uint8_t *line, const uint8_t *end) {
    while (line < end && (*line == ' ' || (*line >= '\t' && *line <= '\r'))) line++;
    return line == end;
}

static int log_miss(log_table *table, int64_t start, int64_t end, int64_t reason) {
    const int64_t missed[3] = {start, end, reason};
    if (log_grow(&table->unread, sizeof missed)) return LOG_NO_MEMORY;
    memcpy(table->unread.bytes + table->unread.used, missed, sizeof missed);
    table->unread.used += sizeof missed;
    return 0;
}

/* Read the lines from *data* up to *end*, behind which LOG_PADDING bytes can be read; *first* is the place of *data*. */
static int log_read_lines(log_table *table, const uint8_t *data, const uint8_t *end, int64_t first) {
    const uint8_t *next;
    for (const uint8_t *line = data; line < end; line = next + 1) {
        next = (const uint8_t *)memchr(line, '\n', (size_t)(end - line));
        if (!next) next = end;
        if (log_is_blank(line, next)) continue;
        const size_t size = (size_t)(next - line);
        uint32_t *places = table->places + 2 * (size_t)table->program->fields * (size_t)table->waiting;
        int reason = UNREAD_TOO_LONG;
        if (size <= table->most) {
            int found = log_follow(table->program, line, size, places);
            if (found == LOG_UNDECIDED) found = log_count(table->program, line, size, places);
            if (found == LOG_NO_MEMORY) return LOG_NO_MEMORY;
            if (found == 1 || (found > 1 && table->takes_first)) {
                table->line[table->waiting++] = line;
                if (table->waiting == COLUMN_ROWS && log_take(table)) return LOG_NO_MEMORY;
                continue;
            }
            reason = found ? UNREAD_AMBIGUOUS : UNREAD_NO_MATCH;
        }
        if (log_miss(table, first + (line - data), first + (next - data), reason)) return LOG_NO_MEMORY;
    }
    return log_take(table);
}

/* Read all lines of *data*: the last ones from a copy, with room behind it. */
static int log_read_table(log_table *table, const uint8_t *data, size_t size) {
    size_t split = size > LOG_PADDING ? size - LOG_PADDING : 0;
    while (split && data[split - 1] != '\n') split--;
    if (log_read_lines(table, data, data + split, 0)) return LOG_NO_MEMORY;
    uint8_t *rest = (uint8_t *)calloc(size - split + LOG_PADDING, 1);
    if (!rest) return LOG_NO_MEMORY;
    memcpy(rest, data + split, size - split);
    const int failed = log_read_lines(table, rest, rest + (size - split), (int64_t)split);
    free(rest);
    return failed;
}
