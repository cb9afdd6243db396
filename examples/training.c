#include "training.h"

#include <err.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

int dataset_read(struct dataset *data, const char *images_path, const char *labels_path) {
  *data = (struct dataset){0};
  if (idx_read(&data->images, images_path) != 0 || idx_read(&data->labels, labels_path) != 0) return -1;
  if (data->images.dimensions < 2) {
    warnx("%s: has 1 dimension, as labels have; images have 2 or more", images_path);
    return -1;
  }
  if (data->labels.dimensions != 1) {
    warnx("%s: has %d dimensions, as images have; labels have 1", labels_path, data->labels.dimensions);
    return -1;
  }
  if (data->images.items != data->labels.items) {
    warnx("%s: holds %zu labels, but %s holds %zu images", labels_path, data->labels.items, images_path,
          data->images.items);
    return -1;
  }
  if (data->images.item_bytes > INT_MAX) {
    warnx("%s: its images are too large: %zu pixels", images_path, data->images.item_bytes);
    return -1;
  }
  data->items = data->images.items;
  data->pixels = (int)data->images.item_bytes;
  for (size_t i = 0; i < data->items; i++) {
    if (data->labels.bytes[i] >= data->classes) data->classes = data->labels.bytes[i] + 1;
  }
  return 0;
}

void dataset_free(struct dataset *data) {
  idx_free(&data->images);
  idx_free(&data->labels);
}

/* The mean and the variance come from a histogram: exact, and one pass. */
static void standardise(float grey[256], const struct idx *images) {
  uint64_t histogram[256] = {0};
  const size_t n = images->items * images->item_bytes;
  for (size_t i = 0; i < n; i++) histogram[images->bytes[i]]++;
  double mean = 0, variance = 0;
  for (int v = 0; v < 256; v++) mean += v * (double)histogram[v] / (double)n;
  for (int v = 0; v < 256; v++) variance += (v - mean) * (v - mean) * (double)histogram[v] / (double)n;
  const double scale = variance > 0 ? 1 / sqrt(variance) : 1;
  for (int v = 0; v < 256; v++) grey[v] = (float)((v - mean) * scale);
}

int training_create(struct training *training, const struct dataset *data, int batch, float rate,
                    float momentum, uint64_t seed) {
  *training = (struct training){.data = data, .random = seed, .rate = rate, .momentum = momentum};
  size_t elements;
  if (__builtin_mul_overflow((size_t)batch, (size_t)data->pixels, &elements)) return -1;
  training->x = calloc(elements, sizeof *training->x);
  training->labels = calloc((size_t)batch, sizeof *training->labels);
  training->order = calloc(data->items, sizeof *training->order);
  if (!training->x || !training->labels || !training->order) return -1;
  standardise(training->grey, &data->images);
  for (size_t i = 0; i < data->items; i++) training->order[i] = i;
  return 0;
}

void training_free(struct training *training) {
  free(training->x);
  free(training->labels);
  free(training->order);
  *training = (struct training){0};
}

/* Fills x and labels with the images numbered order[first], order[first + 1], … (order NULL: first, first +
 * 1, …) and returns how many there are before `end`, at most a batch. */
static int gather(struct training *training, const struct dataset *data, const size_t *order, size_t first,
                  size_t end, int batch) {
  const int rows = end - first < (size_t)batch ? (int)(end - first) : batch;
  const size_t pixels = (size_t)data->pixels;
  for (int r = 0; r < rows; r++) {
    const size_t image = order ? order[first + (size_t)r] : first + (size_t)r;
    const uint8_t *bytes = data->images.bytes + image * pixels;
    float *x = training->x + (size_t)r * pixels;
    for (size_t p = 0; p < pixels; p++) x[p] = training->grey[bytes[p]];
    training->labels[r] = data->labels.bytes[image];
  }
  return rows;
}

static struct score mean_score(double loss, size_t correct, size_t items) {
  return (struct score){loss / (double)items, (double)correct / (double)items};
}

struct score training_epoch(struct training *training, struct network *network, size_t limit) {
  const size_t items = training->data->items, end = items < limit ? items : limit;
  for (size_t i = items - 1; i > 0; i--) { /* Fisher-Yates */
    const size_t j = (size_t)random_below(&training->random, i + 1), image = training->order[i];
    training->order[i] = training->order[j];
    training->order[j] = image;
  }
  double loss = 0;
  size_t correct = 0;
  for (size_t first = 0; first < end;) {
    const int rows = gather(training, training->data, training->order, first, end, network->batch);
    network_forward(network, training->x, rows);
    loss += network_loss(network, training->labels, rows, &correct);
    network_backward(network, training->x, training->labels, rows, 1.0f / (float)rows);
    network_step(network, training->rate, training->momentum);
    first += (size_t)rows;
    if (training->progress) training->progress(first, end);
  }
  return mean_score(loss, correct, end);
}

struct score training_evaluate(struct training *training, struct network *network,
                               const struct dataset *data) {
  double loss = 0;
  size_t correct = 0;
  for (size_t first = 0; first < data->items;) {
    const int rows = gather(training, data, NULL, first, data->items, network->batch);
    network_infer(network, training->x, rows);
    loss += network_loss(network, training->labels, rows, &correct);
    first += (size_t)rows;
  }
  return mean_score(loss, correct, data->items);
}

void training_gradient_norms(struct training *training, struct network *network, size_t limit,
                             double norm[]) {
  const size_t items = training->data->items, end = items < limit ? items : limit;
  size_t correct = 0;
  for (size_t first = 0; first < end;) {
    const int rows = gather(training, training->data, NULL, first, end, network->batch);
    network_forward(network, training->x, rows);
    network_loss(network, training->labels, rows, &correct);
    network_backward(network, training->x, training->labels, rows, 1.0f / (float)end);
    first += (size_t)rows;
  }
  for (int l = 0; l < network->layers; l++) {
    const struct layer *layer = &network->layer[l];
    const size_t n = (size_t)layer->inputs * (size_t)layer->outputs;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
      sum += (double)layer->weights_gradient[i] * (double)layer->weights_gradient[i];
    norm[l] = sqrt(sum);
  }
  memset(network->gradient, 0, network->parameters * sizeof(float));
}

void training_count_active(struct training *training, struct network *network, const struct dataset *data,
                           uint64_t *const active[]) {
  for (size_t first = 0; first < data->items;) {
    const int rows = gather(training, data, NULL, first, data->items, network->batch);
    network_infer(network, training->x, rows);
    network_count_active(network, active);
    first += (size_t)rows;
  }
}
