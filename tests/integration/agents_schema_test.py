#!/usr/bin/env python3
"""The schema of shape agents in a real ClickHouse engine: it takes every statement, check finds nothing in tables that were made
of them, computed columns and rollups hold what they should of rows that `convert` makes, and old rows move and go.

usage: agents_schema_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import bisect
import collections
import glob
import json
import os
import random
import re
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_http  # noqa: E402
import publishing  # noqa: E402
import schema_test  # noqa: E402
import servers  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

ENGINE = None
QUANTILES = (0.5, 0.9, 0.95, 0.99)
TOKENS = ("tokens_prompt", "tokens_completion", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning")
TIERS = "30d to volume slow, 180d"


def captures():
    files = glob.glob(os.path.join(run.TESTDATA, "agents", "*.json"))
    return sorted(file for file in files if os.path.basename(file) != "expected.json")


class AgentsTest(schema_test.SchemaTest):
    def create(self, *options):
        """The tables in a new database: its name."""
        name = self.database()
        ENGINE.query(self.printed("--shape", "agents", "--database", name, *options))
        return name

    def create_for_ever(self):
        """For rows of fixed times."""
        return self.create("--ttl", "none")

    @staticmethod
    def insert(table, rows):
        ENGINE.query(f"INSERT INTO {table} FORMAT JSONEachRow ".encode() +
                     b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows))

    def convert(self, *inputs):
        """Table -> rows as they are inserted."""
        folder = self.path(f"rows-{len(os.listdir(self.folder))}")
        self.run_command("convert", "--shape", "agents", *inputs, "--output-dir", folder)
        return {name.removesuffix(".jsonl"): run.lines(run.read(os.path.join(folder, name))) for name in os.listdir(folder)}

    def insert_captures(self, database):
        """All of testdata/agents; the rows as objects."""
        rows = self.convert(*captures())
        for table, found in rows.items():
            self.insert(f"{database}.{table}", found)
        return {table: [json.loads(row) for row in found] for table, found in rows.items()}


class Print(AgentsTest):
    def test_statements_are_taken_twice_and_checked(self):
        for options in ([], ["--ttl", "none"], ["--ttl", TIERS, "--storage-policy", "default"], ["--server-version", "25.3"],
                        ["--table-name", "spans_raw=my_spans", "--table-name", "cost_minute=costs"], ["--engine", "Null"]):
            with self.subTest(options=options):
                database = self.create(*options)
                ENGINE.query(self.printed("--shape", "agents", "--database", database, *options))
                self.assertEqual(len(self.names(database)), 7)
                names = [option for option in options if "=" in option]
                rename = [part for name in names for part in ("--table-name", name)]
                shown = self.show_all(database)
                report = self.check("--ddl", "-", "--shape", "agents", *rename, stdin=shown, code=None)
                if "Null" not in options:
                    self.assert_clean(report)
                # As it was printed, nothing differs, not the TTL and the engine either.
                path = self.path("printed.sql")
                self.run_command("schema", "print", "--shape", "agents", "--database", database, *options, "-o", path,
                                 "--overwrite")
                out, _ = self.run_command("schema", "diff", path, "-", "--format", "json", stdin=shown.encode())
                self.assert_clean(json.loads(out), options)

    def test_the_nearest_shape_is_this_one(self):
        report = self.check("--ddl", "-", stdin=self.show_all(self.create()))
        self.assert_clean(report)
        self.assertIn("agents", report["subject"])

    def test_kafka_tables_are_checked(self):
        database = self.create("--kafka", "127.0.0.1:1")
        printed = self.printed("--shape", "agents", "--database", database, "--kafka", "127.0.0.1:1")
        ENGINE.query(printed)
        shown = self.show_all(database)
        for row in ENGINE.rows(f"SELECT name FROM system.tables WHERE database = '{database}' AND engine = 'Kafka'"):
            ENGINE.query(f"DROP TABLE {database}.{row['name']}")
        path = self.path("printed.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(printed)
        out, _ = self.run_command("schema", "diff", path, "-", "--format", "json", stdin=shown.encode())
        self.assert_clean(json.loads(out))


class Live(AgentsTest):
    def test_the_default_database(self):
        """Where nothing else is said, the tables of this shape are in `telemetry`."""
        server = clickhouse_http.Server(ENGINE)
        server.__enter__()
        self.addCleanup(server.__exit__)
        ENGINE.query(self.printed("--shape", "agents"))
        self.addCleanup(ENGINE.query, "DROP DATABASE telemetry")
        report = self.check("--clickhouse", server.url, "--shape", "agents", "--fail-on", "differs")
        self.assert_clean(report)
        self.assertIn("spans_raw, events_raw, spans_minute, cost_minute", report["facts"]["tables compared"])
        for words in ((server.url, "agents"), ("agents", server.url)):
            out, _ = self.run_command("schema", "diff", *words, "--format", "json", "--fail-on", "differs")
            self.assert_clean(json.loads(out))
        elsewhere = self.create()
        out, _ = self.run_command("schema", "diff", f"{server.url}/{elsewhere}", "agents", "--migrate", "-q")
        self.assertNotIn(b"CREATE", out)
        ENGINE.query(f"DROP VIEW {elsewhere}.cost_minute_events_mv")
        ENGINE.query(f"ALTER TABLE {elsewhere}.spans_raw DROP INDEX idx_user_id, DROP COLUMN row_id")
        ENGINE.query(self.run_command("schema", "diff", f"{server.url}/{elsewhere}", "agents", "--migrate", "-q")[0])
        self.assert_clean(self.check("--clickhouse", server.url, "--database", elsewhere, "--shape", "agents", "--fail-on", "differs"))


class Rows(AgentsTest):
    def test_rollups_are_sums_of_rows(self):
        database = self.create_for_ever()
        rows = self.insert_captures(database)
        self.assertGreater(len(rows["spans_raw"]), 30)
        for table, found in rows.items():
            self.assertEqual(ENGINE.rows(f"SELECT count() AS n FROM {database}.{table}")[0]["n"], len(found))

        groups = collections.defaultdict(list)
        for row in rows["spans_raw"]:
            key = (row["tenant_id"], row["env"], row["service_name"], row["operation"], row["start_ts"][:16] + ":00")
            groups[key].append(row)
        found = ENGINE.rows("SELECT tenant_id, env, service_name, operation, toString(minute) AS m, sum(spans) AS spans, "
                            "sum(errors) AS errors, uniqMerge(traces) AS traces, "
                            f"quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(duration_ms) AS q FROM {database}.spans_minute "
                            "GROUP BY tenant_id, env, service_name, operation, m")
        self.assertEqual(len(found), len(groups))
        for row in found:
            spans = groups[(row["tenant_id"], row["env"], row["service_name"], row["operation"], row["m"])]
            self.assertEqual(row["spans"], len(spans))
            self.assertEqual(row["errors"], sum(span["status_code"] == "ERROR" for span in spans))
            self.assertEqual(row["traces"], len({span["trace_id"] for span in spans}))
            durations = [span["duration_ms"] for span in spans]
            for quantile in row["q"]:
                self.assertGreaterEqual(quantile, min(durations) - abs(min(durations)) * 1e-6)
                self.assertLessEqual(quantile, max(durations) + abs(max(durations)) * 1e-6)

    def test_each_vocabulary(self):
        """By hand: expected.json."""
        with open(os.path.join(run.TESTDATA, "agents", "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        for name, numbers in expected.items():
            with self.subTest(name):
                database = self.create_for_ever()
                for table, rows in self.convert(os.path.join(run.TESTDATA, "agents", name)).items():
                    if rows:
                        self.insert(f"{database}.{table}", rows)
                sums = ", ".join(f"sum({column}) AS {column}" for column in ("calls", "calls_without_cost", *TOKENS, "cost_usd"))
                found = ENGINE.rows(f"SELECT {sums} FROM {database}.cost_minute")[0]
                self.assertAlmostEqual(found.pop("cost_usd"), numbers["cost_usd"], places=12)
                self.assertEqual({key: value for key, value in found.items() if key in numbers},
                                 {key: numbers[key] for key in found if key in numbers})

    def test_model_calls(self):
        cases = [({"operation": "chat"}, True), ({"operation": "CHAT"}, True), ({"operation": "LLM"}, True),
                 # A name that no attribute has said is any service's.
                 ({"operation": "chat", "span_name": "chat"}, False), ({"operation": "LLM", "span_name": "LLM", "cost_usd": 1}, False),
                 ({"operation": "chat", "span_name": "chat", "model": "m"}, True), ({"operation": "chat", "span_name": "chat m"}, True),
                 ({"operation": "invoke_agent", "model": "m", "tokens_prompt": 5}, False),
                 ({"operation": "AGENT", "model": "m", "cost_usd": 1}, False),
                 ({"operation": "execute_tool", "model": "m", "tokens_completion": 0}, False),
                 ({"operation": "GET /", "model": "m"}, False), ({"operation": "GET /", "tokens_prompt": 5}, False),
                 ({"operation": "ask", "model": "m", "tokens_prompt": 0}, True),
                 ({"operation": "ask", "model": "m", "tokens_reasoning": 1}, False),
                 ({"operation": "ask", "model": "m", "tokens_completion": 0}, True),
                 ({"operation": "ask", "model": "m", "cost_usd": 0}, True),
                 ({"operation": "chat", "span_name": "claude_code.llm_request", "model": "m", "cost_usd": 1}, False)]
        database = self.create_for_ever()
        self.insert(f"{database}.spans_raw", [{"span_id": str(i), "start_ts": "2026-11-16 10:00:00", **row}
                                              for i, (row, _) in enumerate(cases)])
        found = ENGINE.rows(f"SELECT toUInt8(span_id) AS i, is_model_call AS it FROM {database}.spans_raw ORDER BY i")
        self.assertEqual([(cases[row["i"]][0], row["it"]) for row in found], cases)
        self.assertEqual(ENGINE.rows(f"SELECT sum(calls) AS n FROM {database}.cost_minute")[0]["n"],
                         sum(expected for _, expected in cases))

    def test_model_calls_are_what_is_priced(self):
        """The rule in SQL is that of `convert --price-table`, for spans of a model whose cost is not known."""
        prices, inputs = self.write("prices.csv", b"model,input,output,cached_input\n*,1,1,1\n"), []
        for name in ("chat", "LLM", "rerank", "invoke_agent", "AGENT", "prompt", "search_memory", "GET /", "ask", "claude_code.tool"):
            for said in ({}, {"gen_ai.operation.name": "chat"}, {"gen_ai.operation.name": "execute_tool"}, {"gen_ai.operation.name": "x"}):
                said = {**said, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 5}
                inputs.append({"traceId": "1" * 32, "spanId": f"{len(inputs) + 1:016x}", "name": name, "startTimeUnixNano": "1763287200000000000",
                               "endTimeUnixNano": "1763287200000000000", "attributes": [
                                   {"key": key, "value": {"stringValue": str(value)}} for key, value in said.items()]})
        capture = self.write("spans.json", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": inputs}]}]}).encode())
        database = self.create_for_ever()
        self.insert(f"{database}.spans_raw", self.convert("--price-table", prices, capture)["spans_raw"])
        found = ENGINE.rows(f"SELECT span_name, operation, is_model_call AS it, cost_source = 'price table' AS priced FROM {database}.spans_raw")
        self.assertEqual(len(found), len(inputs))
        self.assertEqual([row for row in found if row["it"] != bool(row["priced"])], [])
        self.assertEqual({row["it"] for row in found}, {True, False})

    def test_events_that_are_model_calls(self):
        """Their cache tokens, which events_raw has no column for, are in the payload: as numbers, or as texts."""
        database = self.create_for_ever()
        event = {"event_ts": "2026-11-16 10:00:00", "event_type": "claude_code.api_request", "model": "m", "cost_usd": 0.5,
                 "tokens_prompt": 3, "tokens_completion": 4, "payload_json": {"cache_read_tokens": "7", "cache_creation_tokens": 2}}
        self.insert(f"{database}.events_raw", [
            event, {**event, "payload_json": {"cache_read_tokens": "many"}, "cost_usd": None},
            {**event, "payload_json": {"gen_ai.provider.name": "anthropic", "gen_ai": {"usage": {"reasoning_tokens": 5}}}},
            {**event, "event_type": "claude_code.user_prompt"}])
        found = ENGINE.rows(f"SELECT provider, calls, calls_without_cost, {', '.join(TOKENS)}, cost_usd "
                            f"FROM {database}.cost_minute FINAL ORDER BY provider")
        self.assertEqual([list(row.values()) for row in found],
                         [["", 2, 1, 6, 8, 7, 2, 0, 0.5], ["anthropic", 1, 0, 3, 4, 0, 0, 5, 0.5]])

    def test_quantiles(self):
        """What quantilesTiming gets wrong, and that the sketch's ranks are right to 1 %."""
        database = self.create_for_ever()
        random.seed(20261121)
        cases = {"wide": [random.lognormvariate(0, 2) for _ in range(20000)],
                 "short": [random.uniform(1e-4, 0.9) for _ in range(1000)],
                 "some below 0": [random.gauss(0, 1) for _ in range(1000)], "one": [0.25], "all below 0": [-3.5, -2.5, -1.5]}
        for operation, durations in cases.items():
            for part in range(0, len(durations), 5000):  # blocks that are merged
                self.insert(f"{database}.spans_raw", [{"operation": operation, "start_ts": "2026-11-16 10:00:00", "duration_ms": d}
                                                      for d in durations[part:part + 5000]])
        for merged in (False, True):
            if merged:
                ENGINE.query(f"OPTIMIZE TABLE {database}.spans_minute FINAL")
            found = {row["operation"]: row["q"] for row in ENGINE.rows(
                f"SELECT operation, quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(duration_ms) AS q FROM {database}.spans_minute "
                "GROUP BY operation")}
            self.assertEqual(found["one"], [0.25] * 4)
            for operation, durations in cases.items():
                ordered = sorted(durations)
                tolerance = max(0.01, 1 / len(ordered))
                for level, value in zip(QUANTILES, found[operation]):
                    low = bisect.bisect_left(ordered, value - abs(value) * 1e-5) / len(ordered)
                    high = bisect.bisect_right(ordered, value + abs(value) * 1e-5) / len(ordered)
                    self.assertTrue(low - tolerance <= level <= high + tolerance, (operation, level, value, low, high))

    def test_row_ids(self):
        """Rows that are there twice have one, others have not; and what is null is not what is 0 or empty."""
        database = self.create_for_ever()
        rows = self.insert_captures(database)
        again = self.insert_captures(database)
        for table, columns in (("spans_raw", ("tenant_id", "trace_id", "span_id", "start_ts", "end_ts")), ("events_raw", None)):
            self.assertEqual(len(rows[table]), len(again[table]))
            distinct = {json.dumps([row[c] for c in columns] if columns else row, sort_keys=True) for row in rows[table]}
            found = ENGINE.rows(f"SELECT uniqExact(row_id) AS ids, count() AS n, min(row_id) AS least FROM {database}.{table}")[0]
            self.assertEqual((found["ids"], found["n"]), (len(distinct), 2 * len(rows[table])), table)
            self.assertGreater(int(found["least"]), 0)
        event = {"event_ts": "2026-11-16 10:00:00", "tenant_id": "x"}
        self.insert(f"{database}.events_raw", [event, {**event, "cost_usd": 0}, {**event, "tokens_prompt": 0},
                                               {**event, "payload_json": {"a": 1}}, {**event, "payload_json": {"a": "1"}}])
        self.assertEqual(ENGINE.rows(f"SELECT uniqExact(row_id) AS n FROM {database}.events_raw WHERE tenant_id = 'x'")[0]["n"], 5)

    def test_row_ids_of_spans_without_an_id(self):
        """Only the same row is the same."""
        database = self.create_for_ever()
        span = {"start_ts": "2026-11-16 10:00:00", "end_ts": "2026-11-16 10:00:01", "model": "m1", "duration_ms": 1}
        others = [{**span, **more} for more in ({"model": "m2"}, {"duration_ms": 2}, {"attributes": {"a": "1"}}, {"cost_usd": 0},
                                                {"attributes_json": {"a": 1}}, {"attributes_json": {"a": "1"}})]
        self.insert(f"{database}.spans_raw", [span, span, *others])
        self.assertEqual(ENGINE.rows(f"SELECT uniqExact(row_id) AS n FROM {database}.spans_raw")[0]["n"], 1 + len(others))
        self.insert(f"{database}.spans_raw", [{**row, "tenant_id": "with ids", "span_id": "1"} for row in (span, *others)])
        self.assertEqual(ENGINE.rows(f"SELECT uniqExact(row_id) AS n FROM {database}.spans_raw WHERE tenant_id != ''")[0]["n"], 1)

    def test_times_of_broken_clocks(self):
        """What a DateTime has no room for is not taken for another time."""
        database = self.create()
        for year in (1960, 2105, 2110, 2200, 2262):  # 2110 + 90 days would be 1974, and the rows gone at once
            for table, column, values in (("spans_raw", "start_ts, operation, span_id", "'chat', 'x'"),
                                          ("events_raw", "event_ts, event_type", "'claude_code.api_request'")):
                ENGINE.query(f"INSERT INTO {database}.{table} ({column}) SELECT toDateTime64('{year}-01-01 00:00:00', 9), {values}")
        for table in ("spans_raw", "events_raw"):
            ENGINE.query(f"OPTIMIZE TABLE {database}.{table} FINAL")
            self.assertEqual(ENGINE.rows(f"SELECT count() AS n FROM {database}.{table}")[0]["n"], 4, table)
        for table, number in (("spans_minute", "spans"), ("cost_minute", "calls")):
            found = ENGINE.rows(f"SELECT toYear(minute) AS year, sum({number}) AS n FROM {database}.{table} GROUP BY year ORDER BY year")
            times = 2 if table == "cost_minute" else 1
            self.assertEqual(found, [{"year": 1970, "n": times}, {"year": 2056, "n": 4 * times}], table)

    def test_times_of_insertion(self):
        database = self.create_for_ever()
        for i in range(2):
            before = ENGINE.rows("SELECT toString(now64(3)) AS t")[0]["t"]
            self.insert(f"{database}.spans_raw", [{"span_id": str(i)}])
            after = ENGINE.rows("SELECT toString(now64(3)) AS t")[0]["t"]
            inserted = ENGINE.rows(f"SELECT toString(inserted_at) AS t FROM {database}.spans_raw WHERE span_id = '{i}'")[0]["t"]
            self.assertLessEqual(before, inserted)
            self.assertLessEqual(inserted, after)

    def test_two_years_in_one_block(self):
        database = self.create_for_ever()
        ENGINE.query(f"INSERT INTO {database}.spans_raw (start_ts) SELECT toDateTime64('2024-11-20 00:00:00', 9) + toIntervalDay(number) "
                     "FROM numbers(690)")
        self.assertEqual(ENGINE.rows(f"SELECT sum(spans) AS n FROM {database}.spans_minute")[0]["n"], 690)


