#!/usr/bin/env bash
# Installs what gf-otlp needs from Debian's packages. Quick when everything is there.
#   scripts/install-deps.sh          to build
#   scripts/install-deps.sh --test   to build and run the tests too
#   scripts/install-deps.sh --dev    also clang-19 (lint, formatter, fuzzing), and what scripts/servers needs to fetch and
#                                    run the real servers of the integration tests (Java, Maven, npm, pip); not Go, of which
#                                    Debian 12's is too old for the Collector
set -euo pipefail

packages=(make cmake ninja-build g++ pkg-config libfmt-dev libsimdjson-dev libzstd-dev zlib1g-dev libre2-dev
  libcli11-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler librdkafka-dev libyaml-cpp-dev libssl-dev
  libcurl4-openssl-dev libboost-dev libgrpc++-dev)
test_packages=(doctest-dev python3 python3-yaml zstd gzip openssl)
dev_packages=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev mandoc)
server_packages=(openjdk-17-jre-headless maven kcat python3-pip curl)
# A node with npm from elsewhere is as good, and Debian's packages conflict with it.
command -v npm >/dev/null || server_packages+=(npm)

case "${1:-}" in
  "") ;;
  --test) packages+=("${test_packages[@]}") ;;
  --dev) packages+=("${test_packages[@]}" "${dev_packages[@]}" "${server_packages[@]}") ;;
  *)
    echo "usage: scripts/install-deps.sh [--test|--dev]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install-deps.sh: not a Debian system; what is needed, by Debian's names: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps.sh: run as root: apt-get install ${missing[*]}" >&2
    exit 4
  fi
  as_root=(sudo)
fi

# The package lists may be absent (fresh containers) or older than the packages on the server.
install_missing() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
echo "install-deps.sh: installing ${missing[*]}" >&2
if ! install_missing 2>/dev/null; then
  "${as_root[@]}" apt-get update
  install_missing
fi
