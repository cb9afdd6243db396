#!/bin/sh
# usage: test_weights.sh DIGITS...
# A training program whose ReLU is replaced by the library's learns the very same weights: on every
# instruction set, and whether a mask or the output is kept for the gradient.
set -eu
weights() { printf '%s\n' "$1" | sed -n 's/^weights after .* epochs: //p'; }

set -- "$@" --epochs 2 --repeats 0 --depth 0
plain=$("$@" --activation-code plain)
expected=$(weights "$plain")
echo "plain: $expected"
[ ${#expected} -eq 16 ]

result=0
for isa in $(printf '%s\n' "$plain" | sed -n '1s/.*usable: //p'); do
  for code in mask tensor; do
    output=$(FASTRELU_ISA=$isa "$@" --activation-code $code)
    case $output in
      fastrelu\ *\ on\ "$isa"\;*) ;;
      *) echo "$isa was asked for but is not in use"; result=1 ;;
    esac
    echo "$isa, $code: $(weights "$output")"
    [ "$(weights "$output")" = "$expected" ] || result=1
  done
done
exit $result
