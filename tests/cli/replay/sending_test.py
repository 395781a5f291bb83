#!/usr/bin/env python3
"""gf-otlp replay to an HTTP endpoint inside of the test: what arrives, what becomes of refusals, going on.

usage: sending_test.py GF_OTLP TESTDATA
"""

import base64
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from endpoint import Answer, ReplayTest  # noqa: E402
import run  # noqa: E402
from run import capture, golden, lines, read  # noqa: E402

REFUSED = Answer(400, b"no such field: 0815")


class Requests(ReplayTest):
    def assert_rows(self, endpoint, *inputs):
        """Bytes that are no UTF-8 are mended before they become JSON. Within nested values rows tell that apart."""
        def mended(tables):
            return {table: [row.replace(rb"\\ufffd", "\ufffd".encode()) for row in rows] for table, rows in tables.items()}
        self.assertEqual(mended(self.arrived(endpoint.taken)), mended(self.rows(*inputs)))

    def test_rows_are_those_of_the_capture(self):
        for options in ([], ["--protocol", "http/json"], ["--request-compression", "none"], ["--max-records", "2"],
                        ["--max-request-bytes", "3000"], ["--threads", "1"]):
            for form in ("all.proto", "all.json.zst", "traces.proto"):
                with self.subTest((options, form)):
                    endpoint = self.endpoint()
                    _, stats = self.replay(endpoint, capture("plain", form), *options)
                    self.assert_rows(endpoint, capture("plain", form))
                    self.assertEqual(stats["requests_delivered"], len(endpoint.taken))
                    self.assertEqual(stats["bytes"], sum(len(request.body) for request in endpoint.taken))

    def test_standard_input(self):
        endpoint = self.endpoint()
        self.replay(endpoint, "-", stdin=read(golden("traces-basic")))
        self.assertEqual(self.arrived(endpoint.taken), self.rows(golden("traces-basic")))

    def test_limits(self):
        endpoint = self.endpoint()
        self.replay(endpoint, capture("plain", "traces.proto"), "--max-request-bytes", "3000")
        self.assertLessEqual(max(len(request.body) for request in endpoint.taken), 3000)
        self.replay(endpoint, capture("plain", "traces.proto"), "--limit", "5")

    def test_one_raw_file_is_one_request(self):
        endpoint = self.endpoint()
        self.replay(endpoint, golden("traces-basic"))
        self.assertEqual([request.body for request in endpoint.taken], [read(golden("traces-basic"))])

    def test_content_types_and_compression(self):
        for options, kind, encoding in (([], "application/x-protobuf", "gzip"),
                                        (["--protocol", "http/json"], "application/json", "gzip"),
                                        (["--pipeline", "traces=t1"], "application/x-protobuf", None),
                                        (["-H", "traces=x-glassflow-pipeline-id: t1"], "application/x-protobuf", None),
                                        (["--pipeline", "traces=t1", "--request-compression", "gzip"],
                                         "application/x-protobuf", "gzip")):
            endpoint = self.endpoint()
            self.replay(endpoint, golden("traces-basic"), *options)
            headers = endpoint.requests[0].headers
            self.assertEqual((headers["content-type"], headers.get("content-encoding")), (kind, encoding))

    def test_headers_and_pipelines_of_signals(self):
        endpoint = self.endpoint()
        self.replay(endpoint, capture("plain", "all.proto"), "-H", "X-Tenant: acme", "-H", "traces=x-kind:a=b",
                    *(f"--pipeline={name}={name[0]}1" for name in ("traces", "logs", "metrics")))
        for request in endpoint.requests:
            self.assertEqual(request.headers["x-tenant"], "acme")
            self.assertEqual(request.headers.get("x-kind"), "a=b" if request.signal == "traces" else None)
            self.assertEqual(request.headers["x-glassflow-pipeline-id"], request.signal[0] + "1")
        self.assertEqual({request.path for request in endpoint.requests}, {"/v1/traces", "/v1/logs", "/v1/metrics"})

    def test_a_signal_without_a_pipeline_ends_the_run(self):
        endpoint = self.endpoint()
        said, _ = self.replay(endpoint, "--pipeline", "logs=l1", golden("traces-basic"), code=2)
        self.assertIn("--pipeline traces=ID", said)
        self.assertEqual(endpoint.requests, [])

    def test_paths(self):
        endpoint = self.endpoint()
        endpoint.url += "/a%20b/"
        self.replay(endpoint, capture("plain", "all.proto"), "--path", "logs=/other/logs?x=1")
        self.assertEqual({request.path for request in endpoint.requests},
                         {"/a%20b/v1/traces", "/other/logs?x=1", "/a%20b/v1/metrics"})

    def test_the_environment_names_the_endpoint(self):
        endpoint = self.endpoint()
        self.run_command("replay", golden("traces-basic"), env={"GF_OTLP_ENDPOINT": endpoint.url})
        self.assertEqual(len(endpoint.taken), 1)

    def test_credentials(self):
        for line, value in ((b"bearer abc", "Bearer abc"),
                            (b"# me\n\nbasic bob:secret", "Basic " + base64.b64encode(b"bob:secret").decode())):
            endpoint = self.endpoint()
            self.replay(endpoint, golden("traces-basic"), "--auth-file", self.write("auth", line + b"\n"))
            self.assertEqual(endpoint.requests[0].headers["authorization"], value)

    def test_order_is_kept(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans(range(1000, 1200)), "--threads", "4")
        self.assertEqual(self.names(endpoint.taken), [f"span {number}" for number in range(200)])

    def test_concurrency_sends_all(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans(range(1000, 1200)), "--concurrency", "8")
        self.assertEqual(sorted(self.names(endpoint.taken)), sorted(f"span {number}" for number in range(200)))

    def test_what_is_chosen(self):
        spans = self.spans([1_700_000_000 * 10**9 + hour * 3600 * 10**9 for hour in range(5)])
        endpoint = self.endpoint()
        _, stats = self.replay(endpoint, spans, "--since", "2023-11-14T23:00:00Z", "--until", "2023-11-15T01:30:00Z")
        self.assertEqual(self.names(endpoint.taken), ["span 1", "span 2", "span 3"])
        self.assertEqual((stats["records_read"], stats["records_written"], stats["records_filtered"]), (5, 3, 2))


