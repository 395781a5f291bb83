#include "otlp/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/mix.h"
#include "base/time_text.h"
#include "otlp/select_text.h"

namespace gf_otlp {
namespace {

bool EqualInAnyCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Severity numbers of a level: opentelemetry-proto gives each name four numbers, from 1.
struct SeverityRange {
  std::int32_t first = 0, last = 0;
};

std::optional<SeverityRange> ParseLevel(std::string_view word) {
  constexpr std::string_view kLevels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  std::int32_t first = 1;
  for (const std::string_view level : kLevels) {
    if (EqualInAnyCase(word, level)) return SeverityRange{first, first + 3};
    if (word.size() == level.size() + 1 && EqualInAnyCase(word.substr(0, level.size()), level) && word.back() >= '2' &&
        word.back() <= '4') {
      const std::int32_t number = first + (word.back() - '1');
      return SeverityRange{number, number};
    }
    first += 4;
  }
  return std::nullopt;
}

constexpr std::string_view kStatusNames[] = {"Unset", "Ok", "Error"};

/// What a KEY names.
enum class Field : std::uint8_t { kResource, kScopeName, kAttribute, kName, kSeverity, kStatus, kDuration };

struct Key {
  Field field = Field::kName;
  std::string_view attribute;  // kResource, kAttribute
};

std::optional<Key> ParseKey(std::string_view text) {
  constexpr std::pair<std::string_view, Field> kKeys[] = {{"scope.name", Field::kScopeName},
                                                          {"name", Field::kName},
                                                          {"severity", Field::kSeverity},
                                                          {"status", Field::kStatus},
                                                          {"duration", Field::kDuration}};
  for (const auto& [name, field] : kKeys) {
    if (name == text) return Key{field, {}};
  }
  constexpr std::pair<std::string_view, Field> kPrefixes[] = {{"resource.", Field::kResource},
                                                              {"attr.", Field::kAttribute}};
  for (const auto& [prefix, field] : kPrefixes) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) return Key{field, text.substr(prefix.size())};
  }
  return std::nullopt;
}

class Condition {
 public:
  static Result<Condition> Compile(const WhereCondition& where) {
    const auto key = ParseKey(where.key);
    if (!key) {
      return std::unexpected(
          UsageError(fmt::format("--where: unknown key '{}': use resource.NAME, scope.name, attr.NAME, name, severity, "
                                 "status or duration",
                                 where.key)));
    }
    const auto op = ParseSelectOp(where.op);
    if (!op) {
      return std::unexpected(
          UsageError(fmt::format("--where {}: unknown operator '{}': use =, !=, ~, >= or <=", where.key, where.op)));
    }
    Condition condition(*key, *op);
    Status status = condition.CompileValue(where.value);
    if (!status.ok()) return std::unexpected(std::move(status).At(fmt::format("--where {} {}", where.key, where.op)));
    return condition;
  }

  Field field() const { return field_; }

  bool Holds(const RequestReader& reader) { return HoldsPlain(reader) != (op_ == SelectOp::kNotEqual); }

 private:
  Condition(Key key, SelectOp op) : field_(key.field), op_(op), attribute_(key.attribute) {}

  Status CompileValue(const std::string& value) {
    switch (field_) {
      case Field::kStatus: return CompileStatus(value);
      case Field::kDuration: return CompileDuration(value);
      case Field::kSeverity: GF_RETURN_IF_ERROR(CompileSeverity(value)); return CompileText(value);
      default: return CompileText(value);
    }
  }

  Status CompileText(const std::string& value) {
    auto test = TextTest::Compile(op_, value);
    if (!test) return std::move(test.error());
    text_ = std::move(*test);
    return {};
  }

  Status CompileStatus(const std::string& value) {
    if (op_ == SelectOp::kMatch) return CompileText(value);
    if (op_ != SelectOp::kEqual && op_ != SelectOp::kNotEqual)
      return UsageError("a status has no order: use =, != or ~");
    const auto* const name =
        std::ranges::find_if(kStatusNames, [&](std::string_view known) { return EqualInAnyCase(known, value); });
    if (name == std::end(kStatusNames))
      return UsageError(fmt::format("unknown status '{}': use Unset, Ok or Error", value));
    status_ = static_cast<std::int32_t>(name - kStatusNames);
    return {};
  }

