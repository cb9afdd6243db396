/* sweep: how the time of a call depends on one thing that a user does not choose.
 *
 *   sweep lengths      every length from 1 to 300: is any slower than the next whole number of vectors?
 *   sweep offsets      where the tensors begin in a line and in a page, in each level of memory
 *   sweep streaming    around the streaming threshold: stores through and around the caches, when the output is read
 *                      next, and when nothing is in the caches
 *
 * --isa NAME chooses the kernels. One thread; each figure is the median of nine samples, or eleven of lengths,
 * interleaved with those it is compared with and each warmed by untimed calls of its own. */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../examples/timing.h"
#include "fastrelu.h"
#include "loops.h"
#include "reads.h"

enum { PAGE = 4096, MOST_REPETITIONS = 11, MOST_CONTENDERS = 4 };

enum operation { RELU, RELU_GRAD, RELU_MASK, RELU_MASK_GRAD, OPERATIONS };
static const struct {
  const char *name;
  int tensors; /* that are read or written */
} operations[OPERATIONS] = {{"relu", 2}, {"relu_grad", 3}, {"relu_mask", 2}, {"relu_mask_grad", 2}};

struct contender {
  enum operation operation;
  int by_compiler;
  size_t n, threshold;
  size_t at_dy, at_y; /* bytes from the beginning of a page; x is at one */
  int is_cold, is_read_next;
};

static char *x, *dy, *y;
static uint8_t *mask;
static size_t largest; /* bytes of a tensor */

static void *allocate(size_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    perror("sweep");
    exit(EXIT_FAILURE);
  }
  return p;
}

static void allocate_all(size_t bytes_of_tensor) {
  const size_t bytes = bytes_of_tensor + 2 * PAGE;
  largest = bytes_of_tensor;
  x = allocate(bytes);
  dy = allocate(bytes);
  y = allocate(bytes);
  mask = allocate(bytes / 32 + PAGE);
  uint32_t random = 1;
  for (size_t i = 0; i < bytes / 4; i++) {
    random = random * 1664525 + 1013904223;
    const float value = (float)(int32_t)random / 1e9f;
    memcpy(x + 4 * i, &value, 4);
    memcpy(dy + 4 * i, &value, 4);
    if (i % 8 == 0) mask[i / 8] = (uint8_t)(random >> 24);
  }
  memset(y, 0, bytes); /* pages that are there */
}

static void call(const struct contender *c) {
  const float *const a = (const float *)(const void *)x;
  const float *const b = (const float *)(const void *)(dy + c->at_dy);
  float *const to = (float *)(void *)(y + c->at_y);
  switch (c->operation) {
    case RELU:
      (c->by_compiler ? compiler_relu_f32 : fastrelu_relu_f32)(a, to, c->n);
      break;
    case RELU_GRAD:
      (c->by_compiler ? compiler_relu_grad_f32 : fastrelu_relu_grad_f32)(a, b, to, c->n);
      break;
    case RELU_MASK:
      fastrelu_relu_mask_f32(a, to, mask, c->n);
      break;
    default:
      fastrelu_relu_mask_grad_f32(mask, b, to, c->n);
  }
}

static void consume(uint64_t word) { __asm__ volatile("" : : "r"(word)); }

/* Seconds of one call, of as many as take `least`. */
static double sample(const struct contender *c, double least) {
  fastrelu_set_streaming_threshold(c->threshold);
  if (c->is_cold) {
    consume(read_all(x, largest)); /* all of it is in no cache */
    consume(read_all(dy, largest));
    const double start = seconds();
    call(c);
    return seconds() - start;
  }
  for (int i = 0; i < 3; i++) call(c);
  for (size_t calls = 1;; calls *= 2) {
    const double start = seconds();
    for (size_t i = 0; i < calls; i++) {
      call(c);
      if (c->is_read_next) consume(read_all(y + c->at_y, 4 * c->n));
    }
    const double time = seconds() - start;
    if (time >= least) return time / (double)calls;
  }
}

