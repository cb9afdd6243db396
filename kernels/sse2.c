/* The vocabulary of SSE2, the baseline of x86-64: 16-byte registers, masks as vectors of 0 and -1. */
#include "base.h"

#include <simde/x86/sse2.h>

typedef simde__m128i bits;
typedef simde__m128i mask;

enum { REGISTERS = 16, MASKS_BYTES = 0, LOADS_BY_MASK = 0, CONVERTS_F16 = 0, LARGER_OF_BYTES = 0 };
#define STREAMS 1

INLINE int vector_bytes(int e) { return (void)e, 16; }

INLINE bits load(const void *p, int e) { return (void)e, simde_mm_loadu_si128((const simde__m128i *)p); }
INLINE void store(void *p, bits x, int e) { (void)e, simde_mm_storeu_si128((simde__m128i *)p, x); }

/* Around the caches, to an aligned address. Of some of its intrinsics clang 14 makes ordinary stores. */
INLINE void stream(void *p, bits x, int e) {
  (void)e;
#if defined(__SSE2__)
  __asm__ volatile("movntdq %1, %0" : "=m"(*(bits *)p) : "x"(x));
#else
  simde_mm_stream_si128((simde__m128i *)p, x);
#endif
}
INLINE void fence(void) { simde_mm_sfence(); }

INLINE bits load_part(const void *p, size_t bytes, int piece) {
  const pieces x = load_pieces(p, bytes, piece);
  return simde_mm_set_epi64x((int64_t)x.high, (int64_t)x.low);
}
INLINE void store_part(void *p, bits x, size_t bytes, int piece) {
  const bits high = simde_mm_unpackhi_epi64(x, x);
  store_pieces(p, (pieces){(uint64_t)simde_mm_cvtsi128_si64(x), (uint64_t)simde_mm_cvtsi128_si64(high)},
               bytes, piece);
}

/* Eight elements, of types of which a vector has more: none here. */
INLINE bits load_eight(const void *p, int e) { return load(p, e); }
INLINE void store_eight(void *p, bits x, int e) { store(p, x, e); }

/* Keeps what was loaded in a register: gcc would rather load it again for its second use (libdeflate does the
 * same). */
INLINE bits held(bits x) {
#if defined(__SSE2__)
  __asm__("" : "+x"(x));
#endif
  return x;
}

INLINE void leave(void) {}

INLINE bits broadcast(int64_t value, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm_set1_epi8((int8_t)value);
    case 2:
      return simde_mm_set1_epi16((int16_t)value);
    case 4:
      return simde_mm_set1_epi32((int32_t)value);
    default:
      return simde_mm_set1_epi64x(value);
  }
}

INLINE mask above(bits x, bits floor, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm_cmpgt_epi8(x, floor);
    case 2:
      return simde_mm_cmpgt_epi16(x, floor);
    case 4:
      return simde_mm_cmpgt_epi32(x, floor);
  }
  /* No 64-bit compare: the high halves decide, and where they are equal the borrow of floor - x. */
  const bits borrow = simde_mm_and_si128(simde_mm_cmpeq_epi32(x, floor), simde_mm_sub_epi64(floor, x));
  return simde_mm_shuffle_epi32(simde_mm_or_si128(borrow, simde_mm_cmpgt_epi32(x, floor)), 0xF5);
}

INLINE mask is_zero(bits x, int e) {
  const bits zero = simde_mm_setzero_si128();
  const bits words = simde_mm_cmpeq_epi32(x, zero);
  return size(e) == 4 ? words : simde_mm_and_si128(words, simde_mm_shuffle_epi32(words, 0xB1));
}

/* x less the bits of the smallest NaN, but not less than zero, is below x for what is positive and for negative NaNs,
 * and not for zero, nor (being positive) for the other negative numbers. */
INLINE mask active(bits x, bits floor, bits nan, int e) {
  if (size(e) == 2) return above(x, simde_mm_subs_epu16(x, nan), e);
  return simde_mm_andnot_si128(is_zero(x, e), above(x, floor, e));
}

INLINE bits where(mask m, bits x, int e) { return (void)e, simde_mm_and_si128(m, x); }
INLINE bits choose(mask m, bits a, bits b, int e) {
  return (void)e, simde_mm_xor_si128(b, simde_mm_and_si128(m, simde_mm_xor_si128(a, b)));
}

