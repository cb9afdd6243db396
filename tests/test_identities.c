/* What ties the family together: operations that must agree with each other, for every dtype and on every usable
 * instruction set, on random values among special ones; and gradients that must agree with finite differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buffers.h"
#include "fastrelu.h"
#include "isas.h"
#include "reference.h"

enum { N = 1003, MASK_BYTES = (N + 7) / 8, CHANNELS = 17, ROUNDS = 20 };

/* A dtype's functions, without their types. */
struct family {
  enum dtype dtype;
  int (*relu)(const void *x, void *y, size_t n);
  int (*relu_grad)(const void *x, const void *dy, void *dx, size_t n);
  int (*relu_mask)(const void *x, void *y, uint8_t *mask, size_t n);
  int (*relu_mask_grad)(const uint8_t *mask, const void *dy, void *dx, size_t n);
  int (*leaky_relu)(const void *x, void *y, size_t n, double slope);
  int (*leaky_relu_grad)(const void *x, const void *dy, void *dx, size_t n, double slope);
  int (*leaky_relu_mask)(const void *x, void *y, uint8_t *mask, size_t n, double slope);
  int (*leaky_relu_mask_grad)(const uint8_t *mask, const void *dy, void *dx, size_t n, double slope);
  int (*clamp)(const void *x, void *y, size_t n, double lo, double hi);
  int (*clamp_grad)(const void *x, const void *dy, void *dx, size_t n, double lo, double hi);
  int (*clamp_mask)(const void *x, void *y, uint8_t *mask, size_t n, double lo, double hi);
  int (*threshold)(const void *x, void *y, size_t n, double threshold, double value);
  int (*threshold_grad)(const void *x, const void *dy, void *dx, size_t n, double threshold);
  int (*threshold_mask)(const void *x, void *y, uint8_t *mask, size_t n, double threshold, double value);
  int (*prelu)(const void *x, const void *slope, void *y, size_t outer, size_t channels, size_t inner);
  int (*relu_count)(const void *x, uint64_t *counts, size_t outer, size_t channels, size_t inner);
  int (*relu_compress)(const void *x, void *values, uint32_t *indices, size_t n, size_t *count);
  int (*relu_expand)(const void *values, const uint32_t *indices, size_t count, void *y, size_t n);
};

/* clang-format off */
#define UNTYPED(name, dtype, parameters, ...) \
  static int name##_##dtype parameters { return fastrelu_##name##_##dtype(__VA_ARGS__); }
#define FUNCTIONS(dtype) \
  UNTYPED(relu, dtype, (const void *x, void *y, size_t n), x, y, n) \
  UNTYPED(relu_grad, dtype, (const void *x, const void *dy, void *dx, size_t n), x, dy, dx, n) \
  UNTYPED(relu_mask, dtype, (const void *x, void *y, uint8_t *m, size_t n), x, y, m, n) \
  UNTYPED(relu_mask_grad, dtype, (const uint8_t *m, const void *dy, void *dx, size_t n), m, dy, dx, n) \
  UNTYPED(leaky_relu, dtype, (const void *x, void *y, size_t n, double s), x, y, n, s) \
  UNTYPED(leaky_relu_grad, dtype, (const void *x, const void *dy, void *dx, size_t n, double s), x, dy, dx, n, s) \
  UNTYPED(leaky_relu_mask, dtype, (const void *x, void *y, uint8_t *m, size_t n, double s), x, y, m, n, s) \
  UNTYPED(leaky_relu_mask_grad, dtype, (const uint8_t *m, const void *dy, void *dx, size_t n, double s), m, dy, dx, n, s) \
  UNTYPED(clamp, dtype, (const void *x, void *y, size_t n, double a, double b), x, y, n, a, b) \
  UNTYPED(clamp_grad, dtype, (const void *x, const void *dy, void *dx, size_t n, double a, double b), x, dy, dx, n, a, b) \
  UNTYPED(clamp_mask, dtype, (const void *x, void *y, uint8_t *m, size_t n, double a, double b), x, y, m, n, a, b) \
  UNTYPED(threshold, dtype, (const void *x, void *y, size_t n, double a, double b), x, y, n, a, b) \
  UNTYPED(threshold_grad, dtype, (const void *x, const void *dy, void *dx, size_t n, double a), x, dy, dx, n, a) \
  UNTYPED(threshold_mask, dtype, (const void *x, void *y, uint8_t *m, size_t n, double a, double b), x, y, m, n, a, b) \
  UNTYPED(prelu, dtype, (const void *x, const void *s, void *y, size_t o, size_t c, size_t i), x, s, y, o, c, i) \
  UNTYPED(relu_count, dtype, (const void *x, uint64_t *counts, size_t o, size_t c, size_t i), x, counts, o, c, i) \
  UNTYPED(relu_compress, dtype, (const void *x, void *v, uint32_t *i, size_t n, size_t *count), x, v, i, n, count) \
  UNTYPED(relu_expand, dtype, (const void *v, const uint32_t *i, size_t count, void *y, size_t n), v, i, count, y, n)
