#include "input/detect.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "input/codec.h"
#include "input/frame_length.h"
#include "input/json_scan.h"
#include "input/request_check.h"
#include "input/signal_detect.h"
#include "input/wire_prefix.h"

namespace gf_otlp {
namespace {

/// Protobuf's own limit of a message.
constexpr std::uint64_t kMaxMessage = 0x7fffffff;
/// A torn frame of more is odd.
constexpr std::uint64_t kUsualFrame = std::uint64_t{64} << 20;
/// If already the first frame of this size or more is torn, it is not a frame: four characters of text make such a
/// length.
constexpr std::uint64_t kAbsurdFrame = std::uint64_t{512} << 20;
/// How odd it is that a file ends inside a frame, measured in empty frames and unknown fields.
constexpr int kTorn = 2;
constexpr std::size_t kStartBytes = 4;
/// What is shorter than a big-endian length and could be one's begin is that.
constexpr std::size_t kLengthBytes = 4;

/// What speaks for one format: it is ruled out by frames that fit no request and by a walk that derails. Among those
/// that are left, the one with fewer oddities (torn, empty, unknown fields) is meant.
struct Evidence {
  InputFormat format = InputFormat::kProto;
  int frames = 0, empty = 0, good = 0, bad = 0, oddities = 0;
  bool first_is_good = false;  // the first frame that is not empty
  bool derailed = false;
  bool ends_exactly = false;
  bool only_torn_length = false;

  bool AnyFrameChecked() const { return good + bad > 0; }
  /// What speaks for it at all.
  bool Supported() const { return good > 0 || only_torn_length || (frames > 0 && frames == empty); }
  bool Stands() const { return !derailed && bad == 0 && Supported(); }

  void AddChecked(bool fits) {
    if (!AnyFrameChecked()) first_is_good = fits;
    ++(fits ? good : bad);
  }
};

/// Walks a candidate's frames through the head.
class Walk {
 public:
  Walk(InputFormat format, std::string_view head, bool ended) : rest_(head), ended_(ended) {
    evidence_.format = format;
  }

  Evidence Lengths(TakeLength* take_length) {
    while (!rest_.empty() && !evidence_.derailed && Frame(take_length)) {
    }
    return Finish();
  }

  Evidence Fields() {
    while (!rest_.empty() && !evidence_.derailed && Field()) {
    }
    return Finish();
  }

 private:
  bool Frame(TakeLength* take_length) {
    std::string_view payload = rest_;
    std::uint64_t length = 0;
    const Readable r = take_length(payload, length);
    if (r == Readable::kShort) return TornHead();
    if (r == Readable::kMalformed || length > kMaxMessage) return Derail();
    ++evidence_.frames;
    if (length == 0) ++evidence_.empty;
    const bool cut = payload.size() < length;
    if (cut && ended_) {
      if (evidence_.frames == 1 && length >= kAbsurdFrame) return Derail();
      evidence_.oddities += length >= kUsualFrame ? kTorn + 1 : kTorn;
    }
    const std::string_view have = payload.substr(0, length);
    if (length > 0) CheckPayload(have, cut);
    rest_ = payload.substr(have.size());
    evidence_.ends_exactly = !cut && rest_.empty();
    return !cut;
  }

  void CheckPayload(std::string_view payload, bool cut) {
    if (payload.empty()) {
      // Only the length is there: of big-endian ones, zeros in front are a sign.
      evidence_.only_torn_length = evidence_.frames == 1 && Framed() && rest_[0] == 0;
      return;
    }
    if (checked_ >= kCheckedBytes) return;
    const std::string_view start = payload.substr(0, kCheckedBytes - checked_);
    checked_ += start.size();
    cut |= start.size() < payload.size();
    if (Framed() && OtherPayload(start)) return evidence_.AddChecked(true);
    const RequestCheck check = CheckRequest(start, cut);
    evidence_.oddities += check.unknown_fields;
    if (!check.fits) return evidence_.AddChecked(false);
    const bool begun = cut && start.size() < kStartBytes && start[0] == 0x0a;
    // Frames of unknown fields alone speak for nothing.
    if (check.resources > 0 || begun || (check.unknown_fields == 0 && !cut)) {
      evidence_.AddChecked(true);
    } else {
      ++evidence_.oddities;
    }
  }

