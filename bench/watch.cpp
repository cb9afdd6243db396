#include "watch.h"

#include "json.h"

std::vector<std::string> Watch::warnings() const {
  constexpr double busy = 0.5, others = 0.1, stolen = 0.02, alone = 0.97;
  std::vector<std::string> result;
  const CpuTime now = cpu_time();
  const double own = now.own - time_before_.own, elapsed = seconds();
  const double of_others = (now.busy - time_before_.busy - own) / elapsed;
  const double steal = (now.stolen - time_before_.stolen) / elapsed;
  if (load_before_ > busy) {
    result.push_back("The load was " + fixed(load_before_, 2) + " before the run: the machine was not idle.");
  }
  if (of_others > others) {
    result.push_back("Other programs took " + fixed(of_others, 2) + " of a core during the run.");
  }
  if (own / elapsed < alone) {
    result.push_back("The program had a core for only " + fixed(100 * own / elapsed, 2) + "% of the time.");
  }
  if (steal > stolen) {
    result.push_back("The host took " + fixed(steal, 2) + " of a core away from this virtual machine.");
  }
  const std::string policy = frequency_policy();
  if (policy != "unknown" && policy != "performance") {
    result.push_back("The governor of the frequency is " + policy + ": performance is steadier.");
  }
  switch (turbo()) {
    case Turbo::on:
      result.push_back("Turbo is on: the frequency depends on the temperature and on the other cores.");
      break;
    case Turbo::unknown:
      result.push_back(
          "It cannot be seen whether turbo is on: the frequency may have changed during the run.");
      break;
    case Turbo::off:
      break;
  }
#if !defined(__OPTIMIZE__)
  result.push_back("This build is not optimised.");
#endif
  return result;
}
