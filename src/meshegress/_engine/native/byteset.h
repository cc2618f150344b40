/* Sets of bytes below 0x80, in which thirty-two bytes are looked up at once where the machine can. */
#pragma once
#include "simd.h"

/* Bit *h* of row *l* stands for the byte 0x*hl*. */
typedef struct {
    uint8_t row[16];
} byte_set;

static inline void set_add(byte_set *set, uint8_t byte) { set->row[byte & 15] |= (uint8_t)(1 << (byte >> 4)); }

/* Thirty-two bits, of which the lowest that is set stands for the first byte that is not in the set. */
#if defined(LANES_ARE_NEON)
static inline uint32_t set_misses(const byte_set *set, const uint8_t *bytes) {
    static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint32_t misses = 0;
    for (int n = 0; n < 32; n += 16) {
        const lane some = lane_load(bytes + n), rows = vqtbl1q_u8(lane_load(set->row), vandq_u8(some, vdupq_n_u8(15)));
        misses |= (uint32_t)lane_equal(lane_and(rows, vqtbl1q_u8(lane_load(bit), vshrq_n_u8(some, 4))), 0) << n;
    }
    return misses;
}
#else
static inline uint32_t set_misses(const byte_set *set, const uint8_t *bytes) {
    for (int n = 0; n < 32; n++)
        if (bytes[n] >= 0x80 || !(set->row[bytes[n] & 15] >> (bytes[n] >> 4) & 1)) return (uint32_t)1 << n;
    return 0;
}
#endif

#if defined(LANES_CAN_WIDEN)
WIDE inline uint32_t set_misses_wide(const byte_set *set, const uint8_t *bytes) {
    const __m256i bit = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0,
                                         1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i rows = _mm256_broadcastsi128_si256(lane_load(set->row)), all = _mm256_loadu_si256((const __m256i *)bytes);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(all, 4), _mm256_set1_epi8(15));
    const __m256i held = _mm256_and_si256(_mm256_shuffle_epi8(rows, all), _mm256_shuffle_epi8(bit, high));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(held, _mm256_setzero_si256()));
}
#else
#define set_misses_wide set_misses
#endif
