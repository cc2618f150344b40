/* The walk over columns: rows of Arrow buffers in, numbers of leaves out, sixteen at a time.
 *
 * A row becomes the view that a request of its values would have packed, as long as nothing in it is odd; what is odd,
 * or needs Python, is left to the caller as WALK_ASKS. The names of sixteen rows are looked up step by step, so that
 * memory for all of them is on its way at once.
 */
#ifndef MESHEGRESS_COLUMNS_H
#define MESHEGRESS_COLUMNS_H

#include "_walk.h"

enum { NULL_ROW = -1, GROUP = 16 };
enum { HOLDS_NOTHING, HOLDS_NARROW, HOLDS_WIDE, HOLDS_VIEWS, HOLDS_NUMBERS };
enum { KIND_HTTP, KIND_HTTP2, KIND_HTTP10, KIND_TLS, KIND_RAW, KIND_NONE };

/* Where the values of a column stand; `width` is the size of a number, negative where it is signed. A column of indexes
 * has the column of its values in `values`. */
typedef struct column_of_arrow {
    const struct column_of_arrow *values;
    const uint8_t *valid, *data;
    const uint8_t *const *buffers;
    int64_t offset, length;
    int holds, width;
} arrow_column;

/* What rows are made of; a column that is not there holds nothing. `kinds` has the kind of each value of a dictionary. */
typedef struct {
    arrow_column address, port, kind, authority, server_name, path;
    const uint8_t *kinds, *careful, *unknown; /* bits: ports that are asked for, ports that are where no address is */
    int64_t kind_count;
    ip_number free_address;
    uint8_t free_version;
} walk_columns;

static inline int is_valid(const arrow_column *column, int64_t row) {
    if (column->holds == HOLDS_NOTHING)
        return 0;
    int64_t place = column->offset + row;
    return !column->valid || (column->valid[place >> 3] >> (place & 7) & 1);
}

static inline int64_t number_in(const arrow_column *column, int64_t row) {
    const uint8_t *at = column->data + (column->offset + row) * abs(column->width);
    int64_t wide;
    int32_t narrow;
    int16_t half;
    switch (column->width) {
    case 1: return *at;
    case -1: return (int8_t)*at;
    case 2: return memcpy(&half, at, 2), (uint16_t)half;
    case -2: return memcpy(&half, at, 2), half;
    case 4: return memcpy(&narrow, at, 4), (uint32_t)narrow;
    case -4: return memcpy(&narrow, at, 4), narrow;
    default: return memcpy(&wide, at, 8), wide;
    }
}

/* Return whether there is a number in the row. */
static inline int read_number(const arrow_column *column, int64_t row, int64_t *number) {
    for (; column->values; column = column->values) {
        if (!is_valid(column, row))
            return 0;
        row = number_in(column, row);
    }
    return is_valid(column, row) && (*number = number_in(column, row), 1);
}

/* Return whether there is a text in the row. */
static inline int read_text(const arrow_column *column, int64_t row, walk_text *text) {
    for (; column->values; column = column->values) {
        if (!is_valid(column, row))
            return 0;
        row = number_in(column, row);
    }
    if (!is_valid(column, row))
        return 0;
    int64_t place = column->offset + row, start, end;
    if (column->holds == HOLDS_VIEWS) {
        const uint8_t *view = column->data + 16 * place;
        int32_t part[4];
        memcpy(part, view, 16);
        text->length = (size_t)part[0];
        text->text = part[0] <= 12 ? view + 4 : column->buffers[2 + part[2]] + part[3];
        text->readable = part[0] <= 12 ? 4 : (size_t)part[3];
        return 1;
    }
    if (column->holds == HOLDS_NARROW) {
        int32_t bounds[2];
        memcpy(bounds, column->data + 4 * place, 8);
        start = bounds[0], end = bounds[1];
    } else {
        int64_t bounds[2];
        memcpy(bounds, column->data + 8 * place, 16);
        start = bounds[0], end = bounds[1];
    }
    text->text = column->buffers[2] + start;
    text->length = (size_t)(end - start);
    text->readable = (size_t)start;
    return 1;
}

/* Which bytes stand in an authority, and which in a path that nothing is done to: bit 0 and bit 1. */
static uint8_t plain_bytes[256];

static void fill_plain_bytes(void) {
    for (int byte = '!'; byte <= '~'; byte++) {
        if (!strchr("\"#/<>?\\^`{|}@", byte))
            plain_bytes[byte] |= 1;
        if (!strchr("\"#<>\\`{}%", byte))
            plain_bytes[byte] |= 2;
    }
}

/* Are sixteen bytes letters, digits, dots, dashes and colons? Written so that compilers do all at once. */
static inline int are_ordinary(const uint8_t *text) {
    uint8_t odd = 0;
    for (int i = 0; i < 16; i++) {
        uint8_t byte = text[i];
        odd |= (uint8_t)(((uint8_t)((byte | 32) - 'a') > 25) & ((uint8_t)(byte - '0') > 10) & ((uint8_t)(byte - '-') > 1));
    }
    return !odd;
}

static inline int all_plain(const walk_text *text, uint8_t bit) {
    size_t done = 0;
    while (done + 16 <= text->length && are_ordinary(text->text + done))
        done += 16;
    if (text->length >= 16 && done + 16 > text->length && are_ordinary(text->text + text->length - 16))
        return 1;
    uint8_t all = bit;
    for (size_t i = done; i < text->length; i++)
        all &= plain_bytes[text->text[i]];
    return all != 0;
}

