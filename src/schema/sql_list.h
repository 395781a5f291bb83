#ifndef GF_OTLP_SCHEMA_SQL_LIST_H_
#define GF_OTLP_SCHEMA_SQL_LIST_H_

#include <string_view>
#include <vector>

namespace gf_otlp::schema {

/// The parts of `sql` that commas divide, but not those between brackets or in texts: "Delta(8, 1), ZSTD(1)" has two.
/// Of a text without anything: none. The parts are views of it, without white space around them.
std::vector<std::string_view> SplitSqlList(std::string_view sql);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SQL_LIST_H_
