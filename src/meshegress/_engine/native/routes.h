/* The first route of a virtual host whose conditions hold, as far as the path alone tells.
 *
 * A route that asks for headers, for parameters, or by a regular expression is for the readable walk to judge, unless
 * the path has passed it over.
 */
#ifndef MESHEGRESS_ROUTES_H
#define MESHEGRESS_ROUTES_H

#include <string.h>

#include "names.h"
#include "text.h"

enum { ROUTE_MISSES = -1, NEEDS_PYTHON = -2 };
enum { PATH_EXACT, PATH_PREFIX, PATH_REGEX, PATH_PRESENT, EVERY_PATH };

typedef struct {
    const uint8_t *path; /* in lower case where case plays no part */
    uint32_t length;
    int32_t leaf;
    uint8_t kind, ignores_case;
    uint8_t asks; /* for more than a path */
} route_row;

typedef struct {
    const route_row *rows;
    size_t count;
} route_list;

static inline int is_path(const route_row *route, const uint8_t *text, size_t length) {
    if (route->kind >= PATH_PRESENT)
        return 1;
    if (route->kind == PATH_EXACT ? length != route->length : length < route->length)
        return 0;
    if (!route->ignores_case)
        return !memcmp(text, route->path, route->length);
    for (uint32_t i = 0; i < route->length; i++)
        if (folded(text[i]) != route->path[i])
            return 0;
    return 1;
}

static inline int has_double_slash(const uint8_t *text, size_t length) {
    for (size_t i = 1; i < length; i++)
        if (text[i] == '/' && text[i - 1] == '/')
            return 1;
    return 0;
}

/* Return the leaf of the first route that takes a target, ROUTE_MISSES or NEEDS_PYTHON. */
static inline int32_t first_route(const route_list *list, const text_span *target, int merges_slashes) {
    size_t length = 0;
    while (length < target->length && target->text[length] != '?' && target->text[length] != '#')
        length++;
    if (merges_slashes && has_double_slash(target->text, length))
        return NEEDS_PYTHON;
    for (const route_row *route = list->rows; route < list->rows + list->count; route++) {
        if (route->kind == PATH_REGEX)
            return NEEDS_PYTHON;
        if (is_path(route, target->text, length))
            return route->asks ? NEEDS_PYTHON : route->leaf;
    }
    return ROUTE_MISSES;
}

#endif