#define FAMILY(dtype, element) \
  {element, relu_##dtype, relu_grad_##dtype, relu_mask_##dtype, relu_mask_grad_##dtype, leaky_relu_##dtype, \
   leaky_relu_grad_##dtype, leaky_relu_mask_##dtype, leaky_relu_mask_grad_##dtype, clamp_##dtype, clamp_grad_##dtype, \
   clamp_mask_##dtype, threshold_##dtype, threshold_grad_##dtype, threshold_mask_##dtype, prelu_##dtype, \
   relu_count_##dtype, relu_compress_##dtype, relu_expand_##dtype}
FUNCTIONS(f32)
FUNCTIONS(f64)
FUNCTIONS(f16)
FUNCTIONS(bf16)
static const struct family families[] = {
    FAMILY(f32, F32), FAMILY(f64, F64), FAMILY(f16, F16), FAMILY(bf16, BF16)};
/* clang-format on */

#define OK(call) assert_int_equal(call, FASTRELU_OK)

static void draw(const struct family *f, void *buffer, uint64_t *seed) {
  const struct operation tensor = {.dtype = f->dtype, .roles = {TENSOR_IN}};
  fill(&tensor, 0, buffer, N, seed);
}

/* Arithmetic may make any NaN. */
static void assert_same(const struct family *f, const void *a, const void *b) {
  for (size_t i = 0; i < N; i++) {
    const uint64_t x = get_element(f->dtype, a, i), y = get_element(f->dtype, b, i);
    if (x != y && !(is_nan(f->dtype, x) && is_nan(f->dtype, y))) {
      fail_msg("dtype %d on %s: %#llx and %#llx at %zu", f->dtype, fastrelu_isa(), (unsigned long long)x,
               (unsigned long long)y, i);
    }
  }
}

static char x[8 * N], dy[8 * N], a[8 * N], b[8 * N];
static uint8_t mask[MASK_BYTES], other_mask[MASK_BYTES];

static void relu_is_a_clamp_a_threshold_and_a_leaky(const struct family *f, uint64_t *seed) {
  draw(f, x, seed);
  OK(f->relu(x, a, N));
  OK(f->clamp(x, b, N, 0, INFINITY));
  assert_memory_equal(a, b, N * element_size(f->dtype));
  OK(f->threshold(x, b, N, 0, 0));
  assert_memory_equal(a, b, N * element_size(f->dtype));
  OK(f->leaky_relu(x, b, N, 0)); /* up to the signs of zeros, and 0 * infinity */
  for (size_t i = 0; i < N; i++) {
    const double value = number(f->dtype, get_element(f->dtype, x, i));
    if (value == -INFINITY) continue;
    const double relu = number(f->dtype, get_element(f->dtype, a, i)),
                 leaky = number(f->dtype, get_element(f->dtype, b, i));
    assert_true(relu == leaky || (isnan(relu) && isnan(leaky)));
  }
}

static void a_mask_holds_what_the_gradient_needs(const struct family *f, uint64_t *seed) {
  draw(f, x, seed);
  draw(f, dy, seed);
  OK(f->relu_mask(x, a, mask, N));
  OK(f->relu_mask_grad(mask, dy, a, N));
  OK(f->relu_grad(x, dy, b, N));
  assert_memory_equal(a, b, N * element_size(f->dtype));
  OK(f->leaky_relu_mask(x, a, mask, N, -0.3));
  OK(f->leaky_relu_mask_grad(mask, dy, a, N, -0.3));
  OK(f->leaky_relu_grad(x, dy, b, N, -0.3));
  assert_same(f, a, b);
  OK(f->clamp_mask(x, a, mask, N, -0.75, 1.5));
  OK(f->relu_mask_grad(mask, dy, a, N));
  OK(f->clamp_grad(x, dy, b, N, -0.75, 1.5));
  assert_memory_equal(a, b, N * element_size(f->dtype));
  OK(f->threshold_mask(x, a, mask, N, 0.75, 2));
  OK(f->relu_mask_grad(mask, dy, a, N));
  OK(f->threshold_grad(x, dy, b, N, 0.75));
  assert_memory_equal(a, b, N * element_size(f->dtype));
}

/* The gradients that say so take the output of the forward pass as well. */
static void a_gradient_takes_the_output_too(const struct family *f, uint64_t *seed) {
  static char y[8 * N];
  draw(f, x, seed);
  draw(f, dy, seed);
  OK(f->relu(x, y, N));
  OK(f->relu_grad(x, dy, a, N));
  OK(f->relu_grad(y, dy, b, N));
  assert_memory_equal(a, b, N * element_size(f->dtype));
  OK(f->clamp(x, y, N, -1, 2));
  OK(f->clamp_grad(x, dy, a, N, -1, 2));
  OK(f->clamp_grad(y, dy, b, N, -1, 2));
  assert_memory_equal(a, b, N * element_size(f->dtype));
}

static void expand_undoes_compress(const struct family *f, uint64_t *seed) {
  static char values[8 * N];
  static uint32_t indices[N];
  size_t count;
  draw(f, x, seed);
  OK(f->relu_compress(x, values, indices, N, &count));
  OK(f->relu_expand(values, indices, count, a, N));
  OK(f->relu(x, b, N));
  assert_memory_equal(a, b, N * element_size(f->dtype));
}

static void a_count_is_the_masks_population(const struct family *f, uint64_t *seed) {
  static char values[8 * N];
  static uint32_t indices[N];
  size_t compressed, bits = 0;
  uint64_t count = 5, counts[CHANNELS] = {0}, sum = 0;
  draw(f, x, seed);
  OK(f->relu_mask(x, NULL, mask, N));
  OK(f->relu_mask(x, a, other_mask, N));
  assert_memory_equal(mask, other_mask, MASK_BYTES);
  for (size_t i = 0; i < MASK_BYTES; i++) bits += (size_t)__builtin_popcount(mask[i]);
  OK(f->relu_count(x, &count, 1, 1, N));
  assert_int_equal(count, bits + 5);
  OK(f->relu_count(x, counts, N / CHANNELS, CHANNELS, 1));
  for (int c = 0; c < CHANNELS; c++) sum += counts[c];
  assert_int_equal(sum, bits); /* CHANNELS divides N */
  OK(f->relu_compress(x, values, indices, N, &compressed));
  assert_int_equal(compressed, bits);
}

static void prelu_with_equal_slopes_is_leaky(const struct family *f, uint64_t *seed) {
  static char slopes[8 * CHANNELS];
  for (size_t c = 0; c < CHANNELS; c++) {
    set_element(f->dtype, slopes, c, rounded(f->dtype, -0.375)); /* exact in every type */
  }
  draw(f, x, seed);
  OK(f->leaky_relu(x, a, N, -0.375));
  const size_t shapes[][3] = {{N / CHANNELS, CHANNELS, 1}, {1, CHANNELS, N / CHANNELS}, {N, 1, 1}, {1, 1, N}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    OK(f->prelu(x, slopes, b, shapes[s][0], shapes[s][1], shapes[s][2]));
    assert_same(f, a, b);
  }
}

static void identity(void **state) {
  void (*const check)(const struct family *, uint64_t *) =
      *(void (**)(const struct family *, uint64_t *)) * state;
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    OK(fastrelu_use_isa(*isa));
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
      uint64_t seed = 11;
      for (int round = 0; round < ROUNDS; round++) check(&families[f], &seed);
    }
  }
}

