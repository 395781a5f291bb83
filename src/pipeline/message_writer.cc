#include "pipeline/message_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ranges>
#include <utility>

#include "otlp/select.h"
#include "otlp/wire_to_json.h"
#include "pipeline/join_requests.h"
#include "pipeline/join_rows.h"

namespace gf_otlp {

MessageWriter::MessageWriter(const MessageOptions& options, RowMapper& mapper)
    : options_(options), mapper_(mapper), last_keys_(options.routes.size()), rows_of_table_(mapper.tables().size()) {
  for (const MessageRoute& route : options_.routes) keys_.emplace_back(route.key, options_.zero_ids);
}

RowCounts MessageWriter::replaced() const {
  RowCounts counts = mapper_.counts();
  counts.replaced_bytes += in_requests_.replaced_bytes;
  counts.clamped_times += in_requests_.clamped_times;
  return counts;
}

Status MessageWriter::Append(const WireRequest& request, UnitWork& work, Batch& batch) {
  groups_used_ = 0;
  group_of_.clear();
  refused_.clear();
  slicer_started_ = false;
  elements_ = work.element;
  times_.clear();
  std::uint32_t record = 0;
  reader_.Start(request.signal, request.wire);
  for (; reader_.Next(); ++record) {
    if (paced()) times_.push_back(RecordTime(reader_).value_or(0));
    if (!work.choice.Take(reader_, work.counts)) continue;
    const std::uint32_t route = options_.route_of[static_cast<std::size_t>(reader_.kind())];
    if (options_.routes[route].form == OutputForm::kRows) {
      GF_RETURN_IF_ERROR(AppendRows(work, record, batch));
    } else {
      AddToGroup(record, route);
    }
  }
  GF_RETURN_IF_ERROR(reader_.status());
  record_count_ = record;
  GF_RETURN_IF_ERROR(AppendGroups(request, work, batch));
  HandOverRefused(request, work);
  return {};
}

/// All rows of the reader's record become messages, or none if one of them is too large.
Status MessageWriter::AppendRows(UnitWork& work, std::uint32_t record, Batch& batch) {
  PaddedBuffer& stream = batch.streams.front();
  const std::size_t begin = stream.size(), messages = batch.messages.size(), places = batch.places.size();
  const RecordPlace place{work.unit, work.record + record};
  std::ranges::fill(rows_of_table_, 0);
  for (const std::size_t table : mapper_.TablesOf(reader_.kind())) {
    if (!work.choice.WritesTable(table)) continue;
    const std::uint32_t route = options_.route_of_table.empty()
                                    ? options_.route_of[static_cast<std::size_t>(reader_.kind())]
                                    : options_.route_of_table[table];
    const std::size_t offset = stream.size();
    rows_of_table_[table] = mapper_.Append(table, reader_, stream);
    if (const std::size_t bytes = AppendMessages(rows_of_table_[table], offset, route, place, batch)) {
      stream.Resize(begin);
      batch.messages.resize(messages);
      batch.places.resize(places);
      return Refuse(work, record, route, bytes);
    }
  }
  const std::size_t rows = batch.places.size() - places;
  if (rows > 1) batch.repeated_places += rows - 1;
  for (std::size_t table = 0; table < rows_of_table_.size(); ++table) work.counts.rows[table] += rows_of_table_[table];
  return stream.size() >= kLargeBatch ? work.make_room(batch) : Status();
}

/// A message for each of the rows that the batch's stream has from `offset` on. Gives the size of the first that is too
/// large, value and key; else 0.
std::size_t MessageWriter::AppendMessages(std::size_t rows, std::size_t offset, std::uint32_t route, RecordPlace place,
                                          Batch& batch) {
  const std::string_view text = batch.streams.front().view();
  const std::string_view key = rows > 0 ? keys_[route].KeyOf(reader_) : std::string_view();
  for (; rows > 0; --rows) {
    Message message{.offset = offset, .route = route};
    const std::size_t size = (rows == 1 ? text.size() - 1 : text.find('\n', offset)) - offset;
    if (size + key.size() > options_.routes[route].max_bytes) return size + key.size();
    message.size = static_cast<std::uint32_t>(size);
    SetKey(route, key, batch, message);
    message.first_place = static_cast<std::uint32_t>(batch.places.size());
    message.places = 1;
    batch.places.push_back(place);
    batch.messages.push_back(message);
    offset += size + 1;
  }
  return 0;
}

/// Neighbouring records often share their key: it is put down once.
void MessageWriter::SetKey(std::uint32_t route, std::string_view key, Batch& batch, Message& message) {
  LastKey& last = last_keys_[route];
  if (last.size != key.size() || last.offset + last.size > batch.keys.size() ||
      batch.keys.view().substr(last.offset, last.size) != key) {
    last = {static_cast<std::uint32_t>(batch.keys.size()), static_cast<std::uint32_t>(key.size())};
    batch.keys.Append(key);
  }
  message.key_offset = last.offset;
  message.key_size = last.size;
}

void MessageWriter::AddToGroup(std::uint32_t record, std::uint32_t route) {
  const std::string_view key = keys_[route].KeyOf(reader_);
  if (groups_used_ > 0 && groups_[last_group_].route == route && groups_[last_group_].key == key) {
    groups_[last_group_].records.push_back(record);  // as of most records
    return;
  }
  group_name_.assign(reinterpret_cast<const char*>(&route), sizeof route);
  group_name_ += key;
  const auto [found, is_new] = group_of_.try_emplace(group_name_, groups_used_);
  if (is_new) {
    if (groups_used_ == groups_.size()) groups_.emplace_back();
    Group& group = groups_[groups_used_++];
    group.route = route;
    group.key = key;
    group.records.clear();
  }
  last_group_ = found->second;
  groups_[last_group_].records.push_back(record);
}

Status MessageWriter::AppendGroups(const WireRequest& request, UnitWork& work, Batch& batch) {
  if (!paced()) {
    for (std::size_t i = 0; i < groups_used_; ++i) {
      GF_RETURN_IF_ERROR(AppendRecords(groups_[i], groups_[i].records, request, work, batch));
    }
    return {};
  }
  runs_.clear();
  for (std::uint32_t i = 0; i < groups_used_; ++i) {
    FillInTimes(groups_[i]);
    CutByTime(i);
  }
  std::ranges::stable_sort(runs_, {}, &Run::time);
  for (const Run& run : runs_) {
    const Group& group = groups_[run.group];
    const auto records = std::span(group.records).subspan(run.begin, run.end - run.begin);
    GF_RETURN_IF_ERROR(AppendRecords(group, records, request, work, batch));
  }
  return {};
}

/// Gives records without a time that of the record before, those in front that of the first with one.
void MessageWriter::FillInTimes(const Group& group) {
  const auto first = std::ranges::find_if(group.records, [this](std::uint32_t record) { return times_[record] != 0; });
  std::uint64_t last = first == group.records.end() ? 0 : times_[*first];
  for (const std::uint32_t record : group.records) {
    if (times_[record] == 0) times_[record] = last;
    last = times_[record];
  }
}

void MessageWriter::CutByTime(std::uint32_t index) {
  std::vector<std::uint32_t>& records = groups_[index].records;
  const auto time = [this](std::uint32_t record) { return times_[record]; };
  const auto add_run = [&](std::size_t begin, std::size_t end) {
    runs_.push_back({.time = times_[records[begin]],
                     .group = index,
                     .begin = static_cast<std::uint32_t>(begin),
                     .end = static_cast<std::uint32_t>(end)});
    std::sort(records.begin() + begin, records.begin() + end);
  };
  const auto [least, most] = std::ranges::minmax(records | std::views::transform(time));
  if (most - least <= options_.max_span) {  // as most requests are
    runs_.push_back({.time = least, .group = index, .begin = 0, .end = static_cast<std::uint32_t>(records.size())});
    return;
  }
  std::ranges::sort(records, {}, time);
  std::size_t begin = 0;
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (time(records[i]) - time(records[begin]) <= options_.max_span) continue;
    add_run(begin, i);
    begin = i;
  }
  add_run(begin, records.size());
}

