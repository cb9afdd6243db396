#include "network.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "timing.h"

/* K. He et al. 2015 for ReLU: variance 2 / inputs. X. Glorot and Y. Bengio 2010 for what is about linear at
 * 0: variance 2 / (inputs + outputs). Uniform in both cases, biases zero. */
static void initialise(struct layer *layer, int rectifies, uint64_t *state) {
  const int fan = rectifies ? layer->inputs : layer->inputs + layer->outputs;
  const float bound = sqrtf(6.0f / (float)fan);
  const size_t n = (size_t)layer->inputs * (size_t)layer->outputs;
  for (size_t i = 0; i < n; i++) layer->weights[i] = bound * random_symmetric(state);
}

int network_create(struct network *network, const int *sizes, int layers, int batch,
                   const struct activation *activation, uint64_t seed) {
  *network = (struct network){.activation = activation, .layers = layers, .batch = batch};
  network->layer = calloc((size_t)layers, sizeof *network->layer);
  if (!network->layer) return -1;

  for (int l = 0; l < layers; l++) {
    struct layer *layer = &network->layer[l];
    layer->inputs = sizes[l];
    layer->outputs = sizes[l + 1];
    size_t weights, outputs;
    if (__builtin_mul_overflow((size_t)layer->inputs + 1, (size_t)layer->outputs, &weights) ||
        __builtin_add_overflow(network->parameters, weights, &network->parameters) ||
        __builtin_mul_overflow((size_t)batch, (size_t)layer->outputs, &outputs)) {
      return -1;
    }
    layer->y = calloc(outputs, sizeof(float));
    layer->dy = calloc(outputs, sizeof(float));
    layer->mask = calloc(outputs / 8 + 1, 1);
    if (!layer->y || !layer->dy || !layer->mask) return -1;
  }
  network->parameter = calloc(network->parameters, sizeof(float));
  network->gradient = calloc(network->parameters, sizeof(float));
  network->velocity = calloc(network->parameters, sizeof(float));
  if (!network->parameter || !network->gradient || !network->velocity) return -1;

  size_t at = 0;
  for (int l = 0; l < layers; l++) {
    struct layer *layer = &network->layer[l];
    layer->weights = network->parameter + at;
    layer->weights_gradient = network->gradient + at;
    at += (size_t)layer->inputs * (size_t)layer->outputs;
    layer->bias = network->parameter + at;
    layer->bias_gradient = network->gradient + at;
    at += (size_t)layer->outputs;
    initialise(layer, activation->rectifies && l + 1 < layers, &seed);
  }
  return 0;
}

void network_free(struct network *network) {
  for (int l = 0; network->layer && l < network->layers; l++) {
    free(network->layer[l].y);
    free(network->layer[l].dy);
    free(network->layer[l].mask);
  }
  free(network->layer);
  free(network->parameter);
  free(network->gradient);
  free(network->velocity);
  *network = (struct network){0};
}

/* y = x · weightsᵀ + bias */
static void dense(const struct layer *layer, const float *x, int rows) {
  for (int r = 0; r < rows; r++) {
    memcpy(layer->y + (size_t)r * (size_t)layer->outputs, layer->bias,
           (size_t)layer->outputs * sizeof(float));
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, layer->outputs, layer->inputs, 1.0f, x,
              layer->inputs, layer->weights, layer->inputs, 1.0f, layer->y, layer->outputs);
}

void network_infer(struct network *network, const float *x, int rows) {
  for (int l = 0; l < network->layers; l++) {
    struct layer *layer = &network->layer[l];
    dense(layer, x, rows);
    if (l + 1 < network->layers) {
      network->activation->forward(layer->y, NULL, (size_t)rows * (size_t)layer->outputs);
    }
    x = layer->y;
  }
}

void network_forward(struct network *network, const float *x, int rows) {
  for (int l = 0; l < network->layers; l++) {
    struct layer *layer = &network->layer[l];
    dense(layer, x, rows);
    if (l + 1 < network->layers) {
      const double start = seconds();
      network->activation->forward(layer->y, layer->mask, (size_t)rows * (size_t)layer->outputs);
      network->forward_seconds += seconds() - start;
    }
    x = layer->y;
  }
}

double network_loss(struct network *network, const uint8_t *labels, int rows, size_t *correct) {
  const struct layer *last = &network->layer[network->layers - 1];
  const int classes = last->outputs;
  double loss = 0;
  for (int r = 0; r < rows; r++) {
    float *p = last->y + (size_t)r * (size_t)classes;
    int top = 0;
    for (int c = 1; c < classes; c++) {
      if (p[c] > p[top]) top = c;
    }
    /* The largest logit is taken off all of them, so that expf cannot overflow. */
    const float largest = p[top], logit = p[labels[r]];
    float sum = 0;
    for (int c = 0; c < classes; c++) sum += p[c] = expf(p[c] - largest);
    for (int c = 0; c < classes; c++) p[c] /= sum;
    loss += logf(sum) - (logit - largest);
    *correct += top == labels[r];
  }
  return loss;
}

void network_backward(struct network *network, const float *x, const uint8_t *labels, int rows, float scale) {
  /* Softmax and cross-entropy together have the gradient p - (1 for the label, 0 for the others). */
  const struct layer *last = &network->layer[network->layers - 1];
  for (int r = 0; r < rows; r++) {
    const size_t row = (size_t)r * (size_t)last->outputs;
    for (int c = 0; c < last->outputs; c++) {
      last->dy[row + (size_t)c] = scale * (last->y[row + (size_t)c] - (c == labels[r] ? 1.0f : 0.0f));
    }
  }

  for (int l = network->layers - 1; l >= 0; l--) {
    struct layer *layer = &network->layer[l];
    if (l + 1 < network->layers) {
      const double start = seconds();
      network->activation->backward(layer->y, layer->mask, layer->dy, (size_t)rows * (size_t)layer->outputs);
      network->backward_seconds += seconds() - start;
    }
    const float *input = l > 0 ? network->layer[l - 1].y : x;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer->outputs, layer->inputs, rows, 1.0f, layer->dy,
                layer->outputs, input, layer->inputs, 1.0f, layer->weights_gradient, layer->inputs);
    for (int r = 0; r < rows; r++) {
      const float *dy = layer->dy + (size_t)r * (size_t)layer->outputs;
      for (int o = 0; o < layer->outputs; o++) layer->bias_gradient[o] += dy[o];
    }
    if (l > 0) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, layer->inputs, layer->outputs, 1.0f,
                  layer->dy, layer->outputs, layer->weights, layer->inputs, 0.0f, network->layer[l - 1].dy,
                  layer->inputs);
    }
  }
}

void network_step(struct network *network, float rate, float momentum) {
  for (size_t i = 0; i < network->parameters; i++) {
    network->velocity[i] = momentum * network->velocity[i] - rate * network->gradient[i];
    network->parameter[i] += network->velocity[i];
    network->gradient[i] = 0;
  }
}

uint64_t network_hash(const struct network *network) {
  const unsigned char *bytes = (const unsigned char *)network->parameter;
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < network->parameters * sizeof(float); i++)
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
  return hash;
}
