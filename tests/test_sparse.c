/* relu_compress and relu_expand on every usable instruction set, against a reference that knows no vectors: all
 * lengths around the walks' groups, all offsets, pages that fault on both sides, in place, from none to all
 * elements active; and bad arguments. */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backwards.h"
#include "buffers.h"
#include "environment.h"
#include "fastrelu.h"
#include "isas.h"
#include "operations.h"
#include "reference.h"
#include "sparse.h"

enum { LONGEST = 300000 };

struct test_case {
  const struct kind *kind;
  const char *isa;
};

/* Under an emulated CPU a part of the placements: set FASTRELU_TEST_QUICK. */
static bool quick;

static size_t size_of(const struct kind *kind) { return element_size(kind->op.dtype); }

/* The alignment that the contract asks for: the element's as a member of a struct (4 for double on i386). */
struct f64_member {
  char before;
  double element;
};
static size_t alignment(const struct kind *kind) {
  return kind->op.dtype == F64 ? offsetof(struct f64_member, element) : size_of(kind);
}

static uint64_t get(const struct kind *kind, const void *buffer, size_t i) {
  return get_element(kind->op.dtype, buffer, i);
}

static void set(const struct kind *kind, void *buffer, size_t i, uint64_t bits) {
  set_element(kind->op.dtype, buffer, i, bits);
}

/* ---- data and what is expected of it ----------------------------------------------------------------------- */

enum density { NONE_ACTIVE, FEW, HALF, ALL, NANS, SPECIAL, DENSITIES };

struct data {
  size_t n, count;
  char x[LONGEST * 8], values[LONGEST * 8], dense[LONGEST * 8]; /* dense: relu(x) */
  uint32_t indices[LONGEST];
};

static struct data sets[DENSITIES];

static void expect_of(const struct kind *kind, struct data *d) {
  d->count = compressed(kind, d->x, d->values, d->indices, d->n);
  expanded(kind, d->values, d->indices, d->count, d->dense, d->n);
}

static void make(const struct kind *kind, struct data *d, size_t n, enum density density, uint64_t *seed) {
  static const uint64_t infinity[] = {
      [F32] = 0x7F800000, [F64] = UINT64_C(0x7FF0000000000000), [F16] = 0x7C00, [BF16] = 0x7F80};
  const enum dtype dtype = kind->op.dtype;
  const uint64_t sign = UINT64_C(1) << (8 * size_of(kind) - 1);
  d->n = n;
  fill(&kind->op, 0, d->x, n, seed);
  for (size_t i = 0; i < n && density != SPECIAL; i++) {
    uint64_t bits = get(kind, d->x, i);
    const uint64_t random = random_bits(seed);
    const bool active =
        density == ALL || (density == HALF && random & 1) || (density == FEW && random % 64 == 0);
    if (density == NANS) {
      bits |= infinity[dtype] | 1;
    } else if (active) {
      if (!keep(dtype, bits)) bits &= ~sign;
      if (bits == 0) bits = 1;
    } else if (keep(dtype, bits)) {
      bits = is_nan(dtype, bits) ? random & sign : bits | sign;
    }
    set(kind, d->x, i, bits);
  }
  expect_of(kind, d);
}

/* ---- one call ---------------------------------------------------------------------------------------------- */

enum { X, VALUES, INDICES, Y, BUFFERS };
static struct guarded arenas[BUFFERS];

