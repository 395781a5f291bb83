"""What the tests of commands share: they run the built program as a user would."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

GF_OTLP = ""
TESTDATA = ""


def golden(case, name="input.pb"):
    return os.path.join(TESTDATA, "golden", case, name)


def capture(*path):
    return os.path.join(TESTDATA, "captures", *path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sanitized():
    """Whether the program was built with a sanitizer, which takes memory of its own."""
    return b"libasan.so" in read(GF_OTLP) or b"libtsan.so" in read(GF_OTLP)


def lines(output):
    """The lines of JSON output. Not splitlines(): U+2028 ends no line."""
    return [line for line in output.split(b"\n") if line]


class CommandTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def certificate(self, name, host="localhost"):
        """A certificate that vouches for itself, and its key."""
        files = self.path(f"{name}.crt"), self.path(f"{name}.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                        "-addext", f"subjectAltName=DNS:{host}", "-out", files[0], "-keyout", files[1]],
                       check=True, capture_output=True)
        return files

    def run_command(self, *arguments, stdin=b"", code=0, env=None):
        """Runs gf-otlp and demands the exit code; gives (stdout, stderr as text)."""
        run = subprocess.run([GF_OTLP, *arguments], input=stdin, capture_output=True, check=False,
                             env={**os.environ, **(env or {})})
        self.assertEqual(run.returncode, code, f"{arguments}: {run.stderr.decode()}")
        return run.stdout, run.stderr.decode()

    def stats(self, *arguments, stdin=b"", code=0):
        """Runs with --stats json; gives (stdout, the statistics)."""
        out, err = self.run_command(*arguments, "--stats", "json", stdin=stdin, code=code)
        return out, json.loads([line for line in err.splitlines() if line.startswith("{")][-1])


def main():
    global GF_OTLP, TESTDATA
    GF_OTLP, TESTDATA = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    sys.modules["run"].GF_OTLP, sys.modules["run"].TESTDATA = GF_OTLP, TESTDATA
    unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
