/* The operations over channels, on every usable instruction set: to the bit against the reference, over shapes
 * around every boundary of the walks and of the tree of sums; in place; errors; exactness. */
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

#include "backwards.h"
#include "buffers.h"
#include "environment.h"
#include "fastrelu.h"
#include "isas.h"
#include "reference.h"
#include "reference_channels.h"

enum { ROOM = 6 << 20 };

/* Under an emulated CPU a twentieth of the work: set FASTRELU_TEST_QUICK. */
static bool quick;

static struct guarded arenas[CHANNEL_OPERANDS];
static char *inputs[CHANNEL_OPERANDS], *expected[CHANNEL_OPERANDS];

static size_t bytes_of(const struct channel_operation *op, int k, struct shape s) {
  return units(k, s) * unit_size(op, k);
}

/* ---- data ------------------------------------------------------------------------------------------------ */

enum data { MIXED, CANCELLING, DATA_KINDS };

/* Special values among others: infinities, NaNs, denormals, zeros. */
static void fill_mixed(const struct channel_operation *op, int k, size_t n, uint64_t *state) {
  const struct operation row = {.dtype = op->dtype, .roles = {TENSOR_IN}};
  fill(&row, 0, inputs[k], n, state);
}

/* A finite number of any sign, of magnitudes far enough apart that every addition rounds. */
static uint64_t wide_apart(enum dtype t, uint64_t random) {
  switch (t) {
    case F32:
      return (random & 0x807FFFFF) | (97 + (random >> 32) % 60) << 23;
    case F64:
      return (random & UINT64_C(0x800FFFFFFFFFFFFF)) | (993 + (random >> 52) % 60) << 52;
    case F16:
      return (random & 0x83FF) | (random >> 32) % 31 << 10;
    default:
      return (random & 0x807F) | (97 + (random >> 32) % 60) << 7;
  }
}

static uint64_t negated(enum dtype t, uint64_t bits) {
  return bits ^ UINT64_C(1) << (8 * element_size(t) - 1);
}

/* Terms that cancel in pairs at random distances: what is left of their sum is the error of the additions,
 * which shows their order even where the result is rounded to f32. */
static void fill_cancelling(const struct channel_operation *op, struct shape s, uint64_t *state) {
  enum { PENDING = 64 };
  struct {
    uint64_t x, dy;
  } pending[PENDING];
  const bool selects_kept = !op->has[PARAMETERS]; /* dbias */
  for (size_t c = 0; c < s.channels; c++) {
    int count = 0;
    for (size_t j = 0; j < s.outer * s.inner; j++) {
      const size_t i = (j / s.inner * s.channels + c) * s.inner + j % s.inner;
      const uint64_t random = random_bits(state);
      uint64_t x = wide_apart(op->dtype, random_bits(state)), dy = wide_apart(op->dtype, random_bits(state));
      if (keep(op->dtype, x) == selects_kept) {
        if (count == PENDING || (count > 0 && random % 2)) {
          const int which = (int)(random >> 8 & 0xFFFF) % count;
          x = pending[which].x;
          dy = negated(op->dtype, pending[which].dy);
          pending[which] = pending[--count];
        } else {
          pending[count].x = x;
          pending[count++].dy = dy;
        }
      }
      store_unit(op, X, inputs[X], i, x);
      store_unit(op, DY, inputs[DY], i, dy);
    }
  }
}

static void fill_inputs(const struct channel_operation *op, struct shape s, enum data data, uint64_t *state) {
  for (int k = X; k <= DY; k++) fill_mixed(op, k, units(k, s), state);
  for (size_t c = 0; c < s.channels; c++) {
    if (data == CANCELLING)
      store_unit(op, PARAMETERS, inputs[PARAMETERS], c, wide_apart(op->dtype, random_bits(state)));
    store_unit(op, ENTRIES, inputs[ENTRIES], c, random_bits(state) >> 3);
  }
  if (data == CANCELLING) fill_cancelling(op, s, state);
}

