#!/usr/bin/env python3
"""What is written about the program is so: manual pages have every option, README every command, docs/ci.md's job works.

usage: docs_test.py GF_OTLP TESTDATA
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import run  # noqa: E402
from run import CommandTest  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GOOD = b"""{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"scope":{"name":"http"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
"name":"GET /","kind":2,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000009"}]}]}]}"""


def text(*path):
    return run.read(os.path.join(ROOT, *path)).decode()


def blocks(document, language):
    """The fenced blocks of a Markdown document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)


def options(help_text):
    """Long names of options: of the lines that begin with them."""
    return set(re.findall(r"^  (?:-\w,)?--([a-z][a-z0-9-]*)", help_text, re.MULTILINE))


class Manual(CommandTest):
    def commands(self, *words):
        """Words of each command, those with commands of their own left out."""
        help_text = self.run_command(*words, "--help")[0].decode()
        listed = help_text.partition("\nSubcommands:\n")[2].partition("\n\n")[0]
        names = re.findall(r"^  ([a-z]+)\b", listed, re.MULTILINE)
        return [found for name in names for found in self.commands(*words, name)] or [words]

    def test_pages_have_every_option_and_no_other(self):
        known = {}
        for words in self.commands():
            found = options(self.run_command(*words, "--help")[0].decode())
            self.assertIn("help", found, words)
            known.setdefault(words[0], set()).update(found)
        self.assertIn("convert", known)
        for command, names in known.items():
            with self.subTest(command):
                page = text("man", f"gf-otlp-{command}.1")
                # The options of convert's pages that publish has too stand in a sentence.
                described = set(re.findall(r"\\-([a-z][a-z0-9-]*)", "\n".join(re.findall(r"^\.(?:It )?Fl .*", page, re.MULTILINE))))
                self.assertEqual(names - described - {"help"}, set(), "options without a line in the manual")
                items = set(re.findall(r"\\-([a-z][a-z0-9-]*)", "\n".join(re.findall(r"^\.It Fl .*", page, re.MULTILINE))))
                self.assertEqual(items - names, set(), "lines on options that are none")

    def test_every_command_stands_where_commands_stand(self):
        names = {words[0] for words in self.commands()}
        index, readme = text("man", "gf-otlp.1"), text("README.md")
        for name in names:
            self.assertIn(f".It Cm {name}\n", index)
            self.assertIn(f".Xr gf-otlp-{name} 1", index.partition(".Sh SEE ALSO")[2])
            self.assertIn(f"| `gf-otlp {name} ", readme)

    def test_the_rules_of_schema(self):
        out, _ = self.run_command("schema", "diff", "clickhouse", "clickhouse", "--format", "json", "--quiet")
        rules = [(rule["id"], rule["severity"], rule["explanation"]) for rule in json.loads(out)["rules"]]
        self.assertGreater(len(rules), 20)
        listed = re.findall(r"^\.It Cm (\S+) Pq (\S+)\n(.+)\.$", text("man", "gf-otlp-schema.1"), re.MULTILINE)
        self.assertEqual([(name, severity, line[0].lower() + line[1:]) for name, severity, line in listed],
                         [(name, severity, line[0].lower() + line[1:]) for name, severity, line in rules])

    @unittest.skipUnless(shutil.which("mandoc"), "no mandoc")
    def test_pages_are_well_formed(self):
        pages = [os.path.join(ROOT, "man", name) for name in sorted(os.listdir(os.path.join(ROOT, "man")))]
        done = subprocess.run(["mandoc", "-W", "warning", "-T", "lint", *pages], capture_output=True, check=False)
        warnings = [line for line in done.stdout.decode().splitlines() if "STYLE" not in line]
        self.assertEqual(warnings, [])


class ContinuousIntegration(CommandTest):
    """docs/ci.md: its files in a folder, its script run in it."""

    def setUp(self):
        super().setUp()
        document = text("docs", "ci.md")
        (script,) = [block for block in blocks(document, "sh") if "# ci/telemetry.sh" in block]
        os.mkdir(self.path("ci"))
        self.write("ci/telemetry.sh", script.encode())
        os.chmod(self.path("ci/telemetry.sh"), stat.S_IRWXU)
        os.mkdir(self.path("clickhouse"))
        os.mkdir(self.path("captures"))
        self.write("captures/good.json", GOOD.replace(b"\n", b"") + b"\n")
        os.mkdir(self.path("bin"))
        os.symlink(run.GF_OTLP, self.path("bin/gf-otlp"))
        (self.print_command,) = [line.strip() for line in document.splitlines()
                                 if line.startswith("    gf-otlp schema print") and line.endswith("> clickhouse/schema.sql")]
        self.deploy("0.149")

    def shell(self, command, code=0):
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, capture_output=True, check=False,
                              env={**os.environ, "PATH": f"{self.path('bin')}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout.decode()}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def deploy(self, version):
        """What stands in the document, for a version."""
        self.write("exporter-version", version.encode() + b"\n")
        self.shell(self.print_command.replace("0.149", version))

    def failures(self, name):
        tree = xml.etree.ElementTree.parse(self.path(f"reports/{name}.xml"))
        return len(list(tree.iter("failure"))) + len(list(tree.iter("error")))

    def job(self, code, **failed):
        """Runs the job; which steps' reports show failures."""
        out = self.shell("ci/telemetry.sh", code)
        found = {name.removesuffix(".xml") for name in os.listdir(self.path("reports"))
                 if self.failures(name.removesuffix(".xml"))}
        self.assertEqual(found, {name for name, value in failed.items() if value}, out)
        return out

    def test_nothing_changed(self):
        for version in ("0.149", "0.161"):
            with self.subTest(version):
                self.deploy(version)
                out = self.job(0)
                self.assertNotIn("ALTER", out)
                self.assertEqual(sorted(os.listdir(self.path("reports"))), ["otlp.xml", "rows.xml", "schema.xml", "upgrade.xml"])

    def test_an_upgrade_changes_the_tables(self):
        self.write("exporter-version", b"0.161\n")
        out = self.job(1, upgrade=True)
        self.assertIn("ALTER TABLE", out)
        self.assertIn("TimestampTime", out)

    def test_going_back_loses(self):
        self.deploy("0.161")
        self.write("exporter-version", b"0.149\n")
        # DateTime holds no nanoseconds.
        self.job(1, upgrade=True, schema=True)

    def test_a_column_is_dropped(self):
        sql = run.read(self.path("clickhouse/schema.sql"))
        line = next(line for line in run.lines(sql) if b"StatusMessage" in line)
        self.write("clickhouse/schema.sql", sql.replace(line + b"\n", b""))
        self.job(1, upgrade=True, schema=True, rows=True)

    def test_bad_captures(self):
        # A span that ends before it starts.
        self.write("captures/bad.json", run.read(self.path("captures/good.json")).replace(b"1700000000000000009", b"1600000000000000000"))
        self.job(1, otlp=True)

    def test_ddl_that_is_none(self):
        self.write("clickhouse/schema.sql", b"CREATE TABLE otel_logs (\n")
        self.shell("ci/telemetry.sh", 3)

    def test_migrations(self):
        document = text("docs", "ci.md")
        lines = [line.strip() for line in document.splitlines() if re.match(r"    gf-otlp schema (print|diff) .*(new\.sql)", line)]
        self.assertEqual(len(lines), 3)
        os.mkdir(self.path("clickhouse/migrations"))
        for line in lines:
            self.shell(line)
        self.assertIn(b"ALTER TABLE", run.read(self.path("clickhouse/migrations/0.161.sql")))

    def test_the_script_is_plain_shell(self):
        first = run.read(self.path("ci/telemetry.sh")).split(b"\n")[0]
        self.assertEqual(first, b"#!/bin/sh")
        self.shell("sh -n ci/telemetry.sh")

    @unittest.skipUnless(yaml, "no Python module yaml")
    def test_workflows(self):
        workflows = [yaml.safe_load(block) for block in blocks(text("docs", "ci.md"), "yaml")]
        self.assertEqual([workflow["name"] for workflow in workflows], ["telemetry", "parity"])
        for workflow in workflows:
            self.assertIn(True, workflow)  # "on": YAML 1.1 reads it so
            for job in workflow["jobs"].values():
                self.assertTrue(job["runs-on"])
                for step in job["steps"]:
                    self.assertTrue({"uses", "run"} & set(step), step)
                    if "run" in step:
                        subprocess.run(["sh", "-n"], input=re.sub(r"\$\{\{.*?\}\}", "x", step["run"]).encode(), check=True)

    @unittest.skipUnless(yaml, "no Python module yaml")
    def test_the_workflow_s_own_commands(self):
        workflow = yaml.safe_load(blocks(text("docs", "ci.md"), "yaml")[0])
        commands = [step["run"] for step in workflow["jobs"]["schema"]["steps"] if "run" in step and "gf-otlp " in step["run"]
                    and "install" not in step["run"]]
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assertEqual(self.shell(command).count("::error"), 0)


if __name__ == "__main__":
    run.main()
