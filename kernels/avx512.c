/* The vocabulary of AVX-512 (F, BW, DQ, VL): 64-byte registers, masks in mask registers, memory masked by
 * bytes. SIMDe 0.7.4 lacks some of it: those operations are the compiler's own where it has them, and plain
 * C where this file is compiled without its flags, for the tests. */
#include "base.h"
#include "half.h"

#include <simde/x86/avx512/add.h>
#include <simde/x86/avx512/and.h>
#include <simde/x86/avx512/cast.h>
#include <simde/x86/avx512/cmp.h>
#include <simde/x86/avx512/cmpge.h>
#include <simde/x86/avx512/cmpgt.h>
#include <simde/x86/avx512/loadu.h>
#include <simde/x86/avx512/max.h>
#include <simde/x86/avx512/min.h>
#include <simde/x86/avx512/mov.h>
#include <simde/x86/avx512/mul.h>
#include <simde/x86/avx512/or.h>
#include <simde/x86/avx512/packs.h>
#include <simde/x86/avx512/set1.h>
#include <simde/x86/avx512/setzero.h>
#include <simde/x86/avx512/srli.h>
#include <simde/x86/avx512/storeu.h>
#include <simde/x86/avx512/subs.h>
#include <simde/x86/avx512/test.h>
#include <simde/x86/avx512/unpackhi.h>
#include <simde/x86/avx512/unpacklo.h>
#include <simde/x86/avx512/xor.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define NATIVE 1
#else
#define NATIVE 0
#endif

typedef simde__m512i bits;
typedef uint64_t mask; /* one bit a lane */

enum { REGISTERS = 32, MASKS_BYTES = 1, LOADS_BY_MASK = 1, CONVERTS_F16 = 1, LARGER_OF_BYTES = 1 };
#define STREAMS 2
#define COMPARES_SILENTLY 1

INLINE int vector_bytes(int e) { return (void)e, 64; }

INLINE bits load(const void *p, int e) { return (void)e, simde_mm512_loadu_si512(p); }
INLINE void store(void *p, bits x, int e) { (void)e, simde_mm512_storeu_si512(p, x); }

/* Around the caches, to an aligned address. See sse2.c. */
INLINE void stream(void *p, bits x, int e) {
#if NATIVE
  (void)e;
  __asm__ volatile("vmovntdq %1, %0" : "=m"(*(bits *)p) : "v"(x));
#else
  store(p, x, e);
#endif
}
INLINE void fence(void) { simde_mm_sfence(); }

/* The first `bytes` of a vector, fewer than 64. */
INLINE bits load_part(const void *p, size_t bytes, int piece) {
  (void)piece;
#if NATIVE
  return _mm512_maskz_loadu_epi8(low_bits(bytes), p);
#else
  char copy[64] = {0};
  memcpy(copy, p, bytes);
  return simde_mm512_loadu_si512(copy);
#endif
}
INLINE void store_part(void *p, bits x, size_t bytes, int piece) {
  (void)piece;
#if NATIVE
  _mm512_mask_storeu_epi8(p, low_bits(bytes), x);
#else
  memcpy(p, &x, bytes);
#endif
}

/* Eight elements, of types of which a vector has more: 16-bit and 32-bit ones. */
INLINE bits load_eight(const void *p, int e) {
#if NATIVE
  return size(e) == 2 ? _mm512_zextsi128_si512(_mm_loadu_si128(p))
                      : _mm512_zextsi256_si512(_mm256_loadu_si256(p));
#else
  return load_part(p, 8 * (size_t)size(e), 0);
#endif
}
INLINE void store_eight(void *p, bits x, int e) {
#if NATIVE
  if (size(e) == 2) {
    _mm_storeu_si128(p, _mm512_castsi512_si128(x));
  } else {
    _mm256_storeu_si256(p, _mm512_castsi512_si256(x));
  }
#else
  store_part(p, x, 8 * (size_t)size(e), 0);
#endif
}

/* Keeps what was loaded in a register: gcc would rather load it again for its second use (libdeflate does the
 * same). */
INLINE bits held(bits x) {
#if NATIVE
  __asm__("" : "+v"(x));
#endif
  return x;
}

/* See avx2.c. Registers 16 to 31 do no harm. */
INLINE void leave(void) {
#if defined(__AVX__)
  _mm256_zeroupper();
#endif
}

INLINE bits broadcast(int64_t value, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm512_set1_epi8((int8_t)value);
    case 2:
      return simde_mm512_set1_epi16((int16_t)value);
    case 4:
      return simde_mm512_set1_epi32((int32_t)value);
    default:
      return simde_mm512_set1_epi64(value);
  }
}

