#include "receive/capture_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
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

Numbers Range(std::uint64_t first, std::uint64_t last) {
  Numbers numbers(last - first + 1);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::vector<StoredRequest> Requests(std::uint64_t first, std::uint64_t last, std::size_t more = 0,
                                    Framing framing = {}) {
  std::vector<StoredRequest> requests;
  for (std::uint64_t n = first; n <= last; ++n) requests.push_back(NumberedRequest(n, more, framing));
  return requests;
}

void CheckAllOk(const std::vector<Status>& statuses) {
  CHECK(std::ranges::all_of(statuses, [](const Status& status) { return status.ok(); }));
}

/// Within some seconds.
bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// No file of this process may become larger, as long as it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// Makes a file one that can only grow, if the file system and the user's rights allow it.
bool SetAppendOnly(const std::string& path, bool on) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  int flags = 0;
  bool done = ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
  flags = on ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
  done = done && ::ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
  ::close(fd);
  return done;
}

}  // namespace

TEST_CASE("what was stored is read back, in every framing and durability") {
  for (const Framing framing : kFramings) {
    for (const Durability durability : {Durability::kNone, Durability::kData}) {
      CAPTURE(framing.extension());
      const TempDir dir;
      CaptureWriterOptions options = OptionsOf(dir.path() + "/new/captures", framing);
      options.durability = durability;
      TestWriter writer(options);
      CHECK(writer.Store(NumberedRequest(1, 0, framing)).ok());
      CHECK(ReadNumbers({options.dir}) == Range(1, 1));
      // More than one writev takes.
      CheckAllOk(writer.StoreAll(Requests(2, 3000, 10, framing)));
      CHECK(writer.Store(NumberedRequest(3001, 3 << 20, framing)).ok());
      CHECK(writer->Close().ok());
      CHECK(NamesIn(options.dir) == Strings{"otlp" + framing.extension()});
      CHECK(ReadNumbers({options.dir}) == Range(1, 3001));
      CHECK(writer.said().empty());
      const CaptureWriter::Totals totals = writer->totals();
      CHECK(totals.requests == 3001);
      CHECK(totals.records == 3001);
      CHECK(totals.files == 1);
      CHECK(totals.bytes == fs::file_size(options.dir + "/otlp" + framing.extension()));
      // A group is synced once, whatever is in it.
      const std::uint64_t groups = 4;
      CHECK((durability == Durability::kNone ? totals.syncs == 0 : totals.syncs >= 3 && totals.syncs <= groups));
      CHECK(writer->health().ok());
    }
  }
}

