/* Parameters as the kernels take them: bits, sign-extended. All on integers, so that neither the rounding mode
 * nor FTZ or DAZ changes a bound, and no flag is raised. */
#ifndef FASTRELU_SRC_BOUNDS_H
#define FASTRELU_SRC_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "half.h"

/* A bound rounded to the element: to nearest, ties to even; a NaN keeps its sign and the top of its payload. */
static inline int64_t bits_f32(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
static inline int64_t bits_f64(double value) {
  int64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
static inline int64_t bits_f16(float value) { return (int16_t)f16_from_f32_bits((uint32_t)bits_f32(value)); }
static inline int64_t bits_bf16(float value) {
  return (int16_t)bf16_from_f32_bits((uint32_t)bits_f32(value));
}

/* A slope, which arithmetic takes as it is. */
#define SLOPE_BITS(value) _Generic((value), float : bits_f32, double : bits_f64)(value)

/* NaNs lie above the infinity of their sign. */
static inline bool is_nan(int64_t bits, int element) {
  const int64_t floor = floor_of(element);
  return bits < 0 ? bits > floor : bits > floor - sign_of(element);
}

/* -0 and +0 are equal. */
static inline int64_t rank(int64_t bits, int element) { return bits < 0 ? sign_of(element) - bits : bits; }

/* lo <= hi, and neither is NaN. */
static inline bool are_bounds(int64_t lo, int64_t hi, int element) {
  return !is_nan(lo, element) && !is_nan(hi, element) && rank(lo, element) <= rank(hi, element);
}

#endif
