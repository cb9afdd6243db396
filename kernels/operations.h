/* What happens to the elements of one vector, over the vocabulary of the ISA that includes this. An operation
 * knows no memory: it maps in[] to out[], and where its walk has a mask, reads or writes *kept. */
#ifndef FASTRELU_KERNELS_OPERATIONS_H
#define FASTRELU_KERNELS_OPERATIONS_H

#include "base.h"

/* How a walk compares with its bounds, a constant in each of its instances. */
enum comparison {
  BY_VALUE,      /* as floats, or as integers of an integer type: exact where no bound is zero */
  BY_SIGN_BELOW, /* the lower bound is +0, the upper one not zero */
  BY_RANK        /* as integers in the order of the numbers: always exact */
};

/* Parameters of a call, spread over a vector once before the walk. */
typedef struct {
  bits floor, nan;       /* see `selection` */
  bits slope, bias;      /* in the type of the arithmetic: f32 for the half types */
  bits lo, hi, value;    /* elements; a threshold is a lower bound */
  bits rank_lo, rank_hi; /* the bounds as `over_lo` and `under_hi` compare them by rank */
  enum comparison comparison;
  int selects;   /* the operation computes nothing */
  int as_floats; /* how `is_kept` compares, where denormals are not zeros */
} constants;

/* What selecting needs: `floor` as table.h has it. */
INLINE constants selection(int e, int64_t floor) {
  return (constants){.floor = broadcast(floor, e), .nan = broadcast(nan_beyond(floor, e), e), .selects = 1};
}

/* What the operations of a type need; `slope` as table.h has it. */
INLINE constants arithmetic(int e, int64_t slope) {
  constants c = selection(e, floor_of(e));
  c.selects = 0;
  c.slope = broadcast(slope, is_half(e) ? F32 : e);
  return c;
}

/* Where an ISA has no comparison of floats that raises no flag, only bits are compared. */
#ifndef COMPARES_SILENTLY
#define COMPARES_SILENTLY 0
INLINE mask active_as_float(bits x, bits floor, bits nan, int e) { return active(x, floor, nan, e); }
#endif

INLINE mask is_kept(bits x, const constants *c, int e) {
  return c->as_floats ? active_as_float(x, c->floor, c->nan, e) : active(x, c->floor, c->nan, e);
}

/* in[] is the operation's own; it leaves the same numbers there. */
typedef void operation(bits in[], bits out[], mask *kept, const constants *c, int e);

