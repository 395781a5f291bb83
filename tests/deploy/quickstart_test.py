"""deploy/quickstart: what can be checked without containers. usage: quickstart_test.py GF_OTLP SOURCE_DIR"""

import os
import re
import shutil
import subprocess
import sys
import unittest

GF_OTLP, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
QUICKSTART = os.path.join(SOURCE, "deploy", "quickstart")


def text(name):
    with open(os.path.join(QUICKSTART, name), encoding="utf-8") as file:
        return file.read()


def topics(of):
    return set(re.findall(r"\botel-(?:traces|logs|metrics-[a-z-]+)", of))


def publish(*arguments):
    return subprocess.run([GF_OTLP, "publish", "--config", os.path.join(QUICKSTART, "exporter.yaml"), *arguments],
                          capture_output=True, check=False, env={"PATH": os.environ["PATH"]})


def has_compose():
    return shutil.which("docker") is not None and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


class Quickstart(unittest.TestCase):
    def test_configuration_is_taken(self):
        done = publish("--print-config")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("brokers: [", done.stdout.decode())
        self.assertIn("dry_run: false", done.stdout.decode())

    def test_topics_are_those_of_the_configuration(self):
        done = publish("--print-config")
        configured = topics(done.stdout.decode())
        self.assertEqual(len(configured), 7)
        self.assertEqual(topics(text("compose.yaml")), configured)

    def test_every_signal_is_sent(self):
        capture = os.path.join(SOURCE, "testdata", "captures", "plain", "all.proto.zst")
        done = publish("--dry-run", capture)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertNotIn("disabled", done.stderr.decode())

    def test_files_that_are_mounted_or_built_are_there(self):
        for name in re.findall(r"^ *- \./([^:]+):", text("compose.yaml"), re.MULTILINE):
            self.assertTrue(os.path.exists(os.path.join(QUICKSTART, name)), name)
        for name in re.findall(r"dockerfile: (\S+)", text("compose.yaml")):
            self.assertTrue(os.path.exists(os.path.join(SOURCE, name)), name)

    @unittest.skipUnless(has_compose(), "docker compose is not installed")
    def test_compose_file_is_taken(self):
        done = subprocess.run(["docker", "compose", "-f", os.path.join(QUICKSTART, "compose.yaml"), "--profile", "*",
                               "config", "--quiet"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
