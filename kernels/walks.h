/* How memory is traversed, over the vocabulary of the ISA that includes this. A walk knows no arithmetic: it
 * takes the operation as a constant function and folds into straight code around it.
 *
 * `map` applies an operation element by element, with up to three inputs, two outputs, and a mask of one bit
 * an element that is either read or written:
 *
 * - below one vector, `map_part`: masked by bytes, or two overlapping pieces of a power of two;
 * - up to four vectors (with a mask 64 elements), `map_ends`: whole vectors from both ends, which overlap in
 *   the middle;
 * - above, `map_long`: one vector at either end; between them batches of vectors, aligned for the stores, and
 *   single vectors for what is left of the last batch.
 *
 * Whatever overlaps is loaded before anything is stored, which keeps work in place right.
 *
 * A large walk, past the caches, fetches ahead from several pages; where it is not in place it streams what it stores,
 * only whole lines, with a fence at the end. */
#ifndef FASTRELU_KERNELS_WALKS_H
#define FASTRELU_KERNELS_WALKS_H

#include "base.h"
#include "fetch.h"
#include "operations.h"

enum { MAX_INPUTS = 3, MAX_OUTPUTS = 2, MAX_BATCH = 8 };

enum mask_use { NO_MASK, MASK_READ, MASK_WRITTEN };

/* What a kernel's call looks like to the walk; constant, so that every test on it folds. */
typedef struct {
  int element, inputs, outputs;
  enum mask_use mask;
  int crowded; /* each input takes as many registers as the half types' arithmetic does */
  enum walk walk;
} shape;

typedef struct {
  const void *in[MAX_INPUTS];
  void *out[MAX_OUTPUTS];
  const uint8_t *mask_in;
  uint8_t *mask_out;
} buffers;

/* One vector's worth of results. */
typedef struct {
  bits out[MAX_OUTPUTS];
  mask kept;
} result;

/* Where f16 is converted without an instruction for it an operation is so long that it is better a loop than
 * repeated: the code would be four times as large. */
INLINE int is_long(int e) { return e == F16 && !CONVERTS_F16; }

INLINE size_t lanes_of(int e) { return (size_t)(vector_bytes(e) / size(e)); }

/* As many vectors as leave half of the registers free, the half types' arithmetic taking four an input, but
 * no more than four: eight gained nothing outside L1, and their longer tails cost short calls. With a mask a
 * multiple of 8 and at most 64 elements. */
INLINE int batch_of(shape s) {
  const int lanes = (int)lanes_of(s.element);
  int vectors = REGISTERS / 2 / (s.inputs * (is_half(s.element) || s.crowded ? 4 : 1));
  if (vectors > 4) vectors = 4;
  if (vectors < 2) vectors = 2;
  if (vectors & 1) vectors--;
  if (s.mask != NO_MASK) {
    if (vectors * lanes > 64) vectors = 64 / lanes;
    if (vectors * lanes < 8) vectors = 8 / lanes;
  }
  return vectors;
}

/* The bits of results that follow each other. */
INLINE uint64_t bits_of(const result r[], int vectors, int e) {
  const int at_once = vectors % masks_at_once(e) ? 1 : masks_at_once(e);
  uint64_t word = 0;
  mask m[MAX_BATCH];
  UNROLL
  for (int v = 0; v < vectors; v++) m[v] = r[v].kept;
  UNROLL
  for (int v = 0; v < vectors; v += at_once) word |= to_bits(m + v, at_once, e) << (size_t)v * lanes_of(e);
  return word;
}

/* Loads every input of every vector, then computes. `at` counts elements; where the mask is read vector v has the
 * bits of kept[v] from v * step on, with the same word in all of a batch. */
INLINE void compute(operation *op, shape s, const buffers *b, const size_t at[], const uint64_t kept[],
                    int step, int vectors, result r[], const constants *c) {
  const int e = s.element;
  bits in[MAX_BATCH][MAX_INPUTS];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    UNROLL
    for (int i = 0; i < s.inputs; i++) {
      in[v][i] = load((const char *)b->in[i] + at[v] * (size_t)size(e), e);
    }
  }
  UNROLL
  for (int v = 0; v < vectors; v++) {
    const int first = s.mask == MASK_READ ? v * step : 0;
    mask m = from_bits(s.mask == MASK_READ ? kept[v] : 0, first, e);
    op(in[v], r[v].out, &m, c, e);
    if (s.mask == MASK_WRITTEN) r[v].kept = m;
  }
}

