/* The vocabulary of AVX2 with F16C: 32-byte registers, masks as vectors of 0 and -1. */
#include "base.h"
#include "half.h"
#include "positions.h"

#include <simde/x86/avx2.h>
#include <simde/x86/f16c.h>

typedef simde__m256i bits;
typedef simde__m256i mask;

enum { REGISTERS = 16, MASKS_BYTES = 0, LOADS_BY_MASK = 0, CONVERTS_F16 = 1, LARGER_OF_BYTES = 1 };
#define STREAMS 2

INLINE int vector_bytes(int e) { return (void)e, 32; }

INLINE bits load(const void *p, int e) { return (void)e, simde_mm256_loadu_si256((const simde__m256i *)p); }
INLINE void store(void *p, bits x, int e) { (void)e, simde_mm256_storeu_si256((simde__m256i *)p, x); }

/* Around the caches, to an aligned address. See sse2.c. */
INLINE void stream(void *p, bits x, int e) {
  (void)e;
#if defined(__AVX2__)
  __asm__ volatile("vmovntdq %1, %0" : "=m"(*(bits *)p) : "x"(x));
#else
  simde_mm256_stream_si256((simde__m256i *)p, x);
#endif
}
INLINE void fence(void) { simde_mm_sfence(); }

/* Pieces, not vpmaskmov: that takes no 16-bit elements, and its store is microcoded on AMD. */
INLINE bits load_part(const void *p, size_t bytes, int piece) {
  if (piece == 16) {
    const void *last = (const char *)p + bytes - piece;
    return simde_mm256_set_m128i(simde_mm_loadu_si128((const simde__m128i *)last),
                                 simde_mm_loadu_si128((const simde__m128i *)p));
  }
  const pieces x = load_pieces(p, bytes, piece);
  return simde_mm256_zextsi128_si256(simde_mm_set_epi64x((int64_t)x.high, (int64_t)x.low));
}
INLINE void store_part(void *p, bits x, size_t bytes, int piece) {
  const simde__m128i low = simde_mm256_castsi256_si128(x);
  if (piece == 16) {
    simde_mm_storeu_si128((simde__m128i *)p, low);
    simde_mm_storeu_si128((simde__m128i *)((char *)p + bytes - piece), simde_mm256_extracti128_si256(x, 1));
    return;
  }
  const simde__m128i high = simde_mm_unpackhi_epi64(low, low);
  store_pieces(p, (pieces){(uint64_t)simde_mm_cvtsi128_si64(low), (uint64_t)simde_mm_cvtsi128_si64(high)},
               bytes, piece);
}

/* Eight elements, of types of which a vector has more: 16-bit ones. */
INLINE bits load_eight(const void *p, int e) {
  (void)e;
  return simde_mm256_zextsi128_si256(simde_mm_loadu_si128((const simde__m128i *)p));
}
INLINE void store_eight(void *p, bits x, int e) {
  (void)e;
  simde_mm_storeu_si128((simde__m128i *)p, simde_mm256_castsi256_si128(x));
}

/* Keeps what was loaded in a register: gcc would rather load it again for its second use (libdeflate does the
 * same). */
INLINE bits held(bits x) {
#if defined(__AVX2__)
  __asm__("" : "+x"(x));
#endif
  return x;
}

/* Before code that knows no AVX: dirty upper halves would slow it many times over. */
INLINE void leave(void) {
#if defined(__AVX__)
  _mm256_zeroupper();
#endif
}

INLINE bits broadcast(int64_t value, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm256_set1_epi8((int8_t)value);
    case 2:
      return simde_mm256_set1_epi16((int16_t)value);
    case 4:
      return simde_mm256_set1_epi32((int32_t)value);
    default:
      return simde_mm256_set1_epi64x(value);
  }
}

INLINE mask above(bits x, bits floor, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm256_cmpgt_epi8(x, floor);
    case 2:
      return simde_mm256_cmpgt_epi16(x, floor);
    case 4:
      return simde_mm256_cmpgt_epi32(x, floor);
    default:
      return simde_mm256_cmpgt_epi64(x, floor);
  }
}

INLINE mask is_zero(bits x, int e) {
  const bits zero = simde_mm256_setzero_si256();
  return size(e) == 4 ? simde_mm256_cmpeq_epi32(x, zero) : simde_mm256_cmpeq_epi64(x, zero);
}

