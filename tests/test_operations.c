/* Every operation on every usable instruction set against the reference: all lengths around the walks'
 * blocks, all offsets, buffers that begin and end at pages that fault, in place, in every floating-point
 * environment. */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backwards.h"
#include "buffers.h"
#include "environment.h"
#include "fastrelu.h"
#include "isas.h"
#include "operations.h"

enum { LONGEST = 300000 };

struct test_case {
  const struct operation *op;
  const char *isa;
};

/* Under an emulated CPU a twentieth of the placements, and no variants: set FASTRELU_TEST_QUICK. */
static bool quick;

static struct guarded arenas[MAX_OPERANDS];
static char *inputs[MAX_OPERANDS], *expected[MAX_OPERANDS]; /* inputs: what an arena held before the call */
static uint8_t outcomes[600000]; /* of a byte in two tensors of together 1 MiB and more */

/* Calls the operation on buffers at these places and compares everything: the outputs, the inputs, which stay
 * unless they are in place, and the memory around. same[k] is the operand whose buffer k uses, itself or
 * another. */
static void call_and_compare(const struct test_case *c, size_t n, const size_t distance[],
                             const bool at_end[], const int same[]) {
  const struct operation *op = c->op;
  void *buffers[MAX_OPERANDS] = {NULL};
  const void *in[MAX_OPERANDS];
  void *out[MAX_OPERANDS];
  for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) {
    const size_t bytes = operand_bytes(op, k, n);
    if (same[k] == k) {
      buffers[k] = guarded_place(&arenas[k], bytes, distance[k], at_end[k]);
      memcpy(buffers[k], inputs[k], bytes);
    } else {
      buffers[k] = buffers[same[k]];
    }
    in[k] = inputs[same[k]];
    out[k] = expected[k];
  }
  reference(op, in, out, outcomes, n);

  const int status = call(op, buffers, n);

  if (status != FASTRELU_OK) fail_msg("%s on %s, n = %zu: status %d", op->name, c->isa, n, status);
  for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) {
    const size_t bytes = operand_bytes(op, k, n);
    bool overwritten = false; /* an input that an output lies on */
    for (int o = 0; o < MAX_OPERANDS; o++)
      overwritten |= buffers[o] == buffers[k] && is_written(op->roles[o]);
    if (is_written(op->roles[k])) {
      const size_t i = first_difference(op, k, expected[k], buffers[k], outcomes, n);
      if (i < n) {
        fail_msg("%s on %s, n = %zu: operand %d differs at element %zu (address %% 64 = %zu)", op->name,
                 c->isa, n, k, i, (size_t)((uintptr_t)buffers[k] % 64));
      }
    } else if (!overwritten && memcmp(buffers[k], inputs[k], bytes) != 0) {
      fail_msg("%s on %s, n = %zu: input %d was changed", op->name, c->isa, n, k);
    }
    if (!guarded_intact(&arenas[same[k]], buffers[k], bytes)) {
      fail_msg("%s on %s, n = %zu: wrote outside of operand %d", op->name, c->isa, n, k);
    }
  }
}

static void fill_inputs(const struct operation *op, size_t n, uint64_t *state) {
  for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) fill(op, k, inputs[k], n, state);
}

static const int apart[MAX_OPERANDS] = {0, 1, 2, 3, 4};

/* The elements of a 64-byte vector, the longest that a walk knows. */
static size_t longest_vector(const struct operation *op) { return 64 / element_size(op->dtype); }

/* Operand k at its own distance from its guard, all on one side or on alternating ones. */
static void at_every_offset(const struct test_case *c, size_t n) {
  const size_t size = element_size(c->op->dtype), offsets = longest_vector(c->op);
  for (size_t offset = 0; offset < offsets; offset += quick ? 1 + offsets / 4 : 1) {
    for (int variant = quick ? (int)(n % 3) : 0; variant < 6; variant += quick ? 3 : 1) {
      size_t distance[MAX_OPERANDS];
      bool at_end[MAX_OPERANDS];
      for (int k = 0; k < MAX_OPERANDS; k++) {
        /* All together; the inputs at the guard; the outputs at the guard, or the other way round. */
        size_t steps = offset;
        if (variant % 3 == 1) steps = k == 0 ? 0 : (offset * 5 + (size_t)k) % offsets;
        if (variant % 3 == 2) steps = k == 0 ? (offset * 3 + 1) % offsets : (size_t)(k & 1) * offset;
        distance[k] = is_mask(c->op->roles[k]) ? steps : steps * size;
        at_end[k] = variant < 3;
      }
      call_and_compare(c, n, distance, at_end, apart);
    }
  }
}

