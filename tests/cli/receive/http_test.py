#!/usr/bin/env python3
"""receive over HTTP: what clients may send, what they are told, and what it costs."""

import gzip
import http.client
import json
import os
import resource
import socket
import ssl
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "..", "integration")]
import run  # noqa: E402
from receiving import PATIENCE, ReceiveTest, bodies, log_request, log_request_protobuf  # noqa: E402

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
MOST_MEMORY = 200 << 20


def bare_deflate(content):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


class Bodies(ReceiveTest):
    def test_types_codings_and_framings_on_one_connection(self):
        server = self.receive()
        connection = server.connect()
        self.addCleanup(connection.close)
        sent = []
        for coding, compress in (("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare_deflate)):
            for headers, make in ((JSON, log_request), (PROTOBUF, log_request_protobuf)):
                text = f"{len(sent)} {coding}"
                body = compress(make(text))
                # An iterable is sent in chunks.
                for framed in (body, iter([body[:5], body[5:]])):
                    status, answered, content = server.post("/v1/logs", framed, {**headers, "Content-Encoding": coding}, connection)
                    self.assertEqual((status, content), (200, b"{}" if headers is JSON else b""))
                    self.assertEqual(answered["Content-Type"], headers["Content-Type"])
                    sent.append(text)
        self.assertEqual(bodies(self.received(server)["otel_logs"]), sent)

    def test_limits_are_those_of_the_flags(self):
        server = self.receive("--max-body", "1KB", "--max-decompressed", "4KB")
        connection = server.connect()
        self.addCleanup(connection.close)
        texts = [log_request_protobuf("x" * size) for size in (900, 1100, 4000, 5000)]
        for body, coding, status, words in (
                (texts[0], "identity", 200, b""),
                (texts[1], "identity", 413, b"body of more than 1024 bytes"),
                (gzip.compress(texts[2]), "gzip", 200, b""),
                (gzip.compress(texts[3]), "gzip", 413, b"decompresses to more than 4096 bytes")):
            answer = server.post("/v1/logs", body, {**PROTOBUF, "Content-Encoding": coding}, connection)
            self.assertEqual(answer[0], status)
            self.assertIn(words, answer[2])
        self.assertIn("2 requests received", server.stop())

    def test_a_pipeline_id_can_be_demanded(self):
        server = self.receive("--require-pipeline-id")
        status, _, body = server.post("/v1/logs", log_request("a"), JSON)
        self.assertEqual((status, json.loads(body)), (400, {"code": 3, "message": "missing x-glassflow-pipeline-id header"}))
        self.assertEqual(server.post("/v1/logs", log_request("a"), {**JSON, "X-Glassflow-Pipeline-Id": "l1"})[0], 200)

    def test_requests_at_a_time(self):
        server = self.receive("--max-in-flight", "1")
        body = log_request("first")
        first = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        self.addCleanup(first.close)
        first.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(body))
        self.assertIn(b" 100 ", first.recv(4096))
        status, headers, content = server.post("/v1/logs", log_request("other"), JSON)
        self.assertEqual((status, headers["Retry-After"], json.loads(content)["code"]), (429, "1", 8))
        first.sendall(body)
        self.assertIn(b" 200 ", first.recv(4096))


class Tls(ReceiveTest):
    def test_tls(self):
        certificate, key = self.certificate("server")
        server = self.receive("--cert-file", certificate, "--key-file", key)
        self.assertTrue(server.http.startswith("https://"))
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.check_hostname = False
        connection = http.client.HTTPSConnection(server.host, server.port, timeout=PATIENCE, context=trusting)
        self.addCleanup(connection.close)
        for _ in range(2):
            connection.request("POST", "/v1/logs", log_request("over TLS"), JSON)
            self.assertEqual(connection.getresponse().read(), b"{}")
        with self.assertRaises((http.client.HTTPException, OSError)):
            server.post("/v1/logs", log_request("plain"), JSON)
        self.assertEqual(bodies(self.received(server)["otel_logs"]), ["over TLS"] * 2)

    def test_mutual_tls(self):
        certificate, key = self.certificate("server")
        client, client_key = self.certificate("client", "client")
        server = self.receive("--cert-file", certificate, "--key-file", key, "--client-ca-file", client)
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.check_hostname = False
        for known in (False, True):
            if known:
                trusting.load_cert_chain(client, client_key)
            connection = http.client.HTTPSConnection(server.host, server.port, timeout=PATIENCE, context=trusting)
            self.addCleanup(connection.close)
            try:
                connection.request("POST", "/v1/logs", log_request("hello"), JSON)
                status = connection.getresponse().status
            except (ssl.SSLError, http.client.HTTPException, OSError):
                status = None
            self.assertEqual(status, 200 if known else None)


class Hostile(ReceiveTest):
    """What costs the sender little must not cost the receiver much, nor harm others."""

    def test_bombs(self):
        server = self.receive()
        member = gzip.compress(bytes(1 << 20))
        for bomb in (member * 1024, gzip.compress(b"\x5a\x00" * (30 << 20))):
            status, _, body = server.post("/v1/logs", bomb, {**JSON, "Content-Encoding": "gzip"})
            self.assertIn(status, (400, 413), body)
        # A span whose events are two bytes each.
        events = b"\x5a\x00" * (30 << 20)
        for _ in range(3):
            events = b"\x12" + varint(len(events)) + events
        span = b"\x0a" + events[1:]
        status, _, body = server.post("/v1/traces", gzip.compress(span, 1), {**PROTOBUF, "Content-Encoding": "gzip"})
        self.assertEqual(status, 400, body)
        self.assertEqual(server.post("/v1/logs", log_request("fine"), JSON)[0], 200)
        if not server.sanitized():
            self.assertLess(server.peak(), MOST_MEMORY)

    def test_garbage(self):
        server = self.receive()
        kept = server.connect()
        self.addCleanup(kept.close)
        for garbage in (b"\x00" * 1000, b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/logs HTTP/1.1\r\n\r\n",
                        os.urandom(100_000), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with socket.create_connection((server.host, server.port), timeout=PATIENCE) as client:
                try:
                    client.sendall(garbage)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(4096):
                        pass
                except OSError:
                    pass  # it may have been refused before all of it was sent
            self.assertEqual(server.post("/v1/logs", log_request("fine"), JSON, kept)[0], 200)

    def test_a_thousand_slow_connections_with_large_bodies(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit[1] != resource.RLIM_INFINITY and limit[1] < 1200:
            self.skipTest(f"no more than {limit[1]} files at a time here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        server = self.receive("--max-in-flight", "2000")
        clients = []
        for _ in range(1000):
            client = socket.create_connection((server.host, server.port), timeout=PATIENCE)
            self.addCleanup(client.close)
            client.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n")
            clients.append(client)
        for _ in range(4):
            for client in clients:
                try:
                    client.settimeout(0.01)
                    client.send(b"[" * 100_000)
                except OSError:
                    pass  # there was no memory for it
        status = server.post("/v1/logs", log_request("fine"), JSON)[0]
        self.assertIn(status, (200, 429))
        for client in clients:
            client.close()
        while status != 200:
            status = server.post("/v1/logs", log_request("fine"), JSON)[0]
        if not server.sanitized():
            self.assertLess(server.peak(), MOST_MEMORY)


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


if __name__ == "__main__":
    run.main()
