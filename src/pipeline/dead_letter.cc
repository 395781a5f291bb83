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
    case InputFormat::kLines: return "line";
  }
  return "unit";
}

void AppendLine(const nlohmann::ordered_json& line, std::string& lines) {
  lines += line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  lines += '\n';
}

/// A letter without reason and data. A dead letter that was read and refused again stays the letter it is.
nlohmann::ordered_json BeginLetter(const InputFile& file, const Unit& unit, std::optional<Signal> signal) {
  if (file.format == InputFormat::kDeadLetter) {
    auto letter = nlohmann::ordered_json::parse(unit.bytes, nullptr, /*allow_exceptions=*/false);
    if (letter.is_object() && letter.contains("data")) return letter;
  }
  nlohmann::ordered_json letter;
  letter["file"] = file.name;
  letter["offset"] = unit.offset;
  letter["length"] = unit.length;
  letter["number"] = unit.number;
  letter["signal"] = signal ? nlohmann::ordered_json(SignalName(*signal)) : nullptr;
  return letter;
}

std::string Base64(std::string_view bytes) {
  std::string text(Base64Size(bytes.size()), '\0');
  WriteBase64(text.data(), bytes);
  return text;
}

}  // namespace

std::string UnitName(const InputFile& file, const Unit& unit) {
  return fmt::format("{}: {} {} at offset {}", file.name, UnitNoun(file.format), unit.number, unit.offset);
}

void AppendDeadLetter(const InputFile& file, const Unit& unit, std::optional<Signal> signal, std::string_view reason,
                      std::string& lines) {
  nlohmann::ordered_json letter = BeginLetter(file, unit, signal);
  letter["reason"] = reason;
  if (!letter.contains("data")) letter["data"] = Base64(unit.bytes);
  AppendLine(letter, lines);
}

void AppendDeadRecord(const InputFile& file, const Unit& unit, std::uint32_t record, Signal signal,
                      std::string_view wire, std::string_view reason, std::string& lines) {
  nlohmann::ordered_json letter = BeginLetter(file, unit, signal);
  if (!letter.contains("record")) letter["record"] = record + 1;
  letter["signal"] = SignalName(signal);
  letter["reason"] = reason;
  letter["data"] = Base64(wire);
  AppendLine(letter, lines);
}

}  // namespace gf_otlp
