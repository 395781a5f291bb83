#include "receive/intake.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "input/codec.h"
#include "input/signal_detect.h"
#include "unit/receive/receive_test_util.h"

namespace gf_otlp::test {
namespace {

using namespace receive;
using Request = Intake::Request;

constexpr std::string_view kLogsJson =
    R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}},{"severityNumber":9}]}]}]})";

/// `window_bits` as zlib has them: 15 for a zlib stream, -15 for bare deflate data.
std::string Deflated(std::string_view content, int window_bits) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, content.size()) + 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

HeaderLookup Headers(std::map<std::string, std::string, std::less<>> headers) {
  return [headers = std::move(headers)](std::string_view name) {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  };
}

}  // namespace

TEST_CASE("protobuf is stored byte for byte, whatever it was compressed with") {
  const std::string wire = WireOf(TracesJson(3));
  const std::pair<BodyCoding, std::string> bodies[] = {
      {BodyCoding::kIdentity, wire},
      {BodyCoding::kGzip, Gzip(wire)},
      {BodyCoding::kGzip, Gzip(wire.substr(0, 9)) + Gzip(wire.substr(9))},
      {BodyCoding::kZstd, Zstd(wire)},
      {BodyCoding::kZstd, Zstd(wire, false)},
      {BodyCoding::kDeflate, Deflated(wire, 15)},
      {BodyCoding::kDeflate, Deflated(wire, 9)},
      {BodyCoding::kDeflate, Deflated(wire, -15)}};
  Receiver receiver;
  for (const auto& [coding, body] : bodies) {
    CAPTURE(static_cast<int>(coding));
    const Answer answer = receiver.Take({.coding = coding, .body = body});
    CHECK_MESSAGE(answer.code == RpcCode::kOk, answer.message);
  }
  const Intake::Totals totals = receiver.intake().totals();
  CHECK(totals.requests[0] == std::size(bodies));
  CHECK(totals.records[0] == 3 * std::size(bodies));
  CHECK(receiver.Stored() == std::vector<std::string>(std::size(bodies), wire));
}

TEST_CASE("JSON is stored as protobuf, protobuf as JSON") {
  const std::string json(kLogsJson);
  SUBCASE("files of protobuf") {
    Receiver receiver;
    CHECK(receiver.Take({.signal = Signal::kLogs, .type = BodyType::kJson, .body = " \n" + json + "\n"}).code ==
          RpcCode::kOk);
    CHECK(receiver
              .Take({.signal = Signal::kLogs, .type = BodyType::kJson, .coding = BodyCoding::kGzip, .body = Gzip(json)})
              .code == RpcCode::kOk);
    const std::string wire = WireOf(json);
    CHECK(receiver.Stored() == std::vector<std::string>(2, wire));
    CHECK(receiver.intake().totals().records[1] == 4);
  }
  SUBCASE("files of JSON") {
    Receiver receiver({.format = FileFormat::kJson});
    CHECK(receiver.Take({.signal = Signal::kLogs, .body = WireOf(json)}).code == RpcCode::kOk);
    CHECK(receiver
              .Take({.signal = Signal::kLogs,
                     .type = BodyType::kJson,
                     .body = "{ \"resourceLogs\": [" + json.substr(17, json.size() - 19) + "], \"unknown\": 1}\n"})
              .code == RpcCode::kOk);
    CHECK(receiver.Stored() == std::vector<std::string>(2, json));
  }
}

TEST_CASE("bytes that are not UTF-8 are counted where they are replaced") {
  std::string wire = WireOf(kLogsJson);
  wire[wire.find("hello")] = '\xff';
  Receiver receiver({.format = FileFormat::kJson});
  CHECK(receiver.Take({.signal = Signal::kLogs, .body = wire}).code == RpcCode::kOk);
  CHECK(receiver.intake().totals().replaced_bytes == 1);
  CHECK(
      receiver.Stored()[0].contains("\xef\xbf\xbd"
                                    "ello"));
}

TEST_CASE("a request whose fields do not tell its signal is marked") {
  // The text may be a severity, a span's state or a metric's unit.
  const std::string wire = WireOf(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"INFO"}]}]}]})");
  std::string marked = wire;
  AppendSignalMark(Signal::kLogs, marked);
  Receiver receiver;
  CHECK(receiver.Take({.signal = Signal::kLogs, .body = wire}).code == RpcCode::kOk);
  CHECK(receiver.Take({.signal = Signal::kLogs, .body = marked}).code == RpcCode::kOk);
  CHECK(receiver.Stored() == std::vector<std::string>(2, marked));
}

