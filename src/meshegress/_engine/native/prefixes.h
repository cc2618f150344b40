/* The longest prefix that holds an address, as a search among intervals.
 *
 * Prefixes nest or are apart, so they cut the addresses of a family into intervals that each belong to one row. A
 * lookup finds the last interval that begins at or before the address: an index over the leading bits says between
 * which two to look, and halving does the rest. Addresses are numbers of 128 bits; IPv4 has the first 32 of them.
 */
#ifndef MESHEGRESS_PREFIXES_H
#define MESHEGRESS_PREFIXES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t high, low;
} ip_number;

typedef struct {
    uint64_t *high, *low; /* where intervals begin; no low half for IPv4 */
    int32_t *row; /* to whom they belong; -1: to nobody */
    uint32_t *index; /* of the interval where each block of addresses begins, and one more */
    uint32_t count, blocks;
    uint64_t first; /* where the blocks begin */
    int shift; /* how large they are */
} prefix_family;

typedef struct {
    prefix_family ipv4, ipv6;
    size_t bytes;
} prefix_table;

/* ---- text to number ---- */

/* Return how much of the text was four numbers to 255 without leading zeros; 0 where it was none. */
static size_t parse_ipv4(const uint8_t *text, size_t length, uint32_t *number) {
    size_t at = 0;
    *number = 0;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        if (part && (at == length || text[at++] != '.'))
            return 0;
        size_t begin = at;
        for (; at < length && (uint8_t)(text[at] - '0') < 10 && at < begin + 3; at++)
            value = value * 10 + (text[at] - '0');
        if (at == begin || value > 255 || (text[begin] == '0' && at > begin + 1))
            return 0;
        *number = *number << 8 | value;
    }
    return at;
}

static inline int hex_digit(uint8_t byte) {
    if ((uint8_t)(byte - '0') < 10)
        return byte - '0';
    return (uint8_t)((byte | 0x20) - 'a') < 6 ? (byte | 0x20) - 'a' + 10 : -1;
}

/* Read groups of up to four hex digits and perhaps a final IPv4 address; *gap* is where `::` stood, or -1. */
static int parse_groups(const uint8_t *text, size_t length, uint16_t group[8], int *gap) {
    int count = 0;
    size_t at = 0;
    *gap = -1;
    if (length >= 2 && text[0] == ':' && text[1] == ':')
        at = 2, *gap = 0;
    while (at < length) {
        uint32_t number, value = 0;
        size_t begin = at;
        if (count == 8)
            return -1;
        for (; at < length && hex_digit(text[at]) >= 0 && at < begin + 4; at++)
            value = value << 4 | (uint32_t)hex_digit(text[at]);
        if (at == begin)
            return -1;
        if (at < length && text[at] == '.') {
            if (count > 6 || parse_ipv4(text + begin, length - begin, &number) != length - begin)
                return -1;
            group[count++] = (uint16_t)(number >> 16);
            group[count++] = (uint16_t)number;
            return count;
        }
        group[count++] = (uint16_t)value;
        if (at == length)
            return count;
        if (text[at++] != ':')
            return -1;
        if (at < length && text[at] == ':') {
            if (*gap >= 0)
                return -1;
            at++, *gap = count;
        } else if (at == length) {
            return -1;
        }
    }
    return count;
}

static int parse_ipv6(const uint8_t *text, size_t length, ip_number *number) {
    uint16_t group[8], whole[8] = {0};
    int gap, count = parse_groups(text, length, group, &gap);
    if (count < 0 || (gap < 0 ? count != 8 : count > 7))
        return 0;
    for (int i = 0; i < count; i++)
        whole[gap >= 0 && i >= gap ? 8 - count + i : i] = group[i];
    number->high = number->low = 0;
    for (int i = 0; i < 4; i++) {
        number->high = number->high << 16 | whole[i];
        number->low = number->low << 16 | whole[i + 4];
    }
    return 1;
}

/* Return 4 or 6, the family of the address, or 0 where the text is none. */
static inline int parse_address(const uint8_t *text, size_t length, ip_number *number) {
    uint32_t ipv4;
    if (length && parse_ipv4(text, length, &ipv4) == length) {
        number->high = (uint64_t)ipv4 << 32;
        number->low = 0;
        return 4;
    }
    return parse_ipv6(text, length, number) ? 6 : 0;
}

/* ---- number to row ---- */

/* Does the interval begin at or before *number*? */
static inline int begins_before(const prefix_family *family, uint32_t interval, ip_number number) {
    if (family->high[interval] != number.high)
        return family->high[interval] < number.high;
    return !family->low || family->low[interval] <= number.low;
}

static inline int32_t find_in_family(const prefix_family *family, ip_number number) {
    if (!family->count)
        return -1;
    /* All that lies before the blocks belongs to interval 0, all that lies behind them to the last block. */
    uint64_t block = number.high < family->first ? 0 : (number.high - family->first) >> family->shift;
    if (block >= family->blocks)
        block = family->blocks - 1;
    uint32_t from = number.high < family->first ? 0 : family->index[block], to = family->index[block + 1] + 1;
    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;
        if (begins_before(family, middle, number))
            from = middle;
        else
            to = middle;
    }
    return family->row[from];
}

static inline int32_t find_ipv4(const prefix_table *table, uint32_t number) {
    ip_number wide = {(uint64_t)number << 32, 0};
    return find_in_family(&table->ipv4, wide);
}

static inline int32_t find_ipv6(const prefix_table *table, ip_number number) {
    return find_in_family(&table->ipv6, number);
}

/* Return the row of an address given as text, or -1, also where it is not an address. */
static inline int32_t find_address(const prefix_table *table, const uint8_t *text, size_t length) {
    ip_number number;
    int version = parse_address(text, length, &number);
    return version ? find_in_family(version == 4 ? &table->ipv4 : &table->ipv6, number) : -1;
}

#endif
