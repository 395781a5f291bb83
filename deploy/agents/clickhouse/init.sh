#!/usr/bin/env bash
# Makes what is missing in ClickHouse, and gives the two users the passwords of the environment. Tables that exist are left as they
# are: `make migrate` changes them.
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

client --queries-file /clickhouse-init.sql
set_password agents_reader "$AGENTS_READER_PASSWORD"
set_password agents_ingest "$AGENTS_INGEST_PASSWORD"
