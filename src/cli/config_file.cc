#include "cli/config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/file.h"

namespace gf_otlp::cli {
namespace {

using namespace std::string_view_literals;
using Shape = ConfigEntry::Shape;

// Aliases make a small text a large tree, or one without end.
constexpr std::size_t kMaxFileSize = std::size_t{1} << 20, kMaxEntries = 4096;
constexpr int kMaxDepth = 16;

int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

bool IsVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// `expression` is what stands between ${ and }.
Result<std::string> ValueOfVariable(std::string_view expression) {
  std::string_view name = expression;
  if (name.starts_with("env:")) name.remove_prefix(4);
  std::optional<std::string_view> fallback;
  if (const std::size_t at = name.find(":-"); at != name.npos) {
    fallback = name.substr(at + 2);
    name = name.substr(0, at);
  }
  if (!IsVariableName(name) || (fallback && fallback->contains("${"))) {
    return std::unexpected(UsageError(fmt::format(
        "'${{{}}}' is not understood: write ${{env:NAME}} or ${{env:NAME:-TEXT}}, and $$ for a dollar", expression)));
  }
  if (const char* value = std::getenv(std::string(name).c_str())) return value;
  if (fallback) return std::string(*fallback);
  return std::unexpected(UsageError(fmt::format("the environment has no variable {}", name)));
}

Result<std::string> ReplaceVariables(std::string_view text) {
  std::string replaced;
  while (true) {
    const std::size_t dollar = text.find('$');
    replaced += text.substr(0, dollar);
    if (dollar == text.npos) return replaced;
    text.remove_prefix(dollar);
    if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == text.npos) return std::unexpected(UsageError("'${' without '}': write $$ for a dollar"));
      Result<std::string> value = ValueOfVariable(text.substr(2, end - 2));
      if (!value) return value;
      replaced += *value;
      text.remove_prefix(end + 1);
    } else {
      replaced += '$';
      text.remove_prefix(text.starts_with("$$") ? 2 : 1);
    }
  }
}

class Flattener {
 public:
  Flattener(const std::string& file, std::vector<ConfigEntry>& entries) : file_(file), entries_(entries) {}

  /// `prefix`: "producer.", or nothing at the top.
  Status AddMap(const YAML::Node& map, const std::string& prefix, int depth = 0) {
    if (depth > kMaxDepth) return ErrorAt(map.Mark(), "maps within maps without end");
    std::map<std::string, int> lines;
    for (const auto& pair : map) {
      const YAML::Node &key = pair.first, &value = pair.second;
      if (!key.IsScalar()) return ErrorAt(key.Mark(), "a key is a list or a map");
      const std::string& name = key.Scalar();
      if (name == "<<") return ErrorAt(key.Mark(), "merging maps by '<<' is not supported");
      if (name.contains('.'))
        return ErrorAt(key.Mark(), fmt::format("'{}': keys are nested, not joined by dots", name));
      if (const auto [at, fresh] = lines.try_emplace(name, LineOf(key.Mark())); !fresh) {
        return ErrorAt(key.Mark(), fmt::format("'{}{}' stands in line {} already", prefix, name, at->second));
      }
      if (entries_.size() == kMaxEntries) return ErrorAt(key.Mark(), "too many keys for a configuration");
      entries_.push_back({.key = prefix + name, .line = LineOf(key.Mark())});
      GF_RETURN_IF_ERROR(AddValue(value, depth));
    }
    return {};
  }

  Status ErrorAt(const YAML::Mark& mark, std::string_view message) const {
    return UsageError(mark.is_null() ? fmt::format("{}: {}", file_, message)
                                     : fmt::format("{}:{}: {}", file_, LineOf(mark), message));
  }

 private:
  /// Of the last entry.
  Status AddValue(const YAML::Node& value, int depth) {
    ConfigEntry& entry = entries_.back();
    if (value.IsMap()) {
      entry.shape = Shape::kMap;
      entry.shown = "a map";
      return AddMap(value, entry.key + ".", depth + 1);
    }
    if (value.IsScalar()) {
      entry.shape = Shape::kText;
      entry.shown = fmt::format("'{}'", value.Scalar());
      return AddText(entry, value);
    }
    if (value.IsSequence()) {
      entry.shape = Shape::kList;
      entry.shown = "a list";
      for (const YAML::Node& item : value) {
        if (!item.IsScalar()) {
          return ErrorAt(item.Mark(), fmt::format("{}: a list of texts is expected, one of it is not", entry.key));
        }
        GF_RETURN_IF_ERROR(AddText(entry, item));
      }
    }
    return {};
  }

  Status AddText(ConfigEntry& entry, const YAML::Node& scalar) {
    Result<std::string> text = ReplaceVariables(scalar.Scalar());
    if (!text) return ErrorAt(scalar.Mark(), fmt::format("{}: {}", entry.key, text.error().message()));
    if (entry.texts.size() == kMaxEntries) return ErrorAt(scalar.Mark(), "too long a list for a configuration");
    entry.texts.push_back(std::move(*text));
    return {};
  }

  const std::string& file_;
  std::vector<ConfigEntry>& entries_;
};

/// Where documents begin; all else is of no interest.
class DocumentStart final : public YAML::EventHandler {
 public:
  YAML::Mark mark;

