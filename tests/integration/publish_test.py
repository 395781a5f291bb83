#!/usr/bin/env python3
"""What gf-otlp publish brings to a real broker: every record once, topic, key, partition, headers and value.

usage: publish_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import base64
import collections
import hashlib
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from publishing import SIGNALS, PublishTest, first_wins, golden_inputs, testdata  # noqa: E402
from servers import run  # noqa: E402

LOST = "\ufffd"  # a row has it for bytes that are not UTF-8, a key may be made of the bytes


def differs(text):
    """Whether a key made of the text need not be what the row has: of bytes that are no UTF-8, of nested values."""
    return LOST in text or text[:1] in ("[", "{")


def key_of(table, row):
    """The key that the row has by default; None for one that is not to be told from it."""
    text = json.loads(row)["TraceId" if table == "otel_traces" else "ServiceName"]
    return None if differs(text) else text.encode()


class Rows(PublishTest):
    def check(self, partitions, partitioner, hash_of, *options):
        inputs = testdata()
        rows = self.rows(*inputs)
        _, stats = self.publish(*inputs, *self.topic_options(), "--partitions", str(partitions), "--partitioner", partitioner,
                                *options)
        count = sum(map(len, rows.values()))
        self.assertEqual([stats[name] for name in ("records_written", "messages", "messages_delivered")], [count] * 3)
        told = {topic["topic"]: topic for topic in stats["topics"]}
        for table, signal in SIGNALS.items():
            with self.subTest(table):
                messages = self.broker.consume(self.topic(signal))
                self.assert_same([message["value"] for message in messages], rows[table], table)
                self.check_keys(table, messages)
                used = self.check_partitions(messages, partitions, hash_of)
                self.assertEqual(told[self.topic(signal)]["partitions"], used)
                self.assertEqual(told[self.topic(signal)]["messages"], len(messages))
        return {table: self.broker.consume(self.topic(signal)) for table, signal in SIGNALS.items()}

    def check_keys(self, table, messages):
        for message in messages:
            for row in message["value"].split(b"\n"):
                expected = key_of(table, row)
                if expected is not None:
                    self.assertEqual(message["key"], expected or None)
        self.assertGreater(len({message["key"] for message in messages}), 1, "the case shows nothing")

    def check_partitions(self, messages, partitions, hash_of):
        used = [0] * partitions
        for message in messages:
            used[message["partition"]] += 1
            if message["key"] is not None:
                self.assertEqual(message["partition"], hash_of(message["key"]) % partitions, message["key"])
        return used

    def test_as_sarama_partitions(self):
        topics = self.check(5, "fnv1a_random", publishing.fnv1a, "--headers", "standard", "-H", "from=here", "-H", "from=there")
        for table, messages in topics.items():
            for message in messages:
                self.assertEqual(message["headers"], [
                    ("signal", "metrics" if "metrics" in table else SIGNALS[table]), ("table", table), ("shape", "clickhouse"),
                    ("schema-version", "0.161"), ("encoding", "json"), ("content-type", "application/json"),
                    ("from", "here"), ("from", "there")])

    def test_as_java_partitions(self):
        topics = self.check(6, "murmur2_random", publishing.murmur2, "--threads", "1")
        self.assertEqual({str(message["headers"]) for messages in topics.values() for message in messages}, {"[]"})

    def test_default_topics_and_no_key(self):
        rows = self.rows(run.capture("plain", "all.proto"))
        self.publish(run.capture("plain", "all.proto"), "--key", "none", "--partitions", "3")
        for table, signal in SIGNALS.items():
            topic = "otel-" + ("metrics-" if "metrics" in table else "") + signal.replace("_", "-")
            messages = self.broker.consume(topic)
            self.assert_same([message["value"] for message in messages], rows[table], table)
            self.assertEqual({message["key"] for message in messages}, {None})
            self.assertEqual(self.broker.topics()[topic], (3, 1))

    def test_joined_rows(self):
        rows = self.rows(*testdata())
        options = ["--rows-per-message", "100", "--partitions", "4"]
        _, stats = self.publish(*testdata(), *self.topic_options(), *options)
        self.assertEqual(stats["records_written"], sum(map(len, rows.values())))
        self.assertLess(stats["messages"], stats["records_written"] / 2)
        for table, signal in SIGNALS.items():
            messages = self.broker.consume(self.topic(signal))
            self.assert_same([row for message in messages for row in message["value"].split(b"\n")], rows[table], table)
            for message in messages:
                self.assertLessEqual(message["value"].count(b"\n"), 99)
            self.check_keys(table, messages)


class Keys(PublishTest):
    """With a partition a topic, messages come in the order of the records."""

    def keys(self, strategy, *options):
        """Publishes the golden cases, traces, logs and metrics to a topic each; signal -> messages."""
        topics = {signal: self.topic(f"{strategy.partition(':')[0]}-{signal}") for signal in ("traces", "logs", "metrics")}
        self.publish(*golden_inputs(), *(f"--topic={signal}={topic}" for signal, topic in topics.items()), "--key", strategy,
                     *options)
        return {signal: self.broker.consume(topic) for signal, topic in topics.items()}

    UNKNOWN = object()

    def golden_keys(self, signal, strategy):
        """In the order of the records; UNKNOWN where the exporter lost the record."""
        keys = []
        for path in golden_inputs():
            folder = os.path.dirname(path)
            if os.path.basename(folder).startswith(signal):
                for line in run.lines(run.read(os.path.join(folder, "glassflow-keys.jsonl"))):
                    key = json.loads(line)[strategy]
                    if key == {"error": True}:
                        keys.append(self.UNKNOWN)
                    else:
                        keys.append(bytes.fromhex(key["hex"]) if isinstance(key, dict) else key and key.encode())
        return keys

    def test_as_the_exporter_makes_them(self):
        # The exporter knows no other strategies of these signals.
        for strategy, signals in (("none", ("traces", "logs", "metrics")), ("trace_id", ("traces",)),
                                  ("service_name", ("logs", "metrics")), ("resource_hash", ("logs", "metrics"))):
            messages = self.keys(strategy, "--shape", "glassflow")
            for signal in signals:
                with self.subTest(f"{strategy} of {signal}"):
                    expected = self.golden_keys(signal, strategy)
                    self.assertEqual(len(messages[signal]), len(expected))
                    for message, key in zip(messages[signal], expected):
                        if key is not self.UNKNOWN:
                            self.assertEqual(message["key"], key, message["value"])

    def test_resource_hash(self):
        checked = 0
        for signal, messages in self.keys("resource_hash").items():
            for message in messages:
                attributes = json.loads(message["value"], object_pairs_hook=first_wins)["ResourceAttributes"]
                text = json.loads(message["value"], object_pairs_hook=list)
                names = [name for name, _ in dict(text)["ResourceAttributes"]]
                # Where a row's text is not the exporter's: bytes that are no UTF-8, values that are not strings.
                if any(differs(part) or not part for item in attributes.items() for part in item):
                    continue
                digest = hashlib.sha256()
                for name in sorted(names, key=str.encode):
                    digest.update(b"\xf4" + name.encode() + b"\xf7" + attributes[name].encode())
                expected = digest.digest()[:16] if names else bytes(16)
                self.assertEqual(message["key"], expected, f"{signal}: {attributes}")
                checked += 1
        self.assertGreater(checked, 100)

    def test_attributes(self):
        checked = collections.Counter()
        for messages in self.keys("attributes:service.name,k8s.pod.name,http.method").values():
            for message in messages:
                row = json.loads(message["value"], object_pairs_hook=first_wins)
                own = row["SpanAttributes" if "SpanName" in row else "LogAttributes" if "Body" in row else "Attributes"]
                values = [row["ResourceAttributes"].get(name, own.get(name))
                          for name in ("service.name", "k8s.pod.name", "http.method")]
                if any(differs(value or "") for value in values):
                    continue
                expected = None if values == [None] * 3 else "|".join(value or "" for value in values).encode()
                self.assertEqual(message["key"], expected)
                checked[sum(value is not None for value in values)] += 1
        self.assertEqual(set(checked), {0, 1, 2, 3}, "the case shows less than it should")


class Requests(PublishTest):
    def as_rows(self, messages, encoding, signal):
        """What convert makes of the requests, as a consumer would have them in a file."""
        values = [message["value"] for message in messages]
        if encoding == "otlp_json":
            path = self.write(f"{signal}.json", b"".join(value + b"\n" for value in values))
            options = ["--input-format", "json"]
        else:
            path = self.write(f"{signal}.proto", b"".join(struct.pack(">I", len(value)) + value for value in values))
            options = ["--input-format", "framed", "--signal", signal]
        return self.rows(path, *options)

    def check(self, encoding, *options):
        inputs = [run.capture("plain", "all.proto"), *golden_inputs()]
        rows = self.rows(*inputs)
        topics = {signal: self.topic(signal) for signal in ("traces", "logs", "metrics")}
        self.publish(*inputs, *(f"--topic={signal}={topic}" for signal, topic in topics.items()), "--encoding", encoding,
                     "--partitions", "4", *options)
        found = {}
        for signal, topic in topics.items():
            found[signal] = self.broker.consume(topic)
            for table, its_rows in self.as_rows(found[signal], encoding, signal).items():
                # JSON has U+FFFD for a byte that is not UTF-8 already; made of the byte, a nested value's text has \ufffd.
                self.assert_same(*([row.replace(b"\\\\ufffd", LOST.encode()) for row in some]
                                   for some in (its_rows, rows.pop(table))), table)
        self.assertEqual(rows, {})
        return found

    def test_protobuf(self):
        found = self.check("otlp_proto", "--headers", "standard")
        for signal, messages in found.items():
            self.assertEqual({message["key"] for message in messages}, {None})
            for message in messages:
                headers = dict(message["headers"])
                self.assertEqual((headers["signal"], headers["encoding"], headers["content-type"]),
                                 (signal, "otlp_proto", "application/x-protobuf"))

    def test_json(self):
        for messages in self.check("otlp_json").values():
            for message in messages:
                self.assertNotIn(b"\n", message["value"])
                json.loads(message["value"])

    def test_keys_divide_requests(self):
        for encoding in ("otlp_proto", "otlp_json"):
            topics = [self.topic(f"{encoding}-traces"), self.topic(f"{encoding}-logs")]
            self.publish(*golden_inputs(), "--encoding", encoding, "--key", "traces=trace_id", "--key", "logs=service_name",
                         "--topic", topics[1], f"--topic=traces={topics[0]}", "--table", "otel_traces", "--table", "otel_logs",
                         "--partitions", "4")
            for signal, topic in zip(("traces", "logs"), topics):
                by_key = collections.defaultdict(list)
                for message in self.broker.consume(topic):
                    by_key[message["key"]].append(message)
                    if message["key"] is not None:
                        self.assertEqual(message["partition"], publishing.fnv1a(message["key"]) % 4)
                self.assertGreater(len(by_key), 3)
                for key, messages in by_key.items():
                    for row in self.as_rows(messages, encoding, signal)[f"otel_{signal}"]:
                        expected = key_of(f"otel_{signal}", row)
                        if expected is not None:
                            self.assertEqual(key, expected or None)

    def test_large_requests_are_cut(self):
        capture = publishing.write_records(self.path("capture"), 2000)
        whole = self.rows(capture)
        # One request of all records: 700 kB.
        requests = [json.loads(line)["resourceLogs"] for line in run.lines(run.read(capture))]
        joined = self.write("joined.json", json.dumps({"resourceLogs": sum(requests, [])}).encode())
        for encoding in ("otlp_proto", "otlp_json"):
            topic = self.topic(encoding)
            self.publish(joined, "--encoding", encoding, "--topic", topic, "--max-message-bytes", "5000")
            messages = self.broker.consume(topic)
            self.assertLess(max(len(message["value"]) for message in messages), 5000)
            self.assertLess(len(messages), 400)
            self.assert_same(self.as_rows(messages, encoding, "logs")["otel_logs"], whole["otel_logs"])


class Topics(PublishTest):
    def test_created_as_told(self):
        topic = self.topic("new")
        logs = [run.golden("logs-basic"), "--table", "otel_logs", "--topic", topic]
        self.publish(*logs, "--partitions", "7", "--replication-factor", "1", "--topic-config", "max.message.bytes=1234")
        self.assertEqual(self.broker.topics()[topic], (7, 1))
        # The topic's own limit counts: it was set.
        big = publishing.write_records(self.path("capture"), 1, padding=1300)
        self.publish(big, "--topic", topic, code=3)

    def test_existing_ones_are_left_alone(self):
        topic = self.topic("old")
        logs = [run.golden("logs-basic"), "--table", "otel_logs", "--topic", topic]
        self.publish(*logs, "--partitions", "2")
        err, _ = self.publish(*logs, "--partitions", "5")
        self.assertEqual(self.broker.topics()[topic], (2, 1))
        self.assertRegex(err, rf"{topic}.*\b2 partitions\b.*\b5\b")
        err, _ = self.publish(*logs, "--partitions", "2")
        self.assertNotIn("not 2", err)

    def test_missing_and_not_to_be_created(self):
        topic = self.topic("missing")
        err, _ = self.publish(run.golden("logs-basic"), "--table", "otel_logs", "--topic", topic, "--create-topics", "false", code=4)
        self.assertIn(topic, err)
        self.assertNotIn(topic, self.broker.topics())

    def test_that_cannot_be_created(self):
        topic = self.topic("wide")
        err, _ = self.publish(run.golden("logs-basic"), "--table", "otel_logs", "--topic", topic, "--replication-factor", "3", code=4)
        self.assertIn(topic, err)
        self.assertIn("replication", err.lower())
        err, _ = self.publish(run.golden("logs-basic"), "--table", "otel_logs", "--topic", topic, "--topic-config", "no.such=1", code=4)
        self.assertIn("no.such", err)


class Agents(PublishTest):
    """Rows of two tables of one record."""

    def capture(self):
        return os.path.join(run.TESTDATA, "agents")

    def topics(self):
        return [f"--topic=traces={self.topic('spans')}", f"--topic=logs={self.topic('events')}"]

    def check_rows(self, spans, events):
        rows = self.rows("--shape", "agents", self.capture())
        for topic, table in ((spans, "spans_raw"), (events, "events_raw")):
            messages = self.broker.consume(topic)
            self.assert_same([row for message in messages for row in message["value"].split(b"\n")], rows[table], table)
            for message in messages:
                for row in message["value"].split(b"\n"):
                    self.assertEqual(message["key"], json.loads(row)["trace_id"].encode() or None)

    def test_default_topics(self):
        before = set(self.broker.topics())
        _, stats = self.publish("--shape", "agents", self.capture(), "--partitions", "6")
        # None for metrics, which the captures have too.
        self.assertEqual(set(self.broker.topics()) - before, {"otel-spans-rows", "otel-events"})
        self.check_rows("otel-spans-rows", "otel-events")
        told = {topic["topic"]: topic["messages"] for topic in stats["topics"]}
        self.assertEqual(stats["messages_delivered"], sum(told.values()))
        # Spans with events have several messages.
        self.assertLess(told["otel-spans-rows"], stats["records_written"])
        self.assertLess(stats["records_written"], stats["messages"])
        self.assertEqual(stats["records_read"], stats["records_written"] + stats["records_filtered"])

    def test_joined_rows_and_a_checkpoint(self):
        checkpoint = self.path("checkpoint.json")
        options = ["--shape", "agents", self.capture(), *self.topics(), "--rows-per-message", "20", "--checkpoint", checkpoint]
        _, stats = self.publish(*options)
        self.assertLess(stats["messages"], sum(topic["records"] for topic in stats["topics"]))
        self.check_rows(self.topic("spans"), self.topic("events"))
        _, stats = self.publish(*options)
        self.assertEqual(stats["messages"], 0)
        self.publish(*options, "--drop-content", code=2)  # another job
        self.check_rows(self.topic("spans"), self.topic("events"))

    def test_a_record_that_one_topic_does_not_take_goes_to_none(self):
        spans = [{"traceId": "1" * 32, "spanId": f"{i:016x}", "name": f"span {i}",
                  "events": [{"name": "note " + "x" * (5000 if i == 3 else 10)}] * 2} for i in range(1, 6)]
        capture = self.write("capture.json", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())
        # The topic of events takes less than that of spans.
        self.publish("--shape", "agents", self.capture(), *self.topics(), "--table", "events_raw", "--topic-config",
                     "max.message.bytes=4000", "--where", "name", "=", "none")
        dead = self.path("dead.jsonl")
        _, stats = self.publish("--shape", "agents", capture, *self.topics(), "--dead-letter", dead)
        self.assertEqual((stats["records_written"], stats["records_dead_lettered"]), (4, 1))
        self.assertEqual([json.loads(m["value"])["span_name"] for m in self.broker.consume(self.topic("spans"))],
                         ["span 1", "span 2", "span 4", "span 5"])
        self.assertEqual(len(self.broker.consume(self.topic("events"))), 8)
        letter, = [json.loads(line) for line in run.lines(run.read(dead))]
        self.assertEqual(letter["record"], 3)


class DryRun(PublishTest):
    def test_sends_nothing(self):
        before = self.broker.topics()
        topics = self.topic_options()
        _, stats = self.publish(run.capture("plain", "all.proto"), *topics, "--dry-run")
        self.assertEqual(stats["records_written"], 552)
        dumped, _ = self.run_command("publish", run.capture("plain", "all.proto"), *topics, "--dry-run", "--dump", "-")
        self.assertEqual(len(run.lines(dumped)), 552)
        self.assertEqual(self.broker.topics(), before)

    def test_dumps_what_a_run_sends(self):
        options = [run.capture("plain", "all.proto"), *self.topic_options(), "--partitions", "4", "--key", "logs=resource_hash",
                   "--headers", "standard"]
        dumped, _ = self.run_command("publish", *options, "--dry-run", "--dump", "-")
        self.publish(*options)
        expected = collections.Counter()
        for line in map(json.loads, run.lines(dumped)):
            key = base64.b64decode(line["key_base64"]) if "key_base64" in line else line["key"] and line["key"].encode()
            self.assertEqual("partition" in line, key is not None)
            expected[line["topic"], key, str(sorted(line["headers"].items())), line.get("partition"), line["value"].encode()] += 1
        found = collections.Counter()
        for message in self.broker.consume(*map(self.topic, SIGNALS.values())):
            place = message["partition"] if message["key"] is not None else None
            found[message["topic"], message["key"], str(sorted(message["headers"])), place, message["value"]] += 1
        self.assert_same(found.elements(), expected.elements())


if __name__ == "__main__":
    servers.main(publishing.broker_alone(PublishTest))
