#include "sink/otlp_sink.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "unit/sink/batch_util.h"

namespace gf_otlp {
namespace {

using namespace std::chrono_literals;
using Kind = OtlpAnswer::Kind;
using Clock = std::chrono::steady_clock;

OtlpAnswer Taken() { return {}; }
OtlpAnswer Busy(std::optional<std::chrono::nanoseconds> wait = {}) {
  return {.kind = Kind::kRetry, .reason = "HTTP 503: busy", .retry_after = wait};
}
OtlpAnswer Refused(Code code = Code::kBadData) {
  return {.kind = Kind::kRefused, .code = code, .reason = "HTTP 400: bad"};
}

/// A server that answers as a function says; what it was sent, in the order of arrival.
class Server {
 public:
  using Answers = std::function<OtlpAnswer(const std::string& body, int tries)>;  // of that body, from 1

  explicit Server(Answers answers) : answers_(std::move(answers)) {}

  OtlpAnswer Take(Signal signal, std::string_view body) {
    const std::string text(body);
    int tries = 0;
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(std::string(SignalName(signal)) + " " + text);
      tries = ++tries_[text];
      changed_.notify_all();
    }
    return answers_(text, tries);
  }
  std::vector<std::string> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  void WaitFor(std::size_t requests) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sent_.size() >= requests; });
  }
  /// For answers that take until they are cancelled.
  void WaitForCancel() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancelled_; });
  }
  void Cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

 private:
  const Answers answers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> sent_;
  std::map<std::string, int> tries_;
  bool cancelled_ = false;
};

class Transport final : public OtlpTransport {
 public:
  explicit Transport(Server& server) : server_(server) {}
  OtlpAnswer Send(Signal signal, std::string_view body) override { return server_.Take(signal, body); }
  void Cancel() override { server_.Cancel(); }

 private:
  Server& server_;
};

/// A sink to a server, and what it said.
struct Fixture {
  explicit Fixture(Server::Answers answers, unsigned concurrency = 1) : server(std::move(answers)) {
    options.make_transport = [this] { return std::make_unique<Transport>(server); };
    options.concurrency = concurrency;
    options.retry = {.first = 1ms, .longest = 4ms, .give_up_after = 60s};
    options.say = [this](std::string_view text) { said.emplace_back(text); };
  }
  OtlpSink& Open() {
    Result<std::unique_ptr<OtlpSink>> opened = OtlpSink::Open(options);
    REQUIRE(opened);
    sink = std::move(*opened);
    return *sink;
  }
  Status Write(const std::vector<TestMessage>& messages, std::uint64_t end = 1) {
    Batch batch = MakeBatch(messages, end);
    return sink->Write(batch);
  }
  std::uint64_t delivered() const { return sink->delivered() ? sink->delivered()->units : 0; }

  Server server;
  OtlpSinkOptions options;
  std::vector<std::string> said;
  std::unique_ptr<OtlpSink> sink;
};

TestMessage Of(std::string_view value, Signal signal = Signal::kTraces, std::uint32_t records = 1) {
  return {.route = static_cast<std::uint32_t>(signal), .key = "", .value = value, .records = records};
}

TEST_CASE("requests go in order, one at a time, and are counted") {
  std::atomic<int> under_way = 0;
  Fixture test([&](const std::string&, int) {
    CHECK(++under_way == 1);
    --under_way;
    return Taken();
  });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a", Signal::kTraces, 3), Of("b", Signal::kMetrics)}, 1).ok());
  CHECK(test.Write({}, 2).ok());
  CHECK(test.Write({Of("c"), Of("d", Signal::kLogs, 5)}, 3).ok());
  CHECK(sink.Close().ok());
  CHECK(test.server.sent() == std::vector<std::string>{"traces a", "metrics b", "traces c", "logs d"});
  CHECK(test.delivered() == 3);
  const OtlpSink::Totals totals = sink.totals();
  CHECK(totals.sent == 4);
  CHECK(totals.delivered == 4);
  CHECK(totals.delivered_records == 10);
  CHECK(totals.retries + totals.refused + totals.failed + totals.rejected_records == 0);
  REQUIRE(sink.signals().size() == 3);
  CHECK(sink.signals()[0].topic == "traces");
  CHECK(sink.signals()[0].messages == 2);
  CHECK(sink.signals()[0].records == 4);
  CHECK(sink.signals()[1].records == 5);
  CHECK(sink.signals()[2].bytes == 1);
  CHECK(test.said.empty());
}

