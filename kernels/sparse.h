/* The walk that keeps the active elements only, over the vocabulary of the ISA that includes this: `compress`
 * moves those of a group of lanes to its front and stores the group whole, so that what lies behind them is
 * overwritten by the next group's. */
#ifndef FASTRELU_KERNELS_SPARSE_H
#define FASTRELU_KERNELS_SPARSE_H

#include "base.h"
#include "operations.h"
#include "walks.h"

typedef struct {
  const char *x;
  char *values;
  uint32_t *indices;
  size_t i, found; /* elements looked at, and those of them that were active */
  bits first;      /* i in every 32-bit lane */
} compression;

/* Four groups, the shortest that reached the speed of longer ones; vectors of the widest types are groups. */
INLINE int compress_batch(int e) { return 4 * group_of(e) / (int)lanes_of(e); }

/* The groups of one vector; `whole` as `compress` has it. */
INLINE void compress_vector(compression *c, bits x, mask m, int whole, int e) {
  const int group = group_of(e), groups = (int)lanes_of(e) / group;
  UNROLL
  for (int g = 0; g < groups; g++) {
    c->found +=
        compress(x, m, g, c->first, c->values + c->found * (size_t)size(e), c->indices + c->found, whole, e);
    c->first = add_words(c->first, broadcast(group, W32), W32);
  }
}

/* found <= i: the stores of a vector stay below the end of that vector, inside of n; in place they reach
 * nothing that is still to be loaded. */
INLINE void compress_vectors(compression *c, const constants *k, int vectors, int e) {
  bits x[MAX_BATCH];
  mask m[MAX_BATCH];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    x[v] = held(load(c->x + (c->i + (size_t)v * lanes_of(e)) * (size_t)size(e), e));
    m[v] = is_kept(x[v], k, e);
  }
  UNROLL
  for (int v = 0; v < vectors; v++) compress_vector(c, x[v], m[v], 1, e);
  c->i += (size_t)vectors * lanes_of(e);
}

/* What is left, fewer than a vector, as the last vector of x without what it has in common with those before. It is
 * stored whole, so that there must be room behind what was found. */
INLINE void compress_last(compression *c, const constants *k, size_t n, int e) {
  const size_t lanes = lanes_of(e), begin = n - lanes;
  const bits x = held(load(c->x + begin * (size_t)size(e), e));
  const mask m = is_kept(x, k, e);
  const uint64_t fresh = to_bits(&m, 1, e) & ~low_bits(c->i - begin);
  c->first = broadcast((int64_t)begin, W32);
  compress_vector(c, x, from_bits(fresh, 0, e), 1, e);
  c->i = n;
}

/* Element by element, without a branch: every one is stored, and stays if the next one goes elsewhere. */
INLINE void compress_each(compression *c, size_t n, int64_t floor, int e) {
  for (; c->i < n; c->i++) {
    const int64_t x = load_element(c->x + c->i * (size_t)size(e), e);
    store_element(c->values + c->found * (size_t)size(e), x, e);
    c->indices[c->found] = (uint32_t)c->i;
    c->found += (size_t)((x > floor) & (x != 0));
  }
}

INLINE void relu_compress(int e, const void *x, void *values, uint32_t *indices, size_t n, size_t *count,
                          int64_t floor) {
  compression c = {x, values, indices, 0, 0, broadcast(0, W32)};
  if (group_of(e) > 0) {
    const constants k = selection(e, floor);
    const int batch = compress_batch(e);
    while (n - c.i >= (size_t)batch * lanes_of(e)) compress_vectors(&c, &k, batch, e);
    while (n - c.i >= lanes_of(e)) compress_vectors(&c, &k, 1, e);
    if (MASKS_BYTES && c.i < n) {
      /* What lies past the end is loaded as zeros, which are not active. */
      const size_t at = c.i * (size_t)size(e);
      const bits rest = load_part(c.x + at, n * (size_t)size(e) - at, vector_bytes(e));
      compress_vector(&c, rest, is_kept(rest, &k, e), 0, e);
    } else if (c.i < n && c.i > 0 && c.found <= n - lanes_of(e)) {
      compress_last(&c, &k, n, e);
    }
  }
  if (group_of(e) == 0 || !MASKS_BYTES) compress_each(&c, n, floor, e);
  *count = c.found;
}

#endif
