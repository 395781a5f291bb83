-- Tables of shape agents, for ClickHouse 26.5, by gf-otlp
-- Views sum only what is inserted after they are made: where raw tables have rows already, gf-otlp schema apply makes rollups of these, too.
-- The TTL moves data: the tables need a storage_policy that has these volumes and disks, such as this one.
-- <clickhouse>
--     <storage_configuration>
--         <disks>
--             <slow>
--                 <type>local</type>
--                 <path>/var/lib/clickhouse/disks/slow/</path>
--             </slow>
--         </disks>
--         <policies>
--             <tiered>
--                 <volumes>
--                     <default>
--                         <disk>default</disk>
--                     </default>
--                     <slow>
--                         <disk>slow</disk>
--                     </slow>
--                 </volumes>
--             </tiered>
--         </policies>
--     </storage_configuration>
-- </clickhouse>

CREATE DATABASE IF NOT EXISTS telemetry;

CREATE TABLE IF NOT EXISTS telemetry.spans_raw
(
    trace_id String COMMENT 'trace: 32 hex digits' CODEC(ZSTD(1)),
    span_id String COMMENT 'span: 16 hex digits' CODEC(ZSTD(1)),
    parent_span_id String COMMENT 'parent span: 16 hex digits, empty for a root' CODEC(ZSTD(1)),
    tenant_id LowCardinality(String) COMMENT 'who the agent works for' CODEC(ZSTD(1)),
    env LowCardinality(String) COMMENT 'deployment environment' CODEC(ZSTD(1)),
    service_name LowCardinality(String) COMMENT 'resource attribute service.name' CODEC(ZSTD(1)),
    operation LowCardinality(String) COMMENT 'what the span does: chat, invoke_agent, execute_tool, LLM ...; else its name' CODEC(ZSTD(1)),
    span_name LowCardinality(String) COMMENT 'name of the span' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER or UNSPECIFIED' CODEC(ZSTD(1)),
    status_code LowCardinality(String) COMMENT 'UNSET, OK or ERROR; most spans that went well are UNSET' CODEC(ZSTD(1)),
    status_message String COMMENT 'what went wrong, where the status is ERROR' CODEC(ZSTD(1)),
    start_ts DateTime64(9) COMMENT 'start of the span in ns' CODEC(Delta(8), ZSTD(1)),
    end_ts DateTime64(9) COMMENT 'end of the span in ns' CODEC(Delta(8), ZSTD(1)),
    duration_ms Float64 COMMENT 'ms from start to end; 0 without an end, less than 0 where that is before the start' CODEC(ZSTD(1)),
    model LowCardinality(String) COMMENT 'model that answered, else the one that was asked for' CODEC(ZSTD(1)),
    provider LowCardinality(String) COMMENT 'who runs the model' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'name of the agent' CODEC(ZSTD(1)),
    tool_name LowCardinality(String) COMMENT 'name of the tool' CODEC(ZSTD(1)),
    session_id String COMMENT 'conversation or session' CODEC(ZSTD(1)),
    workflow_id String COMMENT 'workflow, by id or name' CODEC(ZSTD(1)),
    user_id String COMMENT 'who uses the agent' CODEC(ZSTD(1)),
    tokens_prompt Nullable(UInt64) COMMENT 'tokens that went in, null where it is not known' CODEC(ZSTD(1)),
    tokens_completion Nullable(UInt64) COMMENT 'tokens that came out' CODEC(ZSTD(1)),
    tokens_cache_read Nullable(UInt64) COMMENT 'tokens that were read from a cache' CODEC(ZSTD(1)),
    tokens_cache_write Nullable(UInt64) COMMENT 'tokens that were written to a cache' CODEC(ZSTD(1)),
    tokens_reasoning Nullable(UInt64) COMMENT 'tokens of reasoning' CODEC(ZSTD(1)),
    cost_usd Nullable(Float64) COMMENT 'cost in USD, null where it is not known' CODEC(ZSTD(1)),
    cost_source LowCardinality(String) COMMENT 'where cost_usd is from: attribute, price table, or empty' CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), String) COMMENT 'attributes of the span as texts, and of its resource where the span has none of that name' CODEC(ZSTD(1)),
    attributes_json JSON COMMENT 'the same attributes with their types' CODEC(ZSTD(1)),
    is_model_call Bool MATERIALIZED (NOT startsWith(span_name, 'claude_code.')) AND ((lower(operation) IN ('chat', 'text_completion', 'generate_content', 'embeddings', 'completion', 'embedding', 'llm', 'generation', 'rerank', 'reranker')) OR ((lower(operation) NOT IN ('create_agent', 'invoke_agent', 'invoke_workflow', 'execute_tool', 'plan', 'retrieval', 'agent', 'chain', 'tool', 'retriever', 'guardrail', 'evaluator', 'prompt', 'workflow', 'task', 'event')) AND (model != '') AND ((tokens_prompt IS NOT NULL) OR (tokens_completion IS NOT NULL) OR (cost_usd IS NOT NULL)))) COMMENT 'its tokens and cost count: those of agents and workflows are of their model calls' CODEC(ZSTD(1)),
    inserted_at DateTime64(3) DEFAULT now64(3) COMMENT 'when the row was inserted' CODEC(ZSTD(1)),
    row_id UInt64 MATERIALIZED cityHash64((tenant_id, trace_id, span_id, start_ts, end_ts)) COMMENT 'the same in rows that are there more than once' CODEC(ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_session_id session_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_workflow_id workflow_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_user_id user_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_attr_key mapKeys(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_attr_value mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration duration_ms TYPE minmax GRANULARITY 1,
    INDEX idx_start_ts start_ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(start_ts)
ORDER BY (tenant_id, toDate(start_ts), service_name, operation, start_ts)
TTL toDateTime(start_ts) + toIntervalDay(30) TO VOLUME 'slow', toDateTime(start_ts) + toIntervalDay(90)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, storage_policy = 'tiered';

CREATE TABLE IF NOT EXISTS telemetry.events_raw
(
    event_ts DateTime64(9) COMMENT 'time of the event in ns' CODEC(Delta(8), ZSTD(1)),
    event_type LowCardinality(String) COMMENT 'name of the event' CODEC(ZSTD(1)),
    trace_id String COMMENT 'trace it belongs to: 32 hex digits, or empty' CODEC(ZSTD(1)),
    span_id String COMMENT 'span it belongs to: 16 hex digits, or empty' CODEC(ZSTD(1)),
    tenant_id LowCardinality(String) COMMENT 'who the agent works for' CODEC(ZSTD(1)),
    env LowCardinality(String) COMMENT 'deployment environment' CODEC(ZSTD(1)),
    service_name LowCardinality(String) COMMENT 'resource attribute service.name' CODEC(ZSTD(1)),
    payload_json JSON COMMENT 'attributes of the event, and of its resource where it has none of that name; of a log record also its body' CODEC(ZSTD(1)),
    cost_usd Nullable(Float64) COMMENT 'cost in USD, null where it is not known' CODEC(ZSTD(1)),
    tokens_prompt Nullable(UInt64) COMMENT 'tokens that went in, null where it is not known' CODEC(ZSTD(1)),
    tokens_completion Nullable(UInt64) COMMENT 'tokens that came out' CODEC(ZSTD(1)),
    model LowCardinality(String) COMMENT 'model' CODEC(ZSTD(1)),
    tool_name LowCardinality(String) COMMENT 'name of the tool' CODEC(ZSTD(1)),
    session_id String COMMENT 'conversation or session' CODEC(ZSTD(1)),
    user_id String COMMENT 'who uses the agent' CODEC(ZSTD(1)),
    inserted_at DateTime64(3) DEFAULT now64(3) COMMENT 'when the row was inserted' CODEC(ZSTD(1)),
    row_id UInt64 MATERIALIZED cityHash64((event_ts, event_type, trace_id, span_id, tenant_id, env, service_name, toString(payload_json), cost_usd, tokens_prompt, tokens_completion, model, tool_name, session_id, user_id)) COMMENT 'the same in rows that are there more than once' CODEC(ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_session_id session_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_user_id user_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_event_ts event_ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(event_ts)
ORDER BY (tenant_id, toDate(event_ts), event_type, event_ts)
TTL toDateTime(event_ts) + toIntervalDay(30) TO VOLUME 'slow', toDateTime(event_ts) + toIntervalDay(90)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, storage_policy = 'tiered';

CREATE TABLE IF NOT EXISTS telemetry.spans_minute
(
    tenant_id LowCardinality(String) COMMENT 'who the agents work for' CODEC(ZSTD(1)),
    env LowCardinality(String) COMMENT 'deployment environment' CODEC(ZSTD(1)),
    service_name LowCardinality(String) COMMENT 'resource attribute service.name' CODEC(ZSTD(1)),
    operation LowCardinality(String) COMMENT 'what the spans do' CODEC(ZSTD(1)),
    minute DateTime COMMENT 'in which the spans start' CODEC(Delta(4), ZSTD(1)),
    spans SimpleAggregateFunction(sum, UInt64) COMMENT 'how many there are' CODEC(ZSTD(1)),
    errors SimpleAggregateFunction(sum, UInt64) COMMENT 'those with status ERROR: UNSET is the usual success' CODEC(ZSTD(1)),
    duration_ms AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), Float64) COMMENT 'read it by quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(duration_ms)' CODEC(ZSTD(1)),
    traces AggregateFunction(uniq, String) COMMENT 'distinct traces: read it by uniqMerge(traces)' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (tenant_id, env, service_name, operation, minute)
SETTINGS index_granularity = 8192, storage_policy = 'tiered';

CREATE TABLE IF NOT EXISTS telemetry.cost_minute
(
    tenant_id LowCardinality(String) COMMENT 'who the agents work for' CODEC(ZSTD(1)),
    env LowCardinality(String) COMMENT 'deployment environment' CODEC(ZSTD(1)),
    service_name LowCardinality(String) COMMENT 'resource attribute service.name' CODEC(ZSTD(1)),
    provider LowCardinality(String) COMMENT 'who runs the model' CODEC(ZSTD(1)),
    model LowCardinality(String) COMMENT 'the model' CODEC(ZSTD(1)),
    tool_name LowCardinality(String) COMMENT 'tool that the call is of, if it is one\'s' CODEC(ZSTD(1)),
    minute DateTime COMMENT 'in which the calls start' CODEC(Delta(4), ZSTD(1)),
    calls SimpleAggregateFunction(sum, UInt64) COMMENT 'calls of models' CODEC(ZSTD(1)),
    calls_without_cost SimpleAggregateFunction(sum, UInt64) COMMENT 'those of an unknown cost, which cost_usd is without' CODEC(ZSTD(1)),
    tokens_prompt SimpleAggregateFunction(sum, UInt64) COMMENT 'tokens that went in' CODEC(ZSTD(1)),
    tokens_completion SimpleAggregateFunction(sum, UInt64) COMMENT 'tokens that came out' CODEC(ZSTD(1)),
    tokens_cache_read SimpleAggregateFunction(sum, UInt64) COMMENT 'tokens that were read from a cache' CODEC(ZSTD(1)),
    tokens_cache_write SimpleAggregateFunction(sum, UInt64) COMMENT 'tokens that were written to a cache' CODEC(ZSTD(1)),
    tokens_reasoning SimpleAggregateFunction(sum, UInt64) COMMENT 'tokens of reasoning' CODEC(ZSTD(1)),
    cost_usd SimpleAggregateFunction(sum, Float64) COMMENT 'cost in USD, as far as it is known' CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (tenant_id, env, service_name, provider, model, tool_name, minute)
SETTINGS index_granularity = 8192, storage_policy = 'tiered';

CREATE TABLE IF NOT EXISTS telemetry.spans_raw_kafka
(
    trace_id String,
    span_id String,
    parent_span_id String,
    tenant_id LowCardinality(String),
    env LowCardinality(String),
    service_name LowCardinality(String),
    operation LowCardinality(String),
    span_name LowCardinality(String),
    kind LowCardinality(String),
    status_code LowCardinality(String),
    status_message String,
    start_ts DateTime64(9),
    end_ts DateTime64(9),
    duration_ms Float64,
    model LowCardinality(String),
    provider LowCardinality(String),
    agent_name LowCardinality(String),
    tool_name LowCardinality(String),
    session_id String,
    workflow_id String,
    user_id String,
    tokens_prompt Nullable(UInt64),
    tokens_completion Nullable(UInt64),
    tokens_cache_read Nullable(UInt64),
    tokens_cache_write Nullable(UInt64),
    tokens_reasoning Nullable(UInt64),
    cost_usd Nullable(Float64),
    cost_source LowCardinality(String),
    attributes Map(LowCardinality(String), String),
    attributes_json JSON
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list = 'otel-spans-rows', kafka_group_name = 'gf-otlp-spans_raw', kafka_format = 'JSONEachRow', kafka_handle_error_mode = 'stream', date_time_input_format = 'best_effort';

CREATE TABLE IF NOT EXISTS telemetry.events_raw_kafka
(
    event_ts DateTime64(9),
    event_type LowCardinality(String),
    trace_id String,
    span_id String,
    tenant_id LowCardinality(String),
    env LowCardinality(String),
    service_name LowCardinality(String),
    payload_json JSON,
    cost_usd Nullable(Float64),
    tokens_prompt Nullable(UInt64),
    tokens_completion Nullable(UInt64),
    model LowCardinality(String),
    tool_name LowCardinality(String),
    session_id String,
    user_id String
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list = 'otel-events', kafka_group_name = 'gf-otlp-events_raw', kafka_format = 'JSONEachRow', kafka_handle_error_mode = 'stream', date_time_input_format = 'best_effort';

CREATE TABLE IF NOT EXISTS telemetry.otel_kafka_errors
(
    Time DateTime COMMENT 'when the message was read' CODEC(ZSTD(1)),
    Topic LowCardinality(String) COMMENT 'topic of the message' CODEC(ZSTD(1)),
    Partition UInt64 COMMENT 'partition of the message' CODEC(ZSTD(1)),
    Offset UInt64 COMMENT 'offset of the message in its partition' CODEC(ZSTD(1)),
    Message String COMMENT 'the message as it came' CODEC(ZSTD(1)),
    Error String COMMENT 'why it is no row' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(Time)
ORDER BY (Topic, Time)
TTL Time + toIntervalDay(30) TO VOLUME 'slow', Time + toIntervalDay(90)
SETTINGS storage_policy = 'tiered';

CREATE TABLE IF NOT EXISTS telemetry.otlp_spans_kafka
(
    raw String
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list = 'otel-spans', kafka_group_name = 'gf-otlp-otlp_spans', kafka_format = 'JSONAsString', kafka_handle_error_mode = 'stream', kafka_max_block_size = 256, type_json_skip_duplicated_paths = 1;

CREATE TABLE IF NOT EXISTS telemetry.otlp_spans
(
    request String COMMENT 'a request as OTLP-JSON',
    topic LowCardinality(String) COMMENT 'topic of the message',
    partition UInt64 COMMENT 'partition of the message',
    message_offset UInt64 COMMENT 'offset of the message in its partition',
    message String COMMENT 'the message, if it is no JSON',
    error String COMMENT 'why it is none'
)
ENGINE = Null;

CREATE TABLE IF NOT EXISTS telemetry.otlp_logs_kafka
(
    raw String
)
ENGINE = Kafka
SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list = 'otel-logs', kafka_group_name = 'gf-otlp-otlp_logs', kafka_format = 'JSONAsString', kafka_handle_error_mode = 'stream', kafka_max_block_size = 256, type_json_skip_duplicated_paths = 1;

CREATE TABLE IF NOT EXISTS telemetry.otlp_logs
(
    request String COMMENT 'a request as OTLP-JSON',
    topic LowCardinality(String) COMMENT 'topic of the message',
    partition UInt64 COMMENT 'partition of the message',
    message_offset UInt64 COMMENT 'offset of the message in its partition',
    message String COMMENT 'the message, if it is no JSON',
    error String COMMENT 'why it is none'
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.spans_minute_mv TO telemetry.spans_minute
AS SELECT raw.tenant_id AS tenant_id,
    raw.env AS env,
    raw.service_name AS service_name,
    raw.operation AS operation,
    toStartOfMinute(raw.start_ts) AS minute,
    count() AS spans,
    countIf(raw.status_code = 'ERROR') AS errors,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(raw.duration_ms) AS duration_ms,
    uniqState(raw.trace_id) AS traces
FROM telemetry.spans_raw AS raw
GROUP BY tenant_id,
    env,
    service_name,
    operation,
    minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.cost_minute_mv TO telemetry.cost_minute
AS SELECT raw.tenant_id AS tenant_id,
    raw.env AS env,
    raw.service_name AS service_name,
    raw.provider AS provider,
    raw.model AS model,
    raw.tool_name AS tool_name,
    toStartOfMinute(raw.start_ts) AS minute,
    count() AS calls,
    countIf(isNull(raw.cost_usd)) AS calls_without_cost,
    sum(ifNull(raw.tokens_prompt, 0)) AS tokens_prompt,
    sum(ifNull(raw.tokens_completion, 0)) AS tokens_completion,
    sum(ifNull(raw.tokens_cache_read, 0)) AS tokens_cache_read,
    sum(ifNull(raw.tokens_cache_write, 0)) AS tokens_cache_write,
    sum(ifNull(raw.tokens_reasoning, 0)) AS tokens_reasoning,
    sum(ifNull(raw.cost_usd, 0)) AS cost_usd
FROM telemetry.spans_raw AS raw
WHERE raw.is_model_call
GROUP BY tenant_id,
    env,
    service_name,
    provider,
    model,
    tool_name,
    minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.cost_minute_events_mv TO telemetry.cost_minute
AS SELECT raw.tenant_id AS tenant_id,
    raw.env AS env,
    raw.service_name AS service_name,
    coalesce(nullIf(toString(raw.payload_json.gen_ai.provider.name), ''), nullIf(toString(raw.payload_json.gen_ai.system), ''), nullIf(toString(raw.payload_json.llm.provider), ''), nullIf(toString(raw.payload_json.llm.system), ''), '') AS provider,
    raw.model AS model,
    raw.tool_name AS tool_name,
    toStartOfMinute(raw.event_ts) AS minute,
    count() AS calls,
    countIf(isNull(raw.cost_usd)) AS calls_without_cost,
    sum(ifNull(raw.tokens_prompt, 0)) AS tokens_prompt,
    sum(ifNull(raw.tokens_completion, 0)) AS tokens_completion,
    sum(coalesce(toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.cache_read.input_tokens)), toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.cache_read_input_tokens)), toUInt64OrNull(toString(raw.payload_json.llm.token_count.prompt_details.cache_read)), toUInt64OrNull(toString(raw.payload_json.cache_read_tokens)), 0)) AS tokens_cache_read,
    sum(coalesce(toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.cache_creation.input_tokens)), toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.cache_creation_input_tokens)), toUInt64OrNull(toString(raw.payload_json.llm.token_count.prompt_details.cache_write)), toUInt64OrNull(toString(raw.payload_json.cache_creation_tokens)), 0)) AS tokens_cache_write,
    sum(coalesce(toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.reasoning.output_tokens)), toUInt64OrNull(toString(raw.payload_json.gen_ai.usage.reasoning_tokens)), toUInt64OrNull(toString(raw.payload_json.llm.token_count.completion_details.reasoning)), 0)) AS tokens_reasoning,
    sum(ifNull(raw.cost_usd, 0)) AS cost_usd
