/* What side_by_side measured, and how it is shown. */
#ifndef FASTRELU_SIDE_BY_SIDE_REPORT_H
#define FASTRELU_SIDE_BY_SIDE_REPORT_H

#include "contenders.h"

struct Result {
  std::string name;
  Kind kind;
  double seconds; /* of one call: the median */
  double ratio;   /* to fastrelu's; that of a copy is for as many bytes as the operation moves */
};

struct Row {
  std::string operation, dtype;
  std::size_t n, bytes;
  std::vector<Result> results; /* fastrelu first, then its control */

  const Result *fastest(Kind kind) const;
};

struct Peer {
  std::string name, version;
};

/* A peer, or one of its operations, that is not in the table: never without the reason. */
struct Absence {
  std::string name, operation, dtype, reason;
};

struct Report {
  std::size_t repetitions = 0;
  std::vector<Peer> peers;
  std::vector<Absence> missing, absent;
  std::vector<Row> rows;

  /* |ratio - 1| of the control over all rows: the noise. */
  double noise(double quantile) const;
  void print() const;
  /* Returns whether the whole file was written. */
  bool write(const char *path) const;
};

#endif
