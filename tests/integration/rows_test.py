#!/usr/bin/env python3
"""`validate --rows` against a real ClickHouse engine: golden rows, and rows mutated at random. Each row is inserted by
itself; `validate` has to say refused exactly when the engine refuses it, and to find something exactly when a value read
back is not the value written.

usage: rows_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME     (the last is not used)
environment: ROWS_TEST_SEED, ROWS_TEST_COUNT (how many, 20000)
"""

import datetime
import decimal
import glob
import ipaddress
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from servers import run  # noqa: E402

ENGINE = None
BASIC_TIMES = False  # date_time_input_format
SEED = int(os.environ.get("ROWS_TEST_SEED", "20261121"))
ROWS = int(os.environ.get("ROWS_TEST_COUNT", "20000"))

REFUSED = {"row-syntax", "row-value", "row-duplicate-key", "row-array-lengths", "row-json-value"}
# Found whether or not a value comes back otherwise.
NO_CHANGE = {"row-not-judged", "row-type-not-judged", "row-name-case", "row-time-unit"}

# Types that no shape has.
OTHER_TABLE = """CREATE TABLE others (i8 Int8, i16 Int16, u16 UInt16, i32 Int32, u32 UInt32, i64 Int64, u64 UInt64, i128 Int128,
    u256 UInt256, f32 Float32, f64 Float64, b Bool, s String, ls LowCardinality(String), fs FixedString(4), d Date, d32 Date32,
    t DateTime, tb DateTime('Europe/Berlin'), t0 DateTime64(0), t3 DateTime64(3), t9 DateTime64(9, 'UTC'), dec Decimal(9, 2),
    bigdec Decimal(38, 10), id UUID, v4 IPv4, v6 IPv6, e Enum8('none' = 0, 'ok' = 1, 'bad' = 2, '7' = 9), nu Nullable(UInt8), ns Nullable(String),
    nt Nullable(DateTime64(3)), lns LowCardinality(Nullable(String)), af Array(Float64), an Array(Nullable(UInt8)), at Array(DateTime),
    aa Array(Array(UInt16)), mi Map(String, UInt8), mk Map(UInt16, String), mn Map(String, Nullable(String)),
    tn Tuple(a UInt8, b String, c Nullable(UInt8)), tu Tuple(UInt8, String), atn Array(Tuple(a UInt8, b String)), j JSON,
    def UInt8 DEFAULT 5, mat UInt8 MATERIALIZED i8 + 1, al UInt8 ALIAS i8 + 2, `n.x` Array(UInt8), `n.y` Array(String))
    ENGINE = Memory"""

OTHER_ROW = {
    "i8": -5, "i16": -300, "u16": 60000, "i32": -70000, "u32": 4000000000, "i64": -9007199254740993, "u64": 18446744073709551615,
    "i128": -170141183460469231731687303715884105728, "u256": 2**200, "f32": 0.5, "f64": 0.1, "b": True, "s": "text", "ls": "word",
    "fs": "abcd", "d": "2024-02-29", "d32": "1950-01-02", "t": "2024-01-02 03:04:05", "tb": "2024-01-02 03:04:05",
    "t0": "2024-01-02 03:04:05", "t3": "2024-01-02 03:04:05.678", "t9": "2024-01-02 03:04:05.123456789",
    "dec": 1234567.89, "bigdec": 12345.6789, "id": "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "v4": "127.0.0.1", "v6": "2001:db8::1",
    "e": "ok", "nu": None, "ns": None, "nt": None, "lns": None, "af": [0.5, 1.25], "an": [1, None], "at": ["2024-01-02 03:04:05"],
    "aa": [[1, 2], []], "mi": {"a": 1}, "mk": {"1": "x"}, "mn": {"a": None, "b": "x"}, "tn": {"a": 1, "b": "x", "c": None},
    "tu": [1, "x"], "atn": [{"a": 1, "b": "x"}], "j": {"a": {"b": 1, "c": [1, 2]}, "d": "x", "e.f": True}, "def": 7,
    "n.x": [1, 2], "n.y": ["a", "b"]}


class Raw(str):
    """JSON text that stands in a row as it is."""


