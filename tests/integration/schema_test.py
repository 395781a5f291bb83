#!/usr/bin/env python3
"""gf-otlp schema and a real ClickHouse engine agree: the engine takes every statement that is printed, check finds nothing in
tables that were made of them, whatever way it reads them, and finds what was changed.

usage: schema_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import itertools
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_http  # noqa: E402
import publishing  # noqa: E402
import servers  # noqa: E402
from clickhouse_test import create_table  # noqa: E402
from servers import run  # noqa: E402

ENGINE = None
NUMBERS = itertools.count(1)
# Shape, schema version, further options.
SHAPES = [("clickhouse", "0.149"), ("clickhouse", "0.161"), ("clickhouse-json", "0.149"), ("clickhouse-json", "0.161"),
          ("glassflow", None), ("glassflow-flat", None), ("glassflow-flat", None, "--keep-all")]
USER, PASSWORD = "otel", "it's \\ secret"


def shape_options(shape, version, *rest):
    return ["--shape", shape, *(["--schema-version", version] if version else []), *rest]


def statements(sql):
    return [statement for statement in sql.split(";\n") if statement.strip()]


class SchemaTest(run.CommandTest):
    def database(self):
        """A new one, in which the engine is now."""
        name = f"test_{next(NUMBERS)}"
        ENGINE.query(f"CREATE DATABASE {name}")
        ENGINE.query(f"USE {name}")
        return name

    def printed(self, *options):
        return self.run_command("schema", "print", *options)[0].decode()

    def create(self, *options):
        """The tables of `schema print` in a new database: its name."""
        name = self.database()
        ENGINE.query(self.printed(*options))
        return name

    @staticmethod
    def names(database, engine="%"):
        return [row["name"] for row in ENGINE.rows(f"SELECT name FROM system.tables WHERE database = '{database}' "
                                                   f"AND engine LIKE '{engine}' AND name NOT LIKE '.inner%' ORDER BY name")]

    @staticmethod
    def show(name, output_format="TSVRaw"):
        return ENGINE.query(f"SHOW CREATE TABLE {name} FORMAT {output_format}").decode()

    def show_all(self, database):
        return ";\n".join(self.show(f"{database}.{name}") for name in self.names(database))

    def check(self, *options, code=0, stdin="", env=None):
        """The report of `schema check`."""
        done = subprocess.run([run.GF_OTLP, "schema", "check", "--format", "json", *options], input=stdin.encode(),
                              capture_output=True, check=False, env={**os.environ, **(env or {})})
        self.assertIn(done.returncode, (0, 1) if code is None else (code,), done.stderr.decode() + done.stdout.decode())
        return json.loads(done.stdout)

    def assert_clean(self, report, what=""):
        self.assertEqual(report["items"], [], f"{what}: {report['subject']}")

    def assert_found(self, report, *expected):
        """(rule, subject) of each item, in any order."""
        found = sorted((item["rule"], item["subject"]) for item in report["items"])
        self.assertEqual(found, sorted(expected), json.dumps(report["items"], indent=1))


class Print(SchemaTest):
    def test_every_shape_and_server(self):
        for shape in SHAPES:
            for server in ("26.1", "26.2", "26.5"):
                with self.subTest(shape=shape, server=server):
                    options = [*shape_options(*shape), "--server-version", server]
                    database = self.create(*options)
                    names = self.names(database, "%MergeTree")
                    self.assertGreaterEqual(len(names), 3)
                    self.assert_clean(self.check("--ddl", "-", *options, stdin=self.show_all(database)))

    def test_with_a_database(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                elsewhere, name = self.database(), f"printed_{next(NUMBERS)}"
                ENGINE.query(self.printed(*shape_options(*shape), "--database", name))
                self.assertEqual(self.names(elsewhere), [])
                self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), stdin=self.show_all(name)))
                # Once more: nothing happens.
                ENGINE.query(self.printed(*shape_options(*shape), "--database", name))

    def test_other_names(self):
        rename = ["--table-name", "otel_traces=my_traces", "--table-name", "otel_logs=Mein `Log`"]
        database = self.create(*rename)
        names = self.names(database)
        self.assertIn("my_traces", names)
        self.assertIn("Mein `Log`", names)
        self.assertNotIn("otel_traces", names)
        shown = ";\n".join(self.show(f"{database}.`{name.replace('`', chr(92) + '`')}`") for name in names)
        self.assert_clean(self.check("--ddl", "-", *rename, stdin=shown))

    def test_one_table(self):
        self.assertEqual(self.names(self.create("--table", "otel_metrics_sum")), ["otel_metrics_sum"])

    def test_times_to_live(self):
        for ttl, expected in [("12h", "toIntervalHour(12)"), ("30d", "toIntervalDay(30)"),
                              ("7d to volume slow, 30d", "toIntervalDay(7) TO VOLUME 'slow'"),
                              ("1d to disk slow, 2d to volume default, 180d", "toIntervalDay(180)")]:
            for shape in SHAPES:
                with self.subTest(ttl=ttl, shape=shape):
                    database = self.create(*shape_options(*shape), "--ttl", ttl)
                    for name in self.names(database, "%MergeTree"):
                        self.assertIn(expected, self.show(f"{database}.{name}"))
        # As the exporter writes it.
        database = self.create("--ttl", "30d")
        self.assertIn("\nTTL toDateTime(Timestamp) + toIntervalDay(30)\n", self.show(f"{database}.otel_traces"))

    def test_engines(self):
        null = self.create("--engine", "Null")
        self.assertEqual(self.names(null, "%MergeTree"), [])
        self.assertIn("otel_logs", self.names(null, "Null"))
        replacing = self.create("--engine", "ReplacingMergeTree(Timestamp)", "--table", "otel_logs")
        self.assertEqual(self.names(replacing, "ReplacingMergeTree"), ["otel_logs"])

    def test_what_only_parses_here(self):
        """Clusters and replicas: the engine reads the statements, but cannot do what they say."""
        for shape in SHAPES:
            for options in (["--on-cluster", "{cluster}"], ["--engine", "ReplicatedMergeTree"], ["--engine", "SharedMergeTree"],
                            ["--engine", "ReplicatedMergeTree('/clickhouse/{database}/{table}', '{replica}')", "--on-cluster",
                             "my-cluster", "--database", "otel", "--ttl", "3d to volume cold, 30d"]):
                with self.subTest(shape=shape, options=options):
                    text = self.printed(*shape_options(*shape), *options)
                    formatted = [ENGINE.rows(f"SELECT formatQuery({clickhouse_http.literal(statement)}) AS sql")[0]["sql"]
                                 for statement in statements(text)]
                    for statement in formatted:
                        self.assertEqual("ON CLUSTER" in statement, "--on-cluster" in options, statement)
                    report = self.check("--ddl", "-", *shape_options(*shape), stdin=";\n".join(formatted))
                    self.assertEqual([item for item in report["items"] if item["severity"] != "differs"], [])

    def test_tables_are_those_of_the_exporter(self):
        """tables.json was read off the exporters; comments are not in it."""
        with open(os.path.join(run.TESTDATA, "tables.json"), encoding="utf-8") as file:
            tables = json.load(file)
        for title, expected in tables.items():
            _, version, mode = title.split()
            ours = self.create("--shape", {"map": "clickhouse", "json": "clickhouse-json"}[mode], "--schema-version", version,
                               "--server-version", "26.1")
            theirs = self.database()
            for name, table in expected.items():
                with self.subTest(title, table=name):
                    ENGINE.query(create_table(name, table))
                    self.assertEqual(self.without_comments(f"{ours}.{name}"),
                                     self.without_comments(f"{theirs}.{name}").replace(theirs, ours))
            self.assertEqual(self.names(ours, "%MergeTree"), sorted(expected))
            self.assertEqual(self.names(ours, "MaterializedView"), ["otel_traces_trace_id_ts_mv"])

    def without_comments(self, name):
        return re.sub(r" COMMENT '(?:[^'\\]|\\.)*'", "", self.show(name))


class Kafka(SchemaTest):
    def test_tables_views_and_errors(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                options = [*shape_options(*shape), "--kafka", "127.0.0.1:9"]
                database = self.create(*options)
                plain = self.create(*shape_options(*shape))
                tables = self.names(plain, "%MergeTree")
                readers = self.names(database, "Kafka")
                self.assertGreaterEqual(len(readers), len(tables) - 1)  # the trace-id table has none
                self.assertEqual(len(self.names(database, "%MergeTree")), len(tables) + 1)
                self.assertGreaterEqual(len(self.names(database, "MaterializedView")), 2 * len(readers))
                for name in readers:
                    self.assertIn("kafka_handle_error_mode = 'stream'", self.show(f"{database}.{name}"))
                self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), stdin=self.show_all(database)))


class RoundTrip(SchemaTest):
    def test_print_and_check(self):
        for shape in SHAPES:
            for further in ([], ["--database", "otel"], ["--server-version", "26.1"], ["--server-version", "24.8"],
                            ["--table-name", "otel_logs=my_logs"], ["--table", "otel_traces"]):
                if shape[0] == "glassflow-flat" and "otel" in str(further[1:]) and "--database" not in further:
                    continue  # the tables have other names
                with self.subTest(shape=shape, further=further):
                    options = [*shape_options(*shape), *further]
                    check = [option for option in options if option not in ("--database", "otel")]
                    self.assert_clean(self.check("--ddl", "-", *check, "--fail-on", "differs", stdin=self.printed(*options)))
            for further in (["--engine", "ReplicatedMergeTree"], ["--engine", "SharedMergeTree"], ["--on-cluster", "c"],
                            ["--kafka", "k:9092"], ["--kafka", "k:9092", "--database", "otel", "--kafka-group", "g"],
                            ["--ttl", "7d to volume slow, 30d"]):
                with self.subTest(shape=shape, further=further):
                    self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), "--fail-on", "differs",
                                                 stdin=self.printed(*shape_options(*shape), *further)))

    def test_null_is_no_table_that_rows_break(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                options = shape_options(*shape)
                report = self.check("--ddl", "-", *options, stdin=self.printed(*options, "--engine", "Null"))
                self.assertIn("engine-null", {item["rule"] for item in report["items"]})

    def test_the_nearest_shape_is_named(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                report = self.check("--ddl", "-", stdin=self.printed(*shape_options(*shape)))
                self.assert_clean(report)
                self.assertRegex(report["subject"], rf"\b{shape[0]}" + (f"@{re.escape(shape[1])}" if shape[1] else "") + r"(?![-\w])")


class Check(SchemaTest):
    """The engine's own words on tables that it made of ours."""

    def row_tables(self, database):
        """Those that rows go to."""
        return [name for name in self.names(database, "%MergeTree") if not name.endswith("_trace_id_ts")]

    def test_show_create_table(self):
        for shape in SHAPES:
            database = self.create(*shape_options(*shape))
            for name in self.row_tables(database):
                for output_format in ("TSV", "TSVRaw", "JSON"):
                    with self.subTest(shape=shape, table=name, output_format=output_format):
                        text = self.show(f"{database}.{name}", output_format)
                        self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), "--table", name, "--fail-on", "differs",
                                                     stdin=text))

    def test_files_of_several_answers(self):
        """As a loop over tables gathers them: nothing stands between the statements."""
        for shape in SHAPES:
            database = self.create(*shape_options(*shape))
            for output_format in ("TSV", "TSVRaw", "JSONEachRow"):
                with self.subTest(shape=shape, output_format=output_format):
                    text = "".join(self.show(f"{database}.{name}", output_format) for name in self.names(database))
                    self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), "--fail-on", "differs", stdin=text))

    def test_dumps_of_system_tables(self):
        """Each statement is one line, with newlines nowhere; of TSV the quotes are escaped."""
        for shape in SHAPES:
            database = self.create(*shape_options(*shape))
            for output_format in ("TSV", "TSVWithNames", "TSVRaw", "JSONEachRow"):
                with self.subTest(shape=shape, output_format=output_format):
                    text = ENGINE.query("SELECT create_table_query FROM system.tables "
                                        f"WHERE database = '{database}' ORDER BY name FORMAT {output_format}").decode()
                    self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), "--fail-on", "differs", stdin=text))

    def test_describe_table(self):
        for shape in SHAPES:
            database = self.create(*shape_options(*shape))
            for name in self.row_tables(database):
                for output_format in ("JSON", "JSONEachRow", "TSV", "TSVWithNames"):
                    with self.subTest(shape=shape, table=name, output_format=output_format):
                        text = ENGINE.query(f"DESCRIBE TABLE {database}.{name} FORMAT {output_format}").decode()
                        self.assert_clean(self.check("--ddl", "-", *shape_options(*shape), "--table", name, "--fail-on", "differs",
                                                     stdin=text))
                        # Which table it is, its columns say; the others are not there.
                        report = self.check("--ddl", "-", *shape_options(*shape), stdin=text)
                        self.assertEqual([(item["rule"], item["severity"]) for item in report["items"]],
                                         [("table-missing", "differs")])
                        self.assertEqual(report["facts"]["tables compared"], name)


