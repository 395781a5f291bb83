#include "pipeline/checkpoint.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Units = std::vector<std::uint64_t>;

const std::vector<InputPath> kFiles = {{.name = "a", .has_size = true, .size = 10, .modified = 1},
                                       {.name = "b", .has_size = true, .size = 20, .modified = 2},
                                       {.name = "c", .has_size = true, .size = 30, .modified = 3}};
const Checkpoint::Options kOptions = {{"brokers", "kafka:9092"}, {"--shape", "glassflow"}};

std::unique_ptr<Checkpoint> MustOpen(const std::string& path, const std::vector<InputPath>& files = kFiles,
                                     const Checkpoint::Options& options = kOptions) {
  Result<Checkpoint> checkpoint = Checkpoint::Open(path, options, files);
  REQUIRE_MESSAGE(checkpoint, checkpoint.error().message());
  return std::make_unique<Checkpoint>(std::move(*checkpoint));
}

/// A copy of the file: that of an open checkpoint is locked.
std::string Copy(const std::string& path) {
  const std::string copy = path + ".copy";
  if (std::filesystem::exists(path)) {
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
  }
  return copy;
}

std::unique_ptr<Checkpoint> Reopened(const std::string& path, const std::vector<InputPath>& files = kFiles) {
  return MustOpen(Copy(path), files);
}

std::string Refusal(const std::string& path, const std::vector<InputPath>& files = kFiles,
                    const Checkpoint::Options& options = kOptions) {
  const Result<Checkpoint> checkpoint = Checkpoint::Open(Copy(path), options, files);
  REQUIRE_FALSE(checkpoint);
  CHECK(checkpoint.error().code() == Code::kUsage);
  return checkpoint.error().message();
}

bool Holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a checkpoint says what is done of each file") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  {
    const auto checkpoint = MustOpen(path);
    CHECK_FALSE(checkpoint->resumed());
    CHECK(checkpoint->units_done() == Units{0, 0, 0});
    CHECK(std::filesystem::exists(path));
    REQUIRE(checkpoint->BeginDeadLetters("dead").ok());
    REQUIRE(checkpoint->Save({.file = 1, .units = 7}, 123).ok());
  }
  {
    const auto checkpoint = MustOpen(path);
    CHECK(checkpoint->resumed());
    CHECK(checkpoint->units_done() == Units{Source::kAllUnits, 7, 0});
    CHECK(checkpoint->DeadLetterBytes("dead") == 123);
    CHECK(checkpoint->DeadLetterBytes("other") == std::nullopt);
    CHECK_FALSE(checkpoint->all_done());
    SUBCASE("it never goes back") {
      REQUIRE(checkpoint->Save({.file = 0, .units = 3}, 123).ok());
      CHECK(Reopened(path)->units_done() == Units{Source::kAllUnits, 7, 0});
    }
    SUBCASE("it is written only when something changed") {
      std::filesystem::remove(path);
      REQUIRE(checkpoint->Save({.file = 1, .units = 7}, 123).ok());
      CHECK_FALSE(std::filesystem::exists(path));
      REQUIRE(checkpoint->Save({.file = 1, .units = 8}, 123).ok());
      CHECK(std::filesystem::exists(path));
    }
    SUBCASE("at the end all is done") {
      REQUIRE(checkpoint->SaveEnd(123).ok());
      CHECK(Reopened(path)->all_done());
    }
  }
}

TEST_CASE("a file that is new since a checkpoint is to be read, wherever it stands") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  const auto checkpoint = MustOpen(path, {kFiles[0], kFiles[2]});
  REQUIRE(checkpoint->Save({.file = 1, .units = 4}, 0).ok());
  const auto resumed = Reopened(path);
  CHECK(resumed->units_done() == Units{Source::kAllUnits, 0, 4});
  REQUIRE(resumed->Save({.file = 2, .units = 4}, 0).ok());
  CHECK(Reopened(path + ".copy")->units_done() == Units{Source::kAllUnits, Source::kAllUnits, 4});
}

