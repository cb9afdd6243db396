/* The host's runner of this thread. */
#ifndef FASTRELU_SRC_RUNNER_H
#define FASTRELU_SRC_RUNNER_H

#include <stddef.h>

#include "dispatch.h"
#include "fastrelu.h"

/* A part is worth a task of its own from so many bytes on, in all of its buffers: below, waking a worker, and fetching
 * what another core's cache holds, take longer than the work (docs/performance.md). Never below LEAST_LARGE, so that
 * the parts of a call that streams do. */
enum { LEAST_PART = 256 << 10, LEAST_SPLIT = 2 * LEAST_PART };

/* This thread's; 1 without a runner. */
size_t fastrelu_runner_threads(void) HIDDEN;

/* In how many parts this thread's runner should do a call of so many bytes; 1 without a runner. */
size_t fastrelu_parts(size_t bytes) HIDDEN;

/* Has the runner do part(job, i) for every i below count. FASTRELU_ERROR_RUNNER if it reports an error or returns with
 * parts undone. */
typedef void fastrelu_part(void *job, size_t index);
fastrelu_status fastrelu_run(fastrelu_part *part, void *job, size_t count) HIDDEN;

#endif
