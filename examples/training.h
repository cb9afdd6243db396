/* Labelled images from two IDX files, and how a network is trained and judged on them. */
#ifndef TRAINING_H
#define TRAINING_H

#include <stddef.h>
#include <stdint.h>

#include "idx.h"
#include "network.h"

struct dataset {
  struct idx images, labels;
  size_t items;
  int pixels, classes; /* of an image; the largest label + 1 */
};

/* Returns 0, or -1 after one line on standard error; dataset_free is allowed in either case. */
int dataset_read(struct dataset *data, const char *images_path, const char *labels_path);
void dataset_free(struct dataset *data);

/* What training one network needs beside the network. */
struct training {
  const struct dataset *data;
  float grey[256]; /* a byte as the network sees it: the training images have mean 0 and variance 1 */
  float *x;        /* one minibatch, [batch][pixels] */
  uint8_t *labels;
  size_t *order; /* of the images, shuffled anew for each epoch */
  uint64_t random;
  float rate, momentum;
  void (*progress)(size_t done, size_t all); /* called after every minibatch; may be NULL */
};

/* Returns -1 if there is not enough memory; training_free is allowed in either case. */
int training_create(struct training *training, const struct dataset *data, int batch, float rate,
                    float momentum, uint64_t seed);
void training_free(struct training *training);

struct score {
  double loss;     /* the mean cross-entropy */
  double accuracy; /* the share of images whose label came out on top */
};

/* One pass over at most `limit` of the training images in a new order; the score is the mean over it, while
 * the network changed. */
struct score training_epoch(struct training *training, struct network *network, size_t limit);

/* The score on any images of the same size. */
struct score training_evaluate(struct training *training, struct network *network,
                               const struct dataset *data);

/* norm[l] = the Euclidean norm of the mean gradient of layer l's weights over the first `limit` training
 * images. */
void training_gradient_norms(struct training *training, struct network *network, size_t limit, double norm[]);

/* active[l][u] += the images for which unit u of hidden layer l is on. */
void training_count_active(struct training *training, struct network *network, const struct dataset *data,
                           uint64_t *const active[]);

#endif
