#!/usr/bin/env python3
"""Grafana for the store of agents' telemetry (deploy/agents/grafana): each query of each dashboard and alert rule runs on a
real ClickHouse engine, in tables that the program printed, as Grafana sends it, and says what Python counts in the same rows.

usage: agents_grafana_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import decimal
import itertools
import json
import math
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agents_expected  # noqa: E402
import agents_expected_raw  # noqa: E402,F401 adds to agents_expected.PANELS
import grafana  # noqa: E402
import servers  # noqa: E402
from agents_data import LENGTH, NS, Store  # noqa: E402
from grafana import ALL, Frame, dashboards, every_panel, panels, rules  # noqa: E402
from servers import run  # noqa: E402

ENGINE = None
NUMBERS = itertools.count(1)
# A full hour of some days ago: rows of agents_data are then within the time to live.
START = int(time.time()) // 3600 * 3600 - 5 * 86400
DEFAULTS = {"tenant": ALL, "env": ALL, "service": ALL, "slo": "0.98", "trace_id": ""}
CHOICES = {
    "all": {},
    "two tenants": {"tenant": ["acme", "o'neil \"inc\""], "slo": "0.995"},
    "no tenant": {"tenant": ["(none)"]},
    "a service": {"env": ["prod", "dev"], "service": ["support-agent", "claude-code"]},
    "no known cost": {"env": ["lab"]},
    "nothing": {"tenant": ["nobody"], "trace_id": ""},
}
# The picker's times have fractions, and need not be full minutes.
RANGES = [(START + 0.25, START + LENGTH * 60 + 17.6, 300), (START + 1873.4, START + 2401.9, 60)]


def create_tables():
    """In a new database, in which the engine is then."""
    name = f"grafana_{next(NUMBERS)}"
    done = subprocess.run([run.GF_OTLP, "schema", "print", "--shape", "agents", "--database", name],
                          capture_output=True, check=True)
    ENGINE.query(done.stdout)
    ENGINE.query(f"USE {name}")
    # The program prints it where it prints tables of Kafka's.
    ENGINE.query("CREATE TABLE otel_kafka_errors (Time DateTime, Topic LowCardinality(String), Error String) ORDER BY Time")
    return name


def similar(name, found, expected):
    if isinstance(expected, set):
        return found in expected
    if isinstance(expected, float) and found is not None:
        # Times are whole ns here, and became ms there.
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=2e-6 if name in ("duration", "after") else 1e-12)
    if isinstance(found, decimal.Decimal):
        return expected in (found, found * NS)
    return expected == found


class Panels(unittest.TestCase):
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        create_tables()
        cls.store = Store(START)
        for sql in cls.store.inserts():
            ENGINE.query(sql)

    def frame(self, panel, variables, begin, end, interval=60):
        (target,) = panel["targets"]
        frame = Frame(ENGINE, grafana.expand(target["rawSql"], {**DEFAULTS, **variables}, begin, end, interval))
        frame.check(target["queryType"])
        return frame

    def check(self, uid, panel, variables, begin, end, interval=60):
        """Gives the number of rows."""
        view = agents_expected.View(self.store, math.floor(begin), math.floor(end), interval, {**DEFAULTS, **variables})
        expected = agents_expected.PANELS[uid, panel["title"]](view)
        found = self.frame(panel, variables, begin, end, interval).rows
        self.assertEqual(len(found), len(expected), f"{found[:3]} {expected[:3]}")
        for number, (row, right) in enumerate(zip(found, expected)):
            self.assertEqual(sorted(row), sorted(right))
            wrong = {name: (row[name], right[name]) for name in right if not similar(name, row[name], right[name])}
            self.assertEqual(wrong, {}, f"row {number} of {len(found)}: {row}, not {right}")
        return len(found)

    def test_every_panel_says_what_is_counted(self):
        for uid, panel in every_panel():
            rows = 0
            for name, choice, (begin, end, interval) in [*((*chosen, RANGES[0]) for chosen in CHOICES.items()),
                                                         ("all", {}, RANGES[1])]:
                with self.subTest(dashboard=uid, panel=panel["title"], chosen=name, interval=interval):
                    rows += self.check(uid, panel, {"trace_id": self.store.long, **choice}, begin, end, interval)
            # A test of nothing would say nothing.
            self.assertGreater(rows, 0, f"{uid}: {panel['title']}")

    def test_each_expectation_has_its_panel(self):
        self.assertEqual(sorted(agents_expected.PANELS), sorted((uid, panel["title"]) for uid, panel in every_panel()))

    def test_variables(self):
        """The lists of choices; each of all of them chosen is as good as All."""
        for name, dashboard in dashboards().items():
            chosen = {}
            for variable, column, before in (("tenant", "tenant_id", []), ("env", "env", ["tenant"]),
                                             ("service", "service_name", ["tenant", "env"])):
                sql = next(v for v in dashboard["templating"]["list"] if v["name"] == variable)["query"]["rawSql"]
                with self.subTest(dashboard=name, variable=variable):
                    for choice in CHOICES.values():
                        values = {**DEFAULTS, **{other: choice[other] for other in before if other in choice}}
                        view = agents_expected.View(self.store, START, START + 3600, 60, values)
                        frame = Frame(ENGINE, grafana.expand(sql, values, START, START + 3600))
                        self.assertEqual([row[variable] for row in frame.rows],
                                         sorted({row[column] or "(none)" for row in (*view.minute_spans, *view.calls)}))
                    everything = Frame(ENGINE, grafana.expand(sql, DEFAULTS, *RANGES[0][:2]))
                    chosen[variable] = [row[variable] for row in everything.rows]
            for panel in panels(dashboard):
                with self.subTest(dashboard=name, panel=panel["title"]):
                    self.check(dashboard["uid"], panel, chosen, *RANGES[0])

    def test_links_lead_to_the_whole_trace(self):
        by_title = {panel["title"]: panel for panel in panels(dashboards()["agents-trace.json"])}
        followed, begins = set(), START + 31 * 60 + 90

        def begun(trace):
            return min(span["start_ts"] for span in self.store.spans if span["trace_id"] == trace)

        for title in ("Recent traces", "Slowest traces", "Failing traces"):
            (override,) = [override for override in by_title[title]["fieldConfig"]["overrides"]
                           if any(property["id"] == "links" for property in override["properties"])]
            (link,) = next(p["value"] for p in override["properties"] if p["id"] == "links")
            column = override["matcher"]["options"]
            # The trace of a quarter of an hour had begun before.
            rows = self.frame(by_title[title], {}, begins, begins + 600).rows
            for row in rows[:3] + [row for row in rows[3:] if begun(row["trace_id"]) < begins * NS]:
                path, variables, begin, end = grafana.follow(link["url"], row, row[column])
                self.assertEqual(path, "/d/agents-trace/ai-agents-trace")
                self.assertEqual(variables, {"trace_id": row["trace_id"]})
                followed.add(row["trace_id"])
                spans = [span for span in self.store.spans if span["trace_id"] == row["trace_id"]]
                for below in ("Spans", "Spans as a tree", "Events", "Duration", "Model calls", "Tokens", "Cost"):
                    self.check("agents-trace", by_title[below], variables, begin, end)
                self.assertEqual(len(self.frame(by_title["Spans"], variables, begin, end).rows), len(spans))
        self.assertLess(min(map(begun, followed)), begins * NS)

    def test_tenants_are_found_by_the_primary_key(self):
        for uid, panel in every_panel():
            (target,) = panel["targets"]
            if "$tenant" in target["rawSql"]:
                variables = {**DEFAULTS, "tenant": ["acme", "(none)"]}
                sql = grafana.expand(target["rawSql"], variables, *RANGES[0])
                plan = ENGINE.query(f"EXPLAIN indexes = 1 {sql}\nFORMAT TSVRaw").decode()
                self.assertRegex(plan, r"Condition: .*tenant_id in 2-element set", f"{uid}: {panel['title']}")

    def test_an_empty_store(self):
        """Null or no row, never nan, and no error."""
        before = ENGINE.query("SELECT currentDatabase() FORMAT TSVRaw").decode().strip()
        create_tables()
        try:
            for uid, panel in every_panel():
                with self.subTest(dashboard=uid, panel=panel["title"]):
                    rows = self.frame(panel, {"trace_id": "0" * 31 + "1"}, *RANGES[0]).rows
                    self.assertLessEqual(len(rows), 1)
        finally:
            ENGINE.query(f"USE {before}")


class Alerts(unittest.TestCase):
    """Who is told, and who is not, at NOW."""

    NOW = START + 40.5
    LABELS = ("acme", "prod", "agent")

    def setUp(self):
        self.database = create_tables()
        self.rows = {"spans_raw": [], "events_raw": []}

    def tearDown(self):
        ENGINE.query(f"DROP DATABASE {self.database}")

    def spans(self, count, ago, failed=0, duration=1.0, cost=0.5, tenant="acme", operation="chat", **more):
        """Model calls that began so many minutes before NOW, and came in when they ended."""
        start = math.floor((self.NOW - 60 * ago) * NS)
        self.rows["spans_raw"] += [
            {"trace_id": f"{number:032x}", "span_id": f"{number:016x}", "tenant_id": tenant, "env": "prod",
             "service_name": "agent", "operation": operation, "span_name": operation, "model": "m", "cost_usd": cost,
             "status_code": "ERROR" if number < failed else "UNSET", "duration_ms": duration, "tokens_prompt": 1,
             "start_ts": start, "inserted_at": round(start / 1e6 + duration), **more}
            for number in range(count)]

    def rule(self, uid):
        for table, rows in self.rows.items():
            if rows:
                ENGINE.query(f"INSERT INTO {table} FORMAT JSONEachRow\n" + "\n".join(map(json.dumps, rows)))
                rows.clear()
        return grafana.Rule(rules()[uid], ENGINE)

    def alerts(self, uid):
        return self.rule(uid).alerts(self.NOW)

    def test_each_rule_is_tested(self):
        self.assertEqual(sorted(rules()), ["agents-cost", "agents-error-rate", "agents-lost", "agents-no-data", "agents-p95",
                                           "agents-p95-runs"])

    def test_a_store_that_was_never_used(self):
        for uid in rules():
            with self.subTest(rule=uid):
                self.assertEqual(self.alerts(uid), set())

    def test_what_came_in_lately_is_found_by_an_index(self):
        self.spans(1, 3)
        for uid in ("agents-error-rate", "agents-p95", "agents-p95-runs"):
            rule = self.rule(uid)
            sql = grafana.expand(rule.query["model"]["rawSql"], {}, self.NOW - 300, self.NOW)
            self.assertIn("Name: idx_inserted_at", ENGINE.query(f"EXPLAIN indexes = 1 {sql}\nFORMAT TSVRaw").decode(), uid)

    def test_spans_that_began_long_before_they_came_in(self):
        for ago in range(17):
            self.spans(20, ago + 10, failed=20, duration=600000)
            self.spans(20, ago + 20, duration=1200000, operation="invoke_agent")
        self.assertEqual(self.alerts("agents-error-rate"), {self.LABELS})
        self.assertEqual(self.alerts("agents-p95"), {(*self.LABELS, "chat")})
        self.assertEqual(self.alerts("agents-p95-runs"), {(*self.LABELS, "invoke_agent")})
        self.assertEqual(self.alerts("agents-no-data"), set())

    def test_history_that_is_filled_in(self):
        for ago in range(17):
            came = round((self.NOW - 60 * ago) * 1000)
            for operation in ("chat", "invoke_agent"):
                self.spans(20, ago + 2 * 1440, failed=20, duration=1e6, operation=operation, inserted_at=came)
        self.spans(1, 30)
        for uid in ("agents-error-rate", "agents-p95", "agents-p95-runs"):
            self.assertEqual(self.rule(uid).values(self.NOW), {}, uid)
        # Nor does it hide that agents are silent.
        self.assertEqual(self.alerts("agents-no-data"), {()})

    def test_error_rate(self):
        for ago in range(12):
            self.spans(100, ago, failed=3)
            self.spans(100, ago, failed=2, tenant="")
        self.assertEqual(self.rule("agents-error-rate").values(self.NOW), {self.LABELS: 0.03, ("", "prod", "agent"): 0.02})
        # 2 % is not above 2 %.
        self.assertEqual(self.alerts("agents-error-rate"), {self.LABELS})

    def test_error_rate_that_was_good_before(self):
        for ago in range(3):
            self.spans(10, ago, failed=10)
        for ago in range(3, 62):
            self.spans(100, ago)
        self.assertEqual(self.rule("agents-error-rate").firing(self.NOW), {self.LABELS})
        self.assertEqual(self.alerts("agents-error-rate"), set())

    def test_error_rate_of_bursts(self):
        for ago in range(12):
            self.spans(10 if ago % 3 == 0 else 100, ago, failed=10 if ago % 3 == 0 else 0)
        self.assertEqual(self.alerts("agents-error-rate"), {self.LABELS})

    def test_p95(self):
        for ago in range(17):
            for operation, slow in (("slow", 2), ("quick", 0)):
                self.spans(20 - slow, ago, duration=29000, operation=operation)
                self.spans(slow, ago, duration=31000, operation=operation)
            self.spans(20, ago, duration=31000 if ago >= 6 else 5, operation="not now")
            # Slow for less than ten minutes.
            self.spans(20, ago, duration=31000 if ago < 4 else 5, operation="lately")
            self.spans(1, ago, duration=-1.0, operation="before its start")
            # Not calls of models or tools: agents take long, and the names of other spans are no one's to know.
            for operation, duration in (("invoke_agent", 800000), ("GET /", 31000)):
                self.spans(1, ago, duration=duration, operation=operation, model="")
            self.spans(1, ago, duration=31000, operation="execute_tool", model="", tool_name="browse")
        self.assertEqual(self.rule("agents-p95").firing(self.NOW), {(*self.LABELS, name) for name in ("slow", "lately", "execute_tool")})
        self.assertEqual(self.alerts("agents-p95"), {(*self.LABELS, "slow"), (*self.LABELS, "execute_tool")})
        self.assertEqual(self.alerts("agents-p95-runs"), set())

    def test_cost(self):
        week = range(200, 7 * 1440, 100)
        for ago in (*week, 7 * 1440 + 10):
            for tenant, cost in (("acme", 1.0), ("", 1.0), ("free", None), ("none", 0.0)):
                self.spans(1, ago, tenant=tenant, cost=cost)
        for ago in range(9):
            for tenant, cost in (("acme", 3.5), ("", 2.5), ("new", 9.0)):
                self.spans(1, ago, tenant=tenant, cost=cost)
            for tenant in ("free", "none"):
                self.spans(1, ago, tenant=tenant, cost=9.0 if ago < 6 else 0.0 if tenant == "none" else None)
        found = self.rule("agents-cost").values(self.NOW)
        # 0 divides nothing: who had no known cost, or was not there, is not judged. The minute that runs does not count, nor
        # what was before the 7 days. Three of the minutes before the five are of the baseline.
        self.assertEqual(sorted(found), [("", "prod"), ("acme", "prod")])
        minutes = len(week) + 3
        self.assertAlmostEqual(found["acme", "prod"], 3.5 / ((len(week) + 3 * 3.5) / minutes))
        self.assertEqual(self.alerts("agents-cost"), {("acme", "prod")})

    def test_cost_of_one_long_answer(self):
        for ago in range(10, 300):
            self.spans(1, ago, cost=0.1)
        self.spans(1, 2, cost=5.0)
        rule = self.rule("agents-cost")
        self.assertEqual(rule.firing(self.NOW), {("acme", "prod")})
        for later in range(6):
            self.assertEqual(rule.alerts(self.NOW + 60 * later), set())

    def test_cost_of_seldom_calls(self):
        """The minutes without a call are not counted, now or before."""
        for ago in range(2, 5 * 300, 5):
            for tenant, times in (("acme", 4), ("", 2)):
                self.spans(1, ago, tenant=tenant, cost=times if ago < 15 else 1.0)
        self.assertEqual(self.alerts("agents-cost"), {("acme", "prod")})

    def test_cost_of_a_short_history(self):
        for ago in range(6, 60):
            self.spans(1, ago, cost=0.1)
        self.spans(1, 2, cost=50.0)
        self.assertEqual(self.rule("agents-cost").values(self.NOW), {})

    def test_no_data(self):
        self.spans(1, 7)
        self.assertEqual(self.alerts("agents-no-data"), {()})
        # The clock of a client is wrong.
        self.spans(1, -30)
        self.assertEqual(self.rule("agents-no-data").values(self.NOW), {(): 0})
        self.spans(1, 4.9)
        self.assertEqual(self.alerts("agents-no-data"), set())

    def test_no_spans_but_events(self):
        then = math.floor(self.NOW - 60)
        self.rows["events_raw"].append({"event_ts": then * NS, "inserted_at": then * 1000, "event_type": "gen_ai.choice"})
        self.assertEqual(self.alerts("agents-no-data"), set())
        self.assertEqual(self.rule("agents-no-data").firing(self.NOW + 600), {()})

    def test_messages_that_are_lost(self):
        for ago, topic in ((60, "otel-spans"), (90, "otel-spans"), (400, "otel-logs")):
            ENGINE.query(f"INSERT INTO otel_kafka_errors VALUES ({math.floor(self.NOW - ago)}, '{topic}', 'no object')")
        self.assertEqual(self.rule("agents-lost").values(self.NOW), {("otel-spans",): 2})
        self.assertEqual(self.alerts("agents-lost"), {("otel-spans",)})


def prepare():
    global ENGINE
    if grafana.yaml is None:
        servers.skip("PyYAML is not installed (scripts/install-deps.sh --test installs it)")
    ENGINE = servers.Engine(servers.install("chdb.sh"))
    ENGINE.query("SET max_threads = 1")  # many small queries
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
