#!/usr/bin/env python3
"""gf-otlp schema check: what is found, in which class, how it is shown, and how it exits.

usage: check_test.py GF_OTLP TESTDATA
"""

import json
import os
import pty
import re
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402
import server  # noqa: E402
from run import CommandTest, read  # noqa: E402

NO_PROXY = {"no_proxy": "localhost"}


def ddl(name):
    return os.path.join(run.TESTDATA, "schema", "check", name)


class CheckTest(CommandTest):
    def check(self, *arguments, code=0, **more):
        """The report as JSON."""
        out, self.err = self.run_command("schema", "check", "--format", "json", *arguments, code=code, **more)
        return json.loads(out)

    def found(self, report):
        """{(rule, severity, subject)} of what was found."""
        return {(item["rule"], item["severity"], item.get("subject", "")) for item in report["items"]}

    def live(self, answer, *arguments, code=0, env=None, tls=None):
        """The report on a server, or what is said when there is none."""
        with server.Server(answer, tls) as there:
            self.requests, self.url = there.requests, there.url
            out, err = self.run_command("schema", "check", "--format", "json", "--clickhouse", there.url, *arguments,
                                        code=code, env={**NO_PROXY, **(env or {})})
        return json.loads(out) if out else err


class Files(CheckTest):
    def test_an_edited_table(self):
        report = self.check("--ddl", ddl("traces-edited.sql"), code=1)
        found = self.found(report)
        self.assertLessEqual({
            ("type-loses", "loses", "otel_traces.Timestamp"),
            ("codec", "differs", "otel_traces.ParentSpanId"),
            ("column-missing", "breaks", "otel_traces.TraceState"),
            ("column-computed", "breaks", "otel_traces.Duration"),
            ("column-extra", "differs", "otel_traces.Host"),
        }, found)
        # Nothing else touches rows: indexes do not, and a replicated table is one too. How long they stay is not asked.
        self.assertEqual(sum(severity != "differs" for _, severity, _ in found), 3)
        self.assertFalse([rule for rule, _, _ in found if rule.startswith("engine")])
        self.assertNotIn("ttl", {rule for rule, _, _ in found})
        self.assertTrue(report["failed"])
        self.assertEqual(report["counts"]["breaks"], 2)
        self.assertEqual(report["counts"]["loses"], 1)
        self.assertTrue(report["facts"]["shape"].startswith("clickhouse@0.161"))
        self.assertEqual(report["facts"]["tables compared"], "otel_traces")
        timestamp = next(item for item in report["items"] if item["rule"] == "type-loses")
        self.assertEqual((timestamp["expected"], timestamp["found"]), ("DateTime64(9)", "DateTime64(3)"))
        self.assertEqual(timestamp["file"], ddl("traces-edited.sql"))
        self.assertIn("breaks: 2, loses: 1", self.err)
        self.assertRegex(self.err, r"traces-edited\.sql: line \d+: INSERT")

    def test_the_limit_decides(self):
        for limit, code in (("breaks", 1), ("loses", 1), ("differs", 1), ("never", 0)):
            self.check("--ddl", ddl("traces-edited.sql"), "--fail-on", limit, code=code)
        for limit, code in (("breaks", 0), ("loses", 0), ("differs", 1), ("never", 0)):
            self.check("--ddl", ddl("traces-codec.sql"), "--fail-on", limit, code=code)
        self.assertIn("breaks|loses|differs|never",
                      self.run_command("schema", "check", "--ddl", "x", "--fail-on", "worse", code=2)[1])

    def test_only_a_codec(self):
        report = self.check("--ddl", ddl("traces-codec.sql"), "--server-version", "26.1")
        # The other tables are not there, and nobody asked for them.
        self.assertEqual(self.found(report),
                         {("codec", "differs", "otel_traces.Timestamp"), ("table-missing", "differs", "")})
        missing = next(item for item in report["items"] if item["rule"] == "table-missing")
        self.assertIn("otel_logs", missing["message"])
        self.assertNotIn("otel_traces,", missing["message"])
        report = self.check("--ddl", ddl("traces-codec.sql"), "--server-version", "26.1", "--table", "otel_traces")
        self.assertEqual(self.found(report), {("codec", "differs", "otel_traces.Timestamp")})

    def test_tables_that_are_asked_for_must_be_there(self):
        report = self.check("--ddl", ddl("traces-codec.sql"), "--table", "otel_traces", "--table", "otel_logs", code=1)
        self.assertIn(("table-missing", "breaks", "otel_logs"), self.found(report))
        _, err = self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), "--table", "otel_spans", code=2)
        self.assertIn("otel_traces", err)

    def test_a_renamed_table(self):
        report = self.check("--ddl", ddl("traces-renamed.sql"), code=1)
        missing = [item for item in report["items"] if item["severity"] == "breaks"]
        self.assertEqual({item["rule"] for item in missing}, {"table-missing"})
        self.assertIn("--table-name otel_traces=spans", " ".join(item["message"] for item in missing))
        report = self.check("--ddl", ddl("traces-renamed.sql"), "--table-name", "otel_traces=spans",
                            "--table", "otel_traces", "--server-version", "25.8")
        self.assertEqual(self.found(report), set())
        self.assertEqual(report["facts"]["tables compared"], "spans")
        self.assertIn("nothing found", self.err)

    def test_a_renamed_table_beside_others(self):
        out, _ = self.run_command("schema", "print")
        out = out.replace(b"`otel_logs`", b"`my_logs`").replace(b"otel_logs", b"my_logs")
        report = self.check("--ddl", "-", stdin=out)
        self.assertEqual(self.found(report), {("table-missing", "differs", "")})
        self.assertIn("--table-name otel_logs=my_logs", report["items"][0]["message"])

    def test_the_table_that_a_view_fills(self):
        sql, _ = self.run_command("schema", "print", "--table-name", "otel_traces_trace_id_ts=ts")
        report = self.check("--ddl", "-", "--table-name", "otel_traces_trace_id_ts=ts", stdin=sql)
        self.assertEqual(self.found(report), set())
        report = self.check("--ddl", "-", "--table", "otel_traces_trace_id_ts", "--table-name",
                            "otel_traces_trace_id_ts=ts", stdin=sql)
        self.assertEqual(report["facts"]["tables compared"], "ts")
        report = self.check("--ddl", ddl("traces-codec.sql"), "--table", "otel_traces_trace_id_ts", code=1)
        self.assertEqual(self.found(report), {("table-missing", "breaks", "otel_traces_trace_id_ts")})

    def test_the_view_of_a_table_with_an_odd_name(self):
        sql, _ = self.run_command("schema", "print", "--table-name", "otel_traces=my-traces")
        sql = sql[:sql.index(b"CREATE MATERIALIZED")]
        report = self.check("--ddl", "-", "--table-name", "otel_traces=my-traces", stdin=sql)
        self.assertIn("view-missing", {rule for rule, _, _ in self.found(report)})

    def test_several_databases(self):
        good, _ = self.run_command("schema", "print", "--database", "a", "--table", "otel_logs")
        bad, _ = self.run_command("schema", "print", "--database", "b", "--table", "otel_logs")
        both = good + bad.replace(b"`Body` String", b"`Body` UInt8").replace(b"Body String", b"Body UInt8")
        self.assertEqual(self.found(self.check("--ddl", "-", "--database", "a", "--table", "otel_logs", stdin=both)), set())
        report = self.check("--ddl", "-", "--database", "b", "--table", "otel_logs", stdin=both, code=1)
        self.assertIn(("type-breaks", "breaks", "otel_logs.Body"), self.found(report))
        for words in ((), ("--database", "c")):
            self.assertIn("--database", self.run_command("schema", "check", "--ddl", "-", *words, stdin=both, code=2)[1])
        _, err = self.run_command("schema", "check", "--ddl", "-", stdin=both, code=2)
        self.assertIn("a.otel_logs, b.otel_logs", err)

    def test_the_nearest_shape_and_version(self):
        shape = self.check("--ddl", ddl("gauge-0.149.sql"))["facts"]["shape"]
        self.assertRegex(shape, r"^clickhouse@0\.149 \(clickhouse-json@0\.149 is as near\)$")
        # What breaks when the exporter is upgraded: rows have seconds now, which is no loss of the table's.
        report = self.check("--ddl", ddl("gauge-0.149.sql"), "--shape", "clickhouse", "--schema-version", "0.161")
        self.assertEqual(report["facts"]["shape"], "clickhouse@0.161")
        self.assertIn("otel_metrics_gauge.TimeUnix", {item.get("subject") for item in report["items"]})
        shape = self.check("--ddl", ddl("gauge-0.149.sql"), "--shape", "clickhouse")["facts"]["shape"]
        self.assertRegex(shape, r"^clickhouse@0\.149, the nearest \(next: clickhouse@0\.161\)$")
        # Traces are the same in both.
        shape = self.check("--ddl", ddl("traces-codec.sql"))["facts"]["shape"]
        self.assertRegex(shape, r"^clickhouse@0\.161 \(clickhouse@0\.149 is as near\)$")

    def test_the_nearest_is_not_the_one_that_takes_the_rows(self):
        # As ClickStack makes it: the exporter's older table, without the column that came later.
        sql, _ = self.run_command("schema", "print", "--schema-version", "0.149", "--table", "otel_logs")
        self.assertIn(b"TimestampTime", sql)
        lines = [line for line in sql.split(b"\n") if b"EventName" not in line and b"__otel_materialized" not in line]
        report = self.check("--ddl", "-", stdin=b"\n".join(lines), code=1)
        self.assertTrue(report["facts"]["shape"].startswith("clickhouse@0.149, the nearest"), report["facts"])
        self.assertIn(("column-missing", "breaks", "otel_logs.EventName"), self.found(report))

    def test_what_is_printed_is_clean(self):
        for words in (("--shape", "clickhouse", "--schema-version", "0.149"), ("--shape", "clickhouse-json"),
                      ("--shape", "glassflow"), ("--shape", "glassflow-flat", "--keep-all"),
                      ("--ttl", "30d", "--database", "otel", "--kafka", "localhost:9092"),
                      ("--engine", "ReplicatedMergeTree", "--on-cluster", "main")):
            sql, _ = self.run_command("schema", "print", *words)
            report = self.check("--ddl", "-", "--fail-on", "differs", stdin=sql)
            self.assertEqual(report["items"], [], words)

    def test_nothing_of_ours(self):
        report = self.check("--ddl", ddl("others.sql"), "--shape", "clickhouse", code=1)
        self.assertEqual({item["rule"] for item in report["items"]}, {"table-missing"})
        self.assertIn(("table-missing", "breaks", "otel_traces"), self.found(report))
        self.assertEqual(report["facts"]["other tables"], "2")
        self.assertEqual(report["facts"]["tables compared"], "none")

    def test_describe(self):
        text = read(ddl("describe-traces.tsv"))
        report = self.check("--ddl", "-", stdin=text, code=1)
        self.assertEqual(self.found(report),
                         {("type-loses", "loses", "otel_traces.Duration"), ("table-missing", "differs", "")})
        self.assertEqual(report["facts"]["taken by its columns for"], "otel_traces")
        self.assertTrue(report["subject"].startswith("standard input against clickhouse"))
        self.assertTrue(all("file" not in item for item in report["items"]))
        report = self.check("--ddl", ddl("describe-traces.tsv"), "--table", "otel_traces",
                            "--table-name", "otel_traces=spans", code=1)
        self.assertEqual(self.found(report), {("type-loses", "loses", "spans.Duration")})

    def test_what_cannot_be_read(self):
        _, err = self.run_command("schema", "check", "--ddl", ddl("torn.sql"), code=3)
        self.assertRegex(err, r"torn\.sql: .*line [34]")
        self.assertTrue(err.startswith("gf-otlp schema check: "))
        self.run_command("schema", "check", "--ddl", "-", stdin=b"", code=3)
        self.assertIn("no-such.sql", self.run_command("schema", "check", "--ddl", self.path("no-such.sql"), code=4)[1])

    def test_options_that_would_do_nothing(self):
        _, err = self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), "--user", "bob", code=2)
        self.assertIn("--user", err)
        # What the environment says is for other commands too.
        self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), env={"GF_OTLP_USER": "bob"})
        _, err = self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), "--database", "nowhere", code=2)
        self.assertIn("nowhere", err)

    def test_wrong_command_lines(self):
        for words, hint in (((), "--ddl"), (("--ddl", "a", "--clickhouse", "http://b"), "either"),
                            (("--ddl", ddl("others.sql"), "--shape", "clickhose"), "clickhouse"),
                            (("--ddl", ddl("others.sql"), "--shape", "clickhouse", "--schema-version", "0.1"), "0.1"),
                            (("--ddl", ddl("others.sql"), "--schema-version", "0.1"), "0.1"),
                            (("--ddl", ddl("others.sql"), "--keep-all", "--shape", "clickhouse"), "--keep-all"),
                            (("--ddl", ddl("others.sql"), "--server-version", "new"), "26.5"),
                            (("--ddl", ddl("others.sql"), "--table-name", "otel_spans=a"), "--table-name"),
                            (("--ddl", ddl("others.sql"), "--format", "yaml"), "junit")):
            self.assertIn(hint, self.run_command("schema", "check", *words, code=2)[1], words)