def dump(value):
    """As compact JSON; Raw text and pairs (a list of 2-tuples in a tuple) as they are."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple):
        return "{" + ",".join(f"{dump(key)}:{dump(member)}" for key, member in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(element) for element in value) + "]"
    return json.dumps(value, ensure_ascii=False)


class Number(str):
    """A number as it is written."""


class Unreadable(Exception):
    """No JSON: what was written cannot be said."""


def load(text):
    """Objects as lists of pairs in a tuple, numbers as Number."""
    try:
        value = json.loads(text, strict=False, object_pairs_hook=lambda pairs: tuple(pairs), parse_int=Number,
                           parse_float=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    return value


# ---- Is the value that was read the value that was written?

def same_integer(written, read):
    if isinstance(written, bool):
        return int(written) == read
    if isinstance(written, str) and not isinstance(written, Number) and written in ("true", "false"):
        return int(written == "true") == read
    return isinstance(written, str) and re.fullmatch(r"[+-]?\d+", written) is not None and int(written) == read


def as_float(text):
    word = text.lstrip("+-").lower()
    if word in ("nan", "inf", "infinity"):
        return {"n": "nan", "i": "-inf" if text.startswith("-") else "inf"}[word[0]]
    return None


def same_float(written, read, bits):
    if isinstance(written, bool):
        return float(written) == read
    if not isinstance(written, str):
        return False
    if written in ("true", "false") and not isinstance(written, Number):
        return float(written == "true") == read
    special = as_float(written)
    if special is not None:
        return str(read).lstrip("-") == "nan" if special == "nan" else read == special
    if isinstance(read, str) or re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", written) is None:
        return False
    nearest = float(written)
    if bits == 32:
        try:
            nearest = struct.unpack("<f", struct.pack("<f", nearest))[0]
            read = struct.unpack("<f", struct.pack("<f", float(read)))[0]
        except OverflowError:
            return False
    if re.fullmatch(r"[+-]?\d+", written) and int(written) != int(nearest):
        return same_shortest(written, nearest)
    return nearest == float(read) and not (nearest == 0 and decimal.Decimal(written) != 0)


def same_shortest(written, nearest):
    """A double is written in the digits that it is printed in, and with zeros behind them."""
    digits = repr(nearest).partition("e")[0].replace(".", "").lstrip("+-0").rstrip("0")
    return digits == written.lstrip("+-0").rstrip("0")


def same_text(written, read):
    return isinstance(written, str) and not isinstance(written, Number) and written == read


TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d*))?(Z|[+-]\d\d:\d\d)?)?")
EPOCH = datetime.datetime(1970, 1, 1)


def nanoseconds(text, zone_offset=0):
    """None: no such time, or another form."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    seconds = (moment - EPOCH) // datetime.timedelta(seconds=1)
    zone = found[8]
    if zone and zone != "Z":
        seconds -= (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 60 + int(zone[4:])) * 60
    fraction = found[7] or ""
    if fraction[9:].strip("0"):
        return None
    return seconds * 10**9 + int((fraction + "0" * 9)[:9])


def same_time(written, read, scale, berlin):
    there = nanoseconds(read)
    if isinstance(written, Number):
        if re.fullmatch(r"[+-]?\d+", written) is None:
            return False
        here = int(written) * 10 ** (9 - scale)
        return here == there or (berlin and abs(here - there) in (3600 * 10**9, 7200 * 10**9))
    if not isinstance(written, str):
        return False
    if BASIC_TIMES and re.fullmatch(r"-?\d+", written):
        here = int(written) * 10 ** (9 if len(written) <= 11 and int(written) < 10**10 else 9 - scale)
        zoned = True
    elif re.fullmatch(r"\d+", written):
        unit = {9: 9, 10: 9, 13: 6, 16: 3, 19: 0}.get(len(written))
        here = None if unit is None else int(written) * 10**unit
        zoned = True
    else:
        here = nanoseconds(written)
        zoned = written.endswith("Z") or re.search(r"[+-]\d\d:\d\d$", written) is not None
    if here is None:
        return False
    return here == there or (berlin and zoned and abs(here - there) in (3600 * 10**9, 7200 * 10**9))


def same_date(written, read):
    if isinstance(written, Number):
        days = (datetime.date.fromisoformat(read) - datetime.date(1970, 1, 1)).days
        return re.fullmatch(r"[+-]?\d+", written) is not None and int(written) == days
    return written == read


