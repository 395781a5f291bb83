#include "otlp/attribute_paths.h"

#include <algorithm>
#include <map>

#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

/// Appends the paths below `prefix` for entries of which the last one of a key counts.
template <class Entries>
void AddPaths(const std::string& prefix, const Entries& entries, std::vector<std::string>& paths) {
  std::map<std::string_view, const Value*> last;
  for (const Attribute& entry : entries) last[entry.key] = &entry.value;
  for (const auto& [key, value] : last) {
    std::string path = prefix + std::string(key);
    if (value->kind() != Value::Kind::kKvlist) {
      paths.push_back(std::move(path));
      continue;
    }
    JoinedBytes joined;
    std::vector<Attribute> nested;
    ReadEntries(value->bytes(), nested, joined);
    AddPaths(path + ".", nested, paths);
  }
}

}  // namespace

void AttributePaths(const Attributes& attributes, std::vector<std::string>& paths) {
  paths.clear();
  AddPaths("", attributes, paths);
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
}

}  // namespace gf_otlp