TEST_CASE("a request is tried until it is taken, and those behind it wait") {
  Fixture test([](const std::string& body, int tries) { return body == "a" && tries < 5 ? Busy() : Taken(); });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b")}).ok());
  CHECK(sink.Close().ok());
  CHECK(test.server.sent() ==
        std::vector<std::string>{"traces a", "traces a", "traces a", "traces a", "traces a", "traces b"});
  CHECK(sink.totals().sent == 6);
  CHECK(sink.totals().retries == 4);
  CHECK(sink.totals().delivered == 2);
  REQUIRE(test.said.size() == 2);
  CHECK(test.said[0] == "traces: HTTP 503: busy; trying again for up to 60 s");
  CHECK(test.said[1].starts_with("going on after "));
}

TEST_CASE("what a transport sends again counts as tried again") {
  Fixture test([](const std::string&, int) { return OtlpAnswer{.resent = 1}; });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b")}).ok());
  CHECK(sink.Close().ok());
  CHECK(sink.totals().sent == 4);
  CHECK(sink.totals().retries == 2);
}

TEST_CASE("a server that lets every request wait is news once") {
  Fixture test([](const std::string&, int tries) { return tries < 2 ? Busy() : Taken(); });
  OtlpSink& sink = test.Open();
  for (const char* body : {"a", "b", "c", "d"}) CHECK(test.Write({Of(body)}).ok());
  CHECK(sink.Close().ok());
  CHECK(sink.totals().retries == 4);
  CHECK(test.said.size() == 2);
}

TEST_CASE("the server says how long to wait") {
  Fixture test([](const std::string&, int tries) { return tries < 2 ? Busy(200ms) : Taken(); });
  OtlpSink& sink = test.Open();
  const auto begin = Clock::now();
  CHECK(test.Write({Of("a")}).ok());
  CHECK(sink.Close().ok());
  CHECK(Clock::now() - begin >= 200ms);
}

TEST_CASE("a request is given up in the end, and with it the run") {
  Fixture test([](const std::string& body, int) { return body == "b" ? Busy() : Taken(); });
  test.options.retry.give_up_after = 50ms;
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a")}, 1).ok());
  CHECK(test.Write({Of("b", Signal::kTraces, 2), Of("c", Signal::kTraces, 3)}, 2).ok());
  CHECK(test.Write({Of("d")}, 3).ok());
  const Status status = sink.Close();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
  CHECK(status.message().starts_with("traces: HTTP 503: busy; given up after "));
  CHECK(test.delivered() == 1);
  CHECK(sink.totals().failed == 1);  // c was not begun
  CHECK(sink.totals().failed_records == 2);
  CHECK(test.server.sent().back() == "traces b");
  CHECK(test.Write({Of("e")}).message() == status.message());
}

TEST_CASE("a wait that is longer than what is left is not begun") {
  Fixture test([](const std::string&, int) { return Busy(1h); });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a")}).ok());
  CHECK(sink.Close().message() == "traces: HTTP 503: busy; given up: the server asks to wait for 60 min");
  CHECK(test.delivered() == 0);
}

TEST_CASE("a refused request ends the run with the server's words") {
  for (const Code code : {Code::kBadData, Code::kIo}) {
    Fixture test([&](const std::string& body, int) { return body == "b" ? Refused(code) : Taken(); });
    OtlpSink& sink = test.Open();
    CHECK(test.Write({Of("a"), Of("b", Signal::kLogs), Of("c")}).ok());
    const Status status = sink.Close();
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == code);
    CHECK(status.message() == "logs: HTTP 400: bad");
    CHECK(test.server.sent().size() == 2);
    CHECK(test.delivered() == 0);
    CHECK(sink.totals().delivered == 1);
    CHECK(sink.totals().failed == 1);
    CHECK(test.said.empty());
  }
}

TEST_CASE("units before the one whose request ended the run, or waited when it was interrupted, are delivered") {
  const std::vector<TestMessage> messages = {
      {.value = "a", .unit = 0}, {.value = "b", .unit = 3}, {.value = "c", .unit = 4}, {.value = "d", .unit = 5}};
  Fixture refused([](const std::string& body, int) { return body == "c" ? Refused() : Taken(); });
  OtlpSink& sink = refused.Open();
  CHECK(refused.Write(messages, 7).ok());
  CHECK_FALSE(sink.Close().ok());
  CHECK(refused.delivered() == 4);

  Fixture paced([](const std::string&, int) { return Taken(); });
  paced.options.rate.items = 0.001;
  OtlpSink& slow = paced.Open();
  CHECK(paced.Write(messages, 7).ok());
  while (slow.totals().delivered < 1) std::this_thread::yield();
  slow.LimitFlush(1h);
  CHECK(slow.Close().ok());
  CHECK(paced.delivered() == 3);
}

