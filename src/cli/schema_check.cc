// schema check: do rows fit the tables that are there?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/report_flags.h"
#include "cli/schema_report.h"
#include "cli/schema_server.h"
#include "cli/schema_source.h"
#include "schema/compare.h"
#include "schema/shape_schema.h"

namespace gf_otlp::cli {
namespace {

using schema::Difference;
using schema::Effect;
using schema::Table;

/// The command line as it stands.
struct CheckFlags {
  std::string ddl, clickhouse, database, server_version;
  ConnectionFlags connection;
  RowFlags rows;
  std::vector<std::string> tables;
  TableNameFlags names;
  ReportFlags report;
  bool quiet = false;
};

/// A shape's tables, and how near those that were found are to them.
struct Candidate {
  ShapeVariant variant;
  schema::ShapeSchemaOptions options;
  std::vector<Table> tables;  // that rows go to
  std::uint64_t distance = 0;
};

bool HasTable(const std::vector<Table>& tables, std::string_view name) {
  return std::ranges::find(tables, name, &Table::name) != tables.end();
}

/// The tables of `found` that have one of the candidates' names, or all of them if none has.
std::vector<Table> TablesToJudgeBy(const std::vector<Table>& found, const std::vector<Candidate>& candidates) {
  std::vector<Table> named;
  for (const Table& table : found) {
    const auto has = [&](const Candidate& candidate) { return HasTable(candidate.tables, table.name); };
    if (std::ranges::any_of(candidates, has)) named.push_back(table);
  }
  return named.empty() ? found : named;
}

class Check {
 public:
  Check(const CheckFlags& flags, SchemaSource found, schema::ServerVersion server)
      : flags_(flags), found_(std::move(found)), server_(server) {
    DropComments(found_.schema.tables);
  }

  /// Fills the report.
  Status Run(Report& report);

 private:
  Result<std::vector<ShapeVariant>> Variants() const;
  Result<Candidate> MakeCandidate(ShapeVariant variant) const;
  /// The nearest first.
  Status FindCandidates();
  const Candidate& nearest() const { return candidates_.front(); }
  /// What was found may be one table without a name.
  void NameTheNameless();
  /// What of the shape's tables and views is to be there.
  Result<schema::Schema> Expected();
  void AddMissing(const schema::Schema& all, std::vector<Difference>& differences) const;
  std::string Suggestion(const std::string& table) const;
  std::string ShapeText() const;
  void AddFacts(const schema::Schema& expected, const schema::Schema& all, Report& report) const;

