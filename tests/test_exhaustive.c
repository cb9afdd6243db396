/* All inputs there are: the f32 operations of one tensor on 2^32 values, the half types' gradients on 2^32 pairs,
 * the conversion of 2^32 values to each half type, on every native instruction set. Minutes, in as many processes as
 * there are CPUs (the instruction set is a process's).
 *
 * usage: test_exhaustive [STEP [FILTER]]
 *
 * Looks at one of STEP chunks of 65,536, and at rows that contain FILTER. The tests' reference would take hours: what
 * is expected comes from simpler loops here, which are compared to it on some chunks. */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fastrelu.h"
#include "operations.h"
#include "reference.h"
#include "vocabulary.h"

enum {
  CHUNK = 65536,
  CHUNKS = 65536,
  CHECKED = 16384 /* one of so many chunks is compared to the reference */
};

static _Alignas(64) char in[MAX_OPERANDS][CHUNK * 4], expected[MAX_OPERANDS][CHUNK * 4],
    actual[MAX_OPERANDS][CHUNK * 4];

/* ---- the half types ---------------------------------------------------------------------------------------- */

struct half {
  enum dtype dtype;
  int fraction; /* bits of it */
  int least;    /* the exponent of the smallest normal number, as f32 has it */
  uint16_t infinity;
  float value[65536];
  bool kept[65536];
};

static struct half f16 = {.dtype = F16, .fraction = 10, .least = 127 - 14, .infinity = 0x7C00},
                   bf16 = {.dtype = BF16, .fraction = 7, .least = 1, .infinity = 0x7F80};

static struct half *half_of(enum dtype dtype) { return dtype == F16 ? &f16 : &bf16; }

static void decode(struct half *half) {
  for (uint32_t h = 0; h < 65536; h++) {
    half->value[h] = (float)number(half->dtype, h);
    half->kept[h] = !(half->value[h] <= 0);
  }
}

/* What is expected where arithmetic makes a NaN: any. */
enum { ANY_NAN = 0xFFFF };
static const uint32_t any_nan_f32 = 0xFFFFFFFF;

/* The nearest half: its units of the last place are what a sum with 2^52 rounds to. */
static inline uint16_t nearest(const struct half *half, float value) {
  const uint32_t magnitude = bits_of_f32(value) & 0x7FFFFFFF;
  const uint16_t sign = (uint16_t)(bits_of_f32(value) >> 16 & 0x8000);
  if (magnitude > 0x7F800000) return ANY_NAN;
  if (magnitude == 0x7F800000) return sign | half->infinity;
  const int exponent = (int)(magnitude >> 23) < half->least ? half->least : (int)(magnitude >> 23);
  const uint64_t unit_bits = (uint64_t)(1023 + 127 - exponent + half->fraction) << 52;
  double units_per_one;
  memcpy(&units_per_one, &unit_bits, 8);
  const double units = (double)f32_of(magnitude) * units_per_one + 0x1p52 - 0x1p52;
  const uint32_t bits = (uint32_t)units + ((uint32_t)(exponent - half->least) << half->fraction);
  return (uint16_t)(sign | (bits < half->infinity ? bits : half->infinity));
}

/* ---- what is expected of an operation ---------------------------------------------------------------------- */

typedef void expectation(const struct operation *op);

/* x to y, one by one: `result` is y's bits, of x and its bits. */
#define OF_F32(name, result)                                                                \
  static void name(const struct operation *op) {                                            \
    const float first = (float)op->parameters.first, second = (float)op->parameters.second; \
    const uint32_t *x_bits = (const uint32_t *)(const void *)in[0];                         \
    uint32_t *y = (uint32_t *)(void *)expected[1];                                          \
    (void)first, (void)second;                                                              \
    for (size_t i = 0; i < CHUNK; i++) {                                                    \
      const uint32_t bits = x_bits[i];                                                      \
      const float x = f32_of(bits);                                                         \
      y[i] = (result);                                                                      \
    }                                                                                       \
  }
OF_F32(expect_relu, x <= 0 ? 0 : bits)
OF_F32(expect_leaky_relu, x <= 0 ? bits_of_f32(x * first) : bits)
OF_F32(expect_clamp, x <= first ? bits_of_f32(first) : x >= second ? bits_of_f32(second) : bits)
OF_F32(expect_threshold, x <= first ? bits_of_f32(second) : bits)
OF_F32(expect_squared_relu, x <= 0 ? 0 : x != x ? any_nan_f32 : bits_of_f32(x * x))

