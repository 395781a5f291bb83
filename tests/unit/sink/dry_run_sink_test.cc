#include "sink/dry_run_sink.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "unit/sink/batch_util.h"

namespace gf_otlp {
namespace {

TEST_CASE("a dry run writes a line for each message and counts them") {
  std::string dumped;
  int dumps = 0;
  DryRunSink sink(
      {{.topic = "a\"b", .headers = {}}, {"t", {{"signal", "logs"}, {"x", "\n"}}}},
      [](std::size_t route, std::string_view key) -> std::optional<int> {
        if (key.empty()) return std::nullopt;
        return static_cast<int>(route + 4);
      },
      [&](std::string_view lines) {
        dumped += lines;
        ++dumps;
        return Status();
      });
  Batch batch = MakeBatch({{.route = 0, .key = "k\xc3\xa9", .value = R"({"a":1})"},
                           {.route = 1, .key = "", .value = "two\nrows"},
                           {.route = 1, .key = "\xff\x01", .value = "\xfe"}});
  REQUIRE(sink.Write(batch).ok());
  CHECK(dumps == 1);
  CHECK(dumped ==
        "{\"topic\":\"a\\\"b\",\"key\":\"k\xc3\xa9\",\"headers\":{},\"partition\":4,\"value\":\"{\\\"a\\\":1}\"}\n"
        "{\"topic\":\"t\",\"key\":null,\"headers\":{\"signal\":\"logs\",\"x\":\"\\n\"},\"value\":\"two\\nrows\"}\n"
        "{\"topic\":\"t\",\"key_base64\":\"/wE=\",\"headers\":{\"signal\":\"logs\",\"x\":\"\\n\"},\"partition\":5,"
        "\"value_base64\":\"/g==\"}\n");
  CHECK(batch.messages.empty());
  CHECK(batch.streams.size() == 1);
  CHECK(batch.streams[0].empty());
  CHECK(sink.Write(batch).ok());
  CHECK(dumps == 1);  // nothing to write
  CHECK(sink.Close().ok());

  REQUIRE(sink.topics().size() == 2);
  CHECK(sink.topics()[0].messages == 1);
  CHECK(sink.topics()[1].messages == 2);
  CHECK(sink.topics()[1].keyless == 1);
  CHECK(sink.topics()[1].partitions == std::vector<std::uint64_t>{0, 0, 0, 0, 0, 1});
}

TEST_CASE("a dry run without a dump only counts") {
  DryRunSink sink(
      {{.topic = "t", .headers = {}}}, [](std::size_t, std::string_view) { return std::optional<int>(0); }, nullptr);
  Batch batch = MakeBatch({{.route = 0, .key = "k", .value = "v"}});
  CHECK(sink.Write(batch).ok());
  CHECK(sink.topics()[0].messages == 1);
}

TEST_CASE("headers whose names repeat are written as a list, values that are not UTF-8 in base64") {
  std::string dumped;
  DryRunSink sink(
      {{"a", {{"x", "1"}, {"y", "\xff\x01"}}}, {"b", {{"x", "1"}, {"y", "\xff\x01"}, {"x", ""}}}},
      [](std::size_t, std::string_view) { return std::optional<int>(); },
      [&](std::string_view lines) {
        dumped += lines;
        return Status();
      });
  Batch batch = MakeBatch({{.route = 0, .key = "", .value = "v"}, {.route = 1, .key = "", .value = "v"}});
  REQUIRE(sink.Write(batch).ok());
  CHECK(dumped ==
        "{\"topic\":\"a\",\"key\":null,\"headers\":{\"x\":\"1\",\"y\":{\"base64\":\"/wE=\"}},\"value\":\"v\"}\n"
        "{\"topic\":\"b\",\"key\":null,\"headers\":[[\"x\",\"1\"],[\"y\",{\"base64\":\"/wE=\"}],[\"x\",\"\"]],"
        "\"value\":\"v\"}\n");
}

TEST_CASE("a dump that fails ends the dry run") {
  DryRunSink sink(
      {{.topic = "t", .headers = {}}}, [](std::size_t, std::string_view) { return std::optional<int>(0); },
      [](std::string_view) { return IoError("full"); });
  Batch batch = MakeBatch({{.route = 0, .key = "k", .value = "v"}});
  const Status status = sink.Write(batch);
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
}

}  // namespace
}  // namespace gf_otlp
