/* More than 2^32 elements: no size is counted in 32 bits. The tensor is a mapping of zero pages, of which one is
 * written; the mask takes half a gigabyte. Skipped where so much cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "fastrelu.h"

static void a_mask_of_more_than_2_to_the_32_elements_is_whole(void **state) {
  (void)state;
  if (sizeof(size_t) == 4) skip();
  const size_t n = (size_t)(UINT64_C(1) << 32) + 13, bytes = (n + 7) / 8;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  fastrelu_f16 *x = mmap(NULL, n * sizeof *x, PROT_READ | PROT_WRITE, flags, -1, 0);
  uint8_t *mask = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (x == MAP_FAILED || mask == MAP_FAILED) skip();
  const size_t active[] = {0, 7, (size_t)1 << 31, n - 14, n - 13, n - 1};
  for (size_t i = 0; i < sizeof active / sizeof *active; i++) x[active[i]] = 0x3C00;

  assert_int_equal(fastrelu_relu_mask_f16(x, NULL, mask, n), FASTRELU_OK);

  size_t count = 0;
  for (size_t i = 0; i < bytes; i++) count += (size_t)__builtin_popcount(mask[i]);
  assert_int_equal(count, sizeof active / sizeof *active);
  for (size_t i = 0; i < count; i++) assert_true(mask[active[i] / 8] >> active[i] % 8 & 1);
  munmap(x, n * sizeof *x);
  munmap(mask, bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_mask_of_more_than_2_to_the_32_elements_is_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
