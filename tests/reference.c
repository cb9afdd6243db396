#include "reference.h"

#include <math.h>
#include <string.h>

struct format {
  int exponent_bits, fraction_bits;
};

static struct format format_of(enum dtype dtype) {
  switch (dtype) {
    case F64:
      return (struct format){11, 52};
    case F16:
      return (struct format){5, 10};
    case BF16:
      return (struct format){8, 7};
    default:
      return (struct format){8, 23};
  }
}

static uint64_t ones(int count) { return (UINT64_C(1) << count) - 1; }

static uint64_t magnitude(struct format f, uint64_t bits) {
  return bits & ones(f.exponent_bits + f.fraction_bits);
}

static bool is_negative(struct format f, uint64_t bits) {
  return bits >> (f.exponent_bits + f.fraction_bits) & 1;
}

static uint64_t infinity_bits(struct format f) { return ones(f.exponent_bits) << f.fraction_bits; }

bool is_nan(enum dtype dtype, uint64_t bits) {
  if (dtype == S8 || dtype == S16 || dtype == S32) return false;
  const struct format f = format_of(dtype);
  return magnitude(f, bits) > infinity_bits(f);
}

bool keep(enum dtype dtype, uint64_t bits) {
  switch (dtype) {
    case S8:
      return (int8_t)bits > 0;
    case S16:
      return (int16_t)bits > 0;
    case S32:
      return (int32_t)bits > 0;
    default:
      break;
  }
  const struct format f = format_of(dtype);
  if (is_nan(dtype, bits)) return true;
  return !is_negative(f, bits) && magnitude(f, bits) != 0;
}

/* The number that a half type's bits stand for, by its definition; exact in f32. */
static float half_value(enum dtype dtype, uint64_t bits) {
  const struct format f = format_of(dtype);
  const int bias = (int)ones(f.exponent_bits - 1);
  const int exponent = (int)(magnitude(f, bits) >> f.fraction_bits);
  const double fraction = (double)(bits & ones(f.fraction_bits));
  double value;
  if (is_nan(dtype, bits)) {
    value = NAN;
  } else if (magnitude(f, bits) == infinity_bits(f)) {
    value = INFINITY;
  } else if (exponent == 0) {
    value = ldexp(fraction, 1 - bias - f.fraction_bits);
  } else {
    value = ldexp(fraction + ldexp(1, f.fraction_bits), exponent - bias - f.fraction_bits);
  }
  return (float)(is_negative(f, bits) ? -value : value);
}

/* The nearest number of the half type: counted in units of its last place, which rint() rounds to even. */
static uint64_t half_bits(enum dtype dtype, float value) {
  const struct format f = format_of(dtype);
  const int bias = (int)ones(f.exponent_bits - 1);
  const uint64_t sign = (uint64_t)(signbit(value) != 0) << (f.exponent_bits + f.fraction_bits);
  if (isnan(value)) return sign | infinity_bits(f) | UINT64_C(1) << (f.fraction_bits - 1);
  if (isinf(value)) return sign | infinity_bits(f);
  int exponent = 1 - bias;
  if (value != 0) exponent = ilogb((double)value);
  if (exponent < 1 - bias) exponent = 1 - bias;
  const double units = rint(ldexp(fabs((double)value), f.fraction_bits - exponent));
  /* A count that reaches twice the leading bit carries into the exponent, up to infinity. */
  uint64_t bits = (uint64_t)units;
  if (units >= ldexp(1, f.fraction_bits)) {
    bits += (uint64_t)(exponent + bias - 1) << f.fraction_bits;
  }
  return sign | (bits >= infinity_bits(f) ? infinity_bits(f) : bits);
}

uint64_t sum(enum dtype dtype, uint64_t a, uint64_t b) {
  uint32_t word;
  if (dtype == F64) {
    double x, y;
    memcpy(&x, &a, 8);
    memcpy(&y, &b, 8);
    x += y;
    memcpy(&a, &x, 8);
    return a;
  }
  if (dtype != F32) return half_bits(dtype, half_value(dtype, a) + half_value(dtype, b));
  float x, y;
  word = (uint32_t)a;
  memcpy(&x, &word, 4);
  word = (uint32_t)b;
  memcpy(&y, &word, 4);
  x += y;
  memcpy(&word, &x, 4);
  return word;
}
