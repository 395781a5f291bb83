"""Captures of agents' telemetry for the tests of convert and publish with --shape agents."""

import json
import os
import re

import run


def captures():
    """The names of the captures in testdata/agents, and what is written down by hand of each."""
    with open(agents("expected.json"), encoding="utf-8") as file:
        return json.load(file)


def agents(name=""):
    return os.path.join(run.TESTDATA, "agents", name)


def requests(path):
    """The requests of a file of JSON documents."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found, at = [], 0
    while text[at:].strip():
        at += re.match(r"\s*", text[at:]).end()
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
    return found


def attributes(**values):
    """OTLP-JSON of attributes that are texts; __ in a name is a dot."""
    return [{"key": name.replace("__", "."), "value": {"stringValue": value}} for name, value in values.items()]


def span(number, events=(), trace="a1", **values):
    """A span; `events`: the texts of its events, each with a text."""
    return {
        "traceId": trace * 16, "spanId": f"{number:016x}", "name": f"span {number}", "kind": 3,
        "startTimeUnixNano": f"17948237{number:02}000000000", "endTimeUnixNano": f"17948237{number:02}500000000",
        "attributes": attributes(**values), "status": {},
        "events": [{"name": "note", "timeUnixNano": f"17948237{number:02}100000000", "attributes": attributes(text=text)}
                   for text in events],
    }


def log(number, event="", trace=""):
    return {"timeUnixNano": f"17948237{number:02}000000000", "eventName": event, "traceId": trace * 16,
            "body": {"stringValue": f"log {number}"}}


def traces(*spans):
    return json.dumps({"resourceSpans": [{"resource": {"attributes": attributes(service__name="agent")},
                                          "scopeSpans": [{"spans": list(spans)}]}]}).encode()


def logs(*records):
    return json.dumps({"resourceLogs": [{"resource": {"attributes": attributes(service__name="agent")},
                                         "scopeLogs": [{"logRecords": list(records)}]}]}).encode()


def metrics():
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "claude_code.cost.usage", "sum": {"dataPoints": [{"asDouble": 1.5, "timeUnixNano": "1794823700000000000"}]}},
        {"name": "nothing"}]}]}]}).encode()
