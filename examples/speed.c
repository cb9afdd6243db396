/* How fast ReLU is on each usable instruction set, next to memcpy and to the compiler's own loop, from 16
 * elements in L1 to 16 Mi in memory: gigabytes a second, read and written. `speed [FILE]` also writes a CSV
 * file. */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"
#include "plain.h"
#include "random.h"
#include "timing.h"

enum { ROUNDS = 25, SIZES = 11, MAX_CONTENDERS = 16 };
static const double sample_seconds = 5e-4; /* at least; a call of the largest size takes more */

struct contender {
  const char *name;
  const char *isa; /* NULL where the library has no part in it */
  void (*call)(const float *x, float *y, size_t n);
  double seconds[SIZES][ROUNDS]; /* a call */
};

static size_t elements(int size) { return (size_t)16 << 2 * size; }

static void call_fastrelu(const float *x, float *y, size_t n) { fastrelu_relu_f32(x, y, n); }
static void call_memcpy(const float *x, float *y, size_t n) { memcpy(y, x, n * sizeof *x); }

static double time_calls(const struct contender *c, const float *x, float *y, size_t n, long calls) {
  void (*volatile call)(const float *, float *, size_t) = c->call; /* so that no call is optimised away */
  const double begin = seconds();
  for (long i = 0; i < calls; i++) call(x, y, n);
  return (seconds() - begin) / (double)calls;
}

/* Rounds outside, sizes and contenders inside: what else goes on in the machine falls on all alike, and the
 * median leaves it out. Each contender first runs untimed, until the caches are as it leaves them. */
static void measure(struct contender *contenders, int count, const float *x, float *y) {
  long calls[SIZES];
  for (int size = 0; size < SIZES; size++) {
    calls[size] = 1;
    while ((double)calls[size] * time_calls(&contenders[0], x, y, elements(size), calls[size]) <
           sample_seconds) {
      calls[size] *= 2;
    }
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (int size = 0; size < SIZES; size++) {
      for (int c = 0; c < count; c++) {
        if (contenders[c].isa && fastrelu_use_isa(contenders[c].isa) != FASTRELU_OK) {
          errx(EXIT_FAILURE, "%s: not usable any more", contenders[c].isa);
        }
        time_calls(&contenders[c], x, y, elements(size), 3 + calls[size] / 4);
        contenders[c].seconds[size][round] = time_calls(&contenders[c], x, y, elements(size), calls[size]);
      }
    }
  }
}

int main(int argc, char **argv) {
  if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
    fputs("usage: speed [FILE.csv]\n", stderr);
    return EXIT_FAILURE;
  }
  static struct contender contenders[MAX_CONTENDERS] = {{.name = "memcpy", .call = call_memcpy},
                                                        {.name = "C loop", .call = plain_relu}};
  int count = 2;
  for (const char *const *isa = fastrelu_isa_list(); *isa && count < MAX_CONTENDERS; isa++) {
    contenders[count++] = (struct contender){.name = *isa, .isa = *isa, .call = call_fastrelu};
  }

  FILE *file = NULL;
  if (argc == 2) {
    file = fopen(argv[1], "w");
    if (!file) err(EXIT_FAILURE, "%s", argv[1]);
    fputs("contender,elements,nanoseconds,gigabytes_per_second\n", file);
  }
  const size_t largest = elements(SIZES - 1);
  float *x = aligned_alloc(64, largest * sizeof *x), *y = aligned_alloc(64, largest * sizeof *y);
  if (!x || !y) errx(EXIT_FAILURE, "out of memory");
  uint64_t state = 1;
  for (size_t i = 0; i < largest; i++) x[i] = random_symmetric(&state);
  memset(y, 0, largest * sizeof *y);

  measure(contenders, count, x, y);
  printf("relu_f32, GB/s read and written, median of %d\nelements", ROUNDS);
  for (int c = 0; c < count; c++) printf("  %8s", contenders[c].name);
  putchar('\n');
  for (int size = 0; size < SIZES; size++) {
    printf("%8zu", elements(size));
    for (int c = 0; c < count; c++) {
      const double call = median(contenders[c].seconds[size], ROUNDS);
      const double rate = 2e-9 * (double)(elements(size) * sizeof *x) / call;
      printf("  %8.1f", rate);
      if (file) fprintf(file, "%s,%zu,%.3f,%.3f\n", contenders[c].name, elements(size), 1e9 * call, rate);
    }
    putchar('\n');
  }
  free(x);
  free(y);
  if (file) {
    const int failed = ferror(file);
    if (fclose(file) != 0 || failed) errx(EXIT_FAILURE, "%s: cannot write", argv[1]);
  }
  if (fflush(stdout) == EOF || ferror(stdout)) errx(EXIT_FAILURE, "cannot write to standard output");
  return EXIT_SUCCESS;
}