/* Compresses, with the buffers so many bytes from their guards, compares everything, and expands again. */
static void round_trip(const struct test_case *c, const struct data *d, const size_t distance[],
                       const bool at_end[], bool in_place) {
  const struct kind *kind = c->kind;
  const size_t size = size_of(kind), n = d->n;
  size_t count[3] = {1234567, 1234567, 1234567};
  char *x = guarded_place(&arenas[X], n * size, distance[X], at_end[X]);
  char *values = in_place ? x : guarded_place(&arenas[VALUES], n * size, distance[VALUES], at_end[VALUES]);
  uint32_t *indices = guarded_place(&arenas[INDICES], n * 4, distance[INDICES], at_end[INDICES]);
  char *y = guarded_place(&arenas[Y], n * size, distance[Y], at_end[Y]);
  memcpy(x, d->x, n * size);
  memset(y, 0x5A, n * size);

  int status = kind->compress(x, values, indices, n, &count[1]);

  if (status != FASTRELU_OK) fail_msg("%s on %s, n = %zu: status %d", kind->op.name, c->isa, n, status);
  if (count[1] != d->count || memcmp(values, d->values, d->count * size) != 0 ||
      memcmp(indices, d->indices, d->count * 4) != 0) {
    size_t k = 0;
    while (k < d->count && indices[k] == d->indices[k] && get(kind, values, k) == get(kind, d->values, k)) {
      k++;
    }
    fail_msg("%s on %s, n = %zu: %zu are active, counted %zu; first difference at %zu", kind->op.name, c->isa,
             n, d->count, count[1], k);
  }
  assert_int_equal(count[0], 1234567);
  assert_int_equal(count[2], 1234567);
  if (!in_place && memcmp(x, d->x, n * size) != 0) {
    fail_msg("%s on %s, n = %zu: x was changed", kind->op.name, c->isa, n);
  }
  if (!guarded_intact(&arenas[X], x, n * size) || !guarded_intact(&arenas[INDICES], indices, n * 4) ||
      (!in_place && !guarded_intact(&arenas[VALUES], values, n * size))) {
    fail_msg("%s on %s, n = %zu: wrote outside of a buffer", kind->op.name, c->isa, n);
  }

  status = kind->expand(values, indices, d->count, y, n);

  if (status != FASTRELU_OK) fail_msg("%s, n = %zu: status %d of expand", kind->op.name, n, status);
  if (memcmp(y, d->dense, n * size) != 0)
    fail_msg("%s, n = %zu: expanded to something else", kind->op.name, n);
  if (!guarded_intact(&arenas[Y], y, n * size))
    fail_msg("%s, n = %zu: expand wrote outside", kind->op.name, n);
  assert_memory_equal(values, d->values, d->count * size);
  assert_memory_equal(indices, d->indices, d->count * 4);
}

/* ---- results ----------------------------------------------------------------------------------------------- */

/* Each buffer at its own distance from its guard, all on one side or on alternating ones. */
static void at_every_offset(const struct test_case *c, bool in_place) {
  const size_t size = size_of(c->kind), offsets = 64 / size;
  size_t turn = sets[0].n;
  for (size_t offset = 0; offset < offsets; offset += quick ? 1 + offsets / 4 : 1) {
    for (int variant = 0; variant < 6; variant++, turn++) {
      const size_t other = (offset * 5 + 1) % offsets;
      const size_t steps[3][3] = {{offset, offset, offset}, {0, offset, other}, {other, 0, offset}};
      const size_t *s = steps[variant % 3];
      const bool end = variant < 3;
      const size_t distance[BUFFERS] = {s[0] * size, s[1] * size, s[2] % 16 * 4, offset * size};
      const bool at_end[BUFFERS] = {end, variant % 2 ? !end : end, end, end};
      round_trip(c, &sets[turn % DENSITIES], distance, at_end, in_place);
    }
  }
}

static void matches_at_every_length_and_offset(void **state) {
  const struct test_case *c = *state;
  uint64_t seed = 1;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t n = 0; n <= 4 * 64 + 3; n += quick && n > 70 ? 7 : 1) {
    for (int density = 0; density < DENSITIES; density++) {
      make(c->kind, &sets[density], n, (enum density)density, &seed);
    }
    at_every_offset(c, false);
  }
}

static void works_in_place(void **state) {
  const struct test_case *c = *state;
  uint64_t seed = 2;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t n = 0; n < 400; n += n < 140 && !quick ? 1 : 13) {
    for (int density = 0; density < DENSITIES; density++) {
      make(c->kind, &sets[density], n, (enum density)density, &seed);
    }
    at_every_offset(c, true);
  }
}