/* Is a path one that normalisation leaves as it is? */
static inline int is_plain_path(const walk_text *path) {
    if (!path->length || path->text[0] != '/' || !all_plain(path, 2))
        return 0;
    for (size_t i = 1; i < path->length; i++)
        if (path->text[i] == '.' && path->text[i - 1] == '/')
            return 0;
    return 1;
}

static inline int kind_named(const walk_text *text) {
    static const char *const names[] = {"http", "http2", "http1.0", "tls", "raw", "https", "tcp"};
    static const uint8_t kinds[] = {KIND_HTTP, KIND_HTTP2, KIND_HTTP10, KIND_TLS, KIND_RAW, KIND_TLS, KIND_RAW};
    for (size_t i = 0; i < sizeof kinds; i++)
        if (strlen(names[i]) == text->length && !memcmp(names[i], text->text, text->length))
            return kinds[i];
    return KIND_NONE;
}

static inline int kind_of(const walk_columns *columns, int64_t row) {
    walk_text text;
    if (columns->kinds && columns->kind.values) {
        if (!is_valid(&columns->kind, row))
            return KIND_NONE;
        int64_t value = number_in(&columns->kind, row);
        return value >= 0 && value < columns->kind_count ? columns->kinds[value] : KIND_NONE;
    }
    return read_text(&columns->kind, row, &text) ? kind_named(&text) : KIND_NONE;
}

static inline int has_bit(const uint8_t *bits, int64_t port) {
    return bits[port >> 3] >> (port & 7) & 1;
}

/* Let *view* be what is seen of the row; return 0, NULL_ROW where it is no request, or WALK_ASKS. */
static inline int see_destination(const walk_columns *columns, int64_t row, walk_view *view) {
    walk_text address;
    int64_t port;
    if (!read_number(&columns->port, row, &port) || port < 1 || port > 65535)
        return NULL_ROW;
    view->port = (uint16_t)port;
    if (has_bit(columns->careful, port))
        return WALK_ASKS;
    if (read_text(&columns->address, row, &address)) {
        view->version = (uint8_t)parse_address(address.text, address.length, &view->address);
        return view->version ? 0 : NULL_ROW;
    }
    view->address = columns->free_address;
    view->version = columns->free_version;
    view->is_nowhere = 1;
    return has_bit(columns->unknown, port) ? WALK_ASKS : 0;
}

/* See *view* as what a kind of client says; return 0 or WALK_ASKS. */
static inline int see_words(const walk_columns *columns, int64_t row, int kind, walk_view *view) {
    static const uint8_t seen[] = {1, 3, 2, 0, 0}; /* HttpVerdict of each kind */
    walk_text path;
    view->http = seen[kind];
    view->tls = kind == KIND_TLS;
    view->codec_error = kind >= KIND_TLS ? 2 : 0; /* CodecError.BAD_BYTES */
    view->is_http_10 = kind == KIND_HTTP10;
    if (kind == KIND_TLS && !read_text(&columns->server_name, row, &view->server_name))
        view->server_name.length = 0;
    if (kind >= KIND_TLS)
        return 0;
    if (!read_text(&columns->authority, row, &view->authority) || !all_plain(&view->authority, 1))
        return WALK_ASKS;
    return read_text(&columns->path, row, &path) && !is_plain_path(&path) ? WALK_ASKS : 0;
}

static inline int see_row(const walk_columns *columns, int64_t row, walk_view *view) {
    int kind = kind_of(columns, row), refusal = see_destination(columns, row, view);
    if (kind == KIND_NONE)
        return NULL_ROW;
    int words = refusal == NULL_ROW ? 0 : see_words(columns, row, kind, view);
    return refusal ? refusal : words;
}

/* Write the leaves of the rows from *row* on, at most sixteen. */
static inline void walk_group(const walk_program *program, const walk_columns *columns, int64_t row, int count, int32_t *out) {
    walk_view views[GROUP];
    walk_halt halts[GROUP];
    name_query queries[GROUP];
    int halted[GROUP], stepped[GROUP], halts_count = 0, steps_count = 0;
    memset(views, 0, sizeof views);
    for (int i = 0; i < count; i++) {
        int refusal = see_row(columns, row + i, &views[i]);
        halts[i].table = NULL;
        out[i] = refusal ? refusal : (int32_t)walk_begin(program, &views[i], &halts[i]);
        if (!halts[i].table)
            continue;
        const walk_text *name = &halts[i].text;
        query_begin(halts[i].table, &queries[i], halts[i].names ? WHOLE : SUFFIX, name->text, name->length, name->readable);
        fetch_bucket(halts[i].table, &queries[i]);
        halted[halts_count++] = i;
    }
    for (int j = 0; j < halts_count; j++) {
        int i = stepped[steps_count] = halted[j];
        steps_count += fetch_next(halts[i].table, &queries[i], halts[i].names ? WHOLE : SUFFIX);
    }
    for (int j = 0; j < steps_count; j++) {
        int i = stepped[j];
        fetch_next(halts[i].table, &queries[i], halts[i].names ? WHOLE : SUFFIX);
    }
    for (int j = 0; j < halts_count; j++) {
        int i = halted[j];
        int32_t found = query_answer(halts[i].table, &queries[i], halts[i].names ? WHOLE : SUFFIX);
        out[i] = (int32_t)walk_end(program, &views[i], &halts[i], found);
    }
}

/* Return how many of the rows are left open. */
static int64_t walk_rows(const walk_program *program, const walk_columns *columns, int64_t start, int64_t stop, int32_t *out) {
    for (int64_t row = start; row < stop; row += GROUP)
        walk_group(program, columns, row, (int)(stop - row < GROUP ? stop - row : GROUP), out + row);
    int64_t open = 0;
    for (int64_t row = start; row < stop; row++)
        open += out[row] == WALK_ASKS;
    return open;
}

#endif
