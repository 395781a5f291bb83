#ifndef GF_OTLP_SCHEMA_SCHEMA_MARKDOWN_H_
#define GF_OTLP_SCHEMA_SCHEMA_MARKDOWN_H_

#include <string>

#include "schema/table.h"

namespace gf_otlp::schema {

/// A schema as documentation: a heading and a table of columns for each table.
std::string SchemaMarkdown(const Schema& schema);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SCHEMA_MARKDOWN_H_