class Age(AgentsTest):
    def fill_and_look(self, engine, database):
        """Rows of 1, 40 and 200 days ago: age -> the disk that they are on, None where they are gone."""
        for days in (1, 40, 200):
            engine.query(f"INSERT INTO {database}.spans_raw (span_id, start_ts, status_code) "
                         f"SELECT '{days}', now64(9) - toIntervalDay({days}), 'ERROR'")
        engine.query(f"OPTIMIZE TABLE {database}.spans_raw FINAL")
        end = time.monotonic() + PATIENCE
        while True:
            found = {int(row["id"]): row["disk"] for row in engine.rows(
                f"SELECT s.span_id AS id, p.disk_name AS disk FROM {database}.spans_raw AS s JOIN system.parts AS p "
                f"ON s._part = p.name WHERE p.database = '{database}' AND p.table = 'spans_raw' AND p.active")}
            disks = tuple(found.get(days) for days in (1, 40, 200))
            if disks == ("default", "slow", None) or time.monotonic() > end:
                return disks
            time.sleep(0.2)

    def test_tiers(self):
        database = self.create("--ttl", TIERS)
        self.assertEqual(self.fill_and_look(ENGINE, database), ("default", "slow", None))
        # The rollup keeps what is gone.
        self.assertEqual(ENGINE.rows(f"SELECT sum(errors) AS n FROM {database}.spans_minute")[0]["n"], 3)

    def test_default(self):
        database = self.create()
        for days in (80, 110):
            ENGINE.query(f"INSERT INTO {database}.events_raw (event_ts, event_type) SELECT now64(9) - toIntervalDay({days}), '{days}'")
        ENGINE.query(f"OPTIMIZE TABLE {database}.events_raw FINAL")
        self.assertEqual([row["event_type"] for row in ENGINE.rows(f"SELECT event_type FROM {database}.events_raw")], ["80"])

    def test_printed_storage_configuration(self):
        """A server with it takes the tables, and moves rows."""
        printed = self.printed("--shape", "agents", "--ttl", TIERS, "--storage-policy", "tiered")
        text = "".join(f"{line[3:]}\n" for line in re.findall(r"(?m)^-- *<.*$", printed))
        self.assertEqual(xml.etree.ElementTree.fromstring(text).tag, "clickhouse")

        class Configured(servers.Engine):
            def configuration(self, volumes):
                return text.replace("/var/lib/clickhouse", self.folder)

        engine = Configured(servers.install("chdb.sh"), volumes=("slow",))
        self.addCleanup(engine.close)
        self.assertEqual({(row["p"], row["v"]) for row in engine.rows(
            "SELECT policy_name AS p, volume_name AS v FROM system.storage_policies WHERE policy_name = 'tiered'")},
            {("tiered", "default"), ("tiered", "slow")})
        engine.query(printed)
        self.assertEqual({row["storage_policy"] for row in engine.rows(
            "SELECT DISTINCT storage_policy FROM system.tables WHERE database = 'telemetry' AND engine LIKE '%MergeTree'")}, {"tiered"})
        self.assertEqual(self.fill_and_look(engine, "telemetry"), ("default", "slow", None))


