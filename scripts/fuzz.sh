#!/usr/bin/env bash
# Runs every libFuzzer target of a build folder for a while: scripts/fuzz.sh BUILD_DIR SECONDS
# New inputs go below BUILD_DIR; a crash is left there as an artifact and ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
seconds=$2
found=0
while IFS= read -r target; do
  name=$(basename "$target")
  corpus="$build/fuzz-corpus/$name"
  mkdir -p "$corpus"
  shipped=testdata/fuzz/${name#fuzz_}
  [ -d "$shipped" ] || shipped=
  echo "== $name, $seconds s"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$corpus." -print_final_stats=1 \
    "$corpus" ${shipped:+"$shipped"}
  found=$((found + 1))
done < <(find "$build" -maxdepth 4 -type f -name 'fuzz_*' -perm -u+x | sort)
[ "$found" -gt 0 ] || { echo "fuzz.sh: no fuzz_* program in $build" >&2; exit 4; }
