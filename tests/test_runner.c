/* The runner: whom it belongs to, which calls it gets, what becomes of its errors, and that the parts of every large
 * call are done once, by any threads and in any order, with the same bits. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backwards.h"
#include "buffers.h"
#include "fastrelu.h"
#include "isas.h"

enum { LARGE = 1 << 20, CHANNELS = 32 };
static float x[LARGE], dy[LARGE], y[LARGE], expected[LARGE];
static uint8_t mask[LARGE / 8], expected_mask[LARGE / 8];

static int make_inputs(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (size_t i = 0; i < LARGE; i++) {
    x[i] = (float)(int32_t)random_bits(&seed);
    dy[i] = (float)(int32_t)random_bits(&seed) / 3;
  }
  return fastrelu_set_runner(NULL, NULL);
}

/* ---- a runner that does as it is told ---------------------------------------------------------------------- */

struct orders {
  size_t from, to; /* the parts that are done, of those there are */
  size_t beyond;   /* so many indices past the last are tried too */
  int status;
  size_t calls, parts;
};

static int obey(void *context, void (*task)(void *argument, size_t index), void *argument, size_t count) {
  struct orders *orders = context;
  orders->calls++;
  orders->parts = count;
  for (size_t i = orders->from; i < count + orders->beyond && i < orders->to; i++) task(argument, i);
  return orders->status;
}

static fastrelu_runner runner_of(struct orders *orders, size_t threads) {
  return (fastrelu_runner){obey, orders, threads};
}

static void set(struct orders *orders, size_t threads) {
  const fastrelu_runner runner = runner_of(orders, threads);
  assert_int_equal(fastrelu_set_runner(&runner, NULL), FASTRELU_OK);
}

static void large_calls_are_given_to_the_runner(void **state) {
  (void)state;
  for (size_t threads = 2; threads <= 8; threads++) {
    struct orders orders = {.to = SIZE_MAX};
    set(&orders, threads);
    assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_OK);
    assert_int_equal(orders.calls, 1);
    assert_int_equal(orders.parts, threads);
  }
}

static void small_calls_and_those_of_one_thread_are_not(void **state) {
  (void)state;
  static const size_t threads[] = {0, 1, 8};
  for (size_t i = 0; i < 3; i++) {
    struct orders orders = {.to = SIZE_MAX};
    set(&orders, threads[i]);
    const size_t n = threads[i] > 1 ? 16384 : LARGE;
    memset(y, 0x5A, sizeof y);
    assert_int_equal(fastrelu_relu_f32(x, y, n), FASTRELU_OK);
    for (size_t k = 0; k < n; k++) assert_true(y[k] == (x[k] > 0 ? x[k] : 0));
    assert_int_equal(orders.calls, 0);
  }
}

static void a_call_that_fails_its_checks_is_not(void **state) {
  (void)state;
  struct orders orders = {.to = SIZE_MAX};
  set(&orders, 4);
  assert_int_equal(fastrelu_relu_f32(NULL, y, LARGE), FASTRELU_ERROR_NULL);
  assert_int_equal(fastrelu_clamp_f32(x, y, LARGE, 1, 0), FASTRELU_ERROR_PARAMETER);
  assert_int_equal(fastrelu_relu_f32(x, x + 1, LARGE - 1), FASTRELU_ERROR_OVERLAP);
  assert_int_equal(orders.calls, 0);
}

/* ---- errors ------------------------------------------------------------------------------------------------ */

static void its_errors_come_back(void **state) {
  (void)state;
  static float slope[CHANNELS], dslope[CHANNELS];
  static uint64_t counts[CHANNELS];
  static uint32_t indices[2] = {3, LARGE - 1};
  static const struct orders errors[] = {
      {.to = 2, .status = 1},         /* reported in the middle */
      {.to = SIZE_MAX, .status = -1}, /* at the end */
      {.to = 2},                      /* parts that nobody did: not reported */
      {.from = 1, .to = SIZE_MAX},
      {.from = 1, .to = SIZE_MAX, .beyond = 1}, /* another in their place */
  };
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    struct orders orders = errors[i];
    set(&orders, 4);
    assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_relu_mask_f32(x, y, mask, LARGE), FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_prelu_f32(x, slope, y, LARGE / CHANNELS, CHANNELS, 1), FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_prelu_grad_f32(x, slope, dy, y, dslope, LARGE / CHANNELS, CHANNELS, 1),
                     FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_prelu_grad_f32(x, slope, dy, y, dslope, 1, CHANNELS, LARGE / CHANNELS),
                     FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_relu_count_f32(x, counts, LARGE / CHANNELS, CHANNELS, 1),
                     FASTRELU_ERROR_RUNNER);
    assert_int_equal(fastrelu_relu_expand_f32(dy, indices, 2, y, LARGE), FASTRELU_ERROR_RUNNER);
    assert_int_equal(orders.calls, 7);
  }
}

