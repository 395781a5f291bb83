#ifndef GF_OTLP_RECEIVE_READ_BUFFER_H_
#define GF_OTLP_RECEIVE_READ_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace gf_otlp::receive {

/// What was read from a connection and not yet used: added behind, taken away in front.
class ReadBuffer {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void Remove(std::size_t size) { begin_ += size; }
  void Clear() { begin_ = end_ = 0; }

  char* room() { return bytes_.get() + end_; }
  std::size_t room_size() const { return capacity_ - end_; }
  void Add(std::size_t size) { end_ += size; }

  /// Room for something: holds `capacity` bytes in all, or twice as many as now if it is full of bytes.
  void MakeRoom(std::size_t capacity) {
    const std::size_t used = end_ - begin_;
    Resize(std::max({capacity, capacity_, used == capacity_ ? 2 * used : used}));
  }
  /// Gives back what is more than `capacity`, if that is enough.
  void Shrink(std::size_t capacity) {
    if (capacity_ > capacity) Resize(std::max(capacity, end_ - begin_));
  }

 private:
  void Resize(std::size_t capacity) {
    const std::string_view used = view();
    if (capacity == capacity_) {
      if (!used.empty()) std::memmove(bytes_.get(), used.data(), used.size());
    } else {
      auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
      if (!used.empty()) std::memcpy(bytes.get(), used.data(), used.size());
      bytes_ = std::move(bytes);
      capacity_ = capacity;
    }
    end_ = used.size();
    begin_ = 0;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_READ_BUFFER_H_
