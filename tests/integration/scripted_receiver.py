"""An OTLP receiver inside of a test, which does to each request what the test says: HTTP/1.1 and gRPC, with TLS or without."""

import collections
import contextlib
import http.server
import os
import socket
import ssl
import struct
import sys
import threading
import time
import typing
from concurrent import futures

SIGNALS = {"traces": "opentelemetry.proto.collector.trace.v1.TraceService",
           "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
           "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService"}
REJECTED = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}
PATIENCE = 120  # seconds that a request which hangs is held at most


class Answer(typing.NamedTuple):
    """Over HTTP `status`, over gRPC the status code of the name `code`."""

    status: int = 200
    code: str = "OK"
    message: str = ""  # of an error, or of a partial success
    headers: dict = {}
    content_type: str = "text/plain; charset=utf-8"  # of an error over HTTP
    body: bytes | None = None  # of an error over HTTP, if not the message
    retry_delay: float | None = None  # seconds in a RetryInfo
    rejected: int = 0  # of a partial success
    delay: float = 0  # seconds until the answer

    def good(self):
        return self.status == 200 and self.code == "OK"


class Fault(typing.NamedTuple):
    """What happens instead of an answer; over gRPC there is only "hang"."""

    # "reset before", "reset during", "reset after" the body was read; "close": read, no answer; "half": of an answer;
    # "garbage": no HTTP; "hang": read, and no answer until the client gives up
    kind: str


class Request(typing.NamedTuple):
    protocol: str  # "http", "grpc"
    signal: str
    headers: dict  # names in lower case; gRPC: metadata
    body: bytes  # as it came
    at: float  # time.monotonic() when it was whole
    path: str = ""
    http_version: str = ""


def partial_success(signal, answer):
    """An Export*ServiceResponse; all agree but for the JSON name."""
    if not answer.rejected and not answer.message:
        return b"", b"{}"
    message = answer.message.encode()
    inner = b"\x08" + varint(answer.rejected) + b"\x12" + varint(len(message)) + message
    text = f'{{"partialSuccess":{{"{REJECTED[signal]}":"{answer.rejected}","errorMessage":"{answer.message}"}}}}'
    return b"\x0a" + varint(len(inner)) + inner, text.encode()


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def rpc_status(number, message, retry_delay):
    """A google.rpc.Status with a RetryInfo."""
    from google.protobuf import any_pb2, duration_pb2  # pylint: disable=import-outside-toplevel
    from google.rpc import error_details_pb2, status_pb2  # pylint: disable=import-outside-toplevel
    detail = any_pb2.Any()
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(int(retry_delay * 1e9))
    detail.Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status_pb2.Status(code=number, message=message, details=[detail]).SerializeToString()


