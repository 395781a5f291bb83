#ifndef GF_OTLP_OTLP_RECORD_CHECK_H_
#define GF_OTLP_OTLP_RECORD_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/records.h"
#include "otlp/rules.h"

namespace gf_otlp {

struct RecordCheckOptions {
  /// Nanoseconds since 1970: what is a day later is in the future.
  std::uint64_t now = 0;
  /// Rows have JSON columns of the attributes of spans and logs.
  bool json_columns = false;
  /// Rows have the times of metrics in columns of type DateTime.
  bool metric_datetime = false;
};

/// Is told what a RecordChecker finds.
class RecordFindings {
 public:
  virtual ~RecordFindings() = default;
  /// Another finding under that rule will be shown. Else its detail is empty.
  virtual bool NeedsDetail(OtlpRule rule) const = 0;
  virtual void Add(OtlpRule rule, std::string_view detail) = 0;
};

/// Checks records one after the other; what several of them share (resource, scope, metric) with the first of them.
/// One per thread.
class RecordChecker {
 public:
  explicit RecordChecker(const RecordCheckOptions& options);

  /// The reader's current record.
  void Check(const RequestReader& reader, RecordFindings& findings);
  /// A resource, scope or metric that held no record; see RequestReader::set_on_empty().
  void CheckEmpty(RequestReader::Level level, Signal signal, const RequestReader& reader, RecordFindings& findings);

 private:
  /// Whose attributes or ids they are: "span", "event 2".
  struct Owner {
    const char* what;
    std::size_t index = kNone;
    static constexpr std::size_t kNone = ~std::size_t{0};
    std::string Name() const;
  };

  /// `detail` makes the text, if it is needed.
  template <class Detail>
  [[gnu::cold, gnu::noinline]] void Found(OtlpRule rule, const Detail& detail) {
    if (findings_->NeedsDetail(rule)) {
      findings_->Add(rule, detail());
    } else {
      findings_->Add(rule, {});
    }
  }
  [[gnu::cold, gnu::noinline]] void Found(OtlpRule rule) { findings_->Add(rule, {}); }

  void Prepare(bool metric, RecordFindings& findings);
  void CheckResource(const Resource& resource);
  void CheckScope(const Scope& scope);
  void CheckAttributes(Owner owner, const Attributes& attributes, bool limited = true);
  void CheckKeys(Owner owner, const Attribute* attributes, std::size_t count);
  void CheckManyKeys(Owner owner, const Attribute* attributes, std::size_t count);
  void CheckValue(Owner owner, std::string_view key, const Value& value);
  void CheckList(Owner owner, std::string_view key, const Value& list);
  void CheckPaths(Owner owner, const Attributes& attributes);
  void CheckText(Owner owner, const char* what, std::string_view text);
  void CheckDropped(Owner owner, const char* what, std::uint32_t count);
  void CheckTime(Owner owner, const char* what, std::uint64_t time);
  void CheckUnusualTime(Owner owner, const char* what, std::uint64_t time);

  void CheckSpan(const Span& span);
  void CheckEvent(std::size_t index, const Span& span);
  void CheckLink(std::size_t index, const SpanLink& link);
  void CheckLog(const LogRecord& log);
  void CheckBody(const Value& body);

  void CheckMetric(const Metric& metric, RecordKind kind);
  void CheckPoint(const Metric& metric, RecordKind kind, const DataPoint& point);
  void CheckNumber(const Metric& metric, RecordKind kind, const DataPoint& point);
  void CheckDistribution(const DataPoint& point);
  void CheckBuckets(const char* what, const Buckets& buckets);
  void CheckHistogram(const DataPoint& point);
  void CheckExponentialHistogram(const DataPoint& point);
  void CheckSummary(const DataPoint& point);
  void CheckExemplar(std::size_t index, const DataPoint& point);
  void CheckFinite(Owner owner, const char* what, double value);

  const RecordCheckOptions options_;
  const std::uint64_t latest_;  // time that is not in the future
  std::uint64_t latest_usual_ = 0;
  RecordFindings* findings_ = nullptr;                   // of the record at hand
  bool json_columns_ = false;                            // it has
  bool datetime_ = false;                                // its times are
  std::uint64_t resource_ = 0, scope_ = 0, metric_ = 0;  // serials of what is checked
  std::vector<std::string_view> keys_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_RECORD_CHECK_H_
