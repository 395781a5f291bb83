#!/usr/bin/env python3
"""gf-otlp publish --shape agents without a broker: which rows become messages of which topic, with which keys.

usage: publish_test.py GF_OTLP TESTDATA
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
import store  # noqa: E402
from run import CommandTest, lines, read  # noqa: E402

SPANS, EVENTS = "otel-spans-rows", "otel-events"


class AgentsTest(CommandTest):
    def publish(self, *arguments, stdin=b""):
        """The messages of a dry run, and its statistics."""
        dump = self.path("dump.jsonl")
        _, stats = self.stats("publish", "--shape", "agents", "--dry-run", "--dump", dump, "--overwrite", *arguments,
                              stdin=stdin)
        self.assertEqual(stats["records_read"],
                         sum(stats[f"records_{name}"] for name in ("written", "refused", "filtered", "disabled",
                                                                   "without_data", "dead_lettered", "failed")
                             if f"records_{name}" in stats))
        return [json.loads(line) for line in lines(read(dump))], stats

    def values(self, messages, topic):
        return [message["value"] for message in messages if message["topic"] == topic]

    def rows(self, table, *arguments, stdin=b""):
        out, _ = self.run_command("convert", "--shape", "agents", "--table", table, "-q", *arguments, stdin=stdin)
        return [line.decode() for line in lines(out)]

    def error(self, *arguments):
        _, err = self.run_command("publish", "--shape", "agents", "--dry-run", *arguments, store.agents("plain.json"),
                                  code=2)
        return err


class Topics(AgentsTest):
    def test_the_rows_of_each_table_go_to_its_topic(self):
        messages, stats = self.publish(store.agents())
        self.assertEqual({message["topic"] for message in messages}, {SPANS, EVENTS})
        self.assertEqual(self.values(messages, SPANS), self.rows("spans_raw", store.agents()))
        self.assertEqual(self.values(messages, EVENTS), self.rows("events_raw", store.agents()))
        expected = store.captures().values()
        self.assertEqual({topic["topic"]: topic["messages"] for topic in stats["topics"]},
                         {SPANS: sum(file["spans"] for file in expected),
                          EVENTS: sum(file["events"] for file in expected)})
        self.assertEqual(stats["records_filtered"],
                         sum(file["plain_logs"] + file["metric_points"] for file in expected))
        self.assertEqual(stats["unread_numbers"], sum(file["unread_numbers"] for file in expected))
        self.assertEqual(stats["records_disabled"], 0)

    def test_a_record_counts_once_however_many_messages_it_has(self):
        capture = store.traces(store.span(1), store.span(2, events=("a", "b")))
        messages, stats = self.publish("-", stdin=capture)
        self.assertEqual((stats["records_read"], stats["records_written"], len(messages)), (2, 2, 4))
        _, err = self.run_command("publish", "--shape", "agents", "--dry-run", "-", stdin=capture)
        self.assertIn("2 of 2 records would be sent in 4 messages", err)
        messages, stats = self.publish("-", "--limit", "1", stdin=store.traces(store.span(1, events=("a", "b"))))
        self.assertEqual((stats["records_written"], len(messages)), (1, 3))

    def test_topics_are_those_of_traces_and_logs(self):
        capture = store.traces(store.span(1, events=("a",))) + store.logs(store.log(2, event="gen_ai.choice"))
        messages, _ = self.publish("-", "--topic", "traces=s", "--topic", "logs=e", stdin=capture)
        self.assertEqual([message["topic"] for message in messages], ["s", "e", "e"])
        config = self.write("exporter.yaml", b"logs: {topic: {name: from-file}}\n"
                                             b"metrics: {gauge: {enabled: true, topic: {name: g}}}\n")
        messages, stats = self.publish("-", "--config", config, stdin=capture)
        self.assertEqual([message["topic"] for message in messages], [SPANS, "from-file", "from-file"])
        self.assertEqual([topic["topic"] for topic in stats["topics"]], [SPANS, "from-file"])

    def test_the_printed_configuration_says_them(self):
        out, _ = self.run_command("publish", "--shape", "agents", "--print-config", "--topic", "logs=mine")
        text = out.decode()
        self.assertIn("name: otel-spans-rows  # (default)", text)
        self.assertIn("name: mine  # (--topic)", text)
        self.assertNotIn("otel-traces", text)
        config = self.write("printed.yaml", out)
        again, _ = self.run_command("publish", "--shape", "agents", "--print-config", "--config", config)
        self.assertEqual(again.decode().count("otel-spans-rows"), 1)
        # Metrics have no rows.
        self.assertRegex(text, r"metrics:\n  gauge:\n    enabled: false")
        requests, _ = self.run_command("publish", "--shape", "agents", "--print-config", "--encoding", "otlp_json")
        self.assertIn("name: otel-spans  # (default)", requests.decode())
        self.assertRegex(requests.decode(), r"metrics:\n  gauge:\n    enabled: false")

    def test_only_what_is_chosen_has_a_topic(self):
        for arguments, topics in ((("--table", "spans_raw"), [SPANS]), (("--table", "events_raw"), [EVENTS]),
                                  (("--signal", "logs"), [EVENTS]), (("--signal", "traces"), [SPANS, EVENTS])):
            _, stats = self.publish(*arguments, "-",
                                    stdin=store.logs(store.log(1)) if "logs" in arguments else store.traces(store.span(1)))
            self.assertEqual([topic["topic"] for topic in stats["topics"]], topics, arguments)
        _, err = self.run_command("publish", "--shape", "agents", "--dry-run", "--signal", "metrics", "-",
                                  stdin=store.metrics(), code=2)
        self.assertIn("there is nothing to do", err)

    def test_a_table_that_is_disabled(self):
        capture = (store.traces(store.span(1), store.span(2, events=("a",))) +
                   store.logs(store.log(3, event="gen_ai.choice"), store.log(4)))
        for signal, topics, disabled in (("traces", [EVENTS, EVENTS], 1), ("logs", [SPANS, SPANS], 1)):
            config = self.write("exporter.yaml", f"{signal}: {{enabled: false}}\n".encode())
            messages, stats = self.publish("--config", config, "-", stdin=capture)
            self.assertEqual([message["topic"] for message in messages], topics)
            # Of traces the span without events, of logs the event; the plain log is none.
            self.assertEqual((stats["disabled"], stats["records_filtered"]), ({signal: disabled}, 1))

    def test_tables_share_a_topic_if_they_are_told_to(self):
        messages, stats = self.publish("--topic", "one", store.agents("plain.json"))
        self.assertEqual({message["topic"] for message in messages}, {"one"})
        self.assertEqual(len(stats["topics"]), 1)

    def warnings(self, *arguments):
        _, err = self.run_command("publish", "--shape", "agents", "--dry-run", *arguments, store.agents("plain.json"))
        return [line.removeprefix("gf-otlp publish: ") for line in err.split("\n") if "warning" in line]

    def test_a_topic_that_no_table_reads_is_worth_a_word(self):
        self.assertEqual(self.warnings(), [])
        self.assertEqual(self.warnings("--topic", "one"),
                         ["warning: topic one gets rows of events_raw, rows of spans_raw: no table reads them all"])
        self.assertEqual(self.warnings("--encoding", "traces=otlp_json", "--topic", "traces=otel-events"),
                         ["warning: topic otel-events gets requests of traces, rows of events_raw: no table reads them all"])
        self.assertEqual(self.warnings("--topic", "one", "--table", "spans_raw"), [])
        self.assertEqual(self.warnings("--topic", "one", "-q"), [])

    def test_settings_of_what_has_no_rows_are_worth_a_word(self):
        self.assertEqual(self.warnings("--topic", "gauge=g", "--topic", "sum=s"),
                         ["warning: settings of metrics.gauge, metrics.sum have no effect: there are no such rows of shape agents"])
        self.assertEqual(self.warnings("--topic", "metrics=m", "--encoding", "metrics=otlp_json"), [])


class Messages(AgentsTest):
    CAPTURE = (store.traces(store.span(1, events=("a", "b")), store.span(2, trace="b2")) +
               store.logs(store.log(3, event="gen_ai.choice", trace="b2"), store.log(4, event="gen_ai.choice")))

    def test_keys_are_the_trace(self):
        messages, _ = self.publish("-", stdin=self.CAPTURE)
        self.assertEqual([(message["topic"], message["key"]) for message in messages],
                         [(SPANS, "a1" * 16), (EVENTS, "a1" * 16), (EVENTS, "a1" * 16), (SPANS, "b2" * 16),
                          (EVENTS, "b2" * 16), (EVENTS, None)])
        messages, _ = self.publish("-", "--key", "logs=service_name", stdin=self.CAPTURE)
        self.assertEqual([message["key"] for message in messages if message["topic"] == EVENTS], ["agent"] * 4)

    def test_headers_name_the_table(self):
        messages, _ = self.publish("-", "--headers", "standard", stdin=self.CAPTURE)
        spans = {"signal": "traces", "table": "spans_raw", "shape": "agents", "encoding": "json",
                 "content-type": "application/json"}
        # Events are of traces and of logs.
        events = {name: value for name, value in {**spans, "table": "events_raw"}.items() if name != "signal"}
        for message in messages:
            self.assertEqual(message["headers"], spans if message["topic"] == SPANS else events)

    def test_rows_of_a_table_and_key_are_joined(self):
        messages, stats = self.publish("-", "--rows-per-message", "10", stdin=self.CAPTURE)
        rows = {}
        for message in messages:
            rows.setdefault((message["topic"], message["key"]), []).append(message["value"].count("\n") + 1)
        self.assertEqual(rows, {(SPANS, "a1" * 16): [1], (EVENTS, "a1" * 16): [2], (SPANS, "b2" * 16): [1],
                                (EVENTS, "b2" * 16): [1], (EVENTS, None): [1]})
        self.assertEqual(stats["records_written"], 4)
        arguments = ("publish", "--shape", "agents", "--dry-run", "--rows-per-message", "10", "-")
        _, err = self.run_command(*arguments, stdin=self.CAPTURE)
        self.assertRegex(err, f"{EVENTS}: 3 messages, [^,]*, 4 rows,")
        _, err = self.run_command(*arguments, "--encoding", "otlp_json", stdin=self.CAPTURE)
        self.assertRegex(err, "otel-spans: 1 message, [^,]*, 2 records,")
        joined, _ = self.publish(store.agents(), "--rows-per-message", "50", "--key", "none")
        for topic, table in ((SPANS, "spans_raw"), (EVENTS, "events_raw")):
            self.assertEqual("\n".join(self.values(joined, topic)).split("\n"), self.rows(table, store.agents()))

    def test_of_a_record_with_a_row_that_is_too_large_nothing_is_sent(self):
        capture = store.traces(store.span(1, events=("a",)), store.span(2, events=("b", "x" * 5000, "y" * 6000)),
                               store.span(3, events=("c",)))
        dead = self.path("dead.jsonl")
        messages, stats = self.publish("-", "--max-message-bytes", "4000", "--dead-letter", dead, stdin=capture)
        self.assertEqual([json.loads(value)["span_name"] for value in self.values(messages, SPANS)], ["span 1", "span 3"])
        self.assertEqual([json.loads(value)["payload_json"]["text"] for value in self.values(messages, EVENTS)], ["a", "c"])
        self.assertEqual((stats["records_written"], stats["records_dead_lettered"]), (2, 1))
        letter, = [json.loads(line) for line in lines(read(dead))]
        self.assertIn("than the 39", letter["reason"])
        self.assertIn(f"topic {EVENTS} may be sent", letter["reason"])
        # The record as a whole, to be sent again.
        again = self.rows("events_raw", "--input-format", "dead-letter", dead)
        self.assertEqual([len(json.loads(row)["payload_json"]["text"]) for row in again], [1, 5000, 6000])
        _, err = self.run_command("publish", "--shape", "agents", "--dry-run", "--max-message-bytes", "4000", "-", "-q",
                                  stdin=capture, code=3)
        self.assertIn("record 2: its message of", err)


class Requests(AgentsTest):
    CAPTURE = (store.traces(store.span(1), store.span(2, events=("a",))) +
               store.logs(store.log(3), store.log(4, event="gen_ai.choice")) + store.metrics())

    def test_requests_are_sent_whole_as_of_other_shapes(self):
        for encoding in ("otlp_json", "otlp_proto"):
            arguments = ("--encoding", encoding, "--topic", "traces=t", "--topic", "logs=l", "--topic", "metrics=m", "-")
            mine, stats = self.publish(*arguments, stdin=self.CAPTURE)
            dump = self.path("other.jsonl")
            self.run_command("publish", "--dry-run", "--dump", dump, "--overwrite", *arguments, stdin=self.CAPTURE)
            self.assertEqual(mine, [json.loads(line) for line in lines(read(dump))])
            self.assertEqual((stats["records_filtered"], stats["records_disabled"]), (0, 0))

    def test_requests_go_where_tables_read_them_and_metrics_nowhere(self):
        messages, stats = self.publish("--encoding", "otlp_json", "-", stdin=self.CAPTURE)
        self.assertEqual([message["topic"] for message in messages], ["otel-spans", "otel-logs"])
        self.assertEqual([topic["topic"] for topic in stats["topics"]], ["otel-spans", "otel-logs"])
        self.assertEqual((stats["disabled"], stats["records_without_data"]), ({"metrics.sum": 1}, 1))
        out, _ = self.run_command("schema", "print", "--shape", "agents", "--kafka", "k:9092")
        for topic in ("otel-spans", "otel-logs"):
            self.assertIn(f"kafka_topic_list = '{topic}'", out.decode())

    def test_rows_of_one_and_requests_of_another(self):
        messages, stats = self.publish("--encoding", "traces=otlp_json", "-", stdin=self.CAPTURE)
        self.assertEqual([message["topic"] for message in messages], ["otel-spans", EVENTS])
        # The events of spans went with their spans; a plain log, a data point and a metric without one have no rows.
        self.assertEqual((stats["records_written"], stats["records_filtered"]), (3, 3))
        messages, stats = self.publish("--encoding", "metrics=otlp_json", "--topic", "metrics=m", "-", stdin=self.CAPTURE)
        self.assertEqual([message["topic"] for message in messages], [SPANS, SPANS, EVENTS, EVENTS, "m"])
        self.assertEqual((stats["records_written"], stats["records_filtered"]), (5, 1))

    def test_rows_of_events_do_not_go_where_requests_of_logs_go(self):
        err = self.error("--encoding", "logs=otlp_json")
        self.assertIn("logs.encoding otlp_json: rows of events_raw, which traces have too", err)
        messages, _ = self.publish("--encoding", "logs=otlp_json", "--table", "spans_raw", "-", stdin=self.CAPTURE)
        self.assertEqual({message["topic"] for message in messages}, {SPANS})

    def test_options_of_rows_do_not_go_with_requests(self):
        for arguments in (("--encoding", "otlp_proto"), ("--encoding", "traces=otlp_json"),
                          ("--encoding", "metrics=otlp_json", "--topic", "metrics=m")):
            self.assertIn("--drop-content goes with rows: requests are written as they came, with their content",
                          self.error("--drop-content", *arguments))
        self.publish("--drop-content", "--encoding", "metrics=otlp_json", "-", stdin=self.CAPTURE)  # none are sent
        for option in (("--map", "model=a"), ("--price-table", self.write("p.csv", b"model,input,output\n"))):
            self.assertIn(f"{option[0]} goes with rows", self.error(*option, "--encoding", "otlp_json"))
            self.publish(*option, "--encoding", "traces=otlp_json", "-", stdin=self.CAPTURE)

    def test_of_a_table_requests_hold_what_has_rows_in_it(self):
        messages, stats = self.publish("--encoding", "otlp_json", "--table", "events_raw", "-", stdin=self.CAPTURE)
        self.assertEqual([message["topic"] for message in messages], ["otel-spans", "otel-logs"])
        self.assertEqual((stats["records_written"], stats["records_filtered"]), (2, 4))


if __name__ == "__main__":
    run.main()
