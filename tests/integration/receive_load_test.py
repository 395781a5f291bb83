#!/usr/bin/env python3
"""gf-otlp receive under load: killed in the middle of it, with a thousand connections, with clients that are slow or send what
it must refuse. Clients are plain HTTP ones; each request holds a text of its own, by which it is found again.

usage: receive_load_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import asyncio
import contextlib
import gzip
import http.client
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from receiving import ReceiveTest, bodies, log_request, log_request_protobuf  # noqa: E402
from servers import PATIENCE, run  # noqa: E402

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def encodings(text):
    """Headers and body of a request with that text, in ways that differ from call to call."""
    headers, body = random.choice(((JSON, log_request(text)), (PROTOBUF, log_request_protobuf(text))))
    coding, encode = random.choice((("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)))
    return {**headers, "Content-Encoding": coding}, encode(body)


class Threads:
    """Runs a function in several threads, and hands on the first exception."""

    def __init__(self, count, function):
        self.error = None
        self.threads = [threading.Thread(target=self.run, args=(function, i)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, function, i):
        try:
            function(i)
        except Exception as error:  # to be raised by join()
            self.error = error

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.error is not None:
            raise self.error


def send_many(server, name, count):
    """Requests one after the other, all of which must be taken."""
    with contextlib.closing(server.connect()) as connection:
        for i in range(count):
            headers, body = encodings(f"{name} {i}")
            status, _, _ = server.post("/v1/logs", body, headers, connection)
            if status != 200:
                raise AssertionError(f"{status} for {name} {i}")


class Ended(ReceiveTest):
    """Ended in the middle, mostly by SIGKILL and five times in the same folder: nothing that was acknowledged may be missing."""

    CLIENTS, ACKNOWLEDGED = 8, 400

    def send_until(self, server, name, end_it):
        """The texts that were sent, and those that were acknowledged, when end_it() ends the server in the middle."""
        sent, acknowledged = [], []

        def client(i):
            with contextlib.closing(server.connect()) as connection:
                for j in range(10**6):
                    text = f"{name} {i} {j} {'x' * random.randrange(3000)}"
                    headers, body = encodings(text)
                    sent.append(text)
                    try:
                        status, _, _ = server.post("/v1/logs", body, headers, connection)
                    except (OSError, http.client.HTTPException):
                        return
                    if status != 200:
                        raise AssertionError(f"status {status}")
                    acknowledged.append(text)

        threads = Threads(self.CLIENTS, client)
        end = time.monotonic() + PATIENCE
        while len(acknowledged) < self.ACKNOWLEDGED and time.monotonic() < end:
            time.sleep(0.01)
        end_it()
        threads.join()
        self.assertGreaterEqual(len(acknowledged), self.ACKNOWLEDGED)
        return set(sent), set(acknowledged)

    def tear(self, path):
        """Does to the file what a crash can do, unless the crash did: a request of which only the beginning is there."""
        content = run.read(path)
        end = 0
        while end < len(content) and not path.endswith(".json"):
            end += 4 + struct.unpack_from(">I", content.ljust(end + 4, b"\0"), end)[0]
        if path.endswith(".json") and content.endswith(b"\n") or end == len(content):
            with open(path, "ab") as file:
                file.write(content[:10])

    def check(self, *options):
        sent, acknowledged = set(), set()
        for round_number in range(5):
            server = self.receive(*options)
            if round_number > 0:
                self.assertRegex(server.said(), r"cut \d+ bytes of an unfinished request off")
            more_sent, more_acknowledged = self.send_until(server, f"round {round_number}", server.kill)
            sent |= more_sent
            acknowledged |= more_acknowledged
            # Files that were put aside are no longer written to: the others have no time in their names.
            (last,) = (name for name in os.listdir(server.folder) if name.startswith("otlp."))
            self.tear(os.path.join(server.folder, last))
        self.check_files(self.receive(*options), sent, acknowledged)

    def check_files(self, server, sent, acknowledged):
        found = bodies(self.received(server)["otel_logs"])
        self.assertEqual(len(found), len(set(found)), "something is there twice")
        self.assertEqual(len(acknowledged - set(found)), 0, "acknowledged, but not there")
        self.assertEqual(len(set(found) - sent), 0, "there, but never sent")

    def test_proto(self):
        self.check()

    def test_proto_not_synced(self):
        self.check("--durability", "none")

    def test_proto_zstd(self):
        self.check("--zstd")

    def test_json(self):
        self.check("--format", "json")

    def test_json_zstd_not_synced(self):
        self.check("--format", "json", "--zstd", "--durability", "none")

    def test_files_that_are_put_aside(self):
        self.check("--rotate-size", "300KB")

    def test_it_is_asked_to_end(self):
        """What is under way is finished: nothing is there that was not acknowledged."""
        server = self.receive()
        sent, acknowledged = self.send_until(server, "a", server.stop)
        again = self.receive()
        self.assertNotIn("cut", again.said())
        self.check_files(again, acknowledged, acknowledged)
        self.assertLessEqual(len(sent - acknowledged), self.CLIENTS)


class Connections(ReceiveTest):
    def test_a_thousand(self):
        """A thousand at once, a tenth of them slow; each is told to come again until it is served. Bodies of all: 64 MB."""
        server = self.receive()
        asyncio.run(self.thousand(server))
        if not server.sanitized():
            self.assertLess(server.peak(), 200 << 20)
        found = bodies(self.received(server)["otel_logs"])
        self.assertEqual(sorted(int(text.split()[0]) for text in found), list(range(1000)))

    async def thousand(self, server):
        connected = 0
        all_connected = asyncio.Event()

        async def client(i):
            nonlocal connected
            reader, writer = await asyncio.open_connection(server.host, server.port)
            connected += 1
            if connected == 1000:
                all_connected.set()
            await all_connected.wait()
            body = log_request_protobuf(f"{i} {'x' * 65000}")
            head = f"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: {len(body)}\r\n\r\n"
            while True:
                writer.write(head.encode())
                for start in range(0, len(body), 8192 if i % 10 == 0 else len(body)):
                    writer.write(body[start:start + 8192] if i % 10 == 0 else body)
                    await writer.drain()
                    await asyncio.sleep(0.1 if i % 10 == 0 else 0)
                status, headers = await answer(reader)
                if status == 200:
                    break
                if status != 429 or "retry-after" not in headers:
                    raise AssertionError(f"{status} {headers}")
                if headers.get("connection") == "close":
                    writer.close()
                    reader, writer = await asyncio.open_connection(server.host, server.port)
                await asyncio.sleep(float(headers["retry-after"]) * random.uniform(0.5, 1.5))
            writer.close()

        await asyncio.wait_for(asyncio.gather(*map(client, range(1000))), PATIENCE)

    def test_slow_ones_do_no_harm(self):
        """Clients that send a byte now and then, some in the header and some in the body, beside good ones."""
        server = self.receive()
        stop = threading.Event()
        slow = []
        body = log_request("slow")
        head = f"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for i in range(340):  # 300 in the header, 40 in the body
            connection = socket.create_connection((server.host, server.port), PATIENCE)
            self.addCleanup(connection.close)
            connection.sendall(head[:10] if i < 300 else head + body[:5])
            slow.append(connection)

        def dribble(_):
            for i in range(5, len(body) - 5):
                for connection in slow[300:]:
                    connection.sendall(body[i:i + 1])
                if stop.wait(0.05):
                    return

        dribbling = Threads(1, dribble)
        try:
            Threads(4, lambda i: send_many(server, f"good {i}", 100)).join()
        finally:
            stop.set()
            dribbling.join()
        for connection in slow:
            connection.close()
        self.assertIsNone(server.process.poll())
        self.assertEqual(len(bodies(self.received(server)["otel_logs"])), 400)


async def answer(reader):
    """The status and the headers, in lower case, of an HTTP answer with a Content-Length."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    await reader.readexactly(int(headers.get("content-length", 0)))
    return int(lines[0].split()[1]), headers


