/* Which instruction sets a test program walks over. */
#ifndef FASTRELU_TESTS_ISAS_H
#define FASTRELU_TESTS_ISAS_H

#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"

/* Where the library has emulated ones, which stand last in its list, these alone: the same program without them
 * tests the others. On a CPU that is emulated whole, which is slow, the one that FASTRELU_TEST_EXPECT_ISA says is
 * picked there. Ended by NULL. */
static inline const char *const *isas_to_test(void) {
  static const char *expected[2];
  const char *const *isas = fastrelu_isa_list();
  expected[0] = getenv("FASTRELU_TEST_EXPECT_ISA");
  if (expected[0]) return expected;
  for (const char *const *isa = isas; *isa; isa++) {
    if (strstr(*isa, "_emulated")) return isa;
  }
  return isas;
}

#endif
