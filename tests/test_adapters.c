/* The header-only adapters, one in each program: with any number of their threads the same results as alone. */
#ifdef ADAPTER_openmp
#include <fastrelu/openmp.h>
#define RUNNER(threads) fastrelu_openmp_runner(threads)
#define DESTROY(runner) (void)(runner)
#else
#include <fastrelu/pthreadpool.h>
#define RUNNER(threads) fastrelu_pthreadpool_runner(pthreadpool_create((size_t)(threads)))
#define DESTROY(runner) pthreadpool_destroy((pthreadpool_t)(runner).context)
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1 << 20, CHANNELS = 32 };
static float x[N], dy[N], y[N], expected[N], sums[CHANNELS], expected_sums[CHANNELS];
static uint8_t mask[N / 8], expected_mask[N / 8];

static fastrelu_status do_all(float *out, uint8_t *bits, float *totals) {
  fastrelu_status status = fastrelu_relu_mask_f32(x, out, bits, N);
  if (status == FASTRELU_OK)
    status = fastrelu_relu_bias_grad_f32(out, dy, out, totals, N / CHANNELS, CHANNELS, 1);
  return status;
}

static void gives_the_same_with_any_number_of_threads(void **state) {
  (void)state;
  for (size_t i = 0; i < N; i++) {
    x[i] = (float)(int32_t)(i * 2654435761u);
    dy[i] = (float)(int32_t)(i * 40503u) / 3;
  }
  assert_int_equal(do_all(expected, expected_mask, expected_sums), FASTRELU_OK);
  for (int threads = 1; threads <= 9; threads++) {
    const fastrelu_runner runner = RUNNER(threads);
    assert_int_equal(runner.threads, threads);
    assert_int_equal(fastrelu_set_runner(&runner, NULL), FASTRELU_OK);
    for (int round = 0; round < 3; round++) {
      memset(y, 0x5A, sizeof y);
      assert_int_equal(do_all(y, mask, sums), FASTRELU_OK);
      assert_memory_equal(y, expected, sizeof y);
      assert_memory_equal(mask, expected_mask, sizeof mask);
      assert_memory_equal(sums, expected_sums, sizeof sums);
    }
    assert_int_equal(fastrelu_set_runner(NULL, NULL), FASTRELU_OK);
    DESTROY(runner);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gives_the_same_with_any_number_of_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
