#!/usr/bin/env python3
"""gf-otlp schema print as its users meet it.

usage: print_test.py GF_OTLP TESTDATA
"""

import json
import os
import re
import sys
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, golden, lines, read  # noqa: E402

SHAPES = ("clickhouse", "clickhouse-json", "glassflow", "glassflow-flat")


class Print(CommandTest):
    def sql(self, *arguments, **options):
        out, err = self.run_command("schema", "print", *arguments, **options)
        self.assertEqual(err, "")
        return out.decode()

    def schema(self, *arguments):
        return json.loads(self.sql("--format", "json", *arguments))

    def refused(self, *arguments):
        out, err = self.run_command("schema", "print", *arguments, code=2)
        self.assertEqual(out, b"")
        return err

    def tables(self, sql):
        return re.findall(r"^CREATE TABLE IF NOT EXISTS (\S+)", sql, re.MULTILINE)


class Sql(Print):
    def test_a_header_says_what_it_is(self):
        self.assertEqual(self.sql().split("\n")[0],
                         "-- Tables of shape clickhouse, schema version 0.161, for ClickHouse 26.5, by gf-otlp")
        self.assertIn("shape glassflow, for ClickHouse 25.8,",
                      self.sql("--shape", "glassflow", "--server-version", "25.8"))

    def test_tables_in_the_order_of_rows(self):
        self.assertEqual(self.tables(self.sql()), [
            "otel_traces", "otel_traces_trace_id_ts", "otel_logs", "otel_metrics_gauge", "otel_metrics_sum",
            "otel_metrics_histogram", "otel_metrics_exponential_histogram", "otel_metrics_summary"])
        self.assertEqual(self.tables(self.sql("--shape", "glassflow-flat")), ["otel_traces", "otel_logs", "otel_metrics"])

    def test_columns_are_those_of_rows(self):
        for shape in SHAPES:
            for case, table in (("traces-basic", "otel_traces"), ("logs-basic", "otel_logs")):
                rows, _ = self.run_command("convert", "-q", "--shape", shape, golden(case))
                columns = {c["name"] for t in self.schema("--shape", shape)["tables"] if t["name"] == table
                           for c in t["columns"]}
                for row in lines(rows):
                    self.assertLessEqual(set(json.loads(row)), columns)

    def test_keep_all(self):
        flat = self.sql("--shape", "glassflow-flat")
        self.assertNotIn("zero_threshold", flat)
        self.assertIn("zero_threshold", self.sql("--shape", "glassflow-flat", "--keep-all"))
        self.assertIn("--keep-all", self.refused("--keep-all"))

    def test_notes_are_comments(self):
        self.assertIn("\n-- Metric rows have Exemplars", self.sql("--shape", "glassflow"))
        self.assertIn("\n-- The TTL moves data", self.sql("--ttl", "1d to volume v, 2d"))
        self.assertNotIn("\n--", self.sql("--ttl", "2d"))

    def test_places_and_engines(self):
        sql = self.sql("--database", "otel", "--on-cluster", "main", "--engine", "SharedMergeTree", "--ttl", "36h",
                       "--table", "otel_logs")
        self.assertIn("CREATE DATABASE IF NOT EXISTS otel ON CLUSTER main;\n", sql)
        self.assertIn("CREATE TABLE IF NOT EXISTS otel.otel_logs ON CLUSTER main\n", sql)
        self.assertIn("\nENGINE = SharedMergeTree\n", sql)
        self.assertIn("\nTTL toDateTime(Timestamp) + toIntervalHour(36)\n", sql)

    def test_text_indexes_from_26_2_on(self):
        for version, text in (("26.1", False), ("26.2", True), ("v26.2.1.1-stable", True), ("25.12", False)):
            self.assertEqual("TYPE text(" in self.sql("--server-version", version), text, version)

    def test_ttl_none(self):
        self.assertEqual(self.sql("--ttl", "none"), self.sql())

    def test_a_storage_policy(self):
        for shape in (*SHAPES, "agents"):
            tables = self.schema("--shape", shape, "--storage-policy", "it's", "--kafka", "b:1")["tables"]
            for table in tables:
                kept = table["engine"].endswith("MergeTree")
                self.assertEqual(table.get("settings", {}).get("storage_policy"), "'it\\'s'" if kept else None, table["name"])
            self.assertNotIn("storage_policy", self.sql("--shape", shape))

    def test_the_storage_that_a_ttl_needs_is_a_comment(self):
        sql = self.sql("--ttl", "1d to volume warm, 2d to disk cold, 3d", "--storage-policy", "tiered")
        xml = ElementTree.fromstring("".join(line[3:] for line in sql.split("\n") if line.startswith("-- ") and "<" in line))
        disks = {disk.tag: disk.findtext("type") for disk in xml.find("storage_configuration/disks")}
        self.assertEqual(disks, {"warm": "local", "cold": "local"})
        volumes = xml.find("storage_configuration/policies/tiered/volumes")
        self.assertEqual([(volume.tag, volume.findtext("disk")) for volume in volumes],
                         [("default", "default"), ("warm", "warm"), ("cold", "cold")])
        self.assertNotIn("<clickhouse>", self.sql("--ttl", "3d", "--storage-policy", "tiered"))
        self.assertIn("\n```xml\n<clickhouse>\n", self.sql("--ttl", "1d to volume warm", "--format", "markdown"))

    def test_names(self):
        sql = self.sql("--table-name", "otel_traces=spans", "--table-name", "otel_logs=logs")
        self.assertEqual(self.tables(sql)[:3], ["spans", "spans_trace_id_ts", "logs"])
        self.assertIn("VIEW IF NOT EXISTS spans_trace_id_ts_mv TO spans_trace_id_ts\n", sql)
        self.assertIn("\nFROM spans\n", sql)
        self.assertNotIn("otel_traces", sql)

    def test_environment(self):
        self.assertEqual(self.sql(env={"GF_OTLP_TTL": "30d"}), self.sql("--ttl", "30d"))


