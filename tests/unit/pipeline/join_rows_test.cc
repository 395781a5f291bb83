#include "pipeline/join_rows.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gf_otlp {
namespace {

struct Row {
  std::uint32_t route;
  std::string_view key, text;
};

Batch BatchOf(const std::vector<Row>& rows) {
  Batch batch;
  PaddedBuffer& text = batch.streams.emplace_back();
  for (const Row& row : rows) {
    Message message{.offset = text.size(), .size = static_cast<std::uint32_t>(row.text.size()), .route = row.route};
    message.key_offset = static_cast<std::uint32_t>(batch.keys.size());
    message.key_size = static_cast<std::uint32_t>(row.key.size());
    batch.keys.Append(row.key);
    message.first_place = static_cast<std::uint32_t>(batch.places.size());
    message.places = 1;
    batch.places.push_back({.unit = 0, .record = message.first_place});
    text.Append(row.text);
    text.Append('\n');
    batch.messages.push_back(message);
  }
  return batch;
}

/// "route/key: text @records", newlines as |.
std::vector<std::string> Shown(const Batch& batch) {
  std::vector<std::string> shown;
  for (const Message& message : batch.messages) {
    std::string text = std::to_string(message.route) + "/" + std::string(batch.key(message)) + ": ";
    for (const char c : batch.text(message)) text += c == '\n' ? '|' : c;
    text += " @";
    for (const RecordPlace& place : batch.places_of(message)) text += std::to_string(place.record);
    shown.push_back(text);
  }
  return shown;
}

using Shows = std::vector<std::string>;
constexpr std::size_t kNoLimit = 1000;

void Join(Batch& batch, std::uint32_t rows, const std::function<std::size_t(std::uint32_t)>& max_bytes) {
  PaddedBuffer spare;
  spare.Append("what was there before");
  JoinRows(batch, rows, max_bytes, spare);
}

}  // namespace

TEST_CASE("rows of one route and key are joined, in their order") {
  Batch batch = BatchOf({{0, "a", "1"}, {0, "b", "2"}, {0, "a", "3"}, {1, "a", "4"}, {0, "a", "5"}, {0, "a", "6"}});
  Join(batch, 3, [](std::uint32_t) { return kNoLimit; });
  CHECK(Shown(batch) == Shows{"0/a: 1|3|5 @024", "0/b: 2 @1", "1/a: 4 @3", "0/a: 6 @5"});
}

TEST_CASE("a joined message keeps to the size that its route allows") {
  Batch batch = BatchOf({{0, "key", "aaaa"}, {0, "key", "bbbb"}, {0, "key", "cccc"}});
  SUBCASE("to the byte: value and key") {
    Join(batch, 10, [](std::uint32_t) { return std::size_t{12}; });
    CHECK(Shown(batch) == Shows{"0/key: aaaa|bbbb @01", "0/key: cccc @2"});
  }
  SUBCASE("one less") {
    Join(batch, 10, [](std::uint32_t) { return std::size_t{11}; });
    CHECK(Shown(batch) == Shows{"0/key: aaaa @0", "0/key: bbbb @1", "0/key: cccc @2"});
  }
}

TEST_CASE("messages of requests stay as they are") {
  Batch batch = BatchOf({{0, "", "r1"}, {1, "", "p"}, {0, "", "r2"}, {1, "", "p"}});
  Join(batch, 10, [](std::uint32_t route) { return route == 0 ? kNoLimit : 0; });
  CHECK(Shown(batch) == Shows{"0/: r1|r2 @02", "1/: p @1", "1/: p @3"});
}

TEST_CASE("rows that follow one another are not copied") {
  Batch batch = BatchOf({{0, "a", "1"}, {0, "a", "2"}, {0, "b", "3"}, {0, "b", "4"}});
  const char* text = batch.streams.front().data();
  Join(batch, 10, [](std::uint32_t) { return kNoLimit; });
  CHECK(Shown(batch) == Shows{"0/a: 1|2 @01", "0/b: 3|4 @23"});
  CHECK(batch.streams.front().data() == text);
}

}  // namespace gf_otlp
