#include "pipeline/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/file.h"

namespace gf_otlp {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

using Json = nlohmann::ordered_json;

}  // namespace

Result<Checkpoint> Checkpoint::Open(std::string path, Options options, const std::vector<InputPath>& files) {
  Checkpoint checkpoint(std::move(path), std::move(options));
  std::set<std::string_view> names;
  for (const InputPath& file : files) {
    if (!file.has_size) {
      return std::unexpected(UsageError(
          fmt::format("--checkpoint: {} cannot be read again from where a run ended: give files or directories",
                      file.name == "-" ? "standard input" : file.name)));
    }
    if (!names.insert(file.name).second) {
      return std::unexpected(UsageError(fmt::format("--checkpoint: {} is given twice", file.name)));
    }
    checkpoint.files_.push_back({.name = file.name, .size = file.size, .modified = file.modified});
  }
  checkpoint.units_done_.resize(files.size());
  GF_UNEXPECTED_IF_ERROR(checkpoint.Lock());
  if (::access(checkpoint.path_.c_str(), F_OK) != 0 && errno == ENOENT) {
    GF_UNEXPECTED_IF_ERROR(checkpoint.Save({}, 0));
    return checkpoint;
  }
  const Result<std::string> text = ReadFile(checkpoint.path_, kMaxBytes);
  if (!text) return std::unexpected(text.error());
  if (Status read = checkpoint.Read(*text, files); !read.ok()) {
    return std::unexpected(std::move(read).At("checkpoint " + checkpoint.path_));
  }
  return checkpoint;
}

Checkpoint::Checkpoint(Checkpoint&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      options_(std::move(other.options_)),
      kept_(std::move(other.kept_)),
      resumed_(other.resumed_),
      changed_(other.changed_),
      gone_(std::move(other.gone_)),
      files_(std::move(other.files_)),
      units_done_(std::move(other.units_done_)),
      dead_letters_(std::move(other.dead_letters_)),
      dead_letter_bytes_(other.dead_letter_bytes_),
      writes_dead_letters_(other.writes_dead_letters_) {}

Checkpoint::~Checkpoint() {
  if (lock_ >= 0) ::close(lock_);
}

Status Checkpoint::Lock() {
  const std::string name = path_ + ".lock";
  lock_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) return ErrnoError(name, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return IoError(fmt::format("checkpoint {}: another run has it", path_));
  return ErrnoError(name, errno);
}

Status Checkpoint::Read(std::string_view text, const std::vector<InputPath>& files) {
  std::map<std::string, File> saved;
  try {
    const Json json = Json::parse(text);
    if (json.at("gf_otlp_checkpoint") != kVersion) {
      return UsageError(
          fmt::format("is of version {}, this program knows {}", json.at("gf_otlp_checkpoint").dump(), kVersion));
    }
    GF_RETURN_IF_ERROR(CheckOptions(json.at("options").get<Options>()));
    if (json.contains("kept")) kept_ = json["kept"].get<decltype(kept_)>();
    dead_letters_ = json.at("dead_letters").at("file");
    dead_letter_bytes_ = json.at("dead_letters").at("bytes");
    for (const Json& entry : json.at("files")) {
      File file{.name = entry.at("name"), .size = entry.at("size"), .modified = entry.at("modified_ns")};
      file.units = entry.at("units_done") == "all" ? Source::kAllUnits : entry.at("units_done").get<std::uint64_t>();
      saved.emplace(file.name, file);
    }
  } catch (const nlohmann::json::exception& error) {
    return UsageError(fmt::format("is not one, or is damaged: {}", error.what()));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto found = saved.find(files[i].name);
    if (found == saved.end()) continue;
    File& file = found->second;
    if (file.units != 0 && (file.size != files[i].size || file.modified != files[i].modified)) {
      return UsageError(fmt::format("{} changed since ({} bytes then, {} now{}): what was sent of it cannot be told",
                                    file.name, file.size, files[i].size,
                                    file.size == files[i].size ? ", another time of change" : ""));
    }
    files_[i].units = units_done_[i] = file.units;
    saved.erase(found);
  }
  for (auto& [name, file] : saved) {
    if (file.units == Source::kAllUnits) {
      gone_.push_back(std::move(file));
    } else if (file.units != 0) {
      return UsageError(fmt::format("{} is no longer there, and was read only in part", name));
    }
  }
  resumed_ = true;
  changed_ = false;
  return {};
}

Status Checkpoint::CheckOptions(const Options& saved) const {
  const auto differs = [](const std::string& name, const std::string& then, const std::string& now) {
    return UsageError(fmt::format("is of another job: {} was {} and is {}; use the same options, or another checkpoint",
                                  name, then.empty() ? "not set" : then, now.empty() ? "not set" : now));
  };
  for (const auto& [name, value] : saved) {
    const auto mine = options_.find(name);
    const std::string now = mine == options_.end() ? "" : mine->second;
    if (now != value) return differs(name, value, now);
  }
  for (const auto& [name, value] : options_) {
    if (!saved.contains(name) && !value.empty()) return differs(name, "", value);
  }
  return {};
}

bool Checkpoint::all_done() const {
  return resumed_ && std::ranges::all_of(units_done_, [](std::uint64_t units) { return units == Source::kAllUnits; });
}

std::optional<std::uint64_t> Checkpoint::DeadLetterBytes(const std::string& path) const {
  return path == dead_letters_ ? std::optional(dead_letter_bytes_) : std::nullopt;
}

Status Checkpoint::Keep(std::map<std::string, std::string> values) {
  kept_ = std::move(values);
  return Write();
}

Status Checkpoint::BeginDeadLetters(const std::string& path) {
  writes_dead_letters_ = true;
  if (path == dead_letters_) return {};
  dead_letters_ = path;
  dead_letter_bytes_ = 0;
  return Write();
}

Status Checkpoint::Save(InputPosition position, std::uint64_t dead_letter_bytes) {
  const auto set = [&](File& file, std::uint64_t units) {
    if (file.units >= units) return;
    file.units = units;
    changed_ = true;
  };
  for (std::size_t i = 0; i < files_.size() && i < position.file; ++i) set(files_[i], Source::kAllUnits);
  if (position.file < files_.size()) set(files_[position.file], position.units);
  if (writes_dead_letters_ && std::exchange(dead_letter_bytes_, dead_letter_bytes) != dead_letter_bytes)
    changed_ = true;
  return std::exchange(changed_, false) ? Write() : Status();
}

Status Checkpoint::SaveEnd(std::uint64_t dead_letter_bytes) {
  return Save({.file = files_.size(), .units = 0}, dead_letter_bytes);
}

Status Checkpoint::Write() {
  Json json;
  json["gf_otlp_checkpoint"] = kVersion;
  json["options"] = options_;
  if (!kept_.empty()) json["kept"] = kept_;
  json["dead_letters"] = {{"file", dead_letters_}, {"bytes", dead_letter_bytes_}};
  Json& files = json["files"] = Json::array();
  for (const std::vector<File>* list : {&gone_, &files_}) {
    for (const File& file : *list) {
      Json entry;
      entry["name"] = file.name;
      entry["size"] = file.size;
      entry["modified_ns"] = file.modified;
      entry["units_done"] = file.units == Source::kAllUnits ? Json("all") : Json(file.units);
      files.push_back(std::move(entry));
    }
  }
  Result<AtomicFile> file = AtomicFile::Create(path_, /*overwrite=*/true);
  if (!file) return std::move(file.error());
  GF_RETURN_IF_ERROR(file->Write(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  return file->Commit();
}

}  // namespace gf_otlp