/* Around the blocks of expand, too: 1024 indices, and 8192 bytes of y. */
static void matches_on_long_tensors(void **state) {
  const struct test_case *c = *state;
  static const size_t lengths[] = {1023, 1024, 1025, 1026, 2047, 2048, 2049,
                                   4095, 4096, 4097, 8191, 8192, 8193, LONGEST};
  enum { LENGTHS = sizeof lengths / sizeof *lengths };
  uint64_t seed = 3;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t round = 0; round < LENGTHS + (quick ? 3 : 20); round++) {
    const size_t n = round < LENGTHS ? lengths[round] : (size_t)(random_bits(&seed) % 20000);
    for (int density = 0; density < DENSITIES; density++) {
      const size_t at = random_bits(&seed) % 16, size = size_of(c->kind);
      const size_t distance[BUFFERS] = {at * size, (15 - at) * size, at * 4, 0};
      const bool end = round & 1, at_end[BUFFERS] = {end, !end, end, end};
      make(c->kind, &sets[density], n, (enum density)density, &seed);
      round_trip(c, &sets[density], distance, at_end, density & 1);
    }
  }
}

/* A runner expands in parts; compression stays in one. */
static void matches_in_parts(void **state) {
  const struct test_case *c = *state;
  const size_t distance[BUFFERS] = {0};
  const bool at_end[BUFFERS] = {true, false, true, false};
  uint64_t seed = 7;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (int density = 0; density < (quick ? 1 : DENSITIES); density++) {
    make(c->kind, &sets[density], LONGEST - (size_t)density, (enum density)density, &seed);
    run_backwards(density % 2 ? 64 : 3);
    round_trip(c, &sets[density], distance, at_end, false);
    assert_true(parts_done() > 1);
  }
  run_backwards(0);
}

/* All 65,536 values of a 16-bit type in every lane. */
static void matches_on_every_16_bit_value(void **state) {
  const struct test_case *c = *state;
  const size_t distance[BUFFERS] = {0};
  const bool at_end[BUFFERS] = {false};
  if (size_of(c->kind) != 2) return;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t shift = 0; shift < (quick ? 1 : 32); shift++) {
    sets[0].n = 65536;
    for (size_t i = 0; i < 65536; i++) set(c->kind, sets[0].x, i, i + shift);
    expect_of(c->kind, &sets[0]);
    round_trip(c, &sets[0], distance, at_end, false);
  }
}

static void is_indifferent_to_the_environment(void **state) {
  const struct test_case *c = *state;
  const struct kind *kind = c->kind;
  const size_t size = size_of(kind);
  struct data *d = &sets[0];
  uint64_t seed = 5;
  assert_int_equal(fastrelu_use_isa(c->isa), FASTRELU_OK);
  for (size_t n = 1; n < 4000; n = n * 3 + 1) {
    make(kind, d, n, SPECIAL, &seed);
    for (int environment = 0; environment < environment_count; environment++) {
      char *values = guarded_place(&arenas[VALUES], n * size, 0, true);
      uint32_t *indices = guarded_place(&arenas[INDICES], n * 4, 0, true);
      char *y = guarded_place(&arenas[Y], n * size, 0, true);
      size_t count = 0;
      environment_enter(environment);
      const uint64_t control = environment_control();
      feclearexcept(FE_ALL_EXCEPT);
      const int compress_status = kind->compress(d->x, values, indices, n, &count);
      const int expand_status = kind->expand(values, indices, count, y, n);
      const int flags = fetestexcept(FE_ALL_EXCEPT);
      const uint64_t control_after = environment_control();
      environment_leave();
      assert_int_equal(compress_status, FASTRELU_OK);
      assert_int_equal(expand_status, FASTRELU_OK);
      assert_int_equal(control, control_after);
      assert_int_equal(flags, 0);
      assert_int_equal(count, d->count);
      assert_memory_equal(values, d->values, count * size);
      assert_memory_equal(indices, d->indices, count * 4);
      assert_memory_equal(y, d->dense, n * size);
    }
  }
}

