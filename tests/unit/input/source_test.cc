#include "input/source.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "input/framing.h"
#include "input/paths.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

/// The files of the units, in their order, without the folder.
Strings Files(const CutResult& result, const TempDir& dir) {
  Strings names;
  for (const CutUnit& unit : result.units) names.push_back(unit.file.substr(dir.path().size() + 1));
  return names;
}

Strings Skipped(const CutResult& result, const TempDir& dir) {
  Strings names;
  for (const SkippedFile& file : result.skipped) {
    names.push_back(file.name.substr(dir.path().size() + 1) + ": " + file.reason);
  }
  return names;
}

}  // namespace

TEST_CASE("inputs are read as they are given, folders by the bytes of the paths") {
  const TempDir dir;
  for (const char* name : {"b.json", "a/z.json", "a/B.json", "a/a/1.json", "c.json"}) dir.Write(name, "{}");
  CHECK(Files(CutAll({dir.path()}), dir) == Strings{"a/B.json", "a/a/1.json", "a/z.json", "b.json", "c.json"});
  CHECK(Files(CutAll({dir.path() + "/c.json", dir.path() + "/a", dir.path() + "/c.json"}), dir) ==
        Strings{"c.json", "a/B.json", "a/a/1.json", "a/z.json", "c.json"});
  CHECK(CutAll({dir.path() + "/"}).units.size() == 5);
}

TEST_CASE("rotated files are read by time, the newest has no stamp") {
  const TempDir dir;
  const Strings expected = {"data-2022-09-14T05-02-14.173.json",
                            "data-2022-09-14T05-02-14.174-size.json",
                            "data-2026-11-21T00-18-54.769-size.json",
                            "data-2026-11-21T00-18-54.770.json.gz",
                            "data-2026-11-21T00-18-54.771-time.json",
                            "data.json",
                            "data2.json"};
  for (const std::string& name : expected) dir.Write(name, "{}");
  CHECK(Files(CutAll({dir.path()}), dir) == expected);
  CHECK(RotationKeyOf("a/data.json-2022-09-14T05-02-14.173.zst").base == "a/data.json.zst");
  CHECK(RotationKeyOf("a/data-2022-09-14T05-02-14.173-SIZE.json").base == "a/data-2022-09-14T05-02-14.173-SIZE.json");
  CHECK(RotationKeyOf("a-2022-09-14T05-02-14.173/data.json").base == "a-2022-09-14T05-02-14.173/data.json");
  CHECK(RotationKeyOf("data-2022-09-14T05-02-14.173").base == "data");
}

TEST_CASE("headers that stand beside a capture are left out") {
  const TempDir dir;
  for (const char* name : {"otlp.proto.zst", "otlp.proto.zst.headers", "a/otlp.json", "a/otlp.json.headers.headers",
                           "a/otlp.json.headers", "b/otlp.json.headers"}) {
    dir.Write(name, "{}");
  }
  const CutResult result = CutAll({dir.path()});
  CHECK(Files(result, dir) == Strings{"a/otlp.json", "b/otlp.json.headers", "otlp.proto.zst"});
  CHECK(result.skipped.empty());
  // What is named is read.
  CHECK(Files(CutAll({dir.path() + "/a/otlp.json.headers"}), dir) == Strings{"a/otlp.json.headers"});
}

TEST_CASE("hidden files, and in folders files that fit no format, are skipped and named") {
  const TempDir dir;
  dir.Write(".hidden.json", "{}");
  dir.Write(".git/config", "{}");
  dir.Write("README", "What these files are.\n");
  dir.Write("empty.json", "");
  dir.Write("real.json", "{}");
  CHECK(::mkfifo((dir.path() + "/pipe").c_str(), 0600) == 0);
  const CutResult result = CutAll({dir.path()});
  CHECK(result.status.ok());
  CHECK(Files(result, dir) == Strings{"real.json"});
  Strings skipped;
  for (const SkippedFile& file : result.skipped) {
    skipped.push_back(file.name.substr(dir.path().size() + 1));
    CHECK_FALSE(file.reason.empty());
  }
  CHECK(skipped == Strings{".git", ".hidden.json", "pipe", "README"});
}

