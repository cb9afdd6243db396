/* A runner over OpenMP's threads, for programs that are compiled with it (-fopenmp). C99 and C++11.
 *
 *   const fastrelu_runner runner = fastrelu_openmp_runner(0);
 *   fastrelu_set_runner(&runner, NULL);
 */
#ifndef FASTRELU_OPENMP_H
#define FASTRELU_OPENMP_H

#include "../fastrelu.h"

#ifndef _OPENMP
#error "fastrelu/openmp.h: compile with OpenMP (-fopenmp)"
#endif
#include <omp.h>

/* The context is the number of threads. */
static inline int fastrelu_openmp_parallel_for(void *context, void (*task)(void *argument, size_t index),
                                               void *argument, size_t count) {
  const int threads = (int)(size_t)context;
  const long long end = (long long)count;
  long long i; /* every OpenMP takes a signed index */
#pragma omp parallel for schedule(static) num_threads(threads)
  for (i = 0; i < end; i++) task(argument, (size_t)i);
  return 0;
}

/* For the calling thread: so many threads, 0 for as many as OpenMP uses by default. Within a parallel region, where
 * OpenMP starts no others unless told to, a call is done by its own thread. */
static inline fastrelu_runner fastrelu_openmp_runner(int threads) {
  fastrelu_runner runner;
  const size_t count = (size_t)(threads > 0 ? threads : omp_get_max_threads());
  runner.parallel_for = fastrelu_openmp_parallel_for;
  runner.context = (void *)count;
  runner.threads = count;
  return runner;
}

#endif
