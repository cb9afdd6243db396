#include "network.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "timing.h"

/* With a gain the variance gain / inputs, as K. He et al. 2015; without one, for what is about linear at 0,
 * 2 / (inputs + outputs), as X. Glorot and Y. Bengio 2010. Uniform in both cases, biases zero. */
static void initialise(struct layer *layer, float gain, uint64_t *state) {
  const float bound = gain > 0 ? sqrtf(3 * gain / (float)layer->inputs)
                               : sqrtf(6.0f / (float)(layer->inputs + layer->outputs));
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
    const int hidden = l + 1 < layers, slopes = hidden && activation->first_slope != 0;
    size_t weights, outputs;
    if (__builtin_mul_overflow((size_t)layer->inputs + 1 + (size_t)slopes, (size_t)layer->outputs,
                               &weights) ||
        __builtin_add_overflow(network->parameters, weights, &network->parameters) ||
        __builtin_mul_overflow((size_t)batch, (size_t)layer->outputs, &outputs)) {
      return -1;
    }
    struct elements *out = &layer->out;
    out->units = (size_t)layer->outputs;
    out->y = calloc(outputs, sizeof(float));
    out->x = hidden && activation->keeps_input ? calloc(outputs, sizeof(float)) : out->y;
    out->dy = calloc(outputs, sizeof(float));
    out->mask = calloc(outputs / 8 + 1, 1);
    out->dslope = calloc(out->units, sizeof(float));
    if (!out->y || !out->x || !out->dy || !out->mask || !out->dslope) return -1;
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
    at += layer->out.units;
    if (activation->first_slope != 0 && l + 1 < layers) {
      for (size_t u = 0; u < layer->out.units; u++) network->parameter[at + u] = activation->first_slope;
      layer->out.slope = layer->slope = network->parameter + at;
      layer->slope_gradient = network->gradient + at;
      at += layer->out.units;
    }
    initialise(layer, l + 1 < layers ? activation->gain : 0, &seed);
  }
  return 0;
}

void network_free(struct network *network) {
  for (int l = 0; network->layer && l < network->layers; l++) {
    const struct elements *out = &network->layer[l].out;
    if (out->x != out->y) free(out->x);
    free(out->y);
    free(out->dy);
    free(out->mask);
    free(out->dslope);
  }
  free(network->layer);
  free(network->parameter);
  free(network->gradient);
  free(network->velocity);
  *network = (struct network){0};
}

/* out.x = x · weightsᵀ + bias */
static void dense(struct layer *layer, const float *x, int rows) {
  layer->out.rows = (size_t)rows;
  for (int r = 0; r < rows; r++) {
    memcpy(layer->out.x + (size_t)r * (size_t)layer->outputs, layer->bias,
           (size_t)layer->outputs * sizeof(float));
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, layer->outputs, layer->inputs, 1.0f, x,
              layer->inputs, layer->weights, layer->inputs, 1.0f, layer->out.x, layer->outputs);
}

void network_infer(struct network *network, const float *x, int rows) {
  for (int l = 0; l < network->layers; l++) {
    struct layer *layer = &network->layer[l];
    dense(layer, x, rows);
    if (l + 1 < network->layers) {
      struct elements out = layer->out;
      out.mask = NULL;
      network->activation->forward(&out);
    }
    x = layer->out.y;
  }
}

void network_forward(struct network *network, const float *x, int rows) {
  for (int l = 0; l < network->layers; l++) {
    struct layer *layer = &network->layer[l];
    dense(layer, x, rows);
    if (l + 1 < network->layers) {
      const double start = seconds();
      network->activation->forward(&layer->out);
      network->forward_seconds += seconds() - start;
    }
    x = layer->out.y;
  }
}

void network_count_active(const struct network *network, uint64_t *const active[]) {
  for (int l = 0; l + 1 < network->layers; l++) activation_count(&network->layer[l].out, active[l]);
}

double network_loss(struct network *network, const uint8_t *labels, int rows, size_t *correct) {
  const struct layer *last = &network->layer[network->layers - 1];
  const int classes = last->outputs;
  double loss = 0;
  for (int r = 0; r < rows; r++) {
    float *p = last->out.y + (size_t)r * (size_t)classes;
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
      last->out.dy[row + (size_t)c] = scale * (last->out.y[row + (size_t)c] - (c == labels[r] ? 1.0f : 0.0f));
    }
  }

  for (int l = network->layers - 1; l >= 0; l--) {
    struct layer *layer = &network->layer[l];
    if (l + 1 < network->layers) {
      const double start = seconds();
      network->activation->backward(&layer->out);
      network->backward_seconds += seconds() - start;
    }
    if (layer->slope) {
      for (int o = 0; o < layer->outputs; o++) layer->slope_gradient[o] += layer->out.dslope[o];
    }
    const float *input = l > 0 ? network->layer[l - 1].out.y : x;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer->outputs, layer->inputs, rows, 1.0f,
                layer->out.dy, layer->outputs, input, layer->inputs, 1.0f, layer->weights_gradient,
                layer->inputs);
    for (int r = 0; r < rows; r++) {
      const float *dy = layer->out.dy + (size_t)r * (size_t)layer->outputs;
      for (int o = 0; o < layer->outputs; o++) layer->bias_gradient[o] += dy[o];
    }
    if (l > 0) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, layer->inputs, layer->outputs, 1.0f,
                  layer->out.dy, layer->outputs, layer->weights, layer->inputs, 0.0f,
                  network->layer[l - 1].out.dy, layer->inputs);
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
