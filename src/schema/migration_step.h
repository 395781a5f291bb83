#ifndef GF_OTLP_SCHEMA_MIGRATION_STEP_H_
#define GF_OTLP_SCHEMA_MIGRATION_STEP_H_

#include <cstdint>
#include <string>

namespace gf_otlp::schema {

/// A part of what makes tables into others.
struct MigrationStep {
  enum class Kind : std::uint8_t {
    kDo,    // keeps every value
    kHeld,  // drops data or what people made, needs a copy, or cannot be done: for them to decide
    kKept,  // would drop what only the old schema has, which is no worse for it
    kTtl,   // has rows go or move at another time: for those who ask for it
    kHint,  // may be done
  };
  Kind kind = Kind::kDo;
  std::string comment;  // what to know of it: lines
  std::string sql;      // whole statements with their semicolons and newlines; empty: there is none
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_MIGRATION_STEP_H_
