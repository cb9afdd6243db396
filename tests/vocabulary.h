/* Words of every instruction set's vocabulary, called without a kernel around them: the conversions of the half types,
 * and the access to a mask's bytes. */
#ifndef FASTRELU_TESTS_VOCABULARY_H
#define FASTRELU_TESTS_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

/* n is a multiple of VOCABULARY_MULTIPLE. */
enum { VOCABULARY_MULTIPLE = 32 };

struct conversions {
  void (*widen)(const uint16_t *half, uint32_t *wide, size_t n);
  void (*narrow)(const uint32_t *wide, uint16_t *half, size_t n);
};

struct vocabulary {
  struct conversions f16, bf16;
  uint64_t (*load_bytes)(const uint8_t *p, size_t bytes);
  void (*store_bytes)(uint8_t *p, uint64_t word, size_t bytes);
};

/* Of an instruction set's name, as fastrelu_isa_list() has it. */
const struct vocabulary *vocabulary_of(const char *isa);

#endif
