/* fastrelu: ReLU, the ReLU family and their gradients, vectorised for the CPU it runs on.
 *
 * Copyright (c) 2026 the fastrelu authors. SPDX-License-Identifier: MIT
 *
 * What holds for every function below
 *
 * Name       fastrelu_<operation>[_grad]_<dtype>.
 * Elements   f32 float, f64 double, f16 IEEE binary16 and bf16 bfloat16 (both as their bits in a uint16_t),
 *            s8 u8 s16 s32 integers. A tensor is n consecutive elements; one with strides is one call for each of
 *            its rows.
 * Meaning    keep(x) := !(x <= 0): true for positive numbers, +infinity and every NaN, false for -0, +0 and
 *            everything negative. Where nothing else is said, an element that is not kept yields +0, whatever
 *            the other operand holds. Denormals are numbers like any other.
 * Same bits  The result depends on nothing but the input: not on the CPU, the instruction set, the alignment,
 *            the length or the position in the tensor. Selections also ignore the rounding mode, FTZ and DAZ, and
 *            raise no exception flag (clamp and threshold say where they compare as floats instead). What
 *            multiplies or adds does so in the element's own precision, f16 and bf16 in f32 with one rounding at
 *            the end, in the order written here and without fused operations; its bits are promised for
 *            round-to-nearest without FTZ and DAZ. The sign and payload of a NaN made by arithmetic are
 *            unspecified.
 * Aliasing   An output may be the same as an input of its element type and length (same address: in place), where
 *            not said otherwise. Inputs may overlap each other. Two outputs do not overlap. A mask overlaps nothing
 *            that is written. Any other overlap with something written is FASTRELU_ERROR_OVERLAP.
 * Alignment  The element's own, as in an array of it, of indices and counts too; a mask has none. Nothing outside
 *            of the n elements, or of the (n + 7) / 8 bytes of a mask, is read or written.
 * Errors     Checked in this order, and the first is returned with nothing written: PARAMETER, SIZE (more than
 *            PTRDIFF_MAX bytes), NULL, ALIGNMENT, OVERLAP, INDEX. n = 0 with valid parameters is FASTRELU_OK and
 *            looks at no pointer, where not said otherwise.
 * Threads    Every function may be called from any thread, and from a signal handler in a thread that has set no
 *            runner; none allocates, locks, prints or changes the floating-point environment's control bits. */
#ifndef FASTRELU_H
#define FASTRELU_H

#include <stddef.h>
#include <stdint.h>

#define FASTRELU_VERSION_MAJOR 0
#define FASTRELU_VERSION_MINOR 1
#define FASTRELU_VERSION_PATCH 0

#if defined(_WIN32) && !defined(FASTRELU_STATIC)
#if defined(FASTRELU_BUILDING)
#define FASTRELU_API __declspec(dllexport)
#else
#define FASTRELU_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define FASTRELU_API __attribute__((visibility("default")))
#else
#define FASTRELU_API
#endif

