/* The walk over columns: rows of Arrow buffers in, numbers of leaves out, a group at a time.
 *
 * What a kind of client meets on a port is walked once and remembered: such a way ends at a leaf or at a table of names,
 * so that a row costs little beside the look-up of its name. In a group of rows each step is taken for all of them
 * before the next, listeners by address first, then names: memory for all is on its way at once. What is odd in a row,
 * or needs Python, is left to the caller as NEEDS_PYTHON.
 */
#ifndef MESHEGRESS_COLUMNS_H
#define MESHEGRESS_COLUMNS_H

#include "arrow.h"
#include "ipv4_text.h"
#include "names_batch.h"
#include "ascii_check.h"
#include "walk.h"

enum { NULL_ROW = -1, WAYS = 4 * GROUP };
enum { KIND_HTTP, KIND_HTTP2, KIND_HTTP10, KIND_TLS, KIND_RAW, KIND_NONE };

/* What rows are made of; a column that is not there holds nothing. `kinds` has the kind of each value of a dictionary. */
typedef struct {
    arrow_column address, port, kind, authority, server_name, path;
    const uint8_t *kinds, *careful, *unknown; /* bits: ports that are asked for, ports that are where no address is */
    int64_t kind_count;
    ip_number free_address;
    uint8_t free_version;
    uint8_t names_are_one; /* authority and server name stand in one column */
} walk_columns;

/* Where clients of one kind are led that connect to a port, at an address that no listener is bound to. */
typedef struct {
    uint32_t key; /* see way_key; 0: free */
    int32_t listener;
    int64_t leaf; /* unless `halt` has a table */
    uint8_t asks; /* Python is asked for every row */
    uint8_t by_address; /* an address may have a listener, or choose a chain, of its own */
    walk_view view; /* what is seen of all of them */
    pending_lookup halt;
} row_way;

/* The ways that were found so far, by key. A group's rows point at theirs, so that none may go before the group's end. */
typedef struct {
    row_way way[WAYS];
    int used;
} row_ways;

/* Rows on their way: what they say, the way of clients like them, and where they have come to. */
typedef struct {
    text_span address[GROUP], authority[GROUP], shown[GROUP], path[GROUP];
    const text_span *server_name; /* what is shown, or the authorities */
    row_mask has_address, has_authority, has_server_name, has_path;
    row_mask is_ipv4, is_ipv6, is_addressed; /* to a port where its address may have a listener */
    uint8_t kind[GROUP];
    int64_t port[GROUP];
    ip_number number[GROUP];
    const walk_slot *slot[GROUP]; /* where to begin looking for its address */
    const row_way *way[GROUP];
    const pending_lookup *halt[GROUP];
    pending_lookup own_halt[GROUP];
    const name_table *table[GROUP];
    name_query query[GROUP];
    name_list authorities, server_names;
} row_group;

static const text_span ROOT = {(const uint8_t *)"/", 1, 0};

/* ---- what rows say ---- */

static inline uint8_t kind_named(const text_span *text) {
    static const char *const names[] = {"http", "http2", "http1.0", "tls", "raw", "https", "tcp"};
    static const uint8_t kinds[] = {KIND_HTTP, KIND_HTTP2, KIND_HTTP10, KIND_TLS, KIND_RAW, KIND_TLS, KIND_RAW};
    for (size_t i = 0; i < sizeof kinds; i++)
        if (strlen(names[i]) == text->length && !memcmp(names[i], text->text, text->length))
            return kinds[i];
    return KIND_NONE;
}

/* Read the kinds of the rows that have one. */
static inline void read_kinds(const walk_columns *columns, int64_t row, int count, uint8_t kinds[GROUP]) {
    int64_t values[GROUP];
    text_span texts[GROUP];
    int are_known = columns->kinds && columns->kind.values;
    row_mask rows = are_known ? read_plain_numbers(&columns->kind, row, count, values)
                              : read_texts(&columns->kind, row, count, texts);
    memset(kinds, KIND_NONE, GROUP);
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows);
        if (!are_known)
            kinds[i] = kind_named(&texts[i]);
        else if ((uint64_t)values[i] < (uint64_t)columns->kind_count)
            kinds[i] = columns->kinds[values[i]];
    }
}

