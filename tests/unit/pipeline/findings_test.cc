#include "pipeline/findings.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "input/source.h"

namespace gf_otlp {
namespace {

std::shared_ptr<Chunk> MakeChunk(const std::string& name) {
  auto file = std::make_shared<InputFile>();
  file->name = name;
  auto chunk = std::make_shared<Chunk>();
  chunk->file = file;
  for (std::uint64_t i = 0; i < 3; ++i) chunk->units.push_back({.offset = 100 * i, .length = 100, .number = i + 1});
  return chunk;
}

struct Findings {
  std::size_t max_examples;
  FindingWriter writer{2, max_examples};
  FindingSink sink{2, max_examples};

  /// A batch of `count` findings under a rule.
  void Add(const std::string& file, std::uint16_t rule, std::uint32_t count) {
    Batch batch;
    batch.streams.resize(1);
    batch.origin = MakeChunk(file);
    for (std::uint32_t i = 0; i < count; ++i) {
      writer.Add({.rule = rule, .unit = i % 3, .record = i, .offset = 10 + i, .detail = file + std::to_string(i)},
                 batch);
    }
    writer.Finish(batch);
    const std::size_t bytes = batch.streams[0].size();
    CHECK(bytes <= (max_examples + 1) * 64);
    CHECK(sink.Write(batch).ok());
    CHECK(batch.streams[0].size() == 0);
  }
};

}  // namespace

TEST_CASE("findings are counted, and the first of each rule kept with their places") {
  Findings findings{.max_examples = 3};
  findings.Add("a", 0, 2);
  findings.Add("b", 1, 1);
  findings.Add("b", 0, 1000);
  findings.Add("c", 0, 1);
  const RuleFindings& first = findings.sink.found()[0];
  CHECK(first.count == 1003);
  REQUIRE(first.examples.size() == 3);
  CHECK(first.examples[0].file == "a");
  CHECK(first.examples[1].detail == "a1");
  CHECK(first.examples[1].unit == 2);
  CHECK(first.examples[1].offset == 111);
  CHECK(first.examples[1].record == 1);
  CHECK(first.examples[2].file == "b");
  CHECK(findings.sink.found()[1].count == 1);
  CHECK(findings.sink.found()[1].examples.size() == 1);
}

TEST_CASE("findings may be counted only") {
  Findings findings{.max_examples = 0};
  CHECK(!findings.writer.needs_detail(0));
  findings.Add("a", 1, 5);
  CHECK(findings.sink.found()[1].count == 5);
  CHECK(findings.sink.found()[1].examples.empty());
}

TEST_CASE("a finding may stand for several, and for a unit as a whole") {
  FindingSink sink(1, 5);
  Batch batch;
  batch.streams.resize(1);
  batch.origin = MakeChunk("a");
  AppendFinding({.rule = 0, .unit = 1, .record = kNoRecord, .count = 7, .detail = std::string(100'000, 'x')}, batch);
  CHECK(sink.Write(batch).ok());
  CHECK(sink.found()[0].count == 7);
  REQUIRE(sink.found()[0].examples.size() == 1);
  CHECK(!sink.found()[0].examples[0].record);
  CHECK(sink.found()[0].examples[0].detail.size() == 1000);
}

}  // namespace gf_otlp
