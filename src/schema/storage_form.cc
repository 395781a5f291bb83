#include "schema/storage_form.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "schema/sql_lexer.h"
#include "schema/sql_list.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {

namespace {

constexpr std::string_view kReplicated[] = {"Replicated", "Shared"};
constexpr std::string_view kMergeTree = "MergeTree";
constexpr std::string_view kSecretWords[] = {"password", "secret", "key", "token"};

std::string_view BareEngine(std::string_view engine) { return engine.substr(0, engine.find('(')); }

/// What is between the parentheses of "name(a, b)".
std::vector<std::string_view> Arguments(std::string_view call) {
  const std::size_t open = call.find('(');
  if (open == std::string_view::npos || !call.ends_with(')')) return {};
  return SplitSqlList(call.substr(open + 1, call.size() - open - 2));
}

/// The path in Keeper and the name of the replica, if both are said.
std::vector<std::string_view> ReplicaArguments(std::string_view engine) {
  std::vector<std::string_view> arguments = Arguments(engine);
  if (EngineFamily(engine) == BareEngine(engine) || arguments.size() < 2 || !arguments[0].starts_with('\'')) return {};
  arguments.resize(2);
  return arguments;
}

/// "disk(type = s3, ...)" -> "disk(...)".
std::string WithoutArguments(std::string_view call) {
  const std::size_t open = call.find('(');
  return open == std::string_view::npos ? std::string(call) : fmt::format("{}(...)", call.substr(0, open));
}

/// Bytes of a value: Delta and Gorilla work on them. Of an Array or Nullable: of what is in it.
int ValueBytes(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kInt:
    case Type::Kind::kFloat:
    case Type::Kind::kEnum: return type.size / 8;
    case Type::Kind::kBool: return 1;
    case Type::Kind::kDate: return 2;
    case Type::Kind::kDate32:
    case Type::Kind::kDateTime:
    case Type::Kind::kTime:
    case Type::Kind::kIpv4: return 4;
    case Type::Kind::kDateTime64:
    case Type::Kind::kTime64: return 8;
    case Type::Kind::kDecimal: return type.size <= 9 ? 4 : type.size <= 18 ? 8 : 16;
    case Type::Kind::kArray:
    case Type::Kind::kNullable:
    case Type::Kind::kLowCardinality: return ValueBytes(type.elements[0]);
    default: return 1;
  }
}

std::string CodecPartForm(std::string_view part, const Type& type) {
  if (part == "Delta" || part == "Gorilla") return fmt::format("{}({})", part, ValueBytes(type));
  if (part == "ZSTD") return "ZSTD(1)";
  if (part == "LZ4HC") return "LZ4HC(0)";
  if (part == "FPC") return "FPC(12)";
  return std::string(part);
}

}  // namespace

std::string_view EngineFamily(std::string_view engine) {
  std::string_view name = BareEngine(engine);
  for (const std::string_view prefix : kReplicated) {
    if (name.starts_with(prefix) && name.ends_with(kMergeTree)) name.remove_prefix(prefix.size());
  }
  return name;
}

std::string EngineForm(std::string_view engine) {
  const std::string_view family = EngineFamily(engine);
  std::vector<std::string_view> arguments = Arguments(engine);
  arguments.erase(arguments.begin(), arguments.begin() + std::ssize(ReplicaArguments(engine)));
  if (arguments.empty()) return std::string(family);
  return fmt::format("{}({})", family, fmt::join(arguments, ", "));
}

bool IsMergeTree(std::string_view engine) { return EngineFamily(engine).ends_with(kMergeTree); }

bool NamesItsTable(std::string_view path) {
  return path.find("{table}") != std::string_view::npos || path.find("{uuid}") != std::string_view::npos;
}

std::string_view KeeperPath(std::string_view engine) {
  const std::vector<std::string_view> arguments = ReplicaArguments(engine);
  return arguments.empty() ? std::string_view() : arguments[0];
}

std::string ReplicatedAs(std::string_view engine, std::string_view like, std::string_view suffix) {
  const std::string_view old_name = BareEngine(like);
  const std::string_view prefix = old_name.substr(0, old_name.size() - EngineFamily(like).size());
  if (prefix.empty() || !IsMergeTree(engine)) return std::string(engine);
  std::vector<std::string> arguments;
  for (const std::string_view argument : ReplicaArguments(like)) arguments.emplace_back(argument);
  if (!arguments.empty() && !NamesItsTable(arguments[0])) {
    const std::string quoted = QuotedText(suffix);
    arguments[0].insert(arguments[0].size() - 1, quoted, 1, quoted.size() - 2);
  }
  const std::string form = EngineForm(engine);
  for (const std::string_view argument : Arguments(form)) arguments.emplace_back(argument);
  std::string name = fmt::format("{}{}", prefix, EngineFamily(engine));
  return arguments.empty() ? name : fmt::format("{}({})", name, fmt::join(arguments, ", "));
}

std::string ShownEngine(std::string_view engine) {
  return IsMergeTree(engine) ? std::string(engine) : WithoutArguments(engine);
}

