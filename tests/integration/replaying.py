"""What the tests of replay share: running it against a receiver of a test, and what arrived there."""

import gzip
import json
import subprocess
import sys
import time

import servers
from publishing import write_records
from scripted_receiver import Receiver
from servers import PATIENCE, run

PROTOCOLS = ("http", "grpc")


class Running:
    """replay in the background; what it said is in a file."""

    def __init__(self, log, arguments, env=None):
        self.log = log
        with open(log, "wb") as file:
            self.process = subprocess.Popen([run.GF_OTLP, "replay", "--stats", "json", *arguments], stdin=subprocess.DEVNULL,
                                            stderr=file, env=env, preexec_fn=servers.die_with_parent)

    def said(self):
        return run.read(self.log).decode(errors="replace")

    def wait(self):
        """The exit code, negative of a signal."""
        return self.process.wait(timeout=2 * PATIENCE)

    def stats(self):
        """None if it said none."""
        found = [line for line in self.said().splitlines() if line.startswith("{")]
        return json.loads(found[-1]) if found else None


class ReplayTest(servers.RowsTest):
    def receiver(self, *arguments, kind=Receiver, **options):
        receiver = kind(*arguments, **options)
        self.addCleanup(receiver.close)
        return receiver

    def records(self, count, name="capture.json", **options):
        """A capture of numbered log records, 20 a request."""
        return write_records(self.path(name), count, **options)

    def start(self, name, *arguments, env=None):
        running = Running(self.path(name), arguments, env)
        self.addCleanup(running.process.wait)
        self.addCleanup(running.process.kill)
        return running

    def ended(self, running, code):
        """Waits for it; gives (what it said, its statistics or None)."""
        self.assertEqual(running.wait(), code, running.said())
        return running.said(), running.stats()

    def replay(self, *arguments, code=0, env=None):
        return self.ended(self.start("replay.stderr", *arguments, env=env), code)

    def wait_for(self, what, condition, running):
        """For something that happens while it runs."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertIsNone(running.process.poll(), f"{what}: it ended: {running.said()}")
            self.assertLess(time.monotonic(), end, f"{what}: {running.said()}")
            time.sleep(0.02)


def endpoint(receiver, protocol, tls=False):
    scheme = protocol + "s" * tls
    return f"{scheme}://{receiver.http if protocol == 'http' else receiver.grpc}"


def content(request):
    """The request's bytes as they were before they were compressed; gRPC unpacks them by itself."""
    zipped = request.protocol == "http" and request.headers.get("content-encoding") == "gzip"
    return gzip.decompress(request.body) if zipped else request.body


def numbers(requests):
    """Of the records of write_records() in requests, in order."""
    # pylint: disable=import-outside-toplevel
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    found = []
    for request in requests:
        for resource in ExportLogsServiceRequest.FromString(content(request)).resource_logs:
            for scope in resource.scope_logs:
                found += [int(record.body.string_value.split()[1]) for record in scope.log_records]
    return found


def prepare():
    """For servers.main(): packages that receivers and tests need; no server."""
    sys.path.insert(0, servers.install("otel_python.sh"))
    return ()
