/* Lines of flat JSON to columns, in C: what stands between the values is taken to be what stood there in the line before,
 * so a key costs a comparison. A line of other keys, order or blanks, or with escapes, is read member by member; what is
 * odd in any other way (objects in objects, numbers with a point, a key twice, no JSON) is left to a callback.
 */
#pragma once
#include "log_columns.h"

#define JSON_NULL 1 /* a field that starts here, and ends before that, is null */

/* A member of the format: its key with the quotes, and the number of its field, or -1 and the text of a constant. */
typedef struct { log_bytes key, constant; int field, is_number; } json_member;
/* What stands before the value of *member*: *size* bytes of the skeleton from *at*. */
typedef struct { size_t at, size; int member; } json_step;
typedef struct json_table json_table;
struct json_table {
    int members; /* 0 where only the callback knows how to read a line */
    json_member *member;
    json_step *step, *other; /* a step for each member, and one for the end; and as many to note those of another line */
    log_block skeleton;
    void *owner;
    uint8_t *seen, *escaped; /* by member */
    log_column *column;
    size_t most, size;
    const uint8_t *data;
    int64_t taken;
    int is_ascii;
    log_rows rows;
    log_block own[COLUMN_ROWS]; /* what a row that was changed, or read by the callback, refers to */
    log_block unread;
    int (*read_odd)(json_table *, const uint8_t *, size_t, uint32_t *); /* 1 for a row, else the reason below */
};
enum { JSON_ROW = 1, JSON_FAILED = 2, JSON_MISSED = 3 }; /* JSON_MISSED and more: that much over a reason */

static inline int json_has(const uint8_t *place, const uint8_t *end, const log_bytes *text) {
    return (size_t)(end - place) >= text->size && memcmp(place, text->bytes, text->size) == 0;
}

/* The quote that ends a string, or NULL where a backslash, a control byte or the end of the line comes first. */
static inline const uint8_t *json_string_end(const uint8_t *place, const uint8_t *end, int *is_ascii) {
    for (; place < end; place += 16) {
        const lane bytes = lane_load(place);
        const lane stops = lane_or(lane_hidden(bytes), lane_or(lane_same(bytes, '"'), lane_same(bytes, '\\')));
        const unsigned bits = lane_bits(stops);
        if (!bits) continue;
        place += lowest_bit(bits);
        while (place < end && *place >= 0x7f) { *is_ascii &= *place < 0x80; place++; }
        if (place < end && *place == '"') return place;
        if (place >= end || *place < 0x20 || *place == '\\') return NULL;
        place -= 16; /* a visible byte behind those from 0x7f on: look on from here */
    }
    return NULL;
}

/* Behind the digits of a whole number, or NULL where there is none. */
static inline const uint8_t *json_number_end(const uint8_t *place, const uint8_t *end) {
    if (place < end && *place == '-') place++;
    const uint8_t *first = place;
    while (place < end && (uint8_t)(*place - '0') < 10) place++;
    /* no zero before other digits, nor behind a sign: that is not a whole number, for who reads JSON */
    return place == first || (*first == '0' && (place > first + 1 || first[-1] == '-')) ? NULL : place;
}

/* Read a value without escapes: its places, and what is behind it; NULL for any other. */
static inline const uint8_t *json_value(const json_member *member, const uint8_t *line, const uint8_t *place,
                                        const uint8_t *end, uint32_t *places, int *is_ascii) {
    const uint8_t *behind;
    if (member->field < 0)
        return json_has(place, end, &member->constant) ? place + member->constant.size : NULL;
    places += 2 * member->field;
    places[0] = (uint32_t)(place - line);
    if (*place == '"' && !member->is_number) {
        behind = json_string_end(place + 1, end, is_ascii);
        if (!behind) return NULL;
        places[0]++;
        places[1] = (uint32_t)(behind - line);
        return behind + 1;
    }
    if (*place == 'n') {
        if (end - place < 4 || memcmp(place, "null", 4)) return NULL;
        places[0] = JSON_NULL;
        places[1] = 0;
        return place + 4;
    }
    if (!member->is_number) return NULL;
    behind = json_number_end(place, end);
    if (behind) places[1] = (uint32_t)(behind - line);
    return behind;
}

/* Read a line that looks like the one before; 0 where it does not. */
static int json_read_alike(const json_table *table, const uint8_t *line, const uint8_t *end, uint32_t *places,
                           int *is_ascii) {
    const uint8_t *place = line;
    for (const json_step *step = table->step, *last = step + table->members;; step++) {
        if ((size_t)(end - place) < step->size || memcmp(place, table->skeleton.bytes + step->at, step->size)) return 0;
        place += step->size;
        if (step == last) return place == end;
        place = json_value(&table->member[step->member], line, place, end, places, is_ascii);
        if (!place) return 0;
    }
}

