#!/usr/bin/env bash
# Fetches OpenTelemetry's SDK for Python with its OTLP exporters, for the tests.
#   scripts/servers/otel_python.sh install    into .servers/otel_python, or $GF_OTLP_SERVERS/otel_python
# Prints a folder for PYTHONPATH. Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

otel=1.45.2
packages=("opentelemetry-sdk==$otel" "opentelemetry-exporter-otlp-proto-http==$otel" "opentelemetry-exporter-otlp-proto-grpc==$otel"
  grpcio==1.85.1 grpcio-health-checking==1.85.1)

# Into a folder of its own, so that neither Debian's rule against changing its Python nor what it holds matters.
fetch() {
  need python3
  python3 -m pip --version >/dev/null 2>&1 || fail "pip is not installed (scripts/install-deps.sh --dev installs it)"
  echo "$me: fetching ${packages[*]}" >&2
  python3 -m pip install --quiet --disable-pip-version-check --no-cache-dir --target "$1" "${packages[@]}" >pip.log 2>&1 ||
    { tail -n 20 pip.log && fail "pip could not fetch OpenTelemetry's SDK"; }
}

case "${1:-}" in
  install)
    # What was fetched for one version of Python may hold machine code that another cannot load.
    need python3
    python=$(python3 -c 'import sys; print(sys.version_info[:2])')
    install_once "$servers/otel_python" "${packages[*]} for $python" fetch
    echo "$servers/otel_python"
    ;;
  *)
    echo "usage: scripts/servers/otel_python.sh install" >&2
    exit 2
    ;;
esac
