/* side_by_side: fastrelu and its peers in one process, on the same buffers, interleaved.
 *
 * Each case (operation, dtype, n) has its contenders. In every repetition each of them, in an order drawn anew,
 * first runs untimed until it is steady (a streaming contender leaves the destination out of the cache, and the
 * next one pays for it), then for one sample. What counts is the median of the samples. fastrelu takes part
 * twice: how far the two are apart is the noise of the row. */
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "contenders.h"
#include "copies.h"
#include "fastrelu.h"
#include "host.h"
#include "loops.h"
#include "report.h"
#include "tables.h"

namespace {

const char usage[] =
    "usage: side_by_side [OPTION ...]\n"
    "  --operation LIST    of relu, relu_grad, relu_mask, relu_mask_grad\n"
    "  --dtype LIST        of f32, f16, bf16, s8\n"
    "  --sizes LIST        elements: 1000 or 2^20\n"
    "  --filter REGEX      only peers, copies and loops whose names match; fastrelu always runs\n"
    "  --repetitions N     9 if not given\n"
    "  --apart BYTES       how far apart the buffers begin within their pages: 576 if not given\n"
    "  --quick             three repetitions of four sizes, to try it out\n"
    "  --out FILE          writes JSON\n";

const char *const operations[] = {"relu", "relu_grad", "relu_mask", "relu_mask_grad"};
const char *const dtypes[] = {"f32", "f16", "bf16", "s8"};

struct Options {
  std::vector<std::string> operations, dtypes; /* empty: all */
  std::vector<std::size_t> sizes = {16,      64,      100,     1000,    4096,   1 << 16,
                                    1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26};
  std::regex filter{""};
  std::string out;
  std::size_t repetitions = 9, apart = 576;
};

struct Bad : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::size_t number(const std::string &option, const std::string &text) {
  std::smatch match;
  if (!std::regex_match(text, match, std::regex("(2\\^)?([0-9]{1,10})"))) {
    throw Bad(option + ": not a number: '" + text + "'");
  }
  const std::size_t value = std::stoull(match[2]);
  if (!match[1].matched) return value;
  if (value > 40) throw Bad(option + ": too large: " + text);
  return std::size_t{1} << value;
}

std::vector<std::string> split(const std::string &list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

template <std::size_t count>
std::vector<std::string> names(const std::string &option, const std::string &list,
                               const char *const (&known)[count]) {
  const std::vector<std::string> parts = split(list);
  for (const std::string &part : parts) {
    if (std::find(known, known + count, part) == known + count) {
      throw Bad(option + ": unknown: '" + part + "'");
    }
  }
  if (parts.empty()) throw Bad(option + ": an empty list");
  return parts;
}

Options parse(const std::vector<std::string> &arguments) {
  Options o;
  if (std::count(arguments.begin(), arguments.end(), "--quick")) {
    o.repetitions = 3;
    o.sizes = {16, 1000, 1 << 16, 1 << 20};
  }
  for (std::size_t i = 0; i < arguments.size(); i++) {
    if (arguments[i] == "--quick") continue;
    const std::size_t equals = arguments[i].find('=');
    const std::string option = arguments[i].substr(0, equals);
    const auto value = [&] {
      if (equals != std::string::npos) return arguments[i].substr(equals + 1);
      if (i + 1 == arguments.size()) throw Bad(option + ": a value is missing");
      return arguments[++i];
    };
    if (option == "--operation") {
      o.operations = names(option, value(), operations);
    } else if (option == "--dtype") {
      o.dtypes = names(option, value(), dtypes);
    } else if (option == "--sizes") {
      o.sizes.clear();
      for (const std::string &size : split(value())) o.sizes.push_back(number(option, size));
      if (o.sizes.empty() || std::count(o.sizes.begin(), o.sizes.end(), 0)) {
        throw Bad(option + ": sizes begin at 1");
      }
    } else if (option == "--filter") {
      try {
        o.filter = std::regex(value());
      } catch (const std::regex_error &e) {
        throw Bad(option + ": " + e.what());
      }
    } else if (option == "--repetitions") {
      o.repetitions = number(option, value());
      if (o.repetitions == 0) throw Bad(option + ": at least 1");
    } else if (option == "--apart") {
      o.apart = number(option, value());
      if (o.apart > 1024 || o.apart % 4 != 0) throw Bad(option + ": a multiple of 4 up to 1024");
    } else if (option == "--out") {
      o.out = value();
    } else {
      throw Bad("unknown option: " + arguments[i]);
    }
  }
  return o;
}

/* ---- the data --------------------------------------------------------------------------------------------- */

std::size_t element_size(const std::string &dtype) {
  return std::stoul(dtype.substr(dtype.find_first_of("0123456789"))) / 8;
}

std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Rounded towards zero: to normal numbers of f16, which is all that a benchmark needs. */
std::uint16_t f16(float value) {
  const std::uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000;
  const std::uint32_t magnitude = std::clamp(bits & 0x7FFFFFFF, 0x38800000U, 0x477FE000U);
  return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000) >> 13);
}

