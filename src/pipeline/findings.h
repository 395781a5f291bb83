#ifndef GF_OTLP_PIPELINE_FINDINGS_H_
#define GF_OTLP_PIPELINE_FINDINGS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "sink/sink.h"

namespace gf_otlp {

/// A finding as it goes from a worker to whoever counts them: bytes in a batch's one stream.
struct RawFinding {
  std::uint16_t rule = 0;  // index into the run's rules
  std::uint32_t unit = 0;  // index into the chunk's units
  /// From 0, in the unit; of what several records share (resource, scope, metric) the first one. kNoRecord: the unit as
  /// a whole, or what no record has.
  std::uint32_t record = 0;
  /// Where in the unit, in bytes; added to the unit's own offset.
  std::uint32_t offset = 0;
  std::uint64_t count = 1;  // how often it was found, this being the first place
  /// Of what it was found, if that is not the unit: "otel_traces.Duration".
  std::string_view subject;
  std::string_view detail;  // what was found, for people: "Duration: -5"
};
inline constexpr std::uint32_t kNoRecord = 0xffffffff;

void AppendFinding(const RawFinding& finding, Batch& batch);

/// Puts a worker's findings into batches: of each rule the first ones, which may become examples, and of the others
/// only how many there were. So a batch stays small, whatever the data. One per worker.
class FindingWriter {
 public:
  FindingWriter(std::size_t rules, std::size_t max_examples) : rules_(rules), max_examples_(max_examples) {}

  /// Another finding under that rule may be shown: it needs a detail.
  bool needs_detail(std::size_t rule) const { return rules_[rule].written < max_examples_; }
  void Add(const RawFinding& finding, Batch& batch);
  /// REQUIRES: called before a batch leaves
  void Finish(Batch& batch);

 private:
  struct Rule {
    std::uint64_t written = 0, others = 0;  // of the batch at hand
  };
  std::vector<Rule> rules_;
  std::size_t max_examples_;
};

/// One thing found, with its place.
struct Finding {
  std::string file;
  std::uint64_t unit = 0;               // from 1, in the file: line, frame, document; 0: the file as a whole
  std::uint64_t offset = 0;             // in the decompressed file
  std::optional<std::uint32_t> record;  // from 0, in the unit
  std::string subject;                  // see RawFinding
  std::string detail;
};

/// What was found under one rule.
struct RuleFindings {
  std::uint64_t count = 0;
  std::vector<Finding> examples;  // the first ones, in the order of the input
};

/// Counts findings of a batch's first stream, and keeps the first ones under each rule. REQUIRES: batches have a Chunk
/// as their origin.
class FindingSink final : public Sink {
 public:
  FindingSink(std::size_t rules, std::size_t max_examples) : max_examples_(max_examples), found_(rules) {}
  Status Write(Batch& batch) override;
  Status Close() override { return {}; }

  /// For each rule.
  const std::vector<RuleFindings>& found() const { return found_; }
  std::vector<RuleFindings>& found() { return found_; }

 private:
  std::size_t max_examples_;
  std::vector<RuleFindings> found_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_FINDINGS_H_