/* ---- one call -------------------------------------------------------------------------------------------- */

/* The first unit that is not equal to the bit (a NaN of arithmetic equals any NaN), or n. */
static size_t first_unequal(const struct channel_operation *op, int k, const void *wanted, const void *actual,
                            size_t n) {
  if (memcmp(wanted, actual, n * unit_size(op, k)) == 0) return n;
  const enum dtype t = k == OUT ? op->dtype : op->dtype == F64 ? F64 : F32;
  for (size_t i = 0; i < n; i++) {
    const uint64_t a = load_unit(op, k, wanted, i), b = load_unit(op, k, actual, i);
    if (a != b && (op->adds_to_entries || !is_nan(t, a) || !is_nan(t, b))) return i;
  }
  return n;
}

/* OUT lies where the operand `place` is, in place, or by itself. `expected` has been made. */
static void call_and_compare(const struct channel_operation *op, const char *isa, struct shape s,
                             const size_t distance[], const bool at_end[], int place) {
  void *buffers[CHANNEL_OPERANDS] = {NULL};
  for (int k = 0; k < CHANNEL_OPERANDS; k++) {
    if (!op->has[k]) continue;
    buffers[k] = guarded_place(&arenas[k], bytes_of(op, k, s), distance[k] * unit_size(op, k), at_end[k]);
    memcpy(buffers[k], inputs[k], bytes_of(op, k, s));
  }
  if (place != OUT) buffers[OUT] = buffers[place];

  const int status = op->call(buffers, s);

  if (status != FASTRELU_OK) {
    fail_msg("%s on %s, %zu x %zu x %zu: status %d", op->name, isa, s.outer, s.channels, s.inner, status);
  }
  for (int k = 0; k < CHANNEL_OPERANDS; k++) {
    if (!op->has[k]) continue;
    const size_t n = units(k, s);
    if (k == OUT || k == ENTRIES) {
      const size_t i = first_unequal(op, k, expected[k], buffers[k], n);
      if (i < n) {
        fail_msg("%s on %s, %zu x %zu x %zu: %s %zu is %#llx, expected %#llx", op->name, isa, s.outer,
                 s.channels, s.inner, k == OUT ? "element" : "channel", i,
                 (unsigned long long)load_unit(op, k, buffers[k], i),
                 (unsigned long long)load_unit(op, k, expected[k], i));
      }
    } else if (k != place && memcmp(buffers[k], inputs[k], bytes_of(op, k, s)) != 0) {
      fail_msg("%s on %s, %zu x %zu x %zu: changed its input %d", op->name, isa, s.outer, s.channels, s.inner,
               k);
    }
    if ((k != OUT || place == OUT) && !guarded_intact(&arenas[k], buffers[k], bytes_of(op, k, s))) {
      fail_msg("%s on %s, %zu x %zu x %zu: wrote outside of operand %d", op->name, isa, s.outer, s.channels,
               s.inner, k);
    }
  }
}

static const bool at_ends[2][CHANNEL_OPERANDS] = {{false}, {true, true, true, true, true}};

/* On every instruction set, from the one reference. */
static void compare_everywhere(const struct channel_operation *op, struct shape s, int places,
                               uint64_t *state) {
  const void *in[CHANNEL_OPERANDS];
  void *out[CHANNEL_OPERANDS];
  for (int k = 0; k < CHANNEL_OPERANDS; k++) in[k] = inputs[k], out[k] = expected[k];
  channel_reference(op, in, out, s);
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
    for (int place = 0; place < places; place++) {
      size_t distance[CHANNEL_OPERANDS];
      for (int k = 0; k < CHANNEL_OPERANDS; k++) {
        distance[k] = place < 2 ? 0 : random_bits(state) % (64 / unit_size(op, k));
      }
      call_and_compare(op, *isa, s, distance, at_ends[place % 2 == 0], OUT);
    }
  }
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