  static bool OtherPayload(std::string_view start) {
    if (DetectCompression(start) != Compression::kNone || LooksLikeJson(start)) return true;
    constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd", kGzip = "\x1f\x8b\x08";
    return kZstd.starts_with(start) || kGzip.starts_with(start);
  }

  bool Field() {
    std::string_view value = rest_;
    FieldHead head;
    const Readable r = TakeFieldHead(value, head);
    if (r == Readable::kShort) return TornHead();
    if (r == Readable::kMalformed || head.wire_type == kEndGroup) return Derail();
    ++evidence_.frames;
    const bool cut = value.size() < head.value_size;
    const std::string_view have = value.substr(0, head.value_size);
    if (cut && ended_) evidence_.oddities += head.value_size >= kUsualFrame ? kTorn + 1 : kTorn;
    if (head.number != 1) {
      if (head.number != kSignalMark) ++evidence_.oddities;
    } else if (head.wire_type != kBytes || head.value_size > kMaxMessage) {
      return Derail();
    } else {
      CheckElement(have, cut, head.value_size);
    }
    rest_ = value.substr(have.size());
    if (head.wire_type == kStartGroup) {
      const Readable group = SkipGroup(rest_, head.number);
      if (group != Readable::kWhole) return group == Readable::kShort ? TornHead() : Derail();
    }
    evidence_.ends_exactly = !cut && rest_.empty();
    return !cut;
  }

  void CheckElement(std::string_view element, bool cut, std::uint64_t size) {
    if (size == 0) ++evidence_.empty;
    if (element.empty()) {
      evidence_.only_torn_length = evidence_.frames == 1 && size > 0;
      return;
    }
    if (checked_ >= kCheckedBytes) return;
    const std::string_view start = element.substr(0, kCheckedBytes - checked_);
    checked_ += start.size();
    RequestCheck check;
    CheckResource(start, cut || start.size() < element.size(), check);
    evidence_.AddChecked(check.fits);
  }

  bool Framed() const { return evidence_.format == InputFormat::kFramed; }

  bool TornHead() {
    if (ended_) evidence_.oddities += kTorn + 1;
    if (evidence_.frames == 0) evidence_.only_torn_length = rest_[0] == (Framed() ? 0 : 0x0a);
    return false;
  }

  bool Derail() {
    evidence_.derailed = true;
    return false;
  }

  Evidence Finish() {
    const bool only_empty = evidence_.frames > 0 && evidence_.frames == evidence_.empty;
    if (only_empty) {
      evidence_.oddities += Framed() ? 1 : kTorn + 1;
    } else {
      evidence_.oddities += evidence_.empty;
    }
    return evidence_;
  }

