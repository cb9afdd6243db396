/* The public operations on whole tensors: check the arguments, then a tail call into the kernel of the table in
 * use. */
#include "bounds.h"
#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"

static size_t mask_bytes(size_t n) { return (n + 7) / 8; }

/* The kernels for a call on that many tensors, and perhaps a mask, which counts for nothing beside them. */
#define KERNELS_OF_MAP(type, x, y) kernels_for(2 * n * sizeof(type), (x) == (y))
#define KERNELS_OF_TWO(type, a, b, y) kernels_for(3 * n * sizeof(type), (a) == (y) || (b) == (y))

/* One tensor to another. */
#define CHECK_MAP(type, x, y)                                            \
  CHECK_SIZE(type);                                                      \
  CHECK(x, FASTRELU_ERROR_NULL);                                         \
  CHECK(y, FASTRELU_ERROR_NULL);                                         \
  CHECK(aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* Two tensors to a third. */
#define CHECK_MAP_OF_TWO(type, a, b, y)                                 \
  CHECK_SIZE(type);                                                     \
  CHECK(a, FASTRELU_ERROR_NULL);                                        \
  CHECK(b, FASTRELU_ERROR_NULL);                                        \
  CHECK(y, FASTRELU_ERROR_NULL);                                        \
  CHECK(aligned(a, b, y, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);   \
  CHECK(apart_or_same(a, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  CHECK(apart_or_same(b, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* x to y and a mask; y may be NULL where it is not needed. */
#define CHECK_MASK(type, y_is_needed)                                               \
  CHECK_SIZE(type);                                                                 \
  CHECK(x, FASTRELU_ERROR_NULL);                                                    \
  CHECK(y || !(y_is_needed), FASTRELU_ERROR_NULL);                                  \
  CHECK(mask, FASTRELU_ERROR_NULL);                                                 \
  CHECK(aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);            \
  CHECK(apart(mask, mask_bytes(n), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);   \
  if (y) {                                                                          \
    CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);           \
    CHECK(apart(mask, mask_bytes(n), y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  }

/* A mask and dy to dx. */
#define CHECK_MASK_GRAD(type)                                              \
  CHECK_SIZE(type);                                                        \
  CHECK(mask, FASTRELU_ERROR_NULL);                                        \
  CHECK(dy, FASTRELU_ERROR_NULL);                                          \
  CHECK(dx, FASTRELU_ERROR_NULL);                                          \
  CHECK(aligned(dy, dx, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  CHECK(apart_or_same(dy, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);  \
  CHECK(apart(mask, mask_bytes(n), dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* ---- relu -------------------------------------------------------------------------------------------- */

#define RELU(dtype, type, real, width, element, floor)                      \
  fastrelu_status fastrelu_relu_##dtype(const type *x, type *y, size_t n) { \
    CHECK_MAP(type, x, y);                                                  \
    return KERNELS_OF_MAP(type, x, y)->relu[width](x, y, n, floor);         \
  }
FLOATS(RELU)
SIGNED_INTEGERS(RELU)

#define RELU_GRAD(dtype, type, real, width, element, floor)                                       \
  fastrelu_status fastrelu_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                            \
    return KERNELS_OF_TWO(type, x, dy, dx)->relu_grad[width](x, dy, dx, n, floor);                \
  }
FLOATS(RELU_GRAD)

#define RELU_GRAD_ACCUMULATE(dtype, type, real, width, element, floor)                                       \
  fastrelu_status fastrelu_relu_grad_accumulate_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                       \
    return kernels()->relu_grad_accumulate[element](x, dy, dx, n);                                           \
  }
FLOATS(RELU_GRAD_ACCUMULATE)

#define RELU_MASK(dtype, type, real, width, element, floor)                                     \
  fastrelu_status fastrelu_relu_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n) { \
    CHECK_MASK(type, false);                                                                    \
    return KERNELS_OF_MAP(type, x, y ? y : x)->relu_mask[width](x, y, mask, n, floor);          \
  }
FLOATS(RELU_MASK)

#define RELU_MASK_GRAD(dtype, type, real, width, element, floor)                                             \
  fastrelu_status fastrelu_relu_mask_grad_##dtype(const uint8_t *mask, const type *dy, type *dx, size_t n) { \
    CHECK_MASK_GRAD(type);                                                                                   \
    return KERNELS_OF_MAP(type, dy, dx)->relu_mask_grad[width](mask, dy, dx, n);                             \
  }
FLOATS(RELU_MASK_GRAD)

/* ---- leaky_relu -------------------------------------------------------------------------------------- */

#define LEAKY_RELU(dtype, type, real, width, element, floor)                                                \
  fastrelu_status fastrelu_leaky_relu_##dtype(const type *x, type *y, size_t n, real slope) {               \
    CHECK_MAP(type, x, y);                                                                                  \
    return KERNELS_OF_MAP(type, x, y)->leaky_relu[element](x, y, n, SLOPE_BITS(slope));                     \
  }                                                                                                         \
  fastrelu_status fastrelu_leaky_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n,       \
                                                   real slope) {                                            \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                      \
    return KERNELS_OF_TWO(type, x, dy, dx)->leaky_relu_grad[element](x, dy, dx, n, SLOPE_BITS(slope));      \
  }                                                                                                         \
  fastrelu_status fastrelu_leaky_relu_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n,         \
                                                   real slope) {                                            \
    CHECK_MASK(type, true);                                                                                 \
    return KERNELS_OF_MAP(type, x, y)->leaky_relu_mask[element](x, y, mask, n, SLOPE_BITS(slope));          \
  }                                                                                                         \
  fastrelu_status fastrelu_leaky_relu_mask_grad_##dtype(const uint8_t *mask, const type *dy, type *dx,      \
                                                        size_t n, real slope) {                             \
    CHECK_MASK_GRAD(type);                                                                                  \
    return KERNELS_OF_MAP(type, dy, dx)->leaky_relu_mask_grad[element](mask, dy, dx, n, SLOPE_BITS(slope)); \
  }
FLOATS(LEAKY_RELU)

/* ---- clamp ------------------------------------------------------------------------------------------- */

/* The bounds as elements, checked. */
#define BOUNDS(dtype, element)                                          \
  const int64_t lo_bits = bits_##dtype(lo), hi_bits = bits_##dtype(hi); \
  CHECK(are_bounds(lo_bits, hi_bits, element), FASTRELU_ERROR_PARAMETER)

#define CLAMP(dtype, type, real, width, element, floor)                                                   \
  fastrelu_status fastrelu_clamp_##dtype(const type *x, type *y, size_t n, real lo, real hi) {            \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MAP(type, x, y);                                                                                \
    return KERNELS_OF_MAP(type, x, y)->clamp[element](x, y, n, lo_bits, hi_bits);                         \
  }                                                                                                       \
  fastrelu_status fastrelu_clamp_grad_##dtype(const type *x, const type *dy, type *dx, size_t n, real lo, \
                                              real hi) {                                                  \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                    \
    return KERNELS_OF_TWO(type, x, dy, dx)->clamp_grad[element](x, dy, dx, n, lo_bits, hi_bits);          \
  }                                                                                                       \
  fastrelu_status fastrelu_clamp_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n, real lo,   \
                                              real hi) {                                                  \
    BOUNDS(dtype, element);                                                                               \
    CHECK_MASK(type, true);                                                                               \
    return KERNELS_OF_MAP(type, x, y)->clamp_mask[element](x, y, mask, n, lo_bits, hi_bits);              \
  }
FLOATS(CLAMP)

#define CLAMP_INTEGER(dtype, type, real, width, element, floor)                                \
  fastrelu_status fastrelu_clamp_##dtype(const type *x, type *y, size_t n, real lo, real hi) { \
    CHECK(lo <= hi, FASTRELU_ERROR_PARAMETER);                                                 \
    CHECK_MAP(type, x, y);                                                                     \
    return KERNELS_OF_MAP(type, x, y)->clamp[element](x, y, n, lo, hi);                        \
  }
