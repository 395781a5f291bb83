#include "pipeline/dead_letter.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace gf_otlp {
namespace {

std::string_view UnitNoun(InputFormat format) {
  switch (format) {
    case InputFormat::kJson: return "document";
    case InputFormat::kProto: return "element";
    case InputFormat::kFramed:
    case InputFormat::kDelimited: return "frame";
    case InputFormat::kDeadLetter: return "dead letter";
  }
  return "unit";
}

void AppendLine(const nlohmann::ordered_json& line, std::string& lines) {
  lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  lines += '\n';
}

/// A dead letter that was read and refused again stays the letter it is, with the new reason. False for anything else.
bool AppendAgain(const InputFile& file, const Unit& unit, std::string_view reason, std::string& lines) {
  if (file.format != InputFormat::kDeadLetter) return false;
  auto letter = nlohmann::ordered_json::parse(unit.bytes, nullptr, /*allow_exceptions=*/false);
  if (!letter.is_object() || !letter.contains("data")) return false;
  letter["reason"] = reason;
  AppendLine(letter, lines);
  return true;
}

}  // namespace

std::string UnitName(const InputFile& file, const Unit& unit) {
  return fmt::format("{}: {} {} at offset {}", file.name, UnitNoun(file.format), unit.number, unit.offset);
}

void AppendDeadLetter(const InputFile& file, const Unit& unit, std::optional<Signal> signal, std::string_view reason,
                      std::string& lines) {
  if (AppendAgain(file, unit, reason, lines)) return;
  std::string data(Base64Size(unit.bytes.size()), '\0');
  WriteBase64(data.data(), unit.bytes);
  nlohmann::ordered_json line;
  line["file"] = file.name;
  line["offset"] = unit.offset;
  line["length"] = unit.length;
  line["number"] = unit.number;
  line["signal"] = signal ? nlohmann::ordered_json(SignalName(*signal)) : nullptr;
  line["reason"] = reason;
  line["data"] = std::move(data);
  AppendLine(line, lines);
}

}  // namespace gf_otlp
