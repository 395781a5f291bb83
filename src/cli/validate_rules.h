#ifndef GF_OTLP_CLI_VALIDATE_RULES_H_
#define GF_OTLP_CLI_VALIDATE_RULES_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/rule.h"
#include "cli/report.h"
#include "gf_otlp/status.h"
#include "pipeline/findings.h"

namespace gf_otlp::cli {

/// "note", "warning", "error".
std::string_view SeverityName(Severity severity);

/// What is looked for in the inputs as a whole, whatever they hold; indices into InputRules().
enum class InputRule : std::uint8_t { kFileSkipped, kNoRecords, kInterrupted };
std::span<const Rule> InputRules();

/// Whether a word of --rule or --ignore means the rule of that id.
bool MeansRule(std::string_view word, std::string_view id);

/// Which rules are looked for: those of `only` (all if it is empty) but not those of `ignored`. Words are ids, or end
/// in * and stand for all that begin so. Rules that say that something was not checked are left out only by their whole
/// id in `ignored`: else nothing would be found because nothing was looked at. kUsage names a word that is no rule's,
/// with the nearest one.
Result<std::vector<bool>> ChooseRules(std::span<const Rule> rules, const std::vector<std::string>& only,
                                      const std::vector<std::string>& ignored);

/// A line a rule: id, severity, explanation, where it is said.
std::string RuleList(std::span<const Rule> rules);

/// Puts the chosen rules and what was found under them into a report. `found`: for each of the rules. `lines`: units
/// are lines.
void AddFindings(std::span<const Rule> rules, const std::vector<bool>& chosen, const std::vector<RuleFindings>& found,
                 bool lines, Report& report);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_VALIDATE_RULES_H_
