#include <string.h>

#include "vocabulary.h"

#define ISA(name) extern const struct vocabulary vocabulary_##name;
FASTRELU_ISA_LIST
#undef ISA

#define ISA(name) {#name, &vocabulary_##name},
static const struct {
  const char *isa;
  const struct vocabulary *vocabulary;
} vocabularies[] = {FASTRELU_ISA_LIST};
#undef ISA

const struct vocabulary *vocabulary_of(const char *isa) {
  size_t i = 0;
  while (strcmp(vocabularies[i].isa, isa) != 0) i++;
  return vocabularies[i].vocabulary;
}
