/* Memory for tables: zeroed, aligned to cache lines, and in huge pages as far as it fills them: what is fetched in no order
 * waits for the address of its page too, and there are not many addresses that a processor remembers. */
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
    size_t whole = size / HUGE_PAGE * HUGE_PAGE;
    if (posix_memalign(&pages, whole ? HUGE_PAGE : CACHE_LINE, size ? size : 1))
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (whole)
        (void)madvise(pages, whole, MADV_HUGEPAGE); /* advice: to be refused is not a harm */
#endif
    return memset(pages, 0, size);
}

static inline void pages_free(void *pages) { free(pages); }

#endif

#endif