def same_decimal(written, read):
    if not isinstance(written, str):
        return False
    try:
        return decimal.Decimal(written) == decimal.Decimal(read)
    except decimal.InvalidOperation:
        return False


def address(text):
    """Of the forms that the server takes: octets with leading zeros, a gap of no groups."""
    text = re.sub(r"\d+(\.\d+){3}$", lambda found: ".".join(str(int(part)) for part in found[0].split(".")), text)
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return ipaddress.ip_address(text.replace("::", ":"))


def pairs_of(value):
    return value if isinstance(value, tuple) else None


def json_tree(pairs):
    """What a JSON column is to give back: dots in keys part them."""
    tree = []
    for key, value in pairs:
        names = key.split(".")
        at = tree
        for name in names[:-1]:
            inner = next((member for known, member in at if known == name and isinstance(member, list)), None)
            if inner is None:
                inner = []
                at.append((name, inner))
            at = inner
        value = json_value(value)
        known = next((member for name, member in at if name == names[-1] and isinstance(member, list)), None)
        if isinstance(value, list) and known is not None:
            known.extend(value)
        else:
            at.append((names[-1], value))
    return tree


def json_value(value):
    """Objects as lists of pairs, arrays as tuples."""
    if isinstance(value, tuple):
        return json_tree(value)
    if isinstance(value, list):
        return tuple(json_value(element) for element in value)
    return value


def same_json(written, read):
    if isinstance(written, list):
        if not isinstance(read, list) or len(written) != len(read):
            return False
        ordered = lambda pairs: sorted(pairs, key=lambda pair: (pair[0], isinstance(pair[1], list)))  # noqa: E731
        return all(a[0] == b[0] and same_json(a[1], b[1]) for a, b in zip(ordered(written), ordered(read)))
    if isinstance(written, tuple):
        return isinstance(read, tuple) and len(written) == len(read) and all(map(same_json, written, read))
    if isinstance(written, Number):
        return isinstance(read, Number) and same_json_number(written, read)
    return type(written) is type(read) and written == read


def same_json_number(written, read):
    if re.fullmatch(r"-?\d+", written):
        return decimal.Decimal(written) == decimal.Decimal(read)
    return float(written) == float(read)


def split_type(text):
    """Name and arguments of a type: 'Map(String, UInt8)' -> 'Map', ['String', 'UInt8']."""
    name, bracket, inside = text.partition("(")
    arguments, depth, last = [], 0, ""
    for char in inside[:-1] if bracket else "":
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            arguments.append(last.strip())
            last = ""
        else:
            last += char
    return name, arguments + ([last.strip()] if last.strip() else [])


def same(kind, written, read):
    name, arguments = split_type(kind)
    if name in ("LowCardinality", "Nullable"):
        if name == "Nullable" and (written is None or read is None):
            return written is read
        return same(arguments[0], written, read)
    if name == "Array":
        return isinstance(written, list) and len(written) == len(read) and all(
            same(arguments[0], a, b) for a, b in zip(written, read))
    if name == "Map":
        pairs = pairs_of(written)
        return pairs is not None and len(pairs) == len(read) and all(
            same(arguments[0], a[0], int(b[0]) if "Int" in arguments[0] else b[0]) and same(arguments[1], a[1], b[1])
            for a, b in zip(pairs, read))
    if name == "Tuple":
        if isinstance(written, list):
            return all(same(*each) for each in zip(arguments, written, read))
        pairs = pairs_of(written)
        if pairs is None:
            return False
        types = dict(argument.split(" ", 1) for argument in arguments)
        back = dict(read)
        return all(key in types and same(types[key], value, back[key]) for key, value in pairs)
    if name == "JSON":
        return isinstance(written, tuple) and same_json(json_value(written), json_value(read))
    if written is None:
        return False
    if re.fullmatch("U?Int\\d+", name):
        return same_integer(written, int(read))
    if name in ("Float64", "Float32"):
        return same_float(written, float(read) if isinstance(read, Number) else read, int(name[5:]))
    if name == "Bool":
        return read == (written if isinstance(written, bool) else written == "1")
    if name == "String":
        return same_text(written, read)
    if name == "FixedString":
        return isinstance(written, str) and same_text(written.rstrip("\0"), read.rstrip("\0"))
    if name == "DateTime":
        return same_time(written, read, 0, "Berlin" in kind)
    if name == "DateTime64":
        return same_time(written, read, int(arguments[0]), False)
    if name in ("Date", "Date32"):
        return same_date(written, read)
    if name == "Decimal":
        return same_decimal(written, read)
    if name == "UUID":
        return written.replace("-", "").lower() == read.replace("-", "")
    if name == "IPv4":
        return [int(part) for part in written.split(".")] == [int(part) for part in read.split(".")]
    if name == "IPv6":
        there = ipaddress.IPv6Address(read)
        return address(written) in (there, there.ipv4_mapped)
    if name.startswith("Enum"):
        numbers = {number: value for value, number in re.findall(r"'([^']*)' = (-?\d+)", kind)}
        return written == read or (re.fullmatch(r"[+-]?\d+", written) and numbers.get(str(int(written))) == read)
    raise AssertionError(kind)