INLINE mask above(bits x, bits floor, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm512_cmpgt_epi8_mask(x, floor);
    case 2:
#if NATIVE
      return _mm512_cmpgt_epi16_mask(x, floor);
#else
      return (uint32_t)~simde_mm512_cmpge_epi16_mask(floor, x);
#endif
    case 4:
      return simde_mm512_cmpgt_epi32_mask(x, floor);
    default:
      return simde_mm512_cmpgt_epi64_mask(x, floor);
  }
}

/* Halves: see sse2.c. Else the test against zero masks the comparison: two instructions, no mask arithmetic. */
INLINE mask active(bits x, bits floor, bits nan, int e) {
  switch (size(e)) {
    case 2:
      return above(x, simde_mm512_subs_epu16(x, nan), e);
    case 4:
      return simde_mm512_mask_cmpgt_epi32_mask(simde_mm512_test_epi32_mask(x, x), x, floor);
    default:
      return simde_mm512_mask_cmpgt_epi64_mask(simde_mm512_test_epi64_mask(x, x), x, floor);
  }
}

/* !(x <= 0) as floats: one comparison instead of two. {sae} keeps it from raising flags; clang ignores it in the
 * intrinsic. */
INLINE mask active_as_float(bits x, bits floor, bits nan, int e) {
#if NATIVE
  const bits zero = _mm512_setzero_si512();
  if (size(e) == 4) {
    __mmask16 m;
    __asm__("vcmpnle_uqps %{sae%}, %2, %1, %0" : "=k"(m) : "v"(x), "v"(zero));
    return m;
  }
  if (size(e) == 8) {
    __mmask8 m;
    __asm__("vcmpnle_uqpd %{sae%}, %2, %1, %0" : "=k"(m) : "v"(x), "v"(zero));
    return m;
  }
#endif
  return active(x, floor, nan, e);
}

INLINE bits where(mask m, bits x, int e) {
  switch (size(e)) {
    case 1:
      return simde_mm512_maskz_mov_epi8(m, x);
    case 2:
      return simde_mm512_maskz_mov_epi16((uint32_t)m, x);
    case 4:
      return simde_mm512_maskz_mov_epi32((uint16_t)m, x);
    default:
      return simde_mm512_maskz_mov_epi64((uint8_t)m, x);
  }
}
INLINE bits choose(mask m, bits a, bits b, int e) {
  switch (size(e)) {
    case 2:
      return simde_mm512_mask_mov_epi16(b, (uint32_t)m, a);
    case 4:
      return simde_mm512_mask_mov_epi32(b, (uint16_t)m, a);
    default:
      return simde_mm512_mask_mov_epi64(b, (uint8_t)m, a);
  }
}

INLINE mask both(mask a, mask b) { return a & b; }
INLINE bits bitwise_and(bits a, bits b) { return simde_mm512_and_si512(a, b); }

/* Of floats, rank_of() each. */
INLINE bits ranks(bits x, int e) {
  return simde_mm512_xor_si512(x, where(above(broadcast(0, e), x, e), broadcast(~sign_of(e), e), e));
}

INLINE bits add_words(bits a, bits b, int e) {
  switch (size(e)) {
    case 2:
      return simde_mm512_add_epi16(a, b);
    case 4:
      return simde_mm512_add_epi32(a, b);
    default:
      return simde_mm512_add_epi64(a, b);
  }
}

INLINE int masks_at_once(int e) { return (void)e, 1; }
INLINE uint64_t to_bits(const mask m[], int masks, int e) {
  return (void)masks, *m & low_bits(64 / (size_t)size(e));
}
/* Of a batch of four shifted as masks: their word is then moved to where masks are once. */
INLINE mask from_bits(uint64_t word, int first, int e) {
#if NATIVE
  if (size(e) > 2) {
    switch (first) {
      case 8:
        return _kshiftri_mask64(word, 8);
      case 16:
        return _kshiftri_mask64(word, 16);
      case 24:
        return _kshiftri_mask64(word, 24);
      case 32:
        return _kshiftri_mask64(word, 32);
      case 48:
        return _kshiftri_mask64(word, 48);
    }
  }
#endif
  return (void)e, word >> first;
}

INLINE int group_of(int e) { return size(e) == 8 ? 8 : 16; }

/* See avx2.c. In registers: the instruction that compresses to memory is microcoded on AMD. */
INLINE size_t compress(bits x, mask m, int group, bits first, void *values, uint32_t *indices, int whole,
                       int e) {
  const uint64_t kept = m >> 16 * group & low_bits((size_t)group_of(e));
  const size_t count = (size_t)__builtin_popcountll(kept);
#if NATIVE
  const bits each = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  bits front, places = _mm512_maskz_compress_epi32((__mmask16)kept, _mm512_add_epi32(each, first));
  if (size(e) == 2) {
    const __m256i part = group ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x);
    front = _mm512_maskz_compress_epi32((__mmask16)kept, _mm512_cvtepu16_epi32(part));
    front = _mm512_castsi256_si512(_mm512_cvtepi32_epi16(front));
  } else if (size(e) == 4) {
    front = _mm512_maskz_compress_epi32((__mmask16)kept, x);
  } else {
    front = _mm512_maskz_compress_epi64((__mmask8)kept, x);
  }