FROM telemetry.events_raw AS raw
WHERE raw.event_type IN ('claude_code.api_request')
GROUP BY tenant_id,
    env,
    service_name,
    provider,
    model,
    tool_name,
    minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.spans_raw_mv TO telemetry.spans_raw
AS SELECT trace_id,
    span_id,
    parent_span_id,
    tenant_id,
    env,
    service_name,
    operation,
    span_name,
    kind,
    status_code,
    status_message,
    start_ts,
    end_ts,
    duration_ms,
    model,
    provider,
    agent_name,
    tool_name,
    session_id,
    workflow_id,
    user_id,
    tokens_prompt,
    tokens_completion,
    tokens_cache_read,
    tokens_cache_write,
    tokens_reasoning,
    cost_usd,
    cost_source,
    attributes,
    attributes_json,
    now64(3) AS inserted_at
FROM telemetry.spans_raw_kafka
WHERE length(_error) = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.spans_raw_kafka_errors_mv TO telemetry.otel_kafka_errors
AS SELECT now() AS Time,
    _topic AS Topic,
    _partition AS Partition,
    _offset AS Offset,
    _raw_message AS Message,
    _error AS Error
FROM telemetry.spans_raw_kafka
WHERE length(_error) > 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.events_raw_mv TO telemetry.events_raw
AS SELECT event_ts,
    event_type,
    trace_id,
    span_id,
    tenant_id,
    env,
    service_name,
    payload_json,
    cost_usd,
    tokens_prompt,
    tokens_completion,
    model,
    tool_name,
    session_id,
    user_id,
    now64(3) AS inserted_at