void MessageWriter::StartSlicer(const WireRequest& request) {
  if (!std::exchange(slicer_started_, true)) slicer_.Start(request.signal, request.wire);
}

std::string_view MessageWriter::Slice(const WireRequest& request, std::span<const std::uint32_t> records) {
  if (records.size() == record_count_) return request.wire;
  StartSlicer(request);
  slice_.clear();
  slicer_.Append(records, slice_);
  return slice_;
}

/// Whether `wire`, which lies in the chunk then, is the text of its message.
bool MessageWriter::IsSentAsRead(OutputForm form, std::string_view wire, const UnitWork& work) const {
  const std::less_equal<> before;
  return form == OutputForm::kOtlpProto && !options_.rewriting.any() && !wire.empty() &&
         before(work.bytes.data(), wire.data()) &&
         before(wire.data() + wire.size(), work.bytes.data() + work.bytes.size());
}

/// One message of these records, or of parts of them if it were too large.
Status MessageWriter::AppendRecords(const Group& group, std::span<const std::uint32_t> records,
                                    const WireRequest& request, UnitWork& work, Batch& batch) {
  const MessageRoute& route = options_.routes[group.route];
  if (records.size() > route.max_records) return AppendInTwo(group, records, request, work, batch);
  PaddedBuffer& stream = batch.streams.front();
  Message message{.offset = stream.size(), .route = group.route};
  RowCounts replaced;
  const std::string_view wire = Slice(request, records);
  std::size_t size = wire.size();
  if (IsSentAsRead(route.form, wire, work)) {
    message.in_origin = wire.data();
  } else {
    GF_RETURN_IF_ERROR(AppendRequest(route.form, request.signal, wire, stream, replaced));
    size = stream.size() - message.offset;
  }
  if (size + group.key.size() > route.max_bytes) {
    stream.Resize(message.offset);
    if (records.size() == 1) return Refuse(work, records.front(), group.route, size + group.key.size());
    return AppendInTwo(group, records, request, work, batch);
  }
  in_requests_.replaced_bytes += replaced.replaced_bytes;
  in_requests_.clamped_times += replaced.clamped_times;
  message.size = static_cast<std::uint32_t>(size);
  SetKey(group.route, group.key, batch, message);
  message.first_place = static_cast<std::uint32_t>(batch.places.size());
  message.places = static_cast<std::uint32_t>(records.size());
  for (const std::uint32_t record : records) batch.places.push_back({work.unit, work.record + record});
  batch.messages.push_back(message);
  if (paced()) {
    const auto time = [this](std::uint32_t record) { return times_[record]; };
    batch.times.push_back(std::ranges::min(records | std::views::transform(time)));
  }
  return stream.size() >= kLargeBatch ? work.make_room(batch) : Status();
}

