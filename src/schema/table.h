#ifndef GF_OTLP_SCHEMA_TABLE_H_
#define GF_OTLP_SCHEMA_TABLE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/type.h"

/// What ClickHouse knows of tables: the form that shapes, DDL files, DESCRIBE output and live servers are brought into.
namespace gf_otlp::schema {

enum class DefaultKind : std::uint8_t { kNone, kDefault, kMaterialized, kAlias, kEphemeral };

/// What a row has for such a column is not stored.
constexpr bool IsComputed(DefaultKind kind) { return kind != DefaultKind::kNone && kind != DefaultKind::kDefault; }

/// Expressions, codecs and the like are texts in the form of NormalSql(); empty: there is none.
struct Column {
  std::string name;  // of a Nested column's parts: "Events.Name", each an Array, as ClickHouse stores them
  Type type;         // kOther without a name: not said, for the default's expression has one
  DefaultKind default_kind = DefaultKind::kNone;
  std::string default_expression;
  std::string codec;    // "Delta(8), ZSTD(1)"
  std::string comment;  // as text, without quotes
  std::string ttl;

  bool operator==(const Column&) const = default;
};

struct Index {
  std::string name, expression;
  std::string type;               // "bloom_filter(0.01)"
  std::uint64_t granularity = 0;  // 0: not said

  bool operator==(const Index&) const = default;
};

/// A projection or a constraint: a name, and all that follows it.
struct NamedSql {
  std::string name, sql;

  bool operator==(const NamedSql&) const = default;
};

struct Table {
  std::string database, name;  // the database may be empty: not said
  std::vector<Column> columns;
  /// Only the columns are known, not what follows (DESCRIBE); of them no codecs if the output has none.
  bool columns_only = false;
  std::string cluster;  // ON CLUSTER
  std::string engine;   // "MergeTree", "ReplicatedMergeTree('/path', '{replica}')": NormalSql()
  std::string partition_by, primary_key, order_by, sample_by;
  std::string ttl;  // all tiers: "toDateTime(Timestamp) + toIntervalDay(30)"
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Index> indexes;
  std::vector<NamedSql> projections, constraints;
  std::string comment;

  bool operator==(const Table&) const = default;
};

/// A materialized view that moves rows on.
struct View {
  std::string database, name;
  std::string cluster;
  std::string target;  // TO: perhaps with its database
  std::string query;   // SELECT ...

  bool operator==(const View&) const = default;
};

struct Schema {
  std::vector<Table> tables;
  std::vector<View> views;
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TABLE_H_
