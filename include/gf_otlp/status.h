#ifndef GF_OTLP_STATUS_H_
#define GF_OTLP_STATUS_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gf_otlp {

/// What the caller can do about a failure; the exit code follows from it.
enum class Code : std::uint8_t {
  kNegative,  // all went well, and the answer is no: a check found something (exit 1)
  kUsage,     // the command line or the configuration is wrong (exit 2)
  kBadData,   // this input can never succeed (exit 3)
  kIo,        // a file or pipe failed, the same run may succeed later (exit 4)
  kClosed,    // the reader of our output went away; ends the run quietly
  kInternal,  // a bug of ours (exit 5)
};

/// Null means success: eight bytes, no allocation on the good path.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(const Status& other) : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}
  Status(Status&&) = default;
  Status& operator=(const Status& other) { return *this = Status(other); }
  Status& operator=(Status&&) = default;
  ~Status() = default;

  static Status Error(Code code, std::string message) {
    Status s;
    s.rep_ = std::make_unique<Rep>(code, std::move(message));
    return s;
  }

  bool ok() const { return rep_ == nullptr; }
  Code code() const { return rep_->code; }                      // REQUIRES: !ok()
  const std::string& message() const { return rep_->message; }  // REQUIRES: !ok()

  /// Says where: `std::move(s).At("capture.pb @4096")`.
  Status At(std::string_view where) && {
    if (rep_) rep_->message.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  std::unique_ptr<Rep> rep_;
};

inline Status UsageError(std::string message) { return Status::Error(Code::kUsage, std::move(message)); }
inline Status BadData(std::string message) { return Status::Error(Code::kBadData, std::move(message)); }
inline Status IoError(std::string message) { return Status::Error(Code::kIo, std::move(message)); }
inline Status Negative(std::string message) { return Status::Error(Code::kNegative, std::move(message)); }
inline Status InternalError(std::string message) { return Status::Error(Code::kInternal, std::move(message)); }

template <class T>
using Result = std::expected<T, Status>;

#define GF_RETURN_IF_ERROR(expr) \
  if (::gf_otlp::Status gf_status = (expr); !gf_status.ok()) return gf_status

/// In a function that returns Result<U>.
#define GF_UNEXPECTED_IF_ERROR(expr) \
  if (::gf_otlp::Status gf_status = (expr); !gf_status.ok()) return std::unexpected(std::move(gf_status))

}  // namespace gf_otlp

#endif  // GF_OTLP_STATUS_H_