class Outputs(CheckTest):
    def text(self, form, code=1, *more):
        out, _ = self.run_command("schema", "check", "--ddl", ddl("traces-edited.sql"), "--format", form, *more, code=code)
        return out.decode()

    def test_junit(self):
        suite = xml.etree.ElementTree.fromstring(self.text("junit"))[0]
        self.assertEqual(suite.tag, "testsuite")
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        self.assertEqual(len(cases), int(suite.get("tests")))
        failed = {name for name, case in cases.items() if case.find("failure") is not None}
        self.assertEqual(failed, {"column-missing", "column-computed", "type-loses"})
        self.assertEqual(len(failed), int(suite.get("failures")))
        self.assertIn("otel_traces.TraceState", cases["column-missing"].find("failure").text)
        self.assertIn("otel_traces.Host", cases["column-extra"].find("system-out").text)
        self.assertEqual(list(cases["time-zone"]), [])
        suite = xml.etree.ElementTree.fromstring(self.text("junit", 1, "--fail-on", "breaks"))[0]
        self.assertEqual(suite.get("failures"), "2")

    def test_github(self):
        lines = self.text("github").split("\n")
        commands = [re.fullmatch(r"::(\w+) file=(.*),title=([\w-]+)::(.*)", line) for line in lines if line.startswith("::")]
        self.assertTrue(all(commands))
        kinds = {(command[1], command[3]) for command in commands}
        self.assertLessEqual({("error", "column-missing"), ("warning", "type-loses"), ("notice", "column-extra")}, kinds)
        self.assertTrue(all(command[2].endswith("traces-edited.sql") for command in commands))

    def test_markdown(self):
        lines = self.text("markdown").split("\n")
        self.assertTrue(lines[0].startswith("## schema check: "))
        rows = [line for line in lines if line.startswith("|")]
        # Bars that are not escaped divide columns: as many in all lines of a table.
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        self.assertEqual(widths, {5, 8})
        self.assertTrue(any("`column-missing`" in row and "`otel_traces.TraceState`" in row for row in rows))

    def test_table(self):
        lines = self.text("table").split("\n")
        self.assertTrue(lines[0].startswith("schema check: "))
        severities = [line.split(":")[0] for line in lines if re.match(r"(breaks|loses|differs): ", line)]
        self.assertEqual(severities, sorted(severities, key=["breaks", "loses", "differs"].index))
        self.assertTrue(any(line.startswith("failed: breaks: 2, loses: 1") for line in lines))

    def test_the_terminal_is_not_too_narrow(self):
        main, terminal = pty.openpty()
        subprocess.run(["stty", "cols", "70"], stdin=terminal, check=True)
        command = [run.GF_OTLP, "schema", "check", "--ddl", "traces-edited.sql", "-q"]
        done = subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE, cwd=ddl(""))
        os.close(terminal)
        text = b""
        while True:
            try:
                text += os.read(main, 4096)
            except OSError:
                break
        self.assertEqual(done.communicate()[1], b"")
        self.assertEqual(done.returncode, 1)
        lines = text.decode().replace("\r", "").split("\n")
        # What is wider is a title, or one word.
        for line in lines[1:]:
            self.assertTrue(len(line) <= 70 or " " not in line.strip(), line)

    def test_files(self):
        out, err = self.run_command("schema", "check", "--ddl", ddl("traces-edited.sql"), "-o", self.path("r"), code=1)
        self.assertEqual(out, b"")
        self.assertIn("breaks: 2", err)
        self.assertIn(b"otel_traces.TraceState", read(self.path("r")))
        _, err = self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), "-o", self.path("r"), code=2)
        self.assertIn("--overwrite", err)
        self.run_command("schema", "check", "--ddl", ddl("traces-codec.sql"), "-o", self.path("r"), "--overwrite", "-q")
        self.assertNotIn(b"TraceState", read(self.path("r")))

    def test_a_reader_that_goes_away_does_not_change_the_answer(self):
        for name, code in (("traces-edited.sql", 1), ("traces-codec.sql", 0)):
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run([run.GF_OTLP, "schema", "check", "--ddl", ddl(name)], stdout=writer,
                                  stderr=subprocess.PIPE)
            os.close(writer)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_environment(self):
        out, _ = self.run_command("schema", "check", "--ddl", ddl("traces-edited.sql"),
                                  env={"GF_OTLP_FORMAT": "json", "GF_OTLP_FAIL_ON": "never"})
        self.assertFalse(json.loads(out)["failed"])


