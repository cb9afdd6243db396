#include "reference_channels.h"

#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"
#include "reference.h"

/* ---- one element ----------------------------------------------------------------------------------------- */

static uint64_t prelu(enum dtype t, uint64_t x, uint64_t slope, uint64_t dy) {
  (void)dy;
  return keep(t, x) ? x : product(t, x, slope);
}

static uint64_t prelu_grad(enum dtype t, uint64_t x, uint64_t slope, uint64_t dy) {
  return keep(t, x) ? dy : product(t, dy, slope);
}

static double prelu_grad_term(enum dtype t, uint64_t x, uint64_t dy) {
  return keep(t, x) ? 0 : number(t, x) * number(t, dy);
}

static uint64_t relu_bias(enum dtype t, uint64_t x, uint64_t bias, uint64_t dy) {
  (void)dy;
  const uint64_t biased = sum(t, x, bias);
  return keep(t, biased) ? biased : 0;
}

static uint64_t relu_bias_grad(enum dtype t, uint64_t y, uint64_t bias, uint64_t dy) {
  (void)bias;
  return keep(t, y) ? dy : 0;
}

static double relu_bias_grad_term(enum dtype t, uint64_t y, uint64_t dy) {
  return keep(t, y) ? number(t, dy) : 0;
}

/* ---- how it is called, and the rows ---------------------------------------------------------------------- */

#define CALL(name, ...)                                                \
  static int call_##name(void *const p[], struct shape s) {            \
    return fastrelu_##name(__VA_ARGS__, s.outer, s.channels, s.inner); \
  }
#define CALLS(operation, ...)        \
  CALL(operation##_f32, __VA_ARGS__) \
  CALL(operation##_f64, __VA_ARGS__) \
  CALL(operation##_f16, __VA_ARGS__) \
  CALL(operation##_bf16, __VA_ARGS__)

CALLS(prelu, p[X], p[PARAMETERS], p[OUT])
CALLS(prelu_grad, p[X], p[PARAMETERS], p[DY], p[OUT], p[ENTRIES])
CALLS(relu_bias, p[X], p[PARAMETERS], p[OUT])
CALLS(relu_bias_grad, p[X], p[DY], p[OUT], p[ENTRIES])
CALLS(relu_count, p[X], p[ENTRIES])

#define ROW(operation, suffix, dtype, adds, out, term, ...) \
  {#operation "_" #suffix, dtype, {__VA_ARGS__}, adds, call_##operation##_##suffix, out, term},
#define ROWS(operation, adds, out, term, ...)            \
  ROW(operation, f32, F32, adds, out, term, __VA_ARGS__) \
  ROW(operation, f64, F64, adds, out, term, __VA_ARGS__) \
  ROW(operation, f16, F16, adds, out, term, __VA_ARGS__) \
  ROW(operation, bf16, BF16, adds, out, term, __VA_ARGS__)
/* clang-format off */
const struct channel_operation channel_operations[] = {
  ROWS(prelu, false, prelu, NULL, [X] = true, [PARAMETERS] = true, [OUT] = true)
  ROWS(prelu_grad, false, prelu_grad, prelu_grad_term, true, true, true, true, true)
  ROWS(relu_bias, false, relu_bias, NULL, [X] = true, [PARAMETERS] = true, [OUT] = true)
  ROWS(relu_bias_grad, false, relu_bias_grad, relu_bias_grad_term,
       [X] = true, [DY] = true, [OUT] = true, [ENTRIES] = true)
  ROWS(relu_count, true, NULL, NULL, [X] = true, [ENTRIES] = true)
};
/* clang-format on */
const size_t channel_operation_count = sizeof channel_operations / sizeof *channel_operations;

/* ---- operands -------------------------------------------------------------------------------------------- */

enum dtype unit_dtype(const struct channel_operation *op, int operand) {
  if (operand != ENTRIES) return op->dtype;
  return op->adds_to_entries || op->dtype == F64 ? F64 : F32;
}

size_t unit_size(const struct channel_operation *op, int operand) {
  return element_size(unit_dtype(op, operand));
}

size_t units(int operand, struct shape shape) {
  if (operand == PARAMETERS || operand == ENTRIES) return shape.channels;
  return shape.outer * shape.channels * shape.inner;
}

uint64_t load_unit(const struct channel_operation *op, int operand, const void *buffer, size_t i) {
  return get_element(unit_dtype(op, operand), buffer, i);
}

void store_unit(const struct channel_operation *op, int operand, void *buffer, size_t i, uint64_t value) {
  set_element(unit_dtype(op, operand), buffer, i, value);
}

/* ---- the whole call -------------------------------------------------------------------------------------- */

static double folded(const double lanes[8]) {
  double sum[8];
  memcpy(sum, lanes, sizeof sum);
  for (int width = 4; width >= 1; width /= 2) {
    for (int l = 0; l < width; l++) sum[l] += sum[l + width];
  }
  return sum[0];
}

double sum_in_order(const double *terms, size_t n) {
  struct {
    double sum;
    size_t leaves;
  } waiting[64];
  int count = 0;
  double lanes[8] = {0};
  for (size_t j = 0; j < n; j++) {
    lanes[j % 8] += terms[j];
    if (j % 256 != 255) continue;
    waiting[count].sum = folded(lanes);
    waiting[count++].leaves = 1;
    memset(lanes, 0, sizeof lanes);
    for (; count > 1 && waiting[count - 2].leaves == waiting[count - 1].leaves; count--) {
      waiting[count - 2].sum += waiting[count - 1].sum;
      waiting[count - 2].leaves *= 2;
    }
  }
  double sum = folded(lanes);
  while (count > 0) sum += waiting[--count].sum;
  return sum;
}

void channel_reference(const struct channel_operation *op, const void *const in[], void *const out[],
                       struct shape s) {
  const size_t n = s.outer * s.inner;
  double *terms = calloc(n + 1, sizeof *terms);
  if (!terms) abort();
  for (size_t c = 0; c < s.channels; c++) {
    const uint64_t parameter = op->has[PARAMETERS] ? load_unit(op, PARAMETERS, in[PARAMETERS], c) : 0;
    uint64_t kept = 0;
    for (size_t j = 0; j < n; j++) {
      const size_t i = (j / s.inner * s.channels + c) * s.inner + j % s.inner;
      const uint64_t x = load_unit(op, X, in[X], i), dy = op->has[DY] ? load_unit(op, DY, in[DY], i) : 0;
      kept += keep(op->dtype, x);
      if (op->has[OUT]) store_unit(op, OUT, out[OUT], i, op->out(op->dtype, x, parameter, dy));
      if (op->term) terms[j] = op->term(op->dtype, x, dy);
    }
    if (op->adds_to_entries) {
      store_unit(op, ENTRIES, out[ENTRIES], c, load_unit(op, ENTRIES, in[ENTRIES], c) + kept);
    } else if (op->has[ENTRIES]) {
      const uint64_t total = rounded(unit_dtype(op, ENTRIES), sum_in_order(terms, n));
      store_unit(op, ENTRIES, out[ENTRIES], c, total);
    }
  }
  free(terms);
}
