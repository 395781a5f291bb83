#!/usr/bin/env bash
# Builds a librdkafka that is newer than Debian 12's: that one (2.0.2) cannot log in to Kafka 4 by SCRAM, 2.6.1 and later can.
#   scripts/servers/librdkafka.sh install [PREFIX]    default: .servers/librdkafka, or $GF_OTLP_SERVERS/librdkafka
# Prints PREFIX. Then: PKG_CONFIG_PATH=PREFIX/lib/pkgconfig cmake -S . -B build-rdkafka
# Needs a compiler, make, npm (the source comes with an npm package), libssl-dev, libzstd-dev and zlib1g-dev. Two minutes
# the first time; nothing is done when it is there. Exit code 4 when it cannot be had.
set -euo pipefail
source "$(dirname "$0")/common.sh"

package=@confluentinc/kafka-javascript@1.10.1 # holds librdkafka 2.15.1

build() {
  need cc make python3
  fetch_npm "$package" package/deps/librdkafka
  cd package/deps/librdkafka
  echo "$me: building (its output is only shown when that fails)" >&2
  # The paths in rdkafka.pc must be those of the final place; DESTDIR is where it is put together.
  { ./configure --prefix="$prefix" --disable-curl --disable-gssapi &&
    make -j "$(nproc)" -C src lib && make -C src install DESTDIR="$PWD/installed"; } >build.log 2>&1 ||
    { tail -n 40 build.log && fail "librdkafka could not be built"; }
  grep -q 'WITH_SASL_SCRAM 1' config.h || fail "librdkafka was built without SCRAM: is libssl-dev installed?"
  mv "$PWD/installed$prefix"/* "$1"
}

case "${1:-}" in
  install)
    prefix=${2:-$servers/librdkafka}
    case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
    install_once "$prefix" "$package" build
    echo "$prefix"
    ;;
  *)
    echo "usage: scripts/servers/librdkafka.sh install [PREFIX]" >&2
    exit 2
    ;;
esac
