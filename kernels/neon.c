/* The vocabulary of NEON, the baseline of aarch64: 16-byte registers, masks as vectors of 0 and -1. */
#include "base.h"
#include "half.h"
#include "positions.h"

#include <simde/arm/neon/add.h>
#include <simde/arm/neon/addv.h>
#include <simde/arm/neon/and.h>
#include <simde/arm/neon/bsl.h>
#include <simde/arm/neon/cgt.h>
#include <simde/arm/neon/cle.h>
#include <simde/arm/neon/clt.h>
#include <simde/arm/neon/combine.h>
#include <simde/arm/neon/create.h>
#include <simde/arm/neon/cvt.h>
#include <simde/arm/neon/dup_n.h>
#include <simde/arm/neon/eor.h>
#include <simde/arm/neon/get_high.h>
#include <simde/arm/neon/get_lane.h>
#include <simde/arm/neon/get_low.h>
#include <simde/arm/neon/ld1.h>
#include <simde/arm/neon/max.h>
#include <simde/arm/neon/min.h>
#include <simde/arm/neon/mla.h>
#include <simde/arm/neon/movl.h>
#include <simde/arm/neon/mul.h>
#include <simde/arm/neon/mvn.h>
#include <simde/arm/neon/orr.h>
#include <simde/arm/neon/padd.h>
#include <simde/arm/neon/qsub.h>
#include <simde/arm/neon/qtbl.h>
#include <simde/arm/neon/reinterpret.h>
#include <simde/arm/neon/shr_n.h>
#include <simde/arm/neon/st1.h>
#include <simde/arm/neon/tst.h>
#include <simde/arm/neon/uzp1.h>
#include <simde/arm/neon/uzp2.h>
#include <simde/arm/neon/zip1.h>
#include <simde/arm/neon/zip2.h>

typedef simde_uint8x16_t bits;
typedef simde_uint8x16_t mask;

enum { REGISTERS = 32, MASKS_BYTES = 0, LOADS_BY_MASK = 0, CONVERTS_F16 = 1, LARGER_OF_BYTES = 1 };
#define STREAMS 0

INLINE int vector_bytes(int e) { return (void)e, 16; }

INLINE bits load(const void *p, int e) { return (void)e, simde_vld1q_u8((const uint8_t *)p); }
INLINE void store(void *p, bits x, int e) { (void)e, simde_vst1q_u8((uint8_t *)p, x); }

INLINE bits load_part(const void *p, size_t bytes, int piece) {
  const pieces x = load_pieces(p, bytes, piece);
  return simde_vreinterpretq_u8_u64(simde_vcombine_u64(simde_vcreate_u64(x.low), simde_vcreate_u64(x.high)));
}

/* No stores around the caches: never called. */
INLINE void stream(void *p, bits x, int e) { store(p, x, e); }
INLINE void fence(void) {}
INLINE void store_part(void *p, bits x, size_t bytes, int piece) {
  const simde_uint64x2_t words = simde_vreinterpretq_u64_u8(x);
  store_pieces(p, (pieces){simde_vgetq_lane_u64(words, 0), simde_vgetq_lane_u64(words, 1)}, bytes, piece);
}

/* Eight elements, of types of which a vector has more: none here. */
INLINE bits load_eight(const void *p, int e) { return load(p, e); }
INLINE void store_eight(void *p, bits x, int e) { store(p, x, e); }

/* Keeps what was loaded in a register: gcc would rather load it again for its second use (libdeflate does the
 * same). */
INLINE bits held(bits x) {
#if defined(__aarch64__)
  __asm__("" : "+w"(x));
#endif
  return x;
}

INLINE void leave(void) {}

INLINE bits broadcast(int64_t value, int e) {
  switch (size(e)) {
    case 1:
      return simde_vdupq_n_u8((uint8_t)value);
    case 2:
      return simde_vreinterpretq_u8_u16(simde_vdupq_n_u16((uint16_t)value));
    case 4:
      return simde_vreinterpretq_u8_u32(simde_vdupq_n_u32((uint32_t)value));
    default:
      return simde_vreinterpretq_u8_u64(simde_vdupq_n_u64((uint64_t)value));
  }
}

