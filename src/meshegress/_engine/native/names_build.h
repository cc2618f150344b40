/* Build a table of names, once; see names.h for what it looks like. */
#ifndef MESHEGRESS_NAMES_BUILD_H
#define MESHEGRESS_NAMES_BUILD_H

#include "names.h"

/* Buckets of eight are filled to four and a half: one in twenty-five overflows. */
#define BUCKETS_FOR(names) ((names) * 2 / 9 + 1)

static inline size_t record_size(size_t length) { return ((length + 7) & ~(size_t)7) + sizeof(name_record); }

/* Is the name of *entry* a tail that longer names are asked for? Server names have no suffixes beside their dots. */
static inline int is_suffix(const name_entry *entry, enum name_kind suffix) {
    if (suffix == SUFFIX)
        return entry->kind == SUFFIX;
    return entry->length >= 2 && entry->text[0] == '.';
}

/* Return all lengths of the entries that are suffixes, or prefixes: longest first, 0 at the end. */
static uint32_t *distinct_lengths(const name_entry *entries, size_t count, enum name_kind suffix, int want_prefixes) {
    uint32_t longest = 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (want_prefixes ? entries[i].kind == PREFIX : is_suffix(&entries[i], suffix))
            longest = entries[i].length > longest ? entries[i].length : longest;
    uint8_t *seen = calloc((size_t)longest + 1, 1);
    if (!seen)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (want_prefixes ? entries[i].kind == PREFIX : is_suffix(&entries[i], suffix)) {
            found += !seen[entries[i].length];
            seen[entries[i].length] = 1;
        }
    uint32_t *lengths = calloc(found + 1, sizeof *lengths), *next = lengths;
    for (uint32_t length = longest; lengths && length; length--)
        if (seen[length])
            *next++ = length;
    free(seen);
    return lengths;
}

static void insert_record(name_table *table, uint64_t hash, uint32_t place) {
    name_bucket *bucket = (name_bucket *)bucket_of(table, hash);
    while (bucket->count == 8) {
        bucket->is_overflowed = 1;
        if (++bucket == table->buckets + table->bucket_count)
            bucket = table->buckets;
    }
    bucket->tag[bucket->count] = tag_of(hash);
    bucket->record[bucket->count++] = place;
    table->used++;
}

/* Add *entry* behind the records that end at *end*, unless its name is there; return where the records end now. */
static size_t add_name(name_table *table, const name_entry *entry, enum name_kind suffix, size_t end) {
    name_window window;
    uint32_t length = entry->length, mark = mark_of(length, entry->kind);
    window_load(&window, entry->text, length, 0);
    uint64_t hash = hash_text(table, &window, entry->text, length, entry->kind);
    if (table_find(table, hash, mark, &window, entry->text))
        return end;
    uint8_t *header = table->records + end + record_size(length) - sizeof(name_record);
    for (uint32_t i = 0; i < length; i++)
        header[(ptrdiff_t)i - (ptrdiff_t)length] = folded(entry->text[i]);
    ((name_record *)header)->row = entry->row;
    ((name_record *)header)->mark = mark;
    insert_record(table, hash, (uint32_t)((size_t)(header - table->records) / 8));
    if (!is_suffix(entry, suffix))
        return end + record_size(length);
    *filter_word(table, hash) |= filter_bits(hash);
    if (length <= WINDOW)
        *(entry->text[0] == '.' ? &table->dotted : &table->undotted) |= 1ull << (WINDOW - length);
    return end + record_size(length);
}

static void names_free(name_table *table) {
    pages_free(table->buckets);
    pages_free(table->records);
    free(table->filter);
    free(table->suffix_lengths);
    free(table->prefix_lengths);
    memset(table, 0, sizeof *table);
}

/* Fill the empty *table*; return 0 where memory does not suffice. *suffix* is the kind of suffixes: for server names,
 * whose suffixes are names too, WHOLE. The first of two entries with one name counts. */
static int names_build(name_table *table, const name_entry *entries, size_t count, enum name_kind suffix, const uint64_t seed[4]) {
    size_t size = WINDOW; /* a window may be loaded before the end of the first name */
    size_t suffixes = 0;
    for (size_t i = 0; i < count; i++) {
        size += record_size(entries[i].length);
        suffixes += is_suffix(&entries[i], suffix);
    }
    memcpy(table->seed, seed, sizeof table->seed);
    if (size / 8 > UINT32_MAX)
        return 0;
    table->bucket_count = (uint32_t)BUCKETS_FOR(count);
    table->filter_words = (uint32_t)(suffixes / 4 + 1);
    table->filter = calloc(table->filter_words, sizeof *table->filter);
    table->bytes = size + table->filter_words * sizeof *table->filter + table->bucket_count * sizeof(name_bucket);
    table->buckets = pages_allocate(table->bucket_count * sizeof(name_bucket));
    table->records = pages_allocate(size);
    table->suffix_lengths = distinct_lengths(entries, count, suffix, 0);
    table->prefix_lengths = distinct_lengths(entries, count, suffix, 1);
    if (!table->filter || !table->buckets || !table->records || !table->suffix_lengths || !table->prefix_lengths)
        return 0;
    table->end = WINDOW;
    for (size_t i = 0; i < count; i++)
        table->end = add_name(table, &entries[i], suffix, table->end);
    return 1;
}

#endif
