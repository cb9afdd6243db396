/* A JSON string. */
#ifndef FASTRELU_BENCH_JSON_H
#define FASTRELU_BENCH_JSON_H

#include <string>

inline std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result + '"';
}

#endif
