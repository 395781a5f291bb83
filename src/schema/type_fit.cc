#include "schema/type_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/sql_list.h"

namespace gf_otlp::schema {

namespace {

using Kind = Type::Kind;
using Fit = std::optional<TypeFit>;

TypeFit Differs(std::string reason) { return {.effect = Effect::kDiffers, .reason = std::move(reason)}; }
TypeFit Loses(std::string reason) { return {.effect = Effect::kLoses, .reason = std::move(reason)}; }
TypeFit Breaks(std::string reason) { return {.effect = Effect::kBreaks, .reason = std::move(reason)}; }

constexpr std::string_view kSameValues = "the values are the same";

/// The worse of two, with what part of the value it is about; the first of equals.
void TakeWorse(Fit& worst, Fit fit, std::string_view part) {
  if (!fit || (worst && worst->effect >= fit->effect)) return;
  fit->reason.insert(0, fmt::format("{}: ", part));
  worst = std::move(fit);
}

// Judges of pairs of kinds whose effect depends on more than the kinds. REQUIRES: the types are not equal.

Fit FitInt(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.is_signed && !to.is_signed) return Breaks("negative numbers are refused");
  const int bits = from.size - (from.is_signed ? 1 : 0);
  const int room = to.size - (to.is_signed ? 1 : 0);
  if (bits <= room) return Differs(std::string(kSameValues));
  return Loses(fmt::format("numbers that need more than {} bits wrap around to other numbers", room));
}

Fit FitIntInFloat(const Type& from, const Type& to, ServerVersion /*server*/) {
  const int digits = to.size == 16 ? 8 : to.size == 32 ? 24 : 53;
  if (from.size - (from.is_signed ? 1 : 0) <= digits) return Differs(std::string(kSameValues));
  return Loses(fmt::format("numbers above 2^{} are rounded", digits));
}

Fit FitIntInDecimal(const Type& from, const Type& to, ServerVersion /*server*/) {
  const int bits = from.size - (from.is_signed ? 1 : 0);
  const int digits = static_cast<int>(std::ceil(bits * std::log10(2.0)));  // 2^64 - 1 has 20
  if (to.size - to.scale >= digits) return Differs(std::string(kSameValues));
  return Breaks(fmt::format("numbers of more than {} digits are refused", to.size - to.scale));
}

Fit FitFloat(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.size <= to.size) return Differs(std::string(kSameValues));
  return Loses("numbers are rounded, and large ones become infinite");
}

Fit FitDecimal(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.size - from.scale > to.size - to.scale) {
    return Breaks(fmt::format("numbers of more than {} digits before the point are refused", to.size - to.scale));
  }
  if (from.scale > to.scale) return Loses(fmt::format("digits after the {}. of the fraction are cut off", to.scale));
  return Differs(std::string(kSameValues));
}

Fit FitDecimalInFloat(const Type& from, const Type& to, ServerVersion /*server*/) {
  const int digits = to.size == 16 ? 2 : to.size == 32 ? 6 : 15;
  if (from.size <= digits) return Differs(std::string(kSameValues));
  return Loses(fmt::format("numbers of more than {} digits are rounded", digits));
}

Fit FitFixedString(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.size > to.size) return Breaks(fmt::format("texts longer than {} bytes are refused", to.size));
  return Breaks(fmt::format("zero bytes are added up to {}", to.size));
}

Fit FitTextInFixedString(const Type& /*from*/, const Type& to, ServerVersion /*server*/) {
  return Breaks(fmt::format("texts longer than {0} bytes are refused, zero bytes are added to shorter ones", to.size));
}

Fit FitEnum(const Type& from, const Type& to, ServerVersion /*server*/) {
  for (const auto& [name, number] : from.values) {
    if (std::ranges::find(to.values, name, &std::pair<std::string, std::int32_t>::first) == to.values.end()) {
      return Breaks(fmt::format("'{}' is refused", name));
    }
  }
  return Differs("the names are the same");
}

bool IsUtc(std::string_view zone) {
  static constexpr std::string_view kNames[] = {"", "UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu"};
  return std::ranges::find(kNames, zone) != std::end(kNames);
}

Fit ShiftedByZone(const Type& from, const Type& to) {
  if (from.time_zone == to.time_zone || (IsUtc(from.time_zone) && IsUtc(to.time_zone))) return std::nullopt;
  return TypeFit{.effect = Effect::kBreaks,
                 .time_zone = true,
                 .reason = fmt::format("texts without a zone are times of {} and are read as times of {}: shifted",
                                       from.time_zone.empty() ? "UTC" : from.time_zone,
                                       to.time_zone.empty() ? "the server's zone" : to.time_zone)};
}

