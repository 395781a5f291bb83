#include "rows/agent_attributes.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/json_text.h"
#include "base/mix.h"
#include "base/number_text.h"
#include "base/swar.h"
#include "base/utf8.h"
#include "otlp/value_text.h"
#include "rows/key_order.h"

namespace gf_otlp::agents {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kBody = "body";

/// Of the sizes and both ends of the keys: equal lists have equal ones, others seldom.
std::uint64_t HashOf(const Attributes& attributes, PlanKind kind) {
  std::uint64_t hash =
      attributes.size() * 8 + (kind.has_body ? 4 : 0) + (kind.content_event ? 2 : 0) + (kind.alone ? 1 : 0);
  for (const Attribute& attribute : attributes) {
    const std::string_view key = attribute.key;
    std::uint64_t first = 0, last = 0;
    if (key.size() >= sizeof first) {
      first = LoadWord(key.data());
      last = LoadWord(key.data() + key.size() - sizeof last);
    } else if (!key.empty()) {
      std::memcpy(&first, key.data(), key.size());
    }
    hash = (hash ^ first ^ (last << 1) ^ key.size()) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return Mix(hash);
}

bool HasKeysOf(const KeyPlan& plan, const Attributes& attributes, PlanKind kind) {
  if (plan.ends.size() != attributes.size() + (kind.has_body ? 1 : 0)) return false;
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    if (plan.key(i) != attributes[i].key) return false;
  }
  return true;
}

}  // namespace

KeyPlan& KeyPlans::PlanOf(const Attributes& attributes, PlanKind kind) {
  std::size_t key_bytes = 0;
  for (const Attribute& attribute : attributes) key_bytes += attribute.key.size();
  if (attributes.size() > kMostKeys || key_bytes > kMostKeyBytes) {
    Make(attributes, kind, large_);
    return large_;
  }
  const std::uint64_t hash = HashOf(attributes, kind);
  Kept& kept = kept_[hash % kKept];
  if (kept.hash != hash || kept.kind != kind || !HasKeysOf(kept.plan, attributes, kind)) {
    kept.hash = hash;
    kept.kind = kind;
    Make(attributes, kind, kept.plan);
  }
  return kept.plan;
}

void KeyPlans::Make(const Attributes& attributes, PlanKind kind, KeyPlan& plan) {
  plan.keys.clear();
  plan.ends.clear();
  plan.resource_serial = 0;
  plan.replaced_bytes = 0;
  const auto add = [&](std::string_view key) {
    plan.keys += key;
    plan.ends.push_back(static_cast<std::uint32_t>(plan.keys.size()));
  };
  for (const Attribute& attribute : attributes) {
    IsAscii(attribute.key) ? add(attribute.key) : add(WrittenKey(attribute.key, plan.replaced_bytes));
  }
  if (kind.has_body) add(kBody);

  order_.resize(attributes.size());
  std::iota(order_.begin(), order_.end(), 0u);
  std::ranges::stable_sort(order_, KeyLess, [&](std::uint32_t index) { return plan.key(index); });
  const auto rest = std::ranges::unique(order_, {}, [&](std::uint32_t index) { return plan.key(index); });
  order_.erase(rest.begin(), rest.end());
  AddUses(order_, plan);
  if (kind.has_body) {
    const auto body = static_cast<std::uint32_t>(attributes.size());
    const auto key_of = [&](std::uint32_t index) { return plan.key(index); };
    const auto at = std::ranges::lower_bound(order_, kBody, KeyLess, key_of);
    if (at != order_.end() && key_of(*at) == kBody) {
      *at = body;
    } else {
      order_.insert(at, body);
    }
  }
  AddEntries(order_, kind, plan);
}

void KeyPlans::AddEntries(std::span<const std::uint32_t> order, PlanKind kind, KeyPlan& plan) {
  plan.entries.clear();
  plan.names.Clear();
  for (const std::uint32_t index : order) {
    const std::string_view key = plan.key(index);
    if (drop_content_ && IsDropped(key, kind)) continue;
    const std::size_t at = plan.names.size();
    plan.names.Reserve(JsonStringRoom(key.size()) + 1);
    plan.names.SetEnd(WriteJsonString(plan.names.end(), key, plan.replaced_bytes));
    plan.names.Append(':');
    plan.entries.push_back({index, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(plan.names.size() - at)});
  }
}

bool KeyPlans::IsDropped(std::string_view key, PlanKind kind) const {
  return IsContent(key) || (kind.content_event && IsContentOfEvent(key));
}

void KeyPlans::AddUses(std::span<const std::uint32_t> order, KeyPlan& plan) {
  struct Ranked {
    std::uint32_t rank;
    KeyPlan::Use use;
  };
  std::vector<Ranked> found;
  const auto key_of = [&](std::uint32_t index) { return plan.key(index); };
  for (const std::uint32_t index : order) {
    for (const auto& [field, rank, candidate] : candidates_.UsesOf(plan.key(index))) {
      KeyPlan::Use use{field, candidate, index, KeyPlan::kNone};
      if (!candidate->when.empty()) {
        const auto when = std::ranges::lower_bound(order, candidate->when, KeyLess, key_of);
        if (when == order.end() || plan.key(*when) != candidate->when) continue;
        use.when = *when;
      }
      found.push_back({rank, use});
    }
  }
  std::ranges::sort(found, {}, [](const Ranked& one) { return std::pair(one.use.field, one.rank); });
  plan.uses.clear();
  for (const Ranked& one : found) plan.uses.push_back(one.use);
}

