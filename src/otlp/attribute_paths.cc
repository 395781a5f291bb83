#include "otlp/attribute_paths.h"

#include <algorithm>
#include <unordered_map>

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

struct PathSizes {
  std::uint64_t paths = 0, bytes = 0;
};

/// Once the bytes are above the limit they are not exact.
PathSizes SizesOf(const Attribute& attribute, std::uint64_t limit) {
  if (attribute.value.kind() != Value::Kind::kKvlist) return {.paths = 1, .bytes = attribute.key.size()};
  PathSizes all;
  JoinedBytes joined;
  std::vector<Attribute> nested;
  ReadEntries(attribute.value.bytes(), nested, joined);
  for (const Attribute& entry : nested) {
    const PathSizes sizes = SizesOf(entry, limit);
    all.paths += sizes.paths;
    all.bytes += sizes.bytes;
    if (all.bytes > limit) return all;
  }
  all.bytes += all.paths * (attribute.key.size() + 1);  // no overflow: both factors are less than a request's bytes
  return all;
}

template <class Entries>
std::string FindRepeatedPath(const Entries& entries);

/// The same of the objects in an array: each has paths of its own. Those of which there are too many are passed over.
std::string FindRepeatedPathInArray(const Value& array) {
  std::string repeated;
  ForEachElement(array.bytes(), [&](const Value& element) {
    if (!repeated.empty()) return;
    if (element.kind() == Value::Kind::kArray) repeated = FindRepeatedPathInArray(element);
    if (element.kind() != Value::Kind::kKvlist) return;
    JoinedBytes joined;
    std::vector<Attribute> nested;
    ReadEntries(element.bytes(), nested, joined);
    std::uint64_t bytes = 0;
    for (const Attribute& entry : nested) bytes += PathBytes(entry, kMaxPathBytes);
    if (bytes <= kMaxPathBytes) repeated = FindRepeatedPath(nested);
  });
  return repeated;
}

/// As AddPaths, but of what a JSON value keeps. `repeated`: what is found in arrays on the way.
template <class Entries>
void AddValuePaths(const std::string& prefix, const Entries& entries, std::vector<std::string>& paths,
                   std::string& repeated) {
  std::unordered_map<std::string_view, const Value*> values;
  for (const Attribute& entry : entries) values[entry.key] = &entry.value;
  for (const auto& [key, value] : values) {
    const bool null =
        value->kind() == Value::Kind::kEmpty || (value->kind() == Value::Kind::kBytes && value->bytes().empty());
    if (null) continue;
    std::string path = prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
    if (value->kind() == Value::Kind::kArray && repeated.empty()) repeated = FindRepeatedPathInArray(*value);
    if (value->kind() != Value::Kind::kKvlist) {
      paths.push_back(std::move(path));
      continue;
    }
    JoinedBytes joined;
    std::vector<Attribute> nested;
    ReadEntries(value->bytes(), nested, joined);
    AddValuePaths(path, nested, paths, repeated);
  }
}

template <class Entries>
std::string FindRepeatedPath(const Entries& entries) {
  std::vector<std::string> paths;
  std::string in_array;
  AddValuePaths("", entries, paths, in_array);
  std::ranges::sort(paths);
  const auto repeated = std::ranges::adjacent_find(paths);
  return repeated == paths.end() ? in_array : *repeated;
}

}  // namespace

std::string RepeatedPath(const Attributes& attributes) { return FindRepeatedPath(attributes); }

std::uint64_t PathBytes(const Attribute& attribute, std::uint64_t limit) { return SizesOf(attribute, limit).bytes; }

void AttributePaths(const Attributes& attributes, std::vector<std::string>& paths) {
  paths.clear();
  AddPaths("", attributes, paths);
  std::ranges::sort(paths);
  paths.erase(std::ranges::unique(paths).begin(), paths.end());
}

}  // namespace gf_otlp