Fit FitTime(const Type& from, const Type& to, ServerVersion server) {
  if (to.kind == Kind::kDateTime && from.scale > 0 && server < kReadsAnyTimeText) {
    return Breaks(fmt::format("a fraction of a second is refused before version {}.{}", kReadsAnyTimeText.year,
                              kReadsAnyTimeText.month));
  }
  if (Fit shifted = ShiftedByZone(from, to)) return shifted;
  if (to.kind == Kind::kDateTime && from.kind == Kind::kDateTime64) {
    return Loses(from.scale > 0 ? "fractions of a second are cut off, times outside 1970 to 2106 become others"
                                : "times outside 1970 to 2106 become others");
  }
  if (from.scale > to.scale) {
    return Loses(fmt::format("digits after the {}. of a second's fraction are cut off", to.scale));
  }
  if (from.kind == Kind::kDateTime64 && to.scale == 9 && from.scale < 9) return Breaks("times after 2262 are refused");
  return Differs("the times are the same");
}

/// Time and Time64.
Fit FitTimeOfDay(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.scale > to.scale) return Loses("fractions of a second are cut off");
  return Differs("the times are the same");
}

Fit FitArray(const Type& from, const Type& to, ServerVersion server) {
  Fit worst;
  TakeWorse(worst, FitType(from.elements[0], to.elements[0], server), "elements");
  return worst;
}

Fit FitMap(const Type& from, const Type& to, ServerVersion server) {
  Fit worst;
  TakeWorse(worst, FitType(from.elements[0], to.elements[0], server), "keys");
  TakeWorse(worst, FitType(from.elements[1], to.elements[1], server), "values");
  return worst;
}

/// Objects if there are names, arrays if there are none.
Fit FitTuple(const Type& from, const Type& to, ServerVersion server) {
  if (from.names.empty() != to.names.empty()) {
    return Breaks(to.names.empty() ? "objects are refused where a tuple has no names"
                                   : "arrays are refused where a tuple has names");
  }
  if (from.names.empty() && from.elements.size() != to.elements.size()) {
    return Breaks(fmt::format("arrays of other than {} elements are refused", to.elements.size()));
  }
  Fit worst;
  for (std::size_t i = 0; i < from.elements.size(); ++i) {
    std::size_t at = i;
    if (!from.names.empty()) {
      at = static_cast<std::size_t>(std::ranges::find(to.names, from.names[i]) - to.names.begin());
      if (at == to.names.size()) return Breaks(fmt::format("member {} is dropped", from.names[i]));
    }
    TakeWorse(worst, FitType(from.elements[i], to.elements[at], server),
              from.names.empty() ? fmt::format("element {}", i + 1) : fmt::format("member {}", from.names[i]));
  }
  return worst ? worst : Differs("members are in another order, or there are more of them");
}

/// The arguments of a JSON type that leave paths out: "SKIP a.b", "SKIP REGEXP 'x'".
std::vector<std::string_view> JsonSkips(const Type& json) {
  std::vector<std::string_view> arguments = SplitSqlList(json.arguments);
  std::erase_if(arguments, [](std::string_view argument) { return !argument.starts_with("SKIP "); });
  return arguments;
}

/// A value in JSON without typed or skipped paths.
Fit FitInPlainJson(const Type& from) {
  const Type& type = Bare(from);
  Fit worst;
  switch (type.kind) {
    case Kind::kMap: return Breaks("a key that comes twice is refused, and a dot in a key makes a path of it");
    case Kind::kArray: TakeWorse(worst, FitInPlainJson(type.elements[0]), "elements"); break;
    case Kind::kTuple:
      for (std::size_t i = 0; i < type.elements.size(); ++i) {
        TakeWorse(worst, FitInPlainJson(type.elements[i]), type.names.empty() ? "elements" : type.names[i]);
      }
      break;
    case Kind::kOther: return Breaks(fmt::format("values of {} in JSON are not judged", TypeText(type)));
    default: return Differs("the values are kept, their types are found anew");
  }
  return worst;
}

Fit FitObjectInJson(const Type& from, const Type& to, ServerVersion /*server*/) {
  if (from.kind == Kind::kTuple && from.names.empty()) return Breaks("arrays are refused");
  if (!JsonSkips(to).empty()) return Breaks("values of skipped paths are dropped");
  if (!to.elements.empty()) return Breaks("values of paths that have other types are refused");
  return FitInPlainJson(from);
}

/// The members are the keys.
Fit FitTupleInMap(const Type& from, const Type& to, ServerVersion server) {
  if (from.names.empty()) return Breaks("arrays are refused");
  Fit worst;
  TakeWorse(worst, FitType(Type{.kind = Kind::kString}, to.elements[0], server), "keys");
  for (std::size_t i = 0; i < from.elements.size(); ++i) {
    TakeWorse(worst, FitType(from.elements[i], to.elements[1], server), fmt::format("member {}", from.names[i]));
  }
  return worst ? worst : Differs("members are keys");
}