static void matches_in_every_small_shape(void **state) {
  static const size_t channels[] = {1, 2, 3, 7, 8, 9, 31, 33, 64, 65, 100, 130, 257};
  static const size_t inner[] = {1, 2, 7, 8, 9, 49, 255, 256, 257, 511, 513};
  static const size_t outer[] = {1, 2, 3, 7, 8, 9, 33, 255, 256, 257, 300, 513};
  const struct channel_operation *op = *state;
  uint64_t seed = 1;
  unsigned round = 0;
  for (size_t o = 0; o < sizeof outer / sizeof *outer; o++) {
    for (size_t c = 0; c < sizeof channels / sizeof *channels; c++) {
      for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        const struct shape s = {outer[o], channels[c], inner[i]};
        if (s.outer * s.channels * s.inner > 7000 || (quick && ++round % 20 != 0)) continue;
        fill_inputs(op, s, (o + c + i) % DATA_KINDS, &seed);
        compare_everywhere(op, s, 3, &seed);
      }
    }
  }
}

static void matches_in_large_shapes(void **state) {
  static const struct shape shapes[] = {
      {20000, 3, 1}, {2300, 64, 1}, {1100, 129, 1}, {600, 300, 1}, {300, 1000, 1}, {33, 4096, 1},
      {1, 40000, 1}, {9000, 2, 7},  {2, 5, 3136},   {12, 64, 49},  {80, 64, 7},    {600, 130, 2},
      {3, 300, 100}, {2, 3, 20000}, {1, 1, 140000}, {40000, 1, 3}, {4, 33, 511},   {2, 70, 1000},
      {40, 6, 515},  {1, 300, 520}, {2, 500, 49},   {60, 200, 9}};
  const struct channel_operation *op = *state;
  uint64_t seed = 2;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i += quick ? 5 : 1) {
    for (int data = 0; data < DATA_KINDS; data++) {
      fill_inputs(op, shapes[i], data, &seed);
      compare_everywhere(op, shapes[i], quick ? 1 : 2, &seed);
    }
  }
}

/* Around the caches: flat rows, rows of whole lines and others, long and short runs in one and in several passes; the
 * tensors at a line and elsewhere. */
static void matches_where_it_streams(void **state) {
  static const struct shape shapes[] = {
      {5000, 3, 1}, {1037, 16, 1}, {515, 64, 1},  {300, 96, 1},  {300, 99, 1}, {270, 160, 1}, {261, 272, 1},
      {40, 520, 1}, {23, 1000, 1}, {17, 4096, 1}, {2, 12345, 1}, {9, 64, 49},  {40, 64, 7},   {700, 3, 7},
      {3, 300, 20}, {70, 1, 300},  {3, 5, 3136},  {5, 9, 515},   {2, 70, 256}, {1, 3, 12345}, {2, 1500, 3},
      {2, 7, 1000}, {1, 1, 30011}, {5, 1300, 2},  {11, 30, 65},  {600, 1, 33}};
  const struct channel_operation *op = *state;
  uint64_t seed = 8;
  assert_int_equal(fastrelu_set_streaming_threshold(1), FASTRELU_OK);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i += quick ? 5 : 1) {
    fetch_pages(i % 2);
    fill_inputs(op, shapes[i], i % DATA_KINDS, &seed);
    compare_everywhere(op, shapes[i], 3, &seed);
  }
  fetch_pages(0);
  back_to_defaults(NULL);
}

