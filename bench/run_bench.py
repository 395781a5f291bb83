#!/usr/bin/env python3
"""Measures gf-otlp beside what the same bytes cost elsewhere, and prints a table.

How: every measurement is a pair, the reference and gf-otlp one right after the other, several times in turn; the table
holds medians of the pairs' ratios, because a shared machine changes its speed within seconds. gf-otlp is measured as a
whole process: start, reading the file (from the page cache), converting, writing. The references count only their
work, not the reading of the file (see the reference_*.cc): libprotobuf parsing the messages on an arena, simdjson
parsing the lines into its DOM, memcpy of the rows. What other commands are measured by stands in
publish_bench.py, receive_bench.py, replay_bench.py, validate_bench.py and rows_bench.py.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from measuring import MIB, run, run_reference, summary, verdict
from publish_bench import measure_publish
from receive_bench import measure_receive
from replay_bench import measure_replay
from rows_bench import measure_agents, measure_rows
from validate_bench import measure_validate

SIGNALS = ("spans", "logs", "metrics")
MEMORY_LIMIT_MIB = 150
MEMORY_LIMIT_UNITS = 6
STARTUP_LIMIT_MS = 10
THREADS_TARGET = 1.7

# name, signal, is the input JSON, does the output go to a file, least ratio, ratio aimed at
WORKS = (
    ("spans, protobuf", "spans", False, False, 1.8, 2.5),
    ("spans, protobuf, to a file", "spans", False, True, 1.3, None),
    ("spans, JSON", "spans", True, False, 0.2, 0.35),
    ("logs, protobuf", "logs", False, False, 1.8, 2.5),
    ("logs, JSON", "logs", True, False, 0.2, 0.35),
    ("metrics, protobuf", "metrics", False, False, 1.0, None),
    ("metrics, JSON", "metrics", True, False, 0.15, None),
)


def row_count(stats):
    rows = stats["rows"]
    return sum(rows.values()) if isinstance(rows, dict) else rows


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = options.build / "bench"
        self.gf_otlp = options.gf_otlp or options.build / "gf-otlp"
        self.corpus = options.corpus or options.build / "corpus"
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.row_bytes = {}
        self.memcpy_ratios = {}

    def framed(self, signal):
        path = self.corpus / f"{signal}-{self.options.megabytes}.framed"
        if not path.exists():
            partial = path.with_suffix(".part")
            subprocess.run([self.programs / "make_corpus", signal, str(self.options.megabytes), partial], check=True)
            partial.rename(path)
        return path

    def json_lines(self, signal):
        """The same requests as OTLP-JSON, one a line, made by gf-otlp itself."""
        path = self.framed(signal).with_suffix(".jsonl")
        if not path.exists():
            run([self.gf_otlp, "convert", "--to", "otlp_json", "-o", path, self.framed(signal)])
        return path

    def convert(self, source, output="/dev/null", threads=1):
        return [self.gf_otlp, "convert", "--threads", str(threads), "--stats", "json", "--progress", "never",
                "--overwrite", "-o", output, source]

    def measure_work(self, name, signal, is_json, to_file, least, aim):
        source = self.json_lines(signal) if is_json else self.framed(signal)
        if is_json:
            reference, command = "simdjson DOM", [self.programs / "reference_simdjson", source]
        else:
            reference, command = "libprotobuf", [self.programs / "reference_protobuf", signal, source]
        with tempfile.TemporaryDirectory(dir=self.options.tmpfs) as folder:
            output = pathlib.Path(folder) / "rows.jsonl" if to_file else "/dev/null"
            pairs = []
            for _ in range(self.options.pairs):
                ours = run(self.convert(source, output))
                pairs.append((run_reference(command), ours))
        megabytes = source.stat().st_size / 1e6
        wall = statistics.median(ours[0] for _, ours in pairs)
        return {
            "work": name,
            "mb_per_s_in": megabytes / wall,
            "mb_per_s_out": self.output_bytes(signal) / 1e6 / wall,
            "rows_per_s": row_count(summary(pairs[-1][1][2])) / wall,
            "reference": reference,
            "reference_mb_per_s": megabytes / statistics.median(r["seconds"] for r, _ in pairs),
            "ratio": statistics.median(r["seconds"] / ours[0] for r, ours in pairs),
            "ratio_cpu": statistics.median(r["cpu_seconds"] / ours[1] for r, ours in pairs),
            "least": least,
            "aim": aim,
        }

    def output_bytes(self, signal):
        """Size of all rows of a signal; measured once, beside memcpy of the same bytes."""
        if signal not in self.row_bytes:
            with tempfile.TemporaryDirectory(dir=self.options.tmpfs) as folder:
                rows = pathlib.Path(folder) / "rows.jsonl"
                pairs = []
                for _ in range(3):
                    ours = run(self.convert(self.framed(signal)))
                    if not rows.exists():
                        run(self.convert(self.framed(signal), rows))
                    pairs.append((run_reference([self.programs / "reference_memcpy", rows]), ours))
                self.row_bytes[signal] = rows.stat().st_size
                self.memcpy_ratios[signal] = statistics.median(r["seconds"] / ours[0] for r, ours in pairs)
        return self.row_bytes[signal]

    def measure_threads(self):
        """2 threads against 1, and beside it what the machine gives two processes side by side: its free cores."""
        source = self.framed("spans")
        one_thread, two_threads = self.convert(source, threads=1), self.convert(source, threads=2)
        speedups, free = [], []
        for _ in range(self.options.pairs):
            alone = run(one_thread)[0]
            speedups.append(alone / run(two_threads)[0])
            begin = time.monotonic()
            processes = [subprocess.Popen(one_thread, stderr=subprocess.DEVNULL) for _ in range(2)]
            for process in processes:
                process.wait()
            free.append(2 * alone / (time.monotonic() - begin))
        return {"speedup": statistics.median(speedups), "two_processes": statistics.median(free), "least": THREADS_TARGET}

    def measure_memory(self, copies):
        """Peak anonymous memory while the spans come `copies` times through standard input."""
        source = self.framed("spans")
        feed = subprocess.Popen(["cat"] + [source] * copies, stdout=subprocess.PIPE)
        command = [self.gf_otlp, "convert", "--progress", "never", "-o", "/dev/null", "-"]
        process = subprocess.Popen(command, stdin=feed.stdout, stderr=subprocess.DEVNULL)
        feed.stdout.close()
        peak = [0]
        done = threading.Event()
        watcher = threading.Thread(target=watch_memory, args=(process.pid, peak, done))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        watcher.join()
        feed.wait()
        if process.returncode != 0:
            sys.exit(f"{command}: exit {process.returncode}")
        limit = MEMORY_LIMIT_MIB + MEMORY_LIMIT_UNITS * largest_frame(source) / MIB
        return {"input_mb": copies * source.stat().st_size / 1e6, "anonymous_mib": peak[0] / MIB,
                "resident_mib": usage.ru_maxrss * 1024 / MIB, "most": limit}

    def measure_startup(self):
        times = [run([self.gf_otlp, "--version"])[0] * 1000 for _ in range(31)]
        return {"ms": statistics.median(times), "most": STARTUP_LIMIT_MS}


def watch_memory(pid, peak, done):
    """Keeps the most RssAnon seen, looking 500 times a second; Linux itself only keeps the peak with file pages."""
    while not done.wait(0.002):
        try:
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("RssAnon:"):
                    peak[0] = max(peak[0], int(line.split()[1]) * 1024)
        except OSError:
            return


def largest_frame(path):
    largest = 0
    with open(path, "rb") as file:
        while prefix := file.read(4):
            size = int.from_bytes(prefix, "big")
            largest = max(largest, size)
            file.seek(size, os.SEEK_CUR)
    return largest


def print_work(row):
    target = f">= {row['least']}" + (f" (aim {row['aim']})" if row["aim"] else "")
    print(f"{row['work']:<27} {row['mb_per_s_in']:7.0f} {row['mb_per_s_out']:7.0f} {row['rows_per_s'] / 1e6:8.2f}  "
          f"{row['reference']:<12} {row['reference_mb_per_s']:7.0f} {row['ratio']:7.2f} {row['ratio_cpu']:7.2f}  "
          f"{target:<18} {verdict(row['ratio'] >= row['least'])}", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build-bench"), help="build folder")
    parser.add_argument("--gf-otlp", type=pathlib.Path, help="another gf-otlp than the build folder's")
    parser.add_argument("--corpus", type=pathlib.Path, help="where the inputs are kept (default: in the build folder)")
    parser.add_argument("--megabytes", type=int, default=200, help="of protobuf input for each signal (default 200)")
    parser.add_argument("--pairs", type=int, default=7, help="measurements of each work (default 7)")
    parser.add_argument("--memory-copies", type=int, default=20, help="times the input for the memory row (default 20)")
    parser.add_argument("--tmpfs", default="/dev/shm", help="folder for written rows (default /dev/shm)")
    parser.add_argument("--only", action="append", help="only works whose name begins so (repeatable)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the results to this file")
    return parser.parse_args()


def main():
    options = parse_options()
    bench = Bench(options)
    chosen = lambda name: not options.only or any(name.startswith(prefix) for prefix in options.only)
    report = {"megabytes": options.megabytes, "pairs": options.pairs, "cpus": os.cpu_count(), "works": []}

    works = [work for work in WORKS if chosen(work[0])]
    if works:
        print(f"{options.megabytes} MB of protobuf for each signal, medians of {options.pairs} pairs, one thread")
        print(f"{'':<27} {'MB/s':>7} {'MB/s':>7} {'million':>8}  {'':<12} {'its':>7} {'ratio':>7} {'ratio':>7}")
        print(f"{'work':<27} {'in':>7} {'out':>7} {'rows/s':>8}  {'reference':<12} {'MB/s':>7} {'wall':>7} {'CPU':>7}  target")
    for work in works:
        report["works"].append(bench.measure_work(*work))
        print_work(report["works"][-1])
    print()
    for signal, ratio in bench.memcpy_ratios.items():
        print(f"memcpy of the rows of {signal} takes {100 * ratio:.1f} % of the time of making them")
    report["memcpy"] = bench.memcpy_ratios
    if chosen("genai"):
        report["genai"] = measure_agents(options, bench)
    if chosen("threads"):
        report["threads"] = found = bench.measure_threads()
        good = found["speedup"] >= found["least"]
        busy = not good and found["two_processes"] < found["least"]
        print(f"2 threads: {found['speedup']:.2f}x one thread (two processes side by side: {found['two_processes']:.2f}x), "
              f"target >= {found['least']} on two free cores  {'cores not free' if busy else verdict(good)}")
    if chosen("memory"):
        report["memory"] = [bench.measure_memory(copies) for copies in (1, options.memory_copies)]
        for found in report["memory"]:
            print(f"peak memory, {found['input_mb'] / 1000:.1f} GB through a pipe: {found['anonymous_mib']:.0f} MiB anonymous "
                  f"({found['resident_mib']:.0f} MiB with file pages), target < {found['most']:.0f} MiB  "
                  f"{verdict(found['anonymous_mib'] < found['most'])}")
    if chosen("start-up"):
        report["startup"] = found = bench.measure_startup()
        print(f"start-up: {found['ms']:.1f} ms, target < {found['most']} ms  {verdict(found['ms'] < found['most'])}")
    if chosen("validate"):
        report["validate"] = measure_validate(options, bench)
        report["validate_rows"] = measure_rows(options, bench)
    if chosen("publish"):
        report["publish"] = measure_publish(options, bench)
    if chosen("replay"):
        report["replay"] = measure_replay(options, bench)
    if chosen("receive"):
        report["receive"] = measure_receive(options, bench)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