class Answers(ReplayTest):
    def test_what_is_retried(self):
        endpoint = self.endpoint([Answer(503, headers={"Retry-After": "1"}), Answer(429)])
        said, stats = self.replay(endpoint, golden("traces-basic"))
        self.assertEqual(stats["retries"], 2)
        self.assertGreaterEqual(endpoint.requests[1].at - endpoint.requests[0].at, 0.95)
        self.assertEqual(len({request.body for request in endpoint.requests}), 1)
        self.assertIn("trying again", said)

    def test_it_gives_up(self):
        endpoint = self.endpoint(rest=Answer(503, b"still down"))
        said, stats = self.replay(endpoint, golden("traces-basic"), "--retry-for", "0", code=4)
        self.assertIn("still down", said)
        self.assertEqual((len(endpoint.requests), stats["records_failed"], stats["records_written"]), (1, 2, 0))

    def test_a_permanent_answer_ends_the_run(self):
        for status, code in ((400, 3), (413, 3), (401, 4), (404, 4), (500, 4)):
            with self.subTest(status):
                endpoint = self.endpoint([None, Answer(status, b"no such field: 0815")])
                said, stats = self.replay(endpoint, self.spans(range(1, 9)), code=code)
                self.assertIn("no such field: 0815", said)
                self.assertIn("spans.json: document 2", said)
                self.assertEqual(len(endpoint.requests), 2)
                self.assertEqual(stats["records_read"], stats["records_written"] + stats["records_failed"])

    def test_dead_letters_keep_it_going_and_can_be_sent_later(self):
        endpoint = self.endpoint([None, REFUSED, None])
        dead = self.path("dead.jsonl")
        said, stats = self.replay(endpoint, self.spans(range(1, 9)), "--dead-letter", dead, "--shift", "1h")
        self.assertEqual(said.count("0815"), 1)
        self.assertEqual((stats["records_written"], stats["records_dead_lettered"], stats["requests_dead_lettered"]), (7, 1, 1))
        letter = json.loads(lines(read(dead))[0])
        self.assertIn("0815", letter["reason"])
        again = self.endpoint()
        self.replay(again, "--input-format", "dead-letter", dead, "--shift", "1h")
        self.assertEqual(self.names(again.taken), ["span 1"])
        # A letter holds the record as it was read, not as it was sent.
        self.assertEqual(self.arrived(endpoint.requests[1:2]), self.arrived(again.taken))

    def test_the_server_s_failure_is_told_before_that_of_input_behind_it(self):
        bad = self.write("bad.jsonl", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"no"}]}]}]}\n')
        endpoint = self.endpoint(rest=Answer(401, b"who are you"))
        said, _ = self.replay(endpoint, self.spans(range(10**18, 10**18 + 20)), bad, code=4)
        self.assertIn("HTTP 401: who are you", said)

    def test_partial_success(self):
        answer = b"\x0a\x0c\x08\x01\x12\x08too many"
        endpoint = self.endpoint([Answer(body=answer)])
        said, stats = self.replay(endpoint, golden("traces-basic"))
        self.assertEqual((stats["records_rejected"], stats["records_written"]), (1, 2))
        self.assertEqual(stats["signals"]["traces"]["partial_success"], "too many")
        self.assertEqual(said.count("too many"), 2)
        endpoint = self.endpoint([Answer(body=answer)])
        _, err = self.run_command("replay", "--endpoint", endpoint.url, golden("traces-basic"))
        self.assertIn("rejected by the server", err)
        endpoint = self.endpoint([Answer(body=answer)])
        _, err = self.run_command("replay", "--endpoint", endpoint.url, golden("traces-basic"), "-q")
        self.assertIn("1 record of those rejected by the server", err)
        _, err = self.run_command("replay", "--endpoint", self.endpoint().url, golden("traces-basic"), "-q")
        self.assertEqual(err, "")


