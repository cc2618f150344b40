/* The full count of the ways to cut a line, in C, for the lines on which the plan of log.h gives up.
 *
 * From the right: ways(field, start) is the sum of ways(field + 1, end + literal) over the ends that the start reaches.
 * For a span these are all ends in a range, so running sums give each start its number in one step.
 */
#pragma once
#include "log.h"

#define LOG_MOST_SPANS 8

/* The ways of one field from every start, *here*, from those of the next one, *next*; numbers are capped at two. */
static void log_count_field(const log_field *field, const log_bytes *literal, int is_last, const uint8_t *line,
                            size_t size, const uint8_t *next, uint8_t *here, uint64_t *sums, uint32_t *reach) {
    const uint8_t *end = line + size;
    memset(here, 0, size + 1);
    for (int n = 0; n < field->spans; n++) {
        const log_span *span = &field->span[n];
        sums[0] = 0;
        for (size_t at = 0; at <= size; at++) { /* sums[at + 1]: the ways over all ends up to *at* */
            uint64_t ways = 0;
            if (at + literal->size <= size && next[at + literal->size]
                && (!is_last || at + literal->size == size) && log_is_at(line + at, end, literal)
                && (at == 0 || (span->flags[line[at - 1]] & LOG_END) || span->least == 0))
                ways = next[at + literal->size];
            sums[at + 1] = sums[at] + ways;
        }
        reach[size] = (uint32_t)size; /* where a run of *rest* that starts here ends */
        for (size_t at = size; at-- > 0;)
            reach[at] = (span->flags[line[at]] & LOG_REST) ? reach[at + 1] : (uint32_t)at;
        for (size_t at = 0; at <= size; at++) {
            size_t start = at + span->prefix_size, far = at;
            if (start < size && (span->flags[line[start]] & LOG_FIRST)
                && (!span->prefix_size || !memcmp(line + at, span->prefix, span->prefix_size)))
                far = reach[start + 1];
            uint64_t low = at + span->least, high = far;
            if (span->prefix_size && low <= start) low = start + 1;
            if (span->most < high - at) high = at + span->most;
            if (low > high) continue;
            uint64_t ways = here[at] + sums[high + 1] - sums[low];
            here[at] = ways > 2 ? 2 : (uint8_t)ways;
        }
    }
    for (size_t at = 0; at <= size; at++)
        for (int n = 0; n < field->words + field->masks; n++) {
            const log_bytes *piece = n < field->words ? &field->word[n] : &field->mask[n - field->words];
            size_t stop = at + piece->size;
            if (stop + literal->size > size || !next[stop + literal->size]) continue;
            if (is_last && stop + literal->size != size) continue;
            if (n < field->words ? memcmp(line + at, piece->bytes, piece->size) != 0
                                 : !log_in_mask(piece, line + at, piece->size)) continue;
            if (!log_is_at(line + stop, end, literal)) continue;
            uint8_t ways = (uint8_t)(here[at] + next[stop + literal->size]);
            here[at] = ways > 2 ? 2 : ways;
        }
}

/* The range of ends that a span reaches from *start*; *low* above *high* where it reaches none. */
static void log_range(const log_span *span, const uint8_t *line, size_t size, size_t start, uint64_t *low,
                      uint64_t *high) {
    size_t from = start + span->prefix_size, far = start;
    if (from < size && (span->flags[line[from]] & LOG_FIRST)
        && (!span->prefix_size || !memcmp(line + start, span->prefix, span->prefix_size)))
        for (far = from + 1; far < size && (span->flags[line[far]] & LOG_REST);) far++;
    *low = start + span->least;
    *high = far;
    if (span->prefix_size && *low <= from) *low = from + 1;
    if (span->most < *high - start) *high = start + span->most;
}

static int log_is_fixed(const log_field *field, const uint8_t *piece, size_t size) {
    for (int n = 0; n < field->words; n++)
        if (size == field->word[n].size && log_has(piece, &field->word[n])) return 1;
    for (int n = 0; n < field->masks; n++) if (log_in_mask(&field->mask[n], piece, size)) return 1;
    return 0;
}

/* The end of the field at *start*: the first that leads to the end of the line, or the last for a widest field. */
static size_t log_choose(const log_field *field, const log_bytes *literal, int is_last, const uint8_t *line,
                         size_t size, const uint8_t *next, size_t start) {
    uint64_t low[LOG_MOST_SPANS], high[LOG_MOST_SPANS];
    size_t chosen = start;
    for (int n = 0; n < field->spans; n++) log_range(&field->span[n], line, size, start, &low[n], &high[n]);
    for (size_t at = start; at + literal->size <= size; at++) {
        if (!next[at + literal->size] || (is_last && at + literal->size != size)) continue;
        if (!log_is_at(line + at, line + size, literal)) continue;
        int fits = 0;
        for (int n = 0; n < field->spans && !fits; n++)
            fits = low[n] <= at && at <= high[n]
                   && (at == start || (field->span[n].flags[line[at - 1]] & LOG_END));
        if (!fits && !log_is_fixed(field, line + start, at - start)) continue;
        chosen = at;
        if (!field->is_widest) break;
    }
    return chosen;
}

/* Count the ways, at most two, and give one cut. */
static int log_count(const log_program *program, const uint8_t *line, size_t size, uint32_t *places) {
    const int fields = program->fields;
    const size_t row = size + 1;
    if (!log_is_at(line, line + size, &program->literal[0])) return 0;
    uint8_t *ways = (uint8_t *)calloc((size_t)fields + 1, row);
    uint64_t *sums = (uint64_t *)malloc((row + 1) * sizeof(uint64_t));
    uint32_t *reach = (uint32_t *)malloc((row + 1) * sizeof(uint32_t));
    int total = LOG_NO_MEMORY;
    if (ways && sums && reach) {
        ways[(size_t)fields * row + size] = 1;
        for (int n = fields - 1; n >= 0; n--)
            log_count_field(&program->field[n], &program->literal[n + 1], n == fields - 1, line, size,
                            ways + (size_t)(n + 1) * row, ways + (size_t)n * row, sums, reach);
        size_t place = program->literal[0].size;
        total = ways[place];
        for (int n = 0; total && n < fields; n++) {
            size_t at = log_choose(&program->field[n], &program->literal[n + 1], n == fields - 1, line, size,
                                   ways + (size_t)(n + 1) * row, place);
            places[2 * n] = (uint32_t)place;
            places[2 * n + 1] = (uint32_t)at;
            place = at + program->literal[n + 1].size;
        }
    }
    free(ways);
    free(sums);
    free(reach);
    return total;
}
