#include "schema/sql_list.h"

#include "schema/sql_lexer.h"

namespace gf_otlp::schema {

std::vector<std::string_view> SplitSqlList(std::string_view sql) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(sql);
  std::vector<std::string_view> parts;
  int depth = 0;
  for (std::size_t i = 0, first = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.Is("(") || token.Is("[") || token.Is("{")) ++depth;
    if (token.Is(")") || token.Is("]") || token.Is("}")) --depth;
    const bool ends = token.kind == SqlToken::Kind::kEnd;
    if (!ends && (depth > 0 || !token.Is(","))) continue;
    if (i > first) parts.push_back(sql.substr(tokens[first].offset, tokens[i - 1].end() - tokens[first].offset));
    first = i + 1;
  }
  return parts;
}

}  // namespace gf_otlp::schema
