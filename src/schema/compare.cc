#include "schema/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "schema/sql_lexer.h"
#include "schema/storage_form.h"
#include "schema/type_fit.h"

namespace gf_otlp::schema {

namespace {

/// REQUIRES: there is one.
const DifferenceRule& RuleOf(std::string_view id) {
  return *std::ranges::find(DifferenceRules(), id, &DifferenceRule::id);
}

class TableComparison {
 public:
  TableComparison(const Table& expected, const Table& found, ServerVersion server)
      : expected_(expected), found_(found), server_(server) {}

  std::vector<Difference> Run() && {
    CompareColumns();
    CompareOrder();
    if (!expected_.columns_only && !found_.columns_only) {
      CompareEngine();
      CompareKeys();
      CompareSettings();
      CompareIndexes();
      CompareNamed("projection", expected_.projections, found_.projections);
      CompareConstraints();
      Compare("table-comment", "", expected_.comment, found_.comment);
    }
    return std::move(differences_);
  }

 private:
  void Add(std::string_view id, Effect effect, std::string_view column, std::string expected, std::string found,
           std::string message) {
    differences_.push_back({.id = id,
                            .effect = effect,
                            .table = expected_.name,
                            .column = std::string(column),
                            .expected = std::move(expected),
                            .found = std::move(found),
                            .message = std::move(message)});
  }

  /// The rule's explanation is all there is to say.
  void Add(std::string_view id, std::string_view column, std::string expected, std::string found) {
    const DifferenceRule& rule = RuleOf(id);
    Add(id, rule.worst, column, std::move(expected), std::move(found), std::string(rule.explanation));
  }

  void Compare(std::string_view id, std::string_view column, const std::string& expected, const std::string& found) {
    if (expected != found) Add(id, column, expected, found);
  }

  void CompareColumns() {
    const SharedDetails shared = DetailsOfBoth(expected_, found_);
    for (const Column& expected : expected_.columns) {
      const Column* found = Find(expected.name);
      if (found == nullptr) {
        AddMissing(expected);
        continue;
      }
      matched_.insert(found);
      if (found->name != expected.name) Add("column-case", expected.name, expected.name, found->name);
      CompareTypes(expected, *found);
      if (shared.others) {
        CompareDefaults(expected, *found);
        Compare("column-comment", expected.name, expected.comment, found->comment);
        Compare("column-ttl", expected.name, expected.ttl, found->ttl);
      }
      if (shared.codecs) {
        Compare("codec", expected.name, CodecForm(expected.codec, found->type), CodecForm(found->codec, found->type));
      }
    }
    for (const Column& found : found_.columns) {
      if (!matched_.contains(&found)) AddExtra(found);
    }
  }

  const Column* Find(std::string_view name) const {
    auto it = std::ranges::find(found_.columns, name, &Column::name);
    if (it == found_.columns.end() && server_ >= kMatchesAnyCase) {
      it = std::ranges::find_if(found_.columns, [&](const Column& column) { return SameWord(column.name, name); });
    }
    return it == found_.columns.end() ? nullptr : &*it;
  }

  void AddMissing(const Column& expected) {
    if (const Column* whole = FindUnflattened(expected)) {
      matched_.insert(whole);
      if (unflattened_.insert(whole).second) {
        Add("nested-unflattened", expected.name, TypeText(expected.type), whole->name + " " + TypeText(whole->type));
      }
    } else if (expected.default_kind == DefaultKind::kNone) {
      Add("column-missing", expected.name, TypeText(expected.type), "");
    } else {
      Add("column-missing", Effect::kDiffers, expected.name, TypeText(expected.type), "",
          "the column is not there; rows do not have it");
    }
  }

  /// The column "Events" of which "Events.Name" should be an array of its own; null if there is none.
  const Column* FindUnflattened(const Column& expected) const {
    const std::string_view group = NestedGroup(expected);
    const Column* const found = group.empty() ? nullptr : Find(group);
    return found != nullptr && expected.default_kind == DefaultKind::kNone && IsNested(found->type) ? found : nullptr;
  }