#ifdef __cplusplus
#define FASTRELU_NOEXCEPT noexcept
extern "C" {
#else
#define FASTRELU_NOEXCEPT
#endif

/* The bits of an IEEE 754 binary16, and of a bfloat16 (the upper half of a binary32). */
typedef uint16_t fastrelu_f16;
typedef uint16_t fastrelu_bf16;

/* What every operation returns; the numbers never change. */
typedef int fastrelu_status;
#define FASTRELU_OK 0
#define FASTRELU_ERROR_NULL (-1)      /* a pointer that must not be NULL is */
#define FASTRELU_ERROR_ALIGNMENT (-2) /* a tensor is not aligned to its element */
#define FASTRELU_ERROR_SIZE (-3)      /* a tensor would be larger than PTRDIFF_MAX bytes */
#define FASTRELU_ERROR_OVERLAP (-4)   /* buffers overlap in a way that is not in place */
#define FASTRELU_ERROR_PARAMETER (-5) /* a parameter is out of its range */
#define FASTRELU_ERROR_INDEX (-6)     /* an index is out of range or out of order */
#define FASTRELU_ERROR_ISA (-7)       /* no such instruction set in this build or on this CPU */
#define FASTRELU_ERROR_RUNNER (-8)    /* the host's runner reported an error */

/* relu: y[i] = keep(x[i]) ? x[i] : +0.
 *
 * -0 gives +0, +infinity stays, -infinity gives +0, a NaN gives the same NaN to the bit (sign, payload, quiet or
 * signalling). For integers max(x, 0). In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_relu_f32(const float *x, float *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_f64(const double *x, double *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_f16(const fastrelu_f16 *x, fastrelu_f16 *y,
                                               size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y,
                                                size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_s8(const int8_t *x, int8_t *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_s16(const int16_t *x, int16_t *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_s32(const int32_t *x, int32_t *y, size_t n) FASTRELU_NOEXCEPT;

/* relu_grad: dx[i] = keep(x[i]) ? dy[i] : +0, the gradient of relu.
 *
 * x is the input or the output of relu: the result is the same. The derivative at 0, where none exists, is 0.
 * dy passes to the bit, NaN and -0 included, and a unit that is off gives +0 even where dy is infinite or NaN.
 * In place: dx = dy, or dx = x. */
FASTRELU_API fastrelu_status fastrelu_relu_grad_f32(const float *x, const float *dy, float *dx,
                                                    size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_f64(const double *x, const double *dy, double *dx,
                                                    size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                    fastrelu_f16 *dx, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy,
                                                     fastrelu_bf16 *dx, size_t n) FASTRELU_NOEXCEPT;

/* relu_grad_accumulate: dx[i] = keep(x[i]) ? dx[i] + dy[i] : dx[i], a gradient added to what is there.
 *
 * dx is read and written. The sum is rounded once to the element, to nearest with ties to even; f16 and bf16 are
 * added in f32 first. Elements that are not kept stay as they are, to the bit. dy = dx and x = dx are allowed.
 * The bits of the sums are promised for round-to-nearest without FTZ or DAZ. */
FASTRELU_API fastrelu_status fastrelu_relu_grad_accumulate_f32(const float *x, const float *dy, float *dx,
                                                               size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_accumulate_f64(const double *x, const double *dy, double *dx,
                                                               size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_accumulate_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                               fastrelu_f16 *dx, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_grad_accumulate_bf16(const fastrelu_bf16 *x,
                                                                const fastrelu_bf16 *dy, fastrelu_bf16 *dx,
                                                                size_t n) FASTRELU_NOEXCEPT;

/* relu_mask: y[i] = relu(x[i]), and bit i % 8 of mask[i / 8] = keep(x[i]).
 *
 * One bit an element instead of the whole tensor is all that the gradient needs (relu_mask_grad). The mask takes
 * (n + 7) / 8 bytes; unused bits of the last one become 0. y may be NULL: the mask alone. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_relu_mask_f32(const float *x, float *y, uint8_t *mask,
                                                    size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_f64(const double *x, double *y, uint8_t *mask,
                                                    size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_f16(const fastrelu_f16 *x, fastrelu_f16 *y, uint8_t *mask,
                                                    size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, uint8_t *mask,
                                                     size_t n) FASTRELU_NOEXCEPT;

/* relu_mask_grad: dx[i] = bit i % 8 of mask[i / 8] ? dy[i] : +0, the gradient from the mask.
 *
 * Equal to relu_grad to the bit. Unused bits of the last byte are ignored. In place: dx = dy. */
FASTRELU_API fastrelu_status fastrelu_relu_mask_grad_f32(const uint8_t *mask, const float *dy, float *dx,
                                                         size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_grad_f64(const uint8_t *mask, const double *dy, double *dx,
                                                         size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_grad_f16(const uint8_t *mask, const fastrelu_f16 *dy,
                                                         fastrelu_f16 *dx, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_mask_grad_bf16(const uint8_t *mask, const fastrelu_bf16 *dy,
                                                          fastrelu_bf16 *dx, size_t n) FASTRELU_NOEXCEPT;

/* leaky_relu: y[i] = keep(x[i]) ? x[i] : x[i] * slope.
 *
 * Kept elements pass to the bit, NaNs included; the others are multiplied in the element's own precision, f16 and
 * bf16 in f32 with one rounding to nearest, ties to even, and the slope unrounded. A zero is multiplied too:
 * -0 with a slope > 0 stays -0. Any slope is allowed: negative, infinite (which makes a NaN of a zero) and NaN too.
 * A slope of 0 is not relu: it gives -0, and NaN for -infinity. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_leaky_relu_f32(const float *x, float *y, size_t n,
                                                     float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_f64(const double *x, double *y, size_t n,
                                                     double slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_f16(const fastrelu_f16 *x, fastrelu_f16 *y, size_t n,
                                                     float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, size_t n,
                                                      float slope) FASTRELU_NOEXCEPT;

/* leaky_relu_grad: dx[i] = keep(x[i]) ? dy[i] : dy[i] * slope.
 *
 * x is the input of the forward pass (its output would do for a finite slope > 0 alone). In place: dx = dy, or
 * dx = x. */
FASTRELU_API fastrelu_status fastrelu_leaky_relu_grad_f32(const float *x, const float *dy, float *dx,
                                                          size_t n, float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_grad_f64(const double *x, const double *dy, double *dx,
                                                          size_t n, double slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                          fastrelu_f16 *dx, size_t n,
                                                          float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy,
                                                           fastrelu_bf16 *dx, size_t n,
                                                           float slope) FASTRELU_NOEXCEPT;

/* leaky_relu_mask: leaky_relu, and bit i % 8 of mask[i / 8] = keep(x[i]), for leaky_relu_mask_grad.
 *
 * Unused bits of the last byte become 0. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_f32(const float *x, float *y, uint8_t *mask, size_t n,
                                                          float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_f64(const double *x, double *y, uint8_t *mask, size_t n,
                                                          double slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_f16(const fastrelu_f16 *x, fastrelu_f16 *y,
                                                          uint8_t *mask, size_t n,
                                                          float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y,
                                                           uint8_t *mask, size_t n,
                                                           float slope) FASTRELU_NOEXCEPT;

/* leaky_relu_mask_grad: dx[i] = bit i % 8 of mask[i / 8] ? dy[i] : dy[i] * slope, the gradient from the mask.
 *
 * Equal to leaky_relu_grad to the bit. In place: dx = dy. */
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_grad_f32(const uint8_t *mask, const float *dy,
                                                               float *dx, size_t n,
                                                               float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_grad_f64(const uint8_t *mask, const double *dy,
                                                               double *dx, size_t n,
                                                               double slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_grad_f16(const uint8_t *mask, const fastrelu_f16 *dy,
                                                               fastrelu_f16 *dx, size_t n,
                                                               float slope) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_leaky_relu_mask_grad_bf16(const uint8_t *mask, const fastrelu_bf16 *dy,
                                                                fastrelu_bf16 *dx, size_t n,
                                                                float slope) FASTRELU_NOEXCEPT;

/* clamp: y[i] = x[i] <= lo ? lo : x[i] >= hi ? hi : x[i].
 *
 * clamp(0, 6) is ReLU6, clamp(zero_point, max) a quantized ReLU, clamp(0, INFINITY) relu. The bounds are rounded to
 * the element first (f16, bf16: to nearest, ties to even, in every rounding mode; overflow gives infinity). -0 and +0
 * compare equal, so a zero that meets a bound that is zero becomes that bound, sign included. A NaN stays as it is.
 * lo > hi, or a NaN as a bound, is FASTRELU_ERROR_PARAMETER. f32 and f64 compare with bounds that are not zero as
 * floats, which obeys DAZ (a denormal counts as a zero then, and may become one) and may raise exception flags;
 * every other comparison is done on integers. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_clamp_f32(const float *x, float *y, size_t n, float lo,
                                                float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_f64(const double *x, double *y, size_t n, double lo,
                                                double hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_f16(const fastrelu_f16 *x, fastrelu_f16 *y, size_t n, float lo,
                                                float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, size_t n, float lo,
                                                 float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_s8(const int8_t *x, int8_t *y, size_t n, int8_t lo,
                                               int8_t hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_u8(const uint8_t *x, uint8_t *y, size_t n, uint8_t lo,
                                               uint8_t hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_s16(const int16_t *x, int16_t *y, size_t n, int16_t lo,
                                                int16_t hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_s32(const int32_t *x, int32_t *y, size_t n, int32_t lo,
                                                int32_t hi) FASTRELU_NOEXCEPT;

/* clamp_grad: dx[i] = x[i] is strictly between lo and hi, or NaN ? dy[i] : +0.
 *
 * x is the input or the output of the forward pass. Bounds and errors as for clamp. With an infinite bound, x at
 * that bound gives +0, where relu_grad would pass dy. In place: dx = dy, or dx = x. */
FASTRELU_API fastrelu_status fastrelu_clamp_grad_f32(const float *x, const float *dy, float *dx, size_t n,
                                                     float lo, float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_grad_f64(const double *x, const double *dy, double *dx, size_t n,
                                                     double lo, double hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                     fastrelu_f16 *dx, size_t n, float lo,
                                                     float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy,
                                                      fastrelu_bf16 *dx, size_t n, float lo,
                                                      float hi) FASTRELU_NOEXCEPT;

/* clamp_mask: clamp, and bit i % 8 of mask[i / 8] = x[i] is strictly between lo and hi, or NaN.
 *
 * The gradient is relu_mask_grad(mask, dy, dx, n). Unused bits of the last byte become 0. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_clamp_mask_f32(const float *x, float *y, uint8_t *mask, size_t n,
                                                     float lo, float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_mask_f64(const double *x, double *y, uint8_t *mask, size_t n,
                                                     double lo, double hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_mask_f16(const fastrelu_f16 *x, fastrelu_f16 *y, uint8_t *mask,
                                                     size_t n, float lo, float hi) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_clamp_mask_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, uint8_t *mask,
                                                      size_t n, float lo, float hi) FASTRELU_NOEXCEPT;

/* threshold: y[i] = x[i] <= threshold ? value : x[i].
 *
 * threshold(0, 0) is relu. Both parameters are rounded to the element as clamp's bounds are; a NaN stays as it is,
 * and a NaN as the value is allowed (rounded to a half type, it keeps its sign and the top of its payload, and
 * becomes quiet). A NaN as the threshold is FASTRELU_ERROR_PARAMETER. Comparisons as for clamp. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_threshold_f32(const float *x, float *y, size_t n, float threshold,
                                                    float value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_f64(const double *x, double *y, size_t n, double threshold,
                                                    double value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_f16(const fastrelu_f16 *x, fastrelu_f16 *y, size_t n,
                                                    float threshold, float value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, size_t n,
                                                     float threshold, float value) FASTRELU_NOEXCEPT;

/* threshold_grad: dx[i] = x[i] <= threshold ? +0 : dy[i].
 *
 * x is the input of the forward pass. In place: dx = dy, or dx = x. */
FASTRELU_API fastrelu_status fastrelu_threshold_grad_f32(const float *x, const float *dy, float *dx, size_t n,
                                                         float threshold) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_grad_f64(const double *x, const double *dy, double *dx,
                                                         size_t n, double threshold) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                         fastrelu_f16 *dx, size_t n,
                                                         float threshold) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy,
                                                          fastrelu_bf16 *dx, size_t n,
                                                          float threshold) FASTRELU_NOEXCEPT;

/* threshold_mask: threshold, and bit i % 8 of mask[i / 8] = !(x[i] <= threshold).
 *
 * The gradient is relu_mask_grad(mask, dy, dx, n). Unused bits of the last byte become 0. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_threshold_mask_f32(const float *x, float *y, uint8_t *mask, size_t n,
                                                         float threshold, float value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_mask_f64(const double *x, double *y, uint8_t *mask, size_t n,
                                                         double threshold, double value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_mask_f16(const fastrelu_f16 *x, fastrelu_f16 *y,
                                                         uint8_t *mask, size_t n, float threshold,
                                                         float value) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_threshold_mask_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y,
                                                          uint8_t *mask, size_t n, float threshold,
                                                          float value) FASTRELU_NOEXCEPT;

/* squared_relu: y[i] = keep(x[i]) ? x[i] * x[i] : +0.
 *
 * f16 and bf16 are multiplied in f32 and rounded once, to nearest, ties to even. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_squared_relu_f32(const float *x, float *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_f64(const double *x, double *y,
                                                       size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_f16(const fastrelu_f16 *x, fastrelu_f16 *y,
                                                       size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y,
                                                        size_t n) FASTRELU_NOEXCEPT;

/* squared_relu_grad: dx[i] = keep(x[i]) ? (2 * x[i]) * dy[i] : +0.
 *
 * x is the input of the forward pass. In place: dx = dy, or dx = x. */
FASTRELU_API fastrelu_status fastrelu_squared_relu_grad_f32(const float *x, const float *dy, float *dx,
                                                            size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_grad_f64(const double *x, const double *dy, double *dx,
                                                            size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *dy,
                                                            fastrelu_f16 *dx, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_squared_relu_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy,
                                                             fastrelu_bf16 *dx, size_t n) FASTRELU_NOEXCEPT;

/* relu_add: y[i] = relu(a[i] + b[i]), the end of a residual block.
 *
 * The sum is rounded to the element first; f16 and bf16 are added in f32. The gradient of both is
 * relu_grad(y, dy, dx, n). In place: y = a, or y = b. */
FASTRELU_API fastrelu_status fastrelu_relu_add_f32(const float *a, const float *b, float *y,
                                                   size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_add_f64(const double *a, const double *b, double *y,
                                                   size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_add_f16(const fastrelu_f16 *a, const fastrelu_f16 *b,
                                                   fastrelu_f16 *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_add_bf16(const fastrelu_bf16 *a, const fastrelu_bf16 *b,
                                                    fastrelu_bf16 *y, size_t n) FASTRELU_NOEXCEPT;

/* reglu: y[i] = keep(a[i]) ? a[i] * b[i] : +0, a gated linear unit with a ReLU as its gate.
 *
 * An off gate yields +0 even where b is infinite or NaN. f16 and bf16 are multiplied in f32 and rounded once. In
 * place: y = a, or y = b. */
FASTRELU_API fastrelu_status fastrelu_reglu_f32(const float *a, const float *b, float *y,
                                                size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_f64(const double *a, const double *b, double *y,
                                                size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_f16(const fastrelu_f16 *a, const fastrelu_f16 *b, fastrelu_f16 *y,
                                                size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_bf16(const fastrelu_bf16 *a, const fastrelu_bf16 *b,
                                                 fastrelu_bf16 *y, size_t n) FASTRELU_NOEXCEPT;

/* reglu_grad: da[i] = keep(a[i]) ? b[i] * dy[i] : +0, and db[i] = keep(a[i]) ? a[i] * dy[i] : +0.
 *
 * In place: each of da and db may be a, b or dy (da = b and db = a too); they may not overlap each other. */
FASTRELU_API fastrelu_status fastrelu_reglu_grad_f32(const float *a, const float *b, const float *dy,
                                                     float *da, float *db, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_grad_f64(const double *a, const double *b, const double *dy,
                                                     double *da, double *db, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_grad_f16(const fastrelu_f16 *a, const fastrelu_f16 *b,
                                                     const fastrelu_f16 *dy, fastrelu_f16 *da,
                                                     fastrelu_f16 *db, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_reglu_grad_bf16(const fastrelu_bf16 *a, const fastrelu_bf16 *b,
                                                      const fastrelu_bf16 *dy, fastrelu_bf16 *da,
                                                      fastrelu_bf16 *db, size_t n) FASTRELU_NOEXCEPT;

/* relu_compress: only the elements with keep(x[i]), in order: values[k] = x[i] and indices[k] = i, k counting
 * from 0 up to *count.
 *
 * values and indices have room for n elements, of which those from *count on hold anything afterwards: kernels
 * store whole vectors. n is at most 2^32, more is FASTRELU_ERROR_SIZE. n = 0 sets *count to 0 and looks at no
 * other pointer. In place: values = x, and nothing else overlaps anything. relu_expand makes relu(x) of the
 * result, to the bit. */
FASTRELU_API fastrelu_status fastrelu_relu_compress_f32(const float *x, float *values, uint32_t *indices,
                                                        size_t n, size_t *count) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_compress_f64(const double *x, double *values, uint32_t *indices,
                                                        size_t n, size_t *count) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_compress_f16(const fastrelu_f16 *x, fastrelu_f16 *values,
                                                        uint32_t *indices, size_t n,
                                                        size_t *count) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_compress_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *values,
                                                         uint32_t *indices, size_t n,
                                                         size_t *count) FASTRELU_NOEXCEPT;

/* relu_expand: y[indices[k]] = values[k] for k below count, and +0 everywhere else: what relu_compress made, dense
 * again. values may be any.
 *
 * The indices ascend strictly and are below n, else FASTRELU_ERROR_INDEX with nothing written; nobody changes
 * them during the call. n may exceed 2^32. count = 0 looks at neither values nor indices, n = 0 not at y. y
 * overlaps nothing: never in place. */
FASTRELU_API fastrelu_status fastrelu_relu_expand_f32(const float *values, const uint32_t *indices,
                                                      size_t count, float *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_expand_f64(const double *values, const uint32_t *indices,
                                                      size_t count, double *y, size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_expand_f16(const fastrelu_f16 *values, const uint32_t *indices,
                                                      size_t count, fastrelu_f16 *y,
                                                      size_t n) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_expand_bf16(const fastrelu_bf16 *values, const uint32_t *indices,
                                                       size_t count, fastrelu_bf16 *y,
                                                       size_t n) FASTRELU_NOEXCEPT;

/* What follows serves tensors [outer][channels][inner]: outer * channels * inner consecutive elements, of which
 * element i belongs to channel i / inner % channels. inner = 1 is NHWC, channels = 1 one channel for all. slope,
 * bias, dslope, dbias and counts have one entry a channel; they overlap nothing that is written. SIZE also means
 * a product that does not fit, or such an array of more than PTRDIFF_MAX bytes.
 *
 * Where outer, channels or inner is 0 the tensors, slope, bias and counts are not looked at. The sums dslope and
 * dbias are checked all the same, and their `channels` entries set to 0.
 *
 * Sums are accumulated in double, in an order that the shape alone fixes: the same bits on every CPU. Each is
 * within (16 + ceil(log2 n)) * 2^-52 times the sum of the n terms' magnitudes of the exact one, and is then
 * rounded to its type. They are overwritten.
 *
 * These functions need stack: the two that sum up to 32 KiB, the others up to 18 KiB, which is more than a default
 * signal stack has. */

/* prelu: y[i] = keep(x[i]) ? x[i] : x[i] * slope[channel of i].
 *
 * The product is rounded once to the element, to nearest with ties to even; f16 and bf16 are multiplied in f32
 * first. Kept elements, NaNs included, pass to the bit. The bits of products are promised for round-to-nearest
 * without FTZ or DAZ. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_prelu_f32(const float *x, const float *slope, float *y, size_t outer,
                                                size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_f64(const double *x, const double *slope, double *y, size_t outer,
                                                size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_f16(const fastrelu_f16 *x, const fastrelu_f16 *slope,
                                                fastrelu_f16 *y, size_t outer, size_t channels,
                                                size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *slope,
                                                 fastrelu_bf16 *y, size_t outer, size_t channels,
                                                 size_t inner) FASTRELU_NOEXCEPT;

/* prelu_grad: dx[i] = keep(x[i]) ? dy[i] : dy[i] * slope[channel of i], and dslope[c] = the sum of x[i] * dy[i] over
 * the elements of channel c that are not kept.
 *
 * x is the input of prelu. A kept element adds nothing to dslope, whatever x and dy hold; one that is off makes a NaN
 * of it where 0 meets an infinity. In place: dx = dy, or
 * dx = x. */
FASTRELU_API fastrelu_status fastrelu_prelu_grad_f32(const float *x, const float *slope, const float *dy,
                                                     float *dx, float *dslope, size_t outer, size_t channels,
                                                     size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_grad_f64(const double *x, const double *slope, const double *dy,
                                                     double *dx, double *dslope, size_t outer,
                                                     size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_grad_f16(const fastrelu_f16 *x, const fastrelu_f16 *slope,
                                                     const fastrelu_f16 *dy, fastrelu_f16 *dx, float *dslope,
                                                     size_t outer, size_t channels,
                                                     size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_prelu_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *slope,
                                                      const fastrelu_bf16 *dy, fastrelu_bf16 *dx,
                                                      float *dslope, size_t outer, size_t channels,
                                                      size_t inner) FASTRELU_NOEXCEPT;

/* relu_bias: y[i] = relu(x[i] + bias[channel of i]).
 *
 * The sum is rounded to the element first, as in relu_grad_accumulate. In place: y = x. */
FASTRELU_API fastrelu_status fastrelu_relu_bias_f32(const float *x, const float *bias, float *y, size_t outer,
                                                    size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_f64(const double *x, const double *bias, double *y,
                                                    size_t outer, size_t channels,
                                                    size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_f16(const fastrelu_f16 *x, const fastrelu_f16 *bias,
                                                    fastrelu_f16 *y, size_t outer, size_t channels,
                                                    size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *bias,
                                                     fastrelu_bf16 *y, size_t outer, size_t channels,
                                                     size_t inner) FASTRELU_NOEXCEPT;

/* relu_bias_grad: dx[i] = keep(y[i]) ? dy[i] : +0, and dbias[c] = the sum of dx[i] over channel c.
 *
 * y is the output of relu_bias. dy passes as in relu_grad. In place: dx = dy, or dx = y. */
FASTRELU_API fastrelu_status fastrelu_relu_bias_grad_f32(const float *y, const float *dy, float *dx,
                                                         float *dbias, size_t outer, size_t channels,
                                                         size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_grad_f64(const double *y, const double *dy, double *dx,
                                                         double *dbias, size_t outer, size_t channels,
                                                         size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_grad_f16(const fastrelu_f16 *y, const fastrelu_f16 *dy,
                                                         fastrelu_f16 *dx, float *dbias, size_t outer,
                                                         size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_bias_grad_bf16(const fastrelu_bf16 *y, const fastrelu_bf16 *dy,
                                                          fastrelu_bf16 *dx, float *dbias, size_t outer,
                                                          size_t channels, size_t inner) FASTRELU_NOEXCEPT;

/* relu_count: counts[c] += how many elements of channel c are kept.
 *
 * A unit whose count stays 0 is dead. Set counts to 0 before the first call. Like relu it sees only bits. */
FASTRELU_API fastrelu_status fastrelu_relu_count_f32(const float *x, uint64_t *counts, size_t outer,
                                                     size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_count_f64(const double *x, uint64_t *counts, size_t outer,
                                                     size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_count_f16(const fastrelu_f16 *x, uint64_t *counts, size_t outer,
                                                     size_t channels, size_t inner) FASTRELU_NOEXCEPT;
FASTRELU_API fastrelu_status fastrelu_relu_count_bf16(const fastrelu_bf16 *x, uint64_t *counts, size_t outer,
                                                      size_t channels, size_t inner) FASTRELU_NOEXCEPT;

/* The name of a status in words, such as "buffers overlap"; "unknown status" for any other number. */
FASTRELU_API const char *fastrelu_status_string(fastrelu_status status) FASTRELU_NOEXCEPT;

/* The version of the library that is linked, as major * 10000 + minor * 100 + patch and as "0.1.0". */
FASTRELU_API uint32_t fastrelu_version_number(void) FASTRELU_NOEXCEPT;
FASTRELU_API const char *fastrelu_version(void) FASTRELU_NOEXCEPT;

/* The instruction set in use: "avx512", "avx2", "sse2", "neon" or "scalar". It is chosen when the library is
 * loaded, as the best that this build has and that the CPU and the operating system both support, unless the
 * environment variable FASTRELU_ISA names another usable one (otherwise it is ignored, and always in a setuid
 * program). */
FASTRELU_API const char *fastrelu_isa(void) FASTRELU_NOEXCEPT;

/* The usable instruction sets, best first, ended by NULL; "scalar" is always the last. */
FASTRELU_API const char *const *fastrelu_isa_list(void) FASTRELU_NOEXCEPT;

/* Makes the whole process use another one, for tests and benchmarks: all give the same bits. NULL goes back to
 * the choice made when the library was loaded. A name that is not in fastrelu_isa_list() is FASTRELU_ERROR_ISA
 * and changes nothing. */
FASTRELU_API fastrelu_status fastrelu_use_isa(const char *name) FASTRELU_NOEXCEPT;

/* From how many bytes on a call stores around the caches, counted over all of its tensors: such stores do not read
 * what they overwrite, but leave nothing in the cache for who reads the output next. They are used where no output
 * is an input, and give the same bits. The default comes from the CPU and its caches and stands in
 * fastrelu_info. Process-wide; 0 goes back to the default, SIZE_MAX means never, and less than 16 KiB counts as that.
 * Always FASTRELU_OK. A host that splits its tensors itself divides the default by the number of its pieces. */
FASTRELU_API fastrelu_status fastrelu_set_streaming_threshold(size_t bytes) FASTRELU_NOEXCEPT;

/* The host's own threads, as a callback: parallel_for calls task(argument, index) for every index below count, on any
 * threads and in any order, and returns 0 when all have returned, else not 0. It must not throw, and not be left by
 * longjmp. The library starts no thread of its own. */
typedef struct fastrelu_runner {
  int (*parallel_for)(void *context, void (*task)(void *argument, size_t index), void *argument,
                      size_t count);
  void *context;
  size_t threads; /* parts of a large call at most; where it sums over channels, four times as many */
} fastrelu_runner;

/* Sets the runner of the calling thread: large calls of this thread are then done in parts, small ones alone as
 * before, and all of them with the same bits. The struct is copied; NULL, parallel_for = NULL or less than two threads
 * is no runner, as in the beginning. `previous` may be NULL; else it receives what was set, so that an engine inside of
 * another one restores its host's. Always FASTRELU_OK.
 *
 * An operation returns FASTRELU_ERROR_RUNNER where parallel_for reports an error, or returns before all is done;
 * its outputs are unspecified then. In a thread that has a runner, calls are not async-signal-safe, and those that sum
 * over channels, and count, take 16 KiB of stack more for what the parts hand over. A forked child sets its own.
 * relu_compress is always done alone. */
FASTRELU_API fastrelu_status fastrelu_set_runner(const fastrelu_runner *runner,
                                                 fastrelu_runner *previous) FASTRELU_NOEXCEPT;

/* What the library knows and chose, as one JSON object: version, compiler, the instruction sets built and usable,
 * the one in use and why, the environment variable as it was seen, the CPU's name and caches in bytes, the
 * streaming threshold, null where it is never reached, and the threads of the calling thread's runner, 1 without.
 *
 * Writes at most size bytes, the terminating zero included, and returns the length of the whole text as snprintf
 * does; buffer may be NULL where size is 0. */
FASTRELU_API int fastrelu_info(char *buffer, size_t size) FASTRELU_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
