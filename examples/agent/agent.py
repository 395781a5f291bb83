#!/usr/bin/env python3
"""A sample of an AI agent that tells what it does by OpenTelemetry's GenAI conventions. No model is called: its answers, their
tokens and their cost are dice, which fall the same way for the same --seed, at times that are counted from --start.

A run is one trace: invoke_agent (with the totals of the run, which are not to be counted once more) above embeddings, chat and
execute_tool spans, some of which fail; span events with prompts and answers, or, from the other agent, log events; a plain log.
What was sent is printed as JSON at the end: counts that were kept while the dice fell, for comparison with what a table holds.

usage: agent.py [--endpoint URL] [--runs N] [--seed N] [--start TIME] [--every SECONDS]
Needs the packages of requirements.txt. Exit code 1 when not all could be sent.
"""

import argparse
import collections
import datetime
import json
import random
import sys

from opentelemetry import context, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode

MS = 10**6  # ns
RUNS_A_REQUEST = 20
SCOPE = ("sample.agent", "1.0.0")


class Model:
    """prices: USD a million of input, output and cached input tokens, if the provider tells what a call costs."""

    def __init__(self, provider, name, prices, reasons=False):
        self.provider, self.name, self.prices, self.reasons = provider, name, prices, reasons

    @property
    def answers_as(self):
        return f"{self.name}-2026-01"

    def cost(self, usage):
        if self.prices is None:
            return None
        cached = usage["cache_read"]
        parts = (usage["prompt"] - cached, usage["completion"], cached)
        return round(sum(count * price for count, price in zip(parts, self.prices)) / 10**6, 9)


LARGE = Model("larch", "larch-2-large", (3.0, 15.0, 0.3), reasons=True)
MINI = Model("larch", "larch-2-mini", (0.25, 2.0, 0.025))
PINE = Model("pine", "pine-1", None)  # prices.csv knows
EMBEDDER = Model("larch", "larch-embed-1", (0.02, 0.0, 0.02))

# name -> how often it fails, its shortest and longest time in ms
TOOLS = {"search_orders": (0.08, 20, 300), "issue_refund": (0.2, 80, 900), "web_search": (0.1, 150, 2500),
         "recall": (0.0, 0.05, 0.9)}  # an answer out of memory takes less than a millisecond
USAGE = {"prompt": "input_tokens", "completion": "output_tokens", "cache_read": "cache_read.input_tokens",
         "cache_write": "cache_creation.input_tokens", "reasoning": "reasoning.output_tokens"}


class Agent:
    """resource: attributes of all that it sends. Its tenants are those of the resource, or else of each run."""

    def __init__(self, name, resource, models, tools, tenants=(), events="span"):
        self.name, self.models, self.tools, self.tenants, self.events = name, models, tools, tenants, events
        self.resource = {"service.name": name, "service.version": "1.0.0", **resource}


AGENTS = (
    Agent("support-agent", {"deployment.environment.name": "prod"}, (LARGE, MINI), ("search_orders", "issue_refund", "recall"),
          ("acme", "globex", "initech")),
    Agent("research-agent", {"deployment.environment.name": "prod", "tenant.id": "acme"}, (LARGE, PINE), ("web_search", "recall"),
          events="log"),
    Agent("support-agent", {"deployment.environment.name": "staging"}, (MINI, PINE), ("search_orders", "recall"), ("acme",)),
)


class DiceIds(IdGenerator):
    def __init__(self, dice):
        self.dice = dice

    def generate_span_id(self):
        return self.dice.randrange(1, 2**64)

    def generate_trace_id(self):
        return self.dice.randrange(1, 2**128)


