"""What Grafana and its ClickHouse plugin (4.x) make of a dashboard's SQL, and of its answers.

Written from the plugin's documentation and source (pkg/macros, CHDatasource.applyTemplateVariables) and from Grafana's: the
browser replaces $__conditionalAll and the variables, the server the macros; what comes back must be of a form that the
panel or the alert can use."""

import decimal
import glob
import json
import math
import os
import re

try:
    import yaml
except ImportError:
    yaml = None

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "agents", "grafana")
SOURCE = {"type": "grafana-clickhouse-datasource", "uid": "clickhouse-agents"}
ALL = ["$__all"]
FORMATS = {"timeseries": 0, "table": 1, "traces": 3}
NUMBER = re.compile(r"(Nullable\()?(U?Int\d+|Float\d+)\)?")
TEXT = re.compile(r"(LowCardinality\()?(Nullable\()?String\)*")
# date_time_output_format: times as seconds, whatever the engine's time zone. nan is told from null.
ANSWER = "FORMAT JSON SETTINGS output_format_json_quote_denormals = 1, date_time_output_format = 'unix_timestamp'"


def dashboards():
    found = {}
    for path in sorted(glob.glob(os.path.join(FOLDER, "dashboards", "*.json"))):
        with open(path, encoding="utf-8") as file:
            found[os.path.basename(path)] = json.load(file)
    return found


