#include "receive/http_parser.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gf_otlp::receive {
namespace {

using Event = HttpParser::Event;

struct Parsed {
  std::vector<std::string> requests;  // method, target, body
  Event last = Event::kNeedMore;
  std::string error;
};

/// The requests of a connection whose bytes come in pieces of that size.
Parsed ParseAll(std::string_view bytes, std::size_t piece) {
  Parsed parsed;
  HttpParser parser;
  std::string held;
  while (!bytes.empty()) {
    held += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      std::string_view in = held;
      parsed.last = parser.Parse(in);
      held.erase(0, held.size() - in.size());
      if (parsed.last == Event::kNeedMore) break;
      if (parsed.last == Event::kBroken || parsed.last == Event::kHeadTooLarge) {
        parsed.error = parser.error();
        return parsed;
      }
      if (parsed.last == Event::kHead) continue;
      parsed.requests.push_back(parser.head().method + " " + parser.head().target + " " + parser.body());
      parser.Reset();
    }
  }
  return parsed;
}

TEST_CASE("requests one behind the other, cut anywhere") {
  const std::string_view bytes =
      "\r\nPOST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
      "GET /c HTTP/1.0\r\n\r\n"
      "POST /d HTTP/1.1\r\nhost:x\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nHost: "
      "late\r\n\r\n"
      "\r\n\r\nPUT /e HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    CAPTURE(piece);
    const Parsed parsed = ParseAll(bytes, piece);
    CHECK(parsed.error.empty());
    CHECK(parsed.requests == std::vector<std::string>{"POST /a?b hello", "GET /c ", "POST /d hello!", "PUT /e "});
  }
}

TEST_CASE("what a head says") {
  HttpParser parser;
  std::string_view in =
      "POST /v1/logs?x=/y HTTP/1.1\r\nHost: h\r\nX-Two:  1 \r\nx-two: 2\r\nExpect: 100-Continue\r\nContent-Length: "
      "7\r\n\r\n1";
  REQUIRE(parser.Parse(in) == Event::kHead);
  CHECK(in == "1");
  CHECK(parser.head().path() == "/v1/logs");
  CHECK(parser.head().Header("x-two") == "1");
  CHECK(parser.head().Header("x-three").empty());
  CHECK(parser.content_length() == 7);
  CHECK(parser.has_body());
  CHECK(parser.keep_alive());
  CHECK(parser.expects_continue());
  CHECK(parser.Parse(in) == Event::kNeedMore);
  CHECK(parser.body() == "1");
  parser.DropBody();
  in = "234567";
  CHECK(parser.Parse(in) == Event::kEnd);
  CHECK(parser.body().empty());
}

TEST_CASE("what could be read in two ways is refused") {
  const std::string_view start = "POST / HTTP/1.1\r\n", host = "Host: x\r\n";
  for (const std::string_view headers :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n", "A b: c\r\n", ": c\r\n", "nothing\r\n"}) {
    CAPTURE(headers);
    const Parsed parsed =
        ParseAll(std::string(start) + std::string(host) + std::string(headers) + "\r\n0\r\n\r\n", 1000);
    CHECK(parsed.last == Event::kBroken);
    CHECK(parsed.requests.empty());
  }
  for (const std::string_view bytes :
       {"POST / HTTP/1.1\r\n\r\n", "POST / HTTP/2.0\r\nHost: x\r\n\r\n", "GET /\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    CAPTURE(bytes);
    CHECK(ParseAll(bytes, 1000).last == Event::kBroken);
  }
}

TEST_CASE("heads and chunk heads have an end") {
  const std::string many(kMaxHttpHead + 100, 'a');
  CHECK(ParseAll("GET /" + many, 4096).last == Event::kHeadTooLarge);
  CHECK(ParseAll("GET / HTTP/1.1\r\nA: " + many, 4096).last == Event::kHeadTooLarge);
  CHECK(ParseAll("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + many, 4096).last ==
        Event::kBroken);
}

}  // namespace
}  // namespace gf_otlp::receive
