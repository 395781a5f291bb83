#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json_reader.h"
#include "base/shown_text.h"
#include "schema/row_times.h"
#include "schema/row_type.h"

namespace gf_otlp::schema {
namespace {

/// What an array's elements are, as far as it matters to what the server makes of them.
enum Element : unsigned {
  kBoolean = 1,
  kInteger = 2,
  kBigInteger = 4,  // more digits than a double holds
  kFloating = 8,
  kNull = 16,
  kList = 32,
  kTime = 64,
  kOtherText = 128,
  kObject = 256,
};

constexpr std::uint64_t kMostExact = std::uint64_t{1} << 53;

/// A word of those that may stand in a time.
bool IsTimeWord(std::string_view word) {
  if (word == "T" || word == "Z") return true;
  if (word.size() == 2) return (word[1] | 0x20) == 'm' && ((word[0] | 0x20) == 'a' || (word[0] | 0x20) == 'p');
  if (word.size() < 3) return false;
  constexpr std::string_view kWords = "janfebmaraprmayjunjulaugsepoctnovdecmontuewedthufrisatsunutcgmtmskmsd";
  const char begin[] = {static_cast<char>(word[0] | 0x20), static_cast<char>(word[1] | 0x20),
                        static_cast<char>(word[2] | 0x20)};
  for (std::size_t i = 0; i < kWords.size(); i += 3) {
    if (kWords.substr(i, 3) == std::string_view(begin, 3)) return true;
  }
  return false;
}

/// It has a year and more digits, and no words but those of times.
bool MayBeTime(std::string_view text) {
  constexpr std::size_t kShortest = 8, kLongest = 64;
  if (text.size() < kShortest || text.size() > kLongest) return false;
  std::size_t digits = 0;
  bool year = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto in_run = [&](bool (*is)(char)) {
      std::size_t end = i;
      while (end < text.size() && is(text[end])) ++end;
      return text.substr(i, end - i);
    };
    const std::string_view number = in_run([](char c) { return c >= '0' && c <= '9'; });
    const std::string_view word = in_run([](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
    if (!number.empty()) {
      digits += number.size();
      year |= number.size() == 4 && number >= "1900" && number <= "2299";
      i += number.size();
    } else if (!word.empty()) {
      if (!IsTimeWord(word)) return false;
      i += word.size();
    } else {
      constexpr std::string_view kMarks = " :.,+-/";
      if (kMarks.find(text[i]) == std::string_view::npos) return false;
      ++i;
    }
  }
  return year && digits > 4;
}

/// A text that the server takes for a time comes back as that time is printed.
enum class JsonText : std::uint8_t { kSame, kChanged, kNotJudged };
JsonText JudgeJsonText(std::string_view text) {
  if (text.empty() || !MayBeTime(text)) return JsonText::kSame;
  TimeText time;
  if (!time.Parse(text)) return JsonText::kNotJudged;
  if (time.year < 1900 || time.year > 2299) return JsonText::kSame;
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.day > 31) return JsonText::kSame;
  if (!time.IsDay()) return time.has_time ? JsonText::kSame : JsonText::kChanged;
  const std::int64_t seconds = time.Seconds();
  const bool in_seconds = seconds >= 0 && seconds <= 0xffffffff;
  if (!time.has_time) return in_seconds ? JsonText::kSame : JsonText::kChanged;
  constexpr std::size_t kMostFraction = 19, kNanoDigits = 9;
  if (time.fraction.size() > kMostFraction) return JsonText::kSame;
  // What DateTime64(9) cannot hold stays text.
  constexpr std::int64_t kMost = 9223372036;
  if (seconds > kMost || (seconds == kMost && time.fraction > "854775807")) return JsonText::kSame;
  const bool plain = text[10] == ' ' && !time.has_zone && time.IsTimeOfDay();
  const bool printed = time.has_point ? time.fraction.size() == kNanoDigits : in_seconds;
  return plain && printed ? JsonText::kSame : JsonText::kChanged;
}

/// Walks one value of a JSON column.
class JsonJudge {
 public:
  bool Judge(RowText& row, std::string_view text) {
    row_ = &row;
    text_ = text;
    path_.clear();
    paths_.clear();
    if (!reader_.Start(text)) return Refuse(reader_.error());
    if (reader_.bad_text()) return Refuse("bytes that are not UTF-8");
    unsigned ignored = 0;
    if (!Object(ignored) || !reader_.Finish()) return reader_.error().empty() ? false : Refuse(reader_.error());
    if (reader_.bad_text()) return Refuse("half of a surrogate pair");
    return true;
  }

 private:
  const char* At() const { return text_.data() + std::min(reader_.position(), text_.size()); }
  bool Refuse(std::string why) {
    return row_->Refuse(RowRule::kJsonValue, text_.data() + std::min(reader_.error_offset(), text_.size()),
                        std::move(why));
  }

  /// Members of an object; paths are of the object that is not within an array.
  bool Object(unsigned& kind) {
    kind = kObject;
    const std::size_t first_path = paths_.size(), outer = path_.size();
    bool more = false;
    if (!reader_.BeginObject(more)) return false;
    if (!Members(more)) return false;
    path_.resize(outer);
    auto mine = std::span(paths_).subspan(first_path);
    std::ranges::sort(mine);
    const auto twice = std::ranges::adjacent_find(mine);
    if (twice != mine.end()) {
      const std::string_view path(*twice);
      return row_->Refuse(RowRule::kJsonValue, text_.data(),
                          "the path " + ShownPart(path.substr(0, path.size() - 1)) + " is given twice");
    }
    paths_.resize(first_path);
    return true;
  }

