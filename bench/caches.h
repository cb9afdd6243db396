/* The caches as they are felt: in a virtual machine those that the CPU names are not always there to be had. */
#ifndef FASTRELU_BENCH_CACHES_H
#define FASTRELU_BENCH_CACHES_H

#include <cstddef>
#include <vector>

struct ReadRate {
  std::size_t bytes; /* read again and again */
  double bytes_per_second;
};

/* From 4 KiB to 256 MiB, or an eighth of the memory. Takes about a second. */
std::vector<ReadRate> felt_caches();

/* The bytes after which the rate falls. */
std::vector<std::size_t> cache_ends(const std::vector<ReadRate> &rates);

#endif
