#!/usr/bin/env python3
"""gf-otlp validate --rows as its users meet it. What is found in rows is tested elsewhere: tests/unit/schema, and beside a
real server in tests/integration/rows_test.py.

usage: rows_test.py GF_OTLP TESTDATA
"""

import json
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, golden  # noqa: E402

BAD = b'{"TraceId":"x","Duration":-5}\n'


class Rows(CommandTest):
    def report(self, *arguments, stdin=b"", code=0):
        out, _ = self.run_command("validate", "--rows", "--format", "json", *arguments, stdin=stdin, code=code)
        return json.loads(out)

    def test_rows_of_convert_load(self):
        for case in ("traces-basic", "logs-basic", "metrics-gauge-sum"):
            for options in ((), ("--schema-version", "0.149"), ("--shape", "clickhouse-json"),
                            ("--shape", "glassflow-flat", "--keep-all")):
                rows, _ = self.run_command("convert", "-q", *options, golden(case))
                report = self.report("--fail-on", "error", *options, "-", stdin=rows)
                self.assertEqual(report["facts"]["rows"], str(rows.count(b"\n")))
                self.assertEqual(report["facts"]["rows refused"], "0")

    def test_findings_have_the_line(self):
        path = self.write("rows.jsonl", b'{"TraceId":"x"}\n\n' + BAD + b"{]\n" + b'{"TraceId":"y"}')
        report = self.report("--table", "otel_traces", path, code=1)
        places = [(item["rule"], item["file"], item["line"]) for item in report["items"]]
        self.assertIn(("row-value", path, 3), places)
        self.assertIn(("row-syntax", path, 4), places)
        self.assertEqual({line for _, _, line in places}, {3, 4})
        self.assertEqual((report["facts"]["rows"], report["facts"]["rows refused"]), ("4", "2"))

    def test_threads_change_nothing(self):
        path = self.write("rows.jsonl", b"".join(b'{"TraceId":"%d","Duration":%d}\n' % (i, i % 3 - 1)
                                                 for i in range(100_000)))
        one, four = (self.report("--threads", threads, path, code=1) for threads in ("1", "4"))
        for report in (one, four):
            report["facts"].pop("seconds")
        self.assertEqual(one, four)
        self.assertEqual(one["facts"]["rows refused"], "33334")

    def test_tables_of_a_file(self):
        ddl = self.write("table.sql", b"CREATE TABLE t (a UInt8, b String) ENGINE = MergeTree ORDER BY a;"
                                      b"CREATE TABLE u (a Int8, c String) ENGINE = MergeTree ORDER BY a")
        row = b'{"a": -1, "c": "x"}\n'
        self.assertEqual(self.report("--ddl", ddl, "-", stdin=row)["items"], [])
        report = self.report("--ddl", ddl, "--table", "t", "-", stdin=row, code=1)
        self.assertEqual({item["rule"] for item in report["items"]}, {"row-value"})
        _, err = self.run_command("validate", "--rows", "--ddl", ddl, "--table", "v", "-", code=2)
        self.assertIn("t, u", err)
        bad = self.write("bad.sql", b"CREATE TABLE t (")
        self.run_command("validate", "--rows", "--ddl", bad, "-", code=3)
        self.run_command("validate", "--rows", "--ddl", self.path("absent.sql"), "-", code=4)

    def test_a_finding_names_table_and_column(self):
        report = self.report("--rule", "row-value", "-", stdin=BAD, code=1)
        self.assertEqual([item["subject"] for item in report["items"]], ["otel_traces.Duration"])

    def test_rows_of_an_array(self):
        ddl = self.write("table.sql", b"CREATE TABLE t (a UInt8) ENGINE = Memory")
        rows = b'[{"a":1},{"a":2}]\n{"a":3},{"a":4}\n'
        report = self.report("--ddl", ddl, "-", stdin=rows)
        self.assertEqual((report["items"], report["facts"]["rows"]), ([], "4"))
        report = self.report("--ddl", ddl, "-", stdin=b'[\n{"a":\n1},\n{"a":300}\n]\n', code=1)
        self.assertEqual({item["rule"] for item in report["items"] if item["line"] != 3},
                         {"row-not-judged", "row-integer-wrapped"})

    def test_findings_of_a_long_row_take_no_memory(self):
        ddl = self.write("table.sql", b"CREATE TABLE t (a Array(UInt8)) ENGINE = Memory")
        path = self.write("row.jsonl", b'{"a":[' + b"null," * 4_000_000 + b"null]}")
        report = self.report("--ddl", ddl, "--threads", "1", path, code=1)
        self.assertEqual([rule["count"] for rule in report["rules"] if rule["count"]], [4_000_001])
        if not run.sanitized():
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 200_000)  # KiB; the row has 20 MB

    def test_rules(self):
        rules = [line.split()[0] for line in
                 self.run_command("validate", "--rows", "--list-rules")[0].decode().split("\n") if line]
        self.assertIn("row-value", rules)
        self.assertEqual({rule for rule in rules if not rule.startswith("row-")}, {"file-skipped", "interrupted",
                                                                                          "no-records"})
        self.assertEqual(self.report("--ignore", "row-value", "-", stdin=BAD)["items"], [])
        self.run_command("validate", "--rows", "--rule", "span-name-empty", "-", code=2)

    def test_options_that_do_not_go_together(self):
        for options, named in ((("--rows", "--strict"), "--strict"), (("--rows", "--cross"), "--cross"),
                               (("--table", "otel_traces"), "--table"), (("--ddl", "x.sql"), "--ddl"),
                               (("--rows", "--input-format", "framed"), "--input-format"),
                               (("--rows", "--server-version", "new"), "--server-version")):
            _, err = self.run_command("validate", *options, "-", code=2)
            self.assertIn(named, err)


if __name__ == "__main__":
    run.main()
