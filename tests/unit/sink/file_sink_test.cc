#include "sink/file_sink.h"

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace gf_otlp {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone afterwards.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (fs::temp_directory_path() / "gf-otlp-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { fs::remove_all(path_); }

  std::string File(std::string_view name) const { return (path_ / name).string(); }
  std::size_t Entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a file appears when it is committed, not before") {
  const TestFolder folder;
  const std::string path = folder.File("rows");
  {
    Result<AtomicFile> file = AtomicFile::Create(path, false);
    REQUIRE(file);
    REQUIRE(file->Write("one").ok());
    CHECK_FALSE(fs::exists(path));
    REQUIRE(file->Commit().ok());
    CHECK(Content(path) == "one");
    CHECK(folder.Entries() == 1);
  }
  SUBCASE("an existing one is not replaced unasked") {
    const Result<AtomicFile> again = AtomicFile::Create(path, false);
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == Code::kUsage);
  }
  SUBCASE("an existing one stays as it is until the new one is whole, and keeps its mode") {
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    Result<AtomicFile> file = AtomicFile::Create(path, true);
    REQUIRE(file);
    REQUIRE(file->Write("two").ok());
    CHECK(Content(path) == "one");
    REQUIRE(file->Commit().ok());
    CHECK(Content(path) == "two");
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  }
  SUBCASE("one that is not committed leaves nothing") {
    {
      CHECK(AtomicFile::Create(folder.File("other"), false)->Write("x").ok());
    }
    CHECK(folder.Entries() == 1);
  }
  SUBCASE("what is unfinished can be removed from outside") {
    const Result<AtomicFile> file = AtomicFile::Create(folder.File("other"), false);
    CHECK(folder.Entries() == 2);
    RemoveUnfinishedFiles();
    CHECK(folder.Entries() == 1);
  }
}

TEST_CASE("devices are written in place") {
  Result<AtomicFile> file = AtomicFile::Create("/dev/null", false);
  REQUIRE(file);
  CHECK(file->Write("x").ok());
  CHECK(file->Commit().ok());
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a full device is an error") {
  Result<AtomicFile> file = AtomicFile::Create("/dev/full", false);
  REQUIRE(file);
  const Status status = file->Write("x");
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
}

TEST_CASE("names choose the compression") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
  for (const std::string_view name : {"rows.zst", "rows.gz", "rows"}) {
    Result<OutputFile> file = OutputFile::Create(folder.File(name), false);
    REQUIRE(file);
    for (std::size_t at = 0; at < text.size(); at += 77'777)
      CHECK(file->Write(std::string_view(text).substr(at, 77'777)).ok());
    CHECK(file->Commit().ok());
  }
  CHECK(Content(folder.File("rows")) == text);

  const std::string zstd = Content(folder.File("rows.zst"));
  CHECK(zstd.size() < text.size());
  std::string back(text.size(), '\0');
  // The size is not known while streaming, so the frame has none: the room has to do.
  CHECK(ZSTD_decompress(back.data(), back.size(), zstd.data(), zstd.size()) == text.size());
  CHECK(back == text);

  const gzFile gzip = gzopen(folder.File("rows.gz").c_str(), "rb");
  std::string unzipped(text.size() + 1, '\0');
  CHECK(gzread(gzip, unzipped.data(), static_cast<unsigned>(unzipped.size())) == static_cast<int>(text.size()));
  gzclose(gzip);
  CHECK(unzipped.substr(0, text.size()) == text);
}

TEST_CASE("a folder gets a file for each stream that has output, all at the end") {
  const TestFolder folder;
  Result<std::unique_ptr<DirectorySink>> sink = DirectorySink::Create(folder.File("out"), {"a", "b", "c"}, false);
  REQUIRE(sink);
  Batch batch;
  batch.streams.resize(3);
  for (int i = 0; i < 2; ++i) {
    batch.streams[0].Append('1');
    if (i == 0) batch.streams[2].Append('3');
    CHECK((*sink)->Write(batch).ok());
    CHECK(batch.bytes() == 0);
  }
  CHECK_FALSE(fs::exists(folder.File("out/a")));
  CHECK((*sink)->Close().ok());
  CHECK(Content(folder.File("out/a")) == "11");
  CHECK(Content(folder.File("out/c")) == "3");
  CHECK_FALSE(fs::exists(folder.File("out/b")));
  CHECK_FALSE(DirectorySink::Create(folder.File("out"), {"c"}, false));
  CHECK(DirectorySink::Create(folder.File("out"), {"c"}, true));
}

}  // namespace
}  // namespace gf_otlp
