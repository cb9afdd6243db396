/* Active elements and their indices instead of a whole tensor, and back. */
#include <string.h>

#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"

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

/* Block by block, so that the zeros are still in the cache when the values go between them. */
static inline __attribute__((always_inline)) void expand(const char *values, const uint32_t *indices,
                                                         size_t count, char *y, size_t n, size_t size) {
  enum { BLOCK_BYTES = 8192 };
  const size_t block = BLOCK_BYTES / size;
  size_t k = 0;
  for (size_t begin = 0; begin < n;) {
    const size_t end = n - begin < block ? n : begin + block;
    memset(y + begin * size, 0, (end - begin) * size);
    /* Bytes: a float's load and store may change a NaN (x87). */
    for (; k < count && indices[k] < end; k++) memcpy(y + indices[k] * size, values + k * size, size);
    begin = end;
  }
}

#define RELU_EXPAND(dtype, type, real, width, element, floor)                                             \
  fastrelu_status fastrelu_relu_expand_##dtype(const type *values, const uint32_t *indices, size_t count, \
                                               type *y, size_t n) {                                       \
    CHECK(count <= EXTENT_ELEMENTS(type), FASTRELU_ERROR_SIZE);                                           \
    CHECK(n <= PTRDIFF_MAX / sizeof(type), FASTRELU_ERROR_SIZE);                                          \
    CHECK(values || count == 0, FASTRELU_ERROR_NULL);                                                     \
    CHECK(indices || count == 0, FASTRELU_ERROR_NULL);                                                    \
    CHECK(y || n == 0, FASTRELU_ERROR_NULL);                                                              \
    CHECK(count == 0 || aligned(values, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);          \
    CHECK(count == 0 || aligned(indices, NULL, NULL, ALIGNMENT(uint32_t)), FASTRELU_ERROR_ALIGNMENT);     \
    CHECK(n == 0 || aligned(y, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                   \
    if (count > 0) {                                                                                      \
      if (n > 0) {                                                                                        \
        CHECK(apart(y, n * sizeof(type), values, count * sizeof(type)), FASTRELU_ERROR_OVERLAP);          \
        CHECK(apart(y, n * sizeof(type), indices, count * sizeof *indices), FASTRELU_ERROR_OVERLAP);      \
      }                                                                                                   \
      CHECK(indices_fit(indices, count, n), FASTRELU_ERROR_INDEX);                                        \
    }                                                                                                     \
    expand((const char *)values, indices, count, (char *)y, n, sizeof(type));                             \
    return FASTRELU_OK;                                                                                   \
  }
FLOATS(RELU_EXPAND)