INLINE mask above(bits x, bits floor, int e) {
  switch (size(e)) {
    case 1:
      return simde_vcgtq_s8(simde_vreinterpretq_s8_u8(x), simde_vreinterpretq_s8_u8(floor));
    case 2:
      return simde_vreinterpretq_u8_u16(
          simde_vcgtq_s16(simde_vreinterpretq_s16_u8(x), simde_vreinterpretq_s16_u8(floor)));
    case 4:
      return simde_vreinterpretq_u8_u32(
          simde_vcgtq_s32(simde_vreinterpretq_s32_u8(x), simde_vreinterpretq_s32_u8(floor)));
    default:
      return simde_vreinterpretq_u8_u64(
          simde_vcgtq_s64(simde_vreinterpretq_s64_u8(x), simde_vreinterpretq_s64_u8(floor)));
  }
}

/* See sse2.c; here elements of any size saturate. */
INLINE mask active(bits x, bits floor, bits nan, int e) {
  (void)floor;
  switch (size(e)) {
    case 2:
      nan = simde_vreinterpretq_u8_u16(
          simde_vqsubq_u16(simde_vreinterpretq_u16_u8(x), simde_vreinterpretq_u16_u8(nan)));
      break;
    case 4:
      nan = simde_vreinterpretq_u8_u32(
          simde_vqsubq_u32(simde_vreinterpretq_u32_u8(x), simde_vreinterpretq_u32_u8(nan)));
      break;
    default:
      nan = simde_vreinterpretq_u8_u64(
          simde_vqsubq_u64(simde_vreinterpretq_u64_u8(x), simde_vreinterpretq_u64_u8(nan)));
  }
  return above(x, nan, e);
}

INLINE bits where(mask m, bits x, int e) { return (void)e, simde_vandq_u8(m, x); }
INLINE bits choose(mask m, bits a, bits b, int e) { return (void)e, simde_vbslq_u8(m, a, b); }

INLINE mask both(mask a, mask b) { return simde_vandq_u8(a, b); }
INLINE bits bitwise_and(bits a, bits b) { return simde_vandq_u8(a, b); }

/* Of floats, rank_of() each. */
INLINE bits ranks(bits x, int e) {
  return simde_veorq_u8(x, where(above(broadcast(0, e), x, e), broadcast(~sign_of(e), e), e));
}

INLINE bits add_words(bits a, bits b, int e) {
  switch (size(e)) {
    case 2:
      return simde_vreinterpretq_u8_u16(
          simde_vaddq_u16(simde_vreinterpretq_u16_u8(a), simde_vreinterpretq_u16_u8(b)));
    case 4:
      return simde_vreinterpretq_u8_u32(
          simde_vaddq_u32(simde_vreinterpretq_u32_u8(a), simde_vreinterpretq_u32_u8(b)));
    default:
      return simde_vreinterpretq_u8_u64(
          simde_vaddq_u64(simde_vreinterpretq_u64_u8(a), simde_vreinterpretq_u64_u8(b)));
  }
}

/* Bit first + i of lane i: what a mask is reduced to by a sum, and tested with on the way back. Loaded, as a batch's
 * are kept. */