# ---- The engine and the checker

class Table:
    """A table of the engine, which rows are inserted into one by one."""

    def __init__(self, name):
        self.name = name
        columns = ENGINE.rows(f"SELECT name, type, default_kind, default_expression FROM system.columns "
                              f"WHERE database = currentDatabase() AND table = '{name}' ORDER BY position")
        self.types = {column["name"]: column["type"] for column in columns
                      if column["default_kind"] in ("", "DEFAULT")}
        self.lower = {column.lower(): column for column in self.types}
        # The way in: without keys, codecs and indexes, so that rows stay in their order.
        lines = (f"`{c['name']}` {c['type']} {c['default_kind']} {c['default_expression']}" for c in columns)
        self.inbox = f"inbox_{name}"
        ENGINE.query(f"CREATE OR REPLACE TABLE {self.inbox} ({', '.join(lines)}) ENGINE = Memory")

    def insert(self, rows):
        """For each row what came back, or None if it was refused."""
        head = f"INSERT INTO {self.inbox} FORMAT JSONEachRow ".encode()
        taken = []
        for row in rows:
            try:
                ENGINE.query(head + row)
                taken.append(True)
            except AssertionError:
                taken.append(False)
        back = iter(run.lines(ENGINE.query(
            f"SELECT * FROM {self.inbox} SETTINGS max_threads = 1, output_format_json_quote_denormals = 1, "
            "output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow")))
        result = [load(next(back).decode(errors="surrogateescape")) if there else None for there in taken]
        if next(back, None) is not None:
            raise AssertionError(f"{self.name}: more rows than were inserted")
        ENGINE.query(f"TRUNCATE TABLE {self.inbox}")
        return result

    def unchanged(self, row, back):
        """All that stands in the row came back. `row`: its text."""
        back = dict(back)
        seen = set()
        for key, value in load(row.decode(errors="surrogateescape")):
            column = key if key in self.types else self.lower.get(key.lower())
            if column in seen:
                return False  # one of the two is lost, even if they are the same
            seen.update({column} - {None})
            if column is None:
                if not (key.lower() + "." in " ".join(self.lower) and is_empty(value)):
                    return False
            elif not same(self.types[column], value, back[column]):
                return False
        return True


def is_empty(value):
    """Of an object for Nested columns: nothing is lost with it."""
    if isinstance(value, (list, tuple)):
        return all(is_empty(member[1] if isinstance(member, tuple) and len(member) == 2 else member) for member in value)
    return value is None


def gf_otlp(*arguments, stdin=b""):
    done = subprocess.run([run.GF_OTLP, *arguments], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr.decode()}")
    return done.stdout


def validate(rows, *options):
    """For each row the ids of what `validate --rows` finds."""
    report = gf_otlp("validate", "--rows", "-", *options, "--format", "json", "--max-findings", "1000000",
                     "--fail-on", "never", "-q", stdin=b"\n".join(rows))
    found = [set() for _ in rows]
    for item in json.loads(report)["items"]:
        found[item["line"] - 1].add(item["rule"])
    return found


# ---- Mutations

INTEGERS = ["0", "1", "-1", "127", "128", "255", "256", "300", "-128", "-129", "32768", "65535", "65536", "2147483648", "4294967295",
            "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
            "-9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1700000000", "1700000000123456789",
            "9007199254740993", "340282366920938463463374607431768211456", "01", "+1", "-0"]
