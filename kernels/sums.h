/* Gradients that also sum over a channel: dx, and dslope or dbias in one tree of additions in f64 that the shape
 * alone fixes, so that every ISA gives the same bits.
 *
 * A channel's terms, in memory order, are numbered from 0; an element that is not selected is a term +0. Term j
 * goes to lane j mod 8 of leaf j div 256. A leaf folds its lanes l and l + 4, then l and l + 2, then 0 and 1.
 * Full leaves merge like a binary counter, each node waiting for its twin. At the end the leaf that is not full
 * (it may be empty) takes up what waits, smallest node first; then one rounding to the type of the result.
 *
 * - inner = 1: a lane is a row of every eighth; columns of elements are added to columns of lanes;
 * - long runs: a whole leaf is added to its lanes in registers;
 * - short runs, and what is less than a leaf of long ones: the terms are staged on the stack first. Those of a run
 *   that begins in lane l are read from l terms before it, so that eight terms stand in the order of the lanes. */
#ifndef FASTRELU_KERNELS_SUMS_H
#define FASTRELU_KERNELS_SUMS_H

#include "base.h"
#include "channels.h"
#include "combine.h"
#include "operations.h"
#include "walks.h"

enum { LEAF = 256, LANES = 8 };

/* Of the stack a call takes SCRATCH doubles, 28 KiB: staged terms, and lanes, nodes and parameters of as many
 * channels as fit. SLACK is what whole vectors may touch beyond. */
enum { SCRATCH = 3584, STAGED = 512, SLACK = 40 };

/* Up to TILE columns have their lanes at once. If those are all, rows lie side by side, and 8 of them are as one
 * row. While a lane is in its register, several rows are added to it: of a tile STEPS, side by side as many as
 * lie within NEAR bytes. More would be more streams than the prefetchers follow: past the cache one row at once
 * was twice as fast as eight on Zen 4 for 64 channels, but of tiles four were 1.6 times as fast as one. */
enum { TILE = 160, STEPS = 4, NEAR = 768 };

/* Kernels: dx with a parameter for each element, and the sums of runs. */
typedef void pattern_kernel(int e, const void *x, const void *dy, const void *parameters, void *dx, size_t n);
typedef int sum_kernel(const double *staged, size_t stride, size_t runs, size_t phase, size_t count,
                       double *lanes);

/* Constant, so that every test on it folds. The operation has a third input where there are parameters. */
typedef struct {
  int element, inputs;
  enum walk walk;
  operation *op;
  term_operation *terms;
  pattern_kernel *pattern;
  copy_kernel *copy;
  sum_kernel *add_runs;
} gradient;

typedef struct {
  const char *x, *dy, *parameters;
  char *dx;
  void *sums;
  int unrounded;  /* the sums are doubles: someone adds more to them */
  size_t ahead;   /* so many bytes from what is visited lies what is fetched, if not 0 */
  int fetches_dx; /* of dx, too, where a walk may stream: it decides by the shape */
} gradient_buffers;

INLINE gradient_buffers moved(gradient_buffers b, size_t bytes) {
  b.x += bytes;
  b.dy += bytes;
  b.dx += bytes;
  return b;
}

/* Tensors of FETCHED bytes or more, past the second cache, are fetched ahead on CPUs that gain by fetching from several
 * pages: AHEAD bytes, or where only some columns of a row are visited at a time, or a piece of at most NEXT_PIECE bytes,
 * the same ones of the next row. What is stored is fetched too, for ordinary stores read their lines. */
enum { FETCHED = 2 << 20, AHEAD = 2048, NEXT_PIECE = 8192 };

INLINE void fetch_ahead(gradient g, gradient_buffers b, size_t at) {
  if (!retested(b.ahead != 0)) return;
  __builtin_prefetch(b.x + at + b.ahead, 0, 3);
  __builtin_prefetch(b.dy + at + b.ahead, 0, 3);
  if (g.walk != STREAMING || retested(b.fetches_dx)) __builtin_prefetch(b.dx + at + b.ahead, 0, 3);
}

INLINE unsigned levels_of(size_t terms) {
  const uint64_t leaves = terms / LEAF;
  return leaves ? 64 - (unsigned)__builtin_clzll(leaves) : 0;
}

INLINE size_t rounded_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

