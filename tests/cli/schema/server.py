"""A server that answers requests as it is told, for what a client does with the answers; not a ClickHouse server."""

import http.server
import json
import ssl
import threading


def tables(statements, version="26.5.1.1", zone="UTC"):
    """Answers as a ClickHouse server with these tables (name: statement) gives them."""

    def answer(request):
        if b"version()" in request["body"]:
            return 200, {}, f"{version}\t{zone}\n".encode()
        lines = [json.dumps({"name": name, "sql": sql}) + "\n" for name, sql in statements.items()]
        return 200, {}, "".join(lines).encode()

    return answer


def error(status, code, text):
    """As ClickHouse says that something is wrong."""
    return lambda request: (status, {"X-ClickHouse-Exception-Code": str(code)}, f"Code: {code}. {text}\n".encode())


class Server:
    """Gives each request to `answer`, which returns status, headers and body; keeps the requests. `tls`: an SSL context."""

    def __init__(self, answer, tls=None):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
                status, headers, content = answer(requests[-1])
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that goes away is what some tests are about

        self.listener = Listener(("127.0.0.1", 0), Handler)
        if tls:
            self.listener.socket = tls.wrap_socket(self.listener.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.listener.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()


def server_context(certificate, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
