#!/usr/bin/env python3
"""`schema apply` and `repeats` on a ClickHouse engine: what they make is what `schema print` says, rollups hold each row once
whenever they were made and whatever was killed meanwhile, and repeated rows are found and dropped.

usage: agents_apply_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import datetime
import json
import os
import shlex
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clickhouse_http  # noqa: E402
import servers  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

BROKER = ENGINE = None
NO_PROXY = {"no_proxy": "localhost"}
# Tests kill behind a statement of each kind; with this, behind each statement.
ALL_KILLS = "ALL_KILLS" in os.environ
DAY = datetime.timedelta(days=1)


class Server(clickhouse_http.Server):
    """Keeps what changed something; can be told to die."""

    def __init__(self, engine):
        super().__init__(engine)
        self.changes = []
        self.dies_after = None  # that many changes, the last of them without an answer
        self.breaks_at = None  # one connection breaks there, and the server goes on
        self.listener.handle_error = lambda *_: None

    def run(self, query, data, parameters, read_only):
        if self.dies_after is not None and len(self.changes) >= self.dies_after:
            raise ConnectionError
        answer = super().run(query, data, parameters, read_only)
        if query.lstrip().startswith(("SELECT", "DESC", "SHOW")):
            return answer
        self.changes.append(query)
        if len(self.changes) == self.dies_after or len(self.changes) == self.breaks_at:
            raise ConnectionError
        return answer


class Rows:
    """Rows for the raw tables, and what the rollups must say of them."""

    def __init__(self, database):
        self.database = database
        self.number = 0
        self.spans = collections.defaultdict(collections.Counter)
        self.calls = collections.defaultdict(collections.Counter)
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.first_day = now.replace(hour=0, minute=0, second=0, microsecond=0) - 20 * DAY

    def next(self):
        """(the statement that inserts a few rows, or two; how the sums grow)."""
        spans, events = [], []
        for _ in range(3):
            self.number += 1
            n = self.number
            start = self.first_day + DAY * (n * 7 % 20) + datetime.timedelta(minutes=n * 11 % 1440)
            minute = start.strftime("%Y-%m-%d %H:%M:00")
            tenant, is_call = f"t{n % 2}", n % 3 == 0
            operation, status = "chat" if is_call else "execute_tool", "ERROR" if n % 5 == 0 else "UNSET"
            span = {"trace_id": f"{n // 4:032x}", "span_id": f"{n:016x}", "tenant_id": tenant, "service_name": "bot",
                    "span_name": operation, "operation": operation, "status_code": status, "duration_ms": n / 8,
                    "start_ts": str(start), "end_ts": str(start)}
            if is_call:
                span |= {"model": "m", "tokens_prompt": n, "cost_usd": n / 4}
                self.calls[tenant, "m", minute] += collections.Counter(calls=1, tokens=n, cents=25 * n)
            self.spans[tenant, operation, minute] += collections.Counter(spans=1, errors=int(status == "ERROR"))
            spans.append(json.dumps(span))
            event_type = "claude_code.api_request" if n % 2 else "claude_code.user_prompt"
            event = {"event_ts": str(start), "event_type": event_type, "tenant_id": tenant, "model": "c",
                     "tokens_prompt": 1, "payload_json": {"n": n}}
            if n % 2:
                self.calls[tenant, "c", minute] += collections.Counter(calls=1, without=1, tokens=1)
            events.append(json.dumps(event))
        return [f"INSERT INTO {self.database}.{table} FORMAT JSONEachRow {' '.join(rows)}"
                for table, rows in (("spans_raw", spans), ("events_raw", events))]

    def insert(self, server):
        for statement in self.next():
            with server.lock:
                ENGINE.query(statement)

    def expected(self):
        return ({key: (sums["spans"], sums["errors"]) for key, sums in self.spans.items()},
                {key: (sums["calls"], sums["without"], sums["tokens"], sums["cents"]) for key, sums in self.calls.items()})


class ApplyTest(run.CommandTest):
    def setUp(self):
        super().setUp()
        self.database = f"apply_{self.id().rpartition('.')[2]}"
        self.server = Server(ENGINE)
        self.server.__enter__()
        self.addCleanup(ENGINE.query, f"DROP DATABASE IF EXISTS {self.database}")
        self.addCleanup(self.server.__exit__)
        self.rows = Rows(self.database)

    def apply(self, *options, code=0, shape="agents", database=None):
        """The lines that it prints."""
        out, self.err = self.run_command("schema", "apply", "--clickhouse", self.server.url, "--database",
                                         database or self.database, "--shape", shape, *options, code=code, env=NO_PROXY)
        return out.decode().split("\n")[:-1]

    def assert_nothing_to_do(self, *options, **more):
        before = len(self.server.changes)
        self.assertEqual(self.apply(*options, **more), ["nothing was to be done"])
        self.assertEqual(self.server.changes[before:], [])

    def ask(self, sql):
        with self.server.lock:
            return ENGINE.rows(sql)

    def rollups(self):
        d = self.database
        spans = self.ask(f"SELECT tenant_id, operation, toString(minute) AS minute, sum(spans) AS n, sum(errors) AS e FROM "
                         f"{d}.spans_minute GROUP BY ALL")
        calls = self.ask(f"SELECT tenant_id, model, toString(minute) AS minute, sum(calls) AS n, sum(calls_without_cost) AS w, "
                         f"sum(tokens_prompt) AS t, sum(cost_usd) AS usd FROM {d}.cost_minute GROUP BY ALL")
        return ({(row["tenant_id"], row["operation"], row["minute"]): (int(row["n"]), int(row["e"])) for row in spans},
                {(row["tenant_id"], row["model"], row["minute"]):
                 (int(row["n"]), int(row["w"]), int(row["t"]), round(row["usd"] * 100)) for row in calls})

    def assert_rollups(self, what=""):
        found, expected = self.rollups(), self.rows.expected()
        for one, other in zip(found, expected):
            wrong = {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}
            self.assertEqual(wrong, {}, f"{what}: (found, expected)")
        names = {row["name"] for row in self.ask(f"SELECT name FROM system.tables WHERE database = '{self.database}'")}
        self.assertFalse([name for name in names if "gf_otlp" in name])

    def drop_rollups(self, *names):
        for name in names or ("spans_minute", "cost_minute"):
            for view in (f"{name}_mv", f"{name}_events_mv", name):
                ENGINE.query(f"DROP TABLE IF EXISTS {self.database}.{view}")

    def insert_while(self, process):
        while process.poll() is None:
            self.rows.insert(self.server)
            time.sleep(0.1)

    def apply_with_inserts(self, *options, code=0):
        """apply, while rows are inserted all the time, also some before and after."""
        self.rows.insert(self.server)
        process = subprocess.Popen(
            [run.GF_OTLP, "schema", "apply", "--clickhouse", self.server.url, "--database", self.database, "--shape", "agents",
             *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **NO_PROXY})
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.communicate()))
        reader.start()
        self.insert_while(process)
        reader.join(PATIENCE)
        self.rows.insert(self.server)
        self.assertEqual(process.returncode, code, lines)
        return lines[0].decode().split("\n")[:-1]


class Shapes(ApplyTest):
    def test_all_shapes_and_nothing_the_second_time(self):
        for shape in ("clickhouse", "clickhouse-json", "glassflow", "glassflow-flat", "agents"):
            for options in ([], ["--kafka", "localhost:1"]):
                with self.subTest(f"{shape} {options}"):
                    self.assertIn(f"create database {self.database}", self.apply(*options, shape=shape))
                    self.assert_nothing_to_do(*options, shape=shape)
                    out, _ = self.run_command("schema", "print", "--shape", shape, "--database", self.database, *options)
                    printed = self.write("printed.sql", out)
                    report = self.run_command("schema", "diff", f"{self.server.url}/{self.database}", printed, "--format",
                                              "json", "-q", env=NO_PROXY)[0]
                    self.assertEqual(json.loads(report)["items"], [])
                    ENGINE.query(f"DROP DATABASE {self.database}")

    def test_an_upgrade(self):
        old = self.run_command("schema", "print", "--schema-version", "0.149", "--database", self.database)[0]
        ENGINE.query(old)
        lines = self.apply(shape="clickhouse", code=1)
        self.assertTrue([line for line in lines if line.startswith("ALTER TABLE")])
        left = [line for line in lines if line.startswith("-- not done:")]
        self.assertTrue(left)
        self.assertIn(f"{len(left)} step", self.err)
        before = len(self.server.changes)
        again = self.apply(shape="clickhouse", code=1)
        self.assertEqual([line for line in again if line.startswith("-- not done:")], left)
        self.assertEqual(self.server.changes[before:], [])

    def test_a_dry_run_changes_nothing(self):
        lines = self.apply("--dry-run")
        self.assertEqual(self.server.changes, [])
        self.assertEqual(self.ask(f"SELECT name FROM system.databases WHERE name = '{self.database}'"), [])
        # What it prints is what is to be done.
        ENGINE.query("\n".join(lines))
        self.assert_nothing_to_do()
        self.drop_rollups()
        self.rows.insert(self.server)
        lines = self.apply("-n", "--rebuild", "spans_minute")
        self.assertTrue([line for line in lines if line.startswith("INSERT INTO")])
        self.assertEqual(self.server.changes, [])

    def test_a_view_with_another_query(self):
        self.apply()
        view = f"{self.database}.cost_minute_events_mv"
        query = self.ask(f"SELECT as_select AS q FROM system.tables WHERE database = '{self.database}' AND "
                         "name = 'cost_minute_events_mv'")[0]["q"]
        ENGINE.query(f"ALTER TABLE {view} MODIFY QUERY {query.replace(' AS calls_without_cost', ' + 1 AS calls_without_cost')}")
        lines = self.apply()
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith(f"ALTER TABLE {view} MODIFY QUERY"), lines)
        self.assert_nothing_to_do()
        self.rows.insert(self.server)
        self.assert_rollups()

    def test_another_rule_for_a_computed_column(self):
        """What is stored is not computed anew, and it says how it can be."""
        self.apply()
        ENGINE.query(f"ALTER TABLE {self.database}.spans_raw MODIFY COLUMN is_model_call MATERIALIZED model = 'm'")
        lines = self.apply()
        self.assertIn(f"ALTER TABLE {self.database}.spans_raw MATERIALIZE COLUMN is_model_call;", lines)
        self.assertNotIn("MATERIALIZE COLUMN", " ".join(self.server.changes))
        self.assert_nothing_to_do()

    def test_what_people_added_stays(self):
        self.apply("--ttl", "30d")
        table = f"{self.database}.spans_raw"
        ENGINE.query(f"ALTER TABLE {table} ADD COLUMN mine UInt8, ADD INDEX mine_too mine TYPE minmax")
        ENGINE.query(f"ALTER TABLE {table} DROP INDEX idx_duration")
        lines = self.apply()
        self.assertTrue([line for line in lines if line.startswith("ALTER TABLE") and "idx_duration" in line], lines)
        self.assert_nothing_to_do()
        self.assertEqual(self.ask(f"SELECT count() AS n FROM system.data_skipping_indices WHERE database = '{self.database}' "
                                  "AND name IN ('mine_too', 'idx_duration')")[0]["n"], 2)

    def test_ttl(self):
        """Who asks for one gets it, and nobody else a change."""
        def ttl(table="spans_raw"):
            full = self.ask(f"SELECT engine_full AS f FROM system.tables WHERE database = '{self.database}' AND name = '{table}'")[0]["f"]
            return full.partition(" TTL ")[2].partition(" SETTINGS ")[0]

        self.apply("--ttl", "400d")
        old = (datetime.datetime.now() - 200 * DAY).strftime("%Y-%m-%d %H:%M:%S")
        ENGINE.query(f"INSERT INTO {self.database}.spans_raw (span_id, start_ts) VALUES ('1', '{old}')")
        self.assert_nothing_to_do()
        lines = self.apply("--ttl", "10d")
        self.assertEqual(len(lines), 2, lines)
        for table, line in zip(("spans_raw", "events_raw"), lines):
            self.assertTrue(line.startswith(f"ALTER TABLE {self.database}.{table} MODIFY TTL"), line)
            self.assertTrue(ttl(table).endswith(" + toIntervalDay(10)"), ttl(table))
        self.assert_nothing_to_do("--ttl", "10d")
        self.assert_nothing_to_do()
        ENGINE.query(f"OPTIMIZE TABLE {self.database}.spans_raw FINAL")
        self.assertEqual(self.ask(f"SELECT count() AS n FROM {self.database}.spans_raw")[0]["n"], 0)
        lines = self.apply("--ttl", "5d to volume slow, 1w", "--storage-policy", "tiered")
        self.assertEqual([line for line in lines if "storage_policy" in line and "_raw" in line], [lines[0], lines[1]])
        self.assertIn("TO VOLUME 'slow'", ttl())
        self.assertTrue(ttl().endswith(" + toIntervalDay(7)"))
        self.assert_nothing_to_do("--ttl", "5d to volume slow, 1w", "--storage-policy", "tiered")
        # The server does not take volumes from a table.
        self.apply("--storage-policy", "default", code=4)
        self.assertIn("storage_policy", self.err)
        self.apply("--ttl", "none")
        self.assertEqual(ttl(), "")

    def test_a_statement_that_fails_names_itself(self):
        self.apply("--ttl", "1d to volume nowhere, 2d", code=4)
        self.assertIn(f"CREATE TABLE IF NOT EXISTS {self.database}.spans_raw", self.err)
        self.assertIn("Code: ", self.err)


class History(ApplyTest):
    def test_a_rollup_that_is_newer_than_its_rows(self):
        self.apply("--table", "spans_raw", "--table", "events_raw")
        for _ in range(20):
            self.rows.insert(self.server)
        lines = self.apply_with_inserts()
        self.assertTrue([line for line in lines if line.startswith("fill ")], lines)
        self.assert_rollups()
        self.assert_nothing_to_do()

    def check_kills(self, prepare, *options):
        """Killed behind each statement that changes something, or with a connection that breaks there; then run again."""
        prepare()
        start = len(self.server.changes)
        self.apply_with_inserts(*options)
        self.assert_rollups("not killed")
        changes = self.server.changes[start:]
        self.assertGreater(len(changes), 5)
        # A connection that breaks is made again by the client, and the statement sent twice.
        cases = [("breaks_at", n) for n, sql in enumerate(changes, 1) if sql.startswith(("INSERT", "EXCHANGE"))]
        if ALL_KILLS:
            cases += [("dies_after", n) for n in range(1, len(changes) + 1)]
        else:
            exchange = [n for n, sql in enumerate(changes) if sql.startswith("EXCHANGE")]
            first, second = (changes[:exchange[0]], changes[exchange[0]:]) if exchange else (changes, [])
            found = {}
            for n, sql in enumerate(first + second, 1):
                found.setdefault((n > len(first), *sql.split()[:2]), n)
            cases = cases[-1:] + [("dies_after", n) for key, n in found.items() if "DROP" not in key]
        for kind, n in cases:
            with self.subTest(f"{kind} {n}"):
                prepare()
                setattr(self.server, kind, len(self.server.changes) + n)
                self.apply_with_inserts(*options, code=4)
                setattr(self.server, kind, None)
                self.apply_with_inserts(*options)
                self.assert_rollups(changes[n - 1][:100])
                self.assert_nothing_to_do()

    def test_killed_while_filling(self):
        self.apply()
        self.check_kills(lambda: self.drop_rollups("cost_minute"))

    def test_killed_while_rebuilding(self):
        self.apply()
        for _ in range(5):
            self.rows.insert(self.server)

        def spoil():
            """The rollup is wrong until it is built again."""
            ENGINE.query(f"INSERT INTO {self.database}.cost_minute SELECT * FROM {self.database}.cost_minute LIMIT 1")

        self.check_kills(spoil, "--rebuild", "cost_minute")

    def test_a_rebuild_keeps_what_raw_tables_have_no_more(self):
        self.apply()
        old = datetime.datetime.now() - 200 * DAY
        for days, count in ((0, 3), (10, 2)):
            day = str((old + days * DAY).replace(microsecond=0))
            rows = " ".join(json.dumps({"trace_id": f"{n:032x}", "span_id": f"{n:016x}", "tenant_id": "old", "operation": "o",
                                        "status_code": "OK", "start_ts": day, "end_ts": day}) for n in range(count))
            ENGINE.query(f"SYSTEM STOP MERGES {self.database}.spans_raw")
            ENGINE.query(f"INSERT INTO {self.database}.spans_raw FORMAT JSONEachRow {rows}")
            self.rows.spans["old", "o", day[:-2] + "00"] += collections.Counter(spans=count)
        self.rows.insert(self.server)
        self.assert_rollups()
        # Some of what is too old is there still, and no proof that all of it is.
        late = old + 10 * DAY
        monday = (late - late.weekday() * DAY).strftime("%Y%m%d")
        ENGINE.query(f"ALTER TABLE {self.database}.spans_raw DROP PARTITION ID '{monday}'")
        self.assertEqual(self.ask(f"SELECT count() AS n FROM {self.database}.spans_raw WHERE tenant_id = 'old'")[0]["n"], 3)
        ENGINE.query(f"INSERT INTO {self.database}.spans_minute SELECT * FROM {self.database}.spans_minute WHERE tenant_id != 'old'")
        # What comes in meanwhile is older than what raw tables had.
        self.rows.first_day -= 30 * DAY
        self.apply_with_inserts("--rebuild", "spans_minute")
        self.assert_rollups()

    def test_a_rebuild_after_rows_were_lost(self):
        """Within the TTL, which may have been shorter: what has come in late since is no proof of the days behind it."""
        self.apply()
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0, second=0)

        def insert(days):
            day = now - days * DAY
            ENGINE.query(f"INSERT INTO {self.database}.spans_raw (tenant_id, operation, start_ts) VALUES ('t', 'o', '{day}')")
            self.rows.spans["t", "o", str(day)] += collections.Counter(spans=1)

        for days in (80, 60, 53):
            insert(days)
        ENGINE.query(f"TRUNCATE TABLE {self.database}.spans_raw")
        for days in (80, 30, 1):
            insert(days)
        ENGINE.query(f"INSERT INTO {self.database}.spans_minute SELECT * FROM {self.database}.spans_minute "
                     f"WHERE minute > '{now - 2 * DAY}'")
        lines = self.apply("--rebuild", "spans_minute")
        self.assertTrue([line for line in lines if line.startswith("raw tables have lost rows")], lines)
        self.assertEqual(self.rollups()[0], self.rows.expected()[0])

    def test_a_view_with_a_condition_of_its_own(self):
        """That is no filling which was not finished: sums of rows that are gone stay."""
        self.apply()
        self.rows.insert(self.server)
        view = f"{self.database}.spans_minute_mv"
        query = self.ask(f"SELECT as_select AS q FROM system.tables WHERE database = '{self.database}' AND name = 'spans_minute_mv'")
        ENGINE.query(f"ALTER TABLE {view} MODIFY QUERY {query[0]['q'].replace(' GROUP BY', ' WHERE inserted_at < now64(3) + 9 GROUP BY')}")
        ENGINE.query(f"TRUNCATE TABLE {self.database}.spans_raw")
        self.assertEqual(len(self.apply()), 1)
        self.assert_rollups()

    def test_tables_of_others(self):
        """They are not filled from, and nothing is changed."""
        ENGINE.query(f"CREATE DATABASE {self.database}")
        ENGINE.query(f"CREATE TABLE {self.database}.spans_raw (a UInt8) ENGINE = MergeTree ORDER BY a")
        self.apply(code=3)
        self.assertIn(f"{self.database}.spans_raw is another table", self.err)
        self.assertEqual(self.server.changes, [])

    def test_rows_that_are_yet_to_come(self):
        self.apply()
        ENGINE.query(f"INSERT INTO {self.database}.spans_raw (start_ts, inserted_at) SELECT now(), now64(3) + 1000")
        before = len(self.server.changes)
        self.apply("--rebuild", "spans_minute", code=3)
        self.assertIn("inserted_at", self.err)
        self.assertEqual(self.server.changes[before:], [])

    def test_a_view_that_was_dropped(self):
        self.apply()
        self.rows.insert(self.server)
        ENGINE.query(f"DROP VIEW {self.database}.cost_minute_events_mv")
        self.apply_with_inserts()
        self.assert_rollups()
        self.assert_nothing_to_do()


class Repeats(ApplyTest):
    def repeats(self, *options, code=0):
        out, self.err = self.run_command("repeats", "--clickhouse", self.server.url, "--database", self.database, "--format",
                                         "json", *options, code=code, env=NO_PROXY)
        return json.loads(out)

    def test_twice_the_same_rows(self):
        self.apply()
        for _ in range(4):
            self.rows.insert(self.server)
        report = self.repeats()
        self.assertEqual([(table["table"], table["rows"], table["too_many"]) for table in report["tables"]],
                         [("spans_raw", 12, 0), ("events_raw", 12, 0)])
        self.assertEqual((report["sql"], report["rebuild"]), ([], ""))
        for statement in self.rows.next():
            for _ in range(3):
                ENGINE.query(statement)
        report = self.repeats(code=1)
        self.assertIn("12 rows too many", self.err)
        for table, name in zip(report["tables"], ("spans_raw", "events_raw")):
            self.assertEqual((table["table"], table["rows"], table["repeated"], table["too_many"]), (name, 21, 3, 6))
            self.assertEqual(sum(partition["too_many"] for partition in table["partitions"]), 6)
            self.assertEqual([example["times"] for example in table["examples"]], [3, 3, 3])
        ids = [f"{n:016x}" for n in (13, 14, 15)]
        self.assertEqual(sorted(example["span_id"] for example in report["tables"][0]["examples"]), ids)
        # What is not looked at is not found.
        late = (self.rows.first_day + 30 * DAY).strftime("%Y-%m-%d")
        self.assertEqual([table["rows"] for table in self.repeats("--since", late)["tables"]], [0, 0])
        self.assertEqual(sum(table["too_many"] for table in self.repeats("--until", late, code=1)["tables"]), 12)
        text, _ = self.run_command("repeats", "--clickhouse", self.server.url, "--database", self.database, code=1, env=NO_PROXY)
        for line in report["sql"] + [report["rebuild"]]:
            self.assertIn(f"{line}\n", text.decode())
        for statement in report["sql"]:
            ENGINE.query(statement)
        self.assertEqual([(table["rows"], table["too_many"]) for table in self.repeats()["tables"]], [(15, 0), (15, 0)])
        # The rollups still have them, until they are filled again as it says.
        found = self.rollups()
        self.assertNotEqual(found, self.rows.expected())
        words = report["rebuild"].split()
        self.assertEqual((words[0], words.count("--rebuild")), ("gf-otlp", 2))
        self.run_command(*words[1:], env=NO_PROXY)
        self.assert_rollups()

    def test_mapped_otherwise(self):
        self.apply()
        spans, _ = self.rows.next()
        ENGINE.query(spans)
        ENGINE.query(spans.replace('"service_name": "bot"', '"service_name": "other"'))
        table = self.repeats(code=1)["tables"][0]
        self.assertEqual((table["rows"], table["too_many"], table["mapped_otherwise"]), (6, 0, 3))

    def test_spans_without_an_id(self):
        """Those that differ in anything are not the same; each of them may be there more than once."""
        self.apply()
        start = str(self.rows.first_day)
        rows = [{"start_ts": start, "end_ts": start, "duration_ms": i, "model": f"m{i}"} for i in range(3)]
        for _ in range(2):
            ENGINE.query(f"INSERT INTO {self.database}.spans_raw FORMAT JSONEachRow {' '.join(map(json.dumps, rows))}")
            rows = rows[:1]
        table = self.repeats(code=1)["tables"][0]
        self.assertEqual((table["rows"], table["repeated"], table["too_many"], table["mapped_otherwise"]), (4, 1, 1, 0))

    def test_tables_of_other_names(self):
        """They are looked at, and the printed command is of them and of the same server, by a shell's rules."""
        names = ("--table-name", "spans_raw=my spans", "--table-name", "spans_minute=it's")
        self.apply(*names)
        for statement in self.rows.next() * 2:
            ENGINE.query(statement.replace(".spans_raw ", ".`my spans` "))
        self.assertEqual([table["table"] for table in self.repeats(code=1)["tables"]], ["events_raw"])
        report = self.repeats(*names, "--user", "default", code=1)
        self.assertEqual([(table["table"], table["too_many"]) for table in report["tables"]], [("my spans", 3), ("events_raw", 3)])
        words = shlex.split(report["rebuild"])
        self.assertEqual([words[i + 1] for i, word in enumerate(words) if word == "--rebuild"], ["it's", "cost_minute"])
        self.assertEqual(words[words.index("--user") + 1], "default")
        for statement in report["sql"]:
            ENGINE.query(statement)
        self.run_command(*words[1:], env=NO_PROXY)
        self.assertEqual(self.ask(f"SELECT sum(spans) AS n FROM {self.database}.`it's`")[0]["n"], 3)

    def test_more_rows_than_are_grouped_at_once(self):
        ENGINE.query(f"CREATE DATABASE {self.database}")
        table = f"{self.database}.spans_raw"
        ENGINE.query(f"CREATE TABLE {table} (tenant_id String, service_name String, operation String, trace_id String, span_id String, "
                     "start_ts DateTime64(9), row_id UInt64) ENGINE = MergeTree PARTITION BY toMonday(start_ts) ORDER BY "
                     "(tenant_id, toDate(start_ts), service_name, operation, start_ts)")
        for rows in ("numbers(2500000)", "numbers(1000, 20)", "numbers(1000, 20)"):
            ENGINE.query(f"INSERT INTO {table} SELECT '', '', '', 't', toString(number), '2026-11-17 00:00:00', cityHash64(number) "
                         f"FROM {rows}")
        ENGINE.query(f"INSERT INTO {table} SELECT 'other', '', '', 't', '5', '2026-11-17 00:00:00', cityHash64(5)")
        asked, run_query = [], self.server.run
        self.server.run = lambda query, *more: asked.append(query) or run_query(query, *more)
        found = self.repeats(code=1)["tables"][0]
        self.assertEqual((found["rows"], found["repeated"], found["too_many"], found["mapped_otherwise"]), (2500041, 20, 40, 1))
        self.assertEqual([example["times"] for example in found["examples"]], [3] * 5)
        for i in range(2):
            self.assertEqual(sum(f"row_id % 2 = {i}" in query and "uniqExact" in query for query in asked), 1, asked)

    def test_no_tables(self):
        ENGINE.query(f"CREATE DATABASE {self.database}")
        self.run_command("repeats", "--clickhouse", self.server.url, "--database", self.database, code=2, env=NO_PROXY)


