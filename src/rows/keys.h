#ifndef GF_OTLP_ROWS_KEYS_H_
#define GF_OTLP_ROWS_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "gf_otlp/status.h"
#include "rows/key_order.h"

namespace gf_otlp {

/// What a message's key is made of.
enum class KeyStrategy : std::uint8_t {
  kNone,
  kTraceId,       // 32 hex digits
  kServiceName,   // the resource attribute service.name as text
  kResourceHash,  // 16 bytes: the first half of SHA-256 over the resource's attributes
  kAttributes,    // values of the named attributes, of the resource or else of the record, joined by '|'
};

struct KeyOptions {
  KeyStrategy strategy = KeyStrategy::kNone;
  std::vector<std::string> attributes;  // kAttributes only
  bool operator==(const KeyOptions&) const = default;
};

/// Of "none", "trace_id", "service_name", "resource_hash" or "attributes:NAME,NAME"; for anything else kUsage that
/// names them.
Result<KeyOptions> ParseKeyOptions(std::string_view text);

/// Makes the keys of records, for every kind of record by any strategy: data points have no trace id, metrics without
/// data no attributes of their own. Values are texts as the exporter's keys have them: Value.AsString(), with < > & in
/// nested values escaped. One per worker: remembers what depends on the resource alone.
class KeyMaker {
 public:
  /// `zero_ids`: a trace id of zeros, or none, is a key of 32 zeros (as shape glassflow has it), else no key.
  KeyMaker(KeyOptions options, bool zero_ids);

  /// The key of the reader's record, valid until the next call; empty: no key.
  std::string_view KeyOf(const RequestReader& reader);

 private:
  /// What the resource has for one of options_.attributes: a part of resource_text_.
  struct ResourceValue {
    bool found;
    std::size_t begin, end;
  };

  std::string_view TraceIdKey(const RequestReader& reader);
  std::string_view AttributesKey(const RequestReader& reader);
  void Remember(const Attributes& resource);
  void RememberHash(const Attributes& resource);
  void RememberValues(const Attributes& resource);

  KeyOptions options_;
  bool zero_ids_;
  std::uint64_t resource_serial_ = 0;  // the resource that the next three are of
  PaddedBuffer resource_text_;         // its key, or by kAttributes its values
  std::vector<ResourceValue> values_;  // kAttributes only
  bool resource_has_all_ = false;      // kAttributes only: resource_text_ is the key
  KeyOrder order_;
  PaddedBuffer key_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_KEYS_H_
