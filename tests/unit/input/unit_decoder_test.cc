#include "input/unit_decoder.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/base64.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Strings = std::vector<std::string>;

std::string DeadLetterLine(std::string_view data, std::optional<std::string> signal = std::nullopt) {
  std::string base64(Base64Size(data.size()), '\0');
  WriteBase64(base64.data(), data);
  nlohmann::json line = {{"file", "f"}, {"offset", 1}, {"length", 2}, {"number", 3}, {"reason", "r"}, {"data", base64}};
  if (signal) line["signal"] = *signal;
  return line.dump() + "\n";
}

void CheckRequests(const DecodeResult& result, const std::vector<DecodedRequest>& expected) {
  for (const Status& error : result.errors) FAIL_CHECK(error.message());
  CHECK(result.requests == expected);
}

}  // namespace

TEST_CASE("the captures of a real Collector give the same requests in every format") {
  for (const std::string folder : {"captures/plain/", "captures/gated/"}) {
    CAPTURE(folder);
    const DecodeResult proto = DecodeAll({TestData(folder + "all.proto")});
    CHECK(proto.errors.empty());
    const Strings expected = Meaning(proto.requests);
    CHECK(expected.size() > 50);
    for (const char* name : {"all.json", "all.json.zst", "all.proto.zst"}) {
      CAPTURE(name);
      const DecodeResult other = DecodeAll({TestData(folder + name)});
      CHECK(other.errors.empty());
      REQUIRE(other.requests.size() == proto.requests.size());
      CHECK(Meaning(other.requests) == expected);
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(other.requests[i].signal == proto.requests[i].signal);
    }
    for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
      const DecodeResult one = DecodeAll({TestData(folder + std::string(SignalName(signal)) + ".proto")});
      CHECK(one.errors.empty());
      CHECK_FALSE(one.requests.empty());
      for (const DecodedRequest& request : one.requests) CHECK(request.signal == signal);
    }
  }
}

TEST_CASE("each golden request means the same in every form") {
  for (const std::string& name : GoldenCases()) {
    CAPTURE(name);
    const std::string proto = GoldenProto(name), json = GoldenJson(name);
    if (proto.empty()) continue;
    const std::vector<DecodedRequest> expected = {{GoldenSignal(name), proto}};
    for (const std::string& content :
         {FramedMessage(proto), FramedMessage(Zstd(proto)), FramedMessage(Zstd(proto, false)),
          FramedMessage(Gzip(proto)), DelimitedMessage(proto), Zstd(FramedMessage(proto)),
          Gzip(FramedMessage(proto))}) {
      CheckRequests(DecodeContent(content), expected);
    }
    const Strings meaning = Meaning(expected);
    for (const std::string& content : {json, Gzip(json), Zstd(json), FramedMessage(json), FramedMessage(Zstd(json)),
                                       FramedMessage(Gzip(json)), Zstd(FramedMessage(json))}) {
      const DecodeResult result = DecodeContent(content);
      for (const Status& error : result.errors) FAIL_CHECK(error.message());
      REQUIRE(result.requests.size() == 1);
      // The variants write null where the protobuf has an empty message.
      if (!name.ends_with("-json-variants")) CHECK(Meaning(result.requests) == meaning);
    }
    std::vector<DecodedRequest> elements;
    for (const std::string& element : Elements(proto)) elements.push_back({GoldenSignal(name), element});
    for (const std::string& content : {proto, Gzip(proto), Zstd(proto)}) {
      const DecodeResult raw = DecodeContent(content);
      for (const Status& error : raw.errors) FAIL_CHECK(error.message());
      CHECK(raw.requests.size() <= elements.size());  // elements without records are none
    }
  }
}

TEST_CASE("a forced signal is taken for protobuf and checked for JSON") {
  const std::string proto = GoldenProto("traces-basic"), json = GoldenJson("traces-basic");
  const CaptureOptions logs{.signal = Signal::kLogs};
  CheckRequests(DecodeContent(FramedMessage(proto), logs), {{Signal::kLogs, proto}});
  const DecodeResult result = DecodeContent(json, logs);
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].code() == Code::kBadData);
  CHECK(result.errors[0].message().find("--signal") != std::string::npos);
  CHECK(DecodeContent(json, {.signal = Signal::kTraces}).requests.size() == 1);
}

TEST_CASE("a dead letter is decoded as what it holds") {
  const std::string proto = GoldenProto("logs-basic"), json = GoldenJson("traces-basic");
  const std::string content = DeadLetterLine(proto) + DeadLetterLine(json) + DeadLetterLine(Zstd(proto)) +
                              DeadLetterLine(Gzip(json)) + DeadLetterLine(proto, "traces") +
                              DeadLetterLine("hello", "") + "not a line\n" + "{\"data\":\"!\"}\n" + "{}\n" +
                              DeadLetterLine(proto, "profiles") + DeadLetterLine("");
  const DecodeResult result = DecodeContent(content, {.format = InputFormat::kDeadLetter});
  REQUIRE(result.requests.size() == 5);
  CHECK(result.requests[0] == DecodedRequest{Signal::kLogs, proto});
  CHECK(result.requests[1].signal == Signal::kTraces);
  CHECK(result.requests[2] == DecodedRequest{Signal::kLogs, proto});
  CHECK(result.requests[3].signal == Signal::kTraces);
  CHECK(result.requests[4] == DecodedRequest{Signal::kTraces, proto});
  CHECK(result.errors.size() == 5);
}

TEST_CASE("a bad unit does not hide those behind it, and its place is named") {
  const std::string good = GoldenProto("logs-basic");
  const DecodeResult result = DecodeContent(FramedMessage(good) + FramedMessage("{\"resourceLogs\":[}") +
                                            FramedMessage(Zstd(good).substr(0, 40)) + FramedMessage(good));
  CHECK(result.requests.size() == 2);
  REQUIRE(result.errors.size() == 2);
  CHECK(result.errors[0].message().find("@" + std::to_string(good.size() + 4)) != std::string::npos);
}

TEST_CASE("elements that alone are ambiguous are what the rest of their file is") {
  // A metric with nothing but a name of 16 bytes.
  const std::string ambiguous("\x0a\x16\x12\x14\x12\x12\x0a\x10requests.of.16.b", 24);
  const std::string clear = GoldenProto("metrics-gauge-sum");
  const DecodeResult result = DecodeContent(ambiguous + clear);
  CHECK(result.errors.empty());
  REQUIRE(result.requests.size() == 1 + Elements(clear).size());
  CHECK(result.requests[0].signal == Signal::kMetrics);
  const DecodeResult alone = DecodeContent(ambiguous);
  REQUIRE(alone.errors.size() == 1);
  CHECK(alone.errors[0].code() == Code::kUsage);
}

TEST_CASE("names of formats can be read back") {
  for (const InputFormat format : {InputFormat::kJson, InputFormat::kProto, InputFormat::kFramed,
                                   InputFormat::kDelimited, InputFormat::kDeadLetter}) {
    CHECK(ParseInputFormat(InputFormatName(format)) == format);
  }
  CHECK_FALSE(ParseInputFormat("xml"));
}

}  // namespace gf_otlp::test
