/* Cut the addresses of a family into intervals, once; see prefixes.h for how they are searched. */
#ifndef MESHEGRESS_PREFIXES_BUILD_H
#define MESHEGRESS_PREFIXES_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "prefixes.h"

#define MAX_NESTED 129 /* prefixes of 0 to 128 bits */

typedef struct {
    ip_number start;
    int32_t row;
    uint32_t order; /* the first of two equal prefixes counts */
    uint8_t length;
} prefix_entry;

static inline int compare_numbers(ip_number a, ip_number b) {
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

static int compare_prefixes(const void *left, const void *right) {
    const prefix_entry *a = left, *b = right;
    int order = compare_numbers(a->start, b->start);
    if (order == 0)
        order = (int)a->length - (int)b->length;
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Return the number whose first *length* bits are zeros and the others ones. */
static inline ip_number host_bits(unsigned length) {
    ip_number bits = {length >= 64 ? 0 : ~0ull >> length, length >= 128 ? 0 : length <= 64 ? ~0ull : ~0ull >> (length - 64)};
    return bits;
}

static inline ip_number prefix_start(ip_number number, unsigned length) {
    ip_number host = host_bits(length);
    number.high &= ~host.high;
    number.low &= ~host.low;
    return number;
}

static inline ip_number prefix_end(const prefix_entry *prefix) {
    ip_number host = host_bits(prefix->length), end = {prefix->start.high | host.high, prefix->start.low | host.low};
    return end;
}

/* From *start* on the addresses belong to *row*. */
static void add_interval(prefix_family *family, ip_number start, int32_t row) {
    uint32_t last = family->count - 1;
    ip_number begin = {family->high[last], family->low[last]};
    if (compare_numbers(begin, start) == 0) {
        family->row[last] = row;
    } else if (family->row[last] != row) {
        family->high[family->count] = start.high;
        family->low[family->count] = start.low;
        family->row[family->count++] = row;
    }
}

/* Write the intervals of sorted prefixes: *nested* are those around the place that was reached. */
static void write_intervals(prefix_family *family, const prefix_entry *prefixes, size_t count) {
    const prefix_entry *nested[MAX_NESTED];
    int depth = 0;
    family->count = 1;
    family->high[0] = family->low[0] = 0;
    family->row[0] = -1;
    for (size_t i = 0; i <= count; i++) {
        /* What ended before this prefix gives way to what is around it. */
        while (depth && (i == count || compare_numbers(prefix_end(nested[depth - 1]), prefixes[i].start) < 0)) {
            ip_number next = prefix_end(nested[--depth]);
            if (++next.low == 0 && ++next.high == 0)
                return; /* the end of all addresses */
            add_interval(family, next, depth ? nested[depth - 1]->row : -1);
        }
        if (i == count || (depth && nested[depth - 1]->length == prefixes[i].length))
            continue; /* the end, or the same prefix again */
        nested[depth++] = &prefixes[i];
        add_interval(family, prefixes[i].start, prefixes[i].row);
    }
}

/* Cut the addresses from the first to the last interval into about as many blocks as there are intervals. */
static int write_index(prefix_family *family) {
    uint64_t last = family->high[family->count - 1];
    family->first = family->high[family->count > 1];
    while (family->shift < 63 && (last - family->first) >> family->shift > 2ull * family->count)
        family->shift++;
    family->blocks = (uint32_t)((last - family->first) >> family->shift) + 1;
    family->index = malloc(((size_t)family->blocks + 1) * sizeof *family->index);
    if (!family->index)
        return 0;
    uint32_t interval = 0;
    for (uint32_t block = 0; block < family->blocks; block++) {
        ip_number begin = {family->first + ((uint64_t)block << family->shift), 0};
        while (interval + 1 < family->count && begins_before(family, interval + 1, begin))
            interval++;
        family->index[block] = interval;
    }
    family->index[family->blocks] = family->count - 1;
    return 1;
}

static int family_build(prefix_family *family, prefix_entry *prefixes, size_t count, int version) {
    if (!count)
        return 1;
    size_t most = 2 * count + 1;
    qsort(prefixes, count, sizeof *prefixes, compare_prefixes);
    family->high = malloc(most * sizeof *family->high);
    family->low = malloc(most * sizeof *family->low);
    family->row = malloc(most * sizeof *family->row);
    if (most > UINT32_MAX || !family->high || !family->low || !family->row)
        return 0;
    write_intervals(family, prefixes, count);
    if (version == 4) {
        free(family->low);
        family->low = NULL;
    }
    return write_index(family);
}

static void family_free(prefix_family *family) {
    free(family->high);
    free(family->low);
    free(family->row);
    free(family->index);
}

static void prefixes_free(prefix_table *table) {
    family_free(&table->ipv4);
    family_free(&table->ipv6);
    memset(table, 0, sizeof *table);
}

static size_t family_bytes(const prefix_family *family, size_t prefixes) {
    size_t each = sizeof *family->high + sizeof *family->row + (family->low ? sizeof *family->low : 0);
    return prefixes ? (2 * prefixes + 1) * each + (family->blocks + 1) * sizeof *family->index : 0;
}

/* Fill the empty *table* with the prefixes of both families; return 0 where memory does not suffice. */
static int prefixes_build(prefix_table *table, prefix_entry *ipv4, size_t ipv4_count, prefix_entry *ipv6, size_t ipv6_count) {
    if (!family_build(&table->ipv4, ipv4, ipv4_count, 4) || !family_build(&table->ipv6, ipv6, ipv6_count, 6))
        return 0;
    table->bytes = family_bytes(&table->ipv4, ipv4_count) + family_bytes(&table->ipv6, ipv6_count);
    return 1;
}

#endif
