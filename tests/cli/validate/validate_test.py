#!/usr/bin/env python3
"""gf-otlp validate as its users meet it: reports, counts, exit codes.

usage: validate_test.py GF_OTLP TESTDATA
"""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, capture, golden, read  # noqa: E402

SERVICE = {"key": "service.name", "value": {"stringValue": "shop"}}
START = 1790000000000000000


def framed(*messages):
    return b"".join(struct.pack(">I", len(m)) + m for m in messages)


def span(number, parent=None, **fields):
    """A good span of one trace; fields replace what it has."""
    made = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": f"{number:016x}", "name": "GET /", "kind": 2,
            "startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 1000), **fields}
    if parent is not None:
        made["parentSpanId"] = f"{parent:016x}"
    return made


def traces(*spans, attributes=(SERVICE,)):
    document = {"resourceSpans": [{"resource": {"attributes": list(attributes)}, "scopeSpans": [{"spans": spans}]}]}
    return json.dumps(document).encode() + b"\n"


class ValidateTest(CommandTest):
    def report(self, *arguments, stdin=b"", code=0):
        """The report as JSON."""
        out, _ = self.run_command("validate", "--format", "json", *arguments, stdin=stdin, code=code)
        return json.loads(out)

    def found(self, *arguments, stdin=b"", code=0):
        """How often each rule was broken."""
        report = self.report(*arguments, stdin=stdin, code=code)
        return {rule["id"]: rule["count"] for rule in report["rules"] if rule["count"]}