static void matches_at_every_length_and_offset(void **state) {
  const struct test_case *c = *state;
  const size_t vector = longest_vector(c->op);
  uint64_t seed = 1;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t n = 0; n <= 4 * vector + 3; n += quick && n > vector ? 7 : 1) {
    fill_inputs(c->op, n, &seed);
    at_every_offset(c, n);
  }
  /* Around every number of 16-byte vectors up to where each walk has gone through several of its batches. */
  for (size_t quarters = 4 * 4; quarters < 4 * 26; quarters++) {
    const size_t n = quarters * vector / 4;
    const size_t distance[MAX_OPERANDS] = {0};
    const bool at_end[MAX_OPERANDS] = {true, true, true, true, true};
    for (size_t around = n - 1; around <= n + 1; around++) {
      fill_inputs(c->op, around, &seed);
      call_and_compare(c, around, distance, at_end, apart);
      if (!quick && quarters % 4 == 0 && element_size(c->op->dtype) > 1) at_every_offset(c, around);
    }
  }
}

static void matches_on_long_tensors(void **state) {
  const struct test_case *c = *state;
  uint64_t seed = 2;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (int round = 0; round < (quick ? 5 : 40); round++) {
    const size_t n = round == 0 ? LONGEST : (size_t)(random_bits(&seed) % 20000);
    size_t distance[MAX_OPERANDS];
    bool at_end[MAX_OPERANDS];
    fill_inputs(c->op, n, &seed);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      const uint64_t random = random_bits(&seed);
      distance[k] =
          random % longest_vector(c->op) * (is_mask(c->op->roles[k]) ? 1 : element_size(c->op->dtype));
      at_end[k] = random >> 32 & 1;
    }
    call_and_compare(c, n, distance, at_end, apart);
  }
}

/* Calls that stream, or are in place: lengths that end anywhere in a batch, the outputs at every offset in a line, the
 * others anywhere, fetching from several pages or not. */
static void matches_past_the_caches(void **state) {
  const struct test_case *c = *state;
  const size_t size = element_size(c->op->dtype), offsets = longest_vector(c->op);
  const size_t least = 8192 / size; /* two tensors of that are the least that streams */
  const bool few = quick || c->op->variant;
  uint64_t seed = 6;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  fastrelu_set_streaming_threshold(1);
  int pages = 0;
  for (size_t offset = 0; offset < offsets; offset += few ? 1 + offsets / 4 : 1) {
    fetch_pages(pages ^= 1);
    for (int round = 0; round < (few ? 2 : 3); round++) {
      const size_t n = least + (size_t)(random_bits(&seed) % (6 * offsets));
      size_t distance[MAX_OPERANDS];
      bool at_end[MAX_OPERANDS];
      bool written = false; /* the first output is on an input in the first round */
      int same[MAX_OPERANDS] = {0, 1, 2, 3, 4};
      fill_inputs(c->op, n, &seed);
      for (int k = 0; k < MAX_OPERANDS; k++) {
        const uint64_t random = random_bits(&seed);
        const size_t steps = is_written(c->op->roles[k]) ? offset : random % offsets;
        distance[k] = is_mask(c->op->roles[k]) ? steps : steps * size;
        at_end[k] = random >> 32 & 1;
        for (int a = 0; round == 0 && a < k && !written; a++) {
          if (may_be_in_place(c->op, a, k)) same[k] = a;
        }
        written |= is_written(c->op->roles[k]);
      }
      call_and_compare(c, n, distance, at_end, same);
    }
  }
}

/* A runner does large calls in parts: buffers anywhere, within the caches and past them, in place too. */
static void matches_in_parts(void **state) {
  static const size_t threads[] = {5, 2, 64};
  const struct test_case *c = *state;
  const size_t size = element_size(c->op->dtype);
  size_t bytes = 0; /* of an element in all tensors */
  for (int k = 0; k < MAX_OPERANDS; k++)
    bytes += c->op->roles[k] == NONE || is_mask(c->op->roles[k]) ? 0 : size;
  uint64_t seed = 7;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (int round = 0; round < (quick ? 1 : 3); round++) {
    const size_t n =
        (((size_t)1 << 20) + (size_t)(random_bits(&seed) % 20000)) / (bytes > size ? bytes : 2 * size);
    size_t distance[MAX_OPERANDS];
    bool at_end[MAX_OPERANDS];
    bool shared = false;
    int same[MAX_OPERANDS] = {0, 1, 2, 3, 4};
    fill_inputs(c->op, n, &seed);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      const uint64_t random = random_bits(&seed);
      distance[k] = random % longest_vector(c->op) * (is_mask(c->op->roles[k]) ? 1 : size);
      at_end[k] = random >> 32 & 1;
      for (int a = 0; round == 2 && a < k && !shared; a++) {
        if (!may_be_in_place(c->op, a, k)) continue;
        same[k] = a;
        shared = true;
      }
    }
    fastrelu_set_streaming_threshold(round % 2 == 0 ? 1 : 0);
    run_backwards(threads[round]);
    call_and_compare(c, n, distance, at_end, same);
    assert_true(parts_done() > 1);
  }
}