/* A runner does large calls in parts of rows, of channels, or of anything; every other one around the caches. */
static void matches_in_parts(void **state) {
  static const size_t threads[] = {2, 64, 3, 7};
  static const struct shape shapes[] = {
      {100000, 3, 1}, {4700, 64, 1},  {1170, 257, 1}, {600, 513, 1},  {2048, 128, 1}, {130, 2305, 1},
      {1, 300000, 1}, {1, 1, 300001}, {30007, 1, 10}, {262144, 1, 1}, {3, 1, 100000}, {5, 12, 5003},
      {40, 155, 49},  {2, 3, 50000},  {1, 2, 150001}, {700, 65, 7},   {3, 700, 150},  {290, 1030, 1},
      {150000, 2, 1}, {1, 3, 100000}, {270, 1111, 1}};
  const struct channel_operation *op = *state;
  uint64_t seed = 7;
  size_t round = 0;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i += quick ? 4 : 1) {
    fill_inputs(op, shapes[i], round % DATA_KINDS, &seed);
    assert_int_equal(fastrelu_set_streaming_threshold(round % 2), FASTRELU_OK);
    run_backwards(threads[round++ % 4]);
    compare_everywhere(op, shapes[i], 1, &seed);
    assert_true(parts_done() > 1);
  }
  back_to_defaults(NULL);
}

static void matches_in_random_shapes(void **state) {
  const struct channel_operation *op = *state;
  uint64_t seed = 3;
  for (int round = 0; round < (quick ? 8 : 100); round++) {
    const uint64_t a = random_bits(&seed), b = random_bits(&seed);
    struct shape s = {1 + a % 700, 1 + (a >> 20) % 300, 1 + (a >> 40) % 600};
    if (b % 3 == 0) s.inner = 1;
    if (b % 5 == 0) s.channels = 1 + s.channels % 9;
    while (s.outer * s.channels * s.inner > 30000) s.outer = (s.outer + 1) / 2, s.inner = (s.inner + 1) / 2;
    fill_inputs(op, s, (b >> 32) % DATA_KINDS, &seed);
    compare_everywhere(op, s, 3, &seed);
  }
}

static void works_in_place(void **state) {
  static const struct shape shapes[] = {{1, 1, 1},    {1, 3, 5},   {40, 3, 1},  {300, 7, 1},
                                        {70, 65, 1},  {9, 300, 1}, {3, 64, 49}, {50, 5, 7},
                                        {2, 3, 1000}, {1, 1, 777}, {3, 7, 513}, {4, 9, 256},
                                        {2, 500, 1},  {600, 2, 1}, {3, 40, 30}, {11, 130, 1}};
  const struct channel_operation *op = *state;
  uint64_t seed = 4;
  for (int place = X; place <= DY; place++) {
    if (place == PARAMETERS || !op->has[place] || !op->has[OUT]) continue;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      const void *in[CHANNEL_OPERANDS];
      void *out[CHANNEL_OPERANDS];
      fill_inputs(op, shapes[i], i % DATA_KINDS, &seed);
      for (int k = 0; k < CHANNEL_OPERANDS; k++) in[k] = inputs[k], out[k] = expected[k];
      channel_reference(op, in, out, shapes[i]);
      for (const char *const *isa = isas_to_test(); *isa; isa++) {
        assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
        for (size_t offset = 0; offset < 8; offset += 3) {
          const size_t distance[CHANNEL_OPERANDS] = {offset, offset, offset, offset, offset};
          call_and_compare(op, *isa, shapes[i], distance, at_ends[offset & 1], place);
        }
      }
    }
  }
}

/* relu_count gives the same counts whatever the rounding mode, FTZ and DAZ, and raises no flag; every operation
 * leaves the control bits as they were. */
