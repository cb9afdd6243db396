#!/bin/sh
# usage: exports.sh READELF NM LIBRARY LIST: the library defines the listed symbols and no other; the shared library
# has each at the version node.
set -eu
readelf=$1 nm=$2 library=$3 list=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $library in
  *.so*)
    "$readelf" -W --dyn-syms "$library" | awk '($5 == "GLOBAL" || $5 == "WEAK") && $7 != "UND" { print $8 }' |
      grep -v '^FASTRELU_0' > "$work/actual" || true # the node itself, where the linker lists it
    sed 's/$/@@FASTRELU_0/' "$list" > "$work/expected"
    ;;
  *)
    "$nm" -g --defined-only "$library" | awk 'NF == 3 { print $3 }' > "$work/actual"
    cp "$list" "$work/expected"
    ;;
esac
LC_ALL=C sort "$work/actual" > "$work/sorted"
LC_ALL=C sort "$work/expected" | diff - "$work/sorted"
echo "$(wc -l < "$list") symbols, as listed"
