"""An OTLP endpoint inside of a test, which answers as the test says and keeps what came; and the tests' base."""

import gzip
import http.server
import json
import os
import struct
import subprocess
import sys
import threading
import time
import typing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402
from run import CommandTest, lines, read  # noqa: E402

PATIENCE = 60  # seconds


class Answer(typing.NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: dict = {}
    content_type: str = "text/plain"


class Request(typing.NamedTuple):
    path: str
    headers: dict  # names in lower case
    body: bytes  # uncompressed
    at: float  # time.monotonic()
    taken: bool

    @property
    def signal(self):
        return self.path.rpartition("/")[2]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        answer = self.server.endpoint.next_answer(self.path, headers, body)
        self.send_response(answer.status)
        kind = headers["content-type"] if answer.status == 200 else answer.content_type
        content = answer.body or (b"{}" if answer.status == 200 and kind == "application/json" else b"")
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that is killed


class Endpoint:
    """Gives the answers of the script, then `rest`; None is success."""

    def __init__(self, script=(), rest=None):
        self.script, self.rest = list(script), rest
        self.requests = []
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.endpoint = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def next_answer(self, path, headers, body):
        with self.lock:
            answer = (self.script.pop(0) if self.script else self.rest) or Answer()
            self.requests.append(Request(path, headers, body, time.monotonic(), answer.status == 200))
        return answer

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def taken(self):
        return [request for request in self.requests if request.taken]


class ReplayTest(CommandTest):
    def endpoint(self, *arguments, **options):
        endpoint = Endpoint(*arguments, **options)
        self.addCleanup(endpoint.close)
        return endpoint

    def replay(self, endpoint, *arguments, code=0, stdin=b"", env=None):
        """(what it said, its statistics or None)."""
        _, err = self.run_command("replay", "--endpoint", endpoint.url, "--stats", "json", *arguments, code=code,
                                  stdin=stdin, env=env)
        found = [line for line in err.split("\n") if line.startswith("{")]
        return err, json.loads(found[-1]) if found else None

    def start(self, endpoint, *arguments):
        """In the background."""
        process = subprocess.Popen([run.GF_OTLP, "replay", "--endpoint", endpoint.url, *arguments],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, condition, process):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertIsNone(process.poll(), "it ended")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def rows(self, *inputs, options=()):
        """Of each table the rows, in order."""
        folder = os.path.join(self.folder, f"rows-{time.monotonic_ns()}")
        self.run_command("convert", *inputs, *options, "--time-digits", "9", "--output-dir", folder)
        return {file: lines(read(os.path.join(folder, file))) for file in os.listdir(folder)}

    def arrived(self, requests):
        """The rows of what arrived, as those of a capture."""
        tables = {}
        for name in ("traces", "logs", "metrics"):
            of_signal = [request for request in requests if request.signal == name]
            if not of_signal:
                continue
            if of_signal[0].headers["content-type"] == "application/json":
                form, content = "json", b"".join(request.body + b"\n" for request in of_signal)
            else:
                form, content = "framed", b"".join(struct.pack(">I", len(request.body)) + request.body for request in of_signal)
            file = self.write(f"{name}-{time.monotonic_ns()}", content)
            tables |= self.rows(file, options=["--signal", name, "--input-format", form])
        return tables

    def spans(self, times, padding=0):
        """A capture of spans, a request each, that begin at these nanoseconds and are numbered."""
        documents = [json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}", "name": f"span {number}",
            "startTimeUnixNano": str(at), "endTimeUnixNano": str(at + 1000), "traceState": "x" * padding}]}]}]}) for number, at in enumerate(times)]
        return self.write("spans.json", "\n".join(documents).encode())

    def names(self, requests):
        return [json.loads(row)["SpanName"] for row in self.arrived(requests)["otel_traces.jsonl"]]


