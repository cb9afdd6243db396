/* The public operations with a parameter, a sum or a count for each channel of a tensor
 * [outer][channels][inner]: check the arguments, then a tail call into the kernel of the table in use. */
#include "check.h"
#include "dispatch.h"
#include "dtypes.h"
#include "fastrelu.h"
#include "parts.h"

/* x and one parameter a channel to y. */
#define CHECK_CHANNEL_MAP(type, parameters)                                    \
  const size_t n = product(outer, channels, inner);                            \
  CHECK_SIZE(sizeof(type));                                                    \
  CHECK(x, FASTRELU_ERROR_NULL);                                               \
  CHECK(parameters, FASTRELU_ERROR_NULL);                                      \
  CHECK(y, FASTRELU_ERROR_NULL);                                               \
  CHECK(aligned(x, parameters, y, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT); \
  CHECK(apart_or_same(x, y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);        \
  CHECK(apart(parameters, channels * sizeof(type), y, n * sizeof(type)), FASTRELU_ERROR_OVERLAP)

/* Ends a public function: a tail call into its kernel, unless the call is large. */
#define CHANNEL_MAP(type, entry, x, parameters, y)                                              \
  do {                                                                                          \
    if (is_large(n, 2 * sizeof(type))) {                                                        \
      return fastrelu_channel_map_large(x, parameters, y, outer, channels, inner, ENTRY(entry), \
                                        sizeof(type));                                          \
    }                                                                                           \
    return kernels()->entry(x, parameters, y, outer, channels, inner);                          \
  } while (0)

#define PRELU(dtype, type, real, width, element, floor)                                           \
  fastrelu_status fastrelu_prelu_##dtype(const type *x, const type *slope, type *y, size_t outer, \
                                         size_t channels, size_t inner) {                         \
    CHECK_CHANNEL_MAP(type, slope);                                                               \
    CHANNEL_MAP(type, prelu[element], x, slope, y);                                               \
  }
FLOATS(PRELU)

#define RELU_BIAS(dtype, type, real, width, element, floor)                                          \
  fastrelu_status fastrelu_relu_bias_##dtype(const type *x, const type *bias, type *y, size_t outer, \
                                             size_t channels, size_t inner) {                        \
    CHECK_CHANNEL_MAP(type, bias);                                                                   \
    CHANNEL_MAP(type, relu_bias[element], x, bias, y);                                               \
  }
FLOATS(RELU_BIAS)

/* ---- large sums and counts ---------------------------------------------------------------------------------- */

/* What is constant in a public function's large calls, and what a reduction has of it and of the shape. */
struct site {
  size_t entry, size, entry_size;
};
#define SHAPED                                                                              \
  .entry = site->entry, .size = site->size, .entry_size = site->entry_size, .outer = outer, \
  .channels = channels, .inner = inner

typedef int prelu_grad_kernel(const void *x, const void *slope, const void *dy, void *dx, void *dslope,
                              size_t outer, size_t channels, size_t inner, size_t row, int unrounded);

static void apply_prelu_grad(const struct fastrelu_reduction *r, struct fastrelu_block b, void *entries,
                             bool unrounded) {
  const size_t at = b.at * r->size;
  ((prelu_grad_kernel *)r->kernel)(r->x + at, r->parameters + b.channel * r->size, r->dy + at, r->dx + at,
                                   entries, b.outer, b.channels, r->inner, r->channels * r->inner, unrounded);
}

LARGE_CALL large_prelu_grad(const void *x, const void *slope, const void *dy, void *dx, void *dslope,
                            size_t outer, size_t channels, size_t inner, const struct site *site) {
  const size_t bytes = 3 * outer * channels * inner * site->size;
  return fastrelu_reduce_large((struct fastrelu_reduction){apply_prelu_grad, SHAPED, .x = x,
                                                           .parameters = slope, .dy = dy, .dx = dx,
                                                           .entries = dslope, .bytes = bytes});
}

typedef int relu_bias_grad_kernel(const void *y, const void *dy, void *dx, void *dbias, size_t outer,
                                  size_t channels, size_t inner, size_t row, int unrounded);

