#!/usr/bin/env python3
"""deploy/agents without containers: the sample agent sends to a real Collector with the stack's processors, its requests go to
the stack's topics of a real broker, and a real engine with the stack's clickhouse-init.sql and storage policy reads them
there. What is in the tables must be what the agent says it sent, and what convert makes of the same requests.

The Collector's exporter for Kafka is the one part that is not run (its module is not to be had everywhere): what the file exporter
writes, which is the same JSON, is put into the topics instead.

usage: agents_collector_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_http  # noqa: E402
import servers  # noqa: E402
from collector import Collector  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.join(servers.HERE, "..", "..")
STACK = os.path.join(ROOT, "deploy", "agents")
AGENT = os.path.join(ROOT, "examples", "agent", "agent.py")
RUNS = 120
DEFAULTS = {"DEFAULT_ENV": "test", "DEFAULT_TENANT": "nobody"}
# Attributes of a resource and headers of its request, and what tenant and environment the Collector makes of them.
NAMED = [({}, {}, "nobody", "test"),
         ({}, {"x-tenant-id": "umbrella"}, "umbrella", "test"),
         ({"tenant.id": "own"}, {"x-tenant-id": "umbrella"}, "own", "test"),
         ({"tenant_id": "old", "env": "qa"}, {"x-tenant-id": "umbrella"}, "old", "qa"),
         ({"organization.id": "org", "deployment.environment": "prod"}, {}, "org", "prod"),
         ({"deployment.environment.name": "prod", "deployment.environment": "older"}, {}, "nobody", "prod")]
TOKENS = ("tokens_prompt", "tokens_completion", "tokens_cache_read", "tokens_cache_write", "tokens_reasoning")

COLLECTOR, PYTHON_PATH = "", ""  # set by prepare()


def text(*path):
    return run.read(os.path.join(STACK, *path)).decode()


class StackEngine(servers.Engine):
    """With the storage policy of the stack, its disk in a folder of the test's."""

    def configuration(self, volumes):
        return text("clickhouse", "storage.xml").replace("/var/lib/clickhouse-slow/", f"{self.folder}/slow/")


def stack_collector():
    """With receiver and processors of the stack; writes requests to `requests` in its folder."""
    configuration = yaml.safe_load(text("otel-collector.yaml"))
    processors = configuration["processors"]
    for signal in ("traces", "logs"):
        if configuration["service"]["pipelines"][signal]["processors"] != list(processors):
            raise AssertionError(f"{signal}: the order of the processors is another")
    return Collector(COLLECTOR, lambda folder: {"file": {"path": os.path.join(folder, "requests")}}, processors,
                     configuration["receivers"]["otlp"]["protocols"])


def without_users(sql):
    """The engine has no users but one, which may not make others."""
    statements = re.split(r";\n(?=\n|$|[A-Z])", sql)
    return ";\n".join(statement for statement in statements
                      if not re.match(r"(?:\s|--.*\n)*(CREATE (USER|ROLE|SETTINGS PROFILE)|ALTER (USER|ROLE)|GRANT) ", statement))


