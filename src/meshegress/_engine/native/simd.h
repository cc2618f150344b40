/* Sixteen bytes at once, in three spellings: SSE2, NEON, and plain C, which MESHEGRESS_PLAIN_LANES chooses by force.
 *
 * A lane is loaded from anywhere. A mask has bit i set for byte (or tag) i of a lane. What compares gives a lane of
 * bytes that are all ones or all zeros.
 */
#ifndef MESHEGRESS_LANES_H
#define MESHEGRESS_LANES_H

#include <stdint.h>
#include <string.h>

#if !defined(MESHEGRESS_PLAIN_LANES) && (defined(__SSE2__) || defined(_M_X64))

#include <emmintrin.h>

#define LANES "sse2"
#define LANES_ARE_SSE2 1

typedef __m128i lane;

static inline lane lane_load(const void *at) { return _mm_loadu_si128((const __m128i *)at); }
static inline void lane_store(void *at, lane a) { _mm_storeu_si128((__m128i *)at, a); }
static inline lane lane_zero(void) { return _mm_setzero_si128(); }
static inline lane lane_splat(uint8_t byte) { return _mm_set1_epi8((char)byte); }
static inline lane lane_and(lane a, lane b) { return _mm_and_si128(a, b); }
static inline lane lane_or(lane a, lane b) { return _mm_or_si128(a, b); }
static inline lane lane_xor(lane a, lane b) { return _mm_xor_si128(a, b); }
static inline uint64_t lane_low(lane a) { return (uint64_t)_mm_cvtsi128_si64(a); }
static inline uint64_t lane_high(lane a) { return (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a)); }

static inline lane lane_same(lane a, uint8_t byte) { return _mm_cmpeq_epi8(a, _mm_set1_epi8((char)byte)); }
static inline unsigned lane_bits(lane a) { return (unsigned)_mm_movemask_epi8(a); }
static inline unsigned lane_match(lane a, lane b) { return lane_bits(_mm_cmpeq_epi8(a, b)); }

static inline lane lane_between(lane a, uint8_t first, uint8_t last) {
    lane above = _mm_sub_epi8(a, _mm_set1_epi8((char)first));
    return _mm_cmpeq_epi8(above, _mm_min_epu8(above, _mm_set1_epi8((char)(last - first))));
}

static inline unsigned lane_equal(lane a, uint8_t byte) { return lane_bits(lane_same(a, byte)); }

static inline int lane_is_zero(lane a) { return lane_equal(a, 0) == 0xffff; }

static inline lane lane_minus(lane a, lane b) { return _mm_sub_epi8(a, b); }

static inline unsigned lane_sum(lane a) {
    lane halves = _mm_sad_epu8(a, _mm_setzero_si128());
    return (unsigned)_mm_cvtsi128_si32(halves) + (unsigned)_mm_extract_epi16(halves, 4);
}

/* One more than a visible byte is 0x21 to 0x7f; one more than any other is less, or negative. */
static inline lane lane_hidden(lane a) {
    return _mm_cmpgt_epi8(_mm_set1_epi8(0x21), _mm_add_epi8(a, _mm_set1_epi8(1)));
}

/* Fold ASCII letters. Bytes from 0x80 are negative here, and so below 'A'. */
static inline lane lane_fold(lane a) {
    lane upper = _mm_and_si128(_mm_cmpgt_epi8(a, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(a, _mm_set1_epi8('Z' + 1)));
    return _mm_or_si128(a, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
}

static inline unsigned tags_equal(const uint16_t tags[8], uint16_t tag) {
    lane equal = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)tags), _mm_set1_epi16((short)tag));
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}

#elif !defined(MESHEGRESS_PLAIN_LANES) && defined(__aarch64__)

#include <arm_neon.h>

#define LANES "neon"
#define LANES_ARE_NEON 1

typedef uint8x16_t lane;

static inline lane lane_load(const void *at) { return vld1q_u8((const uint8_t *)at); }
static inline void lane_store(void *at, lane a) { vst1q_u8((uint8_t *)at, a); }
static inline lane lane_zero(void) { return vdupq_n_u8(0); }
static inline lane lane_splat(uint8_t byte) { return vdupq_n_u8(byte); }
static inline lane lane_and(lane a, lane b) { return vandq_u8(a, b); }
static inline lane lane_or(lane a, lane b) { return vorrq_u8(a, b); }
static inline lane lane_xor(lane a, lane b) { return veorq_u8(a, b); }
static inline uint64_t lane_low(lane a) { return vgetq_lane_u64(vreinterpretq_u64_u8(a), 0); }
static inline uint64_t lane_high(lane a) { return vgetq_lane_u64(vreinterpretq_u64_u8(a), 1); }
static inline int lane_is_zero(lane a) { return vmaxvq_u8(a) == 0; }