class Kafka(AgentsTest, publishing.PublishTest):
    """Rows that come by Kafka have what those have that are inserted."""

    def await_rows(self, database, count):
        query = f"SELECT count() AS n FROM {database}.spans_raw"
        end = time.monotonic() + PATIENCE
        while ENGINE.rows(query)[0]["n"] < count:
            self.assertLess(time.monotonic(), end, ENGINE.rows(
                f"SELECT exceptions.text AS errors FROM system.kafka_consumers WHERE database = '{database}'"))
            time.sleep(0.2)
        self.assertEqual(ENGINE.rows(query)[0]["n"], count)

    def test_computed_columns(self):
        database, topic = self.database(), self.topic("rows")
        printed = self.printed("--shape", "agents", "--database", database, "--ttl", "none", "--table", "spans_raw", "--table", "spans_minute",
                               "--table", "cost_minute", "--kafka", self.broker.address(), "--kafka-topic", f"spans_raw={topic}")
        ENGINE.query(printed.replace("kafka_format =", "kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format ="))
        self.addCleanup(ENGINE.query, f"DROP TABLE {database}.spans_raw_kafka")
        inputs, count = [os.path.join(run.TESTDATA, "agents", name) for name in ("genai.json", "openinference.json")], 0
        for capture in inputs:
            before = ENGINE.rows("SELECT toString(now64(3)) AS t")[0]["t"]
            # The view has been reading for a while: the time is that of these rows, not of its start.
            self.publish("--shape", "agents", "--topic", f"traces={topic}", "--topic", f"logs={self.topic('events')}", capture)
            old, count = count, count + len(self.convert(capture)["spans_raw"])
            self.await_rows(database, count)
            late = ENGINE.rows(f"SELECT count() AS n FROM {database}.spans_raw WHERE inserted_at >= '{before}'")[0]["n"]
            self.assertEqual(late, count - old)
        expected = self.create_for_ever()
        self.insert(f"{expected}.spans_raw", self.convert(*inputs)["spans_raw"])
        for query in ("SELECT row_id, is_model_call, span_id, toString(attributes_json) AS j FROM {}.spans_raw ORDER BY ALL",
                      "SELECT * FROM {}.cost_minute FINAL ORDER BY ALL",
                      "SELECT operation, minute, sum(spans) AS n, uniqMerge(traces) AS t FROM {}.spans_minute GROUP BY ALL ORDER BY ALL"):
            self.assertEqual(ENGINE.rows(query.format(database)), ENGINE.rows(query.format(expected)))