INLINE bits lane_bits(int first, int e) {
  static const uint16_t each16[16] = {1,      2,      4,       8,       16,      32,      64,      128,
                                      1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
  static const uint32_t each32[16] = {1,      2,      4,       8,       16,      32,      64,      128,
                                      1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
  static const uint64_t each64[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const void *each = size(e) == 2   ? (const void *)(each16 + first)
                     : size(e) == 4 ? (const void *)(each32 + first)
                                    : (const void *)(each64 + first);
  return load(each, e);
}

INLINE uint64_t sum_of_lanes(bits x, int e) {
  switch (size(e)) {
    case 2:
      return simde_vaddvq_u16(simde_vreinterpretq_u16_u8(x));
    case 4:
      return simde_vaddvq_u32(simde_vreinterpretq_u32_u8(x));
    default:
      return simde_vaddvq_u64(simde_vreinterpretq_u64_u8(x));
  }
}

/* Every other one of the lanes of 1, 2 or 4 bytes, which halves the lanes of two masks. */
INLINE mask halved(mask a, mask b, int bytes) {
  switch (bytes) {
    case 1:
      return simde_vuzp1q_u8(a, b);
    case 2:
      return simde_vreinterpretq_u8_u16(
          simde_vuzp1q_u16(simde_vreinterpretq_u16_u8(a), simde_vreinterpretq_u16_u8(b)));
    default:
      return simde_vreinterpretq_u8_u32(
          simde_vuzp1q_u32(simde_vreinterpretq_u32_u8(a), simde_vreinterpretq_u32_u8(b)));
  }
}

INLINE int masks_at_once(int e) { return (void)e, 4; }
INLINE uint64_t to_bits(const mask m[], int masks, int e) {
  if (masks == 1) return sum_of_lanes(simde_vandq_u8(*m, lane_bits(0, e)), e);
  const mask low = halved(m[0], m[1], size(e) / 2), high = halved(m[2], m[3], size(e) / 2);
  if (size(e) == 8) return sum_of_lanes(simde_vandq_u8(halved(low, high, 2), lane_bits(0, W16)), W16);
  /* Bytes by now; three sums of neighbours make one byte of eight. */
  const bits each = simde_vreinterpretq_u8_u64(simde_vdupq_n_u64(UINT64_C(0x8040201008040201)));
  bits sums;
  if (size(e) == 4) {
    sums = simde_vandq_u8(halved(low, high, 1), each);
    sums = simde_vpaddq_u8(sums, sums);
  } else {
    sums = simde_vpaddq_u8(simde_vandq_u8(low, each), simde_vandq_u8(high, each));
  }
  sums = simde_vpaddq_u8(sums, sums);
  sums = simde_vpaddq_u8(sums, sums);
  return simde_vgetq_lane_u32(simde_vreinterpretq_u32_u8(sums), 0) & low_bits(64 / (size_t)size(e));
}
INLINE mask from_bits(uint64_t word, int first, int e) {
  const int shift = size(e) == 2 ? first / 16 * 16 : 0;
  const bits all = broadcast((int64_t)(word >> shift), e), each = lane_bits(first - shift, e);
  switch (size(e)) {
    case 2:
      return simde_vreinterpretq_u8_u16(
          simde_vtstq_u16(simde_vreinterpretq_u16_u8(all), simde_vreinterpretq_u16_u8(each)));
    case 4:
      return simde_vreinterpretq_u8_u32(
          simde_vtstq_u32(simde_vreinterpretq_u32_u8(all), simde_vreinterpretq_u32_u8(each)));
    default:
      return simde_vreinterpretq_u8_u64(
          simde_vtstq_u64(simde_vreinterpretq_u64_u8(all), simde_vreinterpretq_u64_u8(each)));
  }
}

/* Two lanes of 64 bits are no faster than one by one. */
INLINE int group_of(int e) { return size(e) == 8 ? 0 : 16 / size(e); }

/* See avx2.c. One sum gives both the bits and, from bit 8 on, their number. */
INLINE size_t compress(bits x, mask m, int group, bits first, void *values, uint32_t *indices, int whole,
                       int e) {
  (void)group, (void)whole;
  const uint64_t sum =
      sum_of_lanes(simde_vandq_u8(m, simde_vorrq_u8(lane_bits(0, e), broadcast(0x100, e))), e);
  const simde_uint16x8_t lanes = simde_vmovl_u8(simde_vld1_u8(positions[sum & 0xFF]));
  const simde_uint32x4_t low = simde_vmovl_u16(simde_vget_low_u16(lanes));
  const simde_uint32x4_t firsts = simde_vreinterpretq_u32_u8(first);
  /* The numbers of the bytes of each lane, for the permutation. */
  bits bytes;
  if (size(e) == 2) {
    bytes = simde_vreinterpretq_u8_u16(
        simde_vmlaq_u16(simde_vdupq_n_u16(0x0100), lanes, simde_vdupq_n_u16(0x0202)));
    const simde_uint32x4_t high = simde_vmovl_u16(simde_vget_high_u16(lanes));
    simde_vst1q_u32(indices + 4, simde_vaddq_u32(high, firsts));
  } else {
    bytes = simde_vreinterpretq_u8_u32(
        simde_vmlaq_u32(simde_vdupq_n_u32(0x03020100), low, simde_vdupq_n_u32(0x04040404)));
  }
  store(values, simde_vqtbl1q_u8(x, bytes), e);
  simde_vst1q_u32(indices, simde_vaddq_u32(low, firsts));
  return sum >> 8;
}

INLINE bits add_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_vreinterpretq_u8_f64(
        simde_vaddq_f64(simde_vreinterpretq_f64_u8(a), simde_vreinterpretq_f64_u8(b)));
  }
  return simde_vreinterpretq_u8_f32(
      simde_vaddq_f32(simde_vreinterpretq_f32_u8(a), simde_vreinterpretq_f32_u8(b)));
}

INLINE bits mul_lanes(bits a, bits b, int e) {
  if (size(e) == 8) {
    return simde_vreinterpretq_u8_f64(
        simde_vmulq_f64(simde_vreinterpretq_f64_u8(a), simde_vreinterpretq_f64_u8(b)));
  }
  return simde_vreinterpretq_u8_f32(
      simde_vmulq_f32(simde_vreinterpretq_f32_u8(a), simde_vreinterpretq_f32_u8(b)));
}

INLINE mask not_at_most(bits a, bits b, int e) {
  return simde_vmvnq_u8(size(e) == 8 ? simde_vreinterpretq_u8_u64(simde_vcleq_f64(
                                           simde_vreinterpretq_f64_u8(a), simde_vreinterpretq_f64_u8(b)))
                                     : simde_vreinterpretq_u8_u32(simde_vcleq_f32(
                                           simde_vreinterpretq_f32_u8(a), simde_vreinterpretq_f32_u8(b))));
}
INLINE mask both_not_at_most(mask m, bits a, bits b, int e) { return both(m, not_at_most(a, b, e)); }

/* NEON's own maximum makes NaNs quiet. */
INLINE bits larger(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return choose(simde_vreinterpretq_u8_u32(
                        simde_vcgtq_f32(simde_vreinterpretq_f32_u8(bound), simde_vreinterpretq_f32_u8(x))),
                    bound, x, e);
    case F64:
      return choose(simde_vreinterpretq_u8_u64(
                        simde_vcgtq_f64(simde_vreinterpretq_f64_u8(bound), simde_vreinterpretq_f64_u8(x))),
                    bound, x, e);
    case U8:
      return simde_vmaxq_u8(bound, x);
    case W8:
      return simde_vreinterpretq_u8_s8(
          simde_vmaxq_s8(simde_vreinterpretq_s8_u8(bound), simde_vreinterpretq_s8_u8(x)));
    case W16:
      return simde_vreinterpretq_u8_s16(
          simde_vmaxq_s16(simde_vreinterpretq_s16_u8(bound), simde_vreinterpretq_s16_u8(x)));
    default:
      return simde_vreinterpretq_u8_s32(
          simde_vmaxq_s32(simde_vreinterpretq_s32_u8(bound), simde_vreinterpretq_s32_u8(x)));
  }
}
INLINE bits smaller(bits bound, bits x, int e) {
  switch (e) {
    case F32:
      return choose(simde_vreinterpretq_u8_u32(
                        simde_vcltq_f32(simde_vreinterpretq_f32_u8(bound), simde_vreinterpretq_f32_u8(x))),
                    bound, x, e);
    case F64:
      return choose(simde_vreinterpretq_u8_u64(
                        simde_vcltq_f64(simde_vreinterpretq_f64_u8(bound), simde_vreinterpretq_f64_u8(x))),
                    bound, x, e);
    case U8:
      return simde_vminq_u8(bound, x);
    case W8:
      return simde_vreinterpretq_u8_s8(
          simde_vminq_s8(simde_vreinterpretq_s8_u8(bound), simde_vreinterpretq_s8_u8(x)));
    case W16:
      return simde_vreinterpretq_u8_s16(
          simde_vminq_s16(simde_vreinterpretq_s16_u8(bound), simde_vreinterpretq_s16_u8(x)));
    default:
      return simde_vreinterpretq_u8_s32(
          simde_vminq_s32(simde_vreinterpretq_s32_u8(bound), simde_vreinterpretq_s32_u8(x)));
  }
}

