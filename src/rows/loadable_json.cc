#include "rows/loadable_json.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "otlp/agent_vocabulary.h"
#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

using Kind = Value::Kind;

/// FNV-1a, of a path as it grows: the same for "a.b" and for "b" in "a".
constexpr std::uint64_t kNoPath = 0xcbf29ce484222325;
constexpr std::uint64_t Longer(std::uint64_t path, std::string_view text) {
  for (const char c : text) path = (path ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return path;
}

void EndList(char close, PaddedBuffer& out) {
  if (out.end()[-1] == ',') out.Resize(out.size() - 1);
  out.Append(close);
}

void AppendDouble(double value, PaddedBuffer& out) {
  if (!std::isfinite(value)) {
    return out.Append(std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  }
  out.Reserve(kDoubleRoom + 2);
  char* const begin = out.end();
  char* const end = WriteDouble(begin, value);
  const bool whole = std::string_view(begin, end).find_first_of(".e") == std::string_view::npos;
  out.SetEnd(end);
  if (whole) out.Append(".0");
}

}  // namespace

std::string WrittenKey(std::string_view key, std::uint64_t& replaced) {
  if (IsUtf8(key)) return std::string(key);
  std::string written;
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t length = Utf8Length(key, at);
    written += length > 0 ? key.substr(at, length) : kReplacementCharacter;
    replaced += length > 0 ? 0 : 1;
    at += length > 0 ? length : 1;
  }
  return written;
}

void LoadableJson::Begin(bool has_lists) {
  has_lists_ = has_lists;
  if (has_lists) paths_.clear();
}

void LoadableJson::AppendMember(std::string_view name, std::string_view key, const Value& value, PaddedBuffer& out) {
  path_.clear();
  AppendNested(name, key, value, kNoPath, has_lists_ ? &paths_ : nullptr, out);
}

void LoadableJson::AppendValueOf(std::string_view key, const Value& value, PaddedBuffer& out) {
  path_.clear();
  if (drop_content_) path_ = key;
  AppendValue(value, out);
}

void LoadableJson::AppendNested(std::string_view name, std::string_view key, const Value& value, std::uint64_t path,
                                Paths* paths, PaddedBuffer& out) {
  if (value.kind() == Kind::kEmpty) return;
  const std::size_t outer = path_.size();
  if (drop_content_) {
    path_ += key;
    const std::string_view path_in_element = std::string_view(path_).substr(element_);
    if (agents::IsContent(key) || agents::IsContent(path_) || agents::IsContent(path_in_element)) {
      return path_.resize(outer);
    }
  }
  if (value.kind() == Kind::kKvlist) {
    out.Append(name);
    AppendObject(value.bytes(), paths != nullptr ? Longer(Longer(path, key), ".") : path, paths, false, out);
    out.Append(',');
  } else if (paths == nullptr || paths->insert(Longer(path, key)).second) {
    out.Append(name);
    AppendValue(value, out);
    out.Append(',');
  }
  path_.resize(outer);
}

void LoadableJson::AppendObject(std::string_view kvlist, std::uint64_t path, Paths* paths, bool in_array,
                                PaddedBuffer& out) {
  JoinedBytes joined;
  std::vector<Attribute> entries;
  ReadEntries(kvlist, entries, joined);
  for (Attribute& entry : entries) {
    if (!IsAscii(entry.key)) entry.key = joined.emplace_front(WrittenKey(entry.key, replaced_));
  }
  std::ranges::stable_sort(entries, {}, &Attribute::key);
  Paths own;
  const auto is_list = [](const Attribute& entry) { return entry.value.kind() == Kind::kKvlist; };
  if (in_array && std::ranges::any_of(entries, is_list)) paths = &own;

  const std::size_t outer = path_.size();
  if (outer > 0) path_ += '.';
  PaddedBuffer name;
  out.Append('{');
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view key = entries[i].key;
    if (i > 0 && entries[i - 1].key == key) continue;
    name.Clear();
    name.Reserve(JsonStringRoom(key.size()) + 1);
    name.SetEnd(WriteJsonString(name.end(), key, replaced_));
    name.Append(':');
    AppendNested(name.view(), key, entries[i].value, path, paths, out);
  }
  EndList('}', out);
  path_.resize(outer);
}

void LoadableJson::AppendArray(std::string_view array, PaddedBuffer& out) {
  out.Append('[');
  const std::size_t outer = std::exchange(element_, path_.empty() ? 0 : path_.size() + 1);
  ForEachElement(array, [&](const Value& element) {
    AppendValue(element, out);
    out.Append(',');
  });
  EndList(']', out);
  element_ = outer;
}

void LoadableJson::AppendValue(const Value& value, PaddedBuffer& out) {
  switch (value.kind()) {
    case Kind::kEmpty: return out.Append("null");
    case Kind::kString:
      out.Reserve(JsonStringRoom(value.bytes().size()));
      return out.SetEnd(WriteJsonString(out.end(), value.bytes(), replaced_));
    case Kind::kBool: return out.Append(value.as_bool() ? "true" : "false");
    case Kind::kInt: out.Reserve(kIntegerRoom); return out.SetEnd(WriteInteger(out.end(), value.as_int()));
    case Kind::kDouble: return AppendDouble(value.as_double(), out);
    case Kind::kBytes: {
      const std::string_view bytes = value.bytes();
      out.Reserve(Base64Size(bytes.size()) + 2);
      out.Append('"');
      out.SetEnd(WriteBase64(out.end(), bytes));
      return out.Append('"');
    }
    case Kind::kArray: return AppendArray(value.bytes(), out);
    case Kind::kKvlist: return AppendObject(value.bytes(), kNoPath, nullptr, true, out);
  }
}

}  // namespace gf_otlp