FROM telemetry.events_raw_kafka
WHERE length(_error) = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.events_raw_kafka_errors_mv TO telemetry.otel_kafka_errors
AS SELECT now() AS Time,
    _topic AS Topic,
    _partition AS Partition,
    _offset AS Offset,
    _raw_message AS Message,
    _error AS Error
FROM telemetry.events_raw_kafka
WHERE length(_error) > 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_spans_rows_mv TO telemetry.spans_raw
AS SELECT if(replaceAll(record.traceId, '0', '') = '', '', lower(record.traceId)) AS trace_id,
    if(replaceAll(record.spanId, '0', '') = '', '', lower(record.spanId)) AS span_id,
    if(replaceAll(record.parentSpanId, '0', '') = '', '', lower(record.parentSpanId)) AS parent_span_id,
    resource_service_name AS service_name,
    record.name AS span_name,
    transform(record.kind, ['0', 'SPAN_KIND_UNSPECIFIED', 'UNSPECIFIED', '1', 'SPAN_KIND_INTERNAL', 'INTERNAL', '2', 'SPAN_KIND_SERVER', 'SERVER', '3', 'SPAN_KIND_CLIENT', 'CLIENT', '4', 'SPAN_KIND_PRODUCER', 'PRODUCER', '5', 'SPAN_KIND_CONSUMER', 'CONSUMER'], ['UNSPECIFIED', 'UNSPECIFIED', 'UNSPECIFIED', 'INTERNAL', 'INTERNAL', 'INTERNAL', 'SERVER', 'SERVER', 'SERVER', 'CLIENT', 'CLIENT', 'CLIENT', 'PRODUCER', 'PRODUCER', 'PRODUCER', 'CONSUMER', 'CONSUMER', 'CONSUMER'], 'UNSPECIFIED') AS kind,
    transform(record.status.code, ['0', 'STATUS_CODE_UNSET', 'UNSET', '1', 'STATUS_CODE_OK', 'OK', '2', 'STATUS_CODE_ERROR', 'ERROR'], ['UNSET', 'UNSET', 'UNSET', 'OK', 'OK', 'OK', 'ERROR', 'ERROR', 'ERROR'], 'UNSET') AS status_code,
    record.status.message AS status_message,
    fromUnixTimestamp64Nano(greatest(toInt64(record.startTimeUnixNano), -9223372036000000000), 'UTC') AS start_ts,
    fromUnixTimestamp64Nano(greatest(toInt64(record.endTimeUnixNano), -9223372036000000000), 'UTC') AS end_ts,
    if((record.startTimeUnixNano = 0) OR (record.endTimeUnixNano = 0), 0, toInt64(record.endTimeUnixNano - record.startTimeUnixNano) / 1000000.) AS duration_ms,
    arrayFirst(x -> (x != ''), [own_map['tenant.id'], own_map['tenant_id'], own_map['organization.id'], resource_tenant_id]) AS tenant_id,
    arrayFirst(x -> (x != ''), [own_map['deployment.environment.name'], own_map['deployment.environment'], own_map['langfuse.environment'], own_map['env'], resource_env]) AS env,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.operation.name'], own_map['openinference.span.kind'], own_map['traceloop.span.kind'], own_map['llm.request.type'], own_map['langfuse.observation.type'], resource_operation, record.name]) AS operation,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.response.model'], own_map['gen_ai.request.model'], own_map['llm.model_name'], own_map['llm.response.model_name'], own_map['llm.request.model_name'], own_map['embedding.model_name'], own_map['reranker.model_name'], own_map['langfuse.observation.model.name'], own_map['model'], resource_model]) AS model,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.provider.name'], own_map['gen_ai.system'], own_map['llm.provider'], own_map['llm.system'], resource_provider]) AS provider,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.agent.name'], own_map['agent.name'], resource_agent_name]) AS agent_name,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.tool.name'], own_map['tool.name'], own_map['tool_call.function.name'], if(own_map['traceloop.span.kind'] = 'tool', own_map['traceloop.entity.name'], ''), own_map['tool_name'], resource_tool_name]) AS tool_name,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.conversation.id'], own_map['session.id'], own_map['langfuse.session.id'], resource_session_id]) AS session_id,
    arrayFirst(x -> (x != ''), [own_map['workflow_id'], own_map['workflow.id'], own_map['workflow.run_id'], own_map['gen_ai.workflow.name'], own_map['traceloop.workflow.name'], own_map['workflow.name'], resource_workflow_id]) AS workflow_id,
    arrayFirst(x -> (x != ''), [own_map['user.id'], own_map['langfuse.user.id'], own_map['enduser.id'], own_map['llm.user'], own_map['user_id'], resource_user_id]) AS user_id,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.input_tokens'], own_map['gen_ai.usage.prompt_tokens'], own_map['llm.token_count.prompt'], own_map['input_tokens'], own_map['tokens.prompt'], JSONExtract(own_map['langfuse.observation.usage_details'], 'input', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'prompt_tokens', 'String')])) AS tokens_prompt,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.output_tokens'], own_map['gen_ai.usage.completion_tokens'], own_map['llm.token_count.completion'], own_map['output_tokens'], own_map['tokens.completion'], JSONExtract(own_map['langfuse.observation.usage_details'], 'output', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'completion_tokens', 'String')])) AS tokens_completion,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.cache_read.input_tokens'], own_map['gen_ai.usage.cache_read_input_tokens'], own_map['llm.token_count.prompt_details.cache_read'], own_map['cache_read_tokens'], JSONExtract(own_map['langfuse.observation.usage_details'], 'cache_read_input_tokens', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'input_cached_tokens', 'String')])) AS tokens_cache_read,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.cache_creation.input_tokens'], own_map['gen_ai.usage.cache_creation_input_tokens'], own_map['llm.token_count.prompt_details.cache_write'], own_map['cache_creation_tokens'], JSONExtract(own_map['langfuse.observation.usage_details'], 'cache_creation_input_tokens', 'String')])) AS tokens_cache_write,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.reasoning.output_tokens'], own_map['gen_ai.usage.reasoning_tokens'], own_map['llm.token_count.completion_details.reasoning'], JSONExtract(own_map['langfuse.observation.usage_details'], 'output_reasoning_tokens', 'String')])) AS tokens_reasoning,
    toFloat64OrNull(arrayFirst(x -> (match(x, '^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$') AND isFinite(toFloat64OrZero(x))), [if(own_map['gen_ai.usage.cost.currency'] = 'USD', own_map['gen_ai.usage.cost.amount'], ''), own_map['gen_ai.usage.cost'], own_map['gen_ai.usage.cost_usd'], own_map['gen_ai.usage.cost.total'], own_map['llm.cost.total'], JSONExtract(own_map['langfuse.observation.cost_details'], 'total', 'String'), own_map['cost_usd'], own_map['cost.usd'], if(own_map['event.name'] = 'api_request', own_map['cost'], ''), if(own_map['event.name'] = 'claude_code.api_request', own_map['cost'], '')])) AS cost_usd,
    if(isNull(cost_usd), '', 'attribute') AS cost_source,
    mapSort(mapFromArrays(arrayConcat(own_keys, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_keys, resource_keys)), arrayConcat(own_texts, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_texts, resource_keys)))) AS attributes,
    concat('{', arrayStringConcat(arrayFilter(x -> (x != ''), arraySort((x, n) -> n, arrayConcat(own_members, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_members, resource_keys)), arrayConcat(own_keys, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_keys, resource_keys)))), ','), '}') AS attributes_json