  Status CompileDuration(const std::string& value) {
    if (op_ == SelectOp::kMatch) return UsageError("a duration has no text: use =, !=, >= or <=");
    auto duration = ParseDuration(value);
    if (!duration) return std::move(duration.error());
    duration_ = *duration;
    return {};
  }

  Status CompileSeverity(const std::string& value) {
    value_ = value;
    std::int32_t number;
    const char* const end = value.data() + value.size();
    const auto [at, ec] = std::from_chars(value.data(), end, number);
    if (ec == std::errc() && at == end) {
      severity_number_ = number;
      severities_ = SeverityRange{number, number};
    } else {
      severities_ = ParseLevel(value);
    }
    if (!severities_ && (op_ == SelectOp::kAtLeast || op_ == SelectOp::kAtMost)) {
      return UsageError(
          fmt::format("unknown severity '{}': use a number, or TRACE, DEBUG, INFO, WARN, ERROR or FATAL", value));
    }
    return {};
  }

  /// With = in place of !=; false if the record does not have it.
  bool HoldsPlain(const RequestReader& reader) {
    switch (field_) {
      case Field::kResource: return HoldsOne(reader.resource().attributes);
      case Field::kScopeName: return text_.Holds(reader.scope().name);
      case Field::kAttribute: return HoldsAttribute(reader);
      case Field::kName: return text_.Holds(Name(reader));
      case Field::kSeverity: return reader.kind() == RecordKind::kLog && HoldsSeverity(reader.log());
      case Field::kStatus: return reader.kind() == RecordKind::kSpan && HoldsStatus(reader.span().status_code);
      case Field::kDuration:
        return reader.kind() == RecordKind::kSpan &&
               Ordered(op_, reader.span().end_time - reader.span().start_time <=> duration_);
    }
    return false;
  }

  bool HoldsOne(const Attributes& attributes) {
    const Value* const value = FindAttribute(attributes, attribute_);
    return value != nullptr && text_.Holds(*value);
  }

  bool HoldsAttribute(const RequestReader& reader) {
    switch (reader.kind()) {
      case RecordKind::kSpan: return HoldsOne(reader.span().attributes);
      case RecordKind::kLog: return HoldsOne(reader.log().attributes);
      case RecordKind::kMetricWithoutData: return false;
      default: return HoldsOne(reader.point().attributes);
    }
  }

  static std::string_view Name(const RequestReader& reader) {
    switch (reader.kind()) {
      case RecordKind::kSpan: return reader.span().name;
      case RecordKind::kLog: return reader.log().event_name;
      default: return reader.metric().name;
    }
  }

  bool HoldsSeverity(const LogRecord& log) const {
    if (op_ == SelectOp::kMatch) return text_.Holds(log.severity_text);
    if (op_ == SelectOp::kEqual || op_ == SelectOp::kNotEqual) {
      if (severity_number_) return log.severity_number == *severity_number_;
      const bool in_level =
          severities_ && log.severity_number >= severities_->first && log.severity_number <= severities_->last;
      return in_level || EqualInAnyCase(log.severity_text, value_);
    }
    std::int32_t number = log.severity_number;
    if (number == 0) {
      const auto level = ParseLevel(log.severity_text);
      if (!level) return false;
      number = level->first;
    }
    return op_ == SelectOp::kAtLeast ? number >= severities_->first : number <= severities_->last;
  }

  bool HoldsStatus(std::int32_t code) const {
    if (op_ != SelectOp::kMatch) return code == status_;
    return text_.Holds(code >= 0 && code < std::ssize(kStatusNames) ? kStatusNames[code] : std::string_view());
  }

  Field field_;
  SelectOp op_;
  std::string attribute_;
  TextTest text_;
  std::string value_;                            // kSeverity
  std::optional<std::int32_t> severity_number_;  // kSeverity, if the value is a number
  std::optional<SeverityRange> severities_;      // kSeverity, if it is a number or a level
  std::int32_t status_ = 0;                      // kStatus
  std::uint64_t duration_ = 0;                   // kDuration
};

/// Conditions on what many records share, and the answer for the last one asked.
struct SharedConditions {
  std::vector<Condition> conditions;
  std::uint64_t serial = 0;  // as the reader numbers them: never 0
  bool hold = true;
};

