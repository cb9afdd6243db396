/* Gradients that also sum over a channel: dx, and dslope or dbias in one tree of additions in f64 that the shape
 * alone fixes, so that every ISA gives the same bits.
 *
 * A channel's terms, in memory order, are numbered from 0; an element that is not selected is a term +0. Term j
 * goes to lane j mod 8 of leaf j div 256. A leaf folds its lanes l and l + 4, then l and l + 2, then 0 and 1.
 * Full leaves merge like a binary counter, each node waiting for its twin. At the end the leaf that is not full
 * (it may be empty) takes up what waits, smallest node first; then one rounding to the type of the result.
 *
 * - inner = 1: a lane is a row of every eighth; columns of elements are added to columns of lanes;
 * - long runs: a vector of terms is added to the lanes in registers, which are turned to where the run begins;
 * - short runs: the terms of a stretch of elements are staged on the stack first. */
#ifndef FASTRELU_KERNELS_SUMS_H
#define FASTRELU_KERNELS_SUMS_H

#include "base.h"
#include "channels.h"
#include "operations.h"
#include "walks.h"

enum { LEAF = 256, LANES = 8 };

/* Of the stack a call takes SCRATCH doubles, 28 KiB: staged terms, and as many lanes, nodes and parameters as fit
 * into the rest. SLACK is what whole vectors may touch beyond. */
enum { SCRATCH = 3584, CHUNK = 512, SLACK = 40 };

/* Up to TILE columns have their lanes at once. If those are all, rows lie side by side, and 8 of them are as one
 * row. While a lane is in its register, several rows are added to it: of a tile STEPS, side by side as many as
 * lie within NEAR bytes. More would be more streams than the prefetchers follow: past the cache one row at once
 * was twice as fast as eight on Zen 4 for 64 channels, but of tiles four were 1.6 times as fast as one. */
enum { TILE = 128, STEPS = 4, NEAR = 768 };

/* Less than a vector of dx, where code that is inlined would only be large. */
typedef void short_pattern(int e, const void *x, const void *dy, const void *parameters, void *dx, size_t n);
typedef void short_constant(int e, const void *x, const void *dy, void *dx, size_t n, int64_t parameter);
typedef void short_copy(int e, const void *from, void *to, size_t n);

/* Constant, so that every test on it folds. `with_pattern` has a third input where there are parameters,
 * `with_constant` takes one for all elements from the constants. */
typedef struct {
  int element, inputs;
  term_operation *terms;
  operation *with_pattern, *with_constant;
  short_pattern *short_with_pattern;
  short_constant *short_with_constant;
  short_copy *copy;
} gradient;

typedef struct {
  const char *x, *dy, *parameters;
  char *dx;
  void *sums;
} gradient_buffers;

INLINE gradient_buffers moved(gradient_buffers b, size_t bytes) {
  return (gradient_buffers){b.x + bytes, b.dy + bytes, b.parameters, b.dx + bytes, b.sums};
}

INLINE unsigned levels_of(size_t terms) {
  const uint64_t leaves = terms / LEAF;
  return leaves ? 64 - (unsigned)__builtin_clzll(leaves) : 0;
}

INLINE size_t rounded_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* The smallest equal parts of n, multiples of 8, of which no more are needed than of `most`. */
INLINE size_t balanced(size_t n, size_t most) {
  const size_t parts = (n + most - 1) / most;
  return rounded_up((n + parts - 1) / parts, 8);
}

/* Parts of a vector's terms, `count` of them, to or from consecutive doubles. */
INLINE void load_parts(bits parts[], const double *from, int count) {
  UNROLL
  for (int p = 0; p < count; p++) parts[p] = load(from + (size_t)p * lanes_of(F64), F64);
}
INLINE void store_parts(const bits parts[], double *to, int count) {
  UNROLL
  for (int p = 0; p < count; p++) store(to + (size_t)p * lanes_of(F64), parts[p], F64);
}

/* Fewer elements than a vector has; the rest is 0. */
INLINE bits load_short(gradient g, const void *p, size_t n) {
  _Alignas(VECTOR) char whole[VECTOR];
  store(whole, broadcast(0, g.element), g.element);
  g.copy(g.element, p, whole, n);
  return load(whole, g.element);
}

