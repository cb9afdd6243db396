/* A runner over a pthreadpool (https://github.com/Maratyszcza/pthreadpool), the thread pool of XNNPACK. C99 and C++11;
 * link with -lpthreadpool.
 *
 *   pthreadpool_t pool = pthreadpool_create(0);
 *   const fastrelu_runner runner = fastrelu_pthreadpool_runner(pool);
 *   fastrelu_set_runner(&runner, NULL);
 */
#ifndef FASTRELU_PTHREADPOOL_H
#define FASTRELU_PTHREADPOOL_H

#include "../fastrelu.h"

#include <pthreadpool.h>

/* The context is the pool. */
static inline int fastrelu_pthreadpool_parallel_for(void *context, void (*task)(void *argument, size_t index),
                                                    void *argument, size_t count) {
  pthreadpool_parallelize_1d((pthreadpool_t)context, task, argument, count, 0);
  return 0;
}

/* For the calling thread, which must not be one of the pool's own: those would wait for themselves. The pool must live
 * as long as the runner is set. NULL, pthreadpool's pool of the calling thread alone, is allowed. */
static inline fastrelu_runner fastrelu_pthreadpool_runner(pthreadpool_t pool) {
  fastrelu_runner runner;
  runner.parallel_for = fastrelu_pthreadpool_parallel_for;
  runner.context = (void *)pool;
  runner.threads = pthreadpool_get_threads_count(pool);
  return runner;
}

#endif
