#!/usr/bin/env bash
# Builds the Collector project's generator of traces, logs and metrics, for the tests.
#   scripts/servers/telemetrygen.sh install    into .servers/telemetrygen, or $GF_OTLP_SERVERS/telemetrygen
# Prints the path of the program (25 MB). Needs Go. Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

module=github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0

build() { install_go "$1" "$module"; }

case "${1:-}" in
  install)
    install_once "$servers/telemetrygen" "$module" build
    echo "$servers/telemetrygen/telemetrygen"
    ;;
  *)
    echo "usage: scripts/servers/telemetrygen.sh install" >&2
    exit 2
    ;;
esac
