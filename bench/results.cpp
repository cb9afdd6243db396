#include "results.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <stdexcept>

#include "json.h"

namespace {

const char rate_counter[] = "bytes_per_second";
constexpr int name_width = 33, column_width = 11;

double quantile(const std::vector<double> &sorted, double part) {
  const double position = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Quantiles quantiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.5), quantile(values, 0.9)};
}

std::string three_digits(double value) { return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0); }

std::string percent(double part) { return three_digits(100 * part) + '%'; }

std::string size_text(std::size_t n) {
  constexpr std::size_t ki = 1024, mi = ki * ki;
  if (n >= mi && n % mi == 0) return std::to_string(n / mi) + "Mi";
  if (n >= 64 * ki && n % ki == 0) return std::to_string(n / ki) + "Ki";
  return std::to_string(n);
}

bool is_copy(const Case &c) { return c.operation->name == "copy"; }

}  // namespace

bool Results::ReportContext(const Context &context) {
  context_.emplace(context);
  return true;
}

void Results::ReportRuns(const std::vector<Run> &runs) {
  for (const Run &run : runs) {
    if (run.run_type == Run::RT_Iteration) measured_[run.run_name.str()].repetitions.push_back(run);
  }
}

void Results::complete() {
  for (const Case &c : cases_) {
    Measured &m = measured_[c.name()];
    std::vector<double> rates;
    for (const Run &run : m.repetitions) {
      const auto counter = run.counters.find(rate_counter);
      if (counter != run.counters.end()) rates.push_back(counter->second.value);
    }
    if (rates.size() < set_repetitions) throw std::runtime_error(c.name() + ": the call failed");
    std::sort(rates.begin(), rates.end());
    m.rate = quantile(rates, 0.5);
    m.spread = (quantile(rates, 0.75) - quantile(rates, 0.25)) / m.rate;
    if (is_copy(c)) {
      double &fastest = copies_[c.operation->bytes(c.n)];
      fastest = std::max(fastest, m.rate);
    }
  }
}

double Results::fastest_copy(std::size_t bytes) const {
  if (copies_.empty()) return 0;
  const auto above = copies_.lower_bound(bytes);
  if (above == copies_.end()) return copies_.rbegin()->second;
  if (above->first == bytes || above == copies_.begin()) return above->second;
  const auto below = std::prev(above);
  const double position = std::log(static_cast<double>(bytes) / static_cast<double>(below->first)) /
                          std::log(static_cast<double>(above->first) / static_cast<double>(below->first));
  return below->second + position * (above->second - below->second);
}

std::optional<Quantiles> Results::control() const {
  std::vector<double> apart;
  for (const Case &c : cases_) {
    if (c.contender.name != control_contender) continue;
    const auto repeated = measured_.find(case_name(*c.operation, c.contender.isa, c.n));
    if (repeated != measured_.end()) apart.push_back(std::abs(of(c).rate / repeated->second.rate - 1));
  }
  if (apart.empty()) return std::nullopt;
  return quantiles(apart);
}

Quantiles Results::spread() const {
  std::vector<double> spreads;
  for (const Case &c : cases_) spreads.push_back(of(c).spread);
  return quantiles(spreads);
}

std::vector<std::string> Results::warnings() const {
  constexpr double apart = 0.02, apart_90 = 0.1, noisy = 0.1;
  constexpr std::size_t most_named = 10;
  std::vector<std::string> result;
  const std::optional<Quantiles> noise = control();
  if (noise && (noise->median > apart || noise->percentile_90 > apart_90)) {
    result.push_back("The same function measured twice differs by " + percent(noise->median) +
                     " in the median and by " + percent(noise->percentile_90) +
                     " at the 90th percentile: smaller differences say nothing.");
  }
  std::vector<const Case *> cases;
  for (const Case &c : cases_) {
    if (of(c).spread > noisy) cases.push_back(&c);
  }
  std::sort(cases.begin(), cases.end(),
            [&](const Case *a, const Case *b) { return of(*a).spread > of(*b).spread; });
  if (!cases.empty()) {
    std::string text = "In " + std::to_string(cases.size()) + " of " + std::to_string(cases_.size()) +
                       " cases the repetitions spread over more than " + percent(noisy) +
                       " between the quartiles";
    for (std::size_t i = 0; i < std::min(cases.size(), most_named); i++) {
      text += (i == 0 ? cases.size() > most_named ? ", worst in " : ": " : ", ") + cases[i]->name() + " (" +
              percent(of(*cases[i]).spread) + ')';
    }
    result.push_back(text + '.');
  }
  return result;
}

void Results::print_row(const std::vector<const Case *> &row, const std::vector<std::size_t> &sizes) const {
  std::printf("%-*s", name_width, row.front()->row().c_str());
  for (const std::size_t n : sizes) {
    const auto found = std::find_if(row.begin(), row.end(), [=](const Case *c) { return c->n == n; });
    if (found == row.end()) {
      std::printf("%*s", column_width, "-");
      continue;
    }
    const double rate = of(**found).rate, limit = fastest_copy((*found)->operation->bytes(n));
    std::string text = three_digits(rate * 1e-9);
    if (limit > 0) {
      char part[16];
      std::snprintf(part, sizeof part, "%4.0f%%", 100 * rate / limit);
      text += part;
    }
    std::printf("%*s", column_width, text.c_str());
  }
  std::printf("\n");
}

void Results::print() const {
  std::set<std::size_t> columns;
  const bool only_copies = std::all_of(cases_.begin(), cases_.end(), is_copy);
  for (const Case &c : cases_) {
    if (only_copies || !is_copy(c)) columns.insert(c.n);
  }
  const std::vector<std::size_t> sizes(columns.begin(), columns.end());
  std::printf(
      "\nGB/s by elements, medians of %d, and %% of the fastest copy of as many bytes, read and written, at "
      "that "
      "size\n%-*s",
      set_repetitions, name_width, "");
  for (const std::size_t n : sizes) std::printf("%*s", column_width, size_text(n).c_str());
  std::printf("\n");
  for (auto begin = cases_.begin(); begin != cases_.end();) {
    std::vector<const Case *> row;
    const std::string name = begin->row();
    for (; begin != cases_.end() && begin->row() == name; ++begin) row.push_back(&*begin);
    if (row.front()->contender.name != control_contender) print_row(row, sizes);
  }
  const Quantiles spreads = spread();
  std::printf("\nspread of the repetitions: %s in the median case, %s at the 90th percentile\n",
              percent(spreads.median).c_str(), percent(spreads.percentile_90).c_str());
  if (const std::optional<Quantiles> noise = control()) {
    std::printf(
        "control, the same function measured twice: %s apart in the median, %s at the 90th percentile\n",
        percent(noise->median).c_str(), percent(noise->percentile_90).c_str());
  }
}

void Results::write(std::ostream &out) const {
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&out);
  reporter.ReportContext(*context_);
  for (const Case &c : cases_) reporter.ReportRuns(of(c).repetitions);
  reporter.Finalize();
}
