#!/bin/sh
# Installs the library, moves the tree elsewhere, and builds and runs programs against it as users do: pkg-config
# (shared and static), find_package (both), C++, and the source tree as a subproject.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

DESTDIR='' "$CMAKE" --install "$BUILD" --prefix "$work/first" > /dev/null
mv "$work/first" "$work/moved"
prefix=$work/moved
lib=$prefix/$LIBDIR

run() {
  echo "== $*"
  LD_LIBRARY_PATH=$lib "$@"
}

run_alone() { # without a library path: what it needs must be inside, or found by the program itself
  echo "== $*"
  "$@"
}

if [ -n "$PKG_CONFIG" ]; then
  export PKG_CONFIG_PATH="$lib/pkgconfig"
  # shellcheck disable=SC2046,SC2086 # flags are words
  "$CC" $CFLAGS "$here/app.c" $("$PKG_CONFIG" --cflags --libs fastrelu) -o "$work/shared"
  run "$work/shared"
  # The program that the README shows, as it stands there.
  awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$SOURCE/README.md" > "$work/readme.c"
  # shellcheck disable=SC2046,SC2086
  "$CC" $CFLAGS "$work/readme.c" $("$PKG_CONFIG" --cflags --libs fastrelu) -o "$work/readme"
  run "$work/readme" | grep '^relu(2) = 2$'
  case $CFLAGS in
    *-fsanitize*) echo "a sanitizer does not link statically: skipped" ;;
    *)
      # shellcheck disable=SC2046,SC2086
      "$CC" $CFLAGS -static "$here/app.c" $("$PKG_CONFIG" --static --cflags --libs fastrelu) -o "$work/static"
      run_alone "$work/static"
      ;;
  esac
  if [ -n "$CXX" ]; then
    cp "$here/app.c" "$work/app.cc"
    # shellcheck disable=SC2046,SC2086
    "$CXX" $CFLAGS "$work/app.cc" $("$PKG_CONFIG" --cflags --libs fastrelu) -o "$work/cxx"
    run "$work/cxx"
  fi
else
  echo "pkg-config not found: skipped"
fi

"$CMAKE" -S "$here" -B "$work/found" -G "$GENERATOR" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$CC" \
  -DCMAKE_C_FLAGS="$CFLAGS" > /dev/null
"$CMAKE" --build "$work/found" > /dev/null
run_alone "$work/found/app"
run_alone "$work/found/app_static"

# Of what a parent may leave out, what takes longest to build.
"$CMAKE" -S "$here" -B "$work/sub" -G "$GENERATOR" -DFASTRELU_SOURCE="$SOURCE" -DCMAKE_C_COMPILER="$CC" \
  -DCMAKE_C_FLAGS="$CFLAGS" -DFASTRELU_ISA_AVX512=OFF -DFASTRELU_ISA_AVX2=OFF > /dev/null
"$CMAKE" --build "$work/sub" > /dev/null
run_alone "$work/sub/app"

run_alone "$prefix/bin/fastrelu-info" > /dev/null
test -s "$prefix/share/man/man1/fastrelu-info.1"
if [ -n "$BENCH" ]; then
  run_alone "$prefix/bin/fastrelu-bench" --version | grep "^fastrelu-bench $("$prefix/bin/fastrelu-info" --version | sed 's/.* //'),"
  test -s "$prefix/share/man/man1/fastrelu-bench.1"
fi
test -s "$prefix/share/man/man1/fastrelu-compare.1"
if "$prefix/bin/fastrelu-compare" --help > "$work/help" 2>&1; then
  grep '^usage: fastrelu-compare' "$work/help"
else # it says what is not installed
  grep 'apt-get install python3-scipy' "$work/help"
fi
test "$(readlink "$lib/libfastrelu.so.0")" = "libfastrelu.so.$("$prefix/bin/fastrelu-info" --version | sed 's/.* //')"
echo "all consumers work"
