/* Bad arguments: each gets its own status, in the contract's order, and nothing is written. */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "environment.h"
#include "fastrelu.h"
#include "operations.h"

enum { N = 100, ROOM = 4096 };

/* The alignment that the contract asks for: the element's as a member of a struct (4 for double on i386). */
struct f64_member {
  char before;
  double element;
};

static size_t alignment(const struct operation *op) {
  return op->dtype == F64 ? offsetof(struct f64_member, element) : element_size(op->dtype);
}

static _Alignas(64) char memory[MAX_OPERANDS][ROOM];

static void reset(void *buffers[]) {
  memset(memory, 0x3C, sizeof memory);
  for (int k = 0; k < MAX_OPERANDS; k++) buffers[k] = memory[k] + 1024;
}

static void assert_nothing_written(void) {
  const char *bytes = memory[0];
  assert_int_equal(bytes[0], 0x3C);
  assert_int_equal(memcmp(bytes, bytes + 1, sizeof memory - 1), 0);
}

static void expect(const struct operation *op, void *const buffers[], size_t n, int status) {
  const int actual = call(op, buffers, n);
  if (actual != status) fail_msg("%s, n = %zu: status %d, expected %d", op->name, n, actual, status);
  assert_nothing_written();
}

static int operands(const struct operation *op) {
  int count = 0;
  while (count < MAX_OPERANDS && op->roles[count] != NONE) count++;
  return count;
}

/* relu_mask's y may be NULL. */
static bool may_be_null(const struct operation *op, int k) {
  return strncmp(op->name, "relu_mask_", 10) == 0 && op->roles[2] == MASK_OUT && k == 1;
}

static void null_pointers_are_refused(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS];
  for (int k = 0; k < operands(op); k++) {
    reset(buffers);
    buffers[k] = NULL;
    if (!may_be_null(op, k)) expect(op, buffers, N, FASTRELU_ERROR_NULL);
  }
}

static void misaligned_tensors_are_refused(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS];
  for (int k = 0; k < operands(op); k++) {
    for (size_t offset = 1; offset < alignment(op) && !is_mask(op->roles[k]); offset++) {
      reset(buffers);
      buffers[k] = (char *)buffers[k] + offset;
      expect(op, buffers, N, FASTRELU_ERROR_ALIGNMENT);
    }
  }
}

static void sizes_past_ptrdiff_max_are_refused(void **state) {
  const struct operation *op = *state;
  const size_t most = PTRDIFF_MAX / element_size(op->dtype);
  const size_t sizes[] = {most + 1,
                          SIZE_MAX / element_size(op->dtype),
                          SIZE_MAX / element_size(op->dtype) + 1,
                          SIZE_MAX / 2 + 1,
                          SIZE_MAX - 7,
                          SIZE_MAX};
  void *buffers[MAX_OPERANDS];
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    reset(buffers);
    if (sizes[i] > most) expect(op, buffers, sizes[i], FASTRELU_ERROR_SIZE);
  }
}

static void overlaps_are_refused_unless_in_place(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS];
  for (int a = 0; a < operands(op); a++) {
    for (int b = 0; b < operands(op); b++) {
      if (a == b || !is_written(op->roles[a])) continue;
      const ptrdiff_t size = is_mask(op->roles[b]) ? 1 : (ptrdiff_t)element_size(op->dtype);
      const ptrdiff_t a_bytes = (ptrdiff_t)operand_bytes(op, a, N),
                      b_bytes = (ptrdiff_t)operand_bytes(op, b, N);
      /* b from the last element that touches a from below to the last one from above. */
      for (ptrdiff_t distance = -(b_bytes - 1) / size * size; distance < a_bytes; distance += size) {
        reset(buffers);
        buffers[b] = (char *)buffers[a] + distance;
        if (distance == 0 && may_be_in_place(op, a, b)) {
          if (call(op, buffers, N) != FASTRELU_OK) fail_msg("%s refuses %d and %d in place", op->name, a, b);
          continue;
        }
        expect(op, buffers, N, FASTRELU_ERROR_OVERLAP);
      }
    }
  }
}

static void neighbours_are_accepted(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS];
  for (int a = 0; a < operands(op); a++) {
    for (int b = 0; b < operands(op); b++) {
      if (a == b) continue;
      reset(buffers);
      const size_t align = is_mask(op->roles[b]) ? 1 : alignment(op);
      const uintptr_t behind = (uintptr_t)buffers[a] + operand_bytes(op, a, N);
      buffers[b] = (char *)buffers[a] + operand_bytes(op, a, N) + (align - behind % align) % align;
      assert_int_equal(call(op, buffers, N), FASTRELU_OK);
    }
  }
}

static void inputs_may_overlap(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS];
  for (int a = 0; a < operands(op); a++) {
    for (int b = 0; b < operands(op); b++) {
      if (a == b || is_written(op->roles[a]) || is_written(op->roles[b])) continue;
      for (size_t elements = 0; elements < 3; elements++) {
        reset(buffers);
        buffers[b] = (char *)buffers[a] + elements * element_size(op->dtype);
        if (!is_mask(op->roles[b]) && (uintptr_t)buffers[b] % alignment(op) != 0) continue;
        assert_int_equal(call(op, buffers, N), FASTRELU_OK);
      }
    }
  }
}

static void an_empty_tensor_looks_at_no_pointer(void **state) {
  const struct operation *op = *state;
  void *buffers[MAX_OPERANDS] = {NULL};
  memset(memory, 0x3C, sizeof memory);
  expect(op, buffers, 0, FASTRELU_OK);
  for (int k = 0; k < MAX_OPERANDS; k++) buffers[k] = memory[0] + 1;
  expect(op, buffers, 0, FASTRELU_OK);
}

