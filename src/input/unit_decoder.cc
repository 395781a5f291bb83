#include "input/unit_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "gf_otlp/padded_buffer.h"
#include "input/codec.h"
#include "input/dead_letter.h"
#include "input/json_scan.h"
#include "input/signal_detect.h"

namespace gf_otlp {
namespace {

/// Buffers that a large unit has grown beyond this are given back.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

/// A payload whose form its file does not tell.
bool IsJson(std::string_view payload) { return payload.starts_with('{') || LooksLikeJson(payload); }

}  // namespace

bool IsProtoPayload(std::string_view payload) {
  return DetectCompression(payload) == Compression::kNone && !IsJson(payload);
}

struct UnitDecoder::State {
  explicit State(const CaptureOptions& capture_options)
      : options(capture_options), json(capture_options.base64_ids), signal(options.signal) {}

  Status DecodePayload(const InputFile& file, std::string_view payload);
  Status Decompress(Compression compression, std::string_view& payload);
  Status DecodeJson(std::string_view payload);
  Status DecodeProto(const InputFile& file, std::string_view payload);

  CaptureOptions options;
  JsonToWire json;
  std::vector<JsonToWire::Result> json_results;
  std::vector<WireRequest> requests;
  bool is_json = false;
  std::optional<Signal> signal;  // of the unit at hand, if it is forced
  const std::function<void()>* before_large = nullptr;
  std::unique_ptr<Codec> gzip, zstd;
  PaddedBuffer letter, content;
  DecodeCounts counts;
};

Status UnitDecoder::State::Decompress(Compression compression, std::string_view& payload) {
  std::unique_ptr<Codec>& codec = compression == Compression::kGzip ? gzip : zstd;
  if (codec == nullptr) codec = Codec::Create(compression);
  GF_RETURN_IF_ERROR(DecompressFrame(*codec, payload, options.max_unit_bytes, content, *before_large));
  payload = content.view();
  return {};
}

Status UnitDecoder::State::DecodeJson(std::string_view payload) {
  const std::size_t space = SpaceBefore(payload);
  is_json = true;
  GF_RETURN_IF_ERROR(json.Transcode(payload.substr(space), json_results));
  for (const JsonToWire::Result& result : json_results) {
    if (signal && result.signal != *signal) {
      return BadData(
          fmt::format("the document holds {}, not {} (--signal)", SignalName(result.signal), SignalName(*signal)));
    }
    requests.push_back({result.signal, result.wire});
  }
  return {};
}

Status UnitDecoder::State::DecodeProto(const InputFile& file, std::string_view payload) {
  if (payload.empty()) return {};
  std::optional<Signal> found = signal;
  if (!found) {
    Result<std::optional<Signal>> detected = SignalOf(payload, file.signal_hint);
    if (!detected) return std::move(detected.error());
    found = *detected;
  }
  if (found) requests.push_back({*found, payload});
  return {};
}

Status UnitDecoder::State::DecodePayload(const InputFile& file, std::string_view payload) {
  const bool any_form = file.format == InputFormat::kFramed || file.format == InputFormat::kDeadLetter;
  if (any_form) {
    const Compression compression = DetectCompression(payload);
    if (compression != Compression::kNone) GF_RETURN_IF_ERROR(Decompress(compression, payload));
  }
  if (file.format == InputFormat::kJson || (any_form && IsJson(payload))) return DecodeJson(payload);
  return DecodeProto(file, payload);
}

UnitDecoder::UnitDecoder(const CaptureOptions& options) : state_(std::make_unique<State>(options)) {}
UnitDecoder::~UnitDecoder() = default;

Result<std::vector<WireRequest>*> UnitDecoder::Decode(const InputFile& file, const Unit& unit,
                                                      const std::function<void()>& before_large) {
  State& s = *state_;
  s.before_large = &before_large;
  s.requests.clear();
  s.is_json = false;
  s.signal = s.options.signal;
  s.letter.Clear();
  if (!unit.error.empty()) return std::unexpected(BadData(unit.error));
  std::string_view payload = unit.bytes;
  if (file.format == InputFormat::kDeadLetter) {
    Result<DeadLetter> letter = ParseDeadLetter(payload);
    if (!letter) return std::unexpected(std::move(letter.error()));
    if (!s.signal) s.signal = letter->signal;
    s.letter.Append(letter->data);
    payload = s.letter.view();
  }
  GF_UNEXPECTED_IF_ERROR(s.DecodePayload(file, payload));
  return &s.requests;
}

void UnitDecoder::Release() {
  state_->json.Release(kKeptCapacity);
  state_->content.Shrink(kKeptCapacity);
  state_->letter.Shrink(kKeptCapacity);
}

const DecodeCounts& UnitDecoder::counts() const {
  const JsonToWire::Counts& json = state_->json.counts();
  state_->counts = {.bad_text = json.bad_text, .deprecated_names = json.deprecated_names};
  return state_->counts;
}

const JsonToWire::Uses* UnitDecoder::json_uses() const { return state_->is_json ? &state_->json.uses() : nullptr; }

std::size_t UnitDecoder::bad_id_size() const { return state_->is_json ? state_->json.bad_id_size() : 0; }

}  // namespace gf_otlp
