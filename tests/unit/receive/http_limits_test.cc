#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "receive/http_server.h"
#include "unit/receive/receive_test_util.h"

namespace gf_otlp::test {
namespace {

using namespace receive;
using End = RawClient::End;
using std::chrono::milliseconds;

/// Far longer than any limit below, far shorter than those that hold unless others are given.
constexpr milliseconds kSoon{5'000};

std::string HeadOf(std::size_t size) {
  return fmt::format(
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
      size);
}

/// Sends a byte every 20 ms until the connection ends, or answers.
void Drip(RawClient& client) {
  while (client.WaitForEnd(milliseconds(20)) == End::kOpen) client.Send("a");
}

}  // namespace

TEST_CASE("connections that do nothing are ended") {
  Receiver receiver;
  receiver.Serve({.times = {.idle = milliseconds(100)}});
  RawClient fresh(receiver.port()), used(receiver.port());
  CHECK(used.Ask(Post("")).status == 200);
  CHECK(fresh.WaitForEnd(kSoon) == End::kClosed);
  CHECK(used.WaitForEnd(kSoon) == End::kClosed);
}

TEST_CASE("heads that come slowly are answered with 408") {
  Receiver receiver;
  receiver.Serve({.times = {.head = milliseconds(150), .linger = milliseconds(100)}});
  RawClient stopped(receiver.port()), dripping(receiver.port());
  dripping.Send("POST /v1/traces HTTP/1.1\r\nA: ");
  const Reply reply = stopped.Ask("POST /v1/traces HTTP/1.1\r\nHost:");
  CHECK(reply.status == 408);
  CHECK(reply.Header("connection") == "close");
  const auto start = std::chrono::steady_clock::now();
  Drip(dripping);
  CHECK(std::chrono::steady_clock::now() - start < kSoon);
}

TEST_CASE("bodies that stop, or take too long, are answered with 408") {
  Receiver receiver;
  const auto start = std::chrono::steady_clock::now();
  SUBCASE("no progress") {
    receiver.Serve({.times = {.body_step = milliseconds(100), .linger = milliseconds(100)}});
    RawClient client(receiver.port());
    CHECK(client.Ask(HeadOf(1000) + "abc").status == 408);
    CHECK(client.WaitForEnd(kSoon) == End::kClosed);
  }
  SUBCASE("too little of it") {
    receiver.Serve(
        {.times = {.body_step = milliseconds(1000), .body = milliseconds(200), .linger = milliseconds(100)}});
    RawClient client(receiver.port());
    client.Send(HeadOf(1000));
    Drip(client);
  }
  CHECK(std::chrono::steady_clock::now() - start < kSoon);
  CHECK(receiver.intake().totals().refused[4] == 1);
}

TEST_CASE("who does not read the answer is not waited for") {
  Receiver receiver;
  receiver.Serve({.times = {.answer = milliseconds(200)}});
  RawClient client(receiver.port());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += Post("", "", "/" + std::string(10'000, 'n'));
  // Neither side can send any more at some time; then it ends.
  while (client.Send(many)) {
  }
  CHECK(true);
}

TEST_CASE("slow clients hold neither others up nor much memory") {
  Receiver receiver({.max_in_flight = 2000});
  receiver.Serve();
  const std::size_t body = std::size_t{20} << 20;
  const std::string piece(std::size_t{1} << 20, 'x');
  std::vector<RawClient> slow;
  for (int i = 0; i < 150; ++i) slow.emplace_back(receiver.port()).Send(HeadOf(body));
  int refused = 0;
  for (RawClient& client : slow) {
    // The server takes what there is memory for, and answers the others.
    client.Send(piece);
  }
  for (RawClient& client : slow) {
    if (client.WaitForEnd(milliseconds(1)) != End::kOpen) ++refused;
  }
  for (int tries = 0; tries < 500 && refused < 40; ++tries) {
    refused = static_cast<int>(receiver.intake().totals().refused[8]);
    std::this_thread::sleep_for(milliseconds(10));
  }
  CHECK(refused >= 40);
  // Of those that have a piece of memory now none needs more of it for its answer.
  slow.clear();
  RawClient other(receiver.port());
  Reply reply;
  do reply = other.Ask(Post(WireOf(TracesJson(1))));
  while (reply.status == 429);
  CHECK(reply.status == 200);
}

TEST_CASE("a body that does not come makes place for others") {
  Receiver receiver({.max_in_flight = 2});
  receiver.Serve();
  RawClient first(receiver.port()), second(receiver.port()), other(receiver.port());
  REQUIRE(first.Ask(WaitingHead(1000)).status == 100);
  REQUIRE(second.Ask(WaitingHead(1000)).status == 100);
  CHECK(other.Ask(Post("")).status == 429);
  while (second.Send("a") && other.Ask(Post("")).status == 429) std::this_thread::sleep_for(milliseconds(50));
  // The one that has made progress goes on.
  CHECK(first.Receive().status == 408);
  CHECK(first.WaitForEnd(kSoon) == End::kClosed);
  CHECK(other.Ask(Post("")).status == 200);
  CHECK(second.WaitForEnd(milliseconds(1)) == End::kOpen);
}

TEST_CASE("1,000 connections at a time") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Receiver receiver({.max_in_flight = 2000});
  receiver.Serve();
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(limit.rlim_cur == limit.rlim_max);
  if (limit.rlim_cur < 2100) return;  // both ends of them are here
  const std::string wire = WireOf(TracesJson(1)), request = Post(wire);
  std::vector<RawClient> clients;
  for (int i = 0; i < 1000; ++i) clients.emplace_back(receiver.port());
  for (std::size_t part = 0; part < request.size(); part += 50) {
    for (RawClient& client : clients) client.Send(std::string_view(request).substr(part, 50));
  }
  int answered = 0;
  for (RawClient& client : clients) answered += client.Receive().status == 200 ? 1 : 0;
  CHECK(answered == 1000);
  CHECK(receiver.Stored() == std::vector<std::string>(1000, wire));
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("without file descriptors connections wait, and are served later") {
  Receiver receiver;
  receiver.Serve();
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  RawClient first(receiver.port());
  CHECK(first.Ask(Post("")).status == 200);
  RawClient second(receiver.port()), third(receiver.port());
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(first.fd());
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK(first.Ask(Post("")).status == 200);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(second.Ask(Post("")).status == 200);
  CHECK(third.Ask(Post("")).status == 200);
}

TEST_CASE("a disk that fails is told, and its end too") {
  std::signal(SIGXFSZ, SIG_IGN);
  Receiver receiver;
  receiver.Serve();
  RawClient client(receiver.port());
  const std::string request = Post(WireOf(TracesJson(10)));
  CHECK(client.Ask(request).status == 200);
  const std::string ready = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 100;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0);
  const Reply failed = client.Ask(request), refused = client.Ask(request), unready = client.Ask(ready);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  for (const Reply& reply : {failed, refused}) {
    CHECK(reply.status == 503);
    CHECK(reply.Header("retry-after") == "5");
  }
  CHECK(unready.status == 503);
  CHECK(unready.body.size() > 5);
  for (int i = 0; i < 500 && client.Ask(ready).status != 200; ++i) std::this_thread::sleep_for(milliseconds(20));
  CHECK(client.Ask(request).status == 200);
  CHECK(receiver.Stored().size() == 2);
}

TEST_CASE("Stop() finishes what is in flight") {
  Receiver receiver;
  receiver.Serve();
  const std::string wire = WireOf(TracesJson(100));
  RawClient idle(receiver.port()), busy(receiver.port());
  CHECK(idle.Ask(Post("")).status == 200);
  REQUIRE(busy.Ask(WaitingHead(wire.size())).status == 100);
  busy.Send(std::string_view(wire).substr(0, 500));
  std::thread stopper([&] { receiver.server().Stop(); });
  CHECK(idle.WaitForEnd(kSoon) == End::kClosed);
  const Reply reply = busy.Ask(std::string_view(wire).substr(500));
  CHECK(reply.status == 200);
  CHECK(reply.Header("connection") == "close");
  CHECK(busy.WaitForEnd(kSoon) == End::kClosed);
  stopper.join();
  CHECK(receiver.Stored() == std::vector<std::string>{wire});
}

TEST_CASE("Stop() does not wait for ever") {
  Receiver receiver;
  receiver.Serve({.times = {.stop = milliseconds(100)}});
  RawClient client(receiver.port());
  REQUIRE(client.Ask(WaitingHead(1000)).status == 100);
  const auto start = std::chrono::steady_clock::now();
  receiver.server().Stop();
  CHECK(std::chrono::steady_clock::now() - start < kSoon);
  CHECK(client.WaitForEnd(kSoon) != End::kOpen);
}

}  // namespace gf_otlp::test