/* ---- finite differences ---------------------------------------------------------------------------------- */

enum { POINTS = 64 };

/* Away from the kinks by more than the step. */
static double point(uint64_t *seed) {
  for (;;) {
    const double value = (double)(int64_t)random_bits(seed) / 9223372036854775808.0 * 4;
    const double kinks[] = {0, -1, 2, 0.5};
    int far = 1;
    for (size_t k = 0; k < sizeof kinks / sizeof *kinks; k++) far &= fabs(value - kinks[k]) > 1e-3;
    if (far) return value;
  }
}

static const double step = 1e-5;

static void assert_near(double gradient, double difference) {
  if (!(fabs(gradient - difference) <= 1e-8 * (1 + fabs(gradient)))) {
    fail_msg("%s: gradient %.12g, finite difference %.12g", fastrelu_isa(), gradient, difference);
  }
}

typedef int forward(const double *x, double *y, size_t n);
typedef int backward(const double *x, const double *dy, double *dx, size_t n);

static int leaky_f64(const double *in, double *y, size_t n) { return fastrelu_leaky_relu_f64(in, y, n, 0.1); }
static int leaky_grad_f64(const double *in, const double *d, double *dx, size_t n) {
  return fastrelu_leaky_relu_grad_f64(in, d, dx, n, 0.1);
}
static int clamp_between(const double *in, double *y, size_t n) {
  return fastrelu_clamp_f64(in, y, n, -1, 2);
}
static int clamp_between_grad(const double *in, const double *d, double *dx, size_t n) {
  return fastrelu_clamp_grad_f64(in, d, dx, n, -1, 2);
}
static int threshold_at(const double *in, double *y, size_t n) {
  return fastrelu_threshold_f64(in, y, n, 0.5, -3);
}
static int threshold_at_grad(const double *in, const double *d, double *dx, size_t n) {
  return fastrelu_threshold_grad_f64(in, d, dx, n, 0.5);
}

