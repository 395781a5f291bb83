#ifndef GF_OTLP_ROWS_TRACES_H_
#define GF_OTLP_ROWS_TRACES_H_

#include "rows/common_columns.h"

/// otel_traces of the Collector's clickhouseexporter (0.149 to 0.161), and as GlassFlow's exporter writes it.
namespace gf_otlp {

inline constexpr std::string_view kSpanKinds[] = {"Unspecified", "Internal", "Server", "Client",
                                                  "Producer",    "Consumer", ""};
inline constexpr std::string_view kStatusCodes[] = {"Unset", "Ok", "Error", ""};

/// The members of a Nested column share its comment: DDL has but one.
inline constexpr std::string_view kEventsText = "events of the span, each with its time in ns";
inline constexpr std::string_view kLinksText = "links to other spans";

inline constexpr std::tuple kSpanHead{
    RecordColumn<type::DateTime64>({"Timestamp", "start of the span in ns", "Delta, ZSTD(1)"},
                                   [](auto& out, const RequestReader& r) { out.Time(r.span().start_time); }),
    RecordColumn<type::String>({"TraceId", "trace: 32 hex digits"},
                               [](auto& out, const RequestReader& r) { out.Id(r.span().trace_id, kTraceIdSize); }),
    RecordColumn<type::String>({"SpanId", "span: 16 hex digits"},
                               [](auto& out, const RequestReader& r) { out.Id(r.span().span_id, kSpanIdSize); }),
    RecordColumn<type::String>({"ParentSpanId", "parent span: 16 hex digits, empty for a root"},
                               [](auto& out, const RequestReader& r) { out.Id(r.span().parent_span_id, kSpanIdSize); }),
    RecordColumn<type::String>({"TraceState", "W3C tracestate"},
                               [](auto& out, const RequestReader& r) { out.String(r.span().trace_state); }),
    RecordColumn<type::LowCardinalityString>({"SpanName", "name of the operation"},
                                             [](auto& out, const RequestReader& r) { out.String(r.span().name); }),
    RecordColumn<type::LowCardinalityString>(
        {"SpanKind", "Internal, Server, Client, Producer, Consumer or Unspecified"},
        [](auto& out, const RequestReader& r) { out.Name(EnumName(kSpanKinds, r.span().kind)); }),
    kServiceName};

template <AttributeColumns kAs>
inline constexpr auto kSpanAttributes = AttributesColumn<kAs, Level::kRecord>(
    {"SpanAttributes", "attributes of the span"}, {"SpanAttributesKeys", "paths of SpanAttributes"},
    [](const RequestReader& r) -> const Attributes& { return r.span().attributes; });

/// The end of a span before its start makes it wrap: clickhouseexporter counts in UInt64.
inline constexpr auto kDuration = RecordColumn<type::UInt64>(
    {"Duration", "ns from start to end"},
    [](auto& out, const RequestReader& r) { out.Integer(r.span().end_time - r.span().start_time); });
/// glassflowexporter counts in Int64.
inline constexpr auto kSignedDuration =
    RecordColumn<type::Int64>({"Duration", "ns from start to end"}, [](auto& out, const RequestReader& r) {
      out.Integer(static_cast<std::int64_t>(r.span().end_time - r.span().start_time));
    });

template <AttributeColumns kAs>
inline constexpr std::tuple kSpanTail{
    RecordColumn<type::LowCardinalityString>(
        {"StatusCode", "Unset, Ok or Error"},
        [](auto& out, const RequestReader& r) { out.Name(EnumName(kStatusCodes, r.span().status_code)); }),
    RecordColumn<type::String>({"StatusMessage", "what went wrong, where the status is Error"},
                               [](auto& out, const RequestReader& r) { out.String(r.span().status_message); }),
    RecordColumn<type::Array<type::DateTime64>>({"Events.Timestamp", kEventsText},
                                                [](auto& out, const RequestReader& r) {
                                                  out.Array(r.span().events,
                                                            [](auto& o, const SpanEvent& e) { o.Time(e.time); });
                                                }),
    RecordColumn<type::Array<type::LowCardinalityString>>({"Events.Name", kEventsText},
                                                          [](auto& out, const RequestReader& r) {
                                                            out.Array(r.span().events, [](auto& o, const SpanEvent& e) {
                                                              o.String(e.name);
                                                            });
                                                          }),
    RecordColumn<type::Array<NestedAttributes<kAs>>>({"Events.Attributes", kEventsText},
                                                     [](auto& out, const RequestReader& r) {
                                                       out.Array(r.span().events, [](auto& o, const SpanEvent& e) {
                                                         kWriteNestedAttributes<kAs>(o, e.attributes);
                                                       });
                                                     }),
    RecordColumn<type::Array<type::String>>({"Links.TraceId", kLinksText},
                                            [](auto& out, const RequestReader& r) {
                                              out.Array(r.span().links, [](auto& o, const SpanLink& l) {
                                                o.Id(l.trace_id, kTraceIdSize);
                                              });
                                            }),
    RecordColumn<type::Array<type::String>>({"Links.SpanId", kLinksText},
                                            [](auto& out, const RequestReader& r) {
                                              out.Array(r.span().links, [](auto& o, const SpanLink& l) {
                                                o.Id(l.span_id, kSpanIdSize);
                                              });
                                            }),
    RecordColumn<type::Array<type::String>>({"Links.TraceState", kLinksText},
                                            [](auto& out, const RequestReader& r) {
                                              out.Array(r.span().links,
                                                        [](auto& o, const SpanLink& l) { o.String(l.trace_state); });
                                            }),
    RecordColumn<type::Array<NestedAttributes<kAs>>>(
        {"Links.Attributes", kLinksText}, [](auto& out, const RequestReader& r) {
          out.Array(r.span().links, [](auto& o, const SpanLink& l) { kWriteNestedAttributes<kAs>(o, l.attributes); });
        })};

template <AttributeColumns kAs>
inline constexpr auto kOtelTraces =
    std::tuple_cat(kSpanHead, kResourceAttributes<kAs>, std::tuple{kScopeName, kScopeVersion<type::String>},
                   kSpanAttributes<kAs>, std::tuple{kDuration}, kSpanTail<kAs>);

inline constexpr auto kGlassFlowTraces = std::tuple_cat(
    kSpanHead, kResourceAttributes<AttributeColumns::kMap>, std::tuple{kScopeName, kScopeVersion<type::String>},
    kSpanAttributes<AttributeColumns::kMap>, std::tuple{kSignedDuration}, kSpanTail<AttributeColumns::kMap>);

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_TRACES_H_
