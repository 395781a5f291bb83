#!/usr/bin/env python3
"""gf-otlp replay: times that move, the pace of records, new ids, passes.

usage: time_test.py GF_OTLP TESTDATA
"""

import datetime
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from endpoint import ReplayTest  # noqa: E402
import run  # noqa: E402

SECOND = 10**9
FIRST = 1_700_000_000 * SECOND
ZERO = "1970-01-01 00:00:00.000000000"

# Records of each signal with the same ids, and with times in all places.
TRACE, SPAN, OTHER = "11" * 16, "22" * 8, "33" * 8


def at(seconds):
    return str(FIRST + seconds * SECOND)


TRACES = {"resourceSpans": [{"scopeSpans": [{"spans": [
    {"traceId": TRACE, "spanId": SPAN, "name": "a", "startTimeUnixNano": at(0), "endTimeUnixNano": at(1),
     "events": [{"timeUnixNano": at(2), "name": "e"}, {"timeUnixNano": "0", "name": "never"}]},
    {"traceId": TRACE, "spanId": OTHER, "parentSpanId": SPAN, "name": "b", "startTimeUnixNano": at(3),
     "endTimeUnixNano": at(4), "links": [{"traceId": TRACE, "spanId": SPAN}]}]}]}]}
LOGS = {"resourceLogs": [{"scopeLogs": [{"logRecords": [
    {"timeUnixNano": at(5), "observedTimeUnixNano": at(6), "traceId": TRACE, "spanId": OTHER, "body": {"stringValue": "x"}},
    {"observedTimeUnixNano": at(7), "body": {"stringValue": "no ids"}}]}]}]}
METRICS = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "g", "gauge": {"dataPoints": [
    {"timeUnixNano": at(8), "asInt": "1", "exemplars": [{"timeUnixNano": at(9), "asInt": "1", "traceId": TRACE,
                                                          "spanId": SPAN}]}]}}]}]}]}


def nanoseconds(text):
    day, _, fraction = text.partition(".")
    seconds = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * SECOND + int(fraction.ljust(9, "0") or 0)


class TimeTest(ReplayTest):
    def capture(self):
        return self.write("all.json", "\n".join(map(json.dumps, (TRACES, LOGS, METRICS))).encode())

    def sent(self, *arguments):
        """Of each table the rows that arrived, as objects."""
        endpoint = self.endpoint()
        self.replay(endpoint, self.capture(), *arguments)
        return self.objects(endpoint.taken)

    def objects(self, requests):
        folder = {table: [json.loads(row) for row in rows] for table, rows in self.arrived(requests).items()}
        return {table.removesuffix(".jsonl"): rows for table, rows in folder.items()}

    def times(self, tables):
        """All times, in nanoseconds."""
        spans, logs, points = (tables[table] for table in ("otel_traces", "otel_logs", "otel_metrics_gauge"))
        texts = [text for span in spans for text in [span["Timestamp"], *span["Events.Timestamp"]]]
        texts += [log["Timestamp"] for log in logs]
        texts += [text for point in points for text in [point["TimeUnix"], *point["Exemplars.TimeUnix"]]]
        return [nanoseconds(text) for text in texts]


class Shifts(TimeTest):
    def check(self, shift, *options):
        before, after = self.times(self.sent("--threads", "1")), self.times(self.sent(*options))
        self.assertEqual(after, [time and time + shift for time in before])
        self.assertEqual(before.count(0), 1, "the event that never was")

    def test_by_a_duration(self):
        self.check(7200 * SECOND, "--shift", "2h")
        self.check(7200 * SECOND, "--shift", "+2h")
        self.check(-86400 * SECOND - 1, "--shift", "-1d1ns")
        self.check(3600 * SECOND, "--shift", "1h", "--protocol", "http/json")

    def test_to_a_point_in_time(self):
        target = nanoseconds("2026-01-01 00:00:00")
        self.check(target - FIRST, "--shift-to", "2026-01-01")
        self.check(target - FIRST, "--shift-to", "2026-01-01", "--max-records", "1")

    def test_durations_stay(self):
        self.assertEqual([span["Duration"] for span in self.sent("--shift", "3h")["otel_traces"]], [SECOND, SECOND])

    def test_to_now(self):
        before = time.time_ns()
        times = [time for time in self.times(self.sent("--shift-to", "now")) if time]
        self.assertGreaterEqual(min(times), before)
        self.assertLessEqual(min(times), time.time_ns())
        self.assertEqual(max(times) - min(times), 9 * SECOND)

    def test_conditions_are_asked_of_the_capture(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans([FIRST, FIRST + 10 * SECOND]), "--since", "2023-11-14T22:13:25Z", "--shift-to",
                    "2026-01-01")
        (row,) = self.objects(endpoint.taken)["otel_traces"]
        self.assertEqual((row["SpanName"], row["Timestamp"]), ("span 1", "2026-01-01 00:00:00.000000000"))

    def test_a_capture_without_times(self):
        endpoint = self.endpoint()
        _, stats = self.replay(endpoint, self.spans([0]), "--shift-to", "now")
        self.assertEqual(stats["records_written"], 1)


