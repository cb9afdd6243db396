/* The contract's arithmetic on one element, written from its text and from nothing else: no code is shared
 * with the library. */
#ifndef FASTRELU_TESTS_REFERENCE_H
#define FASTRELU_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "operations.h"

bool is_nan(enum dtype dtype, uint64_t bits);
bool is_denormal(enum dtype dtype, uint64_t bits);

/* !(x <= 0) */
bool keep(enum dtype dtype, uint64_t bits);

/* a + b in the element's own precision, f16 and bf16 in f32 with one rounding to nearest, ties to even. */
uint64_t sum(enum dtype dtype, uint64_t a, uint64_t b);

/* a * b, and (2 * a) * b, in the same way. */
uint64_t product(enum dtype dtype, uint64_t a, uint64_t b);
uint64_t product_of_twice(enum dtype dtype, uint64_t a, uint64_t b);

/* x * slope, the slope not rounded to a half type. */
uint64_t scaled(enum dtype dtype, uint64_t x, double slope);

/* An f32 and its bits. */
float f32_of(uint64_t bits);
uint32_t bits_of_f32(float value);

/* The number that the bits stand for. */
double number(enum dtype dtype, uint64_t bits);

/* A parameter, rounded to the element. */
uint64_t rounded(enum dtype dtype, double value);

#endif
