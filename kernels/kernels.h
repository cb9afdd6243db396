/* The kernels: each operation with the walk that drives it, compiled for every element it serves, and the
 * table that names them. Included last by the file of an ISA, after its vocabulary. FASTRELU_TABLE, the
 * table's name, is the build's: the same file is also compiled without its flags, emulated, for the tests. */
#ifndef FASTRELU_VOCABULARY_ONLY /* tests/vocabulary.c stops here */
#include "base.h"
#include "channels.h"
#include "operations.h"
#include "sparse.h"
#include "sums.h"
#include "walks.h"

INLINE void relu(int e, enum walk walk, const void *x, void *y, size_t n, int64_t floor) {
  map(op_relu, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
      (buffers){.in = {x}, .out = {y}}, n, (constants){.floor = broadcast(floor, e)});
}

INLINE void relu_grad(int e, enum walk walk, const void *x, const void *dy, void *dx, size_t n,
                      int64_t floor) {
  map(op_relu_grad, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
      (buffers){.in = {x, dy}, .out = {dx}}, n, selection(e, floor));
}

INLINE void relu_mask(int e, enum walk walk, const void *x, void *y, uint8_t *kept, size_t n, int64_t floor) {
  const constants c = selection(e, floor);
  const buffers b = {.in = {x}, .out = {y}, .mask_out = kept};
  if (y || walk == STREAMING) {
    map(op_relu_mask, (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_WRITTEN, .walk = walk}, b,
        n, c);
  } else {
    map(op_relu_mask, (shape){.element = e, .inputs = 1, .mask = MASK_WRITTEN}, b, n, c);
  }
}

INLINE void relu_mask_grad(int e, enum walk walk, const uint8_t *kept, const void *dy, void *dx, size_t n) {
  map(op_relu_mask_grad, (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_READ, .walk = walk},
      (buffers){.in = {dy}, .out = {dx}, .mask_in = kept}, n, (constants){.floor = broadcast(0, e)});
}

INLINE void relu_grad_accumulate(int e, const void *x, const void *dy, void *dx, size_t n) {
  map(op_relu_grad_accumulate, (shape){.element = e, .inputs = 3, .outputs = 1},
      (buffers){.in = {x, dy, dx}, .out = {dx}}, n, arithmetic(e, 0));
}

INLINE void leaky_relu(int e, enum walk walk, const void *x, void *y, size_t n, int64_t slope) {
  map(op_leaky_relu, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
      (buffers){.in = {x}, .out = {y}}, n, arithmetic(e, slope));
}

INLINE void leaky_relu_grad(int e, enum walk walk, const void *x, const void *dy, void *dx, size_t n,
                            int64_t slope) {
  map(op_leaky_relu_grad, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
      (buffers){.in = {x, dy}, .out = {dx}}, n, arithmetic(e, slope));
}

INLINE void leaky_relu_mask(int e, enum walk walk, const void *x, void *y, uint8_t *kept, size_t n,
                            int64_t slope) {
  map(op_leaky_relu_mask,
      (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_WRITTEN, .walk = walk},
      (buffers){.in = {x}, .out = {y}, .mask_out = kept}, n, arithmetic(e, slope));
}

INLINE void leaky_relu_mask_grad(int e, enum walk walk, const uint8_t *kept, const void *dy, void *dx,
                                 size_t n, int64_t slope) {
  map(op_leaky_relu_mask_grad,
      (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_READ, .walk = walk},
      (buffers){.in = {dy}, .out = {dx}, .mask_in = kept}, n, arithmetic(e, slope));
}

