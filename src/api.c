/* The public operations: check the arguments, then a tail call into the kernel of the table in use. */
#include "check.h"
#include "dispatch.h"
#include "fastrelu.h"

/* Every dtype with its C type, the width its selections are compiled for, and its floor. */
#define FLOATS(DEFINE)                           \
  DEFINE(f32, float, W32, F32, FLOOR_F32)        \
  DEFINE(f64, double, W64, F64, FLOOR_F64)       \
  DEFINE(f16, fastrelu_f16, W16, F16, FLOOR_F16) \
  DEFINE(bf16, fastrelu_bf16, W16, BF16, FLOOR_BF16)
#define INTEGERS(DEFINE)                     \
  DEFINE(s8, int8_t, W8, , FLOOR_INTEGER)    \
  DEFINE(s16, int16_t, W16, , FLOOR_INTEGER) \
  DEFINE(s32, int32_t, W32, , FLOOR_INTEGER)

/* One branch for too many elements and for none. */
#define CHECK_SIZE(type)                                        \
  if (__builtin_expect(n - 1 >= PTRDIFF_MAX / sizeof(type), 0)) \
  return n == 0 ? FASTRELU_OK : FASTRELU_ERROR_SIZE

/* x to y. */
#define CHECK_MAP(type)                                                  \
  CHECK_SIZE(type);                                                      \
  CHECK(x, FASTRELU_ERROR_NULL);                                         \
  CHECK(y, FASTRELU_ERROR_NULL);                                         \
  CHECK(aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

#define RELU(dtype, type, width, element, floor)                            \
  fastrelu_status fastrelu_relu_##dtype(const type *x, type *y, size_t n) { \
    CHECK_MAP(type);                                                        \
    return kernels()->relu[width](x, y, n, floor);                          \
  }
FLOATS(RELU)
INTEGERS(RELU)

/* x and dy to dx. */
#define CHECK_GRADIENT(type)                                             \
  CHECK_SIZE(type);                                                      \
  CHECK(x, FASTRELU_ERROR_NULL);                                         \
  CHECK(dy, FASTRELU_ERROR_NULL);                                        \
  CHECK(dx, FASTRELU_ERROR_NULL);                                        \
  CHECK(aligned(x, dy, dx, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);  \
  CHECK(apart_or_same(x, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  CHECK(apart_or_same(dy, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

#define RELU_GRAD(dtype, type, width, element, floor)                                             \
  fastrelu_status fastrelu_relu_grad_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_GRADIENT(type);                                                                         \
    return kernels()->relu_grad[width](x, dy, dx, n, floor);                                      \
  }
FLOATS(RELU_GRAD)

#define RELU_GRAD_ACCUMULATE(dtype, type, width, element, floor)                                             \
  fastrelu_status fastrelu_relu_grad_accumulate_##dtype(const type *x, const type *dy, type *dx, size_t n) { \
    CHECK_GRADIENT(type);                                                                                    \
    return kernels()->relu_grad_accumulate[element](x, dy, dx, n);                                           \
  }
FLOATS(RELU_GRAD_ACCUMULATE)

static size_t mask_bytes(size_t n) { return (n + 7) / 8; }

#define RELU_MASK(dtype, type, width, element, floor)                                           \
  fastrelu_status fastrelu_relu_mask_##dtype(const type *x, type *y, uint8_t *mask, size_t n) { \
    CHECK_SIZE(type);                                                                           \
    CHECK(x, FASTRELU_ERROR_NULL);                                                              \
    CHECK(mask, FASTRELU_ERROR_NULL);                                                           \
    CHECK(aligned(x, y, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                      \
    CHECK(apart(mask, mask_bytes(n), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);             \
    if (y) {                                                                                    \
      CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                     \
      CHECK(apart(mask, mask_bytes(n), y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);           \
    }                                                                                           \
    return kernels()->relu_mask[width](x, y, mask, n, floor);                                   \
  }
FLOATS(RELU_MASK)

#define RELU_MASK_GRAD(dtype, type, width, element, floor)                                                   \
  fastrelu_status fastrelu_relu_mask_grad_##dtype(const uint8_t *mask, const type *dy, type *dx, size_t n) { \
    CHECK_SIZE(type);                                                                                        \
    CHECK(mask, FASTRELU_ERROR_NULL);                                                                        \
    CHECK(dy, FASTRELU_ERROR_NULL);                                                                          \
    CHECK(dx, FASTRELU_ERROR_NULL);                                                                          \
    CHECK(aligned(dy, dx, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                                 \
    CHECK(apart_or_same(dy, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                                  \
    CHECK(apart(mask, mask_bytes(n), dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                         \
    return kernels()->relu_mask_grad[width](mask, dy, dx, n);                                                \
  }
FLOATS(RELU_MASK_GRAD)
