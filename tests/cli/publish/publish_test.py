#!/usr/bin/env python3
"""gf-otlp publish as its users meet it, as far as it goes without a broker: dry runs, configuration, messages of error.

usage: publish_test.py GF_OTLP TESTDATA
"""

import base64
import collections
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, capture, golden, lines, read  # noqa: E402

TOPIC_OF_TABLE = {
    "otel_traces": "otel-traces",
    "otel_logs": "otel-logs",
    "otel_metrics_gauge": "otel-metrics-gauge",
    "otel_metrics_sum": "otel-metrics-sum",
    "otel_metrics_histogram": "otel-metrics-histogram",
    "otel_metrics_exponential_histogram": "otel-metrics-exponential-histogram",
    "otel_metrics_summary": "otel-metrics-summary",
}


class PublishTest(CommandTest):
    def dump(self, *arguments, stdin=b"", code=0):
        """The messages of a dry run."""
        out, _ = self.run_command("publish", "--dry-run", "--dump", "-", *arguments, stdin=stdin, code=code)
        return [json.loads(line) for line in lines(out)]

    def config(self, text):
        return self.write("exporter.yaml", text.encode())


class DryRuns(PublishTest):
    def test_every_row_is_a_message_to_the_topic_of_its_table(self):
        rows = self.path("rows")
        self.run_command("convert", capture("plain"), "--output-dir", rows)
        messages = collections.defaultdict(list)
        for message in self.dump(capture("plain")):
            messages[message["topic"]].append(message["value"])
        expected = {}
        for file in os.listdir(rows):
            values = [line.decode() for line in lines(read(os.path.join(rows, file)))]
            expected[TOPIC_OF_TABLE[file.removesuffix(".jsonl")]] = values
        self.assertEqual(dict(messages), expected)
        self.assertGreater(len(expected), 4)

    def test_keys_are_the_exporters(self):
        for message in self.dump(capture("plain")):
            row = json.loads(message["value"])
            key = row["TraceId"] if message["topic"] == "otel-traces" else row["ServiceName"]
            # A name that is no text but a nested value has < and > escaped in the exporter's key.
            self.assertEqual(message["key"], key.replace("<", "\\u003c").replace(">", "\\u003e") or None)

    def test_golden_messages_of_the_exporter(self):
        """Its topics and keys; the values are tested with the shape."""
        for case in sorted(os.listdir(os.path.join(run.TESTDATA, "golden"))):
            name = "glassflow-fixed.jsonl" if case.startswith("metrics") else "glassflow.jsonl"
            if not os.path.exists(golden(case, name)):
                continue
            theirs = [json.loads(line) for line in lines(read(golden(case, name)))]
            if any("error" in message for message in theirs):
                continue
            mine = self.dump("--shape", "glassflow", golden(case))
            # The exporter has no topic for most metrics by default, and drops what has none.
            def named(message):
                return message["topic"] or None
            self.assertEqual([m["key"] for m in mine], [m["key"] for m in theirs], case)
            for my, their in zip(mine, theirs):
                if named(their):
                    self.assertEqual(my["topic"], their["topic"], case)

    def test_partitions_are_those_of_the_key(self):
        messages = self.dump(golden("traces-basic"), "--partitions", "16")

        def fnv1a(key):
            value = 0x811C9DC5
            for byte in key.encode():
                value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
            signed = value - (1 << 32) if value >= 1 << 31 else value
            return abs(signed) % 16

        self.assertEqual([m["partition"] for m in messages], [fnv1a(m["key"]) for m in messages])
        keyless = self.dump(golden("traces-basic"), "--partitions", "16", "--key", "none")
        self.assertTrue(all("partition" not in m and m["key"] is None for m in keyless))

    def test_the_summary_names_topics_and_sizes(self):
        _, err = self.run_command("publish", "--dry-run", golden("traces-basic"), "--partitions", "4")
        self.assertIn("2 of 2 records would be sent in 2 messages", err)
        self.assertIn("otel-traces: 2 messages", err)
        self.assertIn("about 1 key", err)
        _, stats = self.stats("publish", "--dry-run", golden("traces-basic"))
        self.assertTrue(stats["dry_run"])
        self.assertEqual(stats["topics"][0]["messages"], 2)
        self.assertEqual(stats["records_read"], 2)

    def test_partitions_without_messages_are_counted_too(self):
        _, stats = self.stats("publish", "--dry-run", golden("traces-basic"), "--partitions", "4")
        self.assertEqual(len(stats["topics"][0]["partitions"]), 4)
        self.assertEqual(sum(stats["topics"][0]["partitions"]), 2)

    def test_only_what_is_chosen_has_a_topic(self):
        _, stats = self.stats("publish", "--dry-run", capture("plain"), "--table", "otel_logs")
        self.assertEqual([topic["topic"] for topic in stats["topics"]], ["otel-logs"])
        _, stats = self.stats("publish", "--dry-run", golden("traces-basic"), "--signal", "traces")
        self.assertEqual([topic["topic"] for topic in stats["topics"]], ["otel-traces"])
        _, err = self.run_command("publish", "--dry-run", capture("plain"), "--table", "otel_spans", code=2)
        self.assertIn("there is no such table; there are: otel_traces", err)

    def test_a_dump_is_a_file_too(self):
        self.run_command("publish", "--dry-run", "--dump", self.path("dump"), golden("traces-basic"))
        self.assertEqual(len(lines(read(self.path("dump")))), 2)
        _, err = self.run_command("publish", "--dry-run", "--dump", self.path("dump"), golden("traces-basic"), code=2)
        self.assertIn("--overwrite", err)

    def test_a_dump_is_no_part_of_a_real_run(self):
        _, err = self.run_command("publish", "--brokers", "127.0.0.1:9", "--dump", "-", golden("traces-basic"), code=2)
        self.assertIn("--dry-run", err)

    def test_standard_input(self):
        self.assertEqual(len(self.dump("-", stdin=read(golden("traces-basic")))), 2)