INLINE mask both(mask a, mask b) { return simde_mm_and_si128(a, b); }
INLINE bits bitwise_and(bits a, bits b) { return simde_mm_and_si128(a, b); }

/* Of floats, rank_of() each. f32 and f64 by shifts: a zero and a mask would take two registers more, of which
 * clamp_mask has none left with gcc 14. With the halves by shifts too, gcc 12 spills more in other kernels. */
INLINE bits ranks(bits x, int e) {
  if (size(e) == 2)
    return simde_mm_xor_si128(x, where(above(broadcast(0, e), x, e), broadcast(~sign_of(e), e), e));
  const bits signs = simde_mm_srai_epi32(x, 31);
  if (size(e) == 4) return simde_mm_xor_si128(x, simde_mm_srli_epi32(signs, 1));
  return simde_mm_xor_si128(x, simde_mm_srli_epi64(simde_mm_shuffle_epi32(signs, 0xF5), 1));
}

INLINE bits add_words(bits a, bits b, int e) {
  switch (size(e)) {
    case 2:
      return simde_mm_add_epi16(a, b);
    case 4:
      return simde_mm_add_epi32(a, b);
    default:
      return simde_mm_add_epi64(a, b);
  }
}

/* Packed as bytes; of 64-bit lanes one half each. */
INLINE int masks_at_once(int e) { return size(e) == 4 ? 4 : 2; }
INLINE uint64_t to_bits(const mask m[], int masks, int e) {
  switch (size(e)) {
    case 2:
      return (uint32_t)simde_mm_movemask_epi8(
          simde_mm_packs_epi16(m[0], masks == 2 ? m[1] : simde_mm_setzero_si128()));
    case 4:
      if (masks == 1) return (uint32_t)simde_mm_movemask_ps(simde_mm_castsi128_ps(*m));
      return (uint32_t)simde_mm_movemask_epi8(
          simde_mm_packs_epi16(simde_mm_packs_epi32(m[0], m[1]), simde_mm_packs_epi32(m[2], m[3])));
    default:
      if (masks == 1) return (uint32_t)simde_mm_movemask_pd(simde_mm_castsi128_pd(*m));
      return (uint32_t)simde_mm_movemask_ps(
          simde_mm_shuffle_ps(simde_mm_castsi128_ps(m[0]), simde_mm_castsi128_ps(m[1]), 0x88));
  }
}
INLINE mask from_bits(uint64_t word, int first, int e) {
  bits each;
  switch (size(e)) {
    case 2:
      word >>= first / 16 * 16;
      each = simde_mm_slli_epi16(simde_mm_set_epi16(128, 64, 32, 16, 8, 4, 2, 1), first % 16);
      return simde_mm_cmpeq_epi16(simde_mm_and_si128(simde_mm_set1_epi16((int16_t)word), each), each);
    case 4:
      each = simde_mm_slli_epi32(simde_mm_set_epi32(8, 4, 2, 1), first);
      break;
    default:
      each = simde_mm_slli_epi32(simde_mm_set_epi32(2, 2, 1, 1), first);
  }
  return simde_mm_cmpeq_epi32(simde_mm_and_si128(simde_mm_set1_epi32((int32_t)word), each), each);
}

/* No instruction permutes by a vector: element by element. */
INLINE int group_of(int e) { return (void)e, 0; }
INLINE size_t compress(bits x, mask m, int group, bits first, void *values, uint32_t *indices, int whole,
                       int e) {
  (void)x, (void)m, (void)group, (void)first, (void)values, (void)indices, (void)whole, (void)e;
  return 0;
}

INLINE bits add_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm_castpd_si128(simde_mm_add_pd(simde_mm_castsi128_pd(a), simde_mm_castsi128_pd(b)));
  }
  return simde_mm_castps_si128(simde_mm_add_ps(simde_mm_castsi128_ps(a), simde_mm_castsi128_ps(b)));
}