#define OF_HALF(name, type_in, result)                              \
  static void name(const struct operation *op) {                    \
    const struct half *half = half_of(op->dtype);                   \
    const type_in *first = (const type_in *)(const void *)in[0];    \
    const uint16_t *second = (const uint16_t *)(const void *)in[1]; \
    const uint16_t *third = (const uint16_t *)(const void *)in[2];  \
    uint16_t *out = (uint16_t *)(void *)expected[2];                \
    (void)half, (void)third;                                        \
    for (size_t i = 0; i < CHUNK; i++) out[i] = (result);           \
  }
OF_HALF(expect_grad, uint16_t, half->kept[first[i]] ? second[i] : 0)
OF_HALF(expect_mask_grad, uint8_t, first[i / 8] >> i % 8 & 1 ? second[i] : 0)
OF_HALF(expect_accumulate, uint16_t,
        half->kept[first[i]] ? nearest(half, half->value[third[i]] + half->value[second[i]]) : third[i])

static void expect_mask(const struct operation *op) {
  const struct half *half = half_of(op->dtype);
  const uint16_t *x = (const uint16_t *)(const void *)in[0];
  uint16_t *y = (uint16_t *)(void *)expected[1];
  memset(expected[2], 0, CHUNK / 8);
  for (size_t i = 0; i < CHUNK; i++) {
    y[i] = half->kept[x[i]] ? x[i] : 0;
    expected[2][i / 8] = (char)(expected[2][i / 8] | half->kept[x[i]] << i % 8);
  }
}

/* ---- inputs, of which all chunks together are all there are ------------------------------------------------- */

typedef void inputs(const struct operation *op, size_t chunk);

/* Every exponent in every chunk, with other low bits. */
static void every_f32(const struct operation *op, size_t chunk) {
  (void)op;
  uint32_t *x = (uint32_t *)(void *)in[0];
  for (size_t i = 0; i < CHUNK; i++) x[i] = (uint32_t)(i << 16 | (i + chunk) % 65536);
}

static void pairs(size_t chunk, uint16_t a[], uint16_t b[]) {
  for (size_t i = 0; i < CHUNK; i++) {
    a[i] = (uint16_t)(i + chunk);
    b[i] = (uint16_t)(i * 40503);
  }
}

/* x and dy; and another dx to each. */
static void every_pair(const struct operation *op, size_t chunk) {
  (void)op;
  uint16_t *dx = (uint16_t *)(void *)in[2];
  pairs(chunk, (uint16_t *)(void *)in[0], (uint16_t *)(void *)in[1]);
  for (size_t i = 0; i < CHUNK; i++) dx[i] = (uint16_t)(i * 25717 + chunk * 47);
}

/* dx and dy, where x is kept. */
static void every_sum(const struct operation *op, size_t chunk) {
  uint16_t *x = (uint16_t *)(void *)in[0];
  pairs(chunk, (uint16_t *)(void *)in[1], (uint16_t *)(void *)in[2]);
  for (size_t i = 0; i < CHUNK; i++) x[i] = half_of(op->dtype)->infinity;
}

static void every_masked(const struct operation *op, size_t chunk) {
  static uint16_t x[CHUNK];
  const struct half *half = half_of(op->dtype);
  pairs(chunk, x, (uint16_t *)(void *)in[1]);
  memset(in[0], 0, CHUNK / 8);
  for (size_t i = 0; i < CHUNK; i++) in[0][i / 8] = (char)(in[0][i / 8] | half->kept[x[i]] << i % 8);
}

/* ---- jobs -------------------------------------------------------------------------------------------------- */

struct job {
  const char *row; /* of operations[], or NULL for a conversion */
  inputs *inputs;
  expectation *expect;
  struct half *half; /* of a conversion */
};

