#!/usr/bin/env python3
"""The store of agents' telemetry as a whole, without containers: what agents of each vocabulary send gets into the tables that
`schema print` makes, by files, as rows through Kafka and as requests through Kafka, and its rollups hold what agent_numbers.py works
out anew. Cases of the engine alone come first; those with a broker are KafkaStore.

usage: agents_store_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_numbers  # noqa: E402
import clickhouse_http  # noqa: E402
import servers  # noqa: E402
from agent_numbers import Store  # noqa: E402
from publishing import PublishTest  # noqa: E402
from receiving import Receive  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

ENGINE = None
SDK = ""  # folder of OpenTelemetry's packages for Python
AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "agent", "agent.py")
QUANTILES = (0.5, 0.9, 0.95, 0.99)
SPANS_KEY = ("tenant_id", "env", "service_name", "operation", "minute")
COST_KEY = ("tenant_id", "env", "service_name", "provider", "model", "tool_name", "minute")
SUMS = ("calls", "calls_without_cost", "tokens_prompt", "tokens_completion", "tokens_cache_read", "tokens_cache_write",
        "tokens_reasoning", "cost_usd")
# Of the captures: file -> service_name of its resources.
SERVICES = {"genai.json": ["travel-agent"], "genai-old.json": ["support-bot"], "openinference.json": ["rag-service"],
            "openllmetry.json": ["joke-service"], "langfuse.json": ["helpdesk"], "claude-code.json": ["claude-code"],
            "plain.json": ["planner"], "traps.json": ["edge", ""]}


def testdata(*path):
    return os.path.join(run.TESTDATA, "agents", *path)


def expected():
    return json.loads(run.read(testdata("expected.json")))


def texts(names):
    return ", ".join(f"'{name}'" for name in names)


class StoreTest(PublishTest):
    def create(self, database, *options):
        ENGINE.query(f"CREATE DATABASE IF NOT EXISTS {database}")
        self.addCleanup(self.stop_reading, database)
        # What is old stays, whatever the day of the test; else as it is printed, but for how long it waits until rows are to be seen.
        sql = self.run_command("schema", "print", "--shape", "agents", "--database", database, "--ttl", "none", *options)[0]
        ENGINE.query(sql.replace(b"kafka_format =", b"kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format ="))

    @staticmethod
    def stop_reading(database):
        """Readers share few threads: those of the next case are to have them."""
        for row in ENGINE.rows(f"SELECT name FROM system.tables WHERE database = '{database}' AND engine = 'Kafka'"):
            ENGINE.query(f"DROP TABLE {database}.{row['name']}")

    def insert_converted(self, database, *arguments):
        """Rows of convert, inserted."""
        folder = self.path(f"rows-{database}")
        self.run_command("convert", "--shape", "agents", "--output-dir", folder, *arguments)
        for name in os.listdir(folder):
            rows = run.read(os.path.join(folder, name))
            ENGINE.query(f"INSERT INTO {database}.{name.removesuffix('.jsonl')} FORMAT JSONEachRow ".encode() + rows)

    def number(self, sql):
        (row,) = ENGINE.rows(sql)
        (value,) = row.values()
        return float(value) if isinstance(value, float) else int(value)

    def assert_sums(self, found, wanted, what):
        """Sums of cost_minute, from JSON, against those of agent_numbers.py."""
        for name in SUMS:
            value = float(found[name])
            self.assertTrue(math.isclose(value, wanted[name], rel_tol=1e-9, abs_tol=1e-12), f"{what}: {name} {value}, not {wanted[name]}")

    def cost_rows(self, database, key, where="1"):
        names = ", ".join("toUnixTimestamp(minute) AS minute" if name == "minute" else name for name in key)
        group = f"GROUP BY {', '.join(key)}" if key else ""
        sums = ", ".join(f"sum({name}) AS {name}" for name in SUMS)
        rows = ENGINE.rows(f"SELECT {names}{',' if key else ''} {sums} FROM (SELECT * FROM {database}.cost_minute) WHERE {where} {group}")
        return {tuple(row[name] for name in key): row for row in rows}

    def check_cost(self, database, store, *key):
        found, wanted = self.cost_rows(database, key), store.cost_by(*key)
        self.assertEqual(set(found), set(wanted))
        for group, row in found.items():
            self.assert_sums(row, wanted[group], group)

    def check_spans(self, database, store, *key):
        names = ", ".join("toUnixTimestamp(minute) AS minute" if name == "minute" else name for name in key)
        levels = ", ".join(map(str, QUANTILES))
        rows = ENGINE.rows(f"SELECT {names}, sum(spans) AS spans, sum(errors) AS errors, uniqMerge(traces) AS traces, "
                           f"quantilesTDigestMerge({levels})(duration_ms) AS quantiles "
                           f"FROM (SELECT * FROM {database}.spans_minute) GROUP BY {', '.join(key)}")
        wanted = store.spans_by(*key)
        self.assertEqual({tuple(row[name] for name in key) for row in rows}, set(wanted))
        for row in rows:
            group = tuple(row[name] for name in key)
            spans, errors, durations, traces = wanted[group]
            self.assertEqual((int(row["spans"]), int(row["errors"])), (spans, errors), group)
            self.assertTrue(math.isclose(int(row["traces"]), traces, rel_tol=0.02), (group, row["traces"], traces))
            for level, value in zip(QUANTILES, row["quantiles"]):
                self.assert_quantile(durations, level, value, group)

    def assert_quantile(self, ordered, level, value, what):
        """The sketch answers a value whose rank is off by at most a hundredth, and keeps values as 32-bit floats."""
        rank, off = level * (len(ordered) - 1), 1 + len(ordered) / 100
        low, high = ordered[max(0, math.floor(rank - off))], ordered[min(len(ordered) - 1, math.ceil(rank + off))]
        slack = 1e-6 * max(abs(low), abs(high), 1e-3)
        self.assertTrue(low - slack <= value <= high + slack, f"{what}: quantile {level} is {value}, not in {low} to {high}")

    def check_rollups(self, database, store):
        self.check_spans(database, store, *SPANS_KEY)
        self.check_spans(database, store, "service_name", "operation")
        self.check_cost(database, store, *COST_KEY)
        for key in ("tenant_id", "model", "tool_name"):
            self.check_cost(database, store, key)


class Oracle(run.CommandTest):
    def test_the_numbers_are_those_counted_by_hand(self):
        """agent_numbers.py and expected.json: two answers to the same question, neither of them gf-otlp's."""
        self.assertEqual(set(expected()), set(SERVICES))
        for name, wanted in expected().items():
            store = Store([testdata(name)])
            (total,) = store.cost_by().values()
            found = {"spans": len(store.spans), "traces": len({row["trace_id"] for row in store.spans}),
                     "errors": sum(row["status_code"] == "ERROR" for row in store.spans), "events": len(store.events),
                     "plain_logs": store.plain_logs, "metric_points": store.metric_points, "unread_numbers": store.unread_numbers,
                     "operations": collections.Counter(row["operation"] for row in store.spans),
                     "event_types": collections.Counter(row["event_type"] for row in store.events), **total}
            for member, value in wanted.items():
                with self.subTest(name, member=member):
                    if member in ("cost_usd",):
                        self.assertAlmostEqual(found[member], value, places=12)
                    elif member not in ("priced", "by_model"):
                        self.assertEqual(found[member], value)