TEST_CASE("a server that cannot be connected to for good ends the run, and no request is to blame") {
  Fixture test([](const std::string&, int) { return OtlpAnswer{.kind = Kind::kFailed, .reason = "not trusted"}; });
  test.options.on_refused = [](const Batch&, const Message&, Code, std::string_view) { return Status(); };
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b")}).ok());
  const Status status = sink.Close();
  CHECK(status.code() == Code::kIo);
  CHECK(status.message() == "traces: not trusted");
  CHECK(test.server.sent().size() == 1);
  CHECK(sink.totals().refused == 0);
  CHECK(sink.totals().failed == 1);
}

TEST_CASE("a refused request that is dealt with does not end the run, one at a time") {
  constexpr int kRequests = 40;
  std::atomic<int> at_a_time = 0;
  std::vector<std::string> refused;
  Fixture test([](const std::string& body, int) { return body.size() % 2 == 0 ? Refused() : Taken(); }, 4);
  test.options.on_refused = [&](const Batch& batch, const Message& message, Code code, std::string_view reason) {
    CHECK(++at_a_time == 1);
    CHECK(code == Code::kBadData);
    CHECK(reason == "HTTP 400: bad");
    std::this_thread::sleep_for(1ms);
    refused.emplace_back(batch.text(message));
    --at_a_time;
    return Status();
  };
  OtlpSink& sink = test.Open();
  for (std::size_t i = 1; i <= kRequests; ++i) CHECK(test.Write({Of(std::string(i, 'x'))}, i).ok());
  CHECK(sink.Close().ok());
  CHECK(refused.size() == kRequests / 2);
  CHECK(sink.totals().refused == kRequests / 2);
  CHECK(sink.totals().delivered == kRequests / 2);
  CHECK(test.delivered() == kRequests);
}

TEST_CASE("a partial success is one, counted, and told once of each signal") {
  Fixture test([](const std::string& body, int) {
    OtlpAnswer answer;
    if (body == "warned") answer.partial = {.rejected = 0, .message = "old format"};
    if (body == "part") answer.partial = {.rejected = 2, .message = "too old"};
    if (body == "more") answer.partial = {.rejected = 100, .message = "too new"};
    if (body == "mute") answer.partial = {.rejected = 1, .message = ""};
    return answer;
  });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("part", Signal::kTraces, 5), Of("more", Signal::kTraces, 5), Of("warned", Signal::kLogs, 5),
                    Of("mute", Signal::kMetrics, 5)})
            .ok());
  CHECK(sink.Close().ok());
  CHECK(sink.totals().delivered == 4);
  CHECK(sink.totals().delivered_records == 20);
  CHECK(sink.totals().rejected_records == 8);  // 2, 5 and 1
  CHECK(sink.totals().retries == 0);
  CHECK(sink.partial_messages() == std::array<std::string, 3>{"too old", "old format", "no reason given"});
  CHECK(test.said == std::vector<std::string>{"traces: of 5 records the server rejected 2: too old",
                                              "logs: of 5 records the server rejected 0: old format",
                                              "metrics: of 5 records the server rejected 1: no reason given"});
}

TEST_CASE("answers that are none of a receiver of OTLP are told once") {
  Fixture test([](const std::string&, int) { return OtlpAnswer{.reason = "odd"}; });
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b")}).ok());
  CHECK(sink.Close().ok());
  CHECK(test.said == std::vector<std::string>{"traces: odd"});
}