FROM (SELECT *, mapFromArrays(own_keys, own_texts) AS own_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), own_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue, own_texts)) AS own_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue) AS own_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), record.attributes.key, arrayEnumerateUniq(record.attributes.key)) AS own_keys, arrayFilter((x, n) -> (n = 1), record.attributes.value, arrayEnumerateUniq(record.attributes.key)) AS own_values FROM (SELECT *, record FROM (SELECT *, resource_map['service.name'] AS resource_service_name, arrayFirst(x -> (x != ''), [resource_map['tenant.id'], resource_map['tenant_id'], resource_map['organization.id'], '']) AS resource_tenant_id, arrayFirst(x -> (x != ''), [resource_map['deployment.environment.name'], resource_map['deployment.environment'], resource_map['langfuse.environment'], resource_map['env'], '']) AS resource_env, arrayFirst(x -> (x != ''), [resource_map['gen_ai.operation.name'], resource_map['openinference.span.kind'], resource_map['traceloop.span.kind'], resource_map['llm.request.type'], resource_map['langfuse.observation.type'], '']) AS resource_operation, arrayFirst(x -> (x != ''), [resource_map['gen_ai.response.model'], resource_map['gen_ai.request.model'], resource_map['llm.model_name'], resource_map['llm.response.model_name'], resource_map['llm.request.model_name'], resource_map['embedding.model_name'], resource_map['reranker.model_name'], resource_map['langfuse.observation.model.name'], resource_map['model'], '']) AS resource_model, arrayFirst(x -> (x != ''), [resource_map['gen_ai.provider.name'], resource_map['gen_ai.system'], resource_map['llm.provider'], resource_map['llm.system'], '']) AS resource_provider, arrayFirst(x -> (x != ''), [resource_map['gen_ai.agent.name'], resource_map['agent.name'], '']) AS resource_agent_name, arrayFirst(x -> (x != ''), [resource_map['gen_ai.tool.name'], resource_map['tool.name'], resource_map['tool_call.function.name'], if(resource_map['traceloop.span.kind'] = 'tool', resource_map['traceloop.entity.name'], ''), resource_map['tool_name'], '']) AS resource_tool_name, arrayFirst(x -> (x != ''), [resource_map['gen_ai.conversation.id'], resource_map['session.id'], resource_map['langfuse.session.id'], '']) AS resource_session_id, arrayFirst(x -> (x != ''), [resource_map['workflow_id'], resource_map['workflow.id'], resource_map['workflow.run_id'], resource_map['gen_ai.workflow.name'], resource_map['traceloop.workflow.name'], resource_map['workflow.name'], '']) AS resource_workflow_id, arrayFirst(x -> (x != ''), [resource_map['user.id'], resource_map['langfuse.user.id'], resource_map['enduser.id'], resource_map['llm.user'], resource_map['user_id'], '']) AS resource_user_id FROM (SELECT *, mapFromArrays(resource_keys, resource_texts) AS resource_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), resource_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue, resource_texts)) AS resource_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue) AS resource_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), attributes.key, arrayEnumerateUniq(attributes.key)) AS resource_keys, arrayFilter((x, n) -> (n = 1), attributes.value, arrayEnumerateUniq(attributes.key)) AS resource_values FROM (SELECT part.resource.attributes AS attributes, arrayFlatten(part.scopeSpans.spans) AS records FROM telemetry.otlp_spans ARRAY JOIN JSONExtract(request, 'resourceSpans', 'Array(Tuple(resource Tuple(attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))), scopeSpans Array(Tuple(spans Array(Tuple(traceId String, spanId String, parentSpanId String, name String, kind String, startTimeUnixNano UInt64, endTimeUnixNano UInt64, status Tuple(code String, message String), attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))))))))') AS part))))) ARRAY JOIN records AS record))));

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_spans_events_mv TO telemetry.events_raw
AS SELECT fromUnixTimestamp64Nano(greatest(toInt64(event.timeUnixNano), -9223372036000000000), 'UTC') AS event_ts,
    event.name AS event_type,
    if(replaceAll(trace, '0', '') = '', '', lower(trace)) AS trace_id,
    if(replaceAll(span, '0', '') = '', '', lower(span)) AS span_id,
    resource_service_name AS service_name,
    arrayFirst(x -> (x != ''), [own_map['tenant.id'], own_map['tenant_id'], own_map['organization.id'], span_tenant_id]) AS tenant_id,
    arrayFirst(x -> (x != ''), [own_map['deployment.environment.name'], own_map['deployment.environment'], own_map['langfuse.environment'], own_map['env'], span_env]) AS env,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.response.model'], own_map['gen_ai.request.model'], own_map['llm.model_name'], own_map['llm.response.model_name'], own_map['llm.request.model_name'], own_map['embedding.model_name'], own_map['reranker.model_name'], own_map['langfuse.observation.model.name'], own_map['model'], span_model]) AS model,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.tool.name'], own_map['tool.name'], own_map['tool_call.function.name'], if(own_map['traceloop.span.kind'] = 'tool', own_map['traceloop.entity.name'], ''), own_map['tool_name'], span_tool_name]) AS tool_name,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.conversation.id'], own_map['session.id'], own_map['langfuse.session.id'], span_session_id]) AS session_id,
    arrayFirst(x -> (x != ''), [own_map['user.id'], own_map['langfuse.user.id'], own_map['enduser.id'], own_map['llm.user'], own_map['user_id'], span_user_id]) AS user_id,
    toFloat64OrNull(arrayFirst(x -> (match(x, '^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$') AND isFinite(toFloat64OrZero(x))), [if(own_map['gen_ai.usage.cost.currency'] = 'USD', own_map['gen_ai.usage.cost.amount'], ''), own_map['gen_ai.usage.cost'], own_map['gen_ai.usage.cost_usd'], own_map['gen_ai.usage.cost.total'], own_map['llm.cost.total'], JSONExtract(own_map['langfuse.observation.cost_details'], 'total', 'String'), own_map['cost_usd'], own_map['cost.usd'], if(own_map['event.name'] = 'api_request', own_map['cost'], ''), if(own_map['event.name'] = 'claude_code.api_request', own_map['cost'], '')])) AS cost_usd,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.input_tokens'], own_map['gen_ai.usage.prompt_tokens'], own_map['llm.token_count.prompt'], own_map['input_tokens'], own_map['tokens.prompt'], JSONExtract(own_map['langfuse.observation.usage_details'], 'input', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'prompt_tokens', 'String')])) AS tokens_prompt,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.output_tokens'], own_map['gen_ai.usage.completion_tokens'], own_map['llm.token_count.completion'], own_map['output_tokens'], own_map['tokens.completion'], JSONExtract(own_map['langfuse.observation.usage_details'], 'output', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'completion_tokens', 'String')])) AS tokens_completion,
    concat('{', arrayStringConcat(arrayFilter(x -> (x != ''), arraySort((x, n) -> n, arrayConcat(own_members, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_members, resource_keys)), arrayConcat(own_keys, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_keys, resource_keys)))), ','), '}') AS payload_json
