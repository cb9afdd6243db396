#!/bin/sh
# usage: test_idx.sh SCRATCH DATA FAULT DIGITS...
# Gives digits a file with one fault: it must exit with 1, after one line that names the file and the fault.
set -eu
scratch=$1 data=$2 fault=$3
shift 3
images=$data/digits-train-images.idx3-ubyte
labels=$data/digits-train-labels.idx1-ubyte
test_labels=$data/digits-test-labels.idx1-ubyte
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

option=--train-images
case $fault in
  truncated)
    head -c 100016 "$images" > bad
    says='truncated: the header announces 3136000 bytes of data, the file holds 100000' ;;
  truncated_header)
    head -c 9 "$images" > bad
    says='truncated: the file ends within its header of 3 dimensions' ;;
  trailing)
    { cat "$images"; echo; } > bad
    says='goes on after the 3136000 bytes of data that its header announces' ;;
  empty)
    : > bad
    says='empty file' ;;
  short)
    printf '\0\0\10' > bad
    says='not an IDX file: only 3 bytes long' ;;
  foreign)
    printf '\211PNG\r\n\032\n' > bad
    says='not an IDX file: starts with 89 50 4e 47, not with 00 00 08' ;;
  foreign_type)
    printf '\0\0\7\1\0\0\0\1x' > bad
    says='not an IDX file: unknown element type 07' ;;
  floats)
    printf '\0\0\15\1\0\0\0\1\0\0\0\0' > bad
    says='holds 32-bit floats, but only unsigned bytes (type 08) are supported' ;;
  gzip)
    gzip -c "$images" > bad
    says='compressed: gunzip it first' ;;
  directory)
    mkdir bad
    says='Is a directory' ;;
  missing)
    says='No such file or directory' ;;
  overflow)
    printf '\0\0\10\4\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377xxxx' > bad
    says='its dimensions are too large: their product overflows' ;;
  promise) # of a gibibyte: memory must grow with what is there
    printf '\0\0\10\2\0\20\0\0\0\0\4\0xxxx' > bad
    says='truncated: the header announces 1073741824 bytes of data, the file holds 4' ;;
  no_items)
    printf '\0\0\10\3\0\0\0\0\0\0\0\34\0\0\0\34' > bad
    says='holds nothing: dimension 1 is 0' ;;
  no_dimensions)
    printf '\0\0\10\0' > bad
    says='has no dimensions' ;;
  count_mismatch)
    option=--train-labels
    cp "$test_labels" bad
    says="holds 1000 labels, but $images holds 4000 images" ;;
  images_as_labels)
    option=--train-labels
    cp "$images" bad
    says='has 3 dimensions, as images have; labels have 1' ;;
  labels_as_images)
    cp "$labels" bad
    says='has 1 dimension, as labels have; images have 2 or more' ;;
  other_size)
    option=--test-images
    { printf '\0\0\10\3\0\0\3\350\0\0\0\2\0\0\0\2'; head -c 4000 "$images"; } > bad
    says="its images have 4 pixels, those of $images have 784" ;;
  unknown_label)
    option=--test-labels
    { head -c 1007 "$test_labels"; printf '\14'; } > bad
    says="has the label 12, the largest in $labels is 9" ;;
  *)
    echo "no fault is called $fault" >&2
    exit 2 ;;
esac

status=0
"$@" "$option" bad --epochs 1 --repeats 0 --depth 0 > out 2> err || status=$?
cat err
[ "$status" -eq 1 ] || { echo "exit status $status instead of 1"; exit 1; }
[ "$(cat err)" = "digits: bad: $says" ] || { echo "expected: digits: bad: $says"; exit 1; }
