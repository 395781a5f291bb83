#ifndef GF_OTLP_SCHEMA_SQL_TEXT_H_
#define GF_OTLP_SCHEMA_SQL_TEXT_H_

#include <string>
#include <string_view>

namespace gf_otlp::schema {

/// A piece of SQL in one form, so that texts that mean the same compare equal: white space and comments as ClickHouse's
/// own formatter has them, names without quotes where they need none (else backticks), strings between single quotes,
/// one pair of parentheses around a whole expression taken off ("(a)" and "a", but "(a, b)" stays a tuple, and
/// "tuple(a, b)" becomes it), MergeTree() without parentheses, INTERVAL 30 DAY as toIntervalDay(30). Text that is no
/// SQL comes back with its white space squeezed.
std::string NormalSql(std::string_view sql);

/// `name`, between backticks if it is not a plain name or is a keyword.
std::string QuotedName(std::string_view name);
/// A string literal: 'it\'s'.
std::string QuotedText(std::string_view text);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SQL_TEXT_H_
