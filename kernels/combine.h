/* Write combining, for walks that write a tensor stretch by stretch: a stretch goes to a buffer on the stack, which
 * stays in the first cache and begins where the tensor has a line; whole lines leave it around the caches. To store
 * stretches there at once would write their first and last lines twice, and a fence for each costs more than it saves
 * (docs/performance.md). The walk's kernel ends with a fence. */
#ifndef FASTRELU_KERNELS_COMBINE_H
#define FASTRELU_KERNELS_COMBINE_H

#include "base.h"
#include "fetch.h"
#include "walks.h"

/* The longest vector of any ISA: a line. The buffer takes so much more than the longest stretch. */
enum { VECTOR = LINE };

/* A kernel: a copy. */
typedef void copy_kernel(int e, const void *from, void *to, size_t n);

/* Without `combines`, stretches are stored where they belong. */
typedef struct {
  int combines, element;
  copy_kernel *copy;
  char *buffer, *line; /* `line` of the tensor is where the buffer begins */
  size_t begin, end;   /* what of the buffer is written */
  const char *x, *y;   /* x is fetched from several pages, unless NULL, along with what is written to y */
} combiner;

INLINE combiner combiner_at(int combines, int e, copy_kernel *copy, char *buffer) {
  const combiner w = {.combines = combines, .element = e, .copy = copy, .buffer = buffer};
  return w;
}

/* Ends what was consecutive. */
INLINE void end_of_stretches(combiner *w) {
  if (!w->combines) return;
  const size_t bytes = w->end - w->begin;
  if (bytes > 0) {
    w->copy(w->element, w->buffer + w->begin, w->line + w->begin, bytes / (size_t)size(w->element));
  }
  w->begin = w->end = 0;
}

/* Where to write the stretch that belongs at `to`. */
INLINE char *stretch_at(combiner *w, char *to) {
  if (!w->combines) return to;
  if ((uintptr_t)to != (uintptr_t)w->line + w->end) { /* of integers, for at first there is no line */
    end_of_stretches(w);
    w->begin = w->end = (uintptr_t)to % LINE;
    w->line = to - w->end;
  }
  return w->buffer + w->end;
}

/* So many bytes of it are written. */
INLINE void stretch_written(combiner *w, size_t bytes) {
  if (!w->combines) return;
  const int e = w->element;
  const size_t vector = (size_t)vector_bytes(e);
  size_t at = 0;
  w->end += bytes;
  if (w->begin > 0 && w->end >= LINE) { /* of the first line only a part is ours */
    w->copy(e, w->buffer + w->begin, w->line + w->begin, (LINE - w->begin) / (size_t)size(e));
    w->begin = 0;
    at = LINE;
  }
  for (; w->end - at >= LINE; at += LINE) {
    bits line[LINE / 16];
    if (w->x) fetch(w->x, (size_t)(w->line - w->y) + at, LINE, 1);
    UNROLL
    for (size_t v = 0; v < LINE / vector; v++) line[v] = load(w->buffer + at + v * vector, e);
    UNROLL
    for (size_t v = 0; v < LINE / vector; v++) stream(w->line + at + v * vector, line[v], e);
  }
  if (at == 0) return;
  UNROLL
  for (size_t v = 0; v < LINE; v += vector) store(w->buffer + v, load(w->buffer + at + v, e), e);
  w->line += at;
  w->end -= at;
}

#endif