class Ids(TimeTest):
    def test_relations_hold(self):
        tables = self.sent("--new-ids")
        (a, b), (with_ids, without), (point,) = (tables[t] for t in ("otel_traces", "otel_logs", "otel_metrics_gauge"))
        trace = a["TraceId"]
        self.assertNotIn(trace, (TRACE, "0" * 32, ""))
        self.assertFalse({a["SpanId"], b["SpanId"]} & {SPAN, OTHER})
        self.assertNotEqual(a["SpanId"], b["SpanId"])
        self.assertEqual((b["TraceId"], b["ParentSpanId"]), (trace, a["SpanId"]))
        self.assertEqual((b["Links.TraceId"], b["Links.SpanId"]), ([trace], [a["SpanId"]]))
        self.assertEqual((with_ids["TraceId"], with_ids["SpanId"]), (trace, b["SpanId"]))
        self.assertEqual((point["Exemplars.TraceId"], point["Exemplars.SpanId"]), ([trace], [a["SpanId"]]))
        self.assertEqual((without["TraceId"], without["SpanId"], a["ParentSpanId"]), ("", "", ""))

    def test_all_else_stays(self):
        before, after = self.sent(), self.sent("--new-ids")
        for table, rows in before.items():
            for old, new in zip(rows, after[table], strict=True):
                changed = {key for key in old if old[key] != new[key]}
                self.assertLessEqual(changed, {"TraceId", "SpanId", "ParentSpanId", "Links.TraceId", "Links.SpanId",
                                               "Exemplars.TraceId", "Exemplars.SpanId"})

    def test_each_pass_and_run_has_others(self):
        endpoint = self.endpoint()
        for _ in range(2):
            self.replay(endpoint, self.capture(), "--new-ids", "--loop", "3")
        spans = self.objects(endpoint.taken)["otel_traces"]
        self.assertEqual(len({span["TraceId"] for span in spans}), 6)
        self.assertEqual(len({span["SpanId"] for span in spans}), 12)


class Passes(TimeTest):
    def test_all_is_sent_each_time(self):
        endpoint = self.endpoint()
        _, stats = self.replay(endpoint, self.spans([FIRST, FIRST + 1]), "--loop", "3")
        self.assertEqual(self.names(endpoint.taken), ["span 0", "span 1"] * 3)
        self.assertEqual((stats["passes"], stats["records_read"], stats["records_written"]), (3, 6, 6))

    def test_now_is_when_a_pass_begins(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans([FIRST, FIRST + SECOND]), "--loop", "2", "--shift-to", "now", "--speed", "1")
        first, _, third, _ = [nanoseconds(row["Timestamp"]) for row in self.objects(endpoint.taken)["otel_traces"]]
        self.assertGreaterEqual(third - first, SECOND * 9 // 10)


class Pace(TimeTest):
    def test_gaps_are_kept(self):
        gaps = [0, 200, 200, 1000, 1400]  # milliseconds
        spans = self.spans([FIRST + gap * 10 * 10**6 for gap in gaps])
        endpoint = self.endpoint()
        self.replay(endpoint, spans, "--speed", "10x")
        self.assertEqual(self.names(endpoint.taken), [f"span {number}" for number in range(len(gaps))])
        for request, gap in zip(endpoint.taken, gaps):
            # The first one takes longer, as it connects.
            self.assertGreaterEqual(request.at - endpoint.taken[0].at, gap / 1000 - 0.15)

    def test_a_request_is_divided_where_its_records_are_apart(self):
        spans = [{"traceId": TRACE, "spanId": SPAN, "name": f"span {n}", "startTimeUnixNano": str(FIRST + n * SECOND)}
                 for n in range(3)]
        document = self.write("one.json", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())
        endpoint = self.endpoint()
        self.replay(endpoint, document, "--speed", "4")
        self.assertEqual(len(endpoint.taken), 3)
        self.assertGreaterEqual(endpoint.taken[2].at - endpoint.taken[0].at, 0.35)
        endpoint = self.endpoint()
        self.replay(endpoint, document, "--speed", "1000")
        self.assertEqual(len(endpoint.taken), 1)

    def test_as_fast_as_can_be(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans([FIRST, FIRST + 10**6 * SECOND]))
        self.assertEqual(len(endpoint.taken), 2)

    def test_a_rate(self):
        endpoint = self.endpoint()
        self.replay(endpoint, self.spans(range(FIRST, FIRST + 11)), "--rate", "10")
        self.assertGreaterEqual(endpoint.taken[-1].at - endpoint.taken[0].at, 0.8)


if __name__ == "__main__":
    run.main()
