#!/usr/bin/env python3
"""Compares the rows of `gf-otlp convert` with those that the real exporters made of the same input.

testdata/golden/<case>/ holds one request as input.pb and input.json and, for each exporter, its rows (README.md there).
Rows are compared by meaning: numbers as numbers (64-bit exact), maps as sorted lists of pairs. Where gf-otlp differs on
purpose (gf-otlp-convert(1), "Differences from the exporters") the rule is spelled out below, and each rule has to be met
at least once: a rule that nothing needs is an error.

usage: golden_test.py GF_OTLP TESTDATA
"""

import json
import os
import re
import subprocess
import sys
import unittest

GF_OTLP, TESTDATA = "", ""
GOLDEN = ""
used_rules = {}

ALL_RULES = {
    "times that ClickHouse cannot read are clamped",
    "NaN inside nested values is kept",
    "a metric without data loses no request",
    "clickhouse-json: records that the exporter loses are kept",
    "flat: nested values are plain JSON",
    "glassflow: NaN attributes are kept",
    "glassflow: NaN bodies are kept",
    "glassflow: an empty attribute is empty",
    "glassflow: records that the exporter loses are kept",
    "glassflow-flat: one bad record loses no request",
}


def pairs(items):
    return ("object", items)


def parse(line):
    return json.loads(line, object_pairs_hook=pairs, parse_float=lambda t: ("float", float(t)))


def convert(shape, path, *options):
    run = subprocess.run([GF_OTLP, "convert", "--quiet", "--shape", shape, *options, path],
                         capture_output=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"{path}: exit {run.returncode}: {run.stderr.decode()}")
    # Not splitlines(): U+2028 ends no row.
    return [parse(line.decode("utf-8")) for line in run.stdout.split(b"\n") if line]


def rule(name):
    assert name in ALL_RULES, name
    used_rules[name] = used_rules.get(name, 0) + 1
    return True


def number(value):
    if isinstance(value, tuple) and value[0] == "float":
        value = value[1]
        return int(value) if value.is_integer() else value
    return value


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool) or isinstance(value, tuple) and value[0] == "float"


NAN_INSIDE = re.compile(r'"(NaN|Infinity|-Infinity)"')


class Comparison:
    """Compares values of one shape; the differences that are meant are methods' business."""

    def __init__(self, shape):
        self.shape = shape

    def equal(self, path, theirs, ours):
        if is_number(theirs) and is_number(ours):
            return number(theirs) == number(ours)
        if isinstance(theirs, tuple) and isinstance(ours, tuple) and theirs[0] == ours[0] == "object":
            return self.objects(path, theirs[1], ours[1])
        if isinstance(theirs, list) and isinstance(ours, list):
            return len(theirs) == len(ours) and all(self.equal(path, t, o) for t, o in zip(theirs, ours))
        if type(theirs) is type(ours) and theirs == ours:
            return True
        return self.meant(path, theirs, ours)

    def objects(self, path, theirs, ours):
        key = lambda item: item[0]
        theirs, ours = sorted(theirs, key=key), sorted(ours, key=key)
        if [k for k, _ in theirs] != [k for k, _ in ours]:
            return False
        # Entries of a repeated key have no order above twelve entries: theirs come in any.
        remaining = list(ours)
        for name, value in theirs:
            found = next((o for o in remaining if o[0] == name and self.equal(path + [name], value, o[1])), None)
            if found is None:
                return False
            remaining.remove(found)
        return True

    def meant(self, path, theirs, ours):
        both_text = isinstance(theirs, str) and isinstance(ours, str)
        if both_text and theirs.startswith("1677-09-21 00:12:43") and ours == "1677-09-21 00:12:44.000000000":
            return rule("times that ClickHouse cannot read are clamped")
        if both_text and theirs == "" and ours[:1] in "[{" and NAN_INSIDE.search(ours):
            return rule("NaN inside nested values is kept")
        if self.shape == "glassflow":
            if theirs == "null" and ours == "":
                return rule("glassflow: an empty attribute is empty")
            if theirs == "" and ours in ("NaN", "Infinity", "-Infinity"):
                return rule("glassflow: NaN attributes are kept")
            if both_text and theirs.startswith("json: unsupported value: ") and (
                    ours in ("NaN", "Infinity", "-Infinity") or NAN_INSIDE.search(ours)):
                return rule("glassflow: NaN bodies are kept")
        if self.shape == "glassflow-flat" and both_text and theirs.startswith('{"Value":') and ours[:1] in "[{":
            return nested_equal(go_value(json.loads(theirs)), json.loads(ours)) and rule("flat: nested values are plain JSON")
        if self.shape == "glassflow-flat" and theirs == "" and ours[:1] in "[{" and both_text:
            return bool(NAN_INSIDE.search(ours)) and rule("NaN inside nested values is kept")
        return False


def go_value(value):
    """What GlassFlow's receiver prints of an AnyValue (its Go struct), as plain JSON."""
    value = value.get("Value") if value else None
    if not value:
        return None
    (kind, content), = value.items()
    if kind == "ArrayValue":
        return [go_value(v) for v in content.get("values", [])]
    if kind == "KvlistValue":
        return {v.get("key", ""): go_value(v.get("value")) for v in content.get("values", [])}
    if kind == "BytesValue":
        return content or None
    return content


