/* binary16 and bfloat16 to binary32 and back, in integers: exact, and rounded to nearest, ties to even,
 * whatever the floating-point environment. For one value; the vectorised forms stand in the vocabularies. */
#ifndef FASTRELU_KERNELS_HALF_H
#define FASTRELU_KERNELS_HALF_H

#include "base.h"

INLINE uint32_t f32_bits_from_bf16(uint16_t half) { return (uint32_t)half << 16; }

INLINE uint16_t bf16_from_f32_bits(uint32_t x) {
  if ((x & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(x >> 16 | 0x40); /* NaN: made quiet */
  return (uint16_t)((x + 0x7FFF + (x >> 16 & 1)) >> 16);
}

INLINE uint32_t f32_bits_from_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7FFF;
  if (magnitude >= 0x7C00) return sign | 0x7F800000 | (magnitude & 0x3FF) << 13;
  if (magnitude >= 0x400) return sign | (magnitude + ((127 - 15) << 10)) << 13;
  if (magnitude == 0) return sign;
  const int shift = __builtin_clz(magnitude) - 21; /* brings the leading one of a denormal to bit 10 */
  return sign | (uint32_t)(127 - 14 - shift) << 23 | (magnitude << shift & 0x3FF) << 13;
}

INLINE uint16_t f16_from_f32_bits(uint32_t x) {
  const uint32_t sign = x >> 16 & 0x8000, magnitude = x & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return (uint16_t)(sign | 0x7E00 | (magnitude >> 13 & 0x3FF));
  if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7C00);
  uint32_t exact, shift; /* the result before rounding is exact / 2^shift */
  if (magnitude >= 0x38800000) {
    exact = magnitude - ((127 - 15) << 23);
    shift = 13;
  } else {
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) return (uint16_t)sign; /* below half of the smallest denormal */
    exact = (magnitude & 0x7FFFFF) | 0x800000;
    shift = 126 - exponent;
  }
  const uint32_t rounded = (exact + (1u << (shift - 1)) - 1 + (exact >> shift & 1)) >> shift;
  return (uint16_t)(sign | rounded);
}

#endif