FROM (SELECT *, mapFromArrays(own_keys, own_texts) AS own_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), own_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue, own_texts)) AS own_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue) AS own_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), event.attributes.key, arrayEnumerateUniq(event.attributes.key)) AS own_keys, arrayFilter((x, n) -> (n = 1), event.attributes.value, arrayEnumerateUniq(event.attributes.key)) AS own_values FROM (SELECT *, event FROM (SELECT *, record.traceId AS trace, record.spanId AS span, record.events AS events, arrayFirst(x -> (x != ''), [span_map['tenant.id'], span_map['tenant_id'], span_map['organization.id'], resource_tenant_id]) AS span_tenant_id, arrayFirst(x -> (x != ''), [span_map['deployment.environment.name'], span_map['deployment.environment'], span_map['langfuse.environment'], span_map['env'], resource_env]) AS span_env, arrayFirst(x -> (x != ''), [span_map['gen_ai.response.model'], span_map['gen_ai.request.model'], span_map['llm.model_name'], span_map['llm.response.model_name'], span_map['llm.request.model_name'], span_map['embedding.model_name'], span_map['reranker.model_name'], span_map['langfuse.observation.model.name'], span_map['model'], resource_model]) AS span_model, arrayFirst(x -> (x != ''), [span_map['gen_ai.tool.name'], span_map['tool.name'], span_map['tool_call.function.name'], if(span_map['traceloop.span.kind'] = 'tool', span_map['traceloop.entity.name'], ''), span_map['tool_name'], resource_tool_name]) AS span_tool_name, arrayFirst(x -> (x != ''), [span_map['gen_ai.conversation.id'], span_map['session.id'], span_map['langfuse.session.id'], resource_session_id]) AS span_session_id, arrayFirst(x -> (x != ''), [span_map['user.id'], span_map['langfuse.user.id'], span_map['enduser.id'], span_map['llm.user'], span_map['user_id'], resource_user_id]) AS span_user_id FROM (SELECT *, record, mapFromArrays(record.attributes.key, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), record.attributes.value.stringValue, record.attributes.value.boolValue, record.attributes.value.intValue, record.attributes.value.doubleValue, record.attributes.value.bytesValue, record.attributes.value.arrayValue, record.attributes.value.kvlistValue)) AS span_map FROM (SELECT *, resource_map['service.name'] AS resource_service_name, arrayFirst(x -> (x != ''), [resource_map['tenant.id'], resource_map['tenant_id'], resource_map['organization.id'], '']) AS resource_tenant_id, arrayFirst(x -> (x != ''), [resource_map['deployment.environment.name'], resource_map['deployment.environment'], resource_map['langfuse.environment'], resource_map['env'], '']) AS resource_env, arrayFirst(x -> (x != ''), [resource_map['gen_ai.response.model'], resource_map['gen_ai.request.model'], resource_map['llm.model_name'], resource_map['llm.response.model_name'], resource_map['llm.request.model_name'], resource_map['embedding.model_name'], resource_map['reranker.model_name'], resource_map['langfuse.observation.model.name'], resource_map['model'], '']) AS resource_model, arrayFirst(x -> (x != ''), [resource_map['gen_ai.tool.name'], resource_map['tool.name'], resource_map['tool_call.function.name'], if(resource_map['traceloop.span.kind'] = 'tool', resource_map['traceloop.entity.name'], ''), resource_map['tool_name'], '']) AS resource_tool_name, arrayFirst(x -> (x != ''), [resource_map['gen_ai.conversation.id'], resource_map['session.id'], resource_map['langfuse.session.id'], '']) AS resource_session_id, arrayFirst(x -> (x != ''), [resource_map['user.id'], resource_map['langfuse.user.id'], resource_map['enduser.id'], resource_map['llm.user'], resource_map['user_id'], '']) AS resource_user_id FROM (SELECT *, mapFromArrays(resource_keys, resource_texts) AS resource_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), resource_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue, resource_texts)) AS resource_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue) AS resource_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), attributes.key, arrayEnumerateUniq(attributes.key)) AS resource_keys, arrayFilter((x, n) -> (n = 1), attributes.value, arrayEnumerateUniq(attributes.key)) AS resource_values FROM (SELECT part.resource.attributes AS attributes, arrayFlatten(part.scopeSpans.spans) AS records FROM telemetry.otlp_spans ARRAY JOIN JSONExtract(request, 'resourceSpans', 'Array(Tuple(resource Tuple(attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))), scopeSpans Array(Tuple(spans Array(Tuple(traceId String, spanId String, attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String))), events Array(Tuple(timeUnixNano UInt64, name String, attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))))))))))') AS part))))) ARRAY JOIN records AS record WHERE notEmpty(record.events))) ARRAY JOIN events AS event))));

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_spans_errors_mv TO telemetry.otel_kafka_errors
AS SELECT now() AS Time,
    topic AS Topic,
    partition AS Partition,
    message_offset AS Offset,
    if(error = '', request, message) AS Message,
    if(error = '', 'JSON without an array resourceSpans', error) AS Error
