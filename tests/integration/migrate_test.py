"""The SQL of schema diff --migrate, run by a ClickHouse engine: the old tables become the new ones, but for what comments say."""

import copy
import json
import random
import unittest

import servers
from servers import run

ENGINE = None

KEY_WORDS = {
    "partition-key": "PARTITION BY", "order-key": "ORDER BY", "primary-key": "PRIMARY KEY", "engine": "the engine",
    "engine-merges": "the engine", "ttl": "MODIFY TTL",
}


class Migration:
    """What schema diff --migrate printed."""

    def __init__(self, text):
        self.text = text
        lines = text.split("\n")
        self.comments = [line.removeprefix("-- ") for line in lines if line.startswith("--")]
        self.statements = statements([line for line in lines if not line.startswith("--")])

    def copies(self):
        """The statements in comments that make new tables and copy what is in the old ones."""
        begin = [i for i, line in enumerate(self.comments) if line.startswith("CREATE TABLE")]
        copied = []
        for first in begin:
            last = next(i for i in range(first, len(self.comments)) if self.comments[i].startswith("EXCHANGE"))
            copied += statements(self.comments[first:last + 1])
        return copied


def statements(lines):
    return [text.strip() for text in "\n".join(lines).split(";\n") if text.strip()] if lines else []


class Table:
    """A table as DDL, in parts that can be changed one by one."""

    def __init__(self):
        self.columns = {
            "Id": "UInt64", "Time": "DateTime64(9) CODEC(Delta(8), ZSTD(1))", "Name": "String COMMENT 'of what'",
            "Kind": "LowCardinality(String)", "Tags": "Map(LowCardinality(String), String) CODEC(ZSTD(1))",
            "Count": "UInt16", "Seconds": "DateTime", "Body": "String DEFAULT 'none'", "Events.Name": "Array(String)",
            "Events.Time": "Array(DateTime64(9))", "Lower": "String MATERIALIZED lower(Name)",
        }
        self.order_by, self.primary_key, self.partition_by, self.ttl = ["Kind", "Id"], "Kind", "toDate(Time)", ""
        self.engine = "MergeTree"
        self.settings = {"index_granularity": "8192", "ttl_only_drop_parts": "1"}
        self.parts = {"i": "INDEX i Name TYPE bloom_filter(0.01) GRANULARITY 1",
                      "j": "INDEX j mapKeys(Tags) TYPE bloom_filter(0.01) GRANULARITY 1",
                      "c": "CONSTRAINT c CHECK Id >= 0"}
        self.comment = ""

    def sql(self, name):
        body = [f"`{column}` {rest}" for column, rest in self.columns.items()] + list(self.parts.values())
        settings = ", ".join(f"{key} = {value}" for key, value in self.settings.items())
        return (f"CREATE TABLE {name} ({', '.join(body)}) ENGINE = {self.engine} PARTITION BY {self.partition_by} "
                f"PRIMARY KEY ({self.primary_key}) ORDER BY ({', '.join(self.order_by)}) "
                f"{'TTL ' + self.ttl if self.ttl else ''} SETTINGS {settings} COMMENT '{self.comment}'")


def set_column(name, rest):
    return lambda table, _: table.columns.__setitem__(name, rest)


def set_part(name, sql):
    return lambda table, _: table.parts.__setitem__(name, sql)


def set_attribute(name, value):
    return lambda table, _: setattr(table, name, value)


def insert_column(table, rng):
    columns = list(table.columns.items())
    columns.insert(rng.randrange(len(columns) + 1),
                   (f"New{len(columns)}", rng.choice(["String", "UInt8 DEFAULT 7", "Map(String, UInt8) CODEC(ZSTD(3))",
                                                      "String MATERIALIZED upper(Name) COMMENT 'it\\'s'"])))
    table.columns = dict(columns)


def insert_column_of_key(table, _):
    table.columns["OfKey"] = "UInt32"
    table.order_by.append("OfKey")


