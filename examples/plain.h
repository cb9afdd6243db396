/* The ReLU family and its gradients as a C program without a library writes them. The build compiles plain.c at -O3,
 * whatever the build type, so that a comparison with it is one with the compiler's best for the baseline CPU. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stddef.h>

void plain_relu(const float *x, float *y, size_t n);
void plain_relu_grad(const float *y, const float *dy, float *dx, size_t n);
void plain_leaky_relu(const float *x, float *y, size_t n, float slope);
void plain_leaky_relu_grad(const float *x, const float *dy, float *dx, size_t n, float slope);
void plain_relu6(const float *x, float *y, size_t n);
void plain_relu6_grad(const float *y, const float *dy, float *dx, size_t n);
void plain_squared_relu(const float *x, float *y, size_t n);
void plain_squared_relu_grad(const float *x, const float *dy, float *dx, size_t n);

#endif
