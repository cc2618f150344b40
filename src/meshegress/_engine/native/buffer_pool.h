/* Memory that columns have given back, kept for those to come: a page that is new to a process costs more than what is
 * written into it. Small pieces are left to the allocator, which has some at hand.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SPARE ((size_t)1 << 16)
#define MOST_SPARE_BYTES ((size_t)1 << 26) /* of all together */
enum { MAX_POOLED_BUFFERS = 96 };

typedef struct {
    uint8_t *bytes;
    size_t room;
} pooled_buffer;

/* The oldest comes first. */
typedef struct {
    size_t count, bytes;
    pooled_buffer kept[MAX_POOLED_BUFFERS];
} buffer_pool;

static inline pooled_buffer buffer_pool_remove(buffer_pool *all, size_t number) {
    const pooled_buffer one = all->kept[number];
    all->count--;
    all->bytes -= one.room;
    memmove(&all->kept[number], &all->kept[number + 1], (all->count - number) * sizeof one);
    return one;
}

/* Keep memory that nobody needs, at the expense of the oldest, or free it. */
static inline void buffer_pool_give(buffer_pool *all, pooled_buffer one) {
    if (one.room < LEAST_SPARE || one.room > MOST_SPARE_BYTES) {
        free(one.bytes);
        return;
    }
    while (all->count == MAX_POOLED_BUFFERS || all->bytes + one.room > MOST_SPARE_BYTES) free(buffer_pool_remove(all, 0).bytes);
    all->kept[all->count++] = one;
    all->bytes += one.room;
}

/* The smallest that has *room*; none where each has less, or more than twice as much, which would be wasted. */
static inline pooled_buffer buffer_pool_take(buffer_pool *all, size_t room) {
    size_t best = all->count, most = 2 * room;
    for (size_t n = 0; n < all->count; n++)
        if (all->kept[n].room >= room && all->kept[n].room <= most) best = n, most = all->kept[n].room;
    return best < all->count ? buffer_pool_remove(all, best) : (pooled_buffer){NULL, 0};
}

static inline void buffer_pool_free(buffer_pool *all) {
    while (all->count) free(buffer_pool_remove(all, all->count - 1).bytes);
}
