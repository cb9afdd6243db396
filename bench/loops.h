/* The plain loops that a user of the C compiler would write, as contenders of the bench. */
#ifndef FASTRELU_BENCH_LOOPS_H
#define FASTRELU_BENCH_LOOPS_H

#include "fastrelu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* With the signatures of the functions that they contend with, minus all checks; buffers must not overlap. */
fastrelu_status compiler_relu_f32(const float *x, float *y, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_bf16(const fastrelu_bf16 *x, fastrelu_bf16 *y, size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_grad_f32(const float *x, const float *dy, float *dx,
                                       size_t n) FASTRELU_NOEXCEPT;
fastrelu_status compiler_relu_mask_grad_f32(const uint8_t *mask, const float *dy, float *dx,
                                            size_t n) FASTRELU_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