static inline lane lane_same(lane a, uint8_t byte) { return vceqq_u8(a, vdupq_n_u8(byte)); }
static inline lane lane_minus(lane a, lane b) { return vsubq_u8(a, b); }
static inline unsigned lane_sum(lane a) { return vaddlvq_u8(a); }
static inline lane lane_hidden(lane a) { return vcgeq_u8(vsubq_u8(a, vdupq_n_u8(0x20)), vdupq_n_u8(0x5f)); }

static inline unsigned lane_bits(lane a) {
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    lane found = vandq_u8(a, vld1q_u8(bits));
    return vaddv_u8(vget_low_u8(found)) | (unsigned)vaddv_u8(vget_high_u8(found)) << 8;
}

static inline unsigned lane_match(lane a, lane b) { return lane_bits(vceqq_u8(a, b)); }

static inline lane lane_between(lane a, uint8_t first, uint8_t last) {
    return vcleq_u8(vsubq_u8(a, vdupq_n_u8(first)), vdupq_n_u8(last - first));
}

static inline unsigned lane_equal(lane a, uint8_t byte) { return lane_bits(lane_same(a, byte)); }

static inline lane lane_fold(lane a) {
    lane upper = vcltq_u8(vsubq_u8(a, vdupq_n_u8('A')), vdupq_n_u8(26));
    return vorrq_u8(a, vandq_u8(upper, vdupq_n_u8(0x20)));
}

static inline unsigned tags_equal(const uint16_t tags[8], uint16_t tag) {
    static const uint16_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    return vaddvq_u16(vandq_u16(vceqq_u16(vld1q_u16(tags), vdupq_n_u16(tag)), vld1q_u16(bits)));
}

#else

#define LANES "plain"

typedef struct {
    uint8_t byte[16];
} lane;

#define LANE_OF(expression)                   \
    do {                                      \
        lane made;                            \
        for (int i = 0; i < 16; i++)          \
            made.byte[i] = (uint8_t)(expression); \
        return made;                          \
    } while (0)

static inline lane lane_load(const void *at) { LANE_OF(((const uint8_t *)at)[i]); }
static inline void lane_store(void *at, lane a) { memcpy(at, a.byte, 16); }
static inline lane lane_zero(void) { LANE_OF(0); }
static inline lane lane_splat(uint8_t byte) { LANE_OF(byte); }
static inline lane lane_and(lane a, lane b) { LANE_OF(a.byte[i] & b.byte[i]); }
static inline lane lane_or(lane a, lane b) { LANE_OF(a.byte[i] | b.byte[i]); }
static inline lane lane_xor(lane a, lane b) { LANE_OF(a.byte[i] ^ b.byte[i]); }
static inline lane lane_fold(lane a) { LANE_OF((uint8_t)(a.byte[i] - 'A') < 26 ? a.byte[i] | 0x20 : a.byte[i]); }

