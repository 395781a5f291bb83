#ifndef GF_OTLP_OTLP_RULES_H_
#define GF_OTLP_OTLP_RULES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/rule.h"

namespace gf_otlp {

/// What is looked for in OTLP data; indices into OtlpRules().
enum class OtlpRule : std::uint16_t {
  // Units.
  kUnreadable,
  kTraceIdLength,
  kSpanIdLength,
  kUnitEmpty,
  kUnitWithoutRecords,
  // Times of any record.
  kTimeOutOfRange,
  kTimeOutOfDateTime,
  kTimeInFuture,
  kTimeUnit,
  // Resources, text, attributes.
  kServiceNameMissing,
  kServiceNameEmpty,
  kInvalidUtf8,
  kAttributeDuplicateKey,
  kAttributeEmptyKey,
  kAttributeKeyTooLong,
  kAttributeValueTooLong,
  kAttributeTooMany,
  kAttributeNotFinite,
  kAttributePathConflict,
  kAttributeJsonNumber,
  kDroppedCounts,
  // Spans.
  kSpanTraceIdInvalid,
  kSpanIdInvalid,
  kSpanParentIdZero,
  kSpanParentItself,
  kSpanNameEmpty,
  kSpanKindUnknown,
  kSpanKindUnspecified,
  kSpanTimeZero,
  kSpanEndBeforeStart,
  kSpanStatusUnknown,
  kEventNameEmpty,
  kEventTimeZero,
  kEventOutsideSpan,
  kLinkIdInvalid,
  // Logs.
  kLogWithoutTime,
  kLogIdInvalid,
  kLogSeverityUnknown,
  kLogFlagsReserved,
  kLogBodyTooLong,
  kLogBodyNotFinite,
  // Metrics.
  kMetricNameEmpty,
  kMetricWithoutData,
  kMetricWithoutPoints,
  kTemporalityUnspecified,
  kTemporalityUnknown,
  kPointTimeZero,
  kPointStartMissing,
  kPointStartAfterTime,
  kPointWithoutValue,
  kPointValueAndFlag,
  kValueNotFinite,
  kSumMonotonicNegative,
  kHistogramBucketCount,
  kHistogramCountSum,
  kHistogramBoundsOrder,
  kHistogramBoundNotFinite,
  kHistogramMinAboveMax,
  kExponentialCountSum,
  kExponentialScale,
  kExponentialZeroThreshold,
  kExponentialOffset,
  kSumWithoutCount,
  kQuantileOutOfRange,
  kQuantileOrder,
  kQuantileValueNotFinite,
  kQuantileValueNegative,
  kExemplarIdInvalid,
  kExemplarTimeZero,
  kExemplarOutsidePoint,
  kExemplarWithoutValue,
  // JSON.
  kJsonBadText,
  kJsonSnakeCase,
  kJsonDeprecatedName,
  kJsonUnknownField,
  kJsonRepeatedField,
  kJsonSeveralValues,
  kJsonEnumName,
  kJsonNullElement,
  kJsonBase64Id,
  kJsonSeveralSignals,
  // The capture as a whole.
  kParentMissing,
  kParentMissingRemote,
  kSpanIdDuplicate,
};
inline constexpr std::size_t kOtlpRuleCount = static_cast<std::size_t>(OtlpRule::kSpanIdDuplicate) + 1;

/// One for each OtlpRule.
std::span<const Rule> OtlpRules();

/// Only looked for when asked: uses of what JSON is read with beyond the specification.
constexpr bool IsStrictRule(OtlpRule rule) { return rule > OtlpRule::kJsonBadText && rule < OtlpRule::kParentMissing; }
/// Only looked for when asked: what is between the spans of a capture.
constexpr bool IsCrossRule(OtlpRule rule) { return rule >= OtlpRule::kParentMissing; }

/// Limits of the rules on size. Attributes: the default of SDKs (OpenTelemetry specification, attribute limits).
inline constexpr std::size_t kUsualAttributes = 128;
inline constexpr std::size_t kUsualKeyBytes = 1024, kUsualValueBytes = std::size_t{64} << 10;
inline constexpr std::size_t kUsualBodyBytes = std::size_t{1} << 20;

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_RULES_H_