  const CheckFlags& flags_;
  SchemaSource found_;
  schema::ServerVersion server_;
  std::vector<Candidate> candidates_;
  std::string named_by_columns_;  // the one table that DESCRIBE told of
};

Result<std::vector<ShapeVariant>> Check::Variants() const {
  RowOptions wanted;
  if (!flags_.rows.shape.empty()) GF_UNEXPECTED_IF_ERROR(flags_.rows.Read(wanted));
  std::vector<ShapeVariant> variants = ShapeVariants();
  std::erase_if(variants, [&](const ShapeVariant& variant) {
    const RowOptions& rows = variant.rows;
    if (!flags_.rows.schema_version.empty() && rows.schema_version != flags_.rows.schema_version) return true;
    if (flags_.rows.keep_all && !rows.keep_all) return true;
    return !flags_.rows.shape.empty() && (rows.shape != wanted.shape || rows.keep_all != wanted.keep_all);
  });
  if (variants.empty()) {
    return std::unexpected(
        UsageError(fmt::format("--schema-version {}: no such version of {}", flags_.rows.schema_version,
                               flags_.rows.shape.empty() ? "any shape" : std::string_view(flags_.rows.shape))));
  }
  return variants;
}

Result<Candidate> Check::MakeCandidate(ShapeVariant variant) const {
  Candidate candidate{.variant = std::move(variant)};
  candidate.options.rows = candidate.variant.rows;
  candidate.options.server = server_;
  const Result<RowMapper> mapper = RowMapper::Make(candidate.options.rows);
  if (!mapper) return std::unexpected(mapper.error());
  std::vector<std::string> names;
  for (const TableInfo& table : mapper->tables()) names.push_back(table.name);
  for (const std::string& table : flags_.tables) {
    if (std::ranges::find(names, table) != names.end()) continue;
    return std::unexpected(UsageError(fmt::format("--table {}: there is no such table of {}; there are: {}", table,
                                                  candidate.variant.name, fmt::join(names, ", "))));
  }
  auto new_names = flags_.names.NewNames(names);
  if (!new_names) return std::unexpected(std::move(new_names.error()));
  candidate.options.names = std::move(*new_names);
  candidate.options.tables = flags_.tables;
  Result<std::vector<Table>> tables = schema::RowTables(candidate.options);
  if (!tables) return std::unexpected(std::move(tables.error()));
  candidate.tables = std::move(*tables);
  DropComments(candidate.tables);
  return candidate;
}

Status Check::FindCandidates() {
  Result<std::vector<ShapeVariant>> variants = Variants();
  if (!variants) return std::move(variants.error());
  Status unfit;
  for (ShapeVariant& variant : *variants) {
    Result<Candidate> candidate = MakeCandidate(std::move(variant));
    // A shape that has not the tables that were asked for is none of those in question.
    if (candidate) {
      candidates_.push_back(std::move(*candidate));
    } else if (unfit.ok()) {
      unfit = std::move(candidate.error());
    }
  }
  if (candidates_.empty()) return unfit;
  const std::vector<Table> tables = TablesToJudgeBy(found_.schema.tables, candidates_);
  for (Candidate& candidate : candidates_) candidate.distance = schema::Distance(candidate.tables, tables);
  std::ranges::stable_sort(candidates_, {}, &Candidate::distance);
  return {};
}

void Check::NameTheNameless() {
  std::vector<Table>& found = found_.schema.tables;
  if (found.size() != 1 || !found.front().name.empty()) return;
  std::optional<std::size_t> index;
  if (nearest().tables.size() == 1) {
    index = 0;
  } else {
    index = schema::NearestTable(found.front(), nearest().tables);
  }
  if (!index) return;
  found.front().name = nearest().tables[*index].name;
  if (flags_.tables.empty()) named_by_columns_ = found.front().name;
}

Result<schema::Schema> Check::Expected() {
  Result<schema::Schema> all = schema::ShapeSchema(nearest().options);
  if (!all) return all;
  DropComments(all->tables);
  for (const Table& table : all->tables) {
    const auto unreadable = found_.unreadable.find(table.name);
    if (unreadable == found_.unreadable.end()) continue;
    return std::unexpected(BadData(fmt::format("{}: {}: {}", found_.name, table.name, unreadable->second)));
  }
  return all;
}

std::string Check::Suggestion(const std::string& table) const {
  for (const Table& found : found_.schema.tables) {
    const std::optional<std::size_t> index = schema::NearestTable(found, nearest().tables);
    if (!index || nearest().tables[*index].name != table || HasTable(nearest().tables, found.name)) continue;
    return fmt::format("; {} looks like it: --table-name {}={}", found.name, table, found.name);
  }
  return {};
}

void Check::AddMissing(const schema::Schema& all, std::vector<Difference>& differences) const {
  const std::vector<Table>& found = found_.schema.tables;
  std::vector<std::string> missing;
  for (const Table& table : all.tables) {
    if (!HasTable(found, table.name)) missing.push_back(table.name);
  }
  const bool none = missing.size() == all.tables.size();
  if (none || !flags_.tables.empty()) {
    // Those that rows go to: the others follow from them.
    for (const Table& table : nearest().tables) {
      if (HasTable(found, table.name)) continue;
      differences.push_back(
          TableMissing(Effect::kBreaks, table.name, fmt::format("not in {}{}", found_.name, Suggestion(table.name))));
    }
  } else if (!missing.empty()) {
    differences.push_back(TableMissing(
        Effect::kDiffers, "",
        fmt::format("not in {}, and not asked for by --table: {}", found_.name, fmt::join(missing, ", "))));
  }
}

std::string Check::ShapeText() const {
  std::string text = nearest().variant.name;
  if (candidates_.size() < 2) return text;
  const Candidate& next = candidates_[1];
  text += next.distance == nearest().distance ? fmt::format(" ({} is as near)", next.variant.name)
                                              : fmt::format(", the nearest (next: {})", next.variant.name);
  return text;
}

void Check::AddFacts(const schema::Schema& expected, const schema::Schema& all, Report& report) const {
  std::size_t others = 0;
  for (const Table& table : found_.schema.tables) others += HasTable(all.tables, table.name) ? 0 : 1;
  std::vector<std::string_view> compared;
  for (const Table& table : expected.tables) compared.push_back(table.name);
  report.facts = {
      {"shape", ShapeText()},
      {"server version",
       found_.server ? found_.server_text : fmt::format("{}.{}, as assumed", server_.year, server_.month)},
      {"tables compared", compared.empty() ? "none" : fmt::to_string(fmt::join(compared, ", "))},
      {"other tables", fmt::to_string(others + found_.unreadable.size())},
  };
  if (!named_by_columns_.empty()) report.facts.emplace_back("taken by its columns for", named_by_columns_);
}

Status Check::Run(Report& report) {
  GF_RETURN_IF_ERROR(FindCandidates());
  NameTheNameless();
  const Result<schema::Schema> all = Expected();
  if (!all) return all.error();
  std::vector<Difference> differences;
  AddMissing(*all, differences);
  schema::Schema expected;
  for (const Table& table : all->tables) {
    const auto at = std::ranges::find(found_.schema.tables, table.name, &Table::name);
    if (at == found_.schema.tables.end()) continue;
    expected.tables.push_back(table);
    // How long rows are kept is for those to say who keep them.
    expected.tables.back().ttl = at->ttl;
  }
  // A view belongs to the table that it fills.
  for (const schema::View& view : all->views) {
    const std::string_view target = std::string_view(view.target).substr(view.target.rfind('.') + 1);
    const auto at = std::ranges::find(found_.schema.tables, target, &Table::name);
    if (at != found_.schema.tables.end() && !at->columns_only) expected.views.push_back(view);
  }
  std::ranges::move(schema::CompareSchemas(expected, found_.schema, server_), std::back_inserter(differences));
  report.subject = fmt::format("{} against {}", found_.name, nearest().variant.name);
  AddDifferences(differences, found_.file, report);
  AddFacts(expected, *all, report);
  return {};
}

Status RunCheck(CheckFlags& flags, const Env& env) {
  Report report{.title = "schema check"};
  GF_RETURN_IF_ERROR(flags.report.Read(report));
  if (flags.ddl.empty() == flags.clickhouse.empty()) {
    return UsageError("say what is to be checked: either --ddl FILE or --clickhouse URL");
  }
  Result<schema::ServerVersion> server = schema::kDefaultServerVersion;
  if (!flags.server_version.empty()) server = ReadServerVersion(flags.server_version);
  if (!server) return std::move(server.error());
  Result<SchemaSource> source =
      flags.ddl.empty() ? ReadServer(flags.clickhouse, flags.database, flags.connection) : ReadSchemaFile(flags.ddl);
  if (!source) return std::move(source.error());
  if (!flags.quiet) {
    for (const std::string& note : source->notes) env.Say(note);
  }
  if (source->server && flags.server_version.empty()) server = *source->server;
  GF_RETURN_IF_ERROR(Check(flags, std::move(*source), *server).Run(report));
  return flags.report.Finish(report, flags.quiet, env);
}

}  // namespace

Action BindSchemaCheck(CLI::App& sub) {
  auto flags = std::make_shared<CheckFlags>();
  CheckFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp schema check --ddl deployed.sql\n"
      "  gf-otlp schema check --clickhouse http://ch:8123 --database otel --format junit > parity.xml\n"
      "Manual: gf-otlp-schema(1)");
  sub.add_option("--ddl", f.ddl, "Tables as text: DDL, or the output of DESCRIBE TABLE; - for standard input")
      ->type_name("FILE")
      ->group("Tables");
  sub.add_option("--clickhouse", f.clickhouse, "Tables of a server, by its HTTP interface: http://host:8123")
      ->type_name("URL")
      ->group("Tables");
  sub.add_option("--database", f.database, "The server's database (default: default)")
      ->type_name("DB")
      ->group("Tables");
  sub.add_option("--table", f.tables, "Only this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Tables");
  sub.add_option("--server-version", f.server_version, "Release of ClickHouse (default: the server's own, or 26.5)")
      ->type_name("V")
      ->group("Tables");
  f.rows.shape.clear();
  f.rows.BindTables(sub);
  sub.get_option("--shape")->description("Whose rows (default: those of the nearest shape)");
  sub.get_option("--schema-version")->description("Exporter version of the rows (default: the nearest)");
  f.names.Bind(sub);
  sub.get_option("--table-name")->description("A table has another name: TABLE=NAME");
  f.report.Bind(sub, kSchemaFailOn, "loses");
  sub.add_flag("-q,--quiet", f.quiet, "No closing line, no notes")->group("Output");
  f.connection.Bind(sub);
  return [flags](const Env& env) { return RunCheck(*flags, env); };
}

}  // namespace gf_otlp::cli
