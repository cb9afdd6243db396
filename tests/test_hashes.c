/* One hash for each operation and dtype, in hashes.txt, that every instruction set, compiler, optimisation level and
 * architecture must reproduce. With --record it writes that file, from the reference alone.
 *
 * A source is something that computes outputs, with the library or as the contract says, and feeds them to a
 * hash; sources whose names are equal up to a parenthesis share a line. More operations are more sources: see
 * add_sources(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffers.h"
#include "fastrelu.h"
#include "isas.h"
#include "operations.h"
#include "reference.h"
#include "reference_channels.h"
#include "sparse.h"

enum by { LIBRARY, REFERENCE };

struct source {
  const char *name;
  void (*feed)(uint64_t *hash, const void *what, enum by by);
  const void *what;
};

/* ---- the hash: FNV-1a of 64 bits --------------------------------------------------------------------------- */

static const uint64_t basis = UINT64_C(0xCBF29CE484222325);

/* The lowest `bytes` of a number, the least significant first: the same in every byte order. */
static void feed_bits(uint64_t *hash, uint64_t bits, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) *hash = (*hash ^ (bits >> 8 * i & 0xFF)) * UINT64_C(0x100000001B3);
}

/* Sign and payload of a NaN that was computed are unspecified: all count as one. */
static void feed_element(uint64_t *hash, enum dtype dtype, uint64_t bits, enum outcome outcome) {
  const bool any_nan = outcome == COMPUTED && is_nan(dtype, bits);
  feed_bits(hash, any_nan ? UINT64_MAX : bits, element_size(dtype));
}

/* ---- data -------------------------------------------------------------------------------------------------- */

static const size_t lengths[] = {1, 2, 5, 15, 16, 31, 100, 250, 1000, 1003, 10007};
enum { LENGTHS = sizeof lengths / sizeof *lengths, LONGEST = 10007, SEED = 20 };

/* Buffers of an alignment each, which changes from length to length; the reference has its own. */
static _Alignas(64) char memory[MAX_OPERANDS][LONGEST * 8 + 64], wanted[MAX_OPERANDS][LONGEST * 8];
static uint8_t outcomes[LONGEST];

static char *place(int k, size_t round, size_t size) {
  return memory[k] + (round * (size_t)(k + 3) + (size_t)k) * size % 64;
}

/* ---- operations -------------------------------------------------------------------------------------------- */

static void feed_operation(uint64_t *hash, const void *what, enum by by) {
  const struct operation *op = what;
  uint64_t seed = SEED;
  for (size_t round = 0; round < LENGTHS; round++) {
    const size_t n = lengths[round];
    void *buffers[MAX_OPERANDS] = {NULL}, *out[MAX_OPERANDS];
    const void *in[MAX_OPERANDS];
    for (int k = 0; k < MAX_OPERANDS && op->roles[k] != NONE; k++) {
      buffers[k] = place(k, round, is_mask(op->roles[k]) ? 1 : element_size(op->dtype));
      fill(op, k, buffers[k], n, &seed);
      in[k] = buffers[k];
      out[k] = wanted[k];
    }
    reference(op, in, out, outcomes, n);
    if (by == LIBRARY && call(op, buffers, n) != FASTRELU_OK) fail_msg("%s: an error", op->name);
    for (int k = 0; k < MAX_OPERANDS; k++) {
      if (!is_written(op->roles[k])) continue;
      const void *results = by == LIBRARY ? buffers[k] : out[k];
      const bool bytes = is_mask(op->roles[k]);
      for (size_t i = 0; i < (bytes ? (n + 7) / 8 : n); i++) {
        if (bytes) {
          feed_bits(hash, get_element(U8, results, i), 1);
        } else {
          feed_element(hash, op->dtype, get_element(op->dtype, results, i), (enum outcome)outcomes[i]);
        }
      }
    }
  }
}

static void feed_compress(uint64_t *hash, const void *what, enum by by) {
  const struct kind *kind = what;
  static uint32_t indices[LONGEST];
  uint64_t seed = SEED;
  for (size_t round = 0; round < LENGTHS; round++) {
    const size_t n = lengths[round], size = element_size(kind->op.dtype);
    char *x = place(0, round, size), *values = place(1, round, size);
    size_t count = 0;
    fill(&kind->op, 0, x, n, &seed);
    if (by == REFERENCE) {
      count = compressed(kind, x, values, indices, n);
    } else if (kind->compress(x, values, indices, n, &count) != FASTRELU_OK) {
      fail_msg("compress of %s: an error", kind->op.name);
    }
    feed_bits(hash, count, 8);
    for (size_t k = 0; k < count && k < n; k++) {
      feed_element(hash, kind->op.dtype, get_element(kind->op.dtype, values, k), SELECTED);
      feed_bits(hash, indices[k], 4);
    }
  }
}

