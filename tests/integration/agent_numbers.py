"""What a store of agents' telemetry must say of OTLP-JSON captures, worked out anew: by the rules of gf-otlp-agents(7), without the
program and its lists. Spans and events are dicts with the names of the tables' columns; sums are by the rollups' keys.
"""

import collections
import json
import math
import os
import re

TEXTS = {
    "tenant_id": ["tenant.id", "tenant_id", "organization.id"],
    "env": ["deployment.environment.name", "deployment.environment", "langfuse.environment", "env"],
    "operation": ["gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "llm.request.type", "langfuse.observation.type"],
    "model": ["gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name", "reranker.model_name",
              "langfuse.observation.model.name", "model"],
    "provider": ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"],
    "tool_name": ["gen_ai.tool.name", "tool.name", "traceloop.entity.name", "tool_name"],
    "session_id": ["gen_ai.conversation.id", "session.id"],
    "user_id": ["user.id", "enduser.id", "user_id"],
}
# A member of JSON behind a '#'.
USAGE = "langfuse.observation.usage_details#"
TOKENS = {
    "tokens_prompt": ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "input_tokens", "tokens.prompt",
                      USAGE + "input"],
    "tokens_completion": ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "output_tokens",
                          "tokens.completion", USAGE + "output"],
    "tokens_cache_read": ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                          "llm.token_count.prompt_details.cache_read", "cache_read_tokens"],
    "tokens_cache_write": ["gen_ai.usage.cache_creation.input_tokens", "llm.token_count.prompt_details.cache_write",
                           "cache_creation_tokens"],
    "tokens_reasoning": ["gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning"],
}
COST = ["gen_ai.usage.cost.amount", "gen_ai.usage.cost", "llm.cost.total", "langfuse.observation.cost_details#total", "cost_usd", "cost.usd",
        "cost"]
# Attributes that say something only beside another.
ONLY_WHERE = {"gen_ai.usage.cost.amount": ("gen_ai.usage.cost.currency", "USD"), "traceloop.entity.name": ("traceloop.span.kind", "tool"),
              "cost": ("event.name", "api_request")}
MODEL_CALLS = {"chat", "text_completion", "generate_content", "embeddings", "embedding", "llm", "generation", "reranker"}
NO_MODEL_CALLS = {"invoke_agent", "execute_tool", "agent", "chain", "tool", "retriever", "workflow", "task", "event"}


