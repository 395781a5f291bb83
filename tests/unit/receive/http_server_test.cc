#include "receive/http_server.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "otlp/rpc_status.h"
#include "unit/receive/receive_test_util.h"

namespace gf_otlp::test {
namespace {

using namespace receive;
using End = RawClient::End;

constexpr std::string_view kProto = "Content-Type: application/x-protobuf\r\n",
                           kJson = "Content-Type: application/json\r\n";

std::string With(std::string_view type, std::string_view more) { return std::string(type) + std::string(more); }

/// The status in the body of an error, which is of the type of the request.
RpcStatus StatusIn(const Reply& reply) {
  const bool json = reply.Header("content-type") == "application/json";
  Result<RpcStatus> status = json ? ReadRpcStatusJson(reply.body) : ReadRpcStatusProto(reply.body);
  REQUIRE(status);
  return *status;
}

std::string Chunked(std::string_view body, std::size_t piece) {
  std::string out =
      "POST /v1/traces HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    const std::string_view part = body.substr(0, piece);
    out += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
  }
  return out + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("requests of one connection, answered in their type") {
  Receiver receiver;
  receiver.Serve();
  RawClient client(receiver.port());
  const std::string json = TracesJson(2), wire = WireOf(json);

  const Reply proto = client.Ask(Post(wire));
  CHECK(proto.status == 200);
  CHECK(proto.body.empty());
  CHECK(proto.Header("content-type") == "application/x-protobuf");
  CHECK(proto.Header("content-length") == "0");
  CHECK_FALSE(proto.Header("date").empty());

  const Reply text = client.Ask(Post(json, "content-type: Application/JSON; charset=utf-8\r\n", "/v1/traces?a=b"));
  CHECK(text.status == 200);
  CHECK(text.body == "{}");
  CHECK(text.Header("content-type") == "application/json");

  CHECK(client.Ask(Post(Gzip(wire), With(kProto, "Content-Encoding: GZIP\r\n"))).status == 200);
  CHECK(client.Ask(Post(Zstd(wire), With(kProto, "Content-Encoding: zstd\r\n"))).status == 200);
  CHECK(client.Ask(Post(wire, With(kProto, "Content-Encoding: identity\r\n"))).status == 200);
  CHECK(client.Ask(Post("", kProto, "/v1/metrics")).status == 200);
  CHECK(receiver.Stored() == std::vector<std::string>(5, wire));
}

TEST_CASE("errors are google.rpc.Status in the request's type") {
  Receiver receiver({.max_body = 1000});
  receiver.Serve();
  RawClient client(receiver.port());
  struct Case {
    std::string request;
    int status;
    RpcCode code;
    std::string_view type, says;
  };
  const std::string_view proto = "application/x-protobuf", json = "application/json";
  const Case cases[] = {
      {Post("x"), 400, RpcCode::kInvalidArgument, proto, "not OTLP: "},
      {Post("x", kJson), 400, RpcCode::kInvalidArgument, json, "not OTLP: "},
      {Post("x", kProto, "/v1/profiles"), 404, RpcCode::kNotFound, proto, "/v1/profiles"},
      {Post("x", kProto, "/v1/traces/"), 404, RpcCode::kNotFound, proto, "/v1/traces/"},
      {Post("x", "", "/\xff"), 404, RpcCode::kNotFound, json, "no such path"},
      {"GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n", 405, RpcCode::kUnimplemented, json, "POST"},
      {"DELETE /v1/logs HTTP/1.1\r\nHost: x\r\n\r\n", 405, RpcCode::kUnimplemented, json, "POST"},
      {Post("x", ""), 415, RpcCode::kInvalidArgument, json, "application/x-protobuf or application/json"},
      {Post("x", "Content-Type: text/plain\r\n"), 415, RpcCode::kInvalidArgument, json, "application/x-protobuf"},
      {Post("x", "Content-Type: application/x-protobuf-2\r\n"), 415, RpcCode::kInvalidArgument, json,
       "application/json"},
      {Post("x", With(kProto, "Content-Encoding: snappy\r\n")), 415, RpcCode::kInvalidArgument, proto,
       "gzip, deflate, zstd"},
      {Post("x", With(kJson, "Content-Encoding: gzip, gzip\r\n")), 415, RpcCode::kInvalidArgument, json,
       "gzip, deflate"},
      {Post(std::string(1001, 'x')), 413, RpcCode::kResourceExhausted, proto, "body of more than 1000 bytes"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.request);
    const Reply reply = client.Ask(c.request);
    REQUIRE(reply.status != 0);
    CHECK(reply.status == c.status);
    CHECK(reply.Header("content-type") == c.type);
    const RpcStatus status = StatusIn(reply);
    CHECK(status.code == c.code);
    CHECK_MESSAGE(status.message.contains(c.says), status.message);
    if (c.status == 405) CHECK(reply.Header("allow") == "POST");
    CHECK(reply.Header("retry-after").empty());
    if (c.says.starts_with("gzip")) CHECK(reply.Header("accept-encoding") == "gzip, deflate, zstd");
  }
  // None of them ended the connection.
  CHECK(client.Ask(Post("")).status == 200);
}

TEST_CASE("health and readiness are open to all") {
  Receiver receiver({}, "bearer t\n");
  receiver.Serve();
  RawClient client(receiver.port());
  for (const std::string path : {"/healthz", "/readyz", "/readyz?verbose"}) {
    CHECK(client.Ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
    client.Send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const Reply head = client.Receive(/*head=*/true);
    CHECK(head.status == 200);
    CHECK(head.Header("content-length") == "3");
    const Reply post = client.Ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
    CHECK(post.status == 405);
    CHECK(post.Header("allow") == "GET, HEAD");
  }
}

TEST_CASE("credentials and the pipeline id are demanded before a body is read") {
  Receiver receiver({.require_pipeline_id = true}, "bearer t0ken\nbasic u:p\n");
  receiver.Serve();
  RawClient client(receiver.port());
  const Reply unknown = client.Ask(Post("", kProto, "/nowhere"));
  CHECK(unknown.status == 401);
  CHECK(unknown.Header("www-authenticate") == "Bearer, Basic realm=\"gf-otlp\", charset=\"UTF-8\"");
  CHECK(StatusIn(unknown).code == RpcCode::kUnauthenticated);
  CHECK(client.Ask(Post("", With(kProto, "Authorization: Bearer other\r\n"))).status == 401);
  const Reply no_id = client.Ask(Post("", With(kProto, "Authorization: Basic dTpw\r\n")));
  CHECK(no_id.status == 400);
  CHECK(StatusIn(no_id).message == "missing x-glassflow-pipeline-id header");
  CHECK(client.Ask(Post("", With(kProto, "Authorization: Bearer t0ken\r\nX-GlassFlow-Pipeline-Id: p\r\n"))).status ==
        200);
}

TEST_CASE("HTTP/1.0 and connections that are to end") {
  Receiver receiver;
  receiver.Serve();
  {
    RawClient client(receiver.port());
    const Reply reply = client.Ask("GET /healthz HTTP/1.0\r\n\r\n");
    CHECK(reply.status == 200);
    CHECK(reply.Header("connection") == "close");
    CHECK(client.WaitForEnd() == End::kClosed);
  }
  {
    RawClient client(receiver.port());
    const Reply reply = client.Ask("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(reply.Header("connection") == "keep-alive");
    CHECK(client.Ask("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status == 200);
    CHECK(client.WaitForEnd() == End::kClosed);
  }
}

TEST_CASE("pipelined requests are answered in their order") {
  Receiver receiver;
  receiver.Serve();
  RawClient client(receiver.port());
  std::string all;
  std::vector<std::string> wires;
  for (int i = 1; i <= 50; ++i) {
    wires.push_back(WireOf(TracesJson(i)));
    all += Post(wires.back()) + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + Post("x", kProto, "/none");
  }
  std::thread sender([&] { client.Send(all); });
  for (int i = 1; i <= 50; ++i) {
    CHECK(client.Receive().status == 200);
    CHECK(client.Receive().body == "ok\n");
    CHECK(client.Receive().status == 404);
  }
  sender.join();
  CHECK(receiver.Stored() == wires);
}

TEST_CASE("chunked bodies") {
  Receiver receiver({.max_body = 200'000});
  receiver.Serve();
  const std::string wire = WireOf(TracesJson(1000, 100));
  REQUIRE(wire.size() < 200'000);
  {
    RawClient client(receiver.port());
    for (const std::size_t piece : {std::size_t{7}, std::size_t{5000}, wire.size()}) {
      CHECK(client.Ask(Chunked(wire, piece)).status == 200);
    }
  }
  SUBCASE("a body over the limit is refused when it is passed") {
    RawClient client(receiver.port());
    std::thread sender([&] { client.Send(Chunked(std::string(std::size_t{10} << 20, 'x'), 10'000)); });
    const Reply reply = client.Receive();
    CHECK(reply.status == 413);
    CHECK(reply.Header("connection") == "close");
    CHECK(client.WaitForEnd() == End::kClosed);
    sender.join();
  }
  SUBCASE("a chunk that is none") {
    RawClient client(receiver.port());
    CHECK(client
              .Ask("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
                   "Transfer-Encoding: chunked\r\n\r\nzz\r\n")
              .status == 400);
    CHECK(client.WaitForEnd() == End::kClosed);
  }
  CHECK(receiver.Stored() == std::vector<std::string>(3, wire));
}

TEST_CASE("100 Continue, or the final answer at once") {
  Receiver receiver({.max_body = 1000});
  receiver.Serve();
  const std::string wire = WireOf(TracesJson(2));
  const auto head = [](std::size_t size, std::string_view path = "/v1/traces") {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nExpect: 100-continue\r\n"
        "Content-Length: {}\r\n\r\n",
        path, size);
  };
  RawClient client(receiver.port());
  for (int i = 0; i < 2; ++i) {
    CHECK(client.Ask(head(wire.size())).status == 100);
    CHECK(client.Ask(wire).status == 200);
  }
  // Who sends the body without waiting is not told to.
  CHECK(client.Ask(head(wire.size()) + wire).status == 200);
  for (const std::string& refused : {head(1001), head(5, "/none")}) {
    RawClient other(receiver.port());
    const Reply reply = other.Ask(refused);
    CHECK(reply.status >= 400);
    CHECK(reply.Header("connection") == "close");
    CHECK(other.WaitForEnd() == End::kClosed);
  }
}

TEST_CASE("an answer before the body is seen by a client that is still sending") {
  Receiver receiver({.max_body = std::size_t{1} << 20});
  receiver.Serve();
  const std::string much(std::size_t{40} << 20, 'x');
  RawClient client(receiver.port());
  bool sent = false;
  std::thread sender([&] { sent = client.Send(Post(much)); });
  sender.join();  // all of it, before the answer is looked at
  CHECK(sent);
  const Reply reply = client.Receive();
  CHECK(reply.status == 413);
  CHECK(StatusIn(reply).message == "body of more than 1048576 bytes");
  CHECK(client.WaitForEnd() == End::kClosed);
}

TEST_CASE("a refused body that is small does not cost the connection") {
  Receiver receiver({.max_in_flight = 1});
  receiver.Serve();
  RawClient first(receiver.port()), second(receiver.port());
  const std::string wire = WireOf(TracesJson(500)), request = Post(wire);
  REQUIRE(first.Ask(WaitingHead(wire.size())).status == 100);
  const Reply busy = second.Ask(request);
  CHECK(busy.status == 429);
  CHECK(busy.Header("retry-after") == "1");
  const RpcStatus status = StatusIn(busy);
  CHECK(status.code == RpcCode::kResourceExhausted);
  CHECK(status.retry_delay == std::chrono::seconds(1));
  CHECK(first.Ask(wire).status == 200);
  CHECK(second.Ask(request).status == 200);
}

TEST_CASE("broken HTTP ends its connection with 400, too large a head with 431") {
  Receiver receiver;
  receiver.Serve();
  for (const auto& [bytes, status] :
       {std::pair<std::string, int>{"nonsense\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"POST /v1/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
        {"POST /v1/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\nContent-Length: 0\r\n\r\n", 400},
        {"POST /v1/traces HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
        {"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
         "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
         400},
        {std::string(100, '\0'), 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(100'000, 'a') + "\r\n\r\n", 431}}) {
    RawClient client(receiver.port());
    const Reply reply = client.Ask(bytes);
    CHECK(reply.status == status);
    CHECK(reply.Header("connection") == "close");
    CHECK(client.WaitForEnd() == End::kClosed);
  }
  RawClient fine(receiver.port());
  for (const std::string target : {"http://here:4318/healthz", "HTTP://here/healthz?a", "/healthz"}) {
    CHECK(fine.Ask("GET " + target + " HTTP/1.1\r\nHost:\r\n\r\n").status == 200);
  }
  CHECK(fine.Ask("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(60'000, 'a') + "\r\n\r\n").status == 404);
}

TEST_CASE("an address that is taken or none") {
  Receiver receiver;
  receiver.Serve();
  const auto taken = HttpServer::Start({.port = receiver.port()}, receiver.intake());
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == Code::kIo);
  const auto none = HttpServer::Start({.host = "no.such.host.invalid"}, receiver.intake());
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Code::kUsage);
  for (const std::string host : {"localhost", "::1", "0.0.0.0"}) {
    CAPTURE(host);
    const auto server = HttpServer::Start({.host = host}, receiver.intake());
    if (host == "::1" && !server) continue;  // no IPv6 here
    REQUIRE_MESSAGE(server, server.error().message());
    if (host == "::1") continue;
    RawClient client((*server)->port());
    CHECK(client.Ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
  }
}

}  // namespace gf_otlp::test
