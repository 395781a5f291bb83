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
  std::string topic;  // of Kafka; empty: requests go to a server of OTLP
  /// Of a message's value and key together, bytes: larger ones are split or refused.
  std::size_t max_bytes = 0;
  /// Records of a message that is a request: those with more are split.
  std::uint32_t max_records = ~0u;
};

struct MessageOptions {
  std::vector<MessageRoute> routes;
  /// The route of each RecordKind, an index into `routes`.
  std::array<std::uint32_t, kRecordKindCount> route_of{};
  /// If it is not empty: the route of each of RowMapper::tables(), which rows go by then, whatever record they are of.
  std::vector<std::uint32_t> route_of_table;
  /// Rows of one route and key that a message holds at most, joined by newlines.
  std::uint32_t rows_per_message = 1;
  bool zero_ids = false;  // see KeyMaker
  /// Of requests. Done to what is sent, not to what conditions and keys are asked of.
  Rewriting rewriting;
  /// Nanoseconds; if it is not 0, the run is paced: Batch::times is filled, and requests are cut so that
  /// the records of a message, by RecordTime(), are no further apart. A message keeps its records' order; the messages
  /// of a request are in the order of their first times. A record without a time goes with the one before it.
  std::uint64_t max_span = 0;
  /// The resources of one raw protobuf file, each of them a unit, become requests of several again, unless the run is
  /// paced. As far as a route's limits allow, and those of the chunks of input.
  bool join_elements = false;
};

/// Messages: rows, or requests split by key and size. Everything goes to one stream.
class MessageWriter final : public RequestWriter {
 public:
  /// Looks at `options` as long as it lives. REQUIRES: rows are neither rewritten nor paced
  MessageWriter(const MessageOptions& options, RowMapper& mapper);

  Status Append(const WireRequest& request, UnitWork& work, Batch& batch) override;
  /// Joins rows, and resources of raw files, to messages.
  void Finish(Batch& batch) override;
  RowCounts replaced() const override;

 private:
  /// Records of a request that go into one message, if it may be that large.
  struct Group {
    std::uint32_t route = 0;
    std::string key;
    std::vector<std::uint32_t> records;  // indices in the request
  };
  /// A part of a group's records that no gap divides.
  struct Run {
    std::uint64_t time;  // the first; 0: not known
    std::uint32_t group;
    std::uint32_t begin, end;  // in Group::records
  };
  /// Where in the batch's keys that of the route's last message is, perhaps of a batch before.
  struct LastKey {
    std::uint32_t offset = 0, size = 0;
  };
  struct Refusal {
    std::uint32_t record;
    std::string reason;
  };

  Status AppendRows(UnitWork& work, std::uint32_t record, Batch& batch);
  std::size_t AppendMessages(std::size_t rows, std::size_t offset, std::uint32_t route, RecordPlace place,
                             Batch& batch);
  void AddToGroup(std::uint32_t record, std::uint32_t route);
  Status AppendGroups(const WireRequest& request, UnitWork& work, Batch& batch);
  void FillInTimes(const Group& group);
  void CutByTime(std::uint32_t index);
  Status AppendRecords(const Group& group, std::span<const std::uint32_t> records, const WireRequest& request,
                       UnitWork& work, Batch& batch);
  bool IsSentAsRead(OutputForm form, std::string_view wire, const UnitWork& work) const;
  Status AppendInTwo(const Group& group, std::span<const std::uint32_t> records, const WireRequest& request,
                     UnitWork& work, Batch& batch);
  Status AppendRequest(OutputForm form, Signal signal, std::string_view wire, PaddedBuffer& out, RowCounts& replaced);
  void SetKey(std::uint32_t route, std::string_view key, Batch& batch, Message& message);
  Status Refuse(UnitWork& work, std::uint32_t record, std::uint32_t route, std::size_t bytes);
  void HandOverRefused(const WireRequest& request, UnitWork& work);
  void StartSlicer(const WireRequest& request);
  std::string_view Slice(const WireRequest& request, std::span<const std::uint32_t> records);
  bool paced() const { return options_.max_span != 0; }

  const MessageOptions& options_;
  RowMapper& mapper_;
  std::vector<KeyMaker> keys_;  // of each route
  std::vector<LastKey> last_keys_;
  RequestReader reader_;
  Slicer slicer_;
  bool slicer_started_ = false;               // with the request under way
  std::uint32_t record_count_ = 0;            // of the request under way
  bool elements_ = false;                     // the batch under way is of units of a raw file
  std::vector<std::uint64_t> rows_of_table_;  // of the record under way
  std::vector<Group> groups_;
  std::size_t groups_used_ = 0, last_group_ = 0;
  std::unordered_map<std::string, std::size_t> group_of_;  // route and key to an index into groups_
  std::string group_name_, slice_;
  std::vector<std::uint64_t> times_;  // of the request's records, if the run is paced
  std::vector<Run> runs_;
  std::vector<Refusal> refused_;
  RowCounts in_requests_;  // of those that were written
  PaddedBuffer spare_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_MESSAGE_WRITER_H_