SIGNED_INTEGERS(CLAMP_INTEGER)
UNSIGNED_INTEGERS(CLAMP_INTEGER)

/* ---- threshold --------------------------------------------------------------------------------------- */

#define LOWER_BOUND(dtype, element)                \
  const int64_t lo_bits = bits_##dtype(threshold); \
  CHECK(!is_nan(lo_bits, element), FASTRELU_ERROR_PARAMETER)

#define THRESHOLD(dtype, type, real, width, element, floor)                                                  \
  fastrelu_status fastrelu_threshold_##dtype(const type *x, type *y, size_t n, real threshold, real value) { \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MAP(type, x, y);                                                                                   \
    return KERNELS_OF_MAP(type, x, y)->threshold[element](x, y, n, lo_bits, bits_##dtype(value));            \
  }                                                                                                          \
  fastrelu_status fastrelu_threshold_grad_##dtype(const type *x, const type *dy, type *dx, size_t n,         \
                                                  real threshold) {                                          \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                       \
    return KERNELS_OF_TWO(type, x, dy, dx)->threshold_grad[element](x, dy, dx, n, lo_bits);                  \
  }                                                                                                          \
  fastrelu_status fastrelu_threshold_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n,           \
                                                  real threshold, real value) {                              \
    LOWER_BOUND(dtype, element);                                                                             \
    CHECK_MASK(type, true);                                                                                  \
    return KERNELS_OF_MAP(type, x, y)->threshold_mask[element](x, y, mask, n, lo_bits, bits_##dtype(value)); \
  }
FLOATS(THRESHOLD)

/* ---- squared, fused and gated ------------------------------------------------------------------------ */

#define SQUARED_RELU(dtype, type, real, width, element, floor)                                            \
  fastrelu_status fastrelu_squared_relu_##dtype(const type *x, type *y, size_t n) {                       \
    CHECK_MAP(type, x, y);                                                                                \
    return KERNELS_OF_MAP(type, x, y)->squared_relu[element](x, y, n);                                    \
  }                                                                                                       \
  fastrelu_status fastrelu_squared_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_MAP_OF_TWO(type, x, dy, dx);                                                                    \
    return KERNELS_OF_TWO(type, x, dy, dx)->squared_relu_grad[element](x, dy, dx, n);                     \
  }
