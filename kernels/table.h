/* The contract between src/ and kernels/: what one instruction set offers, as three constant tables, for calls within
 * the caches and for large ones, in place or not.
 *
 * A selection (relu, its gradient, masks) only looks at bits, so it is compiled for a width and takes the
 * bits of -infinity as `floor`: f16, bf16 and s16 share one kernel. What computes is compiled for a type.
 *
 * Kernels trust their caller: pointers are valid and aligned to the element, buffers are disjoint or the
 * same, n > 0. They return FASTRELU_OK, so that a public function can end in a tail call. */
#ifndef FASTRELU_KERNELS_TABLE_H
#define FASTRELU_KERNELS_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum element { W8, W16, W32, W64, WIDTHS, F16 = WIDTHS, BF16, F32, F64, U8, ELEMENTS };

/* The bits of -infinity, sign-extended: as signed integers -0 and the other negative numbers lie at or below
 * it, and all that a ReLU keeps, NaNs of either sign included, lies above. -1 does that for integers. */
#define FLOOR_F16 (-INT64_C(0x400))
#define FLOOR_BF16 (-INT64_C(0x80))
#define FLOOR_F32 (-INT64_C(0x800000))
#define FLOOR_F64 (-INT64_C(0x10000000000000))
#define FLOOR_INTEGER INT64_C(-1)

/* Every array is indexed by element; entries of elements that an operation does not serve are NULL. Parameters
 * are passed as bits, sign-extended: bounds and values are elements, a slope is in the type of the arithmetic,
 * f32 for the half types. */
struct fastrelu_kernels {
  int (*relu[WIDTHS])(const void *x, void *y, size_t n, int64_t floor);
  int (*relu_grad[WIDTHS])(const void *x, const void *dy, void *dx, size_t n, int64_t floor);
  int (*relu_mask[WIDTHS])(const void *x, void *y, uint8_t *mask, size_t n,
                           int64_t floor); /* y may be NULL, if not streaming */
  int (*relu_mask_grad[WIDTHS])(const uint8_t *mask, const void *dy, void *dx, size_t n);
  int (*relu_grad_accumulate[ELEMENTS])(const void *x, const void *dy, void *dx, size_t n);
  int (*leaky_relu[ELEMENTS])(const void *x, void *y, size_t n, int64_t slope);
  int (*leaky_relu_grad[ELEMENTS])(const void *x, const void *dy, void *dx, size_t n, int64_t slope);
  int (*leaky_relu_mask[ELEMENTS])(const void *x, void *y, uint8_t *mask, size_t n, int64_t slope);
  int (*leaky_relu_mask_grad[ELEMENTS])(const uint8_t *mask, const void *dy, void *dx, size_t n,
                                        int64_t slope);
  int (*clamp[ELEMENTS])(const void *x, void *y, size_t n, int64_t lo, int64_t hi);
  int (*clamp_grad[ELEMENTS])(const void *x, const void *dy, void *dx, size_t n, int64_t lo, int64_t hi);
  int (*clamp_mask[ELEMENTS])(const void *x, void *y, uint8_t *mask, size_t n, int64_t lo, int64_t hi);
  int (*threshold[ELEMENTS])(const void *x, void *y, size_t n, int64_t threshold, int64_t value);
  int (*threshold_grad[ELEMENTS])(const void *x, const void *dy, void *dx, size_t n, int64_t threshold);
  int (*threshold_mask[ELEMENTS])(const void *x, void *y, uint8_t *mask, size_t n, int64_t threshold,
                                  int64_t value);
  int (*squared_relu[ELEMENTS])(const void *x, void *y, size_t n);
  int (*squared_relu_grad[ELEMENTS])(const void *x, const void *dy, void *dx, size_t n);
  int (*relu_add[ELEMENTS])(const void *a, const void *b, void *y, size_t n);
  int (*reglu[ELEMENTS])(const void *a, const void *b, void *y, size_t n);
  int (*reglu_grad[ELEMENTS])(const void *a, const void *b, const void *dy, void *da, void *db, size_t n);
  /* count: how many are active */
  int (*relu_compress[WIDTHS])(const void *x, void *values, uint32_t *indices, size_t n, size_t *count,
                               int64_t floor);
  int (*prelu[ELEMENTS])(const void *x, const void *slope, void *y, size_t outer, size_t channels,
                         size_t inner);
  int (*relu_bias[ELEMENTS])(const void *x, const void *bias, void *y, size_t outer, size_t channels,
                             size_t inner);
  /* Of a whole tensor row is channels * inner; of some channels of a wider one more: the elements from one row to the
   * next. unrounded: the sums are doubles, of a whole part of the tree. */
  int (*prelu_grad[ELEMENTS])(const void *x, const void *slope, const void *dy, void *dx, void *dslope,
                              size_t outer, size_t channels, size_t inner, size_t row, int unrounded);
  int (*relu_bias_grad[ELEMENTS])(const void *y, const void *dy, void *dx, void *dbias, size_t outer,
                                  size_t channels, size_t inner, size_t row, int unrounded);
  int (*relu_count[WIDTHS])(const void *x, uint64_t *counts, size_t outer, size_t channels, size_t inner,
                            size_t row, int64_t floor);
  int (*identity[WIDTHS])(const void *x, void *y, size_t n); /* the walk alone: the yardstick of the bench */
};

/* Where the tables stand. STREAMING is for calls past the caches, of LEAST_LARGE bytes or more in all their buffers,
 * whose outputs are no inputs; IN_PLACE for those whose outputs are, on CPUs that gain by fetching from several pages.
 * Where nothing is gained they have the same kernel. */
enum walk { CACHED, STREAMING, IN_PLACE, TABLES };
enum { LEAST_LARGE = 16384 };

/* Hidden in its declaration, too, so that it is read without a detour through the GOT. */
#if defined(__ELF__)
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

/* Whether walks past the caches fetch from several pages, which src knows of the CPU; no result depends on it. Read and
 * written atomically. */
extern int fastrelu_fetches_pages HIDDEN;
static inline int fetches_pages(void) { return __atomic_load_n(&fastrelu_fetches_pages, __ATOMIC_RELAXED); }

#endif