/* The same for results that are not stored yet, in a loop where the operation is long. */
INLINE void compute_all(operation *op, shape s, const buffers *b, const size_t at[], const uint64_t kept[],
                        int vectors, result r[], const constants *c) {
  if (!is_long(s.element)) {
    compute(op, s, b, at, kept, 0, vectors, r, c);
    return;
  }
  NO_UNROLL
  for (int v = 0; v < vectors; v++) compute(op, s, b, at + v, kept + v, 0, 1, r + v, c);
}

INLINE void put(shape s, const buffers *b, const size_t at[], int vectors, const result r[]) {
  const int e = s.element;
  UNROLL
  for (int v = 0; v < vectors; v++) {
    in_order();
    UNROLL
    for (int o = 0; o < s.outputs; o++) {
      char *const to = (char *)b->out[o] + at[v] * (size_t)size(e);
      if (s.walk == STREAMING) {
        stream(to, r[v].out[o], e);
      } else {
        store(to, r[v].out[o], e);
      }
    }
  }
}

/* A mask as a stream of bits: `next` is the first byte not yet read or written, and the lowest `count` bits
 * (0 to 7) of `waiting` are read but not used, or not written yet. */
typedef struct {
  const uint8_t *source;
  uint8_t *next;
  uint64_t waiting;
  unsigned count;
} bit_stream;

/* `count` bits (1 to 32) from any position. */
INLINE uint64_t bits_at(const uint8_t *source, size_t position, size_t count) {
  const size_t first = position / 8, last = (position + count - 1) / 8;
  return load_bytes(source + first, last - first + 1) >> position % 8 & low_bits(count);
}

INLINE void open_reader(bit_stream *m, const uint8_t *source, size_t position) {
  m->source = source + position / 8;
  m->count = (unsigned)(-position % 8);
  m->waiting = m->count ? *m->source++ >> position % 8 : 0;
}

/* Whether nothing waits, as where both tensor and mask begin at a line: worth a branch that is always the same if it
 * saves shifting enough bits, and the walk does not wait for memory. */
INLINE int is_aligned(const bit_stream *m, int count, enum walk walk) {
  return walk != STREAMING && count >= 32 && retested((int)m->count) == 0;
}

/* The next `count` bits, a constant multiple of 8 up to 64. */
INLINE uint64_t read_bits(bit_stream *m, int count, enum walk walk) {
  const uint64_t fresh = load_bytes(m->source, (size_t)count / 8);
  m->source += count / 8;
  if (is_aligned(m, count, walk)) return fresh;
  const uint64_t word = m->waiting | fresh << m->count;
  m->waiting = count == 64 ? fresh >> 1 >> (63 - m->count) : (fresh << m->count | m->waiting) >> count;
  return word;
}

/* The last `count` bits of the stream (0 to 64): reads no byte past them. */
INLINE uint64_t read_rest(bit_stream *m, size_t count) {
  if (count <= m->count) return m->waiting;
  return m->waiting | load_bytes(m->source, (count - m->count + 7) / 8) << m->count;
}

/* Begins with the lowest `count` bits of `word`, at most 32. */
INLINE void open_writer(bit_stream *m, uint8_t *destination, uint64_t word, size_t count) {
  const size_t bytes = count / 8;
  word &= low_bits(count);
  if (bytes > 0) store_bytes(destination, word, bytes);
  m->next = destination + bytes;
  m->waiting = word >> 8 * bytes;
  m->count = (unsigned)(count % 8);
}

/* `count` is a constant multiple of 8 up to 64. */
INLINE void write_bits(bit_stream *m, uint64_t word, int count, enum walk walk) {
  uint8_t *const to = m->next;
  m->next += count / 8;
  if (is_aligned(m, count, walk)) {
    store_bytes(to, scalar(word), (size_t)count / 8);
    return;
  }
  store_bytes(to, m->waiting | word << m->count, (size_t)count / 8);
  m->waiting = count == 64 ? word >> 1 >> (63 - m->count) : (word << m->count | m->waiting) >> count;
}

