#include "receive/capture_recovery.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "input/paths.h"
#include "unit/input/input_test_util.h"
#include "unit/receive/capture_test_util.h"

namespace gf_otlp::test {
namespace {

namespace fs = std::filesystem;
using namespace receive;
using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

/// The content of a file that requests were stored in.
std::string FileOf(Framing framing, const Numbers& numbers) {
  const TempDir dir;
  if (numbers.empty()) return "";
  TestWriter writer(OptionsOf(dir.path(), framing));
  for (const std::uint64_t n : numbers) CHECK(writer.Store(NumberedRequest(n, 0, framing)).ok());
  CHECK(writer->Close().ok());
  return Slurp(dir.path() + "/otlp" + framing.extension());
}

StoredRequest WithHeaders(std::uint64_t number, Framing framing = {}) {
  StoredRequest request = NumberedRequest(number, 0, framing);
  request.headers = {{"x-number", std::to_string(number)}, {"x-text", "a\"b\xff"}};
  return request;
}

/// Every line of a headers file is whole, and tells of the request that stands at its place in the data.
std::vector<std::uint64_t> CheckHeaders(const std::string& data, Framing framing) {
  Numbers numbers;
  const CutResult cut = CutAll({data});
  std::string rest = Slurp(data + ".headers");
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    REQUIRE(end != std::string::npos);
    const auto line = nlohmann::json::parse(rest.substr(0, end));
    rest.erase(0, end + 1);
    const auto unit = std::ranges::find(cut.units, line["offset"].get<std::uint64_t>(), &CutUnit::offset);
    REQUIRE(unit != cut.units.end());
    CHECK(line["length"] == unit->length);
    CHECK(line["signal"] == "logs");
    CHECK(line["headers"].size() == 2);
    CHECK(line["headers"]["x-text"] == "a\"b\xef\xbf\xbd");
    numbers.push_back(std::stoull(line["headers"]["x-number"].get<std::string>()));
    CHECK(unit->bytes == NumberedRequest(numbers.back(), 0, framing).bytes);
  }
  return numbers;
}

}  // namespace

TEST_CASE("an unfinished request is cut off wherever it is torn") {
  for (const Framing framing : kFramings) {
    for (const Numbers& before : {Numbers{1, 2}, Numbers{}}) {
      Numbers all = before;
      all.push_back(3);
      const std::string whole = FileOf(framing, all);
      const std::size_t begin = FileOf(framing, before).size();
      for (std::size_t size = begin; size <= whole.size(); ++size) {
        CAPTURE(framing.extension());
        CAPTURE(size - begin);
        const TempDir dir;
        const std::string path = dir.Write("otlp" + framing.extension(), whole.substr(0, size));
        TestWriter writer(OptionsOf(dir.path(), framing));
        if (size == begin || size == whole.size()) {
          CHECK(writer.said().empty());
        } else {
          CHECK(writer.said() ==
                Strings{fmt::format("{}: cut {} bytes of an unfinished request off its end at offset {}", path,
                                    size - begin, begin)});
        }
        CHECK(writer.Store(NumberedRequest(4, 0, framing)).ok());
        Numbers expected = size == whole.size() ? all : before;
        expected.push_back(4);
        CHECK(ReadNumbers({dir.path()}) == expected);
      }
    }
  }
}

