#!/usr/bin/env python3
"""Tests check_includes.py on small trees, one violation each, and on one that is as it should be."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import check_includes

GOOD = {
    "include/gf_otlp/a.h": '#include <vector>\n#include "gf_otlp/b.h"\n',
    "include/gf_otlp/b.h": "#include <cstdint>\n",
    "src/base/file.h": '#include <fcntl.h>\n#include <sys/stat.h>\n#include <immintrin.h>\n#include "gf_otlp/a.h"\n',
    "src/base/json_reader.cc": "#include <simdjson.h>\n",
    "src/otlp/walk.h": '#include "base/file.h"\n#include <fmt/format.h>\n',
    "src/otlp/select.cc": '#include <re2/re2.h>\n#include "otlp/walk.h"\n',
    "src/input/codec.cc": '#include <zstd.h>\n#include "otlp/walk.h"\n',
    "src/rows/rows.h": '#include "base/file.h"\n',
    "src/pipeline/run.h": '#include "rows/rows.h"\n#include <nlohmann/json.hpp>\n',
    "src/cli/app.h": '#include <CLI/CLI.hpp>\n#include "pipeline/run.h"\n',
    "src/main.cc": '#include "cli/app.h"\n',
}


def violations(**more):
    with tempfile.TemporaryDirectory() as root:
        for name, text in (GOOD | more.get("files", {})).items():
            path = pathlib.Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_includes.violations(root)


class CheckIncludes(unittest.TestCase):
    def test_good_tree(self):
        self.assertEqual(violations(), [])

    def expect(self, path, line, why):
        found = violations(files={path: line + "\n"})
        self.assertEqual(len(found), 1, found)
        self.assertIn(path, found[0])
        self.assertIn(why, found[0])

    def test_upwards(self):
        self.expect("src/base/x.cc", '#include "otlp/walk.h"', "base may not include otlp")
        self.expect("src/otlp/x.cc", '#include "rows/rows.h"', "otlp may not include rows")
        self.expect("src/pipeline/x.cc", '#include "cli/app.h"', "pipeline may not include cli")

    def test_siblings(self):
        self.expect("src/input/x.cc", '#include "rows/rows.h"', "input may not include rows")
        self.expect("src/sink/x.cc", '  #  include "rows/rows.h"', "sink may not include rows")

    def test_unknown_module(self):
        self.expect("src/misc/x.cc", '#include "base/file.h"', "misc has no place")

    def test_missing_file(self):
        self.expect("src/otlp/x.cc", '#include "walk.h"', "no file of src/")
        self.expect("src/otlp/x.cc", '#include "gf_otlp/none.h"', "not a public header")

    def test_public_headers(self):
        self.expect("include/gf_otlp/x.h", '#include "base/file.h"', "public header")
        self.expect("include/gf_otlp/x.h", "#include <fmt/format.h>", "public header")
        self.expect("include/gf_otlp/x.h", "#include <unistd.h>", "public header")

    def test_doors(self):
        self.expect("src/pipeline/x.cc", "#include <CLI/CLI.hpp>", "only src/cli/")
        self.expect("src/otlp/x.cc", '#include "simdjson.h"', "only src/base/json_reader.")
        self.expect("src/base/x.cc", "#include <zlib.h>", "only src/input/ and src/sink/")
        self.expect("src/rows/x.cc", "#include <re2/re2.h>", "only src/otlp/select")
        self.expect("src/otlp/x.cc", "#include <google/protobuf/message.h>", "only tools, tests and bench")
        self.expect("src/otlp/x.cc", '#include "opentelemetry/proto/trace/v1/trace.pb.h"', "only tools, tests and bench")
        self.expect("src/rows/x.cc", "#include <nlohmann/json.hpp>", "only src/input/dead_letter")
        self.expect("src/sink/x.cc", "#include <librdkafka/rdkafka.h>", "only src/sink/kafka")
        self.expect("src/cli/x.cc", "#include <yaml-cpp/yaml.h>", "only src/cli/config_file")
        self.expect("src/rows/x.cc", "#include <openssl/evp.h>", "only src/base/sha256")
        self.expect("src/sink/x.cc", "#include <curl/curl.h>", "only src/base/http_client")

    def test_library_without_a_door(self):
        self.expect("src/sink/x.cc", "#include <uv/uv.h>", "a library without a door")


if __name__ == "__main__":
    unittest.main()
