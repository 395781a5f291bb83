#include "otlp/rpc_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/ascii.h"
#include "base/json_reader.h"
#include "base/json_text.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/wire.h"
#include "otlp/wire_scalars.h"
#include "otlp/wire_write.h"

namespace gf_otlp {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// Of whatever host: what is behind the last slash is the type (google/protobuf/any.proto).
bool IsRetryInfo(std::string_view type_url) {
  return type_url.substr(type_url.rfind('/') + 1) == kRetryInfoUrl.substr(kRetryInfoUrl.rfind('/') + 1);
}

/// Codes that a byte cannot hold are no codes at all.
RpcCode CodeOf(std::int64_t number) {
  return number >= 0 && number <= 0xff ? static_cast<RpcCode>(number) : RpcCode::kUnknown;
}

/// A delay: below zero is zero, what 64 bits cannot hold the longest that they can.
nanoseconds DelayOf(std::int64_t seconds, std::int64_t nanos) {
  const __int128 all = static_cast<__int128>(seconds) * kNanosPerSecond + nanos;
  const __int128 most = nanoseconds::max().count();
  return nanoseconds(static_cast<std::int64_t>(std::clamp<__int128>(all, 0, most)));
}

Status BadAnswer(std::string_view what, std::string_view why) {
  return BadData(fmt::format("the answer is no {}: {}", what, why));
}

constexpr std::string_view kStatusName = "google.rpc.Status", kResponseName = "Export*ServiceResponse";

// Protobuf: fields that are zero or empty are left out, as proto3 does.

void AppendNumber(std::string& out, std::uint32_t field, std::int64_t number) {
  if (number == 0) return;
  char bytes[2 * kMaxVarintSize];
  char* const end = WriteVarint(WriteVarint(bytes, Tag(field, kVarint)), static_cast<std::uint64_t>(number));
  out.append(bytes, end);
}

void AppendText(std::string& out, std::uint32_t field, std::string_view text) {
  if (!text.empty()) AppendBytesField(out, field, text);
}

/// RetryInfo { Duration retry_delay = 1 { int64 seconds = 1; int32 nanos = 2 } }
std::string RetryInfoProto(nanoseconds delay) {
  std::string duration, info;
  AppendNumber(duration, 1, delay.count() / kNanosPerSecond);
  AppendNumber(duration, 2, delay.count() % kNanosPerSecond);
  AppendBytesField(info, 1, duration);
  return info;
}

nanoseconds ReadDuration(std::string_view message, WireCursor& parent) {
  std::int64_t seconds = 0, nanos = 0;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kVarint): seconds = static_cast<std::int64_t>(cursor.ReadVarint()); break;
      case Tag(2, kVarint): nanos = ReadInt32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  if (!cursor.ok()) parent.Fail(cursor.error());
  return DelayOf(seconds, nanos);
}

/// The delay of a RetryInfo; nothing if it has none.
std::optional<nanoseconds> ReadRetryInfo(std::string_view message, WireCursor& parent) {
  std::optional<nanoseconds> delay;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kBytes): delay = ReadDuration(cursor.ReadBytes(), cursor); break;
      default: cursor.Skip(tag);
    }
  }
  if (!cursor.ok()) parent.Fail(cursor.error());
  return delay;
}

/// An Any: `delay` is set if it is a RetryInfo.
void ReadDetail(std::string_view message, WireCursor& parent, std::optional<nanoseconds>& delay) {
  std::string_view type_url, value;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kBytes): type_url = cursor.ReadBytes(); break;
      case Tag(2, kBytes): value = cursor.ReadBytes(); break;
      default: cursor.Skip(tag);
    }
  }
  if (cursor.ok() && IsRetryInfo(type_url)) {
    if (const auto read = ReadRetryInfo(value, cursor)) delay = read;
  }
  if (!cursor.ok()) parent.Fail(cursor.error());
}

void ReadPartialSuccess(std::string_view message, WireCursor& parent, PartialSuccess& partial) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kVarint): {
        const auto rejected = static_cast<std::int64_t>(cursor.ReadVarint());
        partial.rejected = static_cast<std::uint64_t>(std::max<std::int64_t>(rejected, 0));
        break;
      }
      case Tag(2, kBytes): partial.message = cursor.ReadBytes(); break;
      default: cursor.Skip(tag);
    }
  }
  if (!cursor.ok()) parent.Fail(cursor.error());
}

