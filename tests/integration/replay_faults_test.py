#!/usr/bin/env python3
"""gf-otlp replay when the server refuses, throttles or is slow, and when replay is ended in the middle.

usage: replay_faults_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import email.utils
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import replaying  # noqa: E402
import servers  # noqa: E402
from replaying import PROTOCOLS, ReplayTest, endpoint, numbers  # noqa: E402
from scripted_receiver import Answer, Fault  # noqa: E402
from servers import run  # noqa: E402

FEW = 40  # records: two requests

RETRIED = {
    "http": {
        **{f"HTTP {status}": Answer(status, message="not now") for status in (429, 502, 503, 504)},
        **{kind: Fault(kind) for kind in ("reset before", "reset during", "reset after", "close", "half")},
    },
    "grpc": {code: Answer(code=code, message="not now") for code in (
        "CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS", "RESOURCE_EXHAUSTED")},
}
# Status -> exit code.
PERMANENT = {
    "http": {400: 3, 401: 4, 403: 4, 404: 4, 405: 4, 413: 3, 415: 3, 422: 3, 500: 4, 501: 4},
    "grpc": {"INVALID_ARGUMENT": 3, "FAILED_PRECONDITION": 3, "UNKNOWN": 4, "NOT_FOUND": 4, "ALREADY_EXISTS": 4,
             "PERMISSION_DENIED": 4, "UNIMPLEMENTED": 4, "INTERNAL": 4, "UNAUTHENTICATED": 4},
}


def permanent(protocol, status, message):
    return Answer(status=status, message=message) if protocol == "http" else Answer(code=status, message=message)


class Answers(ReplayTest):
    def start_all(self, cases, script, options=()):
        """For each case (protocol, name) a receiver with its script, and a replay of a few records to it, all at a time."""
        capture = self.records(FEW)
        started = []
        for number, case in enumerate(cases):
            receiver = self.receiver(script(*case), grpc=case[0] == "grpc")
            started.append((case, receiver, self.start(f"stderr-{number}", capture, "--endpoint", endpoint(receiver, case[0]),
                                                       *options)))
        return started

    def test_what_is_retried(self):
        cases = [(protocol, name) for protocol, steps in RETRIED.items() for name in steps]
        for case, receiver, running in self.start_all(cases, lambda protocol, name: [RETRIED[protocol][name]]):
            with self.subTest(case):
                self.ended(running, 0)
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_a_retry_is_the_same_request(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.receiver([Answer(503, "UNAVAILABLE")] * 2, grpc=True)
                self.replay(self.records(FEW), "--endpoint", endpoint(receiver, protocol))
                first, second, third, *rest = (replaying.content(request) for request in receiver.requests)
                self.assertEqual({first, second, third}, {first})
                self.assertEqual(len(rest), 1)

    def test_what_is_not_retried(self):
        words = "the reason is 0815"
        cases = [(protocol, status) for protocol, codes in PERMANENT.items() for status in codes]
        started = self.start_all(cases, lambda protocol, status: [permanent(protocol, status, words)])
        for case, receiver, running in started:
            with self.subTest(case):
                said, _ = self.ended(running, PERMANENT[case[0]][case[1]])
                self.assertIn(words, said)
                self.assertEqual((len(receiver.requests), receiver.taken), (1, []))

    def test_a_redirect_is_not_followed(self):
        receiver = self.receiver([Answer(307, headers={"Location": "http://elsewhere.example/v1/logs?token=s3cret"})])
        said, _ = self.replay(self.records(FEW), "--endpoint", endpoint(receiver, "http"), code=4)
        self.assertIn("leads on to http://elsewhere.example: give that URL", said)
        self.assertNotIn("s3cret", said)
        self.assertEqual(len(receiver.requests), 1)

    def test_exhausted_is_permanent_when_told_so(self):
        receiver = self.receiver(rest=Answer(code="RESOURCE_EXHAUSTED", message="quota"), grpc=True)
        said, _ = self.replay(self.records(FEW), "--endpoint", endpoint(receiver, "grpc"), "--no-retry-exhausted", code=4)
        self.assertIn("quota", said)
        self.assertEqual(len(receiver.requests), 1)
        # With RetryInfo it is none of that option's business.
        receiver = self.receiver([Answer(code="RESOURCE_EXHAUSTED", retry_delay=0.1)], grpc=True)
        self.replay(self.records(FEW), "--endpoint", endpoint(receiver, "grpc"), "--no-retry-exhausted")
        self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_a_message_too_large_for_the_server(self):
        capture = self.records(20, padding=300_000)  # one request of 6 MB; the server takes 4 MiB
        receiver = self.receiver(grpc=True)
        target = ["--endpoint", endpoint(receiver, "grpc")]
        said, _ = self.replay(capture, *target, "--max-request-bytes", "50MB", code=3)
        self.assertIn("larger than max", said)
        self.replay(capture, *target)
        self.assertEqual(numbers(receiver.taken), list(range(20)))

    def test_when_a_retry_comes(self):
        """At the earliest when the server asks for it. Backoff of its own is a second and less at first."""
        date = email.utils.formatdate(time.time() + 6, usegmt=True)  # in whole seconds
        cases = {("http", "seconds"): (Answer(429, headers={"Retry-After": "3"}), 3),
                 ("http", "date"): (Answer(503, headers={"Retry-After": date}), 3),
                 ("grpc", "RetryInfo"): (Answer(code="UNAVAILABLE", retry_delay=3.25), 3.25),
                 ("grpc", "exhausted"): (Answer(code="RESOURCE_EXHAUSTED", retry_delay=3.25), 3.25)}
        for case, receiver, running in self.start_all(cases, lambda *case: [cases[case][0]]):
            with self.subTest(case):
                self.ended(running, 0)
                first, second = receiver.requests[:2]
                self.assertGreaterEqual(second.at - first.at, cases[case][1] - 0.1)
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_it_gives_up_in_the_end(self):
        cases = [(protocol, "") for protocol in PROTOCOLS]
        started = self.start_all(cases, lambda *_: [Answer(503, "UNAVAILABLE", "still down")] * 1000, ["--retry-for", "3s"])
        for case, receiver, running in started:
            with self.subTest(case):
                said, _ = self.ended(running, 4)
                self.assertIn("still down", said)
                self.assertGreater(len(receiver.requests), 1)
                self.assertGreater(receiver.requests[-1].at - receiver.requests[0].at, 0.5)

    def test_partial_success(self):
        answer = Answer(message="3 records lack a name", rejected=3)
        for case, receiver, running in self.start_all([(p, "") for p in PROTOCOLS], lambda *_: [answer]):
            with self.subTest(case):
                said, stats = self.ended(running, 0)
                self.assertIn("3 records lack a name", said)
                self.assertEqual(stats["records_rejected"], 3)
                self.assertEqual(numbers(receiver.requests), list(range(FEW)))

    def test_an_answer_that_warns(self):
        answer = Answer(message="deprecated attribute")
        for case, receiver, running in self.start_all([(p, "") for p in PROTOCOLS], lambda *_: [answer]):
            with self.subTest(case):
                said, stats = self.ended(running, 0)
                self.assertIn("deprecated attribute", said)
                self.assertEqual(stats["records_rejected"], 0)
                self.assertEqual(len(receiver.requests), 2)


class Slow(ReplayTest):
    def test_a_server_that_hangs(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.receiver([None, Fault("hang")], grpc=True)
                self.replay(self.records(FEW), "--endpoint", endpoint(receiver, protocol), "--timeout", "1s")
                self.assertEqual(receiver.hanging, 1)
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_a_server_that_always_hangs(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.receiver(rest=Fault("hang"), grpc=True)
                self.replay(self.records(FEW), "--endpoint", endpoint(receiver, protocol), "--timeout", "500ms", "--retry-for",
                            "3s", code=4)
                self.assertGreater(receiver.hanging, 1)

    def test_a_slow_server_is_no_fault(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.receiver(rest=Answer(delay=1.5), grpc=True)
                self.replay(self.records(FEW), "--endpoint", endpoint(receiver, protocol))
                self.assertEqual(numbers(receiver.requests), list(range(FEW)))

    def test_concurrency(self):
        capture = self.records(400)
        for protocol in PROTOCOLS:
            for count in (1, 8):
                with self.subTest((protocol, count)):
                    receiver = self.receiver(rest=Answer(delay=0.1), grpc=True)
                    self.replay(capture, "--endpoint", endpoint(receiver, protocol), "--concurrency", str(count))
                    found = numbers(receiver.taken)
                    self.assertEqual(sorted(found), list(range(400)))
                    if count == 1:
                        self.assertEqual((receiver.most_in_flight, found), (1, sorted(found)))
                    else:
                        self.assertGreater(receiver.most_in_flight, 4)
                        self.assertLessEqual(receiver.most_in_flight, count)


class DeadLetters(ReplayTest):
    def test_refused_requests_become_letters(self):
        for protocol in PROTOCOLS:
            for code in (3, 4):
                with self.subTest((protocol, code)):
                    status = {"http": {3: 400, 4: 500}, "grpc": {3: "INVALID_ARGUMENT", 4: "INTERNAL"}}[protocol][code]
                    receiver = self.receiver([None, permanent(protocol, status, "no such field"), None], grpc=True)
                    dead = self.path(f"dead-{protocol}-{code}.jsonl")
                    said, stats = self.replay(self.records(100), "--endpoint", endpoint(receiver, protocol), "--dead-letter", dead)
                    self.assertIn("no such field", run.read(dead).decode())
                    self.assertEqual((stats["records_written"], stats["records_dead_lettered"]), (80, 20), said)
                    self.assertEqual(numbers(receiver.taken), [*range(20), *range(40, 100)])
                    again = self.receiver(grpc=True)
                    self.replay("--input-format", "dead-letter", dead, "--endpoint", endpoint(again, protocol))
                    self.assertEqual(sorted(numbers(again.taken)), list(range(20, 40)))


class Interrupted(ReplayTest):
    COUNT = 12000  # records: 5 MB, five chunks of input
    RATE = ("--rate", "4000")  # three seconds

    def begin(self, protocol):
        """A run that is in the middle: (receiver, its arguments, the run)."""
        receiver = self.receiver(grpc=True)
        arguments = [self.records(self.COUNT), "--endpoint", endpoint(receiver, protocol), "--checkpoint",
                     self.path(f"checkpoint-{protocol}")]
        return receiver, arguments, self.start(protocol, *arguments, *self.RATE)

    def units_done(self, checkpoint):
        if not os.path.exists(checkpoint):
            return 0
        files = json.loads(run.read(checkpoint))["files"]
        return files[0]["units_done"] if files else 0

    def go_on(self, receiver, arguments):
        """The rest arrives, and nothing is sent any more then. Records of the second run."""
        before = len(receiver.taken)
        self.assertLess(len(set(numbers(receiver.taken))), self.COUNT, "it was over: the case shows nothing")
        self.replay(*arguments)
        second = numbers(receiver.taken[before:])
        self.assertEqual(sorted(set(numbers(receiver.taken))), list(range(self.COUNT)))
        self.assertLess(len(second), self.COUNT, "it began from the beginning")
        _, stats = self.replay(*arguments)
        self.assertEqual(stats["records_written"], 0)
        return second

    def test_replay_is_killed(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver, arguments, running = self.begin(protocol)
                checkpoint = arguments[-1]
                self.wait_for("a checkpoint with something in it", lambda at=checkpoint: self.units_done(at) > 0, running)
                running.process.kill()
                self.ended(running, -signal.SIGKILL)
                self.go_on(receiver, arguments)

    def test_a_signal(self):
        for protocol, sent in (("http", signal.SIGINT), ("grpc", signal.SIGTERM)):
            with self.subTest(protocol):
                receiver, arguments, running = self.begin(protocol)
                self.wait_for("a checkpoint with something in it", lambda at=arguments[-1]: self.units_done(at) > 0, running)
                running.process.send_signal(sent)
                self.ended(running, -sent)
                first = numbers(receiver.taken)
                second = self.go_on(receiver, arguments)
                # What was under way was ended in order: only of one chunk of input something may come twice.
                self.assertLess(len(set(first) & set(second)), 3000)

    def test_a_server_that_fails_in_the_middle(self):
        receiver = self.receiver([None] * 300, rest=Answer(500, message="disk full"))
        arguments = [self.records(self.COUNT), "--endpoint", endpoint(receiver, "http"), "--checkpoint", self.path("checkpoint")]
        said, _ = self.replay(*arguments, code=4)
        self.assertIn("disk full", said)
        self.assertEqual(numbers(receiver.taken), list(range(6000)))
        receiver.rest = None
        self.go_on(receiver, arguments)

    def test_a_signal_while_nothing_is_taken(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver = self.receiver(rest=Answer(503, "UNAVAILABLE"), grpc=True)
                running = self.start(protocol, self.records(FEW), "--endpoint", endpoint(receiver, protocol))
                self.wait_for("a request", lambda receiver=receiver: receiver.requests, running)
                running.process.send_signal(signal.SIGINT)
                self.ended(running, -signal.SIGINT)


if __name__ == "__main__":
    servers.main(replaying.prepare)
