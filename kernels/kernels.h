/* The kernels: each operation with the walk that drives it, compiled for every element it serves, and the
 * table that names them. Included last by the file of an ISA, after its vocabulary. FASTRELU_TABLE, the
 * table's name, is the build's: the same file is also compiled without its flags, emulated, for the tests. */
#include "base.h"
#include "operations.h"
#include "walks.h"

INLINE void relu(int e, const void *x, void *y, size_t n, int64_t floor) {
  map(op_relu, (shape){e, 1, 1, NO_MASK}, (buffers){.in = {x}, .out = {y}}, n,
      (constants){broadcast(floor, e)});
}

INLINE void relu_grad(int e, const void *x, const void *dy, void *dx, size_t n, int64_t floor) {
  map(op_relu_grad, (shape){e, 2, 1, NO_MASK}, (buffers){.in = {x, dy}, .out = {dx}}, n,
      (constants){broadcast(floor, e)});
}

INLINE void relu_mask(int e, const void *x, void *y, uint8_t *kept, size_t n, int64_t floor) {
  const constants c = {broadcast(floor, e)};
  const buffers b = {.in = {x}, .out = {y}, .mask_out = kept};
  if (y) {
    map(op_relu_mask, (shape){e, 1, 1, MASK_WRITTEN}, b, n, c);
  } else {
    map(op_relu_mask, (shape){e, 1, 0, MASK_WRITTEN}, b, n, c);
  }
}

INLINE void relu_mask_grad(int e, const uint8_t *kept, const void *dy, void *dx, size_t n) {
  map(op_relu_mask_grad, (shape){e, 1, 1, MASK_READ}, (buffers){.in = {dy}, .out = {dx}, .mask_in = kept}, n,
      (constants){broadcast(0, e)});
}

INLINE int64_t floor_of(int e) {
  return e == F16 ? FLOOR_F16 : e == BF16 ? FLOOR_BF16 : e == F32 ? FLOOR_F32 : FLOOR_F64;
}

INLINE void relu_grad_accumulate(int e, const void *x, const void *dy, void *dx, size_t n) {
  map(op_relu_grad_accumulate, (shape){e, 3, 1, NO_MASK}, (buffers){.in = {x, dy, dx}, .out = {dx}}, n,
      (constants){broadcast(floor_of(e), e)});
}

INLINE void identity(int e, const void *x, void *y, size_t n) {
  map(op_identity, (shape){e, 1, 1, NO_MASK}, (buffers){.in = {x}, .out = {y}}, n,
      (constants){broadcast(0, e)});
}

#define KERNEL(name, e, parameters, ...) \
  static int name##_##e parameters {     \
    name(e, __VA_ARGS__);                \
    leave();                             \
    return 0;                            \
  }
#define WIDTH_KERNELS(name, ...) \
  KERNEL(name, W16, __VA_ARGS__) \
  KERNEL(name, W32, __VA_ARGS__) \
  KERNEL(name, W64, __VA_ARGS__)
#define TYPE_KERNELS(name, ...)   \
  KERNEL(name, F16, __VA_ARGS__)  \
  KERNEL(name, BF16, __VA_ARGS__) \
  KERNEL(name, F32, __VA_ARGS__)  \
  KERNEL(name, F64, __VA_ARGS__)

KERNEL(relu, W8, (const void *x, void *y, size_t n, int64_t floor), x, y, n, floor)
WIDTH_KERNELS(relu, (const void *x, void *y, size_t n, int64_t floor), x, y, n, floor)
WIDTH_KERNELS(relu_grad, (const void *x, const void *dy, void *dx, size_t n, int64_t floor), x, dy, dx, n,
              floor)
WIDTH_KERNELS(relu_mask, (const void *x, void *y, uint8_t *kept, size_t n, int64_t floor), x, y, kept, n,
              floor)
WIDTH_KERNELS(relu_mask_grad, (const uint8_t *kept, const void *dy, void *dx, size_t n), kept, dy, dx, n)
TYPE_KERNELS(relu_grad_accumulate, (const void *x, const void *dy, void *dx, size_t n), x, dy, dx, n)
KERNEL(identity, W32, (const void *x, void *y, size_t n), x, y, n)

#define WIDTH_ENTRIES(name) .name = {[W16] = name##_W16, [W32] = name##_W32, [W64] = name##_W64}
#define TYPE_ENTRIES(name) \
  .name = {[F16] = name##_F16, [BF16] = name##_BF16, [F32] = name##_F32, [F64] = name##_F64}

extern const struct fastrelu_kernels FASTRELU_TABLE;
const struct fastrelu_kernels FASTRELU_TABLE = {
    .relu = {[W8] = relu_W8, [W16] = relu_W16, [W32] = relu_W32, [W64] = relu_W64},
    WIDTH_ENTRIES(relu_grad),
    WIDTH_ENTRIES(relu_mask),
    WIDTH_ENTRIES(relu_mask_grad),
    TYPE_ENTRIES(relu_grad_accumulate),
    .identity = {[W32] = identity_W32},
};