def shuffle_columns(table, rng):
    columns = list(table.columns.items())
    for _ in range(rng.randrange(1, 4)):
        columns.insert(rng.randrange(len(columns)), columns.pop(rng.randrange(len(columns))))
    table.columns = dict(columns)


CHANGES = [
    insert_column, insert_column, shuffle_columns, shuffle_columns, insert_column_of_key,
    lambda table, _: table.columns.pop("Lower", None),
    lambda table, _: table.columns.pop("Seconds", None),
    lambda table, _: table.parts.pop("i", None),
    lambda table, _: table.parts.pop("c", None),
    lambda table, _: table.order_by.__delitem__(slice(1, None)),
    lambda table, _: table.settings.pop("ttl_only_drop_parts", None),
    lambda table, _: table.settings.__setitem__("merge_with_ttl_timeout", "3600"),
    lambda table, _: table.settings.__setitem__("index_granularity", "1024"),
    set_column("Id", "UInt128"), set_column("Kind", "String"), set_column("Kind", "Nullable(String)"),
    set_column("Time", "DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))"), set_column("Time", "DateTime64(3)"),
    set_column("Name", "LowCardinality(String)"), set_column("Name", "Nullable(String) COMMENT 'another'"),
    set_column("Name", "UInt64"), set_column("Count", "UInt64"), set_column("Count", "Float64 CODEC(Gorilla(8), LZ4)"),
    set_column("Count", "UInt8"), set_column("Seconds", "DateTime64(9)"), set_column("Seconds", "DateTime('UTC')"),
    set_column("Tags", "Map(String, String)"), set_column("Tags", "String"),
    set_column("Body", "String"), set_column("Body", "LowCardinality(String) DEFAULT 'some' CODEC(ZSTD(1))"),
    set_column("Body", "String MATERIALIZED Name"), set_column("Body", "String ALIAS Name"),
    set_column("Lower", "String"), set_column("Lower", "String DEFAULT lower(Name) TTL toDateTime(Time) + toIntervalDay(9)"),
    set_column("Events.Time", "Array(DateTime)"), set_column("Events.Name", "Array(LowCardinality(String))"),
    set_part("i", "INDEX i Name TYPE bloom_filter(0.01) GRANULARITY 4"),
    set_part("k", "INDEX k lower(Name) TYPE text(tokenizer = 'splitByNonAlpha')"),
    set_part("p", "PROJECTION p (SELECT Id, Count ORDER BY Count)"), set_part("c", "CONSTRAINT c CHECK Id < 1000"),
    set_attribute("partition_by", "toYYYYMM(Time)"), set_attribute("primary_key", "Kind, Id"),
    set_attribute("engine", "ReplacingMergeTree(Count)"), set_attribute("comment", "a table"),
    set_attribute("ttl", "toDateTime(Time) + toIntervalDay(3000)"),
]

ROWS = 'INSERT INTO {} (Id, Time, Name, Kind, Tags, Count, "Events.Name", "Events.Time") SELECT number, ' \
       "'2026-01-02 03:04:05.123456789', 'N1', 'k', map('a', 'x'), 300, ['e'], ['2026-01-02 03:04:05'] FROM numbers(10)"