def post(collector, i, attributes, headers):
    """A request of one span, now."""
    now = time.time_ns()
    named = [{"key": key, "value": {"stringValue": value}} for key, value in {"service.name": f"named-{i}", **attributes}.items()]
    span = {"traceId": f"{i + 1:032x}", "spanId": f"{i + 1:016x}", "name": "work", "startTimeUnixNano": str(now),
            "endTimeUnixNano": str(now + 250_000)}
    body = {"resourceSpans": [{"resource": {"attributes": named}, "scopeSpans": [{"spans": [span]}]}]}
    request = urllib.request.Request(f"http://{collector.http}/v1/traces", json.dumps(body).encode(),
                                     {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


def run_agent(endpoint, *options):
    """What the agent says it sent."""
    done = subprocess.run([sys.executable, AGENT, "--endpoint", f"http://{endpoint}", *options], capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": PYTHON_PATH})
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return json.loads(done.stdout)


def send(collector):
    """What the agent says it sent; NAMED comes behind it."""
    sent = run_agent(collector.http, "--runs", str(RUNS))
    for i, (attributes, headers, _, _) in enumerate(NAMED):
        post(collector, i, attributes, headers)
    return sent


def requests(path):
    """Topic of the stack -> the requests in the file, as text."""
    found = {"otel-spans": [], "otel-logs": []}
    for line in run.lines(run.read(path)) if os.path.exists(path) else ():
        found["otel-spans" if "resourceSpans" in json.loads(line) else "otel-logs"].append(line.decode())
    return found


def records(request, scopes, kind):
    return [record for resource in request.values() for item in resource for scope in item[scopes] for record in scope[kind]]


def await_records(path, spans, logs):
    """Until as many are in the file: the processor waits for a second."""
    end = time.monotonic() + PATIENCE
    while True:
        found = requests(path)
        counts = (sum(len(records(json.loads(request), "scopeSpans", "spans")) for request in found["otel-spans"]),
                  sum(len(records(json.loads(request), "scopeLogs", "logRecords")) for request in found["otel-logs"]))
        if counts == (spans, logs):
            return
        if time.monotonic() > end:
            raise AssertionError(f"(spans, logs) that arrived: {counts}, sent: {(spans, logs)}")
        time.sleep(0.2)


def produce(engine, address, topics):
    """topics: topic -> messages."""
    engine.query("CREATE DATABASE producers")
    for topic, messages in topics.items():
        table = f"producers.`{topic}`"
        engine.query(f"CREATE TABLE {table} (raw String) ENGINE = Kafka SETTINGS kafka_broker_list = '{address}', "
                     f"kafka_topic_list = '{topic}', kafka_group_name = 'producer', kafka_format = 'RawBLOB'")
        rows = "\n".join(json.dumps({"raw": message}) for message in messages)
        engine.query(f"INSERT INTO {table} FORMAT JSONEachRow {rows}")


def count(engine, table):
    return int(engine.rows(f"SELECT count() AS n FROM {table}")[0]["n"])


def await_rows(engine, table, expected):
    end = time.monotonic() + PATIENCE
    while (found := count(engine, table)) < expected:
        if time.monotonic() > end:
            errors = engine.rows("SELECT table, exceptions.text AS errors FROM system.kafka_consumers")
            raise AssertionError(f"{found} of {expected} rows in {table}; the readers' errors: {errors}; refused: "
                                 f"{engine.rows('SELECT Topic, Error FROM telemetry.otel_kafka_errors LIMIT 2')}")
        time.sleep(0.1)


class AgentsStack(servers.RowsTest):
    library, engine, sent, capture = "", None, {}, ""  # set by prepare()

    def test_tables_hold_what_was_sent(self):
        for table, expected in (("spans_raw", self.sent["spans"] + len(NAMED)), ("events_raw", self.sent["events"]), ("otel_kafka_errors", 0)):
            self.assertEqual(count(self.engine, f"telemetry.{table}"), expected, table)
        sums = ", ".join(f"toInt64(sum({column})) AS {column}" for column in (*TOKENS, "calls", "calls_without_cost"))
        found = self.engine.rows(f"SELECT model, {sums}, sum(cost_usd) AS cost_usd FROM telemetry.cost_minute GROUP BY model")
        self.assertEqual({row["model"] for row in found}, set(self.sent["models"]))
        for row in found:
            sent = self.sent["models"][row.pop("model")]
            for column, value in row.items():
                self.assertAlmostEqual(float(value), sent.get(column, 0), 9, (sent, column))
        totals, = self.engine.rows("SELECT sum(spans) AS spans, sum(errors) AS errors, uniqMerge(traces) AS traces FROM telemetry.spans_minute "
                                   "WHERE service_name NOT LIKE 'named-%'")
        self.assertEqual({name: int(value) for name, value in totals.items()},
                         {"spans": self.sent["spans"], "errors": self.sent["errors"], "traces": RUNS})

    def test_tools_and_tenants(self):
        found = self.engine.rows("SELECT tool_name, count() AS calls, countIf(status_code = 'ERROR') AS errors FROM telemetry.spans_raw "
                                 "WHERE operation = 'execute_tool' GROUP BY tool_name")
        self.assertEqual({row.pop("tool_name"): {name: int(value) for name, value in row.items()} for row in found}, self.sent["tools"])
        found = self.engine.rows("SELECT tenant_id, sum(cost_usd) AS cost FROM telemetry.cost_minute GROUP BY tenant_id")
        self.assertEqual({row["tenant_id"] for row in found}, set(self.sent["tenants"]))
        for row in found:
            self.assertAlmostEqual(row["cost"], self.sent["tenants"][row["tenant_id"]]["cost_usd"], 9)

    def test_who_says_nothing_gets_a_name(self):
        found = self.engine.rows("SELECT service_name, tenant_id, env FROM telemetry.spans_raw WHERE service_name LIKE 'named-%'")
        self.assertEqual({row["service_name"]: (row["tenant_id"], row["env"]) for row in found},
                         {f"named-{i}": (tenant, env) for i, (_, _, tenant, env) in enumerate(NAMED)})

    def test_rows_are_those_of_convert(self):
        """Both ways are compared closely elsewhere; here, columns of the Collector's own JSON."""
        self.engine.query("CREATE DATABASE IF NOT EXISTS expected")
        for table, rows in self.rows("--shape", "agents", self.capture).items():
            with self.subTest(table):
                names = [row["name"] for row in self.engine.rows(
                    f"SELECT name FROM system.columns WHERE database = 'telemetry' AND table = '{table}' AND default_kind = '' "
                    "AND type NOT LIKE '%JSON%' AND type NOT LIKE 'Map%'")]
                self.assertGreater(len(names), 10)
                self.engine.query(f"CREATE TABLE expected.{table} AS telemetry.{table} ENGINE = Memory")
                self.engine.query(f"INSERT INTO expected.{table} FORMAT JSONEachRow ".encode() + b"\n".join(rows))
                columns = ", ".join(names)
                found, expected = (run.lines(self.engine.query(f"SELECT {columns} FROM {database}.{table} FORMAT JSONEachRow"))
                                   for database in ("telemetry", "expected"))
                self.assert_same(found, expected, table)

    def test_rows_lie_where_the_policy_says(self):
        disks = self.engine.rows("SELECT DISTINCT t.storage_policy AS policy, p.disk_name AS disk FROM system.tables AS t "
                                 "JOIN system.parts AS p ON p.database = t.database AND p.table = t.name "
                                 "WHERE t.database = 'telemetry' AND t.name IN ('spans_raw', 'events_raw') AND p.active")
        self.assertEqual(disks, [{"policy": "tiered", "disk": "default"}])


class Migrate(run.CommandTest):
    def test_what_init_made_is_what_migrate_wants(self):
        made = subprocess.run(["make", "--silent", "-n", "-C", STACK, "migrate"], capture_output=True, check=True, text=True).stdout
        words = shlex.split(re.search(r"--build gf-otlp (schema apply .*)", made)[1])
        engine = StackEngine(AgentsStack.library, ["slow"])
        self.addCleanup(engine.close)
        engine.query(without_users(text("clickhouse-init.sql")).replace("kafka:9092", "localhost:1"))
        with clickhouse_http.Server(engine) as server:
            changed = {"http://clickhouse:8123": server.url, "kafka:9092": "localhost:1"}
            out, _ = self.run_command(*(changed.get(word, word) for word in words), env={"no_proxy": "localhost"})
        self.assertEqual(out.decode().strip(), "nothing was to be done")


class Requests(http.server.BaseHTTPRequestHandler):
    """Takes all, keeps all in the list that the server has."""

    def do_POST(self):
        self.server.bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class SampleAgent(unittest.TestCase):
    def sent(self, *options):
        with http.server.HTTPServer(("127.0.0.1", 0), Requests) as server:
            server.bodies = []
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                run_agent(f"127.0.0.1:{server.server_port}", "--runs", "30", *options)
            finally:
                server.shutdown()
        self.assertEqual([path for path, _ in server.bodies], ["/v1/traces", "/v1/logs"] * 2)
        return server.bodies

    def test_seed_and_start_say_everything(self):
        start = ("--start", "2026-01-05T10:00:00Z")
        first = self.sent(*start)
        self.assertEqual(self.sent(*start), first)
        self.assertNotEqual(self.sent(*start, "--seed", "2"), first)


def prepare():
    global COLLECTOR, PYTHON_PATH
    if yaml is None:
        print("SKIPPED: PyYAML is not installed", flush=True)
        sys.exit(77)
    servers.install("kafka.sh")
    AgentsStack.library = servers.install("chdb.sh")
    PYTHON_PATH = servers.install("otel_python.sh")
    COLLECTOR = servers.install("collector.sh")
    os.environ.update(DEFAULTS)
    collector = stack_collector()
    yield collector
    broker = servers.Broker("auto.create.topics.enable=true")
    yield broker
    engine = StackEngine(AgentsStack.library, ["slow"])
    yield engine
    sent = send(collector)
    capture = os.path.join(collector.folder, "requests")
    await_records(capture, sent["spans"] + len(NAMED), sent["log_records"])
    sql = without_users(text("clickhouse-init.sql")).replace("kafka:9092", broker.address())
    engine.query(sql.replace("kafka_format =", "kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format ="))
    produce(engine, broker.address(), requests(capture))
    await_rows(engine, "telemetry.spans_raw", sent["spans"] + len(NAMED))
    await_rows(engine, "telemetry.events_raw", sent["events"])
    AgentsStack.engine, AgentsStack.sent, AgentsStack.capture = engine, sent, capture


if __name__ == "__main__":
    servers.main(prepare)
