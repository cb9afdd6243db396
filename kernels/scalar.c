/* The vocabulary of plain C: a vector is one element, in the low bits of a 64-bit word. It runs everywhere,
 * and is the one table that needs no SIMD. Compiled without auto-vectorisation. */
#include "base.h"
#include "half.h"

typedef int64_t bits; /* sign-extended, so that comparisons need no element */
typedef int64_t mask; /* 0 or -1 */

enum { REGISTERS = 16, MASKS_BYTES = 0, LOADS_BY_MASK = 0, CONVERTS_F16 = 0, LARGER_OF_BYTES = 0 };
#define STREAMS 0

INLINE int vector_bytes(int e) { return size(e); }

INLINE bits load(const void *p, int e) { return load_element(p, e); }
INLINE void store(void *p, bits x, int e) { store_element(p, x, e); }

/* Nothing is shorter than a vector of one element. */
INLINE bits load_part(const void *p, size_t bytes, int piece) {
  (void)p, (void)bytes, (void)piece;
  return 0;
}

/* No stores around the caches: never called. */
INLINE void stream(void *p, bits x, int e) { store(p, x, e); }
INLINE void fence(void) {}
INLINE void store_part(void *p, bits x, size_t bytes, int piece) {
  (void)p, (void)x, (void)bytes, (void)piece;
}

/* Eight elements, of types of which a vector has more: none here. */
INLINE bits load_eight(const void *p, int e) { return load(p, e); }
INLINE void store_eight(void *p, bits x, int e) { store(p, x, e); }

/* Keeps what was loaded in a register: gcc would rather load it again for its second use (libdeflate does the
 * same). */
INLINE bits held(bits x) {
  __asm__("" : "+r"(x));
  return x;
}

INLINE void leave(void) {}

INLINE bits broadcast(int64_t value, int e) {
  (void)e;
  return value;
}

INLINE mask above(bits x, bits floor, int e) {
  (void)e;
  return -(int64_t)(x > floor);
}
INLINE mask active(bits x, bits floor, bits nan, int e) {
  (void)nan;
  return above(x, floor, e) & -(int64_t)(x != 0);
}

INLINE bits where(mask m, bits x, int e) {
  (void)e;
  return m & x;
}
INLINE bits choose(mask m, bits a, bits b, int e) {
  (void)e;
  return (a & m) | (b & ~m);
}

INLINE mask both(mask a, mask b) { return a & b; }
INLINE bits bitwise_and(bits a, bits b) { return a & b; }

INLINE bits ranks(bits x, int e) { return rank_of(x, e); }

INLINE bits add_words(bits a, bits b, int e) {
  const uint64_t sum = (uint64_t)a + (uint64_t)b;
  return size(e) == 2 ? (int16_t)sum : size(e) == 4 ? (int32_t)sum : (int64_t)sum;
}

INLINE int masks_at_once(int e) { return (void)e, 1; }
INLINE uint64_t to_bits(const mask m[], int masks, int e) {
  (void)masks, (void)e;
  return (uint64_t)*m & 1;
}
INLINE mask from_bits(uint64_t word, int first, int e) {
  (void)e;
  return -(int64_t)(word >> first & 1);
}

/* Element by element. */
INLINE int group_of(int e) { return (void)e, 0; }
INLINE size_t compress(bits x, mask m, int group, bits first, void *values, uint32_t *indices, int whole,
                       int e) {
  (void)x, (void)m, (void)group, (void)first, (void)values, (void)indices, (void)whole, (void)e;
  return 0;
}

INLINE float f32_of(bits x) {
  const int32_t word = (int32_t)x;
  float value;
  memcpy(&value, &word, 4);
  return value;
}
INLINE bits bits_of_f32(float value) {
  int32_t word;
  memcpy(&word, &value, 4);
  return word;
}

INLINE double f64_of(bits x) {
  double value;
  memcpy(&value, &x, 8);
  return value;
}
INLINE bits bits_of_f64(double value) {
  bits x;
  memcpy(&x, &value, 8);
  return x;
}

INLINE bits add_lanes(bits a, bits b, int e) {
  return size(e) == 8 ? bits_of_f64(f64_of(a) + f64_of(b)) : bits_of_f32(f32_of(a) + f32_of(b));
}
INLINE bits mul_lanes(bits a, bits b, int e) {
  return size(e) == 8 ? bits_of_f64(f64_of(a) * f64_of(b)) : bits_of_f32(f32_of(a) * f32_of(b));
}

INLINE mask not_at_most(bits a, bits b, int e) {
  return -(int64_t) !(size(e) == 8 ? f64_of(a) <= f64_of(b) : f32_of(a) <= f32_of(b));
}
INLINE mask both_not_at_most(mask m, bits a, bits b, int e) { return both(m, not_at_most(a, b, e)); }

INLINE int less(bits a, bits b, int e) {
  if (e == F64) return f64_of(a) < f64_of(b);
  if (e == F32) return f32_of(a) < f32_of(b);
  return e == U8 ? (uint8_t)a < (uint8_t)b : a < b;
}
INLINE bits larger(bits bound, bits x, int e) { return less(x, bound, e) ? bound : x; }
INLINE bits smaller(bits bound, bits x, int e) { return less(bound, x, e) ? bound : x; }

INLINE bits widen_low(bits x, int e) {
  return (int32_t)(e == F16 ? f32_bits_from_f16((uint16_t)x) : f32_bits_from_bf16((uint16_t)x));
}
INLINE bits widen_high(bits x, int e) {
  (void)e;
  return x;
}
INLINE bits narrow_pair(bits low, bits high, int e) {
  (void)high;
  return (int16_t)(e == F16 ? f16_from_f32_bits((uint32_t)low) : bf16_from_f32_bits((uint32_t)low));
}

/* Of one element there is no half. */
INLINE bits widen_in_order(bits x, int high, int e) { return high ? widen_high(x, e) : widen_low(x, e); }
INLINE bits f64_from_f32(bits x, int high) {
  (void)high;
  return bits_of_f64((double)f32_of(x));
}

#include "kernels.h"