/* Normal values of mean 0 and variance 1 (s8: deviation 32), so half of them are negative. A block of 2^20 is
 * drawn, and repeats. */
void fill(char *to, std::size_t n, const std::string &dtype, unsigned seed) {
  constexpr std::size_t block = 1 << 20;
  const std::size_t size = element_size(dtype);
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (std::size_t i = 0; i < std::min(n, block); i++) {
    const float value = normal(random);
    const std::uint16_t half = dtype == "f16" ? f16(value) : static_cast<std::uint16_t>(bits_of(value) >> 16);
    const auto byte = static_cast<std::int8_t>(std::clamp(32 * value, -128.0f, 127.0f));
    const void *from = &value;
    if (size == 2) from = &half;
    if (size == 1) from = &byte;
    std::memcpy(to + i * size, from, size);
  }
  for (std::size_t i = block; i < n; i += block) {
    std::memcpy(to + i * size, to, std::min(block, n - i) * size);
  }
}

/* Page-aligned, and then `apart` more than the one before: a load soon after a store to the same offset of
 * another page waits for it on many CPUs. */
class Memory {
 public:
  Memory(std::size_t bytes, std::size_t offset) : offset_(offset) {
    /* Some contenders read a little beyond the end. */
    start_ = static_cast<char *>(::operator new (bytes + offset + page, std::align_val_t{page}));
    std::memset(start_, 0, bytes + offset + page);
  }
  Memory(const Memory &) = delete;
  ~Memory() { ::operator delete (start_, std::align_val_t{page}); }
  char *get() const { return start_ + offset_; }

 private:
  static constexpr std::size_t page = 4096;
  std::size_t offset_;
  char *start_;
};

/* ---- the contenders that need no peer --------------------------------------------------------------------- */

/* As the library would for a call of that footprint. */
const fastrelu_kernels &kernels_for(std::size_t footprint) {
  const std::string info = library_info();
  const char *const key = "\"streaming_threshold\": ";
  const std::size_t threshold = std::strtoull(info.c_str() + info.find(key) + std::strlen(key), nullptr, 10);
  return tables_of(fastrelu_isa())[threshold > 0 && footprint >= threshold ? STREAMING : CACHED];
}

void add_fastrelu(Contenders &c, const char *name, Kind kind) {
  add(c, name, kind, "relu", "f32", fastrelu_relu_f32);
  add(c, name, kind, "relu", "f16", fastrelu_relu_f16);
  add(c, name, kind, "relu", "bf16", fastrelu_relu_bf16);
  add(c, name, kind, "relu", "s8", fastrelu_relu_s8);
  add(c, name, kind, "relu_grad", "f32", fastrelu_relu_grad_f32);
  add(c, name, kind, "relu_grad", "f16", fastrelu_relu_grad_f16);
  add(c, name, kind, "relu_grad", "bf16", fastrelu_relu_grad_bf16);
  add(c, name, kind, "relu_mask", "f32", fastrelu_relu_mask_f32);
  add(c, name, kind, "relu_mask", "f16", fastrelu_relu_mask_f16);
  add(c, name, kind, "relu_mask", "bf16", fastrelu_relu_mask_bf16);
  add(c, name, kind, "relu_mask_grad", "f32", fastrelu_relu_mask_grad_f32);
  add(c, name, kind, "relu_mask_grad", "f16", fastrelu_relu_mask_grad_f16);
  add(c, name, kind, "relu_mask_grad", "bf16", fastrelu_relu_mask_grad_bf16);
}

