#include "operations.h"

#include <math.h>
#include <string.h>

#include "fastrelu.h"
#include "reference.h"

/* ---- what an operation does to one element --------------------------------------------------------------- */

#define ELEMENT(name) \
  static enum outcome name(const struct operation *op, const uint64_t in[], uint64_t out[])

ELEMENT(relu) {
  out[1] = keep(op->dtype, in[0]) ? in[0] : 0;
  return SELECTED;
}

ELEMENT(relu_grad) {
  out[2] = keep(op->dtype, in[0]) ? in[1] : 0;
  return SELECTED;
}

ELEMENT(relu_grad_accumulate) {
  const bool kept = keep(op->dtype, in[0]);
  out[2] = kept ? sum(op->dtype, in[2], in[1]) : in[2];
  return kept ? COMPUTED : SELECTED;
}

ELEMENT(relu_mask) {
  out[2] = keep(op->dtype, in[0]);
  return relu(op, in, out);
}

ELEMENT(mask_alone) {
  out[1] = keep(op->dtype, in[0]);
  return SELECTED;
}

ELEMENT(relu_mask_grad) {
  (void)op;
  out[2] = in[0] ? in[1] : 0;
  return SELECTED;
}

/* kept ? x : x * slope */
static enum outcome leak(const struct operation *op, bool kept, uint64_t x, uint64_t *y) {
  *y = kept ? x : scaled(op->dtype, x, op->parameters.first);
  return kept ? SELECTED : COMPUTED;
}

ELEMENT(leaky_relu) { return leak(op, keep(op->dtype, in[0]), in[0], &out[1]); }

ELEMENT(leaky_relu_grad) { return leak(op, keep(op->dtype, in[0]), in[1], &out[2]); }

ELEMENT(leaky_relu_mask) {
  out[2] = keep(op->dtype, in[0]);
  return leaky_relu(op, in, out);
}

ELEMENT(leaky_relu_mask_grad) { return leak(op, in[0], in[1], &out[2]); }

/* A float comparison with a bound that is not zero: may see a denormal as zero. */
static enum outcome compared(const struct operation *op, uint64_t x, double bound, double other) {
  const bool as_float = (op->dtype == F32 || op->dtype == F64) && (bound != 0 || other != 0);
  return as_float && is_denormal(op->dtype, x) ? COMPARED : SELECTED;
}

static bool at_most(const struct operation *op, uint64_t x, double bound) {
  return number(op->dtype, x) <= number(op->dtype, rounded(op->dtype, bound));
}
static bool at_least(const struct operation *op, uint64_t x, double bound) {
  return number(op->dtype, x) >= number(op->dtype, rounded(op->dtype, bound));
}

ELEMENT(clamp) {
  const double lo = op->parameters.first, hi = op->parameters.second;
  out[1] = at_most(op, in[0], lo)    ? rounded(op->dtype, lo)
           : at_least(op, in[0], hi) ? rounded(op->dtype, hi)
                                     : in[0];
  return compared(op, in[0], lo, hi);
}

static bool inside(const struct operation *op, uint64_t x) {
  return !at_most(op, x, op->parameters.first) && !at_least(op, x, op->parameters.second);
}

ELEMENT(clamp_grad) {
  out[2] = inside(op, in[0]) ? in[1] : 0;
  return compared(op, in[0], op->parameters.first, op->parameters.second);
}

ELEMENT(clamp_mask) {
  out[2] = inside(op, in[0]);
  return clamp(op, in, out);
}

ELEMENT(threshold) {
  const double bound = op->parameters.first;
  out[1] = at_most(op, in[0], bound) ? rounded(op->dtype, op->parameters.second) : in[0];
  return compared(op, in[0], bound, bound);
}

ELEMENT(threshold_grad) {
  const double bound = op->parameters.first;
  out[2] = at_most(op, in[0], bound) ? 0 : in[1];
  return compared(op, in[0], bound, bound);
}

ELEMENT(threshold_mask) {
  out[2] = !at_most(op, in[0], op->parameters.first);
  return threshold(op, in, out);
}

