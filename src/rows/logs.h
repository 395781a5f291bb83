#ifndef GF_OTLP_ROWS_LOGS_H_
#define GF_OTLP_ROWS_LOGS_H_

#include "rows/common_columns.h"

/// otel_logs of the Collector's clickhouseexporter (0.149 to 0.161), and as GlassFlow's exporter writes it.
namespace gf_otlp {

inline constexpr std::tuple kLogHead{
    RecordColumn<type::DateTime64>(
        "Timestamp",
        [](auto& out, const RequestReader& r) { out.Time(r.log().time != 0 ? r.log().time : r.log().observed_time); }),
    RecordColumn<type::String>("TraceId",
                               [](auto& out, const RequestReader& r) { out.Id(r.log().trace_id, kTraceIdSize); }),
    RecordColumn<type::String>("SpanId",
                               [](auto& out, const RequestReader& r) { out.Id(r.log().span_id, kSpanIdSize); }),
    RecordColumn<type::UInt8>("TraceFlags",
                              [](auto& out, const RequestReader& r) { out.Integer(r.log().flags & 0xff); }),
    RecordColumn<type::LowCardinalityString>(
        "SeverityText", [](auto& out, const RequestReader& r) { out.String(r.log().severity_text); }),
    RecordColumn<type::UInt8>("SeverityNumber",
                              [](auto& out, const RequestReader& r) { out.Integer(r.log().severity_number & 0xff); }),
    kServiceName,
    RecordColumn<type::String>("Body", [](auto& out, const RequestReader& r) { out.Text(r.log().body); }),
    kResourceSchemaUrl<type::LowCardinalityString>};

template <AttributeColumns kAs>
inline constexpr auto kLogTail = std::tuple_cat(
    kResourceAttributes<kAs>,
    std::tuple{kScopeSchemaUrl<type::LowCardinalityString>, kScopeName, kScopeVersion<type::LowCardinalityString>},
    kScopeAttributes<kAs>,
    AttributesColumn<kAs, Level::kRecord>(
        "LogAttributes", "LogAttributesKeys",
        [](const RequestReader& r) -> const Attributes& { return r.log().attributes; }));

template <AttributeColumns kAs>
inline constexpr auto kOtelLogs = std::tuple_cat(
    kLogHead, kLogTail<kAs>, std::tuple{RecordColumn<type::String>("EventName", [](auto& out, const RequestReader& r) {
      out.String(r.log().event_name);
    })});

inline constexpr auto kGlassFlowLogs = std::tuple_cat(kLogHead, kLogTail<AttributeColumns::kMap>);

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_LOGS_H_
