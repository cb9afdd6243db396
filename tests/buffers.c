#include "buffers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reference.h"

enum { PATTERN = 0xA5, WATCHED = 192 };

struct guarded guarded_allocate(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), usable = (bytes + page - 1) / page * page;
  char *base = mmap(NULL, usable + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || mprotect(base + page, usable, PROT_READ | PROT_WRITE) != 0) {
    perror("guarded_allocate");
    exit(EXIT_FAILURE);
  }
  return (struct guarded){base + page, base + page + usable};
}

void guarded_free(struct guarded *g) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  munmap(g->begin - page, (size_t)(g->end - g->begin) + 2 * page);
}

static size_t watched_before(const struct guarded *g, const char *buffer) {
  const size_t room = (size_t)(buffer - g->begin);
  return room < WATCHED ? room : WATCHED;
}

static size_t watched_after(const struct guarded *g, const char *buffer, size_t bytes) {
  const size_t room = (size_t)(g->end - buffer) - bytes;
  return room < WATCHED ? room : WATCHED;
}

void *guarded_place(const struct guarded *g, size_t bytes, size_t distance, bool at_end) {
  char *buffer = at_end ? g->end - distance - bytes : g->begin + distance;
  const size_t before = watched_before(g, buffer), after = watched_after(g, buffer, bytes);
  memset(buffer - before, PATTERN, before);
  memset(buffer + bytes, PATTERN, after);
  return buffer;
}

static bool is_pattern(const char *p, size_t bytes) {
  static char pattern[WATCHED];
  if (!pattern[0]) memset(pattern, PATTERN, WATCHED);
  return memcmp(p, pattern, bytes) == 0;
}

bool guarded_intact(const struct guarded *g, const void *buffer, size_t bytes) {
  const char *p = buffer;
  const size_t before = watched_before(g, p);
  return is_pattern(p - before, before) && is_pattern(p + bytes, watched_after(g, p, bytes));
}

/* splitmix64: S. Vigna, public domain, https://prng.di.unimi.it/splitmix64.c */
uint64_t random_bits(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* A value of magnitude around 1, so that sums round, cancel and carry. */
static uint64_t moderate(enum dtype dtype, uint64_t random) {
  switch (dtype) {
    case F32:
      return (random & 0x807FFFFF) | (UINT64_C(0x7E) + (random >> 32) % 4) << 23;
    case F64:
      return (random & UINT64_C(0x800FFFFFFFFFFFFF)) | (UINT64_C(0x3FE) + (random >> 52) % 4) << 52;
    case F16:
      return (random & 0x83FF) | (UINT64_C(0x0D) + (random >> 32) % 6) << 10;
    case BF16:
      return (random & 0x807F) | (UINT64_C(0x7C) + (random >> 32) % 6) << 7;
    default:
      return random;
  }
}

/* Zero, the smallest and largest denormal and normal, 1, infinity, quiet and signalling NaNs: sign to be
 * added. */
static uint64_t special(enum dtype dtype, uint64_t random) {
  static const uint64_t f32[] = {0,          1,          0x7FFFFF,   0x800000,   0x3F800000, 0x7F7FFFFF,
                                 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FC12345, 0x7FFFFFFF, 0x7FBFFFFF};
  static const uint64_t f64[] = {0,
                                 1,
                                 UINT64_C(0xFFFFFFFFFFFFF),
                                 UINT64_C(0x10000000000000),
                                 UINT64_C(0x3FF0000000000000),
                                 UINT64_C(0x7FEFFFFFFFFFFFFF),
                                 UINT64_C(0x7FF0000000000000),
                                 UINT64_C(0x7FF0000000000001),
                                 UINT64_C(0x7FF8000000000000),
                                 UINT64_C(0x7FF0000100000000),
                                 UINT64_C(0x7FFFFFFFFFFFFFFF),
                                 UINT64_C(0x00000001FFFFFFFF)};
  static const uint64_t f16[] = {0,      1,      0x3FF,  0x400,  0x3C00, 0x7BFF,
                                 0x7C00, 0x7C01, 0x7E00, 0x7E12, 0x7FFF, 0x7DFF};
  static const uint64_t bf16[] = {0,      1,      0x7F,   0x80,   0x3F80, 0x7F7F,
                                  0x7F80, 0x7F81, 0x7FC0, 0x7FC5, 0x7FFF, 0x7FBF};
  static const uint64_t integer[] = {0,          1,          0x7F, 0x80, 0x7FFF, 0x8000,
                                     0x7FFFFFFF, 0x80000000, 2,    0xFF, 0xFFFF, 0x55};
  const uint64_t *values = dtype == F32    ? f32
                           : dtype == F64  ? f64
                           : dtype == F16  ? f16
                           : dtype == BF16 ? bf16
                                           : integer;
  const int sign = (int)(8 * element_size(dtype)) - 1;
  return values[random % 12] ^ (random >> 32 & 1) << sign;
}

/* A bound or a few units of the last place off it. */
static uint64_t near_a_parameter(const struct operation *op, uint64_t random) {
  const double bound = random >> 32 & 1 ? op->parameters.first : op->parameters.second;
  return rounded(op->dtype, bound) + random % 5 - 2;
}

void fill(const struct operation *op, int operand, void *buffer, size_t n, uint64_t *state) {
  const size_t size = is_mask(op->roles[operand]) ? 1 : element_size(op->dtype);
  const size_t count = operand_bytes(op, operand, n) / size;
  for (size_t i = 0; i < count; i++) {
    const uint64_t random = random_bits(state), kind = random >> 60;
    uint64_t value = random;
    if (!is_mask(op->roles[operand])) {
      if (kind < 5) value = special(op->dtype, random);
      if (kind == 5) value = near_a_parameter(op, random);
      if (kind >= 8) value = moderate(op->dtype, random);
    }
    set_element(is_mask(op->roles[operand]) ? U8 : op->dtype, buffer, i, value);
  }
}