/* ---- bad arguments ----------------------------------------------------------------------------------------- */

enum { N = 100, ROOM = 4096, COUNT = Y };
static _Alignas(64) char memory[BUFFERS][ROOM];

/* x, values, indices and count of compress; or values, indices and y of expand, in the order of the enum. */
static void reset(void *p[]) {
  memset(memory, 0x3C, sizeof memory);
  for (int k = 0; k < BUFFERS; k++) p[k] = memory[k] + 1024;
}

static void assert_nothing_written(void) {
  const char *bytes = memory[0];
  assert_int_equal(bytes[0], 0x3C);
  assert_int_equal(memcmp(bytes, bytes + 1, sizeof memory - 1), 0);
}

static int call_compress(const struct kind *kind, void *const p[], size_t n) {
  return kind->compress(p[X], p[VALUES], p[INDICES], n, p[COUNT]);
}

static void refuses_to_compress(const struct kind *kind, void *const p[], size_t n, int status) {
  const int actual = call_compress(kind, p, n);
  if (actual != status) fail_msg("compress %s, n = %zu: %d, expected %d", kind->op.name, n, actual, status);
  assert_nothing_written();
}

static void refuses_to_expand(const struct kind *kind, void *const p[], size_t count, size_t n, int status) {
  const int actual = kind->expand(p[VALUES], p[INDICES], count, p[Y], n);
  if (actual != status) {
    fail_msg("expand %s, count = %zu, n = %zu: %d, expected %d", kind->op.name, count, n, actual, status);
  }
  assert_nothing_written();
}

/* Of one buffer of compress. */
static size_t unit(const struct kind *kind, int k) {
  return k == COUNT ? sizeof(size_t) : k == INDICES ? 4 : alignment(kind);
}
static size_t extent(const struct kind *kind, int k) {
  return k == COUNT ? sizeof(size_t) : N * (k == INDICES ? 4 : size_of(kind));
}

static void compress_refuses_bad_pointers(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  for (int k = 0; k < BUFFERS; k++) {
    reset(p);
    p[k] = NULL;
    refuses_to_compress(kind, p, N, FASTRELU_ERROR_NULL);
    for (size_t offset = 1; offset < unit(kind, k); offset++) {
      reset(p);
      p[k] = (char *)p[k] + offset;
      refuses_to_compress(kind, p, N, FASTRELU_ERROR_ALIGNMENT);
      p[(k + 1) % BUFFERS] = NULL;
      refuses_to_compress(kind, p, N, FASTRELU_ERROR_NULL);
      p[(k + 1) % BUFFERS] = p[(k + 2) % BUFFERS];
      refuses_to_compress(kind, p, N, FASTRELU_ERROR_ALIGNMENT);
    }
  }
}

static void compress_refuses_overlaps_but_in_place(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  for (int a = 0; a < BUFFERS; a++) {
    for (int b = 0; b < BUFFERS; b++) {
      if (a == b) continue;
      const ptrdiff_t step = (ptrdiff_t)unit(kind, b);
      const ptrdiff_t a_bytes = (ptrdiff_t)extent(kind, a), b_bytes = (ptrdiff_t)extent(kind, b);
      /* b from the last place that touches a from below to the last one from above, and its neighbours. */
      const ptrdiff_t first = -(b_bytes - 1) / step * step;
      for (ptrdiff_t distance = first; distance < a_bytes; distance += step) {
        reset(p);
        p[b] = (char *)p[a] + distance;
        if (distance == 0 && a + b == X + VALUES) {
          assert_int_equal(call_compress(kind, p, N), FASTRELU_OK);
        } else {
          refuses_to_compress(kind, p, N, FASTRELU_ERROR_OVERLAP);
        }
      }
      const ptrdiff_t beyond[] = {first - step, (a_bytes + step - 1) / step * step};
      for (int side = 0; side < 2; side++) {
        reset(p);
        p[b] = (char *)p[a] + beyond[side];
        assert_int_equal(call_compress(kind, p, N), FASTRELU_OK);
      }
    }
  }
}

