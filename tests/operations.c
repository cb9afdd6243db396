#include "operations.h"

#include <string.h>

#include "fastrelu.h"
#include "reference.h"

/* ---- what an operation does to one element --------------------------------------------------------------- */

static void relu(enum dtype t, const uint64_t in[], uint64_t out[]) { out[1] = keep(t, in[0]) ? in[0] : 0; }

static void relu_grad(enum dtype t, const uint64_t in[], uint64_t out[]) {
  out[2] = keep(t, in[0]) ? in[1] : 0;
}

static void relu_grad_accumulate(enum dtype t, const uint64_t in[], uint64_t out[]) {
  out[2] = keep(t, in[0]) ? sum(t, in[2], in[1]) : in[2];
}

static void relu_mask(enum dtype t, const uint64_t in[], uint64_t out[]) {
  out[1] = keep(t, in[0]) ? in[0] : 0;
  out[2] = keep(t, in[0]);
}

static void mask_alone(enum dtype t, const uint64_t in[], uint64_t out[]) { out[1] = keep(t, in[0]); }

static void relu_mask_grad(enum dtype t, const uint64_t in[], uint64_t out[]) {
  (void)t;
  out[2] = in[0] ? in[1] : 0;
}

/* ---- how it is called ------------------------------------------------------------------------------------ */

#define CALL(name, ...) \
  static int call_##name(void *const p[], size_t n) { return fastrelu_##name(__VA_ARGS__, n); }
#define CALLS_OF_FLOATS(operation, ...) \
  CALL(operation##_f32, __VA_ARGS__)    \
  CALL(operation##_f64, __VA_ARGS__)    \
  CALL(operation##_f16, __VA_ARGS__)    \
  CALL(operation##_bf16, __VA_ARGS__)

CALLS_OF_FLOATS(relu, p[0], p[1])
CALL(relu_s8, p[0], p[1])
CALL(relu_s16, p[0], p[1])
CALL(relu_s32, p[0], p[1])
CALLS_OF_FLOATS(relu_grad, p[0], p[1], p[2])
CALLS_OF_FLOATS(relu_grad_accumulate, p[0], p[1], p[2])
CALLS_OF_FLOATS(relu_mask, p[0], p[1], p[2])
CALLS_OF_FLOATS(relu_mask_grad, p[0], p[1], p[2])

/* relu_mask with y = NULL is a row of its own. */
#define CALL_MASK_ALONE(dtype)                                    \
  static int call_mask_alone_##dtype(void *const p[], size_t n) { \
    return fastrelu_relu_mask_##dtype(p[0], NULL, p[1], n);       \
  }
CALL_MASK_ALONE(f32)
CALL_MASK_ALONE(f64)
CALL_MASK_ALONE(f16)
CALL_MASK_ALONE(bf16)

/* ---- the rows -------------------------------------------------------------------------------------------- */

#define ROW(operation, suffix, dtype, arithmetic, ...) \
  {#operation "_" #suffix, dtype, {__VA_ARGS__}, arithmetic, call_##operation##_##suffix, operation},
#define ROWS_OF_FLOATS(operation, arithmetic, ...)  \
  ROW(operation, f32, F32, arithmetic, __VA_ARGS__) \
  ROW(operation, f64, F64, arithmetic, __VA_ARGS__) \
  ROW(operation, f16, F16, arithmetic, __VA_ARGS__) \
  ROW(operation, bf16, BF16, arithmetic, __VA_ARGS__)

const struct operation operations[] = {
    ROWS_OF_FLOATS(relu, false, TENSOR_IN, TENSOR_OUT) ROW(relu, s8, S8, false, TENSOR_IN, TENSOR_OUT)
        ROW(relu, s16, S16, false, TENSOR_IN, TENSOR_OUT) ROW(relu, s32, S32, false, TENSOR_IN, TENSOR_OUT)
            ROWS_OF_FLOATS(relu_grad, false, TENSOR_IN, TENSOR_IN, TENSOR_OUT)
                ROWS_OF_FLOATS(relu_grad_accumulate, true, TENSOR_IN, TENSOR_IN, TENSOR_IN_OUT)
                    ROWS_OF_FLOATS(relu_mask, false, TENSOR_IN, TENSOR_OUT, MASK_OUT)
                        ROWS_OF_FLOATS(mask_alone, false, TENSOR_IN, MASK_OUT)
                            ROWS_OF_FLOATS(relu_mask_grad, false, MASK_IN, TENSOR_IN, TENSOR_OUT)};
const size_t operation_count = sizeof operations / sizeof *operations;

/* ---- what follows from a row ----------------------------------------------------------------------------- */

size_t element_size(enum dtype dtype) {
  switch (dtype) {
    case S8:
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

static uint64_t load_element(const struct operation *op, int operand, const void *buffer, size_t i) {
  uint8_t w8;
  uint16_t w16;
  uint32_t w32;
  uint64_t w64;
  if (is_mask(op->roles[operand])) return ((const uint8_t *)buffer)[i / 8] >> i % 8 & 1;
  const char *p = (const char *)buffer + i * element_size(op->dtype);
  switch (element_size(op->dtype)) {
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

static void store_element(const struct operation *op, int operand, void *buffer, size_t i, uint64_t value) {
  const uint8_t w8 = (uint8_t)value;
  const uint16_t w16 = (uint16_t)value;
  const uint32_t w32 = (uint32_t)value;
  if (is_mask(op->roles[operand])) {
    uint8_t *byte = (uint8_t *)buffer + i / 8;
    if (i % 8 == 0) *byte = 0; /* unused bits are 0 */
    *byte = (uint8_t)(*byte | value << i % 8);
    return;
  }
  char *p = (char *)buffer + i * element_size(op->dtype);
  switch (element_size(op->dtype)) {
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
      memcpy(p, &value, 8);
  }
}

void reference(const struct operation *op, const void *const in[], void *const out[], size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint64_t read[MAX_OPERANDS] = {0}, written[MAX_OPERANDS] = {0};
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (is_read(op->roles[k])) read[k] = load_element(op, k, in[k], i);
    }
    op->element(op->dtype, read, written);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (is_written(op->roles[k])) store_element(op, k, out[k], i, written[k]);
    }
  }
}

size_t first_difference(const struct operation *op, int operand, const void *expected, const void *actual,
                        size_t n) {
  if (n == 0 || memcmp(expected, actual, operand_bytes(op, operand, n)) == 0) return n;
  for (size_t i = 0; i < n; i++) {
    const uint64_t a = load_element(op, operand, expected, i), b = load_element(op, operand, actual, i);
    if (a != b && !(op->arithmetic && is_nan(op->dtype, a) && is_nan(op->dtype, b))) return i;
  }
  if (is_mask(op->roles[operand]) && ((const uint8_t *)expected)[n / 8] != ((const uint8_t *)actual)[n / 8]) {
    return n - 1; /* only the unused bits differ */
  }
  return n;
}

size_t first_difference_where_off(const struct operation *op, int operand, const void *x,
                                  const void *expected, const void *actual, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (keep(op->dtype, load_element(op, 0, x, i))) continue;
    if (load_element(op, operand, expected, i) != load_element(op, operand, actual, i)) return i;
  }
  return n;
}
