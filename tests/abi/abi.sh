#!/bin/sh
# usage: abi.sh record|check LIBRARY
# check: fails where LIBRARY, built with debug information, lacks or changes anything that the recorded ABI has.
# record: writes the record anew, after an addition.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
record=$here/libfastrelu.so.0.abi
case $1 in
  record)
    abidw --headers-dir "$top/include" --drop-private-types --exported-interfaces-only --no-show-locs \
      --no-corpus-path --no-comp-dir-path "$2" | sed "s#$top/##" > "$record"
    ;;
  check)
    # The record has no private types. Asked to drop them, abidiff 2.2 also drops what it cannot place: the record's.
    abidiff --exported-interfaces-only --no-added-syms "$record" "$2"
    echo "the ABI is as recorded"
    ;;
  *)
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
    ;;
esac