Status MessageWriter::AppendInTwo(const Group& group, std::span<const std::uint32_t> records,
                                  const WireRequest& request, UnitWork& work, Batch& batch) {
  StartSlicer(request);
  const std::size_t first = slicer_.CutInTwo(records);
  GF_RETURN_IF_ERROR(AppendRecords(group, records.first(first), request, work, batch));
  return AppendRecords(group, records.subspan(first), request, work, batch);
}

/// `wire` is the request's or slice_.
Status MessageWriter::AppendRequest(OutputForm form, Signal signal, std::string_view wire, PaddedBuffer& out,
                                    RowCounts& replaced) {
  const bool rewrite = options_.rewriting.any();
  if (form == OutputForm::kOtlpProto) {
    const std::size_t offset = out.size();
    out.Append(wire);
    if (rewrite)
      replaced.clamped_times = RewriteInPlace(signal, options_.rewriting, {out.data() + offset, wire.size()});
    return {};
  }
  if (rewrite) {
    if (wire.data() != slice_.data()) slice_ = wire;
    replaced.clamped_times = RewriteInPlace(signal, options_.rewriting, slice_);
    wire = slice_;
  }
  return WireToJson(signal, wire, out, replaced.replaced_bytes);
}

Status MessageWriter::Refuse(UnitWork& work, std::uint32_t record, std::uint32_t route, std::size_t bytes) {
  const MessageRoute& to = options_.routes[route];
  std::string reason =
      to.topic.empty()
          ? fmt::format("its request of {} bytes is larger than the {} that one may have (--max-request-bytes)", bytes,
                        to.max_bytes)
          : fmt::format("its message of {} bytes is larger than the {} that topic {} may be sent", bytes, to.max_bytes,
                        to.topic);
  if (!work.refuse) return BadData(fmt::format("record {}: {}", work.record + record + 1, reason));
  --work.counts.records_written;
  ++work.counts.records_refused;
  refused_.push_back({record, std::move(reason)});
  return {};
}

/// Only once the whole request is known to be good can records be cut out of it.
void MessageWriter::HandOverRefused(const WireRequest& request, UnitWork& work) {
  std::ranges::sort(refused_, {}, &Refusal::record);
  for (const Refusal& refusal : refused_) {
    const std::uint32_t records[] = {refusal.record};
    work.refuse(work.record + refusal.record, request.signal, Slice(request, records), refusal.reason);
  }
}

void MessageWriter::Finish(Batch& batch) {
  if (options_.rows_per_message > 1) {
    const auto max_bytes = [&](std::uint32_t route) {
      return options_.routes[route].form == OutputForm::kRows ? options_.routes[route].max_bytes : 0;
    };
    JoinRows(batch, options_.rows_per_message, max_bytes, spare_);
    spare_.Shrink(kLargeBatch);
  }
  if (options_.join_elements && elements_ && !paced()) JoinRequests(batch, options_.routes);
}

}  // namespace gf_otlp
