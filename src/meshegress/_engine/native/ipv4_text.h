/* IPv4 addresses of a column: four numbers and three dots, read at once and without a branch on any of their digits.
 *
 * The last sixteen bytes of the text are a lane. Where the dots and the beginning stand is a mask, and each mask that an
 * address can have belongs to a pattern: it gathers the hundreds, tens and ones of the four numbers, and once more what
 * a number of several digits begins with, which may not be zero. Where lanes cannot be gathered, each number is summed
 * up from the three bytes before its end.
 */
#ifndef MESHEGRESS_DOTTED_H
#define MESHEGRESS_DOTTED_H

#include "arrow.h"
#include "simd.h"
#include "names.h"
#include "prefixes.h"
#include "text.h"

enum { LONGEST_DOTTED = 15, PATTERNS = 1 + 3 * 3 * 3 * 3, NOWHERE = 0x80, NO_BYTE = 256 };

static uint8_t pattern_of[1 << 16]; /* by the mask of dots and beginning; 0: no address */
static uint8_t patterns[PATTERNS][16]; /* for each number: the places of its hundreds, tens, ones, and of its beginning */

/* Write the pattern of numbers with so many digits. */
static void fill_pattern(uint8_t number, const int sizes[4]) {
    int end = 16;
    unsigned mask = 0;
    memset(patterns[number], NOWHERE, 16);
    for (int part = 3; part >= 0; part--) {
        uint8_t *places = &patterns[number][4 * part];
        for (int digit = 0; digit < sizes[part]; digit++)
            places[2 - digit] = (uint8_t)(end - 1 - digit);
        if (sizes[part] > 1)
            places[3] = (uint8_t)(end - sizes[part]);
        end -= sizes[part] + 1;
        mask |= 1u << end; /* a dot, and at last the byte before the text, or else none */
    }
    pattern_of[mask] = number;
}

static void fill_patterns(void) {
    for (int number = 1; number < PATTERNS; number++) {
        int which = number - 1, sizes[4];
        for (int part = 0; part < 4; part++, which /= 3)
            sizes[part] = 1 + which % 3;
        fill_pattern((uint8_t)number, sizes);
    }
}

/* Load the end of a text of at most fifteen bytes; what stands before it becomes zero. */
INLINED lane load_dotted(const text_span *text) {
    uint8_t copy[16];
    const uint8_t *end = text->text + text->length;
    if (UNLIKELY(text->length + text->readable < 16))
        end = (uint8_t *)memcpy(memset(copy, 0, sizeof copy) + 16 - text->length, text->text, text->length) + text->length;
    return lane_and(lane_load(end - 16), lane_load(MASK + WINDOW - 16 + text->length));
}

/* Are there digits alone where no dots are? */
INLINED int are_all_digits(lane are_digits, unsigned dots, size_t length) {
    return lane_bits(are_digits) + dots == (0xffffu << (16 - length) & 0xffff);
}

/* Return whether the text is an IPv4 address, as ``parse_ipv4`` takes them. */
LOOKING_UP inline int gather_dotted(const text_span *text, ip_number *number) {
    static const uint8_t weights[16] = {100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0, 100, 10, 1, 0};
    static const uint8_t joined[16] = {12, 8, 4, 0, 13, 9, 5, 1, [8] = NOWHERE, NOWHERE, NOWHERE, NOWHERE,
                                       NOWHERE, NOWHERE, NOWHERE, NOWHERE};
    size_t length = text->length;
    if (UNLIKELY(length - 1 >= LONGEST_DOTTED))
        return 0;
    lane bytes = load_dotted(text);
    unsigned dots = lane_equal(bytes, '.');
    uint8_t pattern = pattern_of[dots | 1u << (15 - length)];
    lane gathered = lane_look_up(bytes, lane_load(patterns[pattern]));
    lane sums = lane_weigh(lane_and(gathered, lane_splat(15)), lane_load(weights));
    uint64_t value = lane_low(lane_look_up(sums, lane_load(joined))); /* its upper half: what goes beyond a byte */
    number->high = value << 32;
    number->low = 0;
    return pattern && are_all_digits(lane_between(bytes, '0', '9'), dots, length) && !(value >> 32) &&
           !(lane_equal(gathered, '0') & 0x8888);
}

/* By the digits of a number: what the first of three is worth, and the least that is written with so many. */
static const uint16_t HUNDRED[16] = {[3] = 100};
static const uint16_t LEAST[16] = {NO_BYTE, 0,       10,      100,     NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE,
                                   NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE, NO_BYTE};

/* Return the number of *size* digits that ends before *end*. */
INLINED unsigned dotted_part(const uint8_t *end, unsigned size, unsigned *is_wrong) {
    unsigned value = end[-1] + 10u * end[-2] + HUNDRED[size] * end[-3];
    *is_wrong |= (unsigned)(value >= NO_BYTE) | (unsigned)(value < LEAST[size]);
    return value;
}

/* The same where lanes cannot be gathered. */
static inline int parse_dotted(const text_span *text, ip_number *number) {
    uint8_t digits[2 + 16] = {0}; /* two zeros, and the lane */
    const uint8_t *begin = digits + 2;
    if (text->length - 1 >= LONGEST_DOTTED)
        return 0;
    lane bytes = load_dotted(text), are_digits = lane_between(bytes, '0', '9');
    unsigned first = lane_equal(bytes, '.'), second = first & (first - 1), third = second & (second - 1);
    if (!third || third & (third - 1) || !are_all_digits(are_digits, first, text->length))
        return 0;
    lane_store(digits + 2, lane_and(lane_and(bytes, are_digits), lane_splat(15)));
    unsigned a = (unsigned)lowest_bit(first), b = (unsigned)lowest_bit(second), c = (unsigned)lowest_bit(third);
    unsigned is_wrong = 0;
    number->high = (uint64_t)dotted_part(begin + a, a + (unsigned)text->length - 16, &is_wrong) << 56 |
                   (uint64_t)dotted_part(begin + b, b - a - 1, &is_wrong) << 48 |
                   (uint64_t)dotted_part(begin + c, c - b - 1, &is_wrong) << 40 |
                   (uint64_t)dotted_part(begin + 16, 15 - c, &is_wrong) << 32;
    number->low = 0;
    return !is_wrong;
}

LOOKING_UP row_mask gather_all_dotted(const text_span *texts, row_mask rows, ip_number *numbers) {
    row_mask found = 0;
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows);
        found |= (row_mask)gather_dotted(&texts[i], &numbers[i]) << i;
    }
    return found;
}

static row_mask parse_all_dotted(const text_span *texts, row_mask rows, ip_number *numbers) {
    row_mask found = 0;
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows);
        found |= (row_mask)parse_dotted(&texts[i], &numbers[i]) << i;
    }
    return found;
}

/* Read what is an IPv4 address in *rows*, and return where there is one; the numbers of the others may be written too. */
static inline row_mask read_dotted(const text_span *texts, row_mask rows, ip_number *numbers) {
    return lane_can_look_up() ? gather_all_dotted(texts, rows, numbers) : parse_all_dotted(texts, rows, numbers);
}

#endif