INLINE void map_compared(operation *op, shape s, buffers b, size_t n, int64_t lo, int64_t hi, int64_t value,
                         enum comparison comparison) {
  const int e = s.element;
  s.crowded = comparison == BY_RANK || (comparison == BY_SIGN_BELOW && s.inputs > 1 && REGISTERS < 32);
  constants c = selection(e, floor_of(e));
  c.lo = broadcast(lo, e);
  c.hi = broadcast(hi, e);
  c.value = broadcast(value, e);
  c.rank_lo = broadcast((lo == sign_of(e) ? 0 : rank_of(lo, e)) + nans_on_top(e), e);
  c.rank_hi = broadcast((hi == 0 ? -1 : rank_of(hi, e)) + nans_at_bottom(e), e);
  c.comparison = comparison;
  c.selects = comparison == BY_SIGN_BELOW && op != op_clamp; /* which does without `is_kept` */
  map(op, s, b, n, c);
}

/* A walk with bounds: floats are compared as floats but with a zero, of which there are two. */
INLINE void map_bounded(operation *op, shape s, buffers b, size_t n, int64_t lo, int64_t hi, int64_t value) {
  const int e = s.element;
  const int lo_is_zero = lo == 0 || lo == sign_of(e), hi_is_zero = hi == 0 || hi == sign_of(e);
  if (is_half(e)) {
    map_compared(op, s, b, n, lo, hi, value, BY_RANK);
  } else if ((e != F32 && e != F64) || !(lo_is_zero || hi_is_zero)) {
    map_compared(op, s, b, n, lo, hi, value, BY_VALUE);
  } else if (lo == 0 && !hi_is_zero) {
    map_compared(op, s, b, n, lo, hi, value, BY_SIGN_BELOW);
  } else {
    map_compared(op, s, b, n, lo, hi, value, BY_RANK);
  }
}

INLINE void clamp(int e, enum walk walk, const void *x, void *y, size_t n, int64_t lo, int64_t hi) {
  map_bounded(op_clamp, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
              (buffers){.in = {x}, .out = {y}}, n, lo, hi, 0);
}

INLINE void clamp_grad(int e, enum walk walk, const void *x, const void *dy, void *dx, size_t n, int64_t lo,
                       int64_t hi) {
  map_bounded(op_clamp_grad, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
              (buffers){.in = {x, dy}, .out = {dx}}, n, lo, hi, 0);
}

INLINE void clamp_mask(int e, enum walk walk, const void *x, void *y, uint8_t *kept, size_t n, int64_t lo,
                       int64_t hi) {
  map_bounded(op_clamp_mask,
              (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_WRITTEN, .walk = walk},
              (buffers){.in = {x}, .out = {y}, .mask_out = kept}, n, lo, hi, 0);
}

/* A threshold is a lower bound; nothing asks for the other. */
INLINE void threshold(int e, enum walk walk, const void *x, void *y, size_t n, int64_t lo, int64_t value) {
  map_bounded(op_threshold, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
              (buffers){.in = {x}, .out = {y}}, n, lo, 1, value);
}

INLINE void threshold_grad(int e, enum walk walk, const void *x, const void *dy, void *dx, size_t n,
                           int64_t lo) {
  map_bounded(op_threshold_grad, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
              (buffers){.in = {x, dy}, .out = {dx}}, n, lo, 1, 0);
}

INLINE void threshold_mask(int e, enum walk walk, const void *x, void *y, uint8_t *kept, size_t n, int64_t lo,
                           int64_t value) {
  map_bounded(op_threshold_mask,
              (shape){.element = e, .inputs = 1, .outputs = 1, .mask = MASK_WRITTEN, .walk = walk},
              (buffers){.in = {x}, .out = {y}, .mask_out = kept}, n, lo, 1, value);
}

INLINE void squared_relu(int e, enum walk walk, const void *x, void *y, size_t n) {
  map(op_squared_relu, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
      (buffers){.in = {x}, .out = {y}}, n, arithmetic(e, 0));
}

INLINE void squared_relu_grad(int e, enum walk walk, const void *x, const void *dy, void *dx, size_t n) {
  map(op_squared_relu_grad, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
      (buffers){.in = {x, dy}, .out = {dx}}, n, arithmetic(e, 0));
}

