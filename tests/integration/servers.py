"""What the integration tests share: the servers, which end with this process whatever ends it, and a consumer."""

import collections
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "scripts", "servers")
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import run  # noqa: E402

KAFKA = os.path.join(SCRIPTS, "kafka.sh")
LISTENERS = ("plaintext", "controller", "ssl", "mtls", "sasl", "sasl_ssl")
CONSUME = ""
PATIENCE = 120  # seconds until something that takes one is given up: sanitizers and a busy machine are slow


def die_with_parent():
    """For preexec_fn: the kernel kills the child when this process ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_ports(count):
    """Ports below those that the kernel gives to connections. Processes that run at the same time look at different ones."""
    ports, port = [], 20000 + os.getpid() * 16 % 10000
    while len(ports) < count:
        port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                ports.append(port)
            except OSError:
                pass
    return ports


class Broker:
    """A Kafka broker with all listeners of scripts/servers/kafka.sh, and further properties (NAME=VALUE)."""

    def __init__(self, *properties):
        self.folder = tempfile.mkdtemp(prefix="broker-")
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS))))
        self.process = None
        try:
            self.start(*(f"{name}={port}" for name, port in self.ports.items()), *properties)
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def start(self, *settings):
        path = os.path.join(self.folder, "log")
        with open(path, "wb") as log:
            self.process = subprocess.Popen([KAFKA, "run", self.folder, *settings], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + PATIENCE
        while b"Kafka Server started" not in run.read(path):
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError("the broker did not start: " + run.read(path).decode()[-2000:])
            time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def address(self, listener="plaintext"):
        return f"localhost:{self.ports[listener]}"

    def tls(self, name):
        return os.path.join(self.folder, "tls", name)

    def consume(self, *topics):
        """All messages of the topics, of each partition in order; keys (or None) and values as bytes."""
        done = subprocess.run([CONSUME, self.address(), *topics], capture_output=True, check=False, timeout=2 * PATIENCE)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        messages = [json.loads(line) for line in run.lines(done.stdout)]
        for message in messages:
            message["value"] = bytes.fromhex(message["value"])
            message["key"] = None if message["key"] is None else bytes.fromhex(message["key"])
            message["headers"] = [tuple(header) for header in message["headers"]]
        return messages

    def topics(self):
        """Name -> (partitions, replicas)."""
        done = subprocess.run([CONSUME, self.address()], capture_output=True, check=True, timeout=2 * PATIENCE)
        found = [json.loads(line) for line in run.lines(done.stdout)]
        return {topic["topic"]: (topic["partitions"], topic["replicas"]) for topic in found}

    def allow(self, user, operation, topic):
        """Adds an ACL: a CreateAcls request (key 30, version 1) of Kafka's protocol, written out."""
        operations = {"write": 4, "describe": 8}

        def text(value):
            return struct.pack(">h", len(value)) + value.encode()

        body = struct.pack(">i", 1) + b"\x02" + text(topic) + b"\x03" + text(f"User:{user}") + text("*")
        body += bytes([operations[operation], 3])
        request = struct.pack(">hhi", 30, 1, 1) + text("tests") + body
        with socket.create_connection(("localhost", self.ports["plaintext"]), PATIENCE) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                answer = stream.read(size)
        # correlation, throttle time, number of results, error of the first
        correlation, _, results, error = struct.unpack(">iiih", answer[:14])
        if (correlation, results, error) != (1, 1, 0):
            raise AssertionError(f"the broker refused the ACL: {answer!r}")