TEST_CASE("requests without records are taken, counted, and not stored") {
  Receiver receiver;
  CHECK(receiver.Take({.body = ""}).code == RpcCode::kOk);
  CHECK(receiver.Take({.body = std::string("\x0a\x00", 2)}).code == RpcCode::kOk);
  CHECK(receiver.Take({.type = BodyType::kJson, .body = "{}"}).code == RpcCode::kOk);
  CHECK(receiver.Take({.type = BodyType::kJson, .body = R"({"resourceSpans":[]})"}).code == RpcCode::kOk);
  CHECK(receiver.intake().totals().empty == 4);
  CHECK(receiver.intake().totals().requests[0] == 4);
  CHECK((*receiver.writer()).totals().requests == 0);
}

TEST_CASE("what is not OTLP is refused with a reason") {
  const std::string wire = WireOf(TracesJson(2));
  std::string bad_id = wire;
  const std::size_t id = bad_id.find(std::string("\x0a\x10", 2));
  bad_id[id + 1] = '\x0f';
  struct Case {
    Request request;
    std::string_view says;
  };
  const Case cases[] = {
      {{.body = wire.substr(0, wire.size() - 1)}, "not OTLP: "},
      {{.body = bad_id}, "not OTLP: "},
      {{.body = "hello"}, "not OTLP: "},
      {{.signal = Signal::kLogs, .body = wire}, "its fields"},
      {{.signal = Signal::kLogs, .type = BodyType::kJson, .body = TracesJson(1)},
       "holds traces, this is the path of logs"},
      {{.type = BodyType::kJson, .body = R"({"resourceSpans":[],"resourceLogs":[{"scopeLogs":[]}]})"}, "holds logs"},
      {{.type = BodyType::kJson, .body = "{\"resourceSpans\":[1]}"}, "not OTLP: "},
      {{.type = BodyType::kJson, .body = ""}, "not OTLP: "},
      {{.type = BodyType::kJson,
        .body = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"AAAAAAAAAAAAAAAAAAAAAA=="}]}]}]})"},
       "not OTLP: "},
      {{.coding = BodyCoding::kGzip, .body = wire}, "no gzip"},
      {{.coding = BodyCoding::kGzip, .body = Gzip(wire).substr(0, 30)}, "no gzip"},
      {{.coding = BodyCoding::kZstd, .body = wire}, "no zstd"},
      {{.coding = BodyCoding::kDeflate, .body = wire}, "no deflate"},
      {{.coding = BodyCoding::kDeflate, .body = Deflated(wire, 15) + "x"}, "no deflate"},
  };
  Receiver receiver;
  for (const Case& c : cases) {
    CAPTURE(c.says);
    const Answer answer = receiver.Take(c.request);
    CHECK(answer.code == RpcCode::kInvalidArgument);
    CHECK_FALSE(answer.retry_delay);
    CHECK_MESSAGE(answer.message.contains(c.says), answer.message);
  }
  CHECK(receiver.intake().totals().refused[3] == std::size(cases));
  CHECK((*receiver.writer()).totals().requests == 0);
}

TEST_CASE("decompression ends at the limit") {
  Receiver receiver({.max_decompressed = 1000});
  const std::string over(1001, '\0'), zeros(std::size_t{1} << 20, '\0'), wire = WireOf(TracesJson(1, 800));
  REQUIRE(wire.size() <= 1000);
  const std::string gzip = Gzip(zeros), zstd = Zstd(zeros);
  std::string gzip_bomb, zstd_bomb;  // of 1 GiB
  for (int i = 0; i < 1024; ++i) {
    gzip_bomb += gzip;
    zstd_bomb += zstd;
  }
  for (const auto& [coding, body] :
       {std::pair(BodyCoding::kGzip, Gzip(over)), std::pair(BodyCoding::kGzip, gzip_bomb),
        std::pair(BodyCoding::kZstd, Zstd(over)), std::pair(BodyCoding::kZstd, Zstd(over, false)),
        std::pair(BodyCoding::kZstd, zstd_bomb), std::pair(BodyCoding::kDeflate, Deflated(over, 15)),
        std::pair(BodyCoding::kDeflate, Deflated(zeros, -15))}) {
    const Answer answer = receiver.Take({.coding = coding, .body = body});
    CHECK(answer.code == RpcCode::kResourceExhausted);
    CHECK(answer.message == "decompresses to more than 1000 bytes");
    CHECK_FALSE(answer.retry_delay);
  }
  CHECK(receiver.Take({.coding = BodyCoding::kGzip, .body = Gzip(wire)}).code == RpcCode::kOk);
}