/* One vector of dx, and its terms. */
INLINE bits visit_vector(gradient g, operation *op, int inputs, const char *const in[], size_t at,
                         bits terms[], const constants *c) {
  bits x[MAX_INPUTS], out[MAX_OUTPUTS];
  mask none = from_bits(0, g.element);
  UNROLL
  for (int k = 0; k < inputs; k++) x[k] = held(load(in[k] + at, g.element));
  op(x, out, &none, c, g.element);
  g.terms(x[0], x[1], terms, c, g.element);
  return out[0];
}

/* n elements: dx, and their terms in memory order, staged. The last vector may overlap the one before: it is
 * read before that is written. `patterned`, a constant: with parameters from a pattern, else
 * with one for all. */
INLINE void stage(gradient g, int patterned, gradient_buffers b, const char *pattern, int64_t parameter,
                  size_t n, double *staged) {
  const int e = g.element, parts = parts_of(e), inputs = patterned ? g.inputs : 2;
  operation *const op = patterned ? g.with_pattern : g.with_constant;
  const constants c = arithmetic(e, parameter);
  const char *const in[] = {b.x, b.dy, pattern};
  const size_t bytes = (size_t)size(e), lanes = lanes_of(e);
  bits terms[MAX_PARTS];
  if (n < lanes) {
    g.terms(load_short(g, b.x, n), load_short(g, b.dy, n), terms, &c, e);
    store_parts(terms, staged, parts);
    if (patterned) {
      g.short_with_pattern(e, b.x, b.dy, pattern, b.dx, n);
    } else {
      g.short_with_constant(e, b.x, b.dy, b.dx, n, parameter);
    }
    return;
  }
  const bits last = visit_vector(g, op, inputs, in, (n - lanes) * bytes, terms, &c);
  store_parts(terms, staged + n - lanes, parts);
  for (size_t i = 0; i + lanes < n; i += lanes) {
    const bits out = visit_vector(g, op, inputs, in, i * bytes, terms, &c);
    store_parts(terms, staged + i, parts);
    store(b.dx + i * bytes, out, e);
  }
  store(b.dx + (n - lanes) * bytes, last, e);
}

INLINE void store_sum(void *sums, size_t c, double sum, int e) {
  if (e == F64) {
    ((double *)sums)[c] = sum;
    __asm__("" ::: "memory"); /* gcc would make a loop of this a call of memcpy */
  } else {
    ((float *)sums)[c] = (float)sum;
  }
}

