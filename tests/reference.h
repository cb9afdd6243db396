/* The contract's arithmetic on one element, written from its text and from nothing else: no code is shared
 * with the library. */
#ifndef FASTRELU_TESTS_REFERENCE_H
#define FASTRELU_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "operations.h"

bool is_nan(enum dtype dtype, uint64_t bits);

/* !(x <= 0) */
bool keep(enum dtype dtype, uint64_t bits);

/* a + b in the element's own precision, f16 and bf16 in f32 with one rounding to nearest, ties to even. */
uint64_t sum(enum dtype dtype, uint64_t a, uint64_t b);

#endif
