"""What the tests of receive share: the program as a server in a process of its own, and ready-made requests."""

import http.client
import json
import os
import re
import signal
import subprocess
import time

import servers
from servers import PATIENCE, run


class Receive:
    """gf-otlp receive with ports that the kernel chose: `http` is a URL, `grpc` is HOST:PORT. Files are in `folder`; what it
    said is in a file beside that."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.log = folder + ".stderr"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([run.GF_OTLP, "receive", "--dir", folder, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
                                             *options], stdin=subprocess.DEVNULL, stderr=log, preexec_fn=servers.die_with_parent)
        end = time.monotonic() + PATIENCE
        while "writing to" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError("receive did not start: " + self.said())
            time.sleep(0.02)
        self.http = self.address("OTLP/HTTP")
        self.grpc = self.address("OTLP/gRPC")
        self.host, _, port = self.http.rpartition("/")[2].rpartition(":")
        self.port = int(port)

    def said(self):
        return run.read(self.log).decode()

    def address(self, protocol):
        return re.search(f"{protocol} on (.*)$", self.said(), re.MULTILINE)[1]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as a user does; gives what it said."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PATIENCE)
        if code != 0:
            raise AssertionError(f"receive ended with {code}: {self.said()}")
        return self.said()

    def peak(self):
        """Bytes of memory that it had at most."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024

    def connect(self, timeout=PATIENCE):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def post(self, path, body, headers=None, connection=None):
        """(status, headers, body) of the answer; on a connection of its own unless there is one."""
        used = connection or self.connect()
        try:
            used.request("POST", path, body, headers or {})
            answer = used.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            if connection is None:
                used.close()


class ReceiveTest(servers.RowsTest):
    """A test whose method receive() starts one; it ends with the test."""

    def receive(self, *options, folder="received"):
        server = Receive(self.path(folder), *options)
        self.addCleanup(server.kill)
        return server

    def received(self, server):
        """The rows of all it wrote, after it ended: table -> rows."""
        server.stop()
        return self.rows(server.folder)


def log_request(*texts):
    """An OTLP/JSON request of log records with these bodies."""
    records = [{"timeUnixNano": "1700000000000000000", "body": {"stringValue": text}} for text in texts]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def bodies(table_rows):
    """The texts of log rows, in order."""
    return [json.loads(row)["Body"] for row in table_rows]