ELEMENT(squared_relu) {
  const bool kept = keep(op->dtype, in[0]);
  out[1] = kept ? product(op->dtype, in[0], in[0]) : 0;
  return kept ? COMPUTED : SELECTED;
}

ELEMENT(squared_relu_grad) {
  const bool kept = keep(op->dtype, in[0]);
  out[2] = kept ? product_of_twice(op->dtype, in[0], in[1]) : 0;
  return kept ? COMPUTED : SELECTED;
}

ELEMENT(relu_add) {
  const uint64_t s = sum(op->dtype, in[0], in[1]);
  out[2] = keep(op->dtype, s) ? s : 0;
  return COMPUTED;
}

ELEMENT(reglu) {
  const bool kept = keep(op->dtype, in[0]);
  out[2] = kept ? product(op->dtype, in[0], in[1]) : 0;
  return kept ? COMPUTED : SELECTED;
}

ELEMENT(reglu_grad) {
  const bool kept = keep(op->dtype, in[0]);
  out[3] = kept ? product(op->dtype, in[1], in[2]) : 0;
  out[4] = kept ? product(op->dtype, in[0], in[2]) : 0;
  return kept ? COMPUTED : SELECTED;
}

/* ---- how it is called ------------------------------------------------------------------------------------ */

#define CALL(name, ...)                                                           \
  static int call_##name(void *const p[], size_t n, const struct parameters *q) { \
    (void)q;                                                                      \
    return fastrelu_##name(__VA_ARGS__);                                          \
  }
