/* Which table of kernels is in use, and what the dispatcher knows. */
#ifndef FASTRELU_SRC_DISPATCH_H
#define FASTRELU_SRC_DISPATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "table.h"

/* Never NULL: it starts at the table of the baseline, so that a call before any constructor works. */
extern _Atomic(const struct fastrelu_kernels *) fastrelu_kernels_in_use HIDDEN;

/* A call reads the pointer once. */
static inline const struct fastrelu_kernels *kernels(void) {
  return atomic_load_explicit(&fastrelu_kernels_in_use, memory_order_acquire);
}

/* By the bytes of an element in all tensors of a call: the largest n that is neither worth streaming nor workers;
 * fastrelu_call_large knows of those above. */
enum { MOST_BYTES = 5 * sizeof(double) };
extern _Atomic size_t fastrelu_small_up_to[MOST_BYTES + 1] HIDDEN;

/* True of n = 0, too, so that one comparison finds whatever is not an ordinary call. `bytes` is a constant. */
static inline bool is_large(size_t n, size_t bytes) {
  return __builtin_expect(n - 1 >= atomic_load_explicit(&fastrelu_small_up_to[bytes], memory_order_relaxed),
                          0);
}

/* From how many bytes on calls store around the caches, and calls in place fetch ahead where the CPU gains by it. Never
 * below LEAST_LARGE. */
size_t fastrelu_streaming_threshold(void) HIDDEN;
size_t fastrelu_in_place_threshold(void) HIDDEN;

/* Every instruction set of this build, best first, ended by NULL. */
extern const char *const fastrelu_isas_built[] HIDDEN;

/* FASTRELU_ISA as it was when the choice was made at load time, cut to what any real name needs; NULL if unset. */
const char *fastrelu_isa_requested(void);
/* Did it decide that choice? */
bool fastrelu_isa_honoured(void);
/* Why the table in use is, in words. */
const char *fastrelu_isa_reason(void);

#endif
