#include "reads.h"

/* Four vectors at a time, each with a sum of its own. */
#define READ_ALL(name, vector_bytes, attribute)                                    \
  attribute static uint64_t name(const void *x, size_t bytes) {                    \
    typedef uint64_t vector __attribute__((vector_size(vector_bytes), may_alias)); \
    const vector *v = x;                                                           \
    vector a = {0}, b = {0}, c = {0}, d = {0};                                     \
    for (size_t i = 0; i < bytes / sizeof(vector); i += 4) {                       \
      a ^= v[i];                                                                   \
      b ^= v[i + 1];                                                               \
      c ^= v[i + 2];                                                               \
      d ^= v[i + 3];                                                               \
    }                                                                              \
    a ^= b ^ c ^ d;                                                                \
    uint64_t result = 0;                                                           \
    for (size_t i = 0; i < sizeof(vector) / sizeof(uint64_t); i++) result ^= a[i]; \
    return result;                                                                 \
  }

READ_ALL(read_16, 16, )

#if defined(__x86_64__) || defined(__i386__)
READ_ALL(read_32, 32, __attribute__((target("avx2"))))
READ_ALL(read_64, 64, __attribute__((target("avx512f"))))

/* Narrow loads are no faster than the second cache of many CPUs: the end of the first one would not be felt. */
uint64_t read_all(const void *x, size_t bytes) {
  if (__builtin_cpu_supports("avx512f")) return read_64(x, bytes);
  if (__builtin_cpu_supports("avx2")) return read_32(x, bytes);
  return read_16(x, bytes);
}
#else
uint64_t read_all(const void *x, size_t bytes) { return read_16(x, bytes); }
#endif
