#ifndef GF_OTLP_SCHEMA_TYPE_FIT_H_
#define GF_OTLP_SCHEMA_TYPE_FIT_H_

#include <optional>
#include <string>

#include "schema/compare.h"
#include "schema/server_version.h"
#include "schema/type.h"

namespace gf_otlp::schema {

/// What becomes of the values of a row in a column of another type.
struct TypeFit {
  Effect effect = Effect::kDiffers;
  bool time_zone = false;  // it is the zone that makes the effect
  std::string reason;      // "negative numbers are refused"
};

/// How values of a `from` column, as JSONEachRow has them (rows of a shape, or what a server of the same type prints),
/// fit into a column of type `to`, with a server's default settings. Nothing if the types are the same. Judged by the
/// type, not by the values that happen to be there: a UInt64 may be 2^64-1. What cannot be judged breaks, and the
/// reason says so. Times without a zone are taken as UTC.
std::optional<TypeFit> FitType(const Type& from, const Type& to, ServerVersion server);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TYPE_FIT_H_
