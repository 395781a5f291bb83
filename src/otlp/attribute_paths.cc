#include "otlp/attribute_paths.h"

#include <algorithm>

#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

/// Appends the paths of entries below `prefix`; those of repeated keys too, though a JSON value keeps only the last
/// one.
template <class Entries>
void AddPaths(const std::string& prefix, const Entries& entries, std::vector<std::string>& paths) {
  for (const Attribute& entry : entries) {
    std::string path = prefix.empty() ? std::string(entry.key) : prefix + "." + std::string(entry.key);
    if (entry.value.kind() != Value::Kind::kKvlist) {
      paths.push_back(std::move(path));
      continue;
    }
    JoinedBytes joined;
    std::vector<Attribute> nested;
    ReadEntries(entry.value.bytes(), nested, joined);
    AddPaths(path, nested, paths);
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
