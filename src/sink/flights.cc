#include "sink/flights.h"

#include <utility>

namespace gf_otlp {
namespace {

std::size_t MemoryOf(const Batch& batch) {
  std::size_t bytes = batch.keys.capacity() + batch.origin_bytes;
  for (const PaddedBuffer& stream : batch.streams) bytes += stream.capacity();
  bytes += batch.times.capacity() * sizeof(std::uint64_t);
  return bytes + batch.messages.capacity() * sizeof(Message) + batch.places.capacity() * sizeof(RecordPlace);
}

}  // namespace

bool Flights::HasRoomFor(const Batch& batch) const {
  return messages_ == 0 ||
         (bytes_ + MemoryOf(batch) <= max_bytes_ && messages_ + batch.messages.size() <= max_messages_);
}

std::uint32_t Flights::Add(Batch& batch) {
  const std::uint64_t number = first_ending_ + endings_.size();
  endings_.push_back({.end = batch.end});
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(flights_.size()));
    flights_.push_back(std::make_unique<Flight>());
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Flight& flight = *flights_[index];
  free_bytes_ -= flight.bytes;
  flight.batch.streams.resize(batch.streams.size());
  std::swap(flight.batch, batch);
  flight.bytes = MemoryOf(flight.batch);
  flight.unsettled = flight.batch.messages.size();
  flight.number = number;
  flight.delivered = true;
  flight.done.clear();
  flight.first_left = 0;
  bytes_ += flight.bytes;
  messages_ += flight.unsettled;
  if (flight.unsettled == 0) {
    Close(number);
    Recycle(index);
  }
  return index;
}

bool Flights::Settle(std::uint32_t index, std::size_t messages, bool delivered) {
  Flight& flight = *flights_[index];
  flight.delivered = flight.delivered && delivered;
  flight.unsettled -= messages;
  messages_ -= messages;
  if (flight.unsettled > 0) return false;
  if (flight.delivered) Close(flight.number);
  Recycle(index);
  return true;
}

bool Flights::SettleOne(std::uint32_t index, std::size_t message, bool delivered) {
  if (delivered) {
    Flight& flight = *flights_[index];
    flight.done.resize(flight.batch.messages.size());
    flight.done[message] = true;
    if (message == flight.first_left) Advance(flight);
  }
  return Settle(index, 1, delivered);
}

/// Of a batch whose first message that was not delivered is.
void Flights::Advance(Flight& flight) {
  const Batch& batch = flight.batch;
  std::size_t& first = flight.first_left;
  while (first < flight.done.size() && flight.done[first]) ++first;
  if (first == flight.done.size()) return;  // the end is for Settle() to tell
  InputPosition reached = batch.begin;
  reached.units += batch.places_of(batch.messages[first]).front().unit;
  endings_[flight.number - first_ending_].reached = reached;
  if (flight.number == first_ending_) delivered_ = reached;
}

void Flights::Close(std::uint64_t number) {
  endings_[number - first_ending_].delivered = true;
  for (; !endings_.empty() && endings_.front().delivered; endings_.pop_front(), ++first_ending_) {
    delivered_ = endings_.front().end;
  }
  if (!endings_.empty() && endings_.front().reached) delivered_ = endings_.front().reached;
}

void Flights::Recycle(std::uint32_t index) {
  Flight& flight = *flights_[index];
  bytes_ -= flight.bytes;
  // No more than what may be under way is kept in all.
  if (bytes_ + free_bytes_ + flight.bytes > max_bytes_) flight.batch = Batch();
  flight.batch.Clear(max_bytes_);
  flight.bytes = MemoryOf(flight.batch);
  free_bytes_ += flight.bytes;
  free_.push_back(index);
}

}  // namespace gf_otlp