#else
  char in[64], out[64] = {0};
  uint32_t at[16], where_kept[16] = {0};
  memcpy(in, &x, sizeof in);
  memcpy(at, &first, sizeof at);
  for (int lane = 0, k = 0; lane < group_of(e); lane++) {
    if (!(kept >> lane & 1)) continue;
    memcpy(out + k * size(e), in + (group * group_of(e) + lane) * size(e), (size_t)size(e));
    where_kept[k++] = at[lane] + (uint32_t)lane;
  }
  const bits front = simde_mm512_loadu_si512(out), places = simde_mm512_loadu_si512(where_kept);
#endif
  if (!whole) {
    store_part(values, front, count * (size_t)size(e), 64);
    store_part(indices, places, count * 4, 64);
    return count;
  }
  if (size(e) == 2) {
    simde_mm256_storeu_si256((simde__m256i *)values, simde_mm512_castsi512_si256(front));
  } else {
    store(values, front, e);
  }
  if (size(e) == 8) {
    simde_mm256_storeu_si256((simde__m256i *)(void *)indices, simde_mm512_castsi512_si256(places));
  } else {
    store(indices, places, W32);
  }
  return count;
}

INLINE bits add_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm512_castpd_si512(
        simde_mm512_add_pd(simde_mm512_castsi512_pd(a), simde_mm512_castsi512_pd(b)));
  }
  return simde_mm512_castps_si512(
      simde_mm512_add_ps(simde_mm512_castsi512_ps(a), simde_mm512_castsi512_ps(b)));
}

INLINE bits mul_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm512_castpd_si512(
        simde_mm512_mul_pd(simde_mm512_castsi512_pd(a), simde_mm512_castsi512_pd(b)));
  }
  return simde_mm512_castps_si512(
      simde_mm512_mul_ps(simde_mm512_castsi512_ps(a), simde_mm512_castsi512_ps(b)));
}

INLINE mask not_at_most(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm512_cmp_pd_mask(simde_mm512_castsi512_pd(a), simde_mm512_castsi512_pd(b),
                                   SIMDE_CMP_NLE_UQ);
  }
  return simde_mm512_cmp_ps_mask(simde_mm512_castsi512_ps(a), simde_mm512_castsi512_ps(b), SIMDE_CMP_NLE_UQ);
}
/* One instruction: compilers often make `both` of two masks only after they have been moved to integers. */
INLINE mask both_not_at_most(mask m, bits a, bits b, int e) {
#if NATIVE
  return size(e) == 8 ? _mm512_mask_cmp_pd_mask((__mmask8)m, _mm512_castsi512_pd(a), _mm512_castsi512_pd(b),
                                                _CMP_NLE_UQ)
                      : _mm512_mask_cmp_ps_mask((__mmask16)m, _mm512_castsi512_ps(a), _mm512_castsi512_ps(b),
                                                _CMP_NLE_UQ);
#else
  return both(m, not_at_most(a, b, e));
#endif
}

#if !NATIVE
INLINE mask less(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_mm512_cmp_pd_mask(simde_mm512_castsi512_pd(a), simde_mm512_castsi512_pd(b), SIMDE_CMP_LT_OQ);
  }
  return simde_mm512_cmp_ps_mask(simde_mm512_castsi512_ps(a), simde_mm512_castsi512_ps(b), SIMDE_CMP_LT_OQ);
}
#endif

/* The instructions for floats give the second operand where either is NaN or both are zero. */
INLINE bits larger(bits bound, bits x, int e) {
  switch (e) {
    case F32:
    case F64:
#if NATIVE
      return e == F64
                 ? _mm512_castpd_si512(_mm512_max_pd(_mm512_castsi512_pd(bound), _mm512_castsi512_pd(x)))
                 : _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps(bound), _mm512_castsi512_ps(x)));
#else
      return choose(less(x, bound, e), bound, x, e);
#endif
    case U8:
      return simde_mm512_max_epu8(bound, x);
    case W8:
      return simde_mm512_max_epi8(bound, x);
    case W16:
      return simde_mm512_max_epi16(bound, x);
    default:
      return simde_mm512_max_epi32(bound, x);
  }
}
INLINE bits smaller(bits bound, bits x, int e) {
  switch (e) {
    case F32:
    case F64:
#if NATIVE
      return e == F64
                 ? _mm512_castpd_si512(_mm512_min_pd(_mm512_castsi512_pd(bound), _mm512_castsi512_pd(x)))
                 : _mm512_castps_si512(_mm512_min_ps(_mm512_castsi512_ps(bound), _mm512_castsi512_ps(x)));
#else
      return choose(less(bound, x, e), bound, x, e);
#endif
    case U8:
      return simde_mm512_min_epu8(bound, x);
    case W8:
      return simde_mm512_min_epi8(bound, x);
    case W16:
      return simde_mm512_min_epi16(bound, x);
    default:
      return simde_mm512_min_epi32(bound, x);
  }
}