class EngineStore(StoreTest):
    def test_vocabularies(self):
        """What expected.json says, by the service that each capture is of; no vocabulary counts anything twice."""
        self.create("vocabularies")
        for name in SERVICES:
            folder = self.path(name)
            _, stats = self.stats("convert", "--shape", "agents", "--output-dir", folder, testdata(name))
            wanted = expected()[name]
            self.assertEqual(stats["records_filtered"], wanted["plain_logs"] + wanted["metric_points"], name)
            self.assertEqual(stats["unread_numbers"], wanted["unread_numbers"], name)
        self.insert_converted("vocabularies", *map(testdata, SERVICES))
        for name, services in SERVICES.items():
            with self.subTest(name):
                self.check_capture("vocabularies", expected()[name], f"service_name IN ({texts(services)})")
        self.check_rollups("vocabularies", Store(map(testdata, SERVICES)))

    def check_capture(self, database, wanted, where):
        spans, events = f"{database}.spans_raw WHERE {where}", f"{database}.events_raw WHERE {where}"
        for member, sql in (("spans", f"count() FROM {spans}"), ("traces", f"uniqExact(trace_id) FROM {spans}"),
                            ("errors", f"countIf(status_code = 'ERROR') FROM {spans}"), ("events", f"count() FROM {events}")):
            self.assertEqual(self.number(f"SELECT {sql}"), wanted[member], member)
        for member, column, table in (("operations", "operation", spans), ("event_types", "event_type", events)):
            rows = ENGINE.rows(f"SELECT {column}, count() AS n FROM {table} GROUP BY {column}")
            self.assertEqual({row[column]: int(row["n"]) for row in rows}, wanted[member])
        (total,) = self.cost_rows(database, (), where).values()
        for member in SUMS:
            if member in wanted:
                self.assertAlmostEqual(float(total[member]), wanted[member], places=12, msg=member)
        rows = ENGINE.rows(f"SELECT tenant_id, model, tool_name, sum(calls) AS calls, sum(tokens_prompt) AS tokens_prompt, "
                           f"sum(tokens_completion) AS tokens_completion, sum(cost_usd) AS cost_usd "
                           f"FROM (SELECT * FROM {database}.cost_minute) WHERE {where} GROUP BY tenant_id, model, tool_name")
        names = ("tenant_id", "model", "tool_name", "calls", "tokens_prompt", "tokens_completion")

        def form(row):
            return (*(str(row[name]) for name in names), f"{float(row['cost_usd']):.9f}")
        self.assertCountEqual(map(form, rows), map(form, wanted["by_model"]))

    def test_prices(self):
        """A price table fills what is not known, of model calls alone, and says so."""
        self.create("priced")
        self.insert_converted("priced", *map(testdata, SERVICES), "--price-table", testdata("prices.csv"))
        for name, services in SERVICES.items():
            with self.subTest(name):
                (total,) = self.cost_rows("priced", (), f"service_name IN ({texts(services)})").values()
                wanted = expected()[name]["priced"]
                self.assertAlmostEqual(float(total["cost_usd"]), wanted["cost_usd"], places=12)
                self.assertEqual(int(total["calls_without_cost"]), wanted["calls_without_cost"])
        rows = ENGINE.rows("SELECT cost_source, cost_usd IS NULL AS unknown, is_model_call, count() AS n FROM priced.spans_raw "
                           "GROUP BY ALL")
        self.assertGreater(len(rows), 2)
        for row in rows:
            self.assertEqual(row["cost_source"] == "", bool(row["unknown"]), row)
            self.assertTrue(row["cost_source"] != "price table" or row["is_model_call"], row)

    def test_rows_of_traps(self):
        self.create("traps")
        self.insert_converted("traps", testdata("traps.json"))

        def column(name, span):
            (row,) = ENGINE.rows(f"SELECT {name} AS value FROM traps.spans_raw WHERE span_name = '{span}'")
            return row["value"]
        for span, duration in (("GET /health", 0.4), ("SELECT orders", 0.05), ("clocks disagree", -2), ("no end", 0)):
            self.assertAlmostEqual(column("duration_ms", span), duration, places=9, msg=span)
        self.assertEqual(column("tenant_id", "tenant of the span"), "globex")
        self.assertEqual(column("(tenant_id, service_name, kind)", "no service, no tenant, no kind"), ["", "", "UNSPECIFIED"])
        self.assertEqual(column("(status_code, status_message)", "POST /pay"), ["ERROR", "card declined"])
        self.assertEqual(column("toString(start_ts)", "chat across Monday\\'s midnight"), "2026-11-15 23:59:59.999999999")
        # The resource's tokens and cost are nobody's.
        self.assertEqual(column("(tokens_prompt, cost_usd, is_model_call)", "model.load"), [None, None, False])
        self.assertEqual(column("attributes['tokens.prompt']", "model.load"), "999")
        self.assertEqual(self.number("SELECT uniqExact(toMonday(start_ts)) FROM traps.spans_raw"), 2)
        # Events: their own numbers in the row, none of them in the rollup.
        (usage,) = ENGINE.rows("SELECT tokens_prompt, cost_usd, tenant_id, model FROM traps.events_raw WHERE event_type = 'usage'")
        self.assertEqual((int(usage["tokens_prompt"]), usage["cost_usd"], usage["tenant_id"], usage["model"]), (5, 0.7, "acme", "unpriced-1"))
        self.assertEqual(ENGINE.rows("SELECT toString(event_ts) AS at FROM traps.events_raw WHERE event_type = 'device.lifecycle'"),
                         [{"at": "2026-11-16 10:09:21.000000000"}])

    def test_content_is_left_out(self):
        prompts = [b"Lisbon", b"Tell me a joke", b"My parcel is lost", b"I am sorry", b"Who wrote it?", b"Nobody knows", b"Written by hand",
                   b"Reset my password", b"You book journeys", b"woof", b"bash_command"]
        kept = self.run_command("convert", "--shape", "agents", *map(testdata, SERVICES))[0]
        dropped = self.run_command("convert", "--shape", "agents", "--drop-content", *map(testdata, SERVICES))[0]
        self.assertEqual([text for text in prompts if text not in kept], [])
        self.assertEqual([text for text in prompts if text in dropped], [])
        # Nothing else is missing: rows without what they are made of are the same.
        for line, other in zip(run.lines(kept), run.lines(dropped), strict=True):
            rows = [json.loads(text) for text in (line, other)]
            for row in rows:
                for name in ("attributes", "attributes_json", "payload_json"):
                    row.pop(name, None)
            self.assertEqual(*rows)


