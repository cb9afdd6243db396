/* Walks over tensors [outer][channels][inner] with a parameter or a count for each channel, over the vocabulary
 * of the ISA that includes this.
 *
 * They need no code for elements of their own: the parameters of a stretch of elements are spread over a
 * pattern on the stack, which then is an ordinary second input of `map`. */
#ifndef FASTRELU_KERNELS_CHANNELS_H
#define FASTRELU_KERNELS_CHANNELS_H

#include "base.h"
#include "combine.h"
#include "half.h"
#include "walks.h"

/* A tensor, or some channels of each row of a wider one: `row` elements lie from one row to the next. */
typedef struct {
  size_t outer, channels, inner, row;
} dimensions;

INLINE int is_whole(dimensions d) { return d.row == d.channels * d.inner; }

/* A pattern takes at most PATTERN bytes; a short one is repeated up to REPEATED, so that calls of `map` are
 * long. Runs from CALLED_RUN bytes on are worth a call each, with one constant parameter: a long pattern and the
 * tensors do not fit the first cache together. Counters of longer runs than COUNTED_RUN are folded to as many. */
enum { PATTERN = 16384, REPEATED = 4096, CALLED_RUN = 256, COUNTED_RUN = 1024 };

/* A whole tensor of one channel is one run, whatever the shape says. */
INLINE dimensions merged(size_t outer, size_t channels, size_t inner, size_t row) {
  if (channels == 1 && row == inner) return (dimensions){1, 1, outer * inner, outer * inner};
  return (dimensions){outer, channels, inner, row};
}

INLINE size_t smaller_of(size_t a, size_t b) { return a < b ? a : b; }

/* Channel c's parameter, in the type of the arithmetic. */
INLINE int64_t parameter_of(const void *parameters, size_t c, int e) {
  const int64_t bits = load_element((const char *)parameters + c * (size_t)size(e), e);
  if (e == F16) return (int32_t)f32_bits_from_f16((uint16_t)bits);
  if (e == BF16) return (int32_t)f32_bits_from_bf16((uint16_t)bits);
  return bits;
}

/* Each parameter `inner` times, and all of that `repeats` times. Writes whole vectors: up to one more than
 * that. */
INLINE void spread(int e, const char *parameters, size_t channels, size_t inner, size_t repeats,
                   char *pattern) {
  const size_t bytes = (size_t)size(e), vector = (size_t)vector_bytes(e), run = inner * bytes;
  const size_t period = channels * run, end = period * repeats;
  size_t done = 0;
  do {
    for (size_t c = 0; c < channels; c++, done += run) {
      const bits value = held(broadcast(load_element(parameters + c * bytes, e), e));
      NO_UNROLL
      for (size_t i = 0; i < run; i += vector) store(pattern + done + i, value, e);
    }
  } while (done < end && done < vector);
  for (const char *from = pattern; done < end; done += vector, from += vector) {
    store(pattern + done, held(load(from, e)), e);
  }
}

/* An operation with one parameter a channel: with one for each element, and with one for all. */
typedef void patterned(int e, const void *x, const void *parameters, void *y, size_t n);
typedef void constant(int e, const void *x, void *y, size_t n, int64_t parameter);

/* Constant, so that every test on it folds. */
typedef struct {
  int element;
  enum walk walk;
  patterned *with_pattern;
  constant *with_constant;
  copy_kernel *copy;
} channel_map;

/* `bytes` of x to y, with `parameter`, or with those of `pattern` if there is one. What is streamed are stretches of
 * STRETCH bytes: between the stores of longer ones memory waits. */
enum { STRETCH = 1024 };
INLINE void map_stretch(channel_map m, combiner *w, const char *x, const char *pattern, int64_t parameter,
                        char *y, size_t bytes) {
  const int e = m.element;
  const size_t most = m.walk == STREAMING ? STRETCH : bytes;
  for (size_t done = 0, some; done < bytes; done += some) {
    some = smaller_of(most, bytes - done);
    char *const to = stretch_at(w, y + done);
    if (pattern) {
      m.with_pattern(e, x + done, pattern + done, to, some / (size_t)size(e));
    } else {
      m.with_constant(e, x + done, to, some / (size_t)size(e), parameter);
    }
    stretch_written(w, some);
  }
}

