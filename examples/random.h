/* SplitMix64: small, fast, and the same numbers on every machine.
 * G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

static inline uint64_t random_bits(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* Uniform in [-1, 1), a multiple of 2^-23. */
static inline float random_symmetric(uint64_t *state) {
  return (float)(random_bits(state) >> 40) * 0x1p-23f - 1.0f;
}

/* Uniform in [0, bound): the bias of at most bound / 2^64 is of no interest here. */
static inline uint64_t random_below(uint64_t *state, uint64_t bound) { return random_bits(state) % bound; }

#endif