class WhenNothingIsSent(PublishTest):
    def test_only_a_configuration_without_dry_run_sends_nothing_and_says_so(self):
        config = self.config("brokers: [127.0.0.1:9]\n")
        _, err = self.run_command("publish", "--config", config, golden("traces-basic"), code=2)
        self.assertIn("NOTHING WAS SENT", err)
        self.assertIn("--dry-run=false", err)
        self.run_command("publish", "--config", config, "--dry-run", golden("traces-basic"))
        self.run_command("publish", "--config", self.config("dry_run: true\n"), golden("traces-basic"))

    def test_a_real_run_needs_brokers(self):
        _, err = self.run_command("publish", golden("traces-basic"), code=2)
        self.assertIn("--brokers", err)

    def test_asking_for_brokers_means_to_send(self):
        config = self.config("brokers: [127.0.0.1:9]\n")
        for arguments in (["--brokers", "127.0.0.1:9"], ["--dry-run=false"]):
            _, err = self.run_command("publish", "--config", config, *arguments, golden("traces-basic"), code=4)
            self.assertIn("127.0.0.1:9", err)

    def test_an_input_that_is_missing_is_found_before_brokers_are_asked(self):
        _, err = self.run_command("publish", "--brokers", "127.0.0.1:9", self.path("none"), code=4)
        self.assertIn("none: No such file", err)

    def test_brokers_of_the_environment_are_configuration(self):
        config = self.config("client_id: me\n")
        environment = {"GF_OTLP_BROKERS": "127.0.0.1:9"}
        _, err = self.run_command("publish", "--config", config, golden("traces-basic"), code=2, env=environment)
        self.assertIn("NOTHING WAS SENT", err)
        self.run_command("publish", "--dump", self.path("dump"), golden("traces-basic"), env=environment)

    def test_a_dry_run_finds_wrong_properties(self):
        _, err = self.run_command("publish", "--dry-run", "-X", "linger.mss=3", golden("traces-basic"), code=2)
        self.assertIn("linger.mss", err)

    def test_no_input(self):
        _, err = self.run_command("publish", "--brokers", "127.0.0.1:9", code=2)
        self.assertIn("no input", err)