class Engine:
    """A ClickHouse engine in a process of its own (clickhouse.py)."""

    def __init__(self, library, volumes=()):
        """With volumes, the default storage policy has one called `default` and these."""
        self.folder = tempfile.mkdtemp(prefix="clickhouse-")
        arguments = [library, os.path.join(self.folder, "data")]
        if volumes:
            arguments.append(os.path.join(self.folder, "config.xml"))
            with open(arguments[-1], "w", encoding="utf-8") as file:
                file.write(self.configuration(volumes))
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "clickhouse.py"), *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)

    def configuration(self, volumes):
        disks = "".join(f"<{name}><type>local</type><path>{self.folder}/{name}/</path></{name}>" for name in volumes)
        policy = "".join(f"<{name}><disk>{name}</disk></{name}>" for name in ("default", *volumes))
        return (f"<clickhouse><storage_configuration><disks>{disks}</disks><policies><default><volumes>{policy}</volumes>"
                "</default></policies></storage_configuration></clickhouse>\n")

    def ask(self, sql, output_format="JSONEachRow"):
        """(whether it failed, the answer or the error as bytes); the format is that of queries without FORMAT."""
        sql = sql.encode() if isinstance(sql, str) else sql
        name = output_format.encode()
        self.process.stdin.write(struct.pack(">II", len(name), len(sql)) + name + sql)
        self.process.stdin.flush()
        head = self.process.stdout.read(5)
        if len(head) < 5:
            raise AssertionError(f"the engine ended with {self.process.wait()} in: {sql[:300]!r}")
        failed, size = struct.unpack(">BI", head)
        return bool(failed), self.process.stdout.read(size)

    def query(self, sql):
        """The answer as bytes; SQL (text or bytes) that fails is an AssertionError."""
        failed, answer = self.ask(sql)
        if failed:
            raise AssertionError(f"{answer.decode(errors='replace')[:2000]} in: {sql[:300]!r}")
        return answer

    def rows(self, sql):
        return [json.loads(line) for line in run.lines(self.query(f"{sql} FORMAT JSONEachRow"))]

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class RowsTest(run.CommandTest):
    """A test that compares rows of convert."""

    def rows(self, *arguments):
        """What convert makes of it: table -> rows in order."""
        folder = self.path(f"rows-{len(os.listdir(self.folder))}")
        self.run_command("convert", *arguments, "--output-dir", folder)
        return {name.removesuffix(".jsonl"): run.lines(run.read(os.path.join(folder, name))) for name in os.listdir(folder)}

    def assert_same(self, found, expected, what=""):
        """Of lists in any order, each element as often; tells a few differences."""
        found, expected = collections.Counter(found), collections.Counter(expected)
        missing, surplus = expected - found, found - expected
        if missing or surplus:
            self.fail(f"{what}: {missing.total()} of {expected.total()} missing, such as {list(missing)[:2]}; "
                      f"{surplus.total()} too many, such as {list(surplus)[:2]}")


def try_install(script):
    """What scripts/servers/SCRIPT install prints, or None and why there is nothing."""
    done = subprocess.run([os.path.join(SCRIPTS, script), "install"], capture_output=True, check=False)
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == 0:
        return done.stdout.decode().strip(), ""
    print(said, file=sys.stderr, flush=True)
    return None, f"no server: {said.rpartition(chr(10))[2]}"


def required():
    return os.environ.get("GF_OTLP_REQUIRE_SERVERS", "") not in ("", "0")


def skip(why):
    """Ends the program as skipped: see main()."""
    if required():
        sys.exit(f"FAILED: {why}; GF_OTLP_REQUIRE_SERVERS is set")
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(77)


def install(script):
    """What scripts/servers/SCRIPT install prints. Ends the program as skipped when that fails."""
    found, why = try_install(script)
    return found if found is not None else skip(why)


def main(prepare):
    """usage: PROGRAM GF_OTLP TESTDATA GF_OTLP_CONSUME [CLASS[.CASE]...]

    prepare() installs and starts servers, yielding each. Exit code 77: skipped, they are not to be had; with GF_OTLP_REQUIRE_SERVERS=1 in
    the environment that is a failure."""
    global CONSUME
    run.GF_OTLP, run.TESTDATA, CONSUME = (os.path.abspath(path) for path in sys.argv[1:4])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = []
    try:
        for server in prepare():
            started.append(server)
        unittest.main(module="__main__", argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
    finally:
        for server in started:
            server.close()