FROM telemetry.otlp_spans
WHERE (error != '') OR (JSONType(request, 'resourceSpans') != 'Array');

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_logs_rows_mv TO telemetry.events_raw
AS SELECT fromUnixTimestamp64Nano(greatest(toInt64(if(record.timeUnixNano = 0, record.observedTimeUnixNano, record.timeUnixNano)), -9223372036000000000), 'UTC') AS event_ts,
    type AS event_type,
    if(replaceAll(record.traceId, '0', '') = '', '', lower(record.traceId)) AS trace_id,
    if(replaceAll(record.spanId, '0', '') = '', '', lower(record.spanId)) AS span_id,
    resource_service_name AS service_name,
    arrayFirst(x -> (x != ''), [own_map['tenant.id'], own_map['tenant_id'], own_map['organization.id'], resource_tenant_id]) AS tenant_id,
    arrayFirst(x -> (x != ''), [own_map['deployment.environment.name'], own_map['deployment.environment'], own_map['langfuse.environment'], own_map['env'], resource_env]) AS env,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.response.model'], own_map['gen_ai.request.model'], own_map['llm.model_name'], own_map['llm.response.model_name'], own_map['llm.request.model_name'], own_map['embedding.model_name'], own_map['reranker.model_name'], own_map['langfuse.observation.model.name'], own_map['model'], resource_model]) AS model,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.tool.name'], own_map['tool.name'], own_map['tool_call.function.name'], if(own_map['traceloop.span.kind'] = 'tool', own_map['traceloop.entity.name'], ''), own_map['tool_name'], resource_tool_name]) AS tool_name,
    arrayFirst(x -> (x != ''), [own_map['gen_ai.conversation.id'], own_map['session.id'], own_map['langfuse.session.id'], resource_session_id]) AS session_id,
    arrayFirst(x -> (x != ''), [own_map['user.id'], own_map['langfuse.user.id'], own_map['enduser.id'], own_map['llm.user'], own_map['user_id'], resource_user_id]) AS user_id,
    toFloat64OrNull(arrayFirst(x -> (match(x, '^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$') AND isFinite(toFloat64OrZero(x))), [if(own_map['gen_ai.usage.cost.currency'] = 'USD', own_map['gen_ai.usage.cost.amount'], ''), own_map['gen_ai.usage.cost'], own_map['gen_ai.usage.cost_usd'], own_map['gen_ai.usage.cost.total'], own_map['llm.cost.total'], JSONExtract(own_map['langfuse.observation.cost_details'], 'total', 'String'), own_map['cost_usd'], own_map['cost.usd'], if(own_map['event.name'] = 'api_request', own_map['cost'], ''), if(own_map['event.name'] = 'claude_code.api_request', own_map['cost'], '')])) AS cost_usd,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.input_tokens'], own_map['gen_ai.usage.prompt_tokens'], own_map['llm.token_count.prompt'], own_map['input_tokens'], own_map['tokens.prompt'], JSONExtract(own_map['langfuse.observation.usage_details'], 'input', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'prompt_tokens', 'String')])) AS tokens_prompt,
    toUInt64OrNull(arrayFirst(x -> (match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x))), [own_map['gen_ai.usage.output_tokens'], own_map['gen_ai.usage.completion_tokens'], own_map['llm.token_count.completion'], own_map['output_tokens'], own_map['tokens.completion'], JSONExtract(own_map['langfuse.observation.usage_details'], 'output', 'String'), JSONExtract(own_map['langfuse.observation.usage_details'], 'completion_tokens', 'String')])) AS tokens_completion,
    concat('{', arrayStringConcat(arrayFilter(x -> (x != ''), arraySort((x, n) -> n, arrayConcat(own_members, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_members, resource_keys)), arrayConcat(own_keys, arrayFilter((x, n) -> (NOT has(own_keys, n)), resource_keys, resource_keys)))), ','), '}') AS payload_json
