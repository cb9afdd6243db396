/* The vectors are the widest that the compiler's target has: side_by_side compiles for this CPU, fastrelu-bench for
 * every one. */
#include "copies.h"

#ifdef COPIES_FOR_X86
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
typedef __m512i vector;
static inline vector load(const char *p) { return _mm512_loadu_si512(p); }
static inline void stream(char *p, vector v) { _mm512_stream_si512((void *)p, v); }
#elif defined(__AVX__)
typedef __m256i vector;
static inline vector load(const char *p) { return _mm256_loadu_si256((const void *)p); }
static inline void stream(char *p, vector v) { _mm256_stream_si256((void *)p, v); }
#else
typedef __m128i vector;
static inline vector load(const char *p) { return _mm_loadu_si128((const void *)p); }
static inline void stream(char *p, vector v) { _mm_stream_si128((void *)p, v); }
#endif

enum { LINE = 64, PAGE = 4096, PAGES = 4, GROUP = PAGES * PAGE };

static inline void stream_line(char *to, const char *from) {
  for (size_t i = 0; i < LINE; i += sizeof(vector)) stream(to + i, load(from + i));
}

/* Copies what precedes the first line of `to`, at most `bytes`, and returns how much that is. */
static size_t head(char *to, const char *from, size_t bytes) {
  size_t size = -(uintptr_t)to % LINE;
  if (size > bytes) size = bytes;
  memcpy(to, from, size);
  return size;
}

void *copy_rep_movsb(void *to, const void *from, size_t bytes) {
  void *d = to;
  __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
  return to;
}

void *copy_streaming(void *to, const void *from, size_t bytes) {
  char *y = to;
  const char *x = from;
  size_t i = head(y, x, bytes);
  for (; bytes - i >= LINE; i += LINE) stream_line(y + i, x + i);
  memcpy(y + i, x + i, bytes - i);
  _mm_sfence();
  return to;
}

/* One sequential stream keeps too few lines in flight on some CPUs. While the loads and stores go through one
 * group of pages in order, each line asks for one of the next group, from a page after the other. */
void *copy_streaming_pages(void *to, const void *from, size_t bytes) {
  char *y = to;
  const char *x = from;
  size_t i = head(y, x, bytes);
  for (; bytes - i >= 2 * GROUP; i += GROUP) {
    for (size_t line = 0; line < GROUP / LINE; line++) {
      const char *next = x + i + GROUP + line % PAGES * PAGE + line / PAGES * LINE;
      _mm_prefetch(next, _MM_HINT_T0);
      stream_line(y + i + line * LINE, x + i + line * LINE);
    }
  }
  copy_streaming(y + i, x + i, bytes - i);
  return to;
}
#else
typedef int nothing_for_this_architecture;
#endif
