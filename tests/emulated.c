/* The dispatcher of the tests' own library also lists the emulated instruction sets: every CPU runs them. */
#include "cpu.h"

#define ISA(name)                     \
  bool fastrelu_cpu_has_##name(void); \
  bool fastrelu_cpu_has_##name(void) { return true; }
FASTRELU_EMULATED_LIST