static const struct job jobs[] = {
    {"relu_f32", every_f32, expect_relu, NULL},
    {"leaky_relu_f32(0.1, 0)", every_f32, expect_leaky_relu, NULL},
    {"leaky_relu_f32(-2.5, 0)", every_f32, expect_leaky_relu, NULL},
    {"clamp_f32(0.0, 6.0)", every_f32, expect_clamp, NULL},
    {"clamp_f32(-1.0, 1.5)", every_f32, expect_clamp, NULL},
    {"clamp_f32(-2.0, 0.0)", every_f32, expect_clamp, NULL},
    {"clamp_f32(0.0, 0.0)", every_f32, expect_clamp, NULL},
    {"threshold_f32(0.5, -2.0)", every_f32, expect_threshold, NULL},
    {"threshold_f32(0.0, 0.0)", every_f32, expect_threshold, NULL},
    {"squared_relu_f32", every_f32, expect_squared_relu, NULL},
    {"relu_grad_f16", every_pair, expect_grad, NULL},
    {"relu_grad_bf16", every_pair, expect_grad, NULL},
    {"relu_mask_f16", every_pair, expect_mask, NULL},
    {"relu_mask_bf16", every_pair, expect_mask, NULL},
    {"relu_mask_grad_f16", every_masked, expect_mask_grad, NULL},
    {"relu_mask_grad_bf16", every_masked, expect_mask_grad, NULL},
    {"relu_grad_accumulate_f16", every_pair, expect_accumulate, NULL},
    {"relu_grad_accumulate_bf16", every_pair, expect_accumulate, NULL},
    {"relu_grad_accumulate_f16", every_sum, expect_accumulate, NULL},
    {"relu_grad_accumulate_bf16", every_sum, expect_accumulate, NULL},
    {NULL, every_f32, NULL, &f16},
    {NULL, every_f32, NULL, &bf16},
};
enum { JOBS = sizeof jobs / sizeof *jobs };

static const char *name_of(const struct job *job) {
  return job->row ? job->row : job->half == &f16 ? "f32 to f16" : "f32 to bf16";
}

static const struct operation *row_of(const struct job *job) {
  for (size_t o = 0; job->row && o < operation_count; o++) {
    if (strcmp(operations[o].name, job->row) == 0) return &operations[o];
  }
  return NULL;
}

/* A NaN where any is expected differs from none. */
#define COUNT_DIFFERENT(name, type)                                                                \
  static size_t name(const type *wanted, const type *got, size_t n, type any_nan, type infinity) { \
    const type magnitude = (type)(any_nan >> 1);                                                   \
    size_t different = 0;                                                                          \
    for (size_t i = 0; i < n; i++) {                                                               \
      const bool both_nan = (wanted[i] == any_nan) & ((got[i] & magnitude) > infinity);            \
      different += (wanted[i] != got[i]) & !both_nan;                                              \
    }                                                                                              \
    return different;                                                                              \
  }
COUNT_DIFFERENT(count_different_16, uint16_t)
COUNT_DIFFERENT(count_different_32, uint32_t)

/* Says where two results differ, and ends the process. */
static void compare(const struct job *job, const char *isa, size_t chunk, enum dtype dtype,
                    const void *wanted, const void *got, size_t n) {
  if (memcmp(wanted, got, n * element_size(dtype)) == 0) return;
  if (dtype == F32 && count_different_32(wanted, got, n, any_nan_f32, 0x7F800000) == 0) return;
  if (dtype != F32 && dtype != U8 &&
      count_different_16(wanted, got, n, ANY_NAN, half_of(dtype)->infinity) == 0) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const uint64_t a = get_element(dtype, wanted, i), b = get_element(dtype, got, i);
    if (a == b || (a == (dtype == F32 ? any_nan_f32 : ANY_NAN) && is_nan(dtype, b))) continue;
    fprintf(stderr, "%s on %s, chunk %zu, element %zu: %llx, expected %llx\n", name_of(job), isa, chunk, i,
            (unsigned long long)b, (unsigned long long)a);
    break;
  }
  exit(EXIT_FAILURE);
}