/* See sse2.c. */
INLINE mask active(bits x, bits floor, bits nan, int e) {
  if (size(e) == 2) return above(x, simde_mm256_subs_epu16(x, nan), e);
  return simde_mm256_andnot_si256(is_zero(x, e), above(x, floor, e));
}

INLINE bits where(mask m, bits x, int e) { return (void)e, simde_mm256_and_si256(m, x); }
INLINE bits choose(mask m, bits a, bits b, int e) { return (void)e, simde_mm256_blendv_epi8(b, a, m); }

INLINE mask both(mask a, mask b) { return simde_mm256_and_si256(a, b); }
INLINE bits bitwise_and(bits a, bits b) { return simde_mm256_and_si256(a, b); }

/* Of floats, rank_of() each. */
INLINE bits ranks(bits x, int e) {
  return simde_mm256_xor_si256(x, where(above(broadcast(0, e), x, e), broadcast(~sign_of(e), e), e));
}

INLINE bits add_words(bits a, bits b, int e) {
  switch (size(e)) {
    case 2:
      return simde_mm256_add_epi16(a, b);
    case 4:
      return simde_mm256_add_epi32(a, b);
    default:
      return simde_mm256_add_epi64(a, b);
  }
}

/* Packed to bytes within their halves, and put in order: without a vector of constants, as clamp_mask has no register
 * left. */
INLINE int masks_at_once(int e) { return size(e) == 2 ? 2 : size(e) == 4 ? 4 : 1; }
INLINE uint64_t to_bits(const mask m[], int masks, int e) {
  if (masks > 1) {
    const int four = masks == 4;
    const bits low = four ? simde_mm256_packs_epi32(m[0], m[1]) : m[0];
    const bits high = four ? simde_mm256_packs_epi32(m[2], m[3]) : m[1];
    const bits bytes = simde_mm256_permute4x64_epi64(simde_mm256_packs_epi16(low, high), 0xD8);
    return (uint32_t)simde_mm256_movemask_epi8(four ? simde_mm256_shuffle_epi32(bytes, 0xD8) : bytes);
  }
  switch (size(e)) {
    case 2:
      return (uint32_t)simde_mm_movemask_epi8(
          simde_mm_packs_epi16(simde_mm256_castsi256_si128(*m), simde_mm256_extracti128_si256(*m, 1)));
    case 4:
      return (uint32_t)simde_mm256_movemask_ps(simde_mm256_castsi256_ps(*m));
    default:
      return (uint32_t)simde_mm256_movemask_pd(simde_mm256_castsi256_pd(*m));
  }
}
/* Lane i has bit first + i. The vectors of a batch have one word, which is then spread but once. */
INLINE mask from_bits(uint64_t word, int first, int e) {
  const int64_t low = first / 8 * INT64_C(0x0101010101010101), high = low + INT64_C(0x0101010101010101);
  bits all, each;
  switch (size(e)) {
    case 2: /* the two bytes of a vector, each to its half */
      all = simde_mm256_shuffle_epi8(simde_mm256_set1_epi64x((int64_t)word),
                                     simde_mm256_set_epi64x(high, high, low, low));
      each = simde_mm256_set_epi16(128, 64, 32, 16, 8, 4, 2, 1, 128, 64, 32, 16, 8, 4, 2, 1);
      return simde_mm256_cmpeq_epi16(simde_mm256_and_si256(all, each), each);
    case 4:
      all = simde_mm256_set1_epi32((int32_t)word);
      each = simde_mm256_slli_epi32(simde_mm256_set_epi32(128, 64, 32, 16, 8, 4, 2, 1), first);
      return simde_mm256_cmpeq_epi32(simde_mm256_and_si256(all, each), each);
    default:
      all = simde_mm256_set1_epi64x((int64_t)word);
      each = simde_mm256_slli_epi64(simde_mm256_set_epi64x(8, 4, 2, 1), first);
      return simde_mm256_cmpeq_epi64(simde_mm256_and_si256(all, each), each);
  }
}

/* Lanes that `compress` takes at once, 0 for none. */
INLINE int group_of(int e) { return size(e) == 8 ? 4 : 8; }

/* Moves what m has in a group of x to the front and stores the group, and where each stood: its lane, counted
 * from the group's `first`. Returns how many; what is stored behind them is unspecified. Where not `whole`
 * nothing is stored behind them, which is asked of ISAs that mask memory. */
