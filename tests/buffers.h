/* Test data, and memory that faults where nothing may be touched. */
#ifndef FASTRELU_TESTS_BUFFERS_H
#define FASTRELU_TESTS_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operations.h"

/* Pages that can be used, between two that cannot. */
struct guarded {
  char *begin, *end;
};

struct guarded guarded_allocate(size_t bytes);
void guarded_free(struct guarded *g);

/* A buffer of `bytes` that lies `distance` bytes behind the lower guard, or before the upper one. Everything
 * around it, up to `distance` and a few lines, is filled with a pattern. */
void *guarded_place(const struct guarded *g, size_t bytes, size_t distance, bool at_end);

/* Is the pattern around the buffer unchanged? */
bool guarded_intact(const struct guarded *g, const void *buffer, size_t bytes);

/* A small generator with a fixed seed: the same data on every machine. */
uint64_t random_bits(uint64_t *state);

/* Values of the dtype (a mask's bytes where the role says so): special ones, such as -0, infinities,
 * denormals and NaNs of every kind, among random ones. */
void fill(const struct operation *op, int operand, void *buffer, size_t n, uint64_t *state);

#endif
