#!/usr/bin/env python3
"""gf-otlp receive with clients that people use: OpenTelemetry's SDK for Python, and the Collector project's telemetrygen.

usage: receive_clients_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from receiving import ReceiveTest  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

SDK = ""  # set by prepare()


class Sdk(ReceiveTest):
    def send(self, *arguments):
        """What the SDK says that it sent: table -> rows, in part."""
        client = os.path.join(servers.HERE, "sdk_client.py")
        # Its HTTP library prefers certificates and proxies of the environment to those that it is told.
        env = {**{name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")}, "NO_PROXY": "*"}
        done = subprocess.run([sys.executable, client, *arguments], capture_output=True, check=False, timeout=PATIENCE,
                              env={**env, "PYTHONPATH": SDK})
        # The SDK logs what it cannot send, and goes on.
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout

    def check(self, server, *arguments):
        """Sends to it, and compares all of what it wrote with what the SDK was told."""
        sent = json.loads(self.send(*arguments))
        received = {table: [json.loads(row) for row in rows] for table, rows in self.received(server).items()}
        self.assertEqual({table: len(rows) for table, rows in received.items()}, {table: len(rows) for table, rows in sent.items()})
        for table, rows in sent.items():
            expected = {identity(row): row for row in rows}
            self.assertEqual(len(expected), len(rows), "rows that cannot be told apart")
            for row in received[table]:
                self.assertIn(identity(row), expected)
                told = expected.pop(identity(row))
                self.assertEqual({column: row[column] for column in told}, told)

    def test_http(self):
        server = self.receive()
        self.check(server, "http", server.http)

    def test_http_gzip_to_json_files(self):
        server = self.receive("--format", "json")
        self.check(server, "http", server.http, "--compression", "gzip")

    def test_http_deflate_to_zstd_files(self):
        server = self.receive("--zstd", "--split", "signal")
        self.check(server, "http", server.http, "--compression", "deflate")
        self.assertEqual(sorted(name for name in os.listdir(server.folder) if name.endswith(".zst")),
                         ["logs.proto.zst", "metrics.proto.zst", "traces.proto.zst"])

    def test_grpc(self):
        server = self.receive()
        self.check(server, "grpc", server.grpc)

    def test_grpc_gzip_to_zstd_json_files(self):
        server = self.receive("--zstd", "--format", "json")
        self.check(server, "grpc", server.grpc, "--compression", "gzip")

    def test_pipeline_ids(self):
        server = self.receive("--require-pipeline-id", "--keep-header", "x-glassflow-pipeline-id", "--split", "header:x-glassflow-pipeline-id")
        for protocol, endpoint in (("http", server.http), ("grpc", server.grpc)):
            with self.subTest(protocol):
                self.send(protocol, endpoint, "--header", f"x-glassflow-pipeline-id=id-{protocol}")
        server.stop()
        rows = self.rows(os.path.join(server.folder, "otlp-id-http.proto"))
        other = self.rows(os.path.join(server.folder, "otlp-id-grpc.proto"))
        self.assertEqual({table: len(of) for table, of in rows.items()}, {table: len(of) for table, of in other.items()})
        self.assertEqual(len(rows["otel_traces"]), 1201)
        for name in os.listdir(server.folder):
            if name.endswith(".headers"):
                for line in run.lines(run.read(os.path.join(server.folder, name))):
                    self.assertIn(name.split(".")[0].removeprefix("otlp-"), str(json.loads(line)))

    def test_tls(self):
        certificate, key = self.certificate("server")
        for protocol in ("http", "grpc"):
            with self.subTest(protocol):
                server = self.receive("--cert-file", certificate, "--key-file", key, folder=protocol)
                endpoint = getattr(server, protocol).replace("127.0.0.1", "localhost")
                self.assertEqual(endpoint.startswith("https://"), protocol == "http")
                self.check(server, protocol, endpoint, "--ca", certificate)

    def test_health_of_grpc(self):
        server = self.receive()
        self.assertEqual(self.send("health", server.grpc).strip(), b"SERVING")


def identity(row):
    """What tells a row from the others of its table here."""
    return json.dumps([row.get(column) for column in ("SpanId", "Timestamp", "MetricName", "Attributes")], sort_keys=True)


class Telemetrygen(ReceiveTest):
    """Not every module proxy serves it: skipped without it, whatever GF_OTLP_REQUIRE_SERVERS says."""

    program, why_not = None, ""  # set by prepare()

    def setUp(self):
        super().setUp()
        if self.program is None:
            self.skipTest(self.why_not)

    def generate(self, signal, *arguments):
        done = subprocess.run([self.program, signal, "--otlp-insecure", "--service", "generated", "--rate", "0", *arguments],
                              capture_output=True, check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def check(self, server, *arguments):
        self.generate("traces", "--traces", "50", "--child-spans", "3", "--workers", "2", *arguments)
        self.generate("logs", "--logs", "100", "--body", "it \"happened\"", *arguments)
        for kind in ("Gauge", "Sum", "Histogram", "ExponentialHistogram"):
            self.generate("metrics", "--metrics", "20", "--metric-type", kind, "--otlp-metric-name", kind, *arguments)
        rows = {table: [json.loads(row) for row in of] for table, of in self.received(server).items()}
        self.assertEqual({row["ServiceName"] for of in rows.values() for row in of}, {"generated"})
        spans = rows["otel_traces"]
        self.assertEqual((len(spans), len({row["TraceId"] for row in spans}), len({row["SpanId"] for row in spans})), (400, 100, 400))
        ids = {row["SpanId"] for row in spans}
        self.assertEqual(sum(row["ParentSpanId"] in ids for row in spans), 300)
        self.assertEqual([row["Body"] for row in rows["otel_logs"]], ["it \"happened\""] * 100)
        for kind, table in (("Gauge", "gauge"), ("Sum", "sum"), ("Histogram", "histogram"), ("ExponentialHistogram", "exponential_histogram")):
            self.assertEqual([row["MetricName"] for row in rows[f"otel_metrics_{table}"]], [kind] * 20, kind)

    def test_http(self):
        server = self.receive()
        self.check(server, "--otlp-http", "--otlp-endpoint", server.http.partition("//")[2])

    def test_grpc(self):
        server = self.receive("--format", "json")
        self.check(server, "--otlp-endpoint", server.grpc)


def prepare():
    global SDK
    SDK = servers.install("otel_python.sh")
    Telemetrygen.program, Telemetrygen.why_not = servers.try_install("telemetrygen.sh")
    yield from ()


if __name__ == "__main__":
    servers.main(prepare)
