/* Only reads: what a cache gives. */
#ifndef FASTRELU_BENCH_READS_H
#define FASTRELU_BENCH_READS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The exclusive or of all words; `bytes` is a multiple of 256, x of the line. */
uint64_t read_all(const void *x, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
