#!/usr/bin/env python3
"""gf-otlp publish at a broker's doors: TLS, client certificates, SASL, authorisation.

usage: security_test.py GF_OTLP TESTDATA GF_OTLP_CONSUME
"""

import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import publishing  # noqa: E402
import servers  # noqa: E402
from publishing import PublishTest  # noqa: E402
from servers import run  # noqa: E402


class SecurityTest(PublishTest):
    def configured(self, *lines):
        return ["--config", self.write("exporter.yaml", "\n".join(lines).encode() + b"\n")]

    def tls(self, *lines, ca="ca.crt"):
        return ["tls:", f"  ca_file: {self.broker.tls(ca)}", *(f"  {line}" for line in lines)]

    def client_certificate(self):
        return [f"cert_file: {self.broker.tls('client.crt')}", f"key_file: {self.broker.tls('client.key')}"]

    @staticmethod
    def sasl(mechanism, user="alice", password="alice-secret"):
        return ["auth:", "  sasl:", f"    mechanism: {mechanism}", f"    username: {user}"] + (
            [f"    password: {password}"] if password else [])

    def send(self, listener, *options, code=0, env=None, name="logs"):
        """Publishes two records and looks whether they arrived; the text of standard error."""
        topic = self.topic(name)
        begun = time.monotonic()
        _, err = self.run_command("publish", "--brokers", self.broker.address(listener), run.golden("traces-basic"), "--topic",
                                  topic, *options, code=code, env=env)
        self.assertLess(time.monotonic() - begun, 25, "refused logins are to be told at once")
        self.assertNotIn("alice-secret", err)
        if code == 0:
            self.assertEqual(len(self.broker.consume(topic)), 2)
        else:
            self.assertNotIn(topic, self.broker.topics())
        return err


class Tls(SecurityTest):
    def test_the_broker_is_known(self):
        self.send("ssl", *self.configured(*self.tls()))

    def test_the_broker_is_not_known(self):
        err = self.send("ssl", *self.configured(*self.tls(ca="other-ca.crt")), code=4)
        self.assertIn("certificate", err)

    def test_the_broker_has_another_name(self):
        err = self.send("ssl", *self.configured(*self.tls("server_name_override: kafka.example.com")), code=4)
        self.assertIn("certificate", err)
        self.assertIn("kafka.example.com", err)
        self.send("ssl", *self.configured(*self.tls("server_name_override: localhost")), name="right")

    def test_no_check_when_told_so(self):
        self.send("ssl", *self.configured(*self.tls("insecure_skip_verify: true", ca="other-ca.crt")))

    def test_client_certificate(self):
        self.send("mtls", *self.configured(*self.tls(*self.client_certificate())))
        err = self.send("mtls", *self.configured(*self.tls()), code=4, name="without")
        self.assertIn("certificate", err)
        self.send("ssl", *self.configured(*self.tls(*self.client_certificate())), name="optional")

    def test_a_broker_without_tls(self):
        err = self.send("plaintext", *self.configured(*self.tls()), code=4)
        self.assertRegex(err, "TLS|SSL")


class Plain(SecurityTest):
    def test_without_and_with_tls(self):
        self.send("sasl", *self.configured(*self.sasl("PLAIN"), "tls:", "  insecure: true"), name="clear")
        self.send("sasl_ssl", *self.configured(*self.sasl("PLAIN"), *self.tls()), name="tls")

    def test_password_from_elsewhere(self):
        options = self.configured(*self.sasl("PLAIN", password=None), *self.tls())
        password = self.write("password", b"alice-secret\n")
        self.send("sasl_ssl", *options, "--password-file", password, name="file")
        self.send("sasl_ssl", *options, env={"GF_OTLP_PASSWORD": "alice-secret"}, name="environment")
        options = self.configured(*self.sasl("PLAIN", password="${env:KAFKA_SECRET}"), *self.tls())
        self.send("sasl_ssl", *options, env={"KAFKA_SECRET": "alice-secret"}, name="expanded")

    def test_wrong_password(self):
        err = self.send("sasl_ssl", *self.configured(*self.sasl("PLAIN", password="not-hers"), *self.tls()), code=4)
        self.assertRegex(err.lower(), "refused the login|authentication")
        self.assertNotIn("not-hers", err)


