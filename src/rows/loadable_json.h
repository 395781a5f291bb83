#ifndef GF_OTLP_ROWS_LOADABLE_JSON_H_
#define GF_OTLP_ROWS_LOADABLE_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"

namespace gf_otlp {

/// A key as it is written: each byte that is not UTF-8 is U+FFFD (and added to `replaced`), so that keys which differ
/// may be one.
std::string WrittenKey(std::string_view key, std::uint64_t& replaced);

/// Writes attributes as JSON that ClickHouse's JSON type takes, whatever they are; it refuses an object with a path
/// that is there twice ("a.b" beside "a": {"b"}) and whole numbers above 2^64. So of what has one path only the first
/// is written, and doubles always have a point or an exponent (then they also keep their type). Keys are sorted
/// bytewise, of equal ones the first counts; no value is left out in objects (the type does not keep null), null in
/// arrays; bytes are base64; NaN and infinities are texts.
class LoadableJson {
 public:
  /// `drop_content`: members that are content (agents::IsContent, by their key, their path, or that in the
  /// element of an array that they are in) are left out. `replaced`,
  /// which outlives this: is added the bytes that were not UTF-8.
  LoadableJson(bool drop_content, std::uint64_t& replaced) : drop_content_(drop_content), replaced_(replaced) {}

  /// Begins an object: its members' paths are new. `has_lists`: some value in it is a key-value list (only then two
  /// keys can have one path).
  void Begin(bool has_lists);
  /// Appends a member of that object: `name` (`"key":`, escaped), its value and a comma; or nothing, if it is left out.
  /// `key` is as WrittenKey() has it.
  void AppendMember(std::string_view name, std::string_view key, const Value& value, PaddedBuffer& out);
  /// Appends the value of a member without its name.
  void AppendValueOf(std::string_view key, const Value& value, PaddedBuffer& out);

 private:
  /// Hashes of an object's paths. There is no need of them where no value is a key-value list: keys are unique.
  using Paths = std::unordered_set<std::uint64_t>;

  void AppendNested(std::string_view name, std::string_view key, const Value& value, std::uint64_t path, Paths* paths,
                    PaddedBuffer& out);
  /// `paths`: of the object that this one is in; null and `in_array` for one within an array, which has paths of its
  /// own.
  void AppendObject(std::string_view kvlist, std::uint64_t path, Paths* paths, bool in_array, PaddedBuffer& out);
  void AppendValue(const Value& value, PaddedBuffer& out);
  void AppendArray(std::string_view array, PaddedBuffer& out);

  bool drop_content_;
  std::uint64_t& replaced_;
  Paths paths_;
  bool has_lists_ = false;
  std::string path_;         // only where content is dropped
  std::size_t element_ = 0;  // where in it the path begins that is within an array
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_LOADABLE_JSON_H_
