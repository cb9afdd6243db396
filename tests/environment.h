/* Floating-point environments other than the usual one: each rounding mode, and flush-to-zero where the CPU
 * has it. */
#ifndef FASTRELU_TESTS_ENVIRONMENT_H
#define FASTRELU_TESTS_ENVIRONMENT_H

#include <stdint.h>

extern const int environment_count;

void environment_enter(int environment);
void environment_leave(void);

/* The control bits in force, flags left out. */
uint64_t environment_control(void);

#endif
