#!/usr/bin/env python3
"""What `schema print --kafka` makes is all that is needed: rows that `publish` sends are in the printed tables, as if they had
been inserted, and messages that are no rows are in the table of errors.

usage: kafka_schema_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from clickhouse_test import EXACT  # noqa: E402
from publishing import SIGNALS, PublishTest  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

ENGINE = None


class KafkaSchema(PublishTest):
    def create(self, name, *options):
        ENGINE.query(f"CREATE DATABASE {name}")
        self.addCleanup(self.stop_reading, name)
        ENGINE.query(f"USE {name}")
        # As it is printed, but for how long it waits until rows are to be seen.
        sql = self.run_command("schema", "print", *options)[0]
        ENGINE.query(sql.replace(b"kafka_format =", b"kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format ="))

    @staticmethod
    def stop_reading(database):
        """Readers share few threads: those of the next case are to have them."""
        for row in ENGINE.rows(f"SELECT name FROM system.tables WHERE database = '{database}' AND engine = 'Kafka'"):
            ENGINE.query(f"DROP TABLE {database}.{row['name']}")

    @staticmethod
    def contents(database, table):
        """The rows and how often each is there; without columns of type JSON, whose values are read back in another form when
        rows come in other blocks."""
        names = ENGINE.rows(f"SELECT name FROM system.columns WHERE database = '{database}' AND table = '{table}' "
                            "AND type NOT LIKE '%JSON%' AND default_kind = ''")
        columns = ", ".join(f"`{row['name']}`" for row in names)
        rows = ENGINE.query(f"SELECT {columns} FROM {database}.{table} {EXACT} FORMAT JSONEachRow")
        return collections.Counter(run.lines(rows))

    def count(self, table):
        return int(ENGINE.rows(f"SELECT count() AS n FROM {table}")[0]["n"])

    def await_rows(self, database, table, count):
        end = time.monotonic() + PATIENCE
        while self.count(f"{database}.{table}") < count:
            if time.monotonic() > end:
                errors = ENGINE.rows("SELECT exceptions.text AS errors FROM system.kafka_consumers "
                                     f"WHERE database = '{database}' AND table = '{table}_kafka'")
                self.fail(f"{self.count(f'{database}.{table}')} of {count} rows in {table}; the reader's errors: {errors}; "
                          f"messages: {ENGINE.rows(f'SELECT Topic, base64Encode(Error) FROM {database}.otel_kafka_errors LIMIT 2')}")
            time.sleep(0.2)

    def insert(self, table, rows):
        """How many rows the engine refused; the others are in the table."""
        insert = f"INSERT INTO {table} SETTINGS input_format_import_nested_json = 1 FORMAT JSONEachRow ".encode()
        if not ENGINE.ask(insert + b"\n".join(rows))[0]:
            return 0
        if len(rows) == 1:
            return 1
        half = len(rows) // 2
        return self.insert(table, rows[:half]) + self.insert(table, rows[half:])

    def publish_and_read(self, name, *shape, publish=(), kafka=(), expect=None):
        """Publishes all of testdata with the options `publish`, into tables printed with the options `kafka`, and compares them
        with tables that rows of `convert` were inserted into. `expect`: only these tables."""
        inputs = publishing.testdata()
        folder = self.path("rows")
        self.run_command("convert", *inputs, *shape, "--output-dir", folder)
        rows = {file.removesuffix(".jsonl"): run.lines(run.read(os.path.join(folder, file))) for file in os.listdir(folder)}
        rows = {table: found for table, found in rows.items() if expect is None or table in expect}
        self.assertGreater(len(rows), 1)
        self.create(f"{name}_expected", *shape)
        refused = sum(self.insert(table, found) for table, found in rows.items())
        self.publish(*inputs, *shape, "--partitions", "2", *publish)
        self.create(name, *shape, "--kafka", self.broker.address(), *kafka)
        for table in rows:
            with self.subTest(table):
                self.await_rows(name, table, self.count(f"{name}_expected.{table}"))
                self.assertEqual(self.contents(name, table), self.contents(f"{name}_expected", table))
        self.await_rows(name, "otel_kafka_errors", refused)
        self.assertEqual(self.count(f"{name}.otel_kafka_errors"), refused)
        return refused

    def test_default_topics(self):
        """The topics that publish sends to are those that the printed tables read, nothing else being said; and the table of
        errors takes what is no row, without stopping the rest."""
        refused = self.publish_and_read("defaults", expect={"otel_traces", "otel_logs", "otel_metrics_sum"})
        self.assertEqual(refused, 0)
        self.run_command("publish", "--brokers", self.broker.address(), "--encoding", "otlp_proto", "--signal", "traces",
                         run.golden("traces-basic"))
        end = time.monotonic() + PATIENCE
        while not self.count("defaults.otel_kafka_errors"):
            self.assertLess(time.monotonic(), end, "no message in the table of errors")
            time.sleep(0.2)
        errors = ENGINE.rows("SELECT Topic, length(Error) AS said, length(Message) AS size FROM defaults.otel_kafka_errors")
        for error in errors:
            self.assertEqual(error["Topic"], "otel-traces")
            self.assertGreater(error["said"], 0)
            self.assertGreater(error["size"], 0)
        # What comes behind it arrives.
        before = self.count("defaults.otel_traces")
        self.run_command("publish", "--brokers", self.broker.address(), run.golden("traces-basic"))
        self.await_rows("defaults", "otel_traces", before + 1)

    def named(self, name, *shape):
        """Topics of the case's own, all signals."""
        topics = [f"--topic={signal}={self.topic(signal)}" for signal in SIGNALS.values()]
        tables = json.loads(self.run_command("schema", "print", *shape, "--format", "json")[0])["tables"]
        kafka = []
        for table in (table["name"] for table in tables):
            signals = [signal for known, signal in SIGNALS.items() if known == table]
            if table == "otel_metrics":
                signals = [signal for known, signal in SIGNALS.items() if known.startswith("otel_metrics")]
            if signals:
                kafka += ["--kafka-topic", f"{table}={','.join(self.topic(signal) for signal in signals)}"]
        return self.publish_and_read(name, *shape, publish=topics, kafka=kafka)

    def test_the_older_tables(self):
        """With a column that has a DEFAULT: TimestampTime."""
        self.named("older", "--schema-version", "0.149")
        self.assertEqual(ENGINE.rows("SELECT count() AS n FROM older.otel_logs WHERE TimestampTime != toDateTime(Timestamp)")[0]["n"], 0)

    def test_json_columns(self):
        """Rows that columns of type JSON refuse (integers beyond 64 bits, a path twice) are in the table of errors."""
        self.assertGreater(self.named("paths", "--shape", "clickhouse-json"), 0)

    def test_glassflow(self):
        """Exemplars and quantiles, which a server drops by default, are there."""
        self.named("glassflow", "--shape", "glassflow")
        self.assertGreater(ENGINE.rows("SELECT sum(length(`Exemplars.Value`)) AS n FROM glassflow.otel_metrics_gauge")[0]["n"], 0)
        self.assertGreater(
            ENGINE.rows("SELECT sum(length(`ValueAtQuantiles.Value`)) AS n FROM glassflow.otel_metrics_summary")[0]["n"], 0)

    def test_flat(self):
        self.named("flat", "--shape", "glassflow-flat")


def prepare():
    global ENGINE
    library = servers.install("chdb.sh")
    yield from publishing.broker_alone(PublishTest)()
    ENGINE = servers.Engine(library)
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
