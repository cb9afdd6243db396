#include "cases.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <new>

#include "copies.h"
#include "fastrelu.h"
#include "host.h"
#include "loops.h"
#include "tables.h"

namespace {

char *allocate(std::size_t bytes, std::size_t index) {
  return static_cast<char *>(::operator new (bytes + Buffers::page, std::align_val_t{Buffers::page})) +
         index * Buffers::apart;
}

void release(char *p, std::size_t index) {
  ::operator delete (p - index * Buffers::apart, std::align_val_t{Buffers::page});
}

void store(char *p, std::uint64_t word) { std::memcpy(p, &word, sizeof word); }

/* SplitMix64's mixing function. */
std::uint64_t random(std::uint64_t i) {
  i = (i + 1) * 0x9E3779B97F4A7C15;
  i = (i ^ i >> 30) * 0xBF58476D1CE4E5B9;
  i = (i ^ i >> 27) * 0x94D049BB133111EB;
  return i ^ i >> 31;
}

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

/* A public function on every usable instruction set, with the parameters of its calls. */
template <class Function, class... Parameters>
Operation operation(const char *name, const char *dtype, double tensors, bool mask, Bound bound,
                    Function *function, Parameters... parameters) {
  Operation o{name, dtype, tensors, mask, bound, {}};
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) {
    o.contenders.push_back(contender(*isa, *isa, function, parameters...));
  }
  return o;
}

/* The same, and the compiler's own loop. */
template <class Function>
Operation beside(Function *compiler, Operation o) {
  o.contenders.push_back(contender(compiler_contender, nullptr, compiler));
  return o;
}

Contender copier(const char *name, void *(*copy)(void *, const void *, std::size_t), std::size_t element_size,
                 std::size_t least = 1) {
  const auto run = [=](benchmark::State &state, const Buffers &buffers, std::size_t n) {
    auto opaque = copy;
    benchmark::DoNotOptimize(opaque);
    time(state, [=, &buffers] {
      opaque(buffers.y, buffers.x, n * element_size);
      return FASTRELU_OK;
    });
  };
  return {name, nullptr, run, least};
}

Operation memcpy_of(const char *dtype) {
  Operation o{"memcpy", dtype, 2, false, Bound::memory, {}};
  o.contenders.push_back(copier("libc", std::memcpy, o.element_size()));
  return o;
}

/* Every way to copy that there is: the fastest at a size is the limit there. Those that store around the caches
 * are out of place where a copy fits L2. */
Operation copies() {
  constexpr std::size_t streaming = 1 << 16;
  Operation o{"copy", "f32", 2, false, Bound::memory, {}};
  o.contenders.push_back(copier("memcpy", std::memcpy, sizeof(float)));
  const fastrelu_kernels *best = tables_of(fastrelu_isa_list()[0]);
  o.contenders.push_back(contender("walk", nullptr, best[CACHED].identity[W32]));
  o.contenders.push_back(contender("walk_streaming", nullptr, best[STREAMING].identity[W32]));
  o.contenders.back().least = streaming;
#ifdef COPIES_FOR_X86
  o.contenders.push_back(copier("rep_movsb", copy_rep_movsb, sizeof(float)));
  o.contenders.push_back(copier("streaming", copy_streaming, sizeof(float), streaming));
  o.contenders.push_back(copier("streaming_pages", copy_streaming_pages, sizeof(float), streaming));
#endif
  return o;
}

Operation identity() {
  Operation o{"identity", "f32", 2, false, Bound::memory, {}};
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) {
    o.contenders.push_back(contender(*isa, nullptr, tables_of(*isa)[CACHED].identity[W32]));
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

}  // namespace

Buffers::Buffers(std::size_t tensor_bytes)
    : x(allocate(tensor_bytes, 0)),
      dy(allocate(tensor_bytes, 1)),
      y(allocate(tensor_bytes, 2)),
      z(allocate(tensor_bytes, 3)),
      w(allocate(tensor_bytes, 4)),
      indices(allocate(tensor_bytes, 5)),
      mask(allocate(tensor_bytes / 8, 6)) {}

Buffers::~Buffers() {
  release(x, 0);
  release(dy, 1);
  release(y, 2);
  release(z, 3);
  release(w, 4);
  release(indices, 5);
  release(mask, 6);
}

/* The contents are those of one seed, whatever the order of cases: 16-bit pieces 0x3nnn or 0xBnnn are normal
 * numbers of random sign in f16 and bf16, and their concatenations so in f32 and f64. */
void Buffers::prepare(std::size_t bytes) {
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

std::size_t most_tensor_bytes() {
  return static_cast<std::size_t>(std::min<std::uint64_t>(memory_bytes() / 2 / 6, PTRDIFF_MAX));
}

/* Element sizes are in the names: bf16, s8. */
std::size_t Operation::element_size() const {
  return std::stoul(dtype.substr(dtype.find_first_of("0123456789"))) / 8;
}

std::size_t Operation::bytes(std::size_t n) const {
  return static_cast<std::size_t>(n * tensors * element_size()) + (mask ? (n + 7) / 8 : 0);
}

std::string Operation::label() const {
  switch (bound) {
    case Bound::sums:
      return "bound by additions in f64";
    case Bound::counters:
      return "bound by counters in the first cache";
    case Bound::compaction:
      return "bound by the compaction";
    case Bound::computes:
      if (element_size() == 2) return "bound by conversions to and from f32";
      break;
    case Bound::memory:
      break;
  }
  return tensors > 2 ? "bound by memory, of more tensors than a copy has" : "";
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
      copies(),
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

/* Tried in a child: an instruction that is not there ends it. */
bool compiler_loops_run_here() {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGILL, [](int) { _exit(EXIT_FAILURE); }); /* without a core file */
    constexpr std::size_t most = 300;
    Buffers buffers(most * sizeof(double));
    buffers.prepare(most * sizeof(double));
    for (std::size_t n = 0; n < most; n++) {
      call(compiler_relu_f32, buffers, n);
      call(compiler_relu_bf16, buffers, n);
      call(compiler_relu_grad_f32, buffers, n);
      call(compiler_relu_mask_grad_f32, buffers, n);
    }
    _exit(EXIT_SUCCESS);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string case_name(const Operation &operation, const std::string &contender, std::size_t n) {
  return operation.name + '/' + operation.dtype + '/' + contender + "/n:" + std::to_string(n);
}

void run(benchmark::State &state, const Operation &operation, const Contender &contender, Buffers &buffers,
         std::size_t n) {
  buffers.prepare(operation.tensor_bytes(n));
  if (contender.isa) fastrelu_use_isa(contender.isa);
  contender.run(state, buffers, n);
  fastrelu_use_isa(nullptr);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(operation.bytes(n)));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
  state.SetLabel(operation.label());
}
