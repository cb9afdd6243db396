/* What can be measured: the one table of operations with their contenders, and what they work on. */
#ifndef FASTRELU_BENCH_CASES_H
#define FASTRELU_BENCH_CASES_H

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/* What all cases work on: x, dy and z are read, y is written (or dx) and w too where there are two outputs, mask
 * and indices either. */
struct Buffers {
  /* Within a page they begin apart: a load soon after a store to the same offset of another page waits for it
   * on many CPUs, and where malloc happens to put the buffers would decide a case. */
  static constexpr std::size_t page = 4096, apart = 576;

  explicit Buffers(std::size_t tensor_bytes);
  Buffers(const Buffers &) = delete;
  ~Buffers();

  /* Pages are touched when a case first needs them, so that a bench of small tensors takes little memory. */
  void prepare(std::size_t bytes);

  char *const x, *const dy, *const y, *const z, *const w, *const indices, *const mask;

 private:
  std::size_t filled = 0;
};

/* The most bytes of a tensor: half of the memory for the six buffers of that size, the rest is the system's. */
std::size_t most_tensor_bytes();

struct Contender {
  std::string name;
  const char *isa; /* what to choose in the library before the run, if anything */
  std::function<void(benchmark::State &, const Buffers &, std::size_t n)> run;
  std::size_t least = 1; /* of n */
};

/* What keeps an operation below the rate of a copy; docs/performance.md has the figures. Only the half types pay for
 * COMPUTES: they are widened to f32 and narrowed again. */
enum class Bound { memory, computes, sums, counters, compaction };

struct Operation {
  std::string name, dtype;
  double tensors; /* read or written: elements moved for each of n */
  bool mask;
  Bound bound;
  std::vector<Contender> contenders;
  std::size_t multiple = 1; /* n is one of this */

  std::size_t element_size() const;
  std::size_t tensor_bytes(std::size_t n) const { return n * element_size(); }
  /* Read and written by a call. */
  std::size_t bytes(std::size_t n) const;
  std::string label() const;
};

std::vector<Operation> operations();

/* The contender that is compiled for the CPU of the build. */
constexpr char compiler_contender[] = "compiler";
/* Whether this CPU has the instructions of its loops. */
bool compiler_loops_run_here();

std::string case_name(const Operation &operation, const std::string &contender, std::size_t n);

void run(benchmark::State &state, const Operation &operation, const Contender &contender, Buffers &buffers,
         std::size_t n);

#endif
