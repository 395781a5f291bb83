#!/usr/bin/env python3
"""gf-otlp replay without an endpoint: errors of the command line, dry runs.

usage: replay_test.py GF_OTLP TESTDATA
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from endpoint import ReplayTest  # noqa: E402
import run  # noqa: E402
from run import capture, golden  # noqa: E402

NOWHERE = ["--endpoint", "http://127.0.0.1:9"]
HOUR = 3600 * 10**9


class CommandLine(ReplayTest):
    def refused(self, *arguments, words, endpoint=NOWHERE):
        _, err = self.run_command("replay", golden("traces-basic"), *endpoint, *arguments, code=2)
        self.assertIn(words, err)
        return err

    def test_endpoints(self):
        self.refused(words="--endpoint URL", endpoint=[])
        for url, words in (("localhost:4318", "http://HOST:PORT"), ("ftp://a", "http://HOST:PORT"), ("http://", "HOST:PORT"),
                           ("http://a/?x=y", "--path"), ("http://a:4318/v1/traces", "without /v1/traces"),
                           ("grpc://a:4317/x", "no paths")):
            self.refused(words=words, endpoint=["--endpoint", url])
        for url in ("http://bob:hush-hush@a", "grpc://bob:hush-hush@a"):
            err = self.refused(words="--auth-file", endpoint=["--endpoint", url])
            self.assertNotIn("hush-hush", err)

    def test_the_environment_names_the_endpoint(self):
        env = {"GF_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        self.run_command("replay", golden("traces-basic"), "--dry-run", env=env)

    def test_headers(self):
        for header, words in (("no colon", "NAME: VALUE"), ("a b: c", "NAME: VALUE"), ("spans=a: b", "NAME: VALUE"),
                              ("Content-Type: x", "content-type"), ("a: b\nc: d", "one line"),
                              ("Authorization: Bearer hush-hush", "--auth-file")):
            err = self.refused("-H", header, words=words)
            self.assertNotIn("hush-hush", err)

    def test_pipelines(self):
        for pipeline, words in (("p1", "SIGNAL=ID"), ("spans=p1", "SIGNAL=ID"), ("logs=", "SIGNAL=ID"),
                                ("logs=a\nb", "one line")):
            self.refused("--pipeline", pipeline, words=words)
        self.refused("--pipeline", "logs=a", "--pipeline", "logs=b", words="already")
        self.refused("--pipeline", "logs=a", "-H", "X-GlassFlow-Pipeline-Id: b", words="already")

    def test_what_belongs_to_one_protocol(self):
        grpc = ["--endpoint", "grpc://127.0.0.1:9"]
        self.refused("--protocol", "http/json", words="--protocol", endpoint=grpc)
        self.refused("--path", "logs=/x", words="--path", endpoint=grpc)
        self.refused("--no-retry-exhausted", words="gRPC")
        self.refused("--ca-file", "x", words="TLS")
        self.refused("--cert-file", "x", words="go together", endpoint=["--endpoint", "https://a"])
        self.refused("--ca-file", self.path("none"), words="none", endpoint=["--endpoint", "https://a"])

    def test_wrong_words(self):
        for arguments, words in ((["--protocol", "grpc"], "http/json"), (["--path", "/x"], "SIGNAL=PATH"),
                                 (["--path", "logs=x"], "begins with /"), (["--request-compression", "zstd"], "gzip"),
                                 (["--timeout", "0"], "--timeout"), (["--retry-for", "long"], "--retry-for"),
                                 (["--retry-for", "366d"], "365d"),
                                 (["--concurrency", "0"], "--concurrency"), (["--max-records", "0"], "at least 1"),
                                 (["--max-request-bytes", "0"], "--max-request-bytes"), (["--rate", "fast"], "records"),
                                 (["--speed", "0"], "--speed"), (["--speed", "-1"], "--speed"), (["--speed", "1e3"], "--speed"),
                                 (["--speed", "x"], "--speed"), (["--loop", "0"], "--loop"), (["--shift", "2"], "--shift"),
                                 (["--shift-to", "soon"], "--shift-to"), (["--shift", "1h", "--shift-to", "now"], "exclude"),
                                 (["--auth-file", self.write("bad", b"digest hush-hush\n")], "bad"),
                                 (["--checkpoint", "c", "--loop", "2"], "--loop"),
                                 (["--checkpoint", "c", "--limit", "2"], "--limit"),
                                 (["--checkpoint", "c", "--since", "24h"], "point in time"),
                                 (["--checkpoint", "c", "--dry-run"], "dry run")):
            err = self.refused(*arguments, words=words)
            self.assertNotIn("hush-hush", err)
        self.assertEqual(os.path.exists("c"), False)

    def test_no_input(self):
        _, err = self.run_command("replay", *NOWHERE, code=2)
        self.assertIn("no input", err)
        _, err = self.run_command("replay", *NOWHERE, self.path("none"), code=4)
        self.assertIn("none: No such file", err)

    def test_standard_input_is_read_once(self):
        for arguments, words in ((["--shift-to", "now"], "--shift"), (["--loop", "2"], "--loop"),
                                 (["--checkpoint", self.path("c")], "standard input")):
            _, err = self.run_command("replay", *NOWHERE, "-", *arguments, code=2)
            self.assertIn(words, err)

    def test_what_is_written_does_not_lie_among_what_is_read(self):
        folder = self.path("captures")
        os.mkdir(folder)
        for flag in ("--dead-letter", "--checkpoint"):
            _, err = self.run_command("replay", *NOWHERE, flag, os.path.join(folder, "new"), folder, code=2)
            self.assertIn("would be read as input", err)


class DryRuns(ReplayTest):
    def dry_run(self, *arguments, code=0, stdin=b""):
        return self.stats("replay", *NOWHERE, "--dry-run", *arguments, code=code, stdin=stdin)[1]

    def test_numbers_are_those_of_convert(self):
        _, converted = self.stats("convert", capture("plain", "all.proto"), "-o", self.path("rows"))
        stats = self.dry_run(capture("plain", "all.proto"))
        self.assertTrue(stats["dry_run"])
        self.assertEqual(stats["records_read"], converted["records_read"])
        # Metrics without data give no rows, but are sent.
        self.assertEqual(stats["records_written"], converted["records_written"] + converted["records_without_data"])
        self.assertEqual(stats["signals"]["traces"]["records"], converted["rows"]["otel_traces"])
        self.assertEqual(stats["signals"]["logs"]["records"], converted["rows"]["otel_logs"])
        self.assertEqual(sum(entry["requests"] for entry in stats["signals"].values()), converted["requests"])
        self.assertEqual(sum(entry["records"] for entry in stats["signals"].values()), stats["records_written"])

    def test_metrics_without_data_are_sent(self):
        document = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a"}]}]}]}'
        self.assertEqual(self.dry_run("-", stdin=document)["signals"]["metrics"]["records"], 1)

    def test_splitting(self):
        requests = self.dry_run(capture("plain", "traces.proto"))["signals"]["traces"]
        split = self.dry_run(capture("plain", "traces.proto"), "--max-records", "1")["signals"]["traces"]
        self.assertEqual((split["requests"], split["records"]), (requests["records"], requests["records"]))
        small = self.dry_run(capture("plain", "traces.proto"), "--max-request-bytes", "3000")["signals"]["traces"]
        self.assertGreater(small["requests"], requests["requests"])
        self.assertEqual(small["records"], requests["records"])

    def test_a_record_that_is_too_large(self):
        _, err = self.run_command("replay", *NOWHERE, "--dry-run", "--max-request-bytes", "60", golden("traces-basic"), code=3)
        self.assertIn("--max-request-bytes", err)
        stats = self.dry_run("--max-request-bytes", "60", golden("traces-basic"), "--dead-letter", self.path("dead"))
        self.assertGreater(stats["records_dead_lettered"], 0)
        self.assertEqual(stats["records_read"], stats["records_written"] + stats["records_dead_lettered"])

    def test_when_records_happened(self):
        first = 1_700_000_000 * 10**9
        spans = self.spans([first + HOUR, first, first + 2 * HOUR])
        stats = self.dry_run(spans, "--shift", "-1h")
        self.assertEqual((stats["first_time"], stats["last_time"]), ("2023-11-14T22:13:20Z", "2023-11-15T00:13:20Z"))
        self.assertEqual((stats["first_time_sent"], stats["last_time_sent"]),
                         ("2023-11-14T21:13:20Z", "2023-11-14T23:13:20Z"))
        stats = self.dry_run(spans, "--shift-to", "2026-01-01")
        self.assertEqual((stats["first_time_sent"], stats["last_time_sent"]),
                         ("2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"))
        # Of the records that are chosen.
        stats = self.dry_run(spans, "--since", "2023-11-14T23:00:00Z", "--shift-to", "2026-01-01")
        self.assertEqual((stats["first_time"], stats["first_time_sent"]), ("2023-11-14T23:13:20Z", "2026-01-01T00:00:00Z"))
        self.assertEqual(stats["records_filtered"], 1)
        self.assertNotIn("first_time", self.dry_run("-", stdin=run.read(spans)))

    def test_how_long_it_takes(self):
        spans = self.spans([10**18, 10**18 + 60 * 10**9, 10**18 + 90 * 10**9])
        self.assertIsNone(self.dry_run(spans)["paced_seconds"])
        self.assertAlmostEqual(self.dry_run(spans, "--speed", "10")["paced_seconds"], 9)
        self.assertAlmostEqual(self.dry_run(spans, "--speed", "0.5x")["paced_seconds"], 180)
        self.assertAlmostEqual(self.dry_run(spans, "--speed", "10", "--loop", "3")["paced_seconds"], 27)
        # Two seconds behind the first of three.
        self.assertAlmostEqual(self.dry_run(spans, "--rate", "1")["paced_seconds"], 2)
        _, err = self.run_command("replay", *NOWHERE, "--dry-run", spans, "--speed", "1")
        self.assertIn("takes at least 1m30s", err)
        _, err = self.run_command("replay", *NOWHERE, "--dry-run", spans)
        self.assertIn("as fast as the endpoint takes it", err)

    def test_passes_add_up(self):
        once, thrice = self.dry_run(golden("traces-basic")), self.dry_run(golden("traces-basic"), "--loop", "3")
        for name in ("records_read", "records_written", "bytes", "bytes_in", "requests_delivered"):
            self.assertEqual(thrice[name], 3 * once[name], name)
        self.assertEqual((once["passes"], thrice["passes"]), (1, 3))

    def test_times_up_to_the_last_one(self):
        stats = self.dry_run(self.spans([(1 << 63) + 1, (1 << 64) - 2000]))
        self.assertEqual((stats["first_time"], stats["last_time"]),
                         ("2262-04-11T23:47:16.854775809Z", "2554-07-21T23:34:33.709549616Z"))

    def test_a_signal_without_a_pipeline(self):
        _, err = self.run_command("replay", *NOWHERE, "--dry-run", "--pipeline", "logs=l1", golden("traces-basic"), code=2)
        self.assertIn("--pipeline traces=ID", err)
        self.dry_run("--pipeline", "logs=l1", capture("plain", "all.proto"), "--table", "otel_logs")

    def test_a_bad_unit(self):
        bad = self.write("bad.jsonl", run.read(golden("traces-basic", "input.json")).replace(b"\n", b"") + b"\n{]\n")
        _, err = self.run_command("replay", *NOWHERE, "--dry-run", bad, code=3)
        self.assertIn("bad.jsonl: document 2", err)
        self.assertEqual(self.dry_run(bad, "--dead-letter", self.path("dead"))["units_dead_lettered"], 1)
        self.assertFalse(os.path.exists(self.path("dead")))


if __name__ == "__main__":
    run.main()
