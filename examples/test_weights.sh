#!/bin/sh
# usage: test_weights.sh DIGITS...
# A training program whose activations are replaced by the library's learns the very same weights: on every
# instruction set, and whether a mask or a tensor is kept for the gradient.
set -eu
weights() { printf '%s\n' "$1" | sed -n 's/^weights after .* epochs: //p'; }

set -- "$@" --epochs 2 --repeats 0 --depth 0
isas=$("$@" --activation-code plain | sed -n '1s/.*usable: //p')
[ -n "$isas" ]

result=0
while read -r activation reference codes; do
  expected=$(weights "$(FASTRELU_ISA=scalar "$@" --activation "$activation" --activation-code "$reference")")
  echo "$activation, $reference: $expected"
  [ ${#expected} -eq 16 ]
  for isa in $isas; do
    for code in $codes; do
      output=$(FASTRELU_ISA=$isa "$@" --activation "$activation" --activation-code "$code")
      case $output in
        fastrelu\ *\ on\ "$isa"\;*) ;;
        *) echo "$isa was asked for but is not in use"; result=1 ;;
      esac
      echo "$activation on $isa, $code: $(weights "$output")"
      [ "$(weights "$output")" = "$expected" ] || result=1
    done
  done
done << 'end'
relu plain mask tensor
leaky plain tensor
prelu tensor tensor
relu6 plain tensor
squared plain tensor
end
exit $result
