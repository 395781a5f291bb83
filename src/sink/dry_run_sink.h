#ifndef GF_OTLP_SINK_DRY_RUN_SINK_H_
#define GF_OTLP_SINK_DRY_RUN_SINK_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "sink/route.h"
#include "sink/sink.h"
#include "sink/topic_stats.h"

namespace gf_otlp {

/// Sends nothing: counts what would go where, and writes it out if asked.
class DryRunSink final : public Sink {
 public:
  using PartitionOf = std::function<std::optional<int>(std::size_t route, std::string_view key)>;
  using Dump = std::function<Status(std::string_view)>;

  /// `partition_of`: the partition that a key (empty: none) would go to on a route; nothing where that is left to
  /// chance. `dump`, if set, takes whole lines: {"topic","key","headers","partition"?,"value"}; a key that is not UTF-8
  /// stands as "key_base64", such a value as "value_base64". "headers" is an object, or if names repeat an array of
  /// [name, value]; a header's value that is not UTF-8 stands as {"base64": "..."}.
  DryRunSink(const std::vector<Route>& routes, PartitionOf partition_of, Dump dump);

  Status Write(Batch& batch) override;
  Status Close() override { return {}; }

  /// Of each topic, in the order of their first route.
  const std::vector<TopicStats>& topics() const { return counter_.topics(); }

 private:
  void AppendLine(const Batch& batch, const Message& message, std::optional<int> partition);

  PartitionOf partition_of_;
  Dump dump_;
  TopicCounter counter_;
  struct RouteText {
    std::string topic;    // {"topic":"..."
    std::string headers;  // ,"headers":{...} or [...]
  };
  std::vector<RouteText> route_texts_;
  PaddedBuffer lines_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_DRY_RUN_SINK_H_
