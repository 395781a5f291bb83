#include "input/json_cutter.h"

#include <algorithm>

namespace gf_otlp {
namespace {

std::string_view TrimEnd(std::string_view text) { return text.substr(0, text.find_last_not_of(" \t\r\n") + 1); }

/// Whether a `}` stands before a `{`, with or without space between them: also if only a string holds them. Without
/// branches, so that it costs little on a long line.
bool MayHoldSeveral(std::string_view line) {
  unsigned char found = 0;
  for (std::size_t i = 1; i < line.size(); ++i) {
    const auto next = static_cast<unsigned char>(line[i]);
    found = static_cast<unsigned char>(found | ((line[i - 1] == '}') & ((next == '{') | (next <= ' '))));
  }
  return found != 0;
}

}  // namespace

std::size_t JsonCutter::Cut(std::string_view content, std::uint64_t offset, bool ended, std::vector<Unit>& units) {
  std::size_t at = 0;
  while (!lost()) {
    if (Full(units)) return at;
    if (!scanning_ && garbage_scanned_ == 0) at += SkipSpace(content.substr(at));
    if (at == content.size() || (!ended && MayBeByteOrderMark(content.substr(at)))) return at;
    const std::size_t n =
        CutNext({.text = content.substr(at), .offset = offset + at, .ended = ended, .more_cut = at > 0}, units);
    if (n == 0) return at;
    at += n;
  }
  return content.size();
}

std::size_t JsonCutter::SkipSpace(std::string_view text) {
  const std::size_t n = SpaceBefore(text);
  if (text.substr(0, n).find('\n') != std::string_view::npos) on_new_line_ = true;
  return n;
}

std::size_t JsonCutter::CutNext(const Rest& rest, std::vector<Unit>& units) {
  if (scanning_) return CutDocument(rest, units);
  if (garbage_scanned_ > 0 || rest.text[0] != '{') return CutGarbage(rest, units);
  if (mode_ == Mode::kUnknown && had_document_) mode_ = on_new_line_ ? Mode::kLines : Mode::kDocuments;
  return mode_ == Mode::kLines && on_new_line_ ? CutLine(rest, units) : CutDocument(rest, units);
}

std::size_t JsonCutter::CutLine(const Rest& rest, std::vector<Unit>& units) {
  const std::size_t line_end = rest.text.find('\n');
  if (line_end == std::string_view::npos && !rest.ended && rest.more_cut) return 0;
  const std::string_view line = TrimEnd(rest.text.substr(0, std::min(line_end, rest.text.size())));
  if (line_end == std::string_view::npos || !line.ends_with('}') || MayHoldSeveral(line)) {
    return CutDocument(rest, units);
  }
  if (line.size() > max_unit_bytes()) {
    LoseTooLong(units, rest.text, rest.offset);
    return rest.text.size();
  }
  Add(units, line, rest.offset, line.size());
  return line_end + 1;
}

std::size_t JsonCutter::CutDocument(const Rest& rest, std::vector<Unit>& units) {
  if (!scanning_) scanner_.Start();
  scanning_ = true;
  const JsonScanner::Outcome outcome = scanner_.Scan(rest.text, rest.ended);
  const bool more = outcome == JsonScanner::Outcome::kMore;
  if ((more ? rest.text.size() : scanner_.end()) > max_unit_bytes()) {
    LoseTooLong(units, rest.text, rest.offset);
    return rest.text.size();
  }
  if (more && !rest.ended) return 0;
  scanning_ = false;
  on_new_line_ = false;
  if (more) {
    AddTorn(units, rest.text, rest.offset, rest.text.size(), "the file ends inside a JSON document");
    return rest.text.size();
  }
  const std::string_view document = rest.text.substr(0, scanner_.end());
  Unit& unit = Add(units, document, rest.offset, document.size());
  if (outcome == JsonScanner::Outcome::kBroken) {
    unit.error = "the JSON document breaks off at a line break";
  } else {
    had_document_ = true;
    if (scanner_.multiline() && mode_ == Mode::kUnknown) mode_ = Mode::kDocuments;
  }
  return document.size();
}

std::size_t JsonCutter::CutGarbage(const Rest& rest, std::vector<Unit>& units) {
  const std::size_t line_end = rest.text.find('\n', garbage_scanned_);
  const bool more = line_end == std::string_view::npos;
  if (std::min(line_end, rest.text.size()) > max_unit_bytes()) {
    LoseTooLong(units, rest.text, rest.offset);
    return rest.text.size();
  }
  if (more && !rest.ended) {
    garbage_scanned_ = rest.text.size();
    return 0;
  }
  garbage_scanned_ = 0;
  on_new_line_ = true;
  const std::string_view line = TrimEnd(rest.text.substr(0, line_end));
  Add(units, line, rest.offset, line.size());
  return more ? rest.text.size() : line_end + 1;
}

}  // namespace gf_otlp
