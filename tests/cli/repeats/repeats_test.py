#!/usr/bin/env python3
"""gf-otlp repeats: the command line. What it finds is tested with an engine.

usage: repeats_test.py GF_OTLP TESTDATA
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest  # noqa: E402

NO_PROXY = {"no_proxy": "localhost"}


class RepeatsTest(CommandTest):
    def test_usage(self):
        for options in (["--format", "xml"], ["--since", "soon"], ["--until", "never"], ["--table-name", "spans_raw"],
                        ["--table-name", "otel_traces=x"]):
            self.run_command("repeats", "--clickhouse", "http://localhost:1", *options, code=2)
        self.run_command("repeats", code=2)
        self.run_command("repeats", "--clickhouse", "http://localhost:1", code=4, env=NO_PROXY)


if __name__ == "__main__":
    run.main()