FLOATS = ["0.1", "1.5", "-2.25", "1e3", "1E-3", "1e400", "-1e400", "1.", ".5", "1e", "-", "0.30000000000000004", "123456.789",
          "1.7976931348623157e308", "5e-324", "1e23", "9.109383701528e-31", "12345678.12", "0.001", "99999999.999"]
WORDS = ["null", "true", "false", "NaN", "nan", "Infinity", "-Infinity", "inf", "nul", "True", "", "''"]
STRINGS = ["", "a", "abcdefgh", "1", "-1", "300", "1.5", "1e3", "true", "null", "NaN", "inf", "-inf", "Infinity", " 1", "1 ", "+5",
           "2024-01-02", "2024-02-30", "1969-12-31", "2200-01-01", "2149-06-07", "0000-00-00", "2024-01-02 03:04:05",
           "2024-01-02 03:04:05.123456789", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05.5+02:00", "2024-01-02 25:00:00",
           "2024-13-01 00:00:00", "1899-12-31 23:59:59", "2106-02-07 06:28:16", "2262-04-11 23:47:17", "2300-01-01 00:00:00",
           "1700000000", "1700000000123", "1700000000123456789", "12345", "-1700000000", "1700000000.5", "Jan 2 2024",
           "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "61F0C4045CB311E7907BA6006AD3DBA0", "61f0c404", "1.2.3.4", "01.2.3.4", "1.2.3.0004", "1.2.3.00004", "256.1.1.1",
           "::1", "::ffff:1.2.3.4", "::01.2.3.04", "1::2:3:4:5:6:7:8", "2001:DB8::1", "ok", "bad", "7", "9", "OK", "é", "日本", "x" * 300]
ESCAPES = [r'"\u0041"', r'"\ud83d\ude00"', r'"\ud83d"', r'"\ude00"', r'"\x41"', r'"\u00zz"', r'"\u0000"', r'"\/\b\f\n\r\t\"\\"', r'"\u12"',
           '"a\tb"', r'"\u0032024-01-02"']
CONTAINERS = ["[]", "{}", "[1]", "[1,2,3]", '["a"]', "[null]", "[300]", "[1,]", "[,1]", "[1 2]", "[[1]]", '{"a":1}', '{"a":"b"}',
              '{"a":null}', '{"a":"x",}', '{"a":"1","a":"2"}', '{"a":1 "b":2}', '{"a":{"x":1}}', '{"1":"x"}', '{"a":300,"b":1}',
              '[1,"x"]', '[{"a":1,"b":"x"}]', '[{"a":1,"z":2}]', r'{"\u0061":1,"b":"x"}', '[{"a":null}]', '{"b":"x","a":1,"c":null}', '{"a.b":1,"a":{"b":2}}',
              '{"a.b":1,"a":{"c":2}}', '{"a":[1,true]}', '{"a":[1,"x",null]}', '{"a":[[],null]}', '{"a":18446744073709551616}',
              '{"a":"2024-01-02T03:04:05Z"}', '{"a":"2024-01-02 03:04:05"}', '{"a":{}}', '{"a":1.0,"b":-0.5}', '{"a":[9007199254740993,0.5]}',
              '{"":1}', '{"a":[{"b":1},{"b":"x","c":null}]}', '{"a":1e400}', '[["a"],[]]']


def random_time(rng):
    """A time of one of the judged forms, often out of range."""
    year = rng.choice([1600, 1899, 1900, 1969, 1970, 2023, 2024, 2038, 2106, 2107, 2262, 2263, 2299, 2300, 9999])
    text = f"{year:04}-{rng.randint(0, 13):02}-{rng.randint(0, 32):02}" if rng.random() < 0.2 else \
        f"{year:04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    text += rng.choice(" T") + (f"{rng.randint(0, 25):02}:{rng.randint(0, 61):02}:{rng.randint(0, 61):02}"
                                if rng.random() < 0.2 else f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}")
    if rng.random() < 0.4:
        text += "." + "".join(rng.choice("0123456789") for _ in range(rng.choice([0, 1, 3, 6, 9, 12])))
    return text + rng.choice(["", "", "", "Z", "+02:00", "-07:30"])