INLINE void over_channels(channel_map m, const char *x, const char *parameters, char *y, dimensions d) {
  const int e = m.element;
  _Alignas(VECTOR) char pattern[PATTERN + VECTOR], combined[STRETCH + LINE];
  combiner w = combiner_at(m.walk == STREAMING, e, m.copy, combined);
  if (m.walk == STREAMING && fetches_pages()) w.x = x, w.y = y;
  const size_t bytes = (size_t)size(e), run = d.inner * bytes, period = d.channels * run;
  const size_t total = d.outer * period;

  if (run >= CALLED_RUN || d.channels == 1) {
    for (size_t i = 0; i < total;) {
      for (size_t c = 0; c < d.channels; c++, i += run) {
        map_stretch(m, &w, x + i, NULL, parameter_of(parameters, c, e), y + i, run);
      }
    }
  } else {
    /* Where every element has its own parameter they are their own pattern. */
    const int direct = d.inner == 1 && (d.outer == 1 || period >= REPEATED / 4);
    const size_t width = direct ? d.channels : smaller_of(PATTERN / run, d.channels);
    const size_t most = REPEATED / period, repeats = most > 1 && !direct ? smaller_of(most, d.outer) : 1;
    for (size_t c = 0; c < d.channels; c += width) {
      const size_t channels = smaller_of(width, d.channels - c);
      if (!direct) spread(e, parameters + c * bytes, channels, d.inner, repeats, pattern);
      const size_t length = channels * run * repeats, step = period * repeats;
      for (size_t i = c * run; i < total; i += step) {
        map_stretch(m, &w, x + i, direct ? parameters : pattern, 0, y + i, smaller_of(length, total - i));
      }
    }
  }
  end_of_stretches(&w);
  if (m.walk == STREAMING) fence();
}

/* What a counter of 8 * size(e) bits can count to. */
INLINE size_t most_counted(int e) { return size(e) == 2 ? UINT16_MAX : size(e) == 4 ? UINT32_MAX : SIZE_MAX; }

INLINE uint64_t count_at(const char *counters, size_t i, int e) {
  return (uint64_t)load_element(counters + i * (size_t)size(e), e) & low_bits(8 * (size_t)size(e));
}

INLINE void set_to_zero(char *p, size_t bytes, int e) {
  const bits zero = held(broadcast(0, e));
  for (size_t i = 0; i < bytes; i += (size_t)vector_bytes(e)) store(p + i, zero, e);
}

/* Counters are as wide as the elements: `map` adds to them in place, and they are emptied before they can
 * overflow. */
typedef void counting(int e, const void *x, void *counters, size_t n, int64_t floor);

/* Adds the counters of one channel's long runs to its count; their sum does not overflow. */
INLINE void empty_into_one(int e, char *counters, size_t bytes, uint64_t *count) {
  const size_t vector = (size_t)vector_bytes(e);
  _Alignas(VECTOR) char last[VECTOR];
  bits sum = load(counters, e);
  for (size_t i = vector; i < bytes; i += vector) sum = add_words(sum, load(counters + i, e), e);
  store(last, sum, e);
  for (size_t i = 0; i < lanes_of(e); i++) *count += count_at(last, i, e);
  set_to_zero(counters, bytes, e);
}

INLINE void count_over_channels(int e, counting *count, const char *x, uint64_t *counts, dimensions d,
                                int64_t floor) {
  _Alignas(VECTOR) char counters[PATTERN + VECTOR];
  const size_t bytes = (size_t)size(e), run = d.inner * bytes, row = d.row * bytes;
  const size_t total = d.outer * row;

  if (run >= COUNTED_RUN) {
    const size_t most = most_counted(e) / (COUNTED_RUN / (size_t)vector_bytes(e));
    set_to_zero(counters, COUNTED_RUN, e);
    for (size_t c = 0; c < d.channels; c++) {
      size_t counted = 0;
      for (size_t begin = c * run; begin < total; begin += row) {
        for (size_t i = 0; i < run; i += COUNTED_RUN) {
          count(e, x + begin + i, counters, smaller_of(COUNTED_RUN, run - i) / bytes, floor);
          if (++counted == most) {
            empty_into_one(e, counters, COUNTED_RUN, &counts[c]);
            counted = 0;
          }
        }
      }
      empty_into_one(e, counters, COUNTED_RUN, &counts[c]);
    }
    return;
  }

  const size_t width = smaller_of(PATTERN / run, d.channels);
  const size_t most = is_whole(d) ? REPEATED / row : 1, repeats = most > 1 ? smaller_of(most, d.outer) : 1;
  for (size_t c = 0; c < d.channels; c += width) {
    const size_t channels = smaller_of(width, d.channels - c);
    const size_t length = channels * run * repeats, step = row * repeats;
    size_t counted = 0;
    set_to_zero(counters, length, e);
    for (size_t i = c * run; i < total;) {
      count(e, x + i, counters, smaller_of(length, total - i) / bytes, floor);
      i += step;
      if (++counted < most_counted(e) && i < total) continue;
      for (size_t r = 0, at = 0; r < repeats; r++) {
        for (size_t k = c; k < c + channels; k++) {
          uint64_t sum = 0;
          for (size_t end = at + d.inner; at < end; at++) sum += count_at(counters, at, e);
          counts[k] += sum;
        }
      }
      set_to_zero(counters, length, e);
      counted = 0;
    }
  }
}

#endif
