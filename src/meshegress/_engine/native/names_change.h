/* A changed copy of a table of names: memory is copied as it is, then a few names go and a few come. */
#ifndef MESHEGRESS_NAMES_CHANGE_H
#define MESHEGRESS_NAMES_CHANGE_H

#include "names_build.h"

/* Beyond five names a bucket, the copy gets more buckets. */
#define IS_FULL(used, buckets) ((used) > (size_t)(buckets) * 5)

/* Return the lengths of *known*, longest first and 0 at the end, and those of the entries. */
static uint32_t *joined_lengths(const uint32_t *known, const name_entry *entries, size_t count, enum name_kind suffix,
                                int want_prefixes) {
    uint32_t *fresh = distinct_lengths(entries, count, suffix, want_prefixes), *joined = NULL;
    size_t size = 1;
    for (const uint32_t *at = known; *at; at++)
        size++;
    for (const uint32_t *at = fresh; fresh && *at; at++)
        size++;
    if (fresh && (joined = calloc(size, sizeof *joined))) {
        uint32_t *next = joined;
        for (const uint32_t *one = known, *other = fresh; *one || *other;) {
            uint32_t length = *one > *other ? *one : *other;
            one += *one == length;
            other += *other == length;
            *next++ = length;
        }
    }
    free(fresh);
    return joined;
}

/* Put the names of *from* into the buckets of *table*, which has their records already. */
static void fill_buckets(name_table *table, const name_table *from) {
    for (uint32_t i = 0; i < from->bucket_count; i++)
        for (uint32_t slot = 0; slot < from->buckets[i].count; slot++) {
            uint32_t place = from->buckets[i].record[slot];
            if (!from->buckets[i].tag[slot])
                continue; /* the name has gone */
            const name_record *record = record_at(table, place);
            size_t length = record->mark >> 2;
            const uint8_t *text = (const uint8_t *)record - length;
            name_window window;
            window_load(&window, text, length, 0);
            insert_record(table, hash_text(table, &window, text, length, (int)(record->mark & 3)), place);
        }
}

/* Make the empty *table* a copy of *from* with room for the entries; return 0 where memory does not suffice. */
static int names_copy(name_table *table, const name_table *from, const name_entry *entries, size_t count, enum name_kind suffix) {
    size_t size = from->end;
    int is_full = IS_FULL(from->used + count, from->bucket_count);
    for (size_t i = 0; i < count; i++)
        size += record_size(entries[i].length);
    if (size / 8 > UINT32_MAX)
        return 0;
    *table = *from;
    table->bucket_count = is_full ? (uint32_t)BUCKETS_FOR(from->used + count) : from->bucket_count;
    table->bytes = size + table->filter_words * sizeof *table->filter + table->bucket_count * sizeof(name_bucket);
    table->filter = calloc(table->filter_words, sizeof *table->filter);
    table->buckets = pages_allocate(table->bucket_count * sizeof(name_bucket));
    table->records = pages_allocate(size);
    table->suffix_lengths = joined_lengths(from->suffix_lengths, entries, count, suffix, 0);
    table->prefix_lengths = joined_lengths(from->prefix_lengths, entries, count, suffix, 1);
    if (!table->filter || !table->buckets || !table->records || !table->suffix_lengths || !table->prefix_lengths)
        return 0;
    memcpy(table->records, from->records, from->end);
    memcpy(table->filter, from->filter, table->filter_words * sizeof *table->filter);
    if (!is_full) {
        memcpy(table->buckets, from->buckets, table->bucket_count * sizeof(name_bucket));
        return 1;
    }
    table->used = 0;
    fill_buckets(table, from);
    return 1;
}

/* Take the name of *entry* out, if it is there: its slot stays, without a tag. */
static void remove_name(name_table *table, const name_entry *entry) {
    name_window window;
    uint32_t mark = mark_of(entry->length, entry->kind);
    window_load(&window, entry->text, entry->length, 0);
    uint64_t hash = hash_text(table, &window, entry->text, entry->length, entry->kind);
    for (name_bucket *bucket = (name_bucket *)bucket_of(table, hash);;) {
        for (unsigned found = tags_equal(bucket->tag, tag_of(hash)); found; found &= found - 1) {
            int slot = lowest_bit(found);
            if (record_holds(record_at(table, bucket->record[slot]), mark, &window, entry->text)) {
                bucket->tag[slot] = 0;
                return;
            }
        }
        if (!bucket->is_overflowed)
            return;
        if (++bucket == table->buckets + table->bucket_count)
            bucket = table->buckets;
    }
}

/* Fill the empty *table* with what *from* holds but for *gone*, and with *fresh*; return 0 where memory does not suffice. */
static int names_change(name_table *table, const name_table *from, const name_entry *gone, size_t gone_count,
                        const name_entry *fresh, size_t fresh_count, enum name_kind suffix) {
    if (!names_copy(table, from, fresh, fresh_count, suffix))
        return 0;
    for (size_t i = 0; i < gone_count; i++)
        remove_name(table, &gone[i]);
    for (size_t i = 0; i < fresh_count; i++)
        table->end = add_name(table, &fresh[i], suffix, table->end);
    return 1;
}

#endif