class Telemetry:
    """The SDK with one exporter for all agents. Spans and logs are kept until send(), so that the requests are the same each time."""

    def __init__(self, endpoint, dice):
        self.spans, self.logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
        self.ids = DiceIds(dice)
        self.span_exporter = OTLPSpanExporter(f"{endpoint}/v1/traces")
        self.log_exporter = OTLPLogExporter(f"{endpoint}/v1/logs")

    def of(self, agent):
        """Its tracer and logger."""
        resource = Resource(agent.resource)
        tracers = TracerProvider(resource=resource, id_generator=self.ids, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        loggers.add_log_record_processor(SimpleLogRecordProcessor(self.logs))
        return tracers.get_tracer(*SCOPE), loggers.get_logger(*SCOPE)

    def send(self):
        """Whether all of it arrived."""
        spans, logs = self.spans.get_finished_spans(), self.logs.get_finished_logs()
        self.spans.clear()
        self.logs.clear()
        return (self.span_exporter.export(spans) is SpanExportResult.SUCCESS and
                self.log_exporter.export(logs) is LogRecordExportResult.SUCCESS)


class Sent:
    """What a table of it must hold."""

    def __init__(self):
        self.counts = collections.Counter()
        self.models, self.tools, self.tenants = ({}, {}, {})

    def model_call(self, tenant, name, usage, cost):
        """usage and cost are None if the call failed."""
        model = self.models.setdefault(name, collections.Counter())
        model["calls"] += 1
        model["calls_without_cost"] += cost is None
        for kind, count in (usage or {}).items():
            model[f"tokens_{kind}"] += count
        for counter in (model, self.tenants.setdefault(tenant, collections.Counter())):
            counter["cost_usd"] += cost or 0.0

    def tool_call(self, name, failed):
        self.tools.setdefault(name, collections.Counter()).update({"calls": 1, "errors": int(failed)})

    def json(self):
        return json.dumps({**self.counts, "models": self.models, "tools": self.tools, "tenants": self.tenants}, sort_keys=True)


class Run:
    """One question to an agent."""

    def __init__(self, agent, tracer, logger, dice, start, sent):
        """start: in ns."""
        self.agent, self.tracer, self.logger, self.dice, self.now, self.sent = agent, tracer, logger, dice, start, sent
        self.tenant = dice.choice(agent.tenants) if agent.tenants else agent.resource["tenant.id"]
        self.common = {"gen_ai.conversation.id": f"conversation-{dice.randrange(100)}", "user.id": f"user-{dice.randrange(30)}",
                       "gen_ai.agent.name": agent.name, "workflow.id": f"{agent.name}/answer"}
        if agent.tenants:
            self.common["tenant.id"] = self.tenant
        self.totals = collections.Counter()
        self.root = None

    def wait(self, shortest, longest):
        """In ms; times are multiples of a microsecond."""
        self.now += self.dice.randrange(int(shortest * 1000), int(longest * 1000) + 1) * 1000

    def span(self, name, kind, parent, attributes):
        self.sent.counts["spans"] += 1
        where = context.Context() if parent is None else trace.set_span_in_context(parent, context.Context())
        return self.tracer.start_span(name, where, kind, {**self.common, **attributes}, start_time=self.now)

    def span_event(self, span, name, attributes):
        self.sent.counts["events"] += 1
        span.add_event(name, attributes, timestamp=self.now)

    def log(self, span, body, attributes, event_name=None, severity=SeverityNumber.INFO, plain=False):
        """plain: a line that is no event, as nothing in it speaks of agents."""
        common = {name: value for name, value in self.common.items() if not (plain and name.startswith("gen_ai."))}
        self.sent.counts["log_records"] += 1
        self.sent.counts["events"] += not plain
        self.logger.emit(LogRecord(timestamp=self.now, observed_timestamp=self.now, severity_number=severity, body=body,
                                   context=trace.set_span_in_context(span, context.Context()), event_name=event_name,
                                   attributes={**common, **attributes}))

    def fail(self, span, error, message):
        self.sent.counts["errors"] += 1
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR, message))
        self.span_event(span, "exception", {"exception.type": error, "exception.message": message})

    def usage(self, model, prompt):
        """What the call takes; cached tokens are part of the prompt's, reasoning is part of the completion's."""
        usage = {"prompt": prompt, "completion": self.dice.randrange(20, 700)}
        first = not self.totals["completion"]
        usage["cache_read"] = 0 if first else self.dice.randrange(prompt // 2)
        usage["cache_write"] = prompt // 3 if first else 0
        usage["reasoning"] = self.dice.randrange(usage["completion"]) if model.reasons else 0
        return usage

    def chat(self, model, question):
        """Whether it was answered."""
        prompt = [{"role": "user", "parts": [{"type": "text", "content": question}]}]
        span = self.span(f"chat {model.name}", SpanKind.CLIENT, self.root, {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": model.provider, "gen_ai.request.model": model.name,
            "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 1024, "server.address": f"api.{model.provider}.example"})
        if self.agent.events == "span":
            self.span_event(span, "gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(prompt)})
        else:
            span.set_attribute("gen_ai.input.messages", json.dumps(prompt))
        if self.dice.random() < 0.03:
            self.wait(5, 50)
            self.fail(span, "rate_limited", "too many requests")
            span.end(self.now)
            self.sent.model_call(self.tenant, model.name, None, None)
            return False
        usage = self.usage(model, 40 + len(question) // 4 + self.dice.randrange(2000))
        self.wait(200, 400 + usage["completion"] * 8)
        cost = model.cost(usage)
        answer = [{"role": "assistant", "parts": [{"type": "text", "content": "Here it is. " * (usage["completion"] // 20)}],
                   "finish_reason": "stop"}]
        told = {"gen_ai.response.model": model.answers_as, "gen_ai.response.id": f"answer-{self.dice.randrange(2**32):08x}",
                "gen_ai.response.finish_reasons": ["stop"]}
        told.update((f"gen_ai.usage.{USAGE[kind]}", count) for kind, count in usage.items())
        if cost is not None:
            told["gen_ai.usage.cost"] = cost
        for name, value in told.items():
            span.set_attribute(name, value)
        if self.agent.events == "span":
            self.span_event(span, "gen_ai.content.completion", {"gen_ai.completion": json.dumps(answer)})
        else:
            # An event says the call once more, tokens and all, with its messages as structures.
            self.log(span, None, {"gen_ai.operation.name": "chat", "gen_ai.provider.name": model.provider,
                                  "gen_ai.input.messages": prompt, "gen_ai.output.messages": answer, **told},
                     "gen_ai.client.inference.operation.details", SeverityNumber.DEBUG)
        span.end(self.now)
        self.count(model.answers_as, usage, cost)
        return True

    def embed(self, question):
        usage = {"prompt": 1 + len(question) // 4}
        cost = round(usage["prompt"] * EMBEDDER.prices[0] / 10**6, 9)
        span = self.span(f"embeddings {EMBEDDER.name}", SpanKind.CLIENT, self.root, {
            "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": EMBEDDER.provider, "gen_ai.request.model": EMBEDDER.name,
            "gen_ai.response.model": EMBEDDER.answers_as, "gen_ai.usage.input_tokens": usage["prompt"], "gen_ai.usage.cost": cost})
        self.wait(5, 40)
        span.end(self.now)
        self.count(EMBEDDER.answers_as, usage, cost)

    def count(self, model, usage, cost):
        self.totals.update(usage)
        self.totals["cost"] += cost or 0.0
        self.sent.model_call(self.tenant, model, usage, cost)

    def tool(self, name):
        """Whether it worked."""
        fails, shortest, longest = TOOLS[name]
        span = self.span(f"execute_tool {name}", SpanKind.INTERNAL, self.root, {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": f"call-{self.dice.randrange(2**32):08x}", "gen_ai.tool.call.arguments": '{"limit": 5}'})
        if name == "web_search":  # what a library below the tool says: a span without a word of agents
            request = self.tracer.start_span("GET", trace.set_span_in_context(span, context.Context()), SpanKind.CLIENT,
                                             {"http.request.method": "GET"}, start_time=self.now)
            self.sent.counts["spans"] += 1
            self.wait(shortest, longest)
            request.end(self.now)
        else:
            self.wait(shortest, longest)
        failed = self.dice.random() < fails
        if failed:
            self.fail(span, "timeout", f"{name} did not answer")
        span.end(self.now)
        self.sent.tool_call(name, failed)
        return not failed

    def go(self):
        self.sent.counts["runs"] += 1
        model = self.dice.choice(self.agent.models)
        question = "Where is what I ordered, and what may I do if it does not come? " * self.dice.randrange(1, 20)
        self.root = self.span(f"invoke_agent {self.agent.name}", SpanKind.INTERNAL, None, {
            "gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": model.provider, "gen_ai.request.model": model.name})
        if self.dice.random() < 0.5:
            self.embed(question)
        answered = self.chat(model, question)
        for _ in range(self.dice.randrange(4)):
            if not answered:
                break
            worked = self.tool(self.dice.choice(self.agent.tools))
            answered = self.chat(model, question + ("The tool worked." if worked else "The tool failed."))
        self.finish(answered)

    def finish(self, answered):
        for kind, name in USAGE.items():
            self.root.set_attribute(f"gen_ai.usage.{name}", self.totals[kind])
        if self.totals["cost"]:
            self.root.set_attribute("gen_ai.usage.cost", round(self.totals["cost"], 9))
        if answered:
            self.root.set_status(Status(StatusCode.OK))
        else:
            self.fail(self.root, "no_answer", "the model did not answer")
        self.log(self.root, "run ended", {"answered": answered}, plain=True)
        dice = self.dice.random()
        if dice < 0.2:
            self.log(self.root, None, {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": round(dice * 5, 3)},
                     "gen_ai.evaluation.result")
        elif dice < 0.3:  # a name as older instrumentations write it
            self.log(self.root, "thank you", {"event.name": "feedback.given", "rating": self.dice.randrange(1, 6)})
        elif dice < 0.4:  # an event without a name
            self.log(self.root, "the answer was cut", {"gen_ai.response.finish_reasons": ["length"]})
        self.root.end(self.now)


def parse_time(text):
    """ns since 1970."""
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)).timestamp()) * 10**9


def main():
    parser = argparse.ArgumentParser(description="A sample AI agent: OTLP by the GenAI conventions, without a model")
    parser.add_argument("--endpoint", default="http://localhost:4318", help="of OTLP/HTTP [%(default)s]")
    parser.add_argument("--runs", type=int, default=100, help="traces to send [%(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="of the dice: the same seed and start send the same [%(default)s]")
    parser.add_argument("--start", type=parse_time, help="time of the first run, such as 2026-01-05T10:00:00Z [the last run is now]")
    parser.add_argument("--every", type=int, default=10, help="seconds from one run to the next, on the runs' own clock [%(default)s]")
    options = parser.parse_args()
    every = options.every * 10**9
    now = int(datetime.datetime.now().timestamp()) * 10**9
    start = options.start if options.start is not None else now - options.runs * every

    dice = random.Random(options.seed)
    telemetry = Telemetry(options.endpoint.rstrip("/"), dice)
    instruments = [telemetry.of(agent) for agent in AGENTS]
    sent, arrived = Sent(), True
    for i in range(options.runs):
        which = dice.choices(range(len(AGENTS)), (5, 3, 2))[0]
        Run(AGENTS[which], *instruments[which], dice, start + i * every, sent).go()
        if (i + 1) % RUNS_A_REQUEST == 0 or i + 1 == options.runs:
            arrived = telemetry.send() and arrived
    print(sent.json())
    return 0 if arrived else 1


if __name__ == "__main__":
    sys.exit(main())
