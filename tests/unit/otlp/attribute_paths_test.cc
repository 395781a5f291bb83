#include "otlp/attribute_paths.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "otlp/wire_write.h"

namespace gf_otlp::test {
namespace {

std::string Field(std::uint32_t number, std::string_view content) {
  char head[2 * kMaxVarintSize];
  const char* const end = WriteVarint(WriteVarint(head, Tag(number, kBytes)), content.size());
  return std::string(static_cast<const char*>(head), end).append(content);
}
std::string KeyValue(std::string_view key, std::string_view value) { return Field(1, key) + Field(2, value); }
std::string List(std::string_view key, std::string_view entries) { return KeyValue(key, Field(6, entries)); }
std::string Entries(int count, std::string_view key) {
  std::string entries;
  for (int i = 0; i < count; ++i) entries += Field(1, KeyValue(std::string(key) + std::to_string(i), ""));
  return entries;
}

std::string LogRequest(std::string_view record, std::string_view resource = {}) {
  return Field(1, Field(1, resource) + Field(2, Field(2, record)));
}
Status Read(Signal signal, const std::string& request) {
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) {
  }
  return reader.status();
}

std::vector<std::string> Paths(const std::string& attributes) {
  const std::string request = LogRequest(attributes);
  RequestReader reader;
  reader.Start(Signal::kLogs, request);
  REQUIRE(reader.Next());
  std::vector<std::string> paths;
  AttributePaths(reader.log().attributes, paths);
  return paths;
}

TEST_CASE("attribute_paths: sorted, each once, not into arrays, none of an empty list") {
  const std::string nested =
      Field(1, List("b", Entries(2, "c"))) + Field(1, List("empty", "")) + Field(1, KeyValue("a", ""));
  const std::string array = KeyValue("array", Field(5, Field(1, Field(6, Entries(3, "x")))));
  CHECK(Paths(Field(6, List("z", nested)) + Field(6, array) + Field(6, KeyValue("z.a", ""))) ==
        std::vector<std::string>{"array", "z.a", "z.b.c0", "z.b.c1"});
}

TEST_CASE("attribute_paths: their bytes are counted without making them") {
  const auto bytes = [](const std::string& attribute, std::uint64_t limit) {
    const std::string request = LogRequest(Field(6, attribute));
    RequestReader reader;
    reader.Start(Signal::kLogs, request);
    REQUIRE(reader.Next());
    return PathBytes(reader.log().attributes[0], limit);
  };
  CHECK(bytes(KeyValue("abc", ""), 100) == 3);
  CHECK(bytes(List("abc", ""), 100) == 0);
  CHECK(bytes(List("abc", Entries(2, "d")), 100) == 12);  // abc.d0 abc.d1
  CHECK(bytes(List("abc", Entries(2, "d") + Field(1, List("e", Entries(1, "f")))), 100) == 20);
  CHECK(bytes(List("abc", Entries(10, "d")), 15) > 15);
}

TEST_CASE("attribute_paths: a long key in front of many entries is bad data") {
  const std::string bomb = List(std::string(60'000, 'k'), Entries(60'000, ""));
  const std::string half = List(std::string(8'000, 'k'), Entries(1'000, ""));
  const std::string why = "nested keys make paths of more than 16 MiB";
  for (const std::string& request :
       {LogRequest(Field(6, bomb)), LogRequest({}, Field(1, bomb)), LogRequest(Field(6, List("a", Field(1, bomb)))),
        LogRequest(Field(6, half) + Field(6, half) + Field(6, half))}) {
    const Status status = Read(Signal::kLogs, request);
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kBadData);
    CHECK(status.message().starts_with(why));
  }
  // All attributes of a span count, those of its events too.
  const std::string event = Field(11, Field(3, half));
  CHECK(Read(Signal::kTraces, LogRequest(event + event)).ok());
  CHECK(Read(Signal::kTraces, LogRequest(event + event + event)).message().starts_with(why));
  // Each record, resource and scope counts by itself, and a body makes no paths.
  const std::string record = Field(2, Field(6, half) + Field(6, half));
  CHECK(Read(Signal::kLogs, Field(1, Field(1, Field(1, half)) + Field(2, record + record))).ok());
  CHECK(Read(Signal::kLogs, LogRequest(Field(5, Field(6, Field(1, bomb))))).ok());
}

}  // namespace
}  // namespace gf_otlp::test
