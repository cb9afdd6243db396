/* Large calls: with which kernels they are done, and in which parts by a runner. No result depends on it. */
#ifndef FASTRELU_SRC_PARTS_H
#define FASTRELU_SRC_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"
#include "fastrelu.h"
#include "runner.h"

/* Part `index` of `count` like ones of n; all but the end is a multiple of `unit`. */
struct fastrelu_range {
  size_t begin, end;
};
static inline struct fastrelu_range part_of(size_t n, size_t unit, size_t index, size_t count) {
  const size_t each = n / unit / count, rest = n / unit % count; /* the first ones take the rest */
  const size_t begin = each * index + (index < rest ? index : rest), end = begin + each + (index < rest);
  return (struct fastrelu_range){begin * unit, index + 1 < count ? end * unit : n};
}

/* A function for calls that are large, out of the way of the others: with the same arguments in the same places, so
 * that those pay for nothing but the branch. */
#define LARGE_CALL static __attribute__((noinline, cold)) fastrelu_status

/* A kernel of whatever type, and where it stands in a table. */
typedef void fastrelu_kernel(void);
#define ENTRY(entry) offsetof(struct fastrelu_kernels, entry)
fastrelu_kernel *fastrelu_kernel_at(const struct fastrelu_kernels *table, size_t entry) HIDDEN;

/* ---- operations on whole tensors ----------------------------------------------------------------------- */

enum { MOST_BUFFERS = 5, MOST_PARAMETERS = 2 };

/* What is constant in a public function's large calls. */
struct fastrelu_site {
  size_t entry;
  unsigned char bits[MOST_BUFFERS]; /* of an element in each buffer */
  unsigned char bytes;              /* of an element in all tensors: a mask counts for nothing beside them */
  unsigned char size;               /* of an element in one */
};

/* A call on tensors of n elements, and masks of n bits. `apply` calls the kernel, of a type that it knows, on some of
 * them. */
struct fastrelu_call {
  int (*apply)(const struct fastrelu_call *call, fastrelu_kernel *kernel, size_t begin, size_t n);
  const struct fastrelu_site *site;
  const void *buffers[MOST_BUFFERS];
  int64_t parameters[MOST_PARAMETERS];
  size_t n;
  bool in_place;
};

/* Of any n: nothing is done for 0, and FASTRELU_ERROR_SIZE returned for too many. */
fastrelu_status fastrelu_call_large(const struct fastrelu_call *call) HIDDEN;

/* ---- operations over channels ---------------------------------------------------------------------------- */

/* A kernel of an operation with a parameter a channel. */
typedef int fastrelu_channel_map(const void *x, const void *parameters, void *y, size_t outer,
                                 size_t channels, size_t inner);

fastrelu_status fastrelu_channel_map_large(const void *x, const void *parameters, void *y, size_t outer,
                                           size_t channels, size_t inner, size_t entry, size_t size) HIDDEN;

/* Some rows of some channels, from the element `at` on. */
struct fastrelu_block {
  size_t at, outer, channel, channels;
};

/* A call with a sum or a count for each channel. `apply` calls `kernel`, of a type that it knows, on a block; entries
 * are those of its channels. */
struct fastrelu_reduction {
  void (*apply)(const struct fastrelu_reduction *r, struct fastrelu_block block, void *entries,
                bool unrounded);
  size_t entry;            /* of the kernel */
  fastrelu_kernel *kernel; /* found by fastrelu_reduce_large */
  const char *x, *parameters, *dy;
  char *dx, *entries;
  size_t size, entry_size; /* of an element, and of an entry */
  bool counts;             /* entries are added to */
  int64_t floor_bits;
  size_t outer, channels, inner, bytes; /* in all tensors */
};

fastrelu_status fastrelu_reduce_large(struct fastrelu_reduction r) HIDDEN;

#endif