def random_value(rng):
    kind = rng.randrange(9)
    if kind == 0:
        return Raw(rng.choice(INTEGERS))
    if kind == 1:
        return Raw(rng.choice(FLOATS))
    if kind == 2:
        return Raw(rng.choice(WORDS))
    if kind == 3:
        return Raw(rng.choice(ESCAPES))
    if kind == 4:
        return Raw(rng.choice(CONTAINERS))
    if kind == 5:
        return random_time(rng)
    if kind == 6:
        return Raw(repr(rng.choice([rng.random(), rng.uniform(-1e6, 1e6), rng.uniform(-1, 1) * 10 ** rng.randint(-20, 20)])))
    if kind == 7:
        return Raw(json.dumps(str(rng.choice(INTEGERS + FLOATS))))
    return rng.choice(STRINGS)


def places(value, path=()):
    """The paths of all values in a row."""
    if isinstance(value, tuple):
        for i, (_, member) in enumerate(value):
            yield path + (i,)
            yield from places(member, path + (i,))
    elif isinstance(value, list):
        for i, element in enumerate(value):
            yield path + (i,)
            yield from places(element, path + (i,))


def replaced(value, path, change):
    if not path:
        return change(value)
    if isinstance(value, tuple):
        return tuple((key, replaced(member, path[1:], change)) if i == path[0] else (key, member)
                     for i, (key, member) in enumerate(value))
    return [replaced(element, path[1:], change) if i == path[0] else element for i, element in enumerate(value)]


def as_raw(value):
    """For dump(): numbers as they stood."""
    if isinstance(value, Number):
        return Raw(value)
    if isinstance(value, tuple):
        return tuple((key, as_raw(member)) for key, member in value)
    if isinstance(value, list):
        return [as_raw(element) for element in value]
    return value


def mutated(rng, row):
    """A row's text, changed in one or a few places. `row`: pairs."""
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        kind = rng.randrange(12)
        at = rng.randrange(len(row)) if row else 0
        if kind < 6 or not row:
            row = replaced(row, (at,), lambda _: random_value(rng)) if row else row
        elif kind < 8:
            inner = [path for path in places(row) if len(path) > 1]
            if inner:
                row = replaced(row, rng.choice(inner), lambda _: random_value(rng))
        elif kind == 8:
            row = row[:at] + row[at + 1:]
        elif kind == 9:
            name = rng.choice(["unknown", row[at][0], row[at][0].upper(), row[at][0].partition(".")[0]])
            row = row[:at] + ((name, random_value(rng)),) + row[at:]
        elif kind == 10:
            key, value = row[at]
            row = row[:at] + ((rng.choice([key.upper(), key.lower(), key + "x"]), value),) + row[at + 1:]
        else:
            key, value = row[at]
            if isinstance(value, list):
                value = value + value[-1:] if value and rng.random() < 0.5 else value[:-1]
            row = row[:at] + ((key, value),) + row[at + 1:]
    text = dump(row)
    if rng.random() < 0.05:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(["", " ", ",", "}", "{", '"', "[", ":", "\\", "1", "x", "\t"]) + text[at + rng.randrange(2):]
    return text.replace("\n", " ").encode(errors="surrogateescape")


# ---- The tests

SHAPES = (("clickhouse", "0.161"), ("clickhouse", "0.149"), ("clickhouse-json", "0.161"), ("glassflow", None), ("glassflow-flat", None))

