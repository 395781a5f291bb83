#ifndef GF_OTLP_SINK_FLIGHTS_H_
#define GF_OTLP_SINK_FLIGHTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "sink/batch.h"

namespace gf_otlp {

/// The batches whose messages are under way. Not thread-safe, except that a batch under way may be read by anyone.
class Flights {
 public:
  Flights(std::size_t max_bytes, std::size_t max_messages) : max_bytes_(max_bytes), max_messages_(max_messages) {}

  /// Whether the batch may come along; one that is larger than the limits goes alone.
  bool HasRoomFor(const Batch& batch) const;
  /// Takes what is in the batch and leaves it empty buffers, used before if there are any. Gives the number by which
  /// the batch goes until its last message is settled.
  std::uint32_t Add(Batch& batch);
  const Batch& batch(std::uint32_t flight) const { return flights_[flight]->batch; }

  /// So many messages of the batch are dealt with for good. `delivered`: else the batch never counts as delivered. True
  /// if they were its last ones; its buffers are used again then.
  bool Settle(std::uint32_t flight, std::size_t messages, bool delivered);
  /// The same of the batch's message of that index, for whoever does so with all that are delivered: the units before
  /// those of the first message that is not count as delivered, too. REQUIRES: messages are in the order of their units
  bool SettleOne(std::uint32_t flight, std::size_t message, bool delivered);

  /// Messages that are not settled.
  std::size_t messages() const { return messages_; }
  /// The end of the last batch, or unit if SettleOne() is told of them, that is delivered with all before it.
  std::optional<InputPosition> delivered() const { return delivered_; }

 private:
  struct Flight {
    Batch batch;
    std::size_t bytes = 0;       // memory that it holds
    std::size_t unsettled = 0;   // messages
    std::uint64_t number = 0;    // of the batch in the order of Add()
    bool delivered = true;       // what is settled
    std::vector<bool> done;      // messages that SettleOne() was told are delivered; empty: none
    std::size_t first_left = 0;  // the first message that is not in `done`
  };
  struct Ending {
    InputPosition end;
    bool delivered = false;
    std::optional<InputPosition> reached;  // by units
  };

  void Advance(Flight& flight);
  void Close(std::uint64_t number);
  void Recycle(std::uint32_t flight);

  std::size_t max_bytes_, max_messages_;
  std::vector<std::unique_ptr<Flight>> flights_;  // stay where they are: others read them
  std::vector<std::uint32_t> free_;
  std::size_t bytes_ = 0, free_bytes_ = 0;  // memory that those under way and those that are free hold
  std::size_t messages_ = 0;
  std::deque<Ending> endings_;      // of the batches that are not delivered to the end, in order
  std::uint64_t first_ending_ = 0;  // the number of the first one
  std::optional<InputPosition> delivered_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_FLIGHTS_H_
