#ifndef GF_OTLP_INPUT_FRAMING_H_
#define GF_OTLP_INPUT_FRAMING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/capture.h"
#include "input/source.h"

namespace gf_otlp {

/// Cuts the content of one file into units. What was scanned is remembered, so that a large unit that comes in many
/// pieces is looked at once.
class Cutter {
 public:
  /// So many units are cut at a time: where they are tiny, what tells of them is larger than they are.
  static constexpr std::size_t kMaxUnits = 8192;

  virtual ~Cutter() = default;
  static std::unique_ptr<Cutter> Create(InputFormat format, std::size_t max_unit_bytes);

  /// `content`: the file from `offset` on. Appends its whole units until there are kMaxUnits, and if nothing comes
  /// behind
  /// (`ended`) what is torn. Gives the bytes that are done with; the others stand in front of the next call's content.
  virtual std::size_t Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) = 0;

  /// Where the next unit begins cannot be known: the last unit's error says why, the rest of the file is given up.
  bool lost() const { return lost_; }
  std::uint64_t next_number() { return ++number_; }

 protected:
  explicit Cutter(std::size_t max_unit_bytes) : max_(max_unit_bytes) {}

  std::size_t max_unit_bytes() const { return max_; }
  static bool Full(const std::vector<Unit>& units) { return units.size() >= kMaxUnits; }
  Unit& Add(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::uint64_t length);
  void AddTorn(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::uint64_t length,
               std::string error);
  /// Adds the bytes that are there as a unit that cannot be cut, after which nothing can be.
  void Lose(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::string error);
  void LoseTooLong(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset);

 private:
  std::size_t max_;
  std::uint64_t number_ = 0;
  bool lost_ = false;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_FRAMING_H_
