#ifndef GF_OTLP_SCHEMA_TYPE_READER_H_
#define GF_OTLP_SCHEMA_TYPE_READER_H_

#include <expected>

#include "schema/sql_lexer.h"
#include "schema/type.h"

namespace gf_otlp::schema {

/// Takes a type off the cursor, which ends behind it.
std::expected<Type, SqlError> ReadType(TokenCursor& cursor);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TYPE_READER_H_
