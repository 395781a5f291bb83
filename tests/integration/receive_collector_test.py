#!/usr/bin/env python3
"""gf-otlp receive behind a real Collector: captures go in at the Collector's OTLP receiver, and must come out of files that
receive wrote with the same rows, whatever the Collector's exporter is.

usage: receive_collector_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import os
import struct
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from collector import SIGNALS, Collector  # noqa: E402
from receiving import Receive, ReceiveTest, bodies, log_request  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

PROGRAM = ""  # set by prepare()
# With these the Collector answers a request once its exporters have been answered, and with their errors.
AT_ONCE = {"sending_queue": {"enabled": False}, "retry_on_failure": {"enabled": False}}


def requests(signal):
    """The requests of a capture, as protobuf: each has its length before it, four bytes."""
    data, position = run.read(run.capture("plain", f"{signal}.proto")), 0
    while position < len(data):
        (size,) = struct.unpack_from(">I", data, position)
        yield data[position + 4:position + 4 + size]
        position += 4 + size


def post(collector, signal, body, content_type="application/x-protobuf"):
    """The status of the Collector's answer."""
    request = urllib.request.Request(f"http://{collector.http}/v1/{signal}", body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class CollectorTest(ReceiveTest):
    def collector(self, exporters, **settings):
        collector = Collector(PROGRAM, exporters, **settings)
        self.addCleanup(collector.close)
        return collector

    def send_captures(self, collector):
        for signal in SIGNALS:
            for body in requests(signal):
                self.assertEqual(post(collector, signal, body), 200, collector.said()[-2000:])

    def assert_captures(self, folder, what):
        """That the rows of the folder are those of the captures, in any order. JSON files hold U+FFFD for bytes that are not UTF-8:
        inside of JSON columns those are written as they are, bytes that are not UTF-8 as escapes."""
        found, expected = self.rows(folder), self.rows(*(run.capture("plain", f"{signal}.proto") for signal in SIGNALS))
        self.assertEqual(found.keys(), expected.keys(), what)
        for table, rows in expected.items():
            self.assert_same(*([row.replace(rb"\\ufffd", "\ufffd".encode()) for row in of] for of in (found[table], rows)), f"{what} {table}")


class Exporters(CollectorTest):
    """All at once: the Collector gives each request to each of its exporters, and each has a receive of its own."""

    CASES = {  # exporter -> (its settings, options of receive)
        "otlphttp/default": ({}, []),
        "otlphttp/none": ({"compression": "none"}, ["--format", "json"]),
        "otlphttp/zstd": ({"compression": "zstd"}, ["--zstd"]),
        "otlphttp/deflate": ({"compression": "deflate"}, ["--format", "json", "--zstd"]),
        "otlphttp/json": ({"encoding": "json"}, ["--split", "signal"]),
        "otlphttp/json_to_json": ({"encoding": "json", "compression": "none"}, ["--format", "json", "--split", "signal"]),
        "otlp/default": ({}, ["--rotate-size", "20KB"]),
        "otlp/none": ({"compression": "none"}, ["--format", "json", "--durability", "none"]),
    }

    def test_all(self):
        exporters, folders = {}, {}
        for name, (settings, options) in self.CASES.items():
            server = self.receive(*options, folder=name.replace("/", "-"))
            folders[name] = server
            to = {"endpoint": server.http} if name.startswith("otlphttp") else {"endpoint": server.grpc, "tls": {"insecure": True}}
            exporters[name] = {**to, **AT_ONCE, **settings}
        self.send_captures(self.collector(exporters))
        for name, server in folders.items():
            with self.subTest(name):
                server.stop()
                self.assert_captures(server.folder, name)
        self.assertEqual(sorted(os.listdir(folders["otlphttp/json"].folder)), ["logs.proto", "metrics.proto", "traces.proto"])
        self.assertGreater(len(os.listdir(folders["otlp/default"].folder)), 3, "nothing was put aside: the case shows nothing")

    def test_what_receive_does_not_unpack(self):
        server = self.receive()
        collector = self.collector({"otlphttp": {"endpoint": server.http, "compression": "snappy", **AT_ONCE}})
        self.assertNotEqual(post(collector, "logs", log_request("x"), "application/json"), 200)
        self.assertIn("415", collector.said())
        self.assertEqual(self.received(server), {})


class AsPeopleRunIt(CollectorTest):
    """Batches, queues and retries as the Collector has them by default."""

    def test_batches(self):
        http, grpc = self.receive(folder="http"), self.receive(folder="grpc")
        collector = self.collector({"otlphttp": {"endpoint": http.http}, "otlp": {"endpoint": grpc.grpc, "tls": {"insecure": True}}},
                                   processors={"batch": {}})
        self.send_captures(collector)
        collector.stop()
        for server in (http, grpc):
            server.stop()
            self.assert_captures(server.folder, server.folder)

    def test_secured_with_pipeline_ids(self):
        authority, key = self.certificate("server", "localhost")
        tokens = self.write("tokens", b"bearer the-token\n")
        os.chmod(tokens, 0o600)
        server = self.receive("--cert-file", authority, "--key-file", key, "--auth-file", tokens, "--require-pipeline-id")
        secured = {"tls": {"ca_file": authority}, **AT_ONCE}
        to = {"otlphttp": server.http.replace("127.0.0.1", "localhost"), "otlp": server.grpc.replace("127.0.0.1", "localhost")}
        for name, endpoint in to.items():
            good = {"authorization": "Bearer the-token", "x-glassflow-pipeline-id": "p"}
            for headers, accepted in ((good, True), ({**good, "authorization": "Bearer other"}, False),
                                      ({"authorization": "Bearer the-token"}, False)):
                with self.subTest(f"{name} {headers}"):
                    collector = self.collector({name: {"endpoint": endpoint, "headers": headers, **secured}})
                    status = post(collector, "logs", log_request(f"{name} {accepted}"), "application/json")
                    self.assertEqual(status == 200, accepted, collector.said()[-1000:])
                    collector.stop()
        self.assertEqual(bodies(self.received(server)["otel_logs"]), ["otlphttp True", "otlp True"])

    def test_receive_is_killed_and_comes_back(self):
        server = Receive(self.path("received"))
        ports = {"http_port": server.port, "grpc_port": int(server.grpc.rpartition(":")[2])}
        retry = {"retry_on_failure": {"initial_interval": "50ms", "max_interval": "200ms"}}
        collector = self.collector({"otlphttp": {"endpoint": server.http, **retry},
                                    "otlp": {"endpoint": server.grpc, "tls": {"insecure": True}, **retry}})
        sent = []
        try:
            for round_number in range(3):
                for i in range(100):
                    sent.append(f"record {round_number} {i}")
                    self.assertEqual(post(collector, "logs", log_request(sent[-1]), "application/json"), 200)
                server.kill()
                for i in range(20):
                    sent.append(f"record {round_number} {i} while it was away")
                    self.assertEqual(post(collector, "logs", log_request(sent[-1]), "application/json"), 200)
                server = Receive(self.path("received"), **ports)
            # Twice at least, by two exporters; more often what was written but not yet acknowledged.
            self.wait_for_logs(server, lambda found: min(map(collections.Counter(found).__getitem__, sent)) >= 2)
            self.assertEqual(set(bodies(self.received(server)["otel_logs"])), set(sent))
        finally:
            server.kill()

    def test_too_much_at_once_is_sent_again(self):
        server = self.receive("--max-in-flight", "1")
        collector = self.collector({"otlphttp": {"endpoint": server.http, "sending_queue": {"num_consumers": 20, "queue_size": 10000},
                                                 "retry_on_failure": {"initial_interval": "50ms"}}})
        numbers = iter(range(400))
        statuses = []

        def client():
            for i in numbers:
                statuses.append(post(collector, "logs", log_request(*(f"record {i} {j} {'x' * 1000}" for j in range(50))), "application/json"))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 400)
        self.wait_for_logs(server, lambda found: len({text.split()[1] for text in found}) == 400)
        found = collections.Counter(int(text.split()[1]) for text in bodies(self.received(server)["otel_logs"]))
        self.assertEqual(found, {i: 50 for i in range(400)})


def prepare():
    global PROGRAM
    PROGRAM = servers.install("collector.sh")
    yield from ()


if __name__ == "__main__":
    servers.main(prepare)
