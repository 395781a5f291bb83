#!/usr/bin/env bash
# clang-tidy over src/, with the compile commands of a configured build folder: scripts/lint.sh BUILD_DIR [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(find src -name "*.cc" | sort)
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" "${CLANG_TIDY:-clang-tidy-19}" --quiet -p "$build"
echo "lint: ${#files[@]} files, no findings"
