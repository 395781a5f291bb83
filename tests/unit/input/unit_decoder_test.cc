#include "input/unit_decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/base64.h"
#include "input/signal_detect.h"
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

TEST_CASE("a request whose fields tell no signal is read by its mark, in every format") {
  // { resource_logs: { scope_logs: { log_records: { body: "hi" } } } }
  const std::string body = "\x0a\x0a\x12\x08\x12\x06\x2a\x04\x0a\x02hi";
  const std::string spans = GoldenProto("traces-basic");
  std::string marked = body;
  AppendSignalMark(Signal::kLogs, marked);
  const std::vector<DecodedRequest> expected = {
      {Signal::kTraces, spans}, {Signal::kLogs, marked}, {Signal::kTraces, spans}};
  CheckRequests(DecodeContent(FramedMessage(spans) + FramedMessage(marked) + FramedMessage(spans)), expected);
  CheckRequests(DecodeContent(Join({spans, Zstd(marked), spans}, FramedMessage)), expected);
  CheckRequests(DecodeContent(DelimitedMessage(spans) + DelimitedMessage(marked) + DelimitedMessage(spans)), expected);
  CHECK(DecodeContent(FramedMessage(spans) + FramedMessage(body)).errors.size() == 1);
  // The units of a raw request are its resources: the mark is the file's.
  CheckRequests(DecodeContent(marked), {{Signal::kLogs, body}});
  CHECK(DecodeContent(body).errors.size() == 1);
}

TEST_CASE("a capture that is cut off gives the requests before, then an error that says so") {
  const TempDir dir;
  for (const char* name : {"plain/all.proto", "plain/all.json", "plain/all.json.zst", "plain/all.proto.zst",
                           "gated/all.json.zst", "gated/all.proto.zst"}) {
    CAPTURE(name);
    const std::string content = Slurp(TestData("captures/" + std::string(name)));
    const std::vector<DecodedRequest> whole = DecodeContent(content).requests;
    for (std::size_t n = 1; n < content.size(); n += content.size() / 23) {
      CAPTURE(n);
      const std::string path = dir.Write("capture", content.substr(0, n));
      const DecodeResult result = DecodeAll({path});
      REQUIRE(result.requests.size() <= whole.size());
      CHECK(std::equal(result.requests.begin(), result.requests.end(), whole.begin()));
      REQUIRE(result.errors.size() <= 1);
      if (!result.errors.empty()) CHECK(result.errors[0].message().find(path) != std::string::npos);
      const DecodeResult left_out = DecodeAll({path}, {.skip_partial_tail = true});
      CHECK(left_out.requests == result.requests);
      CHECK((left_out.errors.empty() || n < 8));
    }
  }
}

TEST_CASE("bytes that are changed anywhere are decoded or refused") {
  std::minstd_rand random(11);
  const TempDir dir;
  for (const char* name : {"traces-basic", "logs-basic", "metrics-histograms-summary"}) {
    const std::string proto = GoldenProto(name), json = GoldenJson(name);
    for (const std::string& whole :
         {FramedMessage(proto) + FramedMessage(proto), DelimitedMessage(proto), proto + proto, json + json,
          FramedMessage(Zstd(proto)), Gzip(json), Zstd(FramedMessage(json))}) {
      for (int i = 0; i < 40; ++i) {
        std::string changed = whole;
        for (int changes = 0; changes < 3; ++changes) changed[random() % changed.size()] = static_cast<char>(random());
        const DecodeResult result =
            DecodeAll({dir.Write("capture", changed)}, {.max_unit_bytes = std::size_t{1} << 20});
        for (const Status& error : result.errors)
          CHECK((error.code() == Code::kBadData || error.code() == Code::kUsage));
      }
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