# Golden rows that are refused or come back otherwise: how many under each rule.
LOST = {
    "clickhouse 0.149 otel_logs": {"row-time-changed": 7},
    "clickhouse 0.149 otel_metrics_exponential_histogram": {"row-last-digit": 12, "row-number-range": 2, "row-time-changed": 1},
    "clickhouse 0.149 otel_metrics_gauge": {"row-last-digit": 2, "row-time-changed": 1},
    "clickhouse 0.149 otel_metrics_histogram": {"row-last-digit": 2, "row-time-changed": 1},
    "clickhouse 0.149 otel_metrics_sum": {"row-time-changed": 3},
    "clickhouse 0.149 otel_metrics_summary": {"row-last-digit": 1, "row-number-range": 2, "row-time-changed": 1},
    "clickhouse 0.149 otel_traces": {"row-time-changed": 15},
    "clickhouse 0.161 otel_logs": {"row-time-changed": 7},
    "clickhouse 0.161 otel_metrics_exponential_histogram": {"row-last-digit": 12, "row-number-range": 2},
    "clickhouse 0.161 otel_metrics_gauge": {"row-last-digit": 2},
    "clickhouse 0.161 otel_metrics_histogram": {"row-last-digit": 2},
    "clickhouse 0.161 otel_metrics_summary": {"row-last-digit": 1, "row-number-range": 2},
    "clickhouse 0.161 otel_traces": {"row-time-changed": 15},
    "clickhouse-json 0.161 otel_logs": {"row-json-changed": 73, "row-json-value": 1, "row-time-changed": 7},
    "clickhouse-json 0.161 otel_metrics_exponential_histogram": {"row-last-digit": 12, "row-number-range": 2},
    "clickhouse-json 0.161 otel_metrics_gauge": {"row-last-digit": 2},
    "clickhouse-json 0.161 otel_metrics_histogram": {"row-last-digit": 2},
    "clickhouse-json 0.161 otel_metrics_summary": {"row-last-digit": 1, "row-number-range": 2},
    "clickhouse-json 0.161 otel_traces": {"row-json-changed": 85, "row-json-value": 12, "row-time-changed": 15},
    "glassflow None otel_logs": {"row-time-changed": 7},
    "glassflow None otel_metrics_exponential_histogram": {"row-last-digit": 9, "row-nested-dropped": 24, "row-null-to-default": 2, "row-null-to-empty": 20, "row-number-range": 1, "row-time-changed": 1},
    "glassflow None otel_metrics_gauge": {"row-last-digit": 2, "row-nested-dropped": 27, "row-null-to-default": 3},
    "glassflow None otel_metrics_histogram": {"row-last-digit": 2, "row-nested-dropped": 4, "row-null-to-default": 2, "row-null-to-empty": 5},
    "glassflow None otel_metrics_sum": {"row-nested-dropped": 7},
    "glassflow None otel_metrics_summary": {"row-nested-dropped": 11, "row-null-to-default": 1, "row-time-changed": 1},
    "glassflow None otel_traces": {"row-time-changed": 15},
    "glassflow-flat None otel_logs": {"row-time-changed": 12},
    "glassflow-flat None otel_metrics": {"row-last-digit": 13, "row-number-range": 1, "row-time-changed": 2},
    "glassflow-flat None otel_traces": {"row-time-changed": 18},
}


def options_of(shape, version):
    return ["--shape", shape] + (["--schema-version", version] if version else [])


def make_tables(shape, version):
    """The shape's tables in a database of their own."""
    database = re.sub(r"\W", "_", f"{shape}_{version}")
    ENGINE.query(f"CREATE DATABASE {database}")
    ENGINE.query(f"USE {database}")
    sql = gf_otlp("schema", "print", *options_of(shape, version)).decode()
    for statement in re.sub(r"^--.*$", "", sql, flags=re.MULTILINE).split(";\n"):
        if statement.strip():
            ENGINE.query(statement)
    names = [row["name"] for row in ENGINE.rows(f"SELECT name FROM system.tables WHERE database = '{database}' "
                                                "AND engine = 'MergeTree' AND NOT name LIKE '%trace_id_ts' ORDER BY name")]
    return {name: Table(name) for name in names}


def golden_rows(shape, version, table):
    inputs = sorted(glob.glob(os.path.join(run.TESTDATA, "golden", "*", "input.pb")))
    return run.lines(gf_otlp("convert", *options_of(shape, version), "--table", table, "-q", *inputs))


def other_table():
    ENGINE.query("USE default")
    ENGINE.query("DROP TABLE IF EXISTS others")
    ENGINE.query(OTHER_TABLE)
    return Table("others")