#define CALLS_OF_FLOATS(operation, ...) \
  CALL(operation##_f32, __VA_ARGS__)    \
  CALL(operation##_f64, __VA_ARGS__)    \
  CALL(operation##_f16, __VA_ARGS__)    \
  CALL(operation##_bf16, __VA_ARGS__)

CALLS_OF_FLOATS(relu, p[0], p[1], n)
CALL(relu_s8, p[0], p[1], n)
CALL(relu_s16, p[0], p[1], n)
CALL(relu_s32, p[0], p[1], n)
CALLS_OF_FLOATS(relu_grad, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(relu_grad_accumulate, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(relu_mask, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(relu_mask_grad, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(leaky_relu, p[0], p[1], n, q->first)
CALLS_OF_FLOATS(leaky_relu_grad, p[0], p[1], p[2], n, q->first)
CALLS_OF_FLOATS(leaky_relu_mask, p[0], p[1], p[2], n, q->first)
CALLS_OF_FLOATS(leaky_relu_mask_grad, p[0], p[1], p[2], n, q->first)
CALLS_OF_FLOATS(clamp, p[0], p[1], n, q->first, q->second)
CALL(clamp_s8, p[0], p[1], n, (int8_t)q->first, (int8_t)q->second)
CALL(clamp_u8, p[0], p[1], n, (uint8_t)q->first, (uint8_t)q->second)
CALL(clamp_s16, p[0], p[1], n, (int16_t)q->first, (int16_t)q->second)
CALL(clamp_s32, p[0], p[1], n, (int32_t)q->first, (int32_t)q->second)
CALLS_OF_FLOATS(clamp_grad, p[0], p[1], p[2], n, q->first, q->second)
CALLS_OF_FLOATS(clamp_mask, p[0], p[1], p[2], n, q->first, q->second)
CALLS_OF_FLOATS(threshold, p[0], p[1], n, q->first, q->second)
CALLS_OF_FLOATS(threshold_grad, p[0], p[1], p[2], n, q->first)
CALLS_OF_FLOATS(threshold_mask, p[0], p[1], p[2], n, q->first, q->second)
CALLS_OF_FLOATS(squared_relu, p[0], p[1], n)
CALLS_OF_FLOATS(squared_relu_grad, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(relu_add, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(reglu, p[0], p[1], p[2], n)
CALLS_OF_FLOATS(reglu_grad, p[0], p[1], p[2], p[3], p[4], n)

/* relu_mask with y = NULL is a row of its own. */
#define CALL_MASK_ALONE(dtype)                                                                \
  static int call_mask_alone_##dtype(void *const p[], size_t n, const struct parameters *q) { \
    (void)q;                                                                                  \
    return fastrelu_relu_mask_##dtype(p[0], NULL, p[1], n);                                   \
  }
CALL_MASK_ALONE(f32)
CALL_MASK_ALONE(f64)
CALL_MASK_ALONE(f16)
CALL_MASK_ALONE(bf16)

/* ---- the rows -------------------------------------------------------------------------------------------- */

/* clang-format off */
#define MAP {TENSOR_IN, TENSOR_OUT}
#define MAP_OF_TWO {TENSOR_IN, TENSOR_IN, TENSOR_OUT}
#define MASK {TENSOR_IN, TENSOR_OUT, MASK_OUT}
#define MASK_GRAD {MASK_IN, TENSOR_IN, TENSOR_OUT}
#define GATED {TENSOR_IN, TENSOR_IN, TENSOR_IN, TENSOR_OUT, TENSOR_OUT}

/* Parameters are given as floats where they are floats: the calls convert them in any rounding mode. */
#define ROW_OF_DOUBLES(operation, suffix, dtype, raises, variant, label, first, second, ...) \
  {#operation "_" #suffix label, dtype, __VA_ARGS__, raises, variant, {first, second}, \
   call_##operation##_##suffix, operation},
#define ROW(operation, suffix, dtype, raises, variant, label, first, second, ...) \
  ROW_OF_DOUBLES(operation, suffix, dtype, raises, variant, label, (float)(first), (float)(second), __VA_ARGS__)
#define ROWS(operation, raises, variant, label, first, second, ...)                       \
  ROW(operation, f32, F32, raises, variant, label, first, second, __VA_ARGS__)     \
  ROW_OF_DOUBLES(operation, f64, F64, raises, variant, label, first, second, __VA_ARGS__) \
  ROW(operation, f16, F16, (raises) == ARITHMETIC, variant, label, first, second, __VA_ARGS__) \
  ROW(operation, bf16, BF16, (raises) == ARITHMETIC, variant, label, first, second, __VA_ARGS__)

/* What may raise flags: nothing, comparisons of f32 and f64, arithmetic in every type. */
enum { NEVER = 0, COMPARISON = 1, ARITHMETIC = 2 };

#define PLAIN(operation, raises, ...) ROWS(operation, raises, false, "", 0, 0, __VA_ARGS__)
#define FIRST(operation, raises, first, second, ...) \
  ROWS(operation, raises, false, "(" #first ", " #second ")", first, second, __VA_ARGS__)
#define VARIANT(operation, raises, first, second, ...) \
  ROWS(operation, raises, true, "(" #first ", " #second ")", first, second, __VA_ARGS__)
#define INTEGER(operation, suffix, dtype, variant, first, second) \
  ROW_OF_DOUBLES(operation, suffix, dtype, false, variant, "(" #first ", " #second ")", first, second, MAP)

#define BOUNDED(ROW_OF, first, second, raises) \
  ROW_OF(clamp, raises, first, second, MAP) \
  ROW_OF(clamp_grad, raises, first, second, MAP_OF_TWO) \
  ROW_OF(clamp_mask, raises, first, second, MASK)
#define THRESHOLDED(ROW_OF, first, second, raises) \
  ROW_OF(threshold, raises, first, second, MAP) \
  ROW_OF(threshold_grad, raises, first, second, MAP_OF_TWO) \
  ROW_OF(threshold_mask, raises, first, second, MASK)
#define LEAKING(ROW_OF, slope) \
  ROW_OF(leaky_relu, ARITHMETIC, slope, 0, MAP) \
  ROW_OF(leaky_relu_grad, ARITHMETIC, slope, 0, MAP_OF_TWO) \
  ROW_OF(leaky_relu_mask, ARITHMETIC, slope, 0, MASK) \
  ROW_OF(leaky_relu_mask_grad, ARITHMETIC, slope, 0, MASK_GRAD)

const struct operation operations[] = {
  PLAIN(relu, NEVER, MAP)
  ROW(relu, s8, S8, false, false, "", 0, 0, MAP)
  ROW(relu, s16, S16, false, false, "", 0, 0, MAP)
  ROW(relu, s32, S32, false, false, "", 0, 0, MAP)
  PLAIN(relu_grad, NEVER, MAP_OF_TWO)
  PLAIN(relu_grad_accumulate, ARITHMETIC, {TENSOR_IN, TENSOR_IN, TENSOR_IN_OUT})
  PLAIN(relu_mask, NEVER, MASK)
  PLAIN(mask_alone, NEVER, {TENSOR_IN, MASK_OUT})
  PLAIN(relu_mask_grad, NEVER, MASK_GRAD)

  LEAKING(FIRST, 0.1)
  LEAKING(VARIANT, 0.0)
  LEAKING(VARIANT, -2.5)
  LEAKING(VARIANT, INFINITY)
  LEAKING(VARIANT, NAN)

  /* ReLU6; bounds that are not zero, both, the upper, in either sign; that no half type has; at the ends */
  BOUNDED(FIRST, 0.0, 6.0, COMPARISON)
  BOUNDED(VARIANT, -1.0, 1.5, COMPARISON)
  BOUNDED(VARIANT, -0.0, 1.5, COMPARISON)
  BOUNDED(VARIANT, -2.0, 0.0, COMPARISON)
  BOUNDED(VARIANT, -2.0, -0.0, COMPARISON)
  BOUNDED(VARIANT, 0.0, 0.0, NEVER)
  BOUNDED(VARIANT, -0.0, 0.0, NEVER)
  BOUNDED(VARIANT, 0.0, -0.0, NEVER)
  BOUNDED(VARIANT, 0.1, 5.97, COMPARISON)
  BOUNDED(VARIANT, 1.0, 1.0, COMPARISON)
  BOUNDED(VARIANT, 0.0, INFINITY, COMPARISON)
  BOUNDED(VARIANT, -INFINITY, INFINITY, COMPARISON)
  BOUNDED(VARIANT, INFINITY, INFINITY, COMPARISON)
  BOUNDED(VARIANT, -INFINITY, -INFINITY, COMPARISON)
  BOUNDED(VARIANT, 1e-7, 65519.0, COMPARISON)
  BOUNDED(VARIANT, -65520.0, 3.4e38, COMPARISON)
  INTEGER(clamp, s8, S8, false, -3, 100)
  INTEGER(clamp, s8, S8, true, -128, 127)
  INTEGER(clamp, s8, S8, true, 7, 7)
  INTEGER(clamp, u8, U8, false, 3, 200)
  INTEGER(clamp, u8, U8, true, 128, 255)
  INTEGER(clamp, u8, U8, true, 0, 127)
  INTEGER(clamp, s16, S16, false, -300, 20000)
  INTEGER(clamp, s16, S16, true, -32768, 32767)
  INTEGER(clamp, s32, S32, false, -70000, 1000000)
  INTEGER(clamp, s32, S32, true, -2147483648.0, 2147483647)

  THRESHOLDED(FIRST, 0.5, -2.0, COMPARISON)
  THRESHOLDED(VARIANT, 0.0, 0.0, NEVER)
  THRESHOLDED(VARIANT, -0.0, 20.0, NEVER)
  THRESHOLDED(VARIANT, -1.0, NAN, COMPARISON)
  THRESHOLDED(VARIANT, 0.1, 0.3, COMPARISON)
  THRESHOLDED(VARIANT, INFINITY, -0.0, COMPARISON)
  THRESHOLDED(VARIANT, -INFINITY, -INFINITY, COMPARISON)

  PLAIN(squared_relu, ARITHMETIC, MAP)
  PLAIN(squared_relu_grad, ARITHMETIC, MAP_OF_TWO)
  PLAIN(relu_add, ARITHMETIC, MAP_OF_TWO)
  PLAIN(reglu, ARITHMETIC, MAP_OF_TWO)
  PLAIN(reglu_grad, ARITHMETIC, GATED)
};
/* clang-format on */
const size_t operation_count = sizeof operations / sizeof *operations;

/* ---- what follows from a row ----------------------------------------------------------------------------- */

size_t element_size(enum dtype dtype) {
  switch (dtype) {
    case S8:
    case U8:
      return 1;
    case F16:
    case BF16:
    case S16:
      return 2;
    case F64:
      return 8;
    default:
      return 4;
  }
}

size_t operand_bytes(const struct operation *op, int operand, size_t n) {
  return is_mask(op->roles[operand]) ? (n + 7) / 8 : n * element_size(op->dtype);
}

bool may_be_in_place(const struct operation *op, int a, int b) {
  const enum role x = op->roles[a], y = op->roles[b];
  if (is_mask(x) || is_mask(y)) return false;
  return (is_written(x) && y == TENSOR_IN) || (is_written(y) && x == TENSOR_IN);
}

uint64_t get_element(enum dtype dtype, const void *buffer, size_t i) {
  uint8_t w8;
  uint16_t w16;
  uint32_t w32;
  uint64_t w64;
  const char *p = (const char *)buffer + i * element_size(dtype);
  switch (element_size(dtype)) {
    case 1:
      return memcpy(&w8, p, 1), w8;
    case 2:
      return memcpy(&w16, p, 2), w16;
    case 4:
      return memcpy(&w32, p, 4), w32;
    default:
      return memcpy(&w64, p, 8), w64;
  }
}

void set_element(enum dtype dtype, void *buffer, size_t i, uint64_t bits) {
  const uint8_t w8 = (uint8_t)bits;
  const uint16_t w16 = (uint16_t)bits;
  const uint32_t w32 = (uint32_t)bits;
  char *p = (char *)buffer + i * element_size(dtype);
  switch (element_size(dtype)) {
    case 1:
      memcpy(p, &w8, 1);
      break;
    case 2:
      memcpy(p, &w16, 2);
      break;
    case 4:
      memcpy(p, &w32, 4);
      break;
    default:
      memcpy(p, &bits, 8);
  }
}

static uint64_t load_element(const struct operation *op, int operand, const void *buffer, size_t i) {
  if (is_mask(op->roles[operand])) return ((const uint8_t *)buffer)[i / 8] >> i % 8 & 1;
  return get_element(op->dtype, buffer, i);
}

static void store_element(const struct operation *op, int operand, void *buffer, size_t i, uint64_t value) {
  if (!is_mask(op->roles[operand])) {
    set_element(op->dtype, buffer, i, value);
    return;
  }
  uint8_t *byte = (uint8_t *)buffer + i / 8;
  if (i % 8 == 0) *byte = 0; /* unused bits are 0 */
  *byte = (uint8_t)(*byte | value << i % 8);
}

void reference(const struct operation *op, const void *const in[], void *const out[], uint8_t outcomes[],
               size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint64_t read[MAX_OPERANDS] = {0}, written[MAX_OPERANDS] = {0};
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (is_read(op->roles[k])) read[k] = load_element(op, k, in[k], i);
    }
    outcomes[i] = (uint8_t)op->element(op, read, written);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (is_written(op->roles[k])) store_element(op, k, out[k], i, written[k]);
    }
  }
}

static bool is_computed_nan(const struct operation *op, uint8_t outcome, uint64_t a, uint64_t b) {
  return outcome == COMPUTED && is_nan(op->dtype, a) && is_nan(op->dtype, b);
}

size_t first_difference(const struct operation *op, int operand, const void *expected, const void *actual,
                        const uint8_t outcomes[], size_t n) {
  if (n == 0 || memcmp(expected, actual, operand_bytes(op, operand, n)) == 0) return n;
  for (size_t i = 0; i < n; i++) {
    const uint64_t a = load_element(op, operand, expected, i), b = load_element(op, operand, actual, i);
    if (a == b || (!is_mask(op->roles[operand]) && is_computed_nan(op, outcomes[i], a, b))) continue;
    return i;
  }
  if (is_mask(op->roles[operand]) && ((const uint8_t *)expected)[n / 8] != ((const uint8_t *)actual)[n / 8]) {
    return n - 1; /* only the unused bits differ */
  }
  return n;
}

size_t first_difference_of_selected(const struct operation *op, int operand, const void *expected,
                                    const void *actual, const uint8_t outcomes[], size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (outcomes[i] != SELECTED && !(is_mask(op->roles[operand]) && outcomes[i] == COMPUTED)) continue;
    if (load_element(op, operand, expected, i) != load_element(op, operand, actual, i)) return i;
  }
  return n;
}
