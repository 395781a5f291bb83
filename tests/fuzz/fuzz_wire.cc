// First byte: signal (two bits) and what is kept of a slice (the others). Then a request as protobuf.
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "otlp/record_check.h"
#include "otlp/slice.h"
#include "otlp/wire_to_json.h"
#include "rows/keys.h"
#include "schema/row_check.h"
#include "schema/shape_schema.h"

namespace gf_otlp::fuzz {
namespace {

struct Walk {
  std::vector<std::string> records;
  bool ok = false;
};

Walk ReadAll(Signal signal, std::string_view request) {
  Walk walk;
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) {
    Require(reader.record_index() == walk.records.size(), "records are counted");
    walk.records.emplace_back(reader.record_bytes());
  }
  walk.ok = reader.status().ok();
  return walk;
}

void CheckSlice(Signal signal, std::string_view request, const std::vector<std::string>& records, unsigned pattern) {
  std::vector<std::uint32_t> indices;
  std::vector<std::string> chosen;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    if ((pattern >> i % 6 & 1) == 0) continue;
    indices.push_back(i);
    chosen.push_back(records[i]);
  }
  Slicer slicer;
  slicer.Start(signal, request);
  Require(slicer.record_count() == records.size(), "the slicer sees the reader's records");
  std::string slice;
  slicer.Append(indices, slice);
  if (indices.size() > 1) {
    const std::size_t cut = slicer.CutInTwo(indices);
    Require(cut > 0 && cut < indices.size(), "a cut leaves records on both sides");
  }
  const Walk walk = ReadAll(signal, slice);
  Require(walk.ok, "a slice is well-formed");
  Require(walk.records == chosen, "a slice has the chosen records");
}

/// Rows of shape agents can be loaded, whatever the attributes are.
void RequireLoadable(std::string_view row) {
  static schema::RowChecker checker = [] {
    auto tables = schema::RowTables({.rows = {.shape = Shape::kAgents}});
    Require(tables ? Status() : tables.error(), "the tables are known");
    return std::move(*schema::RowChecker::Make(*tables, {}));
  }();
  checker.Check(row, [](const schema::RowFinding& finding) { Require(!finding.refused, "no row is refused"); });
}

/// A line for each row, `count` of them.
void CheckLines(Shape shape, const PaddedBuffer& rows, std::size_t count) {
  for (std::string_view rest = rows.view(); !rest.empty(); --count) {
    const std::string_view row = rest.substr(0, rest.find('\n') + 1);
    Require(count > 0 && row.starts_with('{') && row.ends_with("}\n"), "a row is a line");
    if (shape == Shape::kAgents) RequireLoadable(row.substr(0, row.size() - 1));
    rest.remove_prefix(row.size());
  }
  Require(count == 0, "rows are counted");
}

void CheckRows(Signal signal, std::string_view request) {
  static std::vector<std::pair<Shape, RowMapper>> mappers = [] {
    std::vector<std::pair<Shape, RowMapper>> all;
    for (const Shape shape : kShapes) {
      all.emplace_back(shape, std::move(*RowMapper::Make({.shape = shape})));
    }
    all.emplace_back(Shape::kAgents, std::move(*RowMapper::Make({.shape = Shape::kAgents,
                                                                 .prices = {{.pattern = "*", .input = 1, .output = 1}},
                                                                 .drop_content = true})));
    return all;
  }();
  PaddedBuffer rows;
  for (auto& [shape, mapper] : mappers) {
    RequestReader reader;
    reader.Start(signal, request);
    while (reader.Next()) {
      for (const std::size_t table : mapper.TablesOf(reader.kind())) {
        rows.Clear();
        const std::size_t count = mapper.Append(table, reader, rows);
        Require((count > 0) == mapper.HasRows(table, reader), "a record that has rows gives some");
        CheckLines(shape, rows, count);
      }
    }
  }
}

void CheckKeys(Signal signal, std::string_view request) {
  static std::vector<KeyMaker> makers = [] {
    std::vector<KeyMaker> all;
    for (const char* text : {"none", "trace_id", "service_name", "resource_hash", "attributes:service.name,a,b"}) {
      all.emplace_back(*ParseKeyOptions(text), false);
    }
    return all;
  }();
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) {
    for (KeyMaker& maker : makers) {
      const std::string key(maker.KeyOf(reader));
      Require(maker.KeyOf(reader) == key, "a record's key is always the same");
    }
  }
}

struct Findings final : RecordFindings {
  bool NeedsDetail(OtlpRule) const override { return true; }
  void Add(OtlpRule rule, std::string_view detail) override {
    Require(static_cast<std::size_t>(rule) < kOtlpRuleCount, "findings are of a rule");
    Require(IsUtf8(detail), "details are text");
    ++count;
  }
  std::size_t count = 0;
};

/// Twice with one checker: what it remembers of a request says nothing of the next one.
void CheckRecords(Signal signal, std::string_view request) {
  static RecordChecker checker({.now = std::uint64_t{1} << 60, .json_columns = true, .metric_datetime = true});
  std::size_t counts[2];
  for (std::size_t& count : counts) {
    Findings findings;
    RequestReader reader;
    reader.Start(signal, request);
    while (reader.Next()) checker.Check(reader, findings);
    count = findings.count;
  }
  Require(counts[0] == counts[1], "the same records have the same findings");
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  fuzz::Input input(data, size);
  const unsigned options = input.Take();
  const auto signal = static_cast<Signal>(options % 4 % kSignalCount);
  const std::string_view request = input.rest();

  const fuzz::Walk walk = fuzz::ReadAll(signal, request);
  std::string json = "before";
  const Status to_json = WireToJson(signal, request, json);
  fuzz::Require(to_json.ok() || json == "before", "a failure leaves the text as it was");
  fuzz::CheckRecords(signal, request);
  if (!walk.ok) return 0;
  fuzz::Require(to_json, "what can be read can be written as JSON");
  fuzz::CheckSlice(signal, request, walk.records, options >> 2);
  fuzz::CheckRows(signal, request);
  fuzz::CheckKeys(signal, request);
  return 0;
}
