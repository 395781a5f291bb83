#include "receive/capture_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hex.h"
#include "base/sha256.h"
#include "base/time_write.h"
#include "input/paths.h"

namespace gf_otlp::receive {
namespace {

constexpr std::string_view kAll = "otlp", kGroupPrefix = "otlp-";
/// Of a value: what a file name may have (255 bytes), less the prefix, a time with a reason, the longest extension and
/// that of headers.
constexpr std::size_t kMaxValue = 200;
constexpr std::size_t kHashDigits = 16;

bool IsAside(std::string_view name) { return RotationKeyOf(name).base != name; }

bool MayStand(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string EscapedValue(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (MayStand(c)) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
    }
  }
  if (text.size() <= kMaxValue) return text;
  const std::array<char, 32> hash = Sha256(value);
  std::array<char, kHashDigits> digits{};
  WriteHex(digits.data(), std::string_view(hash.data(), kHashDigits / 2));
  text.resize(kMaxValue - kHashDigits - 1);
  return text.append("~").append(digits.data(), kHashDigits);
}

}  // namespace

CaptureNames::CaptureNames(FileFormat format, bool zstd, Split split)
    : split_(split), extension_(format == FileFormat::kProto ? ".proto" : ".json") {
  if (zstd) extension_ += ".zst";
}

std::string CaptureNames::Of(const StoredRequest& request) const {
  if (split_ == Split::kSignal) return std::string(SignalName(request.signal)) + extension_;
  if (split_ == Split::kNone || request.group.empty()) return std::string(kAll) + extension_;
  std::string name = std::string(kGroupPrefix) + EscapedValue(request.group) + extension_;
  for (RotationKey key = RotationKeyOf(name); key.base != name; key = RotationKeyOf(name)) {
    name.replace(name.rfind(key.stamp) + key.stamp.find('T'), 1, "%54");
  }
  return name;
}

bool CaptureNames::IsOurs(std::string_view name) const {
  if (!name.ends_with(extension_)) return false;
  const std::string_view stem = name.substr(0, name.size() - extension_.size());
  switch (split_) {
    case Split::kNone: return stem == kAll;
    case Split::kSignal: return ParseSignal(stem).has_value();
    case Split::kHeader: break;
  }
  return stem == kAll || (stem.starts_with(kGroupPrefix) && !IsAside(name));
}

std::string CaptureNames::Aside(std::string_view name, std::int64_t milliseconds, std::string_view reason) const {
  char time[kTimeRoom];
  TimeWriter().WriteSeconds(time, milliseconds / 1000);  // 2026-11-21 00:18:54
  time[10] = 'T';
  time[13] = time[16] = '-';
  return fmt::format("{}-{}.{:03}-{}{}", name.substr(0, name.size() - extension_.size()), std::string_view(time, 19),
                     milliseconds % 1000, reason, extension_);
}

std::string NameBeforeAside(std::string_view aside) {
  if (!IsAside(aside)) return std::string(aside);
  const std::string stamp = RotationKeyOf(aside).stamp;
  const std::size_t begin = aside.rfind(stamp);
  const std::size_t extension = aside.find('.', begin + stamp.size());
  return std::string(aside.substr(0, begin)).append(aside.substr(std::min(extension, aside.size())));
}

}  // namespace gf_otlp::receive
