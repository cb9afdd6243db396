/* Copies that libc does not offer by name, with memcpy's signature. */
#ifndef FASTRELU_BENCH_COPIES_H
#define FASTRELU_BENCH_COPIES_H

#include <stddef.h>

#if defined(__x86_64__) || defined(__i386__)
#define COPIES_FOR_X86
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef COPIES_FOR_X86
void *copy_rep_movsb(void *to, const void *from, size_t bytes);
/* Stores go around the cache; `_pages` also fetches from four pages at once. */
void *copy_streaming(void *to, const void *from, size_t bytes);
void *copy_streaming_pages(void *to, const void *from, size_t bytes);
#endif

#ifdef __cplusplus
}
#endif

#endif
