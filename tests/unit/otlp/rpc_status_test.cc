#include "otlp/rpc_status.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace gf_otlp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// Written by `protoc --encode` from google/rpc/status.proto, error_details.proto and the collector's services.
const std::string kTooMany =
    "\010\010\022\010too many\0326\012(type.googleapis.com/google.rpc.RetryInfo\022\012\012\010\010\001\020\200\312\265\356\001"s;
const std::string kTwoDetails =
    "\010\016\032+\012$type.googleapis.com/google.rpc.Other\022\003\012\001x"
    "\0320\012(https://example.org/google.rpc.RetryInfo\022\004\012\002\010\003"s;
const std::string kCodeMinusOne = "\010\377\377\377\377\377\377\377\377\377\001\022\001m"s;
const std::string kNegativeDelay =
    "\010\016\032D\012(type.googleapis.com/google.rpc.RetryInfo\022\030\012\026"
    "\010\377\377\377\377\377\377\377\377\377\001\020\373\377\377\377\377\377\377\377\377\001"s;
const std::string kLongestDelay =
    "\010\016\0325\012(type.googleapis.com/google.rpc.RetryInfo\022\011\012\007\010\200\274\256\316\227\011"s;
const std::string kRejected300 = "\012\016\010\254\002\022\011bad spans"s;
const std::string kRejectedMinusOne = "\012\013\010\377\377\377\377\377\377\377\377\377\001"s;
const std::string kWarning = "\012\013\022\011slow down"s;

RpcStatus Status8() { return {RpcCode::kResourceExhausted, "too many", 1500ms}; }

void CheckEqual(const Result<RpcStatus>& read, const RpcStatus& expected) {
  REQUIRE_MESSAGE(read, read.error().message());
  CHECK(read->code == expected.code);
  CHECK(read->message == expected.message);
  CHECK(read->retry_delay == expected.retry_delay);
}

void CheckEqual(const Result<PartialSuccess>& read, std::uint64_t rejected, const std::string& message) {
  REQUIRE_MESSAGE(read, read.error().message());
  CHECK(read->rejected == rejected);
  CHECK(read->message == message);
}

}  // namespace

TEST_CASE("a status is written and read as protobuf") {
  CHECK(RpcStatusProto(Status8()) == kTooMany);
  CHECK(RpcStatusProto({}).empty());
  CheckEqual(ReadRpcStatusProto(kTooMany), Status8());
  CheckEqual(ReadRpcStatusProto(""), {});
  CheckEqual(ReadRpcStatusProto(kTwoDetails), {RpcCode::kUnavailable, "", 3s});
  CheckEqual(ReadRpcStatusProto(kCodeMinusOne), {RpcCode::kUnknown, "m", std::nullopt});
  CheckEqual(ReadRpcStatusProto(kNegativeDelay), {RpcCode::kUnavailable, "", 0ns});
  CheckEqual(ReadRpcStatusProto(kLongestDelay), {RpcCode::kUnavailable, "", std::chrono::nanoseconds::max()});
  CheckEqual(ReadRpcStatusProto("\x08\x63"), {static_cast<RpcCode>(99), "", std::nullopt});
}

TEST_CASE("a status that is torn anywhere is no status, or one of the fields before") {
  for (std::size_t size = 0; size < kTooMany.size(); ++size) {
    CAPTURE(size);
    const Result<RpcStatus> read = ReadRpcStatusProto(std::string_view(kTooMany).substr(0, size));
    CHECK(read.has_value() == (size == 0 || size == 2 || size == 12));
    if (!read) CHECK(read.error().code() == Code::kBadData);
  }
  CHECK_FALSE(ReadRpcStatusProto("upstream connect error"));
}

TEST_CASE("a status is written and read as JSON") {
  CHECK(RpcStatusJson(Status8()) == R"({"code":8,"message":"too many","details":[)"
                                    R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500s"}]})");
  CHECK(RpcStatusJson({RpcCode::kInternal, "a \"b\"\n", std::nullopt}) == R"({"code":13,"message":"a \"b\"\n"})");
  CheckEqual(ReadRpcStatusJson(RpcStatusJson(Status8())), Status8());
  CheckEqual(ReadRpcStatusJson("{}"), {});
  CheckEqual(ReadRpcStatusJson(R"( {"code":"14","message":null,"other":[1,{"a":2}]} )"),
             {RpcCode::kUnavailable, "", std::nullopt});
  CheckEqual(ReadRpcStatusJson(R"({"message":"a\tA","code":-3})"), {RpcCode::kUnknown, "a\tA", std::nullopt});
  CheckEqual(ReadRpcStatusJson(R"({"code":14,"details":[{"@type":"x/google.rpc.Other","retryDelay":{"seconds":9}},)"
                               R"({"retry_delay":"2s","@type":"x/google.rpc.RetryInfo"},{"value":"x"}]})"),
             {RpcCode::kUnavailable, "", 2s});
}