/* Bits from position 8 to 15 are set: 8 words from 8 - l on cover lanes l and up, from 16 - l on those below. */
static const int64_t window[3 * LANES] = {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

/* ---- inner = 1 ------------------------------------------------------------------------------------------- */

/* A vector of elements, or where it has more than lanes are in a leaf, as many as those: whole vectors of
 * doubles in every ISA. */
INLINE size_t unit_of(int e) { return smaller_of(lanes_of(e), LANES); }

INLINE bits load_unit(const void *p, int whole, int e) {
  return whole || lanes_of(e) <= LANES ? load(p, e) : load_eight(p, e);
}

INLINE void store_unit(void *p, bits x, int whole, int e) {
  if (whole || lanes_of(e) <= LANES) {
    store(p, x, e);
  } else {
    store_eight(p, x, e);
  }
}

/* A whole vector of columns, or a unit of them, in `blocks` rows that add to the same lanes; `stride` is the
 * distance from one to the next in bytes. */
INLINE void add_columns(gradient g, int whole, gradient_buffers b, const char *parameters, size_t stride,
                        size_t blocks, double *lanes, const constants *c) {
  const int e = g.element, parts = (int)((whole ? lanes_of(e) : unit_of(e)) / lanes_of(F64));
  bits in[MAX_INPUTS], out[MAX_OUTPUTS], terms[MAX_PARTS], sum[MAX_PARTS];
  mask none = from_bits(0, e);
  if (g.inputs > 2) in[2] = load_unit(parameters, whole, e);
  load_parts(sum, lanes, parts);
  for (size_t at = 0; blocks > 0; blocks--, at += stride) {
    in[0] = held(load_unit(b.x + at, whole, e));
    in[1] = held(load_unit(b.dy + at, whole, e));
    g.with_pattern(in, out, &none, c, e);
    g.terms(in[0], in[1], terms, c, e);
    store_unit(b.dx + at, out[0], whole, e);
    UNROLL
    for (int p = 0; p < parts; p++) sum[p] = add_lanes(sum[p], terms[p], F64);
  }
  store_parts(sum, lanes, parts);
}

/* The last columns % unit of a row of a tile that does not take all columns. Their terms are those of a unit
 * that reaches back to columns that are done, without these. */
INLINE void add_rest(gradient g, gradient_buffers b, const char *parameters, size_t columns, double *lanes,
                     const constants *c) {
  const int e = g.element, parts = (int)(unit_of(e) / lanes_of(F64));
  const size_t unit = unit_of(e), rest = columns % unit, bytes = (size_t)size(e);
  const char *const end_x = b.x + columns * bytes, *const end_dy = b.dy + columns * bytes;
  double *const last = lanes + columns - unit;
  bits terms[MAX_PARTS], sum[MAX_PARTS], inside[MAX_PARTS];
  g.terms(load_unit(end_x - unit * bytes, 0, e), load_unit(end_dy - unit * bytes, 0, e), terms, c, e);
  load_parts(sum, last, parts);
  load_parts(inside, (const double *)(const void *)(window + LANES - (unit - rest)), parts);
  UNROLL
  for (int p = 0; p < parts; p++) sum[p] = add_lanes(sum[p], bitwise_and(terms[p], inside[p]), F64);
  store_parts(sum, last, parts);
  g.short_with_pattern(e, end_x - rest * bytes, end_dy - rest * bytes, parameters + (columns - rest) * bytes,
                       b.dx + (columns - rest) * bytes, rest);
}

/* n columns side by side, as add_columns. */
INLINE void add_rows(gradient g, gradient_buffers b, const char *parameters, size_t n, size_t stride,
                     size_t blocks, double *lanes) {
  const size_t bytes = (size_t)size(g.element), vector = lanes_of(g.element), unit = unit_of(g.element);
  const constants c = arithmetic(g.element, 0);
  size_t i = 0;
  for (; i + vector <= n; i += vector) {
    add_columns(g, 1, moved(b, i * bytes), parameters + i * bytes, stride, blocks, lanes + i, &c);
  }
  if (unit < vector) {
    for (; i + unit <= n; i += unit) {
      add_columns(g, 0, moved(b, i * bytes), parameters + i * bytes, stride, blocks, lanes + i, &c);
    }
  }
  for (size_t block = 0; i < n && block < blocks; block++) {
    add_rest(g, moved(b, block * stride), parameters, n, lanes, &c);
  }
}

/* The nodes of a panel of columns: level l at nodes + l * width. */
typedef struct {
  double *at;
  size_t width;
} node_rows;

INLINE bits folded(const double *lanes, size_t stride) {
  bits sum[LANES];
  UNROLL
  for (int l = 0; l < LANES; l++) sum[l] = load(lanes + (size_t)l * stride, F64);
  UNROLL
  for (int l = 0; l < 4; l++) sum[l] = add_lanes(sum[l], sum[l + 4], F64);
  return add_lanes(add_lanes(sum[0], sum[2], F64), add_lanes(sum[1], sum[3], F64), F64);
}

/* Full leaf k: takes up a node for each of its trailing one bits, and waits as the next level's. */
INLINE void merge_columns(const double *lanes, size_t stride, size_t columns, node_rows nodes, size_t k) {
  for (size_t c = 0; c < columns; c += lanes_of(F64)) {
    bits sum = folded(lanes + c, stride);
    double *node = nodes.at + c;
    for (size_t rest = k; rest & 1; rest >>= 1, node += nodes.width) {
      sum = add_lanes(load(node, F64), sum, F64);
    }
    store(node, sum, F64);
  }
}

/* The last leaf, after `leaves` full ones. */
INLINE void finish_columns(const double *lanes, size_t stride, size_t columns, node_rows nodes, size_t leaves,
                           double *sums) {
  for (size_t c = 0; c < columns; c += lanes_of(F64)) {
    bits sum = folded(lanes + c, stride);
    const double *node = nodes.at + c;
    for (size_t rest = leaves; rest; rest >>= 1, node += nodes.width) {
      if (rest & 1) sum = add_lanes(load(node, F64), sum, F64);
    }
    store(sums + c, sum, F64);
  }
}

INLINE void sum_columns(gradient g, gradient_buffers b, size_t rows, size_t channels) {
  const int e = g.element;
  _Alignas(VECTOR) double scratch[SCRATCH];
  double *const staged = scratch + LANES, *const lanes = staged + TILE + SLACK;
  double *const behind_lanes = lanes + LANES * TILE + SLACK, *const end = scratch + SCRATCH - SLACK;
  const size_t bytes = (size_t)size(e), row_bytes = channels * bytes;
  const size_t levels = levels_of(rows), leaves = rows / LEAF;

  /* Flat: all columns in one tile, 8 rows as one, with a pattern of parameters for them. */
  const size_t pattern_room = g.inputs > 2 ? (LANES * TILE * bytes + VECTOR) / sizeof(double) : 0;
  const int flat =
      channels <= TILE && levels * rounded_up(channels, 8) <= (size_t)(end - behind_lanes) - pattern_room;
  const char *parameters = b.parameters;
  node_rows nodes = {behind_lanes, 0};
  size_t panel = channels;
  if (flat) {
    if (g.inputs > 2) {
      parameters = (char *)behind_lanes;
      spread(e, b.parameters, channels, 1, LANES, (char *)behind_lanes);
    }
    nodes.at += pattern_room;
  } else if (levels > 0) {
    panel = balanced(channels, (size_t)(end - behind_lanes) / levels / 8 * 8);
  }
  const size_t tile = flat ? channels : balanced(panel, TILE);
  const size_t near = NEAR / (LANES * row_bytes), most = flat ? (near > 1 ? near : 1) : STEPS;
  nodes.width = rounded_up(panel, 8);

  for (size_t left = 0; left < channels; left += panel) {
    const size_t right = smaller_of(left + panel, channels);
    for (size_t leaf = 0; leaf <= leaves; leaf++) {
      const size_t last_row = leaf < leaves ? (leaf + 1) * LEAF : rows;
      for (size_t c = left; c < right; c += tile) {
        const size_t columns = smaller_of(tile, right - c), stride = flat ? columns : rounded_up(columns, 8);
        const node_rows own = {nodes.at + (c - left), nodes.width};
        size_t row = leaf * LEAF, blocks;
        set_to_zero((char *)lanes, LANES * stride * sizeof(double), F64);
        for (; row + LANES <= last_row; row += blocks * LANES) {
          const size_t at = row * row_bytes + c * bytes;
          blocks = smaller_of((last_row - row) / LANES, most);
          for (size_t r = 0; r < (flat ? 1 : LANES); r++) {
            add_rows(g, moved(b, at + r * row_bytes), parameters + c * bytes,
                     flat ? LANES * channels : columns, LANES * row_bytes, blocks, lanes + r * stride);
          }
        }
        for (double *lane = lanes; row < last_row; row++, lane += stride) {
          stage(g, 1, moved(b, row * row_bytes + c * bytes), parameters + c * bytes, 0, columns, staged);
          set_to_zero((char *)(staged + columns), (rounded_up(columns, 8) - columns) * sizeof(double), F64);
          for (size_t i = 0; i < columns; i += lanes_of(F64)) {
            store(lane + i, add_lanes(load(lane + i, F64), load(staged + i, F64), F64), F64);
          }
        }
        if (leaf < leaves) {
          merge_columns(lanes, stride, columns, own, leaf);
        } else {
          finish_columns(lanes, stride, columns, own, leaves, staged);
          for (size_t i = 0; i < columns; i++) store_sum(b.sums, c + i, staged[i], e);
        }
      }
    }
  }
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

/* How many registers hold the lanes of a channel. */
INLINE int lane_registers(void) { return (int)(LANES / lanes_of(F64)); }

/* Lane l of `from` to lane l - by of `to`, modulo 8. */
INLINE void turn(const double *from, size_t by, double *to) {
  double twice[2 * LANES];
  bits sum[LANES];
  load_parts(sum, from, lane_registers());
  store_parts(sum, twice, lane_registers());
  store_parts(sum, twice + LANES, lane_registers());
  load_parts(sum, twice + by, lane_registers());
  store_parts(sum, to, lane_registers());
}

/* n staged terms of one leaf, the first in lane `phase`. Reads up to 8 doubles before and 16 after them. The
 * number of groups depends on n alone: branches on the phase would be mispredicted. */
INLINE void add_run(double *lanes, const double *staged, size_t phase, size_t n) {
  const double *group = staged - phase;
  size_t groups = (n + 2 * LANES - 2) / LANES, end = phase + n;
  bits sum[LANES], term[LANES], from[LANES], to[LANES];
  load_parts(sum, lanes, lane_registers());
  load_parts(from, (const double *)(const void *)(window + LANES - phase), lane_registers());
  for (; groups > 2; groups--, group += LANES, end -= LANES) {
    load_parts(term, group, lane_registers());
    UNROLL
    for (int r = 0; r < lane_registers(); r++) {
      sum[r] = add_lanes(sum[r], bitwise_and(term[r], from[r]), F64);
    }
    load_parts(from, (const double *)(const void *)(window + LANES), lane_registers());
  }
  for (; groups > 0; groups--, group += LANES, end = end > LANES ? end - LANES : 0) {
    load_parts(term, group, lane_registers());
    load_parts(to, (const double *)(const void *)(window + 2 * LANES - smaller_of(end, LANES)),
               lane_registers());
    UNROLL
    for (int r = 0; r < lane_registers(); r++) {
      const bits inside = bitwise_and(from[r], to[r]);
      sum[r] = add_lanes(sum[r], bitwise_and(term[r], inside), F64);
    }
    load_parts(from, (const double *)(const void *)(window + LANES), lane_registers());
  }
  store_parts(sum, lanes, lane_registers());
}

INLINE double fold(const double *lanes) {
  double sum[4];
  UNROLL
  for (int l = 0; l < 4; l++) sum[l] = lanes[l] + lanes[l + 4];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

INLINE void merge(double *lanes, double *nodes, size_t k) {
  double sum = fold(lanes);
  for (; k & 1; k >>= 1) sum = *nodes++ + sum;
  *nodes = sum;
  set_to_zero((char *)lanes, LANES * sizeof(double), F64);
}

INLINE double finish(const double *lanes, const double *nodes, size_t leaves) {
  double sum = fold(lanes);
  for (; leaves; leaves >>= 1, nodes++) {
    if (leaves & 1) sum = *nodes + sum;
  }
  return sum;
}

/* n staged terms of one channel from number j on. */
INLINE void add_terms(double *lanes, double *nodes, const double *staged, size_t j, size_t n) {
  while (n > 0) {
    const size_t count = smaller_of(n, LEAF - j % LEAF);
    add_run(lanes, staged, j % LANES, count);
    staged += count, j += count, n -= count;
    if (j % LEAF == 0) merge(lanes, nodes, j / LEAF - 1);
  }
}

/* A long run of one channel, its first term being number j. */
INLINE void add_long_run(gradient g, gradient_buffers b, int64_t parameter, size_t n, double *lanes,
                         double *nodes, size_t j, double *staged) {
  const int e = g.element, parts = parts_of(e);
  const size_t bytes = (size_t)size(e), vector = lanes_of(e), step = vector > LANES ? vector : LANES;
  const constants c = arithmetic(e, parameter);
  while (n > 0) {
    const size_t count = smaller_of(n, LEAF - j % LEAF), phase = j % LANES;
    const char *const in[] = {b.x, b.dy};
    /* What is left of the last vector is staged with one before it, for it to be one whole vector at least. */
    size_t i = 0, whole = count / step * step;
    if (whole < count && whole > 0) whole -= step;
    if (whole > 0) {
      double turned[LANES];
      bits sum[LANES], terms[MAX_PARTS];
      turn(lanes, phase, turned);
      load_parts(sum, turned, lane_registers());
      for (; i < whole; i += step) {
        UNROLL
        for (size_t v = 0; v < step / vector; v++) {
          const size_t at = (i + v * vector) * bytes;
          store(b.dx + at, visit_vector(g, g.with_constant, 2, in, at, terms, &c), e);
          UNROLL
          for (int p = 0; p < parts; p++) {
            const int r = ((int)v * parts + p) % lane_registers();
            sum[r] = add_lanes(sum[r], terms[p], F64);
          }
        }
      }
      store_parts(sum, turned, lane_registers());
      turn(turned, (LANES - phase) % LANES, lanes);
    }
    if (whole < count) {
      stage(g, 0, moved(b, whole * bytes), NULL, parameter, count - whole, staged);
      add_run(lanes, staged, phase, count - whole);
    }
    b = moved(b, count * bytes);
    j += count, n -= count;
    if (j % LEAF == 0) merge(lanes, nodes, j / LEAF - 1);
  }
}

INLINE void sum_long_runs(gradient g, gradient_buffers b, dimensions d) {
  const int e = g.element;
  _Alignas(VECTOR) double scratch[SCRATCH];
  double *const staged = scratch + LANES, *const lanes = staged + CHUNK + SLACK;
  const size_t run = d.inner * (size_t)size(e), row = d.channels * run, terms = d.outer * d.inner;
  const size_t levels = levels_of(terms);
  const size_t room = (size_t)(scratch + SCRATCH - lanes),
               width = smaller_of(room / (LANES + levels), d.channels);

  for (size_t c0 = 0; c0 < d.channels; c0 += width) {
    const size_t channels = smaller_of(width, d.channels - c0);
    double *const nodes = lanes + channels * LANES;
    set_to_zero((char *)lanes, channels * LANES * sizeof(double), F64);
    for (size_t o = 0; o < d.outer; o++) {
      for (size_t c = 0; c < channels; c++) {
        const int64_t parameter = g.inputs > 2 ? parameter_of(b.parameters, c0 + c, e) : 0;
        add_long_run(g, moved(b, o * row + (c0 + c) * run), parameter, d.inner, lanes + c * LANES,
                     nodes + c * levels, o * d.inner, staged);
      }
    }
    for (size_t c = 0; c < channels; c++) {
      store_sum(b.sums, c0 + c, finish(lanes + c * LANES, nodes + c * levels, terms / LEAF), e);
    }
  }
}

INLINE void sum_short_runs(gradient g, gradient_buffers b, dimensions d) {
  const int e = g.element;
  _Alignas(VECTOR) double scratch[SCRATCH];
  double *const staged = scratch + LANES, *const lanes = staged + CHUNK + SLACK;
  double *const scratch_end = scratch + SCRATCH - SLACK;
  const size_t bytes = (size_t)size(e), inner = d.inner, row = d.channels * inner, total = d.outer * row;
  const size_t levels = levels_of(d.outer * inner), leaves = d.outer * inner / LEAF;
  const size_t pattern = g.inputs > 2 ? (inner * bytes + 7) / 8 : 0; /* doubles a channel */
  const size_t width = smaller_of((size_t)(scratch_end - lanes) / (LANES + levels + pattern), d.channels);

  for (size_t c0 = 0; c0 < d.channels; c0 += width) {
    const size_t channels = smaller_of(width, d.channels - c0);
    double *const nodes = lanes + channels * LANES;
    char *const parameters = (char *)(nodes + channels * levels);
    set_to_zero((char *)lanes, channels * LANES * sizeof(double), F64);

    /* All channels: one span of memory, and the pattern may be repeated. Else a span for each row. */
    const int all = channels == d.channels;
    const size_t span = all ? total : channels * inner;
    size_t period = span, chunk = CHUNK;
    if (g.inputs > 2) {
      const size_t pattern_room = (size_t)((char *)scratch_end - parameters) / bytes;
      size_t repeats = smaller_of(pattern_room, CHUNK) / (channels * inner);
      repeats = all && repeats > 1 ? smaller_of(repeats, d.outer) : 1;
      period = channels * inner * repeats;
      spread(e, b.parameters + c0 * bytes, channels, inner, repeats, parameters);
      chunk = balanced(period, CHUNK);
    }

    size_t j = 0; /* the number of the first term of a run, for all channels */
    for (size_t start = c0 * inner; start < total; start += all ? total : row) {
      size_t c = 0, done = 0, at = 0; /* done: of the run; at: in the pattern */
      for (size_t i = start, end = start + span, n; i < end; i += n) {
        n = smaller_of(smaller_of(chunk, end - i), period - at);
        stage(g, 1, moved(b, i * bytes), g.inputs > 2 ? parameters + at * bytes : parameters, 0, n, staged);
        at = at + n < period ? at + n : 0;
        for (size_t t = 0, count; t < n; t += count) {
          count = smaller_of(inner - done, n - t);
          add_terms(lanes + c * LANES, nodes + c * levels, staged + t, j + done, count);
          done += count;
          if (done < inner) break;
          done = 0;
          if (++c == channels) c = 0, j += inner;
        }
      }
    }
    for (size_t c = 0; c < channels; c++) {
      store_sum(b.sums, c0 + c, finish(lanes + c * LANES, nodes + c * levels, leaves), e);
    }
  }
}

INLINE void sum_over_channels(gradient g, gradient_buffers b, dimensions d) {
  if (d.inner == 1 && d.channels > 1) {
    sum_columns(g, b, d.outer, d.channels);
  } else if (d.inner >= CHUNK) {
    sum_long_runs(g, b, d);
  } else {
    sum_short_runs(g, b, d);
  }
}

#endif