class Drift(SchemaTest):
    """What was changed in the engine is found, and nothing else."""

    def drift(self, table, expected, *alter, version="0.161", code=1):
        """`expected`: (rule, severity, column) of each difference after the ALTER statements."""
        self.create("--schema-version", version)
        for statement in alter:
            ENGINE.query(f"ALTER TABLE {table} {statement}")
        options = ["--ddl", "-", "--shape", "clickhouse", "--schema-version", version, "--table", table]
        found = {}
        for how, text in (("SHOW CREATE", self.show(table)), ("DESCRIBE", ENGINE.query(f"DESCRIBE {table} FORMAT TSV").decode())):
            report = self.check(*options, stdin=text, code=code if how == "SHOW CREATE" else None)
            found[how] = sorted((item["rule"], item["severity"], item["subject"].partition(".")[2]) for item in report["items"])
        self.assertEqual(found["SHOW CREATE"], sorted(expected))
        return found["DESCRIBE"]

    def test_a_column_is_dropped(self):
        expected = [("column-missing", "breaks", "StatusMessage")]
        self.assertEqual(self.drift("otel_traces", expected, "DROP COLUMN StatusMessage"), expected)

    def test_a_column_is_renamed(self):
        self.drift("otel_traces", [("column-missing", "breaks", "StatusMessage"), ("column-extra", "differs", "Message")],
                   "RENAME COLUMN StatusMessage TO Message")

    def test_times_are_cut(self):
        """What exporters' upgrade did to metrics."""
        expected = [("type-loses", "loses", "StartTimeUnix")]
        self.assertEqual(self.drift("otel_metrics_sum", expected, "MODIFY COLUMN StartTimeUnix DateTime", version="0.149"), expected)

    def test_a_column_becomes_computed(self):
        expected = [("column-computed", "breaks", "SpanKind")]
        self.assertEqual(self.drift("otel_traces", expected, "MODIFY COLUMN SpanKind LowCardinality(String) MATERIALIZED 'Server'"),
                         expected)

    def test_numbers_are_narrowed(self):
        self.drift("otel_metrics_sum", [("type-breaks", "breaks", "MetricUnit"), ("type-loses", "loses", "AggregationTemporality"),
                                        ("type-loses", "loses", "Value")],
                   "MODIFY COLUMN AggregationTemporality Int8", "MODIFY COLUMN Value Float32", "MODIFY COLUMN MetricUnit UInt64")

    def test_a_part_of_a_nested_column_is_dropped(self):
        self.drift("otel_traces", [("column-missing", "breaks", "Events.Name")], "DROP COLUMN `Events.Name`")

    def test_an_array_more_in_a_nested_column(self):
        self.drift("otel_traces", [("nested-extra", "breaks", "Events.Level")], "ADD COLUMN `Events.Level` Array(UInt8)")

    def test_what_rows_do_not_notice(self):
        self.drift("otel_logs", [("codec", "differs", "Body"), ("column-extra", "differs", "Tenant"),
                                 ("index-missing", "differs", "idx_lower_body")],
                   "MODIFY COLUMN Body String CODEC(LZ4)", "ADD COLUMN Tenant String DEFAULT 'a'", "DROP INDEX idx_lower_body",
                   "MODIFY TTL toDateTime(Timestamp) + INTERVAL 3 DAY", code=0)