INLINE bits mul_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm_castpd_si128(simde_mm_mul_pd(simde_mm_castsi128_pd(a), simde_mm_castsi128_pd(b)));
  }
  return simde_mm_castps_si128(simde_mm_mul_ps(simde_mm_castsi128_ps(a), simde_mm_castsi128_ps(b)));
}

/* SIMDe 0.7.4 takes cmpnle for cmpgt, which differs on NaN. */
INLINE mask not_at_most(bits a, bits b, int e) {
#if defined(__SSE2__)
  if (size(e) == 8) return _mm_castpd_si128(_mm_cmpnle_pd(_mm_castsi128_pd(a), _mm_castsi128_pd(b)));
  return _mm_castps_si128(_mm_cmpnle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b)));
#else
  const mask at_most =
      size(e) == 8
          ? simde_mm_castpd_si128(simde_mm_cmple_pd(simde_mm_castsi128_pd(a), simde_mm_castsi128_pd(b)))
          : simde_mm_castps_si128(simde_mm_cmple_ps(simde_mm_castsi128_ps(a), simde_mm_castsi128_ps(b)));
  return simde_mm_xor_si128(at_most, simde_mm_set1_epi32(-1));
#endif
}
INLINE mask both_not_at_most(mask m, bits a, bits b, int e) { return both(m, not_at_most(a, b, e)); }

#if !defined(__SSE2__)
INLINE mask less_f64(bits a, bits b) {
  return simde_mm_castpd_si128(simde_mm_cmplt_pd(simde_mm_castsi128_pd(a), simde_mm_castsi128_pd(b)));
}
#endif

/* The instructions for floats give the second operand where either is NaN or both are zero. SIMDe's emulation
 * for doubles on AArch64 does not. */
INLINE bits larger(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return simde_mm_castps_si128(simde_mm_max_ps(simde_mm_castsi128_ps(bound), simde_mm_castsi128_ps(x)));
    case F64:
#if defined(__SSE2__)
      return simde_mm_castpd_si128(simde_mm_max_pd(simde_mm_castsi128_pd(bound), simde_mm_castsi128_pd(x)));
#else
      return choose(less_f64(x, bound), bound, x, e);
#endif
    case U8:
      return simde_mm_max_epu8(bound, x);
    case W16:
      return simde_mm_max_epi16(bound, x);
    default:
      return choose(above(bound, x, e), bound, x, e);
  }
}
INLINE bits smaller(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return simde_mm_castps_si128(simde_mm_min_ps(simde_mm_castsi128_ps(bound), simde_mm_castsi128_ps(x)));
    case F64:
#if defined(__SSE2__)
      return simde_mm_castpd_si128(simde_mm_min_pd(simde_mm_castsi128_pd(bound), simde_mm_castsi128_pd(x)));
#else
      return choose(less_f64(bound, x), bound, x, e);
#endif
    case U8:
      return simde_mm_min_epu8(bound, x);
    case W16:
      return simde_mm_min_epi16(bound, x);
    default:
      return choose(above(x, bound, e), bound, x, e);
  }
}

/* Four binary16, zero-extended, to f32. A normal number's exponent is rebased; a denormal gets the exponent
 * of the smallest normal number and has it subtracted again, which is exact. */
INLINE bits f32_from_f16(bits half) {
  const bits sign = simde_mm_slli_epi32(simde_mm_and_si128(half, simde_mm_set1_epi32(0x8000)), 16);
  const bits magnitude = simde_mm_slli_epi32(simde_mm_and_si128(half, simde_mm_set1_epi32(0x7FFF)), 13);
  const bits normal = simde_mm_add_epi32(magnitude, simde_mm_set1_epi32((127 - 15) << 23));
  const mask special = simde_mm_cmpgt_epi32(magnitude, simde_mm_set1_epi32((0x7C00 << 13) - 1));
  const mask denormal = simde_mm_cmpgt_epi32(simde_mm_set1_epi32(0x400 << 13), magnitude);
  const bits smallest = simde_mm_set1_epi32((127 - 14) << 23);
  const bits exact = simde_mm_castps_si128(simde_mm_sub_ps(
      simde_mm_castsi128_ps(simde_mm_add_epi32(magnitude, smallest)), simde_mm_castsi128_ps(smallest)));
  const bits finite = choose(denormal, exact, normal, W32);
  return simde_mm_or_si128(
      sign, choose(special, simde_mm_or_si128(magnitude, simde_mm_set1_epi32(0x7F800000)), finite, W32));
}

