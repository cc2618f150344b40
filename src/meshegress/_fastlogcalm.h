/* Cutting a calm line: visible ASCII, with just as many *guarded* marks as the literals of the program have.
 *
 * Then every guarded mark belongs to a literal, in every cut, and no field holds one. So a field ends at a guarded mark
 * of known number, or at the next *plain* mark where it cannot hold such; a program of such fields has one cut at most.
 * All marks are found in one sweep; then a field costs two looks: where its mark is, and whether its bytes are allowed,
 * which is known of most visible ones. A line that is not calm, or does not fit, is left to _fastlog.h.
 */
#pragma once
#include "_fastlogcount.h"
#include "_lanes.h"

#define CALM_MOST_BYTES 4064 /* so that marks, counted for each place of a lane, fit in a byte */
#define CALM_MOST_GUARDED 128
#define CALM_NOWHERE UINT32_MAX
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CALM_IS_USED 0 /* a look ahead takes the first byte of a word for its lowest bits */
#else
#define CALM_IS_USED 1
#endif

/* What is left to be looked at in a field of visible bytes: nothing, that there are some, also the first of them, all. */
enum { CALM_ANY, CALM_SOME, CALM_FIRST, CALM_DIGITS, CALM_SET, CALM_MASK, CALM_FIELD, CALM_CHECKS };

typedef struct {
    const log_field *field;
    const uint8_t *flags; /* of the first span of the field */
    uint64_t head, kept;  /* the literal behind the field, of at most eight bytes */
    uint32_t size;        /* of that literal */
    uint32_t stop_at;     /* where the mark stands in it */
    int32_t guarded;      /* the number of that guarded mark; -1 for a plain one */
    uint8_t check, takes_dash; /* of a dash nothing need be said where a quick look allows it anyway */
    uint8_t rows[16], row[16]; /* the bytes inside a piece: for a low half byte the high ones, a bit each; and that bit */
    uint8_t is_before_words; /* the field ends before a word of the next one, and that at the mark */
} calm_step;

typedef struct {
    uint8_t plain, guarded;
    uint8_t is_ready; /* the program has such a plan */
    uint8_t looks_up; /* the machine can */
    uint32_t needed;  /* how many guarded marks the literals have */
    calm_step *step;
    uint32_t *order;                  /* the fields by their checks, */
    uint32_t behind[CALM_CHECKS];     /* and where in this order those of a check end */
} calm_plan;

/* The marks of a line: a bit for every byte, and the places of the guarded ones. */
typedef struct {
    uint8_t plain[CALM_MOST_BYTES / 8 + 32], guarded[CALM_MOST_BYTES / 8 + 32];
    uint32_t place[CALM_MOST_GUARDED + 1];
} calm_marks;

static inline void calm_put(uint8_t *bits, unsigned found) {
    const uint16_t sixteen = (uint16_t)found;
    memcpy(bits, &sixteen, 2);
}

/* Find the marks; whether the line is calm. Reads up to 16 bytes behind it. */
static inline int calm_sweep(const calm_plan *plan, const uint8_t *line, size_t size, calm_marks *marks) {
    const uint8_t plain_mark = plan->plain, guarded_mark = plan->guarded;
    lane hidden = lane_zero(), counts = lane_zero();
    size_t at = 0;
    for (; at + 16 <= size; at += 16) {
        const lane bytes = lane_load(line + at), guarded = lane_same(bytes, guarded_mark);
        hidden = lane_or(hidden, lane_hidden(bytes));
        counts = lane_minus(counts, guarded);
        calm_put(marks->plain + at / 8, lane_equal(bytes, plain_mark));
        calm_put(marks->guarded + at / 8, lane_bits(guarded));
    }
    /* the last bytes, and room behind them for looks ahead */
    const lane bytes = lane_load(line + at);
    const unsigned known = (1u << (size - at)) - 1, guarded = lane_equal(bytes, guarded_mark) & known;
    uint32_t count = lane_sum(counts);
    for (unsigned bits = guarded; bits; bits &= bits - 1) count++;
    calm_put(marks->plain + at / 8, lane_equal(bytes, plain_mark) & known);
    calm_put(marks->guarded + at / 8, guarded);
    memset(marks->plain + at / 8 + 2, 0, 16);
    memset(marks->guarded + at / 8 + 2, 0, 16);
    return count == plan->needed && !lane_bits(hidden) && !(lane_bits(lane_hidden(bytes)) & known);
}

