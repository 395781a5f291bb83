// schema check: do rows fit the tables that are there?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/report_flags.h"
#include "cli/schema_report.h"
#include "cli/schema_server.h"
#include "cli/schema_source.h"
#include "schema/compare.h"
#include "schema/shape_schema.h"
#include "schema/storage_form.h"

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
  schema::Schema schema;
  std::uint64_t distance = 0;
};

/// The tables of `found` that have one of the candidates' names, or all of them if none has.
std::vector<Table> TablesToJudgeBy(const std::vector<Table>& found, const std::vector<Candidate>& candidates) {
  std::vector<Table> named;
  for (const Table& table : found) {
    const auto has = [&](const Candidate& candidate) { return HasTable(candidate.schema.tables, table.name); };
    if (std::ranges::any_of(candidates, has)) named.push_back(table);
  }
  return named.empty() ? found : named;
}

class Check {
 public:
  Check(const CheckFlags& flags, SchemaSource found, schema::ServerVersion server)
      : flags_(flags), found_(std::move(found)), server_(server) {}

  /// Fills the report.
  Status Run(Report& report);

 private:
  Result<std::vector<ShapeVariant>> Variants() const;
  Result<Candidate> MakeCandidate(ShapeVariant variant) const;
  /// The nearest first.
  Status FindCandidates();
  const Candidate& nearest() const { return candidates_.front(); }
  /// Which of the tables in a text are meant.
  Status ChooseTables();
  /// What was found may be one table without a name.
  void NameTheTable();
  /// A table whose statement cannot be read must not look like one that is not there.
  Status CheckReadable() const;
  /// Those of the nearest shape's tables and views that are compared.
  schema::Schema Expected() const;
  void AddMissing(std::vector<Difference>& differences) const;
  std::string Suggestion(const std::string& table) const;
  std::string ShapeText() const;
  std::string ServerText() const;
  void AddFacts(const schema::Schema& expected, Report& report) const;

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
  schema::ShapeSchemaOptions options{.rows = variant.rows, .server = server_, .tables = flags_.tables};
  const Result<std::vector<std::string>> names = TableNames(options);
  if (!names) return std::unexpected(names.error());
  for (const std::string& table : flags_.tables) {
    if (std::ranges::find(*names, table) != names->end()) continue;
    return std::unexpected(UsageError(fmt::format("--table {}: there is no such table of {}; there are: {}", table,
                                                  variant.name, fmt::join(*names, ", "))));
  }
  auto new_names = flags_.names.NewNames(*names);
  if (!new_names) return std::unexpected(std::move(new_names.error()));
  options.names = std::move(*new_names);
  Result<schema::Schema> made = schema::ShapeSchema(options);
  if (!made) return std::unexpected(std::move(made.error()));
  return Candidate{.variant = std::move(variant), .schema = std::move(*made)};
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
  GF_RETURN_IF_ERROR(ChooseTables());
  const std::vector<Table> tables = TablesToJudgeBy(found_.schema.tables, candidates_);
  for (Candidate& candidate : candidates_) candidate.distance = schema::Distance(candidate.schema.tables, tables);
  std::ranges::stable_sort(candidates_, {}, &Candidate::distance);
  return {};
}

Status Check::ChooseTables() {
  std::vector<Table>& tables = found_.schema.tables;
  const auto elsewhere = [&](const auto& what) { return !what.database.empty() && what.database != flags_.database; };
  if (!flags_.ddl.empty() && !flags_.database.empty()) {
    if (!tables.empty() && std::ranges::all_of(tables, elsewhere)) {
      return UsageError(fmt::format("--database {}: {} has no tables of it", flags_.database, found_.name));
    }
    std::erase_if(tables, elsewhere);
    std::erase_if(found_.schema.views, elsewhere);
  }
  for (const Candidate& candidate : candidates_) {
    GF_RETURN_IF_ERROR(ChooseDatabase(flags_.database, NamesOf(candidate.schema.tables), found_));
  }
  return {};
}

void Check::NameTheTable() {
  const std::vector<Table>& tables = nearest().schema.tables;
  const bool is_asked = !flags_.tables.empty();
  const bool is_nameless = found_.schema.tables.size() == 1 && found_.schema.tables.front().name.empty();
  if (NameTheNameless(is_asked ? NamesOf(tables) : flags_.tables, tables, found_) && is_nameless && !is_asked) {
    named_by_columns_ = found_.schema.tables.front().name;
  }
}

Status Check::CheckReadable() const {
  for (const Table& table : nearest().schema.tables) {
    const auto unreadable = found_.unreadable.find(table.name);
    if (unreadable == found_.unreadable.end()) continue;
    return BadData(fmt::format("{}: {}: {}", found_.name, table.name, unreadable->second));
  }
  return {};
}

schema::Schema Check::Expected() const {
  schema::Schema expected;
  for (const Table& table : nearest().schema.tables) {
    const auto at = std::ranges::find(found_.schema.tables, table.name, &Table::name);
    if (at == found_.schema.tables.end()) continue;
    Table& wanted = expected.tables.emplace_back(table);
    TakeComments(*at, wanted);
    // How long rows are kept, and where, is for those to say who keep them.
    wanted.ttl = at->ttl;
    const auto policy =
        std::ranges::find(at->settings, "storage_policy", [](const auto& setting) { return setting.first; });
    if (policy != at->settings.end()) wanted.settings.push_back(*policy);
  }
  // A view belongs to the table that it fills.
  for (const schema::View& view : nearest().schema.views) {
    const auto at = std::ranges::find(found_.schema.tables, schema::TargetTable(view), &Table::name);
    if (at != found_.schema.tables.end() && !at->columns_only) expected.views.push_back(view);
  }
  return expected;
}