static void apply_relu_bias_grad(const struct fastrelu_reduction *r, struct fastrelu_block b, void *entries,
                                 bool unrounded) {
  const size_t at = b.at * r->size;
  ((relu_bias_grad_kernel *)r->kernel)(r->x + at, r->dy + at, r->dx + at, entries, b.outer, b.channels,
                                       r->inner, r->channels * r->inner, unrounded);
}

LARGE_CALL large_relu_bias_grad(const void *y, const void *dy, void *dx, void *dbias, size_t outer,
                                size_t channels, size_t inner, const struct site *site) {
  const size_t bytes = 3 * outer * channels * inner * site->size;
  return fastrelu_reduce_large((struct fastrelu_reduction){apply_relu_bias_grad, SHAPED, .x = y, .dy = dy,
                                                           .dx = dx, .entries = dbias, .bytes = bytes});
}

typedef int relu_count_kernel(const void *x, uint64_t *counts, size_t outer, size_t channels, size_t inner,
                              size_t row, int64_t floor);

static void apply_relu_count(const struct fastrelu_reduction *r, struct fastrelu_block b, void *entries,
                             bool unrounded) {
  (void)unrounded;
  ((relu_count_kernel *)r->kernel)(r->x + b.at * r->size, entries, b.outer, b.channels, r->inner,
                                   r->channels * r->inner, r->floor_bits);
}

LARGE_CALL large_relu_count(const void *x, uint64_t *counts, size_t outer, size_t channels, size_t inner,
                            int64_t floor, const struct site *site) {
  const size_t bytes = outer * channels * inner * site->size;
  return fastrelu_reduce_large((struct fastrelu_reduction){apply_relu_count, SHAPED, .x = x,
                                                           .entries = (char *)counts, .counts = true,
                                                           .floor_bits = floor, .bytes = bytes});
}

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
    static const struct site site = {ENTRY(prelu_grad[element]), sizeof(type), sizeof(sum_type)};         \
    if (is_large(n, 3 * sizeof(type)))                                                                    \
      return large_prelu_grad(x, slope, dy, dx, dslope, outer, channels, inner, &site);                   \
    return kernels()->prelu_grad[element](x, slope, dy, dx, dslope, outer, channels, inner,               \
                                          channels * inner, 0);                                           \
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
    static const struct site site = {ENTRY(relu_bias_grad[element]), sizeof(type), sizeof(sum_type)};       \
    if (is_large(n, 3 * sizeof(type)))                                                                      \
      return large_relu_bias_grad(y, dy, dx, dbias, outer, channels, inner, &site);                         \
    return kernels()->relu_bias_grad[element](y, dy, dx, dbias, outer, channels, inner, channels * inner,   \
                                              0);                                                           \
  }
SUMMED(RELU_BIAS_GRAD)

#define RELU_COUNT(dtype, type, real, width, element, floor)                                                 \
  fastrelu_status fastrelu_relu_count_##dtype(const type *x, uint64_t *counts, size_t outer,                 \
                                              size_t channels, size_t inner) {                               \
    const size_t n = product(outer, channels, inner);                                                        \
    CHECK_SIZE(sizeof(type));                                                                                \
    CHECK(channels <= PTRDIFF_MAX / sizeof(uint64_t), FASTRELU_ERROR_SIZE);                                  \
    CHECK(x, FASTRELU_ERROR_NULL);                                                                           \
    CHECK(counts, FASTRELU_ERROR_NULL);                                                                      \
    CHECK(aligned(x, NULL, NULL, ALIGNMENT(type)), FASTRELU_ERROR_ALIGNMENT);                                \
    CHECK(aligned(counts, NULL, NULL, ALIGNMENT(uint64_t)), FASTRELU_ERROR_ALIGNMENT);                       \
    CHECK(apart(counts, channels * sizeof(uint64_t), x, n * sizeof(type)), FASTRELU_ERROR_OVERLAP);          \
    static const struct site site = {ENTRY(relu_count[width]), sizeof(type), sizeof *counts};                \
    if (is_large(n, sizeof(type))) return large_relu_count(x, counts, outer, channels, inner, floor, &site); \
    return kernels()->relu_count[width](x, counts, outer, channels, inner, channels * inner, floor);         \
  }
FLOATS(RELU_COUNT)
