#!/usr/bin/env bash
# install_test.sh SOURCE_DIR BUILD_DIR LIBDIR BUILD_TYPE, with CXX and SANITIZE in the environment:
# the installed files are those expected; every public header compiles alone; the example program builds by
# find_package and by pkg-config, also after the installed tree was moved, and counts what is in a capture.
set -euo pipefail
source_dir=$1
build_dir=$2
libdir=$3
build_type=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sanitize=(${SANITIZE:+-fsanitize=$SANITIZE})

fail() {
  echo "install_test: $*" >&2
  exit 1
}

cmake --install "$build_dir" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
prefix=$work/prefix

# gf_otlp-targets-<type>.cmake is named after the build type.
(cd "$prefix" && find . -type f | sed "s|^\./||; s|-${build_type,,}\.cmake|-TYPE.cmake|" | LC_ALL=C sort) >"$work/files"
sed "s|LIBDIR|$libdir|" "$here/files.txt" | LC_ALL=C sort | diff -u - "$work/files" || fail "other files were installed"

"$prefix/bin/gf-otlp" --version >/dev/null || fail "the installed program does not run"
for page in "$prefix"/share/man/man?/*; do
  [ -s "$page" ] || fail "$page is empty"
done

for header in "$prefix"/include/gf_otlp/*.h; do
  echo "#include <gf_otlp/$(basename "$header")>" >"$work/alone.cc"
  "$CXX" -std=c++23 -fsyntax-only -Wall -Wextra -Werror "-I$prefix/include" "$work/alone.cc" || fail "$header alone"
done

cmake -S "$source_dir/examples" -B "$work/by-cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_CXX_FLAGS="${sanitize[*]}" >/dev/null
cmake --build "$work/by-cmake" >/dev/null || fail "the example does not build by find_package"

export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
# shellcheck disable=SC2046 # flags are words
"$CXX" -std=c++23 "${sanitize[@]}" -o "$work/by-pkg-config" "$source_dir/examples/count_records.cc" \
  $(pkg-config --static --cflags --libs gf_otlp) || fail "the example does not build by pkg-config"

capture=$source_dir/testdata/captures/plain/all.proto
for program in "$work/by-cmake/count_records" "$work/by-pkg-config"; do
  "$program" "$capture" >"$work/counts" || fail "$program failed"
  head -n -1 "$work/counts" | diff -u "$here/count_records.expected" - || fail "$program counted otherwise"
done
[ "$("$prefix/bin/gf-otlp" convert -q "$capture" 2>/dev/null | wc -c)" = "$(awk 'END {print $1}' "$work/counts")" ] ||
  fail "the library and the program made different rows"
echo "install_test: ok"