class Servers(CheckTest):
    def tables(self, **more):
        renamed = read(ddl("traces-renamed.sql")).decode()
        return {"otel_traces": renamed.replace("telemetry.spans", "default.otel_traces"), **more}

    def test_a_server(self):
        report = self.live(server.tables(self.tables(visitors="CREATE TABLE d.visitors (a Int8) ENGINE = Memory"),
                                         version="25.8.3.1"), "--database", "o t'l")
        self.assertEqual({severity for _, severity, _ in self.found(report)}, {"differs"})
        self.assertEqual(report["facts"]["server version"], "25.8.3.1")
        self.assertEqual(report["facts"]["other tables"], "1")
        self.assertEqual({request["path"] for request in self.requests}, {"/?database=o%20t%27l"})
        self.assertTrue(all("Authorization" not in request["headers"] for request in self.requests))
        self.assertEqual(report["subject"].split(" against ")[0], f"{self.url}/o t'l")

    def test_the_time_zone(self):
        report = self.live(server.tables(self.tables(), zone="Asia/Tokyo"), code=1)
        zone = [item for item in report["items"] if item["rule"] == "time-zone"]
        self.assertEqual([(item["severity"], item["found"]) for item in zone], [("breaks", "Asia/Tokyo")])
        self.assertIn("otel_traces.Timestamp", zone[0]["message"])
        self.assertNotIn("otel_traces.TraceId", zone[0]["message"])
        for utc in ("UTC", "Etc/UTC"):
            self.assertEqual(self.live(server.tables(self.tables(), zone=utc))["counts"]["breaks"], 0)
        zoned = {name: sql.replace("DateTime64(9)", "DateTime64(9, 'UTC')") for name, sql in self.tables().items()}
        self.assertEqual(self.live(server.tables(zoned, zone="Asia/Tokyo"))["counts"]["breaks"], 0)

    def test_another_version_than_the_server_has(self):
        report = self.live(server.tables(self.tables()), "--server-version", "25.8")
        self.assertEqual(report["facts"]["server version"], "25.8, as asked for; the server's is 26.5.1.1")

    def test_urls(self):
        with server.Server(server.tables(self.tables())) as there:
            for path, asked in (("/a%20b", "a%20b"), ("/otel/", "otel"), ("/", "default")):
                self.run_command("schema", "check", "--clickhouse", there.url + path, env=NO_PROXY)
                self.assertEqual(there.requests[-1]["path"], f"/?database={asked}")
            for words in (("/a/b",), ("/?x=1",), ("/a", "--database", "b")):
                _, err = self.run_command("schema", "check", "--clickhouse", there.url + words[0], *words[1:], code=2)
                self.assertIn("database", err)
        moved = lambda request: (302, {"Location": "https://u:s3cret@elsewhere/x?password=s3cret"}, b"")  # noqa: E731
        err = self.live(moved, code=4)
        self.assertIn("https://elsewhere", err)
        self.assertNotIn("s3cret", err)

    def test_none_of_the_tables(self):
        report = self.live(server.tables({}), code=1)
        self.assertEqual({rule for rule, _, _ in self.found(report)}, {"table-missing"})

    def test_tables_that_cannot_be_read(self):
        odd = "CREATE DICTIONARY d.x (((("
        self.assertEqual(self.live(server.tables(self.tables(x=odd)))["facts"]["other tables"], "1")
        err = self.live(server.tables({"otel_logs": "CREATE TABLE otel_logs (a Array(", **self.tables()}), code=3)
        self.assertIn("otel_logs", err)

    def test_logging_in(self):
        password = self.write("password", b"s3cr\xc3\xa9t:\n")
        self.live(server.tables(self.tables()), "--user", "bob", "--password-file", password)
        # base64 of bob:s3cr<e with acute accent>t:
        self.assertEqual(self.requests[0]["headers"]["Authorization"], "Basic Ym9iOnMzY3LDqXQ6")
        self.live(server.tables(self.tables()), env={"GF_OTLP_PASSWORD": "x"})
        self.assertEqual(self.requests[0]["headers"]["Authorization"], "Basic ZGVmYXVsdDp4")  # default:x

    def test_no_passwords_on_the_command_line(self):
        _, err = self.run_command("schema", "check", "--clickhouse", "http://bob:s3cret@localhost:1", code=2)
        self.assertIn("--password-file", err)
        self.assertNotIn("s3cret", err)

    def test_refused_logins(self):
        for answer in (server.error(403, 516, "DB::Exception: bob: Authentication failed"),
                       server.error(500, 194, "DB::Exception: password is required"),
                       lambda request: (401, {}, b"who are you?")):
            err = self.live(answer, env={"GF_OTLP_PASSWORD": "s3cret"}, code=4)
            self.assertIn("--password-file", err)
            self.assertNotIn("s3cret", err)

    def test_what_the_server_says(self):
        err = self.live(server.error(404, 81, "DB::Exception: Database otel does not exist.\nStack trace:\n\x1b[31m"), code=4)
        self.assertIn("Code: 81. DB::Exception: Database otel does not exist.", err)
        self.assertEqual(err.count("\n"), 1)
        self.assertNotIn("\x1b", err)

    def test_what_is_no_clickhouse(self):
        for answer in (lambda request: (200, {}, b"<html>Welcome</html>"),
                       lambda request: (404, {}, b""), lambda request: (502, {}, b"bad gateway"),
                       lambda request: (302, {"Location": "https://elsewhere/"}, b""),
                       lambda request: (200, {}, b"26.5.1\n")):
            self.live(answer, code=4)
        # The connection is refused: nobody listens any more.
        _, err = self.run_command("schema", "check", "--clickhouse", self.url, code=4, env=NO_PROXY)
        self.assertIn(self.url, err)
        for url in ("localhost:8123", "ftp://localhost", "http://localhost:1/a/b", "http://localhost:1/?a=b"):
            self.run_command("schema", "check", "--clickhouse", url, code=2, env=NO_PROXY)

    def test_tls(self):
        mine, other = self.certificate("mine"), self.certificate("other", "elsewhere")
        answer = server.tables(self.tables())
        self.live(answer, "--ca-file", mine[0], tls=server.server_context(*mine))
        # Nobody vouches for it; another does; it is of another host.
        self.assertIn("certificate", self.live(answer, code=4, tls=server.server_context(*mine)))
        self.live(answer, "--ca-file", other[0], code=4, tls=server.server_context(*mine))
        self.live(answer, "--ca-file", other[0], code=4, tls=server.server_context(*other))
        self.assertIn("no-such.crt", self.live(answer, "--ca-file", self.path("no-such.crt"), code=2))

        def asks():
            return server.server_context(*mine, client_ca=other[0])
        self.live(answer, "--ca-file", mine[0], "--cert-file", other[0], "--key-file", other[1], tls=asks())
        self.live(answer, "--ca-file", mine[0], code=4, tls=asks())


class Groups(CommandTest):
    def test_a_group_alone_says_what_is_in_it(self):
        out, err = self.run_command("schema", code=2)
        self.assertEqual(out, b"")
        for word in ("check", "diff"):
            self.assertIn(word, err)
        out, _ = self.run_command("schema", "--help")
        self.assertIn(b"check", out)

    def test_the_nearest_word(self):
        self.assertIn("did you mean 'check'?", self.run_command("schema", "chek", code=2)[1])
        self.assertIn("did you mean 'schema'?", self.run_command("shema", "check", code=2)[1])


if __name__ == "__main__":
    run.main()
