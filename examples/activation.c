#include "activation.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fastrelu.h"
#include "plain.h"

static const float leaky_slope = 0.01f; /* of A. L. Maas et al. 2013, and the frameworks' default */

static void must(fastrelu_status status) {
  if (status != FASTRELU_OK) errx(EXIT_FAILURE, "fastrelu: %s", fastrelu_status_string(status));
}

static size_t count(const struct elements *e) { return e->rows * e->units; }

static void relu_mask_forward(const struct elements *e) {
  must(e->mask ? fastrelu_relu_mask_f32(e->x, e->y, e->mask, count(e))
               : fastrelu_relu_f32(e->x, e->y, count(e)));
}

static void relu_mask_backward(const struct elements *e) {
  must(fastrelu_relu_mask_grad_f32(e->mask, e->dy, e->dy, count(e)));
}

static void relu_forward(const struct elements *e) { must(fastrelu_relu_f32(e->x, e->y, count(e))); }

static void relu_backward(const struct elements *e) {
  must(fastrelu_relu_grad_f32(e->y, e->dy, e->dy, count(e)));
}

static void relu_plain_forward(const struct elements *e) { plain_relu(e->x, e->y, count(e)); }

static void relu_plain_backward(const struct elements *e) { plain_relu_grad(e->y, e->dy, e->dy, count(e)); }

/* From the output, as for ReLU: with a slope above 0 it has the input's sign. */
static void leaky_forward(const struct elements *e) {
  must(fastrelu_leaky_relu_f32(e->x, e->y, count(e), leaky_slope));
}

static void leaky_backward(const struct elements *e) {
  must(fastrelu_leaky_relu_grad_f32(e->y, e->dy, e->dy, count(e), leaky_slope));
}

static void leaky_plain_forward(const struct elements *e) {
  plain_leaky_relu(e->x, e->y, count(e), leaky_slope);
}

static void leaky_plain_backward(const struct elements *e) {
  plain_leaky_relu_grad(e->y, e->dy, e->dy, count(e), leaky_slope);
}

static void prelu_forward(const struct elements *e) {
  must(fastrelu_prelu_f32(e->x, e->slope, e->y, e->rows, e->units, 1));
}

static void prelu_backward(const struct elements *e) {
  must(fastrelu_prelu_grad_f32(e->x, e->slope, e->dy, e->dy, e->dslope, e->rows, e->units, 1));
}

static void relu6_forward(const struct elements *e) {
  must(fastrelu_clamp_f32(e->x, e->y, count(e), 0.0f, 6.0f));
}

static void relu6_backward(const struct elements *e) {
  must(fastrelu_clamp_grad_f32(e->y, e->dy, e->dy, count(e), 0.0f, 6.0f));
}

static void relu6_plain_forward(const struct elements *e) { plain_relu6(e->x, e->y, count(e)); }

static void relu6_plain_backward(const struct elements *e) { plain_relu6_grad(e->y, e->dy, e->dy, count(e)); }

static void squared_forward(const struct elements *e) {
  must(fastrelu_squared_relu_f32(e->x, e->y, count(e)));
}

static void squared_backward(const struct elements *e) {
  must(fastrelu_squared_relu_grad_f32(e->x, e->dy, e->dy, count(e)));
}

static void squared_plain_forward(const struct elements *e) { plain_squared_relu(e->x, e->y, count(e)); }

static void squared_plain_backward(const struct elements *e) {
  plain_squared_relu_grad(e->x, e->dy, e->dy, count(e));
}

static void sigmoid_forward(const struct elements *e) {
  for (size_t i = 0; i < count(e); i++) e->y[i] = 1.0f / (1.0f + expf(-e->x[i]));
}

static void sigmoid_backward(const struct elements *e) {
  for (size_t i = 0; i < count(e); i++) e->dy[i] *= e->y[i] * (1.0f - e->y[i]);
}

static void tanh_forward(const struct elements *e) {
  for (size_t i = 0; i < count(e); i++) e->y[i] = tanhf(e->x[i]);
}

static void tanh_backward(const struct elements *e) {
  for (size_t i = 0; i < count(e); i++) e->dy[i] *= 1.0f - e->y[i] * e->y[i];
}

/* The gains keep the mean square of what goes through at about 1: ReLU halves that of its input, squared ReLU
 * makes it 3/2. Its gradient grows with the input, in each layer once more, and takes smaller steps. PReLU starts
 * from the slope of K. He et al. 2015; it has no plain loop, whose sums, in another order, might round to other
 * slopes. */
const struct activation activations[] = {
    {"relu", "mask", 2, 1, 0, 0, relu_mask_forward, relu_mask_backward},
    {"relu", "tensor", 2, 1, 0, 0, relu_forward, relu_backward},
    {"relu", "plain", 2, 1, 0, 0, relu_plain_forward, relu_plain_backward},
    {"leaky", "tensor", 2, 1, 0, 0, leaky_forward, leaky_backward},
    {"leaky", "plain", 2, 1, 0, 0, leaky_plain_forward, leaky_plain_backward},
    {"prelu", "tensor", 2, 1, 1, 0.25f, prelu_forward, prelu_backward},
    {"relu6", "tensor", 2, 1, 0, 0, relu6_forward, relu6_backward},
    {"relu6", "plain", 2, 1, 0, 0, relu6_plain_forward, relu6_plain_backward},
    {"squared", "tensor", 2.0f / 3, 0.05f, 1, 0, squared_forward, squared_backward},
    {"squared", "plain", 2.0f / 3, 0.05f, 1, 0, squared_plain_forward, squared_plain_backward},
    {"sigmoid", "plain", 0, 1, 0, 0, sigmoid_forward, sigmoid_backward},
    {"tanh", "plain", 0, 1, 0, 0, tanh_forward, tanh_backward},
    {0},
};

const struct activation *activation_find(const char *name, const char *code) {
  for (const struct activation *a = activations; a->name; a++) {
    if (strcmp(a->name, name) == 0 && (!code || strcmp(a->code, code) == 0)) return a;
  }
  return NULL;
}

void activation_count(const struct elements *e, uint64_t *active) {
  must(fastrelu_relu_count_f32(e->x, active, e->rows, e->units, 1));
}
