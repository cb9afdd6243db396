#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "fastrelu.h"
#include "host.h"
#include "json.h"

namespace {

std::string duration(double seconds) {
  const char *unit = "ns";
  double value = seconds * 1e9;
  for (const char *larger : {"us", "ms"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %s", value, unit);
  return text;
}

bool better(const Result &a, const Result &b) { return a.ratio < b.ratio; }

double control(const Row &row) { return std::abs(row.results[1].ratio - 1); }

/* Whether fastrelu loses, beyond the noise, against what it is meant to be at least as fast as. A copy is only the
 * limit. */
bool slower(const Row &row, const Result &opponent, double noise) {
  return opponent.kind != Kind::copy && opponent.ratio < 1 - std::max(noise, control(row));
}

const char *kind_name(Kind kind) {
  switch (kind) {
    case Kind::fastrelu:
      return "fastrelu";
    case Kind::control:
      return "control";
    case Kind::compiler:
      return "compiler";
    case Kind::copy:
      return "copy";
    case Kind::peer:
      return "peer";
    case Kind::hand_loop:
      return "hand_loop";
  }
  return "";
}

/* What fastrelu is held against in every row. */
constexpr Kind opponents[] = {Kind::peer, Kind::compiler, Kind::hand_loop, Kind::copy};

/* The rows of one operation and dtype, which lie together. */
void print_table(const Row *begin, const Row *end, const std::vector<Absence> &absent, double noise) {
  std::vector<std::string> names;
  for (const Row *row = begin; row < end; row++) {
    for (const Result &r : row->results) {
      if (std::find(names.begin(), names.end(), r.name) == names.end()) names.push_back(r.name);
    }
  }
  std::printf("\n%s %s\n%10s", begin->operation.c_str(), begin->dtype.c_str(), "n");
  for (const std::string &name : names) std::printf("  %*s", std::max(7, int(name.size())), name.c_str());
  std::printf("   fastest peer, compiler, hand loop, fastest copy\n");
  for (const Row *row = begin; row < end; row++) {
    std::printf("%10zu", row->n);
    for (const std::string &name : names) {
      const auto found = std::find_if(row->results.begin(), row->results.end(),
                                      [&](const Result &r) { return r.name == name; });
      char text[32] = "-";
      if (found != row->results.end()) {
        if (found->kind == Kind::fastrelu) {
          std::snprintf(text, sizeof text, "%s", duration(found->seconds).c_str());
        } else {
          std::snprintf(text, sizeof text, "%.2f", found->ratio);
        }
      }
      std::printf("  %*s", std::max(7, int(name.size())), text);
    }
    std::printf("  ");
    for (const Kind opponent : opponents) {
      const Result *r = row->fastest(opponent);
      std::printf("%s", opponent == opponents[0] ? " " : ", ");
      if (r) {
        std::printf("%.2f%s %s", r->ratio, slower(*row, *r, noise) ? "!" : "", r->name.c_str());
      } else {
        std::printf("-");
      }
    }
    std::printf("\n");
  }
  std::map<std::string, std::string> without;
  for (const Absence &a : absent) {
    if (a.operation != begin->operation || a.dtype != begin->dtype) continue;
    std::string &list = without[a.reason];
    list += (list.empty() ? "" : ", ") + a.name;
  }
  for (const auto &[reason, list] : without) std::printf("  without %s: %s\n", list.c_str(), reason.c_str());
}

void write_absences(std::ostream &out, const char *key, const std::vector<Absence> &list) {
  out << ",\n  \"" << key << "\": [";
  for (const Absence &a : list) {
    out << (&a == &list.front() ? "\n" : ",\n") << "    {\"name\": " << quoted(a.name);
    if (!a.operation.empty()) {
      out << ", \"operation\": " << quoted(a.operation) << ", \"dtype\": " << quoted(a.dtype);
    }
    out << ", \"reason\": " << quoted(a.reason) << '}';
  }
  out << ']';
}

}  // namespace

const Result *Row::fastest(Kind kind) const {
  const Result *best = nullptr;
  for (const Result &r : results) {
    if (r.kind == kind && (!best || better(r, *best))) best = &r;
  }
  return best;
}

double Report::noise(double quantile) const {
  std::vector<double> spread;
  for (const Row &row : rows) spread.push_back(control(row));
  if (spread.empty()) return 0;
  std::sort(spread.begin(), spread.end());
  return spread[static_cast<std::size_t>(quantile * static_cast<double>(spread.size() - 1) + 0.5)];
}

void Report::print() const {
  std::printf("fastrelu %s on %s (%s), %s\n", fastrelu_version(), fastrelu_isa(), cpu_name().c_str(),
              system_name().c_str());
  for (const Peer &peer : peers) std::printf("%s %s\n", peer.name.c_str(), peer.version.c_str());
  for (const Absence &a : missing) std::printf("missing: %s (%s)\n", a.name.c_str(), a.reason.c_str());
  std::printf(
      "Time of each contender / time of fastrelu, medians of %zu: above 1 fastrelu is faster, ! marks where "
      "it is\n"
      "slower beyond the noise. Copies: for as many bytes as the operation moves. The control is fastrelu "
      "again:\n"
      "%.1f%% apart in the median, %.1f%% at the 90th percentile.\n",
      repetitions, 100 * noise(0.5), 100 * noise(0.9));
  if (repetitions < 9) std::printf("Fewer than 9 repetitions: a trial, not a result.\n");

  for (const Row *begin = rows.data(), *end; begin < rows.data() + rows.size(); begin = end) {
    end = std::find_if(begin, rows.data() + rows.size(), [=](const Row &row) {
      return row.operation != begin->operation || row.dtype != begin->dtype;
    });
    print_table(begin, end, absent, noise(0.9));
  }
  std::printf("\n");
  for (const auto &[kind, name] :
       {std::pair(Kind::peer, "fastest peer"), std::pair(Kind::compiler, "compiler's loop"),
        std::pair(Kind::hand_loop, "hand loop")}) {
    std::size_t present = 0, losses = 0;
    for (const Row &row : rows) {
      const Result *r = row.fastest(kind);
      present += r != nullptr;
      losses += r && slower(row, *r, noise(0.9));
    }
    std::printf("slower than the %s in %zu of %zu rows\n", name, losses, present);
  }
}

bool Report::write(const char *path) const {
  std::ofstream out(path);
  out.precision(5);
  out << "{\n  \"fastrelu\": " << library_info() << ",\n  \"cpu\": " << quoted(cpu_name())
      << ",\n  \"system\": " << quoted(system_name())
      << ",\n  \"compiler\": " << quoted(SIDE_BY_SIDE_COMPILER) << ",\n  \"repetitions\": " << repetitions
      << ",\n  \"control\": {\"median\": " << noise(0.5) << ", \"percentile_90\": " << noise(0.9) << '}'
      << ",\n  \"peers\": [";
  for (const Peer &peer : peers) {
    out << (&peer == &peers.front() ? "\n" : ",\n") << "    {\"name\": " << quoted(peer.name)
        << ", \"version\": " << quoted(peer.version) << '}';
  }
  out << ']';
  write_absences(out, "missing", missing);
  write_absences(out, "absent", absent);
  out << ",\n  \"rows\": [";
  for (const Row &row : rows) {
    out << (&row == &rows.front() ? "\n" : ",\n") << "    {\"operation\": " << quoted(row.operation)
        << ", \"dtype\": " << quoted(row.dtype) << ", \"n\": " << row.n << ", \"bytes\": " << row.bytes;
    for (const Kind opponent : opponents) {
      if (const Result *r = row.fastest(opponent)) {
        out << ",\n     \"fastest_" << kind_name(opponent) << "\": {\"name\": " << quoted(r->name)
            << ", \"ratio\": " << r->ratio << '}';
      }
    }
    out << ",\n     \"contenders\": [";
    for (const Result &r : row.results) {
      out << (&r == &row.results.front() ? "\n" : ",\n") << "       {\"name\": " << quoted(r.name)
          << ", \"kind\": \"" << kind_name(r.kind) << "\", \"nanoseconds\": " << r.seconds * 1e9
          << ", \"ratio\": " << r.ratio << '}';
    }
    out << "]}";
  }
  out << "]\n}\n";
  out.close();
  return !out.fail();
}