static inline const uint8_t *json_skip_blanks(const uint8_t *place, const uint8_t *end) {
    while (place < end && (*place == ' ' || *place == '\t' || *place == '\r')) place++;
    return place;
}

/* The end of a string with escapes, which are not looked at; NULL for a control byte or the end of the line. */
static const uint8_t *json_escaped_end(const uint8_t *place, const uint8_t *end, int *is_ascii) {
    for (; place < end && *place >= 0x20; place++) {
        *is_ascii &= *place < 0x80;
        if (*place == '"') return place;
        if (*place == '\\' && ++place < end && *place < 0x20) return NULL;
    }
    return NULL;
}

/* The member whose key stands at *place*, most likely *next*; -1 for none. */
static int json_find_member(const json_table *table, const uint8_t *place, const uint8_t *end, int next) {
    for (int n = 0; n < table->members; n++) {
        const int number = (next + n) % table->members;
        if (json_has(place, end, &table->member[number].key)) return number;
    }
    return -1;
}

/* Read the members of a line in any order, and note what stands between the values; how many have escapes, -1 for an odd
 * line. */
static int json_read_members(json_table *table, const uint8_t *line, const uint8_t *end, uint32_t *places, int *is_ascii) {
    const uint8_t *place = json_skip_blanks(line, end), *behind = line;
    int escapes = 0, last = -1;
    if (place == end || *place != '{') return -1;
    memset(table->seen, 0, (size_t)table->members);
    memset(table->escaped, 0, (size_t)table->members);
    for (int n = 0; n < table->members; n++) {
        place = json_skip_blanks(place + 1, end); /* behind the brace or the comma */
        const int number = json_find_member(table, place, end, last + 1);
        if (number < 0 || table->seen[number]) return -1;
        const json_member *member = &table->member[number];
        last = number;
        table->seen[number] = 1;
        place = json_skip_blanks(place + member->key.size, end);
        if (place == end || *place != ':') return -1;
        place = json_skip_blanks(place + 1, end);
        if (place == end) return -1;
        json_step *step = &table->other[n];
        step->at = (size_t)(behind - line);
        step->size = (size_t)(place - behind);
        step->member = number;
        const uint8_t *value = place;
        place = json_value(member, line, value, end, places, is_ascii);
        if (!place && *value == '"' && member->field >= 0 && !member->is_number
            && (place = json_escaped_end(value + 1, end, is_ascii)) != NULL) {
            places[2 * member->field] = (uint32_t)(value + 1 - line);
            places[2 * member->field + 1] = (uint32_t)(place++ - line);
            table->escaped[number] = 1;
            escapes++;
        }
        if (!place) return -1;
        behind = place;
        place = json_skip_blanks(place, end);
        if (place == end || *place != (n + 1 < table->members ? ',' : '}')) return -1;
    }
    if (json_skip_blanks(place + 1, end) != end) return -1;
    table->other[table->members].at = (size_t)(behind - line);
    table->other[table->members].size = (size_t)(end - behind);
    return escapes;
}

/* Four hexadecimal digits, or -1. */
static int json_hex(const uint8_t *place, const uint8_t *end) {
    int value = 0;
    if (end - place < 4) return -1;
    for (int n = 0; n < 4; n++) {
        const int letter = (place[n] | 0x20) - 'a', digit = place[n] - '0';
        if ((unsigned)digit > 9 && (unsigned)letter > 5) return -1;
        value = value * 16 + ((unsigned)digit <= 9 ? digit : letter + 10);
    }
    return value;
}

/* Write a code point; one of 0x80 to 0xff stands for a byte, as Envoy escapes those of a string that is not UTF-8. */
static uint8_t *json_put(uint8_t *to, int point) {
    if (point < 0x100) { *to++ = (uint8_t)point; return to; }
    if (point < 0x800) {
        *to++ = (uint8_t)(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *to++ = (uint8_t)(0xe0 | point >> 12);
        } else {
            *to++ = (uint8_t)(0xf0 | point >> 18);
            *to++ = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        }
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    }
    *to++ = (uint8_t)(0x80 | (point & 0x3f));
    return to;
}