  void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// Where a second document begins, or what is left behind the first; nothing if all is read. YAML::LoadAll() would tell
/// too, but with a bracket or comma too much it goes on for ever.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart start;
  if (!parser.HandleNextDocument(start) || !parser.HandleNextDocument(start)) return {};
  return start.mark;
}

bool IsGlassflow(std::string_view name) { return name == "glassflow" || name.starts_with("glassflow/"); }

/// The value of `key`, and an error for a second one; an undefined node if there is none.
Result<YAML::Node> Find(const YAML::Node& map, std::string_view key, const Flattener& flattener) {
  std::optional<std::pair<YAML::Node, YAML::Node>> found;
  for (const auto& pair : map) {
    const YAML::Node &name = pair.first, &value = pair.second;
    if (!name.IsScalar() || name.Scalar() != key) continue;
    if (found) {
      return std::unexpected(flattener.ErrorAt(
          name.Mark(), fmt::format("'{}' stands in line {} already", key, LineOf(found->first.Mark()))));
    }
    found.emplace(name, value);
  }
  return found ? found->second : YAML::Node(YAML::NodeType::Undefined);
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Which of the Collector's exporters is meant.
Result<std::string> ChooseExporter(const YAML::Node& exporters, std::string_view wanted, const Flattener& flattener) {
  if (!exporters.IsMap()) {
    return std::unexpected(flattener.ErrorAt(exporters.Mark(), "exporters: a map of exporters is expected"));
  }
  std::vector<std::string> names;
  for (const auto& pair : exporters) {
    const YAML::Node& name = pair.first;
    if (name.IsScalar() && IsGlassflow(name.Scalar()) && !Contains(names, name.Scalar())) {
      names.push_back(name.Scalar());
    }
  }
  const auto error = [&](std::string_view message) {
    return std::unexpected(flattener.ErrorAt(exporters.Mark(), message));
  };
  if (names.empty()) return error("no exporter named glassflow or glassflow/NAME");
  if (wanted.empty() && names.size() == 1) return names.front();
  if (wanted.empty()) {
    return error(fmt::format("several exporters: {}; choose one by --exporter NAME", fmt::join(names, ", ")));
  }
  if (!Contains(names, wanted)) {
    return error(fmt::format("no exporter named {} (--exporter): there is {}", wanted, fmt::join(names, ", ")));
  }
  return std::string(wanted);
}

/// The exporter's map, or null.
Result<YAML::Node> FindExporter(const YAML::Node& root, std::string_view wanted, const Flattener& flattener) {
  if (root.IsNull()) return root;
  if (!root.IsMap()) return std::unexpected(flattener.ErrorAt(root.Mark(), "a map of settings is expected"));
  const Result<YAML::Node> exporters = Find(root, "exporters", flattener);
  if (!exporters) return std::unexpected(exporters.error());
  if (!exporters->IsDefined()) {
    if (wanted.empty()) return root;
    return std::unexpected(
        flattener.ErrorAt(root.Mark(), "--exporter chooses from a Collector's file, which has 'exporters:'"));
  }
  const Result<std::string> name = ChooseExporter(*exporters, wanted, flattener);
  if (!name) return std::unexpected(name.error());
  Result<YAML::Node> exporter = Find(*exporters, *name, flattener);
  if (exporter && !exporter->IsMap() && !exporter->IsNull()) {
    return std::unexpected(
        flattener.ErrorAt(exporter->Mark(), fmt::format("{}: a map of settings is expected", *name)));
  }
  return exporter;
}

}  // namespace

Result<std::vector<ConfigEntry>> ParseConfig(const std::string& text, const std::string& name,
                                             std::string_view exporter) {
  std::vector<ConfigEntry> entries;
  Flattener flattener(name, entries);
  // YAML has none of these, and yaml-cpp takes one of them for the end of the file.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' && !"\t\n\r"sv.contains(c); };
  if (const auto control = std::ranges::find_if(text, is_control); control != text.end()) {
    return std::unexpected(
        UsageError(fmt::format("{}:{}: a control character", name, 1 + std::count(text.begin(), control, '\n'))));
  }
  try {
    if (const std::optional<YAML::Mark> second = SecondDocument(text)) {
      return std::unexpected(flattener.ErrorAt(*second, "the settings end above this line, but more follows"));
    }
    const Result<YAML::Node> map = FindExporter(YAML::Load(text), exporter, flattener);
    if (!map) return std::unexpected(map.error());
    if (map->IsMap()) GF_UNEXPECTED_IF_ERROR(flattener.AddMap(*map, ""));
  } catch (const YAML::Exception& error) {
    return std::unexpected(flattener.ErrorAt(error.mark, error.msg));
  } catch (const std::exception& error) {
    return std::unexpected(UsageError(fmt::format("{}: {}", name, error.what())));
  }
  return entries;
}

Result<std::vector<ConfigEntry>> LoadConfigFile(const std::string& path, std::string_view exporter) {
  Result<std::string> text = ReadFile(path, kMaxFileSize);
  if (!text) {
    return std::unexpected(text.error().code() == Code::kBadData ? UsageError(text.error().message()) : text.error());
  }
  return ParseConfig(*text, path, exporter);
}

}  // namespace gf_otlp::cli