/* Any values, NaNs and negative ones too, at random distances. */
static void feed_expand(uint64_t *hash, const void *what, enum by by) {
  const struct kind *kind = what;
  static uint32_t indices[LONGEST];
  uint64_t seed = SEED;
  for (size_t round = 0; round < LENGTHS; round++) {
    const size_t n = lengths[round], size = element_size(kind->op.dtype);
    char *values = place(0, round, size), *y = place(1, round, size);
    size_t count = 0;
    for (size_t i = random_bits(&seed) % 3; i < n; i += 1 + random_bits(&seed) % 5) {
      indices[count++] = (uint32_t)i;
    }
    fill(&kind->op, 0, values, count, &seed);
    if (by == REFERENCE) {
      expanded(kind, values, indices, count, y, n);
    } else if (kind->expand(values, indices, count, y, n) != FASTRELU_OK) {
      fail_msg("expand of %s: an error", kind->op.name);
    }
    for (size_t i = 0; i < n; i++) {
      feed_element(hash, kind->op.dtype, get_element(kind->op.dtype, y, i), SELECTED);
    }
  }
}

/* Over channels every kind of walk: columns, few and many, short and long runs. */
static void feed_channels(uint64_t *hash, const void *what, enum by by) {
  static const struct shape shapes[] = {{1, 1, 1},    {700, 3, 1},  {37, 33, 1}, {9, 200, 1},
                                        {3, 1000, 1}, {520, 2, 1},  {13, 17, 7}, {5, 6, 49},
                                        {3, 2, 1100}, {1, 1, 9999}, {300, 1, 9}, {2, 64, 3}};
  const struct channel_operation *op = what;
  const struct operation tensor = {.dtype = op->dtype, .roles = {TENSOR_IN}};
  uint64_t seed = SEED;
  for (size_t round = 0; round < 2 * sizeof shapes / sizeof *shapes; round++) {
    const struct shape shape = shapes[round / 2];
    void *buffers[CHANNEL_OPERANDS] = {NULL}, *out[CHANNEL_OPERANDS];
    const void *in[CHANNEL_OPERANDS];
    for (int k = 0; k < CHANNEL_OPERANDS; k++) {
      const size_t n = units(k, shape);
      buffers[k] = place(k, round, unit_size(op, k));
      in[k] = buffers[k];
      out[k] = wanted[k];
      if (k == OUT) continue;
      if (k == ENTRIES) {
        for (size_t i = 0; i < n; i++) store_unit(op, k, buffers[k], i, i);
      } else if (round % 2) { /* special values, which make sums NaN */
        fill(&tensor, 0, buffers[k], n, &seed);
      } else {
        for (size_t i = 0; i < n; i++) {
          const double value = (double)(int64_t)random_bits(&seed) / 4611686018427387904.0;
          set_element(op->dtype, buffers[k], i, rounded(op->dtype, (double)(float)value));
        }
      }
    }
    if (by == REFERENCE) {
      channel_reference(op, in, out, shape);
    } else if (op->call(buffers, shape) != FASTRELU_OK) {
      fail_msg("%s: an error", op->name);
    }
    for (int k = OUT; k <= ENTRIES; k++) {
      if (!op->has[k]) continue;
      for (size_t i = 0; i < units(k, shape); i++) {
        const uint64_t bits = load_unit(op, k, by == LIBRARY ? buffers[k] : out[k], i);
        if (op->adds_to_entries && k == ENTRIES) {
          feed_bits(hash, bits, unit_size(op, k));
        } else {
          feed_element(hash, unit_dtype(op, k), bits, COMPUTED);
        }
      }
    }
  }
}

/* ---- lines ------------------------------------------------------------------------------------------------- */

enum { MOST_SOURCES = 1000 };

static struct source sources[MOST_SOURCES];
static size_t source_count;

static void add(const char *name, void (*feed)(uint64_t *, const void *, enum by), const void *what) {
  if (source_count == MOST_SOURCES) abort();
  sources[source_count++] = (struct source){name, feed, what};
}