INLINE void relu_add(int e, enum walk walk, const void *a, const void *b, void *y, size_t n) {
  map(op_relu_add, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
      (buffers){.in = {a, b}, .out = {y}}, n, arithmetic(e, 0));
}

INLINE void reglu(int e, enum walk walk, const void *a, const void *b, void *y, size_t n) {
  map(op_reglu, (shape){.element = e, .inputs = 2, .outputs = 1, .walk = walk},
      (buffers){.in = {a, b}, .out = {y}}, n, arithmetic(e, 0));
}

INLINE void reglu_grad(int e, const void *a, const void *b, const void *dy, void *da, void *db, size_t n) {
  map(op_reglu_grad, (shape){.element = e, .inputs = 3, .outputs = 2},
      (buffers){.in = {a, b, dy}, .out = {da, db}}, n, arithmetic(e, 0));
}

INLINE void identity(int e, enum walk walk, const void *x, void *y, size_t n) {
  map(op_identity, (shape){.element = e, .inputs = 1, .outputs = 1, .walk = walk},
      (buffers){.in = {x}, .out = {y}}, n, (constants){.floor = broadcast(0, e)});
}

/* What the walks over channels call: the elements of a stretch, with one parameter for each in a pattern or
 * one for all. */
INLINE void prelu_elements(int e, const void *x, const void *slopes, void *y, size_t n) {
  map(op_prelu, (shape){.element = e, .inputs = 2, .outputs = 1}, (buffers){.in = {x, slopes}, .out = {y}}, n,
      arithmetic(e, 0));
}

INLINE void prelu_grad_elements(int e, const void *x, const void *dy, const void *slopes, void *dx,
                                size_t n) {
  map(op_prelu_grad, (shape){.element = e, .inputs = 3, .outputs = 1},
      (buffers){.in = {x, dy, slopes}, .out = {dx}}, n, arithmetic(e, 0));
}

INLINE void relu_bias_run(int e, const void *x, void *y, size_t n, int64_t bias) {
  const constants c = {.floor = broadcast(floor_of(e), e), .bias = broadcast(bias, is_half(e) ? F32 : e)};
  map(op_relu_bias, (shape){.element = e, .inputs = 1, .outputs = 1}, (buffers){.in = {x}, .out = {y}}, n, c);
}

INLINE void count_elements(int e, const void *x, void *counters, size_t n, int64_t floor) {
  map(op_count, (shape){.element = e, .inputs = 2, .outputs = 1},
      (buffers){.in = {x, counters}, .out = {counters}}, n, selection(e, floor));
}

#define KERNEL_AS(symbol, parameters, ...)                 \
  static __attribute__((noinline)) int symbol parameters { \
    __VA_ARGS__;                                           \
    leave();                                               \
    return 0;                                              \
  }
#define KERNEL(name, e, parameters, ...) KERNEL_AS(name##_##e, parameters, name(e, __VA_ARGS__))
#define WIDTH_KERNELS(name, ...) \
  KERNEL(name, W16, __VA_ARGS__) \
  KERNEL(name, W32, __VA_ARGS__) \
  KERNEL(name, W64, __VA_ARGS__)
#define TYPE_KERNELS(name, ...)   \
  KERNEL(name, F16, __VA_ARGS__)  \
  KERNEL(name, BF16, __VA_ARGS__) \
  KERNEL(name, F32, __VA_ARGS__)  \
  KERNEL(name, F64, __VA_ARGS__)

/* A kernel within the caches, and where they are worth their code others for large tensors, functions of their own so
 * that it saves no register. Of what STREAMS an ISA has stores around the caches for nothing, selections, all. In place
 * only selections have one. */