class MigrateTest(run.CommandTest):
    def migration(self, old, new):
        return Migration(self.run_command("schema", "diff", old, new, "--migrate")[0].decode())

    def differences(self, old, new):
        out = self.run_command("schema", "diff", old, new, "--format", "json", "-q")[0]
        return json.loads(out)["items"]

    def now(self, names, file):
        """SHOW CREATE TABLE of each, in a file."""
        shown = [ENGINE.query(f"SHOW CREATE TABLE {name} FORMAT TSVRaw").rstrip(b"\n") for name in names]
        return self.write(file, b";\n".join(shown) + b";\n")

    def assert_told(self, differences, migration):
        """Of each difference a comment says something."""
        comments = "\n".join(migration.comments)
        for item in differences:
            table, _, part = item["subject"].partition(".")
            word = KEY_WORDS.get(item["rule"]) or part
            about = [line for line in migration.comments if table in line or line.startswith(" ")]
            self.assertTrue(word and word in comments, f"{item}\n{about}\n{migration.text[:3000]}")

    def apply(self, all_statements):
        for statement in all_statements:
            ENGINE.query(statement)

    def test_versions(self):
        for old, new in (("0.149", "0.161"), ("0.161", "0.149")):
            for shape in ("clickhouse", "clickhouse-json"):
                with self.subTest(f"{shape} {old} to {new}"):
                    self.check_shape(shape, old, new)

    def check_shape(self, shape, old, new):
        ENGINE.query("DROP DATABASE IF EXISTS d")
        ENGINE.query("CREATE DATABASE d")
        self.apply(statements([self.run_command("schema", "print", "--shape", shape, "--schema-version", old, "--database",
                                                "d")[0].decode()]))
        names = [row["name"] for row in ENGINE.rows("SELECT name FROM system.tables WHERE database = 'd' ORDER BY name")]
        before = self.now([f"d.{name}" for name in names], "before.sql")
        self.assertEqual(self.differences(before, f"{shape}@{old}"), [])
        rows = run.CommandTest.path(self, f"rows-{shape}-{old}")
        self.run_command("convert", run.capture("plain"), "--shape", shape, "--schema-version", old, "--output-dir", rows)
        for name in names:
            try:
                content = run.read(f"{rows}/{name}.jsonl")
            except FileNotFoundError:
                continue
            # Of one day: each partition takes its time. A JSON column takes no integer of 20 digits.
            first = [line for line in run.lines(content) if b"2023-11-14" in line and b"1000000000000000000" not in line][:20]
            ENGINE.query(f"INSERT INTO d.{name} FORMAT JSONEachRow ".encode() + b"\n".join(first))
        counts = {name: ENGINE.rows(f"SELECT count() AS n FROM d.{name}") for name in names}
        migration = self.migration(before, f"{shape}@{new}")
        self.apply(migration.statements)
        after = self.now([f"d.{name}" for name in names], "after.sql")
        self.assert_told(self.differences(after, f"{shape}@{new}"), migration)
        # What comments say of copies leads to the end.
        self.apply(migration.copies())
        copied = self.now([f"d.{name}" for name in names], "copied.sql")
        left = [item for item in self.differences(copied, f"{shape}@{new}")
                if item["rule"] not in ("column-extra", "index-extra", "type-differs", "type-loses", "type-breaks")]
        self.assertEqual(left, [])
        self.assertEqual({name: ENGINE.rows(f"SELECT count() AS n FROM d.{name}") for name in names}, counts)
        ENGINE.query("DROP DATABASE d")

    def migrate(self, old, new):
        """Makes a table of one Table, fills it, and runs what leads to another; what it then is is in a file."""
        for name in ("t", "t_new"):
            ENGINE.query(f"DROP TABLE IF EXISTS {name}")
        ENGINE.query(old.sql("t"))
        ENGINE.query(ROWS.format("t"))
        migration = self.migration(self.now(["t"], "before.sql"), self.write("wanted.sql", f"{new.sql('t')};\n".encode()))
        self.apply(migration.statements)
        return migration

    def test_a_time_zone_hides_no_rows(self):
        zone = set_column("Time", "DateTime64(9, 'Asia/Tokyo') CODEC(Delta(8), ZSTD(1))")
        index = set_part("k", "INDEX k toDate(Time) TYPE minmax GRANULARITY 1")
        for partition_by, changes in (("toDate(Time)", []), ("Kind", [index]), ("Kind", [])):
            with self.subTest(f"{partition_by} {len(changes)}"):
                old, new = Table(), Table()
                for table in (old, new):
                    table.partition_by = partition_by
                    for change in changes:
                        change(table, None)
                zone(new, None)
                migration = self.migrate(old, new)
                for statements_more in ([], migration.copies()):
                    self.apply(statements_more)
                    seen = ENGINE.rows("SELECT count() AS n FROM t WHERE toDate(Time) = "
                                       "(SELECT toDate(any(Time)) FROM t)")
                    self.assertEqual(seen[0]["n"], 10)
                self.assertEqual(self.differences(self.now(["t"], "after.sql"), self.path("wanted.sql")), [])

    def test_a_copy_keeps_what_is_the_owners(self):
        old, new = Table(), Table()
        old.columns = {"Tenant": "UInt32 DEFAULT 7", **old.columns}
        old.ttl = "toDateTime(Time) + toIntervalDay(3000)"
        old.settings["storage_policy"] = "'default'"
        set_part("own", "INDEX own Tenant TYPE minmax GRANULARITY 1")(old, None)
        new.partition_by = "toYYYYMM(Time)"
        migration = self.migrate(old, new)
        self.assertEqual(migration.statements, [])
        self.apply(migration.copies())
        self.assertEqual(ENGINE.rows("SELECT sum(Tenant) AS n FROM t")[0]["n"], 70)
        left = self.differences(self.now(["t"], "after.sql"), self.path("wanted.sql"))
        self.assertEqual({item["rule"] for item in left}, {"column-extra", "ttl", "setting", "index-extra"})

    def test_defaults_name_columns_behind_them(self):
        old, new = Table(), Table()
        new.columns = {"Z": "UInt64 DEFAULT Y + 1", "Y": "UInt64 DEFAULT Id", **new.columns}
        self.migrate(old, new)
        self.assertEqual(ENGINE.rows("SELECT max(Z) AS n FROM t")[0]["n"], 10)
        self.assertEqual(self.differences(self.now(["t"], "after.sql"), self.path("wanted.sql")), [])

    def test_names_and_types_alone(self):
        """DESCRIBE without its details takes nothing away."""
        ENGINE.query("DROP TABLE IF EXISTS t")
        ENGINE.query(Table().sql("t"))
        wanted = [{"name": name, "type": rest.split(" ")[0]} for name, rest in Table().columns.items()
                  if not rest.startswith("Map")] + [{"name": "New", "type": "UInt8"}]
        described = self.write("described.jsonl", "".join(json.dumps(row) + "\n" for row in wanted).encode())
        migration = Migration(self.run_command("schema", "diff", self.now(["t"], "before.sql"), described, "--table", "t",
                                               "--migrate")[0].decode())
        self.assertEqual([statement.split(" AFTER")[0] for statement in migration.statements],
                         ["ALTER TABLE default.t ADD COLUMN New UInt8"])

    def test_random_changes(self):
        rng = random.Random(5)
        old, new = {}, {}
        for i in range(150):
            name = f"t{i}"
            old[name], new[name] = Table(), Table()
            # Each change alone, then some together.
            for change in [CHANGES[i]] if i < len(CHANGES) else rng.sample(CHANGES, rng.randrange(1, 4)):
                change(new[name], rng)
            if rng.random() < 0.3:
                old[name], new[name] = new[name], old[name]
        for name, table in copy.copy(new).items():
            # What no server takes needs no migration.
            try:
                for candidate in (table, old[name]):
                    ENGINE.query(candidate.sql(name))
                    ENGINE.query(f"DROP TABLE {name}")
            except AssertionError:
                del old[name], new[name]
        self.assertGreater(len(new), 100)
        for name, table in old.items():
            ENGINE.query(table.sql(name))
            ENGINE.query(ROWS.format(name))
        before = self.now(old, "before.sql")
        wanted = self.write("wanted.sql", "".join(f"{table.sql(name)};\n" for name, table in new.items()).encode())
        migration = self.migration(before, wanted)
        self.apply(migration.statements)
        self.assert_told(self.differences(self.now(old, "after.sql"), wanted), migration)
        for name in old:
            self.assertEqual(ENGINE.rows(f"SELECT count() AS n FROM {name}")[0]["n"], 10, name)


def prepare():
    global ENGINE
    ENGINE = servers.Engine(servers.install("chdb.sh"))
    yield ENGINE


if __name__ == "__main__":
    servers.main(prepare)
