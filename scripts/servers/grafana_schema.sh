#!/usr/bin/env bash
# Fetches Grafana's types of dashboards and a TypeScript compiler, for the tests.
#   scripts/servers/grafana_schema.sh install    into .servers/grafana_schema, or $GF_OTLP_SERVERS/grafana_schema
# Prints a folder that holds node_modules (26 MB, by npm). Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

schema=@grafana/schema@13.2.3
typescript=typescript@5.9.3

fetch() {
  need node
  mkdir -p "$1/node_modules/@grafana"
  fetch_npm "$schema"
  mv package "$1/node_modules/@grafana/schema"
  fetch_npm "$typescript"
  mv package "$1/node_modules/typescript"
}

case "${1:-}" in
  install)
    install_once "$servers/grafana_schema" "$schema $typescript" fetch
    echo "$servers/grafana_schema"
    ;;
  *)
    echo "usage: scripts/servers/grafana_schema.sh install" >&2
    exit 2
    ;;
esac