TEST_CASE("delays in JSON are durations of protojson") {
  const std::pair<std::string, std::chrono::nanoseconds> kTexts[] = {
      {"0s", 0ns},           {"1.5s", 1500ms},
      {"0.000000001s", 1ns}, {"3.000250s", 3s + 250us},
      {"-1.000000s", 0s},    {"315576000000s", std::chrono::nanoseconds::max()},
  };
  for (const auto& [text, delay] : kTexts) {
    CAPTURE(text);
    const std::string json = R"({"details":[{"@type":"/google.rpc.RetryInfo","retryDelay":")" + text + R"("}]})";
    CheckEqual(ReadRpcStatusJson(json), {RpcCode::kOk, "", delay});
    if (delay != 0s && delay != std::chrono::nanoseconds::max()) {
      CheckEqual(ReadRpcStatusJson(RpcStatusJson({RpcCode::kAborted, "", delay})), {RpcCode::kAborted, "", delay});
    }
  }
  for (const char* text : {"1", "s", ".5s", "1.0000000001s", "1e3s", "--1s", "1234567890123s", "1m"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadRpcStatusJson(R"({"details":[{"@type":"/google.rpc.RetryInfo","retryDelay":")" + std::string(text) +
                                  R"("}]})"));
  }
}

TEST_CASE("what is no JSON object is no status") {
  for (const char* text : {"", " ", "null", "[]", "{", "{}x", R"({"code":"eight"})", R"({"code":1.5})",
                           R"({"message":3})", R"({"details":{}})", "<html>", "\"error\""}) {
    CAPTURE(text);
    const Result<RpcStatus> read = ReadRpcStatusJson(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Code::kBadData);
  }
}

TEST_CASE("a response says what was rejected") {
  CheckEqual(ReadExportResponseProto(""), 0, "");
  CheckEqual(ReadExportResponseProto(kRejected300), 300, "bad spans");
  CheckEqual(ReadExportResponseProto(kRejectedMinusOne), 0, "");
  CheckEqual(ReadExportResponseProto(kWarning), 0, "slow down");
  CheckEqual(ReadExportResponseProto(kRejected300 + kWarning), 300, "slow down");  // merged, as proto3 says
  CHECK_FALSE(ReadExportResponseProto(kRejected300.substr(0, 9)));

  CheckEqual(ReadExportResponseJson(""), 0, "");
  CheckEqual(ReadExportResponseJson("{}"), 0, "");
  CheckEqual(ReadExportResponseJson(R"({"partialSuccess":null})"), 0, "");
  CheckEqual(ReadExportResponseJson(R"({"partialSuccess":{"rejectedSpans":"300","errorMessage":"bad spans"}})"), 300,
             "bad spans");
  CheckEqual(ReadExportResponseJson(R"({"partialSuccess":{"rejectedLogRecords":7}})"), 7, "");
  CheckEqual(ReadExportResponseJson(R"({"partial_success":{"rejected_data_points":"8","error_message":"x"}})"), 8, "x");
  CheckEqual(ReadExportResponseJson(R"({"partialSuccess":{"rejectedSpans":-2}})"), 0, "");
  CHECK_FALSE(ReadExportResponseJson("ok"));
  CHECK_FALSE(ReadExportResponseJson(R"({"partialSuccess":[]})"));
}

TEST_CASE("codes have gRPC's names") {
  CHECK(RpcCodeName(RpcCode::kOk) == "OK");
  CHECK(RpcCodeName(RpcCode::kInvalidArgument) == "InvalidArgument");
  CHECK(RpcCodeName(RpcCode::kUnauthenticated) == "Unauthenticated");
  CHECK(RpcCodeName(static_cast<RpcCode>(99)) == "code 99");
}

}  // namespace gf_otlp
