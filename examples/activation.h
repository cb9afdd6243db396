/* The functions between the dense layers, each with its derivative; ReLU in three ways that do the same. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

struct activation {
  const char *name;
  const char *code; /* which code computes it */
  int rectifies;    /* half of its inputs give zero: its layers start with weights √2 larger */
  /* y = f(y). A mask is given in training, one bit an element, for `backward`; NULL in inference. */
  void (*forward)(float *y, uint8_t *mask, size_t n);
  /* dy = dy · f'(x), from the mask or from the output y = f(x). */
  void (*backward)(const float *y, const uint8_t *mask, float *dy, size_t n);
};

/* By name "relu", "sigmoid" or "tanh", and for ReLU by code: "mask" and "tensor" are the library, with one
 * bit an element or the whole output kept for the gradient, "plain" is a C loop. NULL if there is none such. */
const struct activation *activation_find(const char *name, const char *code);

#endif
