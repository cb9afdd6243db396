/* Words of one instruction set's vocabulary over arrays, compiled with its flags, or emulated, as its kernels are:
 * VOCABULARY_FILE is the file, VOCABULARY the structure's name. */
#define FASTRELU_VOCABULARY_ONLY
#include VOCABULARY_FILE

#include "vocabulary.h"

/* Elements of a vector of halves, and the registers of f32 that they fill. */
INLINE int lanes_of_half(int e) { return vector_bytes(e) / 2; }
INLINE int lanes_of_f32(void) { return vector_bytes(F32) / 4; }

INLINE void widen_vector(const uint16_t *half, uint32_t pair[VOCABULARY_MULTIPLE], int e) {
  const bits x = load(half, e);
  store(pair, widen_low(x, e), F32);
  if (lanes_of_half(e) > lanes_of_f32()) store(pair + lanes_of_f32(), widen_high(x, e), F32);
}

/* Where each element goes, which is the vocabulary's affair: seen from the values from 1 on. */
INLINE void find_order(int order[VOCABULARY_MULTIPLE], int e) {
  uint16_t half[VOCABULARY_MULTIPLE];
  uint32_t pair[VOCABULARY_MULTIPLE];
  for (int i = 0; i < VOCABULARY_MULTIPLE; i++) half[i] = (uint16_t)((e == F16 ? 0x3C00 : 0x3F80) + i);
  widen_vector(half, pair, e);
  for (int lane = 0; lane < lanes_of_half(e); lane++) {
    order[lane] = (int)((pair[lane] - 0x3F800000) >> (e == F16 ? 13 : 16)) & (lanes_of_half(e) - 1);
  }
}

INLINE void widen_all(const uint16_t *half, uint32_t *wide, size_t n, int e) {
  const int lanes = lanes_of_half(e);
  int order[VOCABULARY_MULTIPLE];
  uint32_t pair[VOCABULARY_MULTIPLE];
  find_order(order, e);
  for (size_t i = 0; i < n; i += (size_t)lanes) {
    widen_vector(half + i, pair, e);
    for (int lane = 0; lane < lanes; lane++) wide[i + (size_t)order[lane]] = pair[lane];
  }
  leave();
}

INLINE void narrow_all(const uint32_t *wide, uint16_t *half, size_t n, int e) {
  const int lanes = lanes_of_half(e), high = lanes > lanes_of_f32() ? lanes_of_f32() : 0;
  int order[VOCABULARY_MULTIPLE];
  uint32_t pair[VOCABULARY_MULTIPLE];
  find_order(order, e);
  for (size_t i = 0; i < n; i += (size_t)lanes) {
    for (int lane = 0; lane < lanes; lane++) pair[lane] = wide[i + (size_t)order[lane]];
    store(half + i, narrow_pair(load(pair, F32), load(pair + high, F32), e), e);
  }
  leave();
}

static void widen_f16(const uint16_t *half, uint32_t *wide, size_t n) { widen_all(half, wide, n, F16); }
static void widen_bf16(const uint16_t *half, uint32_t *wide, size_t n) { widen_all(half, wide, n, BF16); }
static void narrow_f16(const uint32_t *wide, uint16_t *half, size_t n) { narrow_all(wide, half, n, F16); }
static void narrow_bf16(const uint32_t *wide, uint16_t *half, size_t n) { narrow_all(wide, half, n, BF16); }

static uint64_t bytes_loaded(const uint8_t *p, size_t bytes) { return load_bytes(p, bytes); }
static void bytes_stored(uint8_t *p, uint64_t word, size_t bytes) { store_bytes(p, word, bytes); }

extern const struct vocabulary VOCABULARY;
const struct vocabulary VOCABULARY = {
    {widen_f16, narrow_f16}, {widen_bf16, narrow_bf16}, bytes_loaded, bytes_stored};
