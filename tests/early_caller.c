/* A user of fastrelu that calls it from a constructor; 101 is the first priority that is not reserved, before
 * that of an ordinary one. EARLY_ISA in the environment names the instruction set that it asks for. */
#include <stdlib.h>

#include "fastrelu.h"

extern const char *early_isa;
extern int early_status;
extern float early_result[2];
extern char early_info[2048];

const char *early_isa;
int early_status = 1;
float early_result[2] = {9, 9};
char early_info[2048];

__attribute__((constructor(101))) static void call_early(void) {
  static const float x[2] = {-3, 4};
  const char *isa = getenv("EARLY_ISA");
  if (isa) {
    fastrelu_use_isa(isa);
  } else {
    fastrelu_info(early_info, sizeof early_info); /* looks at the choice without making another */
  }
  early_status = fastrelu_relu_f32(x, early_result, 2);
  early_isa = fastrelu_isa();
}