class Messages(PublishTest):
    def test_topics_of_the_command_line(self):
        messages = self.dump(capture("plain"), "--topic", "traces=t", "--topic", "gauge=g", "--topic", "metrics.sum=s")
        topics = {m["topic"] for m in messages}
        self.assertLessEqual({"t", "g", "s", "otel-logs"}, topics)
        self.assertFalse({"otel-traces", "otel-metrics-gauge", "otel-metrics-sum"} & topics)
        self.assertEqual({m["topic"] for m in self.dump(capture("plain"), "--topic", "all")}, {"all"})
        _, err = self.run_command("publish", "--dry-run", "--topic", "spans=t", golden("traces-basic"), code=2)
        self.assertIn("spans is no signal", err)

    def test_keys_of_the_command_line(self):
        def keys(*arguments):
            return [m["key"] for m in self.dump(golden("logs-basic"), *arguments)]
        rows, _ = self.run_command("convert", golden("logs-basic"))
        rows = [json.loads(line) for line in lines(rows)]
        self.assertEqual(keys("--key", "logs=trace_id"), [row["TraceId"] or None for row in rows])
        self.assertEqual(keys("--key", "none"), [None] * len(rows))
        attributes = [row["ResourceAttributes"].get("service.name", "") + "|" for row in rows]
        self.assertEqual(keys("--key", "logs=attributes:service.name,not.there"), attributes)
        self.assertEqual(keys("--key", "attributes:not.there,nor.this"), [None] * len(rows))
        _, err = self.run_command("publish", "--dry-run", "--key", "traceid", golden("logs-basic"), code=2)
        self.assertIn("trace_id", err)

    def test_resource_hash(self):
        messages = self.dump(golden("logs-basic"), "--key", "resource_hash")
        for message in messages:
            attributes = json.loads(message["value"])["ResourceAttributes"]
            text = b"".join(b"\xf4" + key.encode() + b"\xf7" + value.encode() for key, value in sorted(attributes.items()))
            digest = hashlib.sha256(text).digest()[:16]
            self.assertEqual(base64.b64decode(message["key_base64"]), digest)

    def test_trace_ids_of_zeros_are_keys_in_shape_glassflow_only(self):
        zero = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}'
        self.assertIsNone(self.dump("-", stdin=zero)[0]["key"])
        self.assertEqual(self.dump("-", "--shape", "glassflow", stdin=zero)[0]["key"], "0" * 32)

    def test_headers(self):
        message = self.dump(golden("traces-basic"), "--headers", "standard", "-H", "tenant=acme", "-H", "x=a=b")[0]
        self.assertEqual(message["headers"], {
            "signal": "traces", "table": "otel_traces", "shape": "clickhouse", "schema-version": "0.161",
            "encoding": "json", "content-type": "application/json", "tenant": "acme", "x": "a=b"})
        self.assertEqual(self.dump(golden("traces-basic"))[0]["headers"], {})

    def test_rows_per_message(self):
        alone = self.dump(capture("plain", "traces.proto"))
        joined = self.dump(capture("plain", "traces.proto"), "--rows-per-message", "3")
        self.assertLess(len(joined), len(alone))
        rows = collections.defaultdict(list)
        for message in joined:
            values = message["value"].split("\n")
            self.assertLessEqual(len(values), 3)
            rows[message["key"]] += values
        expected = collections.defaultdict(list)
        for message in alone:
            expected[message["key"]].append(message["value"])
        self.assertEqual(rows, expected)

    def test_requests(self):
        rows, _ = self.run_command("convert", capture("plain", "logs.proto"))
        for encoding in ("otlp_json", "otlp_proto"):
            messages = self.dump(capture("plain", "logs.proto"), "--encoding", encoding)
            self.assertEqual({m["topic"] for m in messages}, {"otel-logs"})
            self.assertEqual({m["key"] for m in messages}, {None})
            if encoding == "otlp_json":
                text = "\n".join(m["value"] for m in messages).encode()
                again, _ = self.run_command("convert", "-", stdin=text)
                self.assertEqual(len(lines(again)), len(lines(rows)))

    def test_metrics_of_one_topic_stay_in_one_request(self):
        same = self.dump(golden("metrics-gauge-sum"), "--encoding", "otlp_json", "--topic", "metrics=m")
        self.assertEqual(len(same), 1)
        apart = self.dump(golden("metrics-gauge-sum"), "--encoding", "otlp_json")
        self.assertEqual({m["topic"] for m in apart}, {"otel-metrics-gauge", "otel-metrics-sum"})


