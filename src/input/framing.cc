#include "input/framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "input/frame_length.h"
#include "input/json_cutter.h"
#include "input/wire_prefix.h"

namespace gf_otlp {
namespace {

/// A length, then that many bytes; repeated.
class LengthCutter final : public Cutter {
 public:
  LengthCutter(TakeLength* take_length, std::size_t max_unit_bytes)
      : Cutter(max_unit_bytes), take_length_(take_length) {}

  std::size_t Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) override {
    std::size_t at = 0;
    while (at < content.size() && !Full(units)) {
      const std::string_view rest = content.substr(at);
      std::string_view payload = rest;
      std::uint64_t length = 0;
      const Readable r = take_length_(payload, length);
      if (r == Readable::kMalformed) {
        Lose(units, rest, offset + at, "malformed length of a frame");
        return content.size();
      }
      if (r == Readable::kWhole && length > max_unit_bytes()) {
        Lose(units, rest, offset + at,
             fmt::format("a frame of {} bytes, allowed are {} (--max-unit-size)", length, max_unit_bytes()));
        return content.size();
      }
      if (r == Readable::kShort || payload.size() < length) {
        if (!ended) return at;
        AddTorn(units, r == Readable::kShort ? rest : payload, offset + at, rest.size(),
                Torn(r, payload.size(), length));
        return content.size();
      }
      const std::size_t size = rest.size() - payload.size() + length;
      Add(units, payload.substr(0, length), offset + at, size);
      at += size;
    }
    return at;
  }

 private:
  static std::string Torn(Readable r, std::size_t have, std::uint64_t length) {
    if (r == Readable::kShort) return "the file ends inside a frame's length";
    return fmt::format("the file ends inside a frame: {} of {} bytes", have, length);
  }

  TakeLength* take_length_;
};

/// The fields of a protobuf request: field 1 is a unit, others are passed over, also groups.
class FieldCutter final : public Cutter {
 public:
  explicit FieldCutter(std::size_t max_unit_bytes) : Cutter(max_unit_bytes) {}

  std::size_t Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) override {
    std::size_t at = 0;
    while (at < content.size() && !Full(units)) {
      if (skip_ > 0) {
        const std::uint64_t n = std::min<std::uint64_t>(skip_, content.size() - at);
        skip_ -= n;
        at += n;
        continue;
      }
      const std::string_view rest = content.substr(at);
      std::string_view value = rest;
      FieldHead head;
      const Readable r = TakeFieldHead(value, head);
      const std::size_t head_size = rest.size() - value.size();
      if (r == Readable::kMalformed || (r == Readable::kWhole && !MayStand(head))) {
        Lose(units, rest, offset + at, "malformed field of a request");
        return content.size();
      }
      if (r == Readable::kWhole && !IsUnit(head)) {
        PassOver(head, offset + at);
        at += head_size;
        continue;
      }
      if (r == Readable::kWhole && head.value_size > max_unit_bytes()) {
        Lose(
            units, rest, offset + at,
            fmt::format("a resource of {} bytes, allowed are {} (--max-unit-size)", head.value_size, max_unit_bytes()));
        return content.size();
      }
      if (r == Readable::kShort || value.size() < head.value_size) {
        if (!ended) return at;
        AddTorn(units, rest, offset + at, rest.size(), Torn(r, value.size(), head.value_size));
        return content.size();
      }
      const std::size_t size = head_size + head.value_size;
      Add(units, rest.substr(0, size), offset + at, size);
      at += size;
    }
    if (ended && at == content.size() && (skip_ > 0 || !groups_.empty())) {
      AddTorn(units, {}, skipped_from_, offset + at - skipped_from_,
              "the file ends inside an unknown field of a request");
    }
    return at;
  }

 private:
  bool IsUnit(const FieldHead& head) const { return groups_.empty() && head.number == 1 && head.wire_type == kBytes; }

