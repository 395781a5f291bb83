#include "rows/agent_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.h"
#include "base/json_number.h"

namespace gf_otlp::agents {
namespace {

using Kind = Value::Kind;

template <class T>
std::optional<T> WholeText(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Status CheckColumns(const RowOptions& options) {
  for (const auto& [column, attributes] : options.attributes_of) {
    if (FieldOfColumn(column)) continue;
    return UsageError(fmt::format("column {} is not filled from attributes; those that are: {}", column,
                                  fmt::join(kFieldColumns, ", ")));
  }
  return {};
}

CandidateIndex::CandidateIndex(const RowOptions& options) {
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto field = static_cast<Field>(i);
    const std::span<const Candidate> built_in = CandidatesOf(field);
    std::uint32_t rank = 0;
    const auto mapped = options.attributes_of.find(std::string(kFieldColumns[i]));
    if (mapped == options.attributes_of.end()) {
      for (const Candidate& candidate : built_in) Add(field, rank, candidate);
      continue;
    }
    for (const std::string& name : mapped->second) {
      const std::uint32_t before = rank;
      for (const Candidate& candidate : built_in) {
        if (candidate.attribute == name && candidate.when.empty()) Add(field, rank, candidate);
      }
      if (rank == before) Add(field, rank, mapped_.emplace_back(Candidate{.attribute = names_.emplace_back(name)}));
    }
  }
}

void CandidateIndex::Add(Field field, std::uint32_t& rank, const Candidate& candidate) {
  uses_[candidate.attribute].push_back({field, rank++, &candidate});
}

std::span<const CandidateIndex::Use> CandidateIndex::UsesOf(std::string_view attribute) const {
  const auto found = uses_.find(attribute);
  if (found == uses_.end()) return {};
  return found->second;
}

bool IsEmptyValue(const Value& value) {
  switch (value.kind()) {
    case Kind::kEmpty: return true;
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kArray:
    case Kind::kKvlist: return value.bytes().empty();
    default: return false;
  }
}

std::optional<std::uint64_t> ReadCount(const Value& value) {
  constexpr double kLimit = 18'446'744'073'709'551'616.0;  // 2^64
  switch (value.kind()) {
    case Kind::kInt:
      if (value.as_int() < 0) return std::nullopt;
      return static_cast<std::uint64_t>(value.as_int());
    case Kind::kDouble: {
      const double number = value.as_double();
      if (!(number >= 0 && number < kLimit) || number != std::floor(number)) return std::nullopt;
      return static_cast<std::uint64_t>(number);
    }
    case Kind::kString: return WholeText<std::uint64_t>(value.bytes());
    default: return std::nullopt;
  }
}

std::optional<double> ReadCost(const Value& value) {
  std::optional<double> number;
  if (value.kind() == Kind::kInt) number = static_cast<double>(value.as_int());
  if (value.kind() == Kind::kDouble) number = value.as_double();
  if (value.kind() == Kind::kString) number = WholeText<double>(value.bytes());
  return number && std::isfinite(*number) ? number : std::nullopt;
}

Value MemberReader::Read(const Value& object, std::string_view member) {
  if (object.kind() == Kind::kKvlist) {
    entries_.clear();
    joined_.clear();
    ReadEntries(object.bytes(), entries_, joined_);
    const auto found = std::ranges::find(entries_, member, &Attribute::key);
    return found != entries_.end() ? found->value : Value();
  }
  constexpr std::string_view kNoNumber = "?";
  Value value = Value::OfBytes(Kind::kString, kNoNumber);
  if (object.kind() != Kind::kString) return value;
  constexpr std::size_t kKeep = std::size_t{64} << 10;
  reader_.Release(kKeep);
  text_.Shrink(kKeep);
  text_.Append(object.bytes());
  return Find(member, value) ? value : Value::OfBytes(Kind::kString, kNoNumber);
}

bool MemberReader::Find(std::string_view member, Value& value) {
  bool more = false, found = false;
  if (!reader_.Start(text_.view()) || !reader_.BeginObject(more)) return false;
  while (more) {
    std::string_view key;
    if (!reader_.Key(key) || !reader_.Resolve(key)) return false;
    const bool is_sought = !found && key == member;
    if (is_sought ? !ReadScalar(value) : !reader_.Skip()) return false;
    found |= is_sought;
    if (!reader_.NextMember(more)) return false;
  }
  if (!found) value = Value();
  return reader_.Finish();
}

bool MemberReader::ReadScalar(Value& value) {
  const char token = reader_.token();
  if (token == '"') {
    std::string_view text;
    if (!reader_.String(text)) return false;
    found_text_ = text;
    value = Value::OfBytes(Kind::kString, found_text_);
    return true;
  }
  if (token == 'n') value = Value();
  const char* const begin = text_.data() + reader_.position();
  if (!reader_.Skip()) return false;
  if (token != '-' && !IsDigit(token)) return true;
  const std::string_view number(begin, JsonNumberEnd(begin, text_.data() + text_.size()));
  double fraction = 0;
  if (number.find_first_of(".eE") == std::string_view::npos) {
    value = Value::OfBytes(Kind::kString, number);
  } else if (ParseJsonDouble(number, fraction)) {
    value = Value::OfBits(Kind::kDouble, std::bit_cast<std::uint64_t>(fraction));
  }
  return true;
}

}  // namespace gf_otlp::agents