static void is_indifferent_to_the_environment(void **state) {
  static const struct shape shapes[] = {{3, 5, 7}, {50, 3, 1}, {1, 1, 3000}, {2, 3, 600}};
  const struct channel_operation *op = *state;
  uint64_t seed = 5;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const struct shape s = shapes[i];
    const void *in[CHANNEL_OPERANDS];
    void *out[CHANNEL_OPERANDS];
    fill_inputs(op, s, MIXED, &seed);
    for (int k = 0; k < CHANNEL_OPERANDS; k++) in[k] = inputs[k], out[k] = expected[k];
    channel_reference(op, in, out, s);
    for (const char *const *isa = isas_to_test(); *isa; isa++) {
      assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
      for (int environment = 0; environment < environment_count; environment++) {
        void *buffers[CHANNEL_OPERANDS] = {NULL};
        for (int k = 0; k < CHANNEL_OPERANDS; k++) {
          if (!op->has[k]) continue;
          buffers[k] = guarded_place(&arenas[k], bytes_of(op, k, s), 0, true);
          memcpy(buffers[k], inputs[k], bytes_of(op, k, s));
        }
        environment_enter(environment);
        const uint64_t control = environment_control();
        feclearexcept(FE_ALL_EXCEPT);
        const int status = op->call(buffers, s);
        const int flags = fetestexcept(FE_ALL_EXCEPT);
        const uint64_t control_after = environment_control();
        environment_leave();
        assert_int_equal(status, FASTRELU_OK);
        assert_int_equal(control, control_after);
        if (!op->adds_to_entries) continue;
        assert_int_equal(flags, 0);
        assert_memory_equal(buffers[ENTRIES], expected[ENTRIES], bytes_of(op, ENTRIES, s));
      }
    }
  }
}

/* Counters as narrow as the elements overflow after 65,535 additions unless they are emptied. */
static void counts_past_the_width_of_an_element(void **state) {
  static const struct shape shapes[] = {{1, 1, 2300000}, {80000, 3, 9}, {1, 2, 1100000}, {4500, 1, 511}};
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const struct shape s = shapes[i];
    const size_t n = units(X, s);
    fastrelu_bf16 *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t k = 0; k < n; k++) x[k] = 0x3F80;
    for (const char *const *isa = isas_to_test(); *isa; isa++) {
      uint64_t counts[3] = {5, 5, 5};
      assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
      assert_int_equal(fastrelu_relu_count_bf16(x, counts, s.outer, s.channels, s.inner), FASTRELU_OK);
      for (size_t c = 0; c < s.channels; c++) assert_int_equal(counts[c], 5 + s.outer * s.inner);
    }
    free(x);
  }
}

/* ---- exactness ------------------------------------------------------------------------------------------- */

/* A sum without any error: of doubles between 2^-400 and 2^400, in digits of 32 bits that may overflow. */
enum { DIGITS = 40, LOWEST = -600 };
struct exact {
  int64_t digits[DIGITS];
};

static void add_exactly(struct exact *sum, double value) {
  int exponent;
  const int64_t fraction = (int64_t)ldexp(frexp(value, &exponent), 53);
  if (fraction == 0) return;
  const int position = exponent - 53 - LOWEST;
  const int64_t sign = fraction < 0 ? -1 : 1;
  const uint64_t magnitude = (uint64_t)(sign * fraction);
  const int shift = position % 32;
  const uint64_t low = magnitude << shift, high = shift ? magnitude >> (64 - shift) : 0;
  int64_t *digits = sum->digits + position / 32;
  digits[0] += sign * (int64_t)(low & 0xFFFFFFFF);
  digits[1] += sign * (int64_t)(low >> 32);
  digits[2] += sign * (int64_t)high;
}

static double value_of(const struct exact *sum) {
  int64_t carry = 0;
  double value = 0;
  int64_t digits[DIGITS];
  for (int i = 0; i < DIGITS; i++) {
    digits[i] = sum->digits[i] + carry;
    carry = i + 1 < DIGITS ? digits[i] >> 32 : 0;
    digits[i] -= carry * (INT64_C(1) << 32);
  }
  for (int i = DIGITS - 1; i >= 0; i--) value += ldexp((double)digits[i], 32 * i + LOWEST);
  return value;
}

