/* fastrelu-bench: how fast every operation runs on this CPU, beside what bounds it.
 *
 *   fastrelu-bench                                    everything: some 4,000 cases, ten minutes and more
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
 * and identity/f32/<isa> is the kernels' own walk with an operation that does nothing. bytes_per_second
 * counts what the contract reads and writes: x and y for relu, x, dy and dx for relu_grad, and so on, a mask
 * as one bit an element. Rows of one operation, dtype and size follow each other.
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
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "fastrelu.h"
#include "loops.h"

/* The kernels' tables are hidden in the library: the bench links them once more, for `identity` alone. */
extern "C" {
#include "table.h"
#define ISA(name) extern const struct fastrelu_kernels fastrelu_kernels_##name[TABLES];
FASTRELU_ISA_LIST
#undef ISA
int fastrelu_fetches_pages; /* of walks past the caches, which it does not call */
}

namespace {

const std::size_t sizes[] = {16,      64,      100,     256,     1000,    4096,
                             1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26};

/* Element sizes are in the names: bf16, s8. */
std::size_t element_size(const std::string &dtype) {
  return std::stoul(dtype.substr(dtype.find_first_of("0123456789"))) / 8;
}

/* What all cases work on: x, dy and z are read, y is written (or dx) and w too where there are two outputs, mask
 * and indices either. */
struct Buffers {
  /* Within a page they begin apart: a load soon after a store to the same offset of another page waits for it
   * on many CPUs, and where malloc happens to put the buffers would decide a case. */
  static constexpr std::size_t page = 4096, apart = 576;

  explicit Buffers(std::size_t tensor_bytes)
      : x(allocate(tensor_bytes, 0)),
        dy(allocate(tensor_bytes, 1)),
        y(allocate(tensor_bytes, 2)),
        z(allocate(tensor_bytes, 3)),
        w(allocate(tensor_bytes, 4)),
        indices(allocate(tensor_bytes, 5)),
        mask(allocate(tensor_bytes / 8, 6)) {}
  Buffers(const Buffers &) = delete;
  ~Buffers() {
    release(x, 0);
    release(dy, 1);
    release(y, 2);
    release(z, 3);
    release(w, 4);
    release(indices, 5);
    release(mask, 6);
  }

  /* Pages are touched when a case first needs them, so that a bench of small tensors takes little memory. The
   * contents are those of one seed, whatever the order of cases: 16-bit pieces 0x3nnn or 0xBnnn are normal
   * numbers of random sign in f16 and bf16, and their concatenations so in f32 and f64. */
  void prepare(std::size_t bytes) {
    for (; filled < bytes; filled += 8) {
      store(x + filled, (random(4 * filled) & 0x8FFF8FFF8FFF8FFF) | 0x3000300030003000);
      store(dy + filled, (random(4 * filled + 1) & 0x8FFF8FFF8FFF8FFF) | 0x3000300030003000);
      store(z + filled, (random(4 * filled + 2) & 0x8FFF8FFF8FFF8FFF) | 0x3000300030003000);
      store(y + filled, 0);
      store(w + filled, 0);
      store(indices + filled, 0);
      if (filled % 64 == 0) store(mask + filled / 8, random(4 * filled + 3));
    }
  }

  char *const x, *const dy, *const y, *const z, *const w, *const indices, *const mask;

 private:
  static char *allocate(std::size_t bytes, std::size_t index) {
    return static_cast<char *>(::operator new (bytes + page, std::align_val_t{page})) + index * apart;
  }
  static void release(char *p, std::size_t index) {
    ::operator delete (p - index * apart, std::align_val_t{page});
  }

  static void store(char *p, std::uint64_t word) { std::memcpy(p, &word, sizeof word); }

  /* SplitMix64's mixing function. */
  static std::uint64_t random(std::uint64_t i) {
    i = (i + 1) * 0x9E3779B97F4A7C15;
    i = (i ^ i >> 30) * 0xBF58476D1CE4E5B9;
    i = (i ^ i >> 27) * 0x94D049BB133111EB;
    return i ^ i >> 31;
  }

