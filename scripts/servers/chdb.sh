#!/usr/bin/env bash
# Fetches chdb's library, a ClickHouse engine in one shared object, for the tests.
#   scripts/servers/chdb.sh install    into .servers/chdb, or $GF_OTLP_SERVERS/chdb
# Prints the path of libchdb.so (560 MB; 170 MB are fetched the first time, by npm). Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

package=@chdb/lib-linux-x64-gnu@26.5.3 # ClickHouse 26.5.1.1

fetch() {
  [ "$(uname -sm)" = "Linux x86_64" ] || fail "there is no such library for $(uname -sm)"
  fetch_npm "$package" package/libchdb.so
  mv package/libchdb.so "$1"
}

case "${1:-}" in
  install)
    install_once "$servers/chdb" "$package" fetch
    echo "$servers/chdb/libchdb.so"
    ;;
  *)
    echo "usage: scripts/servers/chdb.sh install" >&2
    exit 2
    ;;
esac
