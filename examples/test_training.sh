#!/bin/sh
# usage: test_training.sh SCRATCH DATA DIGITS...
# The digits are learned, images of any shape are accepted, and what is no terminal gets plain lines.
set -eu
scratch=$1 data=$2
shift 2
mkdir -p "$scratch"
cd "$scratch"

"$@" --epochs 8 --repeats 2 --depth 3 --out . > out
cat out
awk '$1 == 8 { reached = $5 + 0 > 93 } END { exit !reached }' out ||
  { echo 'not above 93% on the test images'; exit 1; }
[ "$(tr -d '[:print:]\n' < out | wc -c)" -eq 0 ] || { echo 'control characters in the output'; exit 1; }
for file in epochs functions gradients; do
  [ "$(wc -l < $file.csv)" -gt 8 ] || { echo "$file.csv is too short"; exit 1; }
done

"$@" --compare --epochs 2 --depth 3 --hidden 8,4 --out . > out
cat out
[ "$(wc -l < activations.csv)" -eq 11 ] || { echo 'activations.csv is not 2 networks of 5 activations'; exit 1; }

# 40 images of 5 x 4 x 3 bytes with the labels 0 to 9; the last batch has 8 of them.
{
  printf '\0\0\10\4\0\0\0\50\0\0\0\5\0\0\0\4\0\0\0\3'
  tail -c 2400 "$data/digits-train-images.idx3-ubyte"
} > images
{
  printf '\0\0\10\1\0\0\0\50'
  head -c 48 "$data/digits-train-labels.idx1-ubyte" | tail -c 40
} > labels
"$@" --train-images images --train-labels labels --test-images images --test-labels labels \
  --hidden 7,1,3 --batch 16 --epochs 2 --repeats 1 --depth 1