#define OPERATION(name)                                                                            \
  INLINE void name(bits in[] __attribute__((unused)), bits out[] __attribute__((unused)),          \
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

INLINE reals mul(reals a, reals b, int e) {
  return (reals){mul_lanes(a.low, b.low, e), is_half(e) ? mul_lanes(a.high, b.high, e) : a.high};
}

INLINE bits product(bits a, bits b, int e) { return narrow(mul(widen(a, e), widen(b, e), e), e); }

INLINE bits scaled(bits x, const constants *c, int e) {
  return narrow(mul(widen(x, e), (reals){c->slope, c->slope}, e), e);
}

/* The ranks of floats, shifted so that NaNs lie on the side where no bound excludes them. */
INLINE bits rank(bits x, int64_t shift, int e) { return add_words(ranks(x, e), broadcast(shift, e), e); }

/* !(x <= lo) */
INLINE mask over_lo(bits x, const constants *c, int e) {
  switch (c->comparison) {
    case BY_RANK:
      return above(rank(x, nans_on_top(e), e), c->rank_lo, e);
    case BY_SIGN_BELOW:
      return is_kept(x, c, e);
    default:
      return not_at_most(x, c->lo, e);
  }
}

/* !(x >= hi), by rank. */
INLINE mask under_hi(bits x, const constants *c, int e) {
  return above(c->rank_hi, rank(x, nans_at_bottom(e), e), e);
}

/* over_lo(x) and !(x >= hi) */
INLINE mask between(mask over, bits x, const constants *c, int e) {
  return c->comparison == BY_RANK ? both(over, under_hi(x, c, e)) : both_not_at_most(over, c->hi, x, e);
}

/* An operand that is used more than once is held; another one may be loaded by the instruction that uses it. In the
 * half types arithmetic uses every operand twice. Where memory is read by masks, a load of what a mask decides on would
 * become one by that mask, not under way before the mask is there. */
#define HOLD(k) in[k] = held(in[k])
#define HOLD_HALVES(k) \
  if (is_half(e)) HOLD(k)
#define HOLD_DECIDED(k) \
  if (LOADS_BY_MASK) HOLD(k)

OPERATION(op_identity) { out[0] = in[0]; }

/* +0 is its own result, so unlike `active` this needs no test against zero. Of one byte there are integers alone, of
 * which ISAs except SSE2 find the larger with one instruction. */
OPERATION(op_relu) {
  if (e == W8 && LARGER_OF_BYTES) {
    out[0] = larger(broadcast(0, e), in[0], e);
  } else {
    HOLD(0);
    out[0] = where(above(in[0], c->floor, e), in[0], e);
  }
}

OPERATION(op_relu_grad) {
  HOLD(0);
  HOLD_DECIDED(1);
  out[0] = where(is_kept(in[0], c, e), in[1], e);
}

OPERATION(op_relu_grad_accumulate) {
  HOLD(0);
  HOLD_HALVES(1);
  HOLD(2);
  const bits sum = narrow(add(widen(in[2], e), widen(in[1], e), e), e);
  out[0] = choose(is_kept(in[0], c, e), sum, in[2], e);
}

OPERATION(op_relu_mask) {
  HOLD(0);
  *kept = is_kept(in[0], c, e);
  out[0] = where(*kept, in[0], e);
}

OPERATION(op_relu_mask_grad) {
  HOLD_DECIDED(0);
  out[0] = where(*kept, in[0], e);
}

OPERATION(op_leaky_relu) {
  HOLD(0);
  out[0] = choose(is_kept(in[0], c, e), in[0], scaled(in[0], c, e), e);
}

OPERATION(op_leaky_relu_grad) {
  HOLD(0);
  HOLD(1);
  out[0] = choose(is_kept(in[0], c, e), in[1], scaled(in[1], c, e), e);
}

OPERATION(op_leaky_relu_mask) {
  HOLD(0);
  *kept = is_kept(in[0], c, e);
  out[0] = choose(*kept, in[0], scaled(in[0], c, e), e);
}

OPERATION(op_leaky_relu_mask_grad) {
  HOLD(0);
  out[0] = choose(*kept, in[0], scaled(in[0], c, e), e);
}

/* `over` as over_lo has it; of +0 it does not matter. `larger` and `smaller` are exact but for zeros of two signs. */
INLINE bits clamped(mask over, bits x, const constants *c, int e) {
  switch (c->comparison) {
    case BY_RANK:
      return choose(over, choose(under_hi(x, c, e), x, c->hi, e), c->lo, e);
    case BY_SIGN_BELOW:
      return smaller(c->hi, where(over, x, e), e);
    default:
      return smaller(c->hi, larger(c->lo, x, e), e);
  }
}

OPERATION(op_clamp) {
  if (c->comparison != BY_VALUE) HOLD(0);
  /* Integers are not compared as floats, which could raise flags even where nothing comes of it. */
  const mask over = c->comparison == BY_RANK ? over_lo(in[0], c, e) : above(in[0], c->floor, e);
  out[0] = clamped(over, in[0], c, e);
}

OPERATION(op_clamp_grad) {
  HOLD(0);
  HOLD_DECIDED(1);
  out[0] = where(between(over_lo(in[0], c, e), in[0], c, e), in[1], e);
}

OPERATION(op_clamp_mask) {
  HOLD(0);
  const mask over = over_lo(in[0], c, e);
  out[0] = clamped(over, in[0], c, e);
  *kept = between(over, in[0], c, e);
}

OPERATION(op_threshold) {
  HOLD(0);
  out[0] = choose(over_lo(in[0], c, e), in[0], c->value, e);
}

OPERATION(op_threshold_grad) {
  HOLD(0);
  HOLD_DECIDED(1);
  out[0] = where(over_lo(in[0], c, e), in[1], e);
}

OPERATION(op_threshold_mask) {
  HOLD(0);
  *kept = over_lo(in[0], c, e);
  out[0] = choose(*kept, in[0], c->value, e);
}

OPERATION(op_squared_relu) {
  HOLD(0);
  out[0] = where(is_kept(in[0], c, e), product(in[0], in[0], e), e);
}

OPERATION(op_squared_relu_grad) {
  HOLD(0);
  HOLD_HALVES(1);
  const reals x = widen(in[0], e);
  out[0] = where(is_kept(in[0], c, e), narrow(mul(add(x, x, e), widen(in[1], e), e), e), e);
}

OPERATION(op_relu_add) {
  HOLD_HALVES(0);
  HOLD_HALVES(1);
  const bits sum = narrow(add(widen(in[0], e), widen(in[1], e), e), e);
  out[0] = where(above(sum, c->floor, e), sum, e);
}

OPERATION(op_relu_bias) {
  HOLD_HALVES(0);
  const bits sum = narrow(add(widen(in[0], e), (reals){c->bias, c->bias}, e), e);
  out[0] = where(above(sum, c->floor, e), sum, e);
}

OPERATION(op_prelu) {
  HOLD(0);
  HOLD_HALVES(1);
  out[0] = choose(is_kept(in[0], c, e), in[0], product(in[0], in[1], e), e);
}

OPERATION(op_prelu_grad) {
  HOLD(0);
  HOLD(1);
  out[0] = choose(is_kept(in[0], c, e), in[1], product(in[1], in[2], e), e);
}

OPERATION(op_count) {
  HOLD(0);
  out[0] = add_words(in[1], where(is_kept(in[0], c, e), broadcast(1, e), e), e);
}

OPERATION(op_reglu) {
  HOLD(0);
  HOLD_HALVES(1);
  out[0] = where(is_kept(in[0], c, e), product(in[0], in[1], e), e);
}

OPERATION(op_reglu_grad) {
  HOLD(0);
  HOLD_HALVES(1);
  HOLD(2);
  const mask on = is_kept(in[0], c, e);
  out[0] = where(on, product(in[1], in[2], e), e);
  out[1] = where(on, product(in[0], in[2], e), e);
}

#undef HOLD
#undef HOLD_HALVES
#undef HOLD_DECIDED
#undef OPERATION

/* What the elements of one vector add to their channels' sums, in f64 and in memory order. */
typedef void term_operation(bits x, bits dy, bits terms[], const constants *c, int e);

enum { MAX_PARTS = 4 };

INLINE int parts_of(int e) { return vector_bytes(e) / size(e) * size(F64) / vector_bytes(F64); }

INLINE bits f64_part(bits x, int part, int e) {
  if (e == F64) return x;
  return f64_from_f32(is_half(e) ? widen_in_order(x, part / 2, e) : x, part % 2);
}

/* dbias: dy where x is kept. */
INLINE void bias_terms(bits x, bits dy, bits terms[], const constants *c, int e) {
  const bits kept = where(is_kept(x, c, e), dy, e);
  UNROLL
  for (int p = 0; p < parts_of(e); p++) terms[p] = f64_part(kept, p, e);
}

/* dslope: x * dy where x is not kept. Both are masked, or an infinite factor would meet a zero. */
INLINE void slope_terms(bits x, bits dy, bits terms[], const constants *c, int e) {
  const mask kept = is_kept(x, c, e);
  const bits zero = broadcast(0, e), off_x = choose(kept, zero, x, e), off_dy = choose(kept, zero, dy, e);
  UNROLL
  for (int p = 0; p < parts_of(e); p++) {
    terms[p] = mul_lanes(f64_part(off_x, p, e), f64_part(off_dy, p, e), F64);
  }
}

#endif