static void sizes_are_refused_first(void **state) {
  const struct kind *kind = *state;
  const size_t elements = PTRDIFF_MAX / size_of(kind),
               pairs = elements < PTRDIFF_MAX / 4 ? elements : PTRDIFF_MAX / 4;
  const size_t most = pairs > UINT32_MAX ? (size_t)UINT32_MAX + 1 : pairs;
  void *p[BUFFERS];
  reset(p);
  const size_t sizes[] = {pairs + 1, elements + 1, SIZE_MAX / 2 + 1, SIZE_MAX - 3, SIZE_MAX};
  refuses_to_compress(kind, p, most + 1, FASTRELU_ERROR_SIZE);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    refuses_to_compress(kind, p, sizes[i], FASTRELU_ERROR_SIZE);
    refuses_to_expand(kind, p, sizes[i], N, FASTRELU_ERROR_SIZE);
    if (sizes[i] > elements) refuses_to_expand(kind, p, N, sizes[i], FASTRELU_ERROR_SIZE);
  }
  for (int k = 0; k < BUFFERS; k++) p[k] = NULL;
  refuses_to_compress(kind, p, most + 1, FASTRELU_ERROR_SIZE);
  refuses_to_compress(kind, p, most, FASTRELU_ERROR_NULL);
  refuses_to_expand(kind, p, pairs + 1, N, FASTRELU_ERROR_SIZE);
  refuses_to_expand(kind, p, pairs, elements, FASTRELU_ERROR_NULL);
  refuses_to_expand(kind, p, N, elements + 1, FASTRELU_ERROR_SIZE);
}

static void compressing_nothing_sets_the_count(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  size_t count = 5;
  assert_int_equal(kind->compress(NULL, NULL, NULL, 0, &count), FASTRELU_OK);
  assert_int_equal(count, 0);
  reset(p);
  assert_int_equal(kind->compress(memory[0] + 1, memory[0] + 1, (void *)(memory[0] + 1), 0, &count),
                   FASTRELU_OK);
  assert_int_equal(kind->compress(&count, &count, (void *)&count, 0, &count), FASTRELU_OK);
  p[COUNT] = NULL;
  refuses_to_compress(kind, p, 0, FASTRELU_ERROR_NULL);
  p[COUNT] = memory[COUNT] + 1;
  refuses_to_compress(kind, p, 0, FASTRELU_ERROR_ALIGNMENT);
}

/* Indices that are wrong, too: other errors are found first. */
static void expand_refuses_bad_pointers(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  for (int k = VALUES; k < BUFFERS; k++) {
    reset(p);
    p[k] = NULL;
    refuses_to_expand(kind, p, N, N, FASTRELU_ERROR_NULL);
    for (size_t offset = 1; offset < (k == INDICES ? 4 : alignment(kind)); offset++) {
      reset(p);
      p[k] = (char *)p[k] + offset;
      refuses_to_expand(kind, p, N, N, FASTRELU_ERROR_ALIGNMENT);
      if (k != Y) refuses_to_expand(kind, p, N, 0, FASTRELU_ERROR_ALIGNMENT);
      p[k == Y ? VALUES : Y] = NULL;
      refuses_to_expand(kind, p, N, N, FASTRELU_ERROR_NULL);
      p[k == Y ? VALUES : Y] = p[INDICES];
      refuses_to_expand(kind, p, N, N, FASTRELU_ERROR_ALIGNMENT);
    }
  }
}