static void add_sources(void) {
  static char names[KINDS][2][32];
  for (size_t o = 0; o < operation_count; o++) add(operations[o].name, feed_operation, &operations[o]);
  for (size_t o = 0; o < channel_operation_count; o++) {
    add(channel_operations[o].name, feed_channels, &channel_operations[o]);
  }
  for (int k = 0; k < KINDS; k++) {
    snprintf(names[k][0], sizeof names[k][0], "relu_compress_%s", kinds[k].op.name);
    snprintf(names[k][1], sizeof names[k][1], "relu_expand_%s", kinds[k].op.name);
    add(names[k][0], feed_compress, &kinds[k]);
    add(names[k][1], feed_expand, &kinds[k]);
  }
}

struct line {
  char name[48];
  uint64_t hash;
};

struct lines {
  struct line line[MOST_SOURCES];
  size_t count;
};

/* The line of a name, up to its parenthesis; a new one where there is none. */
static struct line *line_of(struct lines *lines, const char *name) {
  struct line fresh = {.hash = basis};
  snprintf(fresh.name, sizeof fresh.name, "%.*s", (int)strcspn(name, "("), name);
  for (size_t i = 0; i < lines->count; i++) {
    if (strcmp(lines->line[i].name, fresh.name) == 0) return &lines->line[i];
  }
  lines->line[lines->count] = fresh;
  return &lines->line[lines->count++];
}

static void compute(struct lines *lines, enum by by) {
  lines->count = 0;
  for (size_t s = 0; s < source_count; s++) {
    const struct source *source = &sources[s];
    source->feed(&line_of(lines, source->name)->hash, source->what, by);
  }
}

static const char head[] =
    "# FNV-1a (64 bits) of what each operation writes for the data of test_hashes.c, over all rows of its "
    "name in\n"
    "# operations.c. Every instruction set, compiler, optimisation level and architecture must come to the "
    "same.\n"
    "# `test_hashes --record` wrote it, from the tests' reference alone: the library had no part in it.\n";

static int record(void) {
  static struct lines lines;
  compute(&lines, REFERENCE);
  FILE *file = fopen(HASHES, "w");
  if (!file) return perror(HASHES), EXIT_FAILURE;
  fputs(head, file);
  for (size_t i = 0; i < lines.count; i++) {
    fprintf(file, "%-28s %016llx\n", lines.line[i].name, (unsigned long long)lines.line[i].hash);
  }
  return fclose(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static struct lines recorded;

static bool read_recorded(void) {
  char text[200];
  FILE *file = fopen(HASHES, "r");
  if (!file) return false;
  while (recorded.count < MOST_SOURCES && fgets(text, sizeof text, file)) {
    struct line *line = &recorded.line[recorded.count];
    char *space = strchr(text, ' ');
    if (text[0] == '#' || !space) continue;
    snprintf(line->name, sizeof line->name, "%.*s", (int)(space - text), text);
    line->hash = strtoull(space, NULL, 16);
    recorded.count++;
  }
  fclose(file);
  return true;
}

/* ---- the test ---------------------------------------------------------------------------------------------- */

static void gives_the_recorded_hashes(void **state) {
  static struct lines lines;
  const char *isa = *state;
  int different = 0;
  assert_int_equal(fastrelu_use_isa(isa), FASTRELU_OK);
  compute(&lines, LIBRARY);
  for (size_t i = 0; i < lines.count; i++) {
    const struct line *line = &lines.line[i];
    size_t k = 0;
    while (k < recorded.count && strcmp(recorded.line[k].name, line->name) != 0) k++;
    if (k < recorded.count && recorded.line[k].hash == line->hash) continue;
    print_error("%s on %s: %016llx, not what %s has\n", line->name, isa, (unsigned long long)line->hash,
                HASHES);
    different++;
  }
  assert_int_equal(different, 0);
  assert_int_equal(lines.count, recorded.count);
}

int main(int argc, char **argv) {
  add_sources();
  if (argc == 2 && strcmp(argv[1], "--record") == 0) return record();
  if (!read_recorded()) return perror(HASHES), EXIT_FAILURE;

  const char *const *isas = isas_to_test();
  struct CMUnitTest tests[16] = {{0}};
  size_t count = 0;
  for (; isas[count] && count < 16; count++) {
    tests[count] = (struct CMUnitTest){isas[count], gives_the_recorded_hashes, NULL, NULL,
                                       (void *)(uintptr_t)isas[count]};
  }
  return _cmocka_run_group_tests("hashes", tests, count, NULL, NULL);
}