/* Four binary16 to f32 and back. Every aarch64 has the instructions; elsewhere plain C, since SIMDe's
 * emulation rounds otherwise. */
INLINE bits f32_from_f16(simde_uint16x4_t half) {
#if defined(__aarch64__)
  return vreinterpretq_u8_f32(vcvt_f32_f16(vreinterpret_f16_u16(half)));
#else
  uint16_t in[4];
  uint32_t out[4];
  memcpy(in, &half, sizeof in);
  for (int i = 0; i < 4; i++) out[i] = f32_bits_from_f16(in[i]);
  return load(out, F32);
#endif
}
INLINE simde_uint16x4_t f16_from_f32(bits x) {
#if defined(__aarch64__)
  return vreinterpret_u16_f16(vcvt_f16_f32(vreinterpretq_f32_u8(x)));
#else
  uint32_t in[4];
  uint16_t out[4];
  memcpy(in, &x, sizeof in);
  for (int i = 0; i < 4; i++) out[i] = f16_from_f32_bits(in[i]);
  return simde_vld1_u16(out);
#endif
}

/* f32 to bfloat16 in the upper half of each 32-bit lane; to nearest, ties to even. */
INLINE simde_uint16x8_t bf16_from_f32(bits x) {
  const simde_uint32x4_t u = simde_vreinterpretq_u32_u8(x);
  const simde_uint32x4_t odd = simde_vandq_u32(simde_vshrq_n_u32(u, 16), simde_vdupq_n_u32(1));
  const simde_uint32x4_t rounded = simde_vaddq_u32(u, simde_vaddq_u32(odd, simde_vdupq_n_u32(0x7FFF)));
  const simde_uint32x4_t nan =
      simde_vcgtq_u32(simde_vandq_u32(u, simde_vdupq_n_u32(0x7FFFFFFF)), simde_vdupq_n_u32(0x7F800000));
  const simde_uint32x4_t quiet = simde_vorrq_u32(u, simde_vdupq_n_u32(0x400000));
  return simde_vreinterpretq_u16_u32(simde_vbslq_u32(nan, quiet, rounded));
}

