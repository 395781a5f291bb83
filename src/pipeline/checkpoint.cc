#include "pipeline/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "base/file.h"

namespace gf_otlp {
namespace {

constexpr int kVersion = 1;

using Json = nlohmann::ordered_json;

}  // namespace

Result<Checkpoint> Checkpoint::Open(std::string path, Options options, const std::vector<InputPath>& files) {
  Checkpoint checkpoint(std::move(path), std::move(options));
  for (const InputPath& file : files) {
    if (!file.has_size) {
      return std::unexpected(UsageError(
          fmt::format("--checkpoint: {} cannot be read again from where a run ended: give files or directories",
                      file.name == "-" ? "standard input" : file.name)));
    }
    checkpoint.files_.push_back({.name = file.name, .size = file.size, .modified = file.modified});
  }
  checkpoint.units_done_.resize(files.size());
  std::ifstream stream(checkpoint.path_, std::ios::binary);
  if (!stream) {
    if (errno == ENOENT) return checkpoint;
    return std::unexpected(ErrnoError(checkpoint.path_, errno));
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (Status read = checkpoint.Read(text, files); !read.ok()) {
    return std::unexpected(std::move(read).At("checkpoint " + checkpoint.path_));
  }
  return checkpoint;
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
    dead_letter_bytes_ = json.at("dead_letter_bytes");
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

Status Checkpoint::Save(InputPosition position, std::uint64_t dead_letter_bytes) {
  const auto set = [&](File& file, std::uint64_t units) {
    if (file.units >= units) return;
    file.units = units;
    changed_ = true;
  };
  for (std::size_t i = 0; i < files_.size() && i < position.file; ++i) set(files_[i], Source::kAllUnits);
  if (position.file < files_.size()) set(files_[position.file], position.units);
  changed_ = changed_ || dead_letter_bytes_ != dead_letter_bytes;
  dead_letter_bytes_ = dead_letter_bytes;
  return std::exchange(changed_, false) ? Write() : Status();
}

Status Checkpoint::SaveEnd(std::uint64_t dead_letter_bytes) {
  return Save({.file = files_.size(), .units = 0}, dead_letter_bytes);
}

Status Checkpoint::Write() {
  Json json;
  json["gf_otlp_checkpoint"] = kVersion;
  json["options"] = options_;
  json["dead_letter_bytes"] = dead_letter_bytes_;
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