static void in_place_at_every_length(const struct test_case *c, const int same[], uint64_t *seed) {
  const size_t vector = longest_vector(c->op), size = element_size(c->op->dtype);
  for (size_t n = 0; n < 20 * vector + 3; n += n < 4 * vector + 3 && !quick ? 1 : vector / 2 + 1) {
    fill_inputs(c->op, n, seed);
    for (size_t offset = 0; offset < vector; offset += 1 + vector / 16) {
      size_t distance[MAX_OPERANDS];
      bool at_end[MAX_OPERANDS];
      for (int k = 0; k < MAX_OPERANDS; k++) {
        distance[k] = is_mask(c->op->roles[k]) ? offset : offset * size;
        at_end[k] = offset & 1;
      }
      call_and_compare(c, n, distance, at_end, same);
    }
  }
}

/* Every output on every input that it may be on, the others apart; where there are two outputs, both at once
 * too. */
static void works_in_place(void **state) {
  const struct test_case *c = *state;
  uint64_t seed = 3;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (int a = 0; a < MAX_OPERANDS; a++) {
    for (int b = a + 1; b < MAX_OPERANDS; b++) {
      if (!may_be_in_place(c->op, a, b)) continue;
      int same[MAX_OPERANDS] = {0, 1, 2, 3, 4};
      same[b] = a;
      in_place_at_every_length(c, same, &seed);
      for (int other = 0; other < b; other++) {
        for (int last = b + 1; last < MAX_OPERANDS; last++) {
          if (other == a || !may_be_in_place(c->op, other, last)) continue;
          same[last] = other;
          in_place_at_every_length(c, same, &seed);
          same[last] = last;
        }
      }
    }
  }
}

/* All 65,536 values of a 16-bit type, and 2^16 random others of the rest, in several lanes of their vectors. */
static void matches_on_every_kind_of_value(void **state) {
  const struct test_case *c = *state;
  const size_t n = 65536, size = element_size(c->op->dtype);
  uint64_t seed = 4;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t shift = 0; shift < (quick || c->op->variant ? 1 : longest_vector(c->op)); shift += 5) {
    fill_inputs(c->op, n, &seed);
    for (int k = 0; k < MAX_OPERANDS && size == 2; k++) {
      if (!is_read(c->op->roles[k]) || is_mask(c->op->roles[k])) continue;
      for (size_t i = 0; i < n; i++) {
        /* The first tensor counts through all values, the others meet each with other partners every time. */
        const uint16_t value = (uint16_t)(k == 0 ? i + shift : i * 40503u + shift * 977u * (size_t)k);
        memcpy(inputs[k] + 2 * i, &value, 2);
      }
    }
    const size_t distance[MAX_OPERANDS] = {0};
    const bool at_end[MAX_OPERANDS] = {false};
    call_and_compare(c, n, distance, at_end, apart);
  }
}

/* Selections give the same bits whatever the rounding mode, FTZ and DAZ, and raise no flag; every operation
 * leaves the control bits as they were. */
