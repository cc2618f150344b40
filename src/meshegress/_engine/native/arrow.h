/* The values of Arrow columns, where they stand: numbers, and text in any layout; many rows at once.
 *
 * What is read of rows is a mask of those that hold a value; the others are not written.
 * Source: https://arrow.apache.org/docs/format/Columnar.html
 */
#ifndef MESHEGRESS_ARROW_H
#define MESHEGRESS_ARROW_H

#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { HOLDS_NOTHING, HOLDS_NARROW, HOLDS_WIDE, HOLDS_VIEWS, HOLDS_NUMBERS };
enum { GROUP = 64 }; /* rows are read so many at once: not more than a batch of look-ups */

/* Where the values of a column stand; `width` is the size of a number, negative where it is signed. A column of indexes
 * has the column of its values in `values`. */
typedef struct column_of_arrow {
    const struct column_of_arrow *values;
    const uint8_t *valid, *data;
    const uint8_t *const *buffers;
    int64_t offset, length;
    int holds, width;
} arrow_column;

typedef uint64_t row_mask; /* bit i: row i of a group */

static inline int holds_row(row_mask rows, int i) { return rows >> i & 1; }

static inline row_mask valid_rows(const arrow_column *column, int64_t row, int count) {
    const row_mask all = ~(row_mask)0 >> (GROUP - count);
    if (column->holds == HOLDS_NOTHING)
        return 0;
    if (!column->valid)
        return all;
    int64_t place = column->offset + row;
    const uint8_t *bytes = column->valid + (place >> 3);
    int skipped = (int)(place & 7);
    row_mask rows = bytes[0] >> skipped;
    for (int i = 1; 8 * i < skipped + count; i++)
        rows |= (row_mask)bytes[i] << (8 * i - skipped);
    return rows & all;
}

#define NUMBERS_OF(type)                                                              \
    do {                                                                              \
        const uint8_t *at = column->data + (column->offset + row) * (int64_t)sizeof(type); \
        for (int i = 0; i < count; i++) {                                             \
            type number;                                                              \
            memcpy(&number, at + i * sizeof number, sizeof number);                   \
            numbers[i] = (int64_t)number;                                             \
        }                                                                             \
    } while (0)

/* Read the numbers themselves, indexes where the column has a dictionary. */
static inline row_mask read_plain_numbers(const arrow_column *column, int64_t row, int count, int64_t *numbers) {
    row_mask rows = valid_rows(column, row, count);
    if (!rows)
        return 0;
    switch (column->width) {
    case 1: NUMBERS_OF(uint8_t); break;
    case -1: NUMBERS_OF(int8_t); break;
    case 2: NUMBERS_OF(uint16_t); break;
    case -2: NUMBERS_OF(int16_t); break;
    case 4: NUMBERS_OF(uint32_t); break;
    case -4: NUMBERS_OF(int32_t); break;
    default: NUMBERS_OF(int64_t); /* a number from 2**63 on becomes negative, and no port either */
    }
    return rows;
}

static row_mask read_indexed_numbers(const arrow_column *column, int64_t row, int count, int64_t *numbers) {
    int64_t indexes[GROUP];
    row_mask found = 0, rows = read_plain_numbers(column, row, count, indexes);
    for (int i = 0; i < count; i++)
        if (holds_row(rows, i))
            found |= read_plain_numbers(column->values, indexes[i], 1, &numbers[i]) << i;
    return found;
}

static inline row_mask read_numbers(const arrow_column *column, int64_t row, int count, int64_t *numbers) {
    return column->values ? read_indexed_numbers(column, row, count, numbers)
                          : read_plain_numbers(column, row, count, numbers);
}

static inline void read_view(const arrow_column *column, int64_t place, text_span *text) {
    const uint8_t *view = column->data + 16 * place;
    int32_t part[4]; /* length, four bytes of the text, buffer, offset; or the text instead of the last three */
    memcpy(part, view, 16);
    int is_inside = part[0] <= 12;
    text->text = is_inside ? view + 4 : column->buffers[2 + part[2]] + part[3];
    text->length = (size_t)part[0];
    text->readable = (size_t)(is_inside ? 16 * place + 4 : part[3]);
}

#define TEXTS_OF(type)                                                            \
    do {                                                                          \
        const uint8_t *at = column->data + (column->offset + row) * (int64_t)sizeof(type), *text = column->buffers[2]; \
        type begin, end;                                                          \
        memcpy(&begin, at, sizeof begin);                                         \
        for (int i = 0; i < count; i++, begin = end) {                            \
            memcpy(&end, at + (i + 1) * sizeof end, sizeof end);                  \
            texts[i].text = text + begin;                                         \
            texts[i].length = (size_t)(end - begin);                              \
            texts[i].readable = (size_t)begin;                                    \
        }                                                                         \
    } while (0)

static inline row_mask read_plain_texts(const arrow_column *column, int64_t row, int count, text_span *texts) {
    row_mask rows = valid_rows(column, row, count);
    if (!rows)
        return 0;
    if (column->holds == HOLDS_NARROW)
        TEXTS_OF(int32_t);
    else if (column->holds == HOLDS_WIDE)
        TEXTS_OF(int64_t);
    else
        for (int i = 0; i < count; i++)
            if (holds_row(rows, i)) /* what stands in other views may be anything */
                read_view(column, column->offset + row + i, &texts[i]);
    return rows;
}

static row_mask read_indexed_texts(const arrow_column *column, int64_t row, int count, text_span *texts) {
    int64_t indexes[GROUP];
    row_mask found = 0, rows = read_plain_numbers(column, row, count, indexes);
    for (int i = 0; i < count; i++)
        if (holds_row(rows, i))
            found |= read_plain_texts(column->values, indexes[i], 1, &texts[i]) << i;
    return found;
}

static inline row_mask read_texts(const arrow_column *column, int64_t row, int count, text_span *texts) {
    return column->values ? read_indexed_texts(column, row, count, texts) : read_plain_texts(column, row, count, texts);
}

#endif