Fit FitJsonInMap(const Type& /*from*/, const Type& to, ServerVersion server) {
  const Type text{.kind = Kind::kString};
  Fit worst;
  TakeWorse(worst, FitType(text, to.elements[0], server), "keys");
  TakeWorse(worst,
            Bare(to.elements[1]).kind == Kind::kString
                ? Loses("types and null are lost, nested values become texts of JSON")
                : FitType(text, to.elements[1], server),
            "values");
  return worst;
}

Fit FitJson(const Type& from, const Type& to, ServerVersion server) {
  const std::vector<std::string_view> known = JsonSkips(from);
  for (const std::string_view skipped : JsonSkips(to)) {
    if (std::ranges::find(known, skipped) == known.end()) return Breaks(fmt::format("{} drops values", skipped));
  }
  Fit worst;
  for (std::size_t i = 0; i < to.elements.size(); ++i) {
    const auto path = static_cast<std::size_t>(std::ranges::find(from.names, to.names[i]) - from.names.begin());
    if (path == from.names.size()) {
      TakeWorse(worst, Breaks(fmt::format("values that are no {} are refused", TypeText(to.elements[i]))),
                fmt::format("path {}", to.names[i]));
    } else {
      TakeWorse(worst, FitType(from.elements[path], to.elements[i], server), fmt::format("path {}", to.names[i]));
    }
  }
  return worst ? worst : Differs("the values are the same, they are stored in another way");
}

/// What becomes of one kind in another. Pairs that are not here: refused.
struct Pair {
  Kind from, to;
  Effect effect = Effect::kDiffers;
  std::string_view reason;
  Fit (*judge)(const Type& from, const Type& to, ServerVersion server) = nullptr;  // instead of effect and reason
};
constexpr std::string_view kKeptAsText = "the values are kept as text";
constexpr std::string_view kKeptAsJson = "the values are kept as texts of JSON";
constexpr std::string_view kTakenAsTime = "numbers are taken as times";
constexpr std::string_view kTakenAsNumbers = "true and false become 1 and 0";