/* Ends with `count` bits (0 to 64) and what waits; unused bits of the last byte become 0. */
INLINE void write_rest(bit_stream *m, uint64_t word, size_t count) {
  const size_t total = m->count + count;
  const uint64_t first = m->waiting | word << m->count;
  if (total > 64) {
    store_bytes(m->next, first, 8);
    m->next[8] = (uint8_t)(word >> (64 - m->count));
  } else if (total > 0) {
    store_bytes(m->next, first, (total + 7) / 8);
  }
}

/* Where the operation is long `piece` is a variable, 8 at most: each length is a constant of its own. */
INLINE bits load_any_part(const void *p, size_t bytes, int piece, int e) {
  if (!is_long(e)) return load_part(p, bytes, piece);
  return piece == 2 ? load_part(p, bytes, 2) : piece == 4 ? load_part(p, bytes, 4) : load_part(p, bytes, 8);
}
INLINE void store_any_part(void *p, bits x, size_t bytes, int piece, int e) {
  if (!is_long(e)) {
    store_part(p, x, bytes, piece);
  } else if (piece == 2) {
    store_part(p, x, bytes, 2);
  } else if (piece == 4) {
    store_part(p, x, bytes, 4);
  } else {
    store_part(p, x, bytes, 8);
  }
}

/* n < 1 vector, from its first and its last `piece` bytes, piece <= n * size; where the ISA masks by bytes,
 * `piece` is a whole vector and counts for nothing. */
INLINE void map_piece(operation *op, shape s, const buffers *b, size_t n, int piece, const constants *c) {
  const int e = s.element;
  const size_t bytes = n * (size_t)size(e), mask_bytes = (n + 7) / 8;
  const size_t lanes = (size_t)(piece / size(e)), rest = n - lanes; /* rest: where the last piece begins */
  bits in[MAX_INPUTS];
  result r;
  uint64_t kept = 0;
  UNROLL
  for (int i = 0; i < s.inputs; i++) in[i] = load_any_part(b->in[i], bytes, piece, e);
  if (s.mask == MASK_READ) {
    kept = load_bytes(b->mask_in, mask_bytes);
    if (!MASKS_BYTES) kept = (kept & low_bits(lanes)) | kept >> rest << lanes;
  }
  mask m = from_bits(kept, 0, e);
  op(in, r.out, &m, c, e);
  UNROLL
  for (int o = 0; o < s.outputs; o++) store_any_part(b->out[o], r.out[o], bytes, piece, e);
  if (s.mask == MASK_WRITTEN) {
    kept = to_bits(&m, 1, e);
    if (!MASKS_BYTES) kept = (kept & low_bits(lanes)) | (kept >> lanes & low_bits(lanes)) << rest;
    store_bytes(b->mask_out, kept & low_bits(n), mask_bytes);
  }
}

INLINE void map_part(operation *op, shape s, const buffers *b, size_t n, const constants *c) {
  const int e = s.element;
  const size_t bytes = n * (size_t)size(e);
  if (MASKS_BYTES) {
    map_piece(op, s, b, n, vector_bytes(e), c);
  } else if (is_long(e)) {
    map_piece(op, s, b, n, bytes >= 8 ? 8 : bytes >= 4 ? 4 : 2, c);
  } else if (vector_bytes(e) > 16 && bytes >= 16) {
    map_piece(op, s, b, n, 16, c);
  } else if (size(e) == 8 || bytes >= 8) {
    map_piece(op, s, b, n, 8, c);
  } else if (size(e) == 4 || bytes >= 4) {
    map_piece(op, s, b, n, 4, c);
  } else if (size(e) == 2 || bytes >= 2) {
    map_piece(op, s, b, n, 2, c);
  } else {
    map_piece(op, s, b, n, 1, c);
  }
}