/* List the places of the guarded marks; the end of the last field counts as a mark of both kinds. */
static inline void calm_list(calm_marks *marks, uint32_t size, uint32_t end) {
    uint32_t *place = marks->place;
    for (uint32_t at = 0; at < size; at += 64)
        for (uint64_t bits = log_load(marks->guarded + at / 8); bits; bits &= bits - 1)
            *place++ = at + (uint32_t)lowest_bit(bits);
    *place = end;
    marks->plain[end >> 3] |= (uint8_t)(1u << (end & 7));
}

/* The place of the next plain mark, or *size* + 1. */
INLINED uint32_t calm_next(const calm_marks *marks, uint32_t place, uint32_t size) {
    for (uint32_t at = place; at <= size; at = (at & ~7u) + 64) {
        const uint64_t ahead = log_load(marks->plain + (at >> 3)) >> (at & 7);
        if (!UNLIKELY(!ahead)) return at + (uint32_t)lowest_bit(ahead);
    }
    return size + 1;
}

/* Whether eight bytes are allowed inside a piece; *passed* passes some of them over. */
INLINED uint8_t calm_eight(const uint8_t *flags, const uint8_t *piece, const uint8_t *passed) {
    return (flags[piece[0]] | passed[0]) & (flags[piece[1]] | passed[1]) & (flags[piece[2]] | passed[2])
           & (flags[piece[3]] | passed[3]) & (flags[piece[4]] | passed[4]) & (flags[piece[5]] | passed[5])
           & (flags[piece[6]] | passed[6]) & (flags[piece[7]] | passed[7]) & LOG_REST;
}

