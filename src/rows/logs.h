#ifndef GF_OTLP_ROWS_LOGS_H_
#define GF_OTLP_ROWS_LOGS_H_

#include "rows/common_columns.h"

/// otel_logs of the Collector's clickhouseexporter (0.149 to 0.161), and as GlassFlow's exporter writes it.
namespace gf_otlp {

inline constexpr std::tuple kLogHead{
    RecordColumn<type::DateTime64>(
        {"Timestamp", "time of the event in ns; where it is not set, when it was observed", "Delta(8), ZSTD(1)"},
        [](auto& out, const RequestReader& r) { out.Time(r.log().time != 0 ? r.log().time : r.log().observed_time); }),
    RecordColumn<type::String>({"TraceId", "trace it belongs to: 32 hex digits, or empty"},
                               [](auto& out, const RequestReader& r) { out.Id(r.log().trace_id, kTraceIdSize); }),
    RecordColumn<type::String>({"SpanId", "span it belongs to: 16 hex digits, or empty"},
                               [](auto& out, const RequestReader& r) { out.Id(r.log().span_id, kSpanIdSize); }),
    RecordColumn<type::UInt8>({"TraceFlags", "lowest 8 bits of the W3C trace flags", {}},
                              [](auto& out, const RequestReader& r) { out.Integer(r.log().flags & 0xff); }),
    RecordColumn<type::LowCardinalityString>(
        {"SeverityText", "severity as the source names it"},
        [](auto& out, const RequestReader& r) { out.String(r.log().severity_text); }),
    RecordColumn<type::UInt8>({"SeverityNumber", "severity: 1 to 24, 0 where it is not set", {}},
                              [](auto& out, const RequestReader& r) { out.Integer(r.log().severity_number & 0xff); }),
    kServiceName,
    RecordColumn<type::String>({"Body", "message; a structured body as JSON"},
                               [](auto& out, const RequestReader& r) { out.Text(r.log().body); }),
    kResourceSchemaUrl<type::LowCardinalityString>};

template <AttributeColumns kAs>
inline constexpr auto kLogTail = std::tuple_cat(
    kResourceAttributes<kAs>,
    std::tuple{kScopeSchemaUrl<type::LowCardinalityString>, kScopeName, kScopeVersion<type::LowCardinalityString>},
    kScopeAttributes<kAs>,
    AttributesColumn<kAs, Level::kRecord>(
        {"LogAttributes", "attributes of the record"}, {"LogAttributesKeys", "paths of LogAttributes"},
        [](const RequestReader& r) -> const Attributes& { return r.log().attributes; }));

template <AttributeColumns kAs>
inline constexpr auto kOtelLogs = std::tuple_cat(
    kLogHead, kLogTail<kAs>,
    std::tuple{RecordColumn<type::String>({"EventName", "kind of event; empty for logs that are none"},
                                          [](auto& out, const RequestReader& r) { out.String(r.log().event_name); })});

inline constexpr auto kGlassFlowLogs = std::tuple_cat(kLogHead, kLogTail<AttributeColumns::kMap>);

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_LOGS_H_
