#ifndef GF_OTLP_RECEIVE_REQUEST_DECODER_H_
#define GF_OTLP_RECEIVE_REQUEST_DECODER_H_

#include <cstdint>
#include <memory>

#include "receive/intake.h"

namespace gf_otlp::receive {

/// Makes of a request's body what is stored of it. Not thread-safe; its memory is used again for the next one.
class RequestDecoder {
 public:
  explicit RequestDecoder(const IntakeOptions& options);
  ~RequestDecoder();

  /// Fills in the bytes and records of `stored`, none for a request without records. InvalidArgument for what is not
  /// OTLP; ResourceExhausted without retry_delay if it decompresses to too much, with one if there is no memory now.
  /// Adds to `replaced` how many bytes became U+FFFD. Takes the body; the ticket counts what is stored afterwards.
  Answer Decode(Intake::Request& request, Intake::Ticket& ticket, StoredRequest& stored, std::uint64_t& replaced);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_REQUEST_DECODER_H_