static void expand_is_never_in_place(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  enum { COUNTED = 30 };
  for (int k = VALUES; k <= INDICES; k++) {
    const ptrdiff_t bytes = COUNTED * (ptrdiff_t)(k == INDICES ? 4 : size_of(kind));
    const ptrdiff_t step = (ptrdiff_t)(k == INDICES ? 4 : alignment(kind)),
                    y_bytes = N * (ptrdiff_t)size_of(kind);
    const ptrdiff_t first = -(bytes - 1) / step * step;
    for (ptrdiff_t distance = first; distance < y_bytes; distance += step) {
      reset(p);
      p[k] = (char *)p[Y] + distance;
      refuses_to_expand(kind, p, COUNTED, N, FASTRELU_ERROR_OVERLAP);
    }
    reset(p);
    p[k] = (char *)p[Y] + first - step;
    refuses_to_expand(kind, p, COUNTED, N, FASTRELU_ERROR_INDEX);
    p[k] = (char *)p[Y] + (y_bytes + step - 1) / step * step;
    refuses_to_expand(kind, p, COUNTED, N, FASTRELU_ERROR_INDEX);
  }
  /* What is read may be the same. */
  uint32_t both[4] = {1, 2, 3, 4};
  reset(p);
  if (size_of(kind) <= 4) assert_int_equal(kind->expand(both, both, 4, p[Y], N), FASTRELU_OK);
}

static void expand_checks_every_index_before_it_writes(void **state) {
  const struct kind *kind = *state;
  enum { COUNTED = 3000, LENGTH = 7000 };
  static uint32_t indices[COUNTED];
  static _Alignas(8) char values[COUNTED * 8], y[LENGTH * 8];
  static const size_t places[] = {0, 1, 2, 1022, 1023, 1024, 1025, 1026, 1500, 2047, 2048, 2049, 2998, 2999};
  memset(y, 0x3C, sizeof y);
  for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
    for (int fault = 0; fault < 5; fault++) {
      const size_t k = places[place];
      size_t count = COUNTED;
      for (uint32_t i = 0; i < COUNTED; i++) indices[i] = 2 * i + 1;
      if (fault == 0 && k > 0) indices[k] = indices[k - 1];     /* equal neighbours */
      if (fault == 1 && k > 0) indices[k] = indices[k - 1] - 1; /* descending */
      if (fault == 2)
        indices[k] = k == 0 ? UINT32_MAX : indices[k] | 0x80000000u; /* past n, in front of lower ones */
      if (fault == 3) indices[k] = LENGTH;
      if (fault == 4) count = k + 1, indices[k] = LENGTH; /* the last of all is n */
      if (fault < 2 && k == 0) continue;
      assert_int_equal(kind->expand(values, indices, count, y, LENGTH), FASTRELU_ERROR_INDEX);
      for (size_t i = 0; i < sizeof y; i++) assert_int_equal(y[i], 0x3C);
    }
  }
  /* More than there are places, and exactly as many. */
  for (uint32_t i = 0; i < COUNTED; i++) indices[i] = i;
  assert_int_equal(kind->expand(values, indices, COUNTED, y, COUNTED - 1), FASTRELU_ERROR_INDEX);
  assert_int_equal(y[0], 0x3C);
  assert_int_equal(kind->expand(values, indices, COUNTED, y, COUNTED), FASTRELU_OK);
  assert_memory_equal(y, values, COUNTED * size_of(kind));
  /* Values that relu would not leave are written as they are. */
  memset(values, 0xFF, sizeof values);
  assert_int_equal(kind->expand(values, indices, COUNTED, y, COUNTED), FASTRELU_OK);
  assert_memory_equal(y, values, COUNTED * size_of(kind));
  memset(values, 0, sizeof values);
}