std::string ShownSetting(std::string_view name, std::string_view value) {
  const bool secret = std::ranges::any_of(kSecretWords, [&](auto word) { return name.find(word) != name.npos; });
  if (secret && value.starts_with('\'')) return "'...'";
  return value.starts_with('\'') ? std::string(value) : WithoutArguments(value);
}

std::string CodecForm(std::string_view codec, const Type& type) {
  std::vector<std::string> parts;
  for (const std::string_view part : SplitSqlList(codec)) parts.push_back(CodecPartForm(part, type));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string IndexForm(const Index& index) {
  std::string form = fmt::format("{} TYPE {}", index.expression, index.type);
  if (BareEngine(index.type) == "text") return form;
  return form + fmt::format(" GRANULARITY {}", index.granularity == 0 ? 1 : index.granularity);
}

std::string KeyForm(std::string_view key) { return key == "tuple()" || key == "()" ? "" : std::string(key); }

std::vector<std::string_view> KeyParts(std::string_view key) {
  if (key.starts_with('(') && key.ends_with(')')) return SplitSqlList(key.substr(1, key.size() - 2));
  if (KeyForm(key).empty()) return {};
  return {key};
}

bool IsKeyExtended(const Table& from, const Table& to) {
  const std::vector<std::string_view> old = KeyParts(from.order_by), wanted = KeyParts(to.order_by);
  if (old.empty() || wanted.size() <= old.size() || PrimaryKeyForm(from) != PrimaryKeyForm(to)) return false;
  if (!std::equal(old.begin(), old.end(), wanted.begin())) return false;
  return std::all_of(wanted.begin() + static_cast<std::ptrdiff_t>(old.size()), wanted.end(),
                     [&](std::string_view part) {
                       const auto named = [&](const Column& column) { return QuotedName(column.name) == part; };
                       const auto added = std::ranges::find_if(to.columns, named);
                       return added != to.columns.end() && added->default_kind == DefaultKind::kNone &&
                              std::ranges::none_of(from.columns, named);
                     });
}

bool IsKeyShortened(const Table& from, const Table& to) {
  const std::vector<std::string_view> old = KeyParts(from.order_by), wanted = KeyParts(to.order_by);
  return !wanted.empty() && wanted.size() < old.size() && std::equal(wanted.begin(), wanted.end(), old.begin()) &&
         PrimaryKeyForm(from) == PrimaryKeyForm(to);
}

std::string_view DefaultWord(DefaultKind kind) {
  static constexpr std::string_view kWords[] = {"", "DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string DefaultSql(const Column& column) {
  if (column.default_expression.empty()) return std::string(DefaultWord(column.default_kind));
  return fmt::format("{} {}", DefaultWord(column.default_kind), column.default_expression);
}

std::string PrimaryKeyForm(const Table& table) {
  return KeyForm(table.primary_key.empty() ? table.order_by : table.primary_key);
}

bool NamesColumn(std::string_view sql, std::string_view column) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(sql);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].IsName()) continue;
    std::string name = TokenValue(tokens[i]);
    if (name == column) return true;
    if (i + 2 >= tokens.size() || !tokens[i + 1].Is(".") || !tokens[i + 2].IsName()) continue;
    if (name.append(".").append(TokenValue(tokens[i + 2])) == column) return true;
  }
  return false;
}

bool IsNested(const Type& type) {
  if (type.kind == Type::Kind::kNested) return true;
  return type.kind == Type::Kind::kArray && type.elements[0].kind == Type::Kind::kTuple &&
         !type.elements[0].names.empty();
}

std::vector<Column> ArraysOf(const Column& nested) {
  const Type& parts = nested.type.kind == Type::Kind::kNested ? nested.type : nested.type.elements[0];
  std::vector<Column> arrays(parts.elements.size(), nested);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    arrays[i].name = fmt::format("{}.{}", nested.name, parts.names[i]);
    arrays[i].type = Type{.kind = Type::Kind::kArray, .elements = {parts.elements[i]}};
  }
  return arrays;
}

std::string_view NestedGroup(const Column& column) {
  const std::size_t dot = column.name.find('.');
  if (column.type.kind != Type::Kind::kArray || dot == std::string::npos) return {};
  return std::string_view(column.name).substr(0, dot);
}

SharedDetails DetailsOfBoth(const Table& a, const Table& b) {
  const auto has_codec = [](const Column& column) { return !column.codec.empty(); };
  const auto has_any = [&](const Column& column) {
    return column.default_kind != DefaultKind::kNone || has_codec(column) || !column.comment.empty() ||
           !column.ttl.empty();
  };
  SharedDetails shared;
  for (const Table* table : {&a, &b}) {
    if (!table->columns_only) continue;
    shared.codecs &= std::ranges::any_of(table->columns, has_codec);
    shared.others &= std::ranges::any_of(table->columns, has_any);
  }
  return shared;
}

std::string TargetTable(const View& view) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(view.target);
  return tokens.size() < 2 ? "" : TokenValue(tokens[tokens.size() - 2]);  // the last is the end
}

std::map<std::string, std::string> SettingsForm(const Table& table) {
  std::map<std::string, std::string> settings(table.settings.begin(), table.settings.end());
  if (const auto it = settings.find("index_granularity"); it != settings.end() && it->second == "8192") {
    settings.erase(it);
  }
  return settings;
}

}  // namespace gf_otlp::schema