class Rows(unittest.TestCase):
    maxDiff = None

    def compare(self, table, rows, *options):
        """What the engine and the checker say of each row: (row, back, ids, unchanged or None if it cannot be said)."""
        result = []
        for row, back, ids in zip(rows, table.insert(rows), validate(rows, *options)):
            unchanged = None
            if back is not None:
                try:
                    unchanged = table.unchanged(row, back)
                except Unreadable:
                    pass
            result.append((row, back, ids, unchanged))
        return result

    def disagreements(self, compared):
        for row, back, ids, unchanged in compared:
            refused = bool(ids & REFUSED)
            judged = ids.isdisjoint(("row-not-judged", "row-type-not-judged"))
            if refused != (back is None):
                if refused or judged:
                    yield f"{'refused' if refused else 'taken'} by the checker alone, {sorted(ids)}: {row!r}"
            elif unchanged is not None:
                changes = bool(ids - NO_CHANGE)
                if changes and unchanged:
                    yield f"nothing changed, but found {sorted(ids)}: {row!r}"
                if not changes and not unchanged and judged:
                    yield f"changed, nothing found: {row!r}"

    def check(self, compared):
        bad = list(self.disagreements(compared))
        self.assertEqual(bad, [], f"{len(bad)} of {len(compared)} rows; seed {SEED}")

    def test_golden_rows(self):
        lost = {}
        for shape, version in SHAPES:
            for name, table in make_tables(shape, version).items():
                with self.subTest(f"{shape} {version} {name}"):
                    rows = golden_rows(shape, version, name)
                    self.assertNotEqual(rows, [])
                    compared = self.compare(table, rows, *options_of(shape, version), "--table", name)
                    self.check(compared)
                    for _, back, ids, unchanged in compared:
                        if back is None or unchanged is not True:
                            counts = lost.setdefault(f"{shape} {version} {name}", {})
                            for rule in sorted(ids - NO_CHANGE):
                                counts[rule] = counts.get(rule, 0) + 1
        self.assertEqual(lost, LOST)

    def test_mutated_rows(self):
        print(f"seed {SEED}", flush=True)
        rng = random.Random(SEED)
        sources = [(other_table, None)] + [(shape, version) for shape, version in SHAPES]
        for source, version in sources:
            if source is other_table:
                tables = {"others": other_table()}
            else:
                ENGINE.query(f"DROP DATABASE IF EXISTS {re.sub(chr(92) + 'W', '_', f'{source}_{version}')}")
                tables = make_tables(source, version)
            for name, table in tables.items():
                count = ROWS // (3 if source is other_table else 8 * len(tables)) + 1
                with self.subTest(f"{source} {version} {name}"), tempfile.NamedTemporaryFile("w", suffix=".sql") as ddl:
                    if source is other_table:
                        golden, options = [dump(OTHER_ROW).encode()], ["--ddl", ddl.name]
                        ddl.write(OTHER_TABLE)
                        ddl.flush()
                    else:
                        golden = golden_rows(source, version, name)
                        options = [*options_of(source, version), "--table", name]
                    parsed = [as_raw(load(row.decode(errors="surrogateescape"))) for row in golden]
                    rows = [mutated(rng, rng.choice(parsed)) for _ in range(count)]
                    self.check(self.compare(table, rows, *options))


    def test_times_of_older_servers(self):
        """Before 26.5 the default is date_time_input_format=basic."""
        rng = random.Random(SEED + 1)
        table = other_table()
        values = STRINGS + [Raw(value) for value in INTEGERS + FLOATS] + [random_time(rng) for _ in range(300)]
        rows = [dump({column: value}).encode() for column in ("t", "t0", "t3", "t9", "nt") for value in values]
        global BASIC_TIMES
        BASIC_TIMES = True
        ENGINE.query("SET date_time_input_format = 'basic'")
        try:
            with tempfile.NamedTemporaryFile("w", suffix=".sql") as ddl:
                ddl.write(OTHER_TABLE)
                ddl.flush()
                self.check(self.compare(table, rows, "--ddl", ddl.name, "--server-version", "26.4"))
        finally:
            BASIC_TIMES = False
            ENGINE.query("SET date_time_input_format = 'best_effort'")

    def test_each_value_in_each_column(self):
        table = other_table()
        values = STRINGS + [Raw(value) for value in INTEGERS + FLOATS + WORDS + ESCAPES + CONTAINERS]
        rows = [dump({column: value}).encode() for column in OTHER_ROW for value in values]
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as ddl:
            ddl.write(OTHER_TABLE)
            ddl.flush()
            self.check(self.compare(table, rows, "--ddl", ddl.name))


def prepare():
    global ENGINE
    ENGINE = servers.Engine(servers.install("chdb.sh"))
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