std::string Check::Suggestion(const std::string& table) const {
  const std::vector<Table>& tables = nearest().schema.tables;
  for (const Table& found : found_.schema.tables) {
    const std::optional<std::size_t> index = schema::NearestTable(found, tables);
    if (!index || tables[*index].name != table || HasTable(tables, found.name)) continue;
    return fmt::format("; {} looks like {}: --table-name {}={}", found.name, table, table, found.name);
  }
  return {};
}

void Check::AddMissing(std::vector<Difference>& differences) const {
  const schema::Schema& all = nearest().schema;
  std::vector<std::string> missing = NamesOf(all.tables);
  std::erase_if(missing, [&](const std::string& name) { return HasTable(found_.schema.tables, name); });
  const bool is_asked = !flags_.tables.empty();
  if (is_asked || missing.size() == all.tables.size()) {
    for (const std::string& name : missing) {
      // What a view fills follows from the others.
      if (!is_asked && std::ranges::find(all.views, name, schema::TargetTable) != all.views.end()) continue;
      differences.push_back(
          TableMissing(Effect::kBreaks, name, fmt::format("not in {}{}", found_.name, Suggestion(name))));
    }
  } else if (!missing.empty()) {
    std::string text =
        fmt::format("not in {}, and not asked for by --table: {}", found_.name, fmt::join(missing, ", "));
    for (const std::string& name : missing) text += Suggestion(name);
    differences.push_back(TableMissing(Effect::kDiffers, "", std::move(text)));
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

std::string Check::ServerText() const {
  const bool is_asked = !flags_.server_version.empty();
  if (found_.server && !is_asked) return found_.server_text;
  const std::string text = fmt::format("{}.{}", server_.year, server_.month);
  return found_.server ? fmt::format("{}, as asked for; the server's is {}", text, found_.server_text)
                       : fmt::format("{}, as {}", text, is_asked ? "asked for" : "assumed");
}

void Check::AddFacts(const schema::Schema& expected, Report& report) const {
  const auto others = std::ranges::count_if(
      found_.schema.tables, [&](const Table& table) { return !HasTable(nearest().schema.tables, table.name); });
  const std::vector<std::string> compared = NamesOf(expected.tables);
  report.facts = {
      {"shape", ShapeText()},
      {"server version", ServerText()},
      {"tables compared", compared.empty() ? "none" : fmt::to_string(fmt::join(compared, ", "))},
      {"other tables", fmt::to_string(static_cast<std::size_t>(others) + found_.unreadable.size())},
  };
  if (!named_by_columns_.empty()) report.facts.emplace_back("taken by its columns for", named_by_columns_);
}

Status Check::Run(Report& report) {
  GF_RETURN_IF_ERROR(FindCandidates());
  NameTheTable();
  GF_RETURN_IF_ERROR(CheckReadable());
  std::vector<Difference> differences;
  AddMissing(differences);
  const schema::Schema expected = Expected();
  if (auto zone = ServerZone(expected, found_.schema, found_.time_zone, server_)) {
    differences.push_back(std::move(*zone));
  }
  std::ranges::move(schema::CompareSchemas(expected, found_.schema, server_), std::back_inserter(differences));
  report.subject = fmt::format("{} against {}", found_.name, nearest().variant.name);
  AddDifferences(differences, found_.file, report);
  AddFacts(expected, report);
  return {};
}

Status RunCheck(CheckFlags& flags, const CLI::App& sub, const Env& env) {
  Report report{.title = "schema check"};
  GF_RETURN_IF_ERROR(flags.report.Read(report));
  if (flags.ddl.empty() == flags.clickhouse.empty()) {
    return UsageError("say what is to be checked: either --ddl FILE or --clickhouse URL");
  }
  if (flags.clickhouse.empty()) GF_RETURN_IF_ERROR(RefuseOptions(sub, kConnectionOptions, "with --ddl"));
  Result<schema::ServerVersion> server = schema::kDefaultServerVersion;
  if (!flags.server_version.empty()) server = ReadServerVersion(flags.server_version);
  if (!server) return std::move(server.error());
  GF_RETURN_IF_ERROR(CheckOneDatabase(flags.clickhouse, flags.database));
  std::string database = flags.database;
  const std::optional<Shape> shape = ParseShape(flags.rows.shape);
  if (database.empty() && shape) database = schema::DefaultDatabase(*shape);
  Result<SchemaSource> source =
      flags.ddl.empty() ? ReadServer(flags.clickhouse, database, flags.connection) : ReadSchemaFile(flags.ddl);
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
  sub.add_option("--database", f.database,
                 "The database (default of a server: default, with --shape agents telemetry; of text: all)")
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
  return [flags, &sub](const Env& env) { return RunCheck(*flags, sub, env); };
}

}  // namespace gf_otlp::cli
