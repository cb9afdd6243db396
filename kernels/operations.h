/* What happens to the elements of one vector, over the vocabulary of the ISA that includes this. An operation
 * knows no memory: it maps in[] to out[], and where its walk has a mask, reads or writes *kept. */
#ifndef FASTRELU_KERNELS_OPERATIONS_H
#define FASTRELU_KERNELS_OPERATIONS_H

#include "base.h"

/* Parameters of a call, spread over a vector once before the walk. */
typedef struct {
  bits floor;
} constants;

typedef void operation(const bits in[], bits out[], mask *kept, const constants *c, int e);

#define OPERATION(name)                                                                            \
  INLINE void name(const bits in[] __attribute__((unused)), bits out[] __attribute__((unused)),    \
                   mask *kept __attribute__((unused)), const constants *c __attribute__((unused)), \
                   int e __attribute__((unused)))

/* The numbers of a vector, in the type that their arithmetic is done in: the half types fill two registers of
 * f32, f32 and f64 use `low` alone. */
typedef struct {
  bits low, high;
} reals;

INLINE reals widen(bits x, int e) {
  if (!is_half(e)) return (reals){x, x};
  return (reals){widen_low(x, e), widen_high(x, e)};
}

INLINE bits narrow(reals x, int e) { return is_half(e) ? narrow_pair(x.low, x.high, e) : x.low; }

INLINE reals add(reals a, reals b, int e) {
  return (reals){add_lanes(a.low, b.low, e), is_half(e) ? add_lanes(a.high, b.high, e) : a.high};
}

OPERATION(op_identity) { out[0] = in[0]; }

/* +0 is its own result, so unlike `active` this needs no test against zero. */
OPERATION(op_relu) { out[0] = where(above(in[0], c->floor, e), in[0], e); }

OPERATION(op_relu_grad) { out[0] = where(active(in[0], c->floor, e), in[1], e); }

OPERATION(op_relu_grad_accumulate) {
  const bits sum = narrow(add(widen(in[2], e), widen(in[1], e), e), e);
  out[0] = choose(active(in[0], c->floor, e), sum, in[2], e);
}

OPERATION(op_relu_mask) {
  *kept = active(in[0], c->floor, e);
  out[0] = where(*kept, in[0], e);
}

OPERATION(op_relu_mask_grad) { out[0] = where(*kept, in[0], e); }

#undef OPERATION

#endif
