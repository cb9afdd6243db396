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

static bool is_integer(enum dtype dtype) {
  return dtype == S8 || dtype == U8 || dtype == S16 || dtype == S32;
}

bool is_nan(enum dtype dtype, uint64_t bits) {
  if (is_integer(dtype)) return false;
  const struct format f = format_of(dtype);
  return magnitude(f, bits) > infinity_bits(f);
}

bool is_denormal(enum dtype dtype, uint64_t bits) {
  if (is_integer(dtype)) return false;
  const struct format f = format_of(dtype);
  return magnitude(f, bits) != 0 && magnitude(f, bits) < UINT64_C(1) << f.fraction_bits;
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

/* 2^exponent, which must be a normal number: ldexp would take most of the tests' time. */
static double power_of_two(int exponent) {
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

/* The number that a half type's bits stand for, by its definition; exact in f32. */
static float half_value(enum dtype dtype, uint64_t bits) {
  const struct format f = format_of(dtype);
  const int bias = (int)ones(f.exponent_bits - 1);
  const int exponent = (int)(magnitude(f, bits) >> f.fraction_bits);
  const double fraction = (double)(bits & ones(f.fraction_bits)) * power_of_two(-f.fraction_bits);
  double value;
  if (is_nan(dtype, bits)) {
    value = NAN;
  } else if (magnitude(f, bits) == infinity_bits(f)) {
    value = INFINITY;
  } else if (exponent == 0) {
    value = fraction * power_of_two(1 - bias);
  } else {
    value = (1 + fraction) * power_of_two(exponent - bias);
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
  int exponent = value == 0 ? 1 - bias : ilogb((double)value);
  if (exponent < 1 - bias) exponent = 1 - bias;
  const double units = rint(fabs((double)value) * power_of_two(f.fraction_bits - exponent));
  /* A count that reaches twice the leading bit carries into the exponent, up to infinity. */
  uint64_t bits = (uint64_t)units;
  if (units >= power_of_two(f.fraction_bits)) {
    bits += (uint64_t)(exponent + bias - 1) << f.fraction_bits;
  }
  return sign | (bits >= infinity_bits(f) ? infinity_bits(f) : bits);
}

float f32_of(uint64_t bits) {
  const uint32_t word = (uint32_t)bits;
  float value;
  memcpy(&value, &word, 4);
  return value;
}

uint32_t bits_of_f32(float value) {
  uint32_t word;
  memcpy(&word, &value, 4);
  return word;
}

static double f64_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static uint64_t bits_of_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  return bits;
}

/* An element in the type of its arithmetic, and back; f64 has functions of its own. */
static float widened(enum dtype dtype, uint64_t bits) {
  return dtype == F32 ? f32_of(bits) : half_value(dtype, bits);
}

static uint64_t narrowed(enum dtype dtype, float value) {
  return dtype == F32 ? bits_of_f32(value) : half_bits(dtype, value);
}

uint64_t sum(enum dtype dtype, uint64_t a, uint64_t b) {
  if (dtype == F64) return bits_of_f64(f64_of(a) + f64_of(b));
  return narrowed(dtype, widened(dtype, a) + widened(dtype, b));
}

uint64_t product(enum dtype dtype, uint64_t a, uint64_t b) {
  if (dtype == F64) return bits_of_f64(f64_of(a) * f64_of(b));
  return narrowed(dtype, widened(dtype, a) * widened(dtype, b));
}

uint64_t product_of_twice(enum dtype dtype, uint64_t a, uint64_t b) {
  if (dtype == F64) return bits_of_f64(2 * f64_of(a) * f64_of(b));
  return narrowed(dtype, 2 * widened(dtype, a) * widened(dtype, b));
}

uint64_t scaled(enum dtype dtype, uint64_t x, double slope) {
  if (dtype == F64) return bits_of_f64(f64_of(x) * slope);
  return narrowed(dtype, widened(dtype, x) * (float)slope);
}

double number(enum dtype dtype, uint64_t bits) {
  switch (dtype) {
    case S8:
      return (int8_t)bits;
    case U8:
      return (uint8_t)bits;
    case S16:
      return (int16_t)bits;
    case S32:
      return (int32_t)bits;
    case F64:
      return f64_of(bits);
    default:
      return widened(dtype, bits);
  }
}

uint64_t rounded(enum dtype dtype, double value) {
  switch (dtype) {
    case S8:
    case U8:
      return (uint8_t)(int64_t)value;
    case S16:
      return (uint16_t)(int64_t)value;
    case S32:
      return (uint32_t)(int64_t)value;
    case F64:
      return bits_of_f64(value);
    default:
      return narrowed(dtype, (float)value);
  }
}
