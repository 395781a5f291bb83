#include "receive/request_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
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

}  // namespace

struct RequestDecoder::State {
  explicit State(const IntakeOptions& intake_options) : options(intake_options), to_wire(/*base64_ids=*/false) {}

  Answer Decompress(Intake::Request& request, Intake::Ticket& ticket);
  Answer Transcode(Signal signal, std::string_view json, Intake::Ticket& ticket, std::string_view& wire);
  Answer CountRecords(Signal signal, std::string_view wire, std::uint64_t& records);
  Answer Store(Signal signal, std::string_view wire, Intake::Ticket& ticket, std::string& bytes,
               std::uint64_t& replaced);
  void Release();
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
  std::string().swap(request.body);  // which frees it, an assignment would not
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

Answer RequestDecoder::State::CountRecords(Signal signal, std::string_view wire, std::uint64_t& records) {
  records = 0;
  RequestReader reader;  // a new one each time: it grows with the largest record
  reader.Start(signal, wire);
  while (reader.Next()) ++records;
  return reader.status().ok() ? Ok() : NotOtlp(reader.status());
}

/// Appends what a file of the format holds of it; compression is left to others.
Answer RequestDecoder::State::Store(Signal signal, std::string_view wire, Intake::Ticket& ticket, std::string& bytes,
                                    std::uint64_t& replaced) {
  if (options.format == FileFormat::kJson) {
    if (!ticket.Reserve(wire.size() * kToJsonFactor)) return Busy();
    const Status status = WireToJson(signal, wire, json, replaced);
    if (!status.ok()) return NotOtlp(status);
    bytes = json.view();
    return Ok();
  }
  if (!ticket.Reserve(wire.size())) return Busy();
  bytes = wire;
  return Ok();
}

void RequestDecoder::State::Release() {
  to_wire.Release(kKeptCapacity);
  content.Shrink(kKeptCapacity);
  json.Shrink(kKeptCapacity);
}

RequestDecoder::RequestDecoder(const IntakeOptions& options) : state_(std::make_unique<State>(options)) {}
RequestDecoder::~RequestDecoder() = default;

Answer RequestDecoder::Decode(Intake::Request& request, Intake::Ticket& ticket, StoredRequest& stored,
                              std::uint64_t& replaced) {
  State& s = *state_;
  s.Release();
  std::string_view wire = request.body;
  if (request.coding != BodyCoding::kIdentity) {
    if (Answer a = s.Decompress(request, ticket); a.code != RpcCode::kOk) return a;
    wire = s.content.view();
  }
  if (request.type == BodyType::kJson) {
    if (request.coding == BodyCoding::kIdentity) {
      const std::size_t size = request.body.size();
      request.body.resize(size + PaddedBuffer::kPadding);
      wire = std::string_view(request.body).substr(0, size);
    }
    if (Answer a = s.Transcode(request.signal, wire, ticket, wire); a.code != RpcCode::kOk) return a;
  }
  if (Answer a = s.CountRecords(request.signal, wire, stored.records); a.code != RpcCode::kOk) return a;
  if (stored.records == 0) return Ok();
  if (s.options.format == FileFormat::kProto && wire.data() == request.body.data()) {
    stored.bytes = std::move(request.body);
  } else if (Answer a = s.Store(request.signal, wire, ticket, stored.bytes, replaced); a.code != RpcCode::kOk) {
    return a;
  }
  std::string().swap(request.body);  // which frees it, an assignment would not
  if (s.options.format == FileFormat::kProto && s.options.mixed_files && NeedsSignalMark(stored.signal, stored.bytes)) {
    AppendSignalMark(stored.signal, stored.bytes);
  }
  if (s.options.zstd) {
    std::string frame;
    const Status status = s.compressor.Compress(stored.bytes, frame);
    if (!status.ok()) return {RpcCode::kInternal, status.message(), {}};
    stored.bytes = std::move(frame);
  }
  ticket.Keep(stored.bytes.size());
  return Ok();
}

}  // namespace gf_otlp::receive