  std::size_t filled = 0;
};

/* Calls a contender of any signature, with the parameters that follow n; T is the element, void for `identity`. */
template <class T, class... P, class... Q>
fastrelu_status call(fastrelu_status (*f)(const T *, T *, std::size_t, P...), const Buffers &b, std::size_t n,
                     Q... parameters) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<T *>(b.y), n, static_cast<P>(parameters)...);
}
template <class T, class... P, class... Q>
fastrelu_status call(fastrelu_status (*f)(const T *, const T *, T *, std::size_t, P...), const Buffers &b,
                     std::size_t n, Q... parameters) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<const T *>(b.dy), reinterpret_cast<T *>(b.y), n,
           static_cast<P>(parameters)...);
}
template <class T>
fastrelu_status call(fastrelu_status (*f)(const T *, const T *, const T *, T *, T *, std::size_t),
                     const Buffers &b, std::size_t n) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<const T *>(b.dy),
           reinterpret_cast<const T *>(b.z), reinterpret_cast<T *>(b.y), reinterpret_cast<T *>(b.w), n);
}
template <class T, class... P, class... Q>
fastrelu_status call(fastrelu_status (*f)(const T *, T *, std::uint8_t *, std::size_t, P...),
                     const Buffers &b, std::size_t n, Q... parameters) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<T *>(b.y),
           reinterpret_cast<std::uint8_t *>(b.mask), n, static_cast<P>(parameters)...);
}
template <class T, class... P, class... Q>
fastrelu_status call(fastrelu_status (*f)(const std::uint8_t *, const T *, T *, std::size_t, P...),
                     const Buffers &b, std::size_t n, Q... parameters) {
  return f(reinterpret_cast<const std::uint8_t *>(b.mask), reinterpret_cast<const T *>(b.dy),
           reinterpret_cast<T *>(b.y), n, static_cast<P>(parameters)...);
}
/* Over channels: [n / (channels * inner)][channels][inner]. Parameters are the beginning of z, sums that of w. */
template <class T>
fastrelu_status call(fastrelu_status (*f)(const T *, const T *, T *, std::size_t, std::size_t, std::size_t),
                     const Buffers &b, std::size_t n, std::size_t channels, std::size_t inner) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<const T *>(b.z), reinterpret_cast<T *>(b.y),
           n / (channels * inner), channels, inner);
}
template <class T, class Sum>
fastrelu_status call(fastrelu_status (*f)(const T *, const T *, const T *, T *, Sum *, std::size_t,
                                          std::size_t, std::size_t),
                     const Buffers &b, std::size_t n, std::size_t channels, std::size_t inner) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<const T *>(b.z),
           reinterpret_cast<const T *>(b.dy), reinterpret_cast<T *>(b.y), reinterpret_cast<Sum *>(b.w),
           n / (channels * inner), channels, inner);
}
template <class T, class Sum>
fastrelu_status call(fastrelu_status (*f)(const T *, const T *, T *, Sum *, std::size_t, std::size_t,
                                          std::size_t),
                     const Buffers &b, std::size_t n, std::size_t channels, std::size_t inner) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<const T *>(b.dy), reinterpret_cast<T *>(b.y),
           reinterpret_cast<Sum *>(b.w), n / (channels * inner), channels, inner);
}
template <class T>
fastrelu_status call(fastrelu_status (*f)(const T *, std::uint64_t *, std::size_t, std::size_t, std::size_t),
                     const Buffers &b, std::size_t n, std::size_t channels, std::size_t inner) {
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<std::uint64_t *>(b.w), n / (channels * inner),
           channels, inner);
}

/* relu_compress. */
template <class T>
fastrelu_status call(fastrelu_status (*f)(const T *, T *, std::uint32_t *, std::size_t, std::size_t *),
                     const Buffers &b, std::size_t n) {
  std::size_t count;
  return f(reinterpret_cast<const T *>(b.x), reinterpret_cast<T *>(b.y),
           reinterpret_cast<std::uint32_t *>(b.indices), n, &count);
}

struct Contender {
  std::string name;
  const char *isa; /* what to choose in the library before the run, if anything */
  std::function<void(benchmark::State &, const Buffers &, std::size_t n)> run;
};

/* The timed loop. A contender leaves the caches in a state of its own, which the next one pays for: each
 * first runs untimed until it is steady, which takes three calls past L2. */