static void expand_of_nothing(void **state) {
  const struct kind *kind = *state;
  void *p[BUFFERS];
  reset(p);
  assert_int_equal(kind->expand(NULL, NULL, 0, p[Y], N), FASTRELU_OK);
  for (size_t i = 0; i < N * size_of(kind); i++) assert_int_equal(((char *)p[Y])[i], 0);
  assert_int_equal(kind->expand((char *)p[Y] + 1, (void *)((char *)p[Y] + 1), 0, p[Y], N), FASTRELU_OK);
  assert_int_equal(((char *)p[Y])[N * size_of(kind)], 0x3C);
  assert_int_equal(kind->expand(NULL, NULL, 0, NULL, 0), FASTRELU_OK);
  assert_int_equal(kind->expand(NULL, NULL, 0, memory[Y] + 1, 0), FASTRELU_OK);

  reset(p);
  p[Y] = NULL;
  refuses_to_expand(kind, p, 1, 0, FASTRELU_ERROR_INDEX);
  p[Y] = p[VALUES];
  refuses_to_expand(kind, p, 1, 0, FASTRELU_ERROR_INDEX);
  p[VALUES] = NULL;
  refuses_to_expand(kind, p, 1, 0, FASTRELU_ERROR_NULL);
}

/* ---- the program ------------------------------------------------------------------------------------------- */

struct test {
  const char *sentence;
  CMUnitTestFunction function;
};

static const struct test tests_of_isas[] = {
    {"matches at every length and offset", matches_at_every_length_and_offset},
    {"works in place", works_in_place},
    {"matches on long tensors", matches_on_long_tensors},
    {"matches in parts", matches_in_parts},
    {"matches on every 16-bit value", matches_on_every_16_bit_value},
    {"is indifferent to the environment", is_indifferent_to_the_environment},
};

static const struct test tests_of_arguments[] = {
    {"compress refuses bad pointers", compress_refuses_bad_pointers},
    {"compress refuses overlaps but in place", compress_refuses_overlaps_but_in_place},
    {"sizes are refused first", sizes_are_refused_first},
    {"compressing nothing sets the count", compressing_nothing_sets_the_count},
    {"expand refuses bad pointers", expand_refuses_bad_pointers},
    {"expand is never in place", expand_is_never_in_place},
    {"expand checks every index before it writes", expand_checks_every_index_before_it_writes},
    {"expand of nothing", expand_of_nothing},
};

enum {
  OF_ISAS = sizeof tests_of_isas / sizeof *tests_of_isas,
  OF_ARGUMENTS = sizeof tests_of_arguments / sizeof *tests_of_arguments
};

static struct CMUnitTest named(const struct kind *kind, const char *isa, const struct test *test,
                               const void *state) {
  const size_t length = strlen(kind->op.name) + strlen(isa) + strlen(test->sentence) + 7;
  char *name = malloc(length);
  snprintf(name, length, "%s%s%s: %s", kind->op.name, *isa ? " on " : "", isa, test->sentence);
  return (struct CMUnitTest){name, test->function, back_to_defaults, NULL, (void *)(uintptr_t)state};
}

int main(void) {
  quick = getenv("FASTRELU_TEST_QUICK") != NULL;
  for (int k = 0; k < BUFFERS; k++) arenas[k] = guarded_allocate(LONGEST * sizeof(double) + 4096);

  const char *const *isas = isas_to_test();
  size_t isa_count = 0, count = 0;
  while (isas[isa_count]) isa_count++;
  struct test_case *cases = calloc(isa_count * KINDS, sizeof *cases), *c = cases;
  struct CMUnitTest *tests = calloc(KINDS * (isa_count * OF_ISAS + OF_ARGUMENTS), sizeof *tests);
  if (!cases || !tests) return EXIT_FAILURE;
  for (int k = 0; k < KINDS; k++) {
    for (size_t i = 0; i < isa_count; i++, c++) {
      *c = (struct test_case){&kinds[k], isas[i]};
      for (int t = 0; t < OF_ISAS; t++) tests[count++] = named(&kinds[k], isas[i], &tests_of_isas[t], c);
    }
    for (int t = 0; t < OF_ARGUMENTS; t++) {
      tests[count++] = named(&kinds[k], "", &tests_of_arguments[t], &kinds[k]);
    }
  }
  return _cmocka_run_group_tests("sparse", tests, count, NULL, NULL);
}