static void measure(const struct contender *contenders, int count, int repetitions, double least,
                    double *medians) {
  double samples[MOST_CONTENDERS][MOST_REPETITIONS];
  for (int r = 0; r < repetitions; r++) {
    for (int k = 0; k < count; k++) {
      const int turn = (k + r) % count;
      samples[turn][r] = sample(contenders + turn, least);
    }
  }
  for (int k = 0; k < count; k++) medians[k] = median(samples[k], (size_t)repetitions);
}

/* ---- lengths ----------------------------------------------------------------------------------------------- */

static void sweep_lengths(void) {
  enum { LONGEST = 300, KINDS = 4 };
  static double times[KINDS][LONGEST + 1];
  const char *const names[KINDS] = {"relu", "compiler", "relu_grad", "compiler"};
  allocate_all(4096);
  printf("f32 on %s, nanoseconds of a call\n\n%4s", fastrelu_isa(), "n");
  for (int k = 0; k < KINDS; k++) printf(" %9s", names[k]);
  printf("\n");
  for (size_t n = 1; n <= LONGEST; n++) {
    struct contender c[KINDS];
    double medians[KINDS];
    for (int k = 0; k < KINDS; k++) {
      c[k] = (struct contender){
          .operation = k < 2 ? RELU : RELU_GRAD, .by_compiler = k % 2, .n = n, .at_dy = 576, .at_y = 1152};
    }
    measure(c, KINDS, 11, 20e-6, medians);
    printf("%4zu", n);
    for (int k = 0; k < KINDS; k++) printf(" %9.2f", 1e9 * (times[k][n] = medians[k]));
    printf("\n");
  }
  for (int k = 0; k < KINDS; k += 2) {
    double worst = 0, worst_beside = 0, logarithms = 0;
    size_t at = 0, at_beside = 0;
    for (size_t n = 1; n <= LONGEST; n++) {
      const size_t whole = (n + 15) / 16 * 16;
      const double beside = times[k + 1][n] / times[k][n];
      logarithms += log(beside);
      if (at_beside == 0 || beside < worst_beside) worst_beside = beside, at_beside = n;
      if (whole <= LONGEST && times[k][n] / times[k][whole] > worst)
        worst = times[k][n] / times[k][whole], at = n;
    }
    printf(
        "\n%s: at most %.2f times what the next multiple of 16 takes (n = %zu); the compiler's loop takes "
        "%.2f times as "
        "long in the mean, at least %.2f times (n = %zu)\n",
        names[k], worst, at, exp(logarithms / LONGEST), worst_beside, at_beside);
  }
}

/* ---- offsets ----------------------------------------------------------------------------------------------- */

