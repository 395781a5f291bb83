#ifndef GF_OTLP_SCHEMA_SHAPE_SCHEMA_H_
#define GF_OTLP_SCHEMA_SHAPE_SCHEMA_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/rows.h"
#include "schema/agent_rollups.h"
#include "schema/server_version.h"
#include "schema/table.h"
#include "schema/ttl.h"

namespace gf_otlp::schema {

/// How a shape's tables are to be made.
struct ShapeSchemaOptions {
  RowOptions rows;
  std::string database;        // empty: the session's
  std::string cluster;         // ON CLUSTER
  std::string engine;          // empty: MergeTree; of its family with parameters or without, or Null
  std::string ttl;             // "30d to volume slow, 180d"; "none": rows stay; empty: DefaultTtl()
  std::string storage_policy;  // where tables of MergeTree engines have their parts; empty: the server's default
  ServerVersion server = kDefaultServerVersion;
  std::vector<std::string> tables;           // only these, by their own names; empty: all
  std::map<std::string, std::string> names;  // other names for tables; what belongs to one is named after it
  /// Tables of the Kafka engine and views that fill the tables from them, if not empty: "host:port,host:port".
  std::string kafka_brokers;
  std::map<std::string, std::string> kafka_topics;  // of tables, where it is not the default
  /// Of consumers; empty: "gf-otlp-TABLE". Tables that share one wait for each other when they start to read.
  std::string kafka_group;
};

/// Where a shape's tables are when nothing is said: "telemetry" for agents; empty: the session's database.
std::string_view DefaultDatabase(Shape shape);
/// How long their rows stay then: "90d" for agents, "none".
std::string_view DefaultTtl(Shape shape);
/// What becomes of old rows, as `ttl` says or the default; kUsage for text that is no TTL.
Result<std::vector<TtlTier>> TiersOf(const ShapeSchemaOptions& options);

/// The tables and views of a shape as the exporter makes them (clickhouseexporter v0.149, v0.161): the columns are
/// those that RowMapper writes rows of. kUsage for options that make no sense.
Result<Schema> ShapeSchema(const ShapeSchemaOptions& options);

/// What people should know of such a schema: settings that the server needs, keys that are of our own choice.
std::vector<std::string> SchemaNotes(const ShapeSchemaOptions& options);

/// Only the tables that rows go to, one for each of RowMapper::tables(), in that order.
Result<std::vector<Table>> RowTables(const ShapeSchemaOptions& options);

/// The rollups of shape agents that were asked for, tables and views as in ShapeSchema(); other shapes have none.
Result<std::vector<Rollup>> ShapeRollups(const ShapeSchemaOptions& options);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SHAPE_SCHEMA_H_