/* f64 results show the error of the sum alone. */
static void check_error(size_t n, bool cancels, uint64_t *state) {
  double *y = malloc(n * sizeof *y), *dy = malloc(n * sizeof *dy), *dx = malloc(n * sizeof *dx);
  assert_true(y && dy && dx);
  for (size_t i = 0; i < n; i++) {
    y[i] = random_bits(state) % 4 ? 1 : -1;
    dy[i] = ldexp((double)(random_bits(state) >> 11), cancels ? (int)(random_bits(state) % 40) - 60 : -53);
    if (cancels && i >= n / 2) y[i] = y[n - 1 - i], dy[i] = -dy[n - 1 - i];
  }
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
    for (size_t channels = 1; channels <= 64; channels *= 64) {
      double sums[64];
      struct exact errors[64] = {{{0}}};
      double magnitudes[64] = {0};
      assert_int_equal(fastrelu_relu_bias_grad_f64(y, dy, dx, sums, n / channels, channels, 1), FASTRELU_OK);
      for (size_t i = 0; i < n; i++) {
        const double term = y[i] > 0 ? dy[i] : 0;
        add_exactly(&errors[i % channels], -term);
        magnitudes[i % channels] += fabs(term);
      }
      for (size_t c = 0; c < channels; c++) {
        add_exactly(&errors[c], sums[c]);
        const double bound = (16 + ceil(log2((double)(n / channels)))) * 0x1p-52 * magnitudes[c];
        const double error = fabs(value_of(&errors[c]));
        if (!(error <= bound)) fail_msg("on %s, %zu terms: an error of %g, above %g", *isa, n, error, bound);
      }
    }
  }
  free(y), free(dy), free(dx);
}

static void sums_keep_their_bound(void **state) {
  (void)state;
  uint64_t seed = 6;
  check_error(quick ? 1 << 16 : 1 << 20, false, &seed);
  check_error(quick ? 1 << 16 : 1 << 20, true, &seed);
  if (!quick) check_error(1 << 24, false, &seed);
}

/* ---- errors ---------------------------------------------------------------------------------------------- */

static const struct shape usual = {3, 5, 7};
enum { AREA = 4096 };
static _Alignas(64) char memory[CHANNEL_OPERANDS * AREA];

/* Aligned, and apart from the others. */
static char *area(int k) { return memory + k * AREA + 1024; }

static void reset(const struct channel_operation *op, void *buffers[]) {
  memset(memory, 0x3C, sizeof memory);
  for (int k = 0; k < CHANNEL_OPERANDS; k++) buffers[k] = op->has[k] ? area(k) : NULL;
}

static void expect(const struct channel_operation *op, void *const buffers[], struct shape s, int status) {
  const int actual = op->call(buffers, s);
  if (actual != status) {
    fail_msg("%s, %zu x %zu x %zu: status %d, expected %d", op->name, s.outer, s.channels, s.inner, actual,
             status);
  }
  for (size_t i = 0; i < sizeof memory; i++) assert_int_equal(memory[i], 0x3C);
}

/* The alignment of a double in a struct is 4 on i386. */
struct member_f64 {
  char before;
  double member;
};
struct member_u64 {
  char before;
  uint64_t member;
};
static size_t alignment(const struct channel_operation *op, int k) {
  if (unit_size(op, k) < 8) return unit_size(op, k);
  return op->adds_to_entries && k == ENTRIES ? offsetof(struct member_u64, member)
                                             : offsetof(struct member_f64, member);
}

static void null_and_misaligned_pointers_are_refused(void **state) {
  const struct channel_operation *op = *state;
  void *buffers[CHANNEL_OPERANDS];
  for (int k = 0; k < CHANNEL_OPERANDS; k++) {
    if (!op->has[k]) continue;
    reset(op, buffers);
    buffers[k] = NULL;
    expect(op, buffers, usual, FASTRELU_ERROR_NULL);
    for (int odd = 0; odd < CHANNEL_OPERANDS; odd++) { /* NULL comes before alignment */
      if (odd == k || !op->has[odd]) continue;
      reset(op, buffers);
      buffers[odd] = area(odd) + 1;
      buffers[k] = NULL;
      expect(op, buffers, usual, FASTRELU_ERROR_NULL);
    }
    for (size_t offset = 1; offset < alignment(op, k); offset++) {
      reset(op, buffers);
      buffers[k] = area(k) + offset;
      expect(op, buffers, usual, FASTRELU_ERROR_ALIGNMENT);
    }
  }
}

