/* binary16 and bfloat16 to f32 and back, in every instruction set's vocabulary; the rounding of parameters; and the
 * access to a mask's bytes. `exhaustive` looks at every f32 value, this at those around which a rounding changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fastrelu.h"
#include "isas.h"
#include "operations.h"
#include "reference.h"
#include "vocabulary.h"

enum { HALVES = 65536, WIDE = 5 * HALVES };

struct half {
  const char *name;
  enum dtype dtype;
  uint16_t infinity, fraction; /* fraction: its bits */
  int (*threshold)(const uint16_t *x, uint16_t *y, size_t n, float threshold, float value);
};

static const struct half f16 = {"f16", F16, 0x7C00, 10, fastrelu_threshold_f16};
static const struct half bf16 = {"bf16", BF16, 0x7F80, 7, fastrelu_threshold_bf16};

struct test_case {
  const struct half *half;
  const char *isa;
};

static const struct conversions *conversions_of(const struct test_case *c) {
  const struct vocabulary *v = vocabulary_of(c->isa);
  return c->half == &f16 ? &v->f16 : &v->bf16;
}

/* Equal, or both NaN: their payload is unspecified where arithmetic made them. */
static bool same(enum dtype dtype, uint64_t a, uint64_t b) {
  return a == b || (is_nan(dtype, a) && is_nan(dtype, b));
}

/* Every half in every lane, forth and back. */
static void every_half_is_exact(void **state) {
  const struct test_case *c = *state;
  const struct conversions *conversions = conversions_of(c);
  static uint16_t half[HALVES], back[HALVES];
  static uint32_t wide[HALVES];
  for (size_t shift = 0; shift < VOCABULARY_MULTIPLE; shift++) {
    for (size_t i = 0; i < HALVES; i++) half[i] = (uint16_t)(i + shift);
    conversions->widen(half, wide, HALVES);
    conversions->narrow(wide, back, HALVES);
    for (size_t i = 0; i < HALVES; i++) {
      const uint32_t expected = bits_of_f32((float)number(c->half->dtype, half[i]));
      if (!same(F32, wide[i], expected)) {
        fail_msg("%s %04x on %s becomes %08x, not %08x", c->half->name, half[i], c->isa, wide[i], expected);
      }
      if (!same(c->half->dtype, back[i], half[i])) {
        fail_msg("%s %04x on %s comes back as %04x", c->half->name, half[i], c->isa, back[i]);
      }
    }
  }
}

/* Behind each half the middle to the next one and its neighbours, where the largest is followed by what would be
 * if the exponents went on; every 65,537th f32; and NaNs whose payload lies at either end. */
static void make_wide(const struct half *half, uint32_t wide[WIDE]) {
  for (uint32_t h = 0; h < HALVES; h++) {
    const uint32_t sign = (h & 0x8000) << 16, magnitude = h & 0x7FFF;
    const double value = number(half->dtype, magnitude), next = number(half->dtype, magnitude + 1);
    const double step =
        magnitude + 1 == half->infinity ? value - number(half->dtype, magnitude - 1) : next - value;
    const uint32_t middle = bits_of_f32((float)(value + step / 2));
    for (uint32_t k = 0; k < 3; k++) {
      const uint32_t payload = magnitude << (k == 1 ? 13 : 0) & 0x7FFFFF;
      wide[4 * h + k] = sign | (magnitude < half->infinity ? middle + k - 1 : 0x7F800000 | payload);
    }
    wide[4 * h + 3] = h * 65537u;
  }
  for (uint32_t h = 0; h < HALVES; h++) wide[4 * HALVES + h] = h * 65537u * 3u + 0x8000u;
}

static void f32_rounds_to_the_nearest(void **state) {
  const struct test_case *c = *state;
  static uint32_t wide[WIDE];
  static uint16_t narrowed[WIDE];
  make_wide(c->half, wide);
  conversions_of(c)->narrow(wide, narrowed, WIDE);
  for (size_t i = 0; i < WIDE; i++) {
    const uint64_t expected = rounded(c->half->dtype, f32_of(wide[i]));
    if (!same(c->half->dtype, narrowed[i], expected)) {
      fail_msg("%08x on %s becomes %s %04x, not %04x", wide[i], c->isa, c->half->name, narrowed[i],
               (unsigned)expected);
    }
  }
}

/* As threshold's value, where a NaN keeps its sign and the top of its payload. */
static void parameters_round_to_the_nearest(void **state) {
  const struct half *half = *state;
  const uint16_t x = 0xBC00; /* negative in both */
  const uint32_t payload = (1u << half->fraction) - 1, quiet = 1u << (half->fraction - 1);
  static uint32_t wide[WIDE];
  make_wide(half, wide);
  for (size_t i = 0; i < WIDE; i++) {
    uint16_t y = 0;
    uint64_t expected = rounded(half->dtype, f32_of(wide[i]));
    if (is_nan(F32, wide[i])) {
      expected =
          (wide[i] >> 16 & 0x8000) | half->infinity | quiet | (wide[i] >> (23 - half->fraction) & payload);
    }
    assert_int_equal(half->threshold(&x, &y, 1, 0, f32_of(wide[i])), FASTRELU_OK);
    if (y != expected) fail_msg("%08x becomes %s %04x, not %04x", wide[i], half->name, y, (unsigned)expected);
  }
}

/* Byte i of memory is bits 8i to 8i + 7 on every architecture; nothing around is written. */
static void masks_are_little_endian(void **state) {
  const struct vocabulary *vocabulary = vocabulary_of(*state);
  for (size_t bytes = 1; bytes <= 8; bytes++) {
    uint8_t memory[10];
    uint64_t word = 0;
    for (size_t i = 0; i < 10; i++) memory[i] = (uint8_t)(0x11 * (i + 1));
    for (size_t i = 0; i < bytes; i++) word |= (uint64_t)memory[1 + i] << 8 * i;
    assert_true(vocabulary->load_bytes(memory + 1, bytes) == word);
    vocabulary->store_bytes(memory + 1, ~word, bytes);
    for (size_t i = 0; i < 10; i++) {
      const bool written = i >= 1 && i <= bytes;
      assert_int_equal(memory[i], (uint8_t)(0x11 * (i + 1) ^ (written ? 0xFF : 0)));
    }
  }
}

int main(void) {
  static const struct half *const halves[] = {&f16, &bf16};
  enum { MOST_ISAS = 16 };
  const char *const *isas = isas_to_test();
  static struct test_case cases[2 * MOST_ISAS];
  struct CMUnitTest tests[5 * MOST_ISAS + 2];
  size_t count = 0, case_count = 0;
  for (int k = 0; k < 2; k++) {
    tests[count++] = (struct CMUnitTest){"parameters round to the nearest", parameters_round_to_the_nearest,
                                         NULL, NULL, (void *)(uintptr_t)halves[k]};
    for (size_t i = 0; isas[i] && i < MOST_ISAS; i++) {
      struct test_case *c = &cases[case_count++];
      *c = (struct test_case){halves[k], isas[i]};
      tests[count++] = (struct CMUnitTest){"every half is exact", every_half_is_exact, NULL, NULL, c};
      tests[count++] =
          (struct CMUnitTest){"f32 rounds to the nearest", f32_rounds_to_the_nearest, NULL, NULL, c};
    }
  }
  for (size_t i = 0; isas[i] && i < MOST_ISAS; i++) {
    tests[count++] = (struct CMUnitTest){"masks are little-endian", masks_are_little_endian, NULL, NULL,
                                         (void *)(uintptr_t)isas[i]};
  }
  return _cmocka_run_group_tests("conversions", tests, count, NULL, NULL);
}