template <class Call>
void time(benchmark::State &state, Call call) {
  for (int i = 0; i < 3; i++) {
    if (call() != FASTRELU_OK) {
      state.SkipWithError("the call returned an error");
      return;
    }
  }
  for (auto _ : state) call();
}

template <class Function, class... Parameters>
Contender contender(const std::string &name, const char *isa, Function *function, Parameters... parameters) {
  return {name, isa, [=](benchmark::State &state, const Buffers &buffers, std::size_t n) {
            Function *opaque = function;
            benchmark::DoNotOptimize(opaque);
            time(state, [=, &buffers] { return call(opaque, buffers, n, parameters...); });
          }};
}

/* What keeps an operation below the rate of a copy; docs/performance.md has the figures. Only the half types pay for
 * COMPUTES: they are widened to f32 and narrowed again. */
enum class Bound { memory, computes, sums, counters, compaction };

struct Operation {
  std::string name, dtype;
  double tensors; /* read or written: elements moved for each of n */
  bool mask;
  Bound bound;
  std::vector<Contender> contenders;
  std::size_t multiple; /* n is one of this */

  std::string label() const {
    switch (bound) {
      case Bound::sums:
        return "bound by additions in f64";
      case Bound::counters:
        return "bound by counters in the first cache";
      case Bound::compaction:
        return "bound by the compaction";
      case Bound::computes:
        if (element_size(dtype) == 2) return "bound by conversions to and from f32";
        break;
      case Bound::memory:
        break;
    }
    return tensors > 2 ? "bound by memory, of more tensors than a copy has" : "";
  }

  std::size_t bytes(std::size_t n) const {
    return static_cast<std::size_t>(n * tensors * element_size(dtype)) + (mask ? (n + 7) / 8 : 0);
  }
};

/* A public function on every usable instruction set, with the parameters of its calls. */
template <class Function, class... Parameters>
Operation operation(const char *name, const char *dtype, double tensors, bool mask, Bound bound,
                    Function *function, Parameters... parameters) {
  Operation o{name, dtype, tensors, mask, bound, {}, 1};
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) {
    o.contenders.push_back(contender(*isa, *isa, function, parameters...));
  }
  return o;
}

/* The same, and the compiler's own loop. */
template <class Function>
Operation beside(Function *compiler, Operation o) {
  o.contenders.push_back(contender("compiler", nullptr, compiler));
  return o;
}

Operation memcpy_of(const char *dtype) {
  const auto run = [size = element_size(dtype)](benchmark::State &state, const Buffers &buffers,
                                                std::size_t n) {
    void *(*opaque)(void *, const void *, std::size_t) = std::memcpy;
    benchmark::DoNotOptimize(opaque);
    time(state, [=, &buffers] {
      opaque(buffers.y, buffers.x, n * size);
      return FASTRELU_OK;
    });
  };
  return {"memcpy", dtype, 2, false, Bound::memory, {{"libc", nullptr, run}}, 1};
}

Operation identity() {
  struct {
    const char *isa;
    const fastrelu_kernels *table;
  } const built[] = {
#define ISA(name) {#name, fastrelu_kernels_##name},
      FASTRELU_ISA_LIST
#undef ISA
  };
  Operation o{"identity", "f32", 2, false, Bound::memory, {}, 1};
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) {
    for (const auto &b : built) {
      if (std::strcmp(*isa, b.isa) == 0)
        o.contenders.push_back(contender(*isa, nullptr, b.table->identity[W32]));
    }
  }
  return o;
}