TEST_CASE("another job than the checkpoint's is refused") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  const auto checkpoint = MustOpen(path);
  REQUIRE(checkpoint->Save({.file = 1, .units = 7}, 0).ok());

  SUBCASE("a file of another size or time, if anything of it is done") {
    std::vector<InputPath> files = kFiles;
    files[0].size = 11;
    CHECK(Holds(Refusal(path, files), "a changed since"));
    files = kFiles;
    files[1].modified = 5;
    CHECK(Holds(Refusal(path, files), "b changed since"));
    files = kFiles;
    files[2].size = 99;
    CHECK(Reopened(path, files)->units_done() == Units{Source::kAllUnits, 7, 0});
  }
  SUBCASE("a file that is gone, unless it is done") {
    CHECK(Reopened(path, {kFiles[1], kFiles[2]})->units_done() == Units{7, 0});
    CHECK(Holds(Refusal(path, {kFiles[0], kFiles[2]}), "b is no longer there"));
  }
  SUBCASE("what was done of a file that is gone is not forgotten") {
    const auto without = Reopened(path, {kFiles[1], kFiles[2]});
    REQUIRE(without->Save({.file = 0, .units = 9}, 0).ok());
    CHECK(Reopened(path + ".copy")->units_done() == Units{Source::kAllUnits, 9, 0});
  }
  SUBCASE("other options") {
    CHECK(Holds(Refusal(path, kFiles, {{"brokers", "kafka:9092"}}), "--shape was glassflow and is not set"));
    CHECK(Holds(Refusal(path, kFiles, {{"brokers", "other:9092"}, {"--shape", "glassflow"}}),
                "brokers was kafka:9092 and is other:9092"));
    Checkpoint::Options more = kOptions;
    more["--since"] = "24h";
    CHECK(Holds(Refusal(path, kFiles, more), "--since was not set and is 24h"));
  }
  SUBCASE("no checkpoint at all") {
    CHECK(Holds(Refusal(dir.Write("other", "{}")), "is not one, or is damaged"));
    CHECK(Holds(Refusal(dir.Write("torn", Slurp(path).substr(0, 100))), "is not one, or is damaged"));
    CHECK(Holds(Refusal(dir.Write("newer", R"({"gf_otlp_checkpoint":2})")), "is of version 2"));
  }
}

TEST_CASE("one run at a time has a checkpoint") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  auto first = MustOpen(path);
  const Result<Checkpoint> second = Checkpoint::Open(path, kOptions, kFiles);
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == Code::kIo);
  CHECK(Holds(second.error().message(), "another run has it"));
  first.reset();
  CHECK(MustOpen(path)->resumed());
}

TEST_CASE("dead letters of an earlier run are remembered until others are written") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  {
    const auto checkpoint = MustOpen(path);
    REQUIRE(checkpoint->BeginDeadLetters("dead").ok());
    REQUIRE(checkpoint->Save({.file = 0, .units = 1}, 50).ok());
  }
  {
    const auto without = MustOpen(path);
    REQUIRE(without->Save({.file = 0, .units = 2}, 0).ok());
  }
  {
    const auto again = MustOpen(path);
    CHECK(again->DeadLetterBytes("dead") == 50);
    CHECK(again->DeadLetterBytes("other") == std::nullopt);
    REQUIRE(again->BeginDeadLetters("other").ok());
    CHECK(again->DeadLetterBytes("other") == 0);
  }
}

TEST_CASE("a file given twice has no checkpoint") {
  const TempDir dir;
  CHECK(Holds(Refusal(dir.path() + "/checkpoint", {kFiles[0], kFiles[0]}), "a is given twice"));
}

TEST_CASE("standard input has no checkpoint") {
  const TempDir dir;
  CHECK(Holds(Refusal(dir.path() + "/checkpoint", {{.name = "-"}}), "standard input"));
}

TEST_CASE("what was decided when a job began is kept") {
  const TempDir dir;
  const std::string path = dir.path() + "/checkpoint";
  const std::map<std::string, std::string> decided = {{"shift_ns", "-7"}, {"id_seed", "18446744073709551615"}};
  {
    const auto checkpoint = MustOpen(path);
    CHECK(checkpoint->kept().empty());
    REQUIRE(checkpoint->Keep(decided).ok());
    CHECK(Reopened(path)->kept() == decided);
    REQUIRE(checkpoint->Save({.file = 1, .units = 2}, 0).ok());
  }
  const auto checkpoint = MustOpen(path);
  CHECK(checkpoint->kept() == decided);
  CHECK(checkpoint->units_done() == Units{Source::kAllUnits, 2, 0});
}

}  // namespace gf_otlp::test
