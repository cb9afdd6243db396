/* 2^32 elements and more: no size is counted in 32 bits. A tensor that is read is a mapping of zero pages, of
 * which a few are written; one that is written shows the same few pages again and again; the mask takes half a
 * gigabyte. Skipped where so much cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* The largest tensor whose indices fit in 32 bits. */
static void compress_reaches_the_last_index(void **state) {
  (void)state;
  if (sizeof(size_t) == 4) skip();
  const size_t n = (size_t)(UINT64_C(1) << 32);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  fastrelu_f16 *x = mmap(NULL, n * sizeof *x, PROT_READ | PROT_WRITE, flags, -1, 0);
  fastrelu_f16 *values = mmap(NULL, n * sizeof *values, PROT_READ | PROT_WRITE, flags, -1, 0);
  uint32_t *indices = mmap(NULL, n * sizeof *indices, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (x == MAP_FAILED || values == MAP_FAILED || indices == MAP_FAILED) skip();
  madvise(x, n * sizeof *x, MADV_HUGEPAGE); /* two million page faults less */
  const size_t active[] = {0, 7, (size_t)1 << 31, n - 14, n - 1};
  enum { ACTIVE = sizeof active / sizeof *active };
  for (size_t i = 0; i < ACTIVE; i++) x[active[i]] = (fastrelu_f16)(0x3C00 + i);
  size_t count = 0;

  assert_int_equal(fastrelu_relu_compress_f16(x, values, indices, n + 1, &count), FASTRELU_ERROR_SIZE);
  assert_int_equal(fastrelu_relu_compress_f16(x, values, indices, n, &count), FASTRELU_OK);

  assert_int_equal(count, ACTIVE);
  for (size_t i = 0; i < ACTIVE; i++) {
    assert_int_equal(indices[i], active[i]);
    assert_int_equal(values[i], 0x3C00 + i);
  }
  munmap(x, n * sizeof *x);
  munmap(values, n * sizeof *values);
  munmap(indices, n * sizeof *indices);
}

enum { PIECE = 16 << 20 };

/* `bytes` of address space, and the rest of its last piece, that show one piece of a file again and again. */
static void *repeated(size_t bytes) {
  char *p = mmap(NULL, bytes + PIECE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  FILE *file = tmpfile();
  if (p == MAP_FAILED || !file || ftruncate(fileno(file), PIECE) != 0) return NULL;
  for (size_t at = 0; at < bytes; at += PIECE) {
    const int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
    if (mmap(p + at, PIECE, PROT_READ | PROT_WRITE, flags, fileno(file), 0) == MAP_FAILED) return NULL;
  }
  fclose(file);
  return p;
}

/* Only what lies in the windows below is memory of its own; all between them is one piece of a file. */
static void expand_fills_more_than_2_to_the_32_elements(void **state) {
  (void)state;
  if (sizeof(size_t) == 4) skip();
  const size_t n = (size_t)(UINT64_C(1) << 32) + 13, window = (size_t)1 << 16;
  const size_t bytes = n * sizeof(fastrelu_f16);
  char *y = repeated(bytes);
  if (!y) {
    skip();
    return;
  }
  const size_t windows[] = {0, (size_t)1 << 32, ((size_t)1 << 33) - window, (size_t)1 << 33}; /* bytes of y */
  for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
    void *own =
        mmap(y + windows[w], window, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (own == MAP_FAILED) skip();
    memset(own, 0x5A, window);
  }
  const fastrelu_f16 values[] = {1, 2, 3, 4};
  const uint32_t indices[] = {0, UINT32_C(1) << 31, UINT32_MAX - 1, UINT32_MAX};

  assert_int_equal(fastrelu_relu_expand_f16(values, indices, 4, (fastrelu_f16 *)(void *)y, n), FASTRELU_OK);

  size_t found = 0;
  for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
    for (size_t i = windows[w] / 2; i < (windows[w] + window) / 2; i++) {
      fastrelu_f16 element;
      memcpy(&element, y + 2 * i, 2);
      if (i >= n) {
        assert_int_equal(element, 0x5A5A);
      } else if (found < 4 && i == indices[found]) {
        assert_int_equal(element, values[found++]);
      } else {
        assert_int_equal(element, 0);
      }
    }
  }
  assert_int_equal(found, 4);
  munmap(y, bytes + PIECE);
}

static void relu_of_more_than_2_to_the_32_elements_is_whole(void **state) {
  (void)state;
  if (sizeof(size_t) == 4) skip();
  const size_t n = (size_t)(UINT64_C(1) << 32) + 13;
  int8_t *x = repeated(n), *y = repeated(n);
  if (!x || !y) {
    skip();
    return;
  }
  for (size_t i = 0; i < PIECE; i++) x[i] = (int8_t)(i * 2654435761u >> 24);
  memset(y, 0x55, PIECE);

  assert_int_equal(fastrelu_relu_s8(x, y, n), FASTRELU_OK);

  for (size_t i = 0; i < PIECE; i++) {
    if (y[i] != (x[i] > 0 ? x[i] : 0)) fail_msg("differs at %zu", i);
  }
  munmap(x, n + PIECE);
  munmap(y, n + PIECE);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(relu_of_more_than_2_to_the_32_elements_is_whole),
                                     cmocka_unit_test(a_mask_of_more_than_2_to_the_32_elements_is_whole),
                                     cmocka_unit_test(compress_reaches_the_last_index),
                                     cmocka_unit_test(expand_fills_more_than_2_to_the_32_elements)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