static inline uint64_t lane_word(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static inline uint64_t lane_low(lane a) { return lane_word(a.byte); }
static inline uint64_t lane_high(lane a) { return lane_word(a.byte + 8); }
static inline int lane_is_zero(lane a) { return (lane_low(a) | lane_high(a)) == 0; }

static inline lane lane_same(lane a, uint8_t byte) { LANE_OF(a.byte[i] == byte ? 0xff : 0); }
static inline lane lane_minus(lane a, lane b) { LANE_OF(a.byte[i] - b.byte[i]); }
static inline lane lane_hidden(lane a) { LANE_OF((uint8_t)(a.byte[i] - 0x20) < 0x5f ? 0 : 0xff); }

static inline unsigned lane_sum(lane a) {
    unsigned sum = 0;
    for (int i = 0; i < 16; i++)
        sum += a.byte[i];
    return sum;
}

static inline lane lane_between(lane a, uint8_t first, uint8_t last) {
    LANE_OF((uint8_t)(a.byte[i] - first) <= last - first ? 0xff : 0);
}

static inline unsigned lane_bits(lane a) {
    unsigned found = 0;
    for (int i = 0; i < 16; i++)
        found |= (unsigned)(a.byte[i] >> 7) << i;
    return found;
}

static inline unsigned lane_match(lane a, lane b) {
    unsigned found = 0;
    for (int i = 0; i < 16; i++)
        found |= (unsigned)(a.byte[i] == b.byte[i]) << i;
    return found;
}

static inline unsigned lane_equal(lane a, uint8_t byte) { return lane_bits(lane_same(a, byte)); }

static inline unsigned tags_equal(const uint16_t tags[8], uint16_t tag) {
    unsigned found = 0;
    for (int i = 0; i < 8; i++)
        found |= (unsigned)(tags[i] == tag) << i;
    return found;
}

#endif

static inline unsigned lane_digits(lane a) { return lane_bits(lane_between(a, '0', '9')); }

/* Looking up sixteen bytes at once in a table of sixteen, for which the compiler need not be told that it may; where
 * `lane_can_look_up()` is false it may not be called. A function that calls it is declared LOOKING_UP. With it goes
 * `lane_weigh`: four sums, of 32 bits each, of four bytes times their weights, which are less than 128. */
#if defined(LANES_ARE_SSE2) && (defined(__GNUC__) || defined(__clang__))
#include <tmmintrin.h>
#define LOOKING_UP static __attribute__((target("ssse3")))
#define lane_can_look_up() (__builtin_cpu_supports("ssse3") != 0)
LOOKING_UP inline lane lane_look_up(lane table, lane index) { return _mm_shuffle_epi8(table, index); }
LOOKING_UP inline lane lane_weigh(lane a, lane weights) {
    return _mm_madd_epi16(_mm_maddubs_epi16(a, weights), _mm_set1_epi16(1));
}
#elif defined(__aarch64__) && !defined(MESHEGRESS_PLAIN_LANES)
#define LOOKING_UP static
#define lane_can_look_up() 1
static inline lane lane_look_up(lane table, lane index) { return vqtbl1q_u8(table, index); }
static inline lane lane_weigh(lane a, lane weights) {
    uint16x8_t low = vmull_u8(vget_low_u8(a), vget_low_u8(weights)), high = vmull_high_u8(a, weights);
    return vreinterpretq_u8_u32(vpaddlq_u16(vpaddq_u16(low, high)));
}
#else
#define LOOKING_UP static
#define lane_can_look_up() 0
static inline lane lane_look_up(lane table, lane index) { (void)index; return table; }
static inline lane lane_weigh(lane a, lane weights) { (void)weights; return a; }
#endif

/* What the machine can do more than the compiler was told of: 0 nothing, 1 functions declared WIDE, 2 WIDEST ones, too.
 * MESHEGRESS_MOST_WIDTH sets a bound. */
#if defined(LANES_ARE_SSE2) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>
#define LANES_CAN_WIDEN 1
#define WIDE static __attribute__((target("avx2,bmi,popcnt")))
#define WIDEST static __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,popcnt")))
#if !defined(MESHEGRESS_MOST_WIDTH)
#define MESHEGRESS_MOST_WIDTH 2
#endif
static inline int lanes_width(void) {
    int width = 0;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) width = 1;
    if (width && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vbmi2")) width = 2;
    return width < MESHEGRESS_MOST_WIDTH ? width : MESHEGRESS_MOST_WIDTH;
}
#else
#define WIDE static
static inline int lanes_width(void) { return 0; }
#endif

/* The machine's own words for what C lacks. */

#if defined(__GNUC__) || defined(__clang__)
#define INLINED static inline __attribute__((always_inline))
#define PREFETCH(at) __builtin_prefetch(at)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
static inline int lowest_bit(uint64_t bits) { return __builtin_ctzll(bits); }
#else
#define INLINED static inline
#define PREFETCH(at) ((void)(at))
#define UNLIKELY(condition) (condition)
static inline int lowest_bit(uint64_t bits) {
    int place = 0;
    while (!(bits >> place & 1))
        place++;
    return place;
}
#endif

/* Multiply to 128 bits and fold the halves: the whole of one hashing step. */
static inline uint64_t fold_multiply(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t low = (a & 0xffffffff) * (b & 0xffffffff), high = (a >> 32) * (b >> 32);
    uint64_t left = (a >> 32) * (b & 0xffffffff), right = (a & 0xffffffff) * (b >> 32);
    uint64_t middle = (low >> 32) + (left & 0xffffffff) + (right & 0xffffffff);
    return (middle << 32 | (low & 0xffffffff)) ^ (high + (left >> 32) + (right >> 32) + (middle >> 32));
#endif
}

#endif