TEST_CASE("blocks that were never written are cut off, and the request that they are a part of") {
  constexpr std::size_t kBlock = 4096;
  for (const Framing framing : kFramings) {
    // The last request begins in front of a block, and ends behind its begin.
    std::string before, whole;
    Numbers numbers;
    for (std::uint64_t n = 1; whole.size() <= kBlock + 8; ++n) {
      const std::string bytes = NumberedRequest(n, 0, framing).bytes;
      before = whole;
      whole += framing.extension() == ".json" ? Line(bytes) : FramedMessage(bytes);
      numbers.push_back(n);
    }
    numbers.pop_back();
    REQUIRE(before.size() < kBlock);
    for (std::size_t size = before.size(); size <= whole.size(); ++size) {
      for (const std::size_t zeros : {whole.size() - size, whole.size() - size + 1, std::size_t{70'000}}) {
        if (zeros == 0) continue;
        CAPTURE(framing.extension());
        CAPTURE(size - before.size());
        CAPTURE(zeros);
        const TempDir dir;
        const std::string path = dir.Write("otlp" + framing.extension(), whole.substr(0, size));
        fs::resize_file(path, size + zeros);
        TestWriter writer(OptionsOf(dir.path(), framing));
        const std::size_t left = fs::file_size(path);
        CHECK((left == before.size() || left == whole.size()));
        CHECK(writer.said().size() == (left == size + zeros ? 0 : 1));
        // Of protobuf it may be that the request is one, though some of its text is missing: there is no checksum.
        if (size == whole.size()) CHECK(left == whole.size());
        if (size <= kBlock && framing.extension() != ".proto") CHECK(left == before.size());
        if (left == whole.size()) continue;
        CHECK(writer.Store(NumberedRequest(1000, 0, framing)).ok());
        Numbers expected = numbers;
        expected.push_back(1000);
        CHECK(ReadNumbers({dir.path()}) == expected);
      }
    }
  }
  // A file of nothing else.
  const TempDir dir;
  fs::resize_file(dir.Write("otlp.proto", ""), 5000);
  TestWriter writer(OptionsOf(dir.path()));
  CHECK(writer.said().size() == 1);
  CHECK(writer.Store(NumberedRequest(1)).ok());
  CHECK(ReadNumbers({dir.path()}) == Numbers{1});
}

TEST_CASE("a first request of which only the begin was written is cut off") {
  const std::string frame = FramedMessage(NumberedRequest(1).bytes);
  for (std::size_t size = 1; size < std::min<std::size_t>(frame.size(), 40); ++size) {
    for (const std::size_t zeros : {1, 4, 5000}) {
      CAPTURE(size);
      CAPTURE(zeros);
      const TempDir dir;
      const std::string path = dir.Write("otlp.proto", frame.substr(0, size));
      fs::resize_file(path, size + zeros);
      TestWriter writer(OptionsOf(dir.path()));
      // Zeros in the block that the frame ends in are taken for its own.
      const std::size_t left = fs::file_size(path);
      CHECK((left == 0 || (left == frame.size() && size + zeros >= frame.size())));
    }
  }
}

TEST_CASE("what is not of our framing is refused and not touched") {
  const std::string raw = NumberedRequest(1).bytes, json = NumberedRequest(1, 0, kFramings[2]).bytes;
  const std::string framed = FileOf({}, {1});
  const struct {
    const char* name;
    std::string content;
  } kCases[] = {{"otlp.proto", raw},
                {"otlp.proto", raw + raw},
                {"otlp.proto", json + "\n"},
                {"otlp.proto", "What is this?\n"},
                {"otlp.proto", Gzip(framed)},
                {"otlp.proto", Zstd(framed)},
                {"otlp.proto", framed + std::string(4, '\0') + framed},
                {"otlp.json", raw},
                {"otlp.json", framed},
                {"otlp.json", "[" + json + "]\n"},
                {"otlp.json", Gzip(json)}};
  for (const auto& [name, content] : kCases) {
    CAPTURE(name);
    CAPTURE(content);
    const TempDir dir;
    const std::string path = dir.Write(name, content);
    const auto writer = CaptureWriter::Open(
        OptionsOf(dir.path(), {std::string_view(name) == "otlp.json" ? FileFormat::kJson : FileFormat::kProto}),
        [](std::string_view) {});
    REQUIRE_FALSE(writer.has_value());
    CHECK(writer.error().code() == Code::kUsage);
    CHECK(writer.error().message().starts_with(path + ": "));
    CHECK(Slurp(path) == content);
  }
  // Other names are none of our business.
  const TempDir dir;
  for (const char* name : {"otlp.json", "otlp.proto.zst", "otlp-2026-11-21T00-18-54.769-size.proto", "traces.proto"}) {
    dir.Write(name, "What is this?\n");
  }
  CHECK(TestWriter(OptionsOf(dir.path())).said().empty());
}

TEST_CASE("a directory or a pipe in a file's place is refused") {
  const TempDir dir;
  fs::create_directory(dir.path() + "/otlp.proto");
  CHECK_FALSE(CaptureWriter::Open(OptionsOf(dir.path()), [](std::string_view) {}).has_value());
}

TEST_CASE("headers stand beside their requests, whatever is torn") {
  for (const Framing framing : kFramings) {
    CAPTURE(framing.extension());
    const TempDir written;
    {
      TestWriter writer(OptionsOf(written.path(), framing));
      for (std::uint64_t n = 1; n <= 3; ++n) CHECK(writer.Store(WithHeaders(n, framing)).ok());
      CHECK(writer.Store(NumberedRequest(4, 0, framing)).ok());
      CHECK(writer.Store(WithHeaders(5, framing)).ok());
    }
    const std::string name = "otlp" + framing.extension();
    const std::string data = Slurp(written.path() + "/" + name);
    const std::string headers = Slurp(written.path() + "/" + name + ".headers");
    CHECK(CheckHeaders(written.path() + "/" + name, framing) == Numbers{1, 2, 3, 5});

    const std::size_t last_data = FileOf(framing, {1, 2, 3, 4}).size();
    const std::size_t last_line = headers.rfind('\n', headers.size() - 2) + 1;
    const auto check = [&](std::size_t data_size, std::size_t headers_size, const Numbers& expected) {
      CAPTURE(data_size);
      CAPTURE(headers_size);
      const TempDir dir;
      dir.Write(name, data.substr(0, data_size));
      dir.Write(name + ".headers", headers.substr(0, headers_size));
      TestWriter writer(OptionsOf(dir.path(), framing));
      CHECK(writer.Store(WithHeaders(6, framing)).ok());
      CHECK(CheckHeaders(dir.path() + "/" + name, framing) == expected);
    };
    for (std::size_t size = last_data; size < data.size(); ++size) check(size, headers.size(), {1, 2, 3, 6});
    for (std::size_t size = last_line; size < headers.size(); ++size) check(data.size(), size, {1, 2, 3, 6});
    check(0, headers.size(), {6});
    check(data.size(), 0, {6});
    check(data.size(), headers.size(), {1, 2, 3, 5, 6});
  }
}

TEST_CASE("headers are put aside with their data, also if the process ends in between") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path(), {.zstd = true});
  options.rotate_bytes = 1;
  {
    TestWriter writer(options);
    for (std::uint64_t n = 1; n <= 3; ++n) CHECK(writer.Store(WithHeaders(n, {.zstd = true})).ok());
  }
  Strings names = NamesIn(dir.path(), true);
  REQUIRE(names.size() == 6);
  std::uint64_t expected = 0;
  for (const std::string& name : names) {
    if (name.ends_with(".headers")) continue;
    CHECK(CheckHeaders(dir.path() + "/" + name, {.zstd = true}) == Numbers{++expected});
  }
  CHECK(ReadNumbers({dir.path()}) == Numbers{1, 2, 3});
  // The headers have their new name, the data not yet.
  const std::string aside = "/otlp-2299-11-21T00-18-54.769-size.proto.zst.headers";
  fs::rename(dir.path() + "/otlp.proto.zst.headers", dir.path() + aside);
  options.rotate_bytes = 0;
  TestWriter writer(options);
  CHECK_FALSE(fs::exists(dir.path() + aside));
  CHECK(writer.Store(WithHeaders(4, {.zstd = true})).ok());
  CHECK(CheckHeaders(dir.path() + "/otlp.proto.zst", {.zstd = true}) == Numbers{3, 4});
}