FROM (SELECT *, mapFromArrays(own_keys, own_texts) AS own_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), own_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue, own_texts)) AS own_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), own_values.stringValue, own_values.boolValue, own_values.intValue, own_values.doubleValue, own_values.bytesValue, own_values.arrayValue, own_values.kvlistValue) AS own_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), arrayConcat(keys, if(has_body, ['body'], [])), arrayEnumerateUniq(arrayConcat(keys, if(has_body, ['body'], [])))) AS own_keys, arrayFilter((x, n) -> (n = 1), arrayConcat(`values`, if(has_body, [record.body], [])), arrayEnumerateUniq(arrayConcat(keys, if(has_body, ['body'], [])))) AS own_values FROM (SELECT *, (body_text != type) AND (concat(body_text, record.body.boolValue, record.body.intValue, record.body.doubleValue, record.body.bytesValue, record.body.arrayValue, record.body.kvlistValue) != '') AS has_body FROM (SELECT *, arrayFirst(x -> (x != ''), [record.eventName, if(match(body_text, '^(?:gen_ai[.]|claude_code[.])[A-Za-z0-9_.-]*$'), body_text, ''), ifNull(strings[indexOf(keys, 'event.name')], ''), ifNull(strings[indexOf(keys, 'event_name')], ''), if(arrayExists(x -> startsWith(x, 'gen_ai.'), keys), 'gen_ai', ''), if(arrayExists(x -> startsWith(x, 'claude_code.'), keys), 'claude_code', '')]) AS type FROM (SELECT *, record, ifNull(record.body.stringValue, '') AS body_text, record.attributes.key AS keys, record.attributes.value AS `values`, record.attributes.value.stringValue AS strings FROM (SELECT *, resource_map['service.name'] AS resource_service_name, arrayFirst(x -> (x != ''), [resource_map['tenant.id'], resource_map['tenant_id'], resource_map['organization.id'], '']) AS resource_tenant_id, arrayFirst(x -> (x != ''), [resource_map['deployment.environment.name'], resource_map['deployment.environment'], resource_map['langfuse.environment'], resource_map['env'], '']) AS resource_env, arrayFirst(x -> (x != ''), [resource_map['gen_ai.response.model'], resource_map['gen_ai.request.model'], resource_map['llm.model_name'], resource_map['llm.response.model_name'], resource_map['llm.request.model_name'], resource_map['embedding.model_name'], resource_map['reranker.model_name'], resource_map['langfuse.observation.model.name'], resource_map['model'], '']) AS resource_model, arrayFirst(x -> (x != ''), [resource_map['gen_ai.tool.name'], resource_map['tool.name'], resource_map['tool_call.function.name'], if(resource_map['traceloop.span.kind'] = 'tool', resource_map['traceloop.entity.name'], ''), resource_map['tool_name'], '']) AS resource_tool_name, arrayFirst(x -> (x != ''), [resource_map['gen_ai.conversation.id'], resource_map['session.id'], resource_map['langfuse.session.id'], '']) AS resource_session_id, arrayFirst(x -> (x != ''), [resource_map['user.id'], resource_map['langfuse.user.id'], resource_map['enduser.id'], resource_map['llm.user'], resource_map['user_id'], '']) AS resource_user_id FROM (SELECT *, mapFromArrays(resource_keys, resource_texts) AS resource_map, arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), resource_keys, arrayMap((s, b, i, d, y, a, k, x) -> multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), match(d, '^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$'), d, toJSONString(d)), x), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue, resource_texts)) AS resource_members FROM (SELECT *, arrayMap((s, b, i, d, y, a, k) -> multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'), y != '', y, a != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"arrayValue":', a, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"arrayValue":', a, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], k != '', arrayMap(p -> if(isValidJSON(p), p, concat('{"kvlistValue":', k, '}')), [translate(translate(arrayFold((x, i) -> if(position(x, '{') = 0, x, replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(x, '\\{"key":("(?:[^"\\\\]|\\\\.)*"),"value":([^{}\\[\\]]+)\\}', '\\1:\\2'), '\\{"arrayValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(7), '\\1', char(8))), '\\{"kvlistValue":\\{"values":\\[([^{}\\[\\]]*)\\]\\}\\}', concat(char(5), '\\1', char(6)))), range(12), replaceAll(replaceAll(replaceAll(replaceAll(replaceRegexpAll(replaceAll(replaceAll(replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(arrayStringConcat(arrayMap(t -> if(startsWith(t, '"'), translate(t, '{}[]', char(1, 2, 3, 4)), t), extractAll(concat('{"kvlistValue":', k, '}'), '"(?:[^"\\\\]|\\\\.)*"|[^"]+'))), '\\{"doubleValue":"?(-?[0-9]+)"?\\}', '\\1.0'), '\\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\\}', '\\1e+\\2'), '\\{"(?:stringValue|bytesValue)":("(?:[^"\\\\]|\\\\.)*")\\}|\\{"boolValue":(true|false)\\}|\\{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\\}|\\{"doubleValue":("NaN"|"-?Infinity")\\}', '\\1\\2\\3\\4'), '"arrayValue":{}', '"arrayValue":{"values":[]}'), '"kvlistValue":{}', '"kvlistValue":{"values":[]}'), '\\{"key":"(?:[^"\\\\]|\\\\.)*"(?:,"value":\\{\\})?\\}', char(9)), concat(char(9), ','), ''), concat(',', char(9)), ''), char(9), ''), '{}', 'null')), char(5, 6, 7, 8), '{}[]'), char(1, 2, 3, 4), '{}[]')])[1], ''), resource_values.stringValue, resource_values.boolValue, resource_values.intValue, resource_values.doubleValue, resource_values.bytesValue, resource_values.arrayValue, resource_values.kvlistValue) AS resource_texts FROM (SELECT *, arrayFilter((x, n) -> (n = 1), attributes.key, arrayEnumerateUniq(attributes.key)) AS resource_keys, arrayFilter((x, n) -> (n = 1), attributes.value, arrayEnumerateUniq(attributes.key)) AS resource_values FROM (SELECT part.resource.attributes AS attributes, arrayFlatten(part.scopeLogs.logRecords) AS records FROM telemetry.otlp_logs ARRAY JOIN JSONExtract(request, 'resourceLogs', 'Array(Tuple(resource Tuple(attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))), scopeLogs Array(Tuple(logRecords Array(Tuple(timeUnixNano UInt64, observedTimeUnixNano UInt64, eventName String, traceId String, spanId String, body Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String), attributes Array(Tuple(key String, value Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue String, arrayValue String, kvlistValue String)))))))))') AS part))))) ARRAY JOIN records AS record)) WHERE type != ''))));

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_logs_errors_mv TO telemetry.otel_kafka_errors
AS SELECT now() AS Time,
    topic AS Topic,
    partition AS Partition,
    message_offset AS Offset,
    if(error = '', request, message) AS Message,
    if(error = '', 'JSON without an array resourceLogs', error) AS Error