  void AddExtra(const Column& found) {
    const std::string_view group = NestedGroup(found);
    const auto is_sibling = [&](const Column& column) {
      return column.default_kind == DefaultKind::kNone && NestedGroup(column) == group;
    };
    const bool is_stored = !IsComputed(found.default_kind) || found.default_kind == DefaultKind::kMaterialized;
    // What is computed of an array beside it is taken to be as long.
    const bool of_sibling = std::ranges::any_of(found_.columns, [&](const Column& column) {
      return is_sibling(column) && NamesColumn(found.default_expression, column.name);
    });
    const bool unlike =
        !group.empty() && is_stored && !of_sibling && std::ranges::any_of(expected_.columns, is_sibling);
    Add(unlike ? "nested-extra" : "column-extra", found.name, "", TypeText(found.type));
  }

  void CompareTypes(const Column& expected, const Column& found) {
    std::optional<TypeFit> fit = FitType(expected.type, found.type, server_);
    if (!fit) return;
    if (expected.default_kind != DefaultKind::kNone) {
      fit = TypeFit{.reason = "rows do not have the column, the server computes it"};
    }
    static constexpr std::string_view kIds[] = {"type-differs", "type-loses", "type-breaks"};
    Add(fit->time_zone ? "time-zone" : kIds[static_cast<std::size_t>(fit->effect)], fit->effect, expected.name,
        TypeText(expected.type), TypeText(found.type), std::move(fit->reason));
  }

  void CompareDefaults(const Column& expected, const Column& found) {
    std::string wanted = DefaultSql(expected), there = DefaultSql(found);
    if (wanted == there) return;
    const bool in_rows = expected.default_kind == DefaultKind::kNone;
    std::string_view id = "default";
    if (in_rows && IsComputed(found.default_kind)) id = "column-computed";
    if (!in_rows && found.default_kind == DefaultKind::kNone) id = "default-missing";
    Add(id, expected.name, std::move(wanted), std::move(there));
  }

  /// Once a table: the first column that comes after one that it should be before.
  void CompareOrder() {
    std::vector<const Column*> common;
    for (const Column& expected : expected_.columns) {
      if (const Column* found = Find(expected.name)) common.push_back(found);
    }
    const auto first = std::ranges::is_sorted_until(common);
    if (first != common.end()) Add("column-order", (*first)->name, "", "");
  }

  void CompareEngine() {
    const std::string wanted = EngineForm(expected_.engine), there = EngineForm(found_.engine);
    if (wanted == there || wanted.empty() || there.empty()) return;
    const std::string_view family = EngineFamily(found_.engine);
    std::string_view id = "engine";
    if (family != EngineFamily(expected_.engine)) {
      // All of the family but the plain one make one row of those with equal keys.
      if (IsMergeTree(family) && family != "MergeTree") id = "engine-merges";
      if (family == "Null") id = "engine-null";
    }
    Add(id, "", ShownEngine(expected_.engine), ShownEngine(found_.engine));
  }

  void CompareKeys() {
    Compare("partition-key", "", KeyForm(expected_.partition_by), KeyForm(found_.partition_by));
    Compare("order-key", "", KeyForm(expected_.order_by), KeyForm(found_.order_by));
    // Where neither says a PRIMARY KEY, ORDER BY has said it.
    if (!expected_.primary_key.empty() || !found_.primary_key.empty()) {
      Compare("primary-key", "", PrimaryKeyForm(expected_), PrimaryKeyForm(found_));
    }
    Compare("sample-key", "", KeyForm(expected_.sample_by), KeyForm(found_.sample_by));
    Compare("ttl", "", expected_.ttl, found_.ttl);
  }

  void CompareSettings() {
    auto wanted = SettingsForm(expected_), there = SettingsForm(found_);
    for (const auto& [name, value] : there) wanted.try_emplace(name);
    for (const auto& [name, value] : wanted) {
      if (value != there[name]) Add("setting", name, ShownSetting(name, value), ShownSetting(name, there[name]));
    }
  }

  void CompareIndexes() {
    std::vector<NamedSql> wanted, there;
    for (const Index& index : expected_.indexes) wanted.push_back({index.name, IndexForm(index)});
    for (const Index& index : found_.indexes) there.push_back({index.name, IndexForm(index)});
    CompareNamed("index", wanted, there);
  }