def reset(connection):
    """The other side gets a RST."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Of a TLS connection, detach() keeps it from saying goodbye.
        socket.socket(fileno=connection.detach()).close()


class HttpHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        if self.server.tls is not None:
            self.request.settimeout(PATIENCE)
            self.request.do_handshake()
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_GET(self):
        self.send(200 if self.path in ("/healthz", "/readyz") else 404, b"", "text/plain")

    def do_POST(self):
        receiver = self.server.receiver
        signal = receiver.signal_of(self.path)
        step = receiver.next_step() if signal else None
        length = int(self.headers.get("Content-Length", "0"))
        kind = step.kind if isinstance(step, Fault) else ""
        if kind in ("reset before", "reset during"):
            if kind == "reset during":
                self.rfile.read(length // 2)
            self.drop()
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request("http", signal, headers, body, time.monotonic(), self.path, self.request_version)
        receiver.came(request)
        if kind:
            self.fail(kind)
            return
        answer = receiver.judge(request) if step is None else step
        receiver.wait(answer.delay)
        if answer.good():
            receiver.took(request)
            protobuf = headers.get("content-type", "").startswith("application/x-protobuf")
            body = partial_success(signal, answer)[0 if protobuf else 1]
            self.send(200, body, "application/x-protobuf" if protobuf else "application/json", answer.headers)
        else:
            body = (answer.message + "\n").encode() if answer.body is None else answer.body
            self.send(answer.status, body, answer.content_type, answer.headers)

    def fail(self, kind):
        self.close_connection = True
        if kind == "reset after":
            self.drop()
        elif kind == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\nhalf")
        elif kind == "garbage":
            self.wfile.write(b"220 mail.example ESMTP\r\n")
        elif kind == "hang":
            self.server.receiver.hanging += 1
            self.request.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                self.request.recv(1)
        elif kind != "close":
            raise ValueError(kind)

    def drop(self):
        self.close_connection = True
        self.wfile = self.rfile = open(os.devnull, "r+b")  # pylint: disable=consider-using-with
        reset(self.request)

    def send(self, status, body, content_type, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class HttpListener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver, port, tls):
        self.receiver, self.tls = receiver, tls
        super().__init__(("127.0.0.1", port), HttpHandler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
            if tls.client_ca:
                context.load_verify_locations(tls.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
            # The handshake is the handler's thread's business.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.open = set()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def process_request(self, request, client_address):
        self.receiver.connections += 1
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # the client went away, or does not trust us
            super().handle_error(request, client_address)

    def close(self):
        self.shutdown()
        self.server_close()
        for request in list(self.open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class Tls(typing.NamedTuple):
    """Files of a server; with client_ca only clients with a certificate of it are let in."""

    cert: str
    key: str
    client_ca: str = ""


class Receiver:
    """Listens at `http` and `grpc` (HOST:PORT; of gRPC only with grpc=True, as it needs the packages of otel_python.sh).

    script: an Answer, a Fault, or None (judged as always) for each of the next requests, in the order in which they come;
    behind its end all are judged as always, or met with `rest`."""

    def __init__(self, script=(), rest=None, grpc=False, tls=None, http_port=0, grpc_port=0):
        self.lock = threading.Lock()
        self.script, self.rest = collections.deque(script), rest
        self.requests, self.taken = [], []  # that were whole; of these, those with a good answer
        self.connections = 0  # over HTTP
        self.hanging = 0  # requests that hang or did
        self.in_flight = self.most_in_flight = 0
        self.closed = threading.Event()
        self.prefix = ""  # a path before /v1
        self.listener = HttpListener(self, http_port, tls)
        self.http = f"localhost:{self.listener.server_address[1]}"
        self.grpc_server = None
        if grpc:
            self.start_grpc(tls, grpc_port)

    def start_grpc(self, tls, port):
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # children are started only to run programs
        import grpc  # pylint: disable=import-outside-toplevel
        from grpc_health.v1 import health, health_pb2_grpc  # pylint: disable=import-outside-toplevel
        options = [("grpc.max_receive_message_length", 4 << 20), ("grpc.so_reuseport", 0)]
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=options)
        for signal, service in SIGNALS.items():
            handler = grpc.unary_unary_rpc_method_handler(
                lambda body, context, signal=signal: self.export(signal, body, context))
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": handler})])
        health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
        if tls is None:
            port = server.add_insecure_port(f"127.0.0.1:{port}")
        else:
            ca = read(tls.client_ca) if tls.client_ca else None
            credentials = grpc.ssl_server_credentials([(read(tls.key), read(tls.cert))], ca, bool(tls.client_ca))
            port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
        server.start()
        self.grpc_server, self.grpc = server, f"localhost:{port}"

    def export(self, signal, body, context):
        """A call of gRPC."""
        import grpc  # pylint: disable=import-outside-toplevel
        step = self.next_step()
        headers = {name.lower(): value for name, value in context.invocation_metadata()}
        request = Request("grpc", signal, headers, body, time.monotonic())
        self.came(request)
        if isinstance(step, Fault):
            assert step.kind == "hang", step
            gone = threading.Event()
            self.hanging += 1
            context.add_callback(gone.set)
            gone.wait(PATIENCE)
            return b""
        answer = self.judge(request) if step is None else step
        self.wait(answer.delay)
        if answer.good():
            self.took(request)
            return partial_success(signal, answer)[0]
        code = grpc.StatusCode[answer.code]
        if answer.retry_delay is not None:
            details = rpc_status(code.value[0], answer.message, answer.retry_delay)
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
        return context.abort(code, answer.message)

    def signal_of(self, path):
        """None if there is nothing at the path."""
        return next((signal for signal in SIGNALS if path == f"{self.prefix}/v1/{signal}"), None)

    def judge(self, request):
        """What a request is answered that the script says nothing about."""
        return Answer() if request.signal else Answer(404, message="404 page not found")

    def next_step(self):
        with self.lock:
            return self.script.popleft() if self.script else self.rest

    def came(self, request):
        with self.lock:
            self.requests.append(request)

    def took(self, request):
        with self.lock:
            self.taken.append(request)

    def wait(self, seconds):
        """As a request that is being worked on."""
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.closed.wait(seconds)
        with self.lock:
            self.in_flight -= 1

    def close(self):
        self.closed.set()
        self.listener.close()
        if self.grpc_server is not None:
            self.grpc_server.stop(None).wait()


def read(path):
    with open(path, "rb") as file:
        return file.read()
