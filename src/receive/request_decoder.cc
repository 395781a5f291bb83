#include "receive/request_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "input/capture_check.h"
#include "input/codec.h"
#include "input/signal_detect.h"
#include "otlp/json_to_wire.h"
#include "otlp/wire_to_json.h"
#include "sink/frame_compressor.h"

namespace gf_otlp::receive {
namespace {

/// Buffers that a large request has grown beyond this are given back.
constexpr std::size_t kKeptCapacity = std::size_t{1} << 20;
/// Memory beside a JSON document of so many bytes: its transcoded form, and simdjson's index of it.
constexpr std::size_t kTranscodeFactor = 3;
/// Memory for the JSON of wire bytes: the JSON, and its copy that is stored.
constexpr std::size_t kToJsonFactor = 6;

Answer Ok() { return {}; }
Answer Invalid(std::string message) { return {RpcCode::kInvalidArgument, std::move(message), {}}; }
Answer NotOtlp(const Status& status) { return Invalid("not OTLP: " + status.message()); }
Answer Busy() { return {RpcCode::kResourceExhausted, "no memory for the request now", kBusyDelay}; }

/// An assignment would keep the memory.
void Free(std::string& bytes) { std::string().swap(bytes); }

}  // namespace

struct RequestDecoder::State {
  explicit State(const IntakeOptions& intake_options) : options(intake_options), to_wire(/*base64_ids=*/false) {}

  Answer Decompress(Intake::Request& request, Intake::Ticket& ticket);
  Answer Transcode(Signal signal, std::string_view json, Intake::Ticket& ticket, std::string_view& wire);
  Answer Store(std::string_view wire, bool needs_mark, Intake::Request& request, Intake::Ticket& ticket,
               std::string& bytes, std::uint64_t& replaced);
  Answer Compress(std::string_view plain, std::string& bytes);
  Answer Decode(Intake::Request& request, Intake::Ticket& ticket, StoredRequest& stored, std::uint64_t& replaced);
  void FreeSources(Intake::Request& request);
  Codec& CodecOf(BodyCoding coding);