bool AttributeWriter::HasLists(const Attributes& attributes, const KeyPlan& plan) const {
  return std::ranges::any_of(plan.entries, [&](const KeyPlan::Entry& entry) {
    return entry.index < attributes.size() && attributes[entry.index].value.kind() == Kind::kKvlist;
  });
}

void AttributeWriter::StartResource(std::uint64_t serial, const Attributes& attributes) {
  resource_ = &attributes;
  resource_serial_ = serial;
  plans_.Make(attributes, {}, resource_plan_);
  resource_lists_ = HasLists(attributes, resource_plan_);
  own_ = &attributes;
  body_ = nullptr;
  plan_ = &resource_plan_;
  resource_map_.Clear();
  resource_json_.Clear();
  map_ends_.clear();
  json_ends_.clear();
  replaced_ += resource_plan_.replaced_bytes;
  json_.Begin(false);
  for (const KeyPlan::Entry& entry : resource_plan_.entries) {
    resource_map_.SetEnd(WriteEntry(resource_map_.end(), entry, resource_map_));
    AppendOwn(entry, resource_json_);
    map_ends_.push_back(resource_map_.size());
    json_ends_.push_back(resource_json_.size());
  }
  pieces_.clear();
  resource_same_ = resource_map_.view() == resource_json_.view();
}

void AttributeWriter::StartRow(const Attributes& own, KeyPlan& plan, const Value* body, bool alone) {
  Merge(plan, alone);
  own_ = &own;
  plan_ = &plan;
  body_ = body;
  lists_ = (resource_lists_ && !alone) || HasLists(own, plan) || (body != nullptr && body->kind() == Kind::kKvlist);
  replaced_ += plan.replaced_bytes;
}

void AttributeWriter::Merge(KeyPlan& plan, bool alone) const {
  if (plan.resource_serial == resource_serial_) return;
  plan.resource_serial = resource_serial_;
  plan.steps.clear();
  const std::span theirs(resource_plan_.entries.data(), alone ? 0 : resource_plan_.entries.size());
  std::uint32_t at = 0;
  for (std::uint32_t i = 0; i < plan.entries.size(); ++i) {
    const std::string_view key = plan.key(plan.entries[i].index);
    const std::uint32_t begin = at;
    while (at < theirs.size() && KeyLess(resource_plan_.key(theirs[at].index), key)) ++at;
    plan.steps.push_back({begin, at, i});
    if (at < theirs.size() && resource_plan_.key(theirs[at].index) == key) ++at;
  }
  plan.steps.push_back({at, static_cast<std::uint32_t>(theirs.size()), KeyPlan::kNone});
}

std::string_view AttributeWriter::ResourceMap(std::uint32_t begin, std::uint32_t end) const {
  const std::size_t from = begin == 0 ? 0 : map_ends_[begin - 1];
  return resource_map_.view().substr(from, map_ends_[end - 1] - from);
}

std::string_view AttributeWriter::ResourceJson(std::uint32_t begin, std::uint32_t end) const {
  const std::size_t from = begin == 0 ? 0 : json_ends_[begin - 1];
  return resource_json_.view().substr(from, json_ends_[end - 1] - from);
}

void AttributeWriter::EndSame(std::size_t at) {
  if (at > same_from_) pieces_.push_back({.kind = Piece::Kind::kSame, .at = same_from_, .size = at - same_from_});
}

void AttributeWriter::AppendMap(PaddedBuffer& out) {
  pieces_.clear();
  char* p = out.RoomAt(out.end(), 2);
  *p++ = '{';
  same_from_ = static_cast<std::size_t>(p - out.data());
  for (const KeyPlan::Step& step : plan_->steps) {
    if (step.begin < step.end) {
      const std::string_view text = ResourceMap(step.begin, step.end);
      p = out.RoomAt(p, text.size() + 2);
      if (!resource_same_) {
        EndSame(static_cast<std::size_t>(p - out.data()));
        pieces_.push_back({.kind = Piece::Kind::kResource, .begin = step.begin, .end = step.end});
      }
      std::memcpy(p, text.data(), text.size());
      p += text.size();
      if (!resource_same_) same_from_ = static_cast<std::size_t>(p - out.data());
    }
    if (step.entry != KeyPlan::kNone) p = WriteEntry(p, plan_->entries[step.entry], out);
  }
  if (p[-1] == ',') --p;
  EndSame(static_cast<std::size_t>(p - out.data()));
  *p++ = '}';
  out.SetEnd(p);
}