/* `each` vectors from the beginning and as many that end at n; each <= n / lanes <= 2 * each. */
INLINE void map_ends(operation *op, shape s, const buffers *b, size_t n, int each, const constants *c) {
  const size_t lanes = lanes_of(s.element), mask_bytes = (n + 7) / 8;
  size_t at[MAX_BATCH];
  uint64_t kept[MAX_BATCH], word = s.mask == MASK_READ ? load_bytes(b->mask_in, mask_bytes) : 0;
  result r[MAX_BATCH];
  UNROLL
  for (int v = 0; v < each; v++) {
    const size_t from_end = (size_t)(each - v) * lanes;
    at[v] = (size_t)v * lanes;
    at[each + v] = n - from_end;
    if (is_long(s.element)) { /* `each` may be more than n has */
      if (at[v] > n - lanes) at[v] = n - lanes;
      if (from_end > n) at[each + v] = 0;
    }
  }
  UNROLL
  for (int v = 0; v < 2 * each; v++) kept[v] = s.mask == MASK_READ ? word >> at[v] : 0;
  compute_all(op, s, b, at, kept, 2 * each, r, c);
  put(s, b, at, 2 * each, r);
  if (s.mask == MASK_WRITTEN) {
    UNROLL
    for (int v = 0; v < 2 * each; v++) word |= bits_of(r + v, 1, s.element) << at[v];
    store_bytes(b->mask_out, word, mask_bytes);
  }
}

/* Where the first vector after the one at 0 is aligned in what is stored (or read, where nothing is): up to
 * `lanes` elements in, so that no vector is done twice. In a streaming walk to the line. */
INLINE size_t first_aligned(shape s, const buffers *b) {
  const uintptr_t address = s.outputs ? (uintptr_t)b->out[0] : (uintptr_t)b->in[0];
  const uintptr_t bytes = (uintptr_t)(s.walk == STREAMING ? LINE : vector_bytes(s.element));
  return (bytes - (address & (bytes - 1))) / (size_t)size(s.element);
}

/* The vectors before the first line, stored at once: they overlap what follows. Returns their bits, at most 32. */
INLINE uint64_t map_first_line(operation *op, shape s, const buffers *b, const constants *c) {
  const size_t lanes = lanes_of(s.element);
  const int vectors = LINE / vector_bytes(s.element);
  uint64_t word = s.mask == MASK_READ ? bits_at(b->mask_in, 0, (size_t)vectors * lanes) : 0;
  uint64_t kept[MAX_BATCH];
  size_t at[MAX_BATCH];
  result r[MAX_BATCH];
  UNROLL
  for (int v = 0; v < vectors; v++) {
    at[v] = (size_t)v * lanes;
    kept[v] = word;
  }
  s.walk = CACHED;
  compute(op, s, b, at, kept, (int)lanes, vectors, r, c);
  put(s, b, at, vectors, r);
  return s.mask == MASK_WRITTEN ? bits_of(r, vectors, s.element) : 0;
}

