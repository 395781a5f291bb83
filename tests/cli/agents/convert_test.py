#!/usr/bin/env python3
"""gf-otlp convert --shape agents as its users meet it: which records have rows of which tables, and its options.

usage: convert_test.py GF_OTLP TESTDATA
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
import store  # noqa: E402
from run import CommandTest, lines, read  # noqa: E402


class AgentsTest(CommandTest):
    def convert(self, *arguments, stdin=b"", table=None):
        """The rows as objects, of all tables in one stream."""
        chosen = ("--table", table) if table else ()
        out, _ = self.run_command("convert", "--shape", "agents", "-q", *chosen, *arguments, stdin=stdin)
        return [json.loads(line) for line in lines(out)]

    def agents_stats(self, *arguments, stdin=b""):
        return self.stats("convert", "--shape", "agents", *arguments, stdin=stdin)[1]

    def error(self, *arguments):
        _, err = self.run_command("convert", "--shape", "agents", *arguments, store.agents("plain.json"), code=2)
        return err


class Tables(AgentsTest):
    def test_rows_of_every_vocabulary_are_as_many_as_are_written_down(self):
        for name, expected in store.captures().items():
            stats = self.agents_stats(store.agents(name), "-o", "/dev/null")
            self.assertEqual((stats["rows"].get("spans_raw", 0), stats["rows"].get("events_raw", 0)),
                             (expected["spans"], expected["events"]), name)
            self.assertEqual(stats["unread_numbers"], expected["unread_numbers"], name)
            # Without data is what metrics without points are in other shapes: here no metric has rows.
            self.assertEqual(stats["records_without_data"], 0, name)
            self.assertEqual(stats["records_filtered"], expected["plain_logs"] + expected["metric_points"], name)
            self.assertEqual(stats["records_read"], stats["records_written"] + stats["records_filtered"], name)

    def test_a_span_gives_a_row_and_one_for_each_event(self):
        capture = store.traces(store.span(1), store.span(2, events=("a", "b")))
        rows = self.convert("-", stdin=capture)
        self.assertEqual([row.get("span_name", row.get("event_type")) for row in rows],
                         ["span 1", "span 2", "note", "note"])
        stats = self.agents_stats("-", stdin=capture)
        self.assertEqual(stats["rows"], {"spans_raw": 2, "events_raw": 2})
        self.assertEqual((stats["records_read"], stats["records_written"], stats["records_filtered"]), (2, 2, 0))

    def test_each_table_has_its_file(self):
        rows = self.path("rows")
        self.run_command("convert", "--shape", "agents", store.agents(), "--output-dir", rows, "--table-name",
                         "events_raw=events")
        self.assertEqual(sorted(os.listdir(rows)), ["events.jsonl", "spans_raw.jsonl"])
        self.assertTrue(all("start_ts" in json.loads(row) for row in lines(read(os.path.join(rows, "spans_raw.jsonl")))))
        self.assertTrue(all("event_ts" in json.loads(row) for row in lines(read(os.path.join(rows, "events.jsonl")))))

    def test_records_without_a_row_in_the_chosen_table_are_filtered(self):
        capture = (store.traces(store.span(1), store.span(2, events=("a",))) +
                   store.logs(store.log(3), store.log(4, event="gen_ai.choice")) + store.metrics())
        for table, rows, filtered in (("events_raw", 2, 4), ("spans_raw", 2, 4)):
            stats = self.agents_stats("-", "--table", table, stdin=capture)
            self.assertEqual(stats["rows"], {table: rows}, table)
            # A plain log, two metrics, and the span without events or the log.
            self.assertEqual((stats["records_read"], stats["records_filtered"]), (6, filtered), table)
            self.assertEqual(stats["records_written"], 2, table)
        _, err = self.run_command("convert", "--shape", "agents", "-", stdin=capture)
        self.assertIn("3 of 6 records written (spans_raw 2, events_raw 2); 3 records filtered", err)

    def test_limit_counts_records_not_rows(self):
        capture = store.traces(store.span(1, events=("a", "b")), store.span(2), store.span(3))
        self.assertEqual(len(self.convert("-", "--limit", "2", stdin=capture)), 4)
        self.assertEqual(len(self.convert("-", "--limit", "1", table="events_raw", stdin=capture)), 2)
        stats = self.agents_stats("-", "--limit", "1", "--table", "events_raw", stdin=capture)
        self.assertEqual((stats["records_written"], stats["rows"]), (1, {"events_raw": 2}))

    def test_conditions_are_asked_of_the_record(self):
        capture = store.traces(store.span(1, events=("a",), model="x"), store.span(2, events=("b",), model="y"))
        row, = self.convert("-", "--where", "attr.model", "=", "y", table="events_raw", stdin=capture)
        self.assertEqual(row["payload_json"]["text"], "b")


class Requests(AgentsTest):
    """--to otlp_json leaves out only what the user asks to leave out."""

    CAPTURE = (store.traces(store.span(1), store.span(2, events=("a",))) +
               store.logs(store.log(3), store.log(4, event="gen_ai.choice")) + store.metrics())

    def test_without_tables_all_records_stay(self):
        capture = Requests.CAPTURE
        out, stats = self.stats("convert", "--shape", "agents", "--to", "otlp_json", "-", stdin=capture)
        other, _ = self.run_command("convert", "--to", "otlp_json", "-q", "-", stdin=capture)
        self.assertEqual(out, other)
        self.assertEqual((stats["records_read"], stats["records_written"]), (6, 6))

    def test_of_a_table_those_stay_that_have_rows_in_it(self):
        capture = Requests.CAPTURE
        for table in ("spans_raw", "events_raw"):
            out, _ = self.run_command("convert", "--shape", "agents", "--to", "otlp_proto", "--table", table, "-q", "-",
                                      stdin=capture)
            self.assertEqual(self.convert("--input-format", "framed", "-", stdin=out, table=table),
                             self.convert("-", stdin=capture, table=table))
            stats = self.agents_stats("--input-format", "framed", "-", stdin=out)
            self.assertEqual(stats["records_read"], 2, table)


class Options(AgentsTest):
    def test_map_takes_the_place_of_the_built_in_attributes(self):
        capture = store.traces(store.span(1, gen_ai__request__model="built-in", my__model="mine", other="second"),
                               store.span(2, gen_ai__request__model="built-in", other="second"),
                               store.span(3, gen_ai__request__model="built-in"))
        rows = self.convert("-", "--map", "model=my.model,other", "--map", "tenant_id=my.model", stdin=capture)
        self.assertEqual([row["model"] for row in rows], ["mine", "second", ""])
        self.assertEqual([row["tenant_id"] for row in rows], ["mine", "", ""])
        rows = self.convert("-", "--map", "model = my.model , other", stdin=capture)
        self.assertEqual([row["model"] for row in rows], ["mine", "second", ""])

    def test_a_price_table_fills_costs_that_are_missing(self):
        prices = self.write("prices.csv", b"# mine\nmodel,input,output\ncheap-*,1,2\n")
        capture = store.traces(
            store.span(1, gen_ai__operation__name="chat", gen_ai__request__model="Cheap-1",
                       gen_ai__usage__input_tokens="1000000", gen_ai__usage__output_tokens="500000"),
            store.span(2, gen_ai__operation__name="chat", gen_ai__request__model="other",
                       gen_ai__usage__input_tokens="1000000"))
        rows = self.convert("-", "--price-table", prices, stdin=capture)
        self.assertEqual([(row["cost_usd"], row["cost_source"]) for row in rows], [(2, "price table"), (None, "")])
        self.assertEqual([row["cost_usd"] for row in self.convert("-", stdin=capture)], [None, None])

    def test_the_shape_has_no_versions(self):
        self.assertIn("schema version 0.149 of shape agents is not known; the shape has no versions",
                      self.error("--schema-version", "0.149"))

    def test_content_is_left_out(self):
        capture = store.traces(store.span(1, gen_ai__input__messages="a secret", gen_ai__request__model="m"))
        self.assertIn("a secret", json.dumps(self.convert("-", stdin=capture)))
        row, = self.convert("-", "--drop-content", stdin=capture)
        self.assertNotIn("a secret", json.dumps(row))
        self.assertEqual(row["model"], "m")

    def test_the_summary_says_which_numbers_were_none(self):
        capture = store.traces(store.span(1, gen_ai__usage__input_tokens="many", cost_usd="NaN"))
        _, err = self.run_command("convert", "--shape", "agents", "-", stdin=capture)
        self.assertIn("; 2 values of tokens or cost not a number;", err)

    def test_they_go_with_the_shape_agents(self):
        for option in (("--map", "model=a"), ("--price-table", "none.csv"), ("--drop-content",)):
            for command in ("convert", "publish"):
                _, err = self.run_command(command, *option, store.agents("plain.json"), code=2)
                self.assertIn(f"{option[0]} goes with --shape agents", err)

    def test_they_go_with_rows(self):
        prices = self.write("prices.csv", b"model,input,output\na,1,2\n")
        for option in (("--map", "model=a"), ("--price-table", prices), ("--drop-content",)):
            for form in ("otlp_json", "otlp_proto"):
                err = self.error(*option, "--to", form)
                self.assertIn(f"{option[0]} goes with rows: requests are written as they came", err)

    def test_columns_that_cannot_be_mapped(self):
        err = self.error("--map", "trace_id=a")
        self.assertIn("--map trace_id=a: trace_id is no column that is filled from attributes", err)
        self.assertIn("tenant_id, env, operation", err)
        self.assertIn("write COLUMN=ATTRIBUTE,ATTRIBUTE", self.error("--map", "model"))
        for map_ in ("model=", "model=a,", "model=,a", "model=a, "):
            self.assertIn("the name of an attribute is missing", self.error("--map", map_))
        self.assertIn("name one column in each --map", self.error("--map", "model=a,tenant_id=b"))
        self.assertIn("mapped twice", self.error("--map", "model=a", "--map", "model=b"))

    def test_price_tables_that_are_none(self):
        self.assertIn("--price-table: ", self.error("--price-table", self.path("none.csv")))
        self.assertIn("--price-table: the name of a file is missing", self.error("--price-table", ""))
        bad = self.write("bad.csv", b"model,input,output\na,1,2\nb,one,2\n")
        err = self.error("--price-table", bad)
        self.assertIn(bad, err)
        self.assertIn("line 3", err)


if __name__ == "__main__":
    run.main()