TEST_CASE("with a concurrency of 4 requests overlap, and what is delivered is known in order") {
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0, most = 0;
  bool slow_may_go = false;
  Fixture test(
      [&](const std::string& body, int tries) {
        std::unique_lock lock(mutex);
        most = std::max(most, ++under_way);
        changed.notify_all();
        if (body == "1") {
          changed.wait(lock, [&] { return slow_may_go; });
        } else {
          changed.wait_for(lock, 5s, [&] { return most == 4; });
        }
        --under_way;
        return tries == 1 && body.size() == 2 ? Busy() : Taken();
      },
      4);
  OtlpSink& sink = test.Open();
  for (int i = 0; i < 100; ++i) CHECK(test.Write({Of(std::to_string(i))}, i + 1).ok());
  while (sink.totals().delivered < 99) std::this_thread::yield();
  CHECK(test.delivered() == 1);
  {
    const std::lock_guard lock(mutex);
    slow_may_go = true;
  }
  changed.notify_all();
  CHECK(sink.Close().ok());
  CHECK(most == 4);
  CHECK(test.delivered() == 100);
  CHECK(sink.totals().retries == 90);
}

TEST_CASE("when a request fails, others that are under way are finished, and nothing new is begun") {
  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
  Fixture test(
      [&](const std::string& body, int) {
        std::unique_lock lock(mutex);
        if (body == "bad") return Refused();
        changed.wait(lock, [&] { return failed; });
        return Taken();
      },
      4);
  test.options.on_refused = [&](const Batch&, const Message&, Code, std::string_view reason) {
    const std::lock_guard lock(mutex);
    failed = true;
    changed.notify_all();
    return IoError("dead letters: " + std::string(reason));
  };
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a")}, 1).ok());
  CHECK(test.Write({Of("b")}, 2).ok());
  test.server.WaitFor(2);
  CHECK(test.Write({Of("bad"), Of("c")}, 3).ok());
  const Status status = sink.Close();
  CHECK(status.message() == "dead letters: HTTP 400: bad");
  // c may have been begun beside it.
  CHECK(sink.totals().failed == 1);
  CHECK(sink.totals().delivered >= 2);
  CHECK(test.delivered() == 2);
}

TEST_CASE("Write waits while too much is under way") {
  std::mutex mutex;
  std::condition_variable changed;
  bool go = false;
  Fixture test([&](const std::string&, int) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return go; });
    return Taken();
  });
  test.options.max_bytes_under_way = 10'000;
  OtlpSink& sink = test.Open();
  const std::string large(100'000, 'x');
  CHECK(test.Write({Of(large)}, 1).ok());
  std::atomic<bool> written = false;
  std::thread writer([&] {
    CHECK(test.Write({Of("b")}, 2).ok());
    written = true;
  });
  test.server.WaitFor(1);
  std::this_thread::sleep_for(20ms);
  CHECK_FALSE(written);
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  writer.join();
  CHECK(sink.Close().ok());
  CHECK(test.delivered() == 2);
}

TEST_CASE("an interrupt ends waits for retries, and says what was not sent") {
  Fixture test([](const std::string&, int) { return Busy(1h); });
  test.options.retry.give_up_after = 24h;
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b")}, 1).ok());
  CHECK(test.Write({Of("c")}, 2).ok());
  test.server.WaitFor(1);
  sink.LimitFlush(1h);
  CHECK(test.Write({Of("d")}).code() == Code::kClosed);
  const Status status = sink.Close();
  CHECK(status.code() == Code::kIo);
  CHECK(status.message() == "traces: HTTP 503: busy; not tried again, as the run was ended");
  CHECK(sink.totals().failed == 1);  // b and c were not begun
  CHECK(test.server.sent().size() == 1);
}

TEST_CASE("an interrupt ends pacing: what waits for its time is not sent") {
  Fixture test([](const std::string&, int) { return Taken(); });
  test.options.rate.items = 0.001;
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a"), Of("b"), Of("c")}, 1).ok());
  CHECK(test.Write({Of("d")}, 2).ok());
  test.server.WaitFor(1);
  sink.LimitFlush(1h);
  CHECK(sink.Close().ok());
  CHECK(test.server.sent() == std::vector<std::string>{"traces a"});
  CHECK(sink.totals().delivered == 1);
  CHECK(sink.totals().failed == 0);
}

TEST_CASE("a request that hangs is given up when the time of an interrupt is over") {
  Fixture* fixture = nullptr;
  Fixture test([&](const std::string&, int) {
    fixture->server.WaitForCancel();
    return Busy();
  });
  fixture = &test;
  OtlpSink& sink = test.Open();
  CHECK(test.Write({Of("a")}, 1).ok());
  test.server.WaitFor(1);
  sink.LimitFlush(20ms);
  const Status status = sink.Close();
  CHECK(status.code() == Code::kIo);
  CHECK(status.message() == "1 requests were under way and not taken in time");
  CHECK(sink.totals().failed == 1);
  CHECK(test.delivered() == 0);
}