class Kafka(Print):
    def test_tables_views_and_errors(self):
        sql = self.sql("--kafka", "a:1,b:2", "--table", "otel_logs", "--kafka-topic", "otel_logs=mine",
                       "--kafka-group", "g")
        self.assertEqual(self.tables(sql), ["otel_logs", "otel_logs_kafka", "otel_kafka_errors"])
        self.assertIn("SETTINGS kafka_broker_list = 'a:1,b:2', kafka_topic_list = 'mine', kafka_group_name = 'g', "
                      "kafka_format = 'JSONEachRow', kafka_handle_error_mode = 'stream'", sql)
        self.assertEqual(re.findall(r"VIEW IF NOT EXISTS (\S+) TO (\S+)", sql),
                         [("otel_logs_mv", "otel_logs"), ("otel_logs_kafka_errors_mv", "otel_kafka_errors")])

    def test_all_metrics_of_glassflow_flat_go_to_one_table(self):
        kafka = [t for t in self.schema("--shape", "glassflow-flat", "--kafka", "a:1")["tables"]
                 if t["name"] == "otel_metrics_kafka"][0]
        self.assertEqual(kafka["settings"]["kafka_topic_list"],
                         "'otel-metrics-gauge,otel-metrics-sum,otel-metrics-histogram,"
                         "otel-metrics-exponential-histogram,otel-metrics-summary'")

    def test_topics_need_brokers(self):
        self.assertIn("--kafka", self.refused("--kafka-topic", "otel_logs=x"))
        self.assertIn("--kafka", self.refused("--kafka-group", "x"))
        self.assertIn("TABLE=TOPIC", self.refused("--kafka", "a:1", "--kafka-topic", "otel_logs"))
        self.assertIn("otel_log", self.refused("--kafka", "a:1", "--kafka-topic", "otel_log=x"))


