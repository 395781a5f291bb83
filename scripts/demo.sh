#!/usr/bin/env bash
# Shows what convert does with a capture: scripts/demo.sh GF_OTLP CAPTURE
set -euo pipefail
gf_otlp=$1
capture=$2
rows=$(mktemp -d)
trap 'rm -rf "$rows"' EXIT

# The folder holds the same traffic in four formats; one of them is enough here.
echo "\$ gf-otlp convert $capture/all.proto.zst --output-dir rows/"
"$gf_otlp" convert "$capture/all.proto.zst" --output-dir "$rows"
echo
echo "Rows by table:"
(cd "$rows" && wc -l -- *.jsonl)
for table in otel_traces otel_logs otel_metrics_sum; do
  echo
  echo "\$ tail -n 1 rows/$table.jsonl"
  tail -n 1 "$rows/$table.jsonl" | cut -c 1-600
done
