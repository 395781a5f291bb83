#!/usr/bin/env python3
"""gf-otlp replay to a real OpenTelemetry Collector: what its file exporter writes gives the rows of the capture.

usage: replay_collector_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from collector import Collector  # noqa: E402
from receiving import Receive  # noqa: E402
from replaying import ReplayTest  # noqa: E402
from servers import run  # noqa: E402

FORMS = ("all.proto", "all.proto.zst", "all.json", "all.json.zst", "traces.proto", "logs.proto", "metrics.proto")
WAYS = (("http",), ("http", "--request-compression", "none"), ("http", "--protocol", "http/json"),
        ("http", "--protocol", "http/json", "--request-compression", "none"), ("grpc",),
        ("grpc", "--request-compression", "none"), ("http", "--concurrency", "4"), ("http", "--max-records", "7"),
        ("grpc", "--max-request-bytes", "10000"))


def mended(rows):
    """Of texts that went through our JSON: what was no UTF-8 is U+FFFD then, which the text of a nested value has as it is,
    while bytes that are no UTF-8 stand there as an escape."""
    return {table: [row.replace(rb"\\ufffd", "\ufffd".encode()) for row in lines] for table, lines in rows.items()}


class CollectorTest(ReplayTest):
    program = ""  # set by prepare()

    def setUp(self):
        super().setUp()
        self.collector = Collector(self.program, lambda folder: {"file": {"path": self.output(folder), "format": "proto"}})
        self.addCleanup(self.collector.close)

    def output(self, folder):
        return os.path.join(folder, "output.proto")

    def send(self, way, *inputs):
        """What the Collector's file gives: table -> rows."""
        protocol, *options = way
        address = self.collector.http if protocol == "http" else self.collector.grpc
        self.replay("--endpoint", f"{protocol}://{address}", *options, *inputs)
        self.collector.stop()
        path = self.output(self.collector.folder)
        rows = self.rows(path)
        os.remove(path)
        self.collector.start()
        return rows

    def assert_rows(self, found, expected):
        self.assertEqual(set(found), set(expected))
        self.assertTrue(expected)
        for table, rows in expected.items():
            self.assert_same(found[table], rows, table)


class Captures(CollectorTest):
    def test_all_forms(self):
        for folder in ("plain", "gated"):
            for form in FORMS:
                with self.subTest((folder, form)):
                    capture = run.capture(folder, form)
                    self.assert_rows(self.send(("http",), capture), self.rows(capture))

    def test_all_ways(self):
        for form in ("all.proto", "all.json"):
            capture = run.capture("plain", form)
            rows = self.rows(capture)
            self.assertNotEqual(mended(rows), rows)
            for way in WAYS:
                with self.subTest((form, way)):
                    self.assert_rows(self.send(way, capture), mended(rows) if "http/json" in way else rows)

    def test_received_and_replayed(self):
        capture = run.capture("plain", "all.proto")
        for options in ([], ["--format", "json", "--zstd", "--split", "signal"]):
            for protocol in ("http", "grpc"):
                with self.subTest((protocol, options)):
                    server = Receive(self.path(f"received-{protocol}-{len(options)}"), *options)
                    self.addCleanup(server.kill)
                    endpoint = server.http if protocol == "http" else f"grpc://{server.grpc}"
                    self.replay("--endpoint", endpoint, capture)
                    server.stop()
                    rows = self.rows(capture)
                    self.assert_rows(self.send((protocol,), server.folder), mended(rows) if "json" in options else rows)


def prepare():
    CollectorTest.program = servers.install("collector.sh")
    return ()


if __name__ == "__main__":
    servers.main(prepare)