static void gradients_are_finite_differences(void **state) {
  (void)state;
  static const struct {
    forward *forward;
    backward *backward;
  } pairs[] = {{fastrelu_relu_f64, fastrelu_relu_grad_f64},
               {fastrelu_squared_relu_f64, fastrelu_squared_relu_grad_f64},
               {leaky_f64, leaky_grad_f64},
               {clamp_between, clamp_between_grad},
               {threshold_at, threshold_at_grad}};
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    uint64_t seed = 5;
    OK(fastrelu_use_isa(*isa));
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
      double at[POINTS], weight[POINTS], above[POINTS], below[POINTS], gradient[POINTS];
      for (int i = 0; i < POINTS; i++) at[i] = point(&seed), weight[i] = point(&seed);
      OK(pairs[p].backward(at, weight, gradient, POINTS));
      for (int i = 0; i < POINTS; i++) at[i] += step;
      OK(pairs[p].forward(at, above, POINTS));
      for (int i = 0; i < POINTS; i++) at[i] -= 2 * step;
      OK(pairs[p].forward(at, below, POINTS));
      for (int i = 0; i < POINTS; i++) {
        assert_near(gradient[i], weight[i] * (above[i] - below[i]) / (2 * step));
      }
    }
  }
}

static void the_gradients_of_reglu_are_finite_differences(void **state) {
  (void)state;
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    uint64_t seed = 6;
    OK(fastrelu_use_isa(*isa));
    double gate[POINTS], value[POINTS], weight[POINTS], da[POINTS], db[POINTS], above[POINTS], below[POINTS];
    for (int i = 0; i < POINTS; i++) {
      gate[i] = point(&seed), value[i] = point(&seed), weight[i] = point(&seed);
    }
    OK(fastrelu_reglu_grad_f64(gate, value, weight, da, db, POINTS));
    for (int of_value = 0; of_value < 2; of_value++) {
      double *moved = of_value ? value : gate;
      for (int i = 0; i < POINTS; i++) moved[i] += step;
      OK(fastrelu_reglu_f64(gate, value, above, POINTS));
      for (int i = 0; i < POINTS; i++) moved[i] -= 2 * step;
      OK(fastrelu_reglu_f64(gate, value, below, POINTS));
      for (int i = 0; i < POINTS; i++) moved[i] += step;
      for (int i = 0; i < POINTS; i++) {
        assert_near((of_value ? db : da)[i], weight[i] * (above[i] - below[i]) / (2 * step));
      }
    }
  }
}