/* The loops above against the tests' reference. */
static void check_expected(const struct job *job, const struct operation *op, size_t chunk) {
  static uint8_t outcomes[CHUNK];
  const void *read[MAX_OPERANDS];
  void *written[MAX_OPERANDS];
  for (int k = 0; k < MAX_OPERANDS; k++) read[k] = in[k], written[k] = actual[k];
  reference(op, read, written, outcomes, CHUNK);
  for (int k = 0; k < MAX_OPERANDS; k++) {
    if (!is_written(op->roles[k])) continue;
    const enum dtype dtype = is_mask(op->roles[k]) ? U8 : op->dtype;
    compare(job, "the reference", chunk, dtype, expected[k], actual[k],
            operand_bytes(op, k, CHUNK) / element_size(dtype));
  }
}

static void run_operation(const struct job *job, const struct operation *op, size_t chunk) {
  const char *const *isas = fastrelu_isa_list();
  job->inputs(op, chunk);
  job->expect(op);
  if (chunk % CHECKED == 0) check_expected(job, op, chunk);
  for (size_t i = 0; isas[i]; i++) {
    void *buffers[MAX_OPERANDS];
    for (int k = 0; k < MAX_OPERANDS; k++) {
      buffers[k] = is_written(op->roles[k]) ? actual[k] : in[k];
      if (op->roles[k] == TENSOR_IN_OUT) memcpy(actual[k], in[k], operand_bytes(op, k, CHUNK));
    }
    if (fastrelu_use_isa(isas[i]) != FASTRELU_OK || call(op, buffers, CHUNK) != FASTRELU_OK)
      exit(EXIT_FAILURE);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (!is_written(op->roles[k])) continue;
      const enum dtype dtype = is_mask(op->roles[k]) ? U8 : op->dtype;
      compare(job, isas[i], chunk, dtype, expected[k], actual[k],
              operand_bytes(op, k, CHUNK) / element_size(dtype));
    }
  }
}

static void run_conversion(const struct job *job, size_t chunk) {
  const char *const *isas = fastrelu_isa_list();
  const struct half *half = job->half;
  const uint32_t *x = (const uint32_t *)(const void *)in[0];
  uint16_t *wanted = (uint16_t *)(void *)expected[0], *got = (uint16_t *)(void *)actual[0];
  job->inputs(NULL, chunk);
  for (size_t i = 0; i < CHUNK; i++) wanted[i] = nearest(half, f32_of(x[i]));
  if (chunk % CHECKED == 0) {
    for (size_t i = 0; i < CHUNK; i++) got[i] = (uint16_t)rounded(half->dtype, f32_of(x[i]));
    compare(job, "the reference", chunk, half->dtype, wanted, got, CHUNK);
  }
  for (size_t i = 0; isas[i]; i++) {
    const struct vocabulary *vocabulary = vocabulary_of(isas[i]);
    (half == &f16 ? &vocabulary->f16 : &vocabulary->bf16)->narrow(x, got, CHUNK);
    compare(job, isas[i], chunk, half->dtype, wanted, got, CHUNK);
  }
}

/* Shares the chunks among processes. */
static bool run(const struct job *job, size_t step, size_t processes) {
  const struct operation *op = row_of(job);
  if (job->row && !op) return fprintf(stderr, "no row %s\n", job->row), false;
  for (size_t p = 0; p < processes; p++) {
    const pid_t child = fork();
    if (child < 0) return perror("fork"), false;
    if (child > 0) continue;
    for (size_t chunk = p * step; chunk < CHUNKS; chunk += processes * step) {
      if (op) {
        run_operation(job, op, chunk);
      } else {
        run_conversion(job, chunk);
      }
    }
    exit(EXIT_SUCCESS);
  }
  bool passed = true;
  for (size_t p = 0; p < processes; p++) {
    int status;
    passed &= wait(&status) > 0 && status == 0;
  }
  return passed;
}

int main(int argc, char **argv) {
  const size_t step = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
  cpu_set_t cpus;
  const size_t processes = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
  int failed = 0;
  if (step == 0) return fprintf(stderr, "usage: test_exhaustive [STEP [FILTER]]\n"), EXIT_FAILURE;
  decode(&f16);
  decode(&bf16);
  for (size_t j = 0; j < JOBS; j++) {
    struct timespec begin, end;
    if (argc > 2 && !strstr(name_of(&jobs[j]), argv[2])) continue;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const bool passed = run(&jobs[j], step, processes);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%-28s %s, %.1f s\n", name_of(&jobs[j]), passed ? "passed" : "FAILED",
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9);
    fflush(stdout);
    failed += !passed;
  }
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
