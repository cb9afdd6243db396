/* fastrelu-bench: how fast every operation runs on this CPU, beside what bounds it.
 *
 *   fastrelu-bench                                    everything: thousands of cases, ten minutes and more
 *   fastrelu-bench --benchmark_list_tests             their names
 *   fastrelu-bench --benchmark_filter='^relu/f32/'    the forward pass in f32 on every instruction set
 *   fastrelu-bench --benchmark_filter='/f32/(avx2|libc)/n:(64|4096)$'
 *
 * A case is named <operation>/<dtype>/<contender>/n:<elements>. Contenders are
 *
 *   avx512, avx2, …   the library's public function on that instruction set (every one that this CPU runs)
 *   compiler          the plain loop, compiled at -O3 -march=native (bench/loops.c)
 *   libc              in memcpy/<dtype>/libc: copies the bytes that a ReLU of that dtype reads and writes
 *
 * and, for the limit, every way to copy in copy/f32/…: memcpy, rep_movsb, streaming and streaming_pages
 * (bench/copies.c), and the kernels' own walk with an operation that does nothing, as in small calls (walk) and in
 * large ones (walk_streaming); identity/f32/<isa> is that walk on each instruction set. bytes_per_second counts what
 * the contract reads and writes: x and y for relu, x, dy and dx for relu_grad, and so on, a mask as one bit an
 * element. Rows of one operation, dtype and size follow each other.
 *
 * A row's label says what bounds it where that is not memory's rate of a copy, which is what all others are to
 * come near to outside of the first cache.
 *
 * Single rows are noisy. To compare contenders, repeat and interleave them, and read the medians:
 *
 *   fastrelu-bench --benchmark_filter='^(relu|identity|memcpy)/f32/.*n:4096$' --benchmark_repetitions=9
 *     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
 *
 * Every contender is called through a function pointer. All work in the same buffers (see Buffers), which are
 * warm: sizes that fit a cache are found there. A case takes 0.05 s unless --benchmark_min_time says
 * otherwise. */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cases.h"
#include "fastrelu.h"
#include "host.h"

namespace {

const std::size_t all_sizes[] = {16,      64,      100,     256,     1000,    4096,
                                 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26};

}  // namespace

int main(int argc, char **argv) {
  /* The default goes first, so that a flag of the user's overrides it. */
  std::vector<char *> arguments(argv, argv + argc);
  char min_time[] = "--benchmark_min_time=0.05" FASTRELU_BENCH_TIME_UNIT;
  if (!std::getenv("BENCHMARK_MIN_TIME")) arguments.insert(arguments.begin() + 1, min_time);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return EXIT_FAILURE;

  benchmark::AddCustomContext("fastrelu_version", fastrelu_version());
  benchmark::AddCustomContext("fastrelu_isa", fastrelu_isa());
  benchmark::AddCustomContext("fastrelu_info", library_info());
  const bool loops = compiler_loops_run_here();
  if (loops) {
    benchmark::AddCustomContext("compiler_loops", FASTRELU_BENCH_LOOPS);
  } else {
    std::fprintf(stderr, "fastrelu-bench: the contender %s was compiled for another CPU and is left out\n",
                 compiler_contender);
  }

  const std::size_t largest = *std::max_element(std::begin(all_sizes), std::end(all_sizes)) * sizeof(double);
  const std::size_t limit = std::min(largest, most_tensor_bytes());
  Buffers buffers(limit);
  const std::vector<Operation> table = operations();
  int left_out = 0;
  for (const Operation &o : table) {
    for (const std::size_t n : all_sizes) {
      if (n % o.multiple != 0) continue;
      for (const Contender &c : o.contenders) {
        if (n < c.least || (c.name == compiler_contender && !loops)) continue;
        if (o.tensor_bytes(n) > limit) {
          left_out++;
          continue;
        }
        benchmark::RegisterBenchmark(
            case_name(o, c.name, n).c_str(),
            [&o, &c, &buffers, n](benchmark::State &state) { run(state, o, c, buffers, n); });
      }
    }
  }
  if (left_out > 0) {
    std::fprintf(stderr, "fastrelu-bench: %d cases need more than half of the memory and are left out\n",
                 left_out);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return EXIT_SUCCESS;
}
