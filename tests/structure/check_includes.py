#!/usr/bin/env python3
"""Checks who includes whom: check_includes.py SOURCE_DIR

Modules may include what stands below them (ARCHITECTURE.md), public headers nothing but each other and the standard
library, and each third-party library comes in by its own door. Prints every violation; exit code 1 if there is one.
"""

import pathlib
import re
import sys

# main.cc -> cli -> {pipeline, receive} -> {input, rows, schema, sink} -> otlp -> base. Siblings may not include one another.
RANKS = {"base": 0, "otlp": 1, "input": 2, "rows": 2, "schema": 2, "sink": 2, "pipeline": 3, "receive": 3, "cli": 4, "main.cc": 5}

# What is included: which files (by the beginning of their path) may do it.
DOORS = [
    (r"CLI/", ["src/cli/"]),
    (r"simdjson\.h", ["src/base/json_reader."]),
    (r"(zstd(_errors)?|zlib)\.h", ["src/input/", "src/sink/"]),
    (r"re2/", ["src/otlp/select"]),
    (r"openssl/(evp|sha)\.h", ["src/base/sha256."]),
    (r"openssl/(err|x509\w*|ssl)\.h", ["src/sink/kafka", "src/sink/otlp_tls.", "src/receive/http_server."]),
    (r"curl/", ["src/base/http_client."]),
    (r"boost/(asio|beast|system)", ["src/receive/"]),
    (r"grpc(pp)?/", ["src/receive/grpc_", "src/sink/otlp_grpc"]),
    (r"google/protobuf/|.*\.pb\.h", []),
    (r"nlohmann/", ["src/input/dead_letter", "src/schema/describe", "src/schema/schema_json", "src/pipeline/", "src/cli/"]),
    (r"yaml-cpp/", ["src/cli/config_file."]),
    (r"librdkafka/", ["src/sink/kafka"]),
    (r"fmt/", ["src/"]),
]
SYSTEM = re.compile(r"[a-z_0-9]+(\.h)?|(sys|linux|arpa|netinet)/[a-z_0-9]+\.h|[a-z]+intrin\.h")
STANDARD = re.compile(r"[a-z_0-9]+")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


def module_of(path):
    return path.split("/")[1]


def check_own(path, included, is_file):
    """An include of ours between quotes."""
    if included.startswith("gf_otlp/"):
        return None if is_file(f"include/{included}") else "is not a public header"
    if path.startswith("include/"):
        return "a public header may only include gf_otlp/ and the standard library"
    if not is_file(f"src/{included}"):
        return "is no file of src/ (includes are written from there)"
    mine, other = module_of(path), module_of(f"src/{included}")
    if mine not in RANKS or other not in RANKS:
        return f"module {mine if mine not in RANKS else other} has no place in the order"
    if mine != other and RANKS[other] >= RANKS[mine]:
        return f"{mine} may not include {other}"
    return None


def check_foreign(path, included):
    """An include between angle brackets, or of a third-party library."""
    if path.startswith("include/"):
        return None if STANDARD.fullmatch(included) else "a public header may only include gf_otlp/ and the standard library"
    for pattern, allowed in DOORS:
        if re.match(pattern, included):
            if any(path.startswith(prefix) for prefix in allowed):
                return None
            return f"only {' and '.join(allowed) or 'tools, tests and bench'} may include it"
    return None if SYSTEM.fullmatch(included) else "a library without a door: see DOORS in tests/structure/check_includes.py"


def violations(root):
    root = pathlib.Path(root)
    found = []
    for path in sorted(p for folder in ("src", "include") for p in (root / folder).rglob("*") if p.suffix in (".cc", ".h")):
        name = path.relative_to(root).as_posix()
        for bracket, included in INCLUDE.findall(path.read_text()):
            foreign = bracket == "<" or any(re.match(pattern, included) for pattern, _ in DOORS)
            problem = (check_foreign(name, included) if foreign
                       else check_own(name, included, lambda p: (root / p).is_file()))
            if problem:
                found.append(f"{name}: includes {included}: {problem}")
    return found


def main(root):
    found = violations(root)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
