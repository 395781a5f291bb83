#include "schema/row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/shown_text.h"

namespace gf_otlp::schema {
namespace {

constexpr std::uint64_t kHashFactor = 0x9e3779b97f4a7c15u;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Calls `visit` for the keys of the first row in a line, as far as they can be read.
template <class Visit>
void VisitKeys(std::string_view line, Visit visit) {
  RowText text;
  text.Start(line);
  text.SkipSpace();
  if (text.Take('[')) text.SkipSpace();
  if (!text.Take('{')) return;
  do {
    std::string_view name;
    text.SkipSpace();
    if (text.Peek() != '"' || !text.Unescaped(name)) return;
    visit(name);
    text.SkipSpace();
    if (!text.Take(':')) return;
    text.SkipSpace();
    if (!text.SkipValue()) return;
    text.SkipSpace();
  } while (text.Take(','));
}

/// Something but nulls, empty objects and arrays is in it. REQUIRES: SkipValue() passed over it
bool HoldsValues(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      while (++i < text.size() && text[i] != '"') i += text[i] == '\\';
      const std::size_t next = text.find_first_not_of(" \t\r\n\v\f", i + 1);
      if (next == std::string_view::npos || text[next] != ':') return true;
    } else if (text[i] == 'n') {
      i += std::string_view("null").size() - 1;
    } else if (std::string_view("{}[],: \t\r\n\v\f").find(text[i]) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t RowTable::AnyCaseHash::operator()(std::string_view name) const {
  std::uint64_t hash = 0;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(Lower(c))) * kHashFactor;
  return hash ^ hash >> 32;
}
bool RowTable::AnyCaseEqual::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

RowTable::RowTable(const Table& table, ServerVersion server) {
  const bool any_case = server >= kMatchesAnyCase;
  for (const schema::Column& column : table.columns) {
    Column made{.name = column.name,
                .type = RowType::Of(column.type, server),
                .computed = IsComputed(column.default_kind),
                .has_default = column.default_kind == DefaultKind::kDefault};
    const std::size_t dot = column.name.find('.');
    if (dot != std::string::npos && made.type.kind == RowType::Kind::kArray && !made.computed) {
      const std::string prefix = column.name.substr(0, dot);
      auto found = std::ranges::find(nested_, prefix, &Nested::name);
      if (found == nested_.end()) found = nested_.insert(found, Nested{.name = prefix, .columns = {}});
      made.nested = static_cast<std::size_t>(found - nested_.begin());
      found->columns.push_back(columns_.size());
    }
    settable_ += made.computed ? 0 : 1;
    by_name_.emplace(column.name, columns_.size());
    if (any_case) by_any_case_.emplace(column.name, columns_.size());
    columns_.push_back(std::move(made));
  }
  for (const Nested& nested : nested_) {
    by_name_.emplace(nested.name, kNestedName);
    if (any_case) by_any_case_.emplace(nested.name, kNestedName);
  }
}

std::size_t RowTable::Find(std::string_view name, bool& other_case) const {
  other_case = false;
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const auto found = by_any_case_.find(name);
  if (found == by_any_case_.end()) return kUnknown;
  other_case = true;
  return found->second;
}

std::size_t RowTable::Known(const std::vector<std::string>& keys) const {
  bool ignored = false;
  return static_cast<std::size_t>(
      std::ranges::count_if(keys, [&](const std::string& key) { return Find(key, ignored) != kUnknown; }));
}

bool RowTable::JudgeMember(RowText& row, std::size_t index, std::string_view name, const char* at) {
  if (index == kUnknown || index == kNestedName) {
    const char* const value = row.at();
    if (!row.SkipValue()) return false;
    const std::string_view text(value, row.at());
    if (index == kUnknown) {
      ++unknown_;
      row.Warn(RowRule::kUnknownColumn, at, [&] { return "no such column, skipped: " + ShownPart(name); });
    } else if (HoldsValues(text)) {
      row.Warn(RowRule::kNestedDropped, at,
               [&] { return fmt::format("{0} is skipped: {0}.* are columns of their own", ShownPart(name)); });
    }
    return true;
  }
  Column& column = columns_[index];
  if (column.computed) {
    row.Warn(RowRule::kComputedColumn, at, "a computed column, the value is skipped");
    return row.SkipValue();
  }
  if (column.row == row_) {
    // Behind the last column that it waits for, the server only skips.
    if (seen_ < settable_) return row.Refuse(RowRule::kDuplicateKey, at, "given twice");
    row.Warn(RowRule::kUnknownColumn, at, "given again behind all columns, skipped");
    return row.SkipValue();
  }
  column.row = row_;
  ++seen_;
  if (column.nested == kUnknown) return JudgeValue(row, column.type);
  nested_[column.nested].row = row_;
  return JudgeArray(row, column.type, column.length);
}

bool RowTable::JudgeNestedLengths(RowText& row) {
  for (const Nested& nested : nested_) {
    if (nested.row != row_) continue;
    const Column* first = nullptr;
    for (const std::size_t index : nested.columns) {
      Column& column = columns_[index];
      if (column.row != row_) {
        if (column.has_default) continue;
        column.length = 0;
      }
      if (first == nullptr) {
        first = &column;
      } else if (column.length != first->length) {
        row.set_column(column.name);
        return row.Refuse(RowRule::kArrayLengths, row.at(),
                          fmt::format("{} elements, {} has {}", column.length, first->name, first->length));
      }
    }
  }
  return true;
}

bool RowTable::Judge(RowText& row) {
  ++row_;
  unknown_ = seen_ = 0;
  hash_ = 0;
  row.set_column({});
  if (!row.Take('{')) return row.Refuse(RowRule::kSyntax, row.at(), "an object is needed");
  row.SkipSpace();
  for (keys_ = 0; !row.Take('}'); ++keys_) {
    if (keys_ > 0) {
      row.set_column({});
      if (!row.Take(',')) return row.Refuse(RowRule::kSyntax, row.at(), "a comma or } is missing");
      row.SkipSpace();
    }
    const char* const at = row.at();
    std::size_t index = kUnknown;
    std::string_view name;
    // The same column as in the row before, most of the time.
    const std::size_t guess = keys_ < next_.size() ? next_[keys_] : kUnknown;
    if (guess < columns_.size() && row.Peek() == '"' && row.rest().size() > columns_[guess].name.size() + 1 &&
        at[columns_[guess].name.size() + 1] == '"' &&
        std::memcmp(at + 1, columns_[guess].name.data(), columns_[guess].name.size()) == 0) [[likely]] {
      index = guess;
      name = columns_[guess].name;
      row.MoveTo(at + name.size() + 2);
      row.set_column(name);
    } else {
      bool other_case = false;
      if (!row.Unescaped(name)) return false;
      index = Find(name, other_case);
      if (index < columns_.size()) name = columns_[index].name;
      if (keys_ >= next_.size()) next_.resize(keys_ + 1, kUnknown);
      next_[keys_] = index;
      if (index < columns_.size()) row.set_column(name);
      if (other_case && index < columns_.size()) row.Warn(RowRule::kNameCase, at, "written in another case");
    }
    hash_ = (hash_ ^ (index + 1)) * kHashFactor;
    if (index >= kNestedName) hash_ ^= std::hash<std::string_view>()(name);
    row.SkipSpace();
    if (!row.Take(':')) return row.Refuse(RowRule::kSyntax, row.at(), "a colon is missing");
    row.SkipSpace();
    const char* const value = row.at();
    if (!JudgeMember(row, index, name, at)) return false;
    if (!row.AtEnd() && std::string_view(",} \t\r\n\v\f").find(row.Peek()) == std::string_view::npos) {
      const std::string_view rest(value, row.at() + row.rest().size());
      return row.Refuse(RowRule::kValue, value,
                        "no value of the column: " + ShownPart(rest.substr(0, rest.find_first_of(",}"))));
    }
    row.SkipSpace();
  }
  return nested_.empty() || JudgeNestedLengths(row);
}

std::vector<std::string> RowKeys(std::string_view line) {
  std::vector<std::string> keys;
  VisitKeys(line, [&](std::string_view key) { keys.emplace_back(key); });
  return keys;
}

std::uint64_t KeysHash(std::string_view line) {
  std::uint64_t hash = 0;
  VisitKeys(line, [&](std::string_view key) { hash = (hash ^ std::hash<std::string_view>()(key)) * kHashFactor; });
  return hash;
}

}  // namespace gf_otlp::schema
