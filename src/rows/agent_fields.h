#ifndef GF_OTLP_ROWS_AGENT_FIELDS_H_
#define GF_OTLP_ROWS_AGENT_FIELDS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json_reader.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "otlp/agent_vocabulary.h"
#include "otlp/value_reader.h"

/// Which attributes fill which columns of shape agents, and how numbers are read from them.
namespace gf_otlp::agents {

/// kUsage for a column in attributes_of that is not filled from attributes; names those that are.
Status CheckColumns(const RowOptions& options);

/// The vocabulary's candidates, and in place of those of a column in attributes_of the attributes named there: if one
/// is a candidate of that column, then with its member, but whatever its condition says.
class CandidateIndex {
 public:
  /// A column that an attribute fills, and how many candidates come first.
  struct Use {
    Field field;
    std::uint32_t rank;
    const Candidate* candidate;
  };

  /// REQUIRES: CheckColumns(options).ok()
  explicit CandidateIndex(const RowOptions& options);
  /// Not movable: candidates point at names.
  CandidateIndex(const CandidateIndex&) = delete;
  CandidateIndex& operator=(const CandidateIndex&) = delete;

  std::span<const Use> UsesOf(std::string_view attribute) const;

 private:
  void Add(Field field, std::uint32_t& rank, const Candidate& candidate);

  std::deque<std::string> names_;
  std::deque<Candidate> mapped_;
  std::unordered_map<std::string_view, std::vector<Use>> uses_;
};

/// No value, an empty text, bytes, list or key-value list.
bool IsEmptyValue(const Value& value);

/// A number of tokens: an integer or whole double that is not negative, or a text of digits.
std::optional<std::uint64_t> ReadCount(const Value& value);
/// A cost: a finite number, or the text of one.
std::optional<double> ReadCost(const Value& value);

/// Finds members of JSON objects: texts of objects, or key-value lists.
class MemberReader {
 public:
  /// The first member of that name (its text or number); kEmpty if there is none or it is null, a text that is no
  /// number if `object` is no object, or a text that is no JSON. Valid until the next call.
  Value Read(const Value& object, std::string_view member);

 private:
  bool Find(std::string_view member, Value& value);
  bool ReadScalar(Value& value);

  JsonReader reader_;
  PaddedBuffer text_;
  std::string found_text_;
  JoinedBytes joined_;
  std::vector<Attribute> entries_;
};

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_ROWS_AGENT_FIELDS_H_
