/* What this CPU is and has. */
#ifndef FASTRELU_SRC_CPU_H
#define FASTRELU_SRC_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* True where the CPU and the operating system both have the whole bundle: every instruction set that the
 * flags of kernels/<isa>.c let a compiler emit. */
bool fastrelu_cpu_has_avx512(void);
bool fastrelu_cpu_has_avx2(void);
bool fastrelu_cpu_has_sse2(void);
bool fastrelu_cpu_has_neon(void);
bool fastrelu_cpu_has_scalar(void);

/* Data caches in bytes as the CPU names them, 0 where unknown; a virtual machine may name more than it gives. */
struct fastrelu_caches {
  size_t l1d, l2, l3;
};

struct fastrelu_caches fastrelu_cpu_caches(void);

/* Whether its core gains by fetching from several pages of memory at once. */
bool fastrelu_cpu_gains_by_pages(void);

/* Whether its core stores to memory, around the caches, faster than into its L3. */
bool fastrelu_cpu_streams_past_l2(void);

/* The CPU's own name, "" where it tells none. */
void fastrelu_cpu_name(char name[64]);

#endif
