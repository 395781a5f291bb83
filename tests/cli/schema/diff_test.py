#!/usr/bin/env python3
"""gf-otlp schema diff: two of shape, file, server; what changes, and the SQL for it.

usage: diff_test.py GF_OTLP TESTDATA
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402
import server  # noqa: E402
from run import CommandTest, read  # noqa: E402

NO_PROXY = {"no_proxy": "localhost"}


def ddl(name):
    return os.path.join(run.TESTDATA, "schema", "check", name)


class DiffTest(CommandTest):
    def diff(self, *arguments, code=0, **more):
        out, self.err = self.run_command("schema", "diff", "--format", "json", *arguments, code=code, **more)
        return json.loads(out)

    def found(self, report):
        return {(item["rule"], item["severity"], item.get("subject", "")) for item in report["items"]}


class Shapes(DiffTest):
    def test_an_upgrade(self):
        report = self.diff("clickhouse@0.149", "clickhouse@0.161")
        found = self.found(report)
        self.assertIn(("column-missing", "differs", "otel_logs.__otel_materialized_k8s.pod.name"), found)
        self.assertIn("otel_logs.TimestampTime", {subject for _, _, subject in found})
        time = next(item for item in report["items"]
                    if item["subject"] == "otel_metrics_gauge.TimeUnix" and item["rule"].startswith("type-"))
        self.assertEqual((time["expected"], time["found"]), ("DateTime", "DateTime64(9)"))
        # mapping.md: traces are unchanged.
        self.assertFalse([subject for _, _, subject in found if subject.startswith("otel_traces.")])
        self.assertEqual(report["subject"], "clickhouse@0.149 to clickhouse@0.161")
        self.assertIn("differs: ", self.err)

    def test_the_way_back_is_another(self):
        report = self.diff("clickhouse@0.161", "clickhouse@0.149")
        self.assertLessEqual({"loses"}, {severity for _, severity, subject in self.found(report)
                                         if subject == "otel_metrics_gauge.TimeUnix"})

    def test_the_newest_is_meant_without_a_version(self):
        self.assertEqual(self.found(self.diff("clickhouse", "clickhouse@0.161", "--fail-on", "differs")), set())
        self.assertEqual(self.diff("glassflow-flat", "glassflow")["subject"], "glassflow-flat to glassflow")

    def test_exit_codes(self):
        self.diff("clickhouse@0.149", "clickhouse")
        self.diff("clickhouse@0.149", "clickhouse", "--fail-on", "loses")
        self.diff("clickhouse", "clickhouse@0.149", "--fail-on", "loses", code=1)

    def test_one_table(self):
        report = self.diff("clickhouse@0.149", "clickhouse", "--table", "otel_logs")
        self.assertEqual({subject.split(".")[0] for _, _, subject in self.found(report)}, {"otel_logs"})
        _, err = self.run_command("schema", "diff", "clickhouse@0.149", "clickhouse", "--table", "logs", code=2)
        self.assertIn("logs", err)


class Sources(DiffTest):
    def test_files(self):
        report = self.diff(ddl("traces-codec.sql"), ddl("traces-edited.sql"))
        found = self.found(report)
        # Rows for the edited table have no TraceState and no Duration.
        self.assertIn(("column-extra", "differs", "otel_traces.TraceState"), found)
        self.assertIn(("default-missing", "loses", "otel_traces.Duration"), found)
        self.assertEqual(self.diff(ddl("traces-edited.sql"), "-", stdin=read(ddl("traces-edited.sql")))["items"], [])

    def test_tables_that_are_gone(self):
        report = self.diff(ddl("others.sql"), ddl("traces-codec.sql"))
        self.assertEqual(self.found(report), {("table-missing", "breaks", "otel_traces")})
        self.assertEqual(report["facts"][f"only in {ddl('others.sql')}"], "visitors, orders")

    def test_describe(self):
        report = self.diff(ddl("describe-traces.tsv"), "clickhouse", "--table", "otel_traces")
        self.assertIn(("type-loses", "loses", "otel_traces.Duration"), self.found(report))
        report = self.diff("clickhouse", ddl("describe-traces.tsv"))
        self.assertIn("otel_traces.Duration", {subject for _, _, subject in self.found(report)})
        _, err = self.run_command("schema", "diff", ddl("describe-traces.tsv"), ddl("others.sql"), code=2)
        self.assertIn("--table", err)

    def test_a_server(self):
        statement = read(ddl("traces-codec.sql")).decode().replace("default.", "otel.")
        with server.Server(server.tables({"otel_traces": statement}, version="25.8.1.1")) as there:
            report = self.diff(there.url + "/otel", "clickhouse", "--table", "otel_traces", env=NO_PROXY)
            self.assertEqual(self.found(report), {("codec", "differs", "otel_traces.Timestamp")})
            self.assertEqual(report["facts"]["server version"], "25.8")
            self.assertEqual(there.requests[0]["path"], "/?database=otel")
            # The server's version decides on indexes, wherever it stands.
            report = self.diff("clickhouse", there.url, "--database", "otel", "--table", "otel_traces", env=NO_PROXY)
            self.assertEqual(self.found(report), {("codec", "differs", "otel_traces.Timestamp")})
            # A URL says which is read; --database, where the tables are to be.
            sql, _ = self.run_command("schema", "diff", there.url + "/otel", "clickhouse", "--database", "b", "--migrate",
                                      env=NO_PROXY)
            self.assertIn(b"b.otel_logs", sql)
            self.assertEqual(there.requests[-1]["path"], "/?database=otel")

    def test_words_that_are_nothing(self):
        _, err = self.run_command("schema", "diff", "clickhose@0.149", "clickhouse", code=2)
        self.assertIn("did you mean clickhouse@0.149?", err)
        self.assertIn("glassflow-flat", err)
        _, err = self.run_command("schema", "diff", "clickhouse", "clickhouse@9.9", code=2)
        self.assertIn("clickhouse@0.161", err)
        self.assertIn("standard input", self.run_command("schema", "diff", "-", "-", code=2)[1])
        self.run_command("schema", "diff", "clickhouse", code=2)
        self.run_command("schema", "diff", ddl("torn.sql"), "clickhouse", code=3)


class Migration(DiffTest):
    def sql(self, *arguments):
        out, err = self.run_command("schema", "diff", "--migrate", *arguments)
        self.assertEqual(err, "")
        return out.decode()

    def test_statements(self):
        sql = self.sql("clickhouse@0.149", "clickhouse@0.161", "--database", "otel", "--on-cluster", "main")
        self.assertRegex(sql, r"(?m)^ALTER TABLE otel\.otel_logs ON CLUSTER main\s+ADD COLUMN .*pod\.name")
        self.assertNotRegex(sql, r"(?m)^ALTER TABLE (?!otel\.)")

    def test_nothing_to_do(self):
        self.assertNotIn("ALTER", self.sql("clickhouse", "clickhouse"))

    def test_comments_are_left_as_they_are(self):
        mine = b"CREATE TABLE otel_traces (`Timestamp` DateTime64(9) COMMENT 'when') ENGINE = MergeTree ORDER BY Timestamp"
        path = self.write("mine.sql", mine)
        sql = self.sql(path, "clickhouse", "--table", "otel_traces")
        self.assertNotIn("COMMENT COLUMN", sql)
        self.assertNotRegex(sql, r"MODIFY COMMENT|MODIFY COLUMN .?Timestamp.? COMMENT")

    def test_the_release(self):
        self.assertIn("TYPE text", self.sql("clickhouse@0.149", "clickhouse", "--server-version", "26.2")
                      + self.sql(self.write("empty.sql", b"CREATE TABLE x (a Int8) ENGINE = Null"), "clickhouse"))
        sql = self.sql(self.write("empty2.sql", b"CREATE TABLE x (a Int8) ENGINE = Null"), "clickhouse", "--server-version",
                       "25.8")
        self.assertIn("bloom_filter", sql)
        self.assertNotIn("TYPE text", sql)

    def test_options_that_would_do_nothing(self):
        for words in (("--migrate", "--format", "json"), ("--migrate", "--fail-on", "differs"), ("--on-cluster", "c"),
                      ("--user", "bob")):
            _, err = self.run_command("schema", "diff", "clickhouse@0.149", "clickhouse", *words, code=2)
            self.assertIn(words[-2], err)

    def test_to_a_file(self):
        self.run_command("schema", "diff", "clickhouse@0.149", "clickhouse", "--migrate", "-o", self.path("m.sql"))
        self.assertIn(b"k8s.pod.name", read(self.path("m.sql")))


if __name__ == "__main__":
    run.main()