static void is_indifferent_to_the_environment(void **state) {
  const struct test_case *c = *state;
  const struct operation *op = c->op;
  uint64_t seed = 5;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t n = 1; n < 4000; n = n * 3 + 1) {
    fill_inputs(op, n, &seed);
    for (int environment = 0; environment < environment_count; environment++) {
      void *buffers[MAX_OPERANDS] = {NULL};
      const void *in[MAX_OPERANDS];
      void *out[MAX_OPERANDS];
      for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) {
        const size_t bytes = operand_bytes(op, k, n);
        buffers[k] = guarded_place(&arenas[k], bytes, 0, true);
        memcpy(buffers[k], inputs[k], bytes);
        in[k] = inputs[k];
        out[k] = expected[k];
      }
      reference(op, in, out, outcomes, n);

      environment_enter(environment);
      const uint64_t control = environment_control();
      feclearexcept(FE_ALL_EXCEPT);
      const int status = call(op, buffers, n);
      const int flags = fetestexcept(FE_ALL_EXCEPT);
      const uint64_t control_after = environment_control();
      environment_leave();

      assert_int_equal(status, FASTRELU_OK);
      assert_int_equal(control, control_after);
      if (!op->raises) assert_int_equal(flags, 0);
      for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) {
        assert_true(guarded_intact(&arenas[k], buffers[k], operand_bytes(op, k, n)));
        if (!is_written(op->roles[k])) continue;
        const size_t i = first_difference_of_selected(op, k, expected[k], buffers[k], outcomes, n);
        if (i < n) {
          fail_msg("%s on %s, n = %zu: operand %d differs at element %zu in environment %d", op->name, c->isa,
                   n, k, i, environment);
        }
      }
    }
  }
}

enum { KINDS = 7 };

static void add_tests(struct CMUnitTest *tests, size_t *count, const struct test_case *c) {
  static const struct {
    const char *sentence;
    CMUnitTestFunction function;
    bool of_variants; /* what depends on parameters */
  } kinds[KINDS] = {
      {"matches at every length and offset", matches_at_every_length_and_offset, false},
      {"matches on long tensors", matches_on_long_tensors, false},
      {"matches past the caches", matches_past_the_caches, true},
      {"matches in parts", matches_in_parts, false},
      {"works in place", works_in_place, false},
      {"matches on every kind of value", matches_on_every_kind_of_value, true},
      {"is indifferent to the environment", is_indifferent_to_the_environment, true},
  };
  for (size_t i = 0; i < KINDS; i++) {
    if (c->op->variant && (quick || !kinds[i].of_variants)) continue;
    const size_t length = strlen(c->op->name) + strlen(c->isa) + strlen(kinds[i].sentence) + 8;
    char *name = malloc(length);
    snprintf(name, length, "%s on %s %s", c->op->name, c->isa, kinds[i].sentence);
    tests[(*count)++] =
        (struct CMUnitTest){name, kinds[i].function, back_to_defaults, NULL, (void *)(uintptr_t)c};
  }
}

/* Which of the instruction sets that this build has are run how. */
static void report_isas(void) {
  const char *const *usable = fastrelu_isa_list();
  printf("ISAs run natively:");
  for (size_t i = 0; usable[i]; i++) {
    if (!strstr(usable[i], "_emulated")) printf(" %s", usable[i]);
  }
  printf("\nISAs run emulated:");
  for (size_t i = 0; usable[i]; i++) {
    if (strstr(usable[i], "_emulated")) printf(" %s", usable[i]);
  }
  printf("\nISAs skipped, since this CPU lacks them:");
  char built[] = BUILT_ISAS;
  for (char *isa = strtok(built, " "); isa; isa = strtok(NULL, " ")) {
    size_t i = 0;
    while (usable[i] && strcmp(usable[i], isa) != 0) i++;
    if (!usable[i]) printf(" %s", isa);
  }
  printf("\n");
  fflush(stdout);
}

/* With --isas it only says which instruction sets it would run. */
int main(int argc, char **argv) {
  quick = getenv("FASTRELU_TEST_QUICK") != NULL;
  for (int k = 0; k < MAX_OPERANDS; k++) {
    const size_t bytes = LONGEST * sizeof(double) + 4096;
    arenas[k] = guarded_allocate(bytes);
    inputs[k] = malloc(bytes);
    expected[k] = malloc(bytes);
    if (!inputs[k] || !expected[k]) return EXIT_FAILURE;
  }
  report_isas();
  if (argc == 2 && strcmp(argv[1], "--isas") == 0) return EXIT_SUCCESS;

  const char *const *isas = isas_to_test();
  size_t isa_count = 0, count = 0;
  while (isas[isa_count]) isa_count++;
  struct test_case *cases = calloc(isa_count * operation_count, sizeof *cases);
  struct CMUnitTest *tests = calloc(isa_count * operation_count * KINDS, sizeof *tests);
  if (!cases || !tests) return EXIT_FAILURE;
  for (size_t i = 0; i < isa_count; i++) {
    for (size_t o = 0; o < operation_count; o++) {
      cases[i * operation_count + o] = (struct test_case){&operations[o], isas[i]};
      add_tests(tests, &count, &cases[i * operation_count + o]);
    }
  }
  return _cmocka_run_group_tests("operations", tests, count, NULL, NULL);
}
