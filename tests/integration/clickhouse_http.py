"""A ClickHouse server's HTTP interface over an Engine, as far as a client of the tests uses it; for tests only.

    with clickhouse_http.Server(engine, user="otel", password="secret") as server:
        ... server.url ...

Answered as a real server does: /ping; a query as parameter, as body, or as both (the body is then the data);
database, default_format, param_NAME and settings as parameters; user and password as parameters, headers or basic
authentication; a gzip body; GET changes nothing. Which HTTP status an error has is our own approximation: do not test
against it.
"""

import base64
import contextlib
import gzip
import http.server
import json
import re
import ssl
import threading
import urllib.parse

STATUS = {60: 404, 81: 404, 497: 403, 516: 403}
RESERVED = {"query", "database", "default_format", "user", "password", "query_id", "session_id", "wait_end_of_query"}


class Failure(Exception):
    """An error of a ClickHouse server: its text, with its code at the front."""

    @property
    def code(self):
        found = re.match(r"Code: (\d+)\.", str(self))
        return int(found[1]) if found else 1002  # UNKNOWN_EXCEPTION

    @property
    def status(self):
        return STATUS.get(self.code, 500 if self.code >= 1000 else 400)


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Server:
    """`tls` is (certificate file, key file). `requests` holds what was asked: (method, path, headers, body)."""

    def __init__(self, engine, user="default", password="", tls=None):
        self.engine, self.user, self.password = engine, user, password
        self.lock = threading.Lock()
        self.requests = []
        owner = self

        class Handler(RequestHandler):
            server_of = owner

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listener.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            # The handshake belongs to the connection's own thread: a client that refuses us must not end the listener.
            self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.listener.server_address[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()

    def ask(self, sql, output_format="TabSeparated"):
        failed, answer = self.engine.ask(sql, output_format)
        if failed:
            raise Failure(answer.decode(errors="replace"))
        return answer

    def run(self, query, data, parameters, read_only):
        """One query in a session of its own: the engine has only one, so what is set is taken back."""
        settings = [name for name in parameters if name not in RESERVED]
        with self.lock:
            self.ask("USE `" + parameters.get("database", "default").replace("`", "\\`") + "`")
            try:
                for name in settings:
                    self.ask(f"SET {name} = {literal(parameters[name])}")
                self.check(query, read_only)
                return self.ask(query.encode(errors="surrogateescape") + data, parameters.get("default_format", "TabSeparated"))
            finally:
                for name in settings:
                    if not name.startswith("param_"):
                        self.engine.ask(f"SET {name} = DEFAULT")

    def check(self, query, read_only):
        """Refuses what the engine would do and a server would not: several statements, and changes by GET."""
        insert = re.match(r"\s*INSERT\b", query, re.IGNORECASE)
        plain = "INSERT" if insert else json.loads(
            self.ask(f"SELECT formatQuerySingleLine({literal(query)}) AS sql", "JSONEachRow"))["sql"]
        if read_only and not plain.startswith(("SELECT", "SHOW", "DESC", "EXISTS", "EXPLAIN", "WITH")):
            raise Failure(f"Code: 164. DB::Exception: {self.user}: Cannot execute query in readonly mode. (READONLY)")


class RequestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of = None

    def do_GET(self):  # noqa: N802
        self.handle_request(b"")

    def do_POST(self):  # noqa: N802
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.handle_request(body)

    def handle_request(self, body):
        owner = self.server_of
        owner.requests.append((self.command, self.path, dict(self.headers), body))
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/ping" or (url.path == "/" and not url.query and self.command == "GET"):
            self.answer(200, b"Ok.\n")
            return
        try:
            if url.path != "/":
                self.answer(404, f"There is no handle {url.path}\n".encode())
                return
            parameters = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            self.authenticate(parameters)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if name := self.headers.get("X-ClickHouse-Database"):
                parameters.setdefault("database", name)
            if name := self.headers.get("X-ClickHouse-Format"):
                parameters.setdefault("default_format", name)
            query, data = body.decode(errors="surrogateescape"), b""
            if "query" in parameters:
                query, data = parameters["query"] + "\n", body
            self.answer(200, owner.run(query, data, parameters, self.command == "GET"))
        except Failure as error:
            self.answer(error.status, f"{error}\n".encode(), {"X-ClickHouse-Exception-Code": str(error.code)})

    def authenticate(self, parameters):
        headers = self.headers
        basic = headers.get("Authorization", "")
        ways = []
        if basic.startswith("Basic "):
            ways.append(tuple(base64.b64decode(basic.removeprefix("Basic ")).decode().split(":", 1)))
        if "X-ClickHouse-User" in headers or "X-ClickHouse-Key" in headers:
            ways.append((headers.get("X-ClickHouse-User", "default"), headers.get("X-ClickHouse-Key", "")))
        if "user" in parameters or "password" in parameters:
            ways.append((parameters.get("user", "default"), parameters.get("password", "")))
        if len(ways) > 1:
            raise Failure("Code: 516. DB::Exception: Invalid authentication: it is not allowed to use several ways of it at once. "
                          "(AUTHENTICATION_FAILED)")
        user, password = ways[0] if ways else ("default", "")
        if (user, password) != (self.server_of.user, self.server_of.password):
            raise Failure(f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user "
                          "with such name. (AUTHENTICATION_FAILED)")

    def answer(self, status, body, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass
