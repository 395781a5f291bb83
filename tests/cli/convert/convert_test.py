#!/usr/bin/env python3
"""gf-otlp convert as its users meet it: output, messages, exit codes.

usage: convert_test.py GF_OTLP TESTDATA
"""

import base64
import gzip
import json
import os
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, capture, golden, lines, read  # noqa: E402


def framed(*messages):
    return b"".join(struct.pack(">I", len(m)) + m for m in messages)


class Output(CommandTest):
    def test_rows_go_to_standard_output_and_one_line_to_standard_error(self):
        out, err = self.run_command("convert", golden("traces-basic"))
        self.assertEqual(len(lines(out)), 2)
        self.assertTrue(all(json.loads(line) for line in lines(out)))
        self.assertEqual(err.count("\n"), 1)
        self.assertIn("2 of 2 records written (otel_traces 2)", err)

    def test_quiet(self):
        _, err = self.run_command("convert", "-q", golden("traces-basic"))
        self.assertEqual(err, "")

    def test_a_file_is_replaced_only_with_overwrite(self):
        rows, _ = self.run_command("convert", golden("traces-basic"))
        target = self.path("rows.jsonl")
        self.run_command("convert", golden("traces-basic"), "-o", target)
        self.assertEqual(read(target), rows)
        _, err = self.run_command("convert", golden("logs-basic"), "-o", target, code=2)
        self.assertIn("--overwrite", err)
        self.assertEqual(read(target), rows)
        self.run_command("convert", golden("logs-basic"), "-o", target, "--overwrite")
        self.assertNotEqual(read(target), rows)
        self.assertEqual(os.listdir(self.folder), ["rows.jsonl"])

    def test_a_failed_run_leaves_no_file(self):
        torn = self.write("torn.pb", framed(read(golden("logs-basic")), read(golden("logs-basic")))[:-1])
        self.run_command("convert", torn, "-o", self.path("rows.jsonl"), code=3)
        self.assertEqual(os.listdir(self.folder), ["torn.pb"])

    def test_a_device_is_written_in_place(self):
        self.run_command("convert", golden("traces-basic"), "-o", "/dev/null")

    def test_a_missing_folder_is_named(self):
        _, err = self.run_command("convert", golden("traces-basic"), "-o", self.path("no/rows.jsonl"), code=4)
        self.assertIn("no/rows.jsonl", err)

    def test_a_link_leads_to_the_file_behind_it(self):
        target = self.write("real.jsonl", b"old\n")
        os.symlink(target, self.path("link.jsonl"))
        _, err = self.run_command("convert", golden("traces-basic"), "-o", self.path("link.jsonl"), code=2)
        self.assertIn("--overwrite", err)
        self.run_command("convert", golden("traces-basic"), "--output-dir", self.folder, "--table-name",
                         "otel_traces=link", code=2)
        self.run_command("convert", golden("traces-basic"), "-o", self.path("link.jsonl"), "--overwrite")
        self.assertTrue(os.path.islink(self.path("link.jsonl")))
        self.assertEqual(read(target), self.run_command("convert", golden("traces-basic"))[0])

    def test_a_closed_stream_is_not_taken_over(self):
        for closed, code in ((">&-", 4), ("2>&-", 0), ("<&-", 0)):
            command = f"'{run.GF_OTLP}' convert '{golden('traces-basic')}' --dead-letter '{self.path('dead')}' --overwrite {closed}"
            done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
            self.assertEqual(done.returncode, code, closed)
            if os.path.exists(self.path("dead")):
                self.assertEqual(read(self.path("dead")), b"", closed)

    def test_help_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertEqual(subprocess.run([run.GF_OTLP, "--version"], stdout=full, check=False).returncode, 4)

    def test_a_full_disk_leaves_nothing(self):
        command = f"ulimit -f 100; exec '{run.GF_OTLP}' convert '{capture('plain')}' -o '{self.path('rows')}'"
        done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"no output was kept", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_output_and_dead_letters_are_different_files(self):
        same = self.path("same")
        self.run_command("convert", golden("logs-basic"), "-o", same, "--dead-letter", same, code=2)
        self.run_command("convert", golden("logs-basic"), "--output-dir", self.folder, "--dead-letter",
                         self.path("otel_logs.jsonl"), code=2)
        self.assertEqual(os.listdir(self.folder), [])

    def test_output_larger_than_its_input_is_written_in_pieces(self):
        # 8 kB of resource for 3,000 records of a few bytes: 24 MB of rows.
        record = b"\x12\x02\x10\x09"
        attribute = b"\x0a\x01k\x12\x83\x40\x0a\x80\x40" + b"v" * 8192
        resource = b"\x0a\x89\x40" + attribute
        scope = record * 3000
        element = b"\x0a\x8c\x40" + resource + b"\x12\xe0\x5d" + scope
        request = b"\x0a" + bytes([len(element) & 127 | 128, len(element) >> 7 & 127 | 128, len(element) >> 14]) + element
        good = self.write("good.proto", framed(request, request))
        rows, _ = self.run_command("convert", "-q", good, "--signal", "logs")
        self.assertEqual(len(rows.split(b"\n")), 6001)
        bad = self.write("bad.proto", framed(request, request[:-1] + b"\xff"))
        done, _ = self.run_command("convert", "-q", bad, "--signal", "logs", code=3)
        self.assertEqual(done, rows[:len(rows) // 2], "nothing of a bad unit")

    def test_names_choose_compression(self):
        rows, _ = self.run_command("convert", "-q", capture("plain", "traces.proto"))
        self.run_command("convert", capture("plain", "traces.proto"), "-o", self.path("rows.gz"))
        self.assertEqual(gzip.decompress(read(self.path("rows.gz"))), rows)
        self.run_command("convert", capture("plain", "traces.proto"), "-o", self.path("rows.zst"))
        plain = subprocess.run(["zstd", "-dcq", self.path("rows.zst")], capture_output=True, check=True).stdout
        self.assertEqual(plain, rows)

    def test_a_folder_gets_a_file_for_each_table(self):
        folder = self.path("rows")
        self.run_command("convert", capture("plain", "all.proto"), "--output-dir", folder)
        names = sorted(os.listdir(folder))
        self.assertEqual(names, ["otel_logs.jsonl", "otel_metrics_exponential_histogram.jsonl", "otel_metrics_gauge.jsonl",
                                 "otel_metrics_histogram.jsonl", "otel_metrics_sum.jsonl", "otel_metrics_summary.jsonl",
                                 "otel_traces.jsonl"])
        for name in names:
            table, _ = self.run_command("convert", "-q", capture("plain", "all.proto"), "--table", name[:-len(".jsonl")])
            self.assertEqual(read(os.path.join(folder, name)), table, name)
        _, err = self.run_command("convert", capture("plain", "all.proto"), "--output-dir", folder, code=2)
        self.assertIn("--overwrite", err)
        self.run_command("convert", capture("plain", "all.proto"), "--output-dir", folder, "--overwrite")

    def test_a_table_without_rows_has_no_file(self):
        self.run_command("convert", golden("logs-basic"), "--output-dir", self.path("rows"))
        self.assertEqual(os.listdir(self.path("rows")), ["otel_logs.jsonl"])

    def test_tables_can_be_renamed(self):
        self.run_command("convert", golden("logs-basic"), "--output-dir", self.path("rows"),
                         "--table-name", "otel_logs=my_logs")
        self.assertEqual(os.listdir(self.path("rows")), ["my_logs.jsonl"])
        _, stats = self.stats("convert", golden("logs-basic"), "--table-name", "otel_logs=my_logs")
        self.assertEqual(list(stats["rows"]), ["my_logs"])
        for wrong in ("otel_logs", "otel_logs=", "logs=x", "otel_logs=otel_traces", "otel_logs=../x", "otel_logs=.."):
            self.run_command("convert", golden("logs-basic"), "--table-name", wrong, code=2)

    def test_mixed_tables_are_warned_of(self):
        _, err = self.run_command("convert", capture("plain", "all.proto"))
        self.assertIn("warning: rows of otel_traces, otel_logs", err)
        self.assertIn("--table", err)
        _, err = self.run_command("convert", capture("plain", "all.proto"), "--table", "otel_logs")
        self.assertNotIn("warning", err)

    def test_a_reader_that_goes_away_ends_the_run_quietly(self):
        process = subprocess.Popen([run.GF_OTLP, "convert", *[capture("plain", "all.proto")] * 50],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(), 0)

    def test_threads_change_nothing(self):
        inputs = [capture("plain", "all.proto"), capture("gated", "all.json")] * 10
        one, one_stats = self.stats("convert", "--threads", "1", *inputs)
        for threads in ("2", "7"):
            out, stats = self.stats("convert", "--threads", threads, *inputs)
            self.assertEqual(out, one)
            self.assertEqual({**stats, "seconds": 0}, {**one_stats, "seconds": 0})

    def test_progress_is_shown_when_asked(self):
        process = subprocess.Popen([run.GF_OTLP, "convert", "-", "--progress", "always", "-o", "/dev/null"],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(read(capture("plain", "traces.proto")))
        process.stdin.flush()
        time.sleep(0.7)
        process.stdin.close()
        self.assertIn(b"/s", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(), 0)


class Statistics(CommandTest):
    def test_records_add_up(self):
        _, stats = self.stats("convert", capture("plain", "all.proto"), "--table", "otel_metrics_sum",
                              "--table", "otel_traces")
        self.assertEqual(stats["records_read"],
                         stats["records_written"] + stats["records_filtered"] + stats["records_without_data"])
        self.assertGreater(stats["records_without_data"], 0)
        self.assertGreater(stats["records_filtered"], 0)
        self.assertEqual(sum(stats["rows"].values()), stats["records_written"])
        self.assertEqual(stats["bytes_in"], os.path.getsize(capture("plain", "all.proto")))
        self.assertEqual(stats["files"], 1)

    def test_output_bytes(self):
        out, stats = self.stats("convert", golden("traces-basic"))
        self.assertEqual(stats["bytes_out"], len(out))


class Input(CommandTest):
    def test_standard_input(self):
        rows, _ = self.run_command("convert", golden("traces-basic"))
        for content in (read(golden("traces-basic")), read(golden("traces-basic", "input.json"))):
            out, _ = self.run_command("convert", "-", stdin=content)
            self.assertEqual(out, rows)

    def test_every_format_of_a_capture_gives_the_same_rows(self):
        for folder in ("plain", "gated"):
            outputs = {name: self.run_command("convert", "-q", capture(folder, name))[0]
                       for name in ("all.json", "all.proto", "all.json.zst", "all.proto.zst")}
            self.assertGreater(len(lines(outputs["all.proto"])), 500)
            for name, rows in outputs.items():
                self.assertEqual(rows, outputs["all.proto"], f"{folder}/{name}")
            signals = b"".join(self.run_command("convert", "-q", capture(folder, name))[0]
                               for name in ("traces.proto", "logs.proto", "metrics.proto"))
            self.assertEqual(sorted(lines(signals)), sorted(lines(outputs["all.proto"])), folder)

    def test_a_folder_is_read_in_order(self):
        record = read(golden("logs-basic", "input.json"))
        folder = self.path("captures")
        os.makedirs(os.path.join(folder, "sub"))
        for name, body in {"data.json": "newest", "data-2026-01-02T00-00-00.000-size.json": "second",
                           "data-2026-01-01T00-00-00.000.json": "first", ".hidden.json": "hidden"}.items():
            content = json.loads(record)
            content["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"] = {"stringValue": body}
            self.write(os.path.join("captures", name), json.dumps(content).encode())
        self.write("captures/notes.txt", b"not a capture\n")
        self.write("captures/package.json", b'{"name": "no capture either", "resources": []}\n')
        self.write("captures/empty.json", b"")
        out, err = self.run_command("convert", folder)
        bodies = [json.loads(line)["Body"] for line in lines(out)]
        self.assertEqual(list(dict.fromkeys(b for b in bodies if b in ("first", "second", "newest", "hidden"))),
                         ["first", "second", "newest"])
        self.assertIn("notes.txt", err)
        self.assertIn(".hidden.json", err)
        self.assertIn("package.json", err)
        self.assertIn("3 files skipped", err)

    def test_missing_input(self):
        _, err = self.run_command("convert", self.path("none.pb"), code=4)
        self.assertIn("none.pb", err)
        self.run_command("convert", code=2)

    def test_a_signal_that_cannot_be_told(self):
        # A record with one string in field 5: a log's body or a span's name.
        body = b"\x2a\x05" + b"\x0a\x03abc"
        scope = b"\x12" + bytes([len(body)]) + body
        resource = b"\x12" + bytes([len(scope)]) + scope
        request = self.write("log.pb", b"\x0a" + bytes([len(resource)]) + resource)
        _, err = self.run_command("convert", request, code=2)
        self.assertIn("--signal", err)
        out, _ = self.run_command("convert", request, "--signal", "logs")
        self.assertEqual(json.loads(out)["Body"], "abc")

    def test_profiles_are_named(self):
        _, err = self.run_command("convert", "-", stdin=b'{"resourceProfiles":[]}', code=3)
        self.assertIn("profiles are not supported", err)

    def test_a_unit_over_the_limit(self):
        _, err = self.run_command("convert", capture("plain", "all.proto"), "--max-unit-size", "1kB", code=3)
        self.assertIn("--max-unit-size", err)

    def test_a_zip_bomb_ends_in_an_error(self):
        bomb = self.write("bomb.json.gz", gzip.compress(b'{"resourceSpans":[' + b" " * 50_000_000))
        _, err = self.run_command("convert", bomb, "--max-unit-size", "1MB", code=3)
        self.assertIn("--max-unit-size", err)


class BadInput(CommandTest):
    def two_good_one_bad(self):
        good = read(golden("logs-basic"))
        bad = b"\x0a\x05\x12\x03\x12\x01\x09"
        return self.write("mixed.proto", framed(good, bad, good)), 4 + len(good), framed(bad)

    def test_the_first_bad_unit_ends_the_run_where_it_stands(self):
        mixed, offset, _ = self.two_good_one_bad()
        out, err = self.run_command("convert", mixed, code=3)
        self.assertEqual(out, self.run_command("convert", golden("logs-basic"))[0])
        self.assertIn("mixed.proto: frame 2", err)
        self.assertIn(f"offset {offset}", err)

    def test_dead_letters_keep_the_run_going_and_can_be_read_back(self):
        mixed, offset, bad = self.two_good_one_bad()
        letters = self.path("dead.jsonl")
        out, stats = self.stats("convert", mixed, "--dead-letter", letters)
        self.assertEqual(out, self.run_command("convert", golden("logs-basic"))[0] * 2)
        self.assertEqual((stats["units"], stats["units_dead_lettered"]), (3, 1))
        letter, = [json.loads(line) for line in lines(read(letters))]
        self.assertEqual((letter["file"], letter["offset"], letter["length"]), (mixed, offset, len(bad)))
        self.assertEqual(base64.b64decode(letter["data"]), bad[4:])
        self.assertTrue(letter["reason"])
        _, err = self.run_command("convert", letters, "--input-format", "dead-letter", code=3)
        self.assertIn("dead.jsonl", err)
        letter["data"] = base64.b64encode(read(golden("logs-basic"))).decode()
        mended = self.write("mended.jsonl", json.dumps(letter).encode() + b"\n")
        out, _ = self.run_command("convert", mended, "--input-format", "dead-letter")
        self.assertEqual(out, self.run_command("convert", golden("logs-basic"))[0])

    def test_a_letter_refused_again_is_still_that_letter(self):
        mixed, offset, bad = self.two_good_one_bad()
        self.run_command("convert", mixed, "--dead-letter", self.path("first"))
        self.run_command("convert", "--input-format", "dead-letter", self.path("first"), "--dead-letter",
                         self.path("second"))
        letter, = [json.loads(line) for line in lines(read(self.path("second")))]
        self.assertEqual((letter["file"], letter["offset"]), (mixed, offset))
        self.assertEqual(base64.b64decode(letter["data"]), bad[4:])

    def test_a_bad_unit_does_not_use_up_the_limit(self):
        good = read(golden("logs-basic"))
        half_good = good + good[:-1]
        torn = self.write("half.proto", framed(half_good, good, good))
        out, stats = self.stats("convert", torn, "--limit", "1", "--dead-letter", self.path("dead"))
        self.assertEqual((len(lines(out)), stats["records_written"]), (1, 1))

    def test_a_file_that_cannot_be_read_on_is_no_success(self):
        good = read(golden("logs-basic"))
        lost = self.write("lost.proto", framed(good) + b"\xff\xff\xff\xff" + framed(good))
        out, err = self.run_command("convert", lost, golden("traces-basic"), "--dead-letter", self.path("dead"), code=3)
        self.assertEqual(len(lines(out)), len(lines(self.run_command("convert", golden("logs-basic"))[0])) + 2)
        self.assertIn("1 file could not be read to the end", err)
        self.assertEqual(len(lines(read(self.path("dead")))), 1)

    def test_a_bad_line_of_json_is_named(self):
        good = read(golden("logs-basic", "input.json")).strip()
        _, err = self.run_command("convert", "-", stdin=good + b"\n{\"resourceLogs\":[{]}\n" + good, code=3)
        self.assertIn("-: document 2", err)
        self.assertIn(f"offset {len(good) + 1}", err)

    def test_a_torn_end(self):
        whole = framed(read(golden("logs-basic")), read(golden("logs-basic")))
        torn = self.write("torn.proto", whole[:-3])
        out, err = self.run_command("convert", torn, code=3)
        self.assertEqual(out, self.run_command("convert", golden("logs-basic"))[0])
        self.assertIn("torn.proto: frame 2", err)
        skipped, err = self.run_command("convert", torn, "--partial-tail", "skip")
        self.assertEqual(skipped, out)
        self.assertIn("torn.proto", err)

    def test_a_file_of_no_format(self):
        _, err = self.run_command("convert", self.write("notes.txt", b"hello, world\n"), code=3)
        self.assertIn("notes.txt", err)

    def test_truncation_gives_the_units_before_the_cut(self):
        inputs = [framed(read(golden("logs-basic")), read(golden("traces-basic"))),
                  read(golden("logs-basic", "input.json")).strip() + b"\n" +
                  read(golden("traces-basic", "input.json")).strip() + b"\n"]
        for whole in inputs:
            rows = lines(self.run_command("convert", "-q", "-", stdin=whole)[0])
            for cut in range(0, len(whole), 7):
                done = subprocess.run([run.GF_OTLP, "convert", "-q", "-"], input=whole[:cut], capture_output=True,
                                      check=False)
                self.assertIn(done.returncode, (0, 2, 3), cut)
                got = lines(done.stdout)
                self.assertEqual(got, rows[:len(got)], cut)
                if done.returncode != 0:
                    self.assertIn(b"-: ", done.stderr)


class Choosing(CommandTest):
    def rows(self, *options, path=None):
        out, _ = self.run_command("convert", "-q", path or capture("plain", "all.proto"), *options)
        return [json.loads(line) for line in lines(out)]

    def test_time_is_half_open(self):
        traces = self.rows("--table", "otel_traces")
        times = sorted({row["Timestamp"] for row in traces if row["Timestamp"].startswith("202")})
        since, until = times[len(times) // 3], times[2 * len(times) // 3]
        chosen = self.rows("--table", "otel_traces", "--since", since.replace(" ", "T") + "Z",
                           "--until", until.replace(" ", "T") + "Z")
        self.assertEqual(chosen, [row for row in traces if since <= row["Timestamp"] < until])
        self.assertTrue(chosen)

    def test_conditions(self):
        logs = self.rows("--table", "otel_logs")
        errors = self.rows("--table", "otel_logs", "--where", "severity", ">=", "17")
        fatal = [row for row in logs if row["SeverityNumber"] in (23, 24)]
        self.assertEqual(fatal, [row for row in errors if row["SeverityNumber"] in (23, 24)])
        self.assertTrue(fatal)
        self.assertLess(len(errors), len(logs))
        named = self.rows("--where", "resource.service.name", "=", "checkout")
        self.assertTrue(named)
        self.assertTrue(all(row["ServiceName"] == "checkout" for row in named))
        both = self.rows("--where", "resource.service.name", "=", "checkout", "--where", "name", "~", "^GET")
        self.assertTrue(all(row["SpanName"].startswith("GET") for row in both))

    def test_wrong_conditions(self):
        for where in (("colour", "=", "x"), ("name", "<", "x"), ("name", "~", "("), ("duration", ">=", "long")):
            self.run_command("convert", golden("traces-basic"), "--where", *where, code=2)
        self.run_command("convert", golden("traces-basic"), "--since", "yesterday", code=2)
        self.run_command("convert", golden("traces-basic"), "--sample", "half", code=2)
        self.run_command("convert", golden("traces-basic"), "--table", "otel_spans", code=2)

    def test_limit(self):
        out, stats = self.stats("convert", capture("plain", "all.proto"), "--limit", "7")
        whole, _ = self.run_command("convert", "-q", capture("plain", "all.proto"))
        self.assertEqual(lines(out), lines(whole)[:7])
        self.assertEqual(stats["records_written"], 7)
        self.assertEqual(stats["records_read"], 7 + stats["records_filtered"] + stats["records_without_data"])

    def test_a_sample_keeps_traces_whole(self):
        traces = self.rows("--table", "otel_traces")
        sample = self.rows("--table", "otel_traces", "--sample", "1/3")
        self.assertGreater(len(sample), len(traces) / 6)
        self.assertLess(len(sample), len(traces) / 2)
        kept = {row["TraceId"] for row in sample} - {""}
        self.assertEqual([row for row in traces if row["TraceId"] in kept], [row for row in sample if row["TraceId"]])


class Differences(CommandTest):
    """What the manual lists under DIFFERENCES FROM THE EXPORTERS, where the exporters have no row to compare with."""

    def rows(self, shape, case, *options):
        out, _ = self.run_command("convert", "-q", "--shape", shape, golden(case), *options)
        return [json.loads(line) for line in lines(out)]

    def of_json(self, shape, request):
        out, _ = self.run_command("convert", "-q", "--shape", shape, "-", stdin=json.dumps(request).encode())
        return [json.loads(line) for line in lines(out)]

    def test_nan_in_json_columns(self):
        attributes = [row["LogAttributes"] for row in self.rows("clickhouse-json", "logs-attr-nan")]
        self.assertEqual(attributes, [{"f": text, "nested": {"f": text}} for text in ("NaN", "Infinity", "-Infinity")])

    def test_nan_inside_nested_values(self):
        for shape, column in (("clickhouse", "LogAttributes"), ("glassflow", "LogAttributes"),
                              ("glassflow-flat", "attributes")):
            nested = [row[column]["nested"] for row in self.rows(shape, "logs-attr-nan")]
            self.assertEqual(nested, [f'{{"f":"{text}"}}' for text in ("NaN", "Infinity", "-Infinity")], shape)

    def test_nan_in_numbers_of_metrics(self):
        largest = 1.7976931348623157e+308
        histogram = {"glassflow": [], "glassflow-flat": [], "clickhouse": []}
        for shape in histogram:
            histogram[shape] = [row for row in self.rows(shape, "metrics-nan-sum-and-unset")
                                if "histogram inf bound" in (row.get("MetricName"), row.get("metric_name"))]
        row, = histogram["glassflow"]
        self.assertEqual((row["Sum"], row["ExplicitBounds"]), (None, [1, largest]))
        row, = histogram["glassflow-flat"]
        self.assertEqual((row["sum"], row["explicit_bounds"]), (None, [1, largest]))
        row, = histogram["clickhouse"]
        self.assertEqual((row["Sum"], row["ExplicitBounds"]), ("nan", [1, "inf"]))

    def test_glassflow_texts(self):
        row, = self.of_json("glassflow", {"resourceLogs": [{"scopeLogs": [{"logRecords": [{
            "body": {"doubleValue": "NaN"},
            "attributes": [{"key": "empty", "value": {}}, {"key": "nan", "value": {"doubleValue": "NaN"}},
                           {"key": "inf", "value": {"doubleValue": "-Infinity"}}]}]}]}]})
        self.assertEqual((row["Body"], row["LogAttributes"]), ("NaN", {"empty": "", "inf": "-Infinity", "nan": "NaN"}))

    def test_every_point_is_a_row(self):
        self.assertEqual(len(self.rows("glassflow", "metrics-multi-point")), 6)

    def test_nested_objects_are_glassflows_alone(self):
        glassflow = self.rows("glassflow", "metrics-histograms-summary")
        self.assertTrue(all(isinstance(row.get("Exemplars", {}), dict) for row in glassflow))
        clickhouse = self.rows("clickhouse", "metrics-histograms-summary")
        self.assertTrue(all("Exemplars" not in row and "ValueAtQuantiles" not in row for row in clickhouse))

    def test_a_path_beside_its_object_is_written_as_it_is(self):
        row, = self.of_json("clickhouse-json", {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": [
            {"key": "a.b", "value": {"intValue": "1"}},
            {"key": "a", "value": {"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "2"}}]}}}]}]}]}]})
        self.assertEqual((row["LogAttributes"], row["LogAttributesKeys"]), ({"a": {"b": 2}, "a.b": 1}, ["a.b"]))

    def test_times(self):
        def log(shape, time):
            row, = self.of_json(shape, {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": str(time)}]}]}]})
            return row.get("Timestamp", row.get("timestamp"))
        self.assertEqual(log("clickhouse", 2**63), "1677-09-21 00:12:44.000000000")
        self.assertEqual(log("glassflow", 2**63 + 854775807), "1677-09-21 00:12:44.000000000")
        self.assertEqual(log("clickhouse", 2**63 + 854775808), "1677-09-21 00:12:44.000000000")
        self.assertEqual(log("clickhouse", 2**63 + 854775809), "1677-09-21 00:12:44.000000001")
        self.assertEqual(log("glassflow-flat", 2**63), "1677-09-21T00:12:43.145224192Z")

        def gauge(time, *options):
            request = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [
                {"timeUnixNano": str(time), "asInt": "1"}]}}]}]}]}
            out, stats = self.stats("convert", "-", *options, stdin=json.dumps(request).encode())
            return json.loads(out)["TimeUnix"], stats["clamped_times"]
        self.assertEqual(gauge(1_700_000_000_999_999_999), ("2023-11-14 22:13:20", 0))
        self.assertEqual(gauge(1_700_000_000_999_999_999, "--time-digits", "9"), ("2023-11-14 22:13:20.999999999", 0))
        self.assertEqual(gauge(2**32 * 10**9), ("2106-02-07 06:28:15", 1))
        self.assertEqual(gauge(2**64 - 1), ("1970-01-01 00:00:00", 1))

    def test_bytes_that_are_not_utf8_are_replaced_and_counted(self):
        request = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a\xff\xfez"}}]}]}]}'
        for shape, column in (("clickhouse", "Body"), ("glassflow", "Body"), ("glassflow-flat", "body")):
            out, stats = self.stats("convert", "-", "--shape", shape, stdin=request)
            self.assertEqual((json.loads(out)[column], stats["replaced_bytes"]), ("a\ufffd\ufffdz", 2), shape)


def with_repaired_text(rows):
    """JSON holds U+FFFD for bytes that are not UTF-8; in rows made of protobuf, nested values have it as an escape."""
    return rows.replace(b"\\\\ufffd", b"\xef\xbf\xbd")


class Requests(CommandTest):
    def test_requests_written_and_read_again_give_the_same_rows(self):
        for name in ("all.proto", "all.json"):
            rows, _ = self.run_command("convert", "-q", capture("plain", name))
            for form in ("otlp_json", "otlp_proto"):
                requests, _ = self.run_command("convert", "-q", capture("plain", name), "--to", form)
                again, _ = self.run_command("convert", "-q", "-", stdin=requests)
                self.assertEqual(with_repaired_text(again), with_repaired_text(rows), f"{name} {form}")

    def test_chosen_records_are_cut_out(self):
        choose = ("--where", "resource.service.name", "!=", "checkout", "--sample", "1/2")
        rows, _ = self.run_command("convert", "-q", capture("plain", "all.proto"), *choose)
        self.assertTrue(rows)
        for form in ("otlp_json", "otlp_proto"):
            requests, _ = self.run_command("convert", "-q", capture("plain", "all.proto"), "--to", form, *choose)
            again, _ = self.run_command("convert", "-q", "-", stdin=requests)
            self.assertEqual(with_repaired_text(again), with_repaired_text(rows), form)

    def test_a_metric_without_data_belongs_to_no_other_table(self):
        metric = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"n"}]}]}]}'
        out, stats = self.stats("convert", "-", "--to", "otlp_json", "--table", "otel_traces", stdin=metric)
        self.assertEqual((out, stats["records_filtered"]), (b"", 1))
        out, _ = self.run_command("convert", "-", "--to", "otlp_json", "--table", "otel_metrics_sum", stdin=metric)
        self.assertIn(b'"name":"n"', out)

    def test_a_folder_gets_a_file_for_each_signal(self):
        self.run_command("convert", capture("plain", "all.proto"), "--to", "otlp_proto", "--output-dir", self.path("out"))
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["logs.proto", "metrics.proto", "traces.proto"])


class Program(CommandTest):
    def test_help_and_version(self):
        out, err = self.run_command("--help")
        self.assertIn(b"convert", out)
        self.assertEqual(err, "")
        out, _ = self.run_command("convert", "--help")
        self.assertIn(b"--dead-letter", out)
        out, _ = self.run_command("--version")
        self.assertRegex(out.decode(), r"^gf-otlp \d+\.\d+\.\d+\n")
        self.assertIn(b"opentelemetry-proto v", out)

    def test_wrong_command_lines(self):
        _, err = self.run_command("covert", code=2)
        self.assertIn("did you mean 'convert'", err)
        self.run_command(code=2)
        self.run_command("convert", "--no-such-option", golden("logs-basic"), code=2)
        for option, word in (("--shape", "oval"), ("--to", "csv"), ("--input-format", "xml"), ("--signal", "smoke"),
                             ("--compression", "rar"), ("--schema-version", "0.150"), ("--time-digits", "3"),
                             ("--partial-tail", "maybe"), ("--stats", "xml"), ("--threads", "many"), ("--threads", "100000")):
            with self.subTest(option=option):
                _, err = self.run_command("convert", option, word, golden("logs-basic"), code=2)
                self.assertIn(option.lstrip("-").split("-")[0], err)
        self.run_command("convert", "--keep-all", golden("logs-basic"), code=2)
        self.run_command("convert", "-o", self.path("x"), "--output-dir", self.path("y"), golden("logs-basic"), code=2)

    def test_options_come_from_the_environment_too(self):
        out, _ = self.run_command("convert", "-q", golden("logs-basic"), env={"GF_OTLP_SHAPE": "glassflow-flat"})
        self.assertIn(b'"observed_timestamp"', out)
        self.run_command("convert", golden("logs-basic"), env={"GF_OTLP_SHAPE": "oval"}, code=2)

    def interrupted(self, *options):
        process = subprocess.Popen([run.GF_OTLP, "convert", "-", *options], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(read(capture("plain", "traces.proto")))
        process.stdin.flush()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=10)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        return code

    def test_an_interrupt_ends_the_run_and_leaves_nothing_half_done(self):
        self.assertEqual(self.interrupted("-o", self.path("rows.jsonl")), -signal.SIGINT)
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_interrupt_while_there_is_work_ends_the_run(self):
        many = [capture("plain", "all.proto")] * 3000
        process = subprocess.Popen([run.GF_OTLP, "convert", "-o", self.path("rows.jsonl"), *many], stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        self.assertIn(b"interrupted", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(timeout=10), -signal.SIGTERM)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    run.main()
