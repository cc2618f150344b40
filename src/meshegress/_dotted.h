/* IPv4 addresses of a column: four numbers and three dots, read at once and without a branch on any of their digits.
 *
 * The last sixteen bytes of the text are a lane. A mask says where the dots stand, and so how many digits each number has;
 * every number is then the sum of three digits, of which a mask takes away those that are not its own.
 */
#ifndef MESHEGRESS_DOTTED_H
#define MESHEGRESS_DOTTED_H

#include "_lanes.h"
#include "_prefixes.h"
#include "_text.h"

enum { LONGEST_DOTTED = 15 };

/* Return whether the text is an IPv4 address, as ``parse_ipv4`` takes them. */
static inline int parse_dotted(const text_span *text, uint32_t *number) {
    uint8_t copy[16], digits[20] = {0}; /* the lane, behind three zeros */
    const uint8_t *end = text->text + text->length;
    if (text->length - 1 >= LONGEST_DOTTED)
        return 0;
    if (UNLIKELY(text->length + text->readable < 16))
        end = (uint8_t *)memcpy(memset(copy, 0, sizeof copy) + 16 - text->length, text->text, text->length) + text->length;
    lane bytes = lane_load(end - 16), are_digits = lane_between(bytes, '0', '9');
    unsigned inside = 0xffffu << (16 - text->length) & 0xffff, dots = lane_equal(bytes, '.') & inside;
    if ((lane_bits(are_digits) & inside) + dots != inside)
        return 0;
    lane values = lane_and(lane_and(bytes, are_digits), lane_splat(15));
    memcpy(digits + 3, &values, 16);
    unsigned from = 16 - (unsigned)text->length, is_wrong = 0;
    dots |= 1u << 16; /* the end */
    *number = 0;
    for (int part = 0; part < 4; part++) {
        unsigned to = (unsigned)lowest_bit(dots | 1u << 17), size = to - from;
        const uint8_t *last = digits + 3 + to - 1;
        unsigned tens = last[-1] & (0u - (size > 1)), hundreds = last[-2] & (0u - (size > 2));
        unsigned value = last[0] + 10 * tens + 100 * hundreds;
        is_wrong |= (size - 1 > 2) | (value > 255) | ((size > 1) & !(size > 2 ? hundreds : tens));
        *number = *number << 8 | value;
        from = to + 1;
        dots &= dots - 1;
    }
    return !is_wrong && !dots;
}

/* Return 4 or 6, the family of the address, or 0 where the text is none. */
static inline int read_address(const text_span *text, ip_number *number) {
    uint32_t ipv4;
    if (!parse_dotted(text, &ipv4))
        return parse_address(text->text, text->length, number);
    number->high = (uint64_t)ipv4 << 32;
    number->low = 0;
    return 4;
}

#endif