def nested_equal(theirs, ours):
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        return float(theirs) == float(ours)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return theirs.keys() == ours.keys() and all(nested_equal(v, ours[k]) for k, v in theirs.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(nested_equal(t, o) for t, o in zip(theirs, ours))
    return theirs == ours


def cases():
    return sorted(c for c in os.listdir(GOLDEN) if os.path.isdir(os.path.join(GOLDEN, c)))


def golden_rows(case, name):
    path = os.path.join(GOLDEN, case, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [json.loads(line, object_pairs_hook=pairs, parse_float=lambda t: ("float", float(t))) for line in lines]


def member(row, name):
    return next((value for key, value in row[1] if key == name), None)


class Golden(unittest.TestCase):
    maxDiff = None

    def compare(self, case, shape, theirs, ours, where):
        comparison = Comparison(shape)
        self.assertEqual(len(theirs), len(ours), f"{where}: rows")
        for index, (their_row, our_row) in enumerate(zip(theirs, ours)):
            if their_row is None:
                continue
            for (name, value) in their_row[1]:
                ours_value = member(our_row, name)
                self.assertTrue(comparison.equal([name], value, ours_value),
                                f"{where}: row {index}, {name}:\n theirs {value!r}\n ours   {ours_value!r}")
            self.assertEqual(sorted(k for k, _ in their_row[1]), sorted(k for k, _ in our_row[1]), f"{where}: row {index}")

    def rows_of_both_inputs(self, case, shape, *options):
        folder = os.path.join(GOLDEN, case)
        of_protobuf = convert(shape, os.path.join(folder, "input.pb"), *options)
        of_json = convert(shape, os.path.join(folder, "input.json"), *options)
        for index, (proto_row, json_row) in enumerate(zip(of_protobuf, of_json)):
            for p, j in zip(proto_row[1], json_row[1]):
                self.assertEqual(p, j, f"{case}: protobuf and JSON differ in row {index}")
        self.assertEqual(len(of_protobuf), len(of_json), f"{case}: rows of protobuf and JSON")
        return of_protobuf

    def check(self, shape, file_name, unwrap, options=()):
        compared = 0
        for case in cases():
            lines = golden_rows(case, file_name)
            if lines is None:
                continue
            with self.subTest(case=case, shape=shape):
                ours = self.rows_of_both_inputs(case, shape, *options)
                if len(lines) == 1 and member(lines[0], "error") is not None and len(ours) != 1:
                    rule(f"{shape}: one bad record loses no request")
                    continue
                theirs, kept = [], []
                without_data = [l for l in lines if "metrics type is unset" in str(member(l, "error"))]
                for line in lines:
                    if line in without_data:
                        rule("a metric without data loses no request")
                        continue
                    if member(line, "error") is not None:
                        rule(f"{shape}: records that the exporter loses are kept")
                        theirs.append(None)
                    else:
                        theirs.append(unwrap(line))
                self.compare(case, shape, theirs, ours, f"{case} {shape}")
                compared += len(theirs)
        self.assertGreater(compared, 100, "hardly any rows were compared")

    def test_clickhouse(self):
        # Nine digits everywhere, as the golden rows have them; what DateTime columns hold by default: below.
        self.check("clickhouse", "clickhouse-map.jsonl", lambda line: member(line, "row"), ("--schema-version", "0.149"))

    def test_clickhouse_date_times(self):
        """By default (0.161) metric times are DateTime: the golden times, clamped to its range, without the fraction."""
        compared = 0
        for case in (c for c in cases() if c.startswith("metrics-")):
            nine = convert("clickhouse", os.path.join(GOLDEN, case, "input.pb"), "--schema-version", "0.149")
            text = convert("clickhouse", os.path.join(GOLDEN, case, "input.pb"))
            with_digits = convert("clickhouse", os.path.join(GOLDEN, case, "input.pb"), "--time-digits", "9")
            self.assertEqual(nine, with_digits)
            for row, expected in zip(text, nine):
                for column in ("StartTimeUnix", "TimeUnix"):
                    self.assertEqual(member(row, column), self.date_time(member(expected, column)), case)
                    compared += 1
                exemplars = member(expected, "Exemplars.TimeUnix")
                if exemplars is not None:
                    self.assertEqual(member(row, "Exemplars.TimeUnix"), [self.date_time(t) for t in exemplars], case)
        self.assertGreater(compared, 100)

    def date_time(self, nine_digits):
        return min(max(nine_digits[:19], "1970-01-01 00:00:00"), "2106-02-07 06:28:15")

    def test_clickhouse_json(self):
        self.check("clickhouse-json", "clickhouse-json.jsonl", lambda line: member(line, "row"),
                   ("--schema-version", "0.149"))

    def test_glassflow(self):
        compared = 0
        for case in cases():
            name = "glassflow-fixed.jsonl" if case.startswith("metrics-") else "glassflow.jsonl"
            lines = golden_rows(case, name)
            with self.subTest(case=case):
                ours = self.rows_of_both_inputs(case, "glassflow")
                if lines and len(lines) == 1 and member(lines[0], "error") is not None and len(ours) != 1:
                    rule("glassflow: one bad record loses no request")
                    continue
                theirs = []
                for line in lines:
                    lost = member(line, "error") is not None
                    theirs.append(None if lost else member(line, "value"))
                    if lost:
                        rule("glassflow: records that the exporter loses are kept")
                self.compare(case, "glassflow", theirs, ours, f"{case} glassflow")
                compared += len(theirs)
        self.assertGreater(compared, 100)

    def test_glassflow_flat(self):
        self.check("glassflow-flat", "glassflow-flat.jsonl", lambda line: line)


if __name__ == "__main__":
    GF_OTLP, TESTDATA = sys.argv[1:3]
    GOLDEN = os.path.join(TESTDATA, "golden")
    program = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2)
    for name in sorted(ALL_RULES - used_rules.keys()):
        print(f"no golden row needs the difference: {name}")
    for name in sorted(used_rules):
        print(f"difference that is meant, met {used_rules[name]} times: {name}")
    sys.exit(not program.result.wasSuccessful() or bool(ALL_RULES - used_rules.keys()))
