#ifndef GF_OTLP_PIPELINE_MESSAGE_WRITER_H_
#define GF_OTLP_PIPELINE_MESSAGE_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "otlp/rewrite.h"
#include "otlp/slice.h"
#include "pipeline/request_writer.h"
#include "rows/keys.h"

namespace gf_otlp {

/// What is written of the records that are chosen.
enum class OutputForm : std::uint8_t {
  kRows,       // JSONEachRow, a row a line
  kOtlpJson,   // requests as OTLP-JSON
  kOtlpProto,  // requests as protobuf
};

/// What becomes of the records that go one way: kinds with equal routes share messages of requests.
struct MessageRoute {
  OutputForm form = OutputForm::kRows;
  KeyOptions key;
  std::string topic;
  /// Of a message's value and key together, bytes: larger ones are split or refused.
  std::size_t max_bytes = 0;
  /// Records of a message that is a request: those with more are split.
  std::uint32_t max_records = ~0u;
};

struct MessageOptions {
  std::vector<MessageRoute> routes;
  /// The route of each RecordKind, an index into `routes`.
  std::array<std::uint32_t, kRecordKindCount> route_of{};
  /// Rows of one route and key that a message holds at most, joined by newlines.
  std::uint32_t rows_per_message = 1;
  bool zero_ids = false;  // see KeyMaker
  /// Of requests. Done to what is sent, not to what conditions and keys are asked of.
  Rewriting rewriting;
  /// Requests are cut where the times of their records (in the order of time) are so far apart, nanoseconds, and
  /// Batch::times is filled; 0: they are not.
  std::uint64_t max_gap = 0;
  /// Requests of one raw protobuf message, each with one resource, are joined again as far as a route's limits allow.
  bool join_elements = false;
};

/// Messages: rows, or requests split by key and size. Everything goes to one stream.
class MessageWriter final : public RequestWriter {
 public:
  /// Looks at `options` as long as it lives. REQUIRES: a kind of record that is written gives rows of one table
  MessageWriter(const MessageOptions& options, RowMapper& mapper);

  Status Append(const WireRequest& request, UnitWork& work, Batch& batch) override;
  /// Joins rows to messages.
  void Finish(Batch& batch) override;
  RowCounts replaced() const override;

 private:
  /// Records of a request that go into one message, if it may be that large.
  struct Group {
    std::uint32_t route = 0;
    std::string key;
    std::vector<std::uint32_t> records;  // indices in the request
  };
  /// Where in the batch's keys that of the route's last message is, perhaps of a batch before.
  struct LastKey {
    std::uint32_t offset = 0, size = 0;
  };
  struct Refusal {
    std::uint32_t record;
    std::string reason;
  };

  Status AppendRow(UnitWork& work, std::uint32_t record, std::uint32_t route, Batch& batch);
  void AddToGroup(std::uint32_t record, std::uint32_t route);
  Status AppendRecords(const Group& group, std::span<const std::uint32_t> records, const WireRequest& request,
                       UnitWork& work, Batch& batch);
  void SetKey(std::uint32_t route, std::string_view key, Batch& batch, Message& message);
  Status Refuse(UnitWork& work, std::uint32_t record, std::uint32_t route, std::size_t bytes);
  void HandOverRefused(const WireRequest& request, UnitWork& work);
  std::string_view Slice(const WireRequest& request, std::span<const std::uint32_t> records);

  const MessageOptions& options_;
  RowMapper& mapper_;
  std::vector<KeyMaker> keys_;  // of each route
  std::vector<LastKey> last_keys_;
  RequestReader reader_;
  Slicer slicer_;
  bool slicer_started_ = false;  // with the request under way
  std::vector<Group> groups_;
  std::size_t groups_used_ = 0;
  std::unordered_map<std::string, std::size_t> group_of_;  // route and key to an index into groups_
  std::string group_name_, slice_;
  std::vector<Refusal> refused_;
  std::uint64_t replaced_in_json_ = 0;
  PaddedBuffer spare_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_MESSAGE_WRITER_H_
