#include "input/paths.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/file.h"

namespace gf_otlp {
namespace {

constexpr std::string_view kStampForm = "-dddd-dd-ddTdd-dd-dd.ddd";

bool IsStamp(std::string_view text) {
  return std::ranges::equal(text, kStampForm,
                            [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

/// Where the last stamp of the file name begins.
std::optional<std::size_t> FindStamp(std::string_view path, std::size_t name_begin) {
  if (path.size() < kStampForm.size()) return std::nullopt;
  for (std::size_t at = path.size() - kStampForm.size() + 1; at-- > name_begin;) {
    if (IsStamp(path.substr(at, kStampForm.size()))) return at;
  }
  return std::nullopt;
}

bool IsLink(const std::string& path) {
  struct stat st{};
  return ::lstat(path.c_str(), &st) == 0 && S_ISLNK(st.st_mode);
}

/// Of a link: whether there is nothing behind it, also because it leads in a circle.
bool LeadsNowhere(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
}

/// `gf-otlp receive` keeps headers of the requests in X beside it, in X.headers: part of the capture, but no requests.
/// `names`: of the directory, sorted.
bool IsBesideItsData(std::string_view name, const std::vector<std::string>& names) {
  constexpr std::string_view kHeaders = ".headers";
  return name.ends_with(kHeaders) && std::ranges::binary_search(names, name.substr(0, name.size() - kHeaders.size()));
}

/// Lists one input's directories.
class DirectoryWalk {
 public:
  explicit DirectoryWalk(InputPaths& paths) : paths_(paths) {}

  Status Add(const std::string& directory, const FileInfo& info) {
    if (!seen_.emplace(info.device, info.inode).second) {
      Skip(directory, "directory that was read already");
      return {};
    }
    std::vector<std::string> names;
    GF_RETURN_IF_ERROR(ListNames(directory, names));
    for (const std::string& name : names) {
      if (IsBesideItsData(name, names)) continue;
      GF_RETURN_IF_ERROR(AddEntry(directory.ends_with('/') ? directory + name : directory + '/' + name, name));
    }
    return {};
  }

  /// Appends the files found, each once: under a name that is no link if it has one.
  void Finish() {
    std::ranges::sort(found_, {}, [](const Found& f) { return std::tie(f.key, f.path.name); });
    std::map<FileId, const Found*> kept;
    for (const Found& f : found_) {
      const Found*& first = kept.emplace(f.id, &f).first->second;
      if (first->link && !f.link) first = &f;
    }
    for (const Found& f : found_) {
      if (const Found* same = kept.at(f.id); same != &f) {
        Skip(f.path.name, "the same file as " + same->path.name);
      } else {
        paths_.files.push_back(f.path);
      }
    }
  }

 private:
  using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

  struct Found {
    RotationKey key;
    FileId id;
    bool link = false;
    InputPath path;
  };

  static Status ListNames(const std::string& directory, std::vector<std::string>& names) {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
    if (dir == nullptr) return ErrnoError(directory, errno);
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(dir.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return ErrnoError(directory, errno);
    std::ranges::sort(names);
    return {};
  }

  Status AddEntry(const std::string& path, std::string_view name) {
    if (name.starts_with('.')) {
      Skip(path, "hidden");
      return {};
    }
    const bool link = IsLink(path);
    if (link && LeadsNowhere(path)) {
      Skip(path, "a link that leads nowhere");
      return {};
    }
    const Result<FileInfo> info = StatFile(path);
    if (!info) return info.error();
    switch (info->kind) {
      case FileInfo::Kind::kDirectory: return Add(path, *info);
      case FileInfo::Kind::kOther: Skip(path, "neither a file nor a directory"); return {};
      case FileInfo::Kind::kRegular: break;
    }
    found_.push_back(
        {.key = RotationKeyOf(path),
         .id = {info->device, info->inode},
         .link = link,
         .path = {
             .name = path, .from_directory = true, .has_size = true, .size = info->size, .modified = info->modified}});
    return {};
  }

  void Skip(const std::string& name, std::string reason) { paths_.skipped.push_back({name, std::move(reason)}); }

  InputPaths& paths_;
  std::set<FileId> seen_;  // directories
  std::vector<Found> found_;
};

Status AddInput(const std::string& input, InputPaths& paths) {
  const Result<FileInfo> info = StatFile(input);
  if (!info) return info.error();
  if (info->kind != FileInfo::Kind::kDirectory) {
    paths.files.push_back({.name = input,
                           .has_size = info->kind == FileInfo::Kind::kRegular,
                           .size = info->size,
                           .modified = info->modified});
    return {};
  }
  DirectoryWalk walk(paths);
  GF_RETURN_IF_ERROR(walk.Add(input, *info));
  walk.Finish();
  return {};
}

}  // namespace

RotationKey RotationKeyOf(std::string_view path) {
  RotationKey key{.base = std::string(path), .stamp = "~"};
  const std::size_t slash = path.rfind('/');
  const std::optional<std::size_t> at = FindStamp(path, slash == std::string_view::npos ? 0 : slash + 1);
  if (!at) return key;
  std::string_view rest = path.substr(*at + kStampForm.size());
  if (rest.starts_with('-')) {
    const std::size_t reason_end = std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz", 1), rest.size());
    if (reason_end == 1) return key;
    rest.remove_prefix(reason_end);
  }
  if (!rest.empty() && rest[0] != '.') return key;
  for (const std::string_view later : {".gz", ".zst"}) {
    if (rest.ends_with(later) && rest.find('.') != rest.rfind('.')) rest.remove_suffix(later.size());
  }
  key.base = std::string(path.substr(0, *at)) + std::string(rest);
  key.stamp = path.substr(*at, kStampForm.size());
  return key;
}

Result<InputPaths> ListInputs(const std::vector<std::string>& inputs) {
  InputPaths paths;
  bool standard_input = false;
  for (const std::string& input : inputs) {
    if (input != "-") {
      GF_UNEXPECTED_IF_ERROR(AddInput(input, paths));
    } else if (std::exchange(standard_input, true)) {
      return std::unexpected(UsageError("standard input (-) is given twice"));
    } else {
      paths.files.push_back({.name = input});
    }
  }
  return paths;
}

}  // namespace gf_otlp
