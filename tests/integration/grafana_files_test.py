#!/usr/bin/env python3
"""The files of deploy/agents/grafana are what Grafana takes: dashboards by the types of @grafana/schema, alert rules, and
what else it would only say when somebody looks; and the tests expand their SQL as the plugin does.

usage: grafana_files_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import collections
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import grafana  # noqa: E402
import servers  # noqa: E402
from grafana import ALL, SOURCE, dashboards, every_panel, panels, rules  # noqa: E402

SCHEMA, WHY_NOT = None, ""


class Expansion(unittest.TestCase):
    """That grafana.py does what the plugin's manual says: otherwise the other tests would prove another SQL."""

    def test_macros(self):
        for sql, expected in [
            ("x >= $__fromTime AND (x < $__toTime)", "x >= toDateTime(100) AND (x < toDateTime(400))"),
            ("$__timeFilter(cast(x AS DateTime) )",
             "cast(x AS DateTime) >= toDateTime(100) AND cast(x AS DateTime) <= toDateTime(400)"),
            ("$__timeFilter_ms(x)", "x >= fromUnixTimestamp64Milli(100250) AND x <= fromUnixTimestamp64Milli(400999)"),
            ("$__timeInterval(x) / $__interval_s", "toStartOfInterval(toDateTime(x), INTERVAL 20 second) / 20"),
        ]:
            self.assertEqual(grafana.expand(sql, {}, 100.25, 400.999, 20), expected)
        self.assertEqual(grafana.expand("$__interval_s", {}, 0, 1, 0), "1")

    def test_variables(self):
        sql = "a AND $__conditionalAll((x IN (${v:sqlstring}) OR f(y, '$t')), $v) AND $__conditionalAll(z = $t, $t)"
        for value, expected in [(ALL, "a AND 1=1 AND z = 5"), ([""], "a AND 1=1 AND z = 5"),
                                (["o'n", 'a"b'], "a AND (x IN ('o''n','a\\\"b') OR f(y, '5')) AND z = 5")]:
            self.assertEqual(grafana.expand(sql, {"v": value, "t": "5"}, 0, 1), expected)
        # The plugin would not mask these.
        with self.assertRaises(AssertionError):
            grafana.expand("x IN ($v)", {"v": ["a"]}, 0, 1)