bool AllHold(std::vector<Condition>& conditions, const RequestReader& reader) {
  return std::ranges::all_of(conditions, [&](Condition& c) { return c.Holds(reader); });
}

bool AllHold(SharedConditions& shared, std::uint64_t serial, const RequestReader& reader) {
  if (shared.conditions.empty()) return true;
  if (shared.serial != serial) {
    shared.hold = AllHold(shared.conditions, reader);
    shared.serial = serial;
  }
  return shared.hold;
}

/// What --sample hashes: the trace id, or the record if it has none.
std::string_view SampleKey(const RequestReader& reader) {
  std::string_view trace_id;
  if (reader.kind() == RecordKind::kSpan) trace_id = reader.span().trace_id;
  if (reader.kind() == RecordKind::kLog) trace_id = reader.log().trace_id;
  const bool zero = trace_id.find_first_not_of('\0') == std::string_view::npos;
  return zero ? reader.record_bytes() : trace_id;
}

}  // namespace

std::optional<std::uint64_t> RecordTime(const RequestReader& reader) {
  switch (reader.kind()) {
    case RecordKind::kSpan: return reader.span().start_time;
    case RecordKind::kLog: return reader.log().time != 0 ? reader.log().time : reader.log().observed_time;
    case RecordKind::kMetricWithoutData: return std::nullopt;
    default: return reader.point().time;
  }
}

Result<std::uint64_t> ParseSample(std::string_view text) {
  std::uint64_t n = 0;
  const char* const end = text.data() + text.size();
  if (text.starts_with("1/")) {
    const auto [at, ec] = std::from_chars(text.data() + 2, end, n);
    if (ec == std::errc() && at == end && n > 0) return n;
  }
  return std::unexpected(UsageError(fmt::format("'{}' is no sample: give 1/N with N from 1, such as 1/100", text)));
}

std::uint64_t SampleHash(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little, "words are little-endian");
  // Words of eight bytes, the last one filled up with zeros; the length tells what is filled up from what was zero.
  std::uint64_t hash = Mix(bytes.size() + 0x9e3779b97f4a7c15);
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    hash = Mix(hash ^ word);
    bytes.remove_prefix(size);
  }
  return hash;
}

struct Selection::State {
  std::optional<std::uint64_t> since, until;
  std::uint64_t sample_n = 1;
  SharedConditions of_resource, of_scope, of_name;
  std::vector<Condition> of_record;

  /// The points of a metric share its name; spans and logs have their own.
  bool HasName(const RequestReader& reader) {
    const bool own = reader.kind() == RecordKind::kSpan || reader.kind() == RecordKind::kLog;
    return own ? AllHold(of_name.conditions, reader) : AllHold(of_name, reader.metric_serial(), reader);
  }
  bool InTime(const RequestReader& reader) const {
    if (!since && !until) return true;
    const auto time = RecordTime(reader);
    return time && (!since || *time >= *since) && (!until || *time < *until);
  }
};

Selection::Selection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;
Selection::~Selection() = default;

Result<Selection> Selection::Compile(const SelectOptions& options) {
  auto state = std::make_unique<State>();
  state->since = options.since;
  state->until = options.until;
  state->sample_n = std::max<std::uint64_t>(options.sample_n, 1);
  for (const WhereCondition& where : options.where) {
    auto condition = Condition::Compile(where);
    if (!condition) return std::unexpected(std::move(condition.error()));
    switch (condition->field()) {
      case Field::kResource: state->of_resource.conditions.push_back(std::move(*condition)); break;
      case Field::kScopeName: state->of_scope.conditions.push_back(std::move(*condition)); break;
      case Field::kName: state->of_name.conditions.push_back(std::move(*condition)); break;
      default: state->of_record.push_back(std::move(*condition));
    }
  }
  return Selection(std::move(state));
}

bool Selection::Matches(const RequestReader& reader) {
  State& s = *state_;
  if (!AllHold(s.of_resource, reader.resource_serial(), reader)) return false;
  if (!AllHold(s.of_scope, reader.scope_serial(), reader)) return false;
  if (!s.InTime(reader) || !s.HasName(reader)) return false;
  if (s.sample_n > 1 && SampleHash(SampleKey(reader)) % s.sample_n != 0) return false;
  return AllHold(s.of_record, reader);
}

}  // namespace gf_otlp