class Configuration(PublishTest):
    def test_disabled_signals_are_counted_and_named(self):
        config = self.config("dry_run: true\nlogs: {enabled: false}\n")
        _, err = self.run_command("publish", "--config", config, capture("plain"))
        self.assertIn("of logs, which is disabled", err)
        self.assertIn("of metrics.gauge, which is disabled", err)
        _, stats = self.stats("publish", "--config", config, capture("plain"))
        self.assertEqual(stats["records_disabled"], sum(stats["disabled"].values()))
        self.assertEqual(stats["records_read"], stats["records_written"] + stats["records_disabled"] +
                         stats["records_filtered"] + stats["records_without_data"] + stats["records_dead_lettered"])

    def test_a_flag_beats_the_file(self):
        config = self.config("dry_run: true\ntraces: {topic: {name: of-the-file}}\n")
        self.assertEqual({m["topic"] for m in self.dump("--config", config, golden("traces-basic"))}, {"of-the-file"})
        arguments = ["--config", config, "--topic", "traces=of-the-flag", golden("traces-basic")]
        self.assertEqual({m["topic"] for m in self.dump(*arguments)}, {"of-the-flag"})

    def test_an_unknown_key_is_named_with_its_line_and_the_nearest(self):
        config = self.config("brokers: [a:1]\nproducer:\n  compresion: lz4\n")
        _, err = self.run_command("publish", "--config", config, golden("traces-basic"), code=2)
        self.assertIn("exporter.yaml:3", err)
        self.assertIn("producer.compression", err)

    def test_print_config_needs_no_input_and_shows_no_secret(self):
        config = self.config("brokers: [a:1]\nauth:\n  sasl: {mechanism: PLAIN, username: bob, password: hush-hush}\n")
        out, err = self.run_command("publish", "--config", config, "--acks", "1", "--print-config")
        text = out.decode()
        self.assertIn("bootstrap.servers=a:1", text)
        self.assertIn("acks=1", text)
        self.assertIn("--acks", text)
        self.assertIn("exporter.yaml:1", text)
        self.assertNotIn("hush-hush", text + err)

    def test_what_is_printed_can_be_read_again(self):
        out, _ = self.run_command("publish", "--brokers", "a:1,b:2", "--topic", "traces=t", "--print-config")
        again, _ = self.run_command("publish", "--config", self.write("printed.yaml", out), "--print-config")

        def settings(text):
            return [line.split(" #")[0].rstrip() for line in text.decode().split("\n") if not line.startswith("#")]
        self.assertEqual(settings(out), settings(again))

    def test_secrets_are_no_flags(self):
        _, err = self.run_command("publish", "-X", "sasl.password=hush-hush", "--brokers", "a:1", golden("traces-basic"),
                                  code=2)
        self.assertIn("--password-file", err)
        self.assertNotIn("hush-hush", err)

    def test_a_property_that_does_not_exist(self):
        _, err = self.run_command("publish", "-X", "no.such=1", "--brokers", "127.0.0.1:9", golden("traces-basic"), code=2)
        self.assertIn("no.such", err)

    def test_a_topic_of_several_signals_is_one_topic(self):
        config = self.config("traces: {topic: {name: t, num_partitions: 3}}\nlogs: {topic: {name: t}}\n")
        _, err = self.run_command("publish", "--dry-run", "--config", config, golden("traces-basic"), code=2)
        self.assertIn("num_partitions", err)

    def test_a_header_may_be_a_secret(self):
        out, _ = self.run_command("publish", "-H", "authorization=hush-hush", "--print-config")
        self.assertNotIn(b"hush-hush", out)

    def test_wrong_words(self):
        for arguments, named in ((["--partitioner", "md5"], "fnv1a_random"), (["--acks", "2"], "--acks"),
                                 (["--encoding", "avro"], "otlp_proto"), (["--rate", "fast"], "--rate"),
                                 (["--headers", "all"], "standard"), (["-H", "x"], "NAME=VALUE"),
                                 (["--rows-per-message", "0"], "at least 1"), (["--producer-compression", "rar"], "zstd"),
                                 (["--partitions", "none"], "--partitions")):
            _, err = self.run_command("publish", "--dry-run", *arguments, golden("traces-basic"), code=2)
            self.assertIn(named, err)


