#!/usr/bin/env bash
# Formats the C++ sources with clang-format-19; with --check only says which are not formatted, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
formatter=${CLANG_FORMAT:-clang-format-19}
mode=(-i)
[ "${1:-}" != --check ] || mode=(--dry-run --Werror)
find src include tests tools bench examples -name '*.cc' -print0 -o -name '*.h' -print0 | xargs -0 "$formatter" "${mode[@]}"
