/* Every public operation as one row: what its operands are, how it is called, and what the contract says it
 * does. The tests walk over these rows; none of them knows an operation by name. */
#ifndef FASTRELU_TESTS_OPERATIONS_H
#define FASTRELU_TESTS_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_OPERANDS = 5 };

enum dtype { F32, F64, F16, BF16, S8, U8, S16, S32 };

enum role { NONE, TENSOR_IN, TENSOR_OUT, TENSOR_IN_OUT, MASK_IN, MASK_OUT };

/* How an element of an output comes about, and so what is promised of it: */
enum outcome {
  SELECTED, /* its bits, in every floating-point environment */
  COMPARED, /* the same, but for DAZ: a float comparison of a denormal */
  COMPUTED  /* its bits in the usual environment, except for the sign and payload of a NaN */
};

/* What follows n in the call; bounds before they are rounded to the element. */
struct parameters {
  double first, second;
};

struct operation {
  const char *name;
  enum dtype dtype;
  enum role roles[MAX_OPERANDS]; /* in the order of the arguments */
  bool raises;                   /* may raise floating-point exception flags */
  bool variant;                  /* a row before it walks the same way with other parameters */
  struct parameters parameters;
  int (*call)(void *const operands[], size_t n, const struct parameters *parameters);
  /* One element: operands as bits, read from in[], written to out[]; a mask's bit is 0 or 1. */
  enum outcome (*element)(const struct operation *op, const uint64_t in[], uint64_t out[]);
};

static inline int call(const struct operation *op, void *const operands[], size_t n) {
  return op->call(operands, n, &op->parameters);
}

extern const struct operation operations[];
extern const size_t operation_count;

size_t element_size(enum dtype dtype);
size_t operand_bytes(const struct operation *op, int operand, size_t n);

/* An element's bits, in a buffer that need not be aligned. */
uint64_t get_element(enum dtype dtype, const void *buffer, size_t i);
void set_element(enum dtype dtype, void *buffer, size_t i, uint64_t bits);

static inline bool is_mask(enum role role) { return role == MASK_IN || role == MASK_OUT; }
static inline bool is_read(enum role role) {
  return role == TENSOR_IN || role == TENSOR_IN_OUT || role == MASK_IN;
}
static inline bool is_written(enum role role) {
  return role == TENSOR_OUT || role == TENSOR_IN_OUT || role == MASK_OUT;
}

/* May these two operands be the same buffer? */
bool may_be_in_place(const struct operation *op, int a, int b);

/* What the contract says of the whole call: reads in[], writes the outputs to out[] (which overlap nothing) and
 * every element's outcome. */
void reference(const struct operation *op, const void *const in[], void *const out[], uint8_t outcomes[],
               size_t n);

/* Equal to the bit, but for NaNs that were computed. Returns n where equal, else the first element (for a mask:
 * the first of its byte) that is not. */
size_t first_difference(const struct operation *op, int operand, const void *expected, const void *actual,
                        const uint8_t outcomes[], size_t n);

/* The same, of those elements alone whose bits are promised in every floating-point environment. */
size_t first_difference_of_selected(const struct operation *op, int operand, const void *expected,
                                    const void *actual, const uint8_t outcomes[], size_t n);

#endif
