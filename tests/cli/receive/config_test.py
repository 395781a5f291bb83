#!/usr/bin/env python3
"""What receive --print-config prints is a configuration that Grafana Alloy and the OpenTelemetry Collector take."""

import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import run  # noqa: E402
from run import CommandTest  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.join(HERE, "..", "..", "..")
SIGNALS = ("traces", "logs", "metrics")
AWKWARD = "p\"$1\\${env:HOME}#:"

# Of the reference of Alloy's components: what may stand where. None: a block; else the type of an argument.
TLS = {"ca_file": str, "cert_file": str, "key_file": str, "insecure": bool}
CLIENT = {"endpoint": str, "compression": str, "headers": dict, "tls": None}
ALLOY = {
    "otelcol.receiver.otlp": {"grpc": {"endpoint": str}, "http": {"endpoint": str}, "output": {signal: list for signal in SIGNALS}},
    "otelcol.exporter.otlphttp": {"client": {**CLIENT, "tls": TLS}},
    "otelcol.exporter.otlp": {"client": {**CLIENT, "tls": TLS}},
}


class AlloyParser:
    """Reads the part of Alloy's syntax that a configuration of components needs: blocks with labels, and arguments that are strings,
    booleans, lists, objects and references. Gives [(name, label, {argument: value, block: {...}})]."""

    TOKEN = re.compile(r"""\s*(?://[^\n]*\n\s*)*("(?:\\["\\nrt]|\\u[0-9a-f]{4}|[^"\\\n])*"|[A-Za-z_][\w.]*|[{}\[\]=,]|\Z)""")

    def __init__(self, text):
        self.text, self.at, self.tokens = text, 0, []
        while not self.tokens or self.tokens[-1]:
            match = self.TOKEN.match(text, self.at)
            if match is None:
                raise ValueError(f"no token at {text[self.at:self.at + 40]!r}")
            self.at = match.end()
            self.tokens.append(match[1])
        self.tokens.reverse()

    def take(self, *expected):
        token = self.tokens.pop()
        if expected and token not in expected:
            raise ValueError(f"{token!r} instead of {expected}")
        return token

    def file(self):
        blocks = []
        while self.tokens[-1]:
            name, label = self.take(), self.string(self.take())
            self.take("{")
            blocks.append((name, label, self.body()))
        return blocks

    def body(self):
        found = {}
        while self.tokens[-1] != "}":
            name = self.take()
            if not re.fullmatch(r"[a-z_]+", name) or name in found:
                raise ValueError(f"{name!r} is no name of an argument, or there twice")
            found[name] = self.expression() if self.take("=", "{") == "=" else self.body()
        self.take("}")
        return found

    def string(self, token):
        if not token.startswith('"'):
            raise ValueError(f"{token!r} is no string")
        return re.sub(r'\\(u[0-9a-f]{4}|.)', lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]),
                      token[1:-1])

    def expression(self):
        token = self.take()
        if token in ("true", "false"):
            return token == "true"
        if token == "[":
            items = []
            while self.tokens[-1] != "]":
                items.append(self.take())
                if self.tokens[-1] != "]":
                    self.take(",")
            self.take("]")
            return items
        if token == "{":
            pairs = {}
            while self.tokens[-1] != "}":
                name = self.string(self.take())
                self.take("=")
                pairs[name] = self.string(self.take())
                if self.tokens[-1] != "}":
                    self.take(",")
            self.take("}")
            return pairs
        return self.string(token)


