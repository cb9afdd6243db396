/* What every kernel file starts from: how functions are inlined and loops unrolled, the size of an element,
 * and byte access to bit masks. No vector in here. */
#ifndef FASTRELU_KERNELS_BASE_H
#define FASTRELU_KERNELS_BASE_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "table.h"

/* x87 would compute f32 in a wider type, and strict c11 does so on s390x: both would change bits. */
_Static_assert(FLT_EVAL_METHOD == 0, "float arithmetic must be done in float");

#define INLINE static inline __attribute__((always_inline, unused))

/* For loops over arrays of vectors: only an unrolled one keeps its array in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define NO_UNROLL _Pragma("GCC unroll 1")
#endif

/* What a loop tests anew in each iteration, though it never changes: compilers make two loops of one otherwise. */
INLINE int retested(int flag) {
  __asm__("" : "+r"(flag));
  return flag;
}

/* Not in a vector register, where compilers find bits that come from a vector and are only stored. */
INLINE uint64_t scalar(uint64_t word) {
  __asm__("" : "+r"(word));
  return word;
}

/* What follows is stored after what precedes. Compilers reorder the stores of a batch, which costs up to half of the
 * rate in the second cache. */
INLINE void in_order(void) { __asm__ volatile("" ::: "memory"); }

INLINE int size(int e) {
  switch (e) {
    case W8:
    case U8:
      return 1;
    case W16:
    case F16:
    case BF16:
      return 2;
    case W32:
    case F32:
      return 4;
    default:
      return 8;
  }
}

INLINE int64_t floor_of(int e) {
  switch (e) {
    case F16:
      return FLOOR_F16;
    case BF16:
      return FLOOR_BF16;
    case F32:
      return FLOOR_F32;
    case F64:
      return FLOOR_F64;
    default:
      return FLOOR_INTEGER;
  }
}

/* The bits of the smallest NaN above +infinity, of integers those of the smallest number. */
INLINE int64_t nan_beyond(int64_t floor, int e) {
  return (int64_t)((uint64_t)floor + 1 + (UINT64_C(1) << (8 * size(e) - 1)));
}

/* The bits of -0, sign-extended. */
INLINE int64_t sign_of(int e) { return size(e) == 8 ? INT64_MIN : -(INT64_C(1) << (8 * size(e) - 1)); }

/* A float's bits as a number that orders as its value does: -infinity, …, -0, +0, …, +infinity; NaNs beyond. */
INLINE int64_t rank_of(int64_t x, int e) { return x < 0 ? x ^ ~sign_of(e) : x; }

/* What is added to a rank so that the NaNs that follow -infinity wrap around to the top, and so that those
 * above +infinity wrap around to the bottom. */
INLINE int64_t nans_on_top(int e) { return floor_of(e) + 1; }
INLINE int64_t nans_at_bottom(int e) { return -floor_of(e) - 1; }

INLINE int is_half(int e) { return e == F16 || e == BF16; }

/* An element as its bits, sign-extended. */
INLINE int64_t load_element(const void *p, int e) {
  int8_t w8;
  int16_t w16;
  int32_t w32;
  int64_t w64;
  switch (size(e)) {
    case 1:
      return memcpy(&w8, p, 1), w8;
    case 2:
      return memcpy(&w16, p, 2), w16;
    case 4:
      return memcpy(&w32, p, 4), w32;
    default:
      return memcpy(&w64, p, 8), w64;
  }
}

INLINE void store_element(void *p, int64_t x, int e) {
  const int8_t w8 = (int8_t)x;
  const int16_t w16 = (int16_t)x;
  const int32_t w32 = (int32_t)x;
  switch (size(e)) {
    case 1:
      memcpy(p, &w8, 1);
      break;
    case 2:
      memcpy(p, &w16, 2);
      break;
    case 4:
      memcpy(p, &w32, 4);
      break;
    default:
      memcpy(p, &x, 8);
  }
}

/* The lowest `count` bits set, count up to 64. */
INLINE uint64_t low_bits(size_t count) { return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1; }

INLINE uint64_t little_endian(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return __builtin_bswap64(word);
#else
  return word;
#endif
}

/* The first 1 to 8 bytes at p as a number, byte i of memory in bits 8i to 8i + 7. Lengths between powers of
 * two are two overlapping pieces: a memcpy of variable length would be a call. */
INLINE uint64_t load_bytes(const uint8_t *p, size_t bytes) {
  uint64_t word = 0, last = 0;
  if (bytes == 8) {
    memcpy(&word, p, 8);
    return little_endian(word);
  }
  if (bytes >= 4) {
    memcpy(&word, p, 4);
    memcpy(&last, p + bytes - 4, 4);
    return little_endian(word) | little_endian(last) << (8 * (bytes - 4));
  }
  if (bytes >= 2) {
    memcpy(&word, p, 2);
    memcpy(&last, p + bytes - 2, 2);
    return little_endian(word) | little_endian(last) << (8 * (bytes - 2));
  }
  return *p;
}

/* The inverse of load_bytes. */
INLINE void store_bytes(uint8_t *p, uint64_t word, size_t bytes) {
  if (bytes >= 4) {
    const size_t piece = bytes == 8 ? 8 : 4;
    const uint64_t first = little_endian(word), last = little_endian(word >> (8 * (bytes - piece)));
    if (piece == 8) {
      memcpy(p, &first, 8);
    } else {
      memcpy(p, &first, 4);
      memcpy(p + bytes - 4, &last, 4);
    }
  } else {
    p[0] = (uint8_t)word;
    if (bytes > 1) {
      p[1] = (uint8_t)(word >> 8);
      p[bytes - 1] = (uint8_t)(word >> (8 * (bytes - 1)));
    }
  }
}

/* The first and the last `piece` bytes (a constant 1, 2, 4 or 8) of `bytes`, side by side: in one word where
 * they fit, else in two. Little-endian, as every vector here is. */
typedef struct {
  uint64_t low, high;
} pieces;

/* Each length with a type of its own: of memcpys into parts of two words gcc 14 makes nine instructions
 * more. */
INLINE uint64_t load_piece(const void *p, int piece) {
  uint8_t w8;
  uint16_t w16;
  uint32_t w32;
  uint64_t w64;
  switch (piece) {
    case 1:
      return memcpy(&w8, p, 1), w8;
    case 2:
      return memcpy(&w16, p, 2), w16;
    case 4:
      return memcpy(&w32, p, 4), w32;
    default: /* without optimisation gcc sees a 16 that never comes */
      return memcpy(&w64, p, 8), w64;
  }
}

INLINE pieces load_pieces(const void *p, size_t bytes, int piece) {
  const uint64_t low = load_piece(p, piece);
  const uint64_t high = load_piece((const char *)p + bytes - (size_t)piece, piece);
  return piece < 8 ? (pieces){low | high << (8 * piece), 0} : (pieces){low, high};
}

INLINE void store_pieces(void *p, pieces x, size_t bytes, int piece) {
  const size_t length = piece < 8 ? (size_t)piece : 8;
  if (length < 8) x.high = x.low >> (8 * length);
  memcpy(p, &x.low, length);
  memcpy((char *)p + bytes - length, &x.high, length);
}

#endif