class Scram(SecurityTest):
    """Kafka 4 takes SCRAM from librdkafka 2.6.1 or newer; an older one is told to be the reason."""

    def check(self, mechanism):
        out, _ = self.run_command("--version")
        version = tuple(map(int, re.search(rb"librdkafka (\d+)\.(\d+)\.(\d+)", out).groups()))
        options = self.configured(*self.sasl(mechanism), *self.tls())
        if version >= (2, 6, 1):
            self.send("sasl_ssl", *options)
            self.send("sasl", *self.configured(*self.sasl(mechanism), "tls:", "  insecure: true"), name="clear")
            err = self.send("sasl_ssl", *self.configured(*self.sasl(mechanism, password="not-hers"), *self.tls()), code=4,
                            name="wrong")
            self.assertNotIn("2.6.1", err)
        else:
            err = self.send("sasl_ssl", *options, code=4)
            self.assertIn("librdkafka", err)
            self.assertIn("2.6.1", err)

    def test_sha_256(self):
        self.check("SCRAM-SHA-256")

    def test_sha_512(self):
        self.check("SCRAM-SHA-512")


class Authorisation(SecurityTest):
    """mallory may do nothing until an ACL says so."""

    def options(self):
        return self.configured(*self.sasl("PLAIN", "mallory", "mallory-secret"), *self.tls())

    def test_no_topic_may_be_made(self):
        err = self.send("sasl_ssl", *self.options(), code=4)
        self.assertIn(self.topic("logs"), err)
        self.assertIn("authoriz", err.lower())

    def test_a_topic_may_not_be_seen_or_written(self):
        topic = self.topic("guarded")
        self.publish(run.golden("logs-basic"), "--topic", topic, "--table", "otel_logs")
        before = len(self.broker.consume(topic))
        for allowed in (None, "describe"):
            if allowed:
                self.broker.allow("mallory", allowed, topic)
            err, _ = self.publish(run.golden("logs-basic"), "--topic", topic, *self.options(), listener="sasl_ssl", code=4)
            self.assertIn(topic, err)
            self.assertIn("authoriz", err.lower())
        self.assertEqual(len(self.broker.consume(topic)), before)
        self.broker.allow("mallory", "write", topic)
        self.publish(run.golden("logs-basic"), "--topic", topic, *self.options(), listener="sasl_ssl")
        self.assertEqual(len(self.broker.consume(topic)), 2 * before)

    def test_a_record_that_is_refused_by_one_of_its_topics(self):
        """A span of shape agents has messages of two topics: here the one of events may not be written."""
        spans = [{"traceId": "1" * 32, "spanId": f"{i:016x}", "name": f"span {i}",
                  "events": [{"name": "note"}] * (3 if i % 2 else 0)} for i in range(1, 7)]
        capture = self.write("capture.json", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode())
        topics = {name: self.topic(name) for name in ("spans", "events")}
        agents = ["--shape", "agents", capture, "--topic", f"traces={topics['spans']}", "--topic", f"logs={topics['events']}"]
        self.publish(*agents)
        self.broker.allow("mallory", "write", topics["spans"])
        self.broker.allow("mallory", "describe", topics["events"])
        dead = self.path("dead.jsonl")
        _, stats = self.publish(*agents, *self.options(), "--dead-letter", dead, listener="sasl_ssl")
        self.assertEqual(sorted(json.loads(line)["record"] for line in run.lines(run.read(dead))), [1, 3, 5])
        self.assertEqual({name: stats[name] for name in stats if name.startswith(("records_", "messages_"))}, {
            "records_read": 6, "records_written": 3, "records_filtered": 0, "records_disabled": 0,
            "records_without_data": 0, "records_failed": 0, "records_dead_lettered": 3,
            "messages_delivered": 6, "messages_dead_lettered": 9, "messages_failed": 0})
        # The rows of spans of both runs are there, of events those of the first.
        self.assertEqual([len(self.broker.consume(topic)) for topic in topics.values()], [12, 9])
        # Without dead letters it ends the run.
        err, _ = self.publish(*agents, *self.options(), listener="sasl_ssl", code=4)
        self.assertIn("authoriz", err.lower())


if __name__ == "__main__":
    servers.main(publishing.broker_alone(PublishTest))