def documents(path):
    """The requests of a file: JSON documents, one behind the other."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document
        at += len(text[at:]) - len(text[at:].lstrip())


def captures(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".json") and name != "expected.json"]


def plain(value):
    """An AnyValue."""
    for kind, found in value.items():
        if kind == "arrayValue":
            return [plain(item) for item in found.get("values", [])]
        if kind == "kvlistValue":
            return attributes(found.get("values", []))
        return {"stringValue": str, "boolValue": bool, "intValue": int, "doubleValue": float, "bytesValue": str}[kind](found)
    return None


def attributes(pairs):
    found = {}
    for pair in pairs:
        found.setdefault(pair["key"], plain(pair.get("value", {})))
    return found


def said(names, own):
    """What the attributes say, in the order of the names."""
    for name in names:
        name, _, member = name.partition("#")
        if name in ONLY_WHERE and own.get(ONLY_WHERE[name][0]) != ONLY_WHERE[name][1]:
            continue
        value = own.get(name)
        if member and value:
            value = json.loads(value).get(member)
        if value not in (None, ""):
            yield value


def tokens(value):
    if isinstance(value, str) and re.fullmatch("[0-9]+", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 2**64 else None


def usd(value):
    if isinstance(value, str):
        if not re.fullmatch(r"-?[0-9]+([.][0-9]+)?(e-?[0-9]+)?", value):
            return None
        value = float(value)
    return float(value) if math.isfinite(value) else None


def first(values, read, store):
    for value in values:
        number = read(value)
        if number is not None:
            return number
        store.unread_numbers += 1
    return None


class Store:
    """spans, events, and what gave no row."""

    def __init__(self, paths):
        self.spans, self.events = [], []
        self.plain_logs = self.metric_points = self.unread_numbers = 0
        for path in paths:
            for request in documents(path):
                self.read(request)

    def read(self, request):
        for resource, record in self.records(request, "resourceSpans", "scopeSpans", "spans"):
            own = attributes(record.get("attributes", []))
            self.spans.append(self.span(resource, own, record))
            for event in record.get("events", []):
                mine = attributes(event.get("attributes", []))
                self.events.append(self.row([mine, own, resource], {
                    "event_type": event["name"], "trace_id": record["traceId"], "span_id": record["spanId"],
                    "event_ts": int(event.get("timeUnixNano", 0)) or int(record["startTimeUnixNano"])}))
        for resource, record in self.records(request, "resourceLogs", "scopeLogs", "logRecords"):
            own = attributes(record.get("attributes", []))
            name = self.event_name(own, record)
            if not name:
                self.plain_logs += 1
                continue
            self.events.append(self.row([own, resource], {
                "event_type": name, "event_ts": int(record.get("timeUnixNano", 0)) or int(record["observedTimeUnixNano"]),
                "trace_id": record.get("traceId", ""), "span_id": record.get("spanId", "")}))
        for _, metric in self.records(request, "resourceMetrics", "scopeMetrics", "metrics"):
            self.metric_points += sum(len(data["dataPoints"]) for data in metric.values() if isinstance(data, dict))

    @staticmethod
    def records(request, *levels):
        for resource in request.get(levels[0], []):
            own = attributes(resource.get("resource", {}).get("attributes", []))
            for scope in resource[levels[1]]:
                for record in scope.get(levels[2], []):
                    yield own, record

    @staticmethod
    def event_name(own, record):
        body = plain(record.get("body", {}))
        names = [record.get("eventName"), body if re.fullmatch(r"(gen_ai|claude_code)\.[\w.-]*", str(body)) else "", own.get("event.name")]
        names += [prefix for prefix in ("gen_ai", "claude_code") if any(name.startswith(prefix + ".") for name in own)]
        return next((name for name in names if name), None)

    def row(self, lists, row):
        """Texts of all lists, the nearest first; numbers of the record alone."""
        own, resource = lists[0], lists[-1]
        row["service_name"] = resource.get("service.name", "")
        for column, names in TEXTS.items():
            row[column] = str(next((value for some in lists for value in said(names, some)), ""))
        for column, names in TOKENS.items():
            row[column] = first(said(names, own), tokens, self)
        row["cost_usd"] = first(said(COST, own), usd, self)
        return row

    def span(self, resource, own, record):
        start, end = int(record["startTimeUnixNano"]), int(record.get("endTimeUnixNano", 0))
        row = self.row([own, resource], {
            "trace_id": record["traceId"], "span_id": record["spanId"], "parent_span_id": record.get("parentSpanId", ""),
            "span_name": record["name"], "start_ts": start, "end_ts": end, "duration_ms": (end - start) / 1e6 if end else 0.0,
            "status_code": ("UNSET", "OK", "ERROR")[record.get("status", {}).get("code", 0)]})
        row["operation"] = row["operation"] or record["name"]
        row["is_model_call"] = self.is_model_call(row)
        return row

    @staticmethod
    def is_model_call(row):
        operation = row["operation"].lower()
        if row["span_name"].startswith("claude_code.") or operation in NO_MODEL_CALLS:
            return False
        used = (row["tokens_prompt"], row["tokens_completion"], row["cost_usd"])
        if operation in MODEL_CALLS:
            return bool(row["model"]) or row["operation"] != row["span_name"]
        return bool(row["model"]) and any(value is not None for value in used)

    def calls(self):
        """Rows of model calls, each with the minute in which it begins, in seconds."""
        for row in self.spans:
            if row["is_model_call"]:
                yield {**row, "minute": minute(row["start_ts"])}
        for row in self.events:
            if row["event_type"] in ("claude_code.api_request", "api_request"):
                yield {**row, "minute": minute(row["event_ts"])}

    def cost_by(self, *key):
        """Key -> calls, calls_without_cost, tokens_..., cost_usd of cost_minute."""
        sums = {}
        for row in self.calls():
            total = sums.setdefault(tuple(row[name] for name in key), collections.Counter())
            total.update(calls=1, calls_without_cost=int(row["cost_usd"] is None), cost_usd=row["cost_usd"] or 0.0,
                         **{name: row[name] or 0 for name in TOKENS})
        return sums

    def spans_by(self, *key):
        """Key -> (spans, errors, durations in order, traces) of spans_minute."""
        groups = collections.defaultdict(list)
        for row in self.spans:
            row = {**row, "minute": minute(row["start_ts"])}
            groups[tuple(row[name] for name in key)].append(row)
        return {key: (len(rows), sum(row["status_code"] == "ERROR" for row in rows), sorted(row["duration_ms"] for row in rows),
                      len({row["trace_id"] for row in rows})) for key, rows in groups.items()}


def minute(nanoseconds):
    return nanoseconds // 10**9 // 60 * 60