INLINE size_t compress(bits x, mask m, int group, bits first, void *values, uint32_t *indices, int whole,
                       int e) {
  (void)whole;
  const uint64_t kept = to_bits(&m, 1, e) >> 8 * group & 0xFF;
  const simde__m128i row = simde_mm_loadl_epi64((const simde__m128i *)(const void *)positions[kept]);
  const bits lanes = simde_mm256_cvtepu8_epi32(row), places = simde_mm256_add_epi32(lanes, first);
  if (size(e) == 2) {
    const simde__m128i part = group ? simde_mm256_extracti128_si256(x, 1) : simde_mm256_castsi256_si128(x);
    const simde__m128i pairs = simde_mm_unpacklo_epi8(row, row);
    const simde__m128i bytes =
        simde_mm_or_si128(simde_mm_add_epi8(pairs, pairs), simde_mm_set1_epi16(0x0100));
    simde_mm_storeu_si128((simde__m128i *)values, simde_mm_shuffle_epi8(part, bytes));
    store(indices, places, W32);
  } else if (size(e) == 4) {
    store(values, simde_mm256_permutevar8x32_epi32(x, lanes), e);
    store(indices, places, W32);
  } else {
    /* Of 32-bit lanes, both halves of what is kept. */
    const int halves = simde_mm256_movemask_ps(simde_mm256_castsi256_ps(m));
    const bits order = simde_mm256_cvtepu8_epi32(
        simde_mm_loadl_epi64((const simde__m128i *)(const void *)positions[halves]));
    store(values, simde_mm256_permutevar8x32_epi32(x, order), e);
    simde_mm_storeu_si128((simde__m128i *)indices, simde_mm256_castsi256_si128(places));
  }
  return (size_t)__builtin_popcountll(kept);
}

INLINE bits add_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm256_castpd_si256(
        simde_mm256_add_pd(simde_mm256_castsi256_pd(a), simde_mm256_castsi256_pd(b)));
  }
  return simde_mm256_castps_si256(
      simde_mm256_add_ps(simde_mm256_castsi256_ps(a), simde_mm256_castsi256_ps(b)));
}

INLINE bits mul_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm256_castpd_si256(
        simde_mm256_mul_pd(simde_mm256_castsi256_pd(a), simde_mm256_castsi256_pd(b)));
  }
  return simde_mm256_castps_si256(
      simde_mm256_mul_ps(simde_mm256_castsi256_ps(a), simde_mm256_castsi256_ps(b)));
}

INLINE mask not_at_most(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm256_castpd_si256(
        simde_mm256_cmp_pd(simde_mm256_castsi256_pd(a), simde_mm256_castsi256_pd(b), SIMDE_CMP_NLE_UQ));
  }
  return simde_mm256_castps_si256(
      simde_mm256_cmp_ps(simde_mm256_castsi256_ps(a), simde_mm256_castsi256_ps(b), SIMDE_CMP_NLE_UQ));
}
INLINE mask both_not_at_most(mask m, bits a, bits b, int e) { return both(m, not_at_most(a, b, e)); }

#if !defined(__AVX__)
INLINE mask less_f64(bits a, bits b) {
  return simde_mm256_castpd_si256(
      simde_mm256_cmp_pd(simde_mm256_castsi256_pd(a), simde_mm256_castsi256_pd(b), SIMDE_CMP_LT_OQ));
}
#endif

/* The instructions for floats give the second operand where either is NaN or both are zero. SIMDe's emulation
 * for doubles on AArch64 does not. */
INLINE bits larger(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return simde_mm256_castps_si256(
          simde_mm256_max_ps(simde_mm256_castsi256_ps(bound), simde_mm256_castsi256_ps(x)));
    case F64:
#if defined(__AVX__)
      return simde_mm256_castpd_si256(
          simde_mm256_max_pd(simde_mm256_castsi256_pd(bound), simde_mm256_castsi256_pd(x)));
#else
      return choose(less_f64(x, bound), bound, x, e);
#endif
    case U8:
      return simde_mm256_max_epu8(bound, x);
    case W8:
      return simde_mm256_max_epi8(bound, x);
    case W16:
      return simde_mm256_max_epi16(bound, x);
    default:
      return simde_mm256_max_epi32(bound, x);
  }
}
INLINE bits smaller(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return simde_mm256_castps_si256(
          simde_mm256_min_ps(simde_mm256_castsi256_ps(bound), simde_mm256_castsi256_ps(x)));
    case F64:
#if defined(__AVX__)
      return simde_mm256_castpd_si256(
          simde_mm256_min_pd(simde_mm256_castsi256_pd(bound), simde_mm256_castsi256_pd(x)));
#else
      return choose(less_f64(bound, x), bound, x, e);
#endif
    case U8:
      return simde_mm256_min_epu8(bound, x);
    case W8:
      return simde_mm256_min_epi8(bound, x);
    case W16:
      return simde_mm256_min_epi16(bound, x);
    default:
      return simde_mm256_min_epi32(bound, x);
  }
}

