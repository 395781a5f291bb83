"""Telemetry of agents as rows of spans_raw and events_raw, made up for the dashboards: tenants with and without a name,
models with and without a known cost, tools that fail, durations from microseconds to hours, agents that report once more
what their model calls have reported."""

import json
import random

NS = 1_000_000_000
TENANTS = ["acme", "o'neil \"inc\"", ""]
SERVICES = {"acme": "support-agent", "o'neil \"inc\"": "billing-agent", "": "code-agent"}
# Model -> (provider, USD by token; None: unknown).
MODELS = {"gpt-big": ("openai", 1e-5), "claude-mid": ("anthropic", 3e-6), "llama-local": ("ollama", None), "": ("", None)}
# Tool -> milliseconds that it takes at least; ten times as much at most. So the slowest is sure.
TOOLS = {"lookup": 0.05, "search": 5.0, "browse": 500.0}
# How long the rows last, in minutes.
LENGTH = 90


class Store:
    """Spans and events, as dictionaries of the tables' columns, and `model_call`: whether the row counts as one."""

    def __init__(self, start):
        """`start` in seconds, a full hour."""
        self.spans, self.events, self.random, self.ids, self.start = [], [], random.Random(7), 0, start * NS
        for minute in range(-10, LENGTH + 10):
            for _ in range(self.random.randrange(3)):
                self.trace(self.at(minute))
        # As long as a quarter of the time.
        self.long = self.trace(start * NS + 31 * 60 * NS, pause=4 * 60 * NS, calls=3)
        for minute in range(-5, LENGTH + 5, 3):
            self.claude_code(self.at(minute), "acme", "dev", "claude-code")
            self.claude_code(self.at(minute), "", "prod", "other-code")
        # Where no cost is known.
        for minute in range(0, LENGTH, 3):
            self.trace(self.at(minute), tenant="acme", env="lab", models=["llama-local"])
        # Many that are seldom seen: tenants, and operations, tools and models of one trace each.
        for number in range(11):
            self.trace(self.at(number), tenant=f"tenant {number:02}")
            self.seldom(self.at(5 * number), f"{number:02}", 30000.0 + number * 10000)
        # Seconds, topic and error of messages that are none.
        self.lost = [(start + second, "otel-logs" if second % 700 else "otel-spans", f"error {second}")
                     for second in range(-1400, LENGTH * 60 + 1400, 350)]
        # Before and after what is shown, so that nobody takes them for it.
        for minute in (-8, LENGTH + 5):
            trace = self.about("acme", "prod")
            for _ in range(60):
                self.span(trace, "", "chat", self.at(minute), 1e7, model="gpt-big", model_call=True, tokens_prompt=10**6,
                          cost_usd=100.0)

    def at(self, minute):
        """A time in that minute."""
        return self.start + minute * 60 * NS + self.random.randrange(60 * NS)

    def identifier(self, digits):
        self.ids += 1
        return f"{self.ids:0{digits}x}"

    def span(self, trace, parent, name, start, milliseconds, **more):
        """Gives its span id."""
        # Without a model, a name of its own is what tells a call of one from a span that is only called "chat".
        span_name = f"{name} {more['model']}" if "model_call" in more else name
        row = {"trace_id": trace["trace_id"], "span_id": self.identifier(16), "parent_span_id": parent, "span_name": span_name,
               "tenant_id": trace["tenant_id"], "env": trace["env"], "service_name": trace["service_name"],
               "operation": name, "kind": "INTERNAL", "status_code": "UNSET", "status_message": "",
               "start_ts": start, "end_ts": start + round(milliseconds * 1e6), "duration_ms": milliseconds, "model": "",
               "provider": "", "agent_name": "", "tool_name": "", "session_id": trace["session_id"], "workflow_id": "",
               "user_id": trace["user_id"], "tokens_prompt": None, "tokens_completion": None, "tokens_cache_read": None,
               "tokens_cache_write": None, "tokens_reasoning": None, "cost_usd": None, "cost_source": "",
               "attributes": {"key one": "a", "b": "2"}, "attributes_json": {"b": 2}, "model_call": False, **more}
        self.spans.append(row)
        return row["span_id"]

    def status(self):
        """One in eight fails; most others say nothing of their status."""
        if self.random.random() < 0.125:
            return {"status_code": "ERROR", "status_message": self.random.choice(["timed out", "refused"])}
        return {"status_code": self.random.choice(["UNSET", "UNSET", "OK"])}

    def usage(self, model):
        provider, price = MODELS[model]
        prompt, completion = self.random.randrange(100, 4000), self.random.randrange(10, 900)
        return {"model": model, "provider": provider, "tokens_prompt": prompt, "tokens_completion": completion,
                "tokens_cache_read": prompt // 2, "tokens_cache_write": None if price is None else 7,
                "tokens_reasoning": completion // 3, "cost_usd": None if price is None else (prompt + completion) * price}

    def about(self, tenant, env):
        """What all spans of a trace have."""
        session = f"{tenant}/{self.random.randrange(6)}" if self.random.random() < 0.9 else ""
        user = f"{tenant}/user {self.random.randrange(4)}" if self.random.random() < 0.9 else ""
        return {"trace_id": self.identifier(32), "tenant_id": tenant, "env": env,
                "service_name": SERVICES.get(tenant, "support-agent"), "session_id": session, "user_id": user}

    def trace(self, start, pause=NS // 10, calls=None, tenant=None, env=None, models=tuple(MODELS)):
        """Gives its trace id."""
        tenant = self.random.choice(TENANTS) if tenant is None else tenant
        trace = self.about(tenant, env or self.random.choice(["prod", "prod", "staging"]))
        agent = {"agent_name": self.random.choice(["helper", "planner"])}
        calls, at = [self.usage(self.random.choice(models)) for _ in range(calls or self.random.randrange(1, 4))], start
        counted = ("tokens_prompt", "tokens_completion", "cost_usd")
        total = {name: sum(call[name] or 0 for call in calls) for name in counted}
        root = self.span(trace, "", "invoke_agent", start, 20.0 * len(calls) + self.random.random(), model="gpt-big",
                         **self.status(), **agent, **total)
        for call in calls:
            at += pause
            name = self.random.choice(["chat", "chat", "embeddings"])
            duration = self.random.uniform(0.001, 0.9) if name == "embeddings" else self.random.uniform(200, 20000)
            more = {"tool_name": self.random.choice(["summarize", "translate"])} if self.random.random() < 0.2 else {}
            asked = self.span(trace, root, name, at, duration, kind="CLIENT", model_call=True,
                              **self.status(), **agent, **more, **call)
            if self.random.random() < 0.7:
                tool = self.random.choice(list(TOOLS))
                self.span(trace, asked, "execute_tool", at + NS // 50, TOOLS[tool] * self.random.uniform(1, 10),
                          tool_name=tool, **self.status(), **agent)
            self.event(trace, at + NS // 100, "gen_ai.choice", {"index": 0}, span_id=asked)
        # Spans that are no agent's, one with an end before its start, and what Claude Code's spans say once more.
        self.span(trace, root, "GET /", at, -2.5 if self.random.random() < 0.3 else 0.25, kind="SERVER")
        if tenant == "":
            self.span(trace, root, "claude_code.llm_request", at, 900.0, **calls[0])
        return trace["trace_id"]

    def seldom(self, time, number, duration):
        trace = self.about("", "staging")
        self.span(trace, "", "step " + number, time, duration)
        status = {"status_code": "ERROR", "status_message": number} if int(number) % 2 else {}
        self.span(trace, "", "execute_tool", time, duration, tool_name="tool " + number, **status)
        self.span(trace, "", "chat", time, duration, model="model " + number, model_call=True)
        # Ends before it starts, alone.
        self.span(self.about("", "staging"), "", "GET /", time, -duration)

    def event(self, trace, time, name, payload, **more):
        about = {name: trace[name] for name in ("trace_id", "tenant_id", "env", "service_name", "session_id", "user_id")}
        self.events.append({"event_ts": time, "event_type": name, "span_id": "", "payload_json": payload, "cost_usd": None,
                            "tokens_prompt": None, "tokens_completion": None, "model": "", "tool_name": "",
                            "model_call": False, **about, **more})

    def claude_code(self, start, tenant, env, service):
        """Log records without a trace."""
        about = {"trace_id": "", "tenant_id": tenant, "env": env, "service_name": service, "session_id": "s-" + service,
                 "user_id": "ann"}
        usage = self.usage(self.random.choice(["claude-mid", "llama-local"]))
        usage = {name: usage[name] for name in ("model", "tokens_prompt", "tokens_completion", "cost_usd")}
        self.event(about, start, "claude_code.api_request", {"cache_read_tokens": "321"}, model_call=True, **usage)
        failed = self.random.random() < 0.4
        self.event(about, start + NS, "claude_code.tool_result",
                   {"success": "false" if failed else "true", "duration_ms": str(self.random.randrange(10, 90))},
                   tool_name=self.random.choice(["Bash", "Read"]))
        if failed:
            self.event(about, start + 2 * NS, "claude_code.api_error", {"error": "overloaded"}, model="claude-mid")
            self.event(about, start + 3 * NS, "claude_code.tool_result", {"success": "true"}, tool_name="Glob")

    def inserts(self):
        for table, rows in (("spans_raw", self.spans), ("events_raw", self.events)):
            lines = [json.dumps({name: value for name, value in row.items() if name != "model_call"}) for row in rows]
            yield f"INSERT INTO {table} FORMAT JSONEachRow\n" + "\n".join(lines)
        yield "INSERT INTO otel_kafka_errors VALUES " + ", ".join(map(str, self.lost))