void add_compiler(Contenders &c) {
  const char *const name = "compiler";
  add(c, name, Kind::compiler, "relu", "f32", compiler_relu_f32);
  add(c, name, Kind::compiler, "relu", "s8", compiler_relu_s8);
  add(c, name, Kind::compiler, "relu_grad", "f32", compiler_relu_grad_f32);
  add(c, name, Kind::compiler, "relu_mask", "f32", compiler_relu_mask_f32);
  add(c, name, Kind::compiler, "relu_mask_grad", "f32", compiler_relu_mask_grad_f32);
  for (const char *half : {"f16", "bf16"}) {
    add(c, name, Kind::compiler, "relu", half, compiler_relu_bf16);
    add(c, name, Kind::compiler, "relu_grad", half, compiler_relu_grad_bf16);
    add(c, name, Kind::compiler, "relu_mask", half, compiler_relu_mask_bf16);
    add(c, name, Kind::compiler, "relu_mask_grad", half, compiler_relu_mask_grad_bf16);
  }
}

/* The walk has one element, of four bytes, which serves the others as well. */
std::unique_ptr<Runner> identity(const Buffers &b) {
  const std::size_t bytes = b.n * b.element_size;
  if (bytes % 4 != 0) throw std::runtime_error("walks over whole words of four bytes");
  return repeat([=, walk = kernels_for(2 * bytes).identity[W32]] { walk(b.x, b.y, bytes / 4); });
}

void add_copies(Contenders &c, std::vector<Absence> &missing) {
  for (const char *operation : operations) {
    for (const char *dtype : dtypes) {
      c.push_back({"identity", Kind::copy, operation, dtype, identity});
      add(c, "memcpy", Kind::copy, operation, dtype, std::memcpy);
#ifdef COPIES_FOR_X86
      add(c, "rep movsb", Kind::copy, operation, dtype, copy_rep_movsb);
      add(c, "streaming", Kind::copy, operation, dtype, copy_streaming);
      add(c, "4 pages", Kind::copy, operation, dtype, copy_streaming_pages);
#endif
    }
  }
#ifndef COPIES_FOR_X86
  missing.push_back({"rep movsb and the streaming copies", "", "", "written for x86"});
#else
  (void)missing;
#endif
}

/* ---- measuring -------------------------------------------------------------------------------------------- */

