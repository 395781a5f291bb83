#!/usr/bin/env python3
"""Both ways from Kafka into the tables of shape agents give equal rows: requests as OTLP-JSON, which ClickHouse maps by the
views of `schema print`, and rows that gf-otlp makes. Against a real engine, and a real broker.

usage: agents_kafka_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import glob
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from publishing import PublishTest  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

ENGINE = None
# Those of the Kafka tables.
SETTINGS = ("SETTINGS type_json_skip_duplicated_paths = 1, input_format_try_infer_dates = 0, "
            "input_format_try_infer_datetimes = 0")
# The list of resources in requests -> the table that the server maps them from.
SIGNALS = {"resourceSpans": "otlp_spans", "resourceLogs": "otlp_logs"}
# Golden cases with nothing beyond the views' limits: no bytes, key-value lists sorted, lowerCamelCase.
GOLDEN = ("traces-basic", "traces-events-links", "logs-basic")


def documents(path):
    """The requests of a file, one document behind the other."""
    text, at, decoder = run.read(path).decode(), 0, json.JSONDecoder()
    while at < len(text.rstrip()):
        while text[at].isspace():
            at += 1
        _, end = decoder.raw_decode(text, at)
        yield text[at:end]
        at = end


def captures():
    files = sorted(glob.glob(os.path.join(run.TESTDATA, "agents", "*.json")))
    return [file for file in files if os.path.basename(file) != "expected.json"]


def requests(path):
    """(name of the list of resources, document) of the requests that give rows."""
    for document in documents(path):
        yield from ((name, document) for name in SIGNALS if name in json.loads(document))


def attribute(key, value):
    kind = {bool: "boolValue", str: "stringValue", int: "intValue", float: "doubleValue"}.get(type(value))
    return {"key": key, "value": value if kind is None else {kind: str(value) if kind == "intValue" else value}}


def span(*attributes, **more):
    return {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "name": "made by hand", "kind": 1,
            "startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000001623456789",
            "attributes": [attribute(*pair) for pair in attributes], **more}


def log(*attributes, **more):
    return {"timeUnixNano": "1700000000123456789", "attributes": [attribute(*pair) for pair in attributes], **more}


def traces(*spans, resource=()):
    return {"resourceSpans": [{"resource": {"attributes": [attribute(*pair) for pair in resource]},
                               "scopeSpans": [{"spans": list(spans)}]}]}


def logs(*records, resource=()):
    return {"resourceLogs": [{"resource": {"attributes": [attribute(*pair) for pair in resource]},
                              "scopeLogs": [{"logRecords": list(records)}]}]}


class AgentsTest(PublishTest):
    def create(self, name, brokers="localhost:1", reading=True, topics=()):
        """The printed tables in a new database; without `reading` those that nothing is read from."""
        ENGINE.query(f"CREATE DATABASE {name}")
        self.addCleanup(ENGINE.query, f"DROP DATABASE {name}")
        sql = self.run_command("schema", "print", "--shape", "agents", "--database", name, "--ttl", "none", "--kafka", brokers,
                               *(f"--kafka-topic={table}={topic}" for table, topic in topics))[0].decode()
        sql = sql.replace("kafka_format =", "kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format =")
        for statement in re.split(r";\n+", sql):
            if reading or "_kafka" not in statement.replace("otel_kafka", ""):
                ENGINE.query(statement)

    def insert_rows(self, database, *inputs):
        """What convert makes."""
        for table, rows in self.rows(*inputs, "--shape", "agents").items():
            ENGINE.query(f"INSERT INTO {database}.{table} {SETTINGS} FORMAT JSONEachRow ".encode() + b"\n".join(rows))

    @staticmethod
    def insert_requests(database, documents):
        for name, table in SIGNALS.items():
            rows = [json.dumps({"request": document}) for found, document in documents if found == name]
            if rows:
                ENGINE.query(f"INSERT INTO {database}.{table} {SETTINGS} "
                             f"FORMAT JSONEachRow {chr(10).join(rows)}")

    @staticmethod
    def contents(table):
        """The rows and how often each is there, in all columns that rows have."""
        database, name = table.split(".")
        columns = ENGINE.rows(f"SELECT name FROM system.columns WHERE database = '{database}' AND table = '{name}' "
                              "AND (default_kind = '' OR name = 'row_id')")
        rows = ENGINE.rows(f"SELECT {', '.join(row['name'] for row in columns)} FROM {table}")
        return collections.Counter(json.dumps(row, sort_keys=True) for row in rows)

    def assert_equal_tables(self, found, expected, what=""):
        for table in ("spans_raw", "events_raw"):
            with self.subTest(what, table=table):
                self.assert_same(self.contents(f"{found}.{table}").elements(), self.contents(f"{expected}.{table}").elements(), what)

    def count(self, table):
        return int(ENGINE.rows(f"SELECT count() AS n FROM {table}")[0]["n"])


class Views(AgentsTest):
    """The SELECTs, without a broker."""

    def setUp(self):
        super().setUp()
        self.create("found", reading=False)
        self.create("expected", reading=False)

    def compare(self, what, *inputs):
        for database in ("found", "expected"):
            for table in ("spans_raw", "events_raw"):
                ENGINE.query(f"TRUNCATE TABLE {database}.{table}")
        self.insert_requests("found", [pair for path in inputs for pair in requests(path)])
        self.insert_rows("expected", *inputs)
        self.assert_equal_tables("found", "expected", what)
        self.assertEqual(self.count("found.otel_kafka_errors"), 0)

    def made(self, *documents):
        return self.write(f"made-{len(os.listdir(self.folder))}.json", b"\n".join(json.dumps(d).encode() for d in documents))

    def test_captures(self):
        for path in captures():
            with self.subTest(path):
                self.compare(os.path.basename(path), path)
                self.assertGreater(self.count("found.spans_raw"), 0)

    def test_golden(self):
        for case in GOLDEN:
            with self.subTest(case):
                self.compare(case, run.golden(case, "input.json"))

    def test_times_ids_and_names(self):
        zeros = {"traceId": "0" * 32, "spanId": "0" * 16, "parentSpanId": ""}
        spans = [span(startTimeUnixNano=1700000000123456789, endTimeUnixNano=1700000000123456788), span(endTimeUnixNano="0"),
                 {"name": "empty"}, {}, span(**zeros), span(parentSpanId="AAAABBBBCCCCDDDD"), span(status={}),
                 span(startTimeUnixNano="18446744073709551615", endTimeUnixNano=str(2**63 - 1)),
                 *(span(kind=kind) for kind in range(8)), *(span(status={"code": code, "message": "m"}) for code in range(5)),
                 span(kind="SPAN_KIND_CLIENT", status={"code": "STATUS_CODE_ERROR"})]
        self.compare("names", self.made(traces(*spans)))
        rows = ENGINE.rows("SELECT kind, count() AS n FROM found.spans_raw GROUP BY kind")
        self.assertEqual({row["kind"]: int(row["n"]) for row in rows}["CLIENT"], 2)

    def test_fields(self):
        resource = (("service.name", "s"), ("tenant.id", "of the resource"), ("model", "of the resource"), ("input_tokens", 5),
                    ("both", "resource"))
        attributes = [(("model", ""), ("gen_ai.request.model", "asked"), ("both", "own")), (("tenant_id", "own"),),
                      (("traceloop.span.kind", "tool"), ("traceloop.entity.name", "t")), (("traceloop.entity.name", "t"),),
                      (("traceloop.span.kind", "task"), ("traceloop.entity.name", "t"), ("tool_name", "u")),
                      (("gen_ai.usage.cost.amount", 1.5), ("gen_ai.usage.cost.currency", "EUR"), ("cost_usd", "0.25")),
                      (("gen_ai.usage.cost.amount", 1.5), ("gen_ai.usage.cost.currency", "USD")), (("model", 5), ("user_id", True))]
        texts = ["5", "-5", "+5", " 5", "5.0", "1e3", "", "x", "NaN", "inf", "18446744073709551615", "18446744073709551616", "007",
                 "5.", ".5", "1e400", "0x10", "-0.5", "1_0"]
        attributes += [((key, value), (other, 7)) for value in [*texts, 5, -5, 5.0, 5.5, 1e-7, True]
                       for key, other in (("gen_ai.usage.input_tokens", "tokens.prompt"), ("gen_ai.usage.cost", "cost_usd"))]
        details = ['{"input": 5, "output": "6", "total": 0.5}', '{"input": 5.5, "total": "0.5"}', '{"input": null}', "[5]", "x", ""]
        attributes += [(("langfuse.observation.usage_details", text), ("langfuse.observation.cost_details", text))
                       for text in details]
        # The second has no time: the span's counts.
        events = [{"timeUnixNano": "5", "name": "e", "attributes": [attribute("model", "of the event")]}, {"name": "f"}]
        self.compare("fields", self.made(traces(*(span(*some) for some in attributes), span(("model", "of the span"), events=events),
                                                resource=resource)))

    def test_values(self):
        nested = {"kvlistValue": {"values": [attribute("a", 'x{"}[\\"]'), attribute("b", {"arrayValue": {"values": [
            {"stringValue": "{}"}, {"intValue": "5"}, {"doubleValue": 3}, {}, {"arrayValue": {}},
            {"kvlistValue": {"values": [attribute("c", True), {"key": "none", "value": {}}]}}]}})]}}
        attributes = [(("s", "a\"\\/\n\t\u0001\u2028é😀<&>"), ("i", 2**63 - 1), ("j", -2**63), ("b", False), ("d", 0.1)),
                      (("d", 1e21), ("e", 1e300), ("f", 1e-9), ("g", 3.0), ("h", 1e15)),
                      (("z", "last"), ("a", "first"), ("a", "second"), ("a.b", 1), ("b", nested), ("none", {})),
                      (("a.b", 1), ("a", {"kvlistValue": {"values": [attribute("b", 2), attribute("c", 3)]}})),
                      (("2024-01-01", "2024-01-01"), ("t", "2024-01-01 00:00:00"), ("", "empty key"), ("a.", 1), (".", 2)),
                      (("time", "2026-11-16T10:06:00.000Z"), ("times", {"arrayValue": {"values": [{"stringValue": "2024-01-01"}]}})),
                      (("y.x", 1), ("kv", {"kvlistValue": {"values": [attribute("a", "own")]}})),
                      (("list", {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": 5}]}}),), ()]
        # The record's own paths count before those of the resource.
        resource = (("z", "r"), ("y", {"kvlistValue": {"values": [attribute("v", 3), attribute("x", 2)]}}),
                    ("kv.a", "of the resource"))
        self.compare("vals", self.made(traces(*(span(*some) for some in attributes), resource=resource)))
        row = ENGINE.rows("SELECT attributes_json FROM found.spans_raw WHERE has(attributes, 'time')")[0]
        self.assertEqual(row["attributes_json"]["time"], "2026-11-16T10:06:00.000Z")

    def test_logs(self):
        text = {"body": {"stringValue": "text"}}
        records = [log(eventName="named", **text), log(("event.name", "by attribute"), **text), log(("event_name", "older")),
                   log(("event.name", ""), ("event_name", "older")), log(("event.name", 5)), log(**text), log(),
                   log(body={"stringValue": "claude_code.api_request"}), log(body={"stringValue": "claude_code. no name"}),
                   log(("event.name", "x"), body={"stringValue": "gen_ai.choice"}), log(("gen_ai.system", "s"), **text),
                   log(eventName="e", body={"kvlistValue": {"values": [attribute("a", 1)]}}), log(eventName="e", body={"intValue": "5"}),
                   log(("body", "own"), eventName="e", **text), log(eventName="text", **text), log(eventName="e", body={}),
                   log(eventName="e", timeUnixNano="0", observedTimeUnixNano="7"),
                   log(("event.name", "api_request"), ("cost", "0.5"), ("input_tokens", "7"), traceId="ab" * 16, spanId="CD" * 8)]
        self.compare("records", self.made(logs(*records, resource=(("body", "of the resource"), ("event.name", "no"))),
                                                  logs(*records)))
        self.assertLess(self.count("found.events_raw"), 2 * len(records))

    def test_hostile(self):
        """Whatever the JSON is, no view fails: what comes behind it would never be read."""
        strange = [0, -1, 1.5, "x", "", None, True, [], {}, [[]], [{}], {"a": 1}, 10**30, "\u0000"]
        whole = [{"resourceSpans": value} for value in strange]
        for key in ("resource", "scopeSpans"):
            whole += [{"resourceSpans": [{key: value}]} for value in strange]
        for key in span():
            whole += [traces(span(**{key: value})) for value in [*strange, [5], ["x"], [None]]]
        for kind in ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue", "arrayValue", "kvlistValue"):
            whole += [traces(span(("a", {kind: value}))) for value in strange]
            whole += [traces(span(("a", {"arrayValue": {"values": [{kind: value}]}}))) for value in strange]
        deep = {"stringValue": "x"}
        for _ in range(100):
            deep = {"arrayValue": {"values": [deep]}}
        whole += [traces(span(("a", deep))), traces(*(span() for _ in range(3)), span(events=[5, {"attributes": 5}]))]
        texts = [json.dumps(one) for one in whole]
        for path in glob.glob(os.path.join(run.TESTDATA, "fuzz", "json", "*")):
            if os.path.getsize(path) < 100_000:
                texts.append(run.read(path).decode("latin-1"))
        for table in SIGNALS.values():
            rows = "\n".join(json.dumps({"request": text}) for text in texts)
            failed, answer = ENGINE.ask(f"INSERT INTO found.{table} {SETTINGS} "
                                        f"FORMAT JSONEachRow {rows}")
            self.assertFalse(failed, answer[:1000])
        self.assertGreater(self.count("found.otel_kafka_errors"), 10)


class Broker(AgentsTest):
    def await_count(self, table, count):
        end = time.monotonic() + PATIENCE
        while self.count(table) < count:
            if time.monotonic() > end:
                errors = ENGINE.rows("SELECT database, table, exceptions.text AS errors FROM system.kafka_consumers")
                self.fail(f"{self.count(table)} of {count} rows in {table}; the readers' errors: {errors}")
            time.sleep(0.2)

    def test_both_ways(self):
        """The messages are there before the tables: views that are made one after the other lose nothing of them. What is no
        request is in the errors' table, and what comes behind it arrives."""
        topics = [(table, f"both-{table}") for table in ("otlp_spans", "otlp_logs", "spans_raw", "events_raw")]
        of = dict(topics)
        otlp = ["--encoding", "otlp_json", "--topic", f"traces={of['otlp_spans']}", "--topic", f"logs={of['otlp_logs']}"]
        inputs = captures()
        self.publish(*inputs, *otlp)
        self.publish(run.golden("logs-basic"), "--encoding", "otlp_json", "--topic", f"logs={of['otlp_spans']}")
        self.publish(run.golden("traces-basic"), "--encoding", "otlp_proto", "--topic", f"traces={of['otlp_spans']}")
        self.publish(run.golden("traces-basic"), *otlp)
        self.publish(*inputs, run.golden("traces-basic"), "--shape", "agents", "--topic", f"traces={of['spans_raw']}",
                     "--topic", f"logs={of['events_raw']}")
        self.create("expected", reading=False)
        self.insert_rows("expected", *inputs, run.golden("traces-basic"))
        for name in ("otlp", "raw"):
            wanted = topics[:2] if name == "otlp" else topics[2:]
            others = [(table, "nothing") for table, _ in topics if table not in dict(wanted)]
            self.create(name, self.broker.address(), topics=wanted + others)
            for table in ("spans_raw", "events_raw"):
                self.await_count(f"{name}.{table}", self.count(f"expected.{table}"))
            self.assert_equal_tables(name, "expected", name)
        self.await_count("otlp.otel_kafka_errors", 2)
        errors = ENGINE.rows("SELECT Topic, length(Message) AS size, base64Encode(Error) AS Error FROM otlp.otel_kafka_errors")
        self.assertEqual(len(errors), 2)
        for row in errors:
            self.assertEqual(row["Topic"], of["otlp_spans"])
            self.assertGreater(int(row["size"]), 0)
            self.assertNotEqual(row["Error"], "")


def prepare():
    global ENGINE
    library = servers.install("chdb.sh")
    yield from publishing.broker_alone(PublishTest)()
    ENGINE = servers.Engine(library)
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
