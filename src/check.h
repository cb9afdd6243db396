/* The argument checks of the public functions. Each is a branch of its own that is never taken: merged into
 * one they were slower (docs/performance.md). The order of calls is the contract's order of errors. */
#ifndef FASTRELU_SRC_CHECK_H
#define FASTRELU_SRC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fastrelu.h"

#define CHECK(condition, status)                            \
  do {                                                      \
    if (__builtin_expect(!(condition), 0)) return (status); \
  } while (0)

/* One branch for too many elements of so many bytes and for none. */
#define CHECK_SIZE(bytes) \
  if (__builtin_expect(n - 1 >= PTRDIFF_MAX / (bytes), 0)) return n == 0 ? FASTRELU_OK : FASTRELU_ERROR_SIZE

/* outer * channels * inner: 0 if one of them is, SIZE_MAX if it is that or more. */
static inline size_t product(size_t outer, size_t channels, size_t inner) {
  size_t n;
  if (outer == 0 || channels == 0 || inner == 0) return 0;
  if (__builtin_mul_overflow(outer, channels, &n) || __builtin_mul_overflow(n, inner, &n)) return SIZE_MAX;
  return n;
}

/* The alignment of an element inside of a struct or an array: 4 for double on 32-bit x86. */
#define ALIGNMENT(type) \
  offsetof(             \
      struct {          \
        char before;    \
        type element;   \
      },                \
      element)

static inline bool aligned(const void *a, const void *b, const void *c, size_t alignment) {
  return (((uintptr_t)a | (uintptr_t)b | (uintptr_t)c) & (alignment - 1)) == 0;
}

/* Two tensors of the same size, one of them written: apart, or the same. One comparison finds every distance
 * between -bytes and bytes; bytes > 0. */
static inline bool apart_or_same(const void *a, const void *b, size_t bytes) {
  const uintptr_t distance = (uintptr_t)a - (uintptr_t)b;
  return distance + bytes - 1 >= 2 * bytes - 1 || distance == 0;
}

/* Buffers of any size; both larger than 0. */
static inline bool apart(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
  return (uintptr_t)a - (uintptr_t)b >= b_bytes && (uintptr_t)b - (uintptr_t)a >= a_bytes;
}

#endif
