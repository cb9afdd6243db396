#include "host.h"

#include <fstream>

#include "fastrelu.h"

extern "C" {
#include "table.h"
}

namespace {

/* The part after the `:` or `=` of the first line that begins with `key`. */
std::string value_in(const char *path, const std::string &key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const std::size_t begin = line.find_first_not_of(" \t:=\"", key.size());
    if (begin == std::string::npos) break;
    return line.substr(begin, line.find_last_not_of('"') + 1 - begin);
  }
  return "unknown";
}

}  // namespace

std::string library_info() {
  std::string text(static_cast<std::size_t>(fastrelu_info(nullptr, 0)) + 1, '\0'), line;
  fastrelu_info(text.data(), text.size());
  text.resize(text.find_last_of('}') + 1);
  for (char c : text) {
    if (c == '\n') c = ' ';
    if (c != ' ' || line.back() != ' ') line += c;
  }
  return line;
}

/* The library's own is hidden: what its kernels know of the CPU those that are linked once more know too. */
int fastrelu_fetches_pages = library_info().find("\"fetches_pages\": true") != std::string::npos;

std::string cpu_name() { return value_in("/proc/cpuinfo", "model name"); }

std::string system_name() { return value_in("/etc/os-release", "PRETTY_NAME"); }
