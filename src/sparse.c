/* Active elements and their indices instead of a whole tensor, and back. */
#include <string.h>

#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"
#include "parts.h"

/* So many elements have extents that exist and indices that fit. */
#define EXTENT_ELEMENTS(type) (PTRDIFF_MAX / (sizeof(type) > 4 ? sizeof(type) : 4))
#define MOST_INDEXED(type) \
  (EXTENT_ELEMENTS(type) > UINT32_MAX ? (size_t)UINT32_MAX + 1 : (size_t)EXTENT_ELEMENTS(type))

#define RELU_COMPRESS(dtype, type, real, width, element, floor)                                            \
  fastrelu_status fastrelu_relu_compress_##dtype(const type *x, type *values, uint32_t *indices, size_t n, \
                                                 size_t *count) {                                          \
    CHECK(n <= MOST_INDEXED(type), FASTRELU_ERROR_SIZE);                                                   \
    if (n == 0) {                                                                                          \
      CHECK(count, FASTRELU_ERROR_NULL);                                                                   \
      CHECK(aligned(count, NULL, NULL, ALIGNMENT(size_t)), FASTRELU_ERROR_ALIGNMENT);                      \
      *count = 0;                                                                                          \
      return FASTRELU_OK;                                                                                  \
    }                                                                                                      \
    CHECK(x, FASTRELU_ERROR_NULL);                                                                         \
    CHECK(values, FASTRELU_ERROR_NULL);                                                                    \
    CHECK(indices, FASTRELU_ERROR_NULL);                                                                   \
    CHECK(count, FASTRELU_ERROR_NULL);                                                                     \
    CHECK(aligned(x, values, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                            \
    CHECK(aligned(indices, NULL, NULL, ALIGNMENT(uint32_t)), FASTRELU_ERROR_ALIGNMENT);                    \
    CHECK(aligned(count, NULL, NULL, ALIGNMENT(size_t)), FASTRELU_ERROR_ALIGNMENT);                        \
    CHECK(apart_or_same(x, values, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                             \
    CHECK(apart(indices, n * sizeof *indices, x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);               \
    CHECK(apart(indices, n * sizeof *indices, values, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);          \
    CHECK(apart(count, sizeof *count, x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                       \
    CHECK(apart(count, sizeof *count, values, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                  \
    CHECK(apart(count, sizeof *count, indices, n * sizeof *indices), FASTRELU_ERROR_OVERLAP);              \
    return kernels()->relu_compress[width](x, values, indices, n, count, floor);                           \
  }
FLOATS(RELU_COMPRESS)

/* Strictly ascending, the last one below n: then all are. A count above n could not, and may be no count at all:
 * nothing is read for it. */
static bool indices_fit(const uint32_t *indices, size_t count, size_t n) {
  enum { BLOCK = 1024 };
  if (count > n || indices[count - 1] >= n) return false;
  for (size_t k = 1; k < count;) {
    const size_t end = count - k < BLOCK ? count : k + BLOCK;
    uint32_t wrong = 0; /* without a branch, so that the compiler makes vectors of it */
    for (; k < end; k++) wrong |= indices[k - 1] >= indices[k];
    if (wrong) return false;
  }
  return true;
}

struct expansion {
  const char *values;
  const uint32_t *indices;
  size_t count;
  char *y;
  size_t n, size, parts;
};

enum { EXPANDED_BYTES = 8192 };

/* Where in the ascending indices those from `least` on begin. */
static size_t first_from(const uint32_t *indices, size_t count, size_t least) {
  size_t begin = 0;
  while (begin < count) {
    const size_t middle = begin + (count - begin) / 2;
    if (indices[middle] < least) {
      begin = middle + 1;
    } else {
      count = middle;
    }
  }
  return begin;
}

/* The elements from begin to end, of the indices from k on: block by block, so that the zeros are still in the cache
 * when the values go between them. */
static inline __attribute__((always_inline)) void expand(struct expansion x, size_t begin, size_t end,
                                                         size_t k, size_t size) {
  const size_t block = EXPANDED_BYTES / size;
  while (begin < end) {
    const size_t block_end = end - begin < block ? end : begin + block;
    memset(x.y + begin * size, 0, (block_end - begin) * size);
    /* Bytes: a float's load and store may change a NaN (x87). */
    for (; k < x.count && x.indices[k] < block_end; k++) {
      memcpy(x.y + x.indices[k] * size, x.values + k * size, size);
    }
    begin = block_end;
  }
}

static void expand_part(void *argument, size_t index) {
  const struct expansion *x = argument;
  const struct fastrelu_range part = part_of(x->n, EXPANDED_BYTES / x->size, index, x->parts);
  const size_t k = first_from(x->indices, x->count, part.begin);
  switch (x->size) {
    case 2:
      expand(*x, part.begin, part.end, k, 2);
      break;
    case 4:
      expand(*x, part.begin, part.end, k, 4);
      break;
    default:
      expand(*x, part.begin, part.end, k, 8);
  }
}

LARGE_CALL large_expand(const void *values, const uint32_t *indices, size_t count, void *y, size_t n,
                        size_t size) {
  struct expansion x = {values, indices, count, y, n, size, fastrelu_parts(n * size)};
  if (x.parts > 1) return fastrelu_run(expand_part, &x, x.parts);
  expand_part(&x, 0);
  return FASTRELU_OK;
}

#define RELU_EXPAND(dtype, type, real, width, element, floor)                                                \
  fastrelu_status fastrelu_relu_expand_##dtype(const type *values, const uint32_t *indices, size_t count,    \
                                               type *y, size_t n) {                                          \
    CHECK(count <= EXTENT_ELEMENTS(type), FASTRELU_ERROR_SIZE);                                              \
    CHECK(n <= PTRDIFF_MAX / sizeof(type), FASTRELU_ERROR_SIZE);                                             \
    CHECK(values || count == 0, FASTRELU_ERROR_NULL);                                                        \
    CHECK(indices || count == 0, FASTRELU_ERROR_NULL);                                                       \
    CHECK(y || n == 0, FASTRELU_ERROR_NULL);                                                                 \
    CHECK(count == 0 || aligned(values, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);             \
    CHECK(count == 0 || aligned(indices, NULL, NULL, ALIGNMENT(uint32_t)), FASTRELU_ERROR_ALIGNMENT);        \
    CHECK(n == 0 || aligned(y, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                      \
    if (count > 0) {                                                                                         \
      if (n > 0) {                                                                                           \
        CHECK(apart(y, n * sizeof(type), values, count * sizeof(type)), FASTRELU_ERROR_OVERLAP);             \
        CHECK(apart(y, n * sizeof(type), indices, count * sizeof *indices), FASTRELU_ERROR_OVERLAP);         \
      }                                                                                                      \
      CHECK(indices_fit(indices, count, n), FASTRELU_ERROR_INDEX);                                           \
    }                                                                                                        \
    if (is_large(n, sizeof(type)) && n > 0) return large_expand(values, indices, count, y, n, sizeof(type)); \
    expand((struct expansion){(const char *)values, indices, count, (char *)y, n, sizeof(type), 1}, 0, n, 0, \
           sizeof(type));                                                                                    \
    return FASTRELU_OK;                                                                                      \
  }
FLOATS(RELU_EXPAND)
