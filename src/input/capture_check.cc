#include "input/capture_check.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "gf_otlp/records.h"
#include "input/detect.h"
#include "input/request_check.h"
#include "input/signal_detect.h"
#include "input/unit_decoder.h"
#include "input/wire_prefix.h"

namespace gf_otlp {
namespace {

/// A mark that came with the request and would contradict ours.
bool HasOtherMark(Signal signal, std::string_view request) {
  return !ForEachField(request, false, [&](const FieldHead& head, std::string_view value, bool) {
    if (head.number != kSignalMark || head.wire_type != kBytes) return true;
    return ParseSignal(value).value_or(signal) == signal;
  });
}

/// What detection looks at if the request is a file's first.
Status CheckHead(Signal signal, std::string_view request, CaptureCheck& check) {
  if (!IsProtoPayload(request)) return BadData("begins as compressed data or as JSON");
  const std::string_view head = request.substr(0, kCheckedBytes);
  const RequestCheck found =
      CheckRequest(head, head.size() < request.size(), static_cast<SignalSet>(1 << static_cast<int>(signal)));
  if (!found.fits || found.resources == 0) {
    return BadData(fmt::format("its fields do not have the types of those of {}", SignalName(signal)));
  }
  check.needs_mark |= found.unknown_fields > 0;
  return {};
}

Status CheckSignal(Signal signal, std::string_view request, CaptureCheck& check) {
  Result<std::optional<Signal>> found = SignalOf(request, std::nullopt);
  if (!found && found.error().code() == Code::kUsage) {
    check.needs_mark = true;
    found = SignalOf(request, signal);
  }
  if (!found || *found != signal || (check.needs_mark && HasOtherMark(signal, request))) {
    return BadData(fmt::format("its fields are not those of {}", SignalName(signal)));
  }
  return {};
}

}  // namespace

// Every part of reading is asked itself, so that this cannot say another thing than it.
Result<CaptureCheck> CheckForCapture(Signal signal, std::string_view request) {
  CaptureCheck check;
  RequestReader reader;  // a new one each time: it grows with the largest record
  reader.Start(signal, request);
  while (reader.Next()) ++check.records;
  if (!reader.status().ok()) return std::unexpected(reader.status());
  if (check.records == 0) return check;
  GF_UNEXPECTED_IF_ERROR(CheckHead(signal, request, check));
  GF_UNEXPECTED_IF_ERROR(CheckSignal(signal, request, check));
  return check;
}

}  // namespace gf_otlp
