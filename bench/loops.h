/* The plain loops that a user of the C compiler would write, as contenders of the bench. */
#ifndef FASTRELU_BENCH_LOOPS_H
#define FASTRELU_BENCH_LOOPS_H

#include "fastrelu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* With the signatures of the functions that they contend with, minus all checks; buffers must not overlap. bf16
 * is compared as an integer, so that its loops serve f16 too. */
fastrelu_status compiler_relu_f32(const float *x, float *y, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_s8(const int8_t *x, int8_t *y, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_grad_f32(const float *x, const float *dy, float *dx,
                                       size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_grad_bf16(const fastrelu_bf16 *x, const fastrelu_bf16 *dy, fastrelu_bf16 *dx,
                                        size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_mask_f32(const float *x, float *y, uint8_t *mask, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_mask_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, uint8_t *mask,
                                        size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_mask_grad_f32(const uint8_t *mask, const float *dy, float *dx,
                                            size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_mask_grad_bf16(const uint8_t *mask, const fastrelu_bf16 *dy, fastrelu_bf16 *dx,
                                             size_t n) FASTRELU_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