/* Undo the escapes of a string where it stands; its new end, or NULL for what is not an escape, or half a pair. */
static uint8_t *json_unescape(uint8_t *place, const uint8_t *end) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    uint8_t *to = place;
    while (place < end) {
        if (*place != '\\') { *to++ = *place++; continue; }
        if (++place == end) return NULL;
        const char *name = *place ? strchr(names, *place) : NULL;
        if (name) { *to++ = (uint8_t)values[name - names]; place++; continue; }
        int point = *place == 'u' ? json_hex(place + 1, end) : -1;
        if (point < 0 || (point & 0xfc00) == 0xdc00) return NULL;
        place += 5;
        if ((point & 0xfc00) == 0xd800) {
            const int low = end - place > 5 && place[0] == '\\' && place[1] == 'u' ? json_hex(place + 2, end) : -1;
            if (low < 0 || (low & 0xfc00) != 0xdc00) return NULL;
            point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
            place += 6;
        }
        to = json_put(to, point);
    }
    return to;
}

/* Take the steps of a line for those of the next one. */
static int json_keep_steps(json_table *table, const uint8_t *line, size_t size) {
    json_step *steps = table->other;
    table->other = table->step;
    table->step = steps;
    table->skeleton.used = 0;
    if (log_grow(&table->skeleton, size, size)) return JSON_FAILED;
    memcpy(table->skeleton.bytes, line, size);
    return 0;
}

/* Read a line that does not look like the one before: JSON_ROW, JSON_FAILED, or 0 for an odd line. */
static int json_read_other(json_table *table, const uint8_t *line, size_t size, uint32_t *places, int *is_ascii) {
    const int row = table->rows.waiting, escapes = json_read_members(table, line, line + size, places, is_ascii);
    log_block *own = &table->own[row];
    if (escapes < 0) return 0;
    if (json_keep_steps(table, line, size)) return JSON_FAILED;
    if (!escapes) return JSON_ROW;
    own->used = 0;
    if (log_grow(own, size, size)) return JSON_FAILED;
    memcpy(own->bytes, line, size);
    for (int n = 0; n < table->members; n++) {
        if (!table->escaped[n]) continue;
        uint32_t *place = places + 2 * table->member[n].field;
        const uint8_t *behind = json_unescape(own->bytes + place[0], own->bytes + place[1]);
        if (!behind) return 0;
        place[1] = (uint32_t)(behind - own->bytes);
        *is_ascii &= log_is_ascii(own->bytes + place[0], behind);
    }
    table->rows.line[row] = own->bytes;
    return JSON_ROW;
}

static int json_take(json_table *table, size_t done) {
    table->taken += table->rows.waiting;
    return log_take(table->column, &table->rows, (double)(table->size - done) / (double)(done + 1) * 64 / 60);
}

/* Read one line, from *first* in the data: 0, or JSON_FAILED. */
static int json_read_line(json_table *table, const uint8_t *line, size_t size, size_t first) {
    log_rows *rows = &table->rows;
    const int row = rows->waiting;
    uint32_t *places = rows->places + 2 * (size_t)rows->fields * (size_t)row;
    int read = JSON_MISSED + UNREAD_TOO_LONG, is_ascii = 1;
    rows->line[row] = line;
    if (size <= table->most) {
        read = table->members && json_read_alike(table, line, line + size, places, &is_ascii);
        if (!read && table->members) read = json_read_other(table, line, size, places, &is_ascii);
        if (!read) {
            read = table->read_odd(table, line, size, places);
            is_ascii = log_is_ascii(table->own[row].bytes, table->own[row].bytes + table->own[row].used);
        }
    }
    if (read == JSON_FAILED) return JSON_FAILED;
    if (read != JSON_ROW) return log_miss(&table->unread, first, first + size, read - JSON_MISSED) ? JSON_FAILED : 0;
    table->is_ascii &= is_ascii;
    rows->waiting++;
    rows->bytes += rows->line[row] == line ? size : table->own[row].used + size;
    return rows->waiting == COLUMN_ROWS && json_take(table, first + size) ? JSON_FAILED : 0;
}

/* Read the lines from *data* up to *end*, behind which LOG_PADDING bytes can be read; *first* is the place of *data*. */
static int json_read_lines(void *table, const uint8_t *data, const uint8_t *end, size_t first) {
    const uint8_t *next;
    for (const uint8_t *line = data; line < end; line = next + 1) {
        next = (const uint8_t *)memchr(line, '\n', (size_t)(end - line));
        if (!next) next = end;
        if (log_is_blank(line, next)) continue;
        if (json_read_line((json_table *)table, line, (size_t)(next - line), first + (size_t)(line - data))) return JSON_FAILED;
    }
    return 0;
}

static int json_take_rest(void *all) {
    json_table *const table = (json_table *)all;
    return table->rows.waiting && json_take(table, table->size);
}

static int json_read_table(json_table *table) {
    table->is_ascii = 1;
    if (!table->size) return 0; /* then its data may have no place at all */
    if (log_read_all(table, table->data, table->size, json_read_lines, json_take_rest)) return JSON_FAILED;
    log_end(table->column, table->rows.fields, table->taken);
    return 0;
}
