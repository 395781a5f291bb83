#!/usr/bin/env python3
"""gf-otlp validate --rows as its users meet it. What is found in rows is tested elsewhere: tests/unit/schema, and beside a
real server in tests/integration/rows_test.py.

usage: rows_test.py GF_OTLP TESTDATA
"""

import json
import os
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
