#include "activation.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"
#include "plain.h"

static void must(fastrelu_status status) {
  if (status != FASTRELU_OK) errx(EXIT_FAILURE, "fastrelu: %s", fastrelu_status_string(status));
}

static void relu_mask_forward(float *y, uint8_t *mask, size_t n) {
  must(mask ? fastrelu_relu_mask_f32(y, y, mask, n) : fastrelu_relu_f32(y, y, n));
}

static void relu_mask_backward(const float *y, const uint8_t *mask, float *dy, size_t n) {
  (void)y;
  must(fastrelu_relu_mask_grad_f32(mask, dy, dy, n));
}

static void relu_tensor_forward(float *y, uint8_t *mask, size_t n) {
  (void)mask;
  must(fastrelu_relu_f32(y, y, n));
}

static void relu_tensor_backward(const float *y, const uint8_t *mask, float *dy, size_t n) {
  (void)mask;
  must(fastrelu_relu_grad_f32(y, dy, dy, n));
}

static void relu_plain_forward(float *y, uint8_t *mask, size_t n) {
  (void)mask;
  plain_relu(y, y, n);
}

static void relu_plain_backward(const float *y, const uint8_t *mask, float *dy, size_t n) {
  (void)mask;
  plain_relu_grad(y, dy, dy, n);
}

static void sigmoid_forward(float *y, uint8_t *mask, size_t n) {
  (void)mask;
  for (size_t i = 0; i < n; i++) y[i] = 1.0f / (1.0f + expf(-y[i]));
}

static void sigmoid_backward(const float *y, const uint8_t *mask, float *dy, size_t n) {
  (void)mask;
  for (size_t i = 0; i < n; i++) dy[i] *= y[i] * (1.0f - y[i]);
}

static void tanh_forward(float *y, uint8_t *mask, size_t n) {
  (void)mask;
  for (size_t i = 0; i < n; i++) y[i] = tanhf(y[i]);
}

static void tanh_backward(const float *y, const uint8_t *mask, float *dy, size_t n) {
  (void)mask;
  for (size_t i = 0; i < n; i++) dy[i] *= 1.0f - y[i] * y[i];
}

static const struct activation activations[] = {
    {"relu", "mask", 1, relu_mask_forward, relu_mask_backward},
    {"relu", "tensor", 1, relu_tensor_forward, relu_tensor_backward},
    {"relu", "plain", 1, relu_plain_forward, relu_plain_backward},
    {"sigmoid", "plain", 0, sigmoid_forward, sigmoid_backward},
    {"tanh", "plain", 0, tanh_forward, tanh_backward},
};

const struct activation *activation_find(const char *name, const char *code) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
    if (strcmp(activations[i].name, name) == 0 && strcmp(activations[i].code, code) == 0)
      return &activations[i];
  }
  return NULL;
}