class Findings(ValidateTest):
    def test_good_data_breaks_no_rule(self):
        out, err = self.run_command("validate", "-", stdin=traces(span(1), span(2, 1)))
        self.assertIn(b"nothing found", out)
        self.assertEqual(err, "gf-otlp validate: standard input: nothing found\n")

    def test_quiet(self):
        _, err = self.run_command("validate", "-q", "-", stdin=traces(span(1)))
        self.assertEqual(err, "")

    def test_findings_have_their_place(self):
        lines = [traces(span(1)), traces(span(2), span(3, name=""), attributes=())]
        path = self.write("spans.jsonl", b"".join(lines))
        report = self.report(path, code=1)
        items = {item["rule"]: item for item in report["items"]}
        self.assertEqual(set(items), {"service-name-missing", "span-name-empty"})
        self.assertEqual(items["span-name-empty"]["file"], path)
        self.assertEqual(items["span-name-empty"]["offset"], len(lines[0]))
        self.assertEqual(items["span-name-empty"]["record"], 1)
        self.assertEqual(items["service-name-missing"]["record"], 0)

    def test_offsets_in_protobuf_are_those_of_the_record(self):
        path = capture("plain", "all.proto")
        content = read(path)
        report = self.report("--rule", "span-kind-unknown", "--max-findings", "1000", path, code=1)
        items = [item for item in report["items"] if item["rule"] == "span-kind-unknown"]
        self.assertGreater(len(items), 40)
        for item in items:
            # A span begins with its trace id or span id, if it has one; its kind is field 6.
            self.assertIn(b"\x30", content[item["offset"]:item["offset"] + 3000])
        self.assertEqual(len({item["offset"] for item in items}), len(items))

    def test_the_same_data_breaks_the_same_rules_in_every_form(self):
        expected = self.found(capture("plain", "all.proto"), code=1)
        self.assertGreater(len(expected), 30)
        for name in ("all.json", "all.json.zst", "all.proto.zst"):
            found = self.found(capture("plain", name), code=1)
            found.pop("json-bad-text", None)
            self.assertEqual(found, expected, name)
        found = self.found(*[capture("plain", f"{signal}.proto") for signal in ("traces", "logs", "metrics")], code=1)
        self.assertEqual(found, expected)

    def test_counts_do_not_depend_on_threads(self):
        content = b"".join(traces(*[span(i, i // 2, kind=i % 9, name="x" * (i % 3)) for i in range(j, j + 200)])
                           for j in range(1, 4000, 100))
        path = self.write("spans.jsonl", content)
        one, four = (self.report("--cross", "--threads", threads, path, code=1) for threads in ("1", "4"))
        for report in (one, four):
            report["facts"].pop("seconds")
        self.assertEqual(one, four)

    def test_max_findings(self):
        path = self.write("spans.jsonl", traces(*[span(i, name="") for i in range(1, 10)]))
        for most in (0, 3, 100):
            report = self.report("--max-findings", str(most), path, code=1)
            self.assertEqual(len(report["items"]), min(most, 9))
            self.assertEqual(self.found("--max-findings", str(most), path, code=1), {"span-name-empty": 9})

    def test_facts(self):
        self.write("a.jsonl", traces(span(1), span(2, 1)))
        self.write("b.pb", read(golden("logs-basic")))
        report = self.report("--fail-on", "never", self.folder)
        facts = report["facts"]
        self.assertEqual((facts["files"], facts["units"], facts["spans"]), ("2", "2", "2"))
        self.assertEqual(int(facts["records"]), int(facts["spans"]) + int(facts["log records"]))


class Unreadable(ValidateTest):
    def test_a_torn_file_is_a_finding(self):
        good = read(golden("traces-basic"))
        path = self.write("torn.framed", framed(good, good)[:-3])
        report = self.report("--rule", "unreadable", path, code=1)
        [item] = report["items"]
        self.assertEqual(item["offset"], len(good) + 4)
        self.assertEqual(self.found("--rule", "unreadable", "--partial-tail", "skip", path), {})

    def test_units_behind_a_bad_one_are_checked(self):
        path = self.write("bad.jsonl", b'{"resourceSpans": 5}\n' + traces(span(1, name="")) + b"{]}\n")
        self.assertEqual(self.found(path, code=1), {"unreadable": 2, "span-name-empty": 1})

    def test_ids_of_a_wrong_length(self):
        path = self.write("ids.jsonl", traces(span(1, traceId="0af7")) + traces(span(1, spanId="0af7651916cd43dd84")))
        self.assertEqual(self.found(path, code=1), {"trace-id-length": 1, "span-id-length": 1})

    def test_a_file_of_no_known_form(self):
        path = self.write("noise", b"\xff\xfe\xfd" * 100)
        self.run_command("validate", path, code=1)

    def test_what_is_no_input_is_no_finding(self):
        self.run_command("validate", self.path("absent"), code=4)
        self.run_command("validate", code=2)
        ambiguous = bytes.fromhex("0a0b120912072a050a03616263")
        # A request that fits several signals: only the user can tell.
        self.run_command("validate", "--input-format", "framed", "-", stdin=framed(ambiguous), code=2)
        self.run_command("validate", "--input-format", "framed", "--signal", "logs", "-", stdin=framed(ambiguous),
                         code=1)


class NotChecked(ValidateTest):
    """Nothing is found where nothing was looked at: that has to be said, whatever rules are asked for."""

    def test_patterns_keep_what_could_not_be_checked(self):
        torn = self.write("torn.framed", framed(read(golden("traces-basic")))[:-3])
        ids = self.write("ids.jsonl", traces(span(1, traceId="0af7")) + traces(span(1, spanId="0af7")))
        for options in (("--rule", "json-bad-*"), ("--ignore", "un*", "--ignore", "*"), ("--rule", "time-unit")):
            self.assertEqual(self.found(*options, torn, code=1), {"unreadable": 1})
            self.assertEqual(self.found(*options, ids, code=1), {"trace-id-length": 1, "span-id-length": 1})
        self.assertEqual(self.found("--rule", "time-unit", "--ignore", "unreadable", torn), {})
        rows = self.write("rows.jsonl", b"{]\n")
        self.assertEqual(self.found("--rows", "--rule", "row-value", rows, code=1), {"row-syntax": 1})

    def test_nothing_to_check(self):
        os.mkdir(self.path("empty"))
        for options in ((), ("--rows",), ("--ignore", "*")):
            for source in ("-", "/dev/null", self.path("empty")):
                self.assertEqual(self.found(*options, source, code=1), {"no-records": 1})
        self.assertEqual(self.found("--ignore", "no-records", "-"), {})

    def test_files_of_a_directory_that_are_no_captures(self):
        folder = self.path("captures")
        os.mkdir(folder)
        for name in ("captures/noise", "captures/other", "captures/.hidden"):
            self.write(name, b"\xff\xfe\xfd" * 100)
        report = self.report("--rule", "time-unit", "--max-findings", "1", folder, code=1)
        counts = {rule["id"]: rule["count"] for rule in report["rules"] if rule["count"]}
        self.assertEqual(counts, {"file-skipped": 2, "no-records": 1})
        item = next(item for item in report["items"] if item["rule"] == "file-skipped")
        self.assertTrue(item["file"].endswith("captures/noise"))
        self.assertIn("neither JSON nor protobuf", item["message"])
        self.assertIsNone(item.get("offset"))
        self.write("captures/good.jsonl", traces(span(1)))
        self.assertEqual(self.found(folder, code=1), {"file-skipped": 2})

    def test_an_interrupted_run_says_so(self):
        target = self.path("report.xml")
        run_ = subprocess.Popen([run.GF_OTLP, "validate", "-q", "--format", "junit", "-o", target, "--input-format",
                                 "json", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        run_.stdin.write(traces(span(1)) * 40_000)
        run_.stdin.flush()
        run_.send_signal(signal.SIGINT)
        run_.communicate()
        self.assertEqual(run_.returncode, -signal.SIGINT)
        cases = list(xml.etree.ElementTree.fromstring(read(target)).iter("testcase"))
        [failed] = [case for case in cases if case.find("failure") is not None and "no-records" not in case.get("name")]
        self.assertIn("interrupted", failed.get("name"))

    def test_zeros(self):
        path = self.write("zeros.framed", bytes(400))
        self.assertEqual(self.found("--input-format", "framed", path, code=1), {"unit-empty": 100, "no-records": 1})


class Rules(ValidateTest):
    def rules(self):
        return {line.split()[0]: line.split()[1] for line in
                self.run_command("validate", "--list-rules")[0].decode().split("\n") if line}

    def test_list(self):
        rules = self.rules()
        self.assertGreater(len(rules), 60)
        self.assertLessEqual(set(rules.values()), {"error", "warning", "note"})

    def test_the_manual_has_them_all(self):
        text = read(os.path.join(run.TESTDATA, "..", "man", "gf-otlp-validate.1")).decode()
        named = re.findall(r"^\.It Cm (\S+) Pq (\S+)\n(.+)\.\n\[(.+)\]$", text.replace("\\-", "-"), re.MULTILINE)
        manual = [(rule, severity, line[0].lower() + line[1:], source) for rule, severity, line, source in named]
        for options in ((), ("--rows",)):
            for line in self.run_command("validate", *options, "--list-rules")[0].decode().split("\n"):
                if not line:
                    continue
                rule, severity, rest = line.split(None, 2)
                explanation, source = rest.rstrip("]").split(" [")
                explanation = explanation[0].lower() + explanation[1:].rstrip(".")
                self.assertIn((rule, severity, explanation, source), manual)

    def test_only_some(self):
        path = self.write("spans.jsonl", traces(span(1, name="", kind=77), attributes=()))
        every = {"span-name-empty": 1, "span-kind-unknown": 1, "service-name-missing": 1}
        self.assertEqual(self.found(path, code=1), every)
        self.assertEqual(self.found("--rule", "span-kind-unknown", path, code=1), {"span-kind-unknown": 1})
        self.assertEqual(self.found("--ignore", "span-kind-unknown", path, code=1),
                         {"span-name-empty": 1, "service-name-missing": 1})
        self.assertEqual(self.found("--rule", "span-*", "--ignore", "span-n*", path, code=1), {"span-kind-unknown": 1})
        self.assertEqual(self.found("--ignore", "span-*", "--ignore", "service-name-missing", path), {})

    def test_an_unknown_rule_is_an_error_that_names_the_nearest(self):
        for flag in ("--rule", "--ignore"):
            _, err = self.run_command("validate", flag, "span-name-emtpy", "-", code=2)
            self.assertIn("span-name-empty", err)
        _, err = self.run_command("validate", "--rule", "json-snake-case", "-", code=2)
        self.assertIn("--strict", err)
        _, err = self.run_command("validate", "--rule", "parent-missing", "-", code=2)
        self.assertIn("--cross", err)

        # The same of patterns: nothing that they mean would be looked for.
        self.run_command("validate", "--rule", "json-s*", "-", code=2)
        self.run_command("validate", "--rule", "json-*", "--rule", "span-*", "-", stdin=traces(span(1)))

    def test_options_that_say_nothing_of_what_is_checked(self):
        rows = ("--strict", "--cross", "--base64-ids", "--signal=logs", "--partial-tail=skip")
        for options in (*(("--rows", option) for option in rows), ("--server-version=26.5",), ("--table=x",),
                        ("--rows", "--ddl=x.sql", "--shape=clickhouse")):
            _, err = self.run_command("validate", *options, "-", code=2)
            self.assertIn(options[-1].split("=")[0], err)
        # What other commands take from the environment is not for validate.
        self.run_command("validate", "-", stdin=traces(span(1)), env={"GF_OTLP_TABLE": "otel_logs"})
        self.run_command("validate", "--rows", "-", stdin=b'{"TraceId":"x"}\n', env={"GF_OTLP_CROSS": "true"})

    def test_max_findings_is_a_number_that_can_be(self):
        for number in ("-1", "99999999999999999999", "1000001"):
            for option in (("--max-findings", number), ("--max-findings=" + number,)):
                self.run_command("validate", *option, "-", stdin=traces(span(1)), code=2)

    def test_fail_on(self):
        note = self.write("note.jsonl", traces(span(1, droppedAttributesCount=1)))
        warning = self.write("warning.jsonl", traces(span(1, name="")))
        error = self.write("error.jsonl", traces(span(1, kind=77)))
        codes = {"never": (0, 0, 0), "error": (0, 0, 1), "warning": (0, 1, 1), "note": (1, 1, 1)}
        for word, expected in codes.items():
            for path, code in zip((note, warning, error), expected):
                self.run_command("validate", "--fail-on", word, path, code=code)
        for path, code in zip((note, warning, error), codes["warning"]):
            self.run_command("validate", path, code=code)
        self.run_command("validate", "--fail-on", "sometimes", note, code=2)

    def test_strict(self):
        document = traces(span(1)).replace(b"resourceSpans", b"resource_spans").replace(
            b'"kind": 2', b'"kind": "SPAN_KIND_SERVER"')
        path = self.write("tolerated.jsonl", document)
        self.assertEqual(self.found(path), {})
        self.assertEqual(self.found("--strict", path, code=1), {"json-snake-case": 1, "json-enum-name": 1})

    def test_several_values_where_one_may_be(self):
        def metric(**data):
            return json.dumps({"resourceMetrics": [{"resource": {"attributes": [SERVICE]}, "scopeMetrics": [
                {"metrics": [{"name": "m", **data}]}]}]}).encode()

        point = {"timeUnixNano": str(START), "asInt": "1"}
        for document, expected in (
                (metric(gauge={"dataPoints": [point]}, sum={"dataPoints": []}),
                 {"json-several-values": 1, "metric-without-points": 1, "temporality-unspecified": 1,
                  "unit-without-records": 1}),
                (metric(gauge={"dataPoints": [{**point, "asDouble": 2}]}), {"json-several-values": 1}),
                (metric(gauge={"dataPoints": [{**point, "asDouble": None}]}), {}),
                (traces(span(1, attributes=[{"key": "k", "value": {"intValue": "1", "stringValue": "x"}}])),
                 {"json-several-values": 1})):
            found = self.found("--strict", "--ignore", "no-records", "-", stdin=document, code=1 if expected else 0)
            self.assertEqual(found, expected)

    def test_what_holds_no_record_is_checked_too(self):
        def resource(attributes, scopes):
            return {"resource": {"attributes": attributes}, "scopeMetrics": scopes}

        point = {"timeUnixNano": str(START), "asInt": "1"}
        good = {"metrics": [{"name": "m", "gauge": {"dataPoints": [point]}}]}
        empty = {"metrics": [{"name": "e", "gauge": {"dataPoints": []}}, {"name": "f", "gauge": {}}]}
        dropped = {"scope": {"droppedAttributesCount": 1}}
        document = {"resourceMetrics": [resource([], []), resource([SERVICE], [dropped, good, dropped]),
                                        resource([SERVICE], [empty, good, empty]), resource([], [{}])]}
        report = self.report("-", stdin=json.dumps(document).encode(), code=1)
        self.assertEqual({rule["id"]: rule["count"] for rule in report["rules"] if rule["count"]},
                         {"service-name-missing": 2, "dropped-counts": 2, "metric-without-points": 4})
        self.assertTrue(all(item.get("record") is None for item in report["items"]))
        self.assertIn('metric "e"', {item["message"] for item in report["items"]})

    def test_schema(self):
        point = {"timeUnixNano": "4294967296000000000", "asInt": "1"}
        document = {"resourceMetrics": [{"resource": {"attributes": [SERVICE]}, "scopeMetrics": [
            {"metrics": [{"name": "m", "gauge": {"dataPoints": [point]}}]}]}]}
        path = self.write("metrics.jsonl", json.dumps(document).encode())
        self.assertEqual(self.found(path, code=1), {"time-out-of-datetime": 1})
        self.assertEqual(self.found("--schema-version", "0.149", path, code=1), {"time-in-future": 1})
        attributes = [{"key": "a.b", "value": {"intValue": "1"}},
                      {"key": "a", "value": {"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "2"}}]}}}]
        path = self.write("paths.jsonl", traces(span(1, attributes=attributes)))
        self.assertEqual(self.found(path), {})
        self.assertEqual(self.found("--shape", "clickhouse-json", path, code=1), {"attribute-path-conflict": 1})

    def test_numbers_that_a_json_column_refuses(self):
        def double(value):
            nested = {"kvlistValue": {"values": [{"key": "n", "value": {"doubleValue": value}}]}}
            return traces(span(1, attributes=[{"key": "k", "value": nested}]))

        for value, count in ((2.0**64, 1), (2.0**64 - 2048, 0), (-2.0**63, 1), (-2.0**63 + 1024, 0), (9.9e20, 1),
                             (1e21, 0), (-1e21, 0), (1.5, 0)):
            expected = {"attribute-json-number": 1} if count else {}
            self.assertEqual(self.found("--shape", "clickhouse-json", "-", stdin=double(value), code=count), expected)
        self.assertEqual(self.found("-", stdin=double(2.0**64)), {})


class Cross(ValidateTest):
    def test_parents_anywhere_in_the_capture(self):
        self.write("1.jsonl", traces(span(3, 2), span(2, 1)))
        self.write("2.jsonl", traces(span(1), span(5, 4, flags=0x200)))
        self.assertEqual(self.found(self.folder), {})
        report = self.report("--cross", self.folder, code=1)
        [item] = report["items"]
        self.assertEqual(item["rule"], "parent-missing")
        self.assertTrue(item["file"].endswith("2.jsonl"))
        self.assertEqual(item["record"], 1)
        self.assertIn("0000000000000004", item["message"])
        self.assertEqual(report["facts"]["spans judged by --cross"], "4")
        self.assertEqual(report["facts"]["spans not judged by --cross"], "0")

    def test_a_parent_of_another_process_is_only_a_note(self):
        path = self.write("spans.jsonl", traces(span(1, 9, flags=0x300), span(2, 8, flags=0x100)))
        self.assertEqual(self.found("--cross", path, code=1), {"parent-missing": 1, "parent-missing-remote": 1})
        self.assertEqual(self.found("--cross", "--ignore", "parent-missing", path), {"parent-missing-remote": 1})

    def test_ids_of_several_spans(self):
        path = self.write("spans.jsonl", traces(span(1), span(2, 1), span(2, 1)))
        self.assertEqual(self.found("--cross", path, code=1), {"span-id-duplicate": 1})

    def test_the_same_ids_in_another_trace(self):
        other = {"traceId": "0af7651916cd43dd8448eb211c80319d"}
        path = self.write("spans.jsonl", traces(span(1), span(1, **other), span(2, 1, **other)))
        self.assertEqual(self.found("--cross", path), {})


class Formats(ValidateTest):
    def test_every_format(self):
        path = self.write("spans.jsonl", traces(span(1, name="", kind=77)))
        for form in ("table", "json", "junit", "markdown", "github"):
            out, _ = self.run_command("validate", "--format", form, path, code=1)
            self.assertIn("span-kind-unknown", out.decode(), form)
        self.run_command("validate", "--format", "csv", path, code=2)

    def test_junit_has_a_case_for_each_rule(self):
        path = self.write("spans.jsonl", traces(span(1, name="")))
        out, _ = self.run_command("validate", "--format", "junit", path, code=1)
        cases = list(xml.etree.ElementTree.fromstring(out).iter("testcase"))
        failed = [case.get("name") for case in cases if case.find("failure") is not None]
        self.assertEqual(len(failed), 1)
        self.assertIn("span-name-empty", failed[0])
        self.assertGreater(len(cases), 60)

    def test_data_does_not_reach_the_terminal_as_it_is(self):
        path = self.write("spans.jsonl", traces(span(1, name="\u001b[31mred", kind=0)))
        out, _ = self.run_command("validate", "--fail-on", "never", path)
        self.assertNotIn(b"\x1b", out)
        self.assertIn(b"red", out)

    def test_to_a_file(self):
        path, target = self.write("spans.jsonl", traces(span(1, name=""))), self.path("report.json")
        out, _ = self.run_command("validate", "--format", "json", "-o", target, path, code=1)
        self.assertEqual(out, b"")
        self.assertEqual(json.loads(read(target))["rules"][0]["id"], "unreadable")
        self.run_command("validate", "--format", "json", "-o", target, path, code=2)
        self.run_command("validate", "--format", "json", "-o", target, "--overwrite", path, code=1)

    def test_environment(self):
        path = self.write("spans.jsonl", traces(span(1, name="")))
        self.run_command("validate", path, env={"GF_OTLP_FAIL_ON": "error"})


if __name__ == "__main__":
    run.main()