TEST_CASE("a sink that is not closed gives up what is not sent") {
  Fixture test([](const std::string&, int) { return Busy(1h); });
  test.options.retry.give_up_after = 24h;
  test.Open();
  CHECK(test.Write({Of("a"), Of("b")}).ok());
  test.server.WaitFor(1);
  test.sink.reset();
  CHECK(test.server.sent().size() == 1);
}

TEST_CASE("records a second are kept to") {
  Fixture test([](const std::string&, int) { return Taken(); });
  test.options.rate.items = 1000;
  OtlpSink& sink = test.Open();
  const auto begin = Clock::now();
  for (int i = 0; i < 4; ++i) CHECK(test.Write({Of("a", Signal::kTraces, 100)}).ok());
  CHECK(sink.Close().ok());
  CHECK(Clock::now() - begin >= 250ms);  // what passed unused is caught up with a little: 50 ms
}

/// Sends requests of these times, in batches of two, and gives when each arrived.
std::vector<Clock::duration> Arrivals(double speed, const std::vector<std::uint64_t>& times, unsigned concurrency = 1) {
  std::mutex mutex;
  std::map<std::string, Clock::time_point> arrived;
  Fixture test(
      [&](const std::string& body, int) {
        const std::lock_guard lock(mutex);
        arrived[body] = Clock::now();
        return Taken();
      },
      concurrency);
  test.options.speed = speed;
  OtlpSink& sink = test.Open();
  for (std::size_t i = 0; i < times.size(); i += 2) {
    constexpr std::string_view kNames = "abcdef";
    Batch batch = MakeBatch({Of(kNames.substr(i, 1)), Of(kNames.substr(i + 1, 1))}, i);
    batch.times = {times[i], times[i + 1]};
    CHECK(sink.Write(batch).ok());
  }
  CHECK(sink.Close().ok());
  std::vector<Clock::duration> gaps;
  for (const auto& [name, when] : arrived) gaps.push_back(when - arrived["a"]);
  return gaps;
}

TEST_CASE("gaps between times are kept at the speed asked for; those whose time is past or unknown go at once") {
  constexpr std::uint64_t kStart = 1'700'000'000'000'000'000, kSecond = 1'000'000'000;
  const std::vector<std::uint64_t> times = {kStart, kStart + kSecond, kStart + kSecond / 2, 0, kStart + 2 * kSecond, 7};
  for (const unsigned concurrency : {1u, 4u}) {
    const std::vector<Clock::duration> at = Arrivals(10, times, concurrency);
    REQUIRE(at.size() == 6);
    CHECK(at[1] >= 95ms);
    CHECK(at[1] < 195ms);
    CHECK(at[2] < 195ms);
    CHECK(at[3] < 195ms);
    CHECK(at[4] >= 195ms);
    CHECK(at[5] >= at[3]);
    CHECK(at[5] < 2s);
  }
  CHECK(Arrivals(0, times).back() < 90ms);
}

TEST_CASE("another pass begins at its own first time") {
  Fixture test([](const std::string&, int) { return Taken(); });
  test.options.speed = 1;
  OtlpSink& sink = test.Open();
  const auto begin = Clock::now();
  for (int pass = 0; pass < 2; ++pass) {
    sink.BeginPass();
    Batch batch = MakeBatch({Of("a"), Of("b")}, 1);
    batch.times = {1'000'000'000, 1'050'000'000};
    CHECK(sink.Write(batch).ok());
    CHECK(sink.Flush().ok());
  }
  CHECK(sink.Close().ok());
  CHECK(Clock::now() - begin >= 100ms);
  CHECK(test.server.sent().size() == 4);
}

TEST_CASE("a transport that cannot be made is why a sink cannot be opened") {
  OtlpSinkOptions options;
  int made = 0;
  options.concurrency = 2;
  Server server([](const std::string&, int) { return Taken(); });
  options.make_transport = [&]() -> Result<std::unique_ptr<OtlpTransport>> {
    if (++made == 2) return std::unexpected(UsageError("no such file"));
    return std::make_unique<Transport>(server);
  };
  const auto sink = OtlpSink::Open(options);
  REQUIRE_FALSE(sink);
  CHECK(sink.error().message() == "no such file");
}

}  // namespace
}  // namespace gf_otlp