namespace {

constexpr std::uint64_t kThreads = 4, kPerThread = 1'000'000;

/// Appends numbers from some threads until it is killed; writes each that was acknowledged to `acknowledged`.
[[noreturn]] void AppendForEver(const CaptureWriterOptions& options, Framing framing, Numbers next, int acknowledged) {
  const auto opened = CaptureWriter::Open(options, [](std::string_view) {});
  if (!opened) ::_exit(1);
  CaptureWriter& writer = **opened;
  std::vector<std::jthread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::atomic<int> in_flight{0};
      for (std::uint64_t n = next[t];; ++n) {
        while (in_flight.load() > 20) std::this_thread::yield();
        ++in_flight;
        StoredRequest request = NumberedRequest(n, n % 7 == 0 ? 100'000 : n % 100, framing);
        if (n % 3 == 0) request.headers = {{"n", std::to_string(n)}};
        writer.Append(std::move(request), [&, n](const Status& status) {
          if (status.ok() && ::write(acknowledged, &n, sizeof n) != sizeof n) ::_exit(1);
          --in_flight;
        });
      }
    });
  }
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("what was acknowledged is there after the process was killed, and the next one goes on") {
  std::mt19937 random(7);
  for (const Framing framing : kFramings) {
    CAPTURE(framing.extension());
    const TempDir dir;
    CaptureWriterOptions options = OptionsOf(dir.path(), framing);
    options.rotate_bytes = 1 << 20;
    Numbers acknowledged, next(kThreads);
    for (std::uint64_t t = 0; t < kThreads; ++t) next[t] = t * kPerThread;
    for (int round = 0; round < 20; ++round) {
      CAPTURE(round);
      options.durability = round % 2 == 0 ? Durability::kNone : Durability::kData;
      int ends[2];
      REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
      ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) AppendForEver(options, framing, next, ends[1]);
      ::close(ends[1]);
      // Once the first is acknowledged, some time.
      pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
      CHECK(::poll(&ready, 1, 30'000) == 1);
      std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(0, 20'000)(random)));
      ::kill(child, SIGKILL);
      int how = 0;
      ::waitpid(child, &how, 0);
      CHECK(WIFSIGNALED(how));
      std::uint64_t n = 0;
      while (::read(ends[0], &n, sizeof n) == sizeof n) acknowledged.push_back(n);
      ::close(ends[0]);

      {
        const TestWriter cut(options);
      }
      const Numbers stored = ReadNumbers({dir.path()});
      Numbers seen(kThreads);
      for (std::uint64_t t = 0; t < kThreads; ++t) seen[t] = t * kPerThread;
      for (const std::uint64_t number : stored) CHECK(number == seen[number / kPerThread]++);
      for (const std::uint64_t number : acknowledged) CHECK(number < seen[number / kPerThread]);
      next = seen;
    }
    CHECK(acknowledged.size() > 100);
  }
}

}  // namespace gf_otlp::test
