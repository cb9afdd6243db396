#include "set.h"

#include <algorithm>
#include <regex>
#include <set>

namespace {

const std::vector<std::size_t> sizes = {16, 100, 1000, 4096, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24};
const std::vector<std::size_t> quick_sizes = {16, 1000, 1 << 16, 1 << 20, 1 << 22};

/* What a program spends its time in, selections and arithmetic: measured on every instruction set, with a control,
 * and all that --quick measures. The others run on the best one alone. */
bool on_every_isa(const Operation &o) {
  const char *const names[] = {"relu", "relu_grad", "relu_mask_grad", "clamp", "leaky_relu", "prelu_nchw"};
  const auto is = [&](const char *name) { return o.name == name; };
  return o.name == "identity" ||
         (std::any_of(std::begin(names), std::end(names), is) && (o.dtype == "f32" || o.dtype == "bf16"));
}

/* Any operation finds a copy of as many bytes, or two of about as many: at each size tensors of 1, 2, 4 and 8
 * bytes an element, and every power of two. */
std::vector<std::size_t> copy_sizes(const std::vector<std::size_t> &operations) {
  std::set<std::size_t> result;
  for (const std::size_t n : operations) {
    for (const std::size_t bytes : {1, 2, 4, 8}) result.insert(n * bytes / sizeof(float));
  }
  for (std::size_t n = 4; n < *result.rbegin(); n *= 2) result.insert(n);
  return {result.begin(), result.end()};
}

}  // namespace

std::vector<Case> cases_of_set(const std::vector<Operation> &operations, const Selection &selection) {
  const std::regex filter(selection.filter);
  const std::string best = selection.isas.front();
  const auto &selected_sizes = selection.quick ? quick_sizes : sizes;
  std::vector<Case> cases;
  const auto add = [&](const Operation &o, const Contender &c, const std::vector<std::size_t> &list) {
    for (const std::size_t n : list) {
      if (n % o.multiple != 0 || n < c.least) continue;
      Case candidate{&o, c, n};
      if (std::regex_search(candidate.name(), filter)) cases.push_back(std::move(candidate));
    }
  };
  for (const Operation &o : operations) {
    if (o.name == "memcpy" || (selection.quick && !on_every_isa(o) && o.name != "copy")) continue;
    for (const Contender &c : o.contenders) {
      if (o.name == "copy") {
        add(o, c, copy_sizes(selected_sizes));
      } else if (c.name == best) {
        add(o, c, selected_sizes);
        if (c.isa && on_every_isa(o)) add(o, {control_contender, c.isa, c.run}, selected_sizes);
      } else if (on_every_isa(o) && std::count(selection.isas.begin(), selection.isas.end(), c.name)) {
        add(o, c, selected_sizes);
      }
    }
  }
  return cases;
}