static void sweep_offsets(void) {
  static const struct {
    const char *name;
    size_t n;
  } levels[] = {{"L1 (n = 2,048)", 2048}, {"L2 (n = 2^16)", 1 << 16}, {"memory (n = 2^24)", 1 << 24}};
  static const size_t offsets[] = {0,    4,    8,    12,   16,   20,   24,   28,   32,  36,  40,
                                   44,   48,   52,   56,   60,   64,   128,  192,  256, 512, 1024,
                                   1536, 2048, 2560, 3072, 3584, 3840, 3904, 3968, 4032};
  enum { COUNT = sizeof offsets / sizeof *offsets, KINDS = 4 };
  allocate_all((size_t)1 << 26);
  printf(
      "f32 on %s, G elements a second; x begins at a page, y (relu) or dx at the offset in one, dy at half "
      "of it\n",
      fastrelu_isa());
  for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
    const size_t n = levels[level].n;
    double rates[KINDS][COUNT], best[KINDS] = {0}, worst[KINDS];
    size_t at[KINDS];
    printf("\n%s\n%6s %9s %9s %9s %9s\n", levels[level].name, "offset", "relu", "compiler", "relu_grad",
           "compiler");
    for (int o = 0; o < COUNT; o++) {
      struct contender c[KINDS];
      double medians[KINDS];
      for (int k = 0; k < KINDS; k++) {
        c[k] = (struct contender){.operation = k < 2 ? RELU : RELU_GRAD,
                                  .by_compiler = k % 2,
                                  .n = n,
                                  .at_dy = offsets[o] / 8 * 4,
                                  .at_y = offsets[o]};
      }
      measure(c, KINDS, 9, n < 1 << 20 ? 100e-6 : 0, medians);
      printf("%6zu", offsets[o]);
      for (int k = 0; k < KINDS; k++) {
        rates[k][o] = (double)n / medians[k] * 1e-9;
        if (rates[k][o] > best[k]) best[k] = rates[k][o];
        printf(" %9.2f", rates[k][o]);
      }
      printf("\n");
    }
    for (int k = 0; k < KINDS; k++) {
      worst[k] = INFINITY;
      for (int o = 0; o < COUNT; o++) {
        if (rates[k][o] < worst[k]) worst[k] = rates[k][o], at[k] = offsets[o];
      }
    }
    printf(
        "worst of best: relu %.2f (at %zu), the compiler's loop %.2f; relu_grad %.2f (at %zu), the "
        "compiler's loop %.2f\n",
        worst[0] / best[0], at[0], worst[1] / best[1], worst[2] / best[2], at[2], worst[3] / best[3]);
  }
}

/* ---- streaming --------------------------------------------------------------------------------------------- */

/* Rates with ordinary stores, and how many times as fast streaming is. */
static void sweep_streaming(void) {
  enum { CASES = 3 };
  static const char *const cases[CASES] = {"again and again", "y is read next", "nothing in the caches"};
  allocate_all((size_t)1 << 28);
  printf("f32 on %s: G elements a second with ordinary stores, and how many times as fast streaming is\n",
         fastrelu_isa());
  for (int which = 0; which < CASES; which++) {
    printf("\n%s\n%10s", cases[which], "MiB in all");
    for (int o = 0; o < OPERATIONS; o++) printf(" %20s", operations[o].name);
    printf("\n");
    for (size_t half = 0; half <= 18; half++) {
      const double bytes = (double)(1 << 20) * exp2((double)half / 2);
      printf("%10.1f", bytes / (1 << 20));
      for (int o = 0; o < OPERATIONS; o++) {
        struct contender c[2];
        double medians[2];
        for (int k = 0; k < 2; k++) {
          c[k] = (struct contender){.operation = (enum operation)o,
                                    .n = (size_t)(bytes / 4 / operations[o].tensors) / 64 * 64,
                                    .at_dy = 576,
                                    .at_y = 1152,
                                    .threshold = k == 0 ? SIZE_MAX : 1,
                                    .is_cold = which == 2,
                                    .is_read_next = which == 1};
        }
        measure(c, 2, 9, 5e-3, medians);
        printf(" %12.2f %7.2f", (double)c->n / medians[0] * 1e-9, medians[0] / medians[1]);
        fflush(stdout);
      }
      printf("\n");
    }
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } sweeps[] = {{"lengths", sweep_lengths}, {"offsets", sweep_offsets}, {"streaming", sweep_streaming}};
  if (argc == 4 && strcmp(argv[2], "--isa") == 0) {
    const fastrelu_status status = fastrelu_use_isa(argv[3]);
    if (status != FASTRELU_OK)
      return fprintf(stderr, "sweep: %s: %s\n", argv[3], fastrelu_status_string(status)), 2;
    argc = 2;
  }
  for (size_t i = 0; argc == 2 && i < sizeof sweeps / sizeof *sweeps; i++) {
    if (strcmp(argv[1], sweeps[i].name) == 0) return sweeps[i].run(), EXIT_SUCCESS;
  }
  fprintf(stderr, "usage: sweep lengths|offsets|streaming [--isa NAME]\n");
  return 2;
}
