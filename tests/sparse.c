#include "sparse.h"

#include <string.h>

#include "fastrelu.h"
#include "reference.h"

#define KIND(suffix)                                                                                         \
  static int compress_##suffix(const void *x, void *values, uint32_t *indices, size_t n, size_t *count) {    \
    return fastrelu_relu_compress_##suffix(x, values, indices, n, count);                                    \
  }                                                                                                          \
  static int expand_##suffix(const void *values, const uint32_t *indices, size_t count, void *y, size_t n) { \
    return fastrelu_relu_expand_##suffix(values, indices, count, y, n);                                      \
  }
KIND(f32)
KIND(f64)
KIND(f16)
KIND(bf16)

const struct kind kinds[KINDS] = {
    {{.name = "f32", .dtype = F32, .roles = {TENSOR_IN}}, compress_f32, expand_f32},
    {{.name = "f64", .dtype = F64, .roles = {TENSOR_IN}}, compress_f64, expand_f64},
    {{.name = "f16", .dtype = F16, .roles = {TENSOR_IN}}, compress_f16, expand_f16},
    {{.name = "bf16", .dtype = BF16, .roles = {TENSOR_IN}}, compress_bf16, expand_bf16},
};

size_t compressed(const struct kind *kind, const void *x, void *values, uint32_t *indices, size_t n) {
  const enum dtype dtype = kind->op.dtype;
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    const uint64_t bits = get_element(dtype, x, i);
    if (!keep(dtype, bits)) continue;
    set_element(dtype, values, count, bits);
    indices[count++] = (uint32_t)i;
  }
  return count;
}

void expanded(const struct kind *kind, const void *values, const uint32_t *indices, size_t count, void *y,
              size_t n) {
  const enum dtype dtype = kind->op.dtype;
  memset(y, 0, n * element_size(dtype));
  for (size_t k = 0; k < count; k++) set_element(dtype, y, indices[k], get_element(dtype, values, k));
}