class Printing(CommandTest):
    def printed(self, agent, *arguments):
        out, err = self.run_command("receive", "--print-config", agent, *arguments)
        self.assertEqual(err, "")
        return out.decode()

    def check_names(self, found, known, where):
        for name, value in found.items():
            self.assertIn(name, known, where)
            if isinstance(known[name], dict):
                self.check_names(value, known[name], f"{where} > {name}")
            else:
                self.assertIsInstance(value, known[name], f"{where} > {name}")

    def alloy(self, *arguments):
        """{(component, label): arguments}, and for each signal the exporter that it is sent to."""
        blocks = AlloyParser(self.printed("alloy", *arguments)).file()
        found = {(name, label): body for name, label, body in blocks}
        self.assertEqual(len(found), len(blocks))
        for (name, label), body in found.items():
            self.assertIn(name, ALLOY)
            self.check_names(body, ALLOY[name], f"{name} {label}")
        output = found.pop(("otelcol.receiver.otlp", "default"))["output"]
        sent = {}
        for signal, targets in output.items():
            (target,) = targets
            component, label, exported = re.fullmatch(r"(otelcol\.exporter\.\w+)\.(\w+)\.(\w+)", target).groups()
            self.assertEqual(exported, "input")
            sent[signal] = found[component, label]["client"]
        return found, sent

    @unittest.skipIf(yaml is None, "no PyYAML")
    def collector(self, *arguments):
        config = yaml.safe_load(self.printed("collector", *arguments))
        sent = {}
        for signal, pipeline in config["service"]["pipelines"].items():
            self.assertEqual(pipeline["receivers"], ["otlp"])
            (exporter,) = pipeline["exporters"]
            sent[signal] = config["exporters"][exporter]
        return config["exporters"], sent

    def test_an_exporter_for_each_pipeline(self):
        pipelines = [word for signal in SIGNALS for word in ("--pipeline", f"{signal}={signal[0]}1")]
        for agent, read in (("alloy", self.alloy), ("collector", self.collector)):
            for scheme, types in (("http", ("otelcol.exporter.otlphttp", "otlp_http")), ("grpc", ("otelcol.exporter.otlp", "otlp_grpc"))):
                with self.subTest(agent, scheme=scheme):
                    exporters, sent = read("--endpoint", f"{scheme}://glassflow:4318", *pipelines)
                    self.assertEqual(list(sent), list(SIGNALS))
                    self.assertEqual(len(exporters), 3)
                    for name in exporters:
                        self.assertIn(name[0] if agent == "alloy" else name.partition("/")[0], types)
                    for signal, client in sent.items():
                        self.assertEqual(client, {
                            "endpoint": "http://glassflow:4318" if scheme == "http" else "glassflow:4318", "compression": "none",
                            "headers": {"x-glassflow-pipeline-id": f"{signal[0]}1"}, "tls": {"insecure": True}})

    def test_without_pipelines_one_exporter_sends_all_to_this_machine(self):
        for agent, read in (("alloy", self.alloy), ("collector", self.collector)):
            exporters, sent = read()
            self.assertEqual(len(exporters), 1)
            self.assertEqual(list(sent), list(SIGNALS))
            self.assertEqual(sent["logs"], {"endpoint": "http://127.0.0.1:4318", "compression": "none", "tls": {"insecure": True}})
            # The agent leaves the ports to the server.
            self.assertIn("127.0.0.1:14318", self.printed(agent))
            self.assertNotIn("14318", self.printed(agent, "--endpoint", "http://glassflow:4318"))

    def test_signals_without_a_pipeline_are_not_sent(self):
        for agent, read in (("alloy", self.alloy), ("collector", self.collector)):
            self.assertEqual(list(read("--pipeline", "logs=l1")[1]), ["logs"])
            said = self.printed(agent, "--pipeline", "logs=l1")
            self.assertIn("no pipeline was given for it: traces", said)
            self.assertIn("no pipeline was given for it: metrics", said)

    def test_tls_and_awkward_texts(self):
        files = ("--ca-file", "/etc/my ca$.pem", "--cert-file", "c\"1.pem", "--key-file", "k\\1.pem")
        arguments = ("--endpoint", "https://gf.example:4318/in", "--pipeline", "traces=" + AWKWARD, *files)
        expected = {"endpoint": "https://gf.example:4318/in", "compression": "none", "headers": {"x-glassflow-pipeline-id": AWKWARD},
                    "tls": {"ca_file": "/etc/my ca$.pem", "cert_file": "c\"1.pem", "key_file": "k\\1.pem"}}
        self.assertEqual(self.alloy(*arguments)[1]["traces"], expected)
        # A Collector takes $$ for a dollar.
        doubled = {**expected, "headers": {"x-glassflow-pipeline-id": AWKWARD.replace("$", "$$")},
                   "tls": {**expected["tls"], "ca_file": "/etc/my ca$$.pem"}}
        self.assertEqual(self.collector(*arguments)[1]["traces"], doubled)
        for read in (self.alloy, self.collector):
            self.assertNotIn("tls", read("--endpoint", "grpcs://gf:4317")[1]["logs"])

    def test_what_makes_no_sense_is_refused(self):
        for arguments, word in (
                (("helm",), "--print-config"),
                (("alloy", "--endpoint", "glassflow:4318"), "--endpoint"),
                (("alloy", "--endpoint", "ftp://glassflow"), "--endpoint"),
                (("alloy", "--endpoint", "http://"), "--endpoint"),
                (("alloy", "--endpoint", "grpc://gf:1/path"), "--endpoint"),
                (("alloy", "--endpoint", "grpc://gf"), "--endpoint"),
                (("alloy", "--endpoint", "http://gf:4318?a=b"), "--endpoint"),
                (("alloy", "--dir", "captures"), "--dir"),
                (("alloy", "--auth-file", "tokens"), "--auth-file"),
                (("alloy", "--endpoint", "http://a\nb"), "--endpoint"),
                (("alloy", "--endpoint", "http://ann:secret@gf:4318"), "--endpoint"),
                (("alloy", "--pipeline", "t1"), "--pipeline t1"),
                (("alloy", "--pipeline", "spans=t1"), "--pipeline spans=t1"),
                (("alloy", "--pipeline", "traces="), "--pipeline traces="),
                (("alloy", "--pipeline", "traces=a b"), "--pipeline"),
                (("alloy", "--cert-file", "c.pem"), "--key-file")):
            out, err = self.run_command("receive", "--print-config", *arguments, code=2)
            self.assertEqual(out, b"")
            self.assertIn(word.partition(" ")[0], err, arguments)
            self.assertNotIn("secret@", err)

    def test_a_collector_takes_it(self):
        """If one was built by scripts/servers/collector.sh."""
        collector = os.path.join(os.environ.get("GF_OTLP_SERVERS", os.path.join(ROOT, ".servers")), "collector", "otelcol")
        if not os.access(collector, os.X_OK):
            self.skipTest("no Collector here: scripts/servers/collector.sh install")
        for endpoint in ("http://127.0.0.1:4318", "https://gf:4318/in", "grpc://gf:4317", "grpcs://gf:4317"):
            for pipelines in ((), ("--pipeline", "traces=" + AWKWARD.partition("$")[0], "--pipeline", "logs=l1")):
                file = self.write("collector.yaml", self.printed("collector", "--endpoint", endpoint, *pipelines).encode())
                done = subprocess.run([collector, "validate", "--config", file], capture_output=True, check=False)
                self.assertEqual((done.returncode, b"deprecated" in done.stderr), (0, False), done.stderr.decode())


if __name__ == "__main__":
    run.main()
