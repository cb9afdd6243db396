/* What a result is written with: strings, and numbers with so many digits behind the point. */
#ifndef FASTRELU_BENCH_JSON_H
#define FASTRELU_BENCH_JSON_H

#include <cstdio>
#include <string>

inline std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result + '"';
}

inline std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

#endif
