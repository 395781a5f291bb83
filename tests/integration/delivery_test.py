#!/usr/bin/env python3
"""gf-otlp publish when something ends or is refused in the middle of a run.

usage: delivery_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from publishing import PublishTest, write_records  # noqa: E402
from servers import run  # noqa: E402

COUNT = 30000  # records: 12 MB, a dozen chunks of input
CHUNK = 3000  # more than one has
RATE = ["--rate", "5000"]  # six seconds


def number(row):
    return int(json.loads(row)["Body"].split()[1])


class Interrupted(PublishTest):
    def setUp(self):
        super().setUp()
        self.capture = write_records(self.path("capture.json"), COUNT)
        self.checkpoint = self.path("checkpoint")
        self.arguments = [self.capture, "--topic", self.topic("logs"), "--partitions", "3"]

    def numbers(self):
        """Of the records that arrived, in no order."""
        return [number(message["value"]) for message in self.broker.consume(self.topic("logs"))]

    def start_and_wait(self, *options):
        """A run that is in the middle: some of it has arrived, and is not yet over."""
        process = self.start_publish(*self.arguments, *RATE, *options)
        self.wait_for("messages", lambda: self.arrived(self.topic("logs")) > 0)
        self.assertIsNone(process.poll(), "it ended too early: the case shows nothing")
        return process

    def test_the_broker_is_killed(self):
        process = self.start_and_wait("--checkpoint", self.checkpoint)
        self.broker.kill()
        time.sleep(1)
        self.assertIsNone(process.poll(), "it ended too early: the case shows nothing")
        self.broker.start()
        self.end(process, 0)
        self.assert_same(self.numbers(), range(COUNT))

    def test_the_broker_is_restarted(self):
        process = self.start_and_wait()
        self.broker.stop()
        self.broker.start()
        self.end(process, 0)
        self.assert_same(self.numbers(), range(COUNT))

    def test_publish_is_killed(self):
        process = self.start_and_wait("--checkpoint", self.checkpoint)
        self.wait_for("a checkpoint with something in it", lambda: self.delivered_units() > 0)
        process.kill()
        self.end(process, -signal.SIGKILL)
        first = self.numbers()
        self.assertLess(len(set(first)), COUNT, "it was over: the case shows nothing")
        _, stats = self.publish(*self.arguments, *RATE, "--checkpoint", self.checkpoint)
        self.assertLess(stats["messages"], COUNT, "it began from the beginning")
        self.assertEqual(set(self.numbers()), set(range(COUNT)))
        _, stats = self.publish(*self.arguments, *RATE, "--checkpoint", self.checkpoint)
        self.assertEqual(stats["messages"], 0)

    def delivered_units(self):
        if not os.path.exists(self.checkpoint):
            return 0
        files = json.loads(run.read(self.checkpoint))["files"]
        return files[0]["units_done"] if files else 0

    def test_a_signal(self):
        for sent in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sent.name):
                topic = self.topic(sent.name)
                checkpoint = self.path(sent.name)
                arguments = [self.capture, "--topic", topic, "--partitions", "3", "--checkpoint", checkpoint]
                process = self.start_publish(*arguments, *RATE)
                self.wait_for("messages of several chunks", lambda: self.arrived(topic) >= 2 * CHUNK)
                process.send_signal(sent)
                self.end(process, -sent)
                first = [number(message["value"]) for message in self.broker.consume(topic)]
                self.assertLess(len(first), COUNT, "it was over: the case shows nothing")
                _, stats = self.publish(*arguments)
                self.assertLess(stats["messages"], COUNT, "it began from the beginning")
                # What was under way was delivered before it died; only what was sent of one chunk of input may come twice.
                found = [number(message["value"]) for message in self.broker.consume(topic)]
                self.assertEqual(set(found), set(range(COUNT)))
                self.assertLess(len(found) - COUNT, CHUNK)

    def test_what_a_checkpoint_refuses(self):
        folder = self.path("captures")
        os.mkdir(folder)
        write_records(os.path.join(folder, "a.json"), 100)
        arguments = [folder, "--topic", self.topic("logs"), "--checkpoint", self.checkpoint]
        self.publish(*arguments)
        before = run.read(self.checkpoint)
        for options in (["--key", "none"], ["--topic", self.topic("other")], ["--rows-per-message", "2"],
                        ["--encoding", "otlp_proto"], ["--shape", "glassflow"], ["--where", "resource.x", "=", "y"]):
            with self.subTest(options):
                err, _ = self.publish(*arguments, *options, code=2)
                self.assertIn(self.checkpoint, err)
        err, _ = self.publish("-", *arguments[1:], code=2)
        self.assertIn("standard input", err)
        self.assertEqual(run.read(self.checkpoint), before)
        # One file more is no change; another content of one that was begun is.
        write_records(os.path.join(folder, "b.json"), 50, first=1000)
        _, stats = self.publish(*arguments)
        self.assertEqual(stats["messages"], 50)
        write_records(os.path.join(folder, "a.json"), 200)
        err, _ = self.publish(*arguments, code=2)
        self.assertIn("a.json", err)
        self.assertEqual(sorted(self.numbers()), [*range(100), *range(1000, 1050)])


class TooLarge(PublishTest):
    """Records 0 to 99, of which 37 and 74 are larger than allowed."""

    LARGE = {37, 74}

    def setUp(self):
        super().setUp()
        records = []
        for i in range(100):
            padding = "x" * (50000 if i in self.LARGE else 10)
            records.append({"timeUnixNano": str(10**18 + i), "body": {"stringValue": f"record {i} {padding}"}})
        # Two units of 50 records.
        lines = [json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records[i:i + 50]}]}]}) for i in (0, 50)]
        self.capture = self.write("large.json", "\n".join(lines).encode() + b"\n")
        self.options = ["--topic", self.topic("logs"), "--partitions", "2"]

    def numbers(self):
        return sorted(number(message["value"]) for message in self.broker.consume(self.topic("logs")))

    def check(self, limit, no_limit):
        """`limit`: options by which the large ones are refused; `no_limit`: by which they are taken."""
        err, _ = self.publish(self.capture, *self.options, *limit, code=3)
        self.assertRegex(err, r"large\.json.*\b(37|38|74|75|24|25)\b")  # its record, counted from 1 in its unit
        self.assertFalse(set(self.numbers()) & self.LARGE)
        self.options[1] += "-with-dead-letter"
        dead = self.path("dead.jsonl")
        err, stats = self.publish(self.capture, *self.options, *limit, "--dead-letter", dead)
        self.assertEqual((stats["records_written"], stats["records_dead_lettered"]), (98, 2))
        topic = self.options[1]
        self.assertEqual(sorted(number(m["value"]) for m in self.broker.consume(topic)),
                         sorted(set(range(100)) - self.LARGE))
        letters = [json.loads(line) for line in run.lines(run.read(dead))]
        self.assertEqual([letter["record"] for letter in letters], [38, 25])
        again = topic + "-again"
        self.publish("--input-format", "dead-letter", dead, "--topic", again, *no_limit)
        self.assertEqual(sorted(number(m["value"]) for m in self.broker.consume(again)), sorted(self.LARGE))

    def test_by_our_limit(self):
        self.check(["--max-message-bytes", "20000"], ["--max-message-bytes", "100000"])

    def test_by_the_topics_limit(self):
        self.check(["--topic-config", "max.message.bytes=20000"], [])

    def test_joined_rows_and_requests_fit_themselves(self):
        capture = write_records(self.path("capture"), 500)
        for options in (["--rows-per-message", "100"], ["--encoding", "otlp_proto"]):
            topic = self.topic(options[1])
            _, stats = self.publish(capture, "--topic", topic, "--topic-config", "max.message.bytes=3000", *options)
            self.assertEqual(stats["records_written"], 500)
            self.assertGreater(stats["messages"], 50)


class Unreachable(PublishTest):
    def test_no_broker(self):
        (port,) = servers.free_ports(1)
        begun = time.monotonic()
        _, err = self.run_command("publish", "--brokers", f"localhost:{port}", run.golden("logs-basic"), code=4)
        self.assertIn(f"localhost:{port}", err)
        self.assertLess(time.monotonic() - begun, 60)

    def test_no_such_host(self):
        _, err = self.run_command("publish", "--brokers", "no-such-host.invalid:9092", run.golden("logs-basic"), code=4)
        self.assertIn("no-such-host.invalid", err)


if __name__ == "__main__":
    servers.main(publishing.broker_alone(PublishTest))