  const IntakeOptions& options;
  std::unique_ptr<Codec> gzip, deflate, zstd;
  JsonToWire to_wire;
  std::vector<JsonToWire::Result> transcoded;
  FrameCompressor compressor;
  PaddedBuffer content, json;
};

Codec& RequestDecoder::State::CodecOf(BodyCoding coding) {
  std::unique_ptr<Codec>& codec = coding == BodyCoding::kGzip ? gzip : coding == BodyCoding::kZstd ? zstd : deflate;
  if (codec == nullptr) {
    codec = coding == BodyCoding::kGzip   ? Codec::Create(Compression::kGzip)
            : coding == BodyCoding::kZstd ? Codec::CreateHttpZstd()
                                          : Codec::CreateDeflate();
  }
  return *codec;
}

/// Fills `content`. Few requests are large, so memory for one is asked for only after a first look.
Answer RequestDecoder::State::Decompress(Intake::Request& request, Intake::Ticket& ticket) {
  Codec& codec = CodecOf(request.coding);
  Status status;
  for (std::size_t limit = std::min(kLargeContent, options.max_decompressed);; limit = options.max_decompressed) {
    if (!ticket.Reserve(limit)) return Busy();
    status = DecompressFrame(codec, request.body, limit, content);
    const bool too_large = content.size() > limit;
    if (!too_large) break;
    if (limit == options.max_decompressed) {
      return {RpcCode::kResourceExhausted, fmt::format("decompresses to more than {} bytes", limit), {}};
    }
    ticket.Keep(request.body.size());
  }
  if (!status.ok()) return Invalid("the body is no " + std::string(codec.name()) + ": " + status.message());
  Free(request.body);
  ticket.Keep(content.size());
  return Ok();
}

Answer RequestDecoder::State::Transcode(Signal signal, std::string_view document, Intake::Ticket& ticket,
                                        std::string_view& wire) {
  if (!ticket.Reserve(document.size() * kTranscodeFactor)) return Busy();
  wire = {};
  const Status status = to_wire.Transcode(document, transcoded);
  if (!status.ok()) return NotOtlp(status);
  for (const JsonToWire::Result& result : transcoded) {
    if (result.signal != signal) {
      return Invalid(fmt::format("not OTLP: the document holds {}, this is the path of {}", SignalName(result.signal),
                                 SignalName(signal)));
    }
    wire = result.wire;
  }
  return Ok();
}

/// Makes of the request's protobuf what a file of the format holds of it. `wire` is void then.
Answer RequestDecoder::State::Store(std::string_view wire, bool needs_mark, Intake::Request& request,
                                    Intake::Ticket& ticket, std::string& bytes, std::uint64_t& replaced) {
  if (options.format == FileFormat::kJson) {
    if (!ticket.Reserve(wire.size() * kToJsonFactor)) return Busy();
    const Status status = WireToJson(request.signal, wire, json, replaced);
    if (!status.ok()) return NotOtlp(status);
    FreeSources(request);
    if (options.zstd) return Compress(json.view(), bytes);
    bytes = json.view();
    return Ok();
  }
  if (wire.data() == request.body.data()) {
    bytes = std::move(request.body);
  } else {
    if (!ticket.Reserve(wire.size())) return Busy();
    bytes = wire;
  }
  FreeSources(request);
  if (needs_mark) AppendSignalMark(request.signal, bytes);
  if (!options.zstd) return Ok();
  const std::string plain = std::exchange(bytes, {});
  return Compress(plain, bytes);
}

Answer RequestDecoder::State::Compress(std::string_view plain, std::string& bytes) {
  const Status status = compressor.Compress(plain, bytes);
  bytes.shrink_to_fit();  // it had room for all of `plain`
  return status.ok() ? Ok() : Answer{RpcCode::kInternal, status.message(), {}};
}

Answer RequestDecoder::State::Decode(Intake::Request& request, Intake::Ticket& ticket, StoredRequest& stored,
                                     std::uint64_t& replaced) {
  std::string_view wire = request.body;
  if (request.coding != BodyCoding::kIdentity) {
    if (Answer a = Decompress(request, ticket); a.code != RpcCode::kOk) return a;
    wire = content.view();
  }
  if (request.type == BodyType::kJson) {
    if (request.coding == BodyCoding::kIdentity) {
      const std::size_t size = request.body.size();
      request.body.resize(size + PaddedBuffer::kPadding);
      wire = std::string_view(request.body).substr(0, size);
    }
    if (Answer a = Transcode(request.signal, wire, ticket, wire); a.code != RpcCode::kOk) return a;
    Free(request.body);
    content.Shrink(kKeptCapacity);
  }
  const Result<CaptureCheck> check = CheckForCapture(request.signal, wire);
  if (!check) return NotOtlp(check.error());
  stored.records = check->records;
  if (stored.records == 0) return Ok();
  if (Answer a = Store(wire, check->needs_mark, request, ticket, stored.bytes, replaced); a.code != RpcCode::kOk) {
    return a;
  }
  ticket.Keep(stored.bytes.size());
  return Ok();
}

/// All that protobuf may stand in.
void RequestDecoder::State::FreeSources(Intake::Request& request) {
  Free(request.body);
  to_wire.Release(kKeptCapacity);
  content.Shrink(kKeptCapacity);
}

RequestDecoder::RequestDecoder(const IntakeOptions& options) : state_(std::make_unique<State>(options)) {}
RequestDecoder::~RequestDecoder() = default;

Answer RequestDecoder::Decode(Intake::Request& request, Intake::Ticket& ticket, StoredRequest& stored,
                              std::uint64_t& replaced) {
  Answer answer = state_->Decode(request, ticket, stored, replaced);
  // At once: it may be long before the next request.
  state_->FreeSources(request);
  state_->json.Shrink(kKeptCapacity);
  return answer;
}

}  // namespace gf_otlp::receive
