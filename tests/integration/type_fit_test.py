"""What schema diff says of values in columns of other types, against what a ClickHouse engine does with such values."""

import decimal
import json
import os
import subprocess
import tempfile
import unittest

import servers
from servers import run

ENGINE = None

NUMBERS = ["0", "1", "5", "200", "300", "70000"]
UNSIGNED = NUMBERS + ["4294967296", "9007199254740993", "9223372036854775808", "18446744073709551615"]
SIGNED = NUMBERS + ["-1", "-5", "-9007199254740993", "9223372036854775807"]
FLOATS = ["0", "1", "1.5", "0.1", "-2.25", "1e+300", "16777217", '"nan"', '"inf"', '"-inf"']
TEXTS = ['"abc"', '""', '"5"', '"0123456789abcdef0123456789abcdef"', '"2026-01-02 03:04:05"', r'"\u00e9\"{}"']
NAMES = ['"a"', '"b"']
TIMES = ['"2026-01-02 03:04:05.123456789"', '"1969-12-31 23:59:59.000000001"', '"2250-01-02 03:04:05.000000000"']
MILLISECONDS = ['"2026-01-02 03:04:05.123"', '"1969-12-31 23:59:59.001"', '"2290-01-02 03:04:05.000"']
SECONDS = ['"2026-01-02 03:04:05"', '"1970-01-01 00:00:00"', '"2106-02-07 06:28:15"']
DATES = ['"2026-01-02"', '"1950-01-02"', '"2200-01-02"']
MAPS = ["{}", '{"a":"x","k.l":"y"}', '{"a":"x","a":"y"}', '{"":"x"}', '{"n":"5"}']
OBJECTS = ["{}", '{"a":1}', '{"a":{"b":1.5}}', '{"a":[1,"x"]}', '{"a":true,"b":"x"}', '{"b":null}']


def array_of(values):
    return ["[]"] + [f"[{value}]" for value in values]


def nullable(values):
    return values + ["null"]


# What rows hold in columns of a type.
VALUES = {
    "UInt8": ["0", "1", "5", "200", "255"],
    "UInt16": ["0", "1", "300", "65535"],
    "UInt32": ["0", "1", "300", "16777217", "4294967295"],
    "UInt64": UNSIGNED,
    "Int32": ["0", "1", "-1", "300", "16777217", "2147483647", "-2147483648"],
    "Int64": SIGNED,
    "Float32": ["0", "1.5", "0.1", "16777216", '"nan"', '"-inf"'],
    "Float64": FLOATS,
    "Bool": ["true", "false"],
    "String": TEXTS,
    "LowCardinality(String)": TEXTS,
    "Nullable(String)": nullable(TEXTS),
    "Nullable(Float64)": nullable(FLOATS),
    "Nullable(UInt64)": nullable(UNSIGNED),
    "FixedString(4)": ['"abcd"', '"1234"'],
    "Enum8('a' = 1, 'b' = 2)": NAMES,
    "UUID": ['"61f0c404-5cb3-11e7-907b-a6006ad3dba0"'],
    "IPv4": ['"127.0.0.1"'],
    "IPv6": ['"2001:db8::1"'],
    "Date": ['"2026-01-02"', '"2149-06-06"'],
    "Date32": DATES,
    "DateTime": SECONDS,
    "DateTime64(3)": MILLISECONDS,
    "DateTime64(9)": TIMES,
    "DateTime64(9, 'UTC')": TIMES,
    "Decimal(20, 2)": ["1.25", "999999999999999999.99"],
    "Decimal(9, 2)": ["1.25", "-1.5", "9999999.99"],
    "Map(LowCardinality(String), String)": MAPS,
    "JSON": OBJECTS,
    "Array(String)": array_of(TEXTS),
    "Array(UInt64)": array_of(UNSIGNED),
    "Array(Float64)": array_of(FLOATS),
    "Array(DateTime64(9))": array_of(TIMES),
    "Array(Map(LowCardinality(String), String))": array_of(MAPS),
    "Array(JSON)": array_of(OBJECTS),
    "Tuple(a String, b UInt16)": ['{"a":"x","b":300}', '{"a":"","b":0}'],
    "Array(Tuple(a Nullable(String), b UInt16))": array_of(['{"a":"x","b":300}', '{"a":null,"b":0}']),
}

TARGETS = list(VALUES) + [
    "UInt128", "Int8", "Int16", "Int256", "BFloat16", "FixedString(2)", "FixedString(64)", "Enum8('a' = 1)",
    "Enum8('a' = 1, 'b' = 2, 'c' = 3)", "DateTime64(0)", "DateTime64(6)", "DateTime('UTC')",
    "DateTime64(9, 'Europe/Berlin')", "DateTime('Asia/Tokyo')", "Decimal(18, 2)", "Decimal(18, 4)", "Decimal(9, 4)",
    "Decimal(9, 1)", "Decimal(20, 0)", "Decimal(38, 0)", "Nullable(Float32)", "Nullable(DateTime64(9))",
    "LowCardinality(Nullable(String))", "Map(String, String)", "Map(String, UInt64)", "Map(String, Nullable(String))",
    "JSON(max_dynamic_paths = 2)", "JSON(a Int64)", "JSON(SKIP a)", "JSON(SKIP REGEXP '^b')", "Array(UInt32)",
    "Array(LowCardinality(String))", "Array(Nullable(String))", "Array(DateTime)", "Array(Map(String, String))",
    "Array(Array(String))", "Tuple(b UInt16, a String)", "Tuple(a String, b UInt16, c String)", "Tuple(a String)",
    "Tuple(a String, b UInt8)", "Tuple(String, UInt16)",
    "Array(Tuple(a LowCardinality(Nullable(String)), b UInt32))", "Array(Tuple(a String, b UInt16))",
]