class Refusals(PublishTest):
    def test_a_record_that_is_too_large_ends_the_run(self):
        _, err = self.run_command("publish", "--dry-run", "--max-message-bytes", "1000", capture("plain", "traces.proto"),
                                  code=3)
        self.assertIn("plain/traces.proto: frame ", err)
        self.assertIn("record ", err)
        self.assertIn("larger than", err)

    def test_a_property_of_librdkafka_says_how_large_it_may_be(self):
        arguments = ["--dry-run", "-X", "message.max.bytes=1000", capture("plain", "traces.proto")]
        _, err = self.run_command("publish", *arguments, code=3)
        self.assertIn("larger than", err)

    def test_or_is_a_dead_letter_that_can_be_sent_later(self):
        dead = self.path("dead.jsonl")
        inputs = [capture("plain", "traces.proto"), golden("logs-basic")]
        everything = self.dump(*inputs)
        small = self.dump(*inputs, "--max-message-bytes", "1000", "--dead-letter", dead)
        self.assertLess(len(small), len(everything))
        later = self.dump("--input-format", "dead-letter", dead)
        values = sorted(m["value"] for m in small + later)
        self.assertEqual(values, sorted(m["value"] for m in everything))
        letter = json.loads(lines(read(dead))[0])
        self.assertIn("larger than", letter["reason"])
        self.assertGreaterEqual(letter["record"], 1)

    def test_a_bad_unit_is_a_dead_letter(self):
        bad = self.write("bad.jsonl", read(golden("traces-basic", "input.json")).replace(b"\n", b"") + b"\n{]\n")
        _, err = self.run_command("publish", "--dry-run", bad, code=3)
        self.assertIn("bad.jsonl: document 2", err)
        self.assertEqual(len(self.dump(bad, "--dead-letter", self.path("dead.jsonl"))), 2)
        self.assertEqual(len(lines(read(self.path("dead.jsonl")))), 1)

    def test_checkpoints_are_for_real_runs_over_files(self):
        checkpoint = self.path("checkpoint")
        _, err = self.run_command("publish", "--dry-run", "--checkpoint", checkpoint, golden("traces-basic"), code=2)
        self.assertIn("dry run", err)
        _, err = self.run_command("publish", "--brokers", "127.0.0.1:9", "--checkpoint", checkpoint, "-", code=2)
        self.assertIn("standard input", err)


    def test_what_is_written_does_not_lie_among_what_is_read(self):
        folder = self.path("captures")
        os.mkdir(folder)
        self.write("captures/a.pb", read(golden("traces-basic")))
        for flag in ("--dead-letter", "--dump"):
            _, err = self.run_command("publish", "--dry-run", flag, os.path.join(folder, "new"), folder, code=2)
            self.assertIn("would be read as input", err)
        real = ["--brokers", "127.0.0.1:9", "--checkpoint"]
        _, err = self.run_command("publish", *real, os.path.join(folder, "..", "captures", "c"), folder, code=2)
        self.assertIn("would be read as input", err)
        self.assertEqual(os.listdir(folder), ["a.pb"])

    def test_a_checkpoint_wants_points_in_time(self):
        real = ["--brokers", "127.0.0.1:9", "--checkpoint", self.path("c"), golden("traces-basic")]
        _, err = self.run_command("publish", *real, "--since", "24h", code=2)
        self.assertIn("point in time", err)

    def test_a_run_that_did_not_begin_can_be_tried_again(self):
        real = ["--brokers", "127.0.0.1:9", "--checkpoint", self.path("c"), "--dead-letter", self.path("d"),
                golden("traces-basic")]
        for _ in range(2):
            _, err = self.run_command("publish", *real, code=4)
            self.assertIn("127.0.0.1:9", err)


if __name__ == "__main__":
    run.main()
