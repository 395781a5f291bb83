#!/usr/bin/env python3
"""gf-otlp replay and the way to the server: nobody there, TLS, proxies.

usage: replay_network_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import contextlib
import http.client
import http.server
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import replaying  # noqa: E402
import servers  # noqa: E402
from replaying import PROTOCOLS, ReplayTest, endpoint, numbers  # noqa: E402
from scripted_receiver import Tls  # noqa: E402

FEW = 40  # records: two requests


class Unreachable(ReplayTest):
    def test_nobody_listens(self):
        (port,) = servers.free_ports(1)
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                said, _ = self.replay(self.records(FEW), "--endpoint", f"{protocol}://localhost:{port}", "--retry-for", "2s",
                                      code=4)
                self.assertIn(f":{port}", said)

    def test_no_such_host(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                said, _ = self.replay(self.records(FEW), "--endpoint", f"{protocol}://no-such-host.invalid:4317", "--retry-for",
                                      "2s", code=4)
                self.assertIn("no-such-host.invalid", said)

    def test_a_server_that_comes_up_later(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                (port,) = servers.free_ports(1)
                running = self.start(protocol, self.records(FEW), "--endpoint", f"{protocol}://localhost:{port}")
                self.wait_for("a word about the retry", lambda running=running: running.said() != "", running)
                options = {"http_port": port} if protocol == "http" else {"grpc": True, "grpc_port": port}
                receiver = self.receiver(**options)
                self.ended(running, 0)
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_a_server_that_is_restarted(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                (port,) = servers.free_ports(1)
                options = {"http_port": port} if protocol == "http" else {"grpc": True, "grpc_port": port}
                first = self.receiver(**options)
                # Not compressed: grpcio's server that is being stopped hands over what it has not unpacked.
                running = self.start(protocol, self.records(2000), "--endpoint", f"{protocol}://localhost:{port}", "--rate", "1000",
                                     "--request-compression", "none")
                self.wait_for("requests", lambda first=first: len(first.taken) > 5, running)
                first.close()
                second = self.receiver(**options)
                self.ended(running, 0)
                self.assertTrue(second.taken, "it was over: the case shows nothing")
                self.assertEqual(sorted(set(numbers(first.taken + second.taken))), list(range(2000)))


class Encrypted(ReplayTest):
    def setUp(self):
        super().setUp()
        self.mine, self.other, self.client = (self.certificate(name) for name in ("mine", "other", "client"))
        self.capture = self.records(FEW)

    def target(self, receiver, protocol, *options):
        return [self.capture, "--endpoint", endpoint(receiver, protocol, tls=True), *options]

    def test_tls(self):
        receiver = self.receiver(grpc=True, tls=Tls(*self.mine))
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver.taken.clear()
                self.replay(*self.target(receiver, protocol, "--ca-file", self.mine[0]))
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))

    def test_nobody_vouches_for_the_server(self):
        """No retry mends that: it ends at once."""
        elsewhere = self.certificate("elsewhere", "elsewhere.example")
        for protocol in PROTOCOLS:
            for server, ca in ((self.mine, self.other), (self.mine, None), (elsewhere, elsewhere)):
                with self.subTest((protocol, server[0], ca)):
                    receiver = self.receiver(grpc=True, tls=Tls(*server))
                    options = ["--ca-file", ca[0]] if ca else []
                    begun = time.monotonic()
                    said, _ = self.replay(*self.target(receiver, protocol, *options), code=4)
                    self.assertRegex(said.lower(), "certificate|ssl|tls|handshake")
                    self.assertLess(time.monotonic() - begun, 60)
                    self.assertEqual(receiver.requests, [])

    def test_the_server_asks_for_a_certificate(self):
        receiver = self.receiver(grpc=True, tls=Tls(*self.mine, self.client[0]))
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                receiver.taken.clear()
                target = self.target(receiver, protocol, "--ca-file", self.mine[0])
                self.replay(*target, "--cert-file", self.client[0], "--key-file", self.client[1])
                self.assertEqual(numbers(receiver.taken), list(range(FEW)))
                self.replay(*target, "--cert-file", self.other[0], "--key-file", self.other[1], "--retry-for", "2s", code=4)
                self.replay(*target, "--retry-for", "2s", code=4)
                self.assertEqual(len(receiver.taken), 2)


class Http2(ReplayTest):
    def test_http2_where_it_is_offered(self):
        if shutil.which("go") is None:
            self.skipTest("Go is not installed: no server here speaks HTTP/2")
        program, mine = self.path("http2_server"), self.certificate("mine")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "http2_server.go")
        subprocess.run(["go", "build", "-o", program, source], check=True, cwd=self.folder)
        with subprocess.Popen([program, *mine], stdout=subprocess.PIPE, preexec_fn=servers.die_with_parent) as server:
            self.addCleanup(server.kill)
            port = int(server.stdout.readline())
            # One request that is larger than what HTTP/2 sends unasked, and some that are not.
            captures = [self.records(20, padding=100_000), self.records(100, "small.json")]
            self.replay("--endpoint", f"https://localhost:{port}", "--ca-file", mine[0], "--request-compression", "none", *captures)
            said = [server.stdout.readline().split() for _ in range(6)]
            server.kill()
        self.assertEqual({protocol for protocol, _ in said}, {b"HTTP/2.0"})
        self.assertGreater(int(said[0][1]), 2_000_000)


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_POST(self):
        """With the whole URL in the request line."""
        self.server.asked.append(("POST", self.path))
        target = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        connection = http.client.HTTPConnection(target.netloc, timeout=servers.PATIENCE)
        connection.request("POST", target.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_CONNECT(self):
        self.server.asked.append(("CONNECT", self.path))
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), servers.PATIENCE) as target:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: target, target: self.connection}
            with contextlib.suppress(OSError):
                while True:
                    for end in select.select(list(ends), [], [], servers.PATIENCE)[0]:
                        if not (block := end.recv(65536)):
                            return
                        ends[end].sendall(block)
        self.close_connection = True


class Proxies(ReplayTest):
    def setUp(self):
        super().setUp()
        self.proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ProxyHandler)
        self.proxy.daemon_threads, self.proxy.asked = True, []
        threading.Thread(target=self.proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.addCleanup(self.proxy.server_close)
        self.addCleanup(self.proxy.shutdown)
        self.capture = self.records(FEW)

    def through(self, receiver, protocol, *arguments, tls=False, **variables):
        """What the proxy was asked for."""
        receiver.taken.clear()
        self.proxy.asked.clear()
        address = f"http://127.0.0.1:{self.proxy.server_address[1]}"
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env |= {"http_proxy": address, "https_proxy": address} | variables
        self.replay(self.capture, "--endpoint", endpoint(receiver, protocol, tls), *arguments, env=env)
        self.assertEqual(numbers(receiver.taken), list(range(FEW)))
        return self.proxy.asked

    def test_a_proxy_of_the_environment(self):
        receiver = self.receiver(grpc=True)
        asked = self.through(receiver, "http")
        self.assertEqual(asked, [("POST", f"http://{receiver.http}/v1/logs")] * 2)
        self.assertEqual(self.through(receiver, "http", no_proxy="localhost"), [])
        self.assertEqual(self.through(receiver, "grpc"), [("CONNECT", receiver.grpc)])
        self.assertEqual(self.through(receiver, "grpc", no_grpc_proxy="localhost"), [])

    def test_tls_through_a_proxy(self):
        mine = self.certificate("mine")
        receiver = self.receiver(grpc=True, tls=Tls(*mine))
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                asked = self.through(receiver, protocol, "--ca-file", mine[0], tls=True)
                self.assertEqual(asked, [("CONNECT", receiver.http if protocol == "http" else receiver.grpc)])


if __name__ == "__main__":
    servers.main(replaying.prepare)
