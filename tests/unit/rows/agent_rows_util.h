#ifndef GF_OTLP_TESTS_UNIT_ROWS_AGENT_ROWS_UTIL_H_
#define GF_OTLP_TESTS_UNIT_ROWS_AGENT_ROWS_UTIL_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/rows.h"
#include "unit/otlp/json_test_util.h"

/// Rows of shape agents, of requests in OTLP-JSON with apostrophes for quotation marks.
namespace gf_otlp::test {

using Json = nlohmann::json;

struct AgentRows {
  std::string text;  // of the tables, JSON lines
  std::vector<Json> rows;
  RowCounts counts;
};

inline AgentRows RowsOf(RowOptions options, std::string_view table, std::string json) {
  std::ranges::replace(json, '\'', '"');
  const Transcoded request = Transcode(json);
  REQUIRE(request.error() == "");
  REQUIRE(request.requests.size() == 1);
  options.shape = Shape::kAgents;
  Result<RowMapper> mapper = RowMapper::Make(options);
  REQUIRE(mapper);
  PaddedBuffer buffer;
  std::size_t count = 0;
  RequestReader reader;
  reader.Start(request.requests[0].first, request.requests[0].second);
  while (reader.Next()) {
    for (const std::size_t index : mapper->TablesOf(reader.kind())) {
      if (mapper->tables()[index].name != table) continue;
      const std::size_t rows = mapper->Append(index, reader, buffer);
      CHECK(mapper->HasRows(index, reader) == (rows > 0));
      count += rows;
    }
  }
  REQUIRE(reader.status().ok());
  AgentRows made{.text = std::string(buffer.view()), .rows = {}, .counts = mapper->counts()};
  for (std::string_view rest = made.text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    REQUIRE(end != std::string_view::npos);
    made.rows.push_back(Json::parse(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  CHECK(made.rows.size() == count);
  return made;
}

/// `{'key': ..., 'value': ...}` of each attribute: pairs of a key and an AnyValue.
using Pairs = std::vector<std::pair<std::string, std::string>>;
inline std::string Attributes(const Pairs& pairs) {
  std::string list;
  for (const auto& [key, value] : pairs) {
    list += (list.empty() ? "" : ", ") + ("{'key': '" + key + "', 'value': " + value + "}");
  }
  return "'attributes': [" + list + "]";
}
inline std::string Text(const std::string& text) { return "{'stringValue': '" + text + "'}"; }
inline std::string Number(long long number) { return "{'intValue': " + std::to_string(number) + "}"; }

/// A request of one span (its members but the ids) in a resource.
inline std::string SpanIn(const Pairs& resource, const std::string& span) {
  return "{'resourceSpans': [{'resource': {" + Attributes(resource) +
         "}, 'scopeSpans': [{'spans': [{'traceId': '0102030405060708090a0b0c0d0e0f10', 'spanId': '0102030405060708', " +
         span + "}]}]}]}";
}
inline std::string LogIn(const Pairs& resource, const std::string& log) {
  return "{'resourceLogs': [{'resource': {" + Attributes(resource) + "}, 'scopeLogs': [{'logRecords': [{" + log +
         "}]}]}]}";
}

/// The row of a span with these attributes.
inline Json SpanRow(const Pairs& attributes, const RowOptions& options = {}, const Pairs& resource = {},
                    const std::string& name = "work") {
  const AgentRows made =
      RowsOf(options, "spans_raw", SpanIn(resource, "'name': '" + name + "', " + Attributes(attributes)));
  REQUIRE(made.rows.size() == 1);
  return made.rows[0];
}

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_ROWS_AGENT_ROWS_UTIL_H_
