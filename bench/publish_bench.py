"""Measures `gf-otlp publish` beside other clients that send the same messages to the same broker.

The broker (scripts/servers/kafka.sh) runs on this machine and shares its cores with the client, so that all numbers are
those of the pair; it has both compilers of Java and a larger heap, and is warm before the first measurement. Every run
writes to a topic of its own. gf-otlp and kcat are measured as whole processes: gf-otlp from a capture, kcat from a file
with a line a message, its key in front. The bare loop over librdkafka has the same lines in memory before its clock begins;
the clock of each takes in connecting.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile

from measuring import MIB, run, run_reference, summary, verdict

KAFKA = pathlib.Path(__file__).resolve().parent.parent / "scripts" / "servers" / "kafka.sh"
# As a broker runs where speed counts; a heap that does not grow while it is measured.
BROKER_JVM = "-Xms1g -Xmx1g -XX:+UseG1GC"
WARM_UP_RUNS = 3
ROUNDS = 5
PARTITIONS = 4
ROWS_PER_MESSAGE = 100
# Of every client. gf-otlp has the last two by itself.
PROPERTIES = ("acks=all", "enable.idempotence=true", "compression.codec=lz4", "linger.ms=5", "partitioner=fnv1a_random")
CONFIG = """brokers: [{}]
dry_run: false
producer: {{compression: lz4}}
logs: {{enabled: false}}
metrics: {{sum: {{enabled: false}}}}
"""

BARE_LEAST, KCAT_LEAST, JOINED_LEAST = 0.75, 1, 3
CPU_MOST = 1
MEMORY_MOST_MIB = 300


def free_port():
    """One behind which another one is free: the broker's controller takes that."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