  std::string_view rest_;
  bool ended_;
  std::size_t checked_ = 0;
  Evidence evidence_;
};

using Candidates = std::array<Evidence, 3>;

FormatDetection Only(InputFormat format) { return {.format = format, .other = std::nullopt}; }

/// Of what stands, the least odd.
std::optional<FormatDetection> LeastOdd(const Candidates& candidates) {
  const Evidence* best = nullptr;
  const Evidence* second = nullptr;
  for (const Evidence& e : candidates) {
    if (!e.Stands()) continue;
    if (best == nullptr || e.oddities < best->oddities) {
      second = nullptr;
      best = &e;
    } else if (e.oddities == best->oddities) {
      second = &e;
    }
  }
  if (best == nullptr) return std::nullopt;
  FormatDetection detection = Only(best->format);
  if (second != nullptr) detection.other = second->format;
  return detection;
}

/// A file that goes bad somewhere: what its first frame was, and most of those that follow, if there is but one answer.
std::optional<FormatDetection> MostlyGood(const Candidates& candidates) {
  const Evidence* best = nullptr;
  for (const Evidence& e : candidates) {
    if (e.first_is_good && e.good > 0 && (best == nullptr || e.good > best->good)) best = &e;
  }
  if (best != nullptr) return Only(best->format);
  const Evidence& framed = candidates[0];
  // That big-endian lengths add up to the file's size by chance is out of the question.
  if (!framed.derailed && framed.ends_exactly) return Only(InputFormat::kFramed);
  return std::nullopt;
}

/// A first line that is JSON, though not an object.
bool BeginsWithEmptyJson(std::string_view head) {
  const std::string_view start = head.substr(SpaceBefore(head));
  for (const std::string_view other : {"null", "[]"}) {
    if (!start.starts_with(other)) continue;
    const std::size_t next = start.find_first_not_of(" \t\r", other.size());
    return next == std::string_view::npos || start[next] == '\n';
  }
  return false;
}

/// Text with a bad first document, or with something else in front of the documents.
bool MostlyJson(std::string_view head) {
  const std::string_view start = head.substr(SpaceBefore(head));
  if (start.starts_with('{')) {
    const std::size_t first = start.find_first_not_of(" \t\r\n", 1);
    return first != std::string_view::npos && start[first] == '"';
  }
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    if (BeginsRequest(head.substr(at + 1)) == RequestStart::kYes) return true;
  }
  return false;
}

}  // namespace

bool IsForeignJson(std::string_view head) {
  constexpr std::string_view kNames[] = {"\"resourceSpans\"",    "\"resourceLogs\"",     "\"resourceMetrics\"",
                                         "\"resourceProfiles\"", "\"resource_spans\"",   "\"resource_logs\"",
                                         "\"resource_metrics\"", "\"resource_profiles\""};
  const std::string_view start = head.substr(SpaceBefore(head));
  if (!start.starts_with('{')) return false;
  const std::size_t first = start.find_first_not_of(" \t\r\n", 1);
  if (first == std::string_view::npos || start[first] != '"') return false;
  return std::ranges::none_of(kNames, [&](std::string_view name) { return start.contains(name); });
}

FormatDetection DetectFormat(std::string_view head, bool ended) {
  if (LooksLikeJson(head) || BeginsWithEmptyJson(head) || SpaceBefore(head) == head.size()) {
    return Only(InputFormat::kJson);
  }
  const Candidates candidates = {
      Walk(InputFormat::kFramed, head, ended).Lengths(TakeBigEndianLength),
      Walk(InputFormat::kDelimited, head, ended).Lengths(TakeVarint),
      Walk(InputFormat::kProto, head, ended).Fields(),
  };
  if (const auto found = LeastOdd(candidates)) {
    return found->other && ended && head.size() < kLengthBytes ? Only(InputFormat::kFramed) : *found;
  }
  if (MostlyJson(head)) return Only(InputFormat::kJson);
  if (const auto found = MostlyGood(candidates)) return *found;
  return {};
}

std::optional<Signal> DetectRawSignal(std::string_view head) {
  SignalSet possible = kAllSignals;
  std::size_t checked = 0;
  ForEachField(head, true, [&](const FieldHead& field, std::string_view value, bool cut) {
    if (field.number != 1 || field.wire_type != kBytes) return true;
    RequestCheck check;
    const std::string_view start = value.substr(0, kCheckedBytes - checked);
    checked += start.size();
    CheckResource(start, cut || start.size() < value.size(), check);
    possible &= check.possible;
    return checked < kCheckedBytes && possible != 0;
  });
  return OnlySignal(ChooseMarked(possible, head, true));
}

}  // namespace gf_otlp
