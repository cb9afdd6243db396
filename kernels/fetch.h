/* Fetching ahead from several pages at once. Some CPUs follow one stream of loads at less than their memory's rate: the
 * prefetcher keeps to a page. Walks past the caches therefore touch the next PAGES pages in turns, a line for each
 * line that they work on, so that when they come to a group of pages it is there. The order of the loads and stores
 * themselves does not change. Which CPUs gain: docs/performance.md. */
#ifndef FASTRELU_KERNELS_FETCH_H
#define FASTRELU_KERNELS_FETCH_H

#include "base.h"

enum { LINE = 64, PAGE = 4096, PAGES = 4, GROUP = PAGES * PAGE };

/* The first byte to touch while `lines` lines (1, 2 or 4) from `at` on, a multiple of theirs, are worked on: as far in
 * a page of the next group as `at` has come in its own, a line of each page at a time. The others are a page apart. */
INLINE size_t place_ahead(size_t at) {
  const size_t line = at / LINE, in_group = line % (GROUP / LINE);
  return at / GROUP * GROUP + GROUP + line % PAGES * PAGE + in_group / PAGES * LINE;
}

/* Ahead of `bytes` of `p` from `at` on, which is one of so many inputs: into L1, or of several into L2, as their groups
 * would fill L1. An address past the end of a tensor is only a hint, which never faults. */
INLINE void fetch(const void *p, size_t at, size_t bytes, int inputs) {
  const size_t lines = bytes < LINE ? 1 : bytes / LINE, first = place_ahead(at / LINE / lines * lines * LINE);
  UNROLL
  for (size_t k = 0; k < lines; k++) {
    const char *const line = (const char *)p + first + k * PAGE;
    if (inputs == 1) {
      __builtin_prefetch(line, 0, 3);
    } else {
      __builtin_prefetch(line, 0, 2);
    }
  }
}

#endif
