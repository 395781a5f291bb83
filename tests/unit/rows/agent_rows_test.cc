#include "rows/agent_rows.h"

#include <doctest/doctest.h>

#include <string>

#include "unit/rows/agent_rows_util.h"

namespace gf_otlp {
namespace {

using test::Attributes, test::Json, test::LogIn, test::Number, test::Pairs, test::RowsOf, test::SpanIn, test::Text;

Json Event(const std::string& log, const RowOptions& options = {}) {
  const auto made = RowsOf(options, "events_raw", LogIn({{"service.name", Text("s")}}, log));
  return made.rows.empty() ? Json() : made.rows[0];
}
std::string TypeOf(const std::string& log) {
  const Json row = Event(log);
  return row.is_null() ? "" : row["event_type"];
}

TEST_CASE("a span's row has its times, kind and status") {
  const auto made =
      RowsOf({}, "spans_raw",
             SpanIn({{"service.name", Text("s")}},
                    "'parentSpanId': '0000000000000000', 'name': 'n', 'kind': 3, 'status': {'code': 2, "
                    "'message': 'm'}, 'startTimeUnixNano': '1500000000', 'endTimeUnixNano': '1000250000'"));
  const Json& row = made.rows.at(0);
  CHECK(row["trace_id"] == "0102030405060708090a0b0c0d0e0f10");
  CHECK(row["parent_span_id"] == "");
  CHECK(row["service_name"] == "s");
  CHECK(row["kind"] == "CLIENT");
  CHECK(row["status_code"] == "ERROR");
  CHECK(row["status_message"] == "m");
  CHECK(row["start_ts"] == "1970-01-01 00:00:01.500000000");
  CHECK(row["duration_ms"] == -499.75);
}

TEST_CASE("a span without start or end has no duration") {
  for (const char* times :
       {"'endTimeUnixNano': '0', 'startTimeUnixNano': '1500000000'", "'endTimeUnixNano': '1500000000'"}) {
    CHECK(RowsOf({}, "spans_raw", SpanIn({}, times)).rows.at(0)["duration_ms"] == 0);
  }
}

TEST_CASE("events of a span have its ids and texts, but not its numbers") {
  const auto made = RowsOf({}, "events_raw",
                           SpanIn({{"service.name", Text("s")}, {"tenant.id", Text("acme")}, {"a", Text("resource")}},
                                  Attributes({{"gen_ai.request.model", Text("m")}, {"input_tokens", Number(5)}}) +
                                      ", 'events': [{'name': 'one', 'timeUnixNano': '1000000000', " +
                                      Attributes({{"output_tokens", Number(2)}, {"a", Text("own")}}) +
                                      "}, {'name': 'two', " + Attributes({{"model", Text("other")}}) + "}]"));
  REQUIRE(made.rows.size() == 2);
  const Json& one = made.rows[0];
  CHECK(one["event_type"] == "one");
  CHECK(one["event_ts"] == "1970-01-01 00:00:01.000000000");
  CHECK(one["trace_id"] == "0102030405060708090a0b0c0d0e0f10");
  CHECK(one["span_id"] == "0102030405060708");
  CHECK(one["model"] == "m");
  CHECK(one["tenant_id"] == "acme");
  CHECK(one["tokens_prompt"].is_null());
  CHECK(one["tokens_completion"] == 2);
  CHECK(one["payload_json"] == Json({{"a", "own"}, {"output_tokens", 2}}));  // the span's row has the resource's
  CHECK(made.rows[1]["model"] == "other");
  CHECK(made.rows[1]["payload_json"] == Json({{"model", "other"}}));
  CHECK(RowsOf({}, "events_raw", SpanIn({}, "'name': 'n'")).rows.empty());
}

TEST_CASE("a log record is an event by its name, its body or its attributes, in this order") {
  const std::string kName = "'eventName': 'n.ame'", kBody = "'body': {'stringValue': 'claude_code.api_request'}";
  const Pairs named = {{"event.name", Text("api_request")}, {"gen_ai.system", Text("x")}};
  CHECK(TypeOf(kName + ", " + kBody + ", " + Attributes(named)) == "n.ame");
  CHECK(TypeOf(kBody + ", " + Attributes(named)) == "claude_code.api_request");
  CHECK(TypeOf(Attributes(named)) == "api_request");
  CHECK(TypeOf(Attributes({{"event.name", Text("")}, {"event_name", Text("b")}})) == "b");
  CHECK(TypeOf(Attributes({{"claude_code.x", Number(1)}, {"gen_ai.system", Text("x")}})) == "gen_ai");
  CHECK(TypeOf(Attributes({{"claude_code.x", Number(1)}})) == "claude_code");
  for (const std::string& plain :
       {std::string("'body': {'stringValue': 'claude_code. is started'}"),
        std::string("'body': {'stringValue': 'hello'}"), Attributes({{"event.name", Number(3)}, {"gen_ai", Text("x")}}),
        std::string("'severityText': 'INFO'")}) {
    CAPTURE(plain);
    CHECK(TypeOf(plain) == "");
  }
}

TEST_CASE("an event of a span has its time, else the span's start") {
  const auto made = RowsOf({}, "events_raw",
                           SpanIn({},
                                  "'startTimeUnixNano': '3000000000', 'events': [{'name': 'a'}, {'name': 'b', "
                                  "'timeUnixNano': '4000000000'}]"));
  REQUIRE(made.rows.size() == 2);
  CHECK(made.rows[0]["event_ts"] == "1970-01-01 00:00:03.000000000");
  CHECK(made.rows[1]["event_ts"] == "1970-01-01 00:00:04.000000000");
}

TEST_CASE("an event of a log record has its time, else when it was observed") {
  const std::string kEvent = "'eventName': 'e', 'observedTimeUnixNano': '2000000000'";
  CHECK(Event(kEvent)["event_ts"] == "1970-01-01 00:00:02.000000000");
  CHECK(Event(kEvent + ", 'timeUnixNano': '1000000000'")["event_ts"] == "1970-01-01 00:00:01.000000000");
}

TEST_CASE("the body is in the payload, unless it is the event's name") {
  const auto payload = [](const std::string& body, const Pairs& attributes = {}) {
    return Event("'eventName': 'e.v', 'body': " + body + ", " + Attributes(attributes))["payload_json"];
  };
  const Json resource = {{"service.name", "s"}};
  CHECK(payload(Text("e.v")) == resource);
  CHECK(payload(Text("")) == resource);
  CHECK(payload("{}") == resource);
  CHECK(payload(Text("hello")) == Json({{"body", "hello"}, {"service.name", "s"}}));
  CHECK(payload(Number(5)) == Json({{"body", 5}, {"service.name", "s"}}));
  CHECK(payload("{'kvlistValue': {'values': [{'key': 'k', 'value': {'intValue': 1}}]}}") ==
        Json({{"body", {{"k", 1}}}, {"service.name", "s"}}));
  CHECK(payload(Text("hello"), {{"body", Text("of the attributes")}}) ==
        Json({{"body", "hello"}, {"service.name", "s"}}));
  CHECK(payload("{}", {{"body", Text("of the attributes")}}) ==
        Json({{"body", "of the attributes"}, {"service.name", "s"}}));
}

bool IsCall(const std::string& name, const Pairs& attributes) {
  std::string json = SpanIn({}, "'name': '" + name + "', " + Attributes(attributes));
  std::ranges::replace(json, '\'', '"');
  const test::Transcoded request = test::Transcode(json);
  REQUIRE(request.requests.size() == 1);
  RequestReader reader;
  reader.Start(request.requests[0].first, request.requests[0].second);
  REQUIRE(reader.Next());
  RowCounts counts;
  agents::AgentRowReader fields({}, counts);
  agents::AgentRow row{.reader = &reader};
  fields.Read(reader, reader.span().attributes, nullptr, nullptr, row);
  return agents::IsModelCall(row);
}

TEST_CASE("a span that is only named as model calls are is one if it has a model") {
  const Pairs named = {{"gen_ai.operation.name", Text("chat")}}, model = {{"model", Text("m")}};
  CHECK_FALSE(IsCall("chat", {}));
  CHECK_FALSE(IsCall("Completion", {{"input_tokens", Number(1)}}));
  CHECK_FALSE(IsCall("chat", named));
  CHECK(IsCall("chat", model));
  CHECK(IsCall("chat m", named));
  // Of other names a model is not enough.
  CHECK_FALSE(IsCall("load", model));
  CHECK(IsCall("load", {{"model", Text("m")}, {"input_tokens", Number(1)}}));
  CHECK_FALSE(IsCall("agent", {{"model", Text("m")}, {"input_tokens", Number(1)}}));
  CHECK_FALSE(IsCall(
      "x", {{"model", Text("m")}, {"input_tokens", Number(1)}, {"gen_ai.operation.name", Text("search_memory")}}));
}

TEST_CASE("metrics have tables in no schema of agents") {
  const Result<RowMapper> mapper = RowMapper::Make({.shape = Shape::kAgents});
  REQUIRE(mapper);
  CHECK(mapper->TablesOf(RecordKind::kSum).empty());
  CHECK(mapper->TablesOf(RecordKind::kSpan).size() == 2);
  CHECK(mapper->TablesOf(RecordKind::kLog).size() == 1);
}

}  // namespace
}  // namespace gf_otlp
