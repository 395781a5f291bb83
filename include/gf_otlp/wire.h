#ifndef GF_OTLP_WIRE_H_
#define GF_OTLP_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gf_otlp {

/// Protobuf wire types (protobuf encoding guide). 6 and 7 do not exist.
enum WireType : std::uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

/// The tag of a field as it stands on the wire.
constexpr std::uint32_t Tag(std::uint32_t field, WireType type) { return field << 3 | type; }

/// Groups and nested messages deeper than this are refused (libprotobuf's own limit is 100 too).
inline constexpr int kMaxGroupDepth = 100;

/// Reads one protobuf message's fields. Never reads outside its bytes, whatever they are: the first malformed
/// byte makes the cursor fail, and a failed cursor is Done() and yields zeros. Views point into the message.
///
///   WireCursor c(message);
///   while (!c.Done()) switch (const uint32_t tag = c.ReadTag()) { case Tag(1, kBytes): ...; default: c.Skip(tag); }
///   if (!c.ok()) ...
class WireCursor {
 public:
  explicit WireCursor(std::string_view message)
      : p_(reinterpret_cast<const std::uint8_t*>(message.data())), end_(p_ + message.size()) {}

  bool Done() const { return p_ == end_; }
  bool ok() const { return error_ == nullptr; }
  /// Why it failed; null while ok().
  const char* error() const { return error_; }
  /// The next byte to be read; after a failure, where the malformed field stands.
  const char* position() const { return reinterpret_cast<const char*>(error_ ? error_at_ : p_); }

  /// The next field's tag; 0 after a failure. REQUIRES: !Done()
  std::uint32_t ReadTag() {
    field_at_ = p_;
    std::uint32_t tag = *p_;
    if (tag < 0x80) [[likely]] {
      ++p_;
    } else if (end_ - p_ > 1 && p_[1] < 0x80) {
      tag = (tag & 0x7f) | static_cast<std::uint32_t>(p_[1]) << 7;
      p_ += 2;
    } else {
      const Long read = ReadLong(p_, end_, kMaxTagBytes);
      if (read.next == nullptr) [[unlikely]] {
        Fail("malformed tag");
        return 0;
      }
      tag = static_cast<std::uint32_t>(read.value);
      p_ = read.next;
    }
    if (tag >> 3 == 0) [[unlikely]] {
      Fail("field number 0");
      return 0;
    }
    return tag;
  }

  std::uint64_t ReadVarint() {
    if (p_ != end_ && *p_ < 0x80) [[likely]]
      return *p_++;
    if (end_ - p_ > 1 && p_[1] < 0x80) {
      const std::uint64_t value = (p_[0] & 0x7fu) | static_cast<std::uint32_t>(p_[1]) << 7;
      p_ += 2;
      return value;
    }
    const Long read = ReadLong(p_, end_, kMaxVarintBytes);
    if (read.next == nullptr) [[unlikely]] {
      Fail("malformed or truncated varint");
      return 0;
    }
    p_ = read.next;
    return read.value;
  }

  std::uint64_t ReadFixed64() { return ReadFixed<std::uint64_t>(); }
  std::uint32_t ReadFixed32() { return ReadFixed<std::uint32_t>(); }
  double ReadDouble() { return std::bit_cast<double>(ReadFixed64()); }

  /// A length-delimited field's content.
  std::string_view ReadBytes() {
    const std::uint64_t size = ReadVarint();
    if (size > static_cast<std::uint64_t>(end_ - p_)) [[unlikely]] {
      Fail("length runs past the end of its message");
      return {};
    }
    const std::string_view bytes(reinterpret_cast<const char*>(p_), size);
    p_ += size;
    return bytes;
  }

  /// Passes over the value of a field whose tag was just read: an unknown one, or one of an unexpected wire type.
  void Skip(std::uint32_t tag) {
    switch (tag & 7) {
      case kVarint: ReadVarint(); return;
      case kFixed64: ReadFixed64(); return;
      case kBytes: ReadBytes(); return;
      case kFixed32: ReadFixed32(); return;
      case kStartGroup:
        if (const std::uint8_t* next = EndOfGroup(p_, end_, tag >> 3)) {
          p_ = next;
        } else {
          Fail("malformed or unfinished group");
        }
        return;
      case kEndGroup: Fail("end of a group that was not begun"); return;
      default:
        if (ok()) Fail("wire type that does not exist");
    }
  }

  void Fail(const char* why) {
    if (error_ == nullptr) {
      error_ = why;
      error_at_ = field_at_ ? field_at_ : p_;
    }
    p_ = end_;
  }

 private:
  template <class T>
  T ReadFixed() {
    static_assert(std::endian::native == std::endian::little);
    T value{};
    if (static_cast<std::size_t>(end_ - p_) < sizeof value) [[unlikely]] {
      Fail("message ends inside a number");
      return 0;
    }
    std::memcpy(&value, p_, sizeof value);
    p_ += sizeof value;
    return value;
  }

  /// What the slow paths give back in registers, so that a cursor never needs an address; next is null on failure.
  struct Long {
    std::uint64_t value;
    const std::uint8_t* next;
  };
  static constexpr int kMaxTagBytes = 5;
  static constexpr int kMaxVarintBytes = 10;
  /// As libprotobuf reads varints: bits beyond the 64th (of a tag, the 32nd) are dropped, longer ones are malformed.
  static Long ReadLong(const std::uint8_t* p, const std::uint8_t* end, int max_bytes);
  /// The byte after the group's end tag; null if it is malformed.
  static const std::uint8_t* EndOfGroup(const std::uint8_t* p, const std::uint8_t* end, std::uint32_t field);

  const std::uint8_t* p_;
  const std::uint8_t* end_;
  const std::uint8_t* field_at_ = nullptr;
  const std::uint8_t* error_at_ = nullptr;
  const char* error_ = nullptr;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_WIRE_H_
