"""What each panel of deploy/agents/grafana/dashboards shows of agents_data.Store, computed without SQL.

PANELS: (uid of the dashboard, title of the panel) -> a function from a View to rows (dictionaries, in order where the panel
is a table). A number may be a Quantile, a text a set of those that may stand there."""

import collections
import math

from agents_data import NS

TOKENS = ("tokens_prompt", "tokens_completion", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning")
PANELS = {}


class Quantile:
    """A t-digest tells quantiles about: what it says must lie between values near that rank."""

    def __init__(self, values, level):
        values, rank = sorted(values), level * (len(values) - 1)
        spread = 1 + 0.03 * len(values)
        self.low = values[max(0, math.floor(rank - spread))]
        self.high = values[min(len(values) - 1, math.ceil(rank + spread))]

    def __eq__(self, found):
        slack = 1e-6 * max(abs(self.low), abs(self.high))  # they are 32 bits wide
        return found is not None and self.low - slack <= found <= self.high + slack

    def __repr__(self):
        return f"{self.low}..{self.high}"


class View:
    """What is chosen of the store: the rows that SQL with time filter and variables reads."""

    def __init__(self, store, begin, end, interval, variables):
        """Times in whole seconds."""
        self.store, self.begin, self.end, self.interval, self.variables = store, begin, end, interval, variables
        self.spans = [row for row in store.spans if self.chosen(row) and begin * NS <= row["start_ts"] <= end * NS]
        self.events = [row for row in store.events if self.chosen(row) and begin * NS <= row["event_ts"] <= end * NS]
        # Of the rollups: by minute.
        self.minute_spans = [row for row in store.spans if self.chosen(row) and begin <= minute(row) <= end]
        self.calls = [row for row in (*store.spans, *store.events)
                      if row["model_call"] and self.chosen(row) and begin <= minute(row) <= end]
        now = end // 60 * 60
        self.calls_now = [row for row in (*store.spans, *store.events)
                          if row["model_call"] and self.chosen(row) and now - 300 <= minute(row) < now]
        self.trace = [row for row in store.spans if row["trace_id"] == variables.get("trace_id") and begin * NS <= row["start_ts"] <= end * NS]

    def chosen(self, row):
        for variable, column in (("tenant", "tenant_id"), ("env", "env"), ("service", "service_name")):
            values = self.variables[variable]
            if values != ["$__all"] and (row[column] or "(none)") not in values:
                return False
        return True

    def series(self, rows, labels, value):
        """Rows of a time series: of each point of time and labels (name -> function of a row), value(rows)."""
        points = groups(rows, lambda row: (time(row) // NS // self.interval * self.interval, *(label(row) for label in labels.values())))
        return [{"time": at, **dict(zip(labels, texts)), **value(found)} for (at, *texts), found in sorted(points.items())]


def panel(uid, *titles):
    def add(function):
        for title in titles:
            PANELS[uid, title] = function
        return function
    return add


def time(row):
    return row["start_ts"] if "start_ts" in row else row["event_ts"]


def minute(row):
    return time(row) // NS // 60 * 60


def groups(rows, key):
    found = collections.defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def top(rows, column, rank, count=10):
    """Values of a column, those that rank highest first."""
    found = groups(rows, lambda row: row[column])
    return sorted(found, key=lambda value: (-rank(found[value]), value))[:count]


def often(rows, column):
    """Those with one of the ten values that are there most."""
    shown = top(rows, column, len)
    return [row for row in rows if row[column] in shown]


def named(column):
    return lambda row: row[column] or "(none)"


def column(name):
    return lambda row: row[name]


def errors(rows):
    return sum(row["status_code"] == "ERROR" for row in rows)


def error_rate(rows):
    return errors(rows) / len(rows) if rows else None


def total(rows, name):
    return math.fsum(row.get(name) or 0 for row in rows)


def unknown(rows):
    return sum(row["cost_usd"] is None for row in rows)


def cost(rows):
    """None where there are calls, but none of a known cost."""
    return None if rows and unknown(rows) == len(rows) else total(rows, "cost_usd")


def cost_a_call(rows):
    known = len(rows) - unknown(rows)
    return total(rows, "cost_usd") / known if known else None


def durations(rows, level):
    return Quantile([row["duration_ms"] for row in rows], level) if rows else None


def cache_read(rows):
    """Of spans a column; of events it is in the payload, as text."""
    return total(rows, "tokens_cache_read") + math.fsum(float(row.get("payload_json", {}).get("cache_read_tokens", 0)) for row in rows)


def tokens(rows, names):
    return {name.removeprefix("tokens_"): cache_read(rows) if name == "tokens_cache_read" else total(rows, name) for name in names}


def distinct(rows, name):
    return len({row[name] for row in rows} - {""})


OVERVIEW, COST, TOOLS, SESSIONS, TRACE = "agents-overview", "agents-cost", "agents-tools", "agents-sessions", "agents-trace"

panel(OVERVIEW, "Error rate")(lambda view: [{"error_rate": error_rate(view.minute_spans)}])
panel(OVERVIEW, "P95 duration")(lambda view: [{"p95": durations(view.minute_spans, 0.95)}])
panel(OVERVIEW, "Traces")(lambda view: [{"traces": distinct(view.minute_spans, "trace_id")}])
panel(OVERVIEW, "Cost an hour, now")(
    lambda view: [{"cost_an_hour": None if cost(view.calls_now) is None else cost(view.calls_now) * 12}])
panel(OVERVIEW, "Tokens a minute, now")(
    lambda view: [{"tokens_a_minute": (total(view.calls_now, "tokens_prompt") + total(view.calls_now, "tokens_completion")) / 5}])
for uid in (OVERVIEW, COST):
    panel(uid, "Cost")(lambda view: [{"cost": cost(view.calls)}])


@panel(OVERVIEW, "Good spans")
def good(view):
    return [{"good": 1 - error_rate(view.minute_spans) if view.minute_spans else None}]


@panel(OVERVIEW, "Error budget left")
def budget(view):
    allowed = 1 - float(view.variables["slo"])
    return [{"budget_left": 1 - error_rate(view.minute_spans) / allowed if view.minute_spans else None}]


@panel(OVERVIEW, "Error budget burn rate")
def burn_rate(view):
    allowed = 1 - float(view.variables["slo"])
    return view.series(view.minute_spans, {}, lambda rows: {"burn_rate": error_rate(rows) / allowed})


@panel(OVERVIEW, "Duration of spans")
def quantiles(view):
    levels = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
    return view.series(view.minute_spans, {}, lambda rows: {name: durations(rows, level) for name, level in levels.items()})


@panel(OVERVIEW, "P95 duration by operation")
def by_operation(view):
    return view.series(often(view.minute_spans, "operation"), {"what": named("operation")},
                       lambda rows: {"p95": durations(rows, 0.95)})


@panel(OVERVIEW, "Error rate by service")
def by_service(view):
    return view.series(view.minute_spans, {"service": named("service_name")}, lambda rows: {"error_rate": error_rate(rows)})


@panel(OVERVIEW, "Throughput")
def throughput(view):
    return view.series(view.minute_spans, {}, lambda rows: {"traces_a_minute": distinct(rows, "trace_id") * 60 / view.interval,
                                                            "spans_a_minute": len(rows) * 60 / view.interval})


panel(OVERVIEW, "Cost over time")(lambda view: view.series(view.calls, {}, lambda rows: {"cost": total(rows, "cost_usd")}))
panel(OVERVIEW, "Tokens")(lambda view: view.series(
    view.calls, {}, lambda rows: {"prompt": total(rows, "tokens_prompt"), "completion": total(rows, "tokens_completion")}))

panel(COST, "Model calls")(lambda view: [{"calls": len(view.calls)}])
panel(COST, "Cost a call")(lambda view: [{"cost_a_call": cost_a_call(view.calls)}])
panel(COST, "Calls without a known cost")(
    lambda view: [{"without_cost": unknown(view.calls) / len(view.calls) if view.calls else None}])
panel(COST, "Cost by model")(
    lambda view: view.series(view.calls, {"which": named("model")}, lambda rows: {"cost": total(rows, "cost_usd")}))


@panel(COST, "Cost by tenant")
def by_tenant(view):
    shown = top(view.calls, "tenant_id", lambda rows: total(rows, "cost_usd"))
    return view.series([row for row in view.calls if row["tenant_id"] in shown], {"who": named("tenant_id")},
                       lambda rows: {"cost": total(rows, "cost_usd")})


@panel(COST, "Tokens by kind")
def tokens_by_kind(view):
    return view.series(view.calls, {}, lambda rows: tokens(rows, TOKENS))


@panel(COST, "Calls without a known cost, by model")
def unknown_by_model(view):
    return view.series([row for row in view.calls if row["cost_usd"] is None], {"which": named("model")},
                       lambda rows: {"calls": len(rows)})


def calls_table(rows, keys, kinds, more=lambda found: {}):
    """A row for each value of the keys (name -> function of a row), those with the highest known cost first."""
    found = groups(rows, lambda row: tuple(key(row) for key in keys.values()))
    order = sorted(found, key=lambda key: (-total(found[key], "cost_usd"), key))
    return [{**dict(zip(keys, key)), "model_calls": len(found[key]), "without_cost": unknown(found[key]), "cost": cost(found[key]),
             **tokens(found[key], kinds), **more(found[key])} for key in order]


@panel(COST, "Models")
def models(view):
    # Events have no column for the provider.
    return calls_table(view.calls, {"which": named("model"), "by_whom": lambda row: row.get("provider") or "(none)"}, TOKENS,
                       lambda rows: {"cost_a_call": cost_a_call(rows)})


@panel(COST, "Top tenants")
def tenants(view):
    whole = total(view.calls, "cost_usd")
    return calls_table(view.calls, {"who": named("tenant_id")}, TOKENS[:2],
                       lambda rows: {"cost_a_call": cost_a_call(rows),
                                     "share_of_cost": total(rows, "cost_usd") / whole if whole else None})


@panel(COST, "Tools that call models")
def calling_tools(view):
    return calls_table([row for row in view.calls if row["tool_name"]], {"tool_name": column("tool_name")}, TOKENS[:2])


def of_tools(view):
    return [row for row in view.spans if row["tool_name"] and not row["model_call"]]


def last_error(rows):
    return max(((row["start_ts"], row["status_message"]) for row in rows if row["status_code"] == "ERROR"), default=(0, ""))[1]


@panel(TOOLS, "Slowest tools")
def slowest(view):
    rows = [{"tool_name": tool, "uses": len(found), "errors": errors(found), "error_rate": error_rate(found),
             "p50": durations(found, 0.5), "p95": durations(found, 0.95), "longest": max(row["duration_ms"] for row in found)}
            for tool, found in groups(of_tools(view), column("tool_name")).items()]
    return sorted(rows, key=lambda row: -row["longest"])  # those of one tool are all longer than those of another


@panel(TOOLS, "Most failing tools")
def failing(view):
    rows = [{"tool_name": tool, "uses": len(found), "errors": errors(found), "error_rate": error_rate(found), "last_error": last_error(found)}
            for tool, found in groups(of_tools(view), column("tool_name")).items() if errors(found)]
    return sorted(rows, key=lambda row: (-row["errors"], -row["error_rate"], row["tool_name"]))


@panel(TOOLS, "Errors of tools")
def tool_errors(view):
    return view.series([row for row in of_tools(view) if row["status_code"] == "ERROR"], {"tool_name": column("tool_name")},
                       lambda rows: {"errors": len(rows)})


@panel(TOOLS, "P95 duration of tools")
def tool_durations(view):
    return view.series(often(of_tools(view), "tool_name"), {"tool_name": column("tool_name")},
                       lambda rows: {"p95": durations(rows, 0.95)})


@panel(TOOLS, "Tools that report by events")
def tool_events(view):
    rows = []
    for tool, found in groups([row for row in view.events if row["event_type"] == "claude_code.tool_result"], column("tool_name")).items():
        failed = sum(row["payload_json"]["success"] == "false" for row in found)
        rows.append({"tool_name": tool, "uses": len(found), "errors": failed, "error_rate": failed / len(found),
                     "p95": durations([{"duration_ms": float(row["payload_json"]["duration_ms"])} for row in found
                                           if "duration_ms" in row["payload_json"]], 0.95)})
    return sorted(rows, key=lambda row: (-row["errors"], -row["uses"], row["tool_name"]))


def span_calls(view):
    return [row for row in view.spans if row["model_call"]]


@panel(TOOLS, "Errors of model calls")
def model_errors(view):
    failed = [row for row in span_calls(view) if row["status_code"] == "ERROR"]
    failed += [row for row in view.events if row["event_type"] == "claude_code.api_error"]
    return view.series(failed, {"which": named("model")}, lambda rows: {"errors": len(rows)})


@panel(TOOLS, "P95 duration of model calls")
def model_durations(view):
    return view.series(often(span_calls(view), "model"), {"which": named("model")}, lambda rows: {"p95": durations(rows, 0.95)})


@panel(TOOLS, "Models by errors")
def models_by_errors(view):
    rows = [{"which": model, "model_calls": len(found), "errors": errors(found), "error_rate": error_rate(found),
             "p50": durations(found, 0.5), "p95": durations(found, 0.95), "last_error": last_error(found)}
            for model, found in groups(span_calls(view), named("model")).items()]
    return sorted(rows, key=lambda row: (-row["errors"], -row["model_calls"], row["which"]))


def both_calls(view):
    return [row for row in (*view.spans, *view.events) if row["model_call"]]


def known_cost(rows):
    """As sum() of SQL: None where no row has one."""
    return None if all(row["cost_usd"] is None for row in rows) else total(rows, "cost_usd")


def ranked(rows, keys):
    return sorted(rows, key=lambda row: (row["cost"] is None, -(row["cost"] or 0), -row["model_calls"], *(row[key] for key in keys)))[:50]


def sums(rows):
    return {"model_calls": len(rows), "without_cost": unknown(rows), "cost": known_cost(rows),
            **tokens(rows, TOKENS[:2])}


@panel(SESSIONS, "Agents")
def agents(view):
    rows = []
    for (agent, service), found in groups([row for row in view.spans if row["agent_name"]],
                                          lambda row: (row["agent_name"], row["service_name"] or "(none)")).items():
        calls = [row for row in found if row["model_call"]]
        rows.append({"agent_name": agent, "service": service, "spans": len(found), "errors": errors(found),
                     "error_rate": error_rate(found), "p95": durations(found, 0.95), "sessions": distinct(found, "session_id"),
                     "users": distinct(found, "user_id"), "model_calls": len(calls), "cost": known_cost(calls)})
    return sorted(rows, key=lambda row: (-row["spans"], row["agent_name"], row["service"]))


@panel(SESSIONS, "Top users")
def users(view):
    found = groups([row for row in both_calls(view) if row["user_id"]], column("user_id"))
    return ranked([{"user_id": user, **sums(rows), "sessions": distinct(rows, "session_id")} for user, rows in found.items()], ["user_id"])


@panel(SESSIONS, "Top sessions")
def sessions(view):
    found = groups([row for row in both_calls(view) if row["session_id"]], lambda row: (row["session_id"], row["tenant_id"] or "(none)"))
    return ranked([{"session_id": session, "who": who, "one_user": {row["user_id"] for row in rows},
                    "first_call": min(map(time, rows)), "last_call": max(map(time, rows)), **sums(rows)}
                   for (session, who), rows in found.items()], ["session_id", "who"])


@panel(SESSIONS, "Sessions and users")
def sessions_over_time(view):
    return view.series(view.spans, {}, lambda rows: {"sessions": distinct(rows, "session_id"), "users": distinct(rows, "user_id")})


@panel(SESSIONS, "Events by type")
def event_types(view):
    return view.series(view.events, {"event_type": column("event_type")}, lambda rows: {"events": len(rows)})


def length(rows):
    """ms from the first start to the last end."""
    return (max(row["start_ts"] + max(0, round(row["duration_ms"] * 1e6)) for row in rows) - min(row["start_ts"] for row in rows)) / 1e6


def traces(view):
    rows = []
    for trace, found in groups(view.spans, column("trace_id")).items():
        calls = [row for row in found if row["model_call"]]
        start = min(row["start_ts"] for row in found)
        rows.append({"trace_id": trace, "start": start, "duration": length(found),
                     "root": {row["span_name"] for row in found if not row["parent_span_id"]} or {""},
                     "service": {row["service_name"] for row in found}, "who": {row["tenant_id"] or "(none)" for row in found},
                     "spans": len(found), "errors": errors(found), "model_calls": len(calls), "cost": known_cost(calls),
                     "an_error": {row["status_message"] for row in found if row["status_code"] == "ERROR"} or {""},
                     "from_ms": {str(start // 1_000_000 - 3_600_000)},
                     "to_ms": {str(int(start + length(found) * 1e6) // 1_000_000 + change + 3_600_000) for change in (-1, 0, 1)}})
    return rows


@panel(TRACE, "Recent traces")
def recent_traces(view):
    return sorted(traces(view), key=lambda row: (-row["start"], row["trace_id"]))[:50]


@panel(TRACE, "Slowest traces")
def slowest_traces(view):
    return sorted(traces(view), key=lambda row: (-row["duration"], row["trace_id"]))[:50]


@panel(TRACE, "Failing traces")
def failing_traces(view):
    return sorted((row for row in traces(view) if row["errors"]), key=lambda row: (-row["errors"], -row["start"], row["trace_id"]))[:50]


def trace_calls(view):
    return [row for row in view.trace if row["model_call"]]


panel(TRACE, "Duration")(lambda view: [{"duration": length(view.trace) if view.trace else None}])
panel(TRACE, "Model calls")(lambda view: [{"model_calls": len(trace_calls(view))}])
panel(TRACE, "Tokens")(
    lambda view: [{"tokens": total(trace_calls(view), "tokens_prompt") + total(trace_calls(view), "tokens_completion")}])
panel(TRACE, "Cost")(lambda view: [{"cost": known_cost(trace_calls(view))}])


@panel(TRACE, "Spans as a tree")
def tree(view):
    return [{"traceID": row["trace_id"], "spanID": row["span_id"], "parentSpanID": row["parent_span_id"],
             "serviceName": row["service_name"], "operationName": row["span_name"], "startTime": row["start_ts"] / 1e6,
             "duration": row["duration_ms"], "kind": row["kind"], "statusCode": {"UNSET": 0, "OK": 1, "ERROR": 2}[row["status_code"]],
             "statusMessage": row["status_message"], "tags": [{"key": key, "value": value} for key, value in row["attributes"].items()],
             "serviceTags": [{"key": key, "value": row[key]} for key in ("tenant_id", "env")]}
            for row in sorted(view.trace, key=lambda row: (row["start_ts"], row["span_id"]))]


@panel(TRACE, "Spans")
def spans(view):
    ordered, same = sorted(view.trace, key=lambda row: (row["start_ts"], row["span_id"])), (
        "span_name", "operation", "status_code", "status_message", "agent_name", "tool_name", "model", "tokens_prompt",
        "tokens_completion", "cost_source", "span_id", "parent_span_id")
    return [{"after": (row["start_ts"] - ordered[0]["start_ts"]) / 1e6, "duration": row["duration_ms"],
             **{name: row[name] for name in same}, "model_call": "yes" if row["model_call"] else "", "cost": row["cost_usd"]}
            for row in ordered]


@panel(TRACE, "Events")
def events(view):
    found = [row for row in view.store.events if row["trace_id"] == view.variables["trace_id"] != ""
             and view.begin * NS <= row["event_ts"] <= view.end * NS]
    return [{"event_ts": row["event_ts"], "event_type": row["event_type"], "span_id": row["span_id"], "model": row["model"],
             "tool_name": row["tool_name"], "cost": row["cost_usd"], "payload": '{"index":0}'}
            for row in sorted(found, key=lambda row: (row["event_ts"], row["event_type"], row["span_id"]))]
