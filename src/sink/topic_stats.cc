#include "sink/topic_stats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace gf_otlp {
namespace {

constexpr int kIndexBits = 12;  // of a hash choose the rank; the zeros behind them make it

}  // namespace

void DistinctCounter::Add(std::string_view bytes) {
  static_assert(sizeof(std::size_t) == 8);
  const std::uint64_t hash = std::hash<std::string_view>()(bytes);
  // The bit that is set ends the count of zeros where the hash has no bits left.
  const std::uint64_t rest = hash << kIndexBits | std::uint64_t{1} << (kIndexBits - 1);
  std::uint8_t& rank = ranks_[hash >> (64 - kIndexBits)];
  rank = std::max(rank, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
}

std::uint64_t DistinctCounter::Estimate() const {
  static_assert(std::tuple_size_v<decltype(ranks_)> == std::size_t{1} << kIndexBits);
  constexpr double kRanks = 1 << kIndexBits;
  double sum = 0;
  std::size_t zeros = 0;
  for (const std::uint8_t rank : ranks_) {
    sum += std::ldexp(1.0, -rank);
    zeros += rank == 0 ? 1 : 0;
  }
  const double estimate = 0.7213 / (1 + 1.079 / kRanks) * kRanks * kRanks / sum;
  // Few strings leave ranks untouched: how many do is the better measure then.
  const bool few = estimate <= 2.5 * kRanks && zeros > 0;
  return static_cast<std::uint64_t>(
      std::llround(few ? kRanks * std::log(kRanks / static_cast<double>(zeros)) : estimate));
}

TopicCounter::TopicCounter(std::span<const Route> routes) {
  for (const Route& route : routes) {
    const auto found = std::ranges::find(topics_, route.topic, &TopicStats::topic);
    topic_of_route_.push_back(static_cast<std::size_t>(found - topics_.begin()));
    if (found == topics_.end()) topics_.emplace_back().topic = route.topic;
  }
}

void TopicCounter::Add(const Batch& batch, const Message& message, std::optional<int> partition) {
  TopicStats& topic = topics_[topic_of_route_[message.route]];
  ++topic.messages;
  topic.records += message.places;
  topic.bytes += message.size + message.key_size;
  if (message.key_size == 0) {
    ++topic.keyless;
  } else {
    topic.keys.Add(batch.key(message));
  }
  if (!partition || *partition < 0) return;
  const auto index = static_cast<std::size_t>(*partition);
  if (index >= topic.partitions.size()) topic.partitions.resize(index + 1);
  ++topic.partitions[index];
}

}  // namespace gf_otlp