TEST_CASE("a file is put aside before it becomes too large, a larger request has its own") {
  for (const Framing framing : kFramings) {
    CAPTURE(framing.extension());
    const TempDir dir;
    CaptureWriterOptions options = OptionsOf(dir.path(), framing);
    const std::uint64_t size = NumberedRequest(10, 0, framing).bytes.size() + (framing.extension() == ".json" ? 1 : 4);
    options.rotate_bytes = 10 * size;
    {
      TestWriter writer(options);
      CheckAllOk(writer.StoreAll(Requests(10, 39, 0, framing)));
      // Exactly full is not too full.
      CHECK(NamesIn(dir.path()).size() == 3);
      CHECK(writer.Store(NumberedRequest(40, 20'000, framing)).ok());
      CHECK(writer.Store(NumberedRequest(41, 0, framing)).ok());
      CHECK(writer->totals().files == NamesIn(dir.path()).size());
    }
    CHECK(ReadNumbers({dir.path()}) == Range(10, 41));
    for (const std::string& name : NamesIn(dir.path())) {
      const std::string aside = "otlp-TIME-size" + framing.extension();
      CHECK((name == aside || name == "otlp" + framing.extension()));
    }
    // Each request for itself.
    options.rotate_bytes = 1;
    TestWriter writer(options);
    CheckAllOk(writer.StoreAll(Requests(42, 91, 0, framing)));
    CHECK(ReadNumbers({dir.path()}) == Range(10, 91));
    CHECK(writer->totals().files == 50);
  }
}

TEST_CASE("files put aside come behind those that are there, whatever the clock says") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path());
  options.rotate_bytes = 1;
  TestWriter(options).StoreAll(Requests(1, 3));
  const Strings names = NamesIn(dir.path(), true);
  REQUIRE(names.size() == 3);
  fs::rename(dir.path() + "/" + names[1], dir.path() + "/otlp-2300-01-01T00-00-00.999-size.proto");
  TestWriter(options).StoreAll(Requests(4, 5));
  CHECK(ReadNumbers({dir.path()}) == Range(1, 5));
  CHECK(fs::exists(dir.path() + "/otlp-2300-01-01T00-00-01.000-size.proto"));
}

TEST_CASE("a file is put aside when it is old, also if nothing comes, and also by the next process") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path());
  CHECK(TestWriter(options).Store(NumberedRequest(1)).ok());
  options.rotate_after = std::chrono::milliseconds(100);
  TestWriter writer(options);
  CHECK(Eventually([&] { return NamesIn(dir.path()) == Strings{"otlp-TIME-time.proto"}; }));
  CHECK(writer.Store(NumberedRequest(2)).ok());
  CHECK(Eventually([&] { return NamesIn(dir.path()) == Strings{"otlp-TIME-time.proto", "otlp-TIME-time.proto"}; }));
  CHECK(writer.Store(NumberedRequest(3)).ok());
  CHECK(ReadNumbers({dir.path()}) == Range(1, 3));
  options.rotate_after = std::chrono::hours(24 * 365 * 290);
  options.dir += "/other";
  CHECK(TestWriter(options).Store(NumberedRequest(4)).ok());
}

TEST_CASE("an empty file is not put aside") {
  const TempDir dir;
  dir.Write("otlp.proto", "");
  CaptureWriterOptions options = OptionsOf(dir.path());
  options.rotate_after = std::chrono::milliseconds(1);
  options.rotate_bytes = 1;
  const TestWriter writer(options);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(NamesIn(dir.path()) == Strings{"otlp.proto"});
}

TEST_CASE("signals have files of their own; callbacks come in order") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path());
  options.split = Split::kSignal;
  TestWriter writer(options);
  std::vector<int> order;
  for (int i = 0; i < 999; ++i) {
    StoredRequest request = NumberedRequest(1);
    request.signal = static_cast<Signal>(i % kSignalCount);
    writer->Append(std::move(request), [&order, i](const Status& status) {
      CHECK(status.ok());
      order.push_back(i);
    });
  }
  CHECK(writer->Close().ok());
  CHECK(order.size() == 999);
  CHECK(std::ranges::is_sorted(order));
  CHECK(NamesIn(dir.path()) == Strings{"logs.proto", "metrics.proto", "traces.proto"});
  for (const char* name : {"/logs.proto", "/metrics.proto", "/traces.proto"}) {
    CHECK(ReadNumbers({dir.path() + name}) == Numbers(333, 1));
  }
}

TEST_CASE("of many groups few files are open") {
  const auto open_files = [] {
    const fs::directory_iterator files("/proc/self/fd");
    return std::distance(begin(files), end(files));
  };
  for (const Durability durability : {Durability::kNone, Durability::kData}) {
    const TempDir dir;
    CaptureWriterOptions options = OptionsOf(dir.path());
    options.durability = durability;
    options.split = Split::kHeader;
    options.rotate_bytes = 300;
    const auto before = open_files();
    {
      TestWriter writer(options);
      for (std::uint64_t round = 0; round < 2; ++round) {
        std::vector<StoredRequest> requests = Requests(240 * round, 240 * round + 239, 40);
        for (StoredRequest& request : requests) {
          const std::uint64_t group = static_cast<std::uint64_t>(&request - requests.data()) % 120;
          if (group > 0) request.group = "pipeline/" + std::to_string(group);
          request.headers = {{"x", "y"}};
        }
        CheckAllOk(writer.StoreAll(std::move(requests)));
        CHECK(open_files() <= before + 201);  // data and headers
      }
    }
    CHECK(fs::exists(dir.path() + "/otlp-pipeline%2F119.proto.headers"));
    Numbers numbers = ReadNumbers({dir.path()});
    std::ranges::sort(numbers);
    CHECK(numbers == Range(0, 479));
    const Numbers last = ReadNumbers({dir.path() + "/otlp-pipeline%2F119.proto"});
    CHECK(last.back() == 479);
  }
}