FROM telemetry.otlp_logs
WHERE (error != '') OR (JSONType(request, 'resourceLogs') != 'Array');

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_logs_mv TO telemetry.otlp_logs
AS SELECT raw AS request,
    _topic AS topic,
    _partition AS partition,
    _offset AS message_offset,
    _raw_message AS message,
    _error AS error
FROM telemetry.otlp_logs_kafka;

CREATE MATERIALIZED VIEW IF NOT EXISTS telemetry.otlp_spans_mv TO telemetry.otlp_spans
AS SELECT raw AS request,
    _topic AS topic,
    _partition AS partition,
    _offset AS message_offset,
    _raw_message AS message,
    _error AS error
FROM telemetry.otlp_spans_kafka;

-- Nobody can log in as agents_reader and agents_ingest until it is said how, and from where:
-- ALTER USER agents_reader IDENTIFIED BY '...' HOST IP '10.0.0.0/8'

CREATE SETTINGS PROFILE IF NOT EXISTS agents_read SETTINGS
    readonly = 2,
    max_execution_time = 60 MIN 1 MAX 300,
    max_memory_usage = 4000000000 MIN 1 MAX 4000000000,
    max_rows_to_read = 2000000000 MIN 1 MAX 2000000000,
    max_bytes_to_read = 200000000000 MIN 1 MAX 200000000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_result_bytes = 200000000 MIN 1 MAX 200000000,
    max_concurrent_queries_for_user = 20 CONST;
CREATE ROLE IF NOT EXISTS agents_read SETTINGS PROFILE 'agents_read';
GRANT SELECT ON telemetry.spans_raw TO agents_read;
GRANT SELECT ON telemetry.events_raw TO agents_read;
GRANT SELECT ON telemetry.spans_minute TO agents_read;
GRANT SELECT ON telemetry.cost_minute TO agents_read;
GRANT SELECT ON telemetry.otel_kafka_errors TO agents_read;
CREATE USER IF NOT EXISTS agents_reader IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT agents_read TO agents_reader;

CREATE SETTINGS PROFILE IF NOT EXISTS agents_insert SETTINGS
    async_insert = 1,
    wait_for_async_insert = 1 CONST,
    max_execution_time = 300 MIN 1 MAX 3600,
    max_memory_usage = 4000000000 MIN 1 MAX 8000000000,
    max_concurrent_queries_for_user = 100 CONST;
CREATE ROLE IF NOT EXISTS agents_insert SETTINGS PROFILE 'agents_insert';
GRANT INSERT ON telemetry.spans_raw TO agents_insert;
GRANT INSERT ON telemetry.events_raw TO agents_insert;
CREATE USER IF NOT EXISTS agents_ingest IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' HOST NONE;
GRANT agents_insert TO agents_ingest;
