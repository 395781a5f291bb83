#!/usr/bin/env python3
"""The command receive: its flags, its end, the files that it leaves and what other commands make of them."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "..", "integration")]
import run  # noqa: E402
from receiving import PATIENCE, ReceiveTest, bodies, log_request, log_request_protobuf  # noqa: E402

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
SPAN = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET /", "kind": 2,
    "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "1700000000000000009"}]}]}]}).encode()
GAUGE = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{
    "name": "load", "gauge": {"dataPoints": [{"timeUnixNano": "1700000000000000001", "asDouble": 0.5}]}}]}]}]}).encode()


class Flags(ReceiveTest):
    def refused(self, *arguments, code=2):
        out, err = self.run_command("receive", *arguments, code=code)
        self.assertEqual(out, b"")
        self.assertEqual(err.count("\n"), 1, err)
        return err

    def test_what_makes_no_sense_is_refused_before_anything_is_made(self):
        folder = self.path("captures")
        for arguments, word in (
                ((), "--dir"),
                (("--http", "off", "--grpc", "off"), "--grpc off"),
                (("--http", "4318"), "--http 4318"),
                (("--http", ":4318"), "--http :4318"),
                (("--http", "::1:4318"), "--http ::1:4318"),
                (("--grpc", "127.0.0.1:65536"), "--grpc 127.0.0.1:65536"),
                (("--grpc", "127.0.0.1:4317x"), "4317x"),
                (("--format", "yaml"), "--format"),
                (("--split", "service"), "--split"),
                (("--split", "header:"), "--split header:: not"),
                (("--split", "header:authorization"), "secrets"),
                (("--keep-header", "a b"), "--keep-header a b"),
                (("--keep-header", "Authorization"), "secrets"),
                (("--keep-header", "cookie"), "secrets"),
                (("--rotate-every", "soon"), "--rotate-every"),
                (("--durability", "maybe"), "--durability"),
                (("--stats", "xml"), "--stats"),
                (("--max-body", "0"), "--max-body"),
                (("--max-decompressed", "0"), "--max-decompressed"),
                (("--max-in-flight", "0"), "--max-in-flight"),
                (("--cert-file", "a.pem"), "--key-file"),
                (("--key-file", "a.pem"), "--cert-file"),
                (("--client-ca-file", "a.pem"), "--client-ca-file"),
                (("--endpoint", "http://a:1"), "--print-config"),
                (("--pipeline", "traces=t1"), "--print-config"),
                (("--ca-file", "ca.pem"), "--print-config")):
            with self.subTest(arguments):
                self.assertIn(word, self.refused(*(("--dir", folder) if arguments else ()), *arguments))
                self.assertFalse(os.path.exists(folder))

    def test_files_that_are_no_good_are_refused(self):
        auth = self.write("auth", b"token secret\n")
        where = ("--dir", self.path("captures"), "--http", "127.0.0.1:0", "--grpc", "off")
        said = self.refused(*where, "--auth-file", auth)
        self.assertIn("auth", said)
        self.assertNotIn("secret", said)
        pem = self.write("no.pem", b"no certificate")
        missing = self.path("missing")
        for options in (("--auth-file", missing), ("--cert-file", missing, "--key-file", pem), ("--cert-file", pem, "--key-file", missing)):
            self.assertIn("No such file", self.refused(*where, *options, code=4))
        self.refused(*where, "--cert-file", pem, "--key-file", pem)
        self.refused("--dir", self.path("captures"), "--http", "off", "--grpc", "127.0.0.1:0", "--cert-file", pem, "--key-file", pem)

    def test_a_directory_that_cannot_be_written(self):
        self.refused("--dir", os.path.join(self.write("file", b""), "captures"), "--http", "127.0.0.1:0", "--grpc", "off", code=4)

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for mine, other in (("--http", "--grpc"), ("--grpc", "--http")):
                said = self.refused("--dir", self.path("captures"), mine, f"127.0.0.1:{port}", other, "off", code=4)
                self.assertIn(str(port), said)

    def test_the_environment_sets_options(self):
        _, err = self.run_command("receive", "--dir", self.path("a"), code=2, env={"GF_OTLP_HTTP": "off", "GF_OTLP_GRPC": "off"})
        self.assertIn("nothing to receive on", err)
        # That of replay does not disturb.
        _, err = self.run_command("receive", code=2, env={"GF_OTLP_ENDPOINT": "http://a:1"})
        self.assertIn("--dir", err)


class Running(ReceiveTest):
    def summary(self, server):
        return json.loads(re.search(r"^{.*}$", server.stop(), re.MULTILINE)[0])

    def test_it_says_where_it_is_and_ends_by_any_signal_with_a_summary(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                server = self.receive(folder=f"by-{number}")
                self.assertEqual(server.post("/v1/logs", log_request("a", "b"), JSON)[0], 200)
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(PATIENCE), 0)
                said = server.said()
                self.assertRegex(said, r"\Agf-otlp receive: OTLP/HTTP on http://127\.0\.0\.1:[0-9]+\n"
                                       r"gf-otlp receive: OTLP/gRPC on 127\.0\.0\.1:[0-9]+\n"
                                       r"gf-otlp receive: writing to [^\n]*\n"
                                       r"gf-otlp receive: 1 request received \(logs 1\) with 2 records \(logs 2\); "
                                       r"[^\n]* in 1 file written, [0-9.]+ s\n\Z")

    def test_quiet_says_only_where_it_is(self):
        server = self.receive("-q", "--keep-header", "x-a")
        self.assertEqual(server.stop().count("\n"), 3)

    def test_statistics(self):
        server = self.receive("--stats", "json", "--require-pipeline-id")
        mine = {**JSON, "x-glassflow-pipeline-id": "p"}
        self.assertEqual(server.post("/v1/logs", log_request("a"), JSON)[0], 400)
        self.assertEqual(server.post("/v1/logs", b"{", mine)[0], 400)
        self.assertEqual(server.post("/v1/nothing", b"", mine)[0], 404)
        for path, body in (("logs", log_request("a", "b")), ("traces", SPAN), ("metrics", GAUGE), ("traces", SPAN), ("logs", b"{}")):
            self.assertEqual(server.post("/v1/" + path, body, mine)[0], 200)
        summary = self.summary(server)
        self.assertEqual(summary["requests"], {"traces": 2, "logs": 2, "metrics": 1})
        self.assertEqual(summary["records"], {"traces": 2, "logs": 2, "metrics": 1})
        self.assertEqual(summary["requests_without_records"], 1)
        self.assertEqual(summary["requests_stored"], 4)
        self.assertEqual(summary["records_stored"], 5)
        self.assertEqual(summary["refused"].get("InvalidArgument"), 2)
        self.assertEqual(summary["bytes_written"], os.path.getsize(os.path.join(server.folder, "otlp.proto")))
        self.assertEqual(summary["files"], 1)

    def test_one_protocol_alone(self):
        for mine, other in (("--http", "--grpc"), ("--grpc", "--http")):
            with self.subTest(mine), subprocess.Popen(
                    [run.GF_OTLP, "receive", "--dir", self.path("captures" + mine), mine, "127.0.0.1:0", other, "off"],
                    stderr=subprocess.PIPE) as process:
                self.addCleanup(process.kill)
                said = process.stderr.readline() + process.stderr.readline()
                self.assertIn(b"writing to", said)
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_an_address_that_others_reach_is_warned_of(self):
        auth = self.write("auth", b"bearer secret\n")
        for options, words in (((), b"whoever"), (("--auth-file", auth), b"as they are")):
            with subprocess.Popen([run.GF_OTLP, "receive", "--dir", self.path("captures"), "--http", "0.0.0.0:0", "--grpc", "off", *options],
                                  stderr=subprocess.PIPE) as process:
                self.addCleanup(process.kill)
                said = process.stderr.readline()
                self.assertIn(b"warning: ", said)
                self.assertIn(words, said)
                process.stderr.readline()
                process.stderr.readline()
                process.terminate()
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_tokens_and_passwords(self):
        server = self.receive("--auth-file", self.write("auth", b"# who\nbearer secret\n\nbasic ann:pass word\n"))
        basic = "Basic " + base64.b64encode(b"ann:pass word").decode()
        for value, status in ((None, 401), ("Bearer secret", 200), ("bearer secret", 200), (basic, 200), ("Bearer secre", 401), ("Basic x", 401)):
            headers = {**JSON, **({"Authorization": value} if value else {})}
            self.assertEqual(server.post("/v1/logs", log_request("a"), headers)[0], status, value)
        self.assertNotIn("secret", server.stop())

    def test_a_directory_has_one_writer(self):
        server = self.receive()
        _, err = self.run_command("receive", "--dir", server.folder, "--http", "127.0.0.1:0", "--grpc", "off", code=2)
        self.assertIn(server.folder, err)
        self.assertEqual(server.post("/v1/logs", log_request("a"), JSON)[0], 200)
        self.assertEqual(bodies(self.received(server)["otel_logs"]), ["a"])


class Files(ReceiveTest):
    def test_what_it_writes_is_read_back(self):
        """Every form, of what came as JSON and as protobuf."""
        for form in ("proto", "json"):
            for zstd in ((), ("--zstd",)):
                for split in ("none", "signal", "header:x-tenant"):
                    with self.subTest(form=form, zstd=zstd, split=split):
                        folder = f"{form}{len(zstd)}{split}"
                        server = self.receive("--format", form, *zstd, "--split", split, folder=folder)
                        ann, nobody = {"X-Tenant": "ann/1"}, {}
                        for path, body, headers in (("logs", log_request("a", "é\n"), {**JSON, **ann}), ("traces", SPAN, {**JSON, **nobody}),
                                                    ("logs", log_request_protobuf("c"), {**PROTOBUF, **nobody}),
                                                    ("metrics", GAUGE, {**JSON, **ann})):
                            self.assertEqual(server.post("/v1/" + path, body, headers)[0], 200)
                        rows = self.received(server)
                        self.assertEqual({table: len(lines) for table, lines in rows.items() if lines},
                                         {"otel_logs": 3, "otel_traces": 1, "otel_metrics_gauge": 1})
                        self.assertEqual(sorted(bodies(rows["otel_logs"])), ["a", "c", "é\n"])
                        names = {"none": ["otlp"], "signal": ["logs", "metrics", "traces"], "header:x-tenant": ["otlp", "otlp-ann%2F1"]}
                        extension = f".{form}" + (".zst" if zstd else "")
                        self.assertEqual(self.files(server), sorted(name + extension for name in names[split]))

    def files(self, server):
        """But those that are hidden, which are no captures."""
        return sorted(name for name in os.listdir(server.folder) if not name.startswith("."))

    def test_it_goes_on_with_its_files(self):
        for text in ("a", "b"):
            server = self.receive()
            self.assertEqual(server.post("/v1/logs", log_request(text), JSON)[0], 200)
            rows = self.received(server)
        self.assertEqual(bodies(rows["otel_logs"]), ["a", "b"])
        self.assertEqual(self.files(server), ["otlp.proto"])

    def test_files_are_put_aside_by_size(self):
        server = self.receive("--rotate-size", "1000")
        texts = [f"{i:03}" + "x" * 300 for i in range(10)]
        for text in texts:
            self.assertEqual(server.post("/v1/logs", log_request(text), JSON)[0], 200)
        rows = self.received(server)
        names = self.files(server)
        self.assertGreaterEqual(len(names), 4)
        for name in names:
            self.assertRegex(name, r"\Aotlp(-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}-size)?\.proto\Z")
            self.assertLessEqual(os.path.getsize(os.path.join(server.folder, name)), 1000)
        self.assertEqual(bodies(rows["otel_logs"]), texts)

    def test_files_are_put_aside_by_age(self):
        server = self.receive("--rotate-every", "1s")
        connection = server.connect()
        self.addCleanup(connection.close)
        count = 0
        while not any("-time" in name for name in self.files(server)):
            self.assertEqual(server.post("/v1/logs", log_request(str(count)), JSON, connection)[0], 200)
            count += 1
        self.assertEqual(bodies(self.received(server)["otel_logs"]), [str(i) for i in range(count)])

    def test_headers_are_kept(self):
        server = self.receive("--keep-header", "X-Tenant", "--keep-header", "x-glassflow-pipeline-id")
        for headers in ({"x-tenant": "ann"}, {}, {"X-TENANT": "bob", "x-glassflow-pipeline-id": "p1", "Authorization": "Bearer secret"}):
            self.assertEqual(server.post("/v1/logs", log_request("a"), {**JSON, **headers})[0], 200)
        self.assertEqual(len(self.received(server)["otel_logs"]), 3)
        kept = [json.loads(line) for line in run.lines(run.read(os.path.join(server.folder, "otlp.proto.headers")))]
        self.assertEqual([line["headers"] for line in kept],
                         [{"x-tenant": "ann"}, {"x-tenant": "bob", "x-glassflow-pipeline-id": "p1"}])
        data = run.read(os.path.join(server.folder, "otlp.proto"))
        third = len(data) // 3
        self.assertEqual([(line["offset"], line["length"]) for line in kept], [(0, third), (2 * third, third)])

    def test_kill_9_loses_nothing_that_was_acknowledged(self):
        server = self.receive("--durability", "none")
        texts = [str(i) for i in range(20)]
        for text in texts:
            self.assertEqual(server.post("/v1/logs", log_request(text), JSON)[0], 200)
        server.kill()
        self.assertEqual(bodies(self.rows(server.folder)["otel_logs"]), texts)

        # A torn end is cut off, and told; what follows stands behind the last whole request.
        with open(os.path.join(server.folder, "otlp.proto"), "ab") as file:
            file.write(b"\0\0\1\0torn")
        server = self.receive()
        self.assertRegex(server.said(), re.escape("otlp.proto"))
        self.assertEqual(server.post("/v1/logs", log_request("after"), JSON)[0], 200)
        self.assertEqual(bodies(self.received(server)["otel_logs"]), [*texts, "after"])


if __name__ == "__main__":
    run.main()