TEST_CASE("many threads may append") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path());
  options.rotate_bytes = 20'000;
  options.durability = Durability::kData;
  constexpr std::uint64_t kThreads = 8, kEach = 300;
  TestWriter writer(options);
  std::atomic<std::uint64_t> stored{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < kEach; ++i) {
          writer->Append(NumberedRequest(t * kEach + i), [&](const Status& status) { stored += status.ok(); });
          if (i % 50 == 0) static_cast<void>(writer->totals().requests + writer->health().ok());
        }
      });
    }
  }
  CHECK(writer->Close().ok());
  CHECK(stored == kThreads * kEach);
  const Numbers numbers = ReadNumbers({dir.path()});
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    Numbers of_thread;
    std::ranges::copy_if(numbers, std::back_inserter(of_thread), [&](std::uint64_t n) { return n / kEach == t; });
    CHECK(of_thread == Range(t * kEach, (t + 1) * kEach - 1));
  }
}

TEST_CASE("a directory has one writer") {
  const TempDir dir;
  {
    const TestWriter writer(OptionsOf(dir.path()));
    const auto second = CaptureWriter::Open(OptionsOf(dir.path()), [](std::string_view) {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code() == Code::kUsage);
    CHECK(second.error().message().starts_with(dir.path() + ": "));
  }
  CHECK(TestWriter(OptionsOf(dir.path())).Store(NumberedRequest(1)).ok());
  const auto no_directory = CaptureWriter::Open(OptionsOf(dir.path() + "/otlp.proto"), [](std::string_view) {});
  REQUIRE_FALSE(no_directory.has_value());
  CHECK(no_directory.error().code() == Code::kUsage);
}

TEST_CASE("what there is no room for is not in the file, what is smaller is stored") {
  for (const Framing framing : {kFramings[0], kFramings[2]}) {
    const TempDir dir;
    TestWriter writer(OptionsOf(dir.path(), framing));
    CHECK(writer.Store(NumberedRequest(1, 100, framing)).ok());
    std::vector<StoredRequest> requests = Requests(2, 9, 1000, framing);
    requests[2] = NumberedRequest(4, 20'000, framing);  // in a group, for which there is no room together
    requests[5] = NumberedRequest(7, 20'000, framing);
    for (StoredRequest& request : requests) request.headers = {{"a", "b"}};
    {
      const FileSizeLimit limit(10'000);
      const std::vector<Status> all = writer.StoreAll(std::move(requests));
      for (std::size_t i = 0; i < all.size(); ++i) {
        CAPTURE(i);
        const bool stored = i != 2 && i != 5;
        CHECK(all[i].ok() == stored);
        if (!stored) CHECK(all[i].code() == Code::kIo);
        if (!stored) CHECK(all[i].message().starts_with(dir.path() + "/otlp" + framing.extension() + ": "));
      }
      CHECK(writer->health().ok());
      CHECK_FALSE(writer.Store(NumberedRequest(10, 20'000, framing)).ok());
      CHECK_FALSE(writer->health().ok());
    }
    CHECK(writer.Store(NumberedRequest(11, 0, framing)).ok());
    CHECK(writer->health().ok());
    CHECK(writer->totals().requests == 8);
    CHECK(ReadNumbers({dir.path()}) == Numbers{1, 2, 3, 5, 6, 8, 9, 11});
    CHECK(std::ranges::count(Slurp(dir.path() + "/otlp" + framing.extension() + ".headers"), '\n') == 6);
  }
}

TEST_CASE("health comes back by itself once a full disk has room") {
  const TempDir dir;
  const std::string disk = dir.path() + "/disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    MESSAGE("no small file system can be mounted here: not tested");
    return;
  }
  {
    CaptureWriterOptions options = OptionsOf(disk);
    options.durability = Durability::kData;
    TestWriter writer(options);
    const std::string ballast = disk + "/ballast";
    std::vector<StoredRequest> requests = Requests(1, 20, 20'000);
    const std::vector<Status> all = writer.StoreAll(std::move(requests));
    const auto stored = static_cast<std::uint64_t>(std::ranges::count_if(all, [](const Status& s) { return s.ok(); }));
    CHECK(stored > 5);
    CHECK(stored < 20);
    CHECK(ReadNumbers({disk}) == Range(1, stored));
    CHECK_FALSE(writer->health().ok());
    fs::rename(disk + "/otlp.proto", disk + "/moved");  // as if by hand; still the open file
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    CHECK_FALSE(writer->health().ok());
    CHECK(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=1m") == 0);
    CHECK(Eventually([&] { return writer->health().ok(); }));
    CHECK(writer.Store(NumberedRequest(21, 20'000)).ok());
    CHECK(ReadNumbers({disk + "/moved"}).back() == 21);
  }
  CHECK(::umount(disk.c_str()) == 0);
}

TEST_CASE("nothing is taken any more once a file cannot be cut back") {
  const TempDir dir;
  auto writer = std::make_unique<TestWriter>(OptionsOf(dir.path()));
  CHECK(writer->Store(NumberedRequest(1)).ok());
  if (!SetAppendOnly(dir.path() + "/otlp.proto", true)) {
    MESSAGE("no file can be made append-only here: not tested");
    return;
  }
  std::vector<std::string> fatal;
  (*writer)->set_on_fatal([&](const Status& status) { fatal.push_back(status.message()); });
  {
    const FileSizeLimit limit(5000);
    const Status status = writer->Store(NumberedRequest(2, 10'000));
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kIo);
    CHECK(status.message().starts_with(dir.path() + "/otlp.proto: cannot be cut back"));
  }
  CHECK_FALSE(writer->Store(NumberedRequest(3)).ok());
  CHECK_FALSE((*writer)->health().ok());
  CHECK_FALSE((*writer)->Close().ok());
  CHECK(fatal.size() == 1);
  CHECK((*writer)->totals().requests == 1);
  writer.reset();
  CHECK(SetAppendOnly(dir.path() + "/otlp.proto", false));
  const TestWriter next(OptionsOf(dir.path()));
  CHECK(next.said().size() == 1);
  CHECK(ReadNumbers({dir.path()}) == Range(1, 1));
}

TEST_CASE("one file of many that cannot be opened does not speak for the others") {
  const TempDir dir;
  CaptureWriterOptions options = OptionsOf(dir.path());
  options.split = Split::kHeader;
  TestWriter writer(options);
  fs::create_directory(dir.path() + "/otlp-bad.proto");
  for (const bool bad : {true, false}) {
    StoredRequest request = NumberedRequest(1);
    request.group = bad ? "bad" : "good";
    CHECK(writer.Store(std::move(request)).ok() == !bad);
    CHECK(writer->health().ok());
  }
}

TEST_CASE("a file that somebody deletes or empties begins anew") {
  const TempDir dir;
  TestWriter writer(OptionsOf(dir.path()));
  StoredRequest first = NumberedRequest(1);
  first.headers = {{"a", "1"}};
  CHECK(writer.Store(std::move(first)).ok());
  fs::remove(dir.path() + "/otlp.proto");
  CHECK(writer.Store(NumberedRequest(2)).ok());
  CHECK(ReadNumbers({dir.path()}) == Range(2, 2));
  CHECK(Slurp(dir.path() + "/otlp.proto.headers").empty());
  fs::resize_file(dir.path() + "/otlp.proto", 0);
  StoredRequest third = NumberedRequest(3);
  third.headers = {{"a", "3"}};
  CHECK(writer.Store(std::move(third)).ok());
  CHECK(ReadNumbers({dir.path()}) == Range(3, 3));
  const std::string headers = Slurp(dir.path() + "/otlp.proto.headers");
  CHECK(headers.starts_with(R"({"offset":0,)"));
  CHECK(std::ranges::count(headers, '\n') == 1);
}

}  // namespace gf_otlp::test
