#!/usr/bin/env python3
"""What gf-otlp publish sends is what ClickHouse's Kafka engine reads: topics -> Kafka tables -> materialized views -> the
exporter's tables (testdata/tables.json) hold the rows that `convert` prints.

usage: clickhouse_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from publishing import SIGNALS, PublishTest  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

ENGINE = None
# NaN, Infinity and -0 must be told from null and 0.
EXACT = "SETTINGS output_format_json_quote_denormals = 1, output_format_json_quote_64bit_integers = 1"


def quoted(name):
    return f"`{name}`"


def create_table(name, table):
    """CREATE TABLE as the exporter does it."""
    lines = []
    for column in table["columns"]:
        line = f"{quoted(column['name'])} {column['type']}"
        for word in ("default", "materialized"):
            if word in column:
                line += f" {word.upper()} {column[word]}"
        if "codec" in column:
            line += f" CODEC({column['codec']})"
        lines.append(line)
    for index in table["indexes"]:
        lines.append(f"INDEX {index['name']} {index['expression']} TYPE {index['type']} GRANULARITY {index['granularity']}")
    keys = "".join(f" {word.upper().replace('_', ' ')} {table[word]}"
                   for word in ("partition_by", "primary_key", "order_by") if word in table)
    return f"CREATE TABLE {name} ({', '.join(lines)}) ENGINE = {table['engine']}{keys} SETTINGS {table['settings']}"


def create_reader(name, table, topic, broker):
    """A Kafka table over the topic, and the view that moves its rows on into the table `name`."""
    columns = ", ".join(f"{quoted(column['name'])} {column['type']}" for column in table["columns"]
                        if not {"default", "materialized"} & set(column))
    yield f"""CREATE TABLE {name}_kafka ({columns}) ENGINE = Kafka SETTINGS kafka_broker_list = '{broker}',
        kafka_topic_list = '{topic}', kafka_group_name = '{topic}-reader', kafka_format = 'JSONEachRow',
        kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, input_format_skip_unknown_fields = 0"""
    yield f"CREATE MATERIALIZED VIEW {name}_view TO {name} AS SELECT * FROM {name}_kafka"


class KafkaEngine(PublishTest):
    def check(self, prefix, *options):
        """Publishes all of testdata and compares each table, of names that begin with `prefix`, with `convert`."""
        with open(os.path.join(run.TESTDATA, "tables.json"), encoding="utf-8") as file:
            tables = json.load(file)["clickhouseexporter 0.161 map"]
        inputs = publishing.testdata()
        rows = self.rows(*inputs)
        self.publish(*inputs, *self.topic_options(), "--partitions", "2", *options)
        expected = {}
        for name in SIGNALS:
            expected[name] = f"{prefix}_{name}_expected"
            ENGINE.query(create_table(expected[name], tables[name]))
            ENGINE.query(f"INSERT INTO {expected[name]} FORMAT JSONEachRow ".encode() + b"\n".join(rows[name]))
            self.assertEqual(self.count(expected[name]), len(rows[name]), name)
            ENGINE.query(create_table(f"{prefix}_{name}", tables[name]))
            for statement in create_reader(f"{prefix}_{name}", tables[name], self.topic(SIGNALS[name]),
                                           self.broker.address()):
                ENGINE.query(statement)
        for name in SIGNALS:
            with self.subTest(name):
                self.wait_for(f"{prefix}_{name}", self.count(expected[name]))
        # All of it is there; whatever comes twice comes now.
        time.sleep(2)
        for name in SIGNALS:
            with self.subTest(name):
                self.assertEqual(self.contents(f"{prefix}_{name}"), self.contents(expected[name]))

    @staticmethod
    def count(table):
        return int(ENGINE.rows(f"SELECT count() AS n FROM {table}")[0]["n"])

    @staticmethod
    def contents(table):
        """The rows and how often each is there."""
        return collections.Counter(run.lines(ENGINE.query(f"SELECT * FROM {table} {EXACT} FORMAT JSONEachRow")))

    def wait_for(self, table, count):
        end = time.monotonic() + PATIENCE
        while self.count(table) < count:
            if time.monotonic() > end:
                errors = ENGINE.rows(f"SELECT exceptions.text AS errors FROM system.kafka_consumers WHERE table = '{table}_kafka'")
                self.fail(f"{self.count(table)} of {count} rows in {table}; the reader's errors: {errors}")
            time.sleep(0.2)

    def test_a_row_a_message(self):
        self.check("single")

    def test_many_rows_a_message(self):
        self.check("joined", "--rows-per-message", "100")


def prepare():
    global ENGINE
    library = servers.install("chdb.sh")
    yield from publishing.broker_alone(PublishTest)()
    ENGINE = servers.Engine(library)
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