class Files(unittest.TestCase):
    def test_dashboards(self):
        self.assertEqual(len({dashboard["uid"] for dashboard in dashboards().values()}), len(dashboards()))
        for name, dashboard in dashboards().items():
            with self.subTest(dashboard=name):
                self.assertEqual(name, dashboard["uid"] + ".json")
                self.assertNotIn("id", dashboard)
                everything = dashboard["panels"]
                self.assertEqual(len({panel["id"] for panel in everything}), len(everything))
                self.assertEqual(len({panel["title"] for panel in everything}), len(everything))
                cells = collections.Counter()
                for panel in everything:
                    place = panel["gridPos"]
                    right, bottom = place["x"] + place["w"], place["y"] + place["h"]
                    self.assertLessEqual(right, 24, panel["title"])
                    cells.update(itertools.product(range(place["x"], right), range(place["y"], bottom)))
                self.assertEqual(set(cells.values()), {1}, "panels that overlap")
                self.assertEqual(re.findall(r"[^\x20-\x7e\n]", json.dumps(dashboard, ensure_ascii=False)), [])

    def test_panels(self):
        for uid, panel in every_panel():
            with self.subTest(dashboard=uid, panel=panel["title"]):
                self.assertGreater(len(panel["description"]), 20)
                self.assertEqual(panel["datasource"], SOURCE)
                self.assertTrue(panel["type"] == "traces" or panel["fieldConfig"]["defaults"]["unit"])
                (target,) = panel["targets"]
                self.assertEqual((target["datasource"], target["editorType"], target["refId"]), (SOURCE, "sql", "A"))
                self.assertEqual(target["format"], grafana.FORMATS[target["queryType"]])
                query = panel["type"] if panel["type"] in ("timeseries", "traces") else "table"
                self.assertEqual(target["queryType"], query)
                sql = target["rawSql"]
                # No table without a time.
                for tables, time_filter in (("spans_raw", r"\$__timeFilter\(start_ts\)"),
                                            ("events_raw", r"\$__timeFilter\(event_ts\)"),
                                            (r"\w+_minute", r"\$__timeFilter\(minute\)|minute < ")):
                    self.assertEqual(len(re.findall(rf"FROM {tables}\b", sql)), len(re.findall(time_filter, sql)), tables)
                # Rollups have no finer time: points in between would show gaps, and rates too high.
                if "_minute\n" in sql and target["queryType"] == "timeseries":
                    self.assertEqual(panel["interval"], "1m")

    def test_variables(self):
        for name, dashboard in dashboards().items():
            variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
            self.assertLessEqual({"tenant", "env", "service"}, set(variables), name)
            for variable in ("tenant", "env", "service"):
                found = variables[variable]
                self.assertTrue(found["multi"] and found["includeAll"])
                self.assertEqual((found["datasource"], found["refresh"]), (SOURCE, 2))
                self.assertNotIn("allValue", found)
            used = set(re.findall(r"\$\{?([a-z]\w+)", json.dumps([panel["targets"] for panel in panels(dashboard)])))
            self.assertEqual(used - set(variables), set(), name)

    def test_rules(self):
        known = {dashboard["uid"]: {panel["id"] for panel in panels(dashboard)} for dashboard in dashboards().values()}
        for uid, rule in rules().items():
            with self.subTest(rule=uid):
                nodes = {node["refId"]: node for node in rule["data"]}
                self.assertEqual(len(nodes), len(rule["data"]))
                self.assertIn(rule["condition"], nodes)
                for ref, node in nodes.items():
                    self.assertEqual(node["model"]["refId"], ref)
                    self.assertGreaterEqual(node["relativeTimeRange"]["from"], node["relativeTimeRange"]["to"])
                    if node["datasourceUid"] == "__expr__":
                        self.assertIn(node["model"]["expression"], nodes)
                    else:
                        self.assertEqual(node["datasourceUid"], SOURCE["uid"])
                        self.assertEqual(node["model"]["format"], grafana.FORMATS["table"])
                        # Only the browser knows it.
                        self.assertNotIn("$__conditionalAll", node["model"]["rawSql"])
                self.assertIn(rule["panelId"], known[rule["dashboardUid"]])
                self.assertIn(rule["noDataState"], ("OK", "Alerting"))
                self.assertTrue(rule["title"] and rule["annotations"]["summary"] and rule["annotations"]["description"])
        found = rules()
        self.assertEqual({uid: rule["for"] for uid, rule in found.items()},
                         {"agents-error-rate": "5m", "agents-p95": "10m", "agents-p95-runs": "10m", "agents-cost": "5m",
                          "agents-no-data": "0s", "agents-lost": "0s"})
        # A query that was refused is an error of its own, not the alert.
        self.assertEqual({rule["execErrState"] for rule in found.values()}, {"Error"})

    TYPES = """import type { Dashboard } from '@grafana/schema';
// Enumerations as their texts, which is what JSON has.
type Plain<T> = T extends string ? `${T}` : T extends (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
"""

    def typed(self, dashboard):
        """The dashboard, and the options of its panels, as TypeScript."""
        text = f"export const dashboard: Plain<Dashboard> = {json.dumps(dashboard, indent=1)};\n"
        kinds = {panel["type"] for panel in panels(dashboard)} & {"gauge", "stat", "table", "timeseries"}
        types = "./node_modules/@grafana/schema/dist/types/raw/composable"  # the panels are not among what it exports
        for kind in sorted(kinds):
            text += f"import type * as {kind} from '{types}/{kind}/panelcfg/x/types.gen';\n"
        for panel in panels(dashboard):
            number, kind, field = panel["id"], panel["type"], panel["fieldConfig"]["defaults"]
            if kind in kinds:
                text += f"export const options{number}: Plain<Partial<{kind}.Options>> = {json.dumps(panel['options'])};\n"
            if "custom" in field:
                text += f"export const field{number}: Plain<Partial<{kind}.FieldConfig>> = {json.dumps(field['custom'])};\n"
        return self.TYPES + text

    def compile(self, texts):
        """What the compiler says of the files; empty: nothing."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        os.symlink(os.path.join(SCHEMA, "node_modules"), os.path.join(folder, "node_modules"))
        for name, text in texts.items():
            with open(os.path.join(folder, name + ".ts"), "w", encoding="utf-8") as file:
                file.write(text)
        options = "--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler --target es2022"
        command = ["node", "node_modules/typescript/lib/tsc.js", *options.split(), *(name + ".ts" for name in texts)]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=servers.PATIENCE)
        return done.stdout.decode() + done.stderr.decode()

    def test_types(self):
        if SCHEMA is None:
            self.skipTest(WHY_NOT)
        found = dashboards()
        self.assertEqual(self.compile({dashboard["uid"]: self.typed(dashboard) for dashboard in found.values()}), "")
        # The compiler sees what is wrong, there and in the options of a panel.
        wrong = found["agents-overview.json"]
        wrong["graphTooltip"] = "shared"
        next(panel for panel in wrong["panels"] if panel["type"] == "stat")["options"]["colorMode"] = "rainbow"
        said = self.compile({"wrong": self.typed(wrong)})
        self.assertIn("DashboardCursorSync", said)
        self.assertIn("rainbow", said)


def prepare():
    global SCHEMA, WHY_NOT
    if grafana.yaml is None:
        servers.skip("PyYAML is not installed (scripts/install-deps.sh --test installs it)")
    # Without the types the rest is tested all the same.
    SCHEMA, WHY_NOT = servers.try_install("grafana_schema.sh")
    if SCHEMA is None and servers.required():
        servers.skip(WHY_NOT)
    yield from ()


if __name__ == "__main__":
    servers.main(prepare)
