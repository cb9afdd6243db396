/* A multilayer perceptron: dense layers with biases, an activation between them, softmax and cross-entropy at
 * the end, stochastic gradient descent with momentum. The matrix products are CBLAS's. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "activation.h"

struct layer {
  int inputs, outputs;
  float *weights, *bias; /* [outputs][inputs] and [outputs], within the network's parameters */
  float *slope;          /* [outputs], if the activation learns slopes; otherwise NULL */
  float *weights_gradient, *bias_gradient, *slope_gradient; /* the same within its gradients */
  struct elements out; /* of the dense layer and of its activation, [batch][outputs] */
};

struct network {
  const struct activation *activation; /* after every layer but the last */
  int layers, batch;
  struct layer *layer;
  size_t parameters; /* how many there are in each of these three */
  float *parameter, *gradient, *velocity;
  double forward_seconds, backward_seconds; /* spent in the activation while training, and only there */
};

/* A network of `layers` dense layers, sizes[0] inputs and sizes[layers] classes, for up to `batch` examples
 * at a time. The initial weights depend on the seed, the sizes and the activation's kind alone. Returns 0, or
 * -1 if there is not enough memory; network_free is allowed in either case. */
int network_create(struct network *network, const int *sizes, int layers, int batch,
                   const struct activation *activation, uint64_t seed);
void network_free(struct network *network);

/* x[rows][inputs] through all layers, the last of which then holds the logits. */
void network_infer(struct network *network, const float *x, int rows);
/* The same, and keeps what network_backward needs. */
void network_forward(struct network *network, const float *x, int rows);

/* active[l][u] += the rows of the last pass in which unit u of hidden layer l was on. */
void network_count_active(const struct network *network, uint64_t *const active[]);

/* The sum of the rows' cross-entropies, and adds to *correct how many of them have their label on top. Turns
 * the logits into probabilities. */
double network_loss(struct network *network, const uint8_t *labels, int rows, size_t *correct);

/* After network_forward and network_loss: adds the gradient of the summed loss, times `scale`, to the
 * gradients. */
void network_backward(struct network *network, const float *x, const uint8_t *labels, int rows, float scale);

/* One step down the gradients, which are then zero again. */
void network_step(struct network *network, float rate, float momentum);

/* FNV-1a over the parameters' bytes: equal exactly where every weight is the same to the bit. */
uint64_t network_hash(const struct network *network);

#endif
