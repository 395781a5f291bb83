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
    """gf-otlp receive with ports that the kernel chose, unless they are given: `http` is a URL, `grpc` is HOST:PORT. Files are in
    `folder`; what it said is in a file beside that."""

    def __init__(self, folder, *options, http_port=0, grpc_port=0):
        self.folder = folder
        self.log = folder + ".stderr"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [run.GF_OTLP, "receive", "--dir", folder, "--http", f"127.0.0.1:{http_port}", "--grpc", f"127.0.0.1:{grpc_port}", *options],
                stdin=subprocess.DEVNULL, stderr=log, preexec_fn=servers.die_with_parent)
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
        return int(re.search(r"VmHWM:\s+(\d+) kB", self.proc("status"))[1]) * 1024

    def sanitized(self):
        """Whether it runs under a sanitizer, which takes memory of its own."""
        return re.search("lib[at]san", self.proc("maps")) is not None

    def proc(self, name):
        return run.read(f"/proc/{self.process.pid}/{name}").decode()

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

    def receive(self, *options, folder="received", **ports):
        server = Receive(self.path(folder), *options, **ports)
        self.addCleanup(server.kill)
        return server

    def received(self, server):
        """The rows of all it wrote, after it ended: table -> rows."""
        server.stop()
        return self.rows(server.folder)

    def wait_for_logs(self, server, condition):
        """Until what it has written so far fulfils it: a function of the texts of the log records."""
        end = time.monotonic() + PATIENCE
        while True:
            # The exit code does not matter: the last request may not be in the file as a whole yet.
            done = subprocess.run([run.GF_OTLP, "convert", server.folder, "--table", "otel_logs"], capture_output=True, check=False)
            if condition(bodies(run.lines(done.stdout))):
                return
            self.assertLess(time.monotonic(), end, server.said())
            time.sleep(0.2)


def log_request(*texts):
    """An OTLP/JSON request of log records with these bodies."""
    records = [{"timeUnixNano": "1700000000000000000", "body": {"stringValue": text}} for text in texts]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def log_request_protobuf(*texts):
    """The same as protobuf."""
    records = b"".join(field(2, field(5, field(1, text.encode()))) for text in texts)
    return field(1, field(2, records))


def field(number, content):
    """A field of protobuf that has a length."""
    size, encoded = len(content), b""
    while size > 127:
        encoded += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + encoded + bytes([size]) + content


def bodies(table_rows):
    """The texts of log rows, in order."""
    return [json.loads(row)["Body"] for row in table_rows]