# The engine takes all of VALUES, but one can think of others.
TAKEN_BY_CHANCE = {
    # The samples of the type are all that can be judged of texts.
    ("FixedString(4)", "FixedString(2)"),
}


def parse(text):
    return json.loads(text, object_pairs_hook=Pairs, parse_float=decimal.Decimal)


def is_same(written, read):
    """Whether what was read back says what was written: perhaps as text, with more zeros, with true as 1."""
    if isinstance(read, str) and not isinstance(written, str):
        try:
            return is_same(written, parse(read))
        except ValueError:
            return False
    if isinstance(written, str) and isinstance(read, str):
        return written == read or (written.ljust(29, "0") if "." in written else f"{written}.".ljust(29, "0")) == (
            read.ljust(29, "0") if "." in read else f"{read}.".ljust(29, "0")) or read == f"::ffff:{written}"
    if isinstance(written, Pairs) and isinstance(read, Pairs):
        if len(written) > len(read) + sum(value is None for _, value in written):
            return False  # of keys that come twice one is lost
        # In any order; what is null may be left out, what is more must be empty.
        a, b = dict(written.flat()), dict(read.flat())
        return (all(is_same(value, b.get(key)) for key, value in a.items())
                and not any(value for key, value in b.items() if key not in a))
    if isinstance(written, list) and isinstance(read, list):
        return len(written) == len(read) and all(map(is_same, written, read))
    if isinstance(written, bool) or isinstance(read, bool):
        return written is not None and read is not None and float(written) == float(read)
    return written == read


class Pairs(list):
    """An object of JSON with members that may come twice."""

    def flat(self):
        """Members with their paths: {"a.b": x} is as {"a": {"b": x}}."""
        for key, value in self:
            if isinstance(value, Pairs):
                yield from ((f"{key}.{path}", inner) for path, inner in value.flat())
            else:
                yield key, value


def engine_verdict(table, source, target):
    """The worst of "same", "changed", "refused" for the values of a type; and the value."""
    ENGINE.query(f"CREATE TABLE {table} (c {target}) ENGINE = MergeTree ORDER BY tuple()")
    worst = ("same", None)
    for value in VALUES[source]:
        try:
            ENGINE.query(f'INSERT INTO {table} FORMAT JSONEachRow {{"c":{value}}}')
        except AssertionError:
            return "refused", value
        column = "toTimeZone(c, 'UTC')" if target.startswith("DateTime") else "c"
        answer = ENGINE.query(f"SELECT {column} AS c FROM {table} SETTINGS output_format_json_quote_denormals = 1 "
                              "FORMAT JSONEachRow")
        read = parse(answer)[0][1]
        if not is_same(parse(value), read):
            worst = ("changed", f"{value} is {answer.decode().strip()}")
        ENGINE.query(f"TRUNCATE TABLE {table}")
    return worst


def tool_verdicts(pairs):
    """The effect of each pair of types, from one schema diff of two files; "same" where it has nothing to say."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("old.sql", "new.sql")]
        for path, side in zip(paths, (1, 0)):
            with open(path, "w", encoding="utf-8") as file:
                for i, pair in enumerate(pairs):
                    file.write(f"CREATE TABLE t{i} (c {pair[side]}) ENGINE = MergeTree ORDER BY tuple();\n")
        done = subprocess.run([run.GF_OTLP, "schema", "diff", *paths, "--format", "json", "-q"], capture_output=True,
                              check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    effects = {item["subject"]: (item["severity"], item["message"]) for item in json.loads(done.stdout)["items"]}
    return [effects.get(f"t{i}.c", ("same", "")) for i in range(len(pairs))]


class TypeFitTest(unittest.TestCase):
    def test_types(self):
        pairs = [(source, target) for source in VALUES for target in TARGETS]
        allowed = {"same": {"same"}, "differs": {"same"}, "loses": {"changed"}, "breaks": {"changed", "refused"}}
        disagreements = []
        for i, (pair, (effect, message)) in enumerate(zip(pairs, tool_verdicts(pairs))):
            verdict, value = engine_verdict(f"t{i}", *pair)
            ENGINE.query(f"DROP TABLE t{i}")
            if verdict not in allowed[effect] and pair not in TAKEN_BY_CHANCE:
                disagreements.append(f"{pair[0]} in {pair[1]}: {effect} ({message}), but {verdict}: {value}")
        self.assertEqual(disagreements, [], "\n" + "\n".join(disagreements))


def prepare():
    global ENGINE
    os.environ["TZ"] = "UTC"
    ENGINE = servers.Engine(servers.install("chdb.sh"))
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
