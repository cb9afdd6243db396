/* The gradient that network_backward gives, against differences of the loss: for each activation and code, each
 * layer, and its weights, biases and slopes by themselves. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "network.h"
#include "random.h"

enum { ROWS = 64, INPUTS = 12, CLASSES = 5, LAYERS = 3 };
static const int sizes[LAYERS + 1] = {INPUTS, 17, 9, CLASSES};
/* A step this long is well above the rounding of f32, and takes few units past their corner. */
static const double step = 2e-3, tolerance = 2e-3;

static float x[ROWS * INPUTS];
static uint8_t labels[ROWS];

static double mean_loss(struct network *network) {
  size_t correct = 0;
  network_forward(network, x, ROWS);
  return network_loss(network, labels, ROWS, &correct) / ROWS;
}

/* Along the gradient the loss rises by the gradient's norm. Returns whether it does. */
static int check(struct network *network, const char *what, int layer, float *parameter,
                 const float *gradient, int n) {
  float *kept = malloc((size_t)n * sizeof *kept);
  if (!kept) abort();
  double norm = 0, loss[2];
  for (int i = 0; i < n; i++) {
    kept[i] = parameter[i];
    norm += (double)gradient[i] * (double)gradient[i];
  }
  norm = sqrt(norm);
  for (int side = 0; side < 2; side++) {
    const double scale = (side ? step : -step) / norm;
    for (int i = 0; i < n; i++) parameter[i] = (float)(kept[i] + scale * (double)gradient[i]);
    loss[side] = mean_loss(network);
  }
  for (int i = 0; i < n; i++) parameter[i] = kept[i];
  free(kept);
  const double rise = (loss[1] - loss[0]) / (2 * step), error = fabs(rise / norm - 1);
  const int good = norm > 1e-3 && error < tolerance; /* false for NaNs, too */
  printf("%-7s  %-6s  layer %d  %-7s  norm %8.5f  error %.5f%s\n", network->activation->name,
         network->activation->code, layer + 1, what, norm, error, good ? "" : "  WRONG");
  return good;
}

int main(void) {
  uint64_t state = 1;
  for (int i = 0; i < ROWS * INPUTS; i++) x[i] = 4 * random_symmetric(&state);
  for (int r = 0; r < ROWS; r++) labels[r] = (uint8_t)random_below(&state, CLASSES);

  int good = 1;
  for (const struct activation *a = activations; a->name; a++) {
    struct network network;
    if (network_create(&network, sizes, LAYERS, ROWS, a, 1) != 0) return EXIT_FAILURE;
    mean_loss(&network);
    network_backward(&network, x, labels, ROWS, 1.0f / ROWS);
    for (int l = 0; l < LAYERS; l++) {
      struct layer *layer = &network.layer[l];
      good &= check(&network, "weights", l, layer->weights, layer->weights_gradient,
                    layer->inputs * layer->outputs);
      good &= check(&network, "biases", l, layer->bias, layer->bias_gradient, layer->outputs);
      if (layer->slope)
        good &= check(&network, "slopes", l, layer->slope, layer->slope_gradient, layer->outputs);
    }
    network_free(&network);
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
