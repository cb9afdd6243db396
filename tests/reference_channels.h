/* The operations over channels as rows, and what the contract says of a whole call, written from its text and
 * from nothing else. */
#ifndef FASTRELU_TESTS_REFERENCE_CHANNELS_H
#define FASTRELU_TESTS_REFERENCE_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operations.h"

/* What an operation's arguments are: tensors, and entries of which each channel has one. y is X of the gradient
 * of the bias, OUT is y or dx, ENTRIES is dslope, dbias or counts. */
enum channel_operand { X, PARAMETERS, DY, OUT, ENTRIES, CHANNEL_OPERANDS };

struct shape {
  size_t outer, channels, inner;
};

struct channel_operation {
  const char *name;
  enum dtype dtype;
  bool has[CHANNEL_OPERANDS];
  bool adds_to_entries; /* counts are read, sums overwritten */
  int (*call)(void *const operands[], struct shape shape);
  /* What an element writes to OUT, and the term that it adds to its channel's sum, or its count. */
  uint64_t (*out)(enum dtype dtype, uint64_t x, uint64_t parameter, uint64_t dy);
  double (*term)(enum dtype dtype, uint64_t x, uint64_t dy);
};

extern const struct channel_operation channel_operations[];
extern const size_t channel_operation_count;

/* One element or entry of an operand: as what its bits are held (counts as 64 of them), their bytes, and how many
 * there are. */
enum dtype unit_dtype(const struct channel_operation *op, int operand);
size_t unit_size(const struct channel_operation *op, int operand);
size_t units(int operand, struct shape shape);

uint64_t load_unit(const struct channel_operation *op, int operand, const void *buffer, size_t i);
void store_unit(const struct channel_operation *op, int operand, void *buffer, size_t i, uint64_t value);

/* The sum of n terms in the order that the contract fixes, not yet rounded to the type of the result. */
double sum_in_order(const double *terms, size_t n);

/* Reads in[], writes OUT and ENTRIES to out[], which overlap nothing. */
void channel_reference(const struct channel_operation *op, const void *const in[], void *const out[],
                       struct shape shape);

#endif