/* The loss is the sum of weight * y: its gradients with respect to x, and to a channel's parameter. */
static void the_gradients_of_channels_are_finite_differences(void **state) {
  (void)state;
  enum { OUTER = 4, WIDTH = 3, INNER = 5, TOTAL = OUTER * WIDTH * INNER };
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    uint64_t seed = 7;
    OK(fastrelu_use_isa(*isa));
    for (int with_bias = 0; with_bias < 2; with_bias++) {
      double at[TOTAL], weight[TOTAL], y[TOTAL], dx[TOTAL], parameter[WIDTH], sums[WIDTH];
      for (int i = 0; i < TOTAL; i++) at[i] = point(&seed), weight[i] = point(&seed);
      for (int c = 0; c < WIDTH; c++) parameter[c] = with_bias ? 0.0625 * c : 0.25 * (c - 1);
      for (int c = 0; c < WIDTH && with_bias; c++) { /* keep x + bias away from the kink as well */
        for (int i = 0; i < TOTAL; i++) {
          if (fabs(at[i] + parameter[c]) < 1e-3) at[i] += 0.01;
        }
      }
      if (with_bias) {
        OK(fastrelu_relu_bias_f64(at, parameter, y, OUTER, WIDTH, INNER));
        OK(fastrelu_relu_bias_grad_f64(y, weight, dx, sums, OUTER, WIDTH, INNER));
      } else {
        OK(fastrelu_prelu_grad_f64(at, parameter, weight, dx, sums, OUTER, WIDTH, INNER));
      }
      for (int c = 0; c < WIDTH; c++) {
        double loss[2];
        for (int side = 0; side < 2; side++) {
          parameter[c] += side ? -2 * step : step;
          OK(with_bias ? fastrelu_relu_bias_f64(at, parameter, y, OUTER, WIDTH, INNER)
                       : fastrelu_prelu_f64(at, parameter, y, OUTER, WIDTH, INNER));
          loss[side] = 0;
          for (int i = 0; i < TOTAL; i++) loss[side] += weight[i] * y[i];
        }
        parameter[c] += step;
        assert_near(sums[c], (loss[0] - loss[1]) / (2 * step));
      }
      for (int i = 0; i < TOTAL; i++) {
        double value[2];
        for (int side = 0; side < 2; side++) {
          at[i] += side ? -2 * step : step;
          OK(with_bias ? fastrelu_relu_bias_f64(at, parameter, y, OUTER, WIDTH, INNER)
                       : fastrelu_prelu_f64(at, parameter, y, OUTER, WIDTH, INNER));
          value[side] = y[i];
        }
        at[i] += step;
        assert_near(dx[i], weight[i] * (value[0] - value[1]) / (2 * step));
      }
    }
  }
}

int main(void) {
  static void (*checks[])(const struct family *, uint64_t *) = {
      relu_is_a_clamp_a_threshold_and_a_leaky, a_mask_holds_what_the_gradient_needs,
      a_gradient_takes_the_output_too,         expand_undoes_compress,
      a_count_is_the_masks_population,         prelu_with_equal_slopes_is_leaky,
  };
  const struct CMUnitTest tests[] = {
      {"relu is a clamp, a threshold and a leaky relu", identity, NULL, NULL, &checks[0]},
      {"a mask holds what the gradient needs", identity, NULL, NULL, &checks[1]},
      {"a gradient takes the output too", identity, NULL, NULL, &checks[2]},
      {"expand undoes compress", identity, NULL, NULL, &checks[3]},
      {"a count is the mask's population", identity, NULL, NULL, &checks[4]},
      {"prelu with equal slopes is leaky", identity, NULL, NULL, &checks[5]},
      cmocka_unit_test(gradients_are_finite_differences),
      cmocka_unit_test(the_gradients_of_reglu_are_finite_differences),
      cmocka_unit_test(the_gradients_of_channels_are_finite_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