def rules():
    """Those of each group of the provisioning files, by uid."""
    found = {}
    for path in sorted(glob.glob(os.path.join(FOLDER, "alerting", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            for group in yaml.safe_load(file)["groups"]:
                found.update({rule["uid"]: rule for rule in group["rules"]})
    return found


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def every_panel():
    return [(dashboard["uid"], panel) for dashboard in dashboards().values() for panel in panels(dashboard)]


def arguments(sql, start):
    """(the arguments of a call whose parenthesis opens at `start`, where it is closed)."""
    found, depth, begin = [], 0, start + 1
    for at in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        if (sql[at] == "," and depth == 1) or depth == 0:
            found.append(sql[begin:at])
            begin = at + 1
        if depth == 0:
            return found, at + 1
    raise AssertionError(f"not closed: {sql[start:]}")


def conditional_all(sql, variables):
    """$__conditionalAll(CONDITION, $VARIABLE): 1=1 where All or nothing is chosen, else the condition."""
    while (at := sql.rfind("$__conditionalAll(")) != -1:
        (condition, variable), end = arguments(sql, sql.index("(", at))
        value = variables[re.fullmatch(r"\$(\w+)", variable.strip())[1]]
        joined = ",".join(value) if isinstance(value, list) else value
        sql = sql[:at] + ("1=1" if joined in ("", "$__all") else condition) + sql[end:]
    return sql


def sql_string(value):
    """The format sqlstring of a variable."""
    texts = value if isinstance(value, list) else [value]
    return ",".join("'" + text.replace("'", "''").replace('"', '\\"') + "'" for text in texts)


def interpolate(text, variables):
    """$name and ${name:sqlstring} of known variables; others stay."""

    def value_of(match):
        value = variables.get(match[1] or match[2])
        if value is None:
            return match[0]
        if match[3] == "sqlstring":
            return sql_string(value)
        if match[3]:
            raise AssertionError(f"format {match[3]} is not known here")
        # The plugin's own format does not mask quotes: the dashboards must not use it for lists.
        if isinstance(value, list):
            raise AssertionError(f"{match[0]}: a list without a format")
        return value

    return re.sub(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}", value_of, text)


def macros(sql, begin, end, interval):
    """Times in seconds, with fractions; the interval in whole seconds."""

    def seconds(time):
        return f"toDateTime({math.floor(time)})"

    def milliseconds(time):
        return f"fromUnixTimestamp64Milli({math.floor(time * 1000)})"

    known = {
        "fromTime": lambda: seconds(begin),
        "toTime": lambda: seconds(end),
        "fromTime_ms": lambda: milliseconds(begin),
        "toTime_ms": lambda: milliseconds(end),
        "timeFilter": lambda column: f"{column} >= {seconds(begin)} AND {column} <= {seconds(end)}",
        "timeFilter_ms": lambda column: f"{column} >= {milliseconds(begin)} AND {column} <= {milliseconds(end)}",
        "timeInterval": lambda column: f"toStartOfInterval(toDateTime({column}), INTERVAL {max(interval, 1)} second)",
        "interval_s": lambda: str(max(interval, 1)),
    }
    while match := re.search(r"\$__(\w+)", sql):
        macro, given, stop = known[match[1]], [], match.end()
        if macro.__code__.co_argcount:
            given, stop = arguments(sql, match.end())
        sql = sql[:match.start()] + macro(*(text.strip() for text in given)) + sql[stop:]
    return sql


def expand(sql, variables, begin, end, interval=60):
    """The SQL that reaches ClickHouse."""
    sql = macros(interpolate(conditional_all(sql, variables), variables), begin, end, interval)
    if "$" in sql:
        raise AssertionError(f"not replaced: {sql}")
    return sql


class Frame:
    """An answer: names of columns to their types, and rows as dictionaries."""

    def __init__(self, engine, sql):
        answer = json.loads(engine.query(f"{sql}\n{ANSWER}"), parse_float=float)
        self.types = {column["name"]: column["type"] for column in answer["meta"]}
        if len(self.types) != len(answer["meta"]):
            raise AssertionError(f"two columns of one name: {answer['meta']}")
        self.rows = answer["data"]
        self.numbers = [name for name, kind in self.types.items() if NUMBER.fullmatch(kind)]
        self.texts = [name for name, kind in self.types.items() if TEXT.fullmatch(kind)]
        self.times = [name for name, kind in self.types.items() if kind.startswith("DateTime")]
        for row in self.rows:
            for name in self.times:
                row[name] = decimal.Decimal(row[name])
            for name in self.numbers:
                # Null is "no data" in a panel; nan and infinity would be drawn, or compared.
                if isinstance(row[name], str):
                    raise AssertionError(f"{name} is {row[name]} in {row}")

    def check(self, kind):
        """That Grafana can use it as what the target says that it is."""
        if kind == "timeseries":
            others = set(self.types) - {"time", *self.numbers, *self.texts}
            if self.times != ["time"] or others or not self.numbers:
                raise AssertionError(f"no time series: {self.types}")
            # What has labels is refused unless it is sorted; a point must not be there twice.
            times = [row["time"] for row in self.rows]
            points = {(row["time"], *(row[name] for name in self.texts)) for row in self.rows}
            if times != sorted(times) or len(points) != len(self.rows):
                raise AssertionError("points that are not sorted, or there twice")
        elif kind == "traces":
            needed = {"traceID", "spanID", "parentSpanID", "serviceName", "operationName", "startTime", "duration"}
            if not needed <= set(self.types) or not {"startTime", "duration"} <= set(self.numbers):
                raise AssertionError(f"no trace: {self.types}")
            for name in ("tags", "serviceTags"):
                if not re.fullmatch(r"Array\(Map\((LowCardinality\()?String\)?, String\)\)", self.types[name]):
                    raise AssertionError(f"{name} is {self.types[name]}")

    def instances(self):
        """What an alert rule takes a table for: labels -> number."""
        if len(self.numbers) != 1 or len(self.types) != len(self.texts) + 1:
            raise AssertionError(f"not one number beside texts: {self.types}")
        found = {tuple(row[name] for name in self.texts): row[self.numbers[0]] for row in self.rows}
        if len(found) != len(self.rows) or None in found.values():
            raise AssertionError(f"labels twice, or null: {self.rows}")
        return found


def follow(url, row, value):
    """The variables and the time range (seconds) that a data link in a row leads to."""
    path, _, query = url.partition("?")
    fields = {**{f"__data.fields.{name}": text for name, text in row.items()}, "__value.raw": value}
    variables, times = {}, {}
    for part in query.split("&"):
        name, _, text = part.partition("=")
        text = re.sub(r"\$\{([\w.]+)\}", lambda match: fields[match[1]], text)
        if name in ("from", "to"):
            times[name] = int(text) / 1000
        else:
            variables[name.removeprefix("var-")] = text
    return path, variables, times["from"], times["to"]


class Rule:
    """An alert rule of a provisioning file: one query, and the threshold it is compared with."""

    def __init__(self, rule, engine):
        self.rule, self.engine = rule, engine
        nodes = {node["refId"]: node for node in rule["data"]}
        self.threshold = nodes[rule["condition"]]["model"]
        self.query = nodes[self.threshold["expression"]]

    def values(self, now):
        relative, model = self.query["relativeTimeRange"], self.query["model"]
        sql = expand(model["rawSql"], {}, now - relative["from"], now - relative["to"])
        return Frame(self.engine, sql).instances()

    def firing(self, now):
        """Labels of the instances that are above (or below) the threshold."""
        (condition,) = self.threshold["conditions"]
        kind, (limit,) = condition["evaluator"]["type"], condition["evaluator"]["params"]
        found = self.values(now)
        if not found:
            return {(): True} if self.rule["noDataState"] == "Alerting" else {}
        return {labels for labels, value in found.items() if (value > limit if kind == "gt" else value < limit)}

    def alerts(self, now):
        """Labels of the instances that have been firing for as long as the rule says, looked at each minute."""
        minutes = int(re.fullmatch(r"(\d+)[ms]", self.rule["for"])[1])
        return set.intersection(*(set(self.firing(now - 60 * ago)) for ago in range(minutes + 1)))