  /// Parts that have names: KIND-missing, KIND-differs, KIND-extra.
  void CompareNamed(std::string_view kind, const std::vector<NamedSql>& expected, const std::vector<NamedSql>& found) {
    const auto id = [&](std::string_view what) { return RuleOf(fmt::format("{}-{}", kind, what)).id; };
    for (const NamedSql& wanted : expected) {
      const auto there = std::ranges::find(found, wanted.name, &NamedSql::name);
      if (there == found.end()) {
        Add(id("missing"), wanted.name, wanted.sql, "");
      } else {
        Compare(id("differs"), wanted.name, wanted.sql, there->sql);
      }
    }
    for (const NamedSql& there : found) {
      if (std::ranges::find(expected, there.name, &NamedSql::name) == expected.end()) {
        Add(id("extra"), there.name, "", there.sql);
      }
    }
  }

  void CompareConstraints() {
    const auto there_in = [](const std::vector<NamedSql>& list, const NamedSql& one) {
      return std::ranges::find(list, one.sql, &NamedSql::sql) != list.end();
    };
    for (const NamedSql& wanted : expected_.constraints) {
      if (!there_in(found_.constraints, wanted)) Add("constraint-missing", wanted.name, wanted.sql, "");
    }
    for (const NamedSql& there : found_.constraints) {
      if (there_in(expected_.constraints, there)) continue;
      if (there.sql.starts_with("ASSUME")) {
        Add("constraint", Effect::kDiffers, there.name, "", there.sql, "servers believe it and check no row");
      } else {
        Add("constraint", there.name, "", there.sql);
      }
    }
  }

  const Table& expected_;
  const Table& found_;
  ServerVersion server_;
  std::set<const Column*> matched_, unflattened_;
  std::vector<Difference> differences_;
};

/// `sql` without the names of databases, for comparing only.
std::string WithoutDatabases(std::string_view sql, const std::set<std::string>& databases) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(sql);
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_database = tokens[i].IsName() && i + 2 < tokens.size() && tokens[i + 1].Is(".") &&
                             tokens[i + 2].IsName() && databases.contains(TokenValue(tokens[i]));
    if (is_database) {
      ++i;
    } else {
      text.append(tokens[i].text).append(" ");
    }
  }
  return text;
}

std::set<std::string> Databases(const Schema& a, const Schema& b) {
  std::set<std::string> names;
  for (const Schema* schema : {&a, &b}) {
    for (const Table& table : schema->tables) names.insert(table.database);
    for (const View& view : schema->views) names.insert(view.database);
  }
  return names;
}

bool IsFilledByView(const Schema& schema, const Table& table) {
  return std::ranges::any_of(schema.views, [&](const View& view) { return TargetTable(view) == table.name; });
}

}  // namespace

std::vector<Difference> CompareTables(const Table& expected, const Table& found, ServerVersion server) {
  return TableComparison(expected, found, server).Run();
}

std::vector<Difference> CompareSchemas(const Schema& expected, const Schema& found, ServerVersion server) {
  std::vector<Difference> all;
  for (const Table& table : expected.tables) {
    if (const auto it = std::ranges::find(found.tables, table.name, &Table::name); it != found.tables.end()) {
      std::ranges::move(CompareTables(table, *it, server), std::back_inserter(all));
    } else if (IsFilledByView(expected, table) && !IsFilledByView(found, table)) {
      all.push_back(
          {.id = "table-missing", .table = table.name, .message = "the table that a view fills is not there"});
    } else {
      all.push_back({.id = "table-missing",
                     .effect = Effect::kBreaks,
                     .table = table.name,
                     .message = std::string(RuleOf("table-missing").explanation)});
    }
  }
  std::ranges::move(CompareViews(expected, found), std::back_inserter(all));
  return all;
}

std::vector<Difference> CompareViews(const Schema& expected, const Schema& found) {
  std::vector<Difference> all;
  const auto add = [&](const View& view, std::string_view id, std::string_view part, std::string wanted,
                       std::string there) {
    all.push_back({.id = id,
                   .table = view.name,
                   .column = std::string(part),
                   .expected = std::move(wanted),
                   .found = std::move(there),
                   .message = std::string(RuleOf(id).explanation)});
  };
  const std::set<std::string> databases = Databases(expected, found);
  for (const View& view : expected.views) {
    const auto it = std::ranges::find(found.views, view.name, &View::name);
    if (it == found.views.end()) {
      add(view, "view-missing", "", view.query, "");
    } else if (TargetTable(view) != TargetTable(*it)) {
      add(view, "view-differs", "target", view.target, it->target);
    } else if (WithoutDatabases(view.query, databases) != WithoutDatabases(it->query, databases)) {
      add(view, "view-differs", "query", view.query, it->query);
    }
  }
  return all;
}

}  // namespace gf_otlp::schema