INLINED int calm_in_set(const uint8_t *flags, const uint8_t *piece, uint32_t size) {
    static const uint8_t passed[16] = {0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
    uint8_t all = LOG_REST;
    if (size <= 8) {
        all = calm_eight(flags, piece, passed + 8 - size);
    } else {
        for (uint32_t n = 0; n + 8 < size; n += 8) all &= calm_eight(flags, piece + n, passed);
        all &= calm_eight(flags, piece + size - 8, passed);
    }
    return (size > 0) & (all != 0) & ((flags[piece[0]] & LOG_FIRST) != 0) & ((flags[piece[size - (size > 0)]] & LOG_END) != 0);
}

/* The same by lookups, sixteen bytes at a time, where the machine has such. */
LOOKING_UP inline int calm_in_rows(const calm_step *step, const uint8_t *piece, uint32_t size) {
    const lane rows = lane_load(step->rows), row = lane_load(step->row);
    uint64_t out = 0;
    if (UNLIKELY(size > 48)) return calm_in_set(step->flags, piece, size);
    for (int n = 0; n < 48; n += 16) {
        const lane bytes = lane_load(piece + n);
        const lane inside = lane_and(lane_look_up(rows, lane_low_halves(bytes)), lane_look_up(row, lane_high_halves(bytes)));
        out |= (uint64_t)lane_equal(inside, 0) << n;
    }
    return (size > 0) & !(out << 1 << (63 - size)) & ((step->flags[piece[0]] & LOG_FIRST) != 0)
           & ((step->flags[piece[size - (size > 0)]] & LOG_END) != 0);
}

/* Whether a quick look shows a piece to be in the language of its field; it has no guarded marks, and no plain ones where
 * these end it. */
INLINED int calm_looks(int check, const calm_step *step, const uint8_t *piece, uint32_t size) {
    const unsigned all = (1u << (size & 15)) - 1;
    switch (check) {
    case CALM_ANY: return 1;
    case CALM_SOME: return size > 0;
    case CALM_MASK: return size == step->field->mask->size && log_in_ranges(step->field->mask_ranges, piece, size);
    case CALM_FIELD: return log_in_field(step->field, piece, size);
    }
    if (step->takes_dash && size == 1 && *piece == '-') return 1;
    switch (check) {
    case CALM_FIRST: return (size > 0) & ((step->flags[*piece] & LOG_FIRST) != 0);
    case CALM_DIGITS: return (size > 0) & (size < 16) & ((lane_digits(lane_load(piece)) & all) == all);
    default: return calm_in_set(step->flags, piece, size);
    }
}

/* Look at all fields of one check. */
INLINED int calm_look_at(int check, const calm_plan *plan, const uint8_t *line, const uint32_t *places) {
    int fits = 1;
    for (uint32_t n = plan->behind[check - 1]; n < plan->behind[check]; n++) {
        const uint32_t number = plan->order[n], *place = places + 2 * number;
        fits &= calm_looks(check, &plan->step[number], line + place[0], place[1] - place[0]);
    }
    return fits;
}

/* The end of a field before the word of the next one that ends at *end*, or CALM_NOWHERE: there is no second such end. */
static inline uint32_t calm_before_word(const log_field *field, const uint8_t *line, uint32_t place, uint32_t end) {
    const log_field *next = field + 1;
    const log_bytes *literal = field->after;
    for (int n = end ? field->ends_word[line[end - 1]] - 1 : -1; n >= 0 && n < next->words; n++) {
        const int64_t at = (int64_t)end - (int64_t)next->word[n].size - (int64_t)literal->size;
        if (at >= place && log_has(line + at, literal) && log_has(line + at + literal->size, &next->word[n]))
            return (uint32_t)at;
    }
    return CALM_NOWHERE;
}

/* Find the places at which a calm line must be cut, if it can; whether its fields are in their languages is not asked. */
static inline int calm_locate(const log_program *program, const calm_plan *plan, const uint8_t *line, size_t bytes,
                              uint32_t *places) {
    calm_marks marks;
    const calm_step *const behind = plan->step + program->fields;
    uint32_t place = (uint32_t)program->literal[0].size, size = (uint32_t)bytes;
    if (!plan->is_ready || bytes > CALM_MOST_BYTES || bytes < place + behind[-1].size
        || !log_has(line, &program->literal[0]) || !calm_sweep(plan, line, bytes, &marks)) return 0;
    calm_list(&marks, size, size - behind[-1].size);
    /* a literal at the end of the line may seem to go on behind it: such a line is left with a place behind its end */
    for (const calm_step *step = plan->step; step < behind; step++, places += 2) {
        uint32_t at = step->guarded < 0 ? calm_next(&marks, place, size) : marks.place[step->guarded];
        if (UNLIKELY(at < place + step->stop_at)) return 0;
        at -= step->stop_at;
        if (step->is_before_words && (at = calm_before_word(step->field, line, place, at)) == CALM_NOWHERE) return 0;
        if (UNLIKELY((log_load(line + at) & step->kept) != step->head)) return 0;
        places[0] = place;
        places[1] = at;
        place = at + step->size;
    }
    return place == size;
}

LOOKING_UP int calm_look_up(const calm_plan *plan, const uint8_t *line, const uint32_t *places) {
    int fits = 1;
    for (uint32_t n = plan->behind[CALM_SET - 1]; n < plan->behind[CALM_SET]; n++) {
        const calm_step *step = &plan->step[plan->order[n]];
        const uint32_t *place = places + 2 * plan->order[n], size = place[1] - place[0];
        const uint8_t *piece = line + place[0];
        fits &= (step->takes_dash && size == 1 && *piece == '-') || calm_in_rows(step, piece, size);
    }
    return fits;
}

/* Cut a calm line: 1 with the places, or LOG_UNDECIDED. */
static inline int calm_follow(const log_program *program, const calm_plan *plan, const uint8_t *line, size_t size,
                              uint32_t *places) {
    if (!calm_locate(program, plan, line, size, places)) return LOG_UNDECIDED;
    if (calm_look_at(CALM_SOME, plan, line, places) & calm_look_at(CALM_FIRST, plan, line, places)
        & calm_look_at(CALM_DIGITS, plan, line, places) & (plan->looks_up ? calm_look_up(plan, line, places) : calm_look_at(CALM_SET, plan, line, places))
        & calm_look_at(CALM_MASK, plan, line, places) & calm_look_at(CALM_FIELD, plan, line, places)) return 1;
    for (int n = 0; n < program->fields; n++, places += 2) /* what a quick look does not show */
        if (!log_in_field(&program->field[n], line + places[0], places[1] - places[0])) return LOG_UNDECIDED;
    return 1;
}

/* The number of cuts of any line, at most two, and the places of one; LOG_NO_MEMORY. */
static inline int log_cut_odd(const log_program *program, const uint8_t *line, size_t size, uint32_t *places) {
    const int found = log_follow(program, line, size, places);
    return found == LOG_UNDECIDED ? log_count(program, line, size, places) : found;
}

/* The same for a line that is calm most likely. */
static inline int log_cut(const log_program *program, const calm_plan *plan, const uint8_t *line, size_t size,
                          uint32_t *places) {
    const int found = calm_follow(program, plan, line, size, places);
    return found == LOG_UNDECIDED ? log_cut_odd(program, line, size, places) : found;
}