/* Return the rows whose kind is one from *first* to *last*. */
static inline row_mask rows_of_kinds(const row_group *group, uint8_t first, uint8_t last) {
    row_mask rows = 0;
    for (int at = 0; at < GROUP; at += 16)
        rows |= (row_mask)lane_bits(lane_between(lane_load(group->kind + at), first, last)) << at;
    return rows;
}

static inline row_mask rows_with_port(const walk_columns *columns, int64_t row, int count, int64_t ports[GROUP]) {
    row_mask rows = read_numbers(&columns->port, row, count, ports), found = 0;
    for (int i = 0; i < count; i++)
        found |= (row_mask)((uint64_t)ports[i] - 1 < 65535) << i;
    return rows & found;
}

/* Read the rows, and return those that have a kind and a port. */
static inline row_mask read_group(const walk_columns *columns, int64_t row, int count, row_group *group) {
    read_kinds(columns, row, count, group->kind);
    group->has_address = read_texts(&columns->address, row, count, group->address);
    group->has_authority = read_texts(&columns->authority, row, count, group->authority);
    group->has_server_name = group->has_authority;
    group->server_name = columns->names_are_one ? group->authority : group->shown;
    if (!columns->names_are_one)
        group->has_server_name = read_texts(&columns->server_name, row, count, group->shown);
    group->has_path = read_texts(&columns->path, row, count, group->path);
    return rows_with_port(columns, row, count, group->port) & rows_of_kinds(group, KIND_HTTP, KIND_RAW);
}

/* Read the addresses of *rows*, and return the rows without those whose address is none. */
static inline row_mask read_addresses(const walk_columns *columns, row_mask rows, row_group *group, int32_t *out) {
    row_mask given = rows & group->has_address;
    group->is_ipv4 = read_dotted(group->address, given, group->number);
    group->is_ipv6 = 0;
    for (row_mask left = rows & ~given; left; left &= left - 1)
        group->number[lowest_bit(left)] = columns->free_address;
    for (row_mask left = given & ~group->is_ipv4; UNLIKELY(left); left &= left - 1) {
        int i = lowest_bit(left);
        const text_span *address = &group->address[i];
        if (parse_address(address->text, address->length, &group->number[i]))
            group->is_ipv6 |= (row_mask)1 << i;
        else if (memchr(address->text, '%', address->length))
            out[i] = NEEDS_PYTHON; /* IPv6 with a zone */
    }
    return rows & ~(given & ~group->is_ipv4 & ~group->is_ipv6);
}

/* ---- ways ---- */

static inline uint32_t way_key(const row_group *group, int i, int is_named) {
    uint32_t version = (group->is_ipv4 >> i & 1) * 4 + (group->is_ipv6 >> i & 1) * 6; /* 0: it has no address */
    return (uint32_t)group->port[i] | (uint32_t)group->kind[i] << 16 | version << 20 | (uint32_t)is_named << 24 | 1u << 25;
}

static void find_way(const walk_program *program, const walk_columns *columns, row_way *way, uint32_t key) {
    static const uint8_t seen[] = {1, 3, 2, 0, 0}; /* HttpVerdict of each kind */
    int kind = key >> 16 & 15, version = key >> 20 & 15;
    walk_view view = {.port = (uint16_t)key, .http = seen[kind], .tls = kind == KIND_TLS};
    view.version = version ? (uint8_t)version : columns->free_version;
    view.codec_error = kind >= KIND_TLS ? 2 : 0; /* CodecError.BAD_BYTES */
    view.is_http_10 = kind == KIND_HTTP10;
    view.server_name.length = key >> 24 & 1;
    way->key = key;
    way->view = view;
    way->listener = find_wildcard(program, view.port, view.version);
    way->leaf = walk_from(program, &view, way->listener, &way->halt);
    way->asks = has_bit(columns->careful, view.port) || (!version && has_bit(columns->unknown, view.port));
    way->by_address = way->halt.saw_address || (version && has_bit(program->addressed, view.port));
}

