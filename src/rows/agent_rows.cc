#include "rows/agent_rows.h"

#include <charconv>
#include <cmath>

namespace gf_otlp::agents {
namespace {

bool IsEmpty(const Value& value) {
  return value.kind() == Value::Kind::kEmpty || (value.kind() == Value::Kind::kString && value.bytes().empty());
}

bool Holds(const Candidate& candidate, const Attributes& attributes) {
  if (candidate.when.empty()) return true;
  const Value* value = FindAttribute(attributes, candidate.when);
  return value != nullptr && value->kind() == Value::Kind::kString && value->bytes() == candidate.is;
}

template <class T>
std::optional<T> NumberOf(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void AgentRowReader::Read(const RequestReader& reader, const Attributes& own, const Attributes* outer, AgentRow& row) {
  row.own = &own;
  const Attributes* const lists[] = {&own, outer, &reader.resource().attributes};
  for (std::size_t i = 0; i < kTextFields; ++i) {
    for (const Attributes* attributes : lists) {
      if (attributes == nullptr || row.texts[i] != nullptr) continue;
      for (const Candidate& candidate : CandidatesOf(static_cast<Field>(i))) {
        const Value* value = FindAttribute(*attributes, candidate.attribute);
        if (value == nullptr || IsEmpty(*value) || !Holds(candidate, *attributes)) continue;
        row.texts[i] = value;
        break;
      }
    }
  }
  for (std::size_t i = kTextFields; i < kFields; ++i) {
    for (const Candidate& candidate : CandidatesOf(static_cast<Field>(i))) {
      const Value* value = FindAttribute(own, candidate.attribute);
      if (value == nullptr || IsEmpty(*value) || !Holds(candidate, own) || !candidate.member.empty()) continue;
      if (i == static_cast<std::size_t>(Field::kCostUsd)) {
        if (value->kind() == Value::Kind::kDouble) row.cost_usd = value->as_double();
        if (value->kind() == Value::Kind::kString) row.cost_usd = NumberOf<double>(value->bytes());
        if (row.cost_usd) row.cost_source = "attribute";
        if (row.cost_usd) break;
      } else {
        if (value->kind() == Value::Kind::kInt && value->as_int() >= 0) row.tokens[i - kTextFields] = value->as_int();
        if (value->kind() == Value::Kind::kString)
          row.tokens[i - kTextFields] = NumberOf<std::uint64_t>(value->bytes());
        if (row.tokens[i - kTextFields]) break;
      }
    }
  }
}

std::string_view EventType(const LogRecord& log) {
  if (!log.event_name.empty()) return log.event_name;
  for (const std::string_view name : kEventNameAttributes) {
    const Value* value = FindAttribute(log.attributes, name);
    if (value != nullptr && value->kind() == Value::Kind::kString) return value->bytes();
  }
  return {};
}

}  // namespace gf_otlp::agents
