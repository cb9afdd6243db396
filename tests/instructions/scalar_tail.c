/* A relu with what the walks avoid: a loop over the elements behind its last whole vectors. Preloaded, it takes
 * the place of the library's, for the proof that the check for sawteeth can fail. */
#include <string.h>

#include "fastrelu.h"

typedef int32_t vector __attribute__((vector_size(16)));

fastrelu_status fastrelu_relu_f32(const float *x, float *y, size_t n) {
  size_t i = 0;
  for (; n - i >= 16; i += 16) {
    vector v[4];
    memcpy(v, x + i, sizeof v);
    for (int k = 0; k < 4; k++) v[k] &= v[k] > 0;
    memcpy(y + i, v, sizeof v);
  }
  for (; i < n; i++) {
    y[i] = x[i] <= 0 ? 0 : x[i];
    __asm__ volatile("" ::: "memory"); /* element by element, however clever the compiler */
  }
  return FASTRELU_OK;
}
