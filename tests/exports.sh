#!/bin/sh
# usage: exports.sh NM LIBRARY LIST: the library defines the listed symbols and no other, each in the shared library
# at a version node of its own.
set -eu
nm=$1 library=$2 list=$3
case $library in
  *.so*)
    "$nm" -D --defined-only --with-symbol-versions "$library" | awk '{ print $NF }' > exports.actual
    { echo FASTRELU_0 && sed 's/$/@@FASTRELU_0/' "$list"; } > exports.expected
    ;;
  *)
    "$nm" -g --defined-only "$library" | awk 'NF == 3 { print $NF }' > exports.actual
    cp "$list" exports.expected
    ;;
esac
LC_ALL=C sort exports.actual > exports.sorted
LC_ALL=C sort exports.expected | diff - exports.sorted
echo "$(wc -l < "$list") symbols, as listed"