static void indices_past_the_last_part_do_nothing(void **state) {
  (void)state;
  struct orders orders = {.to = SIZE_MAX, .beyond = 3};
  set(&orders, 4);
  assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_OK);
  for (size_t i = 0; i < LARGE; i++) assert_true(y[i] == (x[i] > 0 ? x[i] : 0));
}

/* ---- whose it is ------------------------------------------------------------------------------------------- */

static void the_previous_one_can_be_restored(void **state) {
  (void)state;
  struct orders host = {.to = SIZE_MAX}, guest = {.to = SIZE_MAX};
  const fastrelu_runner of_host = runner_of(&host, 3), of_guest = runner_of(&guest, 2);
  fastrelu_runner none, previous;
  assert_int_equal(fastrelu_set_runner(&of_host, &none), FASTRELU_OK);
  assert_true(none.parallel_for == NULL);
  assert_int_equal(fastrelu_set_runner(&of_guest, &previous), FASTRELU_OK);
  assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_OK);
  assert_int_equal(guest.parts, 2);
  assert_int_equal(fastrelu_set_runner(&previous, &previous), FASTRELU_OK); /* in place, too */
  assert_ptr_equal(previous.context, &guest);
  assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_OK);
  assert_int_equal(host.parts, 3);
  assert_int_equal(fastrelu_set_runner(&none, &previous), FASTRELU_OK);
  assert_ptr_equal(previous.context, &host);
  assert_int_equal(previous.threads, 3);
  assert_int_equal(fastrelu_relu_f32(x, y, LARGE), FASTRELU_OK);
  assert_int_equal(host.calls + guest.calls, 2);
}

static void assert_info_has_threads(const char *line) {
  char text[4096];
  assert_true(fastrelu_info(text, sizeof text) < (int)sizeof text);
  assert_non_null(strstr(text, line));
}

static void *call_in_another_thread(void *argument) {
  (void)argument;
  assert_info_has_threads("\"runner_threads\": 1\n");
  return fastrelu_relu_f32(x, y, LARGE) == FASTRELU_OK ? x : NULL;
}

static void it_belongs_to_its_thread(void **state) {
  (void)state;
  struct orders orders = {.to = SIZE_MAX};
  pthread_t thread;
  void *right;
  set(&orders, 6);
  assert_info_has_threads("\"runner_threads\": 6\n");
  assert_int_equal(pthread_create(&thread, NULL, call_in_another_thread, NULL), 0);
  assert_int_equal(pthread_join(thread, &right), 0);
  assert_non_null(right);
  assert_int_equal(orders.calls, 0);
}

/* ---- results ----------------------------------------------------------------------------------------------- */

/* One thread a part, all at once: a sum falls into four times as many as the runner names. */
enum { MOST_WORKERS = 64 };
struct worker {
  pthread_t thread;
  void (*task)(void *argument, size_t index);
  void *argument;
  size_t index;
};

static void *work(void *argument) {
  const struct worker *worker = argument;
  worker->task(worker->argument, worker->index);
  return NULL;
}

static int all_at_once(void *context, void (*task)(void *argument, size_t index), void *argument,
                       size_t count) {
  struct worker *const workers = context;
  if (count > MOST_WORKERS) return 1;
  for (size_t i = 0; i < count; i++) {
    workers[i].task = task;
    workers[i].argument = argument;
    workers[i].index = i;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 1;
  }
  for (size_t i = 0; i < count; i++) pthread_join(workers[i].thread, NULL);
  return 0;
}