static void sizes_past_ptrdiff_max_are_refused(void **state) {
  const struct channel_operation *op = *state;
  const size_t most = PTRDIFF_MAX / element_size(op->dtype), root = (size_t)1 << (4 * sizeof(size_t));
  const struct shape shapes[] = {{most + 1, 1, 1}, {1, most + 1, 1},   {1, 1, most + 1},
                                 {most / 2, 3, 1}, {root, root, 1},    {root, 1, root},
                                 {1, root, root},  {root, root, root}, {SIZE_MAX, 1, 1},
                                 {2, SIZE_MAX, 1}, {SIZE_MAX, 2, 2},   {SIZE_MAX, SIZE_MAX, SIZE_MAX}};
  void *buffers[CHANNEL_OPERANDS];
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    reset(op, buffers);
    buffers[X] = NULL; /* size comes before NULL */
    expect(op, buffers, shapes[i], FASTRELU_ERROR_SIZE);
  }
  if (!op->has[ENTRIES]) return;
  const size_t entries = PTRDIFF_MAX / unit_size(op, ENTRIES);
  reset(op, buffers);
  buffers[X] = NULL;
  if (unit_size(op, ENTRIES) > element_size(op->dtype)) {
    expect(op, buffers, (struct shape){1, entries + 1, 1}, FASTRELU_ERROR_SIZE);
    expect(op, buffers, (struct shape){1, entries, 1}, FASTRELU_ERROR_NULL);
  }
  if (!op->adds_to_entries) expect(op, buffers, (struct shape){0, entries + 1, 1}, FASTRELU_ERROR_SIZE);
}

static void overlaps_are_refused_unless_in_place(void **state) {
  const struct channel_operation *op = *state;
  void *buffers[CHANNEL_OPERANDS];
  for (int a = OUT; a <= ENTRIES; a++) {
    for (int b = 0; b < CHANNEL_OPERANDS && op->has[a]; b++) {
      if (a == b || !op->has[b]) continue;
      const ptrdiff_t a_bytes = (ptrdiff_t)bytes_of(op, a, usual),
                      b_bytes = (ptrdiff_t)bytes_of(op, b, usual);
      const ptrdiff_t step = (ptrdiff_t)alignment(op, b);
      for (ptrdiff_t distance = -b_bytes / step * step - step; distance < a_bytes + 2 * step;
           distance += step) {
        reset(op, buffers);
        buffers[b] = (char *)buffers[a] + distance;
        const bool apart = distance <= -b_bytes || distance >= a_bytes;
        const bool same =
            distance == 0 && (a == OUT || b == OUT) && a != ENTRIES && b != ENTRIES && b != PARAMETERS;
        if (apart || same) {
          assert_int_equal(op->call(buffers, usual), FASTRELU_OK);
        } else {
          expect(op, buffers, usual, FASTRELU_ERROR_OVERLAP);
        }
      }
    }
  }
}

static void inputs_may_overlap(void **state) {
  const struct channel_operation *op = *state;
  void *buffers[CHANNEL_OPERANDS];
  for (int a = X; a <= DY; a++) {
    for (int b = X; b <= DY; b++) {
      if (a == b || !op->has[a] || !op->has[b]) continue;
      reset(op, buffers);
      buffers[b] = (char *)buffers[a] + 2 * element_size(op->dtype);
      assert_int_equal(op->call(buffers, usual), FASTRELU_OK);
    }
  }
}

