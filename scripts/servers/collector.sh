#!/usr/bin/env bash
# Builds an OpenTelemetry Collector for tests and benchmarks, with the project's own builder:
#   receiver otlp; processors batch, memory_limiter, resource; exporters otlp, otlphttp, file, debug, nop;
#   providers of configuration env, file, yaml
#   scripts/servers/collector.sh install    into .servers/collector, or $GF_OTLP_SERVERS/collector
# Prints the path of the program (45 MB). Needs Go; minutes the first time, in which `go` fetches the modules into its own cache.
# Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

release=0.161.0
providers=1.67.0 # the same release's number for what is stable
core=go.opentelemetry.io/collector
contrib=github.com/open-telemetry/opentelemetry-collector-contrib
detectors=go.opentelemetry.io/contrib/detectors

# stand_in MODULE [CODE]: a module of ours in the place of one that not every module proxy serves and that this Collector
# does not use: of two detectors of clouds for its own telemetry, or of tests of the file exporter.
stand_in() {
  local folder=$PWD/${1##*/}
  mkdir "$folder"
  printf 'module %s\ngo 1.26.0\n' "$1" >"$folder/go.mod"
  printf 'package %s\n%s\n' "${1##*/}" "${2-}" >"$folder/code.go"
  [ -z "${2-}" ] || echo 'require go.opentelemetry.io/otel/sdk v1.45.0' >>"$folder/go.mod"
  echo "  - $1 => $folder"
}

write_configuration() {
  local detector='import "go.opentelemetry.io/otel/sdk/resource"; func NAME() resource.Detector { return nil }'
  cat <<END
dist:
  name: otelcol
  version: $release
  output_path: $PWD/source
receivers:
  - gomod: $core/receiver/otlpreceiver v$release
processors:
  - gomod: $core/processor/batchprocessor v$release
  - gomod: $core/processor/memorylimiterprocessor v$release
  - gomod: $contrib/processor/resourceprocessor v$release
exporters:
  - gomod: $core/exporter/otlpexporter v$release
  - gomod: $core/exporter/otlphttpexporter v$release
  - gomod: $core/exporter/debugexporter v$release
  - gomod: $core/exporter/nopexporter v$release
  - gomod: $contrib/exporter/fileexporter v$release
providers:
  - gomod: $core/confmap/provider/envprovider v$providers
  - gomod: $core/confmap/provider/fileprovider v$providers
  - gomod: $core/confmap/provider/yamlprovider v$providers
replaces:
  - golang.org/x/exp => golang.org/x/exp v0.0.0-20260611194520-c48552f49976
END
  stand_in $detectors/aws/eks "${detector/NAME/NewResourceDetector}"
  stand_in $detectors/azure/azurevm "${detector/NAME/New}"
  stand_in $contrib/extension/encoding
  stand_in $contrib/extension/encoding/otlpencodingextension
}

build() {
  install_go "$PWD" "go.opentelemetry.io/collector/cmd/builder@v$release"
  write_configuration >builder.yaml
  echo "$me: building a Collector: minutes (the builder's output is only shown when it fails)" >&2
  nice ./builder --config builder.yaml >build.log 2>&1 ||
    { tail -n 40 build.log && fail "the Collector could not be built"; }
  mv source/otelcol "$1"
}

case "${1:-}" in
  install)
    install_once "$servers/collector" "otelcol $release with batch, memory_limiter, resource and nop" build
    echo "$servers/collector/otelcol"
    ;;
  *)
    echo "usage: scripts/servers/collector.sh install" >&2
    exit 2
    ;;
esac
