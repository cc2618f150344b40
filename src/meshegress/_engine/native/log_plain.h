/* Cutting a plain line: visible ASCII, with just as many *guarded* delimiters as the literals of the program have.
 *
 * Then every guarded mark belongs to a literal, in every cut, and no field holds one. So a field ends at the next mark, or,
 * where it can hold *plain* ones, at the next guarded one; a program of such fields has one cut at most. All delimiters are
 * listed in one sweep; then a field costs two looks: whether its literal stands about its mark, and whether its bytes are
 * allowed, which is known of most visible ones. A line that is not plain, or does not fit, is left to log.h.
 */
#pragma once
#include "byteset.h"
#include "log_count.h"
#include "delimiters.h"

#define CALM_NOWHERE UINT32_MAX

/* What is left to be looked at in a field of visible bytes without guarded delimiters, and without plain ones where these end
 * it: nothing, the first byte, all. */
enum { CALM_ANY, CALM_FIRST, CALM_DIGITS, CALM_SET, CALM_MASK, CALM_FIELD };

typedef struct {
    byte_set held;         /* the visible bytes inside a piece */
    const log_field *field;
    const uint8_t *flags;  /* of the first span of the field */
    uint64_t head, kept;   /* the literal behind the field, of at most eight bytes */
    uint32_t size;         /* of that literal */
    uint32_t stop_at;      /* where its mark stands in it; behind it where that is the end of the line */
    uint32_t delimiters;        /* that one and those behind it, the end of the line among them */
    uint32_t least;        /* bytes of the field */
    uint8_t is_guarded;    /* plain delimiters before the mark are of the field */
    uint8_t is_before_word; /* the field ends before a word of the next one, and that at the mark */
    uint8_t check, takes_dash; /* of a dash nothing need be said where a quick look allows it anyway */
} plain_step;

typedef struct {
    delimiters_finder *find; /* NULL: the program has no such plan */
    mark_pair delimiters;    /* the plain and the guarded one */
    uint8_t is_wide;    /* the machine can look up bytes */
    uint32_t first;     /* how many delimiters the literal before all fields has */
    plain_step *step;
} plain_plan;

/* The end of a field before the word of the next one that ends at *end*, or CALM_NOWHERE: there is no second such end. */
static inline uint32_t plain_before_word(const log_field *field, const uint8_t *line, uint32_t place, uint32_t end) {
    const log_field *next = field + 1;
    const log_bytes *literal = field->after;
    for (int n = end ? field->ends_word[line[end - 1]] - 1 : -1; n >= 0 && n < next->words; n++) {
        const int64_t at = (int64_t)end - (int64_t)next->word[n].size - (int64_t)literal->size;
        if (at >= place && log_has(line + at, literal) && log_has(line + at + literal->size, &next->word[n]))
            return (uint32_t)at;
    }
    return CALM_NOWHERE;
}

/* Find the places at which a plain line must be cut, if it can; whether its fields are in their languages is not asked. */
static inline int plain_locate(const log_program *program, const plain_plan *plan, const uint8_t *line,
                              const line_delimiters *delimiters, uint32_t *places) {
    const plain_step *const behind = plan->step + program->fields;
    uint32_t place = (uint32_t)program->literal[0].size, next = plan->first;
    if (!delimiters->is_visible || delimiters->size < place || !log_has(line, &program->literal[0])) return 0;
    for (const plain_step *step = plan->step; step < behind; step++, places += 2) {
        if (step->is_guarded)
            while (next < delimiters->count && line[delimiters->place[next]] == plan->delimiters.one) next++;
        if (UNLIKELY(next > delimiters->count)) return 0;
        uint32_t at = delimiters->place[next] - step->stop_at;
        if (UNLIKELY((int32_t)(at - place) < (int32_t)step->least)) return 0;
        if (step->is_before_word) {
            at = plain_before_word(step->field, line, place, at);
            if (at == CALM_NOWHERE || at - place < step->least) return 0;
        }
        if (UNLIKELY((log_load(line + at) & step->kept) != step->head)) return 0;
        places[0] = place;
        places[1] = at;
        place = at + step->size;
        next += step->delimiters;
    }
    return place == delimiters->size;
}