// JSON, as protojson maps it (ProtoJSON format): names in lowerCamelCase or as in the .proto, numbers also as strings,
// null is what is not set.

/// Seconds with up to nine digits behind the point and an s, in groups of three digits.
std::string DurationText(nanoseconds delay) {
  const std::int64_t seconds = delay.count() / kNanosPerSecond, nanos = delay.count() % kNanosPerSecond;
  if (nanos == 0) return fmt::format("{}s", seconds);
  if (nanos % 1'000'000 == 0) return fmt::format("{}.{:03}s", seconds, nanos / 1'000'000);
  if (nanos % 1'000 == 0) return fmt::format("{}.{:06}s", seconds, nanos / 1'000);
  return fmt::format("{}.{:09}s", seconds, nanos);
}

/// Nothing if `text` is no such duration.
std::optional<nanoseconds> ParseDurationText(std::string_view text) {
  constexpr std::size_t kMostDigits = 12;  // Duration holds 10,000 years
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point), fraction = text.substr(std::min(point + 1, text.size()));
  if (whole.empty() || whole.size() > kMostDigits || fraction.size() > 9) return std::nullopt;
  if (!std::ranges::all_of(whole, IsDigit) || !std::ranges::all_of(fraction, IsDigit)) return std::nullopt;
  std::int64_t seconds = 0, nanos = 0;
  for (const char c : whole) seconds = 10 * seconds + (c - '0');
  for (std::size_t i = 0; i < 9; ++i) nanos = 10 * nanos + (i < fraction.size() ? fraction[i] - '0' : 0);
  return negative ? nanoseconds(0) : DelayOf(seconds, nanos);
}

/// Reads answers; one for each.
class AnswerReader {
 public:
  explicit AnswerReader(std::string_view json) {
    text_.Reserve(json.size() + 1);  // so that an empty one is padded too
    text_.Append(json);
  }

  Result<RpcStatus> ReadStatus() {
    RpcStatus status;
    const bool read = Document([&](std::string_view key) {
      if (key == "code") return Number([&](std::int64_t number) { status.code = CodeOf(number); });
      if (key == "message") return Text(status.message);
      if (key == "details") return Details(status.retry_delay);
      return reader_.Skip();
    });
    if (!read) return std::unexpected(BadAnswer(kStatusName, reader_.error()));
    return status;
  }

  Result<PartialSuccess> ReadResponse() {
    PartialSuccess partial;
    const bool read = Document([&](std::string_view key) {
      if (key != "partialSuccess" && key != "partial_success") return reader_.Skip();
      return Object([&](std::string_view name) { return PartialMember(name, partial); });
    });
    if (!read) return std::unexpected(BadAnswer(kResponseName, reader_.error()));
    return partial;
  }

 private:
  template <class Member>
  bool Document(Member member) {
    return reader_.Start(text_.view()) && Object(member) && reader_.Finish();
  }

  /// Calls `member(key)`, which reads the value, of each member that is not null.
  template <class Member>
  bool Object(Member member) {
    bool more = false;
    if (!reader_.BeginObject(more)) return false;
    while (more) {
      std::string_view key;
      bool null = false;
      if (!reader_.Key(key) || !reader_.Resolve(key)) return false;
      const std::string name(key);
      if (!reader_.TryNull(null) || (!null && !member(std::string_view(name))) || !reader_.NextMember(more)) {
        return false;
      }
    }
    return true;
  }

  template <class Set>
  bool Number(Set set) {
    std::int64_t number = 0;
    if (!reader_.Integer(number)) return false;
    set(number);
    return true;
  }

  bool Text(std::string& text) {
    std::string_view read;
    if (!reader_.String(read)) return false;
    text = read;
    return true;
  }

  bool Details(std::optional<nanoseconds>& delay) {
    bool more = false;
    if (!reader_.BeginArray(more)) return false;
    while (more) {
      if (!Detail(delay) || !reader_.NextElement(more)) return false;
    }
    return true;
  }