class KafkaStore(StoreTest):
    RUNS = 120

    def sample(self):
        """A capture of the sample agent, as `receive` writes it, and what the agent says it sent."""
        server = Receive(self.path("sample"), "--format", "json")
        self.addCleanup(server.kill)
        done = subprocess.run([sys.executable, AGENT, "--endpoint", server.http, "--runs", str(self.RUNS), "--seed", "7",
                               "--start", "2026-11-16T12:00:00Z"], capture_output=True, check=False, env={**os.environ, "PYTHONPATH": SDK})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        server.stop()
        return server.folder, json.loads(done.stdout)

    def topics(self, database):
        """Options of `schema print` and of `publish` by encoding, for topics of the database's own."""
        names = {table: self.topic(f"{database}-{table}") for table in ("spans_raw", "events_raw", "otlp_spans", "otlp_logs")}
        kafka = ["--kafka", self.broker.address(), "--kafka-group", f"{database}"]
        for table, topic in names.items():
            kafka += ["--kafka-topic", f"{table}={topic}"]
        rows = ["--topic", f"traces={names['spans_raw']}", "--topic", f"logs={names['events_raw']}"]
        requests = ["--encoding", "otlp_json", "--topic", f"traces={names['otlp_spans']}", "--topic", f"logs={names['otlp_logs']}"]
        return kafka, rows, requests

    def await_store(self, database, store):
        """Until all rows are there and summed."""
        calls = store.cost_by()[()]["calls"]
        wanted = {"count() FROM {}.spans_raw": len(store.spans), "count() FROM {}.events_raw": len(store.events),
                  "sum(spans) FROM {}.spans_minute": len(store.spans), "sum(calls) FROM {}.cost_minute": calls}
        end = time.monotonic() + PATIENCE
        while True:
            found = {sql: self.number("SELECT " + sql.format(database)) for sql in wanted}
            if all(found[sql] >= count for sql, count in wanted.items()):
                break
            if time.monotonic() > end:
                errors = ENGINE.rows(f"SELECT table, exceptions.text AS errors FROM system.kafka_consumers WHERE database = '{database}'")
                refused = ENGINE.rows(f"SELECT Topic, base64Encode(Error) FROM {database}.otel_kafka_errors LIMIT 3")
                self.fail(f"{found} of {wanted}; the readers' errors: {errors}; messages refused: {refused}")
            time.sleep(0.2)
        self.assertEqual(found, wanted)
        self.assertEqual(self.number(f"SELECT count() FROM {database}.otel_kafka_errors"), 0)

    @contextlib.contextmanager
    def store(self, database, *inputs):
        """Tables that read Kafka, and what they must hold in the end."""
        kafka, rows, requests = self.topics(database)
        self.create(database, *kafka)
        yield rows, requests
        store = Store(path for name in inputs for path in self.files(name))
        self.await_store(database, store)
        self.check_rollups(database, store)

    @staticmethod
    def files(name):
        return [os.path.join(name, file) for file in sorted(os.listdir(name))] if os.path.isdir(name) else [name]

    def test_both_ways(self):
        """The sample agent and all vocabularies: as rows that gf-otlp makes, and as requests that ClickHouse maps."""
        folder, sent = self.sample()
        inputs = [folder, *map(testdata, SERVICES)]
        with self.store("by_rows", *inputs) as (rows, _):
            _, stats = self.publish("--shape", "agents", *rows, *inputs)
        with self.store("by_requests", *inputs) as (_, requests):
            self.publish("--shape", "agents", *requests, *inputs)
        self.assert_sent("by_rows", sent)
        self.assertEqual(stats["unread_numbers"], sum(wanted["unread_numbers"] for wanted in expected().values()))
        for table in ("spans_raw", "events_raw"):
            self.assertEqual(self.contents("by_requests", table), self.contents("by_rows", table), table)

    def contents(self, database, table):
        """Rows and how often each is there, without what only the table has, and without JSON and texts of numbers with fractions."""
        columns = ENGINE.rows(f"SELECT name FROM system.columns WHERE database = '{database}' AND table = '{table}' "
                              "AND default_kind = '' AND type NOT LIKE '%JSON%' AND type NOT LIKE 'Map%'")
        self.assertGreater(len(columns), 10)
        names = ", ".join(row["name"] for row in columns)
        return collections.Counter(run.lines(ENGINE.query(f"SELECT {names} FROM {database}.{table} FORMAT JSONEachRow")))

    def assert_sent(self, database, sent):
        """What the sample agent counted while it sent."""
        where = "service_name IN ('support-agent', 'research-agent')"
        self.assertGreater(sent["errors"], 5)
        self.assertEqual(self.number(f"SELECT count() FROM {database}.spans_raw WHERE {where}"), sent["spans"])
        self.assertEqual(self.number(f"SELECT sum(errors) FROM {database}.spans_minute WHERE {where}"), sent["errors"])
        self.assertEqual(self.number(f"SELECT count() FROM {database}.events_raw WHERE {where}"), sent["events"])
        self.assertEqual(self.number(f"SELECT uniqMerge(traces) FROM {database}.spans_minute WHERE {where}"), sent["runs"])
        by_model = self.cost_rows(database, ("model",), where)
        self.assertEqual({key[0] for key in by_model}, set(sent["models"]))
        for name, counts in sent["models"].items():
            self.assert_sums(by_model[(name,)], collections.Counter(counts), name)
        for (tenant,), row in self.cost_rows(database, ("tenant_id",), where).items():
            self.assertAlmostEqual(float(row["cost_usd"]), sent["tenants"][tenant]["cost_usd"], places=9, msg=tenant)
        rows = ENGINE.rows(f"SELECT tool_name, count() AS calls, countIf(status_code = 'ERROR') AS errors FROM {database}.spans_raw "
                           f"WHERE {where} AND tool_name != '' GROUP BY tool_name")
        self.assertEqual({row["tool_name"]: {"calls": int(row["calls"]), "errors": int(row["errors"])} for row in rows}, sent["tools"])

    def write_history(self, requests):
        """Requests of 20 spans each, of chats and tools, one on a line; durations of all sizes."""
        folder = self.path("history")
        os.mkdir(folder)
        for part in range(3):
            with open(os.path.join(folder, f"{part}.json"), "w", encoding="ascii") as file:
                for i in range(part * requests, (part + 1) * requests):
                    file.write(json.dumps(self.history_request(i)) + "\n")
        return folder

    @staticmethod
    def history_request(i):
        def pairs(**values):
            return [{"key": name.replace("__", "."), "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
                    for name, value in values.items()]
        spans = []
        for j in range(i * 20, i * 20 + 20):
            start = (1763287200 + j // 7) * 10**9 + j  # 2025-11-16 10:00
            chat = j % 3 != 0
            spans.append({"traceId": f"{i + 1:032x}", "spanId": f"{j + 1:016x}", "name": "step", "kind": 3,
                          "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + (j * 7919 % 10**6) * 1000),
                          "status": {"code": 2} if j % 50 == 0 else {},
                          "attributes": pairs(gen_ai__operation__name="chat", gen_ai__request__model=f"model-{j % 2}",
                                              gen_ai__usage__input_tokens=j % 900, gen_ai__usage__output_tokens=j % 90, cost_usd="0.001")
                          if chat else pairs(gen_ai__operation__name="execute_tool", gen_ai__tool__name=f"tool-{j % 4}")})
        return {"resourceSpans": [{"resource": {"attributes": pairs(service__name="history", tenant__id=f"tenant-{i % 3}")},
                                   "scopeSpans": [{"spans": spans}]}]}

    def test_history_that_is_interrupted(self):
        """A backfill is killed and goes on from its checkpoint; what is there twice is found and dropped, and rollups are made anew."""
        folder = self.write_history(200)
        store = Store(self.files(folder))
        kafka, rows, _ = self.topics("history")
        self.create("history", *kafka)
        arguments = [folder, "--shape", "agents", *rows, "--checkpoint", self.path("checkpoint"), "--rate", "4000"]
        process = self.start_publish(*arguments)
        self.wait_for("a checkpoint with something in it", self.units_done)
        process.kill()
        self.end(process, -signal.SIGKILL)
        topic = self.topic("history-spans_raw")
        self.assertLess(self.arrived(topic), len(store.spans), "it was over: the case shows nothing")
        _, stats = self.publish(*arguments)
        self.assertLess(stats["messages"], len(store.spans), "it began from the beginning")
        # And someone sends a file once more, without a checkpoint.
        again = os.path.join(folder, "1.json")
        self.publish(again, "--shape", "agents", *rows)
        sent = self.arrived(topic)
        self.assertGreaterEqual(sent, len(store.spans) + 200 * 20)

        end = time.monotonic() + PATIENCE
        while self.number("SELECT sum(spans) FROM history.spans_minute") < sent:
            self.assertLess(time.monotonic(), end, "rows do not arrive")
            time.sleep(0.2)
        self.assertEqual(self.number("SELECT count() FROM history.spans_raw"), sent)
        self.assertEqual(self.number("SELECT uniqExact(row_id) FROM history.spans_raw"), len(store.spans))
        with clickhouse_http.Server(ENGINE) as server:
            self.drop_repeats(server, store, sent)
            self.assertEqual(self.number("SELECT count() FROM history.spans_raw"), len(store.spans))
            self.run_command("schema", "apply", "--shape", "agents", "--clickhouse", server.url, "--database", "history", "--ttl", "none",
                             *kafka, "--rebuild", "spans_minute", "--rebuild", "cost_minute")
        self.check_rollups("history", store)

    def units_done(self):
        if not os.path.exists(self.path("checkpoint")):
            return 0
        return sum(file["units_done"] for file in json.loads(run.read(self.path("checkpoint")))["files"])

    def drop_repeats(self, server, store, sent):
        """`repeats` says how many rows are too many, and how to drop them."""
        options = ["repeats", "--clickhouse", server.url, "--database", "history"]
        report = json.loads(self.run_command(*options, "--format", "json", code=1)[0])
        self.assertIn(sent - len(store.spans), numbers(report))
        statements = re.findall(r"^\s*(OPTIMIZE TABLE [^;]*);", self.run_command(*options, code=1)[0].decode(), re.MULTILINE)
        self.assertGreater(len(statements), 0)
        for statement in statements:
            ENGINE.query(statement)
        self.run_command(*options, code=0)


def numbers(value):
    """All numbers in a JSON value."""
    if isinstance(value, (dict, list)):
        return [number for item in (value.values() if isinstance(value, dict) else value) for number in numbers(item)]
    return [value] if isinstance(value, int) else []


def prepare():
    global ENGINE, SDK
    library = servers.install("chdb.sh")
    servers.install("kafka.sh")
    SDK = servers.install("otel_python.sh")
    ENGINE = servers.Engine(library)
    yield ENGINE
    StoreTest.broker = LateBroker()
    yield StoreTest.broker


class LateBroker:
    """Starts when it is asked for the first time: cases of the engine alone do not wait for it."""

    def __init__(self):
        self.broker = None

    def __getattr__(self, name):
        if self.broker is None:
            self.broker = servers.Broker()
        return getattr(self.broker, name)

    def close(self):
        if self.broker is not None:
            self.broker.close()


if __name__ == "__main__":
    servers.main(prepare)
