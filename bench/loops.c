/* Compiled at -O3 -march=native (bench/CMakeLists.txt). Written the way that suits the compiler best, which
 * is less exact than the library: `restrict` saves it the tests for overlap, and the comparisons drop NaNs,
 * so that a ReLU is a single max instruction. */
#include "loops.h"

fastrelu_status compiler_relu_f32(const float *restrict x, float *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : 0;
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_bf16(const fastrelu_bf16 *restrict x, fastrelu_bf16 *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)x[i] > 0 ? x[i] : 0;
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_s8(const int8_t *restrict x, int8_t *restrict y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : 0;
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_grad_f32(const float *restrict x, const float *restrict dy, float *restrict dx,
                                       size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_grad_bf16(const fastrelu_bf16 *restrict x, const fastrelu_bf16 *restrict dy,
                                        fastrelu_bf16 *restrict dx, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = (int16_t)x[i] > 0 ? dy[i] : 0;
  return FASTRELU_OK;
}

/* A byte of the mask at a time: a count that the compiler knows. */
fastrelu_status compiler_relu_mask_f32(const float *restrict x, float *restrict y, uint8_t *restrict mask,
                                       size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    unsigned bits = 0;
    for (size_t j = 0; j < 8; j++) {
      const unsigned active = x[i + j] > 0;
      y[i + j] = active ? x[i + j] : 0;
      bits |= active << j;
    }
    mask[i / 8] = (uint8_t)bits;
  }
  for (unsigned bits = 0; i < n; i++) {
    const unsigned active = x[i] > 0;
    y[i] = active ? x[i] : 0;
    bits |= active << (i % 8);
    mask[i / 8] = (uint8_t)bits;
  }
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_mask_bf16(const fastrelu_bf16 *restrict x, fastrelu_bf16 *restrict y,
                                        uint8_t *restrict mask, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    unsigned bits = 0;
    for (size_t j = 0; j < 8; j++) {
      const unsigned active = (int16_t)x[i + j] > 0;
      y[i + j] = active ? x[i + j] : 0;
      bits |= active << j;
    }
    mask[i / 8] = (uint8_t)bits;
  }
  for (unsigned bits = 0; i < n; i++) {
    const unsigned active = (int16_t)x[i] > 0;
    y[i] = active ? x[i] : 0;
    bits |= active << (i % 8);
    mask[i / 8] = (uint8_t)bits;
  }
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_mask_grad_f32(const uint8_t *restrict mask, const float *restrict dy,
                                            float *restrict dx, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = mask[i / 8] >> (i % 8) & 1 ? dy[i] : 0;
  return FASTRELU_OK;
}

fastrelu_status compiler_relu_mask_grad_bf16(const uint8_t *restrict mask, const fastrelu_bf16 *restrict dy,
                                             fastrelu_bf16 *restrict dx, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = mask[i / 8] >> (i % 8) & 1 ? dy[i] : 0;
  return FASTRELU_OK;
}