class Live(SchemaTest):
    def setUp(self):
        super().setUp()
        self.env = {"GF_OTLP_PASSWORD": PASSWORD}

    def serve(self, **options):
        server = clickhouse_http.Server(ENGINE, **{"user": USER, "password": PASSWORD, **options})
        server.__enter__()
        self.addCleanup(server.__exit__)
        return server

    def live(self, server, database, *options, **others):
        return self.check("--clickhouse", server.url, "--user", USER, "--database", database, *options,
                          **{"env": self.env, **others})

    def fail_live(self, *options, code=4, env=None):
        """What it says when there is no answer."""
        out, err = self.run_command("schema", "check", *options, code=code, env=self.env if env is None else env)
        self.assertEqual(out, b"")
        self.assertNotIn(PASSWORD, err)
        return err

    def test_every_shape(self):
        server = self.serve()
        for shape in SHAPES:
            for by_name in (True, False):
                with self.subTest(shape=shape, by_name=by_name):
                    database = self.create(*shape_options(*shape))
                    report = self.live(server, database, *(shape_options(*shape) if by_name else []), "--fail-on", "differs")
                    self.assert_clean(report)
                    version = ENGINE.rows("SELECT version() AS v")[0]["v"]
                    self.assertEqual(report["facts"]["server version"], version)
        for _, path, headers, body in server.requests:
            self.assertNotIn("secret", path)
            self.assertRegex(body.decode() or path, r"(?i)\bselect\b|\bshow\b|\bdescribe\b")

    def test_nested_columns_that_are_one(self):
        """Where the engine does not flatten them it takes rows, but not the values of their arrays; and says so as Nested."""
        ENGINE.query("SET flatten_nested = 0")
        self.addCleanup(ENGINE.query, "SET flatten_nested = 1")
        database = self.create("--table", "otel_traces")
        ENGINE.query('INSERT INTO otel_traces FORMAT JSONEachRow {"TraceId": "a", "Events.Name": ["b"], "Links.TraceId": ["c"]}')
        self.assertEqual(ENGINE.rows("SELECT TraceId, Events.Name AS names, Links.TraceId AS links FROM otel_traces"),
                         [{"TraceId": "a", "names": [], "links": []}])
        expected = [("nested-unflattened", "otel_traces.Events.Timestamp"), ("nested-unflattened", "otel_traces.Links.TraceId")]
        options = ["--shape", "clickhouse", "--table", "otel_traces"]
        self.assert_found(self.live(self.serve(), database, *options, code=1), *expected)
        for text in (self.show("otel_traces", "TSV"), self.show("otel_traces", "JSON"),
                     ENGINE.query("DESCRIBE TABLE otel_traces FORMAT TSV").decode()):
            self.assert_found(self.check("--ddl", "-", *options, code=1, stdin=text), *expected)

    def test_what_was_dropped(self):
        server = self.serve()
        database = self.create()
        ENGINE.query(f"DROP TABLE {database}.otel_logs")
        ENGINE.query(f"ALTER TABLE {database}.otel_traces DROP COLUMN StatusMessage")
        report = self.live(server, database, "--shape", "clickhouse", "--table", "otel_logs", "--table", "otel_traces", code=1)
        self.assert_found(report, ("table-missing", "otel_logs"), ("column-missing", "otel_traces.StatusMessage"))
        # A table that nobody asks for may be missing.
        report = self.live(server, database, "--shape", "clickhouse", code=1)
        self.assertEqual([item["subject"] for item in report["items"] if item["severity"] == "breaks"], ["otel_traces.StatusMessage"])

    def test_other_names(self):
        server = self.serve()
        rename = ["--table-name", "otel_traces=my_traces"]
        database = self.create(*rename)
        self.assert_clean(self.live(server, database, "--shape", "clickhouse", *rename))
        self.live(server, database, "--shape", "clickhouse", "--table", "otel_traces", code=1)

    def test_the_password_from_a_file(self):
        server = self.serve()
        database = self.create()
        self.write("password", PASSWORD.encode() + b"\n")
        self.assert_clean(self.live(server, database, "--password-file", self.path("password"), env={}))

    def test_who_is_not_let_in(self):
        server = self.serve()
        arguments = ["--clickhouse", server.url, "--database", "default"]
        self.assertIn("516", self.fail_live(*arguments, "--user", "mallory"))
        self.assertIn("516", self.fail_live(*arguments, "--user", USER, env={"GF_OTLP_PASSWORD": "wrong"}))
        self.assertIn("516", self.fail_live(*arguments, "--user", USER, env={}))

    def test_no_such_database(self):
        self.assertIn("nowhere", self.fail_live("--clickhouse", self.serve().url, "--user", USER, "--database", "nowhere"))

    def test_no_server(self):
        (port,) = servers.free_ports(1)
        self.assertIn(str(port), self.fail_live("--clickhouse", f"http://127.0.0.1:{port}"))

    def test_a_server_that_is_none(self):
        class Other(clickhouse_http.RequestHandler):
            def handle_request(self, body):
                self.answer(200, b"<html>hello</html>")

        server = self.serve()
        server.listener.RequestHandlerClass = Other
        self.fail_live("--clickhouse", server.url)

    def certificate(self, name, *arguments):
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", self.path(f"{name}.key"), "-out",
                        self.path(f"{name}.crt"), "-x509", "-days", "2", "-subj", f"/CN={name}", *arguments],
                       check=True, capture_output=True)
        return self.path(f"{name}.crt"), self.path(f"{name}.key")

    def test_tls(self):
        server = self.serve(tls=self.certificate("server", "-addext", "subjectAltName=DNS:localhost"))
        database = self.create()
        self.assert_clean(self.live(server, database, "--ca-file", self.path("server.crt")))
        other, _ = self.certificate("other")
        arguments = ["--clickhouse", server.url, "--user", USER, "--database", database]
        self.assertIn("certificate", self.fail_live(*arguments))
        self.assertIn("certificate", self.fail_live(*arguments, "--ca-file", other))
        # The certificate is of another name.
        self.fail_live("--clickhouse", server.url.replace("localhost", "127.0.0.1"), *arguments[2:], "--ca-file",
                       self.path("server.crt"))

    def test_diff_of_two_live_databases(self):
        server = self.serve()
        old, new = self.create("--schema-version", "0.149"), self.create("--schema-version", "0.161")
        arguments = ["schema", "diff", f"{server.url}/{old}", f"{server.url}/{new}", "--user", USER, "--format", "json"]
        report = json.loads(self.run_command(*arguments, env=self.env)[0])
        self.assertIn("otel_metrics_sum.TimeUnix", {item["subject"] for item in report["items"]})
        same = json.loads(self.run_command("schema", "diff", f"{server.url}/{old}", "clickhouse@0.149", "--user", USER, "--format",
                                           "json", "--fail-on", "differs", env=self.env)[0])
        self.assert_clean(same)


