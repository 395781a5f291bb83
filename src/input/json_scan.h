#ifndef GF_OTLP_INPUT_JSON_SCAN_H_
#define GF_OTLP_INPUT_JSON_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gf_otlp {

/// Finds the end of a JSON document by its strings, escapes and brackets, over content that comes in pieces.
class JsonScanner {
 public:
  enum class Outcome : std::uint8_t {
    kMore,    // the document goes on behind the text
    kWhole,   // it ends before end()
    kBroken,  // it breaks off at the line break at end(): that stands in a string, or a new request begins behind it
  };

  /// A new document: the next Scan()'s text begins with its '{'.
  void Start() { *this = JsonScanner(); }
  /// `text` is the document from its begin on; what was scanned before is not looked at again. `ended`: nothing comes
  /// behind it.
  Outcome Scan(std::string_view text, bool ended);
  std::size_t end() const { return pos_; }
  /// The document has line breaks.
  bool multiline() const { return multiline_; }

 private:
  Outcome ScanTo(std::size_t end, std::string_view text, bool ended);
  Outcome ScanString(std::string_view text);
  bool SkipBlock(std::string_view text);

  std::size_t pos_ = 0, depth_ = 0;
  bool in_string_ = false, multiline_ = false;
};

/// Of text that may be cut off: whether it begins with an OTLP request as the usual writers write it, `{"resourceSpans`
/// or the like.
enum class RequestStart : std::uint8_t { kNo, kYes, kTooShort };
RequestStart BeginsRequest(std::string_view text);

/// White space and byte order marks in front; both may come several times in concatenated files.
std::size_t SpaceBefore(std::string_view text);
/// The text is the beginning of a byte order mark, but not all of one.
bool MayBeByteOrderMark(std::string_view text);

/// Whether the text, perhaps cut off, is the begin of a JSON object: `{` and then a key or `}`, with no control
/// character in a string and no other character than JSON has outside of strings, as far as the first document or
/// kLooksBytes go.
bool LooksLikeJson(std::string_view text);
inline constexpr std::size_t kLooksBytes = std::size_t{64} << 10;

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_JSON_SCAN_H_