INLINE void map_long(operation *op, shape s, const buffers *b, size_t n, const constants *c) {
  const size_t lanes = lanes_of(s.element);
  const int batch = batch_of(s), batch_bits = batch * (int)lanes;
  size_t i = first_aligned(s, b), at[MAX_BATCH];
  uint64_t kept[MAX_BATCH] = {0};
  result r[MAX_BATCH];
  bit_stream m = {0};
  shape single = s; /* what is not a batch is stored as usual */
  single.walk = CACHED;

  /* The vectors at both ends overlap what lies between. Of a walk that may be in place they are computed before
   * it and stored after it. */
  const size_t ends[2] = {0, n - lanes};
  uint64_t last_bits = 0;
  result end[2];
  if (s.mask == MASK_READ) {
    kept[0] = bits_at(b->mask_in, 0, lanes);
    kept[1] = bits_at(b->mask_in, n - lanes, lanes);
    open_reader(&m, b->mask_in, i);
  }
  if (s.walk == STREAMING) {
    const uint64_t word = map_first_line(op, s, b, c);
    if (s.mask == MASK_WRITTEN) open_writer(&m, b->mask_out, word, i);
  } else {
    compute_all(op, s, b, ends, kept, 2, end, c);
    if (s.mask == MASK_WRITTEN) {
      open_writer(&m, b->mask_out, bits_of(end, 1, s.element), i);
      last_bits = bits_of(end + 1, 1, s.element);
    }
  }

  const int by_pages = s.walk == STREAMING ? fetches_pages() : s.walk == IN_PLACE;
  for (; n - i > (size_t)batch * lanes; i += (size_t)batch * lanes) {
    if (s.walk == STREAMING ? retested(by_pages) : by_pages) {
      UNROLL
      for (int k = 0; k < s.inputs; k++) {
        fetch(b->in[k], i * (size_t)size(s.element), (size_t)(batch * vector_bytes(s.element)), s.inputs);
      }
    }
    uint64_t word = s.mask == MASK_READ ? read_bits(&m, batch_bits, s.walk) : 0;
    UNROLL
    for (int v = 0; v < batch; v++) {
      at[v] = i + (size_t)v * lanes;
      if (s.mask == MASK_READ) kept[v] = word;
    }
    compute(op, s, b, at, kept, (int)lanes, batch, r, c);
    put(s, b, at, batch, r);
    if (s.mask == MASK_WRITTEN) write_bits(&m, bits_of(r, batch, s.element), batch_bits, s.walk);
  }

  /* At most a batch, its last vector being the one at the end: with a mask at most 64 bits. */
  const size_t rest = n - i;
  uint64_t word = s.mask == MASK_READ ? read_rest(&m, rest) : 0;
  size_t done = 0;
  for (; rest - done > lanes; done += lanes) {
    at[0] = i + done;
    if (s.mask == MASK_READ) kept[0] = word >> done;
    compute(op, s, b, at, kept, 0, 1, r, c);
    put(single, b, at, 1, r);
    if (s.mask == MASK_WRITTEN) word |= bits_of(r, 1, s.element) << done;
  }
  if (s.walk == STREAMING) {
    if (s.mask == MASK_READ) kept[1] = bits_at(b->mask_in, n - lanes, lanes);
    compute(op, s, b, ends + 1, kept + 1, 0, 1, end + 1, c);
    if (s.mask == MASK_WRITTEN) last_bits = bits_of(end + 1, 1, s.element);
    put(single, b, ends + 1, 1, end + 1);
    fence();
  } else {
    put(s, b, ends, 2, end);
  }
  if (s.mask == MASK_WRITTEN) {
    word |= last_bits >> (lanes - (rest - done)) << done;
    write_rest(&m, word, rest);
  }
}

/* Whether comparisons of floats take the smallest denormal for more than zero, as without x86's DAZ. */
INLINE int floats_see_denormals(const constants *as_floats, int e) {
  const mask m = is_kept(broadcast(1, e), as_floats, e);
  return (int)(to_bits(&m, 1, e) & 1);
}

/* By floats where that decides as bits do; to ask takes as long as some comparisons. */
INLINE void map_cached(operation *op, shape s, const buffers *b, size_t n, const constants *c) {
  const int e = s.element;
  constants as_floats = *c;
  as_floats.as_floats = 1;
  if (COMPARES_SILENTLY && c->selects && size(e) > 2 && n > 8 * lanes_of(e) &&
      floats_see_denormals(&as_floats, e)) {
    map_long(op, s, b, n, &as_floats);
  } else {
    map_long(op, s, b, n, c);
  }
}

INLINE void map(operation *op, shape s, buffers b, size_t n, constants c) {
  const size_t lanes = lanes_of(s.element);
  if (s.walk != CACHED) {
    map_long(op, s, &b, n, &c);
  } else if (lanes == 1) { /* plain C: nothing to align, no parts */
    if (n > 0) map_long(op, s, &b, n, &c);
  } else if (__builtin_expect(n < lanes, 0)) {
    map_part(op, s, &b, n, &c);
  } else if (is_long(s.element) && n <= 4 * lanes) {
    map_ends(op, s, &b, n, 2, &c);
  } else if (n <= 2 * lanes) {
    map_ends(op, s, &b, n, 1, &c);
  } else if (n <= 4 * lanes && (s.mask == NO_MASK || 4 * lanes <= 64)) {
    map_ends(op, s, &b, n, 2, &c);
  } else {
    map_cached(op, s, &b, n, &c);
  }
}

#endif
