/* The public operations with a parameter, a sum or a count for each channel of a tensor
 * [outer][channels][inner]: check the arguments, then a tail call into the kernel of the table in use. */
#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"

/* x and one parameter a channel to y. */
#define CHECK_CHANNEL_MAP(type, parameters)                                    \
  const size_t n = product(outer, channels, inner);                            \
  CHECK_SIZE(type);                                                            \
  CHECK(x, FASTRELU_ERROR_NULL);                                               \
  CHECK(parameters, FASTRELU_ERROR_NULL);                                      \
  CHECK(y, FASTRELU_ERROR_NULL);                                               \
  CHECK(aligned(x, parameters, y, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);        \
  CHECK(apart(parameters, channels * sizeof(type), y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

#define PRELU(dtype, type, real, width, element, floor)                                           \
  fastrelu_status fastrelu_prelu_##dtype(const type *x, const type *slope, type *y, size_t outer, \
                                         size_t channels, size_t inner) {                         \
    CHECK_CHANNEL_MAP(type, slope);                                                               \
    return kernels()->prelu[element](x, slope, y, outer, channels, inner);                        \
  }
FLOATS(PRELU)

#define RELU_BIAS(dtype, type, real, width, element, floor)                                          \
  fastrelu_status fastrelu_relu_bias_##dtype(const type *x, const type *bias, type *y, size_t outer, \
                                             size_t channels, size_t inner) {                        \
    CHECK_CHANNEL_MAP(type, bias);                                                                   \
    return kernels()->relu_bias[element](x, bias, y, outer, channels, inner);                        \
  }
FLOATS(RELU_BIAS)

/* The sums over an empty tensor are written, too. */
#define CHECK_SUMS(type, sum_type, sums)                                             \
  const size_t n = product(outer, channels, inner);                                  \
  CHECK(n <= PTRDIFF_MAX / sizeof(type), FASTRELU_ERROR_SIZE);                       \
  CHECK(channels <= PTRDIFF_MAX / sizeof(sum_type), FASTRELU_ERROR_SIZE);            \
  if (__builtin_expect(n == 0, 0)) {                                                 \
    if (channels == 0) return FASTRELU_OK;                                           \
    CHECK(sums, FASTRELU_ERROR_NULL);                                                \
    CHECK(aligned(sums, NULL, NULL, ALIGNMENT(sum_type)), FASTRELU_ERROR_ALIGNMENT); \
    for (size_t c = 0; c < channels; c++) sums[c] = 0;                               \
    return FASTRELU_OK;                                                              \
  }

/* x and dy to dx and one sum a channel. */
#define CHECK_CHANNEL_GRADIENT(type, sum_type, x, sums)                                          \
  CHECK(aligned(x, dy, dx, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                          \
  CHECK(aligned(sums, NULL, NULL, ALIGNMENT(sum_type)), FASTRELU_ERROR_ALIGNMENT);               \
  CHECK(apart_or_same(x, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                         \
  CHECK(apart_or_same(dy, dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);                        \
  CHECK(apart(sums, channels * sizeof(sum_type), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);  \
  CHECK(apart(sums, channels * sizeof(sum_type), dy, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
  CHECK(apart(sums, channels * sizeof(sum_type), dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

#define PRELU_GRAD(dtype, type, sum_type, element)                                                        \
  fastrelu_status fastrelu_prelu_grad_##dtype(const type *x, const type *slope, const type *dy, type *dx, \
                                              sum_type *dslope, size_t outer, size_t channels,            \
                                              size_t inner) {                                             \
    CHECK_SUMS(type, sum_type, dslope);                                                                   \
    CHECK(x, FASTRELU_ERROR_NULL);                                                                        \
    CHECK(slope, FASTRELU_ERROR_NULL);                                                                    \
    CHECK(dy, FASTRELU_ERROR_NULL);                                                                       \
    CHECK(dx, FASTRELU_ERROR_NULL);                                                                       \
    CHECK(dslope, FASTRELU_ERROR_NULL);                                                                   \
    CHECK(aligned(slope, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                         \
    CHECK_CHANNEL_GRADIENT(type, sum_type, x, dslope);                                                    \
    CHECK(apart(slope, channels * sizeof(type), dx, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);           \
    CHECK(apart(slope, channels * sizeof(type), dslope, channels * sizeof(sum_type)),                     \
          FASTRELU_ERROR_OVERLAP);                                                                        \
    return kernels()->prelu_grad[element](x, slope, dy, dx, dslope, outer, channels, inner);              \
  }
SUMMED(PRELU_GRAD)

#define RELU_BIAS_GRAD(dtype, type, sum_type, element)                                                      \
  fastrelu_status fastrelu_relu_bias_grad_##dtype(const type *y, const type *dy, type *dx, sum_type *dbias, \
                                                  size_t outer, size_t channels, size_t inner) {            \
    CHECK_SUMS(type, sum_type, dbias);                                                                      \
    CHECK(y, FASTRELU_ERROR_NULL);                                                                          \
    CHECK(dy, FASTRELU_ERROR_NULL);                                                                         \
    CHECK(dx, FASTRELU_ERROR_NULL);                                                                         \
    CHECK(dbias, FASTRELU_ERROR_NULL);                                                                      \
    CHECK_CHANNEL_GRADIENT(type, sum_type, y, dbias);                                                       \
    return kernels()->relu_bias_grad[element](y, dy, dx, dbias, outer, channels, inner);                    \
  }
SUMMED(RELU_BIAS_GRAD)

#define RELU_COUNT(dtype, type, real, width, element, floor)                                        \
  fastrelu_status fastrelu_relu_count_##dtype(const type *x, uint64_t *counts, size_t outer,        \
                                              size_t channels, size_t inner) {                      \
    const size_t n = product(outer, channels, inner);                                               \
    CHECK_SIZE(type);                                                                               \
    CHECK(channels <= PTRDIFF_MAX / sizeof(uint64_t), FASTRELU_ERROR_SIZE);                         \
    CHECK(x, FASTRELU_ERROR_NULL);                                                                  \
    CHECK(counts, FASTRELU_ERROR_NULL);                                                             \
    CHECK(aligned(x, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                       \
    CHECK(aligned(counts, NULL, NULL, ALIGNMENT(uint64_t)), FASTRELU_ERROR_ALIGNMENT);              \
    CHECK(apart(counts, channels * sizeof(uint64_t), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP); \
    return kernels()->relu_count[width](x, counts, outer, channels, inner, floor);                  \
  }
FLOATS(RELU_COUNT)
