#ifndef GF_OTLP_SCHEMA_SCHEMA_JSON_H_
#define GF_OTLP_SCHEMA_SCHEMA_JSON_H_

#include <string>

#include "schema/table.h"

namespace gf_otlp::schema {

/// A schema for programs: tables with columns, types, codecs, keys; views.
std::string SchemaJson(const Schema& schema);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SCHEMA_JSON_H_