static inline const row_way *way_of(const walk_program *program, const walk_columns *columns, row_ways *ways, uint32_t key) {
    row_way *way = &ways->way[(key * 0x9E3779B1u) >> 8 & (WAYS - 1)];
    while (UNLIKELY(way->key != key)) {
        if (!way->key) {
            find_way(program, columns, way, key);
            ways->used++;
        } else if (++way == ways->way + WAYS) {
            way = ways->way;
        }
    }
    return way;
}

static void forget_ways(row_ways *ways) {
    for (int i = 0; i < WAYS; i++)
        ways->way[i].key = 0;
    ways->used = 0;
}

/* ---- a group, step by step ---- */

static void begin_authority(row_group *group, int i) {
    const text_span *name = &group->authority[i];
    query_begin_loaded(group->table[i], &group->query[i], SUFFIX, name->text, name->length, name->readable);
    fetch_bucket(group->table[i], &group->query[i]);
    list_if(&group->authorities, i, 1);
}

static void begin_server_name(row_group *group, int i) {
    const text_span *name = &group->server_name[i];
    query_begin(group->table[i], &group->query[i], WHOLE, name->text, name->length, name->readable);
    fetch_bucket(group->table[i], &group->query[i]);
    list_if(&group->server_names, i, 1);
}

/* Note where a row's walk has come to: to a leaf, or to a name that has to be looked up. */
static inline void note_step(row_group *group, int i, const pending_lookup *halt, int64_t leaf, int32_t *out) {
    group->halt[i] = halt;
    group->table[i] = halt->table;
    if (!halt->table)
        out[i] = (int32_t)leaf;
    else if (halt->names)
        begin_server_name(group, i);
    else
        begin_authority(group, i);
}

/* Let a row take its way. */
INLINED void begin_way(const walk_program *program, const walk_columns *columns, row_ways *ways, row_group *group, int i,
                       uint32_t key, int32_t *out) {
    const row_way *way = group->way[i] = way_of(program, columns, ways, key);
    if (way->asks) {
        out[i] = NEEDS_PYTHON;
    } else if (way->by_address) {
        group->slot[i] = slot_at(program, group->number[i], slot_key(way->view.port, way->view.version, 0));
        PREFETCH(group->slot[i]);
        group->is_addressed |= (row_mask)1 << i;
    } else {
        note_step(group, i, &way->halt, way->leaf, out);
    }
}

static inline void begin_http(const walk_program *program, const walk_columns *columns, row_ways *ways, row_group *group,
                              row_mask rows, int32_t *out) {
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows);
        int is_odd = !holds_row(group->has_authority, i) || !see_authority(&group->authority[i], &group->query[i].window);
        if (!holds_row(group->has_path, i))
            group->path[i] = ROOT;
        else
            is_odd |= !is_plain_path(&group->path[i]);
        if (UNLIKELY(is_odd))
            out[i] = NEEDS_PYTHON;
        else
            begin_way(program, columns, ways, group, i, way_key(group, i, 0), out);
    }
}

static inline void begin_tls(const walk_program *program, const walk_columns *columns, row_ways *ways, row_group *group,
                             row_mask rows, int32_t *out) {
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows), is_named = holds_row(group->has_server_name, i) && group->server_name[i].length;
        begin_way(program, columns, ways, group, i, way_key(group, i, is_named), out);
    }
}

static inline void begin_raw(const walk_program *program, const walk_columns *columns, row_ways *ways, row_group *group,
                             row_mask rows, int32_t *out) {
    for (; rows; rows &= rows - 1) {
        int i = lowest_bit(rows);
        begin_way(program, columns, ways, group, i, way_key(group, i, 0), out);
    }
}

