/* Is there anything odd in an authority or a path? Most have letters, digits, dots, dashes and slashes alone. */
#ifndef MESHEGRESS_PLAIN_H
#define MESHEGRESS_PLAIN_H

#include <string.h>

#include "names.h"
#include "text.h"

/* Which bytes stand in an authority, and which in a path that nothing is done to: bit 0 and bit 1. */
enum { IN_AUTHORITY = 1, IN_PATH = 2 };
static uint8_t plain_bytes[256];

static void fill_plain_bytes(void) {
    for (int byte = '!'; byte <= '~'; byte++) {
        if (!strchr("\"#/<>?\\^`{|}@", byte))
            plain_bytes[byte] |= IN_AUTHORITY;
        if (!strchr("\"#<>\\`{}%", byte))
            plain_bytes[byte] |= IN_PATH;
    }
}

static inline int all_plain(const uint8_t *text, size_t length, uint8_t where) {
    uint8_t all = where;
    for (size_t i = 0; i < length; i++)
        all &= plain_bytes[text[i]];
    return all != 0;
}

/* Return which bytes of a folded lane are letters, digits, dots, dashes and colons. */
static inline unsigned host_bytes(lane a) {
    return lane_bits(lane_or(lane_or(lane_between(a, 'a', 'z'), lane_between(a, '0', ':')), lane_between(a, '-', '.')));
}

/* Load the window of an authority; return 0 where there is anything odd in it. */
static inline int see_authority(const text_span *authority, name_window *window) {
    size_t length = authority->length;
    window_load(window, authority->text, length, authority->readable);
    if (length && length <= WINDOW) {
        uint64_t found = (uint64_t)host_bytes(window->part[2]) << 32 | (uint64_t)host_bytes(window->part[3]) << 48;
        if (length > NARROW)
            found |= host_bytes(window->part[0]) | (uint64_t)host_bytes(window->part[1]) << 16;
        if (!(~found & ~0ull << (WINDOW - length)))
            return 1;
    }
    return all_plain(authority->text, length, IN_AUTHORITY);
}

/* Return which bytes of a folded lane are such as most paths have. */
static inline unsigned path_bytes(lane a) {
    lane delimiters = lane_or(lane_or(lane_same(a, '_'), lane_same(a, '=')), lane_or(lane_same(a, '?'), lane_same(a, '&')));
    return lane_bits(lane_or(delimiters, lane_or(lane_between(a, 'a', 'z'), lane_between(a, ',', ';'))));
}

/* Is a path one that normalisation leaves as it is? */
static inline int is_plain_path(const text_span *path) {
    unsigned slashes = 0; /* of this lane, and bit 0: the last byte before it */
    if (!path->length || path->text[0] != '/')
        return 0;
    for (size_t at = 0; at < path->length; at += 16) {
        size_t left = path->length - at;
        uint8_t copy[16];
        const uint8_t *text = path->text + at;
        if (left < 16)
            text = memcpy(memset(copy, 'a', sizeof copy), text, left);
        lane part = lane_load(text);
        if (path_bytes(lane_fold(part)) != 0xffff && !all_plain(text, 16, IN_PATH))
            return 0;
        slashes = slashes >> 16 | lane_equal(part, '/') << 1;
        if (slashes & lane_equal(part, '.'))
            return 0;
    }
    return 1;
}

#endif