double time(Runner &runner, std::size_t calls) {
  const auto start = std::chrono::steady_clock::now();
  runner.run(calls);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Running {
  const Contender *contender;
  std::unique_ptr<Runner> runner;
  std::size_t calls = 1; /* of one sample */
  std::vector<double> samples;

  /* As many calls as take 0.2 ms. */
  void calibrate() {
    for (runner->run(1); time(*runner, calls) < 200e-6;) calls *= 2;
  }
  void warm_up() { runner->run(std::max<std::size_t>(3, calls / 4)); }
  void sample() { samples.push_back(time(*runner, calls) / static_cast<double>(calls)); }
};

/* What a contender leaves behind, with both zeros as one: peers may differ in them. */
std::vector<char> outputs(Runner &runner, const Buffers &b, const std::string &operation, bool integers) {
  const bool writes_mask = operation == "relu_mask";
  const std::size_t bytes = b.n * b.element_size, mask_bytes = (b.n + 7) / 8;
  std::vector<char> result(bytes + (writes_mask ? mask_bytes : 0));
  std::memset(b.y, 0x55, bytes);
  if (writes_mask) std::memset(b.mask, 0x55, mask_bytes);
  runner.run(1);
  std::memcpy(result.data(), b.y, bytes);
  if (writes_mask) std::memcpy(result.data() + bytes, b.mask, mask_bytes);
  for (std::size_t last = b.element_size - 1; !integers && last < bytes; last += b.element_size) {
    char *element = &result[last + 1 - b.element_size];
    if (element[b.element_size - 1] == '\x80' &&
        std::all_of(element, element + b.element_size - 1, [](char c) { return c == 0; })) {
      element[b.element_size - 1] = 0;
    }
  }
  return result;
}

/* How many bytes the operation reads and writes. */
std::size_t bytes_of(const std::string &operation, const Buffers &b) {
  const std::size_t tensor = b.n * b.element_size;
  if (operation == "relu_grad") return 3 * tensor;
  return 2 * tensor + (operation == "relu" ? 0 : (b.n + 7) / 8);
}

/* Sets the contenders up, and leaves out, with the reason, those that cannot do it or do another thing. */
std::vector<Running> set_up(const std::vector<const Contender *> &contenders, const Buffers &b,
                            std::vector<Absence> &absent) {
  constexpr std::size_t most_compared = 1 << 16;
  std::vector<Running> running;
  std::vector<char> expected;
  for (const Contender *c : contenders) {
    const auto leave_out = [&](const std::string &reason) {
      const bool known = std::any_of(absent.begin(), absent.end(), [&](const Absence &a) {
        return a.name == c->name && a.operation == c->operation && a.dtype == c->dtype;
      });
      if (!known) absent.push_back({c->name, c->operation, c->dtype, reason});
    };
    try {
      Running r{c, c->setup(b), 1, {}};
      if (b.n <= most_compared && c->kind != Kind::copy) {
        const std::vector<char> actual = outputs(*r.runner, b, c->operation, c->dtype == "s8");
        if (c->kind == Kind::fastrelu) expected = actual;
        if (actual != expected) {
          leave_out("another result");
          continue;
        }
      }
      running.push_back(std::move(r));
    } catch (const std::exception &e) {
      const std::string reason = e.what(); /* its first sentence: ATen adds where it was thrown */
      leave_out(reason.substr(0, std::min(reason.find('\n'), reason.find(". "))));
    }
  }
  return running;
}

Row measure(const std::vector<const Contender *> &contenders, const Buffers &b, std::size_t repetitions,
            std::vector<Absence> &absent) {
  std::vector<Running> running = set_up(contenders, b, absent);
  std::vector<Running *> order;
  for (Running &r : running) {
    r.calibrate();
    order.push_back(&r);
  }
  std::mt19937 random;
  for (std::size_t i = 0; i < repetitions; i++) {
    std::shuffle(order.begin(), order.end(), random);
    for (Running *r : order) {
      r->warm_up();
      r->sample();
    }
  }
  const Contender &first = *contenders.front();
  Row row{first.operation, first.dtype, b.n, bytes_of(first.operation, b), {}};
  for (const Running &r : running) {
    const double seconds = median(r.samples);
    const double share = r.contender->kind != Kind::copy
                             ? 1
                             : static_cast<double>(row.bytes) / static_cast<double>(bytes_of("relu", b));
    const double mine = row.results.empty() ? seconds : row.results.front().seconds;
    row.results.push_back({r.contender->name, r.contender->kind, seconds, share * seconds / mine});
  }
  return row;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

/* Runs the program again with one thread for OpenMP, which looks at that when it is loaded. */
void insist_on_one_thread(char **argv) {
  const char *const threads = std::getenv("OMP_NUM_THREADS");
  if (threads && !std::strcmp(threads, "1")) return;
  setenv("OMP_NUM_THREADS", "1", 1);
  execv("/proc/self/exe", argv);
  throw std::runtime_error("cannot start anew with OMP_NUM_THREADS=1");
}

Contenders all_contenders(Report &report, const std::regex &filter) {
  Contenders c;
  add_fastrelu(c, "fastrelu", Kind::fastrelu);
  add_fastrelu(c, "control", Kind::control);
  const auto own = static_cast<std::ptrdiff_t>(c.size());
  add_compiler(c);
  add_copies(c, report.missing);

  struct {
    const char *name;
    std::string (*add)(Contenders &);
  } const present[] = {
#define PEER(name, id) {name, add_##id},
      SIDE_BY_SIDE_PEERS
#undef PEER
      {nullptr, nullptr}};
  for (const auto *peer = present; peer->name; peer++) {
    const std::size_t before = c.size();
    try {
      report.peers.push_back({peer->name, peer->add(c)});
    } catch (const std::exception &e) {
      c.resize(before);
      report.missing.push_back({peer->name, "", "", e.what()});
      continue;
    }
    for (const char *operation : operations) {
      for (const char *dtype : dtypes) {
        const auto offers = [=](const Contender &k) { return k.operation == operation && k.dtype == dtype; };
        if (std::none_of(c.begin() + static_cast<std::ptrdiff_t>(before), c.end(), offers)) {
          report.absent.push_back({peer->name, operation, dtype, "no such operation"});
        }
      }
    }
  }
#define MISSING(name, package) report.missing.push_back({name, "", "", "not installed: " package});
  SIDE_BY_SIDE_MISSING
#undef MISSING

  c.erase(std::remove_if(c.begin() + own, c.end(),
                         [&](const Contender &k) { return !std::regex_search(k.name, filter); }),
          c.end());
  return c;
}

bool selected(const std::vector<std::string> &list, const char *name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

void run(const Options &o) {
  if (!o.out.empty() && !std::ofstream(o.out, std::ios::app)) {
    throw Bad("--out: cannot write " + o.out);
  }
  Report report;
  report.repetitions = o.repetitions;
  const std::size_t memory =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const Contenders all = all_contenders(report, o.filter);

  for (const char *dtype : dtypes) {
    if (!selected(o.dtypes, dtype)) continue;
    const std::size_t size = element_size(dtype);
    std::vector<std::size_t> sizes;
    for (const std::size_t n : o.sizes) {
      if (n <= memory / 2 / (3 * size)) {
        sizes.push_back(n);
      } else {
        report.missing.push_back({std::string(dtype) + ", n = " + std::to_string(n), "", "",
                                  "needs more than half of the memory"});
      }
    }
    if (sizes.empty()) continue;
    const std::size_t largest = *std::max_element(sizes.begin(), sizes.end());
    const Memory x(largest * size, 0), dy(largest * size, o.apart), y(largest * size, 2 * o.apart),
        mask(largest / 8 + 1, 3 * o.apart);
    fill(x.get(), largest, dtype, 1);
    fill(dy.get(), largest, dtype, 2);
    std::generate_n(mask.get(), largest / 8 + 1, std::mt19937(3)); /* relu_mask writes what x asks for */
    for (const char *operation : operations) {
      if (!selected(o.operations, operation)) continue;
      std::vector<const Contender *> contenders;
      for (const Contender &c : all) {
        if (c.operation == operation && c.dtype == dtype) contenders.push_back(&c);
      }
      if (contenders.empty() || contenders.front()->kind != Kind::fastrelu) continue;
      for (const std::size_t n : sizes) {
        std::fprintf(stderr, "%s %s %zu\n", operation, dtype, n);
        const Buffers buffers{x.get(), dy.get(), y.get(), reinterpret_cast<std::uint8_t *>(mask.get()),
                              n,       size};
        report.rows.push_back(measure(contenders, buffers, o.repetitions, report.absent));
      }
    }
  }
  if (report.rows.empty()) throw Bad("nothing to measure: no such operation for this dtype, or too large");
  report.print();
  if (!o.out.empty() && !report.write(o.out.c_str())) throw std::runtime_error("cannot write " + o.out);
}

}  // namespace

int main(int argc, char **argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
    std::fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  try {
    const Options options = parse(arguments);
    insist_on_one_thread(argv);
    run(options);
    return EXIT_SUCCESS;
  } catch (const Bad &e) {
    std::fprintf(stderr, "side_by_side: %s\n%s", e.what(), usage);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "side_by_side: %s\n", e.what());
  }
  return EXIT_FAILURE;
}