  /// An Any in JSON: the message's members beside "@type", in whatever order.
  bool Detail(std::optional<nanoseconds>& delay) {
    std::string type_url, retry_delay;
    const bool read = Object([&](std::string_view key) {
      const bool text = reader_.token() == '"';
      if (text && key == "@type") return Text(type_url);
      if (text && (key == "retryDelay" || key == "retry_delay")) return Text(retry_delay);
      return reader_.Skip();
    });
    if (!read || !IsRetryInfo(type_url) || retry_delay.empty()) return read;
    const auto parsed = ParseDurationText(retry_delay);
    if (!parsed) return reader_.Fail("retryDelay is no duration");
    delay = parsed;
    return true;
  }

  bool PartialMember(std::string_view name, PartialSuccess& partial) {
    for (const std::string_view rejected : {"rejectedSpans", "rejectedLogRecords", "rejectedDataPoints",
                                            "rejected_spans", "rejected_log_records", "rejected_data_points"}) {
      if (name != rejected) continue;
      return Number([&](std::int64_t number) {
        partial.rejected = static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
      });
    }
    if (name == "errorMessage" || name == "error_message") return Text(partial.message);
    return reader_.Skip();
  }

  PaddedBuffer text_;
  JsonReader reader_;
};

}  // namespace

std::string RpcCodeName(RpcCode code) {
  constexpr std::string_view kNames[] = {
      "OK",       "Cancelled",      "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto number = static_cast<std::size_t>(code);
  return number < std::size(kNames) ? std::string(kNames[number]) : fmt::format("code {}", number);
}

std::string RpcStatusProto(const RpcStatus& status) {
  std::string out;
  AppendNumber(out, 1, static_cast<std::int64_t>(status.code));
  AppendText(out, 2, status.message);
  if (status.retry_delay) {
    std::string any;
    AppendText(any, 1, kRetryInfoUrl);
    AppendText(any, 2, RetryInfoProto(*status.retry_delay));
    AppendBytesField(out, 3, any);
  }
  return out;
}

std::string RpcStatusJson(const RpcStatus& status) {
  PaddedBuffer out;
  out.Append(fmt::format(R"({{"code":{},"message":)", static_cast<int>(status.code)));
  AppendJsonString<JsonEscapes::kPlain>(out, status.message);
  if (status.retry_delay) {
    out.Append(fmt::format(R"(,"details":[{{"@type":"{}","retryDelay":"{}"}}])", kRetryInfoUrl,
                           DurationText(*status.retry_delay)));
  }
  out.Append('}');
  return std::string(out.view());
}

Result<RpcStatus> ReadRpcStatusProto(std::string_view bytes) {
  RpcStatus status;
  WireCursor cursor(bytes);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kVarint): status.code = CodeOf(ReadInt32(cursor)); break;
      case Tag(2, kBytes): status.message = cursor.ReadBytes(); break;
      case Tag(3, kBytes): ReadDetail(cursor.ReadBytes(), cursor, status.retry_delay); break;
      default: cursor.Skip(tag);
    }
  }
  if (!cursor.ok()) return std::unexpected(BadAnswer(kStatusName, cursor.error()));
  return status;
}

Result<RpcStatus> ReadRpcStatusJson(std::string_view json) { return AnswerReader(json).ReadStatus(); }

Result<PartialSuccess> ReadExportResponseProto(std::string_view bytes) {
  PartialSuccess partial;
  WireCursor cursor(bytes);
  while (!cursor.Done()) {
    switch (const std::uint32_t tag = cursor.ReadTag()) {
      case Tag(1, kBytes): ReadPartialSuccess(cursor.ReadBytes(), cursor, partial); break;
      default: cursor.Skip(tag);
    }
  }
  if (!cursor.ok()) return std::unexpected(BadAnswer(kResponseName, cursor.error()));
  return partial;
}

Result<PartialSuccess> ReadExportResponseJson(std::string_view json) {
  if (json.empty()) return PartialSuccess();
  return AnswerReader(json).ReadResponse();
}

}  // namespace gf_otlp