INLINED int plain_in_set(const plain_step *step, const uint8_t *piece, uint32_t size, int is_wide) {
    if (UNLIKELY(size - 1 > 62)) return log_in_field(step->field, piece, size);
    const uint64_t low = is_wide ? set_misses_wide(&step->held, piece) : set_misses(&step->held, piece);
    const uint64_t high = is_wide ? set_misses_wide(&step->held, piece + 32) : set_misses(&step->held, piece + 32);
    return !((low | high << 32) << 1 << (63 - size)) & ((step->flags[piece[0]] & LOG_FIRST) != 0)
           & ((step->flags[piece[size - 1]] & LOG_END) != 0);
}

/* Whether a quick look shows a piece of at least *least* bytes to be in the language of its field. Where dashes are as
 * common as anything else a branch on one would be a guess: there is none. */
INLINED int plain_looks(int check, const plain_step *step, const uint8_t *piece, uint32_t size, int is_wide) {
    const unsigned all = (1u << (size & 15)) - 1;
    const int is_dash = step->takes_dash & (size == 1) & (*piece == '-');
    switch (check) {
    case CALM_ANY: return 1;
    case CALM_FIRST: return is_dash | ((step->flags[*piece] & LOG_FIRST) != 0);
    case CALM_DIGITS: return is_dash | ((size < 16) & ((lane_digits(lane_load(piece)) & all) == all));
    case CALM_SET: return is_dash | plain_in_set(step, piece, size, is_wide);
    case CALM_MASK: return size == step->field->mask->size && log_in_ranges(step->field->mask_ranges, piece, size);
    default: return log_in_field(step->field, piece, size);
    }
}

INLINED int plain_look(const log_program *program, const plain_plan *plan, const uint8_t *line, const uint32_t *places,
                      int is_wide) {
    int fits = 1;
    for (int n = 0; n < program->fields; n++, places += 2) {
        const plain_step *step = &plan->step[n];
        fits &= plain_looks(step->check, step, line + places[0], places[1] - places[0], is_wide);
    }
    return fits;
}

WIDE int plain_look_wide(const log_program *program, const plain_plan *plan, const uint8_t *line, const uint32_t *places) {
    return plain_look(program, plan, line, places, 1);
}

/* Cut a plain line: 1 with the places, or LOG_UNDECIDED. */
static inline int plain_follow(const log_program *program, const plain_plan *plan, const uint8_t *line, size_t size,
                              uint32_t *places) {
    line_delimiters delimiters;
    if (!plan->find) return LOG_UNDECIDED;
    plan->find(line, size, plan->delimiters, &delimiters);
    if (delimiters.size < size || !plain_locate(program, plan, line, &delimiters, places)) return LOG_UNDECIDED;
    if (plan->is_wide ? plain_look_wide(program, plan, line, places) : plain_look(program, plan, line, places, 0)) return 1;
    for (int n = 0; n < program->fields; n++, places += 2) /* what a quick look does not show */
        if (!log_in_field(&program->field[n], line + places[0], places[1] - places[0])) return LOG_UNDECIDED;
    return 1;
}

/* The number of cuts of any line, at most two, and the places of one; LOG_NO_MEMORY. */
static inline int log_cut_odd(const log_program *program, const uint8_t *line, size_t size, uint32_t *places) {
    const int found = log_follow(program, line, size, places);
    return found == LOG_UNDECIDED ? log_count(program, line, size, places) : found;
}

/* The same for a line that is plain most likely. */
static inline int log_cut(const log_program *program, const plain_plan *plan, const uint8_t *line, size_t size,
                          uint32_t *places) {
    const int found = plain_follow(program, plan, line, size, places);
    return found == LOG_UNDECIDED ? log_cut_odd(program, line, size, places) : found;
}
