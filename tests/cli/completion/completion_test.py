#!/usr/bin/env python3
"""gf-otlp completion: the scripts are what the shells take, and bash completes with them.

usage: completion_test.py GF_OTLP TESTDATA
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest  # noqa: E402


class Completion(CommandTest):
    def complete(self, *words):
        script, _ = self.run_command("completion", "bash")
        test = script.decode() + (f"COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; "
                                  "_gf_otlp; printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", test], capture_output=True, check=True, text=True)
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.complete("gf-otlp", "con"), ["convert"])
        self.assertEqual(self.complete("gf-otlp", "convert", "--output-d"), ["--output-dir"])
        self.assertEqual(self.complete("gf-otlp", "convert", "--shape", "glass"), ["glassflow", "glassflow-flat"])
        self.assertEqual(self.complete("gf-otlp", "completion", ""), ["bash", "zsh", "fish"])

    def test_bash_completes_commands_of_commands(self):
        self.assertEqual(self.complete("gf-otlp", "schema", "ch"), ["check"])
        self.assertEqual(self.complete("gf-otlp", "schema", "--h"), ["--help"])
        self.assertEqual(self.complete("gf-otlp", "schema", "check", "--dd"), ["--ddl"])
        self.assertEqual(self.complete("gf-otlp", "schema", "diff", "--fail-on", "b"), ["breaks"])
        self.assertEqual(self.complete("gf-otlp", "schema", "diff", "--dd"), [])

    def test_the_scripts_name_every_option(self):
        for words in (["convert"], ["schema", "check"]):
            with self.subTest(words):
                self.check_options(words)

    def check_options(self, words):
        options = [line.split()[0] for line in self.run_command(*words, "--help")[0].decode().splitlines()
                   if line.strip().startswith("--")]
        self.assertGreater(len(options), 15)
        for shell in ("bash", "zsh", "fish"):
            script = self.run_command("completion", shell)[0].decode()
            for option in options:
                name = option.split(",")[-1].lstrip("-") if shell == "fish" else option.split(",")[-1]
                self.assertIn(name, script, shell)
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=script.encode(), check=True)

    def test_other_shells(self):
        self.assertIn("tcsh", self.run_command("completion", "tcsh", code=2)[1])


if __name__ == "__main__":
    run.main()
