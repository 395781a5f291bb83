"""agents_expected.py for the dashboards that read the raw tables: tools, sessions, traces. Adds to its PANELS."""

from agents_data import NS
from agents_expected import (Quantile, TOKENS, column, distinct, durations, error_rate, errors, groups, named, often, panel, time,
                             tokens, total, unknown)

TOOLS, SESSIONS, TRACE = "agents-tools", "agents-sessions", "agents-trace"


def of_tools(view):
    return [row for row in view.spans if row["tool_name"] and not row["model_call"]]


def last_error(rows):
    failed = [(row["start_ts"], row["status_message"]) for row in rows if row["status_code"] == "ERROR"]
    return max(failed, default=(0, ""))[1]


@panel(TOOLS, "Slowest tools")
def slowest(view):
    rows = [{"tool_name": tool, "uses": len(found), "errors": errors(found), "error_rate": error_rate(found),
        "p50": durations(found, 0.5), "p95": durations(found, 0.95), "longest": max(row["duration_ms"] for row in found)}
            for tool, found in groups(of_tools(view), column("tool_name")).items()]
    return sorted(rows, key=lambda row: -row["longest"])  # those of one tool are all longer than those of another


@panel(TOOLS, "Most failing tools")
def failing(view):
    rows = [{"tool_name": tool, "uses": len(found), "errors": errors(found), "error_rate": error_rate(found),
        "last_error": last_error(found)}
            for tool, found in groups(of_tools(view), column("tool_name")).items() if errors(found)]
    return sorted(rows, key=lambda row: (-row["errors"], -row["error_rate"], row["tool_name"]))


@panel(TOOLS, "Errors of tools")
def tool_errors(view):
    failed = [row for row in of_tools(view) if row["status_code"] == "ERROR"]
    return view.series(failed, {"tool_name": column("tool_name")}, lambda rows: {"errors": len(rows)})


@panel(TOOLS, "P95 duration of tools")
def tool_durations(view):
    return view.series(often(of_tools(view), "tool_name"), {"tool_name": column("tool_name")},
                  lambda rows: {"p95": durations(rows, 0.95)})


@panel(TOOLS, "Tools that report by events")
def tool_events(view):
    rows, results = [], [row for row in view.events if row["event_type"] == "claude_code.tool_result"]
    for tool, found in groups(results, column("tool_name")).items():
        failed = sum(row["payload_json"]["success"] == "false" for row in found)
        said = [float(row["payload_json"]["duration_ms"]) for row in found if "duration_ms" in row["payload_json"]]
        rows.append({"tool_name": tool, "uses": len(found), "errors": failed, "error_rate": failed / len(found),
                "p95": Quantile(said, 0.95) if said else None})
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
    return view.series(often(span_calls(view), "model"), {"which": named("model")},
                  lambda rows: {"p95": durations(rows, 0.95)})


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
    def rank(row):
        return row["cost"] is None, -(row["cost"] or 0), -row["model_calls"], *(row[key] for key in keys)

    return sorted(rows, key=rank)[:50]


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
    return ranked([{"user_id": user, **sums(rows), "sessions": distinct(rows, "session_id")}
                   for user, rows in found.items()], ["user_id"])


@panel(SESSIONS, "Top sessions")
def sessions(view):
    found = groups([row for row in both_calls(view) if row["session_id"]],
              lambda row: (row["session_id"], row["tenant_id"] or "(none)"))
    return ranked([{"session_id": session, "who": who, "one_user": {row["user_id"] for row in rows},
               "first_call": min(map(time, rows)), "last_call": max(map(time, rows)), **sums(rows)}
                   for (session, who), rows in found.items()], ["session_id", "who"])


@panel(SESSIONS, "Sessions and users")
def sessions_over_time(view):
    return view.series(view.spans, {},
                  lambda rows: {"sessions": distinct(rows, "session_id"), "users": distinct(rows, "user_id")})


@panel(SESSIONS, "Events by type")
def event_types(view):
    return view.series(view.events, {"event_type": column("event_type")}, lambda rows: {"events": len(rows)})


def length(rows):
    """ms from the first start to the last end."""
    end = max(row["start_ts"] + max(0, round(row["duration_ms"] * 1e6)) for row in rows)
    return (end - min(row["start_ts"] for row in rows)) / 1e6


def traces(view):
    rows = []
    for trace, found in groups(view.spans, column("trace_id")).items():
        calls = [row for row in found if row["model_call"]]
        start = min(row["start_ts"] for row in found)
        end = int(start + length(found) * 1e6) // 1_000_000  # in ms, give or take one
        rows.append({"trace_id": trace, "start": start, "duration": length(found),
                "root": {row["span_name"] for row in found if not row["parent_span_id"]} or {""},
                "service": {row["service_name"] for row in found},
                "who": {row["tenant_id"] or "(none)" for row in found},
                "spans": len(found), "errors": errors(found), "model_calls": len(calls), "cost": known_cost(calls),
                "an_error": {row["status_message"] for row in found if row["status_code"] == "ERROR"} or {""},
                "from_ms": {str(start // 1_000_000 - 3_600_000)},
                "to_ms": {str(end + change + 3_600_000) for change in (-1, 0, 1)}})
    return rows


@panel(TRACE, "Recent traces")
def recent_traces(view):
    return sorted(traces(view), key=lambda row: (-row["start"], row["trace_id"]))[:50]


@panel(TRACE, "Slowest traces")
def slowest_traces(view):
    return sorted(traces(view), key=lambda row: (-row["duration"], row["trace_id"]))[:50]


@panel(TRACE, "Failing traces")
def failing_traces(view):
    failed = [row for row in traces(view) if row["errors"]]
    return sorted(failed, key=lambda row: (-row["errors"], -row["start"], row["trace_id"]))[:50]


def trace_calls(view):
    return [row for row in view.trace if row["model_call"]]


panel(TRACE, "Duration")(lambda view: [{"duration": length(view.trace) if view.trace else None}])
panel(TRACE, "Model calls")(lambda view: [{"model_calls": len(trace_calls(view))}])
panel(TRACE, "Tokens")(lambda view: [{"tokens": sum(tokens(trace_calls(view), TOKENS[:2]).values())}])
panel(TRACE, "Cost")(lambda view: [{"cost": known_cost(trace_calls(view))}])


@panel(TRACE, "Spans as a tree")
def tree(view):
    return [{"traceID": row["trace_id"], "spanID": row["span_id"], "parentSpanID": row["parent_span_id"],
        "serviceName": row["service_name"], "operationName": row["span_name"], "startTime": row["start_ts"] / 1e6,
        "duration": row["duration_ms"], "kind": row["kind"],
        "statusCode": {"UNSET": 0, "OK": 1, "ERROR": 2}[row["status_code"]], "statusMessage": row["status_message"],
        "tags": [{"key": key, "value": value} for key, value in row["attributes"].items()],
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
