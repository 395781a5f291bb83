#include "pipeline/parent_check.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gf_otlp {
namespace {

std::string IdOf(std::size_t size, std::uint64_t number) {
  std::string id(size, '\0');
  for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<char>(number >> 8 * i);
  return id;
}

struct TestSpan {
  std::uint64_t trace = 0, id = 0, parent = 0;  // 0: none
  std::uint32_t flags = 0;
};

/// Feeds spans in batches of `batch_size`, the record's index being that of the span.
void Feed(ParentCheck& check, const std::vector<TestSpan>& spans, std::size_t batch_size) {
  auto file = std::make_shared<InputFile>();
  file->name = "capture.pb";
  for (std::size_t begin = 0; begin < spans.size(); begin += batch_size) {
    auto chunk = std::make_shared<Chunk>();
    chunk->file = file;
    chunk->units.push_back({.offset = 1000 * begin, .length = 1000, .number = begin / batch_size + 1});
    Batch batch;
    batch.streams.resize(ParentCheck::kStream + 1);
    batch.origin = chunk;
    for (std::size_t i = begin; i < std::min(begin + batch_size, spans.size()); ++i) {
      const std::string trace = IdOf(16, spans[i].trace), id = IdOf(8, spans[i].id), parent = IdOf(8, spans[i].parent);
      Span span;
      span.trace_id = trace;
      span.span_id = id;
      if (spans[i].parent != 0) span.parent_span_id = parent;
      span.flags = spans[i].flags;
      ParentCheck::Append(span, 0, static_cast<std::uint32_t>(i), 7, batch);
    }
    check.Add(batch);
  }
  check.Finish();
}

/// `count` spans of some traces, parents before and behind their children, some nowhere, some ids twice.
std::vector<TestSpan> RandomSpans(std::size_t count) {
  std::mt19937_64 random(5);
  std::vector<TestSpan> spans;
  for (std::size_t i = 0; i < count; ++i) {
    spans.push_back({.trace = 1 + random() % 20, .id = 1 + random() % count, .parent = random() % (count + count / 4)});
  }
  return spans;
}

}  // namespace

TEST_CASE("missing parents and repeated ids are found, with their places") {
  ParentCheck check(5);
  Feed(check,
       {{.trace = 1, .id = 2, .parent = 1},
        {.trace = 1, .id = 1},
        {.trace = 2, .id = 2, .parent = 1, .flags = 0x300},
        {.trace = 1, .id = 2, .parent = 1},
        {.trace = 1, .id = 0, .parent = 9}},
       2);
  CHECK(check.spans() == 4);
  CHECK(check.not_judged() == 0);
  CHECK(check.missing_remote_parents().count == 1);
  REQUIRE(check.missing_remote_parents().examples.size() == 1);
  const Finding& missing = check.missing_remote_parents().examples[0];
  CHECK(missing.file == "capture.pb");
  CHECK(missing.unit == 2);
  CHECK(missing.offset == 2007);
  CHECK(missing.record == 2);
  CHECK(missing.detail == "parent 0100000000000000");
  CHECK(check.missing_parents().count == 0);
  REQUIRE(check.duplicate_ids().count == 1);
  CHECK(check.duplicate_ids().examples[0].record == 3);
  CHECK(check.duplicate_ids().examples[0].detail == "span 0200000000000000");
}

TEST_CASE("what is found is what a set of all spans says") {
  const std::vector<TestSpan> spans = RandomSpans(200'000);
  std::set<std::pair<std::uint64_t, std::uint64_t>> ids;
  std::uint64_t duplicates = 0, missing = 0;
  for (const TestSpan& span : spans) duplicates += !ids.emplace(span.trace, span.id).second;
  for (const TestSpan& span : spans) missing += span.parent != 0 && !ids.contains({span.trace, span.parent});
  ParentCheck check(3);
  Feed(check, spans, 1000);
  CHECK(check.missing_parents().count == missing);
  CHECK(check.missing_parents().examples.size() == 3);
  CHECK(check.duplicate_ids().count == duplicates);
  CHECK(check.not_judged() == 0);
}

TEST_CASE("what does not fit is not judged, and never found missing") {
  const std::vector<TestSpan> spans = RandomSpans(20'000);
  ParentCheck whole(0);
  Feed(whole, spans, 1000);

  ParentCheck few_ids(0, {.id_bytes = 4096, .children = 100'000});
  Feed(few_ids, spans, 1000);
  CHECK(few_ids.missing_parents().count == 0);
  CHECK(few_ids.not_judged() >= whole.missing_parents().count);
  CHECK(few_ids.not_judged() < few_ids.spans());

  ParentCheck few_children(0, {.children = 100});
  Feed(few_children, spans, 1000);
  CHECK(few_children.missing_parents().count <= 100);
  CHECK(few_children.missing_parents().count + few_children.not_judged() >= whole.missing_parents().count);
  CHECK(few_children.duplicate_ids().count == whole.duplicate_ids().count);
}

TEST_CASE("children that wait for their parents are let go when these came") {
  // Each child comes just before its parent: never more than a few wait.
  std::vector<TestSpan> spans;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    spans.push_back({.trace = i, .id = 2, .parent = 1});
    spans.push_back({.trace = i, .id = 1});
  }
  ParentCheck check(0, {.children = 100});
  Feed(check, spans, 500);
  CHECK(check.missing_parents().count == 0);
  CHECK(check.not_judged() == 0);
}

TEST_CASE("a set of hashes keeps to its memory") {
  HashSet set(64 * 8 * 8);
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> added;
  bool full = false;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t hash = random() | 1;
    const HashSet::Added result = set.Add(hash);
    full |= result == HashSet::Added::kFull;
    if (result == HashSet::Added::kNew) added.push_back(hash);
    CHECK(set.Contains(hash) == (result != HashSet::Added::kFull));
  }
  CHECK(full);
  CHECK(added.size() == 64 * 6);
  for (const std::uint64_t hash : added) {
    CHECK(set.Contains(hash));
    CHECK(set.Add(hash) == HashSet::Added::kThereBefore);
  }
}

}  // namespace gf_otlp
