/* Memory for tables: zeroed, aligned to cache lines, and in huge pages where a table is large enough to gain by them. */
#ifndef MESHEGRESS_PAGES_H
#define MESHEGRESS_PAGES_H

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

#if defined(_WIN32)

#include <malloc.h>

static inline void *pages_allocate(size_t size) {
    void *pages = _aligned_malloc(size, CACHE_LINE);
    return pages ? memset(pages, 0, size) : NULL;
}

static inline void pages_free(void *pages) { _aligned_free(pages); }

#else

#include <sys/mman.h>

static inline void *pages_allocate(size_t size) {
    void *pages = NULL;
    int is_large = size >= 2 * HUGE_PAGE;
    if (posix_memalign(&pages, is_large ? HUGE_PAGE : CACHE_LINE, size))
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (is_large)
        (void)madvise(pages, size, MADV_HUGEPAGE); /* advice: to be refused is no harm */
#endif
    return memset(pages, 0, size);
}

static inline void pages_free(void *pages) { free(pages); }

#endif

#endif
