/* Many lookups at once: memory is fetched for all of a batch before the first of them waits for it.
 *
 * Lookups that are at the same step stand in one list. A list is made without a branch: half of all probes find nothing,
 * nobody can say which, and to guess wrong costs more than to note a number.
 */
#ifndef MESHEGRESS_NAMES_BATCH_H
#define MESHEGRESS_NAMES_BATCH_H

#include "names.h"

#define BATCH 64 /* lookups that are under way at once */

static inline void fetch_bucket(const name_table *table, name_query *query) {
    query->bucket = bucket_of(table, query->hash);
    PREFETCH(query->bucket);
}

/* The bucket is here: fetch the record that it promises, and return whether there is one. */
INLINED int fetch_record(const name_table *table, name_query *query) {
    unsigned found = tags_equal(query->bucket->tag, tag_of(query->hash));
    query->promised = record_at(table, query->bucket->record[lowest_bit(found | 0x80)]);
    PREFETCH(query->promised);
    PREFETCH((const uint8_t *)query->promised - NARROW);
    return found != 0;
}

/* The bucket promised nothing: fetch the next one, and return whether there is one. */
INLINED int fetch_next(const name_table *table, name_query *query, enum name_kind suffix) {
    if (UNLIKELY(query->bucket->is_overflowed) || !query_step(table, query, suffix))
        return 0;
    fetch_bucket(table, query);
    return 1;
}

/* Return the row of a name that a record was promised for; most promises are kept. */
INLINED int32_t query_promised(const name_table *table, name_query *query, enum name_kind suffix) {
    const name_record *record = query->promised;
    if (query->length <= WINDOW && record_holds(record, query->mark, &query->window, query->text))
        return record->row;
    return query_answer(table, query, suffix);
}

/* Lookups that are at the same step, by their numbers. */
typedef struct {
    int at[BATCH], count;
} name_list;

/* Put *number* into *list*, if it *belongs* there, and without a branch. */
static inline void list_if(name_list *list, int number, int belongs) {
    list->at[list->count] = number;
    list->count += belongs;
}

/* Lookups for which a record was promised, and those that have to look elsewhere. */
typedef struct {
    name_list promised, missed;
} name_promises;

/* Have the records on their way of the lookups of *list*, whose first buckets have been asked for; *tables* and *queries*
 * are by their numbers. */
INLINED void fetch_records(const name_list *list, const name_table *const *tables, name_query *queries,
                           enum name_kind suffix, name_promises *promises) {
    name_list open, stepped;
    promises->promised.count = open.count = stepped.count = promises->missed.count = 0;
    for (int j = 0; j < list->count; j++) {
        int i = list->at[j], is_promised = fetch_record(tables[i], &queries[i]);
        list_if(&promises->promised, i, is_promised);
        list_if(&open, i, !is_promised);
    }
    for (int j = 0; j < open.count; j++) {
        int i = open.at[j], has_next = fetch_next(tables[i], &queries[i], suffix);
        list_if(&stepped, i, has_next);
        list_if(&promises->missed, i, !has_next);
    }
    for (int j = 0; j < stepped.count; j++) {
        int i = stepped.at[j], is_promised = fetch_record(tables[i], &queries[i]);
        list_if(&promises->promised, i, is_promised);
        list_if(&promises->missed, i, !is_promised);
    }
}

/* Answer lookups whose records have been asked for. */
INLINED void find_names(const name_promises *promises, const name_table *const *tables, name_query *queries,
                        enum name_kind suffix, int32_t *rows) {
    const name_list *promised = &promises->promised, *missed = &promises->missed;
    for (int j = 0; j < promised->count; j++)
        rows[promised->at[j]] = query_promised(tables[promised->at[j]], &queries[promised->at[j]], suffix);
    for (int j = 0; j < missed->count; j++)
        rows[missed->at[j]] = query_answer(tables[missed->at[j]], &queries[missed->at[j]], suffix);
}

#endif