static void threads_give_the_same(void **state) {
  static struct worker workers[MOST_WORKERS];
  static float sums[CHANNELS], expected_sums[CHANNELS];
  static uint64_t counts[CHANNELS], expected_counts[CHANNELS];
  (void)state;
  for (const char *const *isa = isas_to_test(); *isa; isa++) {
    assert_int_equal(fastrelu_use_isa(*isa), FASTRELU_OK);
    for (int streams = 0; streams < 2; streams++) {
      const fastrelu_runner runner = {all_at_once, workers, MOST_WORKERS / 4};
      assert_int_equal(fastrelu_set_streaming_threshold(streams ? 1 : SIZE_MAX), FASTRELU_OK);

      fastrelu_set_runner(NULL, NULL);
      assert_int_equal(fastrelu_relu_mask_f32(x, expected, expected_mask, LARGE), FASTRELU_OK);
      assert_int_equal(fastrelu_relu_count_f32(x, expected_counts, LARGE / CHANNELS, CHANNELS, 1),
                       FASTRELU_OK);
      fastrelu_set_runner(&runner, NULL);
      assert_int_equal(fastrelu_relu_mask_f32(x, y, mask, LARGE), FASTRELU_OK);
      assert_int_equal(fastrelu_relu_count_f32(x, counts, LARGE / CHANNELS, CHANNELS, 1), FASTRELU_OK);
      assert_memory_equal(expected, y, sizeof y);
      assert_memory_equal(expected_mask, mask, sizeof mask);
      assert_memory_equal(expected_counts, counts, sizeof counts);

      fastrelu_set_runner(NULL, NULL);
      assert_int_equal(
          fastrelu_relu_bias_grad_f32(x, dy, expected, expected_sums, LARGE / CHANNELS, CHANNELS, 1),
          FASTRELU_OK);
      fastrelu_set_runner(&runner, NULL);
      assert_int_equal(fastrelu_relu_bias_grad_f32(x, dy, y, sums, LARGE / CHANNELS, CHANNELS, 1),
                       FASTRELU_OK);
      assert_memory_equal(expected, y, sizeof y);
      assert_memory_equal(expected_sums, sums, sizeof sums);
    }
  }
  fastrelu_set_streaming_threshold(0);
}

/* Sums that show every other order: each number of threads, on rows that are cut into leaves and ones that end
 * anywhere. */
static void sums_do_not_depend_on_the_threads(void **state) {
  (void)state;
  static double terms[LARGE], out[LARGE];
  uint64_t seed = 5;
  for (size_t i = 0; i < LARGE; i++) terms[i] = (double)(int64_t)random_bits(&seed) * (i % 3 ? 1e-9 : 1e9);
  for (size_t channels = 1; channels <= CHANNELS; channels *= 4) {
    for (size_t rest = 0; rest < 3; rest++) {
      const size_t rows = LARGE / channels - rest * 777;
      double sums[CHANNELS], alone[CHANNELS];
      fastrelu_set_runner(NULL, NULL);
      assert_int_equal(fastrelu_relu_bias_grad_f64(terms, terms, out, alone, rows, channels, 1), FASTRELU_OK);
      for (size_t threads = 2; threads <= 64; threads++) {
        run_backwards(threads);
        assert_int_equal(fastrelu_relu_bias_grad_f64(terms, terms, out, sums, rows, channels, 1),
                         FASTRELU_OK);
        assert_true(parts_done() > 1);
        assert_memory_equal(alone, sums, channels * sizeof *sums);
      }
    }
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, back_to_defaults, back_to_defaults)
  const struct CMUnitTest tests[] = {
      TEST(large_calls_are_given_to_the_runner),
      TEST(small_calls_and_those_of_one_thread_are_not),
      TEST(a_call_that_fails_its_checks_is_not),
      TEST(its_errors_come_back),
      TEST(indices_past_the_last_part_do_nothing),
      TEST(the_previous_one_can_be_restored),
      TEST(it_belongs_to_its_thread),
      TEST(threads_give_the_same),
      TEST(sums_do_not_depend_on_the_threads),
  };
  return cmocka_run_group_tests(tests, make_inputs, NULL);
}
