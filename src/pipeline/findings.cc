#include "pipeline/findings.h"

#include <cstring>

#include "input/source.h"

namespace gf_otlp {
namespace {

/// A finding as it stands in a stream; subject and detail follow.
struct Head {
  std::uint64_t count = 0;
  std::uint32_t unit = 0, record = 0, offset = 0;
  std::uint16_t rule = 0, subject_size = 0, detail_size = 0;
};

/// Texts are for people: what is longer is cut.
constexpr std::size_t kMaxText = 1000;

}  // namespace

void AppendFinding(const RawFinding& finding, Batch& batch) {
  const std::string_view subject = finding.subject.substr(0, kMaxText);
  const std::string_view detail = finding.detail.substr(0, kMaxText);
  const Head head{.count = finding.count,
                  .unit = finding.unit,
                  .record = finding.record,
                  .offset = finding.offset,
                  .rule = finding.rule,
                  .subject_size = static_cast<std::uint16_t>(subject.size()),
                  .detail_size = static_cast<std::uint16_t>(detail.size())};
  char bytes[sizeof head];
  std::memcpy(bytes, &head, sizeof head);
  PaddedBuffer& stream = batch.streams.front();
  stream.Append(std::string_view(bytes, sizeof bytes));
  stream.Append(subject);
  stream.Append(detail);
}

void FindingWriter::Add(const RawFinding& finding, Batch& batch) {
  Rule& rule = rules_[finding.rule];
  if (rule.written == max_examples_) {
    rule.others += finding.count;
    return;
  }
  ++rule.written;
  AppendFinding(finding, batch);
}

void FindingWriter::Finish(Batch& batch) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].others != 0) {
      AppendFinding({.rule = static_cast<std::uint16_t>(i), .record = kNoRecord, .count = rules_[i].others}, batch);
    }
    rules_[i] = {};
  }
}

Status FindingSink::Write(Batch& batch) {
  const auto* const chunk = static_cast<const Chunk*>(batch.origin.get());
  std::string_view stream = batch.streams.front().view();
  while (!stream.empty()) {
    Head head;
    std::memcpy(&head, stream.data(), sizeof head);
    stream.remove_prefix(sizeof head);
    const std::string_view subject = stream.substr(0, head.subject_size);
    stream.remove_prefix(subject.size());
    const std::string_view detail = stream.substr(0, head.detail_size);
    stream.remove_prefix(detail.size());
    RuleFindings& found = found_[head.rule];
    found.count += head.count;
    if (found.examples.size() >= max_examples_) continue;
    const Unit& unit = chunk->units[head.unit];
    Finding& example = found.examples.emplace_back();
    example.file = chunk->file->name;
    example.unit = unit.number;
    example.offset = unit.offset + head.offset;
    if (head.record != kNoRecord) example.record = head.record;
    example.subject = subject;
    example.detail = detail;
  }
  batch.streams.front().Clear();
  return {};
}

}  // namespace gf_otlp
