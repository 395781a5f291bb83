#!/usr/bin/env bash
# Makes the topics: topics.sh BROKER. Those that exist are left as they are.
set -euo pipefail

# Requests, as a Collector writes them (otlp_json), and rows, as `gf-otlp publish --shape agents` does. The broker keeps them as
# they come from producers of the same compression; a message may hold a whole trace, with its prompts.
for topic in otel-spans otel-logs otel-spans-rows otel-events; do
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$1" --create --if-not-exists --topic "$topic" \
    --partitions 6 --replication-factor 1 \
    --config compression.type=zstd --config max.message.bytes=10485760 --config retention.ms=604800000
done