TEST_CASE("a record of very many small parts is no way to the machine's memory") {
  const auto field = [](int number, std::string_view bytes) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    std::size_t size = bytes.size();
    for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
    return out + static_cast<char>(size) + std::string(bytes);
  };
  Receiver receiver;
  for (const auto& [parts, code] :
       {std::pair(std::size_t{200'000}, RpcCode::kOk), std::pair(std::size_t{30'000'000}, RpcCode::kInvalidArgument)}) {
    std::string events;
    for (std::size_t i = 0; i < parts; ++i) events.append("\x5a\x00", 2);  // a span's event without content
    const Answer answer =
        receiver.Take({.coding = BodyCoding::kGzip, .body = Gzip(field(1, field(2, field(2, std::move(events)))))});
    CHECK(answer.code == code);
  }
  CHECK(receiver.intake().totals().records[0] == 1);
}

TEST_CASE("a body that decompresses to much, but not too much, is taken") {
  const std::string wire = WireOf(TracesJson(100, 200'000));
  REQUIRE(wire.size() > std::size_t{16} << 20);
  Receiver receiver;
  CHECK(receiver.Take({.coding = BodyCoding::kGzip, .body = Gzip(wire)}).code == RpcCode::kOk);
  CHECK(receiver.Stored() == std::vector<std::string>{wire});
}

TEST_CASE("files of frames") {
  const std::string wire = WireOf(TracesJson(50));
  Receiver receiver({.zstd = true});
  CHECK(receiver.Take({.body = wire}).code == RpcCode::kOk);
  CHECK(receiver.Take({.coding = BodyCoding::kZstd, .body = Zstd(wire)}).code == RpcCode::kOk);
  REQUIRE((*receiver.writer()).Close().ok());
  const std::string file = Slurp(receiver.dir().path() + "/captures/otlp.proto.zst");
  const std::vector<std::string> frames = CutContent(file).bytes();
  REQUIRE(frames.size() == 2);
  for (const std::string& frame : frames) {
    PaddedBuffer content;
    REQUIRE(DecompressFrame(*Codec::Create(Compression::kZstd), frame, 1 << 20, content).ok());
    CHECK(content.view() == wire);
  }
}

TEST_CASE("only so many requests at a time") {
  Receiver receiver({.max_in_flight = 2});
  Intake::Ticket a, b, c;
  CHECK(receiver.intake().Admit(Headers({}), a).code == RpcCode::kOk);
  CHECK(receiver.intake().Admit(Headers({}), b).code == RpcCode::kOk);
  const Answer busy = receiver.intake().Admit(Headers({}), c);
  CHECK(busy.code == RpcCode::kResourceExhausted);
  CHECK(busy.retry_delay == kBusyDelay);
  CHECK_FALSE(c);
  a = {};
  CHECK(receiver.intake().Admit(Headers({}), c).code == RpcCode::kOk);
  CHECK(c);
}

TEST_CASE("memory for so many bytes at a time, and for one request alone more") {
  Receiver receiver;
  Intake::Ticket a(receiver.intake()), b(receiver.intake());
  CHECK(a.Reserve(kRequestMemory - 10));
  CHECK(b.Reserve(10));
  CHECK_FALSE(b.Reserve(1));
  CHECK_FALSE(a.Reserve(1));
  a.Keep(100);
  CHECK(b.Reserve(kRequestMemory - 110));
  CHECK_FALSE(b.Reserve(1));
  a = {};
  CHECK(b.Reserve(2 * kRequestMemory));
}

TEST_CASE("a pipeline id can be demanded") {
  Receiver receiver({.require_pipeline_id = true});
  Intake::Ticket ticket;
  const Answer missing = receiver.intake().Admit(Headers({}), ticket);
  CHECK(missing.code == RpcCode::kInvalidArgument);
  CHECK(missing.message == "missing x-glassflow-pipeline-id header");
  CHECK_FALSE(ticket);
  CHECK(receiver.intake().Admit(Headers({{"x-glassflow-pipeline-id", "p"}}), ticket).code == RpcCode::kOk);
}

TEST_CASE("credentials come before everything else") {
  Receiver receiver({.require_pipeline_id = true}, "bearer good\n");
  Intake::Ticket ticket;
  CHECK(receiver.intake().Admit(Headers({}), ticket).code == RpcCode::kUnauthenticated);
  CHECK(receiver.intake().Admit(Headers({{"authorization", "Bearer bad"}}), ticket).code == RpcCode::kUnauthenticated);
  CHECK(receiver.intake().Admit(Headers({{"authorization", "Bearer good"}}), ticket).code == RpcCode::kInvalidArgument);
  CHECK_FALSE(ticket);
  CHECK(receiver.intake().totals().refused[16] == 2);
}

TEST_CASE("headers that are kept, and the one that names the file") {
  Receiver receiver({.split_header = "x-tenant", .keep_headers = {"x-b", "x-none", "x-a"}});
  Request request;
  receiver.intake().TakeHeaders(Headers({{"x-a", "1"}, {"x-b", "2"}, {"x-c", "3"}, {"x-tenant", "t"}}), request);
  CHECK(request.group == "t");
  CHECK(request.headers == std::vector<std::pair<std::string, std::string>>{{"x-b", "2"}, {"x-a", "1"}});
}

}  // namespace gf_otlp::test