static void an_empty_tensor_has_sums_of_zero(void **state) {
  const struct channel_operation *op = *state;
  const struct shape shapes[] = {{0, 5, 7}, {3, 5, 0}, {0, 5, 0}, {SIZE_MAX, 5, 0}, {0, 5, SIZE_MAX}};
  const bool sums = op->has[ENTRIES] && !op->adds_to_entries;
  void *buffers[CHANNEL_OPERANDS];
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    for (int k = 0; k < CHANNEL_OPERANDS; k++) buffers[k] = i % 2 ? area(k) + 1 : NULL;
    memset(memory, 0x3C, sizeof memory);
    if (!sums) {
      expect(op, buffers, shapes[i], FASTRELU_OK);
      continue;
    }
    buffers[ENTRIES] = NULL;
    expect(op, buffers, shapes[i], FASTRELU_ERROR_NULL);
    buffers[ENTRIES] = area(ENTRIES) + 1;
    expect(op, buffers, shapes[i], FASTRELU_ERROR_ALIGNMENT);
    buffers[ENTRIES] = area(ENTRIES);
    assert_int_equal(op->call(buffers, shapes[i]), FASTRELU_OK);
    const size_t bytes = 5 * unit_size(op, ENTRIES);
    for (size_t b = 0; b < sizeof memory; b++) {
      const size_t at = (size_t)(&memory[b] - (area(ENTRIES)));
      assert_int_equal(memory[b], at < bytes ? 0 : 0x3C);
    }
  }
  reset(op, buffers);
  for (int k = 0; k < CHANNEL_OPERANDS; k++) buffers[k] = NULL;
  expect(op, buffers, (struct shape){3, 0, 7}, FASTRELU_OK);
  expect(op, buffers, (struct shape){SIZE_MAX, 0, SIZE_MAX}, FASTRELU_OK);
}

int main(void) {
  static const struct {
    const char *sentence;
    CMUnitTestFunction function;
  } kinds[] = {
      {"matches in every small shape", matches_in_every_small_shape},
      {"matches in large shapes", matches_in_large_shapes},
      {"matches where it streams", matches_where_it_streams},
      {"matches in parts", matches_in_parts},
      {"matches in random shapes", matches_in_random_shapes},
      {"works in place", works_in_place},
      {"is indifferent to the environment", is_indifferent_to_the_environment},
      {"NULL and misaligned pointers are refused", null_and_misaligned_pointers_are_refused},
      {"sizes past PTRDIFF_MAX are refused", sizes_past_ptrdiff_max_are_refused},
      {"overlaps are refused unless in place", overlaps_are_refused_unless_in_place},
      {"inputs may overlap", inputs_may_overlap},
      {"an empty tensor has sums of zero", an_empty_tensor_has_sums_of_zero},
  };
  enum { KINDS = sizeof kinds / sizeof *kinds };
  quick = getenv("FASTRELU_TEST_QUICK") != NULL;
  for (int k = 0; k < CHANNEL_OPERANDS; k++) {
    arenas[k] = guarded_allocate(ROOM);
    inputs[k] = malloc(ROOM);
    expected[k] = malloc(ROOM);
    if (!inputs[k] || !expected[k]) return EXIT_FAILURE;
  }
  struct CMUnitTest *tests = calloc(channel_operation_count * KINDS + 2, sizeof *tests);
  if (!tests) return EXIT_FAILURE;
  size_t count = 0;
  for (size_t o = 0; o < channel_operation_count; o++) {
    const struct channel_operation *op = &channel_operations[o];
    for (size_t i = 0; i < KINDS; i++) {
      const size_t length = strlen(op->name) + strlen(kinds[i].sentence) + 2;
      char *name = malloc(length);
      snprintf(name, length, "%s %s", op->name, kinds[i].sentence);
      tests[count++] =
          (struct CMUnitTest){name, kinds[i].function, back_to_defaults, NULL, (void *)(uintptr_t)op};
    }
  }
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(counts_past_the_width_of_an_element);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(sums_keep_their_bound);
  return _cmocka_run_group_tests("channels", tests, count, NULL, NULL);
}
