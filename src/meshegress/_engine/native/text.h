/* A text that is somebody else's, as UTF-8. */
#ifndef MESHEGRESS_TEXT_H
#define MESHEGRESS_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *text;
    size_t length;
    size_t readable; /* how many bytes before it may be read; what stands there plays no part */
} text_span;

#endif