/* Two things are wrong at once: the earlier of size, NULL, alignment, overlap is reported. */
static void errors_come_in_the_contracts_order(void **state) {
  const struct operation *op = *state;
  const int last = operands(op) - 1;
  void *buffers[MAX_OPERANDS];

  reset(buffers);
  buffers[0] = NULL;
  expect(op, buffers, SIZE_MAX, FASTRELU_ERROR_SIZE);

  for (int null = 0; null <= last; null++) {
    for (int odd = 0; odd <= last; odd++) {
      reset(buffers);
      if (null == odd || is_mask(op->roles[odd]) || may_be_null(op, null) || alignment(op) == 1) continue;
      buffers[odd] = (char *)buffers[odd] + 1;
      buffers[null] = NULL;
      expect(op, buffers, N, FASTRELU_ERROR_NULL);
    }
  }
  for (int odd = 0; odd <= last; odd++) {
    for (int other = 0; other <= last; other++) {
      if (odd == other || is_mask(op->roles[odd]) || alignment(op) == 1) continue;
      reset(buffers);
      buffers[odd] = (char *)buffers[other] + 1;
      expect(op, buffers, N, FASTRELU_ERROR_ALIGNMENT);
    }
  }
}

static bool is_of(const struct operation *op, const char *family) {
  return strncmp(op->name, family, strlen(family)) == 0;
}

/* lo > hi after rounding, or a NaN that bounds: found before anything else is looked at, in every floating-point
 * environment. */
static void bad_parameters_are_refused(void **state) {
  const struct operation *op = *state;
  const bool integer = op->dtype == S8 || op->dtype == U8 || op->dtype == S16 || op->dtype == S32;
  static const struct parameters bounds[] = {{1, 0},      {1, -1},        {INFINITY, -INFINITY},
                                             {NAN, 1},    {0, NAN},       {NAN, NAN},
                                             {-NAN, 0},   {65600, 65000}, {1e38f, 0},
                                             {1e-40f, 0}, {0, -1e-40f},   {1.5f, 1.4921875f}};
  static const struct parameters thresholds[] = {{NAN, 0}, {-NAN, 0}, {NAN, NAN}};
  static const struct parameters integers[] = {{1, 0}, {2, 1}, {127, 0}};
  const struct parameters *bad = thresholds;
  size_t count = is_of(op, "threshold") ? sizeof thresholds / sizeof *thresholds : 0;
  if (is_of(op, "clamp")) {
    bad = integer ? integers : bounds;
    count = integer ? sizeof integers / sizeof *integers : sizeof bounds / sizeof *bounds;
  }
  void *buffers[MAX_OPERANDS], *nothing[MAX_OPERANDS] = {NULL};
  for (size_t i = 0; i < count; i++) {
    struct operation wrong = *op;
    wrong.parameters = bad[i];
    /* 1e-40 is 0 in f16, and FTZ would flush it in the conversion from double to float, in this program. */
    const bool tiny = fabs(bad[i].first) == 1e-40f || fabs(bad[i].second) == 1e-40f;
    if (tiny && op->dtype == F16) continue;
    for (int environment = 0; environment < environment_count; environment++) {
      if (tiny && op->dtype != F64 && environment >= 4) continue;
      const size_t sizes[] = {N, 0, SIZE_MAX};
      for (size_t k = 0; k < 3; k++) {
        reset(buffers);
        environment_enter(environment);
        feclearexcept(FE_ALL_EXCEPT);
        const int status = call(&wrong, buffers, sizes[k]), without = call(&wrong, nothing, sizes[k]);
        const int flags = fetestexcept(FE_ALL_EXCEPT);
        environment_leave();
        if (status != FASTRELU_ERROR_PARAMETER || without != FASTRELU_ERROR_PARAMETER) {
          fail_msg("%s with (%g, %g), n = %zu, environment %d: status %d and %d", op->name, bad[i].first,
                   bad[i].second, sizes[k], environment, status, without);
        }
        assert_int_equal(flags, 0);
        assert_nothing_written();
      }
    }
  }
}

int main(void) {
  static const struct {
    const char *sentence;
    CMUnitTestFunction function;
  } kinds[] = {
      {"bad parameters are refused", bad_parameters_are_refused},
      {"NULL pointers are refused", null_pointers_are_refused},
      {"misaligned tensors are refused", misaligned_tensors_are_refused},
      {"sizes past PTRDIFF_MAX are refused", sizes_past_ptrdiff_max_are_refused},
      {"overlaps are refused unless in place", overlaps_are_refused_unless_in_place},
      {"neighbours are accepted", neighbours_are_accepted},
      {"inputs may overlap", inputs_may_overlap},
      {"an empty tensor looks at no pointer", an_empty_tensor_looks_at_no_pointer},
      {"errors come in the contract's order", errors_come_in_the_contracts_order},
  };
  enum { KINDS = sizeof kinds / sizeof *kinds };
  struct CMUnitTest *tests = calloc(operation_count * KINDS, sizeof *tests);
  if (!tests) return EXIT_FAILURE;
  for (size_t o = 0; o < operation_count; o++) {
    for (size_t i = 0; i < KINDS; i++) {
      const size_t length = strlen(operations[o].name) + strlen(kinds[i].sentence) + 3;
      char *name = malloc(length);
      snprintf(name, length, "%s: %s", operations[o].name, kinds[i].sentence);
      tests[o * KINDS + i] =
          (struct CMUnitTest){name, kinds[i].function, NULL, NULL, (void *)(uintptr_t)&operations[o]};
    }
  }
  return _cmocka_run_group_tests("errors", tests, operation_count * KINDS, NULL, NULL);
}