TEST_CASE("a named file that fits no format is bad data, and the next file is read") {
  const TempDir dir;
  const std::string text = dir.Write("text", "Some text.\n"), json = dir.Write("json", "{}");
  const CutResult result = CutAll({text, json});
  REQUIRE(result.units.size() == 2);
  CHECK(result.units[0].bytes == "Some text.\n");
  CHECK(result.units[0].error.find("--input-format") != std::string::npos);
  CHECK(result.units[1].bytes == "{}");
  const DecodeResult decoded = DecodeAll({text});
  REQUIRE(decoded.errors.size() == 1);
  CHECK(decoded.errors[0].code() == Code::kBadData);
  CHECK(decoded.errors[0].message().find(text) != std::string::npos);
}

TEST_CASE("links in a folder are followed, what they lead to is read once") {
  const TempDir dir;
  dir.Write("in/a.json", "{}");
  fs::create_symlink(dir.path() + "/in/a.json", dir.path() + "/b.json");
  fs::create_symlink("b.json", dir.path() + "/latest.json");
  fs::create_hard_link(dir.path() + "/in/a.json", dir.path() + "/in/hard.json");
  fs::create_directory_symlink(dir.path(), dir.path() + "/in/loop");
  fs::create_symlink(dir.path() + "/nowhere", dir.path() + "/in/dangling");
  fs::create_symlink("circle", dir.path() + "/in/circle");
  const CutResult result = CutAll({dir.path()});
  CHECK(result.status.ok());
  CHECK(Files(result, dir) == Strings{"in/a.json"});
  CHECK(Skipped(result, dir) ==
        Strings{"in/circle: a link that leads nowhere", "in/dangling: a link that leads nowhere",
                "in/loop: directory that was read already", "b.json: the same file as " + dir.path() + "/in/a.json",
                "in/hard.json: the same file as " + dir.path() + "/in/a.json",
                "latest.json: the same file as " + dir.path() + "/in/a.json"});
  // Named ones are read as often as they are named.
  CHECK(CutAll({dir.path() + "/b.json", dir.path() + "/in/a.json", dir.path() + "/in"}).units.size() == 3);
  CHECK(CutAll({dir.path() + "/in/dangling"}).status.code() == Code::kIo);
}

TEST_CASE("of links to a file outside of the folder the first is read") {
  const TempDir outside, dir;
  const std::string file = outside.Write("a.json", "{}");
  fs::create_symlink(file, dir.path() + "/2.json");
  fs::create_symlink(file, dir.path() + "/1.json");
  const CutResult result = CutAll({dir.path()});
  CHECK(Files(result, dir) == Strings{"1.json"});
  CHECK(Skipped(result, dir) == Strings{"2.json: the same file as " + dir.path() + "/1.json"});
}

TEST_CASE("what is missing, and standard input twice, is named before anything is read") {
  const Result<std::unique_ptr<Source>> missing = Source::Open({"/nonexistent/capture.json"}, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Code::kIo);
  CHECK(missing.error().message() == "/nonexistent/capture.json: No such file or directory");
  const Result<std::unique_ptr<Source>> twice = Source::Open({"-", "-"}, {});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code() == Code::kUsage);
}

TEST_CASE("standard input that cannot be read is called by its name") {
  const int kept = ::dup(STDIN_FILENO), unreadable = ::open("/dev/null", O_WRONLY);
  REQUIRE(unreadable >= 0);
  ::dup2(unreadable, STDIN_FILENO);
  const CutResult result = CutAll({"-"});
  if (kept >= 0) ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  ::close(unreadable);
  REQUIRE_FALSE(result.status.ok());
  CHECK(result.status.code() == Code::kIo);
  CHECK(result.status.message().starts_with("cannot read standard input: "));
}

TEST_CASE("a file that shrinks while it is read is an error, one that grows is read on") {
  const TempDir dir;
  const std::string message = FramedMessage(GoldenProto("logs-basic"));
  std::string content;
  while (content.size() < (std::size_t{3} << 20)) content += message;
  for (const bool shrink : {false, true}) {
    const std::string path = dir.Write("capture", content);
    const Result<std::unique_ptr<Source>> source = Source::Open({path}, {});
    REQUIRE(source.has_value());
    Chunk chunk;
    REQUIRE((*source)->Next(chunk).value_or(false));
    std::size_t units = chunk.units.size();
    if (shrink) {
      fs::resize_file(path, std::size_t{2} << 20);
    } else {
      dir.Write("capture", content + message + message);
    }
    Result<bool> more = true;
    while ((more = (*source)->Next(chunk)) && *more) units += chunk.units.size();
    if (shrink) {
      REQUIRE_FALSE(more.has_value());
      CHECK(more.error().code() == Code::kIo);
      CHECK(more.error().message().find("shrank") != std::string::npos);
    } else {
      REQUIRE(more.has_value());
      CHECK(units == content.size() / message.size() + 2);
    }
  }
}

