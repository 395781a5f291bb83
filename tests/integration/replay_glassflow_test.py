#!/usr/bin/env python3
"""gf-otlp replay to GlassFlow's OTLP receiver, of which glassflow_receiver.py is a stand-in: a pipeline a signal, rows as
`convert --shape glassflow-flat` has them of the capture.

usage: replay_glassflow_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import glob
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import replaying  # noqa: E402
import servers  # noqa: E402
from glassflow_receiver import GlassFlow, decode  # noqa: E402
from replaying import PROTOCOLS, ReplayTest, endpoint  # noqa: E402
from scripted_receiver import Request  # noqa: E402
from servers import run  # noqa: E402

PIPELINES = {"t1": "traces", "l1": "logs", "m1": "metrics"}
OPTIONS = [f"--pipeline={signal}={pipeline}" for pipeline, signal in PIPELINES.items()]
PROTOBUF = {"content-type": "application/x-protobuf"}


def request(path):
    """A golden input as it would come; the name of its case begins with its signal."""
    signal = os.path.basename(os.path.dirname(path)).partition("-")[0]
    return Request("http", signal, PROTOBUF, run.read(path), 0)


def golden_inputs():
    """Those that GlassFlow takes: texts of the others are not all UTF-8."""
    return [path for path in sorted(glob.glob(run.golden("*"))) if decode(request(path))[1] is None]


class GlassFlowTest(ReplayTest):
    def glassflow(self, script=(), **options):
        return self.receiver(PIPELINES, script, kind=GlassFlow, **options)

    def replay_to(self, receiver, protocol, *arguments, code=0):
        return self.replay("--endpoint", endpoint(receiver, protocol), *arguments, code=code)

    def flat_rows(self, *inputs):
        return self.rows("--shape", "glassflow-flat", *inputs)

    def taken(self, receiver):
        """Its rows: table -> rows in order."""
        return self.flat_rows(receiver.write(self.path(f"taken-{len(os.listdir(self.folder))}")))


class Rows(GlassFlowTest):
    def test_rows_are_those_of_the_capture(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.glassflow()
                self.replay_to(receiver, protocol, *OPTIONS, *golden_inputs())
                expected = self.flat_rows(*golden_inputs())
                self.assertEqual(len(expected), 3)
                self.assertEqual(self.taken(receiver), expected)
                self.assertEqual(len(receiver.taken), len(receiver.requests))
                for request in receiver.requests:
                    self.assertNotIn("content-encoding", request.headers)
                    self.assertEqual(PIPELINES[request.headers["x-glassflow-pipeline-id"]], request.signal)

    def test_requests_are_as_small_as_it_wants_them(self):
        capture = self.records(200, padding=60_000)  # requests of 1.2 MB each, joined they would be 12 MB
        joined = self.path("joined.pb")
        self.run_command("convert", "--to", "otlp_proto", "-o", joined, capture)
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.glassflow()
                self.replay_to(receiver, protocol, *OPTIONS, joined)
                self.assertEqual(self.taken(receiver), self.flat_rows(capture))
                self.assertLessEqual(max(len(request.body) for request in receiver.requests), 4 << 20)

    def test_texts_that_are_not_utf8(self):
        """It refuses the request; the others go on with --dead-letter."""
        inputs = [run.golden("logs-basic"), run.golden("logs-invalid-utf8"), run.golden("logs-attr-types")]
        for protocol, code in (("http", 3), ("grpc", 4)):
            with self.subTest(protocol):
                receiver = self.glassflow()
                self.replay_to(receiver, protocol, *OPTIONS, *inputs, code=code)
                receiver = self.glassflow()
                dead = self.path(f"dead-{protocol}")
                self.replay_to(receiver, protocol, *OPTIONS, *inputs, "--dead-letter", dead)
                self.assertEqual(self.taken(receiver), self.flat_rows(inputs[0], inputs[2]))
                (refused,) = self.flat_rows(inputs[1]).values()
                self.assertEqual(len(run.lines(run.read(dead))), len(refused))


class Pipelines(GlassFlowTest):
    def check(self, receiver, protocol, options, code, words):
        """It stops with the first request, which was not taken."""
        said, _ = self.replay_to(receiver, protocol, run.golden("traces-basic"), *options, code=code)
        self.assertIn(words, said)
        self.assertEqual((len(receiver.requests), receiver.taken), (1, []))

    def test_no_pipeline(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                options = ["--request-compression", "none"]
                self.check(self.glassflow(), protocol, options, 3, "missing x-glassflow-pipeline-id header")

    def test_a_wrong_pipeline(self):
        for protocol in PROTOCOLS:
            for pipeline in ("t2", "l1"):
                with self.subTest((protocol, pipeline)):
                    self.check(self.glassflow(), protocol, ["--pipeline", f"traces={pipeline}"], 4, f"pipeline {pipeline} not found")

    def test_gzip_is_refused(self):
        self.check(self.glassflow(), "http", ["--pipeline", "traces=t1", "--request-compression", "gzip"], 3, "HTTP 400")

    def test_json_gives_other_ids(self):
        """Its decoder reads hexadecimal ids as base64: it takes them, and stores something else. The manual warns."""
        receiver = self.glassflow()
        capture = run.golden("traces-basic")
        self.replay_to(receiver, "http", "--pipeline", "traces=t1", "--protocol", "http/json", capture)
        self.assertEqual(len(receiver.taken), len(receiver.requests))
        # pylint: disable=import-outside-toplevel
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        span = ExportTraceServiceRequest.FromString(receiver.bodies["t1"][0]).resource_spans[0].scope_spans[0].spans[0]
        self.assertEqual((len(span.trace_id), len(span.span_id)), (24, 12))


class Overload(GlassFlowTest):
    def test_it_is_ridden_out(self):
        capture = self.records(200)
        for protocol in PROTOCOLS:
            for status in (429, 503) if protocol == "http" else (429,):
                with self.subTest((protocol, status)):
                    receiver = self.glassflow(overload=status)
                    receiver.script.extend([None, receiver.overloaded(), receiver.overloaded(), None, receiver.overloaded()])
                    self.replay_to(receiver, protocol, *OPTIONS, capture)
                    self.assertEqual(self.taken(receiver), self.flat_rows(capture))
                    self.assertEqual(len(receiver.requests) - len(receiver.taken), 3)
                    if protocol == "http":  # Retry-After: 1
                        refused, again = receiver.requests[1:3]
                        self.assertGreaterEqual(again.at - refused.at, 0.95)

    def test_more_in_flight_than_it_takes(self):
        capture = self.records(4000)
        receiver = self.glassflow(work=0.2)
        self.replay_to(receiver, "http", *OPTIONS, capture, "--concurrency", "64")
        self.assertGreater(len(receiver.requests), len(receiver.taken), "it was never overloaded: the case shows nothing")
        (found,), (expected,) = self.taken(receiver).values(), self.flat_rows(capture).values()
        self.assert_same(found, expected)


if __name__ == "__main__":
    servers.main(replaying.prepare)