class Hostile(ReceiveTest):
    LIMITS = ["--max-body", "1MB", "--max-decompressed", "4MB"]

    def cases(self):
        """(what, method, path, headers, body, status)."""
        good = log_request("not to be stored")
        bomb = gzip.compress(bytes(64 << 20))
        noise = random.Random(1).randbytes(5000)
        return [
            ("garbage", "POST", "/v1/logs", PROTOBUF, noise, 400),
            ("garbage", "POST", "/v1/traces", PROTOBUF, b"\xff" * 100, 400),
            ("cut off", "POST", "/v1/logs", PROTOBUF, log_request_protobuf("x" * 100)[:-1], 400),
            ("no JSON", "POST", "/v1/logs", JSON, b"{\"resourceLogs\": [", 400),
            ("no JSON", "POST", "/v1/metrics", JSON, noise, 400),
            ("wrong JSON", "POST", "/v1/logs", JSON, b"{\"resourceLogs\": 5}", 400),
            ("deep JSON", "POST", "/v1/logs", JSON, b"[" * 500000, 400),
            ("protobuf as JSON", "POST", "/v1/logs", JSON, log_request_protobuf("x"), 400),
            ("JSON as protobuf", "POST", "/v1/logs", PROTOBUF, good, 400),
            ("no gzip", "POST", "/v1/logs", {**JSON, "Content-Encoding": "gzip"}, good, 400),
            ("half a gzip", "POST", "/v1/logs", {**JSON, "Content-Encoding": "gzip"}, gzip.compress(good)[:-9], 400),
            ("no zstd", "POST", "/v1/logs", {**JSON, "Content-Encoding": "zstd"}, noise, 400),
            ("a gzip bomb", "POST", "/v1/logs", {**JSON, "Content-Encoding": "gzip"}, bomb, 413),
            ("a deflate bomb", "POST", "/v1/logs", {**PROTOBUF, "Content-Encoding": "deflate"}, zlib.compress(bytes(64 << 20)), 413),
            ("a zstd bomb", "POST", "/v1/logs", {**PROTOBUF, "Content-Encoding": "zstd"}, self.zstd(bytes(64 << 20)), 413),
            ("too large", "POST", "/v1/logs", JSON, log_request("x" * (1 << 20)), 413),
            ("too large, in chunks", "POST", "/v1/logs", JSON, iter([b"[" * 65536] * 40), 413),
            ("unknown coding", "POST", "/v1/logs", {**JSON, "Content-Encoding": "br"}, good, 415),
            ("unknown type", "POST", "/v1/logs", {"Content-Type": "text/plain"}, good, 415),
            ("no type", "POST", "/v1/logs", {}, good, 415),
            ("GET", "GET", "/v1/logs", {}, None, 405),
            ("DELETE", "DELETE", "/v1/traces", {}, None, 405),
            ("bad path", "POST", "/v1/nothing", JSON, good, 404),
            ("bad path", "POST", "/", JSON, good, 404),
            ("bad path", "GET", "/../../etc/passwd", {}, None, 404),
            ("health", "GET", "/healthz", {}, None, 200),
            ("health", "GET", "/readyz", {}, None, 200),
        ]

    def zstd(self, data):
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout

    def test_each(self):
        """Right status each, in the middle of good requests, all of which are stored, and nothing else."""
        server = self.receive(*self.LIMITS)
        cases = self.cases()
        wrong = []

        def hostile(i):
            shuffled = list(cases) if i == 0 else [case for case in cases if "chunks" not in case[0]]
            random.Random(i).shuffle(shuffled)
            for what, method, path, headers, body, expected in shuffled:
                connection = server.connect()
                try:
                    connection.request(method, path, body, headers)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it need not read all of a body that it refuses
                status = connection.getresponse().status
                connection.close()
                if status != expected:
                    wrong.append((what, method, path, status, expected))

        good = Threads(3, lambda i: send_many(server, f"good {i}", 150))
        Threads(3, hostile).join()
        good.join()
        self.assertEqual(wrong, [])
        found = bodies(self.received(server)["otel_logs"])
        self.assertEqual(sorted(found), sorted(f"good {i} {j}" for i in range(3) for j in range(150)))

    def test_what_is_no_http(self):
        """Connections that are broken in many ways; a good client is served after each."""
        server = self.receive(*self.LIMITS)
        body = log_request("good")
        head = b"POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        noise = random.Random(2)
        broken = [b"", b"\r\n", b"\0" * 100, b"GET", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                  head + b"Content-Length: -1\r\n\r\n", head + b"Content-Length: 99999999999999999999\r\n\r\n",
                  head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}", head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                  head + b"Content-Length: 100\r\n\r\n{\"resourceLogs\"", head + b"X: " + b"y" * 200000 + b"\r\n\r\n",
                  head + b"X: y\r\n" * 50000, b"POST /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n", b"POST /v1/logs HTTP/9.9\r\n\r\n",
                  *(noise.randbytes(300) for _ in range(50))]
        for i, data in enumerate(broken):
            with self.subTest(f"{i}: {data[:60]!r}"):
                connection = socket.create_connection((server.host, server.port), PATIENCE)
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except (BrokenPipeError, ConnectionResetError):
                    pass
                connection.close()
                self.assertEqual(server.post("/v1/logs", body, JSON)[0], 200)
        self.assertEqual(bodies(self.received(server)["otel_logs"]), ["good"] * len(broken))

    @unittest.skipIf(shutil.which("curl") is None, "no curl")
    def test_curl_that_asks_before_it_sends(self):
        server = self.receive()
        path = self.write("body", log_request(*(f"{i} {'x' * 1000}" for i in range(1500))))
        done = subprocess.run(["curl", "-sSv", "--http1.1", "--max-time", str(PATIENCE), "-H", "Content-Type: application/json", "-H",
                               "Expect: 100-continue", "--data-binary", f"@{path}", f"{server.http}/v1/logs"],
                              capture_output=True, check=True)
        self.assertIn(b"HTTP/1.1 100 Continue", done.stderr)
        self.assertIn(b"HTTP/1.1 200 OK", done.stderr)
        self.assertEqual(len(bodies(self.received(server)["otel_logs"])), 1500)


if __name__ == "__main__":
    servers.main(lambda: iter(()))