class GoingOn(ReplayTest):
    COUNT = 1000  # records: 5 MB, a few chunks of input

    def setUp(self):
        super().setUp()
        self.capture = self.spans(range(10**18, 10**18 + self.COUNT), padding=5000)
        self.job = [self.capture, "--checkpoint", self.path("checkpoint"), "--request-compression", "none"]

    def units_done(self):
        if not os.path.exists(self.path("checkpoint")):
            return 0
        return json.loads(read(self.path("checkpoint")))["files"][0]["units_done"]

    def stop(self, sent, *options):
        """A run that a signal ends in its middle: the endpoint."""
        endpoint = self.endpoint()
        process = self.start(endpoint, *self.job, *options, "--rate", "250")  # four seconds
        self.wait_for(lambda: self.units_done() not in (0, "all"), process)
        process.send_signal(sent)
        self.assertEqual(process.wait(), -sent)
        self.assertLess(len(endpoint.taken), self.COUNT, "it was over: the case shows nothing")
        return endpoint

    def test_after_kill_9_everything_arrives(self):
        endpoint = self.stop(signal.SIGKILL)
        before = len(endpoint.taken)
        self.replay(endpoint, *self.job)
        self.assertEqual(set(self.names(endpoint.taken)), {f"span {number}" for number in range(self.COUNT)})
        self.assertLess(len(endpoint.taken) - before, self.COUNT, "it began from the beginning")
        _, stats = self.replay(endpoint, *self.job)
        self.assertEqual(stats["records_written"], 0)

    def test_an_interrupt_repeats_nothing(self):
        endpoint = self.stop(signal.SIGINT)
        self.replay(endpoint, *self.job)
        self.assertEqual(self.names(endpoint.taken), [f"span {number}" for number in range(self.COUNT)])

    def test_behind_a_refused_request_it_begins_with_that_one(self):
        """All of it is one chunk of input."""
        job = [self.spans(range(10**18, 10**18 + 200)), "--checkpoint", self.path("checkpoint")]
        endpoint = self.endpoint([None] * 50, rest=REFUSED)
        self.replay(endpoint, *job, code=3)
        self.assertEqual(self.names(endpoint.taken), [f"span {number}" for number in range(50)])
        self.assertEqual(self.units_done(), 50)
        endpoint.rest = None
        self.replay(endpoint, *job)
        self.assertEqual(self.names(endpoint.taken), [f"span {number}" for number in range(200)])

    def test_what_was_decided_holds(self):
        """Of --shift-to now and --new-ids."""
        options = ["--shift-to", "now", "--new-ids"]
        endpoint = self.stop(signal.SIGINT, *options)
        kept = json.loads(read(self.path("checkpoint")))["kept"]
        self.replay(endpoint, *self.job, *options)
        self.assertEqual(json.loads(read(self.path("checkpoint")))["kept"], kept)
        rows = [json.loads(row) for row in self.arrived(endpoint.taken)["otel_traces.jsonl"]]
        self.assertEqual(len({row["TraceId"] for row in rows}), self.COUNT)
        # Times of the capture are a nanosecond apart.
        begun = sorted(row["Timestamp"] for row in rows)
        self.assertEqual(len(set(begun)), self.COUNT)
        self.assertEqual(begun[0][:17], begun[-1][:17])

    def test_another_job_is_refused(self):
        endpoint = self.endpoint()
        self.replay(endpoint, *self.job)
        for options in (["--shift", "1h"], ["-H", "a: hush-hush"], ["--pipeline", "traces=t1"]):
            said, _ = self.replay(endpoint, *self.job, *options, code=2)
            self.assertIn("another job", said)
            self.assertNotIn("hush-hush", said)


if __name__ == "__main__":
    run.main()
