#include "sink/topic_stats.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unit/sink/batch_util.h"

namespace gf_otlp {
namespace {

TEST_CASE("the number of different keys is estimated to a few percent") {
  DistinctCounter counter;
  CHECK(counter.Estimate() == 0);
  std::uint64_t added = 0;
  for (const std::uint64_t count : {1u, 2u, 10u, 100u, 1000u, 5000u, 10000u, 20000u, 100000u, 300000u}) {
    for (; added < count; ++added) counter.Add(fmt::format("{:032x}", added * 0x9e3779b97f4a7c15u));
    CAPTURE(count);
    const auto wanted = static_cast<double>(count);
    CHECK(std::abs(static_cast<double>(counter.Estimate()) - wanted) <= std::max(1.0, 0.05 * wanted));
  }
  const std::uint64_t before = counter.Estimate();
  for (std::uint64_t i = 0; i < 1000; ++i) counter.Add(fmt::format("{:032x}", i * 0x9e3779b97f4a7c15u));
  CHECK(counter.Estimate() == before);  // seen before
}

TEST_CASE("routes of one topic are counted together") {
  TopicCounter counter(std::vector<Route>{{.topic = "a", .headers = {}}, {"b", {}}, {"a", {{"h", "v"}}}});
  const Batch batch = MakeBatch({{.route = 0, .key = "k", .value = "12345", .records = 2},
                                 {.route = 2, .key = "", .value = "1", .records = 1},
                                 {.route = 2, .key = "k", .value = "", .records = 1}});
  counter.Add(batch, batch.messages[0], 3);
  counter.Add(batch, batch.messages[1], std::nullopt);
  counter.Add(batch, batch.messages[2], 0);

  const std::vector<TopicStats>& topics = counter.topics();
  REQUIRE(topics.size() == 2);
  CHECK(topics[0].topic == "a");
  CHECK(topics[0].messages == 3);
  CHECK(topics[0].records == 4);
  CHECK(topics[0].bytes == 8);
  CHECK(topics[0].keyless == 1);
  CHECK(topics[0].keys.Estimate() == 1);
  CHECK(topics[0].partitions == std::vector<std::uint64_t>{1, 0, 0, 1});
  CHECK(topics[1].topic == "b");
  CHECK(topics[1].messages == 0);
}

}  // namespace
}  // namespace gf_otlp