@contextlib.contextmanager
def broker(folder):
    """Its address, while it runs. None if there is none to be had: why is on standard error."""
    port = free_port()
    if subprocess.run([KAFKA, "install"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        yield None
        return
    try:
        # Files of deleted topics shall not stay for a minute.
        subprocess.run([KAFKA, "start", folder, f"plaintext={port}", "log.segment.delete.delay.ms=1000"], check=True,
                       env=os.environ | {"KAFKA_JVM_OPTS": BROKER_JVM})
        yield f"localhost:{port}"
    finally:
        subprocess.run([KAFKA, "stop", folder], check=False)


def write_keyed_lines(rows, lines):
    """Rows of spans as lines of key, tab and row; the key is the trace id, as publish has it. JSON has no tabs."""
    mark = b'"TraceId":"'
    with open(rows, "rb") as source, open(lines, "wb") as target:
        for row in source:
            key = row.index(mark) + len(mark)
            target.write(row[key:key + 32] + b"\t" + row)


def median(runs, value):
    return statistics.median(value(each) for each in runs)


class PublishBench:
    def __init__(self, options, bench, folder):
        self.programs, self.gf_otlp = bench.programs, bench.gf_otlp
        self.source = bench.framed("spans")
        self.rounds = min(options.pairs, ROUNDS)
        self.folder = pathlib.Path(folder)
        self.lines, self.config = self.folder / "lines.tsv", self.folder / "publish.yaml"
        self.kcat = shutil.which("kcat")
        self.topic_numbers = itertools.count()
        self.address = None
        self.row_bytes = 0  # with a newline each

    def prepare(self, address):
        self.address = address
        self.config.write_text(CONFIG.format(address))
        rows = self.folder / "rows.jsonl"
        run([self.gf_otlp, "convert", "-o", rows, self.source])
        self.row_bytes = rows.stat().st_size
        write_keyed_lines(rows, self.lines)
        rows.unlink()
        for _ in range(WARM_UP_RUNS):  # Java compiles what is used much
            self.bare()

    @contextlib.contextmanager
    def topic(self):
        name = f"bench-{next(self.topic_numbers)}"
        command = [self.programs / "kafka_topic", self.address]
        run(command + ["create", name, str(PARTITIONS)])
        yield name
        run(command + ["delete", name])

    def bare(self):
        with self.topic() as topic:
            found = run_reference([self.programs / "reference_rdkafka", self.address, topic, self.lines, *PROPERTIES])
        return {"seconds": found["seconds"], "cpu": found["cpu_seconds"]}

    def run_kcat(self):
        properties = [word for each in PROPERTIES for word in ("-X", each)]
        with self.topic() as topic:
            found = run([self.kcat, "-q", "-b", self.address, "-P", "-t", topic, *properties, "-K", "\t", "-l",
                         self.lines])
        return {"seconds": found.wall, "cpu": found.cpu}

    def publish(self, *arguments):
        with self.topic() as topic:
            found = run([self.gf_otlp, "publish", "--config", self.config, "--topic", f"traces={topic}", "--stats", "json",
                         "--progress", "never", *arguments, self.source])
        stats = summary(found.errors)
        return {"seconds": found.wall, "cpu": found.cpu, "resident": found.resident, "rows": stats["records_written"],
                "messages": stats["messages_delivered"], "bytes": stats["bytes"]}

    def convert(self):
        found = run([self.gf_otlp, "convert", "-q", "-o", "/dev/null", self.source])
        return {"seconds": found.wall, "cpu": found.cpu}

    def interleave(self, works):
        """Results of each work, by round; the rounds begin with another work each."""
        results = {name: [] for name in works}
        names = list(works)
        for i in range(self.rounds):
            for name in names[i % len(names):] + names[:i % len(names)]:
                results[name].append(works[name]())
        return results

    def measure_clients(self):
        works = {"bare": self.bare, "publish": self.publish, "convert": self.convert}
        if self.kcat is not None:
            works["kcat"] = self.run_kcat
        results = self.interleave(works)
        messages, size = results["publish"][0]["messages"], results["publish"][0]["bytes"]

        def ratio(name):
            return statistics.median(other["seconds"] / ours["seconds"]
                                     for other, ours in zip(results[name], results["publish"]))

        cpu = statistics.median(ours["cpu"] / (bare["cpu"] + convert["cpu"]) for ours, bare, convert in
                                zip(results["publish"], results["bare"], results["convert"]))
        clients = {}
        for name, runs in results.items():
            seconds = median(runs, lambda r: r["seconds"])
            clients[name] = {"seconds": seconds, "cpu_seconds": median(runs, lambda r: r["cpu"]),
                             "messages_per_s": messages / seconds, "mb_per_s": size / 1e6 / seconds}
        return {"messages": messages, "clients": clients, "ratio_bare": ratio("bare"),
                "ratio_kcat": ratio("kcat") if "kcat" in results else None, "cpu_of_bare_and_convert": cpu,
                "resident_mib": max(each["resident"] for each in results["publish"]) / MIB}

    def measure_joined(self, key):
        """How many times the rows a second of one row a message. Both send nearly the same bytes, which bounds it."""
        works = {count: lambda count=count: self.publish("--key", key, "--rows-per-message", str(count))
                 for count in (1, ROWS_PER_MESSAGE)}
        results = self.interleave(works)
        one, joined = results[1], results[ROWS_PER_MESSAGE]

        def megabytes(runs):
            size = self.row_bytes - runs[0]["messages"]  # no newline at the end of a message
            return size / 1e6 / median(runs, lambda r: r["seconds"])

        return {"rows_per_s": joined[0]["rows"] / median(joined, lambda r: r["seconds"]),
                "rows_per_s_one": one[0]["rows"] / median(one, lambda r: r["seconds"]),
                "value_mb_per_s": megabytes(joined), "value_mb_per_s_one": megabytes(one),
                "rows_a_message": joined[0]["rows"] / joined[0]["messages"],
                "ratio": statistics.median(o["seconds"] / j["seconds"] for o, j in zip(one, joined))}


def print_clients(found, rounds):
    print(f"publish: {found['messages']} spans to a broker on this machine, {PARTITIONS} partitions, "
          f"{' '.join(PROPERTIES)}; medians of {rounds} rounds")
    print(f"{'':<26} {'messages/s':>10} {'MB/s':>7} {'CPU s':>7}")
    for name, title in (("bare", "bare loop over librdkafka"), ("kcat", "kcat -P -K -l"), ("publish", "gf-otlp publish"),
                        ("convert", "gf-otlp convert, rows")):
        if client := found["clients"].get(name):
            print(f"{title:<26} {client['messages_per_s']:10,.0f} {client['mb_per_s']:7.0f} {client['cpu_seconds']:7.2f}")
    print(f"{found['ratio_bare']:.2f} of the bare loop's speed, target >= {BARE_LEAST}  "
          f"{verdict(found['ratio_bare'] >= BARE_LEAST)}")
    if found["ratio_kcat"] is None:
        print("kcat is not installed: not compared")
    else:
        print(f"{found['ratio_kcat']:.2f} of kcat's speed, target > {KCAT_LEAST}  "
              f"{verdict(found['ratio_kcat'] > KCAT_LEAST)}")
    cpu = found["cpu_of_bare_and_convert"]
    print(f"{cpu:.2f} of the CPU time of bare loop and convert together, target <= {CPU_MOST}  {verdict(cpu <= CPU_MOST)}")
    print(f"peak memory: {found['resident_mib']:.0f} MiB with file pages, target < {MEMORY_MOST_MIB} MiB  "
          f"{verdict(found['resident_mib'] < MEMORY_MOST_MIB)}")


def print_joined(key, found):
    print(f"--rows-per-message {ROWS_PER_MESSAGE} --key {key}, bound by bytes: {found['rows_per_s']:,.0f} rows/s, "
          f"{found['value_mb_per_s']:.0f} MB/s of values ({found['rows_a_message']:.0f} rows a message); "
          f"{found['ratio']:.1f}x one row a message ({found['rows_per_s_one']:,.0f} rows/s, "
          f"{found['value_mb_per_s_one']:.0f} MB/s), target >= {JOINED_LEAST}x  "
          f"{verdict(found['ratio'] >= JOINED_LEAST)}", flush=True)


def measure_publish(options, bench):
    """Measures and prints; what was found, or None if there is no broker."""
    with tempfile.TemporaryDirectory(dir=options.tmpfs) as folder, broker(pathlib.Path(folder) / "broker") as address:
        if address is None:
            print("publish: not measured, no broker to be had (why is above)")
            return None
        works = PublishBench(options, bench, folder)
        works.prepare(address)
        report = works.measure_clients()
        print_clients(report, works.rounds)
        report["joined"] = {}
        for key in ("none", "service_name"):
            report["joined"][key] = works.measure_joined(key)
            print_joined(key, report["joined"][key])
        return report
