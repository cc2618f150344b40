/* Lines of text to columns, in C: sixty-four lines are cut as plain ones, then each field of all of them is looked at; lines
 * that do not fit are cut again, singly, by the plan and the full count of log.h. Nothing here needs Python.
 */
#pragma once
#include "log_columns.h"

typedef struct {
    const log_program *program;
    const plain_plan *plain;
    log_column *column;
    int takes_first;
    size_t most;
    const uint8_t *data; /* all of it, though its last lines are read from a copy */
    size_t size;
    int64_t taken;
    int is_ascii;
    log_rows rows;
    int settled;                 /* how many of the rows are known to be rows */
    uint64_t odd;                /* rows that are not a plain lines */
    size_t first[COLUMN_ROWS], bytes[COLUMN_ROWS]; /* where in the data a row is, and its size */
    log_block unread;
} log_table;

static inline uint32_t *log_places(log_table *table, int row) {
    return table->rows.places + 2 * (size_t)table->rows.fields * (size_t)row;
}

/* The rows in which a quick look does not show a field to be in its language. */
INLINED uint64_t log_misfits_of(int check, const log_table *table, const plain_step *step, const uint32_t *places,
                                int is_wide) {
    const log_rows *rows = &table->rows;
    const size_t stride = 2 * (size_t)rows->fields, waiting = (size_t)rows->waiting;
    size_t n = (size_t)table->settled;
    uint64_t misfits = 0;
    for (places += stride * n; n < waiting; n++, places += stride)
        misfits |= (uint64_t)!plain_looks(check, step, rows->line[n] + places[0], places[1] - places[0], is_wide) << n;
    return misfits;
}

WIDE uint64_t log_misfits_wide(const log_table *table, const plain_step *step, const uint32_t *places) {
    return log_misfits_of(CALM_SET, table, step, places, 1);
}

static uint64_t log_misfits(const log_table *table, const plain_step *step, const uint32_t *places) {
    switch (step->check) {
    case CALM_ANY: return 0;
    case CALM_FIRST: return log_misfits_of(CALM_FIRST, table, step, places, 0);
    case CALM_DIGITS: return log_misfits_of(CALM_DIGITS, table, step, places, 0);
    case CALM_SET:
        return table->plain->is_wide ? log_misfits_wide(table, step, places) : log_misfits_of(CALM_SET, table, step, places, 0);
    case CALM_MASK: return log_misfits_of(CALM_MASK, table, step, places, 0);
    default: return log_misfits_of(CALM_FIELD, table, step, places, 0);
    }
}

/* Cut a line that is not plain: whether it is a row; else it is noted as unread. LOG_NO_MEMORY. */
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
    for (int n = 0; table->plain->find && n < rows->fields; n++)
        table->odd |= log_misfits(table, &table->plain->step[n], rows->places + 2 * n);
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

/* Read the line that begins at *line*, of at most *most* bytes; where it ends. */
static const uint8_t *log_find_line(const log_table *table, const uint8_t *line, size_t most, uint32_t *places, int *is_plain) {
    line_delimiters delimiters;
    const uint8_t *end = line + most;
    *is_plain = 0;
    if (!table->plain->find) {
        const uint8_t *newline = (const uint8_t *)memchr(line, '\n', most);
        return newline ? newline : end;
    }
    table->plain->find(line, most, table->plain->delimiters, &delimiters);
    *is_plain = delimiters.size <= table->most && plain_locate(table->program, table->plain, line, &delimiters, places);
    return line + delimiters.size;
}

/* Read the lines from *data* up to *end*, behind which LOG_PADDING bytes can be read; *first* is the place of *data*. */
static int log_read_lines(void *all, const uint8_t *data, const uint8_t *end, size_t first) {
    log_table *const table = (log_table *)all;
    log_rows *rows = &table->rows;
    const uint8_t *next;
    for (const uint8_t *line = data; line < end; line = next + 1) {
        const int row = rows->waiting;
        uint32_t *places = log_places(table, row);
        int is_plain;
        next = log_find_line(table, line, (size_t)(end - line), places, &is_plain);
        if (*line <= ' ' && log_is_blank(line, next)) continue;
        rows->line[row] = line;
        table->first[row] = first + (size_t)(line - data);
        table->bytes[row] = (size_t)(next - line);
        rows->bytes += table->bytes[row];
        rows->waiting++;
        if (!is_plain) {
            memset(places, 0, 2 * sizeof(uint32_t) * (size_t)rows->fields);
            table->odd |= (uint64_t)1 << row;
        }
        if (rows->waiting < COLUMN_ROWS) continue;
        if (log_settle(table)) return LOG_NO_MEMORY;
        if (rows->waiting == COLUMN_ROWS && log_take_table(table)) return LOG_NO_MEMORY;
    }
    return 0;
}

static int log_take_rest(void *all) {
    log_table *const table = (log_table *)all;
    return log_settle(table) || (table->rows.waiting && log_take_table(table));
}

static int log_read_table(log_table *table) {
    table->is_ascii = 1;
    if (!table->size) return 0; /* then its data may have no place at all */
    if (log_read_all(table, table->data, table->size, log_read_lines, log_take_rest)) return LOG_NO_MEMORY;
    log_end(table->column, table->rows.fields, table->taken);
    return 0;
}