/* The half `high` of 16 binary16 each, to f32. */
INLINE bits f32_from_f16(bits x, int high) {
#if NATIVE
  const __m256i half = high ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x);
  return _mm512_castps_si512(_mm512_cvtph_ps(half));
#else
  uint16_t in[32];
  uint32_t out[16];
  memcpy(in, &x, sizeof in);
  for (int i = 0; i < 16; i++) out[i] = f32_bits_from_f16(in[16 * high + i]);
  return simde_mm512_loadu_si512(out);
#endif
}
INLINE bits f16_from_f32(bits low, bits high) {
#if NATIVE
  const __m256i first = _mm512_cvtps_ph(_mm512_castsi512_ps(low), _MM_FROUND_TO_NEAREST_INT);
  const __m256i second = _mm512_cvtps_ph(_mm512_castsi512_ps(high), _MM_FROUND_TO_NEAREST_INT);
  return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
#else
  uint32_t in[32];
  uint16_t out[32];
  memcpy(in, &low, sizeof low);
  memcpy(in + 16, &high, sizeof high);
  for (int i = 0; i < 32; i++) out[i] = f16_from_f32_bits(in[i]);
  return simde_mm512_loadu_si512(out);
#endif
}

INLINE bits shift_right_signed(bits x) {
#if NATIVE
  return _mm512_srai_epi32(x, 16);
#else
  int32_t lanes[16];
  memcpy(lanes, &x, sizeof lanes);
  for (int i = 0; i < 16; i++) lanes[i] >>= 16;
  return simde_mm512_loadu_si512(lanes);
#endif
}

/* f32 to bfloat16 in 32-bit lanes, sign-extended; to nearest, ties to even. (AVX512_BF16's instruction treats
 * denormals as zero.) */
INLINE bits bf16_from_f32(bits x) {
  const bits odd = simde_mm512_and_epi32(simde_mm512_srli_epi32(x, 16), simde_mm512_set1_epi32(1));
  const bits rounded = simde_mm512_add_epi32(x, simde_mm512_add_epi32(odd, simde_mm512_set1_epi32(0x7FFF)));
  const mask nan = simde_mm512_cmpgt_epi32_mask(simde_mm512_and_epi32(x, simde_mm512_set1_epi32(0x7FFFFFFF)),
                                                simde_mm512_set1_epi32(0x7F800000));
  const bits quiet = simde_mm512_or_epi32(x, simde_mm512_set1_epi32(0x400000));
  return shift_right_signed(choose(nan, quiet, rounded, W32));
}

/* bfloat16 by unpack and pack, which interleave within 16 bytes and undo each other. */
INLINE bits widen_low(bits x, int e) {
  return e == F16 ? f32_from_f16(x, 0) : simde_mm512_unpacklo_epi16(simde_mm512_setzero_si512(), x);
}
INLINE bits widen_high(bits x, int e) {
  return e == F16 ? f32_from_f16(x, 1) : simde_mm512_unpackhi_epi16(simde_mm512_setzero_si512(), x);
}
INLINE bits narrow_pair(bits low, bits high, int e) {
  return e == F16 ? f16_from_f32(low, high)
                  : simde_mm512_packs_epi32(bf16_from_f32(low), bf16_from_f32(high));
}

/* A half of the numbers as they stand in memory: halves in f32, and an f32 register's in f64. */
INLINE bits widen_in_order(bits x, int high, int e) {
  if (e == F16) return high ? widen_high(x, e) : widen_low(x, e);
#if NATIVE
  const __m256i half = high ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x);
  return _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
#else
  uint16_t in[32];
  uint32_t out[16];
  memcpy(in, &x, sizeof in);
  for (int i = 0; i < 16; i++) out[i] = f32_bits_from_bf16(in[16 * high + i]);
  return simde_mm512_loadu_si512(out);
#endif
}
INLINE bits f64_from_f32(bits x, int high) {
#if NATIVE
  const __m256i half = high ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x);
  return _mm512_castpd_si512(_mm512_cvtps_pd(_mm256_castsi256_ps(half)));
#else
  float in[16];
  double out[8];
  memcpy(in, &x, sizeof in);
  for (int i = 0; i < 8; i++) out[i] = (double)in[8 * high + i];
  return simde_mm512_loadu_si512(out);
#endif
}

#undef NATIVE

#include "kernels.h"
