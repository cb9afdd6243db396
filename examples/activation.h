/* The functions between the dense layers, each with its derivative; the ReLU family is the library's, with plain C
 * loops that do the same. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

/* What an activation works on: tensors [rows][units]. */
struct elements {
  float *x, *y;       /* before and after it; the same tensor where it is computed in place */
  float *dy;          /* the gradient of y, which `backward` turns into that of x */
  uint8_t *mask;      /* one bit an element, written in training for `backward`; NULL in inference */
  const float *slope; /* one a unit, where it is learnt, and its gradient */
  float *dslope;
  size_t rows, units;
};

struct activation {
  const char *name;
  const char *code;  /* which code computes it */
  float gain;        /* its layers' first weights have the variance gain / inputs; 0: it does not rectify */
  float rate_factor; /* to the learning rate that suits it from the one that suits ReLU */
  int keeps_input;   /* `backward` needs x, so it is not computed in place */
  float first_slope; /* of each unit, before training; 0: it learns no slopes */
  void (*forward)(const struct elements *e);
  void (*backward)(const struct elements *e);
};

/* All of them, to the one without a name. The codes "mask" and "tensor" are the library, which keeps one bit an
 * element or the whole input or output for the gradient; "plain" is a C loop. */
extern const struct activation activations[];

/* By name and code, with code NULL the first of that name; NULL if there is none such. */
const struct activation *activation_find(const char *name, const char *code);

/* active[u] += the rows in which unit u of a layer that rectifies is on: x > 0. */
void activation_count(const struct elements *e, uint64_t *active);

#endif
