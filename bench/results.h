/* What was measured of the set, how it is shown and kept. */
#ifndef FASTRELU_BENCH_RESULTS_H
#define FASTRELU_BENCH_RESULTS_H

#include <benchmark/benchmark.h>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "set.h"

struct Quantiles {
  double median, percentile_90;
};

class Results : public benchmark::BenchmarkReporter {
 public:
  explicit Results(const std::vector<Case> &cases) : cases_(cases) {}

  bool ReportContext(const Context &context) override;
  void ReportRuns(const std::vector<Run> &runs) override;
  /* All repetitions were reported. Throws std::runtime_error where a case has failed. */
  void complete();

  /* How far apart two measurements of the same function are, as a part; none without a control. */
  std::optional<Quantiles> control() const;
  /* Between the quartiles of a case's repetitions, as a part of their median. */
  Quantiles spread() const;
  std::vector<std::string> warnings() const;

  void print() const;
  /* Google Benchmark's JSON, with its custom context. */
  void write(std::ostream &out) const;

 private:
  struct Measured {
    std::vector<Run> repetitions;
    double rate; /* bytes a second: the median */
    double spread;
  };

  const Measured &of(const Case &c) const { return measured_.at(c.name()); }
  void print_row(const std::vector<const Case *> &row, const std::vector<std::size_t> &sizes) const;
  /* Of as many bytes, read and written; 0 where no copy was measured. */
  double fastest_copy(std::size_t bytes) const;

  const std::vector<Case> &cases_;
  std::optional<Context> context_;
  std::map<std::string, Measured> measured_;
  std::map<std::size_t, double> copies_; /* the fastest one's rate, by bytes */
};

#endif
