#include "input/signal_detect.h"

#include <fmt/format.h>

#include <bit>

#include "gf_otlp/wire.h"
#include "input/wire_prefix.h"
#include "otlp/wire_write.h"

namespace gf_otlp {
namespace {

// The field numbers that the four requests share down to their records.
constexpr std::uint32_t kResources = 1, kScopes = 2, kRecords = 2, kSchemaUrl = 3;
/// Scopes under the name they had before 1.0.
constexpr std::uint32_t kDeprecatedScopes = 1000;

bool Decided(SignalSet set) { return std::has_single_bit(set) && set != 1 << kProfiles; }

/// Rules out signals by the record's own fields, without looking into its sub-messages.
SignalSet ShallowCheck(std::string_view record, SignalSet possible) {
  WireCursor c(record);
  while (!c.Done()) {
    const std::uint32_t tag = c.ReadTag();
    std::uint64_t size = 0;
    if ((tag & 7) == kBytes) {
      size = c.ReadBytes().size();
    } else {
      c.Skip(tag);
    }
    if (!c.ok()) return 0;
    possible &= SignalsWithField(tag >> 3, tag & 7, size);
    if (Decided(possible) || possible == 0) return possible;
  }
  return possible;
}

SignalSet DeepCheck(std::string_view record, SignalSet possible) {
  for (int s = 0; s < kAnySignalCount; ++s) {
    const auto bit = static_cast<SignalSet>(1 << s);
    if ((possible & bit) != 0 && !RecordFits(s, record)) possible &= static_cast<SignalSet>(~bit);
  }
  return possible;
}

/// Walks requests, resources and scopes; false when there is nothing more to find out.
class Detector {
 public:
  bool WalkRequest(std::string_view request) {
    return Walk(request, kResources, [this](std::uint32_t number, std::string_view value) {
      return number != kResources || WalkResource(value);
    });
  }
  const SignalEvidence& evidence() const { return evidence_; }

 private:
  /// The fields up to `last_known` are all length-delimited.
  template <class F>
  bool Walk(std::string_view message, std::uint32_t last_known, F bytes_field) {
    WireCursor c(message);
    while (!c.Done()) {
      const std::uint32_t tag = c.ReadTag();
      if ((tag & 7) != kBytes) {
        c.Skip(tag);
        if (c.ok() && tag >> 3 <= last_known) return Malformed("a field of the wrong wire type");
        continue;
      }
      const std::string_view value = c.ReadBytes();
      if (c.ok() && !bytes_field(tag >> 3, value)) return false;
    }
    return c.ok() || Malformed(c.error());
  }

  bool WalkResource(std::string_view message) {
    return Walk(message, kSchemaUrl, [this](std::uint32_t number, std::string_view value) {
      return (number != kScopes && number != kDeprecatedScopes) || WalkScope(value);
    });
  }

  bool WalkScope(std::string_view message) {
    return Walk(message, kSchemaUrl, [this](std::uint32_t number, std::string_view value) {
      return number != kRecords || AddRecord(value);
    });
  }

  bool AddRecord(std::string_view record) {
    evidence_.has_records = true;
    evidence_.possible = ShallowCheck(record, evidence_.possible);
    if (!Decided(evidence_.possible)) evidence_.possible = DeepCheck(record, evidence_.possible);
    return !Decided(evidence_.possible) && evidence_.possible != 0;
  }

  bool Malformed(const char* why) {
    evidence_.possible = 0;
    evidence_.malformed = why;
    return false;
  }

  SignalEvidence evidence_;
};

}  // namespace

void AppendSignalMark(Signal signal, std::string& request) {
  AppendBytesField(request, kSignalMark, SignalName(signal));
}

SignalSet ChooseMarked(SignalSet possible, std::string_view request, bool cut) {
  if (OnlySignal(possible) || possible == 0) return possible;
  SignalSet marked = possible;
  ForEachField(request, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    if (head.number != kSignalMark || head.wire_type != kBytes || value_cut) return true;
    if (const auto signal = ParseSignal(value)) marked &= static_cast<SignalSet>(1 << static_cast<int>(*signal));
    return true;
  });
  return marked != 0 ? marked : possible;
}

SignalEvidence DetectSignal(std::string_view request) {
  Detector detector;
  detector.WalkRequest(request);
  SignalEvidence evidence = detector.evidence();
  if (evidence.has_records) evidence.possible = ChooseMarked(evidence.possible, request, false);
  return evidence;
}

std::optional<Signal> OnlySignal(SignalSet set) {
  set &= static_cast<SignalSet>(~(1 << kProfiles));
  if (!std::has_single_bit(set)) return std::nullopt;
  return static_cast<Signal>(std::countr_zero(set));
}

Result<std::optional<Signal>> SignalOf(std::string_view request, std::optional<Signal> hint) {
  const SignalEvidence evidence = DetectSignal(request);
  if (evidence.malformed != nullptr) {
    return std::unexpected(BadData(fmt::format("not an OTLP request: {}", evidence.malformed)));
  }
  if (!evidence.has_records) return std::nullopt;
  if (evidence.possible == 0) {
    return std::unexpected(BadData("not an OTLP request: its fields fit neither traces nor logs nor metrics"));
  }
  if (evidence.possible == 1 << kProfiles) return std::unexpected(BadData("profiles are not supported"));
  if (const std::optional<Signal> only = OnlySignal(evidence.possible)) return only;
  if (hint && (evidence.possible >> static_cast<int>(*hint) & 1) != 0) return hint;
  std::string names;
  for (int s = 0; s < kSignalCount; ++s) {
    if ((evidence.possible >> s & 1) == 0) continue;
    names += names.empty() ? "" : " or ";
    names += SignalName(static_cast<Signal>(s));
  }
  return std::unexpected(UsageError(fmt::format("the request may be {}: say which with --signal", names)));
}

}  // namespace gf_otlp