/* f32 to four binary16 in 32-bit lanes, sign-extended; to nearest, ties to even. */
INLINE bits f16_from_f32(bits x) {
  const bits magnitude = simde_mm_and_si128(x, simde_mm_set1_epi32(0x7FFFFFFF));
  const bits sign = simde_mm_slli_epi32(simde_mm_srai_epi32(simde_mm_xor_si128(x, magnitude), 31), 15);
  const bits odd = simde_mm_and_si128(simde_mm_srli_epi32(magnitude, 13), simde_mm_set1_epi32(1));
  const bits rebased = simde_mm_sub_epi32(magnitude, simde_mm_set1_epi32(((127 - 15) << 23) - 0xFFF));
  const bits normal = simde_mm_srli_epi32(simde_mm_add_epi32(rebased, odd), 13);
  /* Adding 1/2 leaves the denormal, rounded by the addition, in the lowest bits of the sum. */
  const bits half = simde_mm_set1_epi32(126 << 23);
  const bits denormal = simde_mm_sub_epi32(
      simde_mm_castps_si128(simde_mm_add_ps(simde_mm_castsi128_ps(magnitude), simde_mm_castsi128_ps(half))),
      half);
  const mask tiny = simde_mm_cmpgt_epi32(simde_mm_set1_epi32(0x38800000), magnitude);
  const mask huge = simde_mm_cmpgt_epi32(magnitude, simde_mm_set1_epi32(0x47800000 - 1));
  const mask nan = simde_mm_cmpgt_epi32(magnitude, simde_mm_set1_epi32(0x7F800000));
  const bits infinite =
      simde_mm_or_si128(simde_mm_set1_epi32(0x7C00), where(nan, simde_mm_set1_epi32(0x200), W32));
  return simde_mm_or_si128(sign, choose(huge, infinite, choose(tiny, denormal, normal, W32), W32));
}

/* f32 to four bfloat16 in 32-bit lanes, sign-extended; to nearest, ties to even. */
INLINE bits bf16_from_f32(bits x) {
  const bits odd = simde_mm_and_si128(simde_mm_srli_epi32(x, 16), simde_mm_set1_epi32(1));
  const bits rounded = simde_mm_add_epi32(x, simde_mm_add_epi32(odd, simde_mm_set1_epi32(0x7FFF)));
  const mask nan = simde_mm_cmpgt_epi32(simde_mm_and_si128(x, simde_mm_set1_epi32(0x7FFFFFFF)),
                                        simde_mm_set1_epi32(0x7F800000));
  const bits quiet = simde_mm_or_si128(x, simde_mm_set1_epi32(0x400000));
  return simde_mm_srai_epi32(choose(nan, quiet, rounded, W32), 16);
}

INLINE bits widen_low(bits x, int e) {
  const bits zero = simde_mm_setzero_si128();
  return e == F16 ? f32_from_f16(simde_mm_unpacklo_epi16(x, zero)) : simde_mm_unpacklo_epi16(zero, x);
}
INLINE bits widen_high(bits x, int e) {
  const bits zero = simde_mm_setzero_si128();
  return e == F16 ? f32_from_f16(simde_mm_unpackhi_epi16(x, zero)) : simde_mm_unpackhi_epi16(zero, x);
}
INLINE bits narrow_pair(bits low, bits high, int e) {
  return e == F16 ? simde_mm_packs_epi32(f16_from_f32(low), f16_from_f32(high))
                  : simde_mm_packs_epi32(bf16_from_f32(low), bf16_from_f32(high));
}

/* A half of the numbers as they stand in memory: halves in f32, and an f32 register's in f64. */
INLINE bits widen_in_order(bits x, int high, int e) { return high ? widen_high(x, e) : widen_low(x, e); }
INLINE bits f64_from_f32(bits x, int high) {
  const bits half = high ? simde_mm_unpackhi_epi64(x, x) : x;
  return simde_mm_castpd_si128(simde_mm_cvtps_pd(simde_mm_castsi128_ps(half)));
}

#include "kernels.h"