INLINE bits widen_low(bits x, int e) {
  const simde_uint16x8_t half = simde_vreinterpretq_u16_u8(x);
  return e == F16 ? f32_from_f16(simde_vget_low_u16(half))
                  : simde_vreinterpretq_u8_u16(simde_vzip1q_u16(simde_vdupq_n_u16(0), half));
}
INLINE bits widen_high(bits x, int e) {
  const simde_uint16x8_t half = simde_vreinterpretq_u16_u8(x);
  return e == F16 ? f32_from_f16(simde_vget_high_u16(half))
                  : simde_vreinterpretq_u8_u16(simde_vzip2q_u16(simde_vdupq_n_u16(0), half));
}
INLINE bits narrow_pair(bits low, bits high, int e) {
  return simde_vreinterpretq_u8_u16(e == F16 ? simde_vcombine_u16(f16_from_f32(low), f16_from_f32(high))
                                             : simde_vuzp2q_u16(bf16_from_f32(low), bf16_from_f32(high)));
}

/* A half of the numbers as they stand in memory: halves in f32, and an f32 register's in f64. */
INLINE bits widen_in_order(bits x, int high, int e) { return high ? widen_high(x, e) : widen_low(x, e); }
INLINE bits f64_from_f32(bits x, int high) {
  const simde_float32x4_t all = simde_vreinterpretq_f32_u8(x);
  return simde_vreinterpretq_u8_f64(
      simde_vcvt_f64_f32(high ? simde_vget_high_f32(all) : simde_vget_low_f32(all)));
}

#include "kernels.h"