/* Eight binary16 to f32 and back, to nearest whatever the rounding mode. SIMDe's emulation rounds otherwise. */
INLINE bits f32_from_f16(simde__m128i half) {
#if defined(__F16C__)
  return simde_mm256_castps_si256(simde_mm256_cvtph_ps(half));
#else
  uint16_t in[8];
  uint32_t out[8];
  memcpy(in, &half, sizeof in);
  for (int i = 0; i < 8; i++) out[i] = f32_bits_from_f16(in[i]);
  return simde_mm256_loadu_si256((const simde__m256i *)(const void *)out);
#endif
}
INLINE simde__m128i f16_from_f32(bits x) {
#if defined(__F16C__)
  return _mm256_cvtps_ph(simde_mm256_castsi256_ps(x), _MM_FROUND_TO_NEAREST_INT);
#else
  uint32_t in[8];
  uint16_t out[8];
  memcpy(in, &x, sizeof in);
  for (int i = 0; i < 8; i++) out[i] = f16_from_f32_bits(in[i]);
  return simde_mm_loadu_si128((const simde__m128i *)(const void *)out);
#endif
}

/* f32 to bfloat16 in 32-bit lanes, sign-extended; to nearest, ties to even. */
INLINE bits bf16_from_f32(bits x) {
  const bits odd = simde_mm256_and_si256(simde_mm256_srli_epi32(x, 16), simde_mm256_set1_epi32(1));
  const bits rounded = simde_mm256_add_epi32(x, simde_mm256_add_epi32(odd, simde_mm256_set1_epi32(0x7FFF)));
  const mask nan = simde_mm256_cmpgt_epi32(simde_mm256_and_si256(x, simde_mm256_set1_epi32(0x7FFFFFFF)),
                                           simde_mm256_set1_epi32(0x7F800000));
  const bits quiet = simde_mm256_or_si256(x, simde_mm256_set1_epi32(0x400000));
  return simde_mm256_srai_epi32(choose(nan, quiet, rounded, W32), 16);
}

/* bfloat16 by unpack and pack, which interleave within 16 bytes and undo each other. */
INLINE bits widen_low(bits x, int e) {
  return e == F16 ? f32_from_f16(simde_mm256_castsi256_si128(x))
                  : simde_mm256_unpacklo_epi16(simde_mm256_setzero_si256(), x);
}
INLINE bits widen_high(bits x, int e) {
  return e == F16 ? f32_from_f16(simde_mm256_extracti128_si256(x, 1))
                  : simde_mm256_unpackhi_epi16(simde_mm256_setzero_si256(), x);
}
INLINE bits narrow_pair(bits low, bits high, int e) {
  if (e == F16) {
    return simde_mm256_inserti128_si256(simde_mm256_castsi128_si256(f16_from_f32(low)), f16_from_f32(high),
                                        1);
  }
  return simde_mm256_packs_epi32(bf16_from_f32(low), bf16_from_f32(high));
}

/* A half of the numbers as they stand in memory: halves in f32, and an f32 register's in f64. */
INLINE bits widen_in_order(bits x, int high, int e) {
  if (e == F16) return high ? widen_high(x, e) : widen_low(x, e);
  const simde__m128i half = high ? simde_mm256_extracti128_si256(x, 1) : simde_mm256_castsi256_si128(x);
  return simde_mm256_slli_epi32(simde_mm256_cvtepu16_epi32(half), 16);
}
INLINE bits f64_from_f32(bits x, int high) {
  const simde__m128i half = high ? simde_mm256_extracti128_si256(x, 1) : simde_mm256_castsi256_si128(x);
  return simde_mm256_castpd_si256(simde_mm256_cvtps_pd(simde_mm_castsi128_ps(half)));
}

#include "kernels.h"
