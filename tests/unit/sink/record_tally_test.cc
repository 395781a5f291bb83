#include "sink/record_tally.h"

#include <doctest/doctest.h>

#include <vector>

namespace gf_otlp {
namespace {

using Places = std::vector<RecordPlace>;

TEST_CASE("a record is refused once, however many of its messages are") {
  RecordTally tally;
  const Places first = {{0, 1}, {0, 2}, {0, 2}}, second = {{0, 2}, {0, 3}};
  CHECK(tally.NotYetRefused(7, first) == Places{{0, 1}, {0, 2}});
  tally.Refuse(7, first);
  CHECK(tally.NotYetRefused(7, second) == Places{{0, 3}});
  tally.Refuse(7, second);
  CHECK(tally.NotYetRefused(7, second).empty());
  CHECK(tally.NotYetRefused(8, second) == second);  // another batch's
  CHECK(tally.refused() == 0);
  tally.Close(7, 10);
  CHECK(tally.refused() == 3);
  CHECK(tally.delivered() == 7);
  CHECK(tally.failed() == 0);
}

TEST_CASE("a record is refused, or else failed, or else delivered") {
  RecordTally tally;
  tally.Fail(0, Places{{0, 0}, {0, 1}});
  tally.Fail(0, Places{{0, 1}, {1, 0}});
  tally.Refuse(0, Places{{0, 0}});
  tally.Close(0, 5);
  CHECK(tally.refused() == 1);
  CHECK(tally.failed() == 2);
  CHECK(tally.delivered() == 2);
}

TEST_CASE("a flight's number may be another batch's later") {
  RecordTally tally;
  tally.Refuse(0, Places{{0, 0}});
  tally.Close(0, 1);
  CHECK(tally.NotYetRefused(0, Places{{0, 0}}) == Places{{0, 0}});
  tally.Close(0, 4);
  CHECK(tally.delivered() == 4);
  CHECK(tally.refused() == 1);
}

}  // namespace
}  // namespace gf_otlp