class Users(AgentsTest):
    """The engine here keeps no users: what it can say of the statements is whether it reads them; and it can have the profiles
    as its own."""

    def statements(self, *options):
        printed = self.printed("--shape", "agents", "--users", *options)
        self.assertEqual(self.printed("--shape", "agents", *options), printed[:printed.index("\n-- Nobody can log in")])
        return [re.sub(r"(?m)^--.*\n", "", statement).strip() for statement in schema_test.statements(
            printed[printed.index("\n-- Nobody can log in"):])]

    def test_statements_are_read(self):
        for options in ([], ["--on-cluster", "main"], ["--database", "my db", "--kafka", "b:1"]):
            statements = self.statements(*options)
            self.assertGreater(len(statements), 10)
            for statement in statements:
                quoted = statement.replace("\\", "\\\\").replace("'", "\\'")
                read = ENGINE.rows(f"SELECT formatQuery('{quoted}') AS q")[0]["q"]
                self.assertEqual(" ON CLUSTER main" in read, "main" in options, read)

    def test_grants(self):
        statements = "\n".join(self.statements("--kafka", "b:1"))
        grants = re.findall(r"^GRANT (\w+) ON (\S+) TO (\w+)", statements, re.MULTILINE)
        tables = [f"telemetry.{name}" for name in ("spans_raw", "events_raw", "spans_minute", "cost_minute", "otel_kafka_errors")]
        self.assertEqual(grants, [("SELECT", table, "agents_read") for table in tables] +
                         [("INSERT", table, "agents_insert") for table in tables[:2]])

    def test_settings_are_known_and_leave_work_possible(self):
        database = self.create_for_ever()
        self.insert_captures(database)
        for profile in [s for s in self.statements() if "SETTINGS PROFILE IF" in s]:
            settings = re.findall(r"(?m)^ {4}(\w+) = (\d+)", profile)
            self.assertGreater(len(settings), 4)
            for name, _ in settings:
                self.assertEqual(len(ENGINE.rows(f"SELECT value FROM system.settings WHERE name = '{name}'")), 1, name)
            query = f"SELECT operation, sum(spans) AS n FROM {database}.spans_minute GROUP BY operation"
            if "agents_read " in profile:
                rows = ENGINE.rows(f"{query} SETTINGS {', '.join(f'{name} = {value}' for name, value in settings)}")
                self.assertGreater(len(rows), 3)

    def engine_with(self, profile):
        """One whose only user has the settings and limits of the printed statement."""
        settings, limits = "", ""
        for name, value, least, most, const in re.findall(r"(?m)^ {4}(\w+) = (\d+)(?: MIN (\d+))?(?: MAX (\d+))?( CONST)?[,;]?$", profile):
            settings += f"<{name}>{value}</{name}>"
            inner = "".join(f"<{tag}>{text}</{tag}>" for tag, text in (("min", least), ("max", most)) if text)
            limits += f"<{name}>{inner}{'<readonly/>' if const else ''}</{name}>"
        users = self.path("users.xml")
        with open(users, "w", encoding="utf-8") as file:
            file.write(f"<clickhouse><profiles><default>{settings}<constraints>{limits}</constraints></default></profiles><users><default>"
                       "<password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>"
                       "<quotas><default/></quotas></clickhouse>\n")

        class Limited(servers.Engine):
            def configuration(self, volumes):
                return f"<clickhouse><users_config>{users}</users_config></clickhouse>\n"

        engine = Limited(servers.install("chdb.sh"), volumes=("slow",))
        self.addCleanup(engine.close)
        return engine

    def assert_refused(self, engine, sql, code):
        failed, answer = engine.ask(sql)
        self.assertTrue(failed, sql)
        self.assertIn(f"Code: {code}.", answer.decode(), sql)

    def test_limits_of_readers(self):
        engine = self.engine_with([s for s in self.statements() if "PROFILE IF NOT EXISTS agents_read " in s][0])
        self.assertEqual(engine.rows("SELECT sum(number) AS n FROM numbers(1000)")[0]["n"], 499500)
        # As Grafana does.
        engine.query("SELECT 1 SETTINGS max_execution_time = 300, max_result_rows = 5")
        for setting in ("max_execution_time = 301", "max_execution_time = 0", "max_memory_usage = 0", "max_rows_to_read = 0",
                        "max_bytes_to_read = 0", "max_result_rows = 0", "max_result_bytes = 0",
                        "max_concurrent_queries_for_user = 0"):
            self.assert_refused(engine, f"SELECT 1 SETTINGS {setting}", 452)  # SETTING_CONSTRAINT_VIOLATION
        self.assert_refused(engine, "SET readonly = 0", 164)  # READONLY
        self.assert_refused(engine, "CREATE TABLE x (y UInt8) ENGINE = Memory", 164)
        self.assert_refused(engine, "SELECT sum(number) FROM numbers(3000000000)", 158)  # TOO_MANY_ROWS
        self.assert_refused(engine, "SELECT number FROM numbers(1000001)", 396)  # TOO_MANY_ROWS_OR_BYTES

    def test_limits_of_ingest(self):
        engine = self.engine_with([s for s in self.statements() if "PROFILE IF NOT EXISTS agents_insert " in s][0])
        engine.query("CREATE TABLE t (y UInt8) ENGINE = MergeTree ORDER BY y")
        engine.query("INSERT INTO t VALUES (7)")
        self.assertEqual(engine.rows("SELECT y FROM t"), [{"y": 7}])
        self.assert_refused(engine, "SELECT 1 SETTINGS wait_for_async_insert = 0", 452)
        self.assert_refused(engine, "SELECT 1 SETTINGS max_execution_time = 3601", 452)


def prepare():
    global ENGINE
    library = servers.install("chdb.sh")
    yield from publishing.broker_alone(publishing.PublishTest)()
    ENGINE = servers.Engine(library, volumes=("slow",))
    schema_test.ENGINE = ENGINE
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
