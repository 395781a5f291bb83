-- A table that somebody made by hand for tracing, long ago.
CREATE DATABASE IF NOT EXISTS `otel`;

CREATE TABLE otel.otel_traces
(
    `Timestamp`          DateTime64(3) CODEC(Delta, ZSTD(1)),   -- milliseconds will do
    `TraceId`            String CODEC(ZSTD(1)),
    `SpanId`             String CODEC(ZSTD(1)),
    `ParentSpanId`       String CODEC(ZSTD(3)),
    /* TraceState: nobody asks for it */
    `SpanName`           LowCardinality(String) CODEC(ZSTD(1)),
    `SpanKind`           LowCardinality(String) CODEC(ZSTD(1)),
    `ServiceName`        LowCardinality(String) CODEC(ZSTD(1)),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeName`          String CODEC(ZSTD(1)),
    `ScopeVersion`       String CODEC(ZSTD(1)),
    `SpanAttributes`     Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `Duration`           UInt64 MATERIALIZED 0,
    `StatusCode`         LowCardinality(String) CODEC(ZSTD(1)),
    `StatusMessage`      String CODEC(ZSTD(1)),
    `Events`             Nested(Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Links`              Nested(TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Host`               String DEFAULT ResourceAttributes['host.name']
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
TTL toDateTime(Timestamp) + INTERVAL 30 DAY
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1;

INSERT INTO otel.otel_traces (TraceId) VALUES ('a;b');
