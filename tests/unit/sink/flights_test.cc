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
