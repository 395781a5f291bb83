"""Measures `gf-otlp replay` beside a bare loop over libcurl that sends the same bodies to the same server.

The server (http_discard, grpc_discard) throws away what it gets; it runs on this machine and shares its cores with the
client, so that all numbers are those of the pair. Bodies are requests of a thousand spans, uncompressed, over one connection.
gf-otlp is measured as a whole process, from a capture in the page cache; the bare loop has the bodies in memory before its
clock begins.
"""

import contextlib
import statistics
import subprocess
import sys

from measuring import MIB, run, run_reference, summary, verdict
from otlp_requests import requests_file

LEAST = 0.7
MEMORY_MOST_MIB = 200
# name, protocol, further options; only the first has a target
WORKS = (
    ("replay, as it is", "http", ()),
    ("replay --shift", "http", ("--shift", "+2h")),
    ("replay --new-ids", "http", ("--new-ids",)),
    ("replay, gRPC", "grpc", ()),
)


@contextlib.contextmanager
def discarding_server(bench, protocol):
    """Its URL, while it runs."""
    process = subprocess.Popen([bench.programs / f"{protocol}_discard"], stdout=subprocess.PIPE)
    try:
        yield f"{protocol}://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def replay(bench, url, source, arguments):
    found = run([bench.gf_otlp, "replay", "--endpoint", url, "--request-compression", "none", "--stats", "json", "--progress",
                 "never", *arguments, source.path])
    sent = summary(found.errors)["records_written"]
    if sent != source.spans:
        sys.exit(f"replay sent {sent} of {source.spans} spans")
    return found


def measure_work(bench, pairs, source, protocol, arguments):
    with discarding_server(bench, "http") as bare_url, discarding_server(bench, protocol) as url:
        bare = [bench.programs / "reference_http_sender", f"{bare_url}/v1/traces", source.path, "1"]
        found = [(run_reference(bare), replay(bench, url, source, arguments)) for _ in range(pairs)]
    seconds = statistics.median(ours.wall for _, ours in found)
    return {
        "spans_per_s": source.spans / seconds,
        "mb_per_s": source.bytes / 1e6 / seconds,
        "reference_mb_per_s": source.bytes / 1e6 / statistics.median(bare["seconds"] for bare, _ in found),
        "ratio": statistics.median(bare["seconds"] / ours.wall for bare, ours in found),
        "ratio_cpu": statistics.median(bare["cpu_seconds"] / ours.cpu for bare, ours in found),
        "resident_mib": max(ours.resident for _, ours in found) / MIB,
    }


def measure_replay(options, bench):
    """Measures and prints; what was found."""
    source = requests_file(bench)
    print(f"replay: {source.requests} requests of 1,000 spans to a server that throws them away, as a whole process that "
          f"reads and checks a capture, beside a bare loop over libcurl whose bodies are in memory; medians of {options.pairs} "
          "pairs")
    print(f"{'':<27} {'million':>8} {'':>7} {'bare':>7} {'ratio':>7} {'ratio':>7} {'peak':>5}")
    print(f"{'work':<27} {'spans/s':>8} {'MB/s':>7} {'MB/s':>7} {'wall':>7} {'CPU':>7} {'MiB':>5}  target")
    report = {}
    for name, protocol, arguments in WORKS:
        found = report[name] = measure_work(bench, options.pairs, source, protocol, arguments)
        target = f">= {LEAST}  {verdict(found['ratio'] >= LEAST)}" if name == WORKS[0][0] else ""
        print(f"{name:<27} {found['spans_per_s'] / 1e6:8.2f} {found['mb_per_s']:7.0f} {found['reference_mb_per_s']:7.0f} "
              f"{found['ratio']:7.2f} {found['ratio_cpu']:7.2f} {found['resident_mib']:5.0f}  {target}", flush=True)
    peak = max(found["resident_mib"] for found in report.values())
    print(f"peak memory: {peak:.0f} MiB with file pages, target < {MEMORY_MOST_MIB} MiB  {verdict(peak < MEMORY_MOST_MIB)}")
    return report
