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
        self.trace = [row for row in store.spans
                      if row["trace_id"] == variables["trace_id"] and begin * NS <= row["start_ts"] <= end * NS]

    def chosen(self, row):
        for variable, column in (("tenant", "tenant_id"), ("env", "env"), ("service", "service_name")):
            values = self.variables[variable]
            if values != ["$__all"] and (row[column] or "(none)") not in values:
                return False
        return True

    def series(self, rows, labels, value):
        """Rows of a time series: of each point of time and labels (name -> function of a row), value(rows)."""
        points = groups(rows, lambda row: (time(row) // NS // self.interval * self.interval,
                                           *(label(row) for label in labels.values())))
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
    payloads = [row.get("payload_json", {}) for row in rows]
    return total(rows, "tokens_cache_read") + sum(int(payload.get("cache_read_tokens", 0)) for payload in payloads)


def tokens(rows, names):
    return {name.removeprefix("tokens_"): cache_read(rows) if name == "tokens_cache_read" else total(rows, name)
            for name in names}


def distinct(rows, name):
    return len({row[name] for row in rows} - {""})


OVERVIEW, COST = "agents-overview", "agents-cost"

panel(OVERVIEW, "Error rate")(lambda view: [{"error_rate": error_rate(view.minute_spans)}])
panel(OVERVIEW, "P95 duration")(lambda view: [{"p95": durations(view.minute_spans, 0.95)}])
panel(OVERVIEW, "Traces")(lambda view: [{"traces": distinct(view.minute_spans, "trace_id")}])
panel(OVERVIEW, "Cost an hour, now")(
    lambda view: [{"cost_an_hour": None if cost(view.calls_now) is None else cost(view.calls_now) * 12}])
panel(OVERVIEW, "Tokens a minute, now")(
    lambda view: [{"tokens_a_minute": sum(tokens(view.calls_now, TOKENS[:2]).values()) / 5}])
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
    return view.series(view.minute_spans, {},
                       lambda rows: {name: durations(rows, level) for name, level in levels.items()})


@panel(OVERVIEW, "P95 duration by operation")
def by_operation(view):
    return view.series(often(view.minute_spans, "operation"), {"what": named("operation")},
                       lambda rows: {"p95": durations(rows, 0.95)})


@panel(OVERVIEW, "Error rate by service")
def by_service(view):
    return view.series(view.minute_spans, {"service": named("service_name")},
                       lambda rows: {"error_rate": error_rate(rows)})


@panel(OVERVIEW, "Throughput")
def throughput(view):
    return view.series(view.minute_spans, {},
                       lambda rows: {"traces_a_minute": distinct(rows, "trace_id") * 60 / view.interval,
                                     "spans_a_minute": len(rows) * 60 / view.interval})


panel(OVERVIEW, "Cost over time")(lambda view: view.series(view.calls, {}, lambda rows: {"cost": total(rows, "cost_usd")}))
panel(OVERVIEW, "Tokens")(lambda view: view.series(view.calls, {}, lambda rows: tokens(rows, TOKENS[:2])))


@panel(OVERVIEW, "Messages that are not stored")
def lost(view):
    found = groups([row for row in view.store.lost if view.begin <= row[0] <= view.end], lambda row: row[1])
    return [{"topic": topic, "messages": len(rows), "last_error": max(rows)[2], "last_seen": max(rows)[0]}
            for topic, rows in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]


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
    return [{**dict(zip(keys, key)), "model_calls": len(found[key]), "without_cost": unknown(found[key]),
             "cost": cost(found[key]), **tokens(found[key], kinds), **more(found[key])} for key in order]


@panel(COST, "Models")
def models(view):
    # Events have no column for the provider.
    keys = {"which": named("model"), "by_whom": lambda row: row.get("provider") or "(none)"}
    return calls_table(view.calls, keys, TOKENS, lambda rows: {"cost_a_call": cost_a_call(rows)})


@panel(COST, "Top tenants")
def tenants(view):
    whole = total(view.calls, "cost_usd")
    return calls_table(view.calls, {"who": named("tenant_id")}, TOKENS[:2],
                       lambda rows: {"cost_a_call": cost_a_call(rows),
                                     "share_of_cost": total(rows, "cost_usd") / whole if whole else None})


@panel(COST, "Tools that call models")
def calling_tools(view):
    return calls_table([row for row in view.calls if row["tool_name"]], {"tool_name": column("tool_name")}, TOKENS[:2])