class Kafka(ApplyTest):
    def test_rows_from_kafka_while_filling(self):
        """Tables of the engine Kafka hand rows on later than views were found, and no list of processes shows it."""
        brokers = BROKER.address()
        # Topics of its own, and a reader that hands rows on more often than by default.
        topic = f"spans-{os.getpid()}"
        options = ["--kafka", brokers, "--kafka-topic", f"spans_raw={topic}"]
        publish = ["publish", "--shape", "agents", "--brokers", brokers, "--topic", f"traces={topic}", "--topic",
                   f"logs={topic}-events", os.path.join(run.TESTDATA, "agents")]
        self.run_command(*publish)
        printed = self.run_command("schema", "print", "--shape", "agents", "--database", self.database, "--table", "spans_raw", *options)[0]
        ENGINE.query(printed.replace(b"kafka_format =", b"kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 100, kafka_format ="))
        self.addCleanup(ENGINE.query, f"DROP TABLE IF EXISTS {self.database}.spans_raw_kafka")
        done = threading.Event()
        published = []

        def keep_publishing():
            while not done.is_set():
                published.append(subprocess.run([run.GF_OTLP, *publish], capture_output=True, check=False).returncode)

        publisher = threading.Thread(target=keep_publishing)
        publisher.start()
        try:
            self.await_more(0)
            self.apply("--table", "spans_raw", "--table", "spans_minute", *options)
            self.apply("--table", "spans_raw", "--table", "spans_minute", *options, "--rebuild", "spans_minute")
            self.await_more(self.count())
        finally:
            done.set()
            publisher.join(PATIENCE)
        self.assertEqual(set(published), {0})
        end = time.monotonic() + PATIENCE
        per_run = self.ask(f"SELECT count(DISTINCT row_id) AS n FROM {self.database}.spans_raw")[0]["n"]
        while self.count() < per_run * (len(published) + 1) and time.monotonic() < end:
            time.sleep(0.5)
        self.assertEqual(self.count(), per_run * (len(published) + 1))
        self.assertEqual(self.summed(), self.count())

    def count(self):
        return int(self.ask(f"SELECT count() AS n FROM {self.database}.spans_raw")[0]["n"])

    def summed(self):
        return int(self.ask(f"SELECT sum(spans) AS n FROM {self.database}.spans_minute")[0]["n"])

    def await_more(self, count):
        end = time.monotonic() + PATIENCE
        while self.count() <= count:
            self.assertLess(time.monotonic(), end, "no rows come")
            time.sleep(0.2)


def prepare():
    global BROKER, ENGINE
    servers.install("kafka.sh")

    class Configured(servers.Engine):
        def configuration(self, volumes):
            """Another policy has what the default one has, and a volume more."""
            return (f"<clickhouse><storage_configuration><disks><slow><type>local</type><path>{self.folder}/slow/</path></slow></disks>"
                    "<policies><tiered><volumes><default><disk>default</disk></default><slow><disk>slow</disk></slow></volumes></tiered>"
                    "</policies></storage_configuration></clickhouse>\n")

    ENGINE = Configured(servers.install("chdb.sh"), volumes=("slow",))
    yield ENGINE
    BROKER = servers.Broker()
    yield BROKER


if __name__ == "__main__":
    servers.main(prepare)