/* Find the listener of a row whose address may have one. */
static inline void find_listener_of(const walk_program *program, row_group *group, int i, int32_t *out) {
    const row_way *way = group->way[i];
    uint32_t key = slot_key(way->view.port, way->view.version, 0);
    const walk_slot *slot = find_slot_from(program, group->slot[i], group->number[i], key);
    if (!slot->key && !way->halt.saw_address) {
        note_step(group, i, &way->halt, way->leaf, out);
    } else if (slot->key && slot->leaf != NEEDS_PYTHON) {
        out[i] = (int32_t)slot->leaf;
    } else {
        walk_view view = way->view;
        pending_lookup *halt = &group->own_halt[i];
        view.address = group->number[i];
        int64_t leaf = walk_from(program, &view, slot->key ? slot->listener : way->listener, halt);
        note_step(group, i, halt, leaf, out);
    }
}

/* Bring the rows to their ends whose names are being looked up. */
static inline void end_rows(const walk_program *program, row_group *group, int32_t *out) {
    int32_t found[GROUP];
    name_promises authorities, server_names;
    fetch_records(&group->authorities, group->table, group->query, SUFFIX, &authorities);
    fetch_records(&group->server_names, group->table, group->query, WHOLE, &server_names);
    find_names(&server_names, group->table, group->query, WHOLE, found);
    for (int j = 0; j < group->server_names.count; j++)
        fetch_chain_of_name(group->halt[group->server_names.at[j]], found[group->server_names.at[j]]);
    find_names(&authorities, group->table, group->query, SUFFIX, found);
    for (int j = 0; j < group->authorities.count; j++)
        fetch_answer(group->halt[group->authorities.at[j]], found[group->authorities.at[j]]);
    for (int j = 0; j < group->server_names.count; j++) {
        int i = group->server_names.at[j];
        found[i] = chain_of_name(group->halt[i], &group->way[i]->view, found[i]);
        PREFETCH(&program->chains[group->halt[i]->listener->first_chain + found[i]]);
    }
    for (int j = 0; j < group->authorities.count; j++) {
        int i = group->authorities.at[j];
        out[i] = (int32_t)end_routes(program, &group->way[i]->view, &group->path[i], group->halt[i]->chain, found[i]);
    }
    for (int j = 0; j < group->server_names.count; j++) {
        int i = group->server_names.at[j];
        pending_lookup next; /* TLS is not HTTP: nothing halts again */
        out[i] = (int32_t)follow_chain(group->halt[i]->listener, program, &group->way[i]->view, found[i], &next);
    }
}

/* Write the leaves of *count* rows from *row* on, at most a group. */
static void walk_group(const walk_program *program, const walk_columns *columns, int64_t row, int count, row_ways *ways, int32_t *out) {
    row_group group;
    for (int i = 0; i < count; i++)
        out[i] = NULL_ROW;
    row_mask rows = read_group(columns, row, count, &group);
    rows = read_addresses(columns, rows, &group, out);
    group.is_addressed = 0;
    group.authorities.count = group.server_names.count = 0;
    begin_raw(program, columns, ways, &group, rows & rows_of_kinds(&group, KIND_RAW, KIND_RAW), out);
    begin_http(program, columns, ways, &group, rows & rows_of_kinds(&group, KIND_HTTP, KIND_HTTP10), out);
    begin_tls(program, columns, ways, &group, rows & rows_of_kinds(&group, KIND_TLS, KIND_TLS), out);
    for (row_mask left = group.is_addressed; left; left &= left - 1)
        find_listener_of(program, &group, lowest_bit(left), out);
    end_rows(program, &group, out);
}

/* Return how many of the rows are left open. */
static int64_t walk_rows(const walk_program *program, const walk_columns *columns, int64_t start, int64_t stop, int32_t *out) {
    row_ways ways;
    int64_t open = 0;
    forget_ways(&ways);
    for (int64_t row = start; row < stop; row += GROUP) {
        walk_group(program, columns, row, (int)(stop - row < GROUP ? stop - row : GROUP), &ways, out + row);
        if (UNLIKELY(ways.used > WAYS / 2))
            forget_ways(&ways);
    }
    for (int64_t row = start; row < stop; row++)
        open += out[row] == NEEDS_PYTHON;
    return open;
}

#endif
