"""Measures `gf-otlp receive` beside the OpenTelemetry Collector with its file exporter (proto), both fed by the same sender.

What counts is processor time of the server, by the kernel's count: on a machine that server and sender share, time on the
clock says more about the sender. Every round starts each server anew, with an empty folder on a real disk, and takes the time
between the first request and the last answer. gf-otlp answers when the data is synced, the Collector when it was written.
"""

import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from measuring import MIB, run, run_reference, summary, verdict
from otlp_requests import requests_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import servers  # noqa: E402
from collector import Collector  # noqa: E402
from receiving import Receive  # noqa: E402

COLLECTOR = ROOT / "scripts" / "servers" / "collector.sh"
CONNECTIONS = 8  # of the sender: as many as agents of a small fleet
ROUNDS = 5
LEAST = 3
MEMORY_MOST_MIB = 200


def cpu_seconds(pid):
    """Of the whole process until now, in user and in kernel mode."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid):
    """The most memory that a process had, with file pages."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


@contextlib.contextmanager
def gf_otlp_receive(bench, folder):
    """(URL, process id), while it runs."""
    servers.run.GF_OTLP = bench.gf_otlp
    server = Receive(str(folder / "capture"), "--durability", "data")
    try:
        yield server.http, server.process.pid
        server.stop()
    finally:
        server.kill()


@contextlib.contextmanager
def otel_collector(program, folder):
    """(URL, process id), while it runs."""
    exporters = {"file": {"path": str(folder / "collector.proto"), "format": "proto"}}
    server = Collector(program, exporters)
    try:
        yield f"http://{server.http}", server.process.pid
        server.stop()
    finally:
        server.close()


def measure_server(bench, source, server):
    """One round."""
    with server as (url, pid):
        before = cpu_seconds(pid)
        sent = run_reference([bench.programs / "reference_http_sender", f"{url}/v1/traces", source.path, str(CONNECTIONS)])
        return {"cpu": cpu_seconds(pid) - before, "seconds": sent["seconds"], "resident": peak_bytes(pid)}


def check(bench, source, folder):
    """All spans are in what a server wrote. (The Collector writes some fields that are empty: sizes differ.)"""
    files = sorted(folder.rglob("*.proto"))
    stats = summary(run([bench.gf_otlp, "convert", "--stats", "json", "--progress", "never", "-o", "/dev/null", *files]).errors)
    if stats["records_written"] != source.spans:
        sys.exit(f"{folder}: {stats['records_written']} of {source.spans} spans arrived")


def install_collector():
    """The program's path, or None: why is on standard error."""
    done = subprocess.run([COLLECTOR, "install"], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def measure_rounds(bench, source, rounds, works):
    """Results of each server, by round; `works`: name -> function that starts it in a folder."""
    found = {name: [] for name in works}
    for _ in range(rounds):
        for name, start in works.items():
            folder = pathlib.Path(tempfile.mkdtemp(dir=bench.corpus))
            try:
                found[name].append(measure_server(bench, source, start(folder)))
                check(bench, source, folder)
            finally:
                shutil.rmtree(folder)
    return found


def print_server(title, source, rounds):
    spans_per_cpu_second = statistics.median(source.spans / each["cpu"] for each in rounds)
    seconds = statistics.median(each["seconds"] for each in rounds)
    print(f"{title:<27} {spans_per_cpu_second / 1e6:13.2f} {source.spans / seconds / 1e6:8.2f} "
          f"{source.bytes / 1e6 / seconds:7.0f} {max(each['resident'] for each in rounds) / MIB:6.0f}", flush=True)


def measure_receive(options, bench):
    """Measures and prints; what was found."""
    source = requests_file(bench)
    rounds = min(options.pairs, ROUNDS)
    program = install_collector()
    works = {"receive": lambda folder: gf_otlp_receive(bench, folder)}
    if program is not None:
        works["collector"] = lambda folder: otel_collector(program, folder)
    found = measure_rounds(bench, source, rounds, works)
    print(f"receive: {source.requests} requests of 1,000 spans over HTTP, {CONNECTIONS} connections; medians of {rounds} rounds")
    print(f"{'':<27} {'million spans':>13} {'million':>8} {'':>7} {'peak':>6}")
    print(f"{'server':<27} {'/ CPU second':>13} {'spans/s':>8} {'MB/s':>7} {'MiB':>6}")
    print_server("gf-otlp receive, synced", source, found["receive"])
    if program is None:
        print("receive: no Collector to be had (why is above): not compared")
    else:
        print_server("Collector, file exporter", source, found["collector"])
        found["ratio"] = ratio = statistics.median(theirs["cpu"] / ours["cpu"] for ours, theirs in
                                                   zip(found["receive"], found["collector"]))
        print(f"{ratio:.1f} times the spans per CPU second of the Collector, target >= {LEAST}  {verdict(ratio >= LEAST)}")
    peak = max(each["resident"] for each in found["receive"]) / MIB
    print(f"peak memory: {peak:.0f} MiB, target < {MEMORY_MOST_MIB} MiB  {verdict(peak < MEMORY_MOST_MIB)}")
    return found
