/* Looks at the machine while it is measured, for what spoils the figures. */
#ifndef FASTRELU_BENCH_WATCH_H
#define FASTRELU_BENCH_WATCH_H

#include <chrono>
#include <string>
#include <vector>

#include "host.h"

class Watch {
 public:
  double load_before() const { return load_before_; }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  /* Sentences, on what was found at the start and has happened since. */
  std::vector<std::string> warnings() const;

 private:
  const double load_before_ = load_average();
  const CpuTime time_before_ = cpu_time();
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

#endif