/* The smallest equal parts of n, multiples of `unit`, of which no more are needed than of `most`, another. */
INLINE size_t balanced(size_t n, size_t most, size_t unit) {
  const size_t parts = (n + most - 1) / most;
  return rounded_up((n + parts - 1) / parts, unit);
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
INLINE bits visit_vector(gradient g, gradient_buffers b, size_t at, bits parameter, bits terms[],
                         const constants *c) {
  fetch_ahead(g, b, at);
  bits x[MAX_INPUTS] = {load(b.x + at, g.element), load(b.dy + at, g.element), parameter};
  bits out[MAX_OUTPUTS];
  mask none = from_bits(0, 0, g.element);
  g.op(x, out, &none, c, g.element);
  g.terms(x[0], x[1], terms, c, g.element);
  return out[0];
}
INLINE bits visit_with_pattern(gradient g, gradient_buffers b, size_t at, bits terms[], const constants *c) {
  const bits parameter = g.inputs > 2 ? load(b.parameters + at, g.element) : broadcast(0, g.element);
  return visit_vector(g, b, at, parameter, terms, c);
}

/* n elements: dx, and their terms in memory order, staged. Returns where: the vectors between the first and the
 * last, which overlap them, are aligned in dx and on the stack both. */
INLINE const double *stage(gradient g, gradient_buffers b, size_t n, double *staged) {
  const int e = g.element, parts = parts_of(e);
  const constants c = arithmetic(e, 0);
  const size_t bytes = (size_t)size(e), lanes = lanes_of(e);
  bits terms[MAX_PARTS];
  if (n < lanes) {
    g.terms(load_short(g, b.x, n), load_short(g, b.dy, n), terms, &c, e);
    store_parts(terms, staged, parts);
    g.pattern(e, b.x, b.dy, b.parameters, b.dx, n);
    return staged;
  }
  const size_t misaligned = ((uintptr_t)b.dx & (uintptr_t)(vector_bytes(e) - 1)) / bytes;
  staged += misaligned;
  bits pending = visit_with_pattern(g, b, 0, terms, &c);
  store_parts(terms, staged, parts);
  size_t at = 0; /* of what is pending, for the next vector may overlap it and is read first */
  const size_t end = n > 2 * lanes ? n - lanes : 0; /* or the first and the last are all */
  for (size_t i = lanes - misaligned; i < end; i += lanes) {
    const bits out = visit_with_pattern(g, b, i * bytes, terms, &c);
    store_parts(terms, staged + i, parts);
    store(b.dx + at, pending, e);
    pending = out, at = i * bytes;
  }
  const bits last = visit_with_pattern(g, b, (n - lanes) * bytes, terms, &c);
  store_parts(terms, staged + n - lanes, parts);
  store(b.dx + at, pending, e);
  store(b.dx + (n - lanes) * bytes, last, e);
  return staged;
}

INLINE void store_sum(gradient_buffers b, size_t c, double sum, int e) {
  if (e == F64 || b.unrounded) {
    ((double *)b.sums)[c] = sum;
    __asm__("" ::: "memory"); /* gcc would make a loop of this a call of memcpy */
  } else {
    ((float *)b.sums)[c] = (float)sum;
  }
}

/* Bits from position 8 to 15 are set: 8 words from 8 - l on cover lanes l and up, from 16 - l on those below. */
static const int64_t window[3 * LANES] = {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

/* In a walk that streams, the last of the scratch, from COMBINER on, is the buffer where dx is combined, of which a
 * stretch has at most COMBINED bytes. */
enum { COMBINED = STAGED * sizeof(double), COMBINER = SCRATCH - (COMBINED + LINE) / sizeof(double) };

INLINE size_t end_of(gradient g) { return (g.walk == STREAMING ? COMBINER : SCRATCH) - SLACK; }

INLINE combiner combiner_of(gradient g, double *scratch) {
  return combiner_at(g.walk == STREAMING, g.element, g.copy, (char *)(scratch + COMBINER));
}

/* ---- inner = 1 ------------------------------------------------------------------------------------------- */

/* A vector of elements, or where it has more than lanes are in a leaf, as many as those: whole vectors of
 * doubles in every ISA. */
INLINE size_t unit_of(int e) { return smaller_of(lanes_of(e), LANES); }

INLINE bits load_unit(const void *p, int whole, int e) {
  return whole || lanes_of(e) <= LANES ? load(p, e) : load_eight(p, e);
}

INLINE void store_unit(void *p, bits x, int whole, int streamed, int e) {
  if (streamed) {
    stream(p, x, e);
  } else if (whole || lanes_of(e) <= LANES) {
    store(p, x, e);
  } else {
    store_eight(p, x, e);
  }
}

/* A whole vector of columns, or a unit of them, in `blocks` rows that add to the same lanes; `stride` is the
 * distance from one to the next in bytes. Of dx `streamed` are whole lines. */
INLINE void add_columns(gradient g, int whole, gradient_buffers b, const char *parameters, size_t stride,
                        size_t blocks, double *lanes, int streamed, const constants *c) {
  const int e = g.element, parts = (int)((whole ? lanes_of(e) : unit_of(e)) / lanes_of(F64));
  bits in[MAX_INPUTS], out[MAX_OUTPUTS], terms[MAX_PARTS], sum[MAX_PARTS];
  mask none = from_bits(0, 0, e);
  if (g.inputs > 2) in[2] = load_unit(parameters, whole, e);
  load_parts(sum, lanes, parts);
  for (size_t at = 0; blocks > 0; blocks--, at += stride) {
    fetch_ahead(g, b, at);
    in[0] = load_unit(b.x + at, whole, e);
    in[1] = load_unit(b.dy + at, whole, e);
    g.op(in, out, &none, c, e);
    g.terms(in[0], in[1], terms, c, e);
    store_unit(b.dx + at, out[0], whole, streamed, e);
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
  g.pattern(e, end_x - rest * bytes, end_dy - rest * bytes, parameters + (columns - rest) * bytes,
            b.dx + (columns - rest) * bytes, rest);
}

/* n columns side by side, as add_columns. */
INLINE void add_rows(gradient g, gradient_buffers b, const char *parameters, size_t n, size_t stride,
                     size_t blocks, double *lanes, int streamed) {
  const size_t bytes = (size_t)size(g.element), vector = lanes_of(g.element), unit = unit_of(g.element);
  const constants c = arithmetic(g.element, 0);
  size_t i = 0;
  for (; i + vector <= n; i += vector) {
    add_columns(g, 1, moved(b, i * bytes), parameters + i * bytes, stride, blocks, lanes + i, streamed, &c);
  }
  if (unit < vector) {
    for (; i + unit <= n; i += unit) {
      add_columns(g, 0, moved(b, i * bytes), parameters + i * bytes, stride, blocks, lanes + i, 0, &c);
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

/* Where in the scratch nodes begin, and patterns before them. */
enum {
  STAGED_ROW = LANES,
  OF_LANES = STAGED_ROW + TILE + SLACK,
  BEHIND_LANES = OF_LANES + LANES * TILE + SLACK
};

INLINE size_t room_for_nodes(gradient g) { return end_of(g) - BEHIND_LANES; }

/* Of a pattern of 8 rows' parameters, in doubles. */
INLINE size_t pattern_of_rows(gradient g, dimensions d) {
  return g.inputs > 2 ? (LANES * d.channels * (size_t)size(g.element) + VECTOR) / sizeof(double) : 0;
}

/* Whether all columns are in one tile, 8 rows as one, with a pattern of parameters for them. */
INLINE int is_flat(gradient g, dimensions d) {
  const size_t nodes = levels_of(d.outer) * rounded_up(d.channels, 8);
  return is_whole(d) && d.channels <= TILE && nodes + pattern_of_rows(g, d) <= room_for_nodes(g);
}

INLINE void sum_columns(gradient g, gradient_buffers b, dimensions d) {
  const int e = g.element;
  _Alignas(VECTOR) double scratch[SCRATCH];
  double *const staged = scratch + STAGED_ROW, *const lanes = scratch + OF_LANES;
  double *const behind_lanes = scratch + BEHIND_LANES;
  combiner w = combiner_of(g, scratch);
  const size_t rows = d.outer, channels = d.channels, bytes = (size_t)size(e), row_bytes = d.row * bytes;
  const size_t levels = levels_of(rows), leaves = rows / LEAF;

  /* In a walk that streams dx is combined if 8 rows are flat and fit, else streamed at once if rows consist of lines, and
   * vectors are lines: lines in two parts cost more than they save. */
  const int can_stream = g.walk == STREAMING && vector_bytes(e) == LINE;
  const int in_lines = (((uintptr_t)b.dx | row_bytes | channels * bytes) & (LINE - 1)) == 0;
  w.combines = g.walk == STREAMING && is_flat(g, d) && LANES * row_bytes <= COMBINED;
  const int streamed = can_stream && !w.combines && in_lines, flat = is_flat(g, d) && !streamed;
  b.fetches_dx = !w.combines && !streamed;
  const char *parameters = b.parameters;
  node_rows nodes = {behind_lanes, 0};
  const size_t unit = streamed ? LINE / bytes : LANES;
  size_t panel = channels;
  if (flat) {
    if (g.inputs > 2) {
      parameters = (char *)behind_lanes;
      spread(e, b.parameters, channels, 1, LANES, (char *)behind_lanes);
    }
    nodes.at += pattern_of_rows(g, d);
  } else if (levels > 0) {
    panel = balanced(channels, room_for_nodes(g) / levels / unit * unit, unit);
  }
  const size_t tile = flat ? channels : balanced(panel, TILE, unit);
  const size_t near = NEAR / (LANES * row_bytes), most = flat ? (near > 1 ? near : 1) : STEPS;
  nodes.width = rounded_up(panel, 8);
  if (b.ahead && !flat) b.ahead = row_bytes;

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
            gradient_buffers from = moved(b, at + r * row_bytes);
            from.dx = stretch_at(&w, from.dx);
            add_rows(g, from, parameters + c * bytes, flat ? LANES * channels : columns, LANES * row_bytes,
                     blocks, lanes + r * stride, streamed);
            stretch_written(&w, blocks * LANES * row_bytes);
          }
        }
        for (double *lane = lanes; row < last_row; row++, lane += stride) {
          gradient_buffers from = moved(b, row * row_bytes + c * bytes);
          from.parameters = parameters + c * bytes;
          from.dx = stretch_at(&w, from.dx);
          const double *const terms = stage(g, from, columns, staged);
          stretch_written(&w, columns * bytes);
          set_to_zero((char *)(staged + (terms - staged) + columns),
                      (rounded_up(columns, 8) - columns) * sizeof(double), F64);
          for (size_t i = 0; i < columns; i += lanes_of(F64)) {
            store(lane + i, add_lanes(load(lane + i, F64), load(terms + i, F64), F64), F64);
          }
        }
        if (leaf < leaves) {
          merge_columns(lanes, stride, columns, own, leaf);
        } else {
          finish_columns(lanes, stride, columns, own, leaves, staged);
          for (size_t i = 0; i < columns; i++) store_sum(b, c + i, staged[i], e);
        }
      }
    }
  }
  end_of_stretches(&w);
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

/* How many registers hold the lanes of a channel. */
INLINE int lane_registers(void) { return (int)(LANES / lanes_of(F64)); }

/* Adds groups of eight terms to the lanes of `some` runs, which lie `stride` terms apart, side by side: one chain
 * of additions alone is bound by their latency. Of the first and the last group only some terms are the run's:
 * the others become +0, which changes no lane, for none is ever -0. */
INLINE void add_side_by_side(int some, const double *terms, size_t stride, size_t groups, const bits first[],
                             const bits last[], double *lanes) {
  bits sum[4][LANES], group[LANES];
  UNROLL
  for (int a = 0; a < some; a++) {
    load_parts(sum[a], lanes + a * LANES, lane_registers());
    load_parts(group, terms + (size_t)a * stride, lane_registers());
    UNROLL
    for (int r = 0; r < lane_registers(); r++) {
      sum[a][r] = add_lanes(sum[a][r], bitwise_and(group[r], first[r]), F64);
    }
  }
  for (; groups > 2; groups--) {
    terms += LANES;
    UNROLL
    for (int a = 0; a < some; a++) {
      load_parts(group, terms + (size_t)a * stride, lane_registers());
      UNROLL
      for (int r = 0; r < lane_registers(); r++) sum[a][r] = add_lanes(sum[a][r], group[r], F64);
    }
  }
  if (groups > 1) {
    UNROLL
    for (int a = 0; a < some; a++) {
      load_parts(group, terms + LANES + (size_t)a * stride, lane_registers());
      UNROLL
      for (int r = 0; r < lane_registers(); r++) {
        sum[a][r] = add_lanes(sum[a][r], bitwise_and(group[r], last[r]), F64);
      }
    }
  }
  UNROLL
  for (int a = 0; a < some; a++) store_parts(sum[a], lanes + a * LANES, lane_registers());
}

/* Adds the staged terms of `runs` channels, `count` of each, the first in lane `phase`. Reads up to 7 doubles
 * before and after them. */
INLINE void add_runs(int e, const double *staged, size_t stride, size_t runs, size_t phase, size_t count,
                     double *lanes) {
  const size_t groups = (phase + count + LANES - 1) / LANES, in_last = phase + count - (groups - 1) * LANES;
  bits first[LANES], last[LANES];
  load_parts(first, (const double *)(const void *)(window + LANES - phase), lane_registers());
  load_parts(last, (const double *)(const void *)(window + 2 * LANES - in_last), lane_registers());
  if (groups == 1) {
    UNROLL
    for (int r = 0; r < lane_registers(); r++) first[r] = bitwise_and(first[r], last[r]);
  }
  (void)e;
  staged -= phase;
  const int some = lane_registers() < 4 ? 4 / lane_registers() : 1;
  size_t run = 0;
  if (some > 1) {
    for (; run + (size_t)some <= runs; run += (size_t)some) {
      add_side_by_side(some, staged + run * stride, stride, groups, first, last, lanes + run * LANES);
    }
  }
  for (; run < runs; run++) {
    add_side_by_side(1, staged + run * stride, stride, groups, first, last, lanes + run * LANES);
  }
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

/* Channels side by side: the lanes of each, then the nodes of each. */
typedef struct {
  double *lanes, *nodes;
  size_t levels;
} trees;

INLINE trees tree_of(trees t, size_t c) {
  return (trees){t.lanes + c * LANES, t.nodes + c * t.levels, t.levels};
}

/* Staged terms of channels side by side, n of each, the first being number j. */
INLINE void add_terms(gradient g, const double *staged, size_t channels, size_t n, size_t j, trees t) {
  const size_t stride = n;
  for (size_t count; n > 0; staged += count, j += count, n -= count) {
    count = smaller_of(n, LEAF - j % LEAF);
    g.add_runs(staged, stride, channels, j % LANES, count, t.lanes);
    if ((j + count) % LEAF > 0) continue;
    for (size_t c = 0; c < channels; c++) merge(tree_of(t, c).lanes, tree_of(t, c).nodes, j / LEAF);
  }
}

/* A whole leaf of one channel: dx, and its lanes. */
INLINE void sum_leaf(gradient g, gradient_buffers b, bits parameter, double *lanes) {
  const int e = g.element, parts = parts_of(e);
  const size_t bytes = (size_t)size(e), vector = lanes_of(e), step = vector > LANES ? vector : LANES;
  const constants c = arithmetic(e, 0);
  bits sum[LANES], terms[MAX_PARTS];
  UNROLL
  for (int r = 0; r < lane_registers(); r++) sum[r] = broadcast(0, F64);
  for (size_t i = 0; i < LEAF; i += step) {
    UNROLL
    for (size_t v = 0; v < step / vector; v++) {
      const size_t at = (i + v * vector) * bytes;
      store(b.dx + at, visit_vector(g, b, at, parameter, terms, &c), e);
      UNROLL
      for (int p = 0; p < parts; p++) {
        const int r = ((int)v * parts + p) % lane_registers();
        sum[r] = add_lanes(sum[r], terms[p], F64);
      }
    }
  }
  store_parts(sum, lanes, lane_registers());
}

/* A run of one channel, its first term being number j: whole leaves at once, what lies before and after them
 * staged. `parameter`, and LEAF of it in b.parameters. */
INLINE void sum_long_run(gradient g, gradient_buffers b, bits parameter, size_t n, size_t j, double *staged,
                         trees t, combiner *w) {
  const size_t bytes = (size_t)size(g.element);
  for (size_t count; n > 0; b = moved(b, count * bytes), j += count, n -= count) {
    gradient_buffers from = b;
    from.dx = stretch_at(w, b.dx);
    if (j % LEAF > 0 || n < LEAF) {
      count = smaller_of(n, LEAF - j % LEAF);
      add_terms(g, stage(g, from, count, staged), 1, count, j, t);
    } else {
      double lanes[LANES];
      count = LEAF;
      sum_leaf(g, from, parameter, lanes);
      merge(lanes, t.nodes, j / LEAF);
    }
    stretch_written(w, count * bytes);
  }
}

INLINE void sum_runs(gradient g, gradient_buffers b, dimensions d) {
  const int e = g.element;
  _Alignas(VECTOR) double scratch[SCRATCH];
  double *const staged = scratch + LANES;
  const size_t bytes = (size_t)size(e), run = d.inner * bytes, row = d.row * bytes;
  const size_t terms = d.outer * d.inner;
  const int long_runs = d.inner >= LEAF;
  const int short_patterns = g.inputs > 2 && !long_runs;
  trees t = {staged + STAGED + SLACK, NULL, levels_of(terms)};
  double *const end = scratch + end_of(g);
  combiner w = combiner_of(g, scratch);
  w.combines = g.walk == STREAMING && (is_whole(d) || d.channels * run >= COMBINED);
  b.fetches_dx = !w.combines;

  /* Parameters: LEAF times that of a long run, or those of a block; or of all channels, if they fit. */
  char *const of_a_run = (char *)end - LEAF * bytes, *const of_a_block = (char *)end - STAGED * bytes;
  const size_t whole = (size_t)(end - t.lanes), a_tree = LANES + t.levels, pattern = (run + 7) / 8;
  const int of_all = short_patterns && whole / (a_tree + pattern) >= d.channels;
  size_t room = whole;
  if (g.inputs > 2 && !of_all) room -= (long_runs ? LEAF : STAGED) * bytes / sizeof(double);
  const size_t most = of_all ? d.channels : room / a_tree, passes = (d.channels + most - 1) / most;
  const size_t width = (d.channels + passes - 1) / passes;
  if (b.ahead && passes > 1 && width * run <= NEXT_PIECE) b.ahead = row;

  for (size_t c0 = 0; c0 < d.channels; c0 += width) {
    const size_t channels = smaller_of(width, d.channels - c0);
    t.nodes = t.lanes + channels * LANES;
    set_to_zero((char *)t.lanes, channels * LANES * sizeof(double), F64);

    if (long_runs) {
      for (size_t i = 0; i < d.outer * channels; i++) {
        const size_t o = i / channels, c = i % channels, j = o * d.inner;
        gradient_buffers from = moved(b, o * row + (c0 + c) * run);
        bits parameter = broadcast(0, e);
        if (g.inputs > 2) {
          parameter = broadcast(load_element(b.parameters + (c0 + c) * bytes, e), e);
          if ((j | (j + d.inner)) % LEAF) spread(e, b.parameters + (c0 + c) * bytes, 1, LEAF, 1, of_a_run);
          from.parameters = of_a_run;
        }
        sum_long_run(g, from, parameter, d.inner, j, staged, tree_of(t, c), &w);
      }
    } else {
      /* As many channels at once as are staged at once; if those are all, several rows. Fewer where the core would wait
       * for memory while it visits them, and memory for the core while it adds. */
      char *const parameters = of_all ? (char *)(t.nodes + channels * t.levels) : of_a_block;
      const size_t most_terms = g.walk == STREAMING ? LEAF : STAGED;
      const size_t block = smaller_of(most_terms / d.inner, channels), columns_of_all = d.channels * d.inner;
      size_t rows = block == d.channels && is_whole(d) ? smaller_of(most_terms / columns_of_all, d.outer) : 1;
      if (of_all) {
        if (rows > 1) rows = smaller_of(rows, (size_t)((char *)end - parameters) / row);
        spread(e, b.parameters + c0 * bytes, channels, d.inner, rows, parameters);
      }
      for (size_t o = 0; o < d.outer; o += rows) {
        const size_t until = smaller_of(o + rows, d.outer);
        for (size_t c = 0; c < channels; c += block) {
          const size_t together = smaller_of(block, channels - c), columns = together * d.inner;
          gradient_buffers from = moved(b, o * row + (c0 + c) * run);
          if (short_patterns) {
            from.parameters = of_all ? parameters + c * run : of_a_block;
            if (!of_all) spread(e, b.parameters + (c0 + c) * bytes, together, d.inner, rows, of_a_block);
          }
          from.dx = stretch_at(&w, from.dx);
          const double *const of_block = stage(g, from, (until - o) * columns, staged);
          stretch_written(&w, (until - o) * columns * bytes);
          for (size_t r = o; r < until; r++) {
            add_terms(g, of_block + (r - o) * columns, together, d.inner, r * d.inner, tree_of(t, c));
          }
        }
      }
    }
    for (size_t c = 0; c < channels; c++) {
      store_sum(b, c0 + c, finish(tree_of(t, c).lanes, tree_of(t, c).nodes, terms / LEAF), e);
    }
  }
  end_of_stretches(&w);
}

INLINE void sum_over_channels(gradient g, gradient_buffers b, dimensions d) {
  const size_t bytes = 3 * d.outer * d.channels * d.inner * (size_t)size(g.element);
  if (fetches_pages() && bytes >= FETCHED) b.ahead = AHEAD;
  if (d.inner == 1 && d.channels > 1) {
    sum_columns(g, b, d);
  } else {
    sum_runs(g, b, d);
  }
  if (g.walk == STREAMING) fence();
}

#endif
