/* fastrelu-bench: how fast every operation runs on this CPU, beside what bounds it.
 *
 * Without a flag of Google Benchmark's it measures the fixed set of cases (bench/set.cpp), prints a table and writes
 * a result that can be compared with those of other CPUs: docs/fastrelu-bench.1.
 *
 * Any flag of Google Benchmark's makes it an ordinary program of that library, over every case that there is:
 *
 *   fastrelu-bench --benchmark_list_tests             the names of all
 *   fastrelu-bench --benchmark_filter='^relu/f32/'    the forward pass in f32 on every instruction set
 *   fastrelu-bench --benchmark_filter='/f32/(avx2|libc)/n:(64|4096)$'
 *
 * A case is named <operation>/<dtype>/<contender>/n:<elements>. Contenders are
 *
 *   avx512, avx2, …   the library's public function on that instruction set (every one that this CPU runs)
 *   control           in the set: the best of them once more
 *   compiler          not in the set: the plain loop, compiled at -O3 -march=native (bench/loops.c)
 *   libc              not in the set: memcpy/<dtype>/libc copies the bytes that a ReLU of that dtype reads and writes
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
 * Single rows are noisy. The set repeats and interleaves them; with Google Benchmark's flags that is
 *
 *   fastrelu-bench --benchmark_filter='^(relu|identity|memcpy)/f32/.*n:4096$' --benchmark_repetitions=9
 *     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
 *
 * Every contender is called through a function pointer. All work in the same buffers (see Buffers), which are
 * warm: sizes that fit a cache are found there. A case takes 0.05 s unless --benchmark_min_time says
 * otherwise. */
#include <benchmark/benchmark.h>
#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "caches.h"
#include "cases.h"
#include "fastrelu.h"
#include "host.h"
#include "json.h"
#include "results.h"
#include "set.h"
#include "watch.h"