  bool Members(bool more) {
    const std::size_t outer = path_.size();
    while (more) {
      const char* const at = At();
      std::string_view key;
      if (!reader_.Key(key) || !reader_.Resolve(key)) return false;
      path_.append(key);
      if (reader_.token() == '{') {
        path_ += '.';
        bool inner = false;
        if (!reader_.BeginObject(inner)) return false;
        if (!inner) {
          paths_.push_back(path_ + '{');
          row_->Warn(RowRule::kJsonChanged, at, "an empty object is not kept");
        }
        if (!Members(inner)) return false;
      } else {
        paths_.push_back(path_ + '=');
        unsigned kind = 0;
        if (!Value(kind)) return false;
        if (kind == kNull) row_->Warn(RowRule::kJsonChanged, at, "null is not kept");
        if (kind == kTime) WarnOfTime(at);
      }
      path_.resize(outer);
      if (!reader_.NextMember(more)) return false;
    }
    return true;
  }

  void WarnOfTime(const char* at) {
    row_->Warn(RowRule::kJsonTime, at, "text that looks like a time comes back in another form");
  }

  bool Value(unsigned& kind) {
    std::string_view text;
    bool flag = false;
    switch (reader_.token()) {
      case '{': return ObjectInArray(kind);
      case '[': {
        std::vector<unsigned> levels;
        kind = kList;
        const char* const at = At();
        if (!Array(levels, 0)) return false;
        for (std::size_t level = 0; level < levels.size(); ++level) JudgeElements(levels[level], at);
        return true;
      }
      case '"': {
        const char* const at = At();
        if (!reader_.String(text)) return false;
        const JsonText judged = JudgeJsonText(text);
        if (judged == JsonText::kNotJudged) {
          row_->Warn(RowRule::kNotJudged, at, [&] { return "text that may be taken for a time: " + ShownPart(text); });
        }
        kind = judged == JsonText::kChanged ? kTime : kOtherText;
        return true;
      }
      case 't':
      case 'f': kind = kBoolean; return reader_.Bool(flag);
      case 'n': kind = kNull; return reader_.TryNull(flag);
      default: return Number(kind);
    }
  }

  /// An object in an array has paths of its own.
  bool ObjectInArray(unsigned& kind) {
    std::string outer;
    outer.swap(path_);
    if (!Object(kind)) return false;
    path_.swap(outer);
    return true;
  }

  /// `levels`: what there is at each depth of arrays in arrays.
  bool Array(std::vector<unsigned>& levels, std::size_t depth) {
    constexpr std::size_t kMaxDepth = 500;
    if (depth == kMaxDepth) return reader_.Fail("nested too deeply");
    levels.resize(std::max(levels.size(), depth + 1));
    bool more = false;
    if (!reader_.BeginArray(more)) return false;
    while (more) {
      unsigned kind = kList;
      if (!(reader_.token() == '[' ? Array(levels, depth + 1) : Value(kind))) return false;
      levels[depth] |= kind;
      if (!reader_.NextElement(more)) return false;
    }
    return true;
  }

  void JudgeElements(unsigned kinds, const char* at) {
    constexpr unsigned kNumbers = kInteger | kBigInteger | kFloating, kTexts = kOtherText | kTime;
    const auto has = [&](unsigned some) { return (kinds & some) != 0; };
    // All three together are kept as they are.
    if (has(kBoolean) && !has(kList | kObject) && has(kNumbers) != has(kTexts)) {
      row_->Warn(
          RowRule::kJsonChanged, at,
          has(kNumbers) ? "true and false among numbers become 1 and 0" : "true and false among texts become texts");
    }
    if ((kinds & kBigInteger) != 0 && (kinds & kFloating) != 0) {
      row_->Warn(RowRule::kJsonChanged, at, "large integers among fractions lose digits");
    }
    if ((kinds & kList) != 0 && (kinds & kNull) != 0) {
      row_->Warn(RowRule::kJsonChanged, at, "null among arrays becomes an empty array");
    }
    if ((kinds & kTime) != 0 && (kinds & kOtherText) == 0) WarnOfTime(at);
  }

  bool Number(unsigned& kind) {
    const char* const at = At();
    const char* end = at;
    while (end < text_.data() + text_.size() && std::string_view(",]} \t\r\n").find(*end) == std::string_view::npos) {
      ++end;
    }
    const std::string_view text(at, end);
    if (text.find_first_of(".eE") != std::string_view::npos) {
      double value = 0;
      kind = kFloating;
      return reader_.Double(value);
    }
    std::int64_t low = 0;
    std::uint64_t high = 0;
    const bool negative = text.starts_with('-');
    if (!(negative ? reader_.Integer(low) : reader_.Integer(high))) return false;
    const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(low) : high;
    kind = magnitude > kMostExact ? kBigInteger : kInteger;
    return true;
  }

  RowText* row_ = nullptr;
  std::string_view text_;
  JsonReader reader_;
  std::string path_;
  std::vector<std::string> paths_;
};

}  // namespace

bool JudgeJson(RowText& row) {
  std::string_view text;
  const char* const begin = row.at();
  if (row.Peek() != '{') return row.Refuse(RowRule::kValue, begin, "a JSON column takes objects");
  if (!row.SkipBrackets(text)) return false;
  thread_local JsonJudge judge;
  return judge.Judge(row, text);
}

}  // namespace gf_otlp::schema
