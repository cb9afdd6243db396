/* Which instruction sets a test program walks over. */
#ifndef FASTRELU_TESTS_ISAS_H
#define FASTRELU_TESTS_ISAS_H

#include <string.h>

#include "fastrelu.h"

/* Where the library has emulated ones, which stand last in its list, these alone: the same program without them
 * tests the others. Ended by NULL. */
static inline const char *const *isas_to_test(void) {
  const char *const *isas = fastrelu_isa_list();
  for (const char *const *isa = isas; *isa; isa++) {
    if (strstr(*isa, "_emulated")) return isa;
  }
  return isas;
}

#endif