#define SMALL(name, e) name##_##e
#define LARGE(name, e) name##_large_##e
#define LARGE_IN_PLACE(name, e) name##_in_place_##e
#define SMALL_KERNEL(name, e, parameters, ...) KERNEL_AS(name##_##e, parameters, name(e, CACHED, __VA_ARGS__))
#define LARGE_KERNEL(name, e, parameters, ...) \
  KERNEL_AS(name##_large_##e, parameters, name(e, STREAMING, __VA_ARGS__))
#define IN_PLACE_KERNEL(name, e, parameters, ...) \
  KERNEL_AS(name##_in_place_##e, parameters, name(e, IN_PLACE, __VA_ARGS__))
#define BOTH_KERNELS(name, ...) SMALL_KERNEL(name, __VA_ARGS__) LARGE_KERNEL(name, __VA_ARGS__)
#if STREAMS >= 1
#define SELECTION_KERNEL(name, ...) BOTH_KERNELS(name, __VA_ARGS__) IN_PLACE_KERNEL(name, __VA_ARGS__)
#define LARGE_SELECTION LARGE
#define SELECTION_IN_PLACE LARGE_IN_PLACE
#else
#define SELECTION_KERNEL SMALL_KERNEL
#define LARGE_SELECTION SMALL
#define SELECTION_IN_PLACE SMALL
#endif
#if STREAMS >= 2
#define REAL_KERNEL BOTH_KERNELS
#define LARGE_REAL LARGE
#else
#define REAL_KERNEL SMALL_KERNEL
#define LARGE_REAL SMALL
#endif
#define STREAMED_WIDTHS(name, ...)         \
  SELECTION_KERNEL(name, W16, __VA_ARGS__) \
  SELECTION_KERNEL(name, W32, __VA_ARGS__) \
  SELECTION_KERNEL(name, W64, __VA_ARGS__)
#define STREAMED_TYPES(name, ...)      \
  REAL_KERNEL(name, F16, __VA_ARGS__)  \
  REAL_KERNEL(name, BF16, __VA_ARGS__) \
  REAL_KERNEL(name, F32, __VA_ARGS__)  \
  REAL_KERNEL(name, F64, __VA_ARGS__)
/* Arithmetic in the half types: its conversions take longer than memory. */
#define STREAMED_REALS(name, ...)       \
  SMALL_KERNEL(name, F16, __VA_ARGS__)  \
  SMALL_KERNEL(name, BF16, __VA_ARGS__) \
  REAL_KERNEL(name, F32, __VA_ARGS__)   \
  REAL_KERNEL(name, F64, __VA_ARGS__)

SELECTION_KERNEL(relu, W8, (const void *x, void *y, size_t n, int64_t floor), x, y, n, floor)
STREAMED_WIDTHS(relu, (const void *x, void *y, size_t n, int64_t floor), x, y, n, floor)
STREAMED_WIDTHS(relu_grad, (const void *x, const void *dy, void *dx, size_t n, int64_t floor), x, dy, dx, n,
                floor)
STREAMED_WIDTHS(relu_mask, (const void *x, void *y, uint8_t *kept, size_t n, int64_t floor), x, y, kept, n,
                floor)
STREAMED_WIDTHS(relu_mask_grad, (const uint8_t *kept, const void *dy, void *dx, size_t n), kept, dy, dx, n)
TYPE_KERNELS(relu_grad_accumulate, (const void *x, const void *dy, void *dx, size_t n), x, dy, dx, n)
STREAMED_REALS(leaky_relu, (const void *x, void *y, size_t n, int64_t slope), x, y, n, slope)
STREAMED_REALS(leaky_relu_grad, (const void *x, const void *dy, void *dx, size_t n, int64_t slope), x, dy, dx,
               n, slope)
STREAMED_REALS(leaky_relu_mask, (const void *x, void *y, uint8_t *kept, size_t n, int64_t slope), x, y, kept,
               n, slope)
STREAMED_REALS(leaky_relu_mask_grad, (const uint8_t *kept, const void *dy, void *dx, size_t n, int64_t slope),
               kept, dy, dx, n, slope)
REAL_KERNEL(clamp, W8, (const void *x, void *y, size_t n, int64_t lo, int64_t hi), x, y, n, lo, hi)
REAL_KERNEL(clamp, U8, (const void *x, void *y, size_t n, int64_t lo, int64_t hi), x, y, n, lo, hi)
REAL_KERNEL(clamp, W16, (const void *x, void *y, size_t n, int64_t lo, int64_t hi), x, y, n, lo, hi)
REAL_KERNEL(clamp, W32, (const void *x, void *y, size_t n, int64_t lo, int64_t hi), x, y, n, lo, hi)
STREAMED_TYPES(clamp, (const void *x, void *y, size_t n, int64_t lo, int64_t hi), x, y, n, lo, hi)
STREAMED_TYPES(clamp_grad, (const void *x, const void *dy, void *dx, size_t n, int64_t lo, int64_t hi), x, dy,
               dx, n, lo, hi)
STREAMED_TYPES(clamp_mask, (const void *x, void *y, uint8_t *kept, size_t n, int64_t lo, int64_t hi), x, y,
               kept, n, lo, hi)
STREAMED_TYPES(threshold, (const void *x, void *y, size_t n, int64_t lo, int64_t value), x, y, n, lo, value)
STREAMED_TYPES(threshold_grad, (const void *x, const void *dy, void *dx, size_t n, int64_t lo), x, dy, dx, n,
               lo)
STREAMED_TYPES(threshold_mask, (const void *x, void *y, uint8_t *kept, size_t n, int64_t lo, int64_t value),
               x, y, kept, n, lo, value)
STREAMED_REALS(squared_relu, (const void *x, void *y, size_t n), x, y, n)
STREAMED_REALS(squared_relu_grad, (const void *x, const void *dy, void *dx, size_t n), x, dy, dx, n)
STREAMED_REALS(relu_add, (const void *a, const void *b, void *y, size_t n), a, b, y, n)
STREAMED_REALS(reglu, (const void *a, const void *b, void *y, size_t n), a, b, y, n)
TYPE_KERNELS(reglu_grad, (const void *a, const void *b, const void *dy, void *da, void *db, size_t n), a, b,
             dy, da, db, n)
WIDTH_KERNELS(relu_compress,
              (const void *x, void *values, uint32_t *indices, size_t n, size_t *count, int64_t floor), x,
              values, indices, n, count, floor)
SMALL_KERNEL(identity, W16, (const void *x, void *y, size_t n), x, y, n)
SELECTION_KERNEL(identity, W32, (const void *x, void *y, size_t n), x, y, n)

/* The walks over channels call the kernels of elements, of which a walk may need one in several places. */
#define OF_WIDTH(name, e) (size(e) == 2 ? name##_W16 : size(e) == 4 ? name##_W32 : name##_W64)
#define OF_TYPE(name, e) \
  ((e) == F16 ? name##_F16 : (e) == BF16 ? name##_BF16 : (e) == F32 ? name##_F32 : name##_F64)

TYPE_KERNELS(prelu_elements, (const void *x, const void *slopes, void *y, size_t n), x, slopes, y, n)
TYPE_KERNELS(prelu_grad_elements, (const void *x, const void *dy, const void *slopes, void *dx, size_t n), x,
             dy, slopes, dx, n)
TYPE_KERNELS(relu_bias_run, (const void *x, void *y, size_t n, int64_t bias), x, y, n, bias)
KERNEL(add_runs, F64,
       (const double *staged, size_t stride, size_t runs, size_t phase, size_t count, double *lanes), staged,
       stride, runs, phase, count, lanes)
WIDTH_KERNELS(count_elements, (const void *x, void *counters, size_t n, int64_t floor), x, counters, n, floor)

INLINE void prelu_pattern(int e, const void *x, const void *slopes, void *y, size_t n) {
  OF_TYPE(prelu_elements, e)(x, slopes, y, n);
}
INLINE void prelu_constant(int e, const void *x, void *y, size_t n, int64_t slope) {
  OF_TYPE(leaky_relu, e)(x, y, n, slope);
}

INLINE void relu_bias_pattern(int e, const void *x, const void *biases, void *y, size_t n) {
  OF_TYPE(relu_add, e)(x, biases, y, n);
}
INLINE void relu_bias_constant(int e, const void *x, void *y, size_t n, int64_t bias) {
  OF_TYPE(relu_bias_run, e)(x, y, n, bias);
}

INLINE void prelu_grad_pattern(int e, const void *x, const void *dy, const void *slopes, void *dx, size_t n) {
  OF_TYPE(prelu_grad_elements, e)(x, dy, slopes, dx, n);
}
INLINE void relu_bias_grad_pattern(int e, const void *y, const void *dy, const void *none, void *dx,
                                   size_t n) {
  (void)none;
  OF_WIDTH(relu_grad, e)(y, dy, dx, n, floor_of(e));
}
INLINE void copy_elements(int e, const void *from, void *to, size_t n) {
  if (size(e) == 2) {
    identity_W16(from, to, n);
  } else {
    identity_W32(from, to, n * (size_t)size(e) / 4);
  }
}

INLINE void count_pattern(int e, const void *x, void *counters, size_t n, int64_t floor) {
  OF_WIDTH(count_elements, e)(x, counters, n, floor);
}

INLINE void prelu(int e, enum walk walk, const void *x, const void *slope, void *y, dimensions d) {
  const channel_map m = {e, walk, prelu_pattern, prelu_constant, copy_elements};
  over_channels(m, x, slope, y, d);
}

INLINE void prelu_grad(int e, enum walk walk, const void *x, const void *slope, const void *dy, void *dx,
                       void *dslope, int unrounded, dimensions d) {
  const gradient g = {.element = e,
                      .inputs = 3,
                      .walk = walk,
                      .op = op_prelu_grad,
                      .terms = slope_terms,
                      .pattern = prelu_grad_pattern,
                      .copy = copy_elements,
                      .add_runs = add_runs_F64};
  sum_over_channels(g, (gradient_buffers){x, dy, slope, dx, dslope, unrounded, 0, 0}, d);
}

INLINE void relu_bias(int e, enum walk walk, const void *x, const void *bias, void *y, dimensions d) {
  const channel_map m = {e, walk, relu_bias_pattern, relu_bias_constant, copy_elements};
  over_channels(m, x, bias, y, d);
}

INLINE void relu_bias_grad(int e, enum walk walk, const void *y, const void *dy, void *dx, void *dbias,
                           int unrounded, dimensions d) {
  const gradient g = {.element = e,
                      .inputs = 2,
                      .walk = walk,
                      .op = op_relu_grad,
                      .terms = bias_terms,
                      .pattern = relu_bias_grad_pattern,
                      .copy = copy_elements,
                      .add_runs = add_runs_F64};
  sum_over_channels(g, (gradient_buffers){y, dy, y /* no parameters: not read */, dx, dbias, unrounded, 0, 0},
                    d);
}

INLINE void relu_count(int e, const void *x, uint64_t *counts, dimensions d, int64_t floor) {
  count_over_channels(e, count_pattern, x, counts, d, floor);
}

STREAMED_REALS(prelu,
               (const void *x, const void *slope, void *y, size_t outer, size_t channels, size_t inner), x,
               slope, y, merged(outer, channels, inner, channels *inner))
STREAMED_REALS(prelu_grad,
               (const void *x, const void *slope, const void *dy, void *dx, void *dslope, size_t outer,
                size_t channels, size_t inner, size_t row, int unrounded),
               x, slope, dy, dx, dslope, unrounded, merged(outer, channels, inner, row))
STREAMED_REALS(relu_bias,
               (const void *x, const void *bias, void *y, size_t outer, size_t channels, size_t inner), x,
               bias, y, merged(outer, channels, inner, channels *inner))
STREAMED_REALS(relu_bias_grad,
               (const void *y, const void *dy, void *dx, void *dbias, size_t outer, size_t channels,
                size_t inner, size_t row, int unrounded),
               y, dy, dx, dbias, unrounded, merged(outer, channels, inner, row))
WIDTH_KERNELS(relu_count,
              (const void *x, uint64_t *counts, size_t outer, size_t channels, size_t inner, size_t row,
               int64_t floor),
              x, counts, merged(outer, channels, inner, row), floor)

/* The entries of a table; SELECTION and REAL make the name of a kernel that may stream. */
#define EACH_WIDTH(KIND, name) [W16] = KIND(name, W16), [W32] = KIND(name, W32), [W64] = KIND(name, W64)
#define EACH_REAL(KIND, name) \
  [F16] = name##_F16, [BF16] = name##_BF16, [F32] = KIND(name, F32), [F64] = KIND(name, F64)
#define EACH_TYPE(KIND, name) \
  [F16] = KIND(name, F16), [BF16] = KIND(name, BF16), [F32] = KIND(name, F32), [F64] = KIND(name, F64)
#define ENTRIES(SELECTION, REAL)                                                                        \
  .relu = {[W8] = SELECTION(relu, W8), EACH_WIDTH(SELECTION, relu)},                                    \
  .relu_grad = {EACH_WIDTH(SELECTION, relu_grad)}, .relu_mask = {EACH_WIDTH(SELECTION, relu_mask)},     \
  .relu_mask_grad = {EACH_WIDTH(SELECTION, relu_mask_grad)},                                            \
  .relu_grad_accumulate = {EACH_TYPE(SMALL, relu_grad_accumulate)},                                     \
  .leaky_relu = {EACH_REAL(REAL, leaky_relu)}, .leaky_relu_grad = {EACH_REAL(REAL, leaky_relu_grad)},   \
  .leaky_relu_mask = {EACH_REAL(REAL, leaky_relu_mask)},                                                \
  .leaky_relu_mask_grad = {EACH_REAL(REAL, leaky_relu_mask_grad)},                                      \
  .clamp = {[W8] = REAL(clamp, W8),                                                                     \
            [U8] = REAL(clamp, U8),                                                                     \
            [W16] = REAL(clamp, W16),                                                                   \
            [W32] = REAL(clamp, W32),                                                                   \
            EACH_TYPE(REAL, clamp)},                                                                    \
  .clamp_grad = {EACH_TYPE(REAL, clamp_grad)}, .clamp_mask = {EACH_TYPE(REAL, clamp_mask)},             \
  .threshold = {EACH_TYPE(REAL, threshold)}, .threshold_grad = {EACH_TYPE(REAL, threshold_grad)},       \
  .threshold_mask = {EACH_TYPE(REAL, threshold_mask)}, .squared_relu = {EACH_REAL(REAL, squared_relu)}, \
  .squared_relu_grad = {EACH_REAL(REAL, squared_relu_grad)}, .relu_add = {EACH_REAL(REAL, relu_add)},   \
  .reglu = {EACH_REAL(REAL, reglu)}, .reglu_grad = {EACH_TYPE(SMALL, reglu_grad)},                      \
  .relu_compress = {EACH_WIDTH(SMALL, relu_compress)}, .prelu = {EACH_REAL(REAL, prelu)},               \
  .prelu_grad = {EACH_REAL(REAL, prelu_grad)}, .relu_bias = {EACH_REAL(REAL, relu_bias)},               \
  .relu_bias_grad = {EACH_REAL(REAL, relu_bias_grad)}, .relu_count = {EACH_WIDTH(SMALL, relu_count)},   \
  .identity = {[W32] = SELECTION(identity, W32)}

extern const struct fastrelu_kernels FASTRELU_TABLE[TABLES];
const struct fastrelu_kernels FASTRELU_TABLE[TABLES] = {
    [CACHED] = {ENTRIES(SMALL, SMALL)},
    [STREAMING] = {ENTRIES(LARGE_SELECTION, LARGE_REAL)},
    [IN_PLACE] = {ENTRIES(SELECTION_IN_PLACE, SMALL)},
};

#endif
