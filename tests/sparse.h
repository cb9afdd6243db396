/* relu_compress and relu_expand, which operations.h has no shape for: one row a dtype, and what the contract says
 * they do. */
#ifndef FASTRELU_TESTS_SPARSE_H
#define FASTRELU_TESTS_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "operations.h"

/* A dtype, and its two functions with pointers to anything. */
struct kind {
  struct operation op; /* what fill() asks for */
  int (*compress)(const void *x, void *values, uint32_t *indices, size_t n, size_t *count);
  int (*expand)(const void *values, const uint32_t *indices, size_t count, void *y, size_t n);
};

enum { KINDS = 4 };
extern const struct kind kinds[KINDS];

/* The reference; the first returns the count. */
size_t compressed(const struct kind *kind, const void *x, void *values, uint32_t *indices, size_t n);
void expanded(const struct kind *kind, const void *values, const uint32_t *indices, size_t count, void *y,
              size_t n);

#endif
