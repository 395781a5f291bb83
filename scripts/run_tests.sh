#!/usr/bin/env bash
# Runs the tests of a build folder and ends with their number: scripts/run_tests.sh BUILD_DIR [CTEST OPTION...]
# Fails when a test fails, and when there is none.
set -uo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
report=$(cd "$build" && pwd)/test-report.xml
rm -f "$report"
# What libraries do that sanitizers would blame them or us for.
export LSAN_OPTIONS="suppressions=$scripts/lsan.supp:print_suppressions=0"
export TSAN_OPTIONS="ignore_noninstrumented_modules=1:suppressions=$scripts/tsan.supp:print_suppressions=0"
# The report must hold whole outputs: the cases inside a test are counted from them.
ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)" --output-junit "$report" \
  --test-output-size-passed 100000000 --test-output-size-failed 100000000 "$@"
code=$?
python3 "$scripts/test_summary.py" "$report" || code=1
exit $code
