"""Measures `gf-otlp receive` beside the OpenTelemetry Collector with its file exporter (proto), both fed by the same sender.

What counts is processor time of the server, by the kernel's count: on a machine that server and sender share, time on the
clock says more about the sender. Every round starts each server anew, with an empty folder on a real disk, and takes the time
between the first request and the last answer. gf-otlp answers when the data is synced, the Collector when it was written.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading

from measuring import MIB, run_reference, verdict
from otlp_requests import requests_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
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
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"no peak memory of process {pid}")


@contextlib.contextmanager
def gf_otlp_receive(bench, folder):
    """(URL, process id), while it runs."""
    command = [bench.gf_otlp, "receive", "--dir", folder / "capture", "--http", "127.0.0.1:0", "--grpc", "off",
               "--durability", "data", "-q"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    url, said = None, ""
    while url is None:
        line = process.stderr.readline()
        said += line
        if not line:
            sys.exit(f"gf-otlp receive did not start: {said}")
        if "OTLP/HTTP on " in line:
            url = line.split()[-1]
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    try:
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        drain.join()
    if process.returncode != 0:
        sys.exit(f"gf-otlp receive: exit {process.returncode}")


def collector_class():
    """Of the integration tests."""
    sys.path.insert(0, str(ROOT / "tests" / "integration"))
    import collector  # pylint: disable=import-outside-toplevel
    return collector.Collector


@contextlib.contextmanager
def otel_collector(program, folder):
    """(URL, process id), while it runs."""
    exporters = {"file": {"path": str(folder / "collector.proto"), "format": "proto"}}
    server = collector_class()(program, exporters)
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


def check(source, folder):
    """All requests are in what a server wrote, of which the size tells: every byte is in a frame."""
    written = sum(path.stat().st_size for path in folder.rglob("*.proto"))
    if written != source.bytes:
        sys.exit(f"{folder}: {written} bytes of {source.bytes} arrived")


def install_collector():
    """The program's path, or None: why is on standard error."""
    done = subprocess.run([COLLECTOR, "install"], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def print_server(title, source, runs):
    spans_per_cpu_second = statistics.median(source.spans / run["cpu"] for run in runs)
    seconds = statistics.median(run["seconds"] for run in runs)
    print(f"{title:<27} {spans_per_cpu_second / 1e6:13.2f} {source.spans / seconds / 1e6:8.2f} "
          f"{source.bytes / 1e6 / seconds:7.0f} {max(run['resident'] for run in runs) / MIB:6.0f}", flush=True)


def measure_receive(options, bench):
    """Measures and prints; what was found."""
    source = requests_file(bench)
    rounds = min(options.pairs, ROUNDS)
    program = install_collector()
    servers = {"receive": lambda folder: gf_otlp_receive(bench, folder)}
    if program is not None:
        servers["collector"] = lambda folder: otel_collector(program, folder)
    found = {name: [] for name in servers}
    for _ in range(rounds):
        for name, start in servers.items():
            folder = pathlib.Path(tempfile.mkdtemp(dir=bench.corpus))
            try:
                found[name].append(measure_server(bench, source, start(folder)))
                check(source, folder)
            finally:
                shutil.rmtree(folder)
    print(f"receive: {source.requests} requests of 1,000 spans over HTTP, {CONNECTIONS} connections; medians of {rounds} rounds")
    print(f"{'':<27} {'million spans':>13} {'million':>8} {'':>7} {'peak':>6}")
    print(f"{'server':<27} {'/ CPU second':>13} {'spans/s':>8} {'MB/s':>7} {'MiB':>6}")
    print_server("gf-otlp receive, synced", source, found["receive"])
    report = dict(found)
    if program is None:
        print("receive: no Collector to be had (why is above): not compared")
    else:
        print_server("Collector, file exporter", source, found["collector"])
        report["ratio"] = ratio = statistics.median(theirs["cpu"] / ours["cpu"] for ours, theirs in
                                                    zip(found["receive"], found["collector"]))
        print(f"{ratio:.1f} times the spans per CPU second of the Collector, target >= {LEAST}  {verdict(ratio >= LEAST)}")
    peak = max(run["resident"] for run in found["receive"]) / MIB
    print(f"peak memory: {peak:.0f} MiB, target < {MEMORY_MOST_MIB} MiB  {verdict(peak < MEMORY_MOST_MIB)}")
    return report
