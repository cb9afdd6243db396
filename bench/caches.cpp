#include "caches.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>

#include "host.h"
#include "reads.h"

namespace {

constexpr std::size_t smallest = 4096, largest = std::size_t{256} << 20, page = 4096;

double seconds_of(const char *x, std::size_t bytes, std::size_t passes) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < passes; i++) benchmark::DoNotOptimize(read_all(x, bytes));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/* The best of some samples of a millisecond each, or of a pass: what disturbs only ever slows. */
double rate(const char *x, std::size_t bytes) {
  constexpr double sample = 1e-3;
  std::size_t passes = 1;
  double best = seconds_of(x, bytes, passes);
  while (best < sample) best = seconds_of(x, bytes, passes *= 2);
  for (int i = 0; i < 5; i++) best = std::min(best, seconds_of(x, bytes, passes));
  return static_cast<double>(bytes * passes) / best;
}

}  // namespace

std::vector<ReadRate> felt_caches() {
  const std::size_t most = std::min<std::uint64_t>(largest, memory_bytes() / 8);
  const auto release = [](char *p) { ::operator delete (p, std::align_val_t{page}); };
  const std::unique_ptr<char, decltype(release)> x(
      static_cast<char *>(::operator new (most, std::align_val_t{page})), release);
  std::memset(x.get(), 1, most);
  std::vector<ReadRate> rates;
  for (std::size_t bytes = smallest; bytes <= most; bytes *= 2) {
    rates.push_back({bytes, rate(x.get(), bytes)});
    const std::size_t between = bytes / 2 * 3;
    if (between <= most) rates.push_back({between, rate(x.get(), between)});
  }
  return rates;
}

std::vector<std::size_t> cache_ends(const std::vector<ReadRate> &rates) {
  constexpr double steady = 0.9, fallen = 0.75;
  /* Without single outliers: each rate is the middle one of three. */
  std::vector<double> smooth;
  for (std::size_t i = 0; i < rates.size(); i++) {
    double around[] = {rates[i > 0 ? i - 1 : i].bytes_per_second, rates[i].bytes_per_second,
                       rates[std::min(i + 1, rates.size() - 1)].bytes_per_second};
    std::sort(std::begin(around), std::end(around));
    smooth.push_back(around[1]);
  }
  std::vector<std::size_t> ends;
  for (std::size_t level = 0, i = 0; i < smooth.size(); i++) {
    if (smooth[i] > fallen * smooth[level]) continue;
    /* Down the slope, until the rate holds while the size doubles. What is above the middle is in the cache. */
    while (i + 2 < smooth.size() && smooth[i + 2] < steady * smooth[i]) i++;
    const double middle = std::sqrt(smooth[level] * smooth[i]);
    std::size_t end = i;
    while (smooth[end] < middle) end--;
    ends.push_back(rates[end].bytes);
    level = i;
  }
  return ends;
}
