/* Lines of text to columns, in C: sixty-four lines are cut as calm ones, then each field of all of them is looked at; lines
 * that do not fit are cut again, singly, by the plan and the full count of _fastlog.h. Nothing here needs Python.
 */
#pragma once
#include "_logcolumns.h"

typedef struct {
    const log_program *program;
    const calm_plan *calm;
    log_column *column;
    int takes_first;
    size_t most;
    const uint8_t *data; /* all of it, though its last lines are read from a copy */
    size_t size;
    int64_t taken;
    int is_ascii;
    log_rows rows;
    int settled;                 /* how many of the rows are known to be rows */
    uint64_t odd;                /* rows that are no calm lines */
    size_t first[COLUMN_ROWS], bytes[COLUMN_ROWS]; /* where in the data a row is, and its size */
    log_block unread;
} log_table;

static inline uint32_t *log_places(log_table *table, int row) {
    return table->rows.places + 2 * (size_t)table->rows.fields * (size_t)row;
}

/* The rows in which a quick look does not show a field to be in its language. */
INLINED uint64_t log_misfits_of(int check, const log_table *table, const calm_step *step, const uint32_t *places) {
    const log_rows *rows = &table->rows;
    const size_t stride = 2 * (size_t)rows->fields, waiting = (size_t)rows->waiting;
    size_t n = (size_t)table->settled;
    uint64_t misfits = 0;
    for (places += stride * n; n < waiting; n++, places += stride)
        misfits |= (uint64_t)!calm_looks(check, step, rows->line[n] + places[0], places[1] - places[0]) << n;
    return misfits;
}

LOOKING_UP uint64_t log_look_up(const log_table *table, const calm_step *step, const uint32_t *places) {
    const log_rows *rows = &table->rows;
    const size_t stride = 2 * (size_t)rows->fields, waiting = (size_t)rows->waiting;
    size_t n = (size_t)table->settled;
    uint64_t misfits = 0;
    for (places += stride * n; n < waiting; n++, places += stride) {
        const uint32_t size = places[1] - places[0];
        const uint8_t *piece = rows->line[n] + places[0];
        const int fits = (step->takes_dash && size == 1 && *piece == '-') || calm_in_rows(step, piece, size);
        misfits |= (uint64_t)!fits << n;
    }
    return misfits;
}

static uint64_t log_misfits(const log_table *table, const calm_step *step, const uint32_t *places) {
    switch (step->check) {
    case CALM_ANY: return 0;
    case CALM_SOME: return log_misfits_of(CALM_SOME, table, step, places);
    case CALM_FIRST: return log_misfits_of(CALM_FIRST, table, step, places);
    case CALM_DIGITS: return log_misfits_of(CALM_DIGITS, table, step, places);
    case CALM_SET:
        return table->calm->looks_up ? log_look_up(table, step, places) : log_misfits_of(CALM_SET, table, step, places);
    case CALM_MASK: return log_misfits_of(CALM_MASK, table, step, places);
    default: return log_misfits_of(CALM_FIELD, table, step, places);
    }
}

/* Cut a line that is not calm: whether it is a row; else it is noted as unread. LOG_NO_MEMORY. */
static int log_settle_odd(log_table *table, int row) {
    const uint8_t *line = table->rows.line[row];
    const size_t size = table->bytes[row];
    int reason = UNREAD_TOO_LONG;
    if (size <= table->most) {
        const int found = log_cut_odd(table->program, line, size, log_places(table, row));
        if (found == LOG_NO_MEMORY) return LOG_NO_MEMORY;
        if (found == 1 || (found > 1 && table->takes_first)) {
            table->is_ascii &= log_is_ascii(line, line + size);
            return 1;
        }
        reason = found ? UNREAD_AMBIGUOUS : UNREAD_NO_MATCH;
    }
    return log_miss(&table->unread, table->first[row], table->first[row] + size, reason);
}

/* Make rows of the lines that wait, or drop them. */
static int log_settle(log_table *table) {
    log_rows *rows = &table->rows;
    int kept = table->settled;
    for (int n = 0; table->calm->is_ready && n < rows->fields; n++)
        table->odd |= log_misfits(table, &table->calm->step[n], rows->places + 2 * n);
    for (int row = table->settled; row < rows->waiting && table->odd; row++) {
        const int is_row = (table->odd >> row & 1) ? log_settle_odd(table, row) : 1;
        if (is_row == LOG_NO_MEMORY) return LOG_NO_MEMORY;
        if (is_row && kept < row) {
            rows->line[kept] = rows->line[row];
            memcpy(log_places(table, kept), log_places(table, row), 2 * sizeof(uint32_t) * (size_t)rows->fields);
        }
        kept += is_row;
    }
    if (table->odd) rows->waiting = kept;
    table->settled = rows->waiting;
    table->odd = 0;
    return 0;
}

static int log_take_table(log_table *table) {
    const size_t done = table->first[table->rows.waiting - 1] + 1; /* about */
    table->taken += table->rows.waiting;
    table->settled = 0;
    return log_take(table->column, &table->rows, (double)(table->size - done) / (double)done * 64 / 60);
}

/* Read the lines from *data* up to *end*, behind which LOG_PADDING bytes can be read; *first* is the place of *data*. */
static int log_read_lines(log_table *table, const uint8_t *data, const uint8_t *end, size_t first) {
    log_rows *rows = &table->rows;
    const uint8_t *next;
    for (const uint8_t *line = data; line < end; line = next + 1) {
        next = (const uint8_t *)memchr(line, '\n', (size_t)(end - line));
        if (!next) next = end;
        if (*line <= ' ' && log_is_blank(line, next)) continue;
        const int row = rows->waiting++;
        const size_t size = (size_t)(next - line);
        rows->line[row] = line;
        table->first[row] = first + (size_t)(line - data);
        table->bytes[row] = size;
        rows->bytes += size;
        if (size > table->most || !calm_locate(table->program, table->calm, line, size, log_places(table, row))) {
            memset(log_places(table, row), 0, 2 * sizeof(uint32_t) * (size_t)rows->fields);
            table->odd |= (uint64_t)1 << row;
        }
        if (rows->waiting < COLUMN_ROWS) continue;
        if (log_settle(table)) return LOG_NO_MEMORY;
        if (rows->waiting == COLUMN_ROWS && log_take_table(table)) return LOG_NO_MEMORY;
    }
    return 0;
}

/* Read all lines of the data: the last ones from a copy, with room behind it. */
static int log_read_table(log_table *table) {
    table->is_ascii = 1;
    if (!table->size) return 0; /* then its data may have no place at all */
    const uint8_t *data = table->data;
    const size_t split = log_split(data, table->size);
    uint8_t *rest = (uint8_t *)calloc(table->size - split + LOG_PADDING, 1);
    if (!rest) return LOG_NO_MEMORY;
    memcpy(rest, data + split, table->size - split);
    int failed = log_read_lines(table, data, data + split, 0)
                 || log_read_lines(table, rest, rest + (table->size - split), split) || log_settle(table);
    if (!failed && table->rows.waiting) failed = log_take_table(table);
    for (int n = 0; n < table->rows.fields; n++)
        table->column[n].valid.used = (size_t)(table->taken + 7) / 8;
    free(rest);
    return failed ? LOG_NO_MEMORY : 0;
}