FLOATS(SQUARED_RELU)

#define RELU_ADD(dtype, type, real, width, element, floor)                                     \
  fastrelu_status fastrelu_relu_add_##dtype(const type *a, const type *b, type *y, size_t n) { \
    CHECK_MAP_OF_TWO(type, a, b, y);                                                           \
    return KERNELS_OF_TWO(type, a, b, y)->relu_add[element](a, b, y, n);                       \
  }
FLOATS(RELU_ADD)

#define REGLU(dtype, type, real, width, element, floor)                                               \
  fastrelu_status fastrelu_reglu_##dtype(const type *a, const type *b, type *y, size_t n) {           \
    CHECK_MAP_OF_TWO(type, a, b, y);                                                                  \
    return KERNELS_OF_TWO(type, a, b, y)->reglu[element](a, b, y, n);                                 \
  }                                                                                                   \
  fastrelu_status fastrelu_reglu_grad_##dtype(const type *a, const type *b, const type *dy, type *da, \
                                              type *db, size_t n) {                                   \
    CHECK_SIZE(type);                                                                                 \
    CHECK(a, FASTRELU_ERROR_NULL);                                                                    \
    CHECK(b, FASTRELU_ERROR_NULL);                                                                    \
    CHECK(dy, FASTRELU_ERROR_NULL);                                                                   \
    CHECK(da, FASTRELU_ERROR_NULL);                                                                   \
    CHECK(db, FASTRELU_ERROR_NULL);                                                                   \
    CHECK(aligned(a, b, dy, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                              \
    CHECK(aligned(da, db, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                          \
    CHECK(apart_or_same(a, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                            \
    CHECK(apart_or_same(b, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                            \
    CHECK(apart_or_same(dy, da, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                           \
    CHECK(apart_or_same(a, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                            \
    CHECK(apart_or_same(b, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                            \
    CHECK(apart_or_same(dy, db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                           \
    CHECK(apart(da, n * sizeof(type), db, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                 \
    return kernels()->reglu_grad[element](a, b, dy, da, db, n);                                       \
  }
FLOATS(REGLU)
