"""What the tests of publish share: running it against the broker, rows by table, keys and partitions worked out anew."""

import glob
import json
import subprocess
import time

import servers
from servers import PATIENCE, run

# Table -> the name of its signal in --topic.
SIGNALS = {"otel_traces": "traces", "otel_logs": "logs", "otel_metrics_gauge": "gauge", "otel_metrics_sum": "sum",
           "otel_metrics_histogram": "histogram", "otel_metrics_exponential_histogram": "exponential_histogram",
           "otel_metrics_summary": "summary"}


def testdata():
    """Inputs: all captures, and all golden cases, which a directory would not name in this order."""
    return [run.capture("plain"), run.capture("gated"), *golden_inputs()]


def golden_inputs():
    return sorted(glob.glob(run.golden("*")))


def fnv1a(key):
    """Where Sarama's hash partitioner begins: FNV-1a as a signed 32-bit number, its magnitude."""
    value = 0x811C9DC5
    for byte in key:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return 2**32 - value if value >= 2**31 else value


def murmur2(key):
    """Where Java's producer begins: MurmurHash2 with its seed, without the sign bit."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(key)
    whole = len(key) // 4 * 4
    for i in range(0, whole, 4):
        word = int.from_bytes(key[i:i + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        value = value * factor & mask ^ word
    if whole < len(key):
        value = (value ^ int.from_bytes(key[whole:], "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return (value ^ value >> 15) & 0x7FFFFFFF


def first_wins(pairs):
    """For json.loads: of keys that come twice, the first, as exporters look attributes up."""
    result = {}
    for key, value in pairs:
        result.setdefault(key, value)
    return result


def write_records(path, count, first=0, padding=300):
    """A capture of log records, 20 a request, each with its number in its body."""
    with open(path, "w", encoding="ascii") as file:
        for start in range(first, first + count, 20):
            records = [{"timeUnixNano": str(10**18 + i), "body": {"stringValue": f"record {i} {'x' * padding}"}}
                       for i in range(start, min(start + 20, first + count))]
            service = {"key": "service.name", "value": {"stringValue": f"service-{start // 20 % 7}"}}
            request = {"resourceLogs": [{"resource": {"attributes": [service]}, "scopeLogs": [{"logRecords": records}]}]}
            file.write(json.dumps(request) + "\n")
    return path


class PublishTest(servers.RowsTest):
    """Each case has topics of its own: their names begin with that of the case."""

    broker = None  # set by main()'s prepare()

    def topic(self, name):
        return f"{self.id().rpartition('.')[2]}-{name}"

    def topic_options(self):
        return [f"--topic={signal}={self.topic(signal)}" for signal in SIGNALS.values()]

    def publish(self, *arguments, code=0, listener="plaintext"):
        """Runs publish with its statistics; gives (text of standard error, statistics or None)."""
        _, err = self.run_command("publish", "--brokers", self.broker.address(listener), "--stats", "json", *arguments,
                                  code=code)
        found = [line for line in err.splitlines() if line.startswith("{")]
        return err, json.loads(found[-1]) if found else None

    def start_publish(self, *arguments):
        """publish in the background, its standard error in the file `stderr`; to be given to end()."""
        with open(self.path("stderr"), "ab") as err:
            process = subprocess.Popen([run.GF_OTLP, "publish", "--brokers", self.broker.address(), *arguments],
                                       stdin=subprocess.DEVNULL, stderr=err, preexec_fn=servers.die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, process, code):
        self.assertEqual(process.wait(timeout=2 * PATIENCE), code, run.read(self.path("stderr")).decode())

    def wait_for(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f"{what}: {run.read(self.path('stderr')).decode()}")
            time.sleep(0.1)

    def arrived(self, topic):
        """The number of messages there; 0 when there is no such topic yet."""
        return len(self.broker.consume(topic)) if topic in self.broker.topics() else 0


def broker_alone(test_class):
    """prepare() for servers.main(): a broker for the class and those derived from it."""
    def prepare():
        servers.install("kafka.sh")
        test_class.broker = servers.Broker()
        yield test_class.broker
    return prepare