class Agents(Print):
    def test_tables_and_views(self):
        sql = self.sql("--shape", "agents")
        tables = ["spans_raw", "events_raw", "spans_minute", "cost_minute"]
        self.assertEqual(self.tables(sql), [f"telemetry.{name}" for name in tables])
        self.assertEqual(re.findall(r"VIEW IF NOT EXISTS telemetry\.(\S+) TO telemetry\.(\S+)", sql), [
            ("spans_minute_mv", "spans_minute"), ("cost_minute_mv", "cost_minute"), ("cost_minute_events_mv", "cost_minute")])
        self.assertEqual(sql.count("\nTTL "), 2)
        self.assertIn("CREATE DATABASE IF NOT EXISTS other;", self.sql("--shape", "agents", "--database", "other"))
        self.assertNotIn("\nTTL ", self.sql("--shape", "agents", "--ttl", "none"))
        self.assertEqual(self.tables(self.sql("--shape", "agents", "--table", "spans_raw")), ["telemetry.spans_raw"])

    def test_columns_are_those_of_rows(self):
        columns = {table["name"]: [(c["name"], set(c)) for c in table["columns"]] for table in self.schema("--shape", "agents")["tables"]}
        rows = self.path("rows")
        self.run_command("convert", "-q", "--shape", "agents", os.path.join(run.TESTDATA, "agents", "genai.json"), "--output-dir", rows)
        for table in ("spans_raw", "events_raw"):
            found = [json.loads(row) for row in lines(read(os.path.join(rows, f"{table}.jsonl")))]
            self.assertGreater(len(found), 1)
            for row in found:
                self.assertEqual(list(row), [name for name, facts in columns[table] if not {"default", "materialized"} & facts])

    def test_both_ways_from_kafka(self):
        tables = {table["name"]: table for table in self.schema("--shape", "agents", "--kafka", "b:1", "--kafka-topic", "otlp_logs=l,m")["tables"]}
        topics = {name: table["settings"]["kafka_topic_list"] for name, table in tables.items() if table["engine"] == "Kafka"}
        self.assertEqual(topics, {"spans_raw_kafka": "'otel-spans-rows'", "events_raw_kafka": "'otel-events'",
                                  "otlp_spans_kafka": "'otel-spans'", "otlp_logs_kafka": "'l,m'"})
        self.assertIn("otlp_logs", self.refused("--shape", "agents", "--kafka", "b:1", "--kafka-topic", "x=y"))

    def test_users(self):
        sql = self.sql("--shape", "agents", "--users", "--on-cluster", "main")
        self.assertTrue(sql.startswith(self.sql("--shape", "agents", "--on-cluster", "main")))
        self.assertEqual(re.findall(r"CREATE (\S+)(?: PROFILE)? IF NOT EXISTS (agents_\w+) ON CLUSTER main", sql),
                         [(what, name) for role, user in (("agents_read", "agents_reader"), ("agents_insert", "agents_ingest"))
                          for what, name in (("SETTINGS", role), ("ROLE", role), ("USER", user))])
        self.assertEqual(sql.count("HOST NONE;"), 2)
        self.assertIn("--shape agents", self.refused("--users"))
        self.assertIn("--format sql", self.refused("--users", "--shape", "agents", "--format", "json"))

    def test_servers_without_json(self):
        self.assertIn("25.3", self.refused("--shape", "agents", "--server-version", "24.8"))
        self.sql("--shape", "agents", "--server-version", "25.3")


class Output(Print):
    def test_json(self):
        schema = self.schema("--database", "d", "--table", "otel_traces_trace_id_ts")
        self.assertEqual([t["name"] for t in schema["tables"]], ["otel_traces_trace_id_ts"])
        self.assertEqual(schema["tables"][0]["order_by"], "(TraceId, Start)")
        self.assertEqual([v["to"] for v in schema["views"]], ["d.otel_traces_trace_id_ts"])

    def test_every_column_is_documented(self):
        for shape in (*SHAPES, "agents"):
            text = self.sql("--shape", shape, "--format", "markdown", "--kafka", "b:1")
            self.assertTrue(text.startswith("# Tables of shape " + shape))
            for section in text.split("\n## "):
                if not section.startswith("Materialized views") and not section.split("\n")[0].endswith("_kafka"):
                    self.assertNotRegex(section, r"(?m)^\| `.*\|  \|$", shape)

    def test_a_file(self):
        path = self.path("schema.sql")
        self.assertEqual(self.sql("-o", path), "")
        self.assertEqual(read(path).decode(), self.sql())
        self.run_command("schema", "print", "-o", path, code=2)
        self.sql("-o", path, "--overwrite", "--ttl", "1d")
        self.assertIn(b"toIntervalDay(1)", read(path))

    def test_what_cannot_be_is_refused(self):
        for arguments, said in ((("--shape", "x"), "--shape x"), (("--schema-version", "0.150"), "0.149, 0.161"),
                                (("--format", "xml"), "sql|json|markdown"), (("--engine", "Memory"), "Memory"),
                                (("--ttl", "soon"), "soon"), (("--table", "x"), "otel_traces_trace_id_ts"),
                                (("--table-name", "x=y"), "otel_logs"),
                                (("--server-version", "new"), "--server-version new")):
            self.assertIn(said, self.refused(*arguments))


if __name__ == "__main__":
    run.main()