/* The four float types of an operation. */
#define FLOATS(name, tensors, mask, bound, ...)                                                           \
  operation(#name, "f32", tensors, mask, Bound::bound, fastrelu_##name##_f32 __VA_OPT__(, ) __VA_ARGS__), \
      operation(#name, "f64", tensors, mask, Bound::bound,                                                \
                fastrelu_##name##_f64 __VA_OPT__(, ) __VA_ARGS__),                                        \
      operation(#name, "f16", tensors, mask, Bound::bound,                                                \
                fastrelu_##name##_f16 __VA_OPT__(, ) __VA_ARGS__),                                        \
      operation(#name, "bf16", tensors, mask, Bound::bound,                                               \
                fastrelu_##name##_bf16 __VA_OPT__(, ) __VA_ARGS__)

/* The two shapes of an operation over channels. */
#define CHANNELS_OF(name, dtype, tensors, bound, shape, inner) \
  over_channels(#name shape, #dtype, tensors, Bound::bound, fastrelu_##name##_##dtype, inner)
#define CHANNELLED(name, tensors, bound)                                                                  \
  CHANNELS_OF(name, f32, tensors, bound, "_nhwc", 1), CHANNELS_OF(name, f64, tensors, bound, "_nhwc", 1), \
      CHANNELS_OF(name, f16, tensors, bound, "_nhwc", 1),                                                 \
      CHANNELS_OF(name, bf16, tensors, bound, "_nhwc", 1),                                                \
      CHANNELS_OF(name, f32, tensors, bound, "_nchw", 64),                                                \
      CHANNELS_OF(name, f64, tensors, bound, "_nchw", 64),                                                \
      CHANNELS_OF(name, f16, tensors, bound, "_nchw", 64),                                                \
      CHANNELS_OF(name, bf16, tensors, bound, "_nchw", 64)

template <class Function>
Operation over_channels(const char *name, const char *dtype, double tensors, Bound bound, Function *function,
                        std::size_t inner) {
  Operation o = operation(name, dtype, tensors, false, bound, function, std::size_t{64}, inner);
  o.multiple = 4096;
  return o;
}

/* The one table of what is measured. */
std::vector<Operation> operations() {
  return {
      memcpy_of("f32"),
      memcpy_of("f64"),
      memcpy_of("f16"),
      memcpy_of("bf16"),
      memcpy_of("s8"),
      memcpy_of("s16"),
      memcpy_of("s32"),
      identity(),
      beside(compiler_relu_f32, operation("relu", "f32", 2, false, Bound::memory, fastrelu_relu_f32)),
      operation("relu", "f64", 2, false, Bound::memory, fastrelu_relu_f64),
      operation("relu", "f16", 2, false, Bound::memory, fastrelu_relu_f16),
      beside(compiler_relu_bf16, operation("relu", "bf16", 2, false, Bound::memory, fastrelu_relu_bf16)),
      operation("relu", "s8", 2, false, Bound::memory, fastrelu_relu_s8),
      operation("relu", "s16", 2, false, Bound::memory, fastrelu_relu_s16),
      operation("relu", "s32", 2, false, Bound::memory, fastrelu_relu_s32),
      beside(compiler_relu_grad_f32,
             operation("relu_grad", "f32", 3, false, Bound::memory, fastrelu_relu_grad_f32)),
      operation("relu_grad", "f64", 3, false, Bound::memory, fastrelu_relu_grad_f64),
      operation("relu_grad", "f16", 3, false, Bound::memory, fastrelu_relu_grad_f16),
      operation("relu_grad", "bf16", 3, false, Bound::memory, fastrelu_relu_grad_bf16),
      FLOATS(relu_grad_accumulate, 4, false, computes),
      FLOATS(relu_mask, 2, true, memory),
      beside(compiler_relu_mask_grad_f32,
             operation("relu_mask_grad", "f32", 2, true, Bound::memory, fastrelu_relu_mask_grad_f32)),
      operation("relu_mask_grad", "f64", 2, true, Bound::memory, fastrelu_relu_mask_grad_f64),
      operation("relu_mask_grad", "f16", 2, true, Bound::memory, fastrelu_relu_mask_grad_f16),
      operation("relu_mask_grad", "bf16", 2, true, Bound::memory, fastrelu_relu_mask_grad_bf16),
      FLOATS(leaky_relu, 2, false, computes, 0.01),
      FLOATS(leaky_relu_grad, 3, false, computes, 0.01),
      FLOATS(leaky_relu_mask, 2, true, computes, 0.01),
      FLOATS(leaky_relu_mask_grad, 2, true, computes, 0.01),
      FLOATS(clamp, 2, false, memory, 0, 6),
      FLOATS(clamp_grad, 3, false, memory, 0, 6),
      FLOATS(clamp_mask, 2, true, memory, 0, 6),
      operation("clamp", "s8", 2, false, Bound::memory, fastrelu_clamp_s8, 3, 100),
      operation("clamp", "u8", 2, false, Bound::memory, fastrelu_clamp_u8, 3, 100),
      operation("clamp", "s16", 2, false, Bound::memory, fastrelu_clamp_s16, 3, 100),
      operation("clamp", "s32", 2, false, Bound::memory, fastrelu_clamp_s32, 3, 100),
      FLOATS(threshold, 2, false, memory, 0.5, 0.25),
      FLOATS(threshold_grad, 3, false, memory, 0.5),
      FLOATS(threshold_mask, 2, true, memory, 0.5, 0.25),
      FLOATS(squared_relu, 2, false, computes),
      FLOATS(squared_relu_grad, 3, false, computes),
      FLOATS(relu_add, 3, false, computes),
      FLOATS(reglu, 3, false, computes),
      FLOATS(reglu_grad, 5, false, computes),
      /* x is read, half of its values and their indices are written. */
      operation("relu_compress", "f32", 2, false, Bound::compaction, fastrelu_relu_compress_f32),
      operation("relu_compress", "f64", 1.75, false, Bound::compaction, fastrelu_relu_compress_f64),
      operation("relu_compress", "f16", 2.5, false, Bound::compaction, fastrelu_relu_compress_f16),
      operation("relu_compress", "bf16", 2.5, false, Bound::compaction, fastrelu_relu_compress_bf16),
      /* 64 channels, the innermost dimension (NHWC) or of 64 elements each (NCHW); whole tensors of 4,096. */
      CHANNELLED(prelu, 2, computes),
      CHANNELLED(prelu_grad, 3, sums),
      CHANNELLED(relu_bias, 2, computes),
      CHANNELLED(relu_bias_grad, 3, sums),
      CHANNELLED(relu_count, 1, counters),
  };
}

void run(benchmark::State &state, const Operation &operation, const Contender &contender, Buffers &buffers,
         std::size_t n) {
  buffers.prepare(n * element_size(operation.dtype));
  if (contender.isa) fastrelu_use_isa(contender.isa);
  contender.run(state, buffers, n);
  fastrelu_use_isa(nullptr);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(operation.bytes(n)));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
  state.SetLabel(operation.label());
}

/* fastrelu_info on one line. */
std::string library_info() {
  std::string text(fastrelu_info(nullptr, 0) + 1, '\0'), line;
  fastrelu_info(text.data(), text.size());
  text.resize(text.find_last_of('}') + 1);
  for (char c : text) {
    if (c == '\n') c = ' ';
    if (c != ' ' || line.back() != ' ') line += c;
  }
  return line;
}

}  // namespace

int main(int argc, char **argv) {
  /* The default goes first, so that a flag of the user's overrides it. */
  std::vector<char *> arguments(argv, argv + argc);
  char min_time[] = "--benchmark_min_time=" FASTRELU_BENCH_MIN_TIME;
  if (!std::getenv("BENCHMARK_MIN_TIME")) arguments.insert(arguments.begin() + 1, min_time);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return EXIT_FAILURE;

  benchmark::AddCustomContext("fastrelu_version", fastrelu_version());
  benchmark::AddCustomContext("fastrelu_isa", fastrelu_isa());
  benchmark::AddCustomContext("fastrelu_info", library_info());
  benchmark::AddCustomContext("compiler_loops", FASTRELU_BENCH_COMPILER);

  /* Half of the memory for the six buffers of a tensor's size; the rest is the system's. */
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES));
  const std::uint64_t largest = *std::max_element(std::begin(sizes), std::end(sizes)) * sizeof(double);
  const std::size_t limit = std::min(largest, pages * sysconf(_SC_PAGESIZE) / 2 / 6);
  Buffers buffers(limit);
  const std::vector<Operation> table = operations();
  int left_out = 0;
  for (const Operation &o : table) {
    for (const std::size_t n : sizes) {
      if (n % o.multiple != 0) continue;
      for (const Contender &c : o.contenders) {
        if (n * element_size(o.dtype) > limit) {
          left_out++;
          continue;
        }
        const std::string name = o.name + '/' + o.dtype + '/' + c.name + "/n:" + std::to_string(n);
        benchmark::RegisterBenchmark(
            name.c_str(), [&o, &c, &buffers, n](benchmark::State &state) { run(state, o, c, buffers, n); });
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