class Load(SchemaTest):
    """Rows of all of testdata go into the printed tables."""

    def test_golden_rows(self):
        inputs = publishing.testdata()
        for shape in SHAPES:
            options = shape_options(*shape)
            database = self.create(*options)
            folder = self.path("-".join(filter(None, shape)))
            self.run_command("convert", *inputs, *options, "--output-dir", folder)
            for name in sorted(os.listdir(folder)):
                with self.subTest(shape=shape, table=name):
                    table = name.removesuffix(".jsonl")
                    rows = run.lines(run.read(os.path.join(folder, name)))
                    # Columns of type JSON refuse integers beyond 64 bits, as doubles from 2^64 to 1e21 are written; of `a.b`
                    # beside a: {b} they hold one.
                    if "json" in shape[0]:
                        whole = len(rows)
                        rows = [row for row in rows if not re.search(rb"[:,[]-?\d{20,}[],}]", row)]
                        self.assertGreater(len(rows), whole // 2)
                    ENGINE.query(f"INSERT INTO {table} SETTINGS type_json_skip_duplicated_paths = 1 FORMAT JSONEachRow ".encode()
                                 + b"\n".join(rows))
                    self.assertEqual(int(ENGINE.rows(f"SELECT count() AS n FROM {database}.{table}")[0]["n"]), len(rows))


def prepare():
    global ENGINE
    ENGINE = servers.Engine(servers.install("chdb.sh"), volumes=("slow",))
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
