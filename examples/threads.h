/* What a runner gains on a large tensor: the same bits, sooner. */
#ifndef FASTRELU_EXAMPLES_THREADS_H
#define FASTRELU_EXAMPLES_THREADS_H

#include <fastrelu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

enum { THREADS_N = 1 << 24, THREADS_REPETITIONS = 9 };

static double seconds_of(const float *x, float *y) {
  double best = 0;
  for (int i = 0; i < THREADS_REPETITIONS; i++) {
    const double start = seconds();
    if (fastrelu_relu_f32(x, y, THREADS_N) != FASTRELU_OK) exit(EXIT_FAILURE);
    const double took = seconds() - start;
    if (i == 0 || took < best) best = took;
  }
  return best;
}

static int compare_with_one_thread(fastrelu_runner runner) {
  float *x = malloc(THREADS_N * sizeof *x), *y = malloc(THREADS_N * sizeof *y),
        *z = malloc(THREADS_N * sizeof *z);
  if (!x || !y || !z) {
    fprintf(stderr, "not enough memory\n");
    exit(EXIT_FAILURE);
  }
  for (size_t i = 0; i < THREADS_N; i++) x[i] = (float)(int)(i * 2654435761u);

  const double alone = seconds_of(x, y);
  fastrelu_set_runner(&runner, NULL); /* of this thread, until it sets another */
  const double together = seconds_of(x, z);
  fastrelu_set_runner(NULL, NULL);

  printf("relu of %d floats: %.2f ms on one thread, %.2f ms on %zu: %.2f times as fast\n", THREADS_N,
         1e3 * alone, 1e3 * together, runner.threads, alone / together);
  const int same = memcmp(y, z, THREADS_N * sizeof *y) == 0;
  printf("%s\n", same ? "the same bits" : "the results differ");
  free(x), free(y), free(z);
  return same ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
