/* The fixed set of cases: what makes results of different CPUs comparable. */
#ifndef FASTRELU_BENCH_SET_H
#define FASTRELU_BENCH_SET_H

#include <cstddef>
#include <string>
#include <vector>

#include "cases.h"

/* Goes up whenever a case is added, removed or measured in another way. */
constexpr int set_version = 1;
constexpr int set_repetitions = 9;
constexpr char set_min_time[] = "0.004"; /* seconds of a repetition */

/* Contender of the operations that are measured on every instruction set: the best one once more, for the noise. */
constexpr char control_contender[] = "control";

struct Case {
  const Operation *operation;
  Contender contender;
  std::size_t n;

  std::string name() const { return case_name(*operation, contender.name, n); }
  std::string row() const { return operation->name + '/' + operation->dtype + '/' + contender.name; }
};

struct Selection {
  bool quick = false;
  std::string filter;            /* an ECMAScript regular expression to be found in the name */
  std::vector<std::string> isas; /* best first, as fastrelu_isa_list has them */
};

/* In the order of the table. May throw std::regex_error. */
std::vector<Case> cases_of_set(const std::vector<Operation> &operations, const Selection &selection);

#endif