TEST_CASE("chunks are about a block, and larger only for one large unit") {
  const TempDir dir;
  const std::string small = GoldenProto("logs-basic");
  std::string large;
  while (large.size() < (std::size_t{6} << 20)) large += GoldenProto("traces-seed-3");
  std::string content;
  for (int i = 0; i < 5000; ++i) content += FramedMessage(small);
  content += FramedMessage(large);
  for (int i = 0; i < 5000; ++i) content += FramedMessage(small);
  const std::string path = dir.Write("capture", content);
  const Result<std::unique_ptr<Source>> source = Source::Open({path}, {});
  REQUIRE(source.has_value());
  CHECK((*source)->total_bytes() == content.size());
  Chunk chunk;
  std::size_t units = 0;
  for (Result<bool> more = true; (more = (*source)->Next(chunk)) && *more;) {
    units += chunk.units.size();
    if (chunk.units.front().bytes.size() <= Source::kBlockBytes) {
      CHECK(chunk.data.size() <= Source::kBlockBytes);
    } else {
      CHECK(chunk.data.size() <= large.size() + 2 * Source::kBlockBytes);
    }
    for (const Unit& unit : chunk.units) {
      CHECK(unit.bytes.data() >= chunk.data.data());
      CHECK(unit.bytes.data() + unit.bytes.size() <= chunk.data.data() + chunk.data.size());
    }
  }
  CHECK(units == 10'001);
  CHECK((*source)->bytes_read() == content.size());
}

TEST_CASE("a chunk holds not more than some thousand units, however small they are") {
  constexpr std::size_t kUnits = 3 * Cutter::kMaxUnits + 100;
  const std::string document = "{}", element("\x0a\x00", 2);
  struct Case {
    InputFormat format;
    std::string unit, bytes;  // as it stands in the file, and without its framing
    std::string torn, garbage;
  };
  const Case cases[] = {{InputFormat::kJson, "{}\n", document, "{\"a", ""},
                        {InputFormat::kJson, "{}", document, "{\"a", ""},
                        {InputFormat::kJson, "x\n", "x", "{", ""},
                        {InputFormat::kFramed, std::string(4, '\0'), "", std::string(2, '\0'), ""},
                        {InputFormat::kDelimited, std::string(1, '\0'), "", "\x05", std::string(11, '\xff')},
                        {InputFormat::kProto, element, element, "\x0a\x01", "\x0f"},
                        {InputFormat::kProto, element + "\x10\x01", element, "\x12\x01", "\x54"}};
  for (const Case& c : cases) {
    CAPTURE(InputFormatName(c.format));
    CAPTURE(c.unit);
    std::string content;
    for (std::size_t i = 0; i < kUnits; ++i) content += c.unit;
    const TempDir dir;
    for (const std::string& end : {std::string(), c.torn, c.garbage}) {
      const std::string path = dir.Write("capture", content + end);
      for (const std::size_t block : {std::size_t{9001}, Source::kBlockBytes}) {
        const Result<std::unique_ptr<Source>> source = Source::Open({path}, {.format = c.format}, block);
        REQUIRE(source.has_value());
        Chunk chunk;
        std::uint64_t units = 0, offset = 0, bad = 0;
        for (Result<bool> more = true; (more = (*source)->Next(chunk)) && *more;) {
          CHECK(chunk.units.size() <= Cutter::kMaxUnits + 1);
          for (const Unit& unit : chunk.units) {
            bad += unit.number != ++units;
            bad += unit.offset != offset;
            offset += c.unit.size();
            if (units <= kUnits) {
              const std::size_t begin = static_cast<std::size_t>(unit.bytes.data() - chunk.data.data());
              bad += unit.bytes != c.bytes || !unit.error.empty() || begin + unit.bytes.size() > chunk.data.size();
            } else {
              CHECK(unit.torn == (end == c.torn));
              CHECK_FALSE(unit.error.empty());
            }
          }
        }
        CHECK(bad == 0);
        CHECK(units == kUnits + (end.empty() ? 0 : 1));
      }
    }
  }
}

}  // namespace gf_otlp::test
