#include "gf_otlp/capture.h"

#include <utility>

#include "input/source.h"
#include "input/unit_decoder.h"

namespace gf_otlp {
namespace {

constexpr std::string_view kFormatNames[] = {"json", "proto", "framed", "delimited", "dead-letter", "lines"};

}  // namespace

std::string_view InputFormatName(InputFormat format) { return kFormatNames[static_cast<int>(format)]; }

std::optional<InputFormat> ParseInputFormat(std::string_view name) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(InputFormat::kLines); ++i) {
    if (kFormatNames[i] == name) return static_cast<InputFormat>(i);
  }
  return std::nullopt;
}

struct Capture::State {
  State(std::unique_ptr<Source> opened, const CaptureOptions& options) : source(std::move(opened)), decoder(options) {}

  Result<bool> NextUnit();
  Status DecodeUnit();

  std::unique_ptr<Source> source;
  UnitDecoder decoder;
  Chunk chunk;
  std::size_t next_unit = 0;
  Position position;  // of the unit that `requests` are from
  std::vector<WireRequest> requests;
  std::size_t next_request = 0;
};

/// False at the end.
Result<bool> Capture::State::NextUnit() {
  if (next_unit == chunk.units.size()) {
    next_unit = 0;
    chunk.units.clear();
    const Result<bool> more = source->Next(chunk);
    if (!more || !*more) return more;
  }
  GF_UNEXPECTED_IF_ERROR(DecodeUnit());
  return true;
}

Status Capture::State::DecodeUnit() {
  const Unit& unit = chunk.units[next_unit++];
  requests.clear();
  next_request = 0;
  position = {.file = chunk.file->name, .offset = unit.offset, .length = unit.length, .number = unit.number};
  Result<std::vector<WireRequest>*> decoded = decoder.Decode(*chunk.file, unit);
  if (!decoded) return std::move(decoded.error()).At(position.file + " @" + std::to_string(position.offset));
  requests = **decoded;
  return {};
}

Capture::Capture(std::unique_ptr<State> state) : state_(std::move(state)) {}
Capture::Capture(Capture&&) noexcept = default;
Capture& Capture::operator=(Capture&&) noexcept = default;
Capture::~Capture() = default;

Result<Capture> Capture::Open(const std::vector<std::string>& inputs, const CaptureOptions& options) {
  Result<std::unique_ptr<Source>> source = Source::Open(inputs, options);
  if (!source) return std::unexpected(std::move(source.error()));
  return Capture(std::make_unique<State>(*std::move(source), options));
}

Result<std::optional<Request>> Capture::Next() {
  State& s = *state_;
  while (s.next_request == s.requests.size()) {
    const Result<bool> more = s.NextUnit();
    if (!more) return std::unexpected(more.error());
    if (!*more) return std::nullopt;
  }
  const WireRequest& request = s.requests[s.next_request++];
  return Request{.signal = request.signal, .wire = request.wire, .position = s.position};
}

}  // namespace gf_otlp
