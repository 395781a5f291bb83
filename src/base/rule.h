#ifndef GF_OTLP_BASE_RULE_H_
#define GF_OTLP_BASE_RULE_H_

#include <cstdint>
#include <string_view>

namespace gf_otlp {

/// How bad a finding is.
enum class Severity : std::uint8_t {
  kNote,     // worth knowing
  kWarning,  // most likely a mistake of who wrote the data
  kError,    // against the specification, or data that will be refused or changed
};

/// Something that a check looks for. Ids are stable: users name them in configurations.
struct Rule {
  std::string_view id;  // "span-end-before-start"
  Severity severity = Severity::kWarning;
  std::string_view explanation;  // a line
  std::string_view source;       // the section of the specification that says so
};

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_RULE_H_
