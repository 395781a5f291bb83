#include "schema/ttl.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/time_text.h"
#include "schema/sql_lexer.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

constexpr std::uint64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour, kWeek = 7 * kDay;
constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
/// A DateTime ends in 2106: a row's time and a longer life would go beyond it, start over in 1970, and the row be
/// deleted at once.
constexpr std::uint64_t kLongest = 50 * 365 * kDay;

/// The largest unit that divides is what the interval is counted in.
constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
    {"Day", kDay}, {"Hour", kHour}, {"Minute", kMinute}, {"Second", 1}};

std::unexpected<Status> Wrong(std::string_view text, std::string_view what) {
  return std::unexpected(UsageError(
      fmt::format("TTL '{}': {}; write tiers such as 30d, or 30d to volume slow, 90d to disk cold, 180d", text, what)));
}

/// Seconds; 0 if `word` is no duration that a tier can have.
std::uint64_t SecondsOf(std::string_view word) {
  if (word.ends_with('w')) {
    std::uint64_t weeks = 0;
    const char* const end = word.data() + word.size() - 1;
    const auto [rest, error] = std::from_chars(word.data(), end, weeks);
    return error == std::errc() && rest == end && weeks <= kLongest / kWeek ? weeks * kWeek : 0;
  }
  const Result<std::uint64_t> nanos = ParseDuration(word);
  return nanos && *nanos % kNanosPerSecond == 0 ? *nanos / kNanosPerSecond : 0;
}

}  // namespace

Result<std::vector<TtlTier>> ParseTtl(std::string_view text) {
  std::vector<TtlTier> tiers;
  std::string_view rest = text;
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" ,"));
    rest.remove_prefix(word.size());
    TtlTier tier{.seconds = SecondsOf(word)};
    if (tier.seconds == 0 || tier.seconds > kLongest) {
      return Wrong(text, fmt::format("'{}' is no duration of whole seconds up to 50 years", word));
    }
    if (!tiers.empty() && tiers.back().action == TtlTier::Action::kDelete) {
      return Wrong(text, fmt::format("nothing is left at {} of what was deleted before", word));
    }
    if (!tiers.empty() && tiers.back().seconds >= tier.seconds) {
      return Wrong(text, fmt::format("{} must come before what is later", word));
    }

    const std::vector<SqlToken> tokens = ReadSqlTokens(rest);
    TokenCursor in(tokens);
    if (in.TakeWord("to")) {
      if (in.TakeWord("volume")) {
        tier.action = TtlTier::Action::kToVolume;
      } else if (in.TakeWord("disk")) {
        tier.action = TtlTier::Action::kToDisk;
      } else {
        return Wrong(text, in.Expected("'volume' or 'disk'").message);
      }
      const SqlToken& place = in.Take();
      if (!place.IsName() && place.kind != SqlToken::Kind::kString) {
        return Wrong(text, fmt::format("expected a name, found {}", DescribeToken(place)));
      }
      tier.place = TokenValue(place);
    } else {
      in.TakeWord("delete");
    }
    tiers.push_back(std::move(tier));
    if (in.AtEnd()) return tiers;
    const std::size_t comma = in.Peek().end();
    if (!in.TakeSymbol(",")) return Wrong(text, in.Expected("',' or the end").message);
    rest.remove_prefix(comma);
  }
}

std::string TtlSql(const std::vector<TtlTier>& tiers, std::string_view time) {
  std::string sql;
  for (const TtlTier& tier : tiers) {
    const auto& [unit, seconds] =
        *std::ranges::find_if(kUnits, [&](const auto& u) { return tier.seconds % u.second == 0; });
    sql += fmt::format("{}{} + toInterval{}({})", sql.empty() ? "" : ", ", time, unit, tier.seconds / seconds);
    if (tier.action != TtlTier::Action::kDelete) {
      sql += tier.action == TtlTier::Action::kToVolume ? " TO VOLUME " : " TO DISK ";
      sql += QuotedText(tier.place);
    }
  }
  return sql;
}

}  // namespace gf_otlp::schema