  bool MayStand(const FieldHead& head) const {
    if (head.wire_type == kEndGroup) return !groups_.empty() && groups_.back() == head.number;
    return head.wire_type != kStartGroup || groups_.size() < kMaxGroupDepth;
  }

  void PassOver(const FieldHead& head, std::uint64_t offset) {
    if (groups_.empty()) skipped_from_ = offset;
    if (head.wire_type == kStartGroup) groups_.push_back(head.number);
    if (head.wire_type == kEndGroup) groups_.pop_back();
    skip_ = head.value_size;
  }

  static std::string Torn(Readable r, std::size_t have, std::uint64_t length) {
    if (r == Readable::kShort) return "the file ends inside a field's tag or length";
    return fmt::format("the file ends inside a resource: {} of {} bytes", have, length);
  }

  std::uint64_t skip_ = 0, skipped_from_ = 0;
  std::vector<std::uint32_t> groups_;
};

/// Lines, those of white space left out (they are counted: a unit's number is that of its line).
class LineCutter final : public Cutter {
 public:
  explicit LineCutter(std::size_t max_unit_bytes) : Cutter(max_unit_bytes) {}

  std::size_t Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) override {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf", kSpace = " \t\r\v\f";
    std::size_t at = 0;
    while (at < content.size() && !Full(units)) {
      const std::string_view rest = content.substr(at);
      std::size_t end = rest.find('\n', at == 0 ? scanned_ : 0);
      scanned_ = 0;
      if (end == std::string_view::npos) {
        if (rest.size() > max_unit_bytes()) {
          LoseTooLong(units, rest, offset + at);
          return content.size();
        }
        if (!ended) {
          scanned_ = rest.size();
          return at;
        }
        end = rest.size();
      }
      std::string_view line = rest.substr(0, end);
      const bool marked = offset + at == 0 && line.starts_with(kByteOrderMark);
      if (marked) line.remove_prefix(kByteOrderMark.size());
      if (line.find_first_not_of(kSpace) == std::string_view::npos) {
        next_number();
      } else {
        Add(units, line, offset + at + (marked ? kByteOrderMark.size() : 0), line.size());
      }
      at += std::min(end + 1, rest.size());
    }
    return at;
  }

 private:
  std::size_t scanned_ = 0;  // without a line break, from the line at hand on
};

}  // namespace

std::unique_ptr<Cutter> Cutter::Create(InputFormat format, std::size_t max_unit_bytes) {
  switch (format) {
    case InputFormat::kFramed: return std::make_unique<LengthCutter>(TakeBigEndianLength, max_unit_bytes);
    case InputFormat::kDelimited: return std::make_unique<LengthCutter>(TakeVarint, max_unit_bytes);
    case InputFormat::kProto: return std::make_unique<FieldCutter>(max_unit_bytes);
    case InputFormat::kLines: return std::make_unique<LineCutter>(max_unit_bytes);
    case InputFormat::kJson:
    case InputFormat::kDeadLetter: break;
  }
  return std::make_unique<JsonCutter>(max_unit_bytes);
}

Unit& Cutter::Add(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::uint64_t length) {
  return units.emplace_back(Unit{.bytes = bytes, .offset = offset, .length = length, .number = next_number()});
}

void Cutter::AddTorn(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::uint64_t length,
                     std::string error) {
  Unit& unit = Add(units, bytes.substr(0, max_), offset, length);
  unit.error = std::move(error);
  unit.torn = true;
}

void Cutter::Lose(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset, std::string error) {
  Unit& unit = Add(units, bytes.substr(0, max_), offset, bytes.size());
  unit.error = std::move(error);
  unit.rest_given_up = true;
  lost_ = true;
}

void Cutter::LoseTooLong(std::vector<Unit>& units, std::string_view bytes, std::uint64_t offset) {
  Lose(units, bytes, offset, fmt::format("a document of more than {} bytes (--max-unit-size)", max_));
}

}  // namespace gf_otlp