constexpr Pair kPairs[] = {
    {.from = Kind::kInt, .to = Kind::kInt, .judge = FitInt},
    {.from = Kind::kInt, .to = Kind::kFloat, .judge = FitIntInFloat},
    {.from = Kind::kInt, .to = Kind::kDecimal, .judge = FitIntInDecimal},
    {Kind::kInt, Kind::kBool, Effect::kBreaks, "numbers other than 0 and 1 are refused"},
    {Kind::kInt, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kInt, Kind::kDate, Effect::kBreaks, kTakenAsTime},
    {Kind::kInt, Kind::kDate32, Effect::kBreaks, kTakenAsTime},
    {Kind::kInt, Kind::kDateTime, Effect::kBreaks, kTakenAsTime},
    {Kind::kInt, Kind::kDateTime64, Effect::kBreaks, kTakenAsTime},
    {Kind::kInt, Kind::kEnum, Effect::kBreaks, "numbers that the enum does not have are refused"},

    {.from = Kind::kFloat, .to = Kind::kFloat, .judge = FitFloat},
    {Kind::kFloat, Kind::kInt, Effect::kBreaks, "fractions, NaN and infinities are refused"},
    {Kind::kFloat, Kind::kDecimal, Effect::kBreaks, "NaN, infinities and large numbers are refused"},
    {Kind::kFloat, Kind::kString, Effect::kDiffers, kKeptAsText},

    {Kind::kBool, Kind::kInt, Effect::kDiffers, kTakenAsNumbers},
    {Kind::kBool, Kind::kFloat, Effect::kDiffers, kTakenAsNumbers},
    {Kind::kBool, Kind::kString, Effect::kDiffers, kKeptAsText},

    {Kind::kString, Kind::kInt, Effect::kBreaks, "texts that are no integers are refused, an empty one becomes 0"},
    {Kind::kString, Kind::kFloat, Effect::kBreaks, "texts that are no numbers are refused, an empty one becomes 0"},
    {Kind::kString, Kind::kDecimal, Effect::kBreaks, "texts that are no numbers are refused, an empty one becomes 0"},
    {Kind::kString, Kind::kDate, Effect::kBreaks, "texts that are no dates are refused"},
    {Kind::kString, Kind::kDate32, Effect::kBreaks, "texts that are no dates are refused"},
    {Kind::kString, Kind::kDateTime, Effect::kBreaks, "texts that are no times are refused"},
    {Kind::kString, Kind::kDateTime64, Effect::kBreaks, "texts that are no times are refused"},
    {Kind::kString, Kind::kUuid, Effect::kBreaks, "texts that are no UUIDs are refused"},
    {Kind::kString, Kind::kIpv4, Effect::kBreaks, "texts that are no addresses are refused"},
    {Kind::kString, Kind::kIpv6, Effect::kBreaks, "texts that are no addresses are refused"},
    {Kind::kString, Kind::kEnum, Effect::kBreaks, "texts that the enum does not have are refused"},
    {.from = Kind::kString, .to = Kind::kFixedString, .judge = FitTextInFixedString},
    {Kind::kFixedString, Kind::kString, Effect::kDiffers, kSameValues},
    {.from = Kind::kFixedString, .to = Kind::kFixedString, .judge = FitFixedString},

    {.from = Kind::kDateTime, .to = Kind::kDateTime, .judge = FitTime},
    {.from = Kind::kDateTime, .to = Kind::kDateTime64, .judge = FitTime},
    {.from = Kind::kDateTime64, .to = Kind::kDateTime, .judge = FitTime},
    {.from = Kind::kDateTime64, .to = Kind::kDateTime64, .judge = FitTime},
    {Kind::kDateTime, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kDateTime64, Kind::kString, Effect::kDiffers, kKeptAsText},
    {.from = Kind::kTime, .to = Kind::kTime64, .judge = FitTimeOfDay},
    {.from = Kind::kTime64, .to = Kind::kTime, .judge = FitTimeOfDay},
    {.from = Kind::kTime64, .to = Kind::kTime64, .judge = FitTimeOfDay},
    {Kind::kTime, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kTime64, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kDate, Kind::kDate32, Effect::kDiffers, kSameValues},
    {Kind::kDate32, Kind::kDate, Effect::kLoses, "dates outside 1970 to 2149 become others"},
    {Kind::kDate, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kDate32, Kind::kString, Effect::kDiffers, kKeptAsText},

    {.from = Kind::kDecimal, .to = Kind::kDecimal, .judge = FitDecimal},
    {.from = Kind::kDecimal, .to = Kind::kFloat, .judge = FitDecimalInFloat},
    {Kind::kDecimal, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kUuid, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kIpv4, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kIpv6, Kind::kString, Effect::kDiffers, kKeptAsText},
    {Kind::kIpv4, Kind::kIpv6, Effect::kDiffers, "the addresses are the same"},
    {.from = Kind::kEnum, .to = Kind::kEnum, .judge = FitEnum},
    {Kind::kEnum, Kind::kString, Effect::kDiffers, kKeptAsText},

    {.from = Kind::kArray, .to = Kind::kArray, .judge = FitArray},
    {.from = Kind::kMap, .to = Kind::kMap, .judge = FitMap},
    {.from = Kind::kTuple, .to = Kind::kTuple, .judge = FitTuple},
    {.from = Kind::kNested, .to = Kind::kNested, .judge = FitTuple},
    {.from = Kind::kMap, .to = Kind::kJson, .judge = FitObjectInJson},
    {.from = Kind::kTuple, .to = Kind::kJson, .judge = FitObjectInJson},
    {.from = Kind::kTuple, .to = Kind::kMap, .judge = FitTupleInMap},
    {.from = Kind::kJson, .to = Kind::kMap, .judge = FitJsonInMap},
    {.from = Kind::kJson, .to = Kind::kJson, .judge = FitJson},
    {Kind::kArray, Kind::kString, Effect::kDiffers, kKeptAsJson},
    {Kind::kMap, Kind::kString, Effect::kDiffers, kKeptAsJson},
    {Kind::kTuple, Kind::kString, Effect::kDiffers, kKeptAsJson},
    {Kind::kJson, Kind::kString, Effect::kDiffers, kKeptAsJson},
};

Fit FitBare(const Type& from, const Type& to, ServerVersion server) {
  const auto* pair =
      std::ranges::find_if(kPairs, [&](const Pair& p) { return p.from == from.kind && p.to == to.kind; });
  if (pair != std::end(kPairs)) {
    if (pair->judge != nullptr) return pair->judge(from, to, server);
    return TypeFit{.effect = pair->effect, .reason = std::string(pair->reason)};
  }
  if (from.kind == Kind::kOther || to.kind == Kind::kOther) {
    return Breaks(fmt::format("values of {} in {} are not judged", TypeText(from), TypeText(to)));
  }
  return Breaks(fmt::format("values of {} are refused", TypeText(from)));
}

}  // namespace

std::optional<TypeFit> FitType(const Type& from, const Type& to, ServerVersion server) {
  if (from == to) return std::nullopt;
  const Type &bare_from = Bare(from), &bare_to = Bare(to);
  Fit fit;
  if (bare_from != bare_to) fit = FitBare(bare_from, bare_to, server);
  if (fit && fit->effect == Effect::kBreaks) return fit;
  if (IsNullable(from) && !IsNullable(to)) return Breaks("null becomes the type's default, 0 or an empty text");
  return fit ? fit : Differs("the values are the same, they are stored in another way");
}

}  // namespace gf_otlp::schema
