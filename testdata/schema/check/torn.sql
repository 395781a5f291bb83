CREATE TABLE otel_traces
(
    Timestamp DateTime64(9,
)
ENGINE = MergeTree ORDER BY tuple();