namespace {

namespace fs = std::filesystem;

constexpr int usage_error = 2;

/* ---- Google Benchmark's own mode ----------------------------------------------------------------------------- */

const std::size_t all_sizes[] = {16,      64,      100,     256,     1000,    4096,
                                 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26};

void add_library_context() {
  benchmark::AddCustomContext("fastrelu_version", fastrelu_version());
  benchmark::AddCustomContext("fastrelu_info", library_info());
}

/* Initialize keeps pointers into the arguments. */
bool initialize(std::vector<std::string> &arguments) {
  std::vector<char *> pointers;
  for (std::string &argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  return !benchmark::ReportUnrecognizedArguments(count, pointers.data());
}

int run_google_benchmark(std::vector<std::string> arguments) {
  /* The default goes first, so that a flag of the user's overrides it. */
  if (!std::getenv("BENCHMARK_MIN_TIME")) {
    arguments.insert(arguments.begin() + 1, "--benchmark_min_time=0.05" FASTRELU_BENCH_TIME_UNIT);
  }
  if (!initialize(arguments)) return EXIT_FAILURE;

  add_library_context();
  benchmark::AddCustomContext("fastrelu_isa", fastrelu_isa());
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

/* ---- options of the set --------------------------------------------------------------------------------------- */

const char usage_text[] =
    "usage: fastrelu-bench [--quick] [--filter REGEX] [--isa LIST] [--out FILE]\n"
    "Measures libfastrelu on this CPU in some minutes, prints a table and writes a result to compare.\n"
    "  --quick          some operations and sizes, in less than a minute\n"
    "  --filter REGEX   cases with a match in their name, such as relu/f32/avx2/n:4096; copy/... are the "
    "limits\n"
    "  --isa LIST       only these instruction sets, separated by commas\n"
    "  --out FILE       the result; if not given fastrelu-<CPU>.json in this folder\n"
    "  --help, --version\n"
    "An existing file is never overwritten: the result then goes to a name with a number.\n"
    "Any flag of Google Benchmark's (--benchmark_filter=..., --benchmark_list_tests) makes this an ordinary\n"
    "program of Google Benchmark, over some thousands of cases.\n";

struct Bad : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  Selection selection;
  std::string part, out; /* what of the set, as on the command line */
};

std::vector<std::string> usable_isas() {
  std::vector<std::string> isas;
  for (const char *const *isa = fastrelu_isa_list(); *isa; isa++) isas.push_back(*isa);
  return isas;
}

/* Those of the list, best first. */
std::vector<std::string> chosen_isas(const std::string &list) {
  std::vector<std::string> isas = usable_isas();
  std::string names;
  for (const std::string &isa : isas) names += (names.empty() ? "" : ", ") + isa;
  std::vector<std::string> chosen;
  for (std::size_t begin = 0, end; begin <= list.size(); begin = end + 1) {
    end = std::min(list.find(',', begin), list.size());
    chosen.push_back(list.substr(begin, end - begin));
    if (!std::count(isas.begin(), isas.end(), chosen.back())) {
      throw Bad("--isa: '" + chosen.back() + "' is none of this CPU and build: " + names);
    }
  }
  const auto unwanted = [&](const std::string &isa) {
    return !std::count(chosen.begin(), chosen.end(), isa);
  };
  isas.erase(std::remove_if(isas.begin(), isas.end(), unwanted), isas.end());
  return isas;
}

Options parse(int argc, char **argv) {
  enum { quick = 1, filter, isa, out, help, version };
  const option known[] = {{"quick", no_argument, nullptr, quick},
                          {"filter", required_argument, nullptr, filter},
                          {"isa", required_argument, nullptr, isa},
                          {"out", required_argument, nullptr, out},
                          {"help", no_argument, nullptr, help},
                          {"version", no_argument, nullptr, version},
                          {nullptr, 0, nullptr, 0}};
  Options o;
  o.selection.isas = usable_isas();
  std::string part[out];
  for (int found; (found = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    switch (found) {
      case quick:
        o.selection.quick = true;
        part[quick] = " --quick";
        break;
      case filter:
        o.selection.filter = optarg;
        part[filter] = std::string(" --filter=") + optarg;
        break;
      case isa:
        o.selection.isas = chosen_isas(optarg);
        part[isa] = std::string(" --isa=") + optarg;
        break;
      case out:
        o.out = optarg;
        break;
      case help:
        std::fputs(usage_text, stdout);
        std::exit(EXIT_SUCCESS);
      case version:
        std::printf("fastrelu-bench %s, set %d\n", fastrelu_version(), set_version);
        std::exit(EXIT_SUCCESS);
      default: /* getopt_long has said what is wrong */
        std::fputs(usage_text, stderr);
        std::exit(usage_error);
    }
  }
  if (optind < argc) throw Bad(std::string("'") + argv[optind] + "' is no option");
  for (const std::string &text : part) o.part += text;
  o.part.erase(0, 1);
  return o;
}

/* ---- the file that is written --------------------------------------------------------------------------------- */

std::string slug(const std::string &name) {
  std::string result;
  for (const unsigned char c : name) {
    if (std::isalnum(c)) {
      result += static_cast<char>(std::tolower(c));
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  return result.substr(0, result.find_last_not_of('-') + 1);
}

/* Never an existing file: the name may get a number. Written beside that name and renamed: nothing of an interrupted
 * run is taken for a result. */
class Output {
 public:
  explicit Output(const fs::path &wanted) : wanted_(wanted), path_(free_name()) {
    if (fs::is_directory(wanted_)) throw Bad("--out: " + wanted_.string() + " is a folder");
    if (path_ != wanted_) {
      std::fprintf(stderr, "fastrelu-bench: %s exists: the result goes to %s\n", wanted_.c_str(),
                   path_.c_str());
    }
    if (!std::ofstream(part())) throw Bad("cannot write " + path_.string() + ": " + std::strerror(errno));
    fs::remove(part());
  }

  const fs::path &path() const { return path_; }

  /* Returns whether the whole file is there. */
  bool write(const Results &results) {
    path_ = free_name(); /* another run may have ended meanwhile */
    std::ofstream file(part());
    results.write(file);
    file.close();
    std::error_code error;
    if (file) fs::rename(part(), path_, error);
    if (file && !error) return true;
    fs::remove(part(), error);
    return false;
  }

 private:
  fs::path free_name() const {
    fs::path name = wanted_;
    for (int i = 2; fs::exists(name); i++) {
      name.replace_filename(wanted_.stem().string() + '-' + std::to_string(i) + wanted_.extension().string());
    }
    return name;
  }
  fs::path part() const { return path_.string() + ".part"; }

  const fs::path wanted_;
  fs::path path_;
};

/* ---- the set -------------------------------------------------------------------------------------------------- */

/* On standard error: a bar where that is a terminal, else a line now and then. Google Benchmark says nothing until
 * all is done, so the cases tell when they run. */
class Progress {
 public:
  explicit Progress(std::size_t cases) : iterations_(cases), total_(cases * set_repetitions) {}

  /* A case begins, with so many iterations: in its first repetition more and more, until they take long enough. */
  void begin(std::size_t index, benchmark::IterationCount iterations, const std::string &row) {
    const bool trial = iterations_[index] > 0 && iterations > iterations_[index];
    iterations_[index] = iterations;
    if (!trial) begun_++;
    show(row);
  }

  void end() const {
    if (terminal_) std::fputs("\r\033[K", stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void show(const std::string &row) {
    constexpr std::size_t width = 30;
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + pause_;
    const double done = static_cast<double>(begun_ - 1) / static_cast<double>(total_);
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    char left[32] = "";
    if (elapsed > 2 && done > 0) {
      const auto seconds = static_cast<unsigned long>(elapsed * (1 - done) / done + 0.5);
      std::snprintf(left, sizeof left, ", %lu:%02lu left", seconds / 60, seconds % 60);
    }
    if (terminal_) {
      const std::string bar(static_cast<std::size_t>(done * width), '#');
      std::fprintf(stderr, "\r[%-*s] %.0f%%%s  %.*s\033[K", static_cast<int>(width), bar.c_str(), 100 * done,
                   left, static_cast<int>(width), row.c_str());
    } else {
      std::fprintf(stderr, "fastrelu-bench: %.0f%%%s\n", 100 * done, left);
    }
  }

  std::vector<benchmark::IterationCount> iterations_; /* of each case, so far */
  const std::size_t total_;
  std::size_t begun_ = 0;
  const bool terminal_ = isatty(STDERR_FILENO);
  const std::chrono::milliseconds pause_{terminal_ ? 200 : 15000};
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_ + pause_;
};

std::string json_list(const std::vector<std::string> &items) {
  std::string text;
  for (const std::string &item : items) text += (text.empty() ? "" : ", ") + item;
  return '[' + text + ']';
}

std::string json(const Quantiles &q) {
  return "{\"median\": " + fixed(q.median, 4) + ", \"percentile_90\": " + fixed(q.percentile_90, 4) + '}';
}

void add_host_context() {
  benchmark::AddCustomContext("cpu_name", cpu_name());
  benchmark::AddCustomContext("cpu_microarchitecture", microarchitecture());
  benchmark::AddCustomContext("cpu_cores", std::to_string(usable_cores()));
  benchmark::AddCustomContext("memory_bytes", std::to_string(memory_bytes()));
  benchmark::AddCustomContext("frequency_policy", frequency_policy());
  benchmark::AddCustomContext("virtual_machine", virtual_machine());
  benchmark::AddCustomContext("kernel", kernel_name());
  benchmark::AddCustomContext("system", system_name());
  benchmark::AddCustomContext("compiler", FASTRELU_BENCH_COMPILER);
  benchmark::AddCustomContext("compiler_flags", FASTRELU_BENCH_FLAGS);
}

void print_host() {
  std::printf("%s (%s), %zu cores, %.1f GiB, virtual machine: %s, frequency policy: %s\n%s, %s\n",
              cpu_name().c_str(), microarchitecture().c_str(), usable_cores(),
              static_cast<double>(memory_bytes()) / (1 << 30), virtual_machine().c_str(),
              frequency_policy().c_str(), system_name().c_str(), kernel_name().c_str());
  std::printf("libfastrelu %s by %s %s, set %d\n", fastrelu_version(), FASTRELU_BENCH_COMPILER,
              FASTRELU_BENCH_FLAGS, set_version);
}

void measure_caches() {
  const std::vector<ReadRate> rates = felt_caches();
  std::vector<std::string> list, ends;
  for (const ReadRate &r : rates) {
    list.push_back("{\"bytes\": " + std::to_string(r.bytes) +
                   ", \"gigabytes_per_second\": " + fixed(r.bytes_per_second * 1e-9, 2) + '}');
  }
  for (const std::size_t end : cache_ends(rates)) ends.push_back(std::to_string(end));
  benchmark::AddCustomContext("felt_caches", json_list(list));
  benchmark::AddCustomContext("felt_cache_ends", json_list(ends));
  std::printf("caches as named:");
  for (const auto &cache : benchmark::CPUInfo::Get().caches) {
    if (cache.type != "Instruction") std::printf(" L%d %d KiB", cache.level, cache.size >> 10);
  }
  std::printf("\ncaches as felt: %.0f GB/s", rates.front().bytes_per_second * 1e-9);
  for (const std::size_t end : cache_ends(rates)) std::printf(", falling after %zu KiB", end >> 10);
  std::printf(", %.0f GB/s in the end\n", rates.back().bytes_per_second * 1e-9);
  std::fflush(stdout);
}

int run_set(const Options &options) {
  const Watch watch;
  const std::vector<Operation> table = operations();
  std::vector<Case> cases;
  try {
    cases = cases_of_set(table, options.selection);
  } catch (const std::regex_error &e) {
    throw Bad(std::string("--filter: ") + e.what());
  }
  if (cases.empty()) throw Bad("--filter: no case of the set matches '" + options.selection.filter + "'");
  Output output(options.out.empty() ? "fastrelu-" + slug(cpu_name()) + ".json" : options.out);

  std::vector<std::string> warnings;
  const auto tensor_bytes = [](const Case &c) { return c.operation->tensor_bytes(c.n); };
  const auto too_large = [&](const Case &c) { return tensor_bytes(c) > most_tensor_bytes(); };
  const std::size_t all = cases.size();
  cases.erase(std::remove_if(cases.begin(), cases.end(), too_large), cases.end());
  if (cases.size() < all) {
    warnings.push_back("Left out, as they need more than half of the memory: " +
                       std::to_string(all - cases.size()) + " cases.");
  }
  if (cases.empty()) throw Bad("all that was chosen needs more than half of the memory");
  std::size_t largest = 0;
  for (const Case &c : cases) largest = std::max(largest, tensor_bytes(c));
  Buffers buffers(largest);
  buffers.prepare(largest);

  /* Said in full: the environment may have set others. */
  std::vector<std::string> arguments = {
      "fastrelu-bench",
      std::string("--benchmark_min_time=") + set_min_time + FASTRELU_BENCH_TIME_UNIT,
      "--benchmark_repetitions=" + std::to_string(set_repetitions),
      "--benchmark_enable_random_interleaving=true",
      "--benchmark_report_aggregates_only=false",
      "--benchmark_display_aggregates_only=false",
      "--benchmark_out="};
  if (!initialize(arguments)) return EXIT_FAILURE;
  print_host();
  measure_caches();
  std::printf("%zu cases, %d repetitions each\n", cases.size(), set_repetitions);
  std::fflush(stdout);

  Progress progress(cases.size());
  for (std::size_t i = 0; i < cases.size(); i++) {
    benchmark::RegisterBenchmark(cases[i].name().c_str(), [&, i](benchmark::State &state) {
      const Case &c = cases[i];
      progress.begin(i, state.max_iterations, c.row());
      run(state, *c.operation, c.contender, buffers, c.n);
    });
  }
  Results results(cases);
  benchmark::RunSpecifiedBenchmarks(&results, ".");
  progress.end();
  results.complete();

  for (const auto &found : {watch.warnings(), results.warnings()}) {
    warnings.insert(warnings.end(), found.begin(), found.end());
  }
  add_library_context();
  add_host_context();
  benchmark::AddCustomContext("fastrelu_isa", options.selection.isas.front());
  benchmark::AddCustomContext("fastrelu_set", std::to_string(set_version));
  benchmark::AddCustomContext("fastrelu_set_part", options.part);
  benchmark::AddCustomContext("load_before", fixed(watch.load_before(), 2));
  benchmark::AddCustomContext("load_after", fixed(load_average(), 2));
  benchmark::AddCustomContext("duration_seconds", fixed(watch.seconds(), 1));
  benchmark::AddCustomContext("spread", json(results.spread()));
  if (results.control()) benchmark::AddCustomContext("control", json(*results.control()));
  std::vector<std::string> sentences;
  for (const std::string &warning : warnings) sentences.push_back(quoted(warning));
  benchmark::AddCustomContext("warnings", json_list(sentences));

  const bool written = output.write(results); /* first: a pipe for the table may be closed */
  results.print();
  for (const std::string &warning : warnings) std::printf("warning: %s\n", warning.c_str());
  if (!written) throw std::runtime_error("cannot write " + output.path().string());
  std::printf("%s: written, after %.0f s\n", output.path().c_str(), watch.seconds());
  benchmark::Shutdown();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char **argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  const auto of_google_benchmark = [](const std::string &a) { return a.compare(0, 12, "--benchmark_") == 0; };
  if (std::any_of(arguments.begin(), arguments.end(), of_google_benchmark)) {
    return run_google_benchmark(arguments);
  }
  try {
    return run_set(parse(argc, argv));
  } catch (const Bad &e) {
    std::fprintf(stderr, "fastrelu-bench: %s\n", e.what());
    return usage_error;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "fastrelu-bench: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