char* AttributeWriter::WriteEntry(char* p, const KeyPlan::Entry& entry, PaddedBuffer& out) {
  constexpr std::size_t kBehind = 2;
  const std::string_view name = plan_->name(entry);
  const Value& value = ValueOf(entry);
  if (value.kind() == Kind::kString) [[likely]] {
    const std::string_view text = value.bytes();
    p = out.RoomAt(p, name.size() + JsonStringRoom(text.size()) + kBehind);
    std::memcpy(p, name.data(), name.size());
    p = WriteJsonString(p + name.size(), text, replaced_);
    *p++ = ',';
    return p;
  }
  p = out.RoomAt(p, name.size() + kIntegerRoom + 2 + kBehind);
  const auto at = static_cast<std::size_t>(p - out.data());
  std::memcpy(p, name.data(), name.size());
  p += name.size();
  EndSame(at);
  if (value.kind() == Kind::kInt || value.kind() == Kind::kBool) {
    char* const begin = ++p;
    begin[-1] = '"';
    if (value.kind() == Kind::kInt) {
      p = WriteInteger(begin, value.as_int());
    } else {
      const std::string_view word = value.as_bool() ? "true" : "false";
      p = std::ranges::copy(word, begin).out;
    }
    pieces_.push_back({.kind = Piece::Kind::kUnquoted,
                       .at = at,
                       .size = name.size(),
                       .value_size = static_cast<std::size_t>(p - begin)});
    *p++ = '"';
  } else {
    const auto index = static_cast<std::uint32_t>(&entry - plan_->entries.data());
    pieces_.push_back({.kind = Piece::Kind::kOwn, .begin = index});
    p = WriteOtherText(p, plan_->key(entry.index), value, out);
  }
  *p++ = ',';
  same_from_ = static_cast<std::size_t>(p - out.data());
  return p;
}

char* AttributeWriter::WriteOtherText(char* p, std::string_view key, const Value& value, PaddedBuffer& out) {
  text_.Clear();
  if (value.kind() == Kind::kArray || value.kind() == Kind::kKvlist) {
    json_.AppendValueOf(key, value, text_);
  } else {
    AppendValueText(value, kAsString, text_);
  }
  constexpr std::size_t kBehind = 2;
  std::uint64_t none = 0;  // what was to be replaced is replaced
  p = out.RoomAt(p, JsonStringRoom(text_.size()) + kBehind);
  return WriteJsonString(p, text_.view(), none);
}

void AttributeWriter::AppendOwn(const KeyPlan::Entry& entry, PaddedBuffer& out) {
  json_.AppendMember(plan_->name(entry), plan_->key(entry.index), ValueOf(entry), out);
}

void AttributeWriter::AppendJsonOfMap(PaddedBuffer& out) {
  if (lists_) return AppendJson(out);
  json_.Begin(false);
  out.Append('{');
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Piece::Kind::kSame:
        out.Reserve(piece.size);
        std::memcpy(out.end(), out.data() + piece.at, piece.size);
        out.AddSize(piece.size);
        break;
      case Piece::Kind::kUnquoted: {
        out.Reserve(piece.size + piece.value_size + 1);
        char* const end = out.end();
        std::memcpy(end, out.data() + piece.at, piece.size);
        std::memcpy(end + piece.size, out.data() + piece.at + piece.size + 1, piece.value_size);
        end[piece.size + piece.value_size] = ',';
        out.AddSize(piece.size + piece.value_size + 1);
        break;
      }
      case Piece::Kind::kOwn: AppendOwn(plan_->entries[piece.begin], out); break;
      case Piece::Kind::kResource: out.Append(ResourceJson(piece.begin, piece.end)); break;
    }
  }
  if (out.end()[-1] == ',') out.Resize(out.size() - 1);
  out.Append('}');
}

void AttributeWriter::AppendJson(PaddedBuffer& out) {
  json_.Begin(lists_);
  text_.Clear();
  own_ends_.clear();
  // The first to have a path keeps it: the row's own before those of the resource.
  for (std::size_t i = 0; lists_ && i < plan_->entries.size(); ++i) {
    AppendOwn(plan_->entries[i], text_);
    own_ends_.push_back(text_.size());
  }
  out.Append('{');
  for (const KeyPlan::Step& step : plan_->steps) {
    if (!lists_ && step.begin < step.end) out.Append(ResourceJson(step.begin, step.end));
    for (std::uint32_t i = step.begin; lists_ && i < step.end; ++i) {
      const KeyPlan::Entry& entry = resource_plan_.entries[i];
      json_.AppendMember(resource_plan_.name(entry), resource_plan_.key(entry.index), (*resource_)[entry.index].value,
                         out);
    }
    if (step.entry == KeyPlan::kNone) continue;
    if (lists_) {
      const std::size_t begin = step.entry == 0 ? 0 : own_ends_[step.entry - 1];
      out.Append(text_.view().substr(begin, own_ends_[step.entry] - begin));
    } else {
      AppendOwn(plan_->entries[step.entry], out);
    }
  }
  if (out.end()[-1] == ',') out.Resize(out.size() - 1);
  out.Append('}');
}

}  // namespace gf_otlp::agents
