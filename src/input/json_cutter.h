#ifndef GF_OTLP_INPUT_JSON_CUTTER_H_
#define GF_OTLP_INPUT_JSON_CUTTER_H_

#include "input/framing.h"
#include "input/json_scan.h"

namespace gf_otlp {

/// JSON documents, one behind the other. If the first one stands on a line of its own, the others are taken by their
/// lines as long as these look whole; what does not is scanned exactly. A line that does not begin with `{` is a unit
/// too.
class JsonCutter final : public Cutter {
 public:
  explicit JsonCutter(std::size_t max_unit_bytes) : Cutter(max_unit_bytes) {}
  std::size_t Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) override;

 private:
  enum class Mode : std::uint8_t { kUnknown, kLines, kDocuments };
  /// The content from the unit at hand on.
  struct Rest {
    std::string_view text;
    std::uint64_t offset;
    bool ended;
    bool more_cut;  // something was cut before: to wait for the rest of a line is cheap
  };

  std::size_t SkipSpace(std::string_view text);
  // These give how far they came, 0 if they need more content.
  std::size_t CutNext(const Rest& rest, std::vector<Unit>& units);
  std::size_t CutLine(const Rest& rest, std::vector<Unit>& units);
  std::size_t CutDocument(const Rest& rest, std::vector<Unit>& units);
  std::size_t CutGarbage(const Rest& rest, std::vector<Unit>& units);

  Mode mode_ = Mode::kUnknown;
  JsonScanner scanner_;
  bool scanning_ = false;    // the unit at hand is being scanned
  bool on_new_line_ = true;  // nothing but space stands before the unit at hand on its line
  bool had_document_ = false;
  std::size_t garbage_scanned_ = 0;  // without a line break, from the unit at hand on
};

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_JSON_CUTTER_H_
