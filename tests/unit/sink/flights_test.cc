#include "sink/flights.h"

#include <doctest/doctest.h>

#include <string>

#include "unit/sink/batch_util.h"

namespace gf_otlp {
namespace {

Batch Of(std::uint64_t end, std::size_t messages, std::size_t bytes = 10) {
  const std::string value(bytes, 'v');
  return MakeBatch(std::vector<TestMessage>(messages, {.route = 0, .key = "", .value = value}), end);
}

std::uint64_t Delivered(const Flights& flights) { return flights.delivered() ? flights.delivered()->units : 0; }

TEST_CASE("a batch counts as delivered when it and all before it are") {
  Flights flights(1 << 20, 1000);
  Batch first = Of(1, 2), second = Of(2, 1), empty = Of(3, 0), last = Of(4, 1);
  const auto a = flights.Add(first), b = flights.Add(second);
  flights.Add(empty);
  const auto c = flights.Add(last);
  CHECK_FALSE(flights.delivered());
  CHECK(flights.messages() == 4);
  CHECK(flights.Settle(b, 1, true));
  CHECK_FALSE(flights.Settle(a, 1, true));
  CHECK_FALSE(flights.delivered());
  CHECK(flights.Settle(a, 1, true));
  CHECK(Delivered(flights) == 3);
  CHECK(flights.Settle(c, 1, true));
  CHECK(Delivered(flights) == 4);
  CHECK(flights.messages() == 0);
}

TEST_CASE("behind a batch that is not delivered nothing counts") {
  Flights flights(1 << 20, 1000);
  Batch batch = Of(1, 1);
  CHECK(flights.Settle(flights.Add(batch), 1, true));
  batch = Of(2, 2);
  const auto lost = flights.Add(batch);
  batch = Of(3, 1);
  const auto later = flights.Add(batch);
  flights.Settle(lost, 1, false);
  CHECK(flights.Settle(lost, 1, true));
  flights.Settle(later, 1, true);
  CHECK(Delivered(flights) == 1);
}

/// A batch with a message of each of these units, behind `begin` units of the file.
Batch OfUnits(std::uint64_t begin, const std::vector<std::uint32_t>& units, std::uint64_t end) {
  std::vector<TestMessage> messages;
  for (const std::uint32_t unit : units) messages.push_back({.value = "v", .unit = unit});
  Batch batch = MakeBatch(messages, end);
  batch.begin = {.file = 0, .units = begin};
  return batch;
}

TEST_CASE("messages that are settled one by one, in any order, tell of units") {
  Flights flights(1 << 20, 1000);
  Batch first = OfUnits(10, {0, 2, 2, 5}, 16), second = OfUnits(16, {1, 3}, 20);
  const auto a = flights.Add(first), b = flights.Add(second);
  flights.SettleOne(b, 0, true);
  CHECK_FALSE(flights.delivered());
  flights.SettleOne(a, 1, true);
  CHECK_FALSE(flights.delivered());
  flights.SettleOne(a, 0, true);
  CHECK(Delivered(flights) == 12);  // another message of unit 2 is left
  flights.SettleOne(a, 2, true);
  CHECK(Delivered(flights) == 15);
  CHECK(flights.SettleOne(a, 3, true));
  CHECK(Delivered(flights) == 19);  // what is known of the next batch counts
  CHECK(flights.SettleOne(b, 1, true));
  CHECK(Delivered(flights) == 20);
}

TEST_CASE("behind a message that is not delivered no unit counts") {
  Flights flights(1 << 20, 1000);
  Batch first = OfUnits(0, {0, 1, 2}, 3), second = OfUnits(3, {0, 1}, 5);
  const auto a = flights.Add(first), b = flights.Add(second);
  flights.SettleOne(a, 0, true);
  flights.SettleOne(a, 1, false);
  CHECK(flights.SettleOne(a, 2, true));
  flights.SettleOne(b, 0, true);
  CHECK(flights.Settle(b, 1, false));
  CHECK(Delivered(flights) == 1);
}

TEST_CASE("buffers are taken over and come back empty") {
  Flights flights(1 << 20, 1000);
  Batch batch = Of(1, 3);
  const char* text = batch.streams[0].data();
  const auto flight = flights.Add(batch);
  CHECK(flights.batch(flight).streams[0].data() == text);
  CHECK(batch.streams.size() == 1);
  CHECK(batch.streams[0].empty());
  CHECK(batch.messages.empty());
  flights.Settle(flight, 3, true);
  FillBatch(batch, {{.route = 0, .key = "k", .value = "v"}});
  flights.Add(batch);
  CHECK(batch.streams[0].data() == text);
  CHECK(batch.streams[0].empty());
  CHECK(batch.keys.empty());
}

TEST_CASE("memory and messages under way are limited, but any batch may go alone") {
  Flights flights(10000, 5);
  Batch large = Of(1, 1, 50000);
  CHECK(flights.HasRoomFor(large));
  const auto a = flights.Add(large);
  Batch small = Of(2, 1);
  CHECK_FALSE(flights.HasRoomFor(small));
  flights.Settle(a, 1, true);
  CHECK(flights.HasRoomFor(small));
  const auto b = flights.Add(small);
  CHECK(small.streams[0].capacity() < 10000);  // the large buffer is given back
  Batch many = Of(3, 5);
  CHECK_FALSE(flights.HasRoomFor(many));
  flights.Settle(b, 1, true);
  CHECK(flights.HasRoomFor(many));
  Batch more = Of(4, 6);
  CHECK(flights.HasRoomFor(more));
}

}  // namespace
}  // namespace gf_otlp
