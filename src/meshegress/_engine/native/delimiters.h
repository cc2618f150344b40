/* The places of two bytes in a line, its delimiters, listed in one sweep that also finds its end.
 *
 * Sixty-four bytes at a time give words with a bit for each of them. Where the machine can, sixteen places are written at
 * once: to write too many costs less than to guess how many there are.
 */
#pragma once
#include "simd.h"

enum { MOST_MARKS = 1024 };

typedef struct {
    uint32_t size;       /* of the line */
    uint32_t count;      /* of its delimiters */
    uint8_t is_visible;  /* nothing but visible ASCII, and no more than MOST_MARKS of it are delimiters */
    uint32_t place[MOST_MARKS + 2 * 64]; /* of each mark, then the end of the line */
} line_delimiters;

typedef struct {
    uint8_t one, other;
} mark_pair;

typedef struct {
    uint64_t delimiters, newlines, hidden;
} block_bits;

static inline block_bits block_of(const uint8_t *bytes, mark_pair pair) {
    block_bits found = {0, 0, 0};
    for (int n = 0; n < 64; n += 16) {
        const lane some = lane_load(bytes + n);
        found.delimiters |= (uint64_t)lane_bits(lane_or(lane_same(some, pair.one), lane_same(some, pair.other))) << n;
        found.newlines |= (uint64_t)lane_equal(some, '\n') << n;
        found.hidden |= (uint64_t)lane_bits(lane_hidden(some)) << n;
    }
    return found;
}

static inline uint32_t list_block(uint32_t *place, uint64_t bits, uint32_t at) {
    uint32_t count = 0;
    for (; bits; bits &= bits - 1) place[count++] = at + (uint32_t)lowest_bit(bits);
    return count;
}

/* List the delimiters up to a newline, or up to *most* bytes. Reads up to sixty-three bytes behind these. */
#define MARKS_FIND(block_of, list_block)                                                                   \
    uint64_t hidden = 0, ends;                                                                             \
    uint32_t count = 0, at = 0;                                                                            \
    do {                                                                                                   \
        const block_bits found = block_of(line + at, pair);                                                \
        ends = found.newlines | (most - at < 64 ? (uint64_t)1 << (most - at) : 0);                         \
        const uint64_t known = (ends & (0 - ends)) - 1; /* what is before the first end */                 \
        hidden |= found.hidden & known;                                                                    \
        count += list_block(delimiters->place + count, found.delimiters & known, at);                                \
        if (UNLIKELY(count > MOST_MARKS)) hidden = 1, count = 0;                                           \
        at += 64;                                                                                          \
    } while (!ends);                                                                                       \
    delimiters->size = at - 64 + (uint32_t)lowest_bit(ends);                                                    \
    delimiters->count = count;                                                                                  \
    delimiters->is_visible = !hidden;                                                                           \
    delimiters->place[count] = delimiters->size

typedef void delimiters_finder(const uint8_t *line, size_t most, mark_pair pair, line_delimiters *delimiters);

static void find_delimiters(const uint8_t *line, size_t most, mark_pair pair, line_delimiters *delimiters) {
    MARKS_FIND(block_of, list_block);
}

#if defined(LANES_CAN_WIDEN)

WIDE inline block_bits block_of_wide(const uint8_t *bytes, mark_pair pair) {
    block_bits found = {0, 0, 0};
    for (int n = 0; n < 64; n += 32) {
        const __m256i some = _mm256_loadu_si256((const __m256i *)(bytes + n));
        const __m256i delimiters = _mm256_or_si256(_mm256_cmpeq_epi8(some, _mm256_set1_epi8((char)pair.one)),
                                              _mm256_cmpeq_epi8(some, _mm256_set1_epi8((char)pair.other)));
        const __m256i newlines = _mm256_cmpeq_epi8(some, _mm256_set1_epi8('\n'));
        const __m256i hidden = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_add_epi8(some, _mm256_set1_epi8(1)));
        found.delimiters |= (uint64_t)(uint32_t)_mm256_movemask_epi8(delimiters) << n;
        found.newlines |= (uint64_t)(uint32_t)_mm256_movemask_epi8(newlines) << n;
        found.hidden |= (uint64_t)(uint32_t)_mm256_movemask_epi8(hidden) << n;
    }
    return found;
}

WIDE inline uint64_t list_four_wide(uint32_t *place, uint64_t bits, uint32_t at) {
    place[0] = at + (uint32_t)_tzcnt_u64(bits);
    bits = _blsr_u64(bits);
    place[1] = at + (uint32_t)_tzcnt_u64(bits);
    bits = _blsr_u64(bits);
    place[2] = at + (uint32_t)_tzcnt_u64(bits);
    bits = _blsr_u64(bits);
    place[3] = at + (uint32_t)_tzcnt_u64(bits);
    return _blsr_u64(bits);
}

WIDE inline uint32_t list_block_wide(uint32_t *place, uint64_t bits, uint32_t at) {
    const uint32_t count = (uint32_t)_mm_popcnt_u64(bits);
    do {
        for (int n = 0; n < 16; n += 4, place += 4) bits = list_four_wide(place, bits, at);
    } while (UNLIKELY(bits));
    return count;
}

WIDE void find_delimiters_wide(const uint8_t *line, size_t most, mark_pair pair, line_delimiters *delimiters) {
    MARKS_FIND(block_of_wide, list_block_wide);
}

WIDEST inline block_bits block_of_widest(const uint8_t *bytes, mark_pair pair) {
    const __m512i some = _mm512_loadu_si512(bytes);
    const uint64_t delimiters = _mm512_cmpeq_epi8_mask(some, _mm512_set1_epi8((char)pair.one))
                           | _mm512_cmpeq_epi8_mask(some, _mm512_set1_epi8((char)pair.other));
    const __m512i above = _mm512_sub_epi8(some, _mm512_set1_epi8(0x20));
    const uint64_t hidden = _mm512_cmpge_epu8_mask(above, _mm512_set1_epi8(0x5f));
    return (block_bits){delimiters, _mm512_cmpeq_epi8_mask(some, _mm512_set1_epi8('\n')), hidden};
}

WIDEST inline uint32_t list_block_widest(uint32_t *place, uint64_t bits, uint32_t at) {
    static const uint8_t numbers[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const int count = (int)_mm_popcnt_u64(bits);
    __m512i left = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
    for (int n = 0; n < count; n += 16) {
        const __m512i sixteen = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(left));
        _mm512_storeu_si512(place + n, _mm512_add_epi32(sixteen, _mm512_set1_epi32((int)at)));
        left = _mm512_alignr_epi64(left, left, 2);
    }
    return (uint32_t)count;
}

WIDEST void find_delimiters_widest(const uint8_t *line, size_t most, mark_pair pair, line_delimiters *delimiters) {
    MARKS_FIND(block_of_widest, list_block_widest);
}

#endif

/* What finds delimiters on this machine. */
static inline delimiters_finder *delimiters_finder_of(int width) {
#if defined(LANES_CAN_WIDEN)
    if (width) return width > 1 ? find_delimiters_widest : find_delimiters_wide;
#endif
    (void)width;
    return find_delimiters;
}
