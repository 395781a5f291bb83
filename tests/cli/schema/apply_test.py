#!/usr/bin/env python3
"""gf-otlp schema apply: the command line, what it asks a server, and how it exits. What it does there is tested with an engine.

usage: apply_test.py GF_OTLP TESTDATA
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402
import server  # noqa: E402
from run import CommandTest  # noqa: E402

NO_PROXY = {"no_proxy": "localhost"}


def empty(request):
    """A server that has nothing, and takes everything."""
    body = request["body"]
    if b"version()" in body:
        return 200, {}, b"26.5.1.1\tUTC\n"
    return 200, {}, b"[0]\n" if b"system.databases" in body else b""


class ApplyTest(CommandTest):
    def apply(self, answer, *options, code=0, path=""):
        """(lines of standard output, standard error)."""
        with server.Server(answer) as there:
            self.requests = there.requests
            out, err = self.run_command("schema", "apply", "--clickhouse", there.url + path, *options, code=code, env=NO_PROXY)
        return out.decode().split("\n")[:-1], err

    def changes(self):
        return [request["body"].decode() for request in self.requests if not request["body"].startswith(b"SELECT")]

    def test_usage(self):
        for options in (["--rebuild", "spans_minute"], ["--shape", "agents", "--rebuild", "spans_raw"], ["--shape", "nothing"],
                        ["--table", "nothing"], ["--ttl", "soon"], ["--kafka-topic", "a=b"]):
            with self.subTest(options):
                self.apply(empty, *options, code=2)
                self.assertEqual(self.changes(), [])
        self.assertIn("spans_minute, cost_minute",
                      self.apply(empty, "--shape", "agents", "--rebuild", "spans_raw", code=2)[1])
        for url in ("ch:8123", "http://u:p@localhost:1", "http://localhost:1/a/b"):
            self.run_command("schema", "apply", "--clickhouse", url, code=2)
        self.run_command("schema", "apply", code=2)
        self.apply(empty, "--database", "other", path="/one", code=2)
        self.run_command("schema", "apply", "--clickhouse", "http://localhost:1", code=4, env=NO_PROXY)

    def test_where_the_tables_are(self):
        for options, path, name in (([], "", "default"), (["--shape", "agents"], "", "telemetry"), ([], "/one", "one"),
                                    (["--database", "two"], "", "two"), (["--database", "my db"], "", "`my db`")):
            with self.subTest(name):
                self.apply(empty, *options, path=path)
                changes = self.changes()
                self.assertEqual(changes[0], f"CREATE DATABASE IF NOT EXISTS {name}")
                for sql in changes[1:]:
                    self.assertRegex(sql.split("\n")[0], rf"^CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS {name}\.")

    def test_a_dry_run_asks_and_prints(self):
        lines, err = self.apply(empty, "--dry-run", "--shape", "agents", "--kafka", "broker:9092")
        self.assertEqual((self.changes(), err), ([], ""))
        printed = self.run_command("schema", "print", "--shape", "agents", "--kafka", "broker:9092", "--database",
                                   "telemetry")[0].decode()
        statements = [line for line in printed.split("\n") if line.startswith("CREATE")]
        self.assertEqual([line for line in lines if line.startswith("CREATE")], statements)

    def test_as_it_is_printed(self):
        """The same statements in the same order."""
        self.apply(empty, "--shape", "agents", "--kafka", "broker:9092")
        printed = self.run_command("schema", "print", "--shape", "agents", "--kafka", "broker:9092", "--database",
                                   "telemetry")[0].decode()
        self.assertEqual([sql.split("\n")[0] for sql in self.changes()],
                         [line.rstrip(";") for line in printed.split("\n") if line.startswith("CREATE")])

    def test_the_server_says_no(self):
        def refuses(request):
            if request["body"].startswith(b"CREATE TABLE"):
                return server.error(500, 497, "DB::Exception: not you")(request)
            return empty(request)

        lines, err = self.apply(refuses, code=4)
        self.assertEqual(lines, ["create database default"])
        self.assertIn("CREATE TABLE IF NOT EXISTS default.otel_traces", err)
        self.assertIn("Code: 497. DB::Exception: not you", err)
        self.apply(server.error(403, 516, "DB::Exception: who are you?"), code=4)


if __name__ == "__main__":
    run.main()
