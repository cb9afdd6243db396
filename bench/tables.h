/* The kernels' tables, which are hidden in the library: the benchmarks link them once more, for `identity` alone. */
#ifndef FASTRELU_BENCH_TABLES_H
#define FASTRELU_BENCH_TABLES_H

#include <string>

extern "C" {
#include "table.h"
#define ISA(name) extern const struct fastrelu_kernels fastrelu_kernels_##name[TABLES];
FASTRELU_ISA_LIST
#undef ISA
}

/* nullptr for one that was not built. */
inline const fastrelu_kernels *tables_of(const std::string &isa) {
#define ISA(name) \
  if (isa == #name) return fastrelu_kernels_##name;
  FASTRELU_ISA_LIST
#undef ISA
  return nullptr;
}

#endif
