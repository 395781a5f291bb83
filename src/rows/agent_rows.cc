#include "rows/agent_rows.h"

#include <algorithm>

#include "base/ascii.h"
#include "rows/price_table.h"

namespace gf_otlp::agents {
namespace {

using Kind = Value::Kind;

template <std::size_t kCount>
bool IsOneOf(const std::string_view (&names)[kCount], std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view one) { return EqualsIgnoringCase(one, name); });
}

bool IsText(const Value* value) { return value != nullptr && value->kind() == Kind::kString; }

std::string_view TextOf(const Value* value) { return IsText(value) ? value->bytes() : std::string_view(); }

bool Holds(const KeyPlan::Use& use, const Attributes& attributes) {
  return use.when == KeyPlan::kNone || TextOf(&attributes[use.when].value) == use.candidate->is;
}

bool HasEventPrefix(std::string_view name) {
  return std::ranges::any_of(kEventPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// As the column has it, if it is a text.
std::string_view OperationOf(const AgentRow& row) {
  const Value* named = row.text(Field::kOperation);
  return named != nullptr ? TextOf(named) : row.reader->span().name;
}

bool IsEventName(std::string_view text) {
  return HasEventPrefix(text) && std::ranges::all_of(text, [](char c) {
           const char lower = AsciiLower(c);
           return (lower >= 'a' && lower <= 'z') || IsDigit(c) || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

void AgentRowReader::StartResource(const RequestReader& reader) {
  if (reader.resource_serial() == resource_serial_) return;
  resource_serial_ = reader.resource_serial();
  const Attributes& attributes = reader.resource().attributes;
  attributes_.StartResource(resource_serial_, attributes);
  resource_texts_ = {};
  FillTexts(attributes_.resource_plan(), attributes, resource_texts_);
}

void AgentRowReader::Read(const RequestReader& reader, const Attributes& own, const Texts* outer, const Value* body,
                          AgentRow& row) {
  StartResource(reader);
  const bool content_event = drop_content_ && IsContentEvent(row.event_type);
  if (content_event) body = nullptr;
  // A span's row has what its resource says: it is not repeated in those of its events.
  const bool alone = row.event != nullptr;
  KeyPlan& plan = plans_.PlanOf(own, {.has_body = body != nullptr, .content_event = content_event, .alone = alone});
  attributes_.StartRow(own, plan, body, alone);
  row.attributes = &attributes_;
  FillTexts(plan, own, row.texts);
  for (std::size_t i = 0; i < kTextFields; ++i) {
    if (row.texts[i] == nullptr && outer != nullptr) row.texts[i] = (*outer)[i];
    if (row.texts[i] == nullptr) row.texts[i] = resource_texts_[i];
  }
  FillNumbers(plan, own, row);
}

void AgentRowReader::ReadTexts(const Attributes& attributes, Texts& texts) {
  FillTexts(plans_.PlanOf(attributes, {}), attributes, texts);
}

void AgentRowReader::FillTexts(const KeyPlan& plan, const Attributes& attributes, Texts& texts) {
  for (const KeyPlan::Use& use : plan.uses) {
    const auto field = static_cast<std::size_t>(use.field);
    if (field >= kTextFields) return;
    const Value& value = attributes[use.index].value;
    if (texts[field] == nullptr && !IsEmptyValue(value) && Holds(use, attributes)) texts[field] = &value;
  }
}

void AgentRowReader::FillNumbers(const KeyPlan& plan, const Attributes& attributes, AgentRow& row) {
  std::uint64_t filled = 0;  // bits of fields
  unread_.clear();
  for (const KeyPlan::Use& use : plan.uses) {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(use.field);
    if (static_cast<std::size_t>(use.field) < kTextFields || (filled & bit) != 0) continue;
    Value value = attributes[use.index].value;
    if (IsEmptyValue(value) || !Holds(use, attributes)) continue;
    if (!use.candidate->member.empty()) {
      value = members_.Read(value, use.candidate->member);
      if (IsEmptyValue(value)) continue;
    }
    if (FillNumber(*use.candidate, use.field, value, row)) {
      filled |= bit;
    } else {
      // An attribute of several members counts once.
      if (std::ranges::find(unread_, use.index) == unread_.end()) unread_.push_back(use.index);
    }
  }
  counts_.unread_numbers += unread_.size();
}

bool AgentRowReader::FillNumber(const Candidate& candidate, Field field, const Value& value, AgentRow& row) {
  if (field == Field::kCostUsd) {
    row.cost_usd = ReadCost(value);
    if (row.cost_usd) row.cost_source = "attribute";
    return row.cost_usd.has_value();
  }
  if (field == Field::kTokensPrompt) row.prompt_without_cached = candidate.without_parts;
  if (field == Field::kTokensCompletion) row.completion_without_reasoning = candidate.without_parts;
  std::optional<std::uint64_t>& count = row.tokens[static_cast<std::size_t>(field) - kTextFields];
  count = ReadCount(value);
  return count.has_value();
}

bool IsModelCall(const AgentRow& row) {
  const std::string_view name = row.reader->span().name;
  if (name.starts_with(kSpansOfEvents)) return false;
  const std::string_view operation = OperationOf(row);
  const bool has_model = row.text(Field::kModel) != nullptr;
  if (IsOneOf(kModelCalls, operation)) return has_model || operation != name;
  if (!has_model || IsOneOf(kOtherOperations, operation)) return false;
  return row.count(Field::kTokensPrompt) || row.count(Field::kTokensCompletion) || row.cost_usd;
}

void ModelPrices::Fill(AgentRow& row) {
  if (prices_.empty() || row.cost_usd || !row.count(Field::kTokensPrompt) || !IsText(row.text(Field::kModel))) return;
  const ModelPrice* price = PriceOf(row.text(Field::kModel)->bytes());
  if (price == nullptr || !IsModelCall(row)) return;
  if (!row.count(Field::kTokensCompletion) && !IsOneOf(kCallsWithoutCompletion, OperationOf(row))) return;
  const auto tokens = [&](Field field) { return static_cast<double>(row.count(field).value_or(0)); };
  const double cached = tokens(Field::kTokensCacheRead), written = tokens(Field::kTokensCacheWrite);
  double prompt = tokens(Field::kTokensPrompt), completion = tokens(Field::kTokensCompletion);
  // Some say the prompt without the cache where their vocabulary has it with it.
  prompt += row.prompt_without_cached || cached + written > prompt ? written : -cached;
  if (row.completion_without_reasoning) completion += tokens(Field::kTokensReasoning);
  constexpr double kPriceOf = 1e6;
  row.cost_usd = (prompt * price->input + cached * price->cached_input + completion * price->output) / kPriceOf;
  row.cost_source = "price table";
}

const ModelPrice* ModelPrices::PriceOf(std::string_view model) {
  constexpr std::size_t kMostModels = 1024, kLongestName = 256;
  if (model.size() > kLongestName) return FindPrice(prices_, model);
  const std::string name(model);
  const auto known = price_of_.find(name);
  if (known != price_of_.end()) return known->second;
  if (price_of_.size() == kMostModels) price_of_.clear();
  return price_of_[name] = FindPrice(prices_, model);
}

std::string_view EventType(const LogRecord& log) {
  if (!log.event_name.empty()) return log.event_name;
  const std::string_view body = TextOf(&log.body);
  if (IsEventName(body)) return body;
  for (const std::string_view name : kEventNameAttributes) {
    const std::string_view text = TextOf(FindAttribute(log.attributes, name));
    if (!text.empty()) return text;
  }
  for (const std::string_view prefix : kEventPrefixes) {
    const bool has = std::ranges::any_of(log.attributes,
                                         [&](const Attribute& attribute) { return attribute.key.starts_with(prefix); });
    if (has) return prefix.substr(0, prefix.size() - 1);
  }
  return {};
}

const Value* BodyOf(const LogRecord& log, std::string_view event_type) {
  return IsEmptyValue(log.body) || TextOf(&log.body) == event_type ? nullptr : &log.body;
}

}  // namespace gf_otlp::agents
