#!/usr/bin/env bash
# Makes what is missing in a ClickHouse without rows, and gives the two users the passwords of the environment. What holds rows is
# left to `make migrate`: a rollup that is made here would not know of them.
set -euo pipefail

client() {
  clickhouse-client --host clickhouse --user default --password "$CLICKHOUSE_PASSWORD" "$@"
}

# set_password USER PASSWORD: may log in from now on. The server sees the hash alone.
set_password() {
  local hash
  hash=$(printf %s "$2" | sha256sum)
  client --query "ALTER USER $1 IDENTIFIED WITH sha256_hash BY '${hash%% *}' HOST ANY"
}

rows=$(client --query "SELECT ifNull(sum(total_rows), 0) FROM system.tables WHERE database = 'telemetry' AND name IN ('spans_raw', 'events_raw')")
if [ "$rows" = 0 ]; then
  client --queries-file /clickhouse-init.sql
else
  echo "telemetry holds $rows rows: its tables are left as they are (make migrate brings them up to date)"
  # Who may do what comes last in the SQL: also with tables that migrate has made.
  sed -n '/^CREATE SETTINGS PROFILE/,$p' /clickhouse-init.sql | client
fi
set_password agents_reader "$AGENTS_READER_PASSWORD"
set_password agents_ingest "$AGENTS_INGEST_PASSWORD"
