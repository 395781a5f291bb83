#ifndef GF_OTLP_PADDED_BUFFER_H_
#define GF_OTLP_PADDED_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace gf_otlp {

/// Bytes that grow without being zeroed, always followed by kPadding readable ones (simdjson reads that far).
class PaddedBuffer {
 public:
  static constexpr std::size_t kPadding = 64;

  PaddedBuffer() = default;
  PaddedBuffer(PaddedBuffer&& other) noexcept { Swap(other); }
  PaddedBuffer& operator=(PaddedBuffer&& other) noexcept {
    PaddedBuffer moved(std::move(other));
    Swap(moved);
    return *this;
  }
  ~PaddedBuffer() { std::free(data_); }

  const char* data() const { return data_; }
  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  void Clear() { size_ = 0; }
  /// Room for at least `more` bytes behind the end; keeps the content.
  void Reserve(std::size_t more) {
    if (capacity_ - size_ < more) [[unlikely]]
      Grow(size_ + more);
  }
  /// Where to write up to capacity() - size() bytes before AddSize().
  char* end() { return data_ + size_; }
  void AddSize(std::size_t n) { size_ += n; }
  /// For writing by a pointer that is kept in a register: `at` (between data() and data() + capacity()) or where it is
  /// after making room for `more` bytes behind it. The end moves only by SetEnd().
  char* RoomAt(char* at, std::size_t more) {
    if (static_cast<std::size_t>(data_ + capacity_ - at) >= more) [[likely]]
      return at;
    size_ = static_cast<std::size_t>(at - data_);
    Grow(size_ + more);
    return end();
  }
  void SetEnd(const char* end) { size_ = static_cast<std::size_t>(end - data_); }
  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    Reserve(bytes.size());
    std::memcpy(end(), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// The same for a size that is known when compiling.
  template <std::size_t kSize>
  [[gnu::always_inline]] void AppendFixed(const char* bytes) {
    Reserve(kSize);
    std::memcpy(end(), bytes, kSize);
    size_ += kSize;
  }
  void Append(char c) {
    Reserve(1);
    data_[size_++] = c;
  }
  void Resize(std::size_t size) {
    if (size > size_) Reserve(size - size_);
    size_ = size;
  }
  /// Gives memory back if it holds more than `keep` bytes of room; drops the content.
  void Shrink(std::size_t keep) {
    if (capacity_ > keep) *this = PaddedBuffer();
    size_ = 0;
  }

 private:
  void Swap(PaddedBuffer& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  [[gnu::noinline, gnu::cold]] void Grow(std::size_t at_least) {
    const std::size_t capacity = std::max(at_least, capacity_ + capacity_ / 2);
    void* moved = std::realloc(data_, capacity + kPadding);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
    std::memset(data_ + capacity, 0, kPadding);
  }

  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PADDED_BUFFER_H_
